from odoo import api, fields, models


class ResCompany(models.Model):
    _inherit = "res.company"  # pylint: disable=consider-merging-classes-inherited

    # invoices without a payment mode keep the bank account that Odoo gives them
    keep_partner_bank_without_payment_mode = fields.Boolean(default=True)
    toll_debit_notice_days = fields.Integer(
        string="Notice of Debits",
        default=5,
        help="Customers are told so many days before a debit.",
    )
    toll_debit_settle_days = fields.Integer(
        string="Days until the Money Counts",
        default=5,
        help="A debit that did not come back so many days after its day is paid.",
    )
    toll_debit_trust_limit = fields.Monetary(
        string="Trusted Top-ups",
        help="Top-ups by bank debit up to this come into the wallet as soon as the "
        "file is at the bank; zero: when the money is there.",
    )
    toll_debit_fee_product_id = fields.Many2one(
        "product.product",
        string="Fee of Returned Debits",
        check_company=True,
        help="Charged with the next invoice at its price; empty: nothing is charged.",
    )
    toll_debit_max_tries = fields.Integer(
        string="Tries of a Debit",
        default=3,
        help="So often an invoice is debited by itself before a person decides.",
    )
    toll_debit_alarm_rate = fields.Float(
        string="Alarm at Returned (%)",
        default=5,
        help="A run with more returns alerts who made it; zero: never.",
    )

    @api.model
    def _toll_keep_partner_banks(self):
        """For the companies that were there before; once, at installation."""
        companies = self.search(
            [("keep_partner_bank_without_payment_mode", "=", False)]
        )
        companies.keep_partner_bank_without_payment_mode = True


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"  # pylint: disable=consider-merging-classes-inherited

    toll_debit_notice_days = fields.Integer(
        related="company_id.toll_debit_notice_days", readonly=False
    )
    toll_debit_settle_days = fields.Integer(
        related="company_id.toll_debit_settle_days", readonly=False
    )
    toll_debit_trust_limit = fields.Monetary(
        related="company_id.toll_debit_trust_limit",
        readonly=False,
        currency_field="currency_id",
    )
    toll_debit_fee_product_id = fields.Many2one(
        related="company_id.toll_debit_fee_product_id", readonly=False
    )
    toll_debit_max_tries = fields.Integer(
        related="company_id.toll_debit_max_tries", readonly=False
    )
    toll_debit_alarm_rate = fields.Float(
        related="company_id.toll_debit_alarm_rate", readonly=False
    )
