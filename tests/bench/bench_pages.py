"""Pages beside Odoo's own comparable ones, with many accounts and crossings stored.

Runs inside ``scripts/odoo shell``. Pairs of a page of the suite and a page of Odoo are
asked for in turn, on one connection to a server with two workers. BENCH_ACCOUNTS and
BENCH_STORED set the size; one customer has 5,000 crossings over 24 months and 100
invoices.
"""

import http.client
import json
import os
import re
import sys
import tempfile
import time
from datetime import timedelta
from urllib.parse import urlencode

from odoo import fields
from odoo.fields import Command

sys.path.insert(0, os.environ["BENCH_WORLD"])
sys.path.insert(0, f"{os.environ['BENCH_ROOT']}/tests/bench")
import world
from server import free_port, start_server

ACCOUNTS = int(os.environ.get("BENCH_ACCOUNTS", "20000"))
STORED = int(os.environ.get("BENCH_STORED", "500000"))
SEED = 20_000  # accounts that the opening load makes; more are copies of these
ROUNDS = int(os.environ.get("BENCH_PAGES_ROUNDS", "60"))
FILE_ROWS = 1_000_000
MONTHS_BACK = 24
OWN_CROSSINGS, OWN_INVOICES = 5_000, 100
DATABASE = os.environ["BENCH_DATABASE"]


def load(path):
    batch, _new, _spent = env["toll.crossing.batch"]._load_path(path, "V1", None)
    os.unlink(path)
    batch.invalidate_recordset()
    assert batch.is_conserved and batch.posted > batch.received * 0.9, batch.fault


def fill(folder):
    """STORED crossings, spread over the accounts and the months."""
    for start in range(0, STORED, FILE_ROWS):
        rows = min(FILE_ROWS, STORED - start)
        load(world.write_file(f"{folder}/m.csv", rows, ACCOUNTS, start, days=700))


def make_customer(account, folder):
    """A portal user whose account has a long history."""
    path = f"{folder}/own.csv"
    noon = fields.Datetime.now().replace(hour=18, microsecond=0) - timedelta(days=1)
    with open(path, "w", encoding="utf-8") as out:
        out.write(world.HEADER)
        for number in range(OWN_CROSSINGS):
            at = noon - timedelta(hours=number * MONTHS_BACK * 29 * 24 / OWN_CROSSINGS)
            tag = f"VOLU{ACCOUNTS - 1:08d}"
            out.write(f"V1,OWN{number},{at.isoformat()}Z,VP,1,{tag},,A\n")
    load(path)
    partner = account.partner_id
    product = env["product.product"].create({"name": "Toll", "type": "service"})
    moves = env["account.move"].create(
        [
            {
                "move_type": "out_invoice",
                "partner_id": partner.id,
                "invoice_date": fields.Date.today() - timedelta(days=number),
                "invoice_line_ids": [
                    Command.create({"product_id": product.id, "price_unit": 100})
                ],
            }
            for number in range(OWN_INVOICES)
        ]
    )
    moves.action_post()
    partner.email = "bench@example.com"
    env["res.users"].with_context(no_reset_password=True).create(
        {
            "name": partner.name,
            "login": "bench_customer",
            "password": "bench_customer",
            "partner_id": partner.id,
            "tz": "America/Mexico_City",
            "group_ids": [Command.set([env.ref("base.group_portal").id])],
        }
    )
    env["res.users"].with_context(no_reset_password=True).create(
        {
            "name": "Bench Agent",
            "login": "bench_agent",
            "password": "bench_agent",
            "group_ids": [
                Command.link(env.ref("toll_account.group_toll_manager").id),
                Command.link(env.ref("base.group_user").id),
            ],
        }
    )
    env.cr.commit()


class Browser:
    """A signed-in session on one connection."""

    def __init__(self, port, login):
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self._cookies = {}
        self.get(f"/web?db={DATABASE}", follow=False)
        page = self.get("/web/login")
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page).group(1)
        form = {"csrf_token": token, "login": login, "password": login}
        self._ask("POST", "/web/login", urlencode(form), "x-www-form-urlencoded")

    def _ask(self, method, path, body=None, kind="json"):
        headers = {"Content-Type": f"application/{kind}"} if body else {}
        headers["Cookie"] = "; ".join(f"{k}={v}" for k, v in self._cookies.items())
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        text = answer.read().decode()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self._cookies[key] = rest.split(";")[0]
        return answer, text

    def get(self, path, follow=True):
        answer, text = self._ask("GET", path)
        while follow and answer.status in (301, 302, 303, 307, 308):
            answer, text = self._ask("GET", answer.getheader("Location"))
        if follow and answer.status != 200:
            raise SystemExit(f"{path}: {answer.status} {text[:500]}")
        return text

    def call(self, model, method, *args, **kwargs):
        """One call of the web client."""
        params = {"model": model, "method": method, "args": args, "kwargs": kwargs}
        body = json.dumps({"jsonrpc": "2.0", "method": "call", "params": params})
        _answer, text = self._ask(
            "POST", f"/web/dataset/call_kw/{model}/{method}", body
        )
        if '"error"' in text[:200]:
            raise SystemExit(f"{model}.{method}: {text[:1500]}")
        return text


def fields_of(model, view_type):
    """The specification with which the web client reads this view, one level deep."""
    agent = env["res.users"].search([("login", "=", "bench_agent")])
    arch = env[model].with_user(agent).get_view(view_type=view_type)["arch"]
    names = set(re.findall(r'<field [^>]*name="([a-z0-9_]+)"', arch))
    known = env[model]._fields
    return {
        name: {"fields": {"display_name": {}}} if known[name].type == "many2one" else {}
        for name in sorted(names & set(known))
        if known[name].type not in ("one2many", "many2many", "html")
    }


def listed(model, *domain):
    """What opening the list of a model asks for."""
    specification = fields_of(model, "list")
    return lambda browser: browser.call(
        model,
        "web_search_read",
        domain=domain,
        specification=specification,
        limit=80,
        count_limit=10001,
    )


def opened(record):
    """What opening the form of a record asks for."""
    specification = fields_of(record._name, "form")
    return lambda browser: browser.call(
        record._name, "web_read", record.ids, specification=specification
    )


def found(model, text):
    """What typing in a field that points at the model asks for."""
    return lambda browser: browser.call(model, "name_search", name=text, limit=8)


def page(path):
    return lambda browser: browser.get(path)


def pairs(account):
    """(name, login, ours, Odoo's own)."""
    partner = account.partner_id
    plate, portal, back = f"V{ACCOUNTS - 1:05d}", "bench_customer", "bench_agent"
    month = fields.Date.today().replace(day=1)
    return (
        ("portal home of the account", portal, page("/my/toll"), page("/my/invoices")),
        (
            "portal crossings",
            portal,
            page("/my/toll/crossings"),
            page("/my/invoices"),
        ),
        (
            "portal crossings of a month",
            portal,
            page(f"/my/toll/crossings?date_from={month}"),
            page("/my/invoices"),
        ),
        ("portal vehicles", portal, page("/my/toll/vehicles"), page("/my/invoices")),
        ("accounts, list", back, listed("toll.account"), listed("res.partner")),
        ("account, form", back, opened(account), opened(partner)),
        (
            "crossings, list of an account",
            back,
            listed("toll.crossing", ["account_id", "=", account.id]),
            listed("account.move", ["partner_id", "=", partner.id]),
        ),
        (
            "account by plate",
            back,
            found("toll.account", plate),
            found("res.partner", partner.name),
        ),
    )


def p95(times):
    return sorted(times)[int(len(times) * 0.95)] * 1000


def measure(browser, asks):
    """p95 in milliseconds of each ask; in turn, so that all meet the same noise."""
    times = [[] for _ask in asks]
    for round_number in range(ROUNDS + 5):
        for ask, taken in zip(asks, times, strict=True):
            start = time.perf_counter()
            ask(browser)
            if round_number >= 5:  # the first ones warm the caches
                taken.append(time.perf_counter() - start)
    return [p95(taken) for taken in times]


def main():
    start = time.perf_counter()
    seed = min(SEED, ACCOUNTS)
    world.build(env, seed, days_open=MONTHS_BACK * 31)
    built = time.perf_counter() - start
    world.multiply(env, seed, ACCOUNTS // seed)
    last = env["toll.vehicle"].search([("plate", "=", f"V{ACCOUNTS - 1:05d}")])
    account = last.account_id.ensure_one()
    with tempfile.TemporaryDirectory() as folder:
        fill(folder)
        make_customer(account, folder)
    env.cr.execute("ANALYZE")
    env.cr.commit()
    port = free_port()
    answer = {
        "accounts": ACCOUNTS,
        "crossings": STORED + OWN_CROSSINGS,
        "accounts_per_second": round(seed / built),
    }
    asks = pairs(account)
    env.cr.commit()
    server = start_server(port, workers=2)
    try:
        browsers = {
            login: Browser(port, login) for login in ("bench_customer", "bench_agent")
        }
        for name, login, ours, odoos in asks:
            mine, theirs = measure(browsers[login], (ours, odoos))
            answer[name] = {
                "p95_ms": round(mine, 1),
                "odoo_p95_ms": round(theirs, 1),
                "ratio": round(mine / theirs, 2),
            }
    finally:
        server.terminate()
        server.wait(60)
    print("RESULT " + json.dumps(answer))


main()
