from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    toll_deposit_account_id = fields.Many2one(
        related="company_id.toll_deposit_account_id", readonly=False
    )
    toll_topup_journal_id = fields.Many2one(
        related="company_id.toll_topup_journal_id", readonly=False
    )
    toll_topup_min = fields.Monetary(
        related="company_id.toll_topup_min",
        readonly=False,
        currency_field="currency_id",
    )
    toll_topup_max = fields.Monetary(
        related="company_id.toll_topup_max",
        readonly=False,
        currency_field="currency_id",
    )
    toll_low_balance = fields.Monetary(
        related="company_id.toll_low_balance",
        readonly=False,
        currency_field="currency_id",
    )
    toll_low_balance_days = fields.Integer(
        related="company_id.toll_low_balance_days", readonly=False
    )
    toll_check_user_id = fields.Many2one(
        related="company_id.toll_check_user_id", readonly=False
    )
    toll_dormant_months = fields.Integer(
        related="company_id.toll_dormant_months", readonly=False
    )
    toll_dormant_notice_days = fields.Integer(
        related="company_id.toll_dormant_notice_days", readonly=False
    )
    toll_dormant_account_id = fields.Many2one(
        related="company_id.toll_dormant_account_id", readonly=False
    )
