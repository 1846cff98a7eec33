import base64
from datetime import datetime, time
from zoneinfo import ZoneInfo

from odoo import Command
from odoo.tests import new_test_user

from .common import TollBillingCommon

PDF = base64.b64encode(b"%PDF-1.4 proof of address")


def make_plan(case, **values):
    """A plan that one person proposed and another approved."""
    case.plan_number = getattr(case, "plan_number", 0) + 1
    plan = (
        case.env["toll.discount.plan"]
        .with_user(case.biller)
        .create(
            {
                "name": f"Plan {case.plan_number}",
                "code": f"TEST{case.plan_number}",
                "date_from": "2020-01-01",
                **values,
            }
        )
    )
    plan.action_ask()
    plan.with_user(case.manager).action_approve()
    case.env.flush_all()
    return plan


def make_grant(case, plan, account, **values):
    grant = (
        case.env["toll.discount.grant"]
        .with_user(case.agent)
        .create(
            {
                "plan_id": plan.id,
                "account_id": account.id,
                "date_from": "2020-01-01",
                "date_to": "2099-12-31",
                "document_ids": [Command.create({"name": "Proof", "file": PDF})],
                **values,
            }
        )
    )
    grant.action_ask()
    grant.with_user(case.manager).action_approve()
    case.env.flush_all()
    return grant


class DiscountCommon(TollBillingCommon):
    """No plans but those that a test makes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.biller, cls.manager = (
            new_test_user(
                cls.env, f"discount_{role}", groups=f"toll_account.group_toll_{role}"
            )
            for role in ("billing", "manager")
        )
        # plans that the database may have are not this test's
        cls.env["toll.discount.plan"].search([]).sudo().write({"state": "draft"})
        cls.env.flush_all()
        cls.day = cls.noon.date()

    def _charged(self, *rows, **kwargs):
        batch = self._load(*rows, **kwargs)
        crossings = self._crossings(batch)
        self.assertEqual(set(crossings.mapped("state")), {"posted"})
        self.assertTrue(batch.is_conserved)
        self._assert_rules_hold()
        return crossings.mapped("amount_charged")

    def _at(self, day, hour, minute, tz="America/Mexico_City"):
        return datetime.combine(day, time(hour, minute), ZoneInfo(tz)).isoformat()
