"""The operators' interface, as an operator's program sees it (004-21)."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from .client import Json2, RpcError
from .world import PRICE


def error_of(response):
    assert response.headers["content-type"].startswith("application/json")
    assert "Traceback" not in response.text
    body = response.json()
    assert set(body) == {"error"}
    return response.status_code, body["error"]["code"]


def test_event_reaches_the_balance(world):
    before = world.balance()
    response = world.post(world.event("1"))
    assert response.status_code == 200, response.text
    body = response.json()
    (result,) = body["results"]
    assert result["state"] == "posted", result
    assert float(result["amount"]) == PRICE
    assert body["batch_id"]
    assert world.balance() == pytest.approx(before - PRICE)


def test_same_event_again_changes_nothing(world):
    first = world.post(world.event("2")).json()["results"][0]
    before = world.balance()
    again = world.post(world.event("2")).json()["results"][0]
    assert (again["state"], again["id"]) == ("duplicate", first["id"])
    twice = world.post(world.event("2b"), world.event("2b")).json()["results"]
    assert [result["state"] for result in twice] == ["posted", "duplicate"]
    assert world.balance() == pytest.approx(before - PRICE)


def test_results_come_in_the_order_sent(world):
    events = [world.event(f"3{letter}") for letter in "abcdef"]
    events.insert(2, world.event("3x", plate="ZZZ"))
    events.insert(4, world.event("3y", plaza="NOWHERE"))
    body = world.post(*events).json()
    assert [r["ref"] for r in body["results"]] == [e["ref"] for e in events]
    states = {r["ref"][-2:]: (r["state"], r["reason"]) for r in body["results"]}
    assert states["3a"] == ("posted", None)
    assert states["3x"][0] == "held" and states["3x"][1] == "unknown_plate"
    assert states["3y"][1] == "unknown_plaza"


def test_single_object_is_one_crossing(world):
    response = world.api.post("/toll/api/v1/crossings", json=world.event("4"))
    assert [r["state"] for r in response.json()["results"]] == ["posted"]


def test_other_operators_rows_are_refused(world):
    mine, others = world.post(
        world.event("5a", operator=f"E{world.suffix}"),
        world.event("5b", operator=f"F{world.suffix}"),
    ).json()["results"]
    assert mine["state"] == "posted"
    assert (others["state"], others["reason"]) == ("rejected", "other_operator")


@pytest.mark.parametrize(
    "change",
    [
        {"occurred_at": "yesterday"},
        {"occurred_at": None},
        {"amount": "12,5,0"},
        {"amount": "NaN"},
        {"plaza": {"code": "x"}},
        {"plate": "\u0000\u0007", "tag": "\U0001f697"},
        {"class": "A" * 100_000},
        {"ref": "x" * 70_000},
        {"lane": [1, 2]},
        {"entry_at": "2025-02-30T00:00:00Z"},
        {"service": "=cmd|' /C calc'!A0"},
    ],
)
def test_bad_values_get_a_fate_and_a_reason(world, change):
    key = "".join(c for c in str(change)[:40] if c.isalnum())
    event = world.event(f"6-{key}") | change
    response = world.post(event, world.event(f"6ok-{key}"))
    assert response.status_code == 200, response.text
    bad, good = response.json()["results"]
    assert bad["state"] in ("rejected", "held"), bad
    assert bad["reason"]
    assert good["state"] == "posted"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b"{}",
        b'{"crossings": {}}',
        b'{"crossings": []}',
        b"7",
        b'"text"',
        b"null",
        b'{"crossings": [1]}',
        b'{"amount": NaN}',
        b"\xff\xfe{}",
        b"[" * 100_000,
    ],
)
def test_bad_bodies_are_json_errors(world, body):
    response = world.api.post(
        "/toll/api/v1/crossings",
        content=body,
        headers={"Content-Type": "application/json"},
    )
    status, _code = error_of(response) if body != b"{}" else (400, "")
    assert status == 400 or body == b"{}", response.text


def test_limits(world):
    many = [world.event("7") for _number in range(1001)]
    assert error_of(world.post(*many)) == (413, "too_many_crossings")
    big = world.api.post(
        "/toll/api/v1/crossings",
        content=b" " * (4 * 1024 * 1024 + 1),
        headers={"Content-Type": "application/json"},
    )
    assert error_of(big)[0] == 413
    form = world.api.post("/toll/api/v1/crossings", data={"ref": "1"})
    assert error_of(form) == (415, "unsupported_media_type")


def test_only_operators_with_a_key(world):
    url = f"{world.admin.base_url}/toll/api/v1/crossings"
    headers = {"X-Odoo-Database": world.admin.database}
    with httpx.Client(headers=headers) as nobody:
        assert error_of(nobody.post(url, json={}))[0] == 401
        bad = {"Authorization": "Bearer 0123456789"}
        assert error_of(nobody.post(url, json={}, headers=bad))[0] == 401
        assert error_of(nobody.get(url)) == (405, "method_not_allowed")
        assert error_of(nobody.get(url + "x")) == (404, "not_found")
    answer = world.post(world.event("8"), client=world.agent)
    assert error_of(answer) == (403, "not_an_operator")


def test_operator_reads_its_own_crossings_only(world):
    other = Json2(
        world.admin.base_url,
        world.admin.database,
        world.new_api_key(world.other_operator),
    )
    result = world.post(world.event("9")).json()["results"][0]
    domain = [("id", "=", result["id"])]
    fields = ["ref", "state"]
    assert world.api.call("toll.crossing", "search_read", domain=domain, fields=fields)
    assert not other.call("toll.crossing", "search_read", domain=domain, fields=fields)
    for model in ("toll.account", "res.partner", "toll.wallet.entry"):
        for client in (world.api, other):
            try:
                rows = client.call(model, "search_read", domain=[], fields=["id"])
            except RpcError as error:
                assert error.status == 403
            else:
                assert len(rows) <= 1, (model, rows)  # at most its own person


def test_concurrent_events_lose_nothing(world):
    before = world.balance()
    events = [world.event(f"10-{number}") for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda e: world.post(e), events + events))
    assert {a.status_code for a in answers} == {200}
    states = [a.json()["results"][0]["state"] for a in answers]
    assert states.count("posted") == 40
    assert states.count("duplicate") == 40
    assert world.balance() == pytest.approx(before - 40 * PRICE)


def test_first_events_of_a_day_at_once_share_one_batch(world):
    client = Json2(
        world.admin.base_url,
        world.admin.database,
        world.new_api_key(world.other_operator),
    )
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(
                lambda number: world.post(world.event(f"12-{number}"), client=client),
                range(8),
            )
        )
    assert {a.status_code for a in answers} == {200}, [a.text for a in answers]
    assert len({a.json()["batch_id"] for a in answers}) == 1


def test_revoked_keys_stop_at_once(world):
    client = Json2(
        world.admin.base_url,
        world.admin.database,
        world.new_api_key(world.other_operator),
    )
    assert world.post(world.event("11"), client=client).status_code == 200
    world.admin.call("toll.operator", "action_revoke_api_keys", [world.other_operator])
    assert error_of(world.post(world.event("11"), client=client))[0] == 401
