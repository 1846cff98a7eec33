import base64
from datetime import date, datetime
from io import BytesIO

import openpyxl
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, freeze_time, new_test_user, tagged
from odoo.tools import SQL, mute_logger

from odoo.addons.toll_billing.core.rating import RatingError
from odoo.addons.toll_billing.queries import tariff_cell as queries

from .tariff_common import TollTariffCommon


@tagged("post_install", "-at_install")
class TestTollTariff(TollTariffCommon):
    # === ACTIVATION === #

    def test_activation_writes_cells(self):
        tariff = self._create_tariff()
        self.assertFalse(self._cells(tariff))
        tariff.with_user(self.manager).action_activate()
        cells = self._cells(tariff)
        self.assertEqual((tariff.state, len(cells)), ("active", 6))
        self.assertEqual(tariff.activated_by_id, self.manager)
        cell = cells[0]
        self.assertEqual(
            (cell["minute_from"], cell["minute_to"], cell["day_types"]), (0, 1440, 15)
        )
        self.assertEqual((cell["entry_plaza_id"], cell["amount"]), (0, 100))

    def _refusal(self, tariff):
        with self.assertRaises(UserError) as caught:
            tariff.action_activate()
        return str(caught.exception)

    def test_activation_names_what_is_missing(self):
        tariff = self._create_tariff(rates=[(self.plaza, self.auto, 10, {})])
        self.assertRegex(self._refusal(tariff), "P1, .*no price for class XC2 .* XC3")
        tariff.excluded_class_ids = self.c2 | self.c3
        tariff.action_activate()
        self.assertEqual(tariff.state, "active")

    def test_activation_names_rows_that_overlap(self):
        rates = self._all_rates() + [
            (self.plaza, self.auto, 80, {"band": "night"}),
            (self.plaza, self.auto, 90, {"day_type": "sunday"}),
        ]
        tariff = self._create_tariff(rates=rates, band_ids=self._night())
        message = self._refusal(tariff)
        self.assertIn("P1 · XA · night", message)
        self.assertIn("Sunday from 00:00 to 06:00", message)
        self.env["toll.tariff.rate"].create(
            {
                "tariff_id": tariff.id,
                "plaza_id": self.plaza.id,
                "class_id": self.auto.id,
                "band": "night",
                "day_type": "sunday",
                "amount": 70,
            }
        )
        tariff.action_activate()
        self.assertEqual(self._price(datetime(2025, 5, 25, 9)).amount, 70)

    def test_activation_names_hours_without_price(self):
        rates = self._all_rates(day_type="weekday")
        message = self._refusal(self._create_tariff(rates=rates))
        self.assertIn("Plaza P1, class XA: no price on Saturday, Sunday", message)

    def test_activation_names_unknown_band(self):
        rates = self._all_rates() + [(self.plaza, self.auto, 9, {"band": "nigth"})]
        self.assertIn("“nigth”", self._refusal(self._create_tariff(rates=rates)))

    def test_activation_refuses_an_empty_version(self):
        self.assertIn("no prices", self._refusal(self._create_tariff(rates=[])))

    def test_plaza_of_another_operator_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "belongs to TSTX"):
            self._create_tariff(rates=[(self.foreign, self.auto, 1, {})])

    def test_negative_price_is_refused(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self._create_tariff(rates=[(self.plaza, self.auto, -1, {})])

    def test_same_price_twice_is_refused(self):
        row = (self.plaza, self.auto, 1, {})
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self._create_tariff(rates=[row, row])

    def test_four_eyes(self):
        self.env["ir.config_parameter"].set_param(
            "toll_billing.tariff_four_eyes", "True"
        )
        tariff = self._create_tariff()
        tariff.with_user(self.manager).action_request()
        self.assertEqual(tariff.requested_by_id, self.manager)
        with self.assertRaisesRegex(UserError, "by another"):
            tariff.with_user(self.manager).action_activate()
        tariff.action_activate()
        self.assertEqual(tariff.state, "active")

    # === VERSIONS === #

    def test_a_new_version_ends_the_former(self):
        former = self._create_tariff("2021", "2021-02-03")
        former.action_activate()
        tariff = self._create_tariff("2025", "2025-01-10", self._all_rates(149))
        tariff.action_activate()
        self.assertEqual(former.valid_to, date(2025, 1, 10))
        self.assertEqual(former.state, "retired")
        # 23:59:59 and 00:00:00 in Mexico City
        self.assertEqual(self._price(datetime(2025, 1, 10, 5, 59, 59)).amount, 100)
        self.assertEqual(self._price(datetime(2025, 1, 10, 6)).amount, 149)

    @freeze_time("2025-06-01 12:00:00")
    def test_a_version_of_the_future_lets_the_former_hold_until_then(self):
        former = self._create_tariff("2025", "2025-01-10")
        former.action_activate()
        tariff = self._create_tariff("2026", "2026-01-01")
        tariff.action_activate()
        self.assertEqual((former.state, former.is_current), ("active", True))
        self.assertEqual((tariff.state, tariff.is_current), ("active", False))
        found = self.env["toll.tariff"].search([("is_current", "=", True)])
        self.assertIn(former, found)
        self.assertNotIn(tariff, found)
        with freeze_time("2026-01-02 12:00:00"):
            self.env["toll.tariff"]._cron_retire()
        self.assertEqual(former.state, "retired")

    def test_a_version_that_begins_later_is_not_swallowed(self):
        self._create_tariff("2025", "2025-01-10").action_activate()
        message = self._refusal(self._create_tariff("2021", "2021-02-03"))
        self.assertIn("begins on 2025-01-10", message)
        self._create_tariff(
            "2021b", "2021-02-03", valid_to="2025-01-10"
        ).action_activate()

    def test_a_version_does_not_tear_a_hole(self):
        self._create_tariff("2025", "2025-01-10").action_activate()
        message = self._refusal(
            self._create_tariff("summer", "2025-07-01", valid_to="2025-08-01")
        )
        self.assertIn("nothing would be in force after 2025-08-01", message)

    def test_the_database_refuses_two_versions_at_a_time(self):
        self._create_tariff("a", "2025-01-10").action_activate()
        second = self._create_tariff("b", "2025-01-10")
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            second._set_workflow({"state": "active"})
            second.flush_recordset()

    def test_the_database_refuses_cells_that_meet(self):
        tariff = self._create_tariff()
        tariff.action_activate()
        row = list(tariff._prepare_cell_rows()[0])
        row[9:12] = 600, 610, 4
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaisesRegex(IntegrityError, "toll_tariff_cell_no_overlap"),
            self.env.cr.savepoint(),
        ):
            self.env.execute_query(queries.insert_cells([row]))

    @freeze_time("2025-06-01 12:00:00")
    def test_retire_ends_at_midnight(self):
        tariff = self._create_tariff()
        tariff.action_activate()
        tariff.action_retire()
        self.assertEqual(tariff.valid_to, date(2025, 6, 2))
        self.assertEqual(self._price(datetime(2025, 6, 2, 5, 59)).amount, 100)
        with self.assertRaisesRegex(RatingError, "no_version"):
            self._price(datetime(2025, 6, 2, 6))
        self.assertEqual(
            {c["valid_to"] for c in self._cells(tariff)}, {date(2025, 6, 2)}
        )

    @freeze_time("2025-06-01 12:00:00")
    def test_retire_before_the_first_day_leaves_no_price(self):
        tariff = self._create_tariff(valid_from="2026-01-01")
        tariff.action_activate()
        tariff.action_retire()
        self.assertFalse(self._cells(tariff))
        self._create_tariff("v2", "2026-01-01").action_activate()

    # === IMMUTABILITY === #

    def test_an_active_version_is_not_rewritten(self):
        tariff = self._create_tariff(band_ids=self._night())
        tariff.action_activate()
        rate, band = tariff.rate_ids[0], tariff.band_ids
        for change in (
            lambda: rate.write({"amount": 1}),
            lambda: rate.unlink(),
            lambda: rate.copy({"class_id": self.c2.id, "band": "night"}),
            lambda: band.write({"minute_to": 300}),
            lambda: band.unlink(),
            lambda: tariff.write({"valid_from": "2025-02-01"}),
            lambda: tariff.write({"valid_to": "2025-02-01"}),
            lambda: tariff.write({"rate_ids": [(5,)]}),
            lambda: tariff.unlink(),
        ):
            with self.assertRaisesRegex(UserError, "new version"):
                change()
        band.name = "Nights"
        tariff.legal_basis = "DOF"

    def test_the_workflow_is_not_bypassed_by_writing(self):
        tariff = self._create_tariff()
        with self.assertRaisesRegex(UserError, "buttons"):
            tariff.write({"state": "active"})
        with self.assertRaisesRegex(UserError, "draft"):
            self._create_tariff("v9", state="active")

    def test_the_database_guards_active_versions(self):
        tariff = self._create_tariff(band_ids=self._night())
        tariff.action_activate()
        self.env.flush_all()
        rate, band = tariff.rate_ids[0], tariff.band_ids
        for statement in (
            SQL("UPDATE toll_tariff_rate SET amount = 1 WHERE id = %s", rate.id),
            SQL("DELETE FROM toll_tariff_rate WHERE id = %s", rate.id),
            SQL("UPDATE toll_tariff_band SET minute_to = 9 WHERE id = %s", band.id),
            SQL("UPDATE toll_tariff SET state = 'draft' WHERE id = %s", tariff.id),
            SQL("UPDATE toll_tariff SET valid_from = now() WHERE id = %s", tariff.id),
            SQL("DELETE FROM toll_tariff WHERE id = %s", tariff.id),
        ):
            with (
                mute_logger("odoo.sql_db"),
                self.assertRaisesRegex(IntegrityError, "has been activated"),
                self.env.cr.savepoint(),
            ):
                self.env.cr.execute(statement)

    def test_a_draft_may_be_changed_and_deleted(self):
        tariff = self._create_tariff(band_ids=self._night())
        tariff.rate_ids[0].amount = 5
        tariff.band_ids.minute_to = 300
        tariff.write({"valid_from": "2025-03-01", "rate_ids": [(5,)]})
        tariff.unlink()
        self.assertFalse(tariff.exists())

    # === NEW VERSION === #

    def test_new_version_changes_prices_in_percent(self):
        tariff = self._create_tariff(band_ids=self._night())
        tariff.action_activate()
        wizard = Form(
            self.env["toll.tariff.version"]
            .with_user(self.manager)
            .with_context(active_model="toll.tariff", active_id=tariff.id)
        )
        wizard.version = "v2"
        wizard.valid_from = "2026-01-01"
        wizard.percent = 4.5
        wizard.class_ids.add(self.auto)
        action = wizard.save().action_create()
        draft = self.env["toll.tariff"].browse(action["res_id"])
        self.assertEqual((draft.state, draft.previous_id), ("draft", tariff))
        self.assertEqual(draft.name, "TSTO v2")
        self.assertEqual(draft.band_ids.mapped("code"), ["night"])
        amounts = {r.class_id: r.amount for r in draft.rate_ids}
        self.assertEqual(amounts, {self.auto: 105, self.c2: 101, self.c3: 102})
        draft.action_activate()
        self.assertEqual(tariff.valid_to, date(2026, 1, 1))

    # === IMPORT AND MATRIX === #

    def _import(self, tariff, content, **values):
        return self.env["toll.tariff.import"].create(
            {
                "tariff_id": tariff.id,
                "file": base64.b64encode(content),
                "filename": "prices.csv",
                **values,
            }
        )

    def test_import_of_a_matrix(self):
        tariff = self._create_tariff(rates=[(self.plaza, self.auto, 1, {})])
        wizard = self._import(tariff, b"plaza;A;C2-C3\nP1;149;273,50\np2;1.041,00;2\n")
        wizard.with_user(self.manager).action_import()
        self.assertFalse(wizard.faults)
        amounts = {
            (r.plaza_id.code, r.class_id.code): r.amount for r in tariff.rate_ids
        }
        self.assertEqual(
            amounts,
            {
                ("P1", "XA"): 149,
                ("P1", "XC2"): 273.5,
                ("P1", "XC3"): 273.5,
                ("P2", "XA"): 1041,
                ("P2", "XC2"): 2,
                ("P2", "XC3"): 2,
            },
        )
        tariff.action_activate()

    def test_import_of_a_workbook(self):
        book = openpyxl.Workbook()
        for line in (
            ["Caseta", "Entrada", "Clase", "Franja", "Día", "Importe"],
            ["P1", "E1", "A", "night", "Domingo", 66.5],
        ):
            book.active.append(line)
        stream = BytesIO()
        book.save(stream)
        tariff = self._create_tariff(band_ids=self._night())
        self._import(tariff, stream.getvalue(), replace=True).action_import()
        rate = tariff.rate_ids
        self.assertEqual((rate.entry_plaza_id, rate.amount), (self.entry, 66.5))
        self.assertEqual((rate.band, rate.day_type), ("night", "sunday"))

    def test_import_tells_line_and_column_and_writes_nothing(self):
        tariff = self._create_tariff(rates=[])
        content = b"plaza,band,A,ZZ\nP1,,149,\nQ9,nigth,x,5\nE1,,1,\n"
        wizard = self._import(tariff, content)
        action = wizard.action_import()
        self.assertEqual(action["res_id"], wizard.id)
        self.assertFalse(tariff.rate_ids)
        for text in (
            "Line 3, column C: “x” is no price",
            "Line 3: the operator has no plaza “Q9”",
            "Line 3, column D: there is no vehicle class “ZZ”",
            "no time band “nigth”",
            "Line 4: “E1” is an entry",
        ):
            self.assertIn(text, wizard.faults)

    def test_import_refuses_two_words_for_one_price(self):
        tariff = self._create_tariff(rates=[])
        wizard = self._import(tariff, b"plaza,A,XA\nP1,1,2\n")
        wizard.action_import()
        self.assertIn("Line 2, column C: the price is given already", wizard.faults)

    def test_matrix_is_read_and_written(self):
        tariff = self._create_tariff(band_ids=self._night())
        rates = self.env["toll.tariff.rate"].with_user(self.manager)
        grid = rates.get_matrix(tariff.id, "toll", "night", "any")
        self.assertTrue(grid["editable"])
        self.assertEqual([c["code"] for c in grid["classes"]], ["XA", "XC2", "XC3"])
        key = f"{self.plaza.id}-0"
        self.assertIn(key, [place["key"] for place in grid["places"]])
        self.assertEqual(
            grid["cells"][key][self.auto.id], {"amount": None, "fallback": 100}
        )
        price = {"plaza": self.plaza.id, "entry": 0, "class_id": self.auto.id}
        for amount in (80, 85):
            cells = rates.set_matrix(
                tariff.id, [{**price, "amount": amount}], "toll", "night", "any"
            )
            self.assertEqual(cells[key][self.auto.id]["amount"], amount)
        cells = rates.set_matrix(
            tariff.id, [{**price, "amount": None}], "toll", "night", "any"
        )
        self.assertIsNone(cells[key][self.auto.id]["amount"])
        with self.assertRaises(UserError):
            rates.set_matrix(tariff.id, [{**price, "amount": -1}], "toll", "all", "any")
        tariff.action_activate()
        self.assertFalse(rates.get_matrix(tariff.id)["editable"])
        with self.assertRaises(UserError):
            rates.set_matrix(tariff.id, [{**price, "amount": 1}], "toll", "all", "any")

    # === ACCESS === #

    def test_billing_reads_and_does_not_write(self):
        tariff = self._create_tariff()
        as_biller = tariff.with_user(self.biller)
        self.assertTrue(as_biller.rate_ids[0].amount)
        self.assertFalse(
            self.env["toll.tariff.rate"]
            .with_user(self.biller)
            .get_matrix(tariff.id)["editable"]
        )
        for action in (
            as_biller.action_activate,
            as_biller.action_request,
            lambda: as_biller.rate_ids[0].write({"amount": 2}),
            lambda: (
                self.env["toll.tariff.rate"]
                .with_user(self.biller)
                .set_matrix(tariff.id, [], "toll", "all", "any")
            ),
            lambda: self.env["toll.holiday"].with_user(self.biller).action_generate(),
        ):
            with self.assertRaises(AccessError):
                action()

    def test_tariffs_of_another_company_are_not_seen(self):
        other_company = self.env["res.company"].create({"name": "Other toll company"})
        tariff = self._create_tariff()
        self.assertTrue(tariff.with_user(self.biller).version)
        self.operator.company_id = other_company
        self.env.flush_all()
        tariff.invalidate_recordset()
        found = self.env["toll.tariff"].with_user(self.biller).search([])
        self.assertNotIn(tariff, found)
        rates = self.env["toll.tariff.rate"].with_user(self.biller).search([])
        self.assertFalse(rates & tariff.sudo().rate_ids)

    def test_an_operator_sees_its_own_prices_only(self):
        tariff = self._create_tariff()
        user = new_test_user(
            self.env,
            "tariff_operator",
            groups="toll_account.group_toll_operator_api",
            toll_operator_id=self.operator.id,
        )
        rates = self.env["toll.tariff.rate"].with_user(user)
        self.assertEqual(rates.search([]), tariff.rate_ids)
        with self.assertRaises(AccessError):
            rates.browse(tariff.rate_ids[0].id).write({"amount": 1})
        other_user = user.copy({"login": "tariff_other_operator"})
        other_user.toll_operator_id = self.other
        self.assertFalse(rates.with_user(other_user).search([]))
