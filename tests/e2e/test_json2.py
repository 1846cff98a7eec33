"""The public methods over /json/2, as users with few rights."""

import base64

import pytest

from .client import RpcError


def test_agent_tops_up_once_per_reference(world):
    before = world.balance()
    ref = f"J2-{world.suffix}"
    arguments = {"amount": 250.0, "ref": ref, "method": "cash"}
    first = world.agent.call("toll.account", "top_up", [world.account], **arguments)
    again = world.agent.call("toll.account", "top_up", [world.account], **arguments)
    assert first == again
    assert world.balance() == pytest.approx(before + 250.0)
    with pytest.raises(RpcError):
        world.agent.call(
            "toll.account", "top_up", [world.account], amount=251.0, ref=ref
        )


@pytest.mark.parametrize("amount", [0, -5, 1e12, "abc", None])
def test_bad_amounts_are_refused(world, amount):
    with pytest.raises(RpcError) as error:
        world.agent.call("toll.account", "top_up", [world.account], amount=amount)
    assert error.value.status in (400, 403, 422, 500)


def test_analyst_moves_no_money(world):
    with pytest.raises(RpcError) as error:
        world.analyst.call("toll.account", "top_up", [world.account], amount=50.0)
    assert error.value.status == 403


def test_agent_runs_the_life_of_an_account(world):
    _partner, account = world._make_customer("Life Cycle", "LLL")

    def state():
        return world.agent.call("toll.account", "read", [account], fields=["state"])[0][
            "state"
        ]

    assert state() == "active"
    world.agent.call("toll.account", "action_suspend", [account])
    assert state() == "suspended"
    world.agent.call("toll.account", "action_reactivate", [account])
    assert state() == "active"
    world.agent.call("toll.account", "action_close", [account])
    assert state() == "closed"


def test_accountant_reads_and_changes_nothing(world):
    rows = world.accountant.call(
        "toll.wallet.entry",
        "search_read",
        domain=[("account_id", "=", world.account)],
        fields=["kind", "amount", "ref"],
    )
    assert any(row["kind"] == "topup" for row in rows)
    with pytest.raises(RpcError):
        world.accountant.call(
            "toll.wallet.entry", "write", [rows[0].get("id", 1)], vals={"amount": 1}
        )
    with pytest.raises(RpcError):
        world.accountant.call("toll.account", "write", [world.account], vals={})


def test_analyst_loads_a_file_once(world):
    header = "operator,ref,occurred_at,plaza,lane,tag,plate,class,amount"
    rows = [
        f"E{world.suffix},{world.suffix}-F{n},{world.now()},PE{world.suffix},01,,"
        f"{world.plate('AAA')},A,"
        for n in range(3)
    ]
    rows.append(f"E{world.suffix},,never,PE{world.suffix},01,,,A,")
    content = base64.b64encode("\n".join([header, *rows, ""]).encode()).decode()
    arguments = {
        "operator_code": f"E{world.suffix}",
        "profile": "",
        "filename": "e2e.csv",
        "content_base64": content,
    }
    batch = world.analyst.call("toll.crossing.batch", "load", **arguments)
    fates = ["received", "posted", "held", "rejected", "duplicate", "offset"]
    row = world.analyst.call("toll.crossing.batch", "read", [batch], fields=fates)[0]
    assert row["received"] == 4 == sum(row[fate] for fate in fates[1:])
    assert (row["posted"], row["rejected"]) == (3, 1)
    before = world.balance()
    assert world.analyst.call("toll.crossing.batch", "load", **arguments) == batch
    assert world.balance() == before


def test_agent_cannot_load_crossings(world):
    with pytest.raises(RpcError) as error:
        world.agent.call(
            "toll.crossing.batch",
            "load",
            operator_code=f"E{world.suffix}",
            profile="",
            filename="x.csv",
            content_base64="",
        )
    assert error.value.status == 403


@pytest.mark.parametrize(
    ("model", "method"),
    [
        ("toll.wallet.entry", "_post"),
        ("toll.crossing.batch", "_load_events"),
        ("toll.crossing.batch", "_post_events"),
        ("toll.opening.load", "_load"),
        ("toll.operator", "_make_api_key"),
    ],
)
def test_private_methods_are_not_reachable(world, model, method):
    with pytest.raises(RpcError) as error:
        world.agent.call(model, method, vals_list=[])
    assert error.value.status in (403, 404, 422)


def test_customer_reads_own_records_only(world):
    customer = world.session(world.customer_login)
    accounts = customer.call("toll.account", "search_read", [], fields=["number"])
    assert [row["id"] for row in accounts] == [world.account]
    plates = customer.call("toll.vehicle", "search_read", [], fields=["account_id"])
    assert {row["account_id"][0] for row in plates} == {world.account}
    entries = customer.call(
        "toll.wallet.entry", "search_read", [], fields=["account_id"]
    )
    assert {row["account_id"][0] for row in entries} <= {world.account}
    crossings = customer.call("toll.crossing", "search_read", [], fields=["account_id"])
    assert {row["account_id"][0] for row in crossings} <= {world.account}
    for method, arguments in (
        ("read", [[world.stranger_account], ["balance"]]),
        ("write", [[world.account], {"credit_limit": 1e6}]),
        ("top_up", [[world.account], 10.0]),
    ):
        try:
            answer = customer.call("toll.account", method, *arguments)
        except RpcError:
            continue
        raise AssertionError((method, answer))
