from odoo import api, fields, models
from odoo.exceptions import UserError


class TollCollectionPlace(models.TransientModel):
    _name = "toll.collection.place"
    _description = "Prepare a Placement with an Agency"

    case_ids = fields.Many2many(
        "toll.collection.case",
        required=True,
        default=lambda self: self.env.context.get("active_ids"),
    )
    company_id = fields.Many2one("res.company", compute="_compute_cases")
    currency_id = fields.Many2one(related="company_id.currency_id")
    free_count = fields.Integer(string="Cases", compute="_compute_cases")
    amount_due = fields.Monetary(string="Debt", compute="_compute_cases")
    agency_id = fields.Many2one(
        "toll.collection.agency",
        required=True,
        compute="_compute_agency_id",
        store=True,
        readonly=False,
        domain="[('company_id', '=', company_id)]",
    )
    reason = fields.Char(required=True)

    @api.depends("case_ids")
    def _compute_cases(self):
        for wizard in self:
            free = wizard.case_ids.filtered(
                lambda case: case.state == "open" and not case.agency_id
            )
            wizard.company_id = wizard.case_ids.company_id[:1]
            wizard.free_count = len(free)
            wizard.amount_due = sum(free.mapped("amount_due"))

    @api.depends("case_ids")
    def _compute_agency_id(self):
        """The agency that the segments propose, where they agree."""
        for wizard in self:
            proposed = wizard.case_ids.segment_id.agency_id
            wizard.agency_id = proposed if len(proposed) == 1 else False

    def action_prepare(self):
        """A draft list with the open cases that no agency has yet."""
        self.ensure_one()
        if len(self.case_ids.company_id) > 1:
            raise UserError(self.env._("Choose cases of one company."))
        if not self.free_count:
            raise UserError(
                self.env._("None of these cases is open and without an agency.")
            )
        placement = self.env["toll.collection.placement"].create(
            {
                "agency_id": self.agency_id.id,
                "company_id": self.company_id.id,
                "note": self.reason,
            }
        )
        placement._add_cases(self.case_ids)
        return placement._get_records_action()
