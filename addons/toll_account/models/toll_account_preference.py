from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import email_normalize, email_split

MAX_EMAILS = 10


class TollAccount(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.account"

    toll_channel = fields.Selection(related="partner_id.toll_channel", readonly=False)
    toll_quiet_from = fields.Float(related="partner_id.toll_quiet_from", readonly=False)
    toll_quiet_to = fields.Float(related="partner_id.toll_quiet_to", readonly=False)
    annex_grouping = fields.Selection(
        [
            ("none", "By time"),
            ("vehicle", "By vehicle"),
            ("cost_centre", "By cost centre"),
        ],
        string="Crossings of an Invoice",
        required=True,
        default="vehicle",
        tracking=True,
    )
    annex_format = fields.Selection(
        [
            ("pdf", "In the invoice's PDF"),
            ("xlsx", "As spreadsheet"),
            ("csv", "As CSV"),
            ("none", "Not at all"),
        ],
        string="Annex",
        required=True,
        default="pdf",
        tracking=True,
    )
    invoice_emails = fields.Char(
        string="Further E-mails",
        tracking=True,
        help="Who else gets the invoices; several with commas between them.",
    )
    payment_preference_ids = fields.One2many(
        "toll.payment.preference", "account_id", string="Means of Payment, in Order"
    )

    @api.constrains("invoice_emails")
    def _check_invoice_emails(self):
        for account in self:
            parts = [p for p in (account.invoice_emails or "").split(",") if p.strip()]
            wrong = [p.strip() for p in parts if not email_normalize(p)]
            if wrong:
                raise ValidationError(
                    self.env._("%s is not an e-mail address.", wrong[0])
                )
            if len(parts) > MAX_EMAILS:
                raise ValidationError(
                    self.env._("At most %s e-mail addresses.", MAX_EMAILS)
                )

    def _get_invoice_emails(self):
        """The further addresses that get this account's invoices."""
        self.ensure_one()
        return [email_normalize(e) for e in email_split(self.invoice_emails or "")]


class TollPaymentPreference(models.Model):
    """How the customer wants to be charged, first choice first."""

    _name = "toll.payment.preference"
    _description = "Preferred Means of Payment"
    _order = "account_id, sequence, id"
    _rec_name = "means"

    account_id = fields.Many2one(
        "toll.account", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="account_id.company_id", store=True, index=True, precompute=True
    )
    partner_id = fields.Many2one(related="account_id.commercial_partner_id")
    sequence = fields.Integer(default=10)
    means = fields.Selection(
        [
            ("wallet", "Wallet"),
            ("token", "Saved card"),
            ("debit", "Bank debit"),
            ("payroll", "Payroll deduction"),
            ("point", "Collection point"),
            ("transfer", "Transfer"),
        ],
        required=True,
        default="wallet",
    )
    token_id = fields.Many2one(
        "payment.token",
        string="Card",
        ondelete="cascade",
        index="btree_not_null",
        domain="[('partner_id', 'child_of', partner_id)]",
    )
    bank_id = fields.Many2one(
        "res.partner.bank",
        string="Bank Account",
        ondelete="cascade",
        index="btree_not_null",
        domain="[('partner_id', '=', partner_id)]",
    )
    active = fields.Boolean(default=True)

    _means_once = models.UniqueIndex(
        "(account_id, means, COALESCE(token_id, 0), COALESCE(bank_id, 0)) WHERE active",
        "This means of payment is in the list already.",
    )

    @api.constrains("means", "token_id", "bank_id", "account_id")
    def _check_owner(self):
        for row in self.sudo():
            holder = row.account_id.commercial_partner_id
            for record in (row.token_id, row.bank_id):
                if record and record.partner_id.commercial_partner_id != holder:
                    raise ValidationError(
                        self.env._("This card or bank account is somebody else's.")
                    )
            if row.means == "token" and not row.token_id:
                raise ValidationError(self.env._("Choose the saved card."))
            if row.means == "debit" and not row.bank_id:
                raise ValidationError(self.env._("Choose the bank account."))
