"""POST /toll/api/v1/tickets: fates, repeats, rights, limits (001-15)."""

import json
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from ..controllers import api
from .portal_common import TollHttpCommon

URL = "/toll/api/v1/tickets"


@tagged("post_install", "-at_install")
class TestApiTickets(TollHttpCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        later = fields.Datetime.now() + timedelta(days=30)
        cls.key = cls.operator._make_api_key("test", later)
        cls.other_key = cls.other_operator._make_api_key("test", later)
        cls.day = str(fields.Date.today() - timedelta(days=2))

    def _ticket(self, folio, **values):
        return {
            "plaza": self.plaza.code,
            "lane": "01",
            "folio": folio,
            "issued_at": f"{self.day}T08:00:00",
            "amount": "35.00",
            **values,
        }

    def _send(self, body, key=None, data=None, **headers):
        headers = {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {self.key if key is None else key}",
            **headers,
        }
        data = json.dumps(body).encode() if data is None else data
        return self.url_open(URL, data=data, headers=headers, method="POST")

    def _assert_error(self, response, status, code):
        self.assertEqual(response.status_code, status, response.text)
        self.assertEqual(response.json()["error"]["code"], code)

    def test_tickets_are_stored_once_001_15(self):
        call = {
            "tickets": [
                self._ticket("A-1"),
                self._ticket("A-2", amount=41.5, payment="card"),
                self._ticket("A-3", plaza="NOWHERE"),
                self._ticket("A\n4", amount="free"),
                self._ticket("A-5", operator="SOMEBODY"),
                self._ticket("A-1"),
            ]
        }
        response = self._send(call)
        self.assertEqual(response.status_code, 200, response.text)
        answer = response.json()
        self.assertEqual(
            [(r["state"], r["reason"]) for r in answer["results"]],
            [
                ("stored", None),
                ("stored", None),
                ("rejected", "unknown_plaza"),
                ("rejected", "bad_amount"),
                ("rejected", "other_operator"),
                ("duplicate", "repeated"),
            ],
        )
        tickets = self.env["toll.ticket"].browse(
            [r["id"] for r in answer["results"][:2]]
        )
        self.assertEqual(tickets.operator_id, self.operator)
        self.assertEqual(tickets.mapped("folio"), ["A1", "A2"])
        self.assertEqual(tickets.mapped("amount"), [35, 41.5])
        self.assertEqual(tickets[1].payment_kind, "card")
        batch = self.env["toll.ticket.batch"].browse(answer["batch_id"])
        self.assertEqual((batch.received_count, batch.stored_count), (6, 2))
        again = self._send(call).json()
        self.assertEqual(again["batch_id"], batch.id, "the same call")
        first = again["results"][0]
        self.assertEqual(
            (first["state"], first["reason"], first["id"]),
            ("duplicate", "repeated", tickets[0].id),
        )
        (other,) = self._send(self._ticket("A-1", amount="36")).json()["results"]
        self.assertEqual(other["reason"], "repeated_differs")
        self.assertEqual(
            self.env["toll.ticket"].search_count([("folio", "=", "A1")]), 1
        )

    def test_an_operator_sends_its_own_only(self):
        (result,) = self._send(self._ticket("B-1"), key=self.other_key).json()[
            "results"
        ]
        self.assertEqual(
            (result["state"], result["reason"]), ("rejected", "unknown_plaza")
        )
        self.assertEqual(self._send(self._ticket("B-2"), key="x").status_code, 401)
        self.assertFalse(
            self.env["toll.ticket"].search([("folio", "in", ("B1", "B2"))])
        )

    def test_calls_that_are_none(self):
        for data, status, code in (
            (b"{", 400, "invalid_json"),
            (b"7", 400, "invalid_request"),
            (b'{"tickets": [7]}', 400, "invalid_request"),
            (b'{"tickets": []}', 400, "no_tickets"),
            (json.dumps({"tickets": [{}] * (api.MAX_ROWS + 1)}).encode(), 413, None),
        ):
            with self.subTest(data=data[:20]):
                self._assert_error(
                    self._send(None, data=data), status, code or "too_many_tickets"
                )
        plain = self._send(self._ticket("C-1"), **{"Content-Type": "text/csv"})
        self._assert_error(plain, 415, "unsupported_media_type")
        response = self.url_open(URL)
        self._assert_error(response, 405, "method_not_allowed")
