import itertools
import os
import uuid
from unittest.mock import patch

from cryptography.fernet import Fernet

from odoo.addons.toll_hw_bridge.core import messages
from odoo.addons.toll_tag_stock.tests.common import TollTagCommon

PREFIX = "7501234"


class EncodingCommon(TollTagCommon):
    """Blank TAGs in stock, an encoder with its agent's boot, a batch on request."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        vault = {"TOLL_SECRET_KEY": Fernet.generate_key().decode()}
        cls.startClassPatcher(patch.dict(os.environ, vault))
        # a database in use has keys of another vault, and encoders of its own
        cls.env["toll.secret"].search([]).unlink()
        cls.env["toll.encoder"].search([]).active = False
        cls.policy = cls.env["toll.encoding.policy"].create({"name": "Test policy"})
        cls.product.write(
            {
                "toll_epc_scheme": "none",
                "toll_encoding_scheme": "giai96",
                "toll_company_prefix": PREFIX,
                "toll_encoding_policy_id": cls.policy.id,
            }
        )
        cls.encoder = cls.env["toll.encoder"].create({"name": "Table 1"})
        cls.defective = cls.encoder.defective_location_id
        cls.boot = str(uuid.uuid4())
        cls.chips = (f"E2801160{number:016X}" for number in itertools.count(1))

    @classmethod
    def _box(cls, first="ZZEN00000001", last="ZZEN00000003", start=True, **vals):
        """A started batch with a box of new TAGs."""
        lots = cls._receive(first, last)
        batch = cls.env["toll.encoding.batch"].create(
            {"encoder_ids": [(6, 0, cls.encoder.ids)], **vals}
        )
        batch._add_lots(lots)
        if start:
            batch.action_start()
        return batch

    def _poll(self, encoder=None, boot=None):
        """What the agent gets when it asks for work."""
        encoder = encoder or self.encoder
        poll = messages.parse_poll({"boot": boot or self.boot})
        return self.env["toll.bridge"]._poll(encoder, poll)["job"]

    def _result(self, job, encoder=None, **vals):
        """The agent's answer; by default the TAG was written as ordered."""
        body = {
            "job": job["id"],
            "attempt": job["attempt"],
            "state": "done",
            "rssi": -40,
            "seconds": 0.4,
            "log": ["write ok"],
            **vals,
        }
        if body["state"] == "done":
            body.setdefault("epc", job["epc"])
            if "tid" not in body:
                body["tid"] = next(self.chips)
        result = messages.parse_result(body)
        return self.env["toll.bridge"]._result(encoder or self.encoder, result)

    def _fail(self, job, error, **vals):
        return self._result(job, state="failed", error=error, **vals)

    def _job(self, job):
        return self.env["toll.encoding.job"].browse(job["id"])

    def _assert_stock(self, lots, defective=()):
        """Each TAG stands where its state says, once."""
        quants = self.env["stock.quant"].search(
            [
                ("lot_id", "in", lots.ids),
                ("location_id.usage", "=", "internal"),
                ("quantity", "!=", 0),
            ]
        )
        self.assertEqual(sorted(quants.mapped("quantity")), [1] * len(lots))
        for quant in quants:
            bad = quant.lot_id in defective
            self.assertEqual(
                quant.location_id,
                self.defective if bad else self.shelf,
                quant.lot_id.name,
            )
            self.assertEqual(quant.lot_id.toll_state, "defective" if bad else "stocked")
