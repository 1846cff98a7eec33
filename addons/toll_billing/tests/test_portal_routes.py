"""Every portal and public route, tried with another customer's records.

The routes come from Odoo's routing map: a new one fails here until the table below
says what a stranger may get from it.
"""

import io
import re

from odoo.tests import tagged
from odoo.tools import mute_logger

from .portal_common import TollHttpCommon

# route: (public, writes). Public pages are for everybody; the others ask to sign in.
PUBLIC = {
    "/toll",
    "/toll/complaint",
    "/toll/i/<string:code>",
    "/toll/invoice",
    "/toll/invoice/done",
    "/toll/legal",
    "/toll/legal/<string:code>",
    "/toll/queue/<string:key>",
    "/toll/queue/<string:key>/calls",
    "/toll/queue/<string:key>/screen",
    "/toll/shop",
    "/toll/signup",
    "/toll/tariffs",
    "/toll/topup",
    "/toll/topup/done",
    "/toll/topup/receipt",
    "/toll/topup/transaction/<string:handle>",
    "/toll/transparency",
    "/toll/transparency/csv",
}
PRIVATE = {
    "/my/toll",
    "/my/toll/appointments",
    "/my/toll/appointments/<int:appointment_id>/cancel",
    "/my/toll/appointments/<int:appointment_id>/ics",
    "/my/toll/appointments/book",
    "/my/toll/autotopup",
    "/my/toll/claims",
    "/my/toll/claims/page/<int:page>",
    "/my/toll/crossings",
    "/my/toll/crossings/<int:crossing_id>",
    "/my/toll/crossings/<int:crossing_id>/pdf",
    "/my/toll/crossings/csv",
    "/my/toll/crossings/pdf",
    "/my/toll/crossings/xlsx",
    "/my/toll/data",
    "/my/toll/discounts",
    "/my/toll/discounts/new",
    "/my/toll/erasure",
    "/my/toll/invoices/new",
    "/my/toll/packs",
    "/my/toll/packs/buy",
    "/my/toll/payments",
    "/my/toll/payments/<int:entry_id>",
    "/my/toll/payments/page/<int:page>",
    "/my/toll/preferences",
    "/my/toll/requests",
    "/my/toll/requests/<int:request_id>",
    "/my/toll/requests/<int:request_id>/file/<int:file_id>",
    "/my/toll/requests/new",
    "/my/toll/requests/page/<int:page>",
    "/my/toll/statements",
    "/my/toll/statements/<int:statement_id>",
    "/my/toll/statements/<int:statement_id>/<string:kind>",
    "/my/toll/statements/page/<int:page>",
    "/my/toll/topup",
    "/my/toll/topup/done",
    "/my/toll/topup/transaction/<int:account_id>",
    "/my/toll/vehicles",
    "/my/toll/vehicles/<int:vehicle_id>",
    "/my/toll/vehicles/<int:vehicle_id>/tag",
    "/my/toll/vehicles/new",
    "/my/toll/vehicles/page/<int:page>",
}
# Pages of the addons above this one, which are there where those are installed.
ABOVE = {"/my/toll/payment"}
# Routes of other addons under these prefixes, with their own tests and keys.
ELSEWHERE = (
    "/toll/api",
    "/toll/bridge",
    "/toll/call",
    "/toll/handheld",
    "/toll/messages",
    "/toll/postal",
    "/toll/tags",
)
HOSTILE = [
    "0",
    "-1",
    "99999999999999999999",
    "abc",
    "1%27%20OR%20%271%27=%271",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "..%2F..%2Fetc%2Fpasswd",
    "%F0%9F%9A%97",
]


@tagged("post_install", "-at_install")
class TestPortalRoutes(TollHttpCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls._post_events(
            [cls._event("THEIRS-1", vehicle=cls.stranger_vehicle)]
        )
        cls.their_pack = cls._hold_pack(cls.stranger)
        cls.their_entry = cls.env["toll.wallet.entry"].search(
            [("account_id", "=", cls.stranger.id), ("kind", "=", "topup")]
        )
        cls.their_request = (
            cls.env["toll.request"]
            .with_user(cls.stranger_user)
            ._open_for_customer(
                "claim",
                cls.stranger,
                "SECRET-CLAIM of Ben",
                {"attachments": [("secret.txt", b"SECRET-FILE")]},
            )
            .sudo()
        )
        cls.their_file = cls.env["ir.attachment"].search(
            [
                ("res_model", "=", "toll.request"),
                ("res_id", "=", cls.their_request.id),
            ]
        )
        cls.secrets = (
            cls.stranger.number,
            cls.stranger_vehicle.plate,
            "THEIRS-1",
            "SECRET-",
            cls.stranger.partner_id.name,
            cls.their_request.number,
            cls.their_pack.name,
        )
        cls.foreign = {
            "crossing_id": [cls.theirs.id],
            "entry_id": [cls.their_entry.id],
            "account_id": [cls.stranger.id],
            "vehicle_id": [cls.stranger_vehicle.id],
            "request_id": [cls.their_request.id],
            "file_id": [cls.their_file.id],
            "statement_id": [1, 10**6],
            "kind": ["csv"],
            "page": [1, 99],
            "code": ["privacy", "nothing"],
            "handle": ["x", "AAAA"],
            "key": ["x", "A" * 24],
            "appointment_id": [1, 10**6],
        }

    def _rules(self):
        for rule in self.env["ir.http"].routing_map().iter_rules():
            path = rule.rule
            if path.startswith("/my/toll") or re.match(r"/toll(/|$)", path):
                if not path.startswith(ELSEWHERE):
                    yield rule

    def _paths(self, rule):
        paths = [rule.rule]
        for argument in rule.arguments:
            self.assertIn(argument, self.foreign, f"say who may not see {rule.rule}")
            paths = [
                re.sub(rf"<(\w+:)?{argument}>", str(choice), path)
                for path in paths
                for choice in self.foreign[argument]
            ]
        return paths

    def _csrf(self):
        found = re.search(
            r'name="csrf_token"[^>]*value="([^"]+)"',
            self.url_open("/my/toll/requests/new").text,
        )
        return found[1]

    def _assert_no_secret(self, response):
        for secret in self.secrets:
            self.assertNotIn(secret, response.text)

    def test_every_route_is_in_the_table(self):
        found = {rule.rule for rule in self._rules()}
        self.assertEqual(found | ABOVE, PUBLIC | PRIVATE | ABOVE)
        for rule in self._rules():
            auth = rule.endpoint.routing["auth"]
            self.assertEqual(auth, "public" if rule.rule in PUBLIC else "user")

    def test_another_customers_ids_are_like_unknown_ones(self):
        self.authenticate("portal_ana", "portal_ana")
        csrf = self._csrf()
        before = self._state_of_the_stranger()
        for rule in self._rules():
            for path in self._paths(rule):
                with self.subTest(path=path):
                    self._try(rule, path, csrf)
        self.assertEqual(self._state_of_the_stranger(), before)

    def _state_of_the_stranger(self):
        self.env.invalidate_all()
        return (
            self.stranger.balance,
            self.stranger.state,
            len(self.stranger.vehicle_ids),
            self.their_pack.is_renewed,
            len(self.stranger.pack_ids),
            len(self.their_request.message_ids),
            self.their_request.state,
            self.stranger.auto_topup_ids.ids,
            self.env["toll.request"].search_count(
                [("account_id", "=", self.stranger.id)]
            ),
            self.env["payment.transaction"].search_count(
                [("toll_account_id", "=", self.stranger.id)]
            ),
        )

    def _try(self, rule, path, csrf):
        if rule.endpoint.routing["type"] == "jsonrpc":
            body = {"params": {"amount": 100, "access_token": "x"}}
            self.assertIn("error", self.url_open(path, json=body).json())
            return
        ids = (
            f"account={self.stranger.id}&vehicle={self.stranger_vehicle.id}"
            f"&crossing={self.theirs.id}&tx_id=1&access_token=x"
        )
        methods = rule.methods or {"GET"}
        own_id = {"page", "code", "handle"}
        if "GET" in methods:
            for url in (path, f"{path}?{ids}"):
                response = self.url_open(url)
                self.assertIn(response.status_code, (200, 403, 404))
                self._assert_no_secret(response)
                if rule.arguments - own_id:
                    self.assertTrue(response.history or response.status_code != 200)
        if "POST" in methods:
            data = {
                "csrf_token": csrf,
                "account": self.stranger.id,
                "vehicle": self.stranger_vehicle.id,
                "crossing": self.theirs.id,
                "type_code": "claim",
                "description": "Let me in",
                "message": "Let me in",
                "action": "block",
                "plate": "HACK123",
                "class_id": self.auto.id,
                "term": "NOBODY999",
                "held": self.their_pack.id,
                "renew": "1",
                "amount": "100",
            }
            response = self.url_open(path, data=data)
            self.assertIn(response.status_code, (200, 403, 404, 429))
            self._assert_no_secret(response)

    def test_private_routes_ask_to_sign_in(self):
        for rule in self._rules():
            if rule.rule in PUBLIC or rule.endpoint.routing["type"] == "jsonrpc":
                continue
            if "GET" not in (rule.methods or {"GET"}):
                continue
            for path in self._paths(rule):
                with self.subTest(path=path):
                    response = self.url_open(path)
                    self.assertIn("/web/login", response.url)
                    self._assert_no_secret(response)

    def test_public_routes_work_and_tell_nothing(self):
        for rule in self._rules():
            if rule.rule not in PUBLIC or "GET" not in (rule.methods or {"GET"}):
                continue
            if rule.endpoint.routing["type"] == "jsonrpc":
                continue
            for path in self._paths(rule):
                with self.subTest(path=path):
                    response = self.url_open(path)
                    self.assertIn(response.status_code, (200, 404))
                    self._assert_no_secret(response)

    def test_posts_without_the_page_are_refused(self):
        """A form of another site has no token of this session."""
        self.authenticate("portal_ana", "portal_ana")
        for rule in self._rules():
            if "POST" not in (rule.methods or ()) or rule.arguments - {"vehicle_id"}:
                continue
            path = rule.rule.replace("<int:vehicle_id>", str(self.vehicle.id))
            with self.subTest(path=path), mute_logger("odoo.http"):
                response = self.url_open(path, data={"action": "block"})
                self.assertEqual(response.status_code, 400)

    def test_an_employee_is_no_customer(self):
        """Whoever may read everything still acts on nobody's behalf here."""
        self.env["res.users"].create(
            {
                "name": "Analyst",
                "login": "route_analyst",
                "password": "route_analyst",
                "lang": "en_US",
                "group_ids": [
                    (6, 0, self.env.ref("toll_account.group_toll_analyst").ids)
                ],
            }
        )
        self.authenticate("route_analyst", "route_analyst")
        response = self.url_open(f"/my/toll/vehicles/{self.stranger_vehicle.id}")
        self._assert_no_secret(response)
        response = self.url_open(f"/my/toll/requests/{self.their_request.id}")
        self._assert_no_secret(response)

    def test_hostile_values_are_harmless(self):
        self.authenticate("portal_ana", "portal_ana")
        names = (
            "account", "plate", "date_from", "date_to", "state", "sort", "after",
            "before", "type_code", "vehicle", "crossing", "done", "tx_id", "operator",
            "plaza", "entry", "vehicle_class", "when", "service", "term",
        )  # fmt: skip
        for rule in self._rules():
            if "GET" not in (rule.methods or {"GET"}) or rule.arguments:
                continue
            if rule.endpoint.routing["type"] == "jsonrpc" or "pdf" in rule.rule:
                continue
            for value in HOSTILE:
                query = "&".join(f"{name}={value}" for name in names)
                with self.subTest(path=rule.rule, value=value):
                    response = self.url_open(f"{rule.rule}?{query}")
                    self.assertIn(response.status_code, (200, 403, 404))
                    self.assertNotIn("<script>alert(1)", response.text)

    def test_hostile_names_and_files(self):
        """Names of plates and files are text, wherever they are shown."""
        self.authenticate("portal_ana", "portal_ana")
        csrf = self._csrf()
        script = "<script>alert(1)</script>"
        response = self.url_open(
            "/my/toll/requests/new",
            data={
                "csrf_token": csrf,
                "type_code": "other",
                "description": script,
                "account": self.account.id,
            },
            files={"files": (f"../{script}\r\n.pdf", io.BytesIO(b"x"), "text/html")},
        )
        self.assertEqual(response.status_code, 200)
        self.assertIn("/my/toll/requests/", response.url)
        self.assertNotIn(script, response.text)
        record = self.env["toll.request"].search(
            [("account_id", "=", self.account.id)], limit=1
        )
        self.assertEqual(record.description, script)
        file = self.env["ir.attachment"].search(
            [("res_model", "=", "toll.request"), ("res_id", "=", record.id)]
        )
        self.assertNotIn("/..", file.name)
        answer = self.url_open(f"/my/toll/requests/{record.id}/file/{file.id}")
        self.assertEqual(answer.headers["Content-Type"], "application/octet-stream")
        self.assertIn("attachment", answer.headers["Content-Disposition"])
        for name in ("page.html", "run.exe", "noending", "x.svg"):
            with self.subTest(name=name):
                response = self.url_open(
                    "/my/toll/requests/new",
                    data={
                        "csrf_token": csrf,
                        "type_code": "other",
                        "description": f"File {name}",
                        "account": self.account.id,
                    },
                    files={"files": (name, io.BytesIO(b"x"), "application/pdf")},
                )
                self.assertIn('role="alert"', response.text)
        response = self.url_open(
            "/my/toll/vehicles/new",
            data={
                "csrf_token": csrf,
                "plate": "<b>X1Y2</b>",
                "make": script,
                "class_id": self.auto.id,
                "account": self.account.id,
            },
        )
        self.assertNotIn(script, response.text)
