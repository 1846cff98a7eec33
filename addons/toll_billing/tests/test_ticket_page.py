"""The public page for invoices of lane tickets: what it tells, and how often."""

import re
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from odoo.addons.toll_account.models.toll_public_visit import EVERYBODY

from .portal_common import TollHttpCommon

PATH = "/toll/invoice"


@tagged("post_install", "-at_install")
class TestTicketPage(TollHttpCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["toll.public.visit"].search([]).unlink()  # of somebody at work
        cls.env.company.write({"toll_ticket_days": 40, "toll_public_misses": 0})
        cls.day = str(fields.Date.today() - timedelta(days=2))
        lines = "".join(f"{cls.plaza.code},01,F{n},{cls.day},3{n}\n" for n in range(4))
        cls.env["toll.ticket.batch"]._receive(
            cls.operator,
            "t.csv",
            f"plaza,lane,folio,issued_at,amount\n{lines}".encode(),
        )
        cls.tickets = cls.env["toll.ticket"].search(
            [("operator_id", "=", cls.operator.id)], order="folio"
        )
        cls.tax = {
            "name": "Rosa Vidal",
            "vat": "GODE561231GR8",
            "zip": "64000",
            "country_id": cls.env.ref("base.mx").id,
            "email": "rosa@example.com",
            "regime": "612",
            "use": "G03",
        }

    def _add(self, number, found="", **form):
        data = {
            "plaza": self.plaza.id,
            "folio": f"f{number}",
            "day": self.day,
            "amount": f"3{number}",
            "step": "add",
            "found": found,
            **form,
        }
        return self._post(PATH, **data)

    def _found(self, page):
        match = re.search(r'name="found" value="([^"]+)"', page.text)
        return match and match[1]

    def _issue(self, found, **form):
        return self._post(PATH, found=found, step="issue", **{**self.tax, **form})

    def test_two_tickets_become_one_invoice_001_15(self):
        first = self._add(0)
        self.assertIn("F0", first.text)
        second = self._add(1, self._found(first))
        self.assertIn("61.00", second.text)
        found = self._found(second)
        wrong = self._issue(found, vat="GODE561331GR8", email="x")
        self.assertIn("is not a tax id of", wrong.text)
        self.assertIn("e-mail address", wrong.text)
        done = self._issue(self._found(wrong))
        move = self.tickets[0].move_id
        self.assertEqual((move.amount_total, move.payment_state), (61, "paid"))
        self.assertEqual(self.tickets[:2].move_id, move)
        self.assertIn(move.name, done.text)
        self.assertIn("/toll/invoice/done", done.url)
        again = self._issue(found)
        self.assertEqual(again.url, done.url, "pressed twice")
        link = re.search(r'href="(/my/invoices/[^"]*pdf[^"]*)"', done.text)[1]
        self.opener.cookies.clear()
        self.assertEqual(self.url_open(link.replace("&amp;", "&")).status_code, 200)
        bare = self.url_open(f"/toll/invoice/done?invoice={move.id}&access_token=x")
        self.assertTrue(bare.url.endswith(PATH))
        self.assertNotIn("Rosa", bare.text)

    def _alert(self, page):
        return re.search(r'<div id="toll_error".*?</div>', page.text, re.S)[0]

    def test_wrong_invoiced_and_late_are_answered_alike_001_15(self):
        done = self._add(2)
        self._issue(self._found(done))
        self.tickets[3].action_cancel()
        answers = {
            self._alert(page)
            for page in (
                self._add(2),
                self._add(3),
                self._add(9),
                self._add(0, amount="99"),
                self._add(0, day="2020-01-01"),
                self._add(0, plaza=self.other_plaza.id),
                self._add(0, plaza=10**6),
            )
        }
        self.assertEqual(len(answers), 1, answers)
        self.assertIn("no ticket with these data", answers.pop())

    def test_another_visitor_with_the_same_paper_comes_too_late(self):
        mine, other = self._found(self._add(0)), self._found(self._add(0))
        self._issue(mine)
        late = self._issue(other, name="Somebody Else")
        self.assertIn("no ticket with these data", self._alert(late))
        self.assertNotIn("Rosa", late.text)

    def test_tries_are_limited(self):
        company = self.env.company
        company.write({"toll_public_misses": 2, "toll_public_lookups": 0})
        codes = [self._add(9).status_code for _try in range(3)]
        self.assertEqual(codes, [200, 200, 429])
        self.opener.cookies.clear()
        known = self._add(0)
        self.assertEqual(known.status_code, 429, "a known one as well")
        self.assertIn("Retry-After", known.headers)
        company.write({"toll_public_misses": 0, "toll_public_brake": 3})
        self.env["toll.public.visit"]._note("ticket-miss", ["x", EVERYBODY])
        self.assertEqual(self._add(0).status_code, 429)
        company.write({"toll_public_brake": 0, "toll_public_lookups": 1})
        self.env["toll.public.visit"].search([]).unlink()
        self.assertEqual([self._add(0).status_code for _try in range(2)], [200, 429])

    def test_what_is_typed_is_text_and_what_is_signed_is_ours(self):
        self.env.company.toll_public_lookups = 0
        script = "<script>alert(1)</script>"
        for value in (script, "%", "' OR 1=1", "9" * 400, "nan", "1e99", ""):
            page = self._add(0, folio=value, day=value, amount=value, plaza=value)
            self.assertIn(page.status_code, (200,))
            self.assertNotIn(script, page.text)
            self.assertFalse(self._found(page))
            forged = self._issue(value or "x")
            self.assertEqual(forged.status_code, 200)
        found = self._found(self._add(0))
        page = self._issue(found, name=script, country_id="9" * 30, vat=script)
        self.assertNotIn(script, page.text)
        self.assertFalse(self.tickets.move_id)
        page = self._issue(found[:-4] + "AAAA")
        self.assertFalse(self.tickets.move_id, "a signature that is not ours")

    def test_spanish_visitors_find_the_page(self):
        page = self.url_open("/toll").text
        self.assertIn('href="/toll/invoice"', page)
