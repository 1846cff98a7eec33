"""Passwords of TAGs: derived, never kept, never shown (000-18)."""

import os
import stat
import tempfile
from unittest.mock import patch

from cryptography.fernet import Fernet

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import config

from .common import EncodingCommon


@tagged("post_install", "-at_install")
class TestTollSecret(EncodingCommon):
    def _texts(self):
        """Every text of the tables that encoding touches."""
        self.env.flush_all()
        texts = []
        for table in (
            "toll_encoder",
            "toll_encoding_batch",
            "toll_encoding_job",
            "toll_encoding_attempt",
            "toll_secret",
            "stock_lot",
            "mail_message",
            "mail_tracking_value",
            "bus_bus",
            "ir_logging",
        ):
            self.env.cr.execute(f"SELECT t::text FROM {table} t")
            texts += [row[0] for row in self.env.cr.fetchall()]
        return "\n".join(texts).upper()

    def test_passwords_are_kept_nowhere(self):
        self._box(max_attempts=1)
        job = self._poll()
        access, kill = job["access"], job["kill"]
        spaced = " ".join(access[i : i + 2] for i in range(0, 8, 2))
        with self.assertLogs("odoo", "DEBUG") as logs:
            self._fail(
                job,
                "access_denied",
                message=f"password {access} refused",
                log=[f"set access {access.lower()}", f"kill {kill}", f"ap {spaced}"],
            )
        texts = self._texts()
        logged = "\n".join(logs.output).upper()
        for secret in (access, kill, spaced):
            self.assertNotIn(secret, texts)
            self.assertNotIn(secret, logged)
        self.assertIn("********", self._job(job).log)
        self.assertIn("********", self._job(job).attempt_ids.message)

    def test_each_tag_has_its_own_and_always_the_same(self):
        self._box()
        first = self._poll()
        self.assertEqual(self._poll()["access"], first["access"])
        self._result(first)
        second = self._poll()
        self.assertNotEqual(second["access"], first["access"])
        self.assertNotEqual(second["kill"], first["kill"])

    def test_a_new_master_key_is_for_new_tags(self):
        batch = self._box()
        job = self._poll()
        self.env["toll.secret"]._rotate(self.company)
        self.assertEqual(self._poll()["access"], job["access"], "begun is begun")
        later = self._box("ZZEN00000011", "ZZEN00000011")
        self.assertEqual(later.job_ids.secret_version, 2)
        self.assertEqual(set(batch.job_ids.mapped("secret_version")), {1})
        secrets = self.env["toll.secret"].search([])
        self.assertEqual(secrets.mapped("is_current"), [True, False])

    def test_companies_do_not_share(self):
        other = self.env["res.company"].create({"name": "Other"})
        Secret = self.env["toll.secret"]
        epc = "3" * 24
        mine = Secret._password(
            self.company, Secret._current_version(self.company), "access", epc
        )
        theirs = Secret._password(other, Secret._current_version(other), "access", epc)
        self.assertNotEqual(mine, theirs)

    def test_nobody_reads_the_master_key(self):
        self._box()
        secret = self.env["toll.secret"].search([])
        for user in (self.agent, self.manager):
            with self.assertRaises(AccessError):
                secret.with_user(user).read(["version"])
        admin = secret.with_user(self.env.ref("base.user_admin"))
        admin.read(["version", "tag_count"])
        for call in (
            lambda: admin.read(["value"]),
            lambda: admin.export_data(["value"]),
            lambda: admin.search([("value", "like", "a")]),
            lambda: admin.write({"value": "x"}),
            lambda: admin.unlink(),
            lambda: admin.create({"version": 9, "value": "x"}),
        ):
            with self.assertRaises(AccessError):
                call()
        self.assertNotIn("value", admin.fields_get())

    def test_only_an_administrator_rotates(self):
        Secret = self.env["toll.secret"].with_user(self.manager)
        rotate = type(Secret).action_rotate.__wrapped__
        with self.assertRaises(AccessError):
            rotate(Secret)
        rotate(Secret.with_user(self.env.ref("base.user_admin")))
        self.assertEqual(self.env["toll.secret"].search_count([]), 1)

    def test_the_key_file_is_made_once_and_for_its_owner(self):
        Secret = self.env["toll.secret"]
        with (
            tempfile.TemporaryDirectory() as folder,
            patch.dict(os.environ),
            patch.dict(config.options, {"data_dir": folder}),
        ):
            del os.environ["TOLL_SECRET_KEY"]
            token = Secret._vault().encrypt(b"x")
            path = os.path.join(folder, "toll_secret.key")
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
            self.assertEqual(Secret._vault().decrypt(token), b"x")
            self.assertEqual(os.listdir(folder), ["toll_secret.key"])
            os.chmod(path, 0o644)
            with self.assertRaisesRegex(UserError, "0600"):
                Secret._vault()

    def test_keys_of_the_server_rotate(self):
        self._box()
        before = self._poll()["access"]
        old = os.environ["TOLL_SECRET_KEY"]
        new = Fernet.generate_key().decode()
        with patch.dict(os.environ, {"TOLL_SECRET_KEY": f"{new},{old}"}):
            self.assertEqual(self._poll()["access"], before)
        with (
            patch.dict(os.environ, {"TOLL_SECRET_KEY": new}),
            self.assertRaisesRegex(UserError, "Restore it"),
        ):
            self._poll()
        with (
            patch.dict(os.environ, {"TOLL_SECRET_KEY": "hello"}),
            self.assertRaisesRegex(UserError, "not a valid key"),
        ):
            self._poll()
