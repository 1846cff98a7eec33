from odoo import api, fields, models


class TollPortfolioSegment(models.Model):
    """A part of the portfolio that is worked alike. The first one that fits counts."""

    _name = "toll.portfolio.segment"
    _description = "Portfolio Segment"
    _inherit = ["toll.setting.mixin"]
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(
        default=10, help="The first segment that fits a case is the case's."
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    days_from = fields.Integer(string="Overdue from (days)")
    days_to = fields.Integer(string="Overdue to (days)", help="0: no limit.")
    amount_from = fields.Monetary(string="Debt from")
    amount_to = fields.Monetary(string="Debt to", help="0: no limit.")
    payment_mode = fields.Selection(
        [("prepaid", "Prepaid"), ("postpaid", "Postpaid")], help="Empty: both."
    )
    person = fields.Selection(
        [("person", "Person"), ("company", "Company")],
        string="Customer",
        help="Empty: both.",
    )
    vehicles_from = fields.Integer(string="Vehicles from", help="Fleets: from 2 on.")
    vehicles_to = fields.Integer(string="Vehicles to", help="0: no limit.")
    office_ids = fields.Many2many(
        "toll.office",
        "toll_portfolio_segment_office_rel",
        "segment_id",
        "office_id",
        string="Offices",
        check_company=True,
        help="Empty: all.",
    )
    team_id = fields.Many2one(
        "toll.collection.team",
        index="btree_not_null",
        check_company=True,
        ondelete="restrict",
        help="Who works the cases of this segment.",
    )
    agency_id = fields.Many2one(
        "toll.collection.agency",
        string="Proposed Agency",
        index="btree_not_null",
        check_company=True,
        ondelete="restrict",
        help="Where cases of this segment are handed over to, by a person.",
    )
    strategy = fields.Text(
        translate=True, help="What the collector does, in order; shown on the case."
    )
    case_count = fields.Integer(string="Open Cases", compute="_compute_cases")
    amount_due = fields.Monetary(string="Portfolio", compute="_compute_cases")
    active = fields.Boolean(default=True)

    _limits_check = models.Constraint(
        "CHECK (days_from >= 0 AND amount_from >= 0 AND vehicles_from >= 0 "
        "AND (days_to = 0 OR days_to >= days_from) "
        "AND (amount_to = 0 OR amount_to >= amount_from) "
        "AND (vehicles_to = 0 OR vehicles_to >= vehicles_from))",
        "A segment begins at zero or above and does not end before it begins.",
    )

    def _compute_cases(self):
        groups = self.env["toll.collection.case"]._read_group(
            [("segment_id", "in", self.ids), ("state", "=", "open")],
            ["segment_id"],
            ["__count", "amount_due:sum"],
        )
        found = {segment.id: (count, amount) for segment, count, amount in groups}
        for segment in self:
            key = segment._origin.id
            segment.case_count, segment.amount_due = found.get(key, (0, 0))

    def action_view_cases(self):
        self.ensure_one()
        values = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_collections.toll_collection_case_action"
        )
        return dict(
            values,
            domain=[("segment_id", "=", self.id)],
            context={"search_default_open": 1},
        )

    @api.model
    def action_segment_again(self):
        """Put all open cases into the segments as they stand now."""
        return self.env["toll.collection.case"].action_refresh()
