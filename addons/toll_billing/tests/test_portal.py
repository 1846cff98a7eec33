"""The virtual office: what customers see, and that it is only theirs."""

import re
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from ..controllers import portal as portal_controller
from .portal_common import PRICE, TollHttpCommon


@tagged("post_install", "-at_install")
class TestPortal(TollHttpCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mine = cls._post_events(
            [cls._event(f"MINE-{n}", minutes=10 + n) for n in range(12)]
        )
        cls.theirs = cls._post_events(
            [cls._event("THEIRS-1", vehicle=cls.stranger_vehicle)]
        )
        entries = cls.env["toll.wallet.entry"]
        cls.my_entry = entries.search(
            [("account_id", "=", cls.account.id), ("kind", "=", "topup")]
        )
        cls.their_entry = entries.search(
            [("account_id", "=", cls.stranger.id), ("kind", "=", "topup")]
        )

    def _get(self, path, **kwargs):
        return self.url_open(path, **kwargs)

    def _rows(self, text):
        return [int(i) for i in re.findall(r'href="/my/toll/crossings/(\d+)"', text)]

    def test_overview_shows_balance_vehicles_crossings_payments(self):
        self.authenticate("portal_ana", "portal_ana")
        text = self._get("/my/toll").text
        self.assertIn(self.account.number, text)
        self.assertIn(self.vehicle.plate, text)
        self.assertIn("Top up", text)
        self.assertEqual(len(self._rows(text)), 5)
        self.assertNotIn(self.stranger.number, text)
        self.assertNotIn(self.stranger_vehicle.plate, text)

    def test_home_counts_the_accounts(self):
        self.authenticate("portal_ana", "portal_ana")
        answer = self.make_jsonrpc_request(
            "/my/counters", {"counters": ["toll_account_count"]}
        )
        self.assertEqual(answer["toll_account_count"], 1)
        self.assertIn("/my/toll", self._get("/my").text)

    def test_list_is_newest_first_and_own_only(self):
        self.authenticate("portal_ana", "portal_ana")
        ids = self._rows(self._get("/my/toll/crossings").text)
        self.assertEqual(ids, self.mine.ids)
        oldest = self._rows(self._get("/my/toll/crossings?sort=oldest").text)
        self.assertEqual(oldest, ids[::-1])

    def test_keyset_pages_neither_lose_nor_repeat(self):
        """Also while new crossings arrive between two pages."""
        self.authenticate("portal_ana", "portal_ana")
        for sort in ("newest", "oldest", "highest", "lowest"):
            with (
                self.subTest(sort=sort),
                patch.object(portal_controller, "PAGE", 5),
                patch.object(
                    portal_controller.TollCrossingPortal._toll_crossing_page,
                    "__defaults__",
                    (None, None, 5),
                ),
            ):
                seen, url = [], f"/my/toll/crossings?sort={sort}"
                while url:
                    text = self._get(url).text
                    seen += self._rows(text)
                    nxt = re.search(
                        r'rel="next"\s+href="(/my/toll/crossings\?[^"]*)"', text
                    )
                    url = nxt and nxt[1].replace("&amp;", "&")
                self.assertEqual(sorted(seen), sorted(self.mine.ids))

    def test_filters(self):
        self.authenticate("portal_ana", "portal_ana")
        today = fields.Date.context_today(self.user)
        for query, count in (
            (f"plate={self.vehicle.plate.lower()}", 12),
            ("plate=NOPE", 0),
            (f"date_from={today + timedelta(days=2)}", 0),
            (f"date_to={today - timedelta(days=2)}", 0),
            (f"date_from={today - timedelta(days=1)}&date_to={today}", 12),
            ("state=offset", 0),
            ("state=all", 12),
            ("state=nonsense&sort=nonsense&after=nonsense", 12),
            (f"account={self.account.id}", 12),
        ):
            with self.subTest(query=query):
                text = self._get(f"/my/toll/crossings?{query}").text
                self.assertEqual(len(self._rows(text)), count)

    def test_detail_says_why(self):
        self.authenticate("portal_ana", "portal_ana")
        text = self._get(f"/my/toll/crossings/{self.mine[0].id}").text
        self.assertIn("Why this amount?", text)
        self.assertIn(self.plaza.name, text)
        self.assertIn("TEST", text)
        self.assertIn(f"{PRICE:.2f}", text)

    def test_csv_cells_are_no_formulas(self):
        # The name of a plaza is the only text of others that reaches the file.
        self.plaza.name = "=HYPERLINK(1)"
        self.authenticate("portal_ana", "portal_ana")
        response = self._get("/my/toll/crossings/csv")
        self.assertIn("text/csv", response.headers["Content-Type"])
        self.assertIn("attachment", response.headers["Content-Disposition"])
        lines = response.content.decode("utf-8-sig").splitlines()
        self.assertEqual(len(lines), 13)
        self.assertIn("'=HYPERLINK(1)", lines[1])
        self.assertNotIn(",=", response.text)

    def test_employee_of_the_customer_sees_the_company_account(self):
        employee = self.env["res.partner"].create(
            {"name": "Driver", "parent_id": self.account.partner_id.id}
        )
        self.env["res.users"].create(
            {
                "name": "Driver",
                "login": "driver_ana",
                "password": "driver_ana",
                "partner_id": employee.id,
                "group_ids": [(6, 0, self.env.ref("base.group_portal").ids)],
            }
        )
        self.authenticate("driver_ana", "driver_ana")
        self.assertIn(self.account.number, self._get("/my/toll").text)

    def test_customer_without_account(self):
        self.env["res.users"].create(
            {
                "name": "Nobody",
                "lang": "en_US",
                "login": "portal_none",
                "password": "portal_none",
                "group_ids": [(6, 0, self.env.ref("base.group_portal").ids)],
            }
        )
        self.authenticate("portal_none", "portal_none")
        for path in ("", "/crossings", "/vehicles", "/payments", "/topup"):
            response = self._get(f"/my/toll{path}")
            self.assertEqual(response.status_code, 200, path)
        self.assertIn("no toll account", self._get("/my/toll").text)

    def test_low_balance_is_told(self):
        self.account.low_balance_threshold = 100_000
        self.authenticate("portal_ana", "portal_ana")
        self.assertIn("Low balance", self._get("/my/toll").text)

    def test_list_costs_few_queries(self):
        """The same number of queries for 5 rows and for 50."""
        self.authenticate("portal_ana", "portal_ana")
        self._get("/my/toll/crossings")

        def queries():
            before = self.env.cr.sql_log_count
            self._get("/my/toll/crossings")
            return self.env.cr.sql_log_count - before

        few = queries()
        self._post_events([self._event(f"MORE-{n}", minutes=30) for n in range(38)])
        queries()
        self.assertLessEqual(queries(), few + 2)


@tagged("post_install", "-at_install")
class TestPortalTopup(TollHttpCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider = cls.env["payment.provider"].search(
            [("code", "=", "demo"), ("company_id", "=", cls.env.company.id)], limit=1
        )
        if not cls.provider:
            cls.provider = cls.env.ref("payment.payment_provider_demo").copy(
                {"company_id": cls.env.company.id}
            )
        cls.provider.write({"state": "test", "is_published": True})
        cls.method = cls.provider.with_context(active_test=False).payment_method_ids[:1]
        cls.method.active = True

    def _page(self, amount=300):
        path = f"/my/toll/topup?account={self.account.id}&amount={amount}"
        return self.url_open(path).text

    def _transaction(self, token, amount=300.0, account=None, **values):
        return self.url_open(
            f"/my/toll/topup/transaction/{(account or self.account).id}",
            json={
                "params": {
                    "amount": amount,
                    "access_token": token,
                    "provider_id": self.provider.id,
                    "payment_method_id": self.method.id,
                    "token_id": None,
                    "flow": "direct",
                    "tokenization_requested": False,
                    "landing_route": "/somewhere",
                    **values,
                }
            },
        ).json()

    def _token(self, text):
        return re.search(r'data-access-token="([^"]+)"', text)[1]

    def test_bad_amounts_stay_on_the_first_page(self):
        self.authenticate("portal_ana", "portal_ana")
        for amount in ("abc", "-1", "0", "NaN", "inf", "1e400", "9" * 40, "1.234", ""):
            with self.subTest(amount=amount):
                text = self._page(amount)
                self.assertIn('role="alert"', text)
                self.assertNotIn("o_payment_form", text)

    def test_limits_of_the_company(self):
        self.account.company_id.write({"toll_topup_min": 100, "toll_topup_max": 500})
        self.authenticate("portal_ana", "portal_ana")
        self.assertNotIn("o_payment_form", self._page("99.99"))
        self.assertNotIn("o_payment_form", self._page("500.01"))
        self.assertIn("o_payment_form", self._page("500"))

    def test_transaction_belongs_to_the_account_and_tops_up_once(self):
        self.authenticate("portal_ana", "portal_ana")
        before = self.account.balance
        answer = self._transaction(self._token(self._page()))
        reference = answer["result"]["reference"]
        tx = self.env["payment.transaction"].search([("reference", "=", reference)])
        self.assertEqual(tx.toll_account_id, self.account)
        self.assertEqual((tx.amount, tx.partner_id), (300.0, self.account.partner_id))
        self.assertTrue(tx.landing_route.startswith("/my/toll/topup/done?tx_id="))
        landing = self.url_open(tx.landing_route).text
        self.assertIn("being processed", landing)
        for _time in range(2):  # providers repeat their notifications
            tx._set_done()
            tx._post_process()
        self.assertEqual(self.account.balance, before + 300)
        landing = self.url_open(tx.landing_route)
        self.assertIn("in your balance", landing.text)
        self.authenticate("portal_ben", "portal_ben")
        strange = self.url_open(tx.landing_route)
        self.assertTrue(strange.history)
        self.assertNotIn(reference, strange.text)

    def test_amount_and_account_are_signed(self):
        self.authenticate("portal_ana", "portal_ana")
        token = self._token(self._page())
        self.assertIn("error", self._transaction(token, amount=3.0))
        self.assertIn("error", self._transaction(token, account=self.stranger))
        self.assertIn("error", self._transaction("x"))
        self.assertIn("error", self._transaction(token, toll_account_id=7))

    def test_suspended_account_may_pay_and_closed_may_not(self):
        self.authenticate("portal_ana", "portal_ana")
        self.account.action_suspend()
        self.assertIn("o_payment_form", self._page())
        self.account.state = "closed"
        self.assertNotIn("o_payment_form", self._page())

    def test_receipt(self):
        entry = self.env["toll.wallet.entry"].search(
            [("account_id", "=", self.account.id), ("kind", "=", "topup")]
        )
        self.authenticate("portal_ana", "portal_ana")
        text = self.url_open(f"/my/toll/payments/{entry.id}").text
        self.assertIn("TEST-ANA", text)
        self.assertIn("1,000.00", text)
        self.assertIn("TEST-ANA", self.url_open("/my/toll/payments").text)
