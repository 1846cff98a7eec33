from odoo import api, fields, models
from odoo.exceptions import UserError


class TollTagSettlement(models.Model):
    """TAGs that a retailer sold from consignment, settled with him once."""

    _name = "toll.tag.settlement"
    _description = "Retailer Settlement"
    _inherit = ["toll.guarded", "mail.thread"]
    _order = "date_to desc, id desc"
    _check_company_auto = True
    _guarded = frozenset({"state", "assignment_ids"})

    name = fields.Char(
        required=True,
        readonly=True,
        copy=False,
        default=lambda self: self._default_name(),
    )
    location_id = fields.Many2one(
        "stock.location",
        string="Retailer's Place",
        required=True,
        index=True,
        check_company=True,
        domain="[('toll_place_kind', '=', 'retailer'),"
        " ('company_id', '=', company_id)]",
        tracking=True,
    )
    partner_id = fields.Many2one(related="location_id.toll_partner_id", store=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    date_to = fields.Date(
        string="Sold until", required=True, default=fields.Date.context_today
    )
    assignment_ids = fields.One2many(
        "toll.tag.assignment", "settlement_id", string="TAGs Sold", readonly=True
    )
    sold_count = fields.Integer(string="Sold", compute="_compute_amount", store=True)
    stock_count = fields.Integer(
        string="Still There", related="location_id.toll_tag_count"
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    unit_price = fields.Monetary(
        compute="_compute_unit_price", store=True, readonly=False
    )
    amount = fields.Monetary(compute="_compute_amount", store=True)
    state = fields.Selection(
        [("draft", "Draft"), ("done", "Settled")],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )

    @api.model
    def _default_name(self):
        return self.env["ir.sequence"].sudo().next_by_code("toll.tag.settlement")

    @api.depends("location_id")
    def _compute_unit_price(self):
        for settlement in self:
            settlement.unit_price = settlement.location_id.toll_unit_price

    @api.depends("assignment_ids", "unit_price")
    def _compute_amount(self):
        for settlement in self:
            settlement.sold_count = len(settlement.assignment_ids)
            settlement.amount = settlement.sold_count * settlement.unit_price

    def _sold_domain(self):
        return [
            ("place_id", "child_of", self.location_id.id),
            ("date_from", "<", fields.Date.add(self.date_to, days=1)),
            ("company_id", "=", self.company_id.id),
            ("settlement_id", "in", (False, self.id)),
        ]

    def action_compute(self):
        """Take every TAG that was sold until then and is on no settlement yet."""
        self.check_access("write")
        for settlement in self:
            settlement._check_draft()
            # nobody writes assignments by hand; a settlement only marks them
            rows_sudo = self.env["toll.tag.assignment"].sudo()
            (settlement.sudo().assignment_ids).settlement_id = False
            rows_sudo.search(settlement._sold_domain()).settlement_id = settlement
        return True

    def action_confirm(self):
        self.check_access("write")
        for settlement in self:
            settlement._check_draft()
            if not settlement.assignment_ids:
                raise UserError(
                    self.env._("There is nothing to settle: compute it first.")
                )
            # checked above; the state is written by this method only
            settlement.sudo().state = "done"
        return True

    def _check_draft(self):
        if self.state != "draft":
            raise UserError(
                self.env._("Settlement %s is done and stays as it is.", self.name)
            )

    def write(self, vals):
        if {"location_id", "date_to", "unit_price", "company_id"} & vals.keys():
            for settlement in self:
                settlement._check_draft()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_done(self):
        for settlement in self:
            settlement._check_draft()


class TollTagAssignment(models.Model):
    _inherit = "toll.tag.assignment"

    place_id = fields.Many2one(
        "stock.location",
        string="Handed Out at",
        readonly=True,
        index="btree_not_null",
        help="Where the TAG stood before: an office, a van or a retailer.",
    )
    settlement_id = fields.Many2one(
        "toll.tag.settlement", readonly=True, index="btree_not_null"
    )
