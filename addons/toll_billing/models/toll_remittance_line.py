from odoo import api, fields, models
from odoo.exceptions import UserError

from ..queries import remittance as queries


class TollRemittanceLine(models.Model):
    """A remittance in detail; final once it is confirmed.

    A correction is a new line of the period that it corrects, in a later remittance:
    the sum over a period is always what it came to in the end.
    """

    _name = "toll.remittance.line"
    _description = "Remittance Line"
    _order = "date_from desc, remittance_id, id"
    _rec_name = "concept"

    remittance_id = fields.Many2one(
        "toll.remittance", required=True, readonly=True, index=True, ondelete="restrict"
    )
    agreement_id = fields.Many2one(
        related="remittance_id.agreement_id", store=True, index=True, precompute=True
    )
    operator_id = fields.Many2one(related="agreement_id.operator_id")
    company_id = fields.Many2one(
        related="remittance_id.company_id", store=True, index=True, precompute=True
    )
    currency_id = fields.Many2one(
        related="remittance_id.currency_id", store=True, precompute=True
    )
    concept = fields.Selection(
        [
            ("usage", "Crossings"),
            ("volume", "Volume Discounts"),
            ("credit", "Credit Notes"),
            ("fee", "Fee"),
            ("guarantee", "Guarantee"),
        ],
        required=True,
        readonly=True,
    )
    date_from = fields.Date(string="Period from", required=True, readonly=True)
    date_to = fields.Date(string="Period to", required=True, readonly=True)
    is_adjustment = fields.Boolean(string="Adjustment", readonly=True)
    run_id = fields.Many2one("toll.billing.run", readonly=True, ondelete="restrict")
    correction_id = fields.Many2one(
        "toll.exemption.correction", readonly=True, ondelete="restrict"
    )
    service = fields.Char(string="Service Code", readonly=True)
    plaza_id = fields.Many2one("toll.plaza", readonly=True, ondelete="restrict")
    class_id = fields.Many2one("toll.vehicle.class", readonly=True, ondelete="restrict")
    crossings = fields.Integer(readonly=True)
    amount_gross = fields.Monetary(string="Gross", readonly=True)
    amount_discount = fields.Monetary(string="Discounts at the Crossing", readonly=True)
    amount_volume = fields.Monetary(string="Volume Discounts", readonly=True)
    amount_borne = fields.Monetary(string="Borne by Us", readonly=True)
    amount = fields.Monetary(
        readonly=True, help="What it adds to what the operator gets."
    )
    is_final = fields.Boolean(readonly=True, default=False)

    _booked_idx = models.Index("(agreement_id, date_from) WHERE is_final")

    def init(self):
        self.env.cr.execute(queries.guard_lines())

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise UserError(self.env._("Lines are computed by the remittance."))
        return super().create(vals_list)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_provisional(self):
        if any(line.is_final for line in self):
            raise UserError(self.env._("A confirmed remittance stays as it is."))
