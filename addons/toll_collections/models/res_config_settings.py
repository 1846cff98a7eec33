from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    toll_band_1 = fields.Integer(related="company_id.toll_band_1", readonly=False)
    toll_band_2 = fields.Integer(related="company_id.toll_band_2", readonly=False)
    toll_band_3 = fields.Integer(related="company_id.toll_band_3", readonly=False)
    toll_case_grace_days = fields.Integer(
        related="company_id.toll_case_grace_days", readonly=False
    )
    toll_case_min_amount = fields.Monetary(
        related="company_id.toll_case_min_amount",
        readonly=False,
        currency_field="currency_id",
    )
    toll_promise_grace_days = fields.Integer(
        related="company_id.toll_promise_grace_days", readonly=False
    )
    toll_bad_debt_account_id = fields.Many2one(
        related="company_id.toll_bad_debt_account_id", readonly=False
    )
    toll_write_off_limit = fields.Monetary(
        related="company_id.toll_write_off_limit",
        readonly=False,
        currency_field="currency_id",
    )
    toll_write_off_limit_manager = fields.Monetary(
        related="company_id.toll_write_off_limit_manager",
        readonly=False,
        currency_field="currency_id",
    )
    toll_point_account_id = fields.Many2one(
        related="company_id.toll_point_account_id", readonly=False
    )
