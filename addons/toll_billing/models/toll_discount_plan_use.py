from decimal import Decimal

from odoo import api, fields, models
from odoo.fields import Domain

from ..core import discounts


class TollDiscountPlan(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.discount.plan"

    # === ACTIONS === #
    def action_close(self):
        """End it today; its grants end with it."""
        self.check_access("write")
        self._check_manager()
        self._check_state("approved")
        for plan_sudo in self.sudo():  # guarded fields; the right is checked
            today = plan_sudo.company_id._toll_today()
            last = min(plan_sudo.date_to or today, today)
            plan_sudo.write(
                {"state": "closed", "date_to": max(last, plan_sudo.date_from)}
            )

    def action_open_grants(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_billing.toll_discount_grant_action"
        )
        return action | {
            "domain": [("plan_id", "in", self.ids)],
            "context": {"default_plan_id": self.id if len(self) == 1 else False},
        }

    def action_open_lines(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_billing.toll_discount_line_action"
        )
        return action | {"domain": [("plan_id", "in", self.ids)]}

    # === WHAT IT GIVES === #
    @api.model
    def _is_used_at(self, operator):
        """May a charge of this operator have a discount at the crossing?

        The loader asks it through its cache: without plans it saves looking for them.
        """
        oldest = fields.Date.subtract(
            fields.Date.context_today(self), days=operator.max_age_days + 1
        )
        domain = Domain(
            [
                ("kind", "=", "rate"),
                ("state", "in", ("approved", "closed")),
                "|",
                ("date_to", "=", False),
                ("date_to", ">=", oldest),
                "|",
                ("operator_ids", "=", False),
                ("operator_ids", "in", operator.ids),
            ]
        )
        # an integration user may not read plans, but its crossings have them
        plans_sudo = self.sudo().with_context(active_test=False)
        return bool(plans_sudo.search_count(domain, limit=1))

    @api.model
    def _has_packs_at(self, operator):
        """Are there, or were there ever, packs that may cover its crossings?"""
        domain = Domain(
            [
                ("kind", "=", "pack"),
                ("state", "in", ("approved", "closed")),
                "|",
                ("operator_ids", "=", False),
                ("operator_ids", "in", operator.ids),
            ]
        )
        # as above
        plans_sudo = self.sudo().with_context(active_test=False)
        return bool(plans_sudo.search_count(domain, limit=1))

    def _get_steps(self):
        self.ensure_one()
        return tuple(
            discounts.Step(_decimal(tier.start), _decimal(tier.percent))
            for tier in self.tier_ids
        )

    def _get_core(self):
        """The plan as ``core.discounts`` knows it."""
        self.ensure_one()
        if self.kind == "rate":
            if self.rule == "price":
                return discounts.RatePlan(self.id, price=_decimal(self.price))
            return discounts.RatePlan(self.id, percent=_decimal(self.percent))
        values = {"scope": self.scope, "period": self.period}
        if self.kind == "cap":
            return discounts.cap_plan(self.id, _decimal(self.amount_cap), **values)
        return discounts.VolumePlan(
            self.id,
            self._get_steps(),
            measure=self.measure,
            whole=self.is_whole,
            **values,
        )


def _decimal(number):
    return Decimal(str(number))
