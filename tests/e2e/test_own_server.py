"""No page sends a visitor's browser elsewhere: no font, script, style or picture."""

import re
from urllib.parse import urlsplit

import pytest

PUBLIC = [
    "/",
    "/toll",
    "/toll/complaint",
    "/toll/legal",
    "/toll/legal/privacy",
    "/toll/signup",
    "/toll/tariffs",
    "/toll/topup",
    "/web/login",
]
PORTAL = ["/my", "/my/toll", "/my/toll/crossings", "/my/toll/topup"]


def watch(page):
    """Every host that the page asks for anything, also in vain."""
    hosts = set()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname))
    page.on("websocket", lambda socket: hosts.add(urlsplit(socket.url).hostname))
    return hosts


def check(page, hosts, base_url, path):
    response = page.goto(path)
    assert response.status == 200
    page.wait_for_load_state("networkidle")
    own = urlsplit(base_url).hostname
    assert hosts - {own, None, ""} == set(), path
    # a browser opens these connections without a request that could be seen
    hints = page.evaluate(
        """() => [...document.querySelectorAll(
            "link[rel=preconnect], link[rel=dns-prefetch], link[rel=preload]"
        )].map((link) => new URL(link.href, location).hostname)"""
    )
    assert set(hints) <= {own}, path


@pytest.fixture
def nobody(browser, base_url, world):
    context = browser.new_context(
        base_url=base_url, locale="es-MX", reduced_motion="reduce"
    )
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("path", PUBLIC)
def test_public_pages_come_from_here_alone(nobody, base_url, path):
    check(nobody, watch(nobody), base_url, path)


@pytest.mark.parametrize("path", PORTAL)
def test_portal_pages_come_from_here_alone(page, base_url, path):
    check(page, watch(page), base_url, path)


def test_look_up_tells_nothing_before_the_amount(nobody, base_url, world):
    """As a visitor sees it: known and unknown plates lead to the same page."""
    hosts = watch(nobody)
    texts = []
    for plate in (world.plate("aaa"), f"ZZZ{world.suffix}"):
        nobody.goto("/en/toll/topup")
        nobody.get_by_label("Plate").fill(plate)
        nobody.get_by_role("button", name="Continue").click()
        nobody.get_by_role("button", name="Continue to payment").wait_for()
        texts.append(nobody.locator("#wrap").inner_text())
    assert texts[0] == texts[1]
    assert not re.search(r"Ana|Ruiz", texts[0])
    assert hosts - {urlsplit(base_url).hostname, None, ""} == set()
