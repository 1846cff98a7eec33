from odoo import fields, models

from .toll_account import STATES


class TollAccountStateLog(models.Model):
    _name = "toll.account.state.log"
    _description = "State History of a Toll Account"
    _order = "date desc, id desc"
    _rec_name = "state"

    account_id = fields.Many2one(
        "toll.account", required=True, index=True, ondelete="cascade", readonly=True
    )
    company_id = fields.Many2one(related="account_id.company_id", store=True)
    from_state = fields.Selection(STATES, readonly=True)
    state = fields.Selection(STATES, required=True, readonly=True)
    reason_id = fields.Many2one("toll.state.reason", readonly=True, ondelete="restrict")
    note = fields.Char(readonly=True)
    date = fields.Datetime(required=True, readonly=True, default=fields.Datetime.now)
    user_id = fields.Many2one(
        "res.users", readonly=True, default=lambda self: self.env.user
    )
