import base64

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core import serials, sheets
from ..core.errors import TagDataError
from ..models.tag_messages import line_messages, message

SHOWN = 50


class TollTagReception(models.TransientModel):
    """TAGs that arrive: a range of printed numbers, a pasted list or a file."""

    _name = "toll.tag.reception"
    _description = "Receive TAGs"

    company_id = fields.Many2one("res.company", default=lambda self: self.env.company)
    picking_id = fields.Many2one("stock.picking", string="Receipt", readonly=True)
    expected_count = fields.Integer(
        string="Still Expected", compute="_compute_expected_count"
    )
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
    supplier_ref = fields.Char(string="Supplier's Lot")
    warranty_months = fields.Integer(
        compute="_compute_warranty_months", store=True, readonly=False
    )
    certificate = fields.Binary()
    certificate_name = fields.Char()
    source = fields.Selection(
        [
            ("range", "First to last"),
            ("text", "Pasted list"),
            ("file", "CSV or XLSX file"),
        ],
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
    file = fields.Binary()
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

    @api.model
    def default_get(self, fields_list):
        """Opened from an incoming transfer: what it waits for, and from whom."""
        values = super().default_get(fields_list)
        if self.env.context.get("active_model") != "stock.picking":
            return values
        picking = self.env["stock.picking"].browse(self.env.context.get("active_id"))
        move = picking._toll_open_tag_moves()[:1]
        return values | {
            "picking_id": picking.id,
            "company_id": picking.company_id.id,
            "partner_id": picking.partner_id.id,
            "product_id": move.product_id.id,
            "location_id": move.location_dest_id.id,
            "origin": picking.origin,
        }

    @api.depends("picking_id", "product_id")
    def _compute_expected_count(self):
        for wizard in self:
            moves = wizard.picking_id._toll_open_tag_moves().filtered(
                lambda move, wizard=wizard: move.product_id == wizard.product_id
            )
            wizard.expected_count = moves[:1].product_uom_qty

    @api.depends("product_id")
    def _compute_warranty_months(self):
        for wizard in self:
            wizard.warranty_months = wizard.product_id.toll_warranty_months

    @api.depends(
        "source",
        "first_number",
        "last_number",
        "text",
        "file",
        "product_id",
        "picking_id",
    )
    def _compute_preview(self):
        for wizard in self:
            rows, problems = wizard._read()
            if rows and wizard.product_id:
                rows, more = self.env["toll.tag.intake"]._check(rows, wizard.product_id)
                problems += more
            expected = wizard.expected_count
            if wizard.picking_id and len(rows) > expected:
                problems.append(
                    self.env._(
                        "%(count)s TAGs found, %(expected)s expected",
                        count=len(rows),
                        expected=expected,
                    )
                )
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
        table = self.text or ""
        if self.source == "file":
            try:
                table = sheets.read_table(base64.b64decode(self.file or b""))
            except TagDataError as error:
                return [], [message(self.env, error.code, error.params)]
        rows, errors = serials.parse_rows(
            table, rule=self.product_id.toll_control_digit
        )
        return rows, line_messages(self.env, errors)

    def _read_range(self):
        if not self.first_number:
            return [], []
        last = self.last_number or self.first_number
        rule = self.product_id.toll_control_digit
        try:
            numbers = serials.expand_range(self.first_number, last, rule=rule)
        except TagDataError as error:
            return [], [message(self.env, error.code, error.params)]
        return [serials.TagRow(line, n) for line, n in enumerate(numbers, start=1)], []

    def _prepare_supply_vals(self):
        return {
            "supplier_ref": self.supplier_ref,
            "warranty_months": self.warranty_months,
            "certificate": self.certificate,
            "certificate_name": self.certificate_name,
        }

    def action_receive(self):
        self.ensure_one()
        rows, problems = self._read()
        if problems:
            raise UserError("\n".join(problems[:SHOWN]))
        picking = self.env["toll.tag.intake"]._receive(
            rows,
            self.product_id,
            self.location_id,
            self.partner_id,
            self.origin,
            self._prepare_supply_vals(),
            self.picking_id,
        )
        values = self.env["ir.actions.actions"]._for_xml_id(
            "toll_tag_stock.stock_lot_action"
        )
        values["display_name"] = self.env._("Received TAGs")
        values["domain"] = [("id", "in", picking.move_line_ids.lot_id.ids)]
        values["context"] = {}
        return values
