"""The lists for lanes: versions, differences, who may see them (000-23)."""

import random
from datetime import timedelta
from unittest.mock import patch

from psycopg2.errors import LockNotAvailable, SerializationFailure

from odoo import SUPERUSER_ID, api, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, freeze_time, new_test_user, tagged
from odoo.tools import SQL, mute_logger

from ..core import tag_list
from ..core.lane_list import COLUMNS, Query
from .common import TollBillingCommon


def read(lines):
    """{number: (epc, plate, class, status, reason, since)} and the removed numbers."""
    rows, removed = {}, set()
    for line in lines:
        action, number, *rest = line.split(",")
        if action == "remove":
            removed.add(number)
        else:
            rows[number] = (*rest,)
    return rows, removed


class TagListCommon(TollBillingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry_enter_test_mode_cls()
        cls.List = cls.env["toll.tag.list"]
        cls.Delivery = cls.env["toll.tag.list.delivery"]

    def _refresh(self, **kwargs):
        """What a refresh that looks only at what may have changed finds."""
        return self.List._refresh(self.company, self._mark(), **kwargs)

    def _mark(self):
        hour_ago = fields.Datetime.now() - timedelta(hours=1)
        return hour_ago, self.List._look()[0][1]

    def _settle(self):
        """All that was written so far was written yesterday."""
        self.env.flush_all()
        for table in ("toll_tag_status", "stock_lot", "toll_account", "toll_vehicle"):
            self.env.cr.execute(
                SQL(
                    "UPDATE %s SET write_date = write_date - interval '1 day'"
                    " WHERE write_date > now() - interval '1 day'",
                    SQL.identifier(table),
                )
            )

    def _get(self, kind, since=0):
        """(version, whole list?, rows, removed numbers)."""
        version, is_full, chunks = self.Delivery._serve(
            self.company, self.env["toll.operator"], Query(kind, since, "csv")
        )
        head, columns, *lines = b"".join(chunks).decode().splitlines()
        self.assertIn(f"version={version} ", head)
        self.assertEqual(columns, ",".join(COLUMNS))
        return version, is_full, *read(lines)

    def _numbers(self, kind):
        return set(self._get(kind)[2])


@tagged("post_install", "-at_install")
class TestTagList(TagListCommon):
    def test_what_lanes_are_told_000_23(self):
        self.assertEqual(self._refresh()["version"], 1)
        rows = self._get("valid")[2]
        epc, plate, code, status, reason, since = rows[self.lot.name]
        self.assertEqual((plate, code, status), ("AAA111A", "AUTO", "valid"))
        since_at = fields.Datetime.to_string(self.lot.toll_status_ids.date_from)
        self.assertEqual(since, since_at.replace(" ", "T") + "Z")
        self.assertEqual(self._numbers("block"), set())
        self.lot.toll_report_lost("stolen")
        self.postpaid.action_suspend()
        self._refresh()
        _version, _full, rows, _removed = self._get("block")
        told = {number: row[3:5] for number, row in rows.items()}
        self.assertEqual(
            told,
            {
                self.lot.name: ("blocked", "stolen"),
                self.lot_2.name: ("blocked", "account_suspended"),
            },
        )
        self.assertEqual(self._numbers("valid"), set())
        record = self.List._get(self.company)
        self.assertEqual((record.blocked_count, record.valid_count), (2, 0))

    def test_nothing_new_makes_no_version_000_23(self):
        self._refresh()
        self.assertEqual(self._refresh(), {})
        self.assertEqual(self._refresh(is_full=True), {})
        self.assertEqual(self.List._get(self.company).version, 1)

    def test_a_top_up_takes_the_tag_out_000_02(self):
        self._refresh()
        self.env["toll.wallet.entry"]._post(
            [
                {
                    "account_id": self.prepaid.id,
                    "kind": "fee",
                    "amount": -600,
                    "ref": "LIST-1",
                }
            ]
        )
        blocked = self._refresh()["version"]
        self.assertEqual(self._numbers("block"), {self.lot.name})
        self.assertEqual(self._get("block")[2][self.lot.name][4], "low_balance")
        triggers = self.env["ir.cron.trigger"].search_count([])
        self.env.cr.precommit.data.pop("toll_tag_list", None)
        self.prepaid.top_up(1000, ref="LIST-2")
        self.assertEqual(self.lot.toll_status, "valid", "at once")
        now = self.env["ir.cron.trigger"].search_count([])
        self.assertGreater(now, triggers, "the list is made soon")
        self._refresh()
        _version, is_full, rows, removed = self._get("block", blocked)
        self.assertEqual((is_full, rows, removed), (False, {}, {self.lot.name}))
        _version, _full, rows, removed = self._get("valid", blocked)
        self.assertEqual((set(rows), removed), ({self.lot.name}, set()))
        self.assertEqual(rows[self.lot.name][4], "top_up")

    def test_low_balance_is_grey_and_other_blocks_stay(self):
        self.prepaid.low_balance_threshold = 10_000
        self._refresh()
        self.assertEqual(self._get("valid")[2][self.lot.name][3], "low")
        self.lot.toll_block()
        self.prepaid.low_balance_threshold = 0
        self.prepaid.top_up(100, ref="LIST-3")
        self._refresh()
        self.assertEqual(self._numbers("block"), {self.lot.name})
        self.company.toll_tags_follow_balance = False
        self.lot.toll_unblock()
        self.prepaid.low_balance_threshold = 10_000
        self._refresh()
        self.assertEqual(self._get("valid")[2][self.lot.name][3], "valid")

    def _change(self, dice, lots, step):
        """Something that happens to a TAG, an account or a vehicle."""
        lot = dice.choice(lots)
        account, vehicle = lot.toll_account_id, lot.toll_vehicle_id
        what = dice.randrange(8)
        if what == 0 and lot.toll_state == "assigned":
            lot.toll_report_lost(dice.choice(["lost", "stolen"]))
        elif what == 1 and lot.toll_state == "assigned":
            lot.toll_block()
        elif what == 2 and lot.toll_state == "blocked":
            lot.toll_unblock()
        elif what == 3 and vehicle:
            vehicle.plate = f"NEW{step:03}"
        elif what == 4 and account.state == "active":
            account.action_suspend()
        elif what == 5 and account.state == "suspended":
            account.action_reactivate()
        elif what == 6 and vehicle:
            vehicle.class_id = dice.choice([self.auto, self.truck])
        elif what == 7:
            lot.sudo().name = f"REN{step:09}"

    def test_differences_lead_from_any_version_to_any_later_one_000_23(self):
        dice = random.Random("lists")
        rows = [
            {
                "name": f"Customer {n}",
                "payment_mode": "prepaid",
                "plate": f"RND{n:03}",
                "class_code": "AUTO",
                "tag": f"RAND{n:08}",
                "opening_balance": 5000,
                "group": f"r{n}",
            }
            for n in range(12)
        ]
        accounts = self.env["toll.account"].browse(
            self.env["toll.opening.load"]._load(rows, date=self.now)["account_ids"]
        )
        lots = self.lot + self.lot_2 + accounts.toll_tag_ids
        self._refresh()
        handheld = self.env["toll.handheld"].create(
            {
                "name": "T",
                "operator_id": self.operator.id,
                "plaza_ids": self.plaza.ids,
            }
        )
        seen = {}
        files = {}
        for step in range(14):
            self._settle()
            for _change in range(dice.randrange(4)):
                self._change(dice, lots, step * 10 + _change)
            self._refresh()
            version, _full, blocked, _removed = self._get("block")
            seen[version] = (blocked, self._get("valid")[2])
            files[version] = handheld._make_list()
        self.assertEqual(self._refresh(is_full=True), {}, "nothing was overlooked")
        self.assertGreater(len(seen), 6)
        now = seen[version]
        whole = tag_list.unpack(files[version])[1]
        for old, lists in seen.items():
            for kind, before, after in zip(("block", "valid"), lists, now, strict=True):
                _version, is_full, rows, removed = self._get(kind, old)
                self.assertFalse(is_full)
                kept = {n: row for n, row in before.items() if n not in removed}
                self.assertEqual(kept | rows, after)
                self.assertLessEqual(removed, set(before))
                same = {n for n, row in rows.items() if before.get(n) == row}
                self.assertFalse(same, "only what differs")
            header = tag_list.unpack(files[old])[0]
            changes = handheld._make_list(old, header["epoch"])
            merged = tag_list.merge(files[old], changes)
            self.assertEqual(tag_list.unpack(merged)[1], whole)

    def test_a_vehicle_without_tag_is_for_checks_only(self):
        self._refresh()
        entries = self.env["toll.tag.list.entry"]
        plate = self.plate_only.vehicle_ids.plate_normalized
        entry = entries.search([("plate", "=", plate)])
        self.assertEqual((entry.status, entry.lot_id.id), ("valid", False))
        self.assertNotIn(plate, str(self._get("valid")))
        # it leaves when its time is over, without being written
        self._settle()
        later = fields.Datetime.now() + timedelta(minutes=30)
        self.plate_only.vehicle_ids.date_to = later
        self._refresh()
        self._settle()
        with freeze_time(later + timedelta(minutes=1)):
            self.assertEqual(self._refresh()["removed"], 1)

    def test_changes_are_forgotten_after_a_while(self):
        self._refresh()
        self.lot.toll_block()
        self._refresh()
        self.lot.toll_unblock()
        with freeze_time(fields.Datetime.now() + timedelta(days=20)):
            self.List._refresh(self.company)
        with freeze_time(fields.Datetime.now() + timedelta(days=40)):
            self.List._cron_compare()
        self.assertTrue(self._get("block", 1)[1], "older than what is kept")
        self.assertFalse(self._get("block", 2)[1])
        self.assertEqual(self._get("block", 2)[3], {self.lot.name})

    def test_who_may_see_and_refresh_them(self):
        self._refresh()
        record = self.List._get(self.company)
        with self.assertRaises(UserError):
            record.with_user(self.agent).action_refresh()
        self.lot.toll_block()
        record.with_user(self.analyst).action_refresh()
        self.assertEqual(record.version, 2)
        entries = self.env["toll.tag.list.entry"]
        found = entries.with_user(self.agent).search([("number", "=", self.lot.name)])
        self.assertEqual(found.status, "blocked")
        with self.assertRaises(AccessError):
            found.write({"status": "valid"})
        portal = new_test_user(self.env, "list_portal", groups="base.group_portal")
        company = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env,
            "list_stranger",
            groups="toll_account.group_toll_manager",
            company_id=company.id,
            company_ids=company.ids,
        )
        self.assertFalse(entries.with_user(stranger).search([]))
        for model in ("entry", "version", "change", "delivery", "reach"):
            with self.assertRaises(AccessError):
                self.env[f"toll.tag.list.{model}"].with_user(portal).search([])
        with self.assertRaises(AccessError):
            record.with_user(stranger).action_refresh()


@tagged("post_install", "-at_install")
class TestTagListRace(TransactionCase):
    """With committed data: two transactions at once."""

    def setUp(self):
        super().setUp()
        with self._open() as env:
            product = env["product.product"].create(
                {
                    "name": "Race TAG",
                    "is_storable": True,
                    "tracking": "serial",
                    "toll_is_tag": True,
                }
            )
            lots = env["stock.lot"].create(
                [{"name": f"RACE{n:08}", "product_id": product.id} for n in range(3)]
            )
            lots.toll_state = "lost"
            self.ids = (env.company.id, product.id, lots.ids)
        self.addCleanup(self._clean)

    def _open(self):
        return _Opened(self.registry)

    def _clean(self):
        company_id, product_id, lot_ids = self.ids
        with self._open() as env:
            for name in ("entry", "change", "version", "delivery"):
                env.cr.execute(
                    SQL(
                        "DELETE FROM %s WHERE company_id = %s",
                        SQL.identifier(f"toll_tag_list_{name}"),
                        company_id,
                    )
                )
            env.cr.execute(
                "DELETE FROM toll_tag_list WHERE company_id = %s", [company_id]
            )
            lots = env["stock.lot"].browse(lot_ids)
            lots.toll_state = "new"
            lots.unlink()
            env["product.product"].browse(product_id).unlink()

    @mute_logger("odoo.sql_db")
    def test_two_refreshes_at_once_make_one_version_000_23(self):
        lot_ids = self.ids[-1]
        with self._open() as env, self._open() as rival:
            first = env["toll.tag.list"]._refresh(env.company)
            self.assertEqual(first["added"], len(lot_ids))
            rival.cr.execute("SET LOCAL lock_timeout = '100ms'")
            with self.assertRaises(LockNotAvailable):  # it waits for its turn
                rival["toll.tag.list"]._refresh(rival.company)
            rival.cr.rollback()
        with self._open() as env:
            self.assertEqual(env["toll.tag.list"]._run(env.company), {})
            record = env["toll.tag.list"]._get(env.company)
            self.assertEqual((record.version, len(record.version_ids)), (1, 1))

    @mute_logger("odoo.sql_db")
    def test_who_looked_too_early_starts_again(self):
        with self._open() as early:
            early.cr.execute("SELECT 1 FROM toll_tag_list LIMIT 1")
            with self._open() as env:
                env["toll.tag.list"]._refresh(env.company)
            with self.assertRaises(SerializationFailure):
                early["toll.tag.list"]._refresh(early.company)
            early.cr.rollback()
        refresh, calls = type(self.env["toll.tag.list"])._refresh, []

        def fail_once(records, *args):
            calls.append(args)
            if len(calls) == 1:
                raise SerializationFailure
            return refresh(records, *args)

        with (
            patch.object(type(self.env["toll.tag.list"]), "_refresh", fail_once),
            self._open() as env,
        ):
            self.assertEqual(env["toll.tag.list"]._run(env.company), {})
        self.assertEqual(len(calls), 2)


class _Opened:
    """An environment on a real connection of its own, committed at the end."""

    def __init__(self, registry):
        self._cursor = registry.cursor()

    def __enter__(self):
        self._cursor.__enter__()
        return api.Environment(self._cursor, SUPERUSER_ID, {})

    def __exit__(self, *error):
        return self._cursor.__exit__(*error)
