from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from .toll_tag_life import MANAGER

RESULTS = [
    ("found", "Found"),
    ("missing", "Missing"),
    ("unexpected", "Belongs elsewhere"),
    ("refused", "Cannot be here"),
    ("unknown", "Unknown code"),
]


class TollTagCount(models.Model):
    """TAGs counted at a place by scanning; differences correct the stock."""

    _name = "toll.tag.count"
    _description = "TAG Count"
    _inherit = ["toll.guarded", "mail.thread", "barcodes.barcode_events_mixin"]
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(
        required=True,
        readonly=True,
        copy=False,
        default=lambda self: self._default_name(),
    )
    location_id = fields.Many2one(
        "stock.location",
        string="Place",
        required=True,
        index=True,
        check_company=True,
        domain="[('usage', '=', 'internal'), ('company_id', '=', company_id)]",
        tracking=True,
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    user_id = fields.Many2one(
        "res.users", string="Counted by", default=lambda self: self.env.user
    )
    date = fields.Datetime(default=fields.Datetime.now, required=True)
    state = fields.Selection(
        [
            ("draft", "Counting"),
            ("checked", "Checked"),
            ("done", "Applied"),
            ("cancelled", "Cancelled"),
        ],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    reason = fields.Char(
        help="Why there is a difference; stands on every correction of the stock.",
        tracking=True,
    )
    typed = fields.Char(string="Number or Box", store=False)
    line_ids = fields.One2many("toll.tag.count.line", "count_id")
    scanned_count = fields.Integer(string="Scanned", compute="_compute_counts")
    missing_count = fields.Integer(string="Missing", compute="_compute_counts")
    unexpected_count = fields.Integer(
        string="Belong Elsewhere", compute="_compute_counts"
    )

    @api.model
    def _default_name(self):
        return self.env["ir.sequence"].sudo().next_by_code("toll.tag.count")

    @api.depends("line_ids.result")
    def _compute_counts(self):
        for count in self:
            results = count.line_ids.mapped("result")
            count.missing_count = results.count("missing")
            count.unexpected_count = results.count("unexpected")
            count.scanned_count = len(results) - count.missing_count

    # === SCANNING === #

    @api.onchange("typed")
    def _onchange_typed(self):
        if self.typed:
            text, self.typed = self.typed, False
            self.on_barcode_scanned(text)

    def on_barcode_scanned(self, barcode):
        if self.state != "draft":
            return
        lots = self.env["stock.lot"]._toll_find_scanned(barcode)
        known = set(self.line_ids.lot_id.ids)
        lines = [
            {"lot_id": lot.id, "number": lot.name, "result": "found"}
            for lot in lots
            if lot.id not in known
        ]
        if not lots and barcode not in self.line_ids.mapped("number"):
            lines = [{"number": barcode, "result": "unknown"}]
        self.line_ids = [Command.create(line) for line in lines]

    # === CHECK AND APPLY === #

    def _expected_lots(self):
        """The TAGs that the books have at the place."""
        quants = self.env["stock.quant"].search(
            [
                ("location_id", "child_of", self.location_id.id),
                ("quantity", ">", 0),
                ("lot_id.toll_state", "!=", False),
            ]
        )
        return quants.lot_id

    def action_check(self):
        """Compare what was scanned with the books; nothing is corrected yet."""
        for count in self:
            count._take("draft")
            expected = count._expected_lots()
            lines = count.line_ids.filtered("lot_id")
            for line in lines:
                line.write(count._compare(line.lot_id, expected))
            count.line_ids = [
                Command.create(
                    {"lot_id": lot.id, "number": lot.name, "result": "missing"}
                )
                for lot in expected - lines.lot_id
            ]
            count._set_state("checked")
        return True

    def _compare(self, lot, expected):
        if lot in expected:
            return {"result": "found"}
        place = self.env["toll.tag.transfer"]._locations(lot).get(lot.id)
        if lot.toll_vehicle_id:
            note = self.env._(
                "Assigned to %s: take it back first", lot.toll_vehicle_id.plate
            )
            return {"result": "refused", "note": note}
        if lot.company_id != self.company_id:
            return {"result": "refused", "note": lot.company_id.name}
        if place and place.usage not in ("internal", "transit"):
            return {"result": "refused", "note": place.display_name}
        return {
            "result": "unexpected",
            "note": place.display_name if place else self.env._("Out of stock"),
        }

    def action_recount(self):
        """Go on scanning."""
        for count in self:
            count._take("checked")
            count.line_ids.filtered(lambda line: line.result == "missing").unlink()
            count._set_state("draft")
        return True

    def action_apply(self):
        """Correct the stock: missing TAGs are lost, those from elsewhere are here."""
        self._check_manager()
        for count in self:
            count._take("checked")
            if not count.reason:
                raise UserError(
                    self.env._("Say why the stock differs before it is corrected.")
                )
            # a manager of TAGs corrects stock here though he does not manage stock
            count.sudo()._apply()
            count._set_state("done")
        return True

    def _apply(self):
        origin = f"{self.name}: {self.reason}"
        lines = self.line_ids.filtered("lot_id")
        lines.lot_id._toll_lock()
        # the world went on since the comparison: what is true now counts
        expected = self._expected_lots()
        scanned = lines.filtered(lambda line: line.result != "missing")
        for line in scanned:
            line.write(self._compare(line.lot_id, expected))
        missing = (lines - scanned).lot_id & expected
        elsewhere = scanned.filtered(lambda line: line.result == "unexpected").lot_id
        transfer = self.env["toll.tag.transfer"].with_company(self.company_id)
        places = transfer._locations(elsewhere)
        transfer._relocate(
            elsewhere.filtered(lambda lot: lot.id in places), self.location_id, origin
        )
        found = elsewhere.filtered(lambda lot: lot.id not in places)
        self._adjust(found, 1, origin)
        found.write({"toll_state": "stocked"})
        self._adjust(missing, 0, origin)
        missing.write({"toll_state": "lost"})
        self.env["toll.tag.status"]._set(missing, "blocked", "lost")
        note = self.env._("Count %(name)s", name=origin)
        lots = missing | elsewhere
        lots._toll_log(dict.fromkeys(lots, note))

    def _adjust(self, lots, quantity, origin):
        """Odoo's own inventory adjustment of these TAGs, with the reason on it."""
        quants = self.env["stock.quant"].with_context(inventory_name=origin)
        for lot in lots:
            known = quants.search(
                [
                    ("lot_id", "=", lot.id),
                    ("location_id", "child_of", self.location_id.id),
                    ("quantity", ">", 0),
                ],
                limit=1,
            )
            quant = known or quants.create(
                {
                    "product_id": lot.product_id.id,
                    "location_id": self.location_id.id,
                    "lot_id": lot.id,
                }
            )
            quant.inventory_quantity = quantity
            quant.action_apply_inventory()

    def action_cancel(self):
        for count in self:
            count.check_access("write")
            if count.state == "done":
                raise UserError(self.env._("This count has corrected the stock."))
            count._set_state("cancelled")
        return True

    def _set_state(self, state):
        # every caller has checked the user and the state before
        self.sudo().state = state

    def _check_manager(self):
        self.check_access("write")
        if not self.env.su and not self.env.user.has_group(MANAGER):
            raise UserError(
                self.env._("A manager corrects the stock: ask one to apply the count.")
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_done(self):
        if any(count.state == "done" for count in self):
            raise UserError(self.env._("A count that was applied stays on record."))


class TollTagCountLine(models.Model):
    _name = "toll.tag.count.line"
    _description = "Counted TAG"
    _order = "result, number, id"

    count_id = fields.Many2one(
        "toll.tag.count", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="count_id.company_id", store=True, index=True)
    lot_id = fields.Many2one("stock.lot", string="TAG", index="btree_not_null")
    number = fields.Char(required=True)
    result = fields.Selection(RESULTS, required=True, default="found")
    note = fields.Char()
