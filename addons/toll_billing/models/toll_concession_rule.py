from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..core import canon


class TollConcessionRule(models.Model):
    """One rule of the canon, from one date to another."""

    _name = "toll.concession.rule"
    _description = "Canon Rule"
    _order = "sequence, id"

    concession_id = fields.Many2one(
        "toll.concession", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="concession_id.company_id", store=True)
    currency_id = fields.Many2one(related="concession_id.currency_id")
    name = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    kind = fields.Selection(
        [
            ("fixed", "Fixed Amount per Period"),
            ("percentage", "Percentage of the Net Revenue"),
            ("share", "Share of the Revenue above a Threshold"),
            ("crossing", "Amount per Crossing"),
            ("minimum", "Guaranteed Minimum"),
        ],
        required=True,
        default="percentage",
        help="Net revenue is what was charged in the period, without tax. A minimum "
        "adds what the other rules lack.",
    )
    amount = fields.Monetary(
        help="Per period or per crossing; the threshold of a share; the minimum."
    )
    rate = fields.Float(string="Rate (%)", digits=(16, 6))
    tier_ids = fields.One2many(
        "toll.concession.tier",
        "rule_id",
        string="Tiers",
        help="Each slice of the period's revenue at its own rate.",
    )
    date_from = fields.Date(
        string="From", help="For periods that begin on this day or later."
    )
    date_to = fields.Date(
        string="Until", help="For periods that begin on this day or earlier."
    )

    _amounts_positive = models.Constraint(
        "CHECK (amount >= 0 AND rate >= 0 AND rate <= 100)",
        "Amounts are not negative, and rates lie between 0 and 100.",
    )
    _dates_valid = models.Constraint(
        "CHECK (date_to IS NULL OR date_from IS NULL OR date_to >= date_from)",
        "A rule cannot end before it begins.",
    )

    @api.constrains("kind", "amount", "rate", "tier_ids")
    def _check_filled(self):
        for rule in self:
            has_rate = rule.rate or (rule.kind == "percentage" and rule.tier_ids)
            if rule.kind in ("percentage", "share") and not has_rate:
                raise ValidationError(
                    self.env._("Rule %(rule)s needs a rate.", rule=rule.name)
                )
            if rule.kind not in ("percentage", "share") and not rule.amount:
                raise ValidationError(
                    self.env._("Rule %(rule)s needs an amount.", rule=rule.name)
                )

    def _get_core_rule(self):
        self.ensure_one()
        return canon.Rule(
            self.id,
            self.kind,
            Decimal(str(self.amount)),
            Decimal(str(self.rate)),
            tuple(
                canon.Tier(Decimal(str(tier.amount_from)), Decimal(str(tier.rate)))
                for tier in self.tier_ids
            ),
        )

    # Closed periods are compared with their rules again, so those stay.
    @api.model_create_multi
    def create(self, vals_list):
        rules = super().create(vals_list)
        for rule in rules:
            closed = rule.concession_id._get_last_closed()
            if closed and (not rule.date_from or rule.date_from <= closed):
                raise UserError(
                    self.env._(
                        "Periods until %(date)s are closed: the new rule begins later.",
                        date=closed,
                    )
                )
        return rules

    def write(self, vals):
        if vals.keys() - {"name", "sequence"}:
            self._check_open(vals)
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_closed(self):
        self._check_open({})

    def _check_open(self, vals):
        end = fields.Date.to_date(vals.get("date_to"))
        for rule in self:
            closed = rule.concession_id._get_last_closed()
            if not closed or (rule.date_from and rule.date_from > closed):
                continue
            if vals.keys() == {"date_to"} and end and end >= closed:
                continue
            raise UserError(
                self.env._(
                    "Rule %(rule)s was applied to periods that are closed: give it a "
                    "last day after %(date)s and add a new rule.",
                    rule=rule.name,
                    date=closed,
                )
            )


class TollConcessionTier(models.Model):
    _name = "toll.concession.tier"
    _description = "Tier of a Canon Rule"
    _order = "amount_from, id"
    _rec_name = "rate"

    rule_id = fields.Many2one(
        "toll.concession.rule", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="rule_id.company_id", store=True)
    currency_id = fields.Many2one(related="rule_id.currency_id")
    amount_from = fields.Monetary(string="Revenue from")
    rate = fields.Float(string="Rate (%)", digits=(16, 6), required=True)

    _start_once = models.Constraint(
        "UNIQUE (rule_id, amount_from)", "Two tiers begin at the same revenue."
    )
    _sane = models.Constraint(
        "CHECK (amount_from >= 0 AND rate >= 0 AND rate <= 100)",
        "Amounts are not negative, and rates lie between 0 and 100.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        tiers = super().create(vals_list)
        # those of a rule that has just been made are part of it
        tiers.rule_id._check_open({})
        return tiers

    def write(self, vals):
        self.rule_id._check_open({})
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_closed(self):
        self.rule_id._check_open({})
