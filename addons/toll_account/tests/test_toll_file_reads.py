"""Files and messages that staff open by addresses of their own (X18)."""

import base64
import json
from datetime import timedelta
from unittest.mock import patch

from odoo import fields, http
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from .common import TollCommon

PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGA"
    "WjR9awAAAABJRU5ErkJggg=="
)


@tagged("post_install", "-at_install")
class TestTollFileReads(TollCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.file, cls.picture, cls.leaflet = cls.env["ir.attachment"].create(
            [
                {
                    "name": "contract.txt",
                    "raw": b"0123456789" * 20,
                    "res_model": "toll.account",
                    "res_id": cls.account.id,
                },
                {
                    "name": "face.png",
                    "datas": PNG,
                    "res_model": "toll.account",
                    "res_id": cls.account.id,
                },
                {
                    "name": "leaflet.txt",
                    "raw": b"for everybody",
                    "res_model": "toll.office",
                    "res_id": cls.office.id,
                },
            ]
        )
        cls.document = cls.env["toll.document"].create(
            {
                "name": "Proof",
                "account_id": cls.account.id,
                "file": base64.b64encode(b"%PDF-1.4 proof"),
                "filename": "proof.pdf",
            }
        )

    def setUp(self):
        super().setUp()
        self.authenticate("toll_test_agent", "toll_test_agent")
        self.seen = self.env["toll.access.log"].search([])

    def _new(self):
        """The rows since the last time."""
        rows = self.env["toll.access.log"].search([("id", "not in", self.seen.ids)])
        self.seen |= rows
        return rows

    def _thread(self, record, route="/mail/thread/messages"):
        thread = {"thread_model": record._name, "thread_id": record.id}
        if route == "/mail/data":
            asked = {**thread, "request_list": ["followers", "attachments"]}
            thread = {"fetch_params": ["failures", ["mail.thread", asked, 1]]}
        self.make_jsonrpc_request(route, thread)
        return self._new()

    def test_an_opened_file_leaves_a_row_x18(self):
        answer = self.url_open(f"/web/content/{self.file.id}?download=true")
        self.assertEqual(answer.status_code, 200)
        row = self._new()
        self.assertEqual(
            (row.user_id, row.source, row.model, row.account_id, row.file_name),
            (self.agent, "file", "toll.account", self.account, "contract.txt"),
        )
        self.assertEqual(row.record_text, str(self.account.id))
        self.assertTrue(row.address)
        self.url_open(f"/web/content/toll.document/{self.document.id}/file/p.pdf")
        row = self._new()
        self.assertEqual(
            (row.source, row.model, row.account_id, row.file_name),
            ("file", "toll.document", self.account, "p.pdf"),
        )
        for start, rows in (("0-9", 1), ("50-", 0)):
            answer = self.url_open(
                f"/web/content/{self.file.id}", headers={"Range": f"bytes={start}"}
            )
            self.assertEqual(answer.status_code, 206)
            self.assertEqual(len(self._new()), rows, "a file goes on in parts")
        self.url_open(
            "/mail/attachment/zip",
            data={
                "file_ids": f"{self.file.id},{self.leaflet.id}",
                "zip_name": "all.zip",
                "csrf_token": http.Request.csrf_token(self),
            },
        )
        row = self._new()
        self.assertEqual((row.source, row.file_name), ("file", "contract.txt"))

    def test_pictures_that_screens_ask_for_count_once(self):
        for rows in (1, 0):
            self.url_open(f"/web/image/{self.picture.id}/50x50")
            self.assertEqual(len(self._new()), rows)
        self.url_open(f"/web/image/res.partner/{self.partner.id}/avatar_128")
        self.url_open(f"/web/content/{self.leaflet.id}")
        self.url_open("/web/image/web.image_placeholder")
        self.url_open(f"/web/image/{self.picture.id + 999}")
        self.assertFalse(self._new(), "faces, things of nobody, things not there")

    def test_messages_leave_a_row_in_a_quarter_of_an_hour_x18(self):
        message = self.account.message_post(body="Called about a debt")
        row = self._thread(self.account)
        self.assertEqual(
            (row.user_id, row.source, row.model, row.account_id),
            (self.agent, "chatter", "toll.account", self.account),
        )
        self.assertFalse(self._thread(self.account))
        self.assertFalse(self._thread(self.account, "/mail/data"))
        self.assertTrue(self._thread(self.document, "/mail/data"))
        self.assertFalse(self._thread(self.plaza), "a plaza is nobody")
        message.sudo().partner_ids = self.agent.partner_id
        self.env["mail.notification"].create(
            {"mail_message_id": message.id, "res_partner_id": self.agent.partner_id.id}
        )
        other = self._create_account(partner_id=self.partner.id, activate=False)
        message.sudo().res_id = other.id
        self.agent.notification_type = "inbox"
        self.make_jsonrpc_request("/mail/inbox/messages", {})
        row = self._new()
        self.assertEqual((row.source, row.account_id), ("chatter", other))

    def test_programs_read_attachments_and_messages(self):
        key = (
            self.env["res.users.apikeys"]
            .with_user(self.agent)
            ._generate("rpc", "files", fields.Datetime.now() + timedelta(days=1))
        )
        message = self.account.message_post(body="Secret")
        for model, names, record in (
            ("ir.attachment", ["datas"], self.file),
            ("mail.message", ["body"], message),
        ):
            answer = self.url_open(
                f"/json/2/{model}/read",
                data=json.dumps({"ids": record.ids, "fields": names}),
                headers={
                    "Authorization": f"Bearer {key}",
                    "Content-Type": "application/json",
                },
            )
            self.assertEqual(answer.status_code, 200)
            row = self._new()
            self.assertEqual(
                (row.source, row.method, row.account_id),
                ("rpc", f"{model}.read", self.account),
            )

    @mute_logger("odoo.http")
    def test_what_is_refused_and_what_customers_open_leaves_nothing(self):
        company = self.env["res.company"].create({"name": "Far Tolls"})
        far = self.env["toll.account"].create(
            {"partner_id": self.partner.id, "company_id": company.id}
        )
        self.file.res_id = far.id
        answer = self.url_open(f"/web/content/{self.file.id}")
        self.assertEqual(answer.status_code, 404)
        self.make_jsonrpc_request(
            "/mail/data",
            {
                "fetch_params": [
                    [
                        "mail.thread",
                        {
                            "thread_model": "toll.account",
                            "thread_id": far.id,
                            "request_list": [],
                        },
                        1,
                    ]
                ]
            },
        )
        self.assertFalse(self._new())
        new_test_user(
            self.env, "portal_files", "base.group_portal", partner_id=self.partner.id
        )
        self.authenticate("portal_files", "portal_files")
        self.file.write({"res_id": self.account.id, "public": True})
        self.assertEqual(self.url_open(f"/web/content/{self.file.id}").status_code, 200)
        self.assertFalse(self._new())

    def test_a_trace_that_fails_stops_nobody_and_is_told(self):
        with (
            patch.object(
                self.env.registry["toll.access.log"],
                "_note_call",
                side_effect=ValueError("no room"),
            ),
            self.assertLogs("odoo.addons.toll_account.models.ir_http_reads", "ERROR"),
        ):
            answer = self.url_open(f"/web/content/{self.file.id}")
        self.assertEqual(answer.text[:10], "0123456789")
        self.assertFalse(self._new())
