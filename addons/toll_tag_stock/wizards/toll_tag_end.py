from odoo import api, fields, models
from odoo.exceptions import UserError


class TollTagEnd(models.TransientModel):
    """Return, loss, block or write-off of one or more TAGs, with reason and note."""

    _name = "toll.tag.end"
    _description = "End or Block TAGs"

    operation = fields.Selection(
        [
            ("return", "Return to stock"),
            ("lost", "Loss or theft"),
            ("block", "Block"),
            ("retire", "Retire"),
        ],
        required=True,
        default="return",
    )
    lot_ids = fields.Many2many("stock.lot", string="TAGs", required=True)
    lot_count = fields.Integer(compute="_compute_lot_count")
    condition = fields.Selection(
        [("good", "Works"), ("defective", "Defective")], default="good"
    )
    loss_reason = fields.Selection(
        [("lost", "Lost"), ("stolen", "Stolen")], default="lost"
    )
    block_reason = fields.Selection(
        [
            ("customer_request", "At the customer's request"),
            ("unpaid", "Unpaid debt"),
            ("fraud", "Suspected fraud"),
        ],
        default="customer_request",
    )
    scrap_reason_id = fields.Many2one("toll.tag.scrap.reason", string="Reason")
    date = fields.Datetime(
        help="Since when this is so. Empty: from this moment on. Crossings after it "
        "are not charged to the customer."
    )
    note = fields.Char()
    is_confirmed = fields.Boolean(string="I have checked this with the customer")

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        if self.env.context.get("active_model") == "stock.lot":
            ids = self.env.context.get("active_ids") or []
            values["lot_ids"] = [fields.Command.set(ids)]
        return values

    @api.depends("lot_ids")
    def _compute_lot_count(self):
        for wizard in self:
            wizard.lot_count = len(wizard.lot_ids)

    def action_confirm(self):
        self.ensure_one()
        if self.operation in ("lost", "retire") and not self.is_confirmed:
            raise UserError(
                self.env._("This cannot be undone: tick the box to confirm it.")
            )
        if self.operation == "return":
            self.lot_ids.toll_return(self.date, self.condition, self.note)
        elif self.operation == "lost":
            self.lot_ids.toll_report_lost(self.loss_reason, self.date, self.note)
        elif self.operation == "block":
            self.lot_ids.toll_block(self.block_reason, self.date, self.note)
        else:
            self.lot_ids.toll_retire(self.note, self.scrap_reason_id)
        return {"type": "ir.actions.act_window_close"}
