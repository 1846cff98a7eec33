from odoo import api, fields, models
from odoo.exceptions import UserError


class TollCashDrop(models.Model):
    """Money that goes from an open till into the safe, in a bag with a number."""

    _name = "toll.cash.drop"
    _description = "Safe Drop"
    _inherit = ["toll.guarded"]
    _order = "dropped_at desc, id desc"
    _rec_name = "bag"
    _guarded = frozenset({"is_cancelled", "dropped_at", "user_id"})

    session_id = fields.Many2one(
        "toll.cash.session", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        related="session_id.company_id", store=True, precompute=True
    )
    currency_id = fields.Many2one(related="session_id.currency_id")
    bag = fields.Char(string="Bag Number", required=True)
    amount = fields.Monetary(required=True)
    witness_id = fields.Many2one(
        "res.users",
        domain="[('share', '=', False), ('id', '!=', uid)]",
        ondelete="restrict",
        help="Who was there when the bag was closed.",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Agent",
        required=True,
        readonly=True,
        default=lambda self: self.env.user,
        ondelete="restrict",
    )
    dropped_at = fields.Datetime(
        string="Time", required=True, readonly=True, default=fields.Datetime.now
    )
    is_cancelled = fields.Boolean(string="Cancelled", readonly=True, copy=False)

    _amount_positive = models.Constraint(
        "CHECK (amount > 0)", "What goes into the safe is more than zero."
    )
    _bag_uniq = models.UniqueIndex(
        "(company_id, bag) WHERE NOT COALESCE(is_cancelled, false)",
        "Another bag in the safe has this number already.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        drops = super().create(vals_list)
        for drop in drops:
            drop._take_out()
        return drops

    def write(self, vals):
        if not self.env.su:
            raise UserError(
                self.env._("A drop does not change: cancel it and make another one.")
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A drop is kept: cancel it."))

    def _take_out(self):
        """The session is open, is one's own, and has as much cash."""
        self.ensure_one()
        session = self.session_id
        session.check_access("write")
        session._hold()
        if self.witness_id == session.user_id:
            raise UserError(self.env._("The witness is somebody else than the agent."))
        if self.currency_id.compare_amounts(session.amount_expected, 0) < 0:
            raise UserError(
                self.env._(
                    "There are %s in the till: no more can go into the safe.",
                    self.currency_id.format(session.amount_expected + self.amount),
                )
            )
        session._message_log(
            body=self.env._(
                "%(amount)s into the safe, bag %(bag)s.",
                amount=self.currency_id.format(self.amount),
                bag=self.bag,
            )
        )

    def action_cancel(self):
        """The bag was opened again: its money is back in the drawer."""
        self.check_access("write")
        for drop in self.filtered(lambda drop: not drop.is_cancelled):
            drop.session_id._hold()
            drop.sudo().is_cancelled = True  # guarded; the right is checked
            drop.flush_recordset(["is_cancelled"])  # the bag's number is free
            drop.session_id._message_log(
                body=self.env._(
                    "Bag %(bag)s was taken back: %(amount)s.",
                    bag=drop.bag,
                    amount=drop.currency_id.format(drop.amount),
                )
            )
