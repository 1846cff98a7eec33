"""Regime and use that Mexican invoices say of their receiver (000-26, 001-15)."""

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from .billing_common import BillingCase

PERSON, COMPANY = "GODE561231GR8", "ABC010101AB9"


@tagged("post_install", "-at_install")
class TestFiscal(BillingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mexico = cls.env.ref("base.mx")
        cls.company.account_fiscal_country_id = cls.mexico
        cls.partners = cls.env["res.partner"]
        cls.regimes = {r.code: r for r in cls.env["toll.fiscal.regime"].search([])}
        cls.uses = {u.code: u for u in cls.env["toll.fiscal.use"].search([])}
        cls.form = {
            "name": "Ana Ruiz",
            "vat": PERSON,
            "zip": "64000",
            "country_id": str(cls.mexico.id),
            "email": "ana@example.com",
            "regime": "612",
            "use": "G03",
        }

    def _read(self, **form):
        values = self.partners._toll_read_tax_data({**self.form, **form}, self.company)
        regime = self.env["toll.fiscal.regime"]
        regime = regime.browse(values.get("toll_fiscal_regime_id"))
        use = self.env["toll.fiscal.use"].browse(values.get("toll_fiscal_use_id"))
        return regime.code, use.code

    def _invoice(self, partner, **values):
        move = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": partner.id,
                "invoice_line_ids": [(0, 0, {"name": "Fee", "price_unit": 100})],
                **values,
            }
        )
        move.action_post()
        return move

    def test_what_the_form_takes_000_26(self):
        self.assertEqual(self._read(), ("612", "G03"))
        for wrong, words in (
            ({"regime": ""}, "choose your tax regime"),
            ({"regime": "999' OR 1=1"}, "choose your tax regime"),
            ({"use": ""}, "what the invoice is used for"),
            ({"regime": "601"}, "not for the holder"),
            ({"regime": "605"}, "not for regime"),
            ({"use": "D01", "regime": "626"}, "not for regime"),
        ):
            with self.subTest(**wrong), self.assertRaisesRegex(UserError, words):
                self._read(**wrong)
        self.assertEqual(self._read(regime="605", use="D01"), ("605", "D01"))

    def test_generic_and_foreign_tax_ids_have_the_general_regime_001_15(self):
        self.company.toll_tax_id_required = False
        for form in (
            {"vat": ""},
            {"vat": "", "regime": "601", "use": "G01"},
            {"country_id": str(self.env.ref("base.es").id), "vat": "B58378431"},
        ):
            with self.subTest(**form):
                self.assertEqual(self._read(**form), ("616", "S01"))

    def test_other_countries_are_asked_nothing(self):
        self.company.account_fiscal_country_id = self.env.ref("base.es")
        self.assertEqual(self._read(regime="", use=""), (False, False))
        choices = self.partners._toll_fiscal_choices(self.company)
        self.assertFalse(choices["regimes"])
        move = self._invoice(self.partners.create({"name": "Eva"}))
        self.assertFalse(move.toll_fiscal_regime_id)

    def test_a_customer_has_what_fits_the_tax_id(self):
        partner = self.partners.create(
            {
                "name": "Ana",
                "country_id": self.mexico.id,
                "toll_fiscal_regime_id": self.regimes["612"].id,
                "toll_fiscal_use_id": self.uses["G03"].id,
            }
        )
        with self.assertRaises(ValidationError):
            partner.toll_fiscal_regime_id = self.regimes["605"]
        with self.assertRaises(ValidationError):
            partner.vat = COMPANY
        partner.vat = PERSON
        child = self.partners.create({"name": "Office", "parent_id": partner.id})
        self.assertEqual(child.toll_fiscal_regime_id, self.regimes["612"])
        with self.assertRaises(AccessError):
            self.regimes["612"].with_user(self.agent).name = "x"
        manager = new_test_user(
            self.env, "fiscal_manager", groups="toll_account.group_toll_manager"
        )
        self.regimes["612"].with_user(manager).name = "Actividades"

    def test_the_invoice_keeps_and_prints_it_000_26(self):
        partner = self.partners.create(
            {
                "name": "Ana",
                "zip": "64000",
                "country_id": self.mexico.id,
                "vat": PERSON,
                "toll_fiscal_regime_id": self.regimes["612"].id,
                "toll_fiscal_use_id": self.uses["G03"].id,
            }
        )
        move = self._invoice(partner)
        partner.toll_fiscal_use_id = self.uses["S01"]
        self.assertEqual(move.toll_fiscal_use_id, self.uses["G03"], "as it was")
        self.assertEqual(move.toll_fiscal_zip, "64000")
        html, _kind = self.env["ir.actions.report"]._render_qweb_html(
            "account.account_invoices", move.ids
        )
        text = html.decode()
        self.assertIn("612 ", text)
        self.assertIn("G03 Gastos en general", text)
        chosen = self._invoice(partner, toll_fiscal_use_id=self.uses["I03"].id)
        self.assertEqual(chosen.toll_fiscal_use_id, self.uses["I03"])
        self.company.zip = "06600"
        public = self._invoice(self.partners.create({"name": "Somebody"}))
        self.assertEqual(public.toll_fiscal_regime_id, self.regimes["616"])
        self.assertEqual(public.toll_fiscal_zip, "06600", "the issuer's place")
