from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .billing_common import UNTIL, BillingCase

#: Documents that refuse a state by hand with rules of their own, tested there.
OWN_GUARD = {
    "toll.account.pack",
    "toll.charge",
    "toll.encoding.batch",
    "toll.handheld.capture",
    "toll.quality.issue",
    "toll.tag.sale",
    "toll.tariff",
}
#: Set by an administrator or a manager with buttons; nothing hangs on who did it.
SWITCHES = {"toll.gateway", "toll.handheld"}


@tagged("post_install", "-at_install")
class TestGuarded(BillingCase):
    def test_states_are_not_written_by_hand(self):
        """Whoever may write a document may still not say where it stands."""
        open_states = {
            name
            for name, model in self.env.items()
            if name.startswith("toll.")
            and not model._abstract
            and not model._transient
            and (field := model._fields.get("state"))
            and field.store
            and field.readonly
            and "state" not in getattr(model, "_guarded", ())
            and self.env["ir.model.access"].search_count(
                [("model_id.model", "=", name), ("perm_write", "=", True)], limit=1
            )
        }
        self.assertEqual(open_states - OWN_GUARD - SWITCHES, set())

    def test_a_run_and_a_file_say_themselves_what_came_of_them(self):
        biller = new_test_user(
            self.env, "guard_biller", groups="toll_account.group_toll_billing"
        )
        analyst = new_test_user(
            self.env, "guard_analyst", groups="toll_account.group_toll_analyst"
        )
        (account,) = self._accounts(1)
        self._cross(account, 54)
        run = self._run()
        mine = run.with_user(biller)
        for values in (
            {"state": "invoiced"},
            {"amount_total": 1},
            {"computed_at": "2026-01-01"},
        ):
            with self.assertRaises(AccessError):
                mine.write(values)
        mine.action_compute()
        mine.until = UNTIL.replace(day=2)
        with self.assertRaisesRegex(UserError, "Compute the run first"):
            mine.action_review()
        mine.action_compute()
        mine.action_review()
        with self.assertRaisesRegex(UserError, "not possible now"):
            mine.until = UNTIL
        batch = self.env["toll.crossing"].search([], limit=1).batch_id
        for values in ({"state": "done"}, {"sha256": "0"}, {"repeat_count": 9}):
            with self.assertRaises(AccessError):
                batch.with_user(analyst).write(values)
        with self.assertRaises(AccessError):
            batch.with_user(analyst).create(
                {"name": "x.csv", "operator_id": batch.operator_id.id}
            )
