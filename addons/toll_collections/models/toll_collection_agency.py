from odoo import fields, models


class TollCollectionAgency(models.Model):
    """Somebody outside who collects for a commission."""

    _name = "toll.collection.agency"
    _description = "Collection Agency"
    _inherit = ["mail.thread"]
    _order = "name, id"
    _check_company_auto = True

    partner_id = fields.Many2one(
        "res.partner",
        string="Contact",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        tracking=True,
    )
    name = fields.Char(related="partner_id.name", store=True, index=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    commission_rate = fields.Float(
        string="Commission (%)",
        tracking=True,
        help="Of the payments that come in while the agency has a case.",
    )
    placement_days = fields.Integer(
        string="Days of a Placement",
        default=90,
        help="Proposed time after which cases are recalled.",
    )
    placement_ids = fields.One2many("toll.collection.placement", "agency_id")
    line_ids = fields.One2many("toll.collection.placement.line", "agency_id")
    case_count = fields.Integer(string="Cases", compute="_compute_results")
    amount_placed = fields.Monetary(string="Handed Over", compute="_compute_results")
    amount_recovered = fields.Monetary(string="Recovered", compute="_compute_results")
    amount_commission = fields.Monetary(
        string="Commission Due", compute="_compute_results"
    )
    active = fields.Boolean(default=True)
    note = fields.Html()

    _partner_uniq = models.Constraint(
        "UNIQUE (company_id, partner_id)", "This contact is an agency already."
    )
    _commission_check = models.Constraint(
        "CHECK (commission_rate BETWEEN 0 AND 100 AND placement_days >= 0)",
        "A commission is between 0 and 100 per cent, and days are not negative.",
    )

    def _compute_results(self):
        groups = self.env["toll.collection.placement.line"]._read_group(
            [("agency_id", "in", self.ids), ("state", "!=", "draft")],
            ["agency_id", "is_invoiced"],
            [
                "__count",
                "amount_placed:sum",
                "amount_recovered:sum",
                "amount_commission:sum",
            ],
        )
        found = {}
        for agency, invoiced, count, placed, recovered, commission in groups:
            row = found.setdefault(agency.id, [0, 0, 0, 0])
            row[0] += count
            row[1] += placed
            row[2] += recovered
            row[3] += 0 if invoiced else commission
        for agency in self:
            (
                agency.case_count,
                agency.amount_placed,
                agency.amount_recovered,
                agency.amount_commission,
            ) = found.get(agency._origin.id, (0, 0, 0, 0))

    def action_view_placements(self):
        self.ensure_one()
        values = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_collections.toll_collection_placement_action"
        )
        return dict(
            values,
            domain=[("agency_id", "=", self.id)],
            context={"default_agency_id": self.id},
        )

    def action_view_lines(self):
        self.ensure_one()
        values = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_collections.toll_collection_placement_line_action"
        )
        return dict(values, domain=[("agency_id", "=", self.id)], context={})
