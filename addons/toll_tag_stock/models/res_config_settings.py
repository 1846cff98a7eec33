from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    toll_opening_account_id = fields.Many2one(
        related="company_id.toll_opening_account_id", readonly=False
    )
    toll_guarantee_account_id = fields.Many2one(
        related="company_id.toll_guarantee_account_id", readonly=False
    )
    toll_clearing_account_id = fields.Many2one(
        related="company_id.toll_clearing_account_id", readonly=False
    )
