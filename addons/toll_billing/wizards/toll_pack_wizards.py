"""Selling a pack on the account, and cancelling one that was sold."""

import uuid

from odoo import api, fields, models
from odoo.exceptions import UserError


class TollPackSale(models.TransientModel):
    _name = "toll.pack.sale"
    _description = "Sell a Pack"

    account_id = fields.Many2one("toll.account", required=True, readonly=True)
    currency_id = fields.Many2one(related="account_id.currency_id")
    payment_mode = fields.Selection(related="account_id.payment_mode")
    available = fields.Monetary(related="account_id.available")
    pack_id = fields.Many2one("toll.pack", domain="[('id', 'in', choice_ids)]")
    choice_ids = fields.Many2many("toll.pack", compute="_compute_choice_ids")
    is_per_vehicle = fields.Boolean(related="pack_id.is_per_vehicle")
    start = fields.Selection(related="pack_id.start")
    can_renew = fields.Boolean(related="pack_id.can_renew")
    price = fields.Monetary(related="pack_id.price")
    content = fields.Char(string="Gives", compute="_compute_content")
    duration = fields.Char(string="Valid for", compute="_compute_content")
    vehicle_id = fields.Many2one(
        "toll.vehicle", domain="[('account_id', '=', account_id)]"
    )
    date_from = fields.Date(string="First Day")
    is_renewed = fields.Boolean(
        string="Renew by Itself",
        help="When it is used up or over, the next one is bought, once.",
    )
    key = fields.Char(default=lambda self: uuid.uuid4().hex)

    @api.depends("account_id")
    def _compute_choice_ids(self):
        for wizard in self:
            account = wizard.account_id
            packs = self.env["toll.pack"].search(
                self.env["toll.pack"]._on_sale_domain(account.company_id)
            )
            wizard.choice_ids = packs.filtered(
                lambda pack, account=account: not pack._get_refusal(account, False)
            )

    @api.depends("pack_id")
    def _compute_content(self):
        for wizard in self:
            pack = wizard.pack_id
            wizard.content = pack and pack._get_content()
            wizard.duration = pack and pack._get_duration()

    def action_sell(self):
        """Sell it, once however often the button is pressed."""
        self.ensure_one()
        if not self.pack_id:
            raise UserError(self.env._("Choose a pack."))
        held = self.account_id._sell_pack(
            self.pack_id,
            self.vehicle_id,
            self.date_from if self.start == "date" else None,
            key=self.key,
            is_renewed=self.is_renewed,
        )
        return held._get_records_action()


class TollPackCancel(models.TransientModel):
    _name = "toll.pack.cancel"
    _description = "Cancel a Pack"

    held_id = fields.Many2one(
        "toll.account.pack", string="Pack", required=True, readonly=True
    )
    currency_id = fields.Many2one(related="held_id.currency_id")
    price = fields.Monetary(related="held_id.price")
    left = fields.Char(related="held_id.left")
    amount = fields.Monetary(
        string="Given Back", compute="_compute_amount", help="By the terms of the pack."
    )
    reason = fields.Char(required=True)
    is_lapse = fields.Boolean(
        string="Without Refund", help="The customer lets it go all the same."
    )

    @api.depends("held_id")
    def _compute_amount(self):
        for wizard in self:
            wizard.amount = wizard.held_id._get_refund()

    def action_cancel_pack(self):
        self.ensure_one()
        self.held_id.check_access("write")
        # counters and money are moved by the method; the right is checked above
        self.held_id.sudo()._cancel(self.reason, self.is_lapse)
        return {"type": "ir.actions.act_window_close"}
