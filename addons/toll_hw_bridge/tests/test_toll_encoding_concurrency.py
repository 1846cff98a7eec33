"""Several encoders on one batch, each request in its own real transaction (000-18)."""

import os
import random
import threading
import time
from functools import partial
from unittest.mock import patch

from cryptography.fernet import Fernet

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import DummyRLock, Registry
from odoo.service.model import retrying
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger

from ..core import messages
from ..core.errors import BridgeError

ENCODERS = 3
TAGS = 15


@tagged("post_install", "-at_install")
class TestTollEncodingConcurrency(BaseCase):
    """Commits for real, so it makes its own world and takes it away."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry = Registry(get_db_name())
        # The thread that runs the tests holds this lock, and would wait for ours.
        cls.startClassPatcher(patch.object(Registry, "_lock", DummyRLock()))
        key = {"TOLL_SECRET_KEY": Fernet.generate_key().decode()}
        cls.startClassPatcher(patch.dict(os.environ, key))
        with cls.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
            cls._create_world(env)
        cls.addClassCleanup(cls._remove_world)

    @classmethod
    def _create_world(cls, env):
        company = env.ref("base.main_company")
        policy = env["toll.encoding.policy"].create({"name": "Concurrent policy"})
        product = env["product.product"].create(
            {
                "name": "Concurrent TAG",
                "toll_is_tag": True,
                "toll_epc_scheme": "none",
                "toll_encoding_scheme": "hex_text",
                "toll_encoding_policy_id": policy.id,
            }
        )
        lots = env["stock.lot"].create(
            [
                {
                    "name": f"ZZCE{number:08d}",
                    "product_id": product.id,
                    "company_id": company.id,
                }
                for number in range(TAGS)
            ]
        )
        shelf = company._toll_stock_location()
        for lot in lots:
            env["stock.quant"]._update_available_quantity(product, shelf, 1, lot_id=lot)
        encoders = env["toll.encoder"].create(
            [{"name": f"Concurrent {number}"} for number in range(ENCODERS)]
        )
        batch = env["toll.encoding.batch"].create(
            {"encoder_ids": [(6, 0, encoders.ids)], "max_attempts": 2}
        )
        batch._add_lots(lots)
        had_secret = env["toll.secret"].search([("company_id", "=", company.id)])
        version = env["toll.secret"]._rotate(company)
        batch.action_start()
        cls.ids = {
            "lots": lots.ids,
            "product": product.id,
            "template": product.product_tmpl_id.id,
            "policy": policy.id,
            "encoders": encoders.ids,
            "batch": batch.id,
            "name": batch.name,
            "shelf": shelf.id,
            "defective": encoders[0].defective_location_id.id,
            "secret": version,
            "company": company.id,
        }
        cls.had_secret = bool(had_secret)

    @classmethod
    def _remove_world(cls):
        ids = cls.ids
        with cls.registry.cursor() as cr:
            for query in (
                "DELETE FROM toll_encoding_batch WHERE id = %(batch)s",
                "DELETE FROM toll_encoding_job WHERE encoder_id = ANY(%(encoders)s)",
                "DELETE FROM mail_message WHERE model = 'toll.encoding.batch'"
                " AND res_id = %(batch)s",
                "DELETE FROM mail_message WHERE model = 'stock.lot'"
                " AND res_id = ANY(%(lots)s)",
                "DELETE FROM toll_tag_rma WHERE lot_id = ANY(%(lots)s)",
                "DELETE FROM stock_move_line WHERE lot_id = ANY(%(lots)s)",
                "DELETE FROM stock_move WHERE product_id = %(product)s",
                "DELETE FROM stock_picking WHERE origin = %(name)s",
                "DELETE FROM stock_quant WHERE lot_id = ANY(%(lots)s)",
                "DELETE FROM stock_lot WHERE id = ANY(%(lots)s)",
                "DELETE FROM toll_secret WHERE company_id = %(company)s"
                " AND version = %(secret)s",
            ):
                cr.execute(query, ids)
            env = api.Environment(cr, SUPERUSER_ID, {})
            env["toll.encoder"].browse(ids["encoders"]).unlink()
            env["product.template"].browse(ids["template"]).unlink()
            env["toll.encoding.policy"].browse(ids["policy"]).unlink()

    def _call(self, encoder_id, method, message):
        """One request as the server serves it: own cursor, retried when it must be."""
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})

            def ask():
                encoder = env["toll.encoder"].browse(encoder_id)
                return getattr(env["toll.bridge"], method)(encoder, message)

            return retrying(ask, env)

    def _station(self, index, seed):
        """An agent on a bad line: it loses answers and repeats itself."""
        chance = random.Random(seed)
        encoder_id = self.ids["encoders"][index]
        poll = messages.parse_poll({"boot": f"boot-of-station-{index}"})
        while not self.stop.is_set():
            job = self._call(encoder_id, "_poll", poll)["job"]
            if not job:
                if self._batch_state() != "running":
                    return
                time.sleep(0.05)
                continue
            if chance.random() < 0.3:
                again = self._call(encoder_id, "_poll", poll)["job"]
                assert again == job, (again, job)
            body = {"job": job["id"], "attempt": job["attempt"], "state": "done"}
            if chance.random() < 0.3:
                body |= {"state": "failed", "error": "write_failed"}
            else:
                # a chip gets its TID from the TAG's number, whoever writes it
                tid = f"E280{job['epc'][-12:]}"
                body |= {"epc": job["epc"], "tid": tid}
            result = messages.parse_result(body)
            self._call(encoder_id, "_result", result)
            if chance.random() < 0.3:
                assert self._call(encoder_id, "_result", result)["repeated"]
            self.written.append((job["id"], job["attempt"], body["state"]))

    def _batch_state(self):
        with self.registry.cursor() as cr:
            cr.execute(
                "SELECT state FROM toll_encoding_batch WHERE id = %(batch)s", self.ids
            )
            return cr.fetchone()[0]

    def _run(self, workers):
        errors = []
        self.stop = threading.Event()

        def guarded(worker):
            try:
                worker()
            except Exception as error:
                errors.append(error)
                self.stop.set()

        threads = [threading.Thread(target=guarded, args=[w]) for w in workers]
        for thread in threads:
            thread.dbname = self.registry.db_name
            thread.start()
        for thread in threads:
            thread.join(120)
        self.stop.set()
        self.assertFalse([t for t in threads if t.is_alive()], "some never ended")
        return errors

    @mute_logger("odoo.sql_db", "odoo.service.model")
    def test_three_stations_encode_each_tag_once(self):
        self.written = []
        poll = messages.parse_poll({"boot": "boot-of-station-0"})
        # the same question twice at once: one attempt
        answers = []
        first = self.ids["encoders"][0]
        ask = [lambda: answers.append(self._call(first, "_poll", poll)["job"])] * 4
        self.assertEqual(self._run(ask), [])
        self.assertEqual(len({answer["attempt"] for answer in answers}), 1)
        stations = [partial(self._station, index, 7 + index) for index in range(3)]
        self.assertEqual(self._run(stations), [])
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            batch = env["toll.encoding.batch"].browse(self.ids["batch"])
            self.assertEqual(batch.state, "done")
            jobs = batch.job_ids
            self.assertEqual(set(jobs.mapped("state")) - {"done", "rejected"}, set())
            self.assertEqual(batch.done_count + batch.rejected_count, TAGS)
            attempts = jobs.attempt_ids
            self.assertEqual(
                sorted(attempts.mapped("uuid")), sorted(row[1] for row in self.written)
            )
            done = [job_id for job_id, _uuid, state in self.written if state == "done"]
            self.assertEqual(len(done), len(set(done)), "no TAG is written twice")
            self.assertEqual(
                sorted(done), sorted(jobs.filtered(lambda job: job.state == "done").ids)
            )
            quants = env["stock.quant"]._read_group(
                [
                    ("lot_id", "in", self.ids["lots"]),
                    ("quantity", ">", 0),
                    ("location_id.usage", "=", "internal"),
                ],
                ["location_id"],
                ["quantity:sum"],
            )
            self.assertEqual(
                {place.id: quantity for place, quantity in quants},
                {
                    place: count
                    for place, count in (
                        (self.ids["shelf"], batch.done_count),
                        (self.ids["defective"], batch.rejected_count),
                    )
                    if count
                },
            )

    def test_a_stranger_meanwhile(self):
        poll = messages.parse_poll({"boot": "somebody-else-0"})
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            encoder = env["toll.encoder"].browse(self.ids["encoders"][1])
            encoder._set_seen(boot="boot-of-station-1")
        with self.assertRaisesRegex(BridgeError, "other_agent"):
            self._call(self.ids["encoders"][1], "_poll", poll)
