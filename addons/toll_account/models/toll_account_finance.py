from odoo import fields, models
from odoo.fields import Domain

BUCKETS = (
    ("amount_not_due", None, 0),
    ("amount_due_30", 0, 30),
    ("amount_due_60", 30, 60),
    ("amount_due_90", 60, 90),
    ("amount_due_older", 90, None),
)


class TollAccount(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.account"

    amount_not_due = fields.Monetary(
        string="Not Due", compute="_compute_ageing", compute_sudo=True
    )
    amount_due_30 = fields.Monetary(
        string="1-30 Days", compute="_compute_ageing", compute_sudo=True
    )
    amount_due_60 = fields.Monetary(
        string="31-60 Days", compute="_compute_ageing", compute_sudo=True
    )
    amount_due_90 = fields.Monetary(
        string="61-90 Days", compute="_compute_ageing", compute_sudo=True
    )
    amount_due_older = fields.Monetary(
        string="Over 90 Days", compute="_compute_ageing", compute_sudo=True
    )
    oldest_due_date = fields.Date(
        string="Oldest Open Since", compute="_compute_ageing", compute_sudo=True
    )
    open_invoice_count = fields.Integer(
        string="Open Items", compute="_compute_ageing", compute_sudo=True
    )
    amount_guarantee = fields.Monetary(
        string="Guarantee Money",
        compute="_compute_amount_guarantee",
        compute_sudo=True,
        help="Deposits for TAGs, given back with them.",
    )

    def _get_open_items(self):
        """Invoices of the account that are not paid."""
        self.ensure_one()
        return self.env["account.move"].search(
            self._get_invoice_domain()
            & Domain("state", "=", "posted")
            & Domain("amount_residual", ">", 0)
        )

    def _compute_ageing(self):
        today = fields.Date.context_today(self)
        for account in self:
            totals = {name: 0.0 for name, _low, _high in BUCKETS}
            items = account._get_open_items() if account._origin.id else ()
            for item in items:
                days = (today - (item.invoice_date_due or item.date)).days
                name = next(
                    name for name, _low, high in BUCKETS if high is None or days <= high
                )
                sign = -1 if item.move_type == "out_refund" else 1
                totals[name] += sign * item.amount_residual
            dates = [item.invoice_date_due or item.date for item in items]
            account.update(
                {
                    **totals,
                    "oldest_due_date": min(dates, default=False),
                    "open_invoice_count": len(items),
                }
            )

    def _compute_amount_guarantee(self):
        """What other addons hold for the account."""
        held = self._get_guarantees()
        for account in self:
            account.amount_guarantee = held.get(account._origin.id, 0)

    def _get_guarantees(self):
        """{account id: guarantee money held}."""
        return {}
