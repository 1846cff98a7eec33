from odoo import api, fields, models
from odoo.exceptions import UserError

from ..queries import concession as queries


class TollConcessionEntry(models.Model):
    """A concession's ledger: one line per period and concept.

    A correction is a new entry of the period that it corrects, made in a later run: the
    sum over a period is always what it came to in the end.
    """

    _name = "toll.concession.entry"
    _description = "Concession Ledger Entry"
    _order = "date_from desc, concession_id, id"
    _rec_name = "label"

    concession_id = fields.Many2one(
        "toll.concession", required=True, index=True, ondelete="restrict", readonly=True
    )
    company_id = fields.Many2one(
        related="concession_id.company_id", store=True, index=True, precompute=True
    )
    currency_id = fields.Many2one(
        related="concession_id.currency_id", store=True, precompute=True
    )
    run_id = fields.Many2one(
        "toll.canon.run", required=True, index=True, ondelete="restrict", readonly=True
    )
    date_from = fields.Date(string="Period from", required=True, readonly=True)
    date_to = fields.Date(string="Period to", required=True, readonly=True)
    concept = fields.Selection(
        [
            ("revenue", "Revenue"),
            ("exempt", "Exempt"),
            ("canon", "Canon"),
            ("paid", "Paid"),
        ],
        required=True,
        readonly=True,
    )
    label = fields.Char(
        compute="_compute_label", store=True, readonly=False, precompute=True
    )
    service = fields.Char(readonly=True)
    exempt_kind = fields.Selection(
        lambda self: self.env["toll.traffic.day"]._selection_of(
            "toll.exemption", "kind"
        ),
        string="Exempt as",
        readonly=True,
    )
    rule_id = fields.Many2one(
        "toll.concession.rule", index=True, ondelete="restrict", readonly=True
    )
    move_id = fields.Many2one(
        "account.move",
        string="Bill",
        index="btree_not_null",
        ondelete="restrict",
        readonly=True,
    )
    tax_rate = fields.Float(
        string="Tax (%)", digits=(16, 2), readonly=True, aggregator=None
    )
    quantity = fields.Integer(string="Crossings", readonly=True)
    amount_base = fields.Monetary(string="Net", readonly=True)
    amount_tax = fields.Monetary(string="Tax", readonly=True)
    amount_volume = fields.Monetary(
        string="Volume Discounts",
        readonly=True,
        help="Taken off the revenue: the share of these plazas.",
    )
    amount = fields.Monetary(
        readonly=True, help="With tax. Of exempt crossings: what they would have cost."
    )
    is_adjustment = fields.Boolean(
        string="Adjustment",
        readonly=True,
        help="Of a period that was closed before: crossings came late or were taken "
        "back.",
    )
    is_final = fields.Boolean(string="Closed", readonly=True, index=True)

    def init(self):
        self.env.cr.execute(queries.guard_entries())

    @api.depends("exempt_kind", "concept")
    def _compute_label(self):
        kinds = dict(self._fields["exempt_kind"]._description_selection(self.env))
        concepts = dict(self._fields["concept"]._description_selection(self.env))
        for entry in self:
            entry.label = (
                entry.label or kinds.get(entry.exempt_kind) or concepts[entry.concept]
            )

    def _prepare_copy(self):
        """What an entry is about, without its figures."""
        self.ensure_one()
        return {
            "label": self.label,
            "service": self.service,
            "exempt_kind": self.exempt_kind,
            "rule_id": self.rule_id.id,
            "tax_rate": self.tax_rate,
        }

    def write(self, vals):
        if any(self.mapped("is_final")):
            raise UserError(self.env._("The ledger of a concession is write-once."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_open(self):
        if any(self.mapped("is_final")):
            raise UserError(self.env._("The ledger of a concession is write-once."))
