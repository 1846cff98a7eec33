"""The hand-held app in a browser: with network, without, in between (001-08)."""

import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import pytest

from .client import RpcError
from .test_accessibility import RUN
from .world import PRICE

sync_api = pytest.importorskip("playwright.sync_api")

API = "/toll/handheld/api"
SIZES = {"tablet": (768, 1024), "phone": (375, 812)}
HAS_LIST = """async () => {
    const release = document.documentElement.dataset.version;
    const store = await import(`/toll/handheld/app/${release}/store.js`);
    return Boolean(await store.get("list"));
}"""
READY = "navigator.serviceWorker.ready.then(() => true)"


class Device:
    """A device of the back office and the browser that stands for it."""

    def __init__(self, world, page, name):
        self.world, self.admin, self.page = world, world.admin, page
        self.id = self.admin.create(
            "toll.handheld",
            {
                "name": f"{name} {world.suffix}",
                "operator_id": world.operator,
                "plaza_ids": [(6, 0, [world.plaza])],
                "user_ids": [(6, 0, [self.admin.uid])],
            },
        )

    def code(self):
        action = self.admin.call("toll.handheld", "action_enrol", [self.id])
        if action["res_model"] == "res.users.identitycheck":
            action = self.admin.call(
                "res.users.identitycheck",
                "run_check",
                [action["res_id"]],
                context={"password": self.admin.password},
            )
        return action["context"]["default_code"]

    def enrol(self):
        self.page.goto("/toll/handheld")
        self.page.get_by_label("Enrolment code").fill(self.code())
        self.page.get_by_role("button", name="Enrol").click()
        self.heading("Begin the shift")
        self.page.get_by_role("button", name="Begin").click()
        self.heading("Capture")

    def works_alone(self):
        """All that it needs without network is there."""
        self.page.evaluate(READY)
        self.tab("Device")
        self.page.get_by_role("button", name="Renew the list").click()
        self.page.get_by_text("The list is new.").wait_for()
        assert self.page.evaluate(HAS_LIST)
        self.tab("Capture")
        self.heading("Capture")

    def heading(self, name):
        self.page.get_by_role("heading", name=name, exact=True).wait_for()

    def capture(self, plate, payment="None"):
        page = self.page
        page.get_by_label("Plate").fill(plate)
        page.get_by_role("group", name="Class").get_by_role("radio").first.check()
        page.get_by_role("radio", name=payment).check()
        page.get_by_role("button", name="Save the crossing").click()
        page.get_by_text("Saved.").wait_for()
        sync_api.expect(page.get_by_label("Plate")).to_have_value("", timeout=60_000)

    def waits(self, count):
        text = re.compile(f"^{count} waiting$" if count else "^All sent$")
        self.page.locator("#waiting", has_text=text).wait_for()

    def tab(self, name):
        self.page.locator("#tabs").get_by_role("button", name=name).click()

    def crossings(self, **fields):
        domain = [("batch_id.handheld_id", "=", self.id)]
        domain += [(name, "=", value) for name, value in fields.items()]
        return self.admin.call("toll.crossing", "search_count", domain)

    def captures(self):
        return self.admin.call(
            "toll.handheld.capture", "search_count", [("handheld_id", "=", self.id)]
        )


@contextmanager
def a_device(browser, base_url, world, name, size="tablet"):
    width, height = SIZES[size]
    context = browser.new_context(
        base_url=base_url,
        viewport={"width": width, "height": height},
        has_touch=True,
        locale="en-US",
        reduced_motion="reduce",
    )
    context.set_default_timeout(60_000)
    try:
        page = context.new_page()
        page.toll_errors = []
        page.on("pageerror", lambda error: page.toll_errors.append(str(error)))
        yield Device(world, page, name)
        assert page.toll_errors == []
    finally:
        context.close()


def test_a_shift_without_network_001_08(browser, base_url, world, screenshots):
    with a_device(browser, base_url, world, "Offline") as device:
        page, network = device.page, device.page.context
        device.enrol()
        device.works_alone()
        before = world.balance()
        network.set_offline(True)
        for number in range(10):
            device.capture(world.plate("AAA"))
            device.waits(number + 1)
        page.reload()
        device.heading("Capture")
        device.waits(10)
        for number in range(10, 20):
            plate = world.plate("AAA") if number < 18 else f"NOBODY{number}"
            device.capture(plate, "Cash" if number == 17 else "None")
        device.waits(20)
        page.screenshot(path=screenshots / "handheld-offline.png")

        device.tab("Check")
        page.get_by_label("TAG or plate").fill(world.plate("AAA"))
        page.locator("main").get_by_role("button", name="Check").click()
        page.locator(".verdict", has_text="Valid").wait_for()
        page.get_by_text("By the list on this device").wait_for()
        page.get_by_label("TAG or plate").fill("NOBODY1")
        page.locator("main").get_by_role("button", name="Check").click()
        page.locator(".verdict", has_text="Unknown").wait_for()
        device.waits(22)
        assert device.captures() == 0

        network.set_offline(False)
        device.waits(0)
        expected = {"posted": 17, "held": 2}
        for _again in range(2):
            for state, count in expected.items():
                assert device.crossings(state=state) == count
            assert device.crossings() == 19
            assert device.captures() == 20
            assert world.balance() == pytest.approx(before - 17 * PRICE)
            device.tab("Device")
            page.locator("main").get_by_role("button", name="Send now").click()
            device.waits(0)
        checks = [("handheld_id", "=", device.id), ("is_offline", "=", True)]
        assert world.admin.call("toll.handheld.check", "search_count", checks) == 2
        device.tab("Capture")
        page.get_by_text("Paid in cash").wait_for()
        page.get_by_text("Held for review: Unknown plate").first.wait_for()


def test_an_answer_that_never_came_doubles_nothing(browser, base_url, world):
    with a_device(browser, base_url, world, "Lost Answer") as device:
        device.enrol()
        before, lost = world.balance(), []

        def lose(route):
            lost.append(route.fetch().status)
            route.abort()

        device.page.context.route("**/toll/handheld/api/sync", lose)
        for _number in range(3):
            device.capture(world.plate("AAA"))
        device.waits(3)
        device.page.locator(".pill.off").wait_for()
        assert 200 in lost
        device.page.context.unroute("**/toll/handheld/api/sync")
        device.tab("Device")
        device.page.locator("main").get_by_role("button", name="Send now").click()
        device.waits(0)
        assert device.crossings(state="posted") == device.crossings() == 3
        assert world.balance() == pytest.approx(before - 3 * PRICE)


def test_the_same_rows_at_once_count_once(browser, base_url, world):
    with a_device(browser, base_url, world, "Rivals") as device:
        code = device.code()
        key = httpx.post(f"{base_url}{API}/enrol", json={"code": code}).json()["key"]
    rows = [
        {
            "ref": str(uuid.uuid4()),
            "taken_at": world.now(),
            "plaza": f"PE{world.suffix}",
            "plate": world.plate("AAA"),
            "payment": "tag",
        }
        for _row in range(10)
    ]
    before = world.balance()

    def send(number):
        shuffled = rows[number:] + rows[:number]
        return httpx.post(
            f"{base_url}{API}/sync",
            json={"sent_at": world.now(), "captures": shuffled},
            headers={"Authorization": f"Bearer {key}"},
            timeout=120,
        )

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(send, [*range(4), *range(4)]))
    assert {a.status_code for a in answers} == {200}, [a.text for a in answers]
    states = {r["state"] for a in answers for r in a.json()["results"]}
    assert states == {"posted"}
    assert device.crossings() == device.captures() == 10
    assert world.balance() == pytest.approx(before - 10 * PRICE)


def test_taking_back(browser, base_url, world):
    with a_device(browser, base_url, world, "Undo") as device:
        device.enrol()
        before = world.balance()
        plate = world.plate("AAA")
        device.capture(plate)
        device.waits(0)
        device.page.get_by_role("button", name=f"Take back {plate}").click()
        device.page.locator(".fate", has_text="Taken back").wait_for()
        device.waits(0)
        assert device.crossings(state="offset") == 2
        assert world.balance() == pytest.approx(before)


def test_a_revoked_device_keeps_what_waits(browser, base_url, world):
    with a_device(browser, base_url, world, "Revoked") as device:
        page = device.page
        device.enrol()
        device.works_alone()
        page.context.set_offline(True)
        device.capture(world.plate("AAA"))
        device.waits(1)
        device.admin.call("toll.handheld", "action_revoke", [device.id])
        page.context.set_offline(False)
        page.get_by_text("This device may not be used any more").wait_for()
        device.waits(1)
        assert not page.evaluate(HAS_LIST), "what it knew of others is gone"
        assert device.captures() == 0
        page.get_by_role("button", name="Enrol this device").click()
        page.get_by_label("Enrolment code").fill(device.code())
        page.get_by_role("button", name="Enrol", exact=True).click()
        device.heading("Begin the shift")
        device.waits(0)
        assert device.crossings(state="posted") == 1


def test_a_wrong_code(browser, base_url, world):
    with a_device(browser, base_url, world, "Wrong") as device:
        device.page.goto("/toll/handheld#enrol=0000-0000-0000")
        device.page.get_by_role("button", name="Enrol").click()
        device.page.get_by_text("This code is wrong").wait_for()


def test_the_list_of_devices_says_what_waits(world):
    fields = ["name", "queue_length", "last_sync_at", "state"]
    rows = world.agent.call("toll.handheld", "search_read", domain=[], fields=fields)
    assert rows == [], "nobody's device but one's own"
    with pytest.raises(RpcError):
        world.agent.call("toll.handheld", "create", vals_list=[{"name": "x"}])


@pytest.mark.parametrize("size", SIZES)
def test_everybody_can_use_it(browser, base_url, world, axe, size, screenshots):
    with a_device(browser, base_url, world, f"Axe {size}", size) as device:
        page = device.page

        def look(name):
            page.evaluate(axe)
            assert page.evaluate(RUN) == [], name
            width, window = page.evaluate(
                "[document.documentElement.scrollWidth, window.innerWidth]"
            )
            assert width <= window, f"{name} scrolls sideways"
            assert page.locator("h1").count() == 1, name
            small = page.evaluate(
                """() => [...document.querySelectorAll("button, select, .choice label")]
                    .filter((e) => e.offsetParent && e.offsetHeight < 44)
                    .map((e) => e.outerHTML)"""
            )
            assert small == [], f"{name}: too small for gloves"
            page.screenshot(path=screenshots / f"handheld-{size}-{name}.png")

        page.goto("/toll/handheld")
        device.heading("Enrol this device")
        look("enrol")
        device.enrol()
        device.capture(world.plate("AAA"))
        device.capture(f"NOBODY{size}")
        device.waits(0)
        look("capture")
        device.tab("Check")
        page.get_by_label("TAG or plate").fill(world.plate("AAA"))
        page.locator("main").get_by_role("button", name="Check").click()
        page.locator(".verdict", has_text="Valid").wait_for()
        look("check")
        device.tab("Device")
        look("device")
        page.get_by_role("radio", name="Español", exact=True).check()
        page.get_by_role("heading", name=device.page.locator("h1").inner_text())
        page.get_by_role("button", name="Quitar de este equipo").wait_for()
        look("device-es")
        page.get_by_role("button", name="Iniciar el turno").click()
        device.heading("Iniciar el turno")
        look("shift-es")
