from unittest.mock import MagicMock, patch

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from odoo.addons.bus.models import ir_websocket

from .common import EncodingCommon

MODELS = (
    "toll.encoder",
    "toll.encoding.policy",
    "toll.encoding.batch",
    "toll.encoding.job",
    "toll.encoding.attempt",
)


@tagged("post_install", "-at_install")
class TestTollEncodingAccess(EncodingCommon):
    def test_an_agent_runs_batches(self):
        lots = self._receive("ZZEA00000001", "ZZEA00000002")
        batch = self.env["toll.encoding.batch"].with_user(self.agent).create({})
        batch._add_lots(lots.with_user(self.agent))
        batch.action_start()
        job = self._poll()
        batch.action_pause()
        batch.action_resume()
        self._result(job)
        self.assertEqual(batch.done_count, 1)
        self.assertTrue(batch.job_ids.attempt_ids.mapped("encoder_id.name"))
        batch.action_cancel()

    def test_an_agent_configures_nothing(self):
        for record, vals in (
            (self.encoder, {"url": "/dev/null"}),
            (self.policy, {"lock_epc": "open"}),
        ):
            with self.assertRaises(AccessError):
                record.with_user(self.agent).write(vals)
        with self.assertRaises(AccessError):
            self.encoder.with_user(self.agent)._make_key()
        with self.assertRaises(AccessError):
            self.encoder.with_user(self.agent).action_revoke_key()

    def test_nobody_writes_jobs_and_attempts(self):
        batch = self._box()
        self._poll()
        for user in (self.agent, self.manager):
            for record, vals in (
                (batch.job_ids[0], {"state": "done"}),
                (batch.job_ids.attempt_ids, {"state": "done"}),
                (batch, {"state": "done"}),
            ):
                with self.assertRaises(AccessError):
                    record.with_user(user).write(vals)
                with self.assertRaises(AccessError):
                    record.with_user(self.agent).unlink()

    def test_only_a_manager_releases(self):
        self._box()
        job = self._job(self._poll())
        with self.assertRaises(AccessError):
            job.with_user(self.agent).action_release()
        job.with_user(self.manager).action_release()
        self.assertEqual(job.state, "waiting")

    def test_others_see_nothing_and_do_nothing(self):
        batch = self._box()
        self._poll()
        users = (
            new_test_user(self.env, "enc_nobody", groups="base.group_user"),
            new_test_user(self.env, "enc_portal", groups="base.group_portal"),
            self.analyst,
        )
        for user in users:
            env = self.env(user=user)
            for model in (*MODELS, "toll.secret", "toll.encoding.add"):
                with self.assertRaises(AccessError, msg=f"{model} {user.login}"):
                    env[model].search([])
            for call in (
                batch.with_user(user).action_start,
                batch.with_user(user).action_cancel,
                batch.job_ids.with_user(user).action_reject,
                self.encoder.with_user(user).action_test_read,
                self.encoder.with_user(user).action_continue,
            ):
                with self.assertRaises(AccessError):
                    call()

    def test_another_company_sees_nothing(self):
        batch = self._box()
        self._poll()
        other = self.env["res.company"].create({"name": "Other Issuer"})
        stranger = new_test_user(
            self.env,
            "enc_stranger",
            groups="toll_account.group_toll_manager",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        env = self.env(user=stranger)
        self.policy.company_id = self.company
        for model in MODELS:
            self.assertFalse(
                env[model].search([])
                - env[model].search([("company_id", "in", (False, other.id))]),
                model,
            )
        for call in (
            batch.with_user(stranger).action_cancel,
            batch.job_ids.with_user(stranger).action_reject,
            self.encoder.with_user(stranger).action_test_read,
            self.encoder.with_user(stranger)._make_key,
        ):
            with self.assertRaises(AccessError):
                call()
        far = env["toll.encoder"].create({"name": "Far table"})
        self.assertEqual(far.company_id, other)
        self.assertNotEqual(far.defective_location_id, self.defective)
        far = far.with_env(self.env)
        self.assertFalse(self._poll(far, "boot-far-away"), "not its company's work")

    def test_keys_are_nobodys_to_read(self):
        key = self.encoder._make_key()
        for user in (self.manager, self.env.ref("base.user_admin")):
            encoder = self.encoder.with_user(user)
            for field in ("key_digest", "key_selector", "boot"):
                with self.assertRaises(AccessError):
                    encoder.read([field])
                self.assertNotIn(field, encoder.fields_get())
        self.assertNotIn(key, str(self.encoder.sudo().read()))

    def test_who_may_follow_a_batch(self):
        batch = self._box()
        nobody = new_test_user(self.env, "enc_other", groups="base.group_user")
        for user, followed in ((self.agent, batch.ids), (nobody, [])):
            websocket = self.env["ir.websocket"].with_user(user)
            with patch.object(ir_websocket, "wsrequest", MagicMock()):
                channels = websocket._build_bus_channel_list(
                    [f"toll_encoding_batch_{batch.id}", "x", ""]
                )
            batches = [
                channel.id
                for channel in channels
                if getattr(channel, "_name", "") == "toll.encoding.batch"
            ]
            self.assertEqual(batches, followed)
