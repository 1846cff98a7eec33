"""The page on which a customer invoices crossings: choose, look, confirm once."""

import re
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .portal_common import PRICE, TollHttpCommon

PATH = "/my/toll/invoices/new"


@tagged("post_install", "-at_install")
class TestSelfInvoicePortal(TollHttpCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mine = cls._post_events(
            [cls._event(f"SELF-{n}", minutes=10 + n) for n in range(3)]
        )
        cls.theirs = cls._post_events(
            [cls._event("SELF-THEIRS", vehicle=cls.stranger_vehicle)]
        )
        today = fields.Date.today()
        cls.days = {
            "date_from": str(today - timedelta(days=2)),
            "date_to": str(today + timedelta(days=1)),
        }
        cls.mexico = cls.env.ref("base.mx")
        cls.tax = {
            "name": "Ana Ruiz",
            "vat": "gode-561231-gr8",
            "street": "Calle 1",
            "zip": "64000",
            "city": "Monterrey",
            "country_id": cls.mexico.id,
            "email": "ana@example.com",
            "regime": "612",
            "use": "G03",
        }

    def setUp(self):
        super().setUp()
        self.authenticate("portal_ana", "portal_ana")
        text = self.url_open("/my/toll/requests/new").text
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', text)
        self.token = {"csrf_token": found[1]}

    def _review(self, **form):
        page = self.url_open(PATH, data={**self.token, **self.days, **form})
        hidden = dict(
            re.findall(
                r'type="hidden" name="(key|total|step)" value="([^"]*)"', page.text
            )
        )
        return page.text, hidden

    def _issue(self, hidden, **form):
        data = {**self.token, **self.days, **self.tax, **hidden, **form}
        return self.url_open(PATH, data=data)

    def _invoices(self, account=None):
        return self.env["account.move"].search(
            [
                ("toll_account_id", "=", (account or self.account).id),
                ("move_type", "=", "out_invoice"),
            ]
        )

    def test_ticked_crossings_become_an_invoice_000_26(self):
        page = self.url_open(PATH).text
        for crossing in self.mine:
            self.assertIn(f'value="{crossing.id}"', page)
        self.assertNotIn(f'value="{self.theirs.id}"', page)
        ticked = self.mine[:2].ids
        text, hidden = self._review(what="ticked", crossing=ticked, step="review")
        self.assertEqual(float(hidden["total"]), 2 * PRICE)
        self.assertIn("Paid from your balance", text)
        self.assertFalse(self._invoices())
        bad = self._issue(
            hidden, what="ticked", crossing=ticked, vat="GODE561331GR8", zip=""
        )
        self.assertIn("is not a tax id of", bad.text)
        self.assertIn("write the postcode", bad.text)
        self.assertIn('value="Calle 1"', bad.text, "what was typed is still there")
        self.assertFalse(self._invoices())
        self.assertFalse(self.account.partner_id.vat)
        done = self._issue(hidden, what="ticked", crossing=ticked)
        invoice = self._invoices()
        self.assertIn("o_toll_issued", done.text)
        self.assertIn(invoice.name, done.text)
        self.assertEqual(
            (invoice.amount_total, invoice.payment_state), (2 * PRICE, "paid")
        )
        partner = self.account.partner_id
        self.assertEqual((partner.vat, partner.zip), ("GODE561231GR8", "64000"))
        again = self._issue(hidden, what="ticked", crossing=ticked)
        self.assertEqual(again.url, done.url)
        self.assertEqual(self._invoices(), invoice)
        link = re.search(r'href="(/my/invoices/[^"]*pdf[^"]*)"', done.text)[1]
        self.assertEqual(self.url_open(link.replace("&amp;", "&")).status_code, 200)
        csv = self.url_open(f"/my/toll/statements/{invoice.toll_statement_id.id}/csv")
        self.assertIn("SELF-1", csv.text)
        # the other crossing is still there to be invoiced, the first ones are not
        page = self.url_open(PATH).text
        self.assertIn(f'value="{self.mine[2].id}"', page)
        self.assertIn("2 crossings are on an invoice already", page)
        # name and tax id stand on an invoice now
        _text, hidden = self._review(what="all", step="review")
        self._issue(hidden, what="all", vat="XAXX010101000", name="Somebody")
        self.assertEqual((partner.vat, partner.name), ("GODE561231GR8", "Ana Ruiz"))

    def test_others_crossings_and_accounts_are_not_there(self):
        theirs = self.theirs.id
        text, _hidden = self._review(what="ticked", crossing=[theirs], step="review")
        self.assertIn("nothing to invoice", text)
        unknown, _hidden = self._review(what="ticked", crossing=[10**15], step="review")
        self.assertIn("nothing to invoice", unknown)
        text, _hidden = self._review(
            what="all", step="review", account=self.stranger.id
        )
        self.assertNotIn(self.stranger.number, text)
        self._issue(
            {"key": "0" * 32, "total": PRICE, "step": "issue"},
            account=self.stranger.id,
            what="all",
        )
        self.assertFalse(self._invoices(self.stranger))

    def test_hostile_values(self):
        script = "<script>alert(1)</script>"
        hostile = ("nan", "1e400", "", "x" * 5000, script)
        for value in hostile:
            with self.subTest(value=value[:10]):
                answer = self._issue(
                    {"key": "0" * 32, "step": "issue", "total": value},
                    what="all",
                    name=script,
                    date_from=value,
                    country_id=value,
                )
                self.assertEqual(answer.status_code, 200)
                self.assertNotIn(script, answer.text)
                answer = self._issue({"key": value, "step": "issue", "total": "1"})
                self.assertEqual(answer.status_code, 200)
                text, _hidden = self._review(
                    what="ticked", crossing=[value], step="review"
                )
                self.assertIn("toll_error", text)
        self.assertFalse(self._invoices())
