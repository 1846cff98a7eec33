import re

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.toll_tag_stock.core import serials
from odoo.addons.toll_tag_stock.core.errors import TagDataError
from odoo.addons.toll_tag_stock.models.tag_messages import message

MOST = 10_000


class TollEncodingAdd(models.TransientModel):
    """TAGs for a batch: first and last number, a box, a receipt or a list."""

    _name = "toll.encoding.add"
    _description = "Add TAGs to a Batch"

    batch_id = fields.Many2one(
        "toll.encoding.batch", required=True, ondelete="cascade", readonly=True
    )
    company_id = fields.Many2one(related="batch_id.company_id")
    source = fields.Selection(
        [
            ("range", "First to last number"),
            ("box", "Box of the supplier"),
            ("picking", "Receipt"),
            ("list", "Pasted or scanned list"),
        ],
        required=True,
        default="range",
    )
    first_number = fields.Char()
    last_number = fields.Char()
    picking_id = fields.Many2one(
        "stock.picking",
        string="Receipt",
        domain="[('state', '=', 'done'), ('company_id', '=', company_id),"
        " ('move_line_ids.lot_id.toll_state', '=', 'new')]",
    )
    supply_id = fields.Many2one(
        "toll.tag.supply",
        string="Box",
        domain="[('company_id', '=', company_id), ('lot_ids.toll_state', '=', 'new')]",
    )
    text = fields.Text(
        string="List", help="Printed numbers, one per line or separated by blanks."
    )
    tag_count = fields.Integer(string="TAGs Found", compute="_compute_preview")
    problem = fields.Char(compute="_compute_preview")

    @api.depends(
        "source", "first_number", "last_number", "picking_id", "supply_id", "text"
    )
    def _compute_preview(self):
        for wizard in self:
            try:
                lots = wizard._lots()
                wizard.batch_id._check_lots(lots)
                wizard.tag_count, wizard.problem = len(lots), False
            except UserError as error:
                wizard.tag_count, wizard.problem = 0, str(error)

    def _lots(self):
        """The TAGs that were named, in the order they were named."""
        self.ensure_one()
        if self.source in ("picking", "box"):
            origin = self.picking_id if self.source == "picking" else self.supply_id
            return origin._toll_encodable_lots() if origin else self.env["stock.lot"]
        return self.batch_id._waiting_lots(self._numbers())

    def _numbers(self):
        if self.source == "list":
            numbers = re.split(r"[\s,;]+", (self.text or "").strip())
            numbers = [number for number in numbers if number]
        elif self.first_number:
            last = self.last_number or self.first_number
            try:
                numbers = serials.expand_range(self.first_number, last)
            except TagDataError as error:
                raise UserError(message(self.env, error.code, error.params)) from None
        else:
            numbers = []
        if len(numbers) > MOST:
            raise UserError(self.env._("At most %s TAGs at once.", MOST))
        return numbers

    def action_add(self):
        self.ensure_one()
        lots = self._lots()
        self.batch_id._add_lots(lots)
        if self.source == "picking" and not self.batch_id.picking_id:
            self.batch_id.picking_id = self.picking_id
        return {"type": "ir.actions.act_window_close"}
