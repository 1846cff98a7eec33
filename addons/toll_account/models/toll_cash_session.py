from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..queries import cash_session as queries

SESSION_STATES = [
    ("open", "Open"),
    ("counting", "Counting"),
    ("closed", "Closed"),
    ("deposited", "Deposited"),
]


class TollCashSession(models.Model):
    _name = "toll.cash.session"
    _description = "Cash Session"
    _inherit = ["toll.guarded", "mail.thread", "mail.activity.mixin"]
    _order = "opened_at desc, id desc"
    _check_company_auto = True
    _guarded = frozenset(
        {
            "state",
            "opened_at",
            "closed_at",
            "closed_by_id",
            "difference_booked",
            "move_id",
            "deposit_id",
            "movement_count",
            "name",
            "journal_id",
            "company_id",
            "amount_counted",
            "amount_to_deposit",
            "amount_dropped",
        }
    )
    _number_sequence = "toll.cash.session"

    name = fields.Char(
        string="Number", required=True, readonly=True, copy=False, default="/"
    )
    office_id = fields.Many2one(
        "toll.office",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        default=lambda self: self.env.user.toll_office_id,
    )
    user_id = fields.Many2one(
        "res.users",
        string="Agent",
        required=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self.env.user,
    )
    company_id = fields.Many2one(
        related="office_id.company_id", store=True, index=True, precompute=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    journal_id = fields.Many2one(
        "account.journal",
        string="Till",
        compute="_compute_journal_id",
        store=True,
        precompute=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    state = fields.Selection(
        SESSION_STATES,
        required=True,
        readonly=True,
        default="open",
        copy=False,
        tracking=True,
        index=True,
    )
    opened_at = fields.Datetime(
        required=True, readonly=True, copy=False, default=fields.Datetime.now
    )
    closed_at = fields.Datetime(readonly=True, copy=False)
    closed_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    amount_opening = fields.Monetary(
        string="Opening Amount",
        default=lambda self: self._default_amount_opening(),
        tracking=True,
        help="Money in the drawer when the session begins.",
    )
    payment_ids = fields.One2many(
        "account.payment", "toll_session_id", string="Payments", readonly=True
    )
    movement_count = fields.Integer(string="Movements", readonly=True, copy=False)
    amount_cash = fields.Monetary(
        string="Cash", compute="_compute_amounts", compute_sudo=True
    )
    amount_card = fields.Monetary(
        string="Cards", compute="_compute_amounts", compute_sudo=True
    )
    amount_transfer = fields.Monetary(
        string="Transfers", compute="_compute_amounts", compute_sudo=True
    )
    amount_expected = fields.Monetary(
        string="Expected in the Till",
        compute="_compute_amounts",
        compute_sudo=True,
        help="Opening amount and cash taken, less what went back or into the safe.",
    )
    drop_ids = fields.One2many(
        "toll.cash.drop", "session_id", string="Safe Drops", readonly=True
    )
    amount_dropped = fields.Monetary(
        string="In the Safe", compute="_compute_amount_dropped", store=True
    )
    count_line_ids = fields.One2many("toll.cash.count.line", "session_id")
    amount_counted = fields.Monetary(
        string="Counted", compute="_compute_amount_counted", store=True
    )
    amount_difference = fields.Monetary(
        string="Difference", compute="_compute_amounts", compute_sudo=True
    )
    difference_booked = fields.Monetary(
        string="Booked Difference", readonly=True, copy=False
    )
    difference_reason = fields.Char(copy=False, tracking=True)
    amount_left = fields.Monetary(
        string="Left in the Till",
        copy=False,
        help="Small change that stays in the drawer for the next session.",
    )
    amount_to_deposit = fields.Monetary(
        string="To Deposit", compute="_compute_amount_to_deposit", store=True
    )
    move_id = fields.Many2one(
        "account.move", string="Difference Entry", readonly=True, copy=False
    )
    deposit_id = fields.Many2one(
        "toll.cash.deposit", readonly=True, copy=False, index="btree_not_null"
    )

    _open_uniq = models.UniqueIndex(
        "(user_id, journal_id) WHERE state IN ('open', 'counting')",
        "This agent has an open session in this till already: go on with it, or count "
        "and close it first.",
    )
    _opening_positive = models.Constraint(
        "CHECK (amount_opening >= 0)", "The opening amount cannot be negative."
    )
    _left_positive = models.Constraint(
        "CHECK (amount_left >= 0)", "What stays in the till cannot be negative."
    )

    @api.model
    def _default_amount_opening(self):
        """What the agent left in the drawer the last time."""
        last = self.search(
            [
                ("user_id", "=", self.env.uid),
                ("office_id", "=", self.env.user.toll_office_id.id),
                ("state", "in", ("closed", "deposited")),
            ],
            limit=1,
        )
        return last.amount_left

    # Computes

    @api.depends("office_id")
    def _compute_journal_id(self):
        for session in self:
            office = session.office_id.sudo()
            session.journal_id = (
                office.cash_journal_id
                or office.company_id._toll_get_topup_journal("cash")
                if office
                else False
            )

    @api.depends("drop_ids.amount", "drop_ids.is_cancelled")
    def _compute_amount_dropped(self):
        for session in self:
            kept = session.drop_ids.filtered(lambda drop: not drop.is_cancelled)
            session.amount_dropped = sum(kept.mapped("amount"))

    @api.depends(
        "payment_ids",
        "amount_opening",
        "amount_dropped",
        "amount_counted",
        "movement_count",
    )
    def _compute_amounts(self):
        totals = {}
        rows = self.env["account.payment"]._read_group(
            [("toll_session_id", "in", self.ids)],
            ["toll_session_id", "toll_method", "payment_type"],
            ["amount:sum"],
        )
        for session, method, kind, amount in rows:
            key = (session.id, method)
            signed = amount if kind == "inbound" else -amount
            totals[key] = totals.get(key, 0) + signed
        for session in self:
            key = session._origin.id
            session.amount_cash = totals.get((key, "cash"), 0)
            session.amount_card = totals.get((key, "card"), 0)
            session.amount_transfer = totals.get((key, "transfer"), 0)
            session.amount_expected = (
                session.amount_opening + session.amount_cash - session.amount_dropped
            )
            session.amount_difference = session.amount_counted - session.amount_expected

    @api.depends("count_line_ids.amount")
    def _compute_amount_counted(self):
        for session in self:
            session.amount_counted = sum(session.count_line_ids.mapped("amount"))

    @api.depends("amount_counted", "amount_left", "amount_dropped")
    def _compute_amount_to_deposit(self):
        for session in self:
            in_drawer = session.amount_counted - session.amount_left
            session.amount_to_deposit = in_drawer + session.amount_dropped

    @api.constrains("office_id", "user_id")
    def _check_office(self):
        for session in self:
            if session.user_id.sudo().toll_office_id != session.office_id:
                raise ValidationError(
                    self.env._(
                        "%(agent)s does not work in %(office)s: set the person's "
                        "office first.",
                        agent=session.user_id.name,
                        office=session.office_id.name,
                    )
                )

    # CRUD

    @api.model_create_multi
    def create(self, vals_list):
        sessions = super().create(vals_list)
        for session in sessions:
            if not session.journal_id:
                raise UserError(
                    self.env._(
                        "Choose the till of %(office)s first: a cash journal.",
                        office=session.office_id.name,
                    )
                )
        # the journal's set-up, whatever the agent may do with journals
        sessions.sudo().journal_id._toll_make_till()
        return sessions

    def write(self, vals):
        if {"amount_opening", "office_id", "user_id"} & vals.keys():
            for session in self:
                if session.movement_count or session.state != "open":
                    raise UserError(
                        self.env._(
                            "Session %(number)s has begun: what was in the till at "
                            "its opening does not change any more.",
                            number=session.name,
                        )
                    )
        if {"amount_left", "difference_reason"} & vals.keys() and not self.env.su:
            self._check_state("counting")
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if self.filtered(lambda s: s.movement_count or s.state != "open"):
            raise UserError(
                self.env._("A session with movements is kept: count and close it.")
            )

    # Business

    @api.model
    def _claim(self, user, office):
        """The open session of this person, held until the money is in it."""
        self.flush_model(["user_id", "office_id", "state", "movement_count"])
        rows = self.env.execute_query(queries.claim_session(user.id, office.id))
        # the session of whoever takes the money is part of taking it
        session = self.sudo().browse(row[0] for row in rows)
        session.invalidate_recordset(["movement_count"], flush=False)
        session.modified(["movement_count"])
        return session

    def _hold(self):
        """Count a movement of this open session; closing it waits or starts again."""
        self.ensure_one()
        self.flush_model(["state", "movement_count"])
        if not self.env.execute_query(queries.hold_session(self.id)):
            self.invalidate_recordset(["state"], flush=False)
            self._check_state("open")
        self.invalidate_recordset(["movement_count"], flush=False)
        self.modified(["movement_count"])
