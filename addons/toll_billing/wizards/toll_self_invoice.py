from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.exceptions import UserError


class TollSelfInvoice(models.TransientModel):
    _name = "toll.self.invoice"
    _description = "Invoice Now"

    account_id = fields.Many2one("toll.account", required=True, readonly=True)
    currency_id = fields.Many2one(related="account_id.currency_id")
    date_from = fields.Date(
        required=True, default=lambda self: fields.Date.today().replace(day=1)
    )
    date_to = fields.Date(required=True, default=lambda self: fields.Date.today())
    crossing_count = fields.Integer(
        string="Crossings", compute="_compute_usage", help="Not invoiced yet."
    )
    amount = fields.Monetary(compute="_compute_usage", help="Before volume discounts.")
    reasons = fields.Text(string="Not on the Invoice", compute="_compute_usage")

    @api.depends("account_id", "date_from", "date_to")
    def _compute_usage(self):
        for wizard in self:
            count, amount, reasons = 0, 0, []
            account = wizard.account_id
            if account and wizard.date_from and wizard.date_to:
                fates = account._get_self_fates(*wizard._get_period())
                count, amount = fates.get("free", (0, 0))
                refusal = account._get_self_invoice_refusal()
                reasons = [refusal] if refusal else account._get_self_reasons(fates)
            wizard.crossing_count = count
            wizard.amount = amount
            wizard.reasons = "\n".join(reasons)

    def _get_period(self):
        """Instants at which the chosen days begin and end, in the company's zone."""
        zone = ZoneInfo(self.account_id.company_id._toll_tz())
        return tuple(
            datetime.combine(day, time(), zone).astimezone(UTC).replace(tzinfo=None)
            for day in (self.date_from, self.date_to + timedelta(days=1))
        )

    def action_issue(self):
        """Issue the invoice, once however often the button is pressed."""
        self.ensure_one()
        # whoever may change the account may have it invoiced
        self.account_id.check_access("write")
        if self.date_to < self.date_from:
            raise UserError(self.env._("The period ends before it begins."))
        statement = self.account_id._issue_self_invoice(
            f"agent/{self.id}", *self._get_period()
        )
        return statement.with_env(self.env)._get_records_action()
