from odoo import api, fields, models


class TollModeChange(models.TransientModel):
    """Change plan and payment mode; the contract follows."""

    _name = "toll.mode.change"
    _description = "Change of Plan or Payment Mode"

    account_id = fields.Many2one("toll.account", required=True)
    request_id = fields.Many2one("toll.request")
    company_id = fields.Many2one(related="account_id.company_id")
    currency_id = fields.Many2one(related="account_id.currency_id")
    balance = fields.Monetary(related="account_id.balance")
    current_mode = fields.Selection(
        related="account_id.payment_mode", string="Payment Mode Now"
    )
    plan_id = fields.Many2one(
        "toll.plan",
        string="New Plan",
        required=True,
        domain="[('company_id', 'in', (False, company_id))]",
    )
    payment_mode = fields.Selection(
        related="plan_id.payment_mode", string="New Payment Mode"
    )
    credit_limit = fields.Monetary(
        compute="_compute_limits", store=True, readonly=False
    )
    low_balance_threshold = fields.Monetary(
        compute="_compute_limits", store=True, readonly=False
    )
    note = fields.Char(required=True, help="Why: it stays in the account's history.")

    @api.depends("plan_id")
    def _compute_limits(self):
        for wizard in self:
            wizard.credit_limit = wizard.plan_id.credit_limit
            wizard.low_balance_threshold = wizard.plan_id.low_balance_threshold

    def action_confirm(self):
        """Change the account and open the new contract, to be signed."""
        self.ensure_one()
        contract = self.account_id._change_plan(
            self.plan_id,
            self.note,
            credit_limit=self.credit_limit,
            low_balance_threshold=self.low_balance_threshold,
        )
        request = self.request_id
        if request:
            request.resolution = request.resolution or self.env._(
                "The plan is now %s.", self.plan_id.name
            )
            request.action_done()
        return contract._get_records_action()
