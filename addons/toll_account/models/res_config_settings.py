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
    toll_auto_topup_step = fields.Monetary(
        related="company_id.toll_auto_topup_step",
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
    toll_public_lookups = fields.Integer(
        related="company_id.toll_public_lookups", readonly=False
    )
    toll_public_misses = fields.Integer(
        related="company_id.toll_public_misses", readonly=False
    )
    toll_public_brake = fields.Integer(
        related="company_id.toll_public_brake", readonly=False
    )
    toll_public_messages = fields.Integer(
        related="company_id.toll_public_messages", readonly=False
    )
    toll_public_pace = fields.Integer(
        string="Pages a Second",
        config_parameter="toll_account.public_pace",
        default=60,
        help="Public pages that one process of the server takes on in a second; above, "
        "visitors without login are asked to wait, so that customers and staff who "
        "have signed in are still served. Empty: 60.",
    )

    def action_toll_set_languages(self):
        """Spanish first on the company's sites (Odoo's own rights on sites decide)."""
        self.env["website"]._toll_set_languages()
        return {"type": "ir.actions.client", "tag": "reload"}
