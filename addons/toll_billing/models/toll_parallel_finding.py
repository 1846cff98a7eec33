from odoo import api, fields, models
from odoo.exceptions import UserError

from .toll_handheld_capture import CrossingRef

KINDS = [
    ("amount", "Amount differs"),
    ("balance", "Balance differs"),
    ("account", "Account differs"),
    ("theirs", "Only theirs"),
    ("ours", "Only ours"),
    ("repeated", "Repeated in the file"),
    ("bad", "Not understood"),
]
REASONS = [
    ("accepted", "Accepted"),
    ("our_error", "Our error"),
    ("their_error", "Their error"),
]


class TollParallelFinding(models.Model):
    """One difference between the other system and ours, and why it is there."""

    _name = "toll.parallel.finding"
    _description = "Difference of a Parallel Run"
    _order = "day, kind, id"
    _rec_name = "ref"

    run_id = fields.Many2one(
        "toll.parallel.run",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    currency_id = fields.Many2one("res.currency", readonly=True)
    kind = fields.Selection(KINDS, required=True, readonly=True)
    line = fields.Integer(string="File line", readonly=True, aggregator=None)
    day = fields.Date(readonly=True)
    operator_id = fields.Many2one("toll.operator", readonly=True, ondelete="restrict")
    ref = fields.Char(string="Reference", readonly=True)
    # no foreign key can point at a partitioned table
    crossing_id = CrossingRef("toll.crossing", readonly=True, ondelete=None)
    crossing_state = fields.Selection(
        related="crossing_id.state", string="Fate of the Crossing"
    )
    account_id = fields.Many2one("toll.account", readonly=True, ondelete="restrict")
    their_account = fields.Char(readonly=True)
    plaza_id = fields.Many2one("toll.plaza", readonly=True, ondelete="restrict")
    class_id = fields.Many2one("toll.vehicle.class", readonly=True, ondelete="restrict")
    amount_theirs = fields.Monetary(string="Theirs", readonly=True)
    amount_ours = fields.Monetary(string="Ours", readonly=True)
    amount_difference = fields.Monetary(
        string="Difference", readonly=True, help="Ours less theirs."
    )
    balance_theirs = fields.Monetary(string="Their Balance", readonly=True)
    balance_ours = fields.Monetary(string="Our Balance", readonly=True)
    detail = fields.Char(readonly=True, help="What could not be understood.")
    reason = fields.Selection(REASONS, readonly=True)
    note = fields.Char(readonly=True)
    decided_by_id = fields.Many2one("res.users", readonly=True)
    decided_at = fields.Datetime(readonly=True)

    @api.model_create_multi
    def create(self, vals_list):  # pylint: disable=method-required-super
        raise UserError(self.env._("Differences are found by a comparison."))

    def action_open_crossing(self):
        """The crossing, and why it costs what it costs."""
        self.ensure_one()
        self.check_access("read")
        if not self.crossing_id:
            raise UserError(self.env._("We have no crossing of this reference."))
        return self.crossing_id._get_records_action()

    def action_open_account(self):
        self.ensure_one()
        self.check_access("read")
        if not self.account_id:
            raise UserError(self.env._("We have no account of this number."))
        return self.account_id._get_records_action()


class TollParallelResult(models.Model):
    """Rows of a comparison by day and fate: how both systems come together."""

    _name = "toll.parallel.result"
    _description = "Compared Result"
    _order = "day desc, kind, id"
    _rec_name = "kind"
    _log_access = False

    run_id = fields.Many2one(
        "toll.parallel.run",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    currency_id = fields.Many2one("res.currency", readonly=True)
    day = fields.Date(readonly=True)
    kind = fields.Selection([("equal", "Equal"), *KINDS], required=True, readonly=True)
    quantity = fields.Integer(string="Rows", readonly=True)
    amount_theirs = fields.Monetary(string="Theirs", readonly=True)
    amount_ours = fields.Monetary(string="Ours", readonly=True)
    amount_difference = fields.Monetary(string="Difference", readonly=True)

    @api.model_create_multi
    def create(self, vals_list):  # pylint: disable=method-required-super
        raise UserError(self.env._("Results are counted by a comparison."))
