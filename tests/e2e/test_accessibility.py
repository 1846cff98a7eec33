"""The virtual office and the public pages for everybody: axe-core, keyboard, telephone.

WCAG 2.1 AA as far as a program can see it: no serious or critical finding on any page,
at desktop and telephone size.
"""

import re

import pytest

from .conftest import SIZES

PRIVATE = [
    "/my/toll",
    "/my/toll/autotopup",
    "/my/toll/claims",
    "/my/toll/crossings",
    "/my/toll/discounts",
    "/my/toll/discounts/new",
    "/my/toll/erasure",
    "/my/toll/invoices/new",
    "/my/toll/payments",
    "/my/toll/preferences",
    "/my/toll/requests",
    "/my/toll/requests/new",
    "/my/toll/statements",
    "/my/toll/topup",
    "/my/toll/vehicles",
    "/my/toll/vehicles/new",
]
PUBLIC = [
    "/toll",
    "/toll/complaint",
    "/toll/invoice",
    "/toll/legal",
    "/toll/legal/privacy",
    "/toll/signup",
    "/toll/tariffs",
    "/toll/topup",
    "/toll/transparency",
]
RUN = """async () => {
    const found = await axe.run(document, {
        runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"],
    });
    return found.violations
        .filter((v) => ["serious", "critical"].includes(v.impact))
        .map((v) => v.id + ": " + v.nodes.slice(0, 3).map((n) => n.html).join(" | "));
}"""


@pytest.fixture(params=SIZES)
def visitor(request, browser, base_url):
    """Somebody without login, on a desktop and on a telephone."""
    width, height = SIZES[request.param]
    context = browser.new_context(
        base_url=base_url,
        viewport={"width": width, "height": height},
        is_mobile=request.param == "phone",
        locale="es-MX",
        reduced_motion="reduce",
    )
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.toll_size = request.param
    yield page
    context.close()


def check(page, axe, path):
    response = page.goto(path)
    assert response.status == 200, path
    page.wait_for_load_state("networkidle")
    page.evaluate(axe)
    assert page.evaluate(RUN) == [], page.url
    width, window = page.evaluate(
        "[document.documentElement.scrollWidth, window.innerWidth]"
    )
    assert width <= window, f"{path} scrolls sideways"
    assert page.locator("#wrap h1").count() == 1, path
    assert page.evaluate("document.documentElement.lang"), path


@pytest.fixture(scope="module")
def crossed(world):
    world.post(*[world.event(f"AXE{number}") for number in range(3)])


@pytest.mark.parametrize("path", PRIVATE)
def test_virtual_office(page, axe, crossed, path):
    check(page, axe, path)


@pytest.mark.parametrize("path", PUBLIC)
def test_public_pages(visitor, axe, world, path):
    check(visitor, axe, path)


def test_a_crossing_a_vehicle_and_a_request(page, axe, crossed):
    page.goto("/my/toll/crossings")
    for start, link in (
        ("/my/toll/crossings", ".o_toll_crossings tbody a"),
        ("/my/toll/vehicles", ".o_toll_vehicles tbody a"),
    ):
        page.goto(start)
        check(page, axe, page.locator(link).first.get_attribute("href"))


def test_keyboard(page):
    """Skip link first, focus always visible, the form sent without a mouse."""
    page.goto("/my/toll/requests/new")
    page.wait_for_load_state("networkidle")
    page.keyboard.press("Tab")
    first = page.evaluate("document.activeElement.getAttribute('href')")
    assert first == "#wrap", "the first stop leads past the menu"
    page.locator("#toll_type").focus()
    page.keyboard.press("Tab")
    for _stop in range(4):
        style = page.evaluate(
            """() => {
                const s = getComputedStyle(document.activeElement);
                return [s.outlineStyle, s.outlineWidth, s.boxShadow];
            }"""
        )
        outline, width, shadow = style
        assert (outline != "none" and width != "0px") or shadow != "none", style
        page.keyboard.press("Tab")


@pytest.mark.parametrize("page", ["phone"], indirect=True)
def test_the_customers_month_on_a_telephone(page, world, crossed, screenshots):
    """Balance, why a charge, a claim, a lost word, a top-up: one customer's errands."""
    page.goto("/my/toll")
    assert page.get_by_role("heading", name="This month by vehicle").is_visible()
    page.locator(".o_toll_crossings tbody a").first.click()
    page.wait_for_url(re.compile(r"/my/toll/crossings/\d+"))
    assert "Tariff" in page.locator(".o_toll_why").inner_text()
    page.get_by_role("link", name="This charge is wrong").click()
    page.wait_for_url("**/my/toll/requests/new**")
    page.get_by_label("Tell us more").press("End")
    page.get_by_label("Tell us more").type(" I was at home.")
    page.get_by_role("button", name="Send the request").click()
    page.wait_for_url(re.compile(r"/my/toll/requests/\d+"))
    number = page.locator(".alert-success strong").inner_text()
    page.get_by_label("Write to us about it").fill("And my car too.")
    page.get_by_role("button", name="Send").click()
    page.get_by_text("Your message was sent.").wait_for()
    page.goto("/my/toll/claims")
    assert page.get_by_role("link", name=number).is_visible()
    page.goto("/my/toll/vehicles/new")
    page.get_by_label("Plate").fill(f"NEW-{world.suffix}")
    page.get_by_label("Class of vehicle").select_option(index=1)
    page.get_by_role("button", name="Add the vehicle").click()
    page.wait_for_url(re.compile(r"/my/toll/vehicles/\d+"))
    page.get_by_role("link", name="Ask for a TAG").click()
    page.get_by_label("Tell us more").fill("One for the new car, please.")
    page.get_by_role("button", name="Send the request").click()
    page.wait_for_url(re.compile(r"/my/toll/requests/\d+"))
    page.goto("/my/toll/preferences")
    page.get_by_label("Send me offers and news").check()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Your changes are saved.").wait_for()
    page.screenshot(path=screenshots / "phone-month.png", full_page=True)
