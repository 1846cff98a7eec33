from odoo import api, fields, models
from odoo.exceptions import UserError


class TollPeriodDocument(models.AbstractModel):
    """A period of a contract: computed as often as needed, reviewed, made final.

    The contract has a ``code`` and says which period holds a day (``_get_period``).
    """

    _name = "toll.period.document"
    _description = "Document of a Period"
    _inherit = ["toll.guarded", "mail.thread", "mail.activity.mixin"]
    #: The field that names the contract.
    _contract = None

    name = fields.Char(compute="_compute_name", store=True)
    day = fields.Date(
        string="Any Day of the Period",
        required=True,
        default=fields.Date.context_today,
        copy=False,
    )
    date_from = fields.Date(
        string="From", compute="_compute_period", store=True, precompute=True
    )
    date_to = fields.Date(
        string="To", compute="_compute_period", store=True, precompute=True
    )
    computed_at = fields.Datetime(readonly=True, copy=False)

    @api.depends(lambda self: [self._contract, "day"] if self._contract else [])
    def _compute_period(self):
        for record in self:
            contract = record[self._contract]
            if contract and record.day:
                record.date_from, record.date_to = contract._get_period(record.day)

    @api.depends(
        lambda self: [f"{self._contract}.code", "date_from"] if self._contract else []
    )
    def _compute_name(self):
        for record in self:
            record.name = f"{record[self._contract].code} {record.date_from or ''}"

    def write(self, vals):
        if vals.keys() & {self._contract, "day"} and self.filtered("computed_at"):
            raise UserError(self.env._("A computed period stays where it is."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_draft(self):
        if any(record.state != "draft" for record in self):
            raise UserError(self.env._("Only drafts can be deleted."))
