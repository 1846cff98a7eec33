from odoo import api, fields, models


class AccountMoveReversal(models.TransientModel):
    _inherit = "account.move.reversal"

    toll_has_charges = fields.Boolean(compute="_compute_toll_has_charges")
    toll_recharge = fields.Selection(
        [
            ("again", "To be invoiced again"),
            ("never", "Not charged any more"),
        ],
        string="Fees and Charges",
        default="again",
        required=True,
        help="Crossings stay with their statement. Fees and charges that are credited "
        "as a whole go to the next toll invoice, or are dropped.",
    )

    @api.depends("move_ids")
    def _compute_toll_has_charges(self):
        for wizard in self:
            wizard.toll_has_charges = bool(wizard.move_ids.line_ids.toll_charge_id)

    def reverse_moves(self, is_modify=False):
        """A corrected invoice has the charges itself: they do not come again."""
        wizard = self.with_context(toll_is_modify=is_modify)
        return super(AccountMoveReversal, wizard).reverse_moves(is_modify)

    def _prepare_default_reversal(self, move):
        vals = super()._prepare_default_reversal(move)
        if move.line_ids.toll_charge_id:
            modify = self.env.context.get("toll_is_modify")
            vals["toll_recharge"] = "never" if modify else self.toll_recharge
        return vals
