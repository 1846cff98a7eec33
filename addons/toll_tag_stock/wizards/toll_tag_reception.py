import base64

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core import serials
from ..core.errors import TagDataError
from ..models.tag_messages import line_messages, message

SHOWN = 50


class TollTagReception(models.TransientModel):
    """TAGs that arrive: a range of printed numbers, a pasted list or a CSV file."""

    _name = "toll.tag.reception"
    _description = "Receive TAGs"

    company_id = fields.Many2one("res.company", default=lambda self: self.env.company)
    product_id = fields.Many2one(
        "product.product",
        string="TAG Product",
        required=True,
        domain="[('toll_is_tag', '=', True),"
        " ('company_id', 'in', (False, company_id))]",
        default=lambda self: self._default_product_id(),
    )
    partner_id = fields.Many2one("res.partner", string="Supplier")
    location_id = fields.Many2one(
        "stock.location",
        string="Shelf",
        required=True,
        domain="[('usage', '=', 'internal'), ('company_id', '=', company_id)]",
        default=lambda self: self._default_location_id(),
        help="Where the TAGs are put.",
    )
    origin = fields.Char(string="Supplier's Delivery Note")
    source = fields.Selection(
        [("range", "First to last"), ("text", "Pasted list"), ("file", "CSV file")],
        required=True,
        default="range",
    )
    first_number = fields.Char()
    last_number = fields.Char()
    text = fields.Text(
        string="List",
        help="One TAG per line: number, and where known EPC and TID, separated by "
        "comma, semicolon or tab.",
    )
    file = fields.Binary(string="CSV File")
    filename = fields.Char()
    tag_count = fields.Integer(string="TAGs Found", compute="_compute_preview")
    preview = fields.Char(compute="_compute_preview")
    problems = fields.Text(compute="_compute_preview")

    @api.model
    def _default_product_id(self):
        return self.env["product.product"]._toll_tag_product(self.env.company)

    @api.model
    def _default_location_id(self):
        return self.env.company._toll_stock_location()

    @api.depends("source", "first_number", "last_number", "text", "file", "product_id")
    def _compute_preview(self):
        for wizard in self:
            rows, problems = wizard._read()
            if rows and wizard.product_id:
                rows, more = self.env["toll.tag.intake"]._check(rows, wizard.product_id)
                problems += more
            wizard.tag_count = len(rows)
            wizard.preview = self._describe(rows)
            wizard.problems = "\n".join(problems[:SHOWN]) or False

    @api.model
    def _describe(self, rows):
        if not rows:
            return False
        first, last = rows[0], rows[-1]
        text = first.number if first == last else f"{first.number} – {last.number}"
        return f"{text} (EPC {first.epc} …)" if first.epc else text

    def _read(self):
        """(rows, sentences about bad lines) of what was entered."""
        self.ensure_one()
        if self.source == "range":
            return self._read_range()
        text = self.text or ""
        if self.source == "file":
            try:
                text = base64.b64decode(self.file or b"").decode("utf-8-sig")
            except UnicodeDecodeError:
                return [], [
                    self.env._("The file is not UTF-8 text: save it as CSV UTF-8.")
                ]
        rows, errors = serials.parse_rows(text)
        return rows, line_messages(self.env, errors)

    def _read_range(self):
        if not self.first_number:
            return [], []
        last = self.last_number or self.first_number
        try:
            numbers = serials.expand_range(self.first_number, last)
        except TagDataError as error:
            return [], [message(self.env, error.code, error.params)]
        return [serials.TagRow(line, n) for line, n in enumerate(numbers, start=1)], []

    def action_receive(self):
        self.ensure_one()
        rows, problems = self._read()
        if problems:
            raise UserError("\n".join(problems[:SHOWN]))
        picking = self.env["toll.tag.intake"]._receive(
            rows, self.product_id, self.location_id, self.partner_id, self.origin
        )
        values = self.env["ir.actions.actions"]._for_xml_id(
            "toll_tag_stock.stock_lot_action"
        )
        values["display_name"] = self.env._("Received TAGs")
        values["domain"] = [("id", "in", picking.move_line_ids.lot_id.ids)]
        values["context"] = {}
        return values
