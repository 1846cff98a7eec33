from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command


class TollTagScan(models.TransientModel):
    """TAGs moved from one place to another by scanning them or their boxes."""

    _name = "toll.tag.scan"
    _description = "Transfer TAGs by Scanning"
    _inherit = ["barcodes.barcode_events_mixin"]

    company_id = fields.Many2one("res.company", default=lambda self: self.env.company)
    source_id = fields.Many2one(
        "stock.location",
        string="From",
        domain="[('usage', 'in', ('internal', 'transit')),"
        " ('company_id', '=', company_id)]",
        help="Empty: from wherever each TAG stands.",
    )
    destination_id = fields.Many2one(
        "stock.location",
        string="To",
        domain="[('usage', 'in', ('internal', 'transit')),"
        " ('company_id', '=', company_id), ('id', '!=', source_id)]",
    )
    note = fields.Char(string="Reference", help="Stands on the transfer as its origin.")
    typed = fields.Char(
        string="Number or Box",
        help="Scan at any moment, or type a number here and press Enter.",
    )
    last_answer = fields.Char(string="Last Scan", readonly=True)
    line_ids = fields.One2many("toll.tag.scan.line", "wizard_id")
    good_count = fields.Integer(string="Good", compute="_compute_counts")
    problem_count = fields.Integer(string="Refused", compute="_compute_counts")

    @api.depends("line_ids.problem")
    def _compute_counts(self):
        for wizard in self:
            refused = wizard.line_ids.filtered("problem")
            wizard.problem_count = len(refused)
            wizard.good_count = len(wizard.line_ids) - len(refused)

    @api.onchange("typed")
    def _onchange_typed(self):
        if self.typed:
            text, self.typed = self.typed, False
            self.on_barcode_scanned(text)

    def on_barcode_scanned(self, barcode):
        """Add the TAG, or every TAG of the box; say what cannot be moved and why."""
        lots = self.env["stock.lot"]._toll_find_scanned(barcode)
        known = set(self.line_ids.lot_id.ids)
        new = lots.filtered(lambda lot: lot.id not in known)
        if not lots:
            self.last_answer = self.env._("%s: unknown", barcode)
            lines = [{"number": barcode, "problem": self.env._("Unknown code")}]
        elif not new:
            self.last_answer = self.env._("%s: scanned before", barcode)
            lines = []
        else:
            lines = self._prepare_line_vals(new)
            refused = [line["problem"] for line in lines if line["problem"]]
            self.last_answer = refused[0] if refused else barcode
        self.line_ids = [Command.create(line) for line in lines]

    def _prepare_line_vals(self, lots):
        places = self.env["toll.tag.transfer"]._locations(lots)
        return [
            {
                "lot_id": lot.id,
                "number": lot.name,
                "place_id": lot.id in places and places[lot.id].id,
                "problem": lot._toll_transfer_problem(
                    places.get(lot.id), self.source_id
                ),
            }
            for lot in lots
        ]

    def action_transfer(self):
        """Move the good ones in one transfer."""
        self.ensure_one()
        lots = self.line_ids.filtered(lambda line: not line.problem).lot_id
        if not self.destination_id or not lots:
            raise UserError(
                self.env._("Choose where the TAGs go to, and scan at least one.")
            )
        pickings = lots.toll_transfer(self.destination_id, self.note)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("TAGs at %s", self.destination_id.display_name),
            "res_model": "stock.picking",
            "view_mode": "form" if len(pickings) == 1 else "list,form",
            "res_id": pickings.id if len(pickings) == 1 else False,
            "domain": [("id", "in", pickings.ids)],
        }


class TollTagScanLine(models.TransientModel):
    _name = "toll.tag.scan.line"
    _description = "Scanned TAG"

    wizard_id = fields.Many2one("toll.tag.scan", required=True, ondelete="cascade")
    lot_id = fields.Many2one("stock.lot", string="TAG")
    number = fields.Char()
    place_id = fields.Many2one("stock.location", string="Stands at")
    problem = fields.Char()
