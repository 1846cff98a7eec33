from odoo import api, fields, models

from ..queries import commission as queries


class TollCommissionRule(models.Model):
    _name = "toll.commission.rule"
    _description = "Commission Rule"
    _order = "sequence, id"
    _check_company_auto = True

    sequence = fields.Integer(default=10)
    name = fields.Char(required=True, translate=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    basis = fields.Selection(
        [
            ("account", "Each new account"),
            ("tag", "Each TAG handed over"),
            ("topup", "Money topped up"),
        ],
        required=True,
        default="account",
    )
    amount = fields.Monetary(string="Amount Each")
    percent = fields.Float(
        digits=(5, 2), help="Of the money topped up, refunds taken off."
    )
    months = fields.Integer(
        string="First Months",
        default=12,
        help="Top-ups count so many months from the opening; 0 without end.",
    )
    channel_id = fields.Many2one(
        "toll.sales.channel", ondelete="restrict", help="Empty: every channel."
    )
    user_id = fields.Many2one(
        "res.users",
        string="Seller",
        ondelete="restrict",
        domain="[('share', '=', False)]",
        help="Empty: every seller.",
    )
    payment_mode = fields.Selection(
        [("prepaid", "Prepaid"), ("postpaid", "Postpaid")], help="Empty: both."
    )
    date_from = fields.Date(
        string="From", required=True, default=fields.Date.context_today
    )
    date_to = fields.Date(string="Until")
    active = fields.Boolean(default=True)

    _dates_valid = models.Constraint(
        "CHECK (date_to >= date_from)", "A rule cannot end before it begins."
    )
    _pays_something = models.Constraint(
        "CHECK ((percent > 0 AND percent <= 100 AND basis = 'topup')"
        " OR (amount > 0 AND COALESCE(percent, 0) = 0))",
        "A rule pays an amount each, or a percentage (0 to 100) of top-ups.",
    )

    @api.onchange("basis")
    def _onchange_basis(self):
        if self.basis == "topup":
            self.amount = 0
        else:
            self.percent = 0

    def _get_source(self, start, end):
        """What the rule counts in a time: a query of (account, quantity, base)."""
        self.ensure_one()
        sources = {"account": queries.new_accounts, "topup": queries.top_ups}
        source = sources.get(self.basis)
        return source(start, end, self) if source else None
