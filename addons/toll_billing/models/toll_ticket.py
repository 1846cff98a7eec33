from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..core.ticket_file import folio_key
from ..queries import ticket as queries

#: One invoice holds so many single tickets.
MAX_TICKETS = 20


class TollTicket(models.Model):
    """A paper ticket of somebody who paid in a lane: it can be invoiced once.

    Written set-based by the files of the operators and by the invoices only.
    """

    _name = "toll.ticket"
    _description = "Lane Ticket"
    _inherit = ["mail.thread"]
    _order = "issued_at desc, id desc"
    _rec_name = "folio"
    _check_company_auto = True

    operator_id = fields.Many2one(
        "toll.operator", required=True, readonly=True, index=True, ondelete="restrict"
    )
    plaza_id = fields.Many2one(
        "toll.plaza", required=True, readonly=True, ondelete="restrict"
    )
    lane_id = fields.Many2one(
        "toll.lane", required=True, readonly=True, ondelete="restrict"
    )
    folio = fields.Char(required=True, readonly=True)
    folio_key = fields.Char(
        readonly=True, required=True, help="The folio without leading zeros."
    )
    issued_at = fields.Datetime(required=True, readonly=True)
    issued_on = fields.Date(
        string="Day",
        required=True,
        readonly=True,
        help="By the clock of the plaza, as it is printed on the ticket.",
    )
    class_id = fields.Many2one("toll.vehicle.class", readonly=True, ondelete="restrict")
    amount = fields.Monetary(
        required=True, readonly=True, help="What was paid in the lane, taxes included."
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    payment_kind = fields.Selection(
        [("cash", "Cash"), ("card", "Card")],
        required=True,
        readonly=True,
        default="cash",
    )
    state = fields.Selection(
        [("open", "Open"), ("invoiced", "Invoiced"), ("cancelled", "Cancelled")],
        required=True,
        readonly=True,
        default="open",
        tracking=True,
    )
    batch_id = fields.Many2one(
        "toll.ticket.batch",
        string="File",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    line = fields.Integer(readonly=True, aggregator=None)
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    move_id = fields.Many2one(
        "account.move",
        string="Invoice",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    is_global = fields.Boolean(
        string="On the Global Invoice",
        readonly=True,
        help="Nobody asked for it in time: it is on the invoice to the general public.",
    )
    invoice_key = fields.Char(
        readonly=True,
        help="What was asked for twice with the same key is one invoice.",
    )

    _lane_folio_day_uniq = models.Constraint(
        "UNIQUE (lane_id, folio, issued_on)",
        "This ticket is there already.",
    )
    _amount_positive = models.Constraint(
        "CHECK (amount > 0)", "The amount of a ticket is above zero."
    )
    _invoiced_has_invoice = models.Constraint(
        "CHECK ((state = 'invoiced') = (move_id IS NOT NULL))",
        "An invoiced ticket has its invoice, and no other ticket has one.",
    )
    _plaza_folio_idx = models.Index("(plaza_id, folio_key, issued_on)")
    _open_idx = models.Index("(company_id, plaza_id, issued_on) WHERE state = 'open'")

    # === CRUD === #
    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise UserError(self.env._("Tickets come by the files of the lanes."))
        return super().create(vals_list)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Tickets stay: cancel them instead."))

    # === ACTIONS === #
    def _check_role(self, group):
        if not self.env.su and not self.env.user.has_group(f"toll_account.{group}"):
            raise AccessError(self.env._("Your role does not allow this."))
        self.check_access("read")

    def _set_state(self, before, after, problem):
        self._check_role("group_toll_analyst")
        # written by the system only; the role was checked
        tickets_sudo = self.sudo()
        self.env.execute_query(queries.take(self.ids))
        tickets_sudo.invalidate_recordset(["state"])
        if tickets_sudo.filtered(lambda ticket: ticket.state != before):
            raise UserError(problem)
        tickets_sudo.write({"state": after})

    def action_cancel(self):
        """The lane took the ticket back: nobody can invoice it."""
        self._set_state(
            "open", "cancelled", self.env._("Only open tickets can be cancelled.")
        )
        return True

    def action_reopen(self):
        self._set_state(
            "cancelled", "open", self.env._("Only cancelled tickets can be reopened.")
        )
        return True

    # === WHAT PEOPLE ASK FOR === #
    @api.model
    def _get_oldest(self, company):
        """The first day whose tickets can still be invoiced: month + days."""
        today = company._toll_today() - timedelta(days=company.toll_ticket_days)
        return today + relativedelta(day=1)

    @api.model
    def _find_free(self, company, plaza_id, folio, day, amount):
        """The open ticket with all that stands on it, or none.

        In superuser mode, for people who have no account; a wrong word answers like
        a ticket that is invoiced, cancelled or too old.
        """
        tickets = self.search_fetch(
            [
                ("company_id", "=", company.id),
                ("plaza_id", "=", plaza_id or 0),
                ("folio_key", "=", folio_key(folio) or "-"),
                ("issued_on", "=", day or "1900-01-01"),
                ("amount", "=", float(amount or 0)),
                ("state", "=", "open"),
                ("issued_on", ">=", self._get_oldest(company)),
            ],
            ["folio", "amount", "state"],
            limit=2,
        )
        # two lanes may count alike: then the paper does not say which one it is
        return tickets if len(tickets) == 1 else tickets.browse()
