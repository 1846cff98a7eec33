import base64
import io

from openpyxl import Workbook

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from .common import TollCommon

PDF = base64.b64encode(b"%PDF-1.4 scan")


@tagged("post_install", "-at_install")
class TestTollFleet(TollCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.centre = cls.env["toll.cost.centre"].create(
            {"account_id": cls.account.id, "code": "NORTE", "name": "North"}
        )
        cls.driver = cls.env["toll.driver"].create(
            {"account_id": cls.account.id, "name": "Luis Soto", "licence": "L-1"}
        )

    def _import(self, content, filename="fleet.csv", user=None):
        return (
            self.env["toll.vehicle.import"]
            .with_user(user or self.agent)
            .create(
                {
                    "account_id": self.account.id,
                    "file": base64.b64encode(content),
                    "filename": filename,
                }
            )
        )

    def test_parts_roll_up_to_the_main_account_000_30(self):
        part = self._create_account(
            partner_id=self.partner.id, parent_id=self.account.id
        )
        below = self._create_account(partner_id=self.partner.id, parent_id=part.id)
        self.account.top_up(100, "FL-1")
        part.top_up(200, "FL-2")
        below.top_up(300, "FL-3")
        (self.account | part | below).invalidate_recordset()
        main = self.account.with_user(self.agent)
        self.assertEqual(main.family_balance, 600)
        self.assertEqual(main.child_count, 2)
        self.assertEqual(main.balance, 100, "each wallet stays its own")
        with self.assertRaisesRegex(ValidationError, "part of itself"):
            self.account.parent_id = below

    def test_main_account_is_of_the_same_company_and_closes_last(self):
        company = self._create_company("Elsewhere")
        foreign = self._create_account(
            partner_id=self.partner.id, company_id=company.id
        )
        with self.assertRaises(UserError):
            foreign.parent_id = self.account
        part = self._create_account(parent_id=self.account.id)
        with self.assertRaisesRegex(UserError, "open sub-accounts"):
            self.account.action_close()
        part.action_close()
        self.account.action_close()

    def test_drivers_and_cost_centres_in_time(self):
        vehicle = self._create_vehicle("FLT-001", driver_id=self.driver.id)
        self.assertEqual(vehicle.use_ids.driver_id, self.driver)
        vehicle.with_user(self.agent).cost_centre_id = self.centre
        uses = vehicle.use_ids.sorted("id")
        self.assertEqual(len(uses), 2)
        self.assertEqual(uses[0].date_to, uses[1].date_from)
        self.assertFalse(uses[1].date_to)
        vehicle.make = "Volvo"
        self.assertEqual(len(vehicle.use_ids), 2, "other changes are no new use")
        other = self._create_account()
        with self.assertRaisesRegex(ValidationError, "is not of account"):
            self._create_vehicle("FLT-002", other, driver_id=self.driver.id)
        with self.assertRaises(AccessError):
            uses.with_user(self.agent).write({"date_to": False})

    def test_fleet_file_is_loaded_whole_or_not_at_all(self):
        self._create_vehicle("FLT-009", self._create_account())
        wizard = self._import(
            b"plate,class,year,driver,cost_centre\n"
            b"FLT-003,AUTO,2020,luis soto,norte\n"
            b"FLT 003,AUTO,,,\nA,AUTO,,,\nFLT-004,NOPE,,,\n"
            b"FLT-005,AUTO,19xx,,\nFLT-009,AUTO,,,\nFLT-006,AUTO,,Nobody,\n"
        )
        with self.assertRaises(UserError) as caught:
            wizard.action_load()
        for line in range(3, 9):
            self.assertIn(f"Line {line}", str(caught.exception))
        self.assertEqual(len(self.account.vehicle_ids), 0)
        action = self._import(
            b"plate;class;driver\nFLT-003;AUTO;Luis Soto\nFLT-004;C5;\n"
        ).action_load()
        loaded = self.env["toll.vehicle"].search(action["domain"])
        self.assertEqual(len(loaded), 2)
        self.assertEqual(loaded.driver_id, self.driver)
        again = self._import(b"plate,class\nFLT-003,AUTO\n")
        with self.assertRaisesRegex(UserError, "already belongs"):
            again.action_load()

    def test_fleet_file_as_a_workbook(self):
        book, stream = Workbook(), io.BytesIO()
        book.active.append(["plate", "class", "year"])
        book.active.append(["FLT-010", "AUTO", 2021])
        book.save(stream)
        self._import(stream.getvalue(), "fleet.xlsx").action_load()
        vehicle = self.account.vehicle_ids
        self.assertEqual((vehicle.plate, vehicle.year), ("FLT-010", 2021))

    def test_hostile_files_are_refused_in_words(self):
        for content, name, words in (
            (b"PK\3\4 not a workbook", "x.xlsx", "neither a CSV nor"),
            (b"\xff\xfe\x00", "x.csv", "UTF-8"),
            (b"", "x.csv", "Choose a file"),
            (b"plate,class\n", "x.csv", "no lines"),
            (b"plate,class,evil\n1,2,3\n", "x.csv", "evil"),
            (b"x" * 5_000_001, "x.csv", "larger than"),
        ):
            with self.subTest(words), self.assertRaisesRegex(UserError, words):
                self._import(content, name).action_load()
        with self.assertRaises(AccessError):
            self._import(b"plate,class\nFLT-1,AUTO\n", user=self.analyst)

    def test_documents_have_a_kind_an_end_and_a_limit_000_08(self):
        vehicle = self._create_vehicle("DOC-001")
        Document = self.env["toll.document"].with_user(self.agent)
        document = Document.create(
            {
                "name": "Circulation card",
                "kind": "registration",
                "vehicle_id": vehicle.id,
                "file": PDF,
                "expiry_date": "2020-01-01",
            }
        )
        self.assertEqual(document.account_id, self.account)
        self.assertTrue(document.is_expired)
        self.assertIn(document, Document.search([("is_expired", "=", True)]))
        self.env["toll.document"]._cron_expiry()
        self.env["toll.document"]._cron_expiry()
        self.assertEqual(len(document.activity_ids), 1)
        with self.assertRaisesRegex(ValidationError, "neither a PDF"):
            document.file = base64.b64encode(b"<script>")
        with self.assertRaisesRegex(ValidationError, "larger than"):
            document.file = base64.b64encode(b"%PDF-" + b"x" * 10_000_000)

    def test_customers_read_their_own_fleet_only(self):
        customer = new_test_user(
            self.env, "toll_fleet_customer", groups="base.group_portal"
        )
        own = self._create_account(partner_id=customer.partner_id.id)
        centre = self.env["toll.cost.centre"].create(
            {"account_id": own.id, "code": "A", "name": "Mine"}
        )
        for model in ("toll.cost.centre", "toll.driver", "toll.vehicle.use"):
            with self.subTest(model=model):
                seen = self.env[model].with_user(customer).search([])
                self.assertFalse(seen - centre if model == centre._name else seen)
        with self.assertRaises(AccessError):
            self.centre.with_user(customer).read(["name"])
        with self.assertRaises(AccessError):
            self.env["toll.document"].with_user(customer).search([])
        with self.assertRaises(AccessError):
            centre.with_user(customer).name = "Other"

    def test_other_company_does_not_see_the_fleet(self):
        company = self._create_company("Other fleets")
        self.agent.write({"company_ids": [(6, 0, company.ids)], "company_id": company})
        for record in (self.centre, self.driver):
            with self.subTest(record._name), self.assertRaises(AccessError):
                record.with_user(self.agent).read(["name"])

    def test_merge_takes_the_fleet_along(self):
        source = self._create_account(partner_id=self.partner.id)
        driver = self.env["toll.driver"].create(
            {"account_id": source.id, "name": "Eva"}
        )
        centre = self.env["toll.cost.centre"].create(
            {"account_id": source.id, "code": "NORTE", "name": "North too"}
        )
        vehicle = self._create_vehicle(
            "MRG-002", source, driver_id=driver.id, cost_centre_id=centre.id
        )
        part = self._create_account(parent_id=source.id)
        source.merge_into(self.account)
        self.assertEqual(vehicle.account_id, self.account)
        self.assertEqual(vehicle.driver_id, driver)
        self.assertEqual(driver.account_id, self.account)
        self.assertEqual(centre.account_id, self.account)
        self.assertEqual(part.parent_id, self.account)


@tagged("post_install", "-at_install")
class TestTollExemption(TollCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vehicle = cls._create_vehicle("AMB-001")
        cls.other = cls._create_vehicle("AMB-002")

    def _exemption(self, user=None, **values):
        return (
            self.env["toll.exemption"]
            .with_user(user or self.agent)
            .create(
                {
                    "account_id": self.account.id,
                    "vehicle_id": self.vehicle.id,
                    "kind": "emergency",
                    "date_from": "2026-01-01",
                    "date_to": "2099-12-31",
                    **values,
                }
            )
        )

    def _approved(self, **values):
        exemption = self._exemption(**values)
        exemption.document_ids = [
            (0, 0, {"name": "Decree", "kind": "exemption", "file": PDF})
        ]
        exemption.action_ask()
        exemption.with_user(self.manager).action_approve()
        return exemption

    def _exempt(self, date="2026-06-01", **values):
        return self.env["toll.exemption"]._get_exempt_vehicles(date, **values)

    def test_one_asks_another_approves_x21(self):
        exemption = self._exemption()
        with self.assertRaisesRegex(UserError, "Add the document"):
            exemption.action_ask()
        exemption.document_ids = [
            (0, 0, {"name": "Decree", "kind": "exemption", "file": PDF})
        ]
        exemption.action_ask()
        self.assertNotIn(self.vehicle.id, self._exempt())
        with self.assertRaises(AccessError):
            exemption.action_approve()
        with self.assertRaises(AccessError):
            exemption.write({"state": "approved"})
        exemption.with_user(self.manager).action_approve()
        self.assertEqual(exemption.approved_by_id, self.manager)
        self.assertIn(self.vehicle.id, self._exempt())
        self.assertNotIn(self.other.id, self._exempt())
        self.assertTrue(self.vehicle.is_exempt)
        self.assertIn(
            self.vehicle, self.env["toll.vehicle"].search([("is_exempt", "=", True)])
        )

    def test_nobody_approves_the_own_request(self):
        exemption = self._exemption(self.manager)
        exemption.document_ids = [(0, 0, {"name": "Decree", "file": PDF})]
        exemption.action_ask()
        with self.assertRaisesRegex(UserError, "somebody else"):
            exemption.action_approve()

    def test_days_operators_and_whole_accounts(self):
        self._approved(
            vehicle_id=False,
            operator_ids=[(6, 0, self.operator.ids)],
            date_to="2099-01-31",
        )
        both = {self.vehicle.id, self.other.id}
        self.assertLessEqual(both, self._exempt(operator=self.operator))
        elsewhere = self._create_operator("ELSE")
        self.assertFalse(both & self._exempt(operator=elsewhere))
        self.assertFalse(both & self._exempt("2099-02-01"))
        self.assertFalse(both & self._exempt("2025-12-31"))

    def test_what_is_over_expires_and_what_ends_soon_is_told(self):
        exemption = self._approved()
        exemption.sudo().date_to = "2026-02-01"
        self.env["toll.exemption"]._cron_expire()
        self.assertEqual(exemption.state, "expired")
        self.assertIn(self.vehicle.id, self._exempt("2026-01-15"), "late crossings")
        self.assertNotIn(self.vehicle.id, self._exempt("2026-02-02"))

    def test_revoked_counts_until_today(self):
        exemption = self._approved()
        with self.assertRaises(AccessError):
            exemption.action_revoke()
        exemption.with_user(self.manager).action_revoke()
        self.assertEqual(exemption.state, "revoked")
        self.assertIn(self.vehicle.id, self._exempt("2026-01-15"))
        self.assertNotIn(self.vehicle.id, self._exempt("2098-01-01"))
        with self.assertRaisesRegex(UserError, "asked for"):
            exemption.date_to = "2099-12-31"
        with self.assertRaisesRegex(UserError, "revoke"):
            exemption.sudo().unlink()

    def test_vehicle_of_another_account_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "is not a vehicle of"):
            self._exemption(account_id=self._create_account().id)
