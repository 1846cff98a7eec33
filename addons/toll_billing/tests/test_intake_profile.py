import base64
import io
import json

from psycopg2.errors import UniqueViolation

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..core import intake
from .common import TollBillingCommon


@tagged("post_install", "-at_install")
class TestIntakeProfile(TollBillingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(
            cls.env, "toll_manager_intake", groups="toll_account.group_toll_manager"
        )
        cls.Profile = cls.env["toll.intake.profile"].with_user(cls.manager)
        cls.fixed = cls.env.ref("toll_billing.toll_intake_profile_fixed")
        cls.jsonl = cls.env.ref("toll_billing.toll_intake_profile_jsonl")

    def _fixed_line(self, ref, tag="TEST00000001", amount="*********"):
        return (
            f"{ref:<20}{self.noon:%Y%m%d%H%M%S}{'P1':<8}{'L1':<3}1"
            f"{tag[:4]:<4}{tag[4:]:<10}{'*' * 10}{'A':<3}{amount:>9}"
        )

    def _load_profile(self, profile, content, name):
        batch_id = (
            self.env["toll.crossing.batch"]
            .with_user(self.analyst)
            .load("T1", profile.code, name, base64.b64encode(content.encode()).decode())
        )
        return self.env["toll.crossing.batch"].browse(batch_id)

    def test_shipped_profiles_can_be_used(self):
        for profile in self.fixed + self.jsonl:
            self.assertFalse(profile.problem)
            profile._layout().check()

    def test_fixed_width_file_is_loaded(self):
        lines = [
            "HEADER",
            self._fixed_line("F1"),
            self._fixed_line("F2", amount="000004050"),
            self._fixed_line("F3", amount="00000x050"),
        ]
        batch = self._load_profile(self.fixed, "\n".join(lines), "day.txt")
        self.assertEqual(
            self._fates(batch),
            [
                ("F1", "posted", False),
                ("F2", "posted", False),
                ("F3", "rejected", "malformed"),
            ],
        )
        first, second, _third = self._crossings(batch)
        self.assertEqual((first.lot_id, first.direction), (self.lot, "N"))
        self.assertEqual((first.amount, second.amount), (100.0, 40.5))

    def test_json_lines_file_is_loaded(self):
        event = {
            "id": "J1",
            "time": self.noon.isoformat() + "Z",
            "site": {"plaza": "P1", "lane": "L1"},
            "vehicle": {"plate": "ccc-333-c", "class": "A"},
            "weather": "rain",
        }
        content = json.dumps(event) + "\n{broken\n"
        batch = self._load_profile(self.jsonl, content, "day.jsonl")
        self.assertEqual((batch.received, batch.posted, batch.rejected), (2, 1, 1))
        self.assertEqual(self._crossings(batch)[0].vehicle_id, self.vehicle_3)

    def test_layout_follows_the_rows(self):
        profile = self.Profile.create(
            {
                "code": "spanish",
                "name": "Spanish",
                "delimiter": "semicolon",
                "decimal_mark": ",",
                "date_format": "%d/%m/%Y%H:%M",
                "line_ids": [
                    Command.create({"target": "ref", "source": "Folio"}),
                    Command.create({"target": "occurred_at", "source": "Fecha"}),
                    Command.create({"target": "occurred_at", "source": "Hora"}),
                    Command.create({"target": "plaza", "constant": "P1"}),
                    Command.create({"target": "tag", "source": "TAG"}),
                    Command.create(
                        {
                            "target": "class",
                            "source": "Clase",
                            "value_map": "1 = A\n2=C\n\n",
                        }
                    ),
                    Command.create({"target": "amount", "source": "Importe"}),
                ],
            }
        )
        self.assertFalse(profile.problem)
        content = "Folio;Fecha;Hora;TAG;Clase;Importe\n1;05/03/2026;08:00;T1;2;12,50\n"
        (row,) = profile._preview_rows(content.encode())
        self.assertEqual((row["class_code"], row["amount"]), ("C", "12.50"))
        self.assertFalse(row["fault"])

    def test_unusable_profile_says_why(self):
        profile = self.Profile.create({"code": "x", "name": "X", "kind": "xml"})
        self.assertIn("record's tag", profile.problem)

    def test_preview_shows_faults_and_runs_nothing(self):
        content = (
            "ref,occurred_at,plaza,tag\n"
            "R1,2026-03-05T08:00:00Z,P1,T1\n"
            "<script>alert(1)</script>,yesterday,P1,T1\n"
        )
        profile = self.Profile.create(
            {
                "code": "universal",
                "name": "Universal",
                "operator_id": self.operator.id,
                "sample": base64.b64encode(content.encode()),
            }
        )
        self.assertIn("2026-03-05 08:00:00", profile.preview)
        self.assertIn("is not a date and time", profile.preview)
        self.assertNotIn("<script>", profile.preview)
        notice = profile.action_test()["params"]
        self.assertEqual(notice["type"], "warning")
        profile.sample = base64.b64encode(b"a,b\n1,2\n")
        self.assertIn("alert-danger", profile.preview)
        self.assertEqual(profile.action_test()["params"]["type"], "danger")
        profile.sample = False
        self.assertFalse(profile.preview)
        with self.assertRaises(UserError):
            profile.action_test()

    def test_preview_uses_the_operators_zones(self):
        content = b"ref,occurred_at,plaza,tag\nR1,2026-03-05T08:00:00,P1,T1\n"
        profile = self.Profile.create(
            {"code": "z", "name": "Z", "operator_id": self.operator.id}
        )
        (row,) = profile._preview_rows(content)
        self.assertEqual(row["occurred_at"], "2026-03-05 14:00:00")

    def test_value_map_needs_pairs(self):
        with self.assertRaises(ValidationError):
            self.fixed.line_ids[0].value_map = "no pair"

    def test_changed_columns_are_noted(self):
        before = len(self.fixed.message_ids)
        self.fixed.write(
            {"line_ids": [Command.update(self.fixed.line_ids[0].id, {"width": 18})]}
        )
        self.assertEqual(len(self.fixed.message_ids), before + 1)
        self.assertIn("ref=1+18", self.fixed.message_ids[0].body)

    def test_copy_has_a_code_of_its_own(self):
        copy = self.fixed.copy()
        self.assertEqual(copy.code, "fixed-example-copy")
        self.assertEqual(len(copy.line_ids), len(self.fixed.line_ids))

    def test_used_profile_is_archived_not_deleted(self):
        self._load_profile(self.fixed, "HEADER\n" + self._fixed_line("F9"), "u.txt")
        with self.assertRaises(UserError):
            self.fixed.unlink()
        self.fixed.copy().unlink()

    def test_code_is_unique(self):
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"):
            self.fixed.copy({"code": "jsonl-example"})
            self.env.flush_all()

    def test_analyst_reads_and_cannot_change(self):
        profile = self.fixed.with_user(self.analyst)
        self.assertEqual(profile.line_ids[0].target, "ref")
        with self.assertRaises(AccessError):
            profile.name = "changed"
        with self.assertRaises(AccessError):
            profile.line_ids[0].width = 3
        with self.assertRaises(AccessError):
            self.Profile.with_user(self.analyst).create({"code": "n", "name": "N"})

    def test_profiles_of_another_company_are_not_seen(self):
        other = self.env["res.company"].create({"name": "Other Roads"})
        profile = self.fixed.copy({"company_id": other.id})
        seen = self.Profile.with_user(self.analyst).search([])
        self.assertIn(self.fixed, seen)
        self.assertNotIn(profile, seen)
        with self.assertRaises(AccessError):
            profile.with_user(self.analyst).line_ids[0].read(["target"])

    def test_copy_into_the_database_is_exact(self):
        """What PostgreSQL reads back is what the file held, escapes and all."""
        refs = ["C:\\tmp\\n", "\\N", "\\.", "a\tb", '"q"', "ñ€😀", "\\\\", "\\x41"]
        out = ["ref,occurred_at,plaza,lane,tag,note"]
        for ref in refs:
            doubled = ref.replace('"', '""')
            quoted = f'"{doubled}"'
            out.append(f"{quoted},2026-03-05T08:00:00.5Z,P1,L1,T1,{quoted}")
        content = "\n".join(out).encode()
        (chunk,) = intake.iter_chunks(
            io.BytesIO(content), intake.Layout.universal(), intake.Context()
        )
        columns = ", ".join(
            f"{name} " + {"line": "int", "raw": "jsonb"}.get(name, "text")
            for name in intake.STAGE_COLUMNS
        )
        self.env.cr.execute(f"CREATE TEMP TABLE intake_copy ({columns})")
        self.env.cr.copy_expert("COPY intake_copy FROM STDIN", io.StringIO(chunk.data))
        self.env.cr.execute(
            "SELECT ref, raw->>'note', occurred_at, plate"
            "  FROM intake_copy ORDER BY line"
        )
        rows = self.env.cr.fetchall()
        self.assertEqual([row[0] for row in rows], refs)
        self.assertEqual([row[1] for row in rows], refs)
        self.assertEqual(rows[0][2:], ("2026-03-05 08:00:00.500000", None))
