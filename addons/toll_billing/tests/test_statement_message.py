"""Words on statements and invoices (000-36)."""

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import HttpCase, freeze_time, new_test_user, tagged

from .billing_common import BillingCase


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 18:00:00")
class TestStatementMessage(BillingCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["toll.statement.message"].search([]).active = False
        cls.env["res.lang"]._activate_lang("es_MX")
        cls.company.toll_verify_sample = 0
        cls.user = new_test_user(
            cls.env, "toll_message_customer", groups="base.group_portal"
        )
        cls.user.partner_id.lang = "en_US"
        cls.english = cls._accounts(5)
        cls.english[0].partner_id = cls.user.partner_id
        cls.spanish = cls._accounts(5, "prepaid", lang="es_MX")

    @classmethod
    def _message(cls, name, **values):
        return cls.env["toll.statement.message"].create(
            {
                "name": name,
                "text": f"<p><b>{name}</b></p>",
                "date_from": "2026-03-01",
                **values,
            }
        )

    def _texts(self, run, account):
        statement = run.statement_ids.filtered(lambda s: s.account_id == account)
        return statement, "".join(statement._get_messages())

    def test_it_stands_where_it_fits_and_stays_000_36(self):
        plan = self.env["toll.plan"].create({"code": "MSG", "name": "Plan"})
        campaign = self.env["utm.campaign"].create({"name": "Spring"})
        self.english[0].plan_id = plan
        self.english[1].campaign_id = campaign
        for_all = self._message("Hello", sequence=1)
        for_all.update_field_translations(
            "text", {"es_MX": {"<b>Hello</b>": "<b>Hola</b>"}}
        )
        self._message("Plan", plan_ids=[Command.set(plan.ids)])
        self._message("Spring", campaign_ids=[Command.set(campaign.ids)])
        self._message("Prepaid only", payment_mode="prepaid", sequence=5)
        self._message("Spanish only", lang="es_MX", sequence=9)
        self._message(
            "Other cycle", cycle_ids=[Command.set(self.cycle.copy({"code": "X2"}).ids)]
        )
        self._message("Too early", date_from="2026-03-03")
        self._message("Too late", date_to="2026-03-01")
        self.company.toll_statement_message_count = 2
        for account in self.english | self.spanish:
            self._cross(account, 40)
        run = self._billed()
        self.assertGreater(run.mass_count, 3)
        for account, expected in (
            (self.english[0], ["Hello", "Plan"]),
            (self.english[1], ["Hello", "Spring"]),
            (self.english[2], ["Hello"]),
            (self.spanish[4], ["Hola", "Prepaid only"]),
        ):
            statement, texts = self._texts(run, account)
            self.assertEqual(
                texts, "".join(f"<p><b>{text}</b></p>" for text in expected)
            )
            self.assertEqual(len(statement.message_text_ids), len(expected))
        self.assertEqual(for_all.document_count, 10)
        # changed words are for the documents to come
        for_all.text = "<p>Goodbye</p>"
        for_all.active = False
        statement, texts = self._texts(run, self.english[2])
        self.assertIn("Hello", texts)
        reports = self.env["ir.actions.report"]
        for report, record in (
            ("toll_billing.report_toll_statement", statement),
            ("account.report_invoice", statement.move_id),
        ):
            html = reports._render_qweb_html(report, record.ids)[0].decode()
            self.assertIn("<b>Hello</b>", html)
            self.assertNotIn("Goodbye", html)
        with self.assertRaisesRegex(UserError, "archive"):
            for_all.unlink()
        # in the virtual office
        self.authenticate(self.user.login, self.user.login)
        own, _texts = self._texts(run, self.english[0])
        page = self.url_open(f"/my/toll/statements/{own.id}").text
        self.assertIn("<b>Hello</b>", page)

    def test_preview_is_the_latest_statement_that_fits(self):
        message = self._message("New", payment_mode="prepaid")
        clerk = message.with_user(self.billing_user)
        with self.assertRaisesRegex(UserError, "no statement"):
            clerk.action_preview()
        self._cross(self.english[0], 40)
        self._cross(self.spanish[0], 40)
        message.active = False
        statement = self._billed().statement_ids.filtered(
            lambda s: s.account_id == self.spanish[0]
        )
        action = clerk.action_preview()
        self.assertEqual(action["data"]["docids"], statement.ids)
        html = (
            self.env["ir.actions.report"]
            .with_user(self.billing_user)
            ._render_qweb_html(
                "toll_billing.report_toll_statement", None, data=action["data"]
            )[0]
            .decode()
        )
        self.assertIn("<b>New</b>", html)
        self.assertFalse(statement.message_text_ids)
        self.assertEqual(message.document_count, 0)

    def test_who_writes_messages(self):
        message = self._message("Rights")
        message.with_user(self.billing_user).name = "Mine"
        with self.assertRaises(AccessError):
            message.with_user(self.agent).name = "Mine"
        self.assertEqual(message.with_user(self.agent).name, "Mine")
        with self.assertRaises(AccessError):
            message.with_user(self.user).action_preview()
        other = self.env["res.company"].create({"name": "Other roads"})
        stranger = new_test_user(
            self.env,
            "toll_message_stranger",
            groups="toll_account.group_toll_manager",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        found = self.env["toll.statement.message"].with_user(stranger).search([])
        self.assertNotIn(message, found)
        message.text = '<p onclick="x()">a<script>x()</script></p>'
        self.assertNotIn("script", message.text)
        self.assertNotIn("onclick", message.text)
