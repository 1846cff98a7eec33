"""Batches: where the TAGs come from, what the buttons do (000-18, 003-35)."""

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from .common import EncodingCommon


@tagged("post_install", "-at_install")
class TestTollEncodingBatch(EncodingCommon):
    def test_from_a_receipt(self):
        lots = self._receive("ZZEB00000001", "ZZEB00000003")
        picking = lots.toll_move_line_ids.picking_id
        self.assertTrue(picking.toll_can_encode)
        action = picking.with_user(self.agent).action_toll_encode()
        batch = self.env["toll.encoding.batch"].browse(action["res_id"])
        self.assertEqual(batch.job_ids.lot_id, lots)
        self.assertEqual(batch.encoder_ids, self.encoder, "the only one there is")
        self.assertEqual(picking.toll_encoding_batch_count, 1)
        with self.assertRaisesRegex(UserError, "already stands in ENC/"):
            picking.action_toll_encode()

    def test_from_a_selection(self):
        lots = self._receive("ZZEB00000001", "ZZEB00000003")
        action = lots[:2].with_user(self.agent).action_toll_encode()
        batch = self.env["toll.encoding.batch"].browse(action["res_id"])
        self.assertEqual(batch.job_ids.lot_id, lots[:2])
        self.assertEqual(lots[0].toll_encoding_count, 1)

    def test_from_a_box(self):
        lots = self._receive("ZZEB00000001", "ZZEB00000003")
        box = lots.toll_supply_id
        action = box.with_user(self.agent).action_toll_encode()
        batch = self.env["toll.encoding.batch"].browse(action["res_id"])
        self.assertEqual(batch.job_ids.lot_id, lots)
        batch.unlink()
        batch = self.env["toll.encoding.batch"].create({})
        wizard = self.env["toll.encoding.add"].create(
            {"batch_id": batch.id, "source": "box", "supply_id": box.id}
        )
        self.assertEqual(wizard.tag_count, 3)
        wizard.action_add()
        self.assertEqual(batch.job_ids.lot_id, lots)
        self.product.toll_epc_scheme = "hex_text"
        ready = self._receive("ZZEB00000008").toll_supply_id
        with self.assertRaisesRegex(UserError, "no TAG to encode"):
            ready.action_toll_encode()

    def test_only_new_tags(self):
        self.product.toll_epc_scheme = "hex_text"
        lot = self._receive("ZZEB00000009")
        self.assertEqual(lot.toll_state, "stocked")
        with self.assertRaisesRegex(UserError, "not a new TAG"):
            lot.action_toll_encode()

    def test_add_a_box_and_a_scanned_list(self):
        lots = self._receive("ZZEB00000001", "ZZEB00000005")
        batch = self.env["toll.encoding.batch"].with_user(self.agent).create({})
        Wizard = self.env["toll.encoding.add"].with_user(self.agent)
        wizard = Wizard.create(
            {
                "batch_id": batch.id,
                "first_number": "zzeb 0000 0001",
                "last_number": "ZZEB00000003",
            }
        )
        self.assertEqual((wizard.tag_count, wizard.problem), (3, False))
        wizard.action_add()
        wizard = Wizard.create(
            {
                "batch_id": batch.id,
                "source": "list",
                "text": "ZZEB00000005\nZZEB00000004",
            }
        )
        wizard.action_add()
        self.assertEqual(
            batch.job_ids.sorted("position").lot_id.mapped("name"),
            [*lots[:3].mapped("name"), "ZZEB00000005", "ZZEB00000004"],
        )

    def test_the_window_says_what_is_wrong(self):
        self._receive("ZZEB00000001")
        batch = self.env["toll.encoding.batch"].create({})
        Wizard = self.env["toll.encoding.add"]
        for vals, words in (
            ({"first_number": "ZZEB00000001", "last_number": "ZZEB00000002"}, "0002"),
            ({"first_number": "ABC"}, "is not a TAG number"),
            ({"source": "list", "text": "ZZEB00000077"}, "receive it first"),
        ):
            wizard = Wizard.create({"batch_id": batch.id, **vals})
            self.assertIn(words, wizard.problem or "")
            with self.assertRaises(UserError):
                wizard.action_add()
        self.assertFalse(batch.job_ids)

    def test_the_order_of_the_box(self):
        batch = self._box(order="reverse")
        self.assertEqual(self._poll()["number"], "ZZEN00000003")
        jobs = batch.job_ids.sorted("position")
        self.assertEqual(jobs.mapped("position"), [1, 2, 3])

    def test_schemes(self):
        self.product.toll_encoding_scheme = "hex_text"
        batch = self._box("ZZEB00000001", "ZZEB00000001")
        self.assertEqual(batch.job_ids.epc, b"ZZEB00000001".hex().upper())

    def test_no_start_without_prefix_encoder_or_tags(self):
        batch = self._box(start=False)
        self.product.toll_company_prefix = False
        with self.assertRaisesRegex(UserError, "GS1 company prefix"):
            batch.action_start()
        self.product.toll_company_prefix = "7501234"
        batch.encoder_ids = False
        with self.assertRaisesRegex(UserError, "choose the encoders"):
            batch.action_start()
        empty = self.env["toll.encoding.batch"].create({})
        with self.assertRaisesRegex(UserError, "add TAGs"):
            empty.action_start()

    def test_two_numbers_with_one_code(self):
        """GIAI-96 takes the digits only: AAZZ0001 and BBZZ0001 are the same."""
        lots = self._receive("AAZZ00000001") | self._receive("BBZZ00000001")
        batch = self.env["toll.encoding.batch"].create({})
        batch._add_lots(lots)
        with self.assertRaisesRegex(UserError, "would get the same EPC"):
            batch.action_start()
        batch.job_ids[1].sudo().unlink()
        batch.action_start()
        self._result(self._poll())
        other = self.env["toll.encoding.batch"].create({})
        other._add_lots(lots[1])
        with self.assertRaisesRegex(UserError, "already belongs to another TAG"):
            other.action_start()

    def test_pause_resume_cancel(self):
        batch = self._box()
        job = self._poll()
        batch.action_pause()
        self.assertEqual(self._poll(), job, "what lies on the plate is finished")
        self._result(job)
        self.assertFalse(self._poll())
        batch.action_resume()
        job = self._poll()
        batch.action_cancel()
        self.assertEqual(batch.cancelled_count, 1)
        self._result(job)
        self.assertEqual((batch.done_count, batch.state), (2, "cancelled"))
        self.assertFalse(self._poll())
        last = batch.job_ids.filtered(lambda row: row.state == "cancelled").lot_id
        self.assertEqual(last.toll_state, "new")
        last.action_toll_encode()  # free for another batch

    def test_a_fault_in_a_cancelled_batch_ends_the_job(self):
        batch = self._box()
        job = self._poll()
        batch.action_cancel()
        self._fail(job, "no_tag")
        self.assertEqual(self._job(job).state, "cancelled")

    def test_buttons_at_the_wrong_moment(self):
        batch = self._box()
        for action in ("action_start", "action_resume"):
            with self.assertRaisesRegex(UserError, "this cannot be done"):
                getattr(batch, action)()
        batch.action_cancel()
        for action in ("action_start", "action_pause", "action_cancel"):
            with self.assertRaisesRegex(UserError, "this cannot be done"):
                getattr(batch, action)()

    def test_a_person_decides(self):
        batch = self._box(max_attempts=1)
        job = self._job(self._poll())
        with self.assertRaisesRegex(UserError, "this cannot be done"):
            job.action_retry()
        job.state = "failed"
        job.attempt_ids.state = "failed"
        self.assertEqual(batch.failed_count, 1)
        batch.with_user(self.agent).action_retry_failed()
        self.assertEqual(job.state, "waiting")
        job.with_user(self.agent).action_reject()
        self.assertEqual((job.state, job.error), ("rejected", "by_hand"))
        self._assert_stock(job.lot_id, defective=job.lot_id)

    def test_the_last_one_rejected_by_hand_ends_the_batch(self):
        batch = self._box("ZZEB00000001", "ZZEB00000001")
        batch.job_ids.action_reject()
        self.assertEqual(batch.state, "done")

    def test_tested_and_good_again(self):
        batch = self._box("ZZEB00000001", "ZZEB00000001", max_attempts=1)
        self._fail(self._poll(), "write_failed")
        lot = batch.job_ids.lot_id
        lot.toll_mark_good()
        self.assertEqual(lot.toll_state, "new")
        self.assertEqual(self._location(lot), self.shelf)
        self.assertEqual(lot.toll_rma_ids.state, "closed")
        lot.action_toll_encode()

    def test_labels_of_the_ready_ones(self):
        batch = self._box()
        with self.assertRaisesRegex(UserError, "No TAG"):
            batch.action_print_labels()
        job = self._poll()
        self._result(job)
        action = batch.action_print_labels()
        wizard = self.env[action["res_model"]].browse(action["res_id"])
        self.assertEqual(wizard.lot_ids, self._job(job).lot_id)

    def test_what_was_begun_stays_on_record(self):
        batch = self._box()
        with self.assertRaisesRegex(UserError, "stays on record"):
            batch.unlink()
        self._result(self._poll())
        with self.assertRaisesRegex(UserError, "archive it"):
            self.encoder.unlink()
        draft = self._box("ZZEB00000001", "ZZEB00000001", start=False)
        draft.unlink()

    def test_the_state_is_not_typed_in(self):
        batch = self._box(start=False).with_user(self.manager)
        for vals in ({"state": "done"}, {"name": "X"}):
            with self.assertRaises(AccessError):
                batch.write(vals)
        lot = batch.job_ids.lot_id[:1]
        with self.assertRaises(AccessError):
            lot.toll_secret_version = 9

    def test_a_lock_needs_a_password(self):
        with self.assertRaisesRegex(ValidationError, "keeps nobody out"):
            self.policy.access_password = "none"
        policy = self.env["toll.encoding.policy"].create(
            {
                "name": "Open",
                "access_password": "none",
                "lock_epc": "open",
                "lock_access": "open",
                "lock_kill": "open",
            }
        )
        self.assertIsNone(policy._prepare_lock())
        policy.write({"access_password": "derived", "lock_epc": "perma"})
        self.assertTrue(policy.has_perma_lock)
        self.product.toll_encoding_policy_id = policy
        self.assertTrue(self._box(start=False).has_perma_lock)

    def test_the_checks_find_what_does_not_fit(self):
        batch = self._box(max_attempts=1)
        self._fail(self._poll(), "write_failed")
        while job := self._poll():
            self._result(job)
        check = self.env["toll.check"]
        self.assertFalse(check._check_encoding_codes())
        self.assertFalse(check._check_encoding_rejected())
        bad = batch.job_ids.filtered(lambda row: row.state == "rejected").lot_id
        bad.sudo().toll_state = "stocked"
        good = (batch.job_ids.lot_id - bad)[0]
        good.sudo().toll_epc = "0" * 24
        self.assertIn(bad.name, check._check_encoding_rejected()[0])
        self.assertIn(good.name, check._check_encoding_codes()[0])

    def test_forms_open(self):
        batch = self._box()
        self._poll()
        agent_env = self.env(user=self.agent)
        for record in (batch, batch.job_ids[:1], self.encoder):
            with self.subTest(record._name):
                Form(record.with_env(agent_env))
        with Form(self.env["toll.encoder"].with_user(self.manager)) as form:
            form.name = "Table 9"
        self.assertEqual(form.record.defective_location_id, self.defective)
        with Form(self.env["toll.encoding.policy"].with_user(self.manager)) as form:
            form.name = "P"

    def test_a_batch_of_fifty_is_prepared_in_few_queries(self):
        batch = self._box("ZZEQ00000001", "ZZEQ00000050", start=False)
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(60):
            batch.action_start()
