"""Selling a pack: to whom, how many, from when to when, and what customers read."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

from ..core import packs
from ..queries import pack as queries
from .toll_pack import HELD


class TollPack(models.Model):
    _inherit = "toll.pack"  # pylint: disable=consider-merging-classes-inherited

    # === SELLING === #
    @api.model
    def _on_sale_domain(self, company):
        today = company._toll_today()
        return Domain(
            [
                ("company_id", "=", company.id),
                ("state", "=", "approved"),
                ("date_from", "<=", today),
                "|",
                ("date_to", "=", False),
                ("date_to", ">=", today),
            ]
        )

    def _get_refusal(self, account, vehicle=None):
        """Why an account may not buy it now, or None.

        :param vehicle: False where it is not chosen yet
        """
        self.ensure_one()
        company = account.company_id
        if not self.filtered_domain(self._on_sale_domain(company)):
            return self.env._("“%(pack)s” is not on sale.", pack=self.name)
        if account.state != "active":
            return self.env._("Packs are for active accounts.")
        is_company = account.partner_id.is_company
        wrong_person = self.person_kind != "any" and is_company != (
            self.person_kind == "company"
        )
        wrong_mode = self.payment_mode and self.payment_mode != account.payment_mode
        plans = self.account_plan_ids
        if wrong_person or wrong_mode or plans and account.plan_id not in plans:
            return self.env._(
                "“%(pack)s” is not for this kind of account.", pack=self.name
            )
        return self._get_limit_refusal(account) or self._get_vehicle_refusal(
            account, vehicle
        )

    def _get_vehicle_refusal(self, account, vehicle):
        if vehicle is False or not self.is_per_vehicle:
            return None
        if not vehicle or vehicle.account_id != account:
            return self.env._("Choose the vehicle that uses the pack.")
        if self.class_ids and vehicle.class_id not in self.class_ids:
            return self.env._(
                "“%(pack)s” is not for vehicles like %(plate)s.",
                pack=self.name,
                plate=vehicle.plate,
            )
        return None

    def _get_limit_refusal(self, account):
        Held = self.env["toll.account.pack"]
        domain = Domain("pack_id", "=", self.id) & Domain("state", "!=", "cancelled")
        mine = domain & Domain("account_id", "=", account.id)
        if self.number_for_sale and (
            Held.search_count(domain, limit=self.number_for_sale)
            >= self.number_for_sale
        ):
            return self.env._("“%(pack)s” is sold out.", pack=self.name)
        if self.limit_at_once and (
            Held.search_count(mine & Domain("state", "in", HELD)) >= self.limit_at_once
        ):
            return self.env._(
                "The account has “%(pack)s” already: the next one can be bought when "
                "it is used up or over.",
                pack=self.name,
            )
        month = account.company_id._toll_today().replace(day=1)
        if self.limit_month and (
            Held.search_count(mine & Domain("date", ">=", month)) >= self.limit_month
        ):
            return self.env._(
                "No more of “%(pack)s” can be bought this month.", pack=self.name
            )
        return None

    def _claim(self):
        """Let others who buy the last one wait, or begin again."""
        if self.number_for_sale:
            self.env.cr.execute(queries.claim_offer(self.id))

    def _get_last_day(self, first):
        self.ensure_one()
        return packs.last_day(first, self.validity_unit, self.validity)

    def _prepare_period_vals(self, account, first=None):
        """From when to when it counts if it is paid now.

        :param first: the day that the customer chose, where one may be chosen
        """
        today = account.company_id._toll_today()
        vals = {"valid_from": fields.Datetime.now(), "date_from": False}
        if self.start == "first_use":
            return vals | {"date_to": today + timedelta(self.begin_days)}
        first = max(first or today, today) if self.start == "date" else today
        return vals | {"date_from": first, "date_to": self._get_last_day(first)}

    def _get_taxes(self, account):
        """The taxes in the price, as the customer's fiscal position has them."""
        # an agent who sells need not read fiscal positions
        positions_sudo = self.env["account.fiscal.position"].sudo()
        position_sudo = positions_sudo.with_company(
            account.company_id
        )._get_fiscal_position(account.sudo().partner_id)
        return position_sudo.map_tax(self.sudo().tax_ids)._toll_included()

    # === IN WORDS === #
    def _get_content(self):
        """What one gets, for customers: “20 crossings”."""
        self.ensure_one()
        if self.kind == "crossings":
            return self.env._("%(count)s crossings", count=self.crossings_given)
        if self.kind == "credit":
            return self.env._(
                "%(amount)s of toll credit",
                amount=self.currency_id.format(self.amount_given),
            )
        return self.env._("Any number of crossings")

    def _get_duration(self):
        """How long it lasts: “30 days”."""
        self.ensure_one()
        count = self.validity
        if self.validity_unit == "day":
            if count == 1:
                return self.env._("1 day")
            return self.env._("%(count)s days", count=count)
        if self.validity_unit == "month":
            if count == 1:
                return self.env._("1 month")
            return self.env._("%(count)s months", count=count)
        if count == 1:
            return self.env._("until the end of the month")
        return self.env._("%(count)s calendar months", count=count)

    def _get_saving(self):
        """What makes it worth buying, in words."""
        self.ensure_one()
        if self.kind == "crossings" and self.crossings_given:
            each = self.currency_id.format(self.price / self.crossings_given)
            return self.env._("%(price)s per crossing", price=each)
        more = self.amount_given - self.price
        if self.kind == "credit" and self.currency_id.compare_amounts(more, 0) > 0:
            return self.env._(
                "you save %(amount)s", amount=self.currency_id.format(more)
            )
        return ""
