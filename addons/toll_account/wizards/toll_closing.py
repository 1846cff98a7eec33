from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date


class TollClosing(models.TransientModel):
    """Close one account: what is open, what is given back, what comes back."""

    _name = "toll.closing"
    _description = "Account Closing"

    account_id = fields.Many2one("toll.account", required=True)
    request_id = fields.Many2one("toll.request")
    partner_id = fields.Many2one(related="account_id.partner_id")
    company_id = fields.Many2one(related="account_id.company_id")
    currency_id = fields.Many2one(related="account_id.currency_id")
    balance = fields.Monetary(related="account_id.balance", string="To Give Back")
    checks = fields.Html(compute="_compute_checks", sanitize=False)
    is_ready = fields.Boolean(compute="_compute_checks")
    may_refund = fields.Boolean(compute="_compute_may_refund")
    is_billing = fields.Boolean(compute="_compute_may_refund")
    reason_id = fields.Many2one(
        "toll.state.reason", required=True, domain="[('state', '=', 'closed')]"
    )
    note = fields.Char()
    date = fields.Date(
        string="Last Day",
        help="Empty: the account closes now. With a date it works until the end of "
        "that day.",
    )
    method = fields.Selection(
        [("transfer", "Transfer"), ("cash", "Cash")],
        string="Means of Payment",
        required=True,
        default="transfer",
    )
    bank_account = fields.Char(help="The customer's CLABE or IBAN.")
    ref = fields.Char(
        string="Reference",
        required=True,
        default=lambda self: self.env["ir.sequence"].sudo().next_by_code("toll.refund"),
    )

    @api.depends("account_id")
    def _compute_checks(self):
        item = Markup('<li class="%s"><i class="fa %s"></i> %s</li>')
        for wizard in self:
            account = wizard.account_id
            checks = account._get_closing_checks() if account else []
            lines = [
                item % ("text-success", "fa-check", label)
                if is_ok
                else item % ("text-danger", "fa-times", f"{label}: {todo}")
                for label, is_ok, todo in checks
            ]
            wizard.checks = Markup('<ul class="list-unstyled mb-0">%s</ul>') % (
                Markup("").join(lines)
            )
            wizard.is_ready = all(is_ok for _label, is_ok, _todo in checks)

    @api.depends("account_id")
    def _compute_may_refund(self):
        for wizard in self:
            wizard.is_billing = wizard.account_id._may_refund()
            wizard.may_refund = wizard.is_billing or wizard.balance <= 0

    def _before_closing(self):
        """What comes back from the customer first; other addons know of it."""

    def action_confirm(self):
        """Close the account and print its letter."""
        self.ensure_one()
        account = self.account_id
        if account.state == "closed":
            raise UserError(
                self.env._("Account %(number)s is closed.", number=account.number)
            )
        self._before_closing()
        account._close_and_settle(
            self.reason_id, self.note, self.method, self.ref, self.bank_account
        )
        request = self.request_id
        if request:
            request.resolution = request.resolution or self.env._(
                "Account %s is closed.", account.number
            )
            request.action_done()
        action = account.action_print_closing_letter()
        return dict(action, close_on_report_download=True)

    def action_plan(self):
        """Write down that the account closes at the end of a day."""
        self.ensure_one()
        if not self.date:
            raise UserError(self.env._("Until which day does the account work?"))
        plan = self.env["toll.planned.closing"].create(self._prepare_plan_vals())
        if self.is_billing and (self.method == "cash" or self.bank_account):
            plan.action_approve_refund()
        self.account_id.message_post(
            body=self.env._(
                "The account closes on %s.", format_date(self.env, self.date)
            )
        )
        return plan._get_records_action()

    def _prepare_plan_vals(self):
        return {
            "account_id": self.account_id.id,
            "date": self.date,
            "reason_id": self.reason_id.id,
            "note": self.note,
            "method": self.method,
            "bank_account": self.method == "transfer" and self.bank_account,
            "request_id": self.request_id.id,
        }

    def action_leave_to_billing(self):
        """Write down how the customer wants the money; Billing closes the account."""
        self.ensure_one()
        self._before_closing()
        account = self.account_id
        bank = self.method == "transfer" and account._check_bank_account(
            self.bank_account
        )
        labels = dict(self._fields["method"]._description_selection(self.env))
        text = "\n".join(
            filter(
                None,
                (
                    self.reason_id.name,
                    self.note,
                    f"{labels[self.method]} {bank or ''}".strip(),
                ),
            )
        )
        request = self.request_id
        if request:
            request.description += f"\n{text}"
        else:
            request = request.create(
                {
                    "type_id": self.env.ref(
                        "toll_account.toll_request_type_closing"
                    ).id,
                    "account_id": account.id,
                    "description": text,
                }
            )
        return request._get_records_action()
