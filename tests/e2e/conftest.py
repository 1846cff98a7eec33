"""A running server, users with few rights, a real browser.

The server comes from outside (``make test`` starts one): TOLL_E2E_URL, TOLL_E2E_DB and
the administrator TOLL_E2E_LOGIN / TOLL_E2E_PASSWORD. Without them these tests are
skipped. The tests make their own operator, customers and users; they rely on no demo
data and may run again on the same database.
"""

import os
import secrets
from pathlib import Path

import pytest

from .client import Client
from .world import World

NEEDED = ("TOLL_E2E_URL", "TOLL_E2E_DB")


def pytest_collection_modifyitems(items):
    missing = [name for name in NEEDED if not os.environ.get(name)]
    if missing:
        reason = f"no running server: {', '.join(missing)} not set"
        here = Path(__file__).parent
        for item in items:
            if here in item.path.parents:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def base_url():
    return os.environ["TOLL_E2E_URL"].rstrip("/")


@pytest.fixture(scope="session")
def admin(base_url):
    client = Client(base_url, os.environ["TOLL_E2E_DB"])
    client.login(
        os.environ.get("TOLL_E2E_LOGIN", "admin"),
        os.environ.get("TOLL_E2E_PASSWORD", "admin"),
    )
    return client


@pytest.fixture(scope="session")
def world(admin):
    return World(admin, secrets.token_hex(3).upper())


@pytest.fixture(scope="session")
def screenshots(tmp_path_factory):
    """Folder of the screenshots; TOLL_E2E_SCREENSHOTS keeps them somewhere else."""
    folder = os.environ.get("TOLL_E2E_SCREENSHOTS")
    if folder:
        path = Path(folder)
        path.mkdir(parents=True, exist_ok=True)
        return path
    return tmp_path_factory.mktemp("screenshots")


@pytest.fixture(scope="session")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api")
    executable = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    if not Path(executable).exists():
        pytest.skip(f"no browser at {executable}")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable,
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe():
    path = Path(os.environ.get("TOLL_AXE") or "axe.min.js")
    if not path.is_file():
        pytest.skip("axe-core is not there: TOLL_AXE names no file")
    return path.read_text(encoding="utf-8")


SIZES = {"desktop": (1280, 900), "phone": (375, 812)}


@pytest.fixture(scope="session")
def signed_in(browser, base_url, world):
    """What a browser keeps of the customer's login."""
    context = browser.new_context(base_url=base_url)
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.goto("/web/login")
    page.fill("input[name=login]", world.customer_login)
    page.fill("input[name=password]", world.password)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/my*")
    yield context.storage_state()
    context.close()


@pytest.fixture(params=SIZES)
def page(request, browser, base_url, signed_in):
    """A page signed in as the customer, on a desktop and on a telephone."""
    width, height = SIZES[request.param]
    context = browser.new_context(
        base_url=base_url,
        storage_state=signed_in,
        viewport={"width": width, "height": height},
        is_mobile=request.param == "phone",
        has_touch=request.param == "phone",
        locale="en-US",
        # nothing slides: a click on what moves lands beside it
        reduced_motion="reduce",
    )
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.toll_size = request.param
    page.toll_errors = []
    page.on("pageerror", lambda error: page.toll_errors.append(str(error)))
    page.goto = patient(page)
    yield page
    context.close()


def patient(page):
    """Go to a page and wait for its scripts: until they are there, clicks are lost."""
    goto = page.goto

    def go(*args, **kwargs):
        response = goto(*args, **kwargs)
        page.wait_for_load_state("networkidle")
        return response

    return go
