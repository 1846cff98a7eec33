import gzip
import io
import json
from datetime import timedelta

from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import HEADER, TollBillingCommon


@tagged("post_install", "-at_install")
class TestCrossingLoad(TollBillingCommon):
    def test_posted_by_tag_moves_the_wallet(self):
        batch = self._load(self._row("R1"))
        crossing = self._crossings(batch)
        self.assertEqual(crossing.state, "posted")
        self.assertEqual(crossing.account_id, self.prepaid)
        self.assertEqual(crossing.vehicle_id, self.vehicle)
        self.assertEqual(crossing.lot_id, self.lot)
        self.assertEqual(crossing.amount, 100)
        self.assertEqual(self.prepaid.balance, 400)
        self.assertEqual(
            (batch.received, batch.posted, batch.amount_posted), (1, 1, 100)
        )
        self._assert_rules_hold()

    def test_posted_by_plate_when_the_tag_is_unknown(self):
        batch = self._load(
            self._row("R1", tag="NOPE00000009", plate="ccc 333 c"),
            self._row("R2", tag="", plate="CCC333C"),
        )
        self.assertEqual(
            self._fates(batch), [("R1", "posted", False), ("R2", "posted", False)]
        )
        self.assertEqual(self._crossings(batch).account_id, self.plate_only)

    def test_tag_is_also_known_by_its_epc(self):
        batch = self._load(self._row("R1", tag=self.lot.toll_epc))
        self.assertEqual(self._crossings(batch).lot_id, self.lot)

    def test_reasons(self):
        """Each cause has its own reason; the rest of the file goes on."""
        late = (self.noon - timedelta(days=2000)).isoformat() + "Z"
        early = (self.now + timedelta(days=3)).isoformat() + "Z"
        before_tag = (self.now - timedelta(days=90)).isoformat() + "Z"
        cases = [
            ({"tag": "NOPE00000009"}, "held", "unknown_tag"),
            ({"tag": "", "plate": "ZZZ999"}, "held", "unknown_plate"),
            ({"tag": "", "plate": ""}, "held", "no_identity"),
            ({"plaza": "P9"}, "held", "unknown_plaza"),
            ({"lane": "L9"}, "held", "unknown_lane"),
            ({"class": "Z"}, "held", "unknown_class"),
            ({"service": "opera"}, "held", "unknown_service"),
            ({"class": "C"}, "held", "class_mismatch"),
            ({"currency": "EUR"}, "held", "currency_mismatch"),
            ({"occurred_at": before_tag}, "held", "unassigned_tag"),
            (
                {"tag": "TEST00000002", "class": "C", "plaza": "P3"},
                "held",
                "no_tariff",
            ),
            ({"operator": "OTHER"}, "rejected", "other_operator"),
            ({"occurred_at": late}, "rejected", "too_old"),
            ({"occurred_at": early}, "rejected", "future"),
            ({"amount": "12.5x"}, "rejected", "malformed"),
            ({"occurred_at": "yesterday"}, "rejected", "malformed"),
            ({}, "posted", False),
        ]
        batch = self._load(
            *(self._row(f"R{n}", **values) for n, (values, *_) in enumerate(cases))
        )
        self.assertEqual(
            [(state, reason) for _ref, state, reason in self._fates(batch)],
            [(state, reason) for _values, state, reason in cases],
        )
        self.assertEqual(batch.received, len(cases))
        self.assertTrue(batch.is_conserved)
        self.assertEqual(self.prepaid.balance, 400)
        malformed = self._crossings(batch).filtered(lambda c: c.ref == "R14")
        self.assertIn("amount", malformed.detail)
        self.assertEqual(malformed.line, 16)
        self._assert_rules_hold()

    def test_same_file_again_adds_nothing_and_says_so(self):
        first = self._load(self._row("R1"), self._row("R2"))
        again = self._load(self._row("R1"), self._row("R2"), name="other name.csv")
        self.assertEqual(first, again)
        self.assertEqual(first.repeat_count, 1)
        self.assertEqual(self.prepaid.balance, 300)

    def test_same_crossing_in_another_file_is_a_duplicate(self):
        self._load(self._row("R1"))
        batch = self._load(self._row("R1"), self._row("R2"), self._row("R2"))
        self.assertEqual(
            self._fates(batch),
            [
                ("R1", "duplicate", "repeated"),
                ("R2", "posted", False),
                ("R2", "duplicate", "repeated"),
            ],
        )
        self.assertEqual(self.prepaid.balance, 300)
        self._assert_rules_hold()

    def test_rejected_row_may_come_again_corrected(self):
        self._load(self._row("R1", amount="x"))
        batch = self._load(self._row("R1"))
        self.assertEqual(self._fates(batch), [("R1", "posted", False)])

    def test_charger_sets_its_own_price(self):
        batch = self._load(self._row("R1", amount="87.50", currency="MXN"))
        crossing = self._crossings(batch)
        self.assertEqual(crossing.amount, 87.5)
        self.assertEqual(crossing.explanation["source"], "operator")

    def test_explanation_names_the_tariff_row(self):
        crossing = self._crossings(self._load(self._row("R1")))
        self.assertEqual(crossing.explanation["source"], "tariff")
        self.assertEqual(crossing.explanation["class"], "AUTO")
        self.assertIn("2020", json.dumps(crossing.explanation["tariff"]))

    def test_suspended_operator_is_refused_row_by_row(self):
        self.operator.action_suspend()
        batch = self._load(self._row("R1"))
        self.assertEqual(
            self._fates(batch), [("R1", "rejected", "unauthorised_operator")]
        )
        self.operator.action_authorise()
        self.assertEqual(
            self._fates(self._load(self._row("R1"), self._row("R2")))[0],
            ("R1", "posted", False),
        )

    def test_as_of_the_crossing_s_time(self):
        """A plate that changed hands belongs to whoever had it at that time."""
        old = self.noon - timedelta(days=10)
        batch = self._load(
            self._row("R1", tag="", plate="AAA111A", occurred_at=f"{old.isoformat()}Z")
        )
        self.assertEqual(self._crossings(batch).account_id, self.prepaid)

    def test_gzip_and_semicolons(self):
        text = HEADER.replace(",", ";") + "\n" + self._row("R1").replace(",", ";")
        batch = self._load_bytes(gzip.compress(text.encode()), "day.csv.gz")
        self.assertEqual(self._fates(batch), [("R1", "posted", False)])

    def test_unusable_files_are_refused_whole_with_a_reason(self):
        good = "\n".join([HEADER, *(self._row(f"R{n}") for n in range(50))]).encode()
        damaged = bytearray(gzip.compress(good))
        damaged[len(damaged) // 2] ^= 0xFF
        cases = {
            "empty": b"",
            "utf-16": good.decode().encode("utf-16"),
            "header missing": self._row("R1").encode(),
            "header doubled": (HEADER + ",ref\n").encode() + b"x\n",
            "gzip cut": gzip.compress(good)[:-30],
            "gzip damaged": bytes(damaged),
            "excel": b"PK\x03\x04 not a csv",
        }
        for name, content in cases.items():
            with self.subTest(name):
                batch = self._load_bytes(content, name)
                self.assertEqual(batch.state, "refused")
                self.assertTrue(batch.fault)
                self.assertEqual(batch.received, batch.posted)
        self._assert_rules_hold()

    def test_refused_gzip_loads_nothing(self):
        good = "\n".join([HEADER, *(self._row(f"R{n}") for n in range(50))]).encode()
        batch = self._load_bytes(gzip.compress(good)[:-30], "cut.csv.gz")
        self.assertEqual(batch.received, 0)
        self.assertEqual(self.prepaid.balance, 500)

    def test_byte_order_mark_and_hostile_cells(self):
        text = "\ufeff" + "\n".join(
            [
                HEADER + ",note",
                self._row("=1+1") + ",",
                self._row("R2") + ",=HYPERLINK(1)",
            ]
        )
        batch = self._load_bytes(text.encode(), "=cmd().csv")
        formula, good = self._crossings(batch)
        self.assertEqual((formula.state, formula.reason), ("rejected", "malformed"))
        self.assertEqual(formula.raw["extra"]["ref"], "=1+1")
        self.assertEqual((good.state, good.raw), ("posted", {"note": "=HYPERLINK(1)"}))

    def test_cancelled_crossing_is_compensated(self):
        first = self._load(self._row("R1"))
        batch = self._load(self._row("R1", status="cancelled"))
        self.assertEqual(self._fates(batch), [("R1", "offset", "cancelled")])
        self.assertEqual(self._fates(first), [("R1", "offset", "cancelled")])
        self.assertEqual(self.prepaid.balance, 500)
        self.assertEqual((first.posted, first.offset, first.amount_offset), (0, 1, 100))
        self._assert_rules_hold()

    def test_cancelling_an_unknown_crossing_waits(self):
        batch = self._load(self._row("R1", status="void"))
        self.assertEqual(self._fates(batch), [("R1", "held", "cancel_unknown")])
        later = self._load(self._row("R1"))
        self.assertEqual(self._fates(later), [("R1", "posted", False)])
        self._crossings(batch).with_user(self.analyst).action_reprocess()
        self.env.invalidate_all()
        self.assertEqual(self._fates(batch), [("R1", "offset", "cancelled")])
        self.assertEqual(self.prepaid.balance, 500)
        self._assert_rules_hold()

    def test_history_cannot_be_changed(self):
        crossing = self._crossings(self._load(self._row("R1")))
        for values in ({"amount": 1}, {"state": "rejected"}):
            with self.assertRaises(UserError):
                crossing.write(values)
        with self.assertRaises(UserError):
            crossing.unlink()
        for statement in (
            "UPDATE toll_crossing_data SET amount = 1 WHERE id = %s",
            "DELETE FROM toll_crossing_data WHERE id = %s",
        ):
            with (
                mute_logger("odoo.sql_db"),
                self.assertRaises(IntegrityError),
                self.cr.savepoint(),
            ):
                self.cr.execute(statement, [crossing.id])

    def test_database_refuses_a_tally_that_loses_a_row(self):
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
            self.cr.savepoint(),
        ):
            self.cr.execute(
                "INSERT INTO toll_crossing_tally (batch_id, received, posted)"
                " VALUES (1, 2, 1)"
            )

    def test_agents_read_but_do_not_load(self):
        batch = self._load(self._row("R1"))
        crossing = self._crossings(batch).with_user(self.agent)
        self.assertEqual(crossing.amount, 100)
        with self.assertRaises(AccessError):
            self._load(self._row("R2"), user=self.agent)
        with self.assertRaises(AccessError):
            crossing.action_reprocess()

    def test_other_company_s_crossings_are_invisible(self):
        batch = self._load(self._row("R1"))
        other = self.env["res.company"].create({"name": "Other issuer"})
        self.analyst.write({"company_ids": [(4, other.id)]})
        env = self.env(user=self.analyst, context={"allowed_company_ids": [other.id]})
        self.assertFalse(env["toll.crossing"].search([("batch_id", "=", batch.id)]))
        self.assertFalse(env["toll.crossing.batch"].search([("id", "=", batch.id)]))


@tagged("post_install", "-at_install")
class TestHeldQueue(TollBillingCommon):
    def test_mended_cause_releases(self):
        batch = self._load(
            self._row("R1", tag="TEST00000002", **{"class": "C"}, plaza="P3")
        )
        held = self._crossings(batch)
        self.assertEqual(held.reason, "no_tariff")
        new = self.env["toll.tariff"].create(
            {
                "operator_id": self.operator.id,
                "version": "2021",
                "valid_from": "2021-01-01",
                "rate_ids": [
                    Command.create(
                        {
                            "plaza_id": self.plaza_3.id,
                            "class_id": vehicle_class.id,
                            "amount": 75,
                        }
                    )
                    for vehicle_class in (self.auto, self.truck)
                ],
            }
        )
        new.action_activate()
        held.with_user(self.analyst).action_reprocess()
        self.env.invalidate_all()
        self.assertEqual((held.state, held.amount), ("posted", 75))
        self.assertEqual(self.postpaid.balance, -75)
        self.assertEqual((batch.held, batch.posted), (0, 1))
        self.assertEqual(batch.amount_received, 75)
        self._assert_rules_hold()

    def test_correction_releases_and_keeps_what_was_read(self):
        batch = self._load(self._row("R1", tag="TEST0000000I"))
        held = self._crossings(batch).with_user(self.analyst)
        released = held.action_correct({"tag": "TEST00000001"})
        self.env.invalidate_all()
        self.assertEqual(released, held)
        self.assertEqual(held.state, "posted")
        self.assertEqual(held.raw["row"]["tag"], "TEST0000000I")
        self.assertEqual(held.raw["corrected"], {"tag": "TEST00000001"})
        self._assert_rules_hold()

    def test_class_decision(self):
        batch = self._load(self._row("R1", **{"class": "C"}))
        held = self._crossings(batch).with_user(self.analyst)
        held.action_correct({"policy": "detected"})
        self.env.invalidate_all()
        self.assertEqual((held.state, held.amount), ("posted", 250))

    def test_file_cannot_smuggle_in_a_decision(self):
        batch = self._load(
            self._row("R1", **{"class": "C"}) + ",detected", header=HEADER + ",policy"
        )
        self.assertEqual(self._fates(batch), [("R1", "held", "class_mismatch")])

    def test_refused_row_frees_its_reference(self):
        batch = self._load(self._row("R1", tag="NOPE00000009"))
        held = self._crossings(batch).with_user(self.analyst)
        with self.assertRaises(UserError):
            held.action_refuse(" ")
        held.action_refuse("no such TAG")
        self.assertEqual(self._fates(batch), [("R1", "rejected", "refused")])
        self.assertEqual((batch.held, batch.rejected), (0, 1))
        self.assertEqual(
            self._fates(self._load(self._row("R1"))), [("R1", "posted", False)]
        )
        self._assert_rules_hold()

    def test_reprocessing_twice_charges_once(self):
        batch = self._load(self._row("R1", **{"class": "C"}))
        held = self._crossings(batch).with_user(self.analyst)
        held.action_correct({"policy": "registered"})
        self.env.invalidate_all()
        held.action_reprocess()
        self.assertEqual(self.prepaid.balance, 400)


@tagged("post_install", "-at_install")
class TestEvents(TollBillingCommon):
    def setUp(self):
        super().setUp()
        # events have a connection of their own; here, the one that we are in
        self.registry_enter_test_mode()

    def _event(self, ref, **values):
        return {
            "ref": ref,
            "occurred_at": self.noon.isoformat() + "Z",
            "plaza": "P1",
            "lane": "L1",
            "tag": "TEST00000001",
            "class": "A",
        } | values

    def _send(self, *events):
        return self.env["toll.crossing.batch"]._post_events(self.operator, list(events))

    def test_fates_in_order_and_idempotent(self):
        first = self._send(self._event("E1"), self._event("E2", tag="NOPE00000009"))
        self.assertEqual([f["state"] for f in first], ["posted", "held"])
        self.assertEqual(first[0]["amount"], "100.00")
        again = self._send(self._event("E1"))
        self.assertEqual(again[0]["state"], "duplicate")
        self.assertEqual(again[0]["id"], first[0]["id"])
        self.assertEqual(self.prepaid.balance, 400)
        self._assert_rules_hold()

    def test_one_event_takes_a_fixed_number_of_queries(self):
        self._send(self._event("E1"))
        with self.assertQueryCount(20):
            self._send(self._event("E2"))


@tagged("post_install", "-at_install")
class TestLoadStream(TollBillingCommon):
    def _stream(self, rows):
        return io.BytesIO("\n".join([HEADER, *rows, ""]).encode())

    def _batch(self):
        return self.env["toll.crossing.batch"].create(
            {"name": "stream", "operator_id": self.operator.id, "sha256": "s"}
        )

    def _load_stream(self, batch, rows, size):
        return self.env["toll.crossing.loader"]._load_stream(
            batch.id, self._stream(rows), batch._layout(), chunk_size=size
        )

    def test_chunks_go_on_after_the_last_finished_line(self):
        rows = [self._row(f"R{n}") for n in range(10)]
        batch = self._batch()
        self.registry_enter_test_mode()
        self._load_stream(batch, rows[:6], 3)
        self.assertEqual(batch._lines_done(), 6)
        spent = self._load_stream(batch, rows, 3)
        batch.invalidate_recordset()
        self.assertEqual((batch.received, batch.posted), (10, 10))
        self.assertEqual(self.prepaid.balance, -500)
        self.assertEqual(
            set(spent),
            {
                *("wait for rows", "stage", "resolve and rate", "wait for turn"),
                *("keys", "packs", "write", "wallets and tally"),
            },
        )
