from odoo.exceptions import UserError
from odoo.tests import Form, HttpCase, new_test_user, tagged

from .common import TollTagCommon


class TollSignupCommon(TollTagCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company._toll_set_up()
        cls.company.write({"toll_topup_min": 50, "toll_topup_max": 50000})
        cls.shelf_office = cls.env["stock.location"].create(
            {"name": "Office", "location_id": cls.shelf.id, "usage": "internal"}
        )
        cls.office = cls.env["toll.office"].create(
            {
                "code": "SGN",
                "name": "Sign-up office",
                "toll_location_id": cls.shelf_office.id,
            }
        )
        cls.agent.toll_office_id = cls.office
        cls.plan = cls.env["toll.plan"].create(
            {"code": "TST", "name": "Test plan", "sequence": -1, "topup_min": 100}
        )
        cls.lots = cls._receive("TOUR00000001", "TOUR00000003")
        cls.env["toll.tag.transfer"]._move(
            cls.lots[:2],
            cls.shelf,
            cls.shelf_office,
            cls.warehouse.int_type_id,
            cls.company.partner_id,
            "to the office",
        )

    def _wizard(self, plates=("SGN-001", "SGN-002"), **values):
        return (
            self.env["toll.signup"]
            .with_user(self.agent)
            .create(
                {
                    "name": "New Customer",
                    "phone": "+52 442 111 2233",
                    "plan_id": self.plan.id,
                    "amount": 300,
                    "line_ids": [
                        (
                            0,
                            0,
                            {
                                "plate": plate,
                                "country_id": self.country.id,
                                "class_id": self.vehicle_class.id,
                            },
                        )
                        for plate in plates
                    ],
                    **values,
                }
            )
        )


@tagged("post_install", "-at_install")
class TestTollSignup(TollSignupCommon):
    def test_everything_in_one_go_000_01(self):
        wizard = self._wizard()
        wizard.action_fill_tags()
        self.assertEqual(wizard.line_ids.lot_id.ids, self.lots[:2].ids)
        wizard.action_confirm()
        account = wizard.account_id
        self.assertEqual((account.state, account.balance), ("active", 300))
        self.assertEqual(account.office_id, self.office)
        self.assertEqual(account.vehicle_ids.toll_tag_id, self.lots[:2])
        self.assertEqual(set(self.lots[:2].mapped("toll_state")), {"assigned"})
        contract = wizard.contract_id
        self.assertEqual(
            (contract.toll_state, contract.toll_plan_id.id), ("active", self.plan.id)
        )
        self.assertEqual(wizard.payment_id.sudo().toll_account_id, account)
        wizard.action_confirm()
        self.assertEqual(account.balance, 300, "a second click opens nothing")
        self.assertEqual(
            self.env["toll.account"].search_count(
                [("partner_id", "=", account.partner_id.id)]
            ),
            1,
        )

    def test_tags_of_other_shelves_are_not_offered(self):
        wizard = self._wizard(("SGN-001", "SGN-002", "SGN-003"))
        with self.assertRaisesRegex(UserError, "Only 2 TAGs"):
            wizard.action_fill_tags()

    def test_failure_leaves_nothing_behind(self):
        """Each says which field; partner, account and stock stay as they were."""
        self._create_vehicle(self.account, "SGN-900")
        count = self.env["res.partner"].search_count([])
        for text, values in (
            ("Name:", {"name": " "}),
            ("E-mail:", {"email": "nobody"}),
            ("Telephone:", {"phone": "12"}),
            ("Vehicle 2", {"plates": ("SGN-001", "sgn 900")}),
            ("Vehicle 2", {"plates": ("SGN-001", "SGN001")}),
            ("Vehicle 1", {"plates": ("-",)}),
            ("First top-up: plan", {"amount": 99}),
            ("First top-up: write", {"method": "card"}),
            ("at most", {"amount": 60000}),
            ("Signature:", {"signed_how": "screen"}),
        ):
            with self.subTest(values=values):
                wizard = self._wizard(values.pop("plates", ("SGN-001",)), **values)
                wizard.line_ids[:1].lot_id = self.lots[0]
                with self.assertRaisesRegex(UserError, text), self.env.cr.savepoint():
                    wizard.action_confirm()
                self.assertFalse(wizard.account_id)
        self.assertEqual(self.env["res.partner"].search_count([]), count)
        self.assertEqual(self.lots[0].toll_state, "stocked")
        wizard = self._wizard()
        wizard.line_ids.lot_id = self.lots[0]
        with self.assertRaisesRegex(UserError, "same TAG"), self.env.cr.savepoint():
            wizard.action_confirm()

    def test_duplicates_are_shown_while_typing(self):
        partner = self.account.partner_id
        partner.write({"phone": "+52 442 777 1234", "vat": "TSTX010101AB1"})
        form = Form(self.env["toll.signup"].with_user(self.agent))
        form.phone = "442 777 1234"
        self.assertEqual(form.duplicate_ids.ids, partner.ids)
        form.phone = "442 777 9999"
        self.assertFalse(form.duplicate_ids)
        form.vat = "tstx010101ab1"
        self.assertEqual(form.duplicate_ids.ids, partner.ids)
        form.is_same = True
        self.assertEqual(form.partner_id, partner)

    def test_fee_per_tag_is_taken_once_and_monthly_004_12(self):
        rental, opening = (
            self.env["product.product"].create(
                {"name": name, "type": "service", "taxes_id": False}
            )
            for name in ("Rental", "Opening")
        )
        self.plan.fee_ids = [
            (0, 0, {"product_id": rental.id, "unit": "device", "price": 10}),
            (0, 0, {"product_id": opening.id, "frequency": "once", "price": 25}),
        ]
        wizard = self._wizard()
        wizard.action_fill_tags()
        wizard.action_confirm()
        contract = wizard.contract_id.sudo()
        account = wizard.account_id.sudo()
        once = self.env["account.move"].search([("toll_account_id", "=", account.id)])
        once = once.filtered(lambda m: m.move_type == "out_invoice")
        self.assertEqual((once.state, once.amount_total), ("posted", 25))
        move = contract._recurring_create_invoice(contract.recurring_next_date)
        self.assertEqual((move.state, move.amount_total), ("posted", 20))
        self.assertEqual(move.toll_account_id, account)
        account.toll_tag_ids.toll_return()
        again = contract._recurring_create_invoice(contract.recurring_next_date)
        self.assertFalse(again, "no TAG, no rental")

    def test_contract_report_names_vehicles_and_tags_000_06(self):
        wizard = self._wizard(signed_by="Bea Firma")
        wizard.action_fill_tags()
        wizard.action_confirm()
        html, _kind = (
            self.env["ir.actions.report"]
            .with_user(self.agent)
            ._render_qweb_html("toll_account.report_contract", wizard.contract_id.ids)
        )
        for text in ("SGN-001", "TOUR00000002", "Bea Firma", wizard.account_id.number):
            self.assertIn(text, html.decode())

    def test_request_for_an_account_is_done_with_it(self):
        request = self.env["toll.request"].create(
            {
                "type_id": self.env.ref("toll_account.toll_request_type_new").id,
                "contact_name": "Web Person",
                "contact_phone": "+52 442 999 0000",
                "description": "I want a TAG",
                "channel": "web",
            }
        )
        action = request.with_user(self.agent).action_handle()
        form = Form(
            self.env["toll.signup"]
            .with_user(self.agent)
            .with_context(**action["context"])
        )
        self.assertEqual(form.name, "Web Person")
        form.amount = 100
        wizard = form.save()
        wizard.action_confirm()
        self.assertEqual(request.state, "done")
        self.assertEqual(request.account_id, wizard.account_id)


@tagged("post_install", "-at_install")
class TestTollSignupTour(TollSignupCommon, HttpCase):
    def test_sign_up_in_few_clicks_000_01(self):
        self.account.partner_id.phone = "+52 442 777 1234"
        new_test_user(
            self.env,
            "tour_signup",
            groups="toll_account.group_toll_agent",
            lang="en_US",
            toll_office_id=self.office.id,
        )
        self.start_tour(
            "/odoo/action-toll_account.toll_signup_action",
            "toll_signup",
            login="tour_signup",
            timeout=240,
        )
        vehicle = self.env["toll.vehicle"].search([("plate", "=", "TUR-100-A")])
        self.assertEqual(vehicle.toll_tag_id, self.lots[0])
        self.assertEqual(vehicle.account_id.balance, 200)


@tagged("post_install", "-at_install")
class TestTollClosingTags(TollSignupCommon):
    def test_closing_takes_the_tags_back_000_05(self):
        self.lots[0].toll_assign(self.vehicle, "2026-02-01 00:00:00")
        self.lots[1].toll_assign(self.vehicle_2, "2026-02-01 00:00:00")
        form = Form(
            self.env["toll.closing"]
            .with_user(self.agent)
            .with_context(default_account_id=self.account.id)
        )
        form.reason_id = self.env.ref("toll_account.toll_state_reason_moved")
        with form.line_ids.edit(1) as line:
            line.outcome = "lost"
        form.save().action_confirm()
        self.assertEqual(self.account.state, "closed")
        self.assertEqual(self.lots[:2].mapped("toll_state"), ["stocked", "lost"])

    def test_a_stranger_tag_in_the_wizard_stays_where_it_is(self):
        other = self._create_account("Other")
        self.lots[0].toll_assign(self._create_vehicle(other, "OTH-001").id)
        wizard = (
            self.env["toll.closing"]
            .with_user(self.agent)
            .create(
                {
                    "account_id": self.account.id,
                    "reason_id": self.env.ref(
                        "toll_account.toll_state_reason_moved"
                    ).id,
                    "line_ids": [(0, 0, {"lot_id": self.lots[0].id})],
                }
            )
        )
        wizard.action_confirm()
        self.assertEqual(self.lots[0].toll_state, "assigned")


@tagged("post_install", "-at_install")
class TestTollContactTag(TollSignupCommon):
    def test_contact_centre_finds_by_tag_and_epc_003_02(self):
        self.lots[0].toll_assign(self.vehicle, "2026-02-01 00:00:00")
        accounts = self.env["toll.account"].with_user(self.agent)
        for term in ("TOUR00000001", "tour 00000001", self.lots[0].toll_epc):
            found = accounts.contact_search(term)
            self.assertEqual(found[0]["id"], self.account.id)
            self.assertIn("TAG", found[0]["matched"])
        self.assertEqual(accounts.contact_search("TOUR00000002"), [])


@tagged("post_install", "-at_install")
class TestTollSignupGuarantee(TollSignupCommon):
    def test_guarantee_comes_from_the_first_top_up_and_goes_back_000_07(self):
        self.product.product_tmpl_id.write(
            {"toll_terms": "deposit", "toll_guarantee_amount": 80}
        )
        wizard = self._wizard(("SGN-001",))
        wizard.action_fill_tags()
        wizard.action_confirm()
        account = wizard.account_id
        self.assertEqual(account.balance, 220)
        billing = new_test_user(
            self.env,
            "signup_billing",
            groups="toll_account.group_toll_billing,toll_account.group_toll_agent",
        )
        form = Form(
            self.env["toll.closing"]
            .with_user(billing)
            .with_context(default_account_id=account.id)
        )
        form.reason_id = self.env.ref("toll_account.toll_state_reason_moved")
        form.method = "cash"
        form.save().action_confirm()
        self.assertEqual((account.state, account.balance), ("closed", 0))
        self.assertEqual(account.sudo()._get_closing_refund().amount, 300)
