from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, LockError, UserError

from ..queries import queue_ticket as queries

DESK_GROUPS = "toll_account.group_toll_agent,toll_account.group_toll_billing"
STATES = [
    ("waiting", "Waiting"),
    ("called", "Called"),
    ("serving", "At the Desk"),
    ("done", "Done"),
    ("no_show", "Did not Come"),
]
SHOWN = 6
#: How long a called number stands on the screen.
ON_SCREEN = timedelta(minutes=10)


class TollQueueTicket(models.Model):
    """A number for the counter, from the kiosk to the end of the talk."""

    _name = "toll.queue.ticket"
    _description = "Queue Ticket"
    _inherit = ["toll.guarded"]
    _order = "taken_at desc, id desc"
    _guarded = frozenset(
        {
            "state",
            "number",
            "name",
            "day",
            "taken_at",
            "rank_at",
            "called_at",
            "started_at",
            "ended_at",
            "call_count",
            "user_id",
            "desk",
        }
    )

    name = fields.Char(string="Ticket", required=True, readonly=True)
    number = fields.Integer(required=True, readonly=True, aggregator=None)
    day = fields.Date(required=True, readonly=True)
    office_id = fields.Many2one(
        "toll.office", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        related="office_id.company_id", store=True, index=True, precompute=True
    )
    service_id = fields.Many2one(
        "toll.queue.service", required=True, readonly=True, ondelete="restrict"
    )
    is_priority = fields.Boolean(string="Priority", readonly=True)
    account_id = fields.Many2one(
        "toll.account",
        index="btree_not_null",
        ondelete="restrict",
        help="Known where the customer gave a number at the kiosk.",
    )
    state = fields.Selection(STATES, required=True, readonly=True, default="waiting")
    taken_at = fields.Datetime(required=True, readonly=True)
    hour = fields.Integer(
        readonly=True,
        aggregator=None,
        help="Hour of the day, at the office, in which it was taken.",
    )
    rank_at = fields.Datetime(
        required=True, readonly=True, help="When it was taken, less its head start."
    )
    called_at = fields.Datetime(string="First Called", readonly=True)
    last_called_at = fields.Datetime(readonly=True)
    call_count = fields.Integer(string="Calls", readonly=True, aggregator=None)
    started_at = fields.Datetime(readonly=True)
    ended_at = fields.Datetime(readonly=True)
    user_id = fields.Many2one(
        "res.users", string="Agent", readonly=True, index=True, ondelete="restrict"
    )
    desk = fields.Char(readonly=True)
    wait_minutes = fields.Float(
        string="Minutes Waited",
        compute="_compute_minutes",
        store=True,
        aggregator="avg",
    )
    service_minutes = fields.Float(
        string="Minutes at the Desk",
        compute="_compute_minutes",
        store=True,
        aggregator="avg",
    )

    _number_uniq = models.Constraint(
        "UNIQUE (office_id, day, number)", "The office has given this number today."
    )
    _waiting_idx = models.Index("(office_id, day, rank_at, id) WHERE state = 'waiting'")
    _one_at_a_desk = models.UniqueIndex(
        "(user_id) WHERE state IN ('called', 'serving')",
        "An agent has one customer at a time.",
    )

    def init(self):
        self.env.cr.execute(queries.create_counter())

    @api.depends("taken_at", "called_at", "started_at", "ended_at", "state")
    def _compute_minutes(self):
        def minutes(start, end):
            return (end - start).total_seconds() / 60 if start and end else 0

        for ticket in self:
            ticket.wait_minutes = minutes(ticket.taken_at, ticket.called_at)
            ticket.service_minutes = minutes(ticket.started_at, ticket.ended_at)

    # === TAKING === #
    @api.model
    def _take(
        self,
        office,
        service,
        text="",
        is_priority=False,
        taken_at=None,
        has_appointment=False,
    ):
        """A new ticket; whoever calls has checked that one may be taken here."""
        if service not in office._queue_services():
            raise UserError(self.env._("The office does not have this service."))
        day = office._queue_today()
        now = taken_at or fields.Datetime.now()
        # numbers are given to everybody who comes
        self_sudo = self.sudo()
        number = self.env.execute_query(queries.next_number(office.id, day))[0][0]
        account = self_sudo._find_account(office, text)
        expected = self_sudo.env["toll.appointment"]
        if account and not has_appointment:
            expected = expected._find_expected(office, account)
            is_priority = is_priority or bool(expected)
        start = max(service.head_start, office.queue_head_start if is_priority else 0)
        ticket = self_sudo.create(
            {
                "name": f"{service.letter}-{number:03d}",
                "number": number,
                "day": day,
                "office_id": office.id,
                "service_id": service.id,
                "is_priority": is_priority,
                "account_id": account.id,
                "taken_at": now,
                "hour": office._queue_local(now).hour,
                "rank_at": now - timedelta(minutes=start),
            }
        )
        if expected:
            expected._arrive(ticket)
        return ticket

    @api.model
    def _find_account(self, office, text):
        """The account that a number, a TAG or a plate names; nothing is shown of it."""
        text = (text or "").strip()[:40]
        accounts = self.env["toll.account"]
        if len(text) < 4:
            return accounts
        found = accounts.search(
            [
                ("number", "=", "".join(text.split())),
                ("company_id", "=", office.company_id.id),
            ]
        )
        if not found:
            found, _name = accounts._find_public(text)
        return found.filtered(lambda a: a.company_id == office.company_id)

    def _get_before(self):
        """How many wait in front of it."""
        self.ensure_one()
        return self.search_count(
            [
                ("office_id", "=", self.office_id.id),
                ("day", "=", self.day),
                ("state", "=", "waiting"),
                ("rank_at", "<=", self.rank_at),
                ("id", "!=", self.id),
            ]
        )

    # === THE DESK === #
    @api.model
    def _check_desk_role(self):
        if not self.env.su and not self.env.user.has_groups(DESK_GROUPS):
            raise AccessError(self.env._("Tickets are called by the front office."))

    @api.model
    def _check_desk(self):
        """The agent's office; raise for everybody who has no desk."""
        self._check_desk_role()
        user = self.env.user
        # the own office, desk and services, whatever may be read of users
        user_sudo = user.sudo()
        if not user_sudo.toll_office_id:
            raise UserError(
                self.env._("You have no office: a manager sets it on your user.")
            )
        return user_sudo

    @api.model
    def desk_state(self):
        """The own ticket, and how many wait; nothing for who has no office."""
        user = self.env.user
        if not user.has_groups(DESK_GROUPS) or not user.sudo().toll_office_id:
            return {}
        user_sudo = user.sudo()
        office = user_sudo.toll_office_id
        domain = [
            ("office_id", "=", office.id),
            ("day", "=", office._queue_today()),
            ("state", "=", "waiting"),
        ]
        services = user_sudo.toll_queue_service_ids
        if services:
            domain.append(("service_id", "in", services.ids))
        current = self._get_current()
        return {
            "office": office.name,
            "desk": user_sudo.toll_desk or "",
            "waiting": self.search_count(domain),
            "ticket": current._prepare_desk_vals() if current else False,
        }

    @api.model
    def _get_current(self):
        mine = [("user_id", "=", self.env.uid), ("state", "in", ("called", "serving"))]
        return self.search(mine, limit=1)

    def _prepare_desk_vals(self):
        states = dict(self._fields["state"]._description_selection(self.env))
        return {
            "id": self.id,
            "name": self.name,
            "service": self.service_id.name,
            "state": self.state,
            "state_label": states[self.state],
            "is_priority": self.is_priority,
            "calls": self.call_count,
            "account_id": self.account_id.id,
            "account": self.account_id.display_name or "",
        }

    @api.model
    def set_desk(self, desk):
        """Where this agent calls customers to."""
        user_sudo = self._check_desk()
        user_sudo.toll_desk = str(desk or "").strip()[:12]
        return self.desk_state()

    @api.model
    def call_next(self):
        """Call the next one of the own office and services: nobody else gets it."""
        user_sudo = self._check_desk()
        if self._get_current():
            raise UserError(
                self.env._("End with the customer you have called before the next one.")
            )
        if not user_sudo.toll_desk:
            raise UserError(self.env._("Write the name of your desk first."))
        office = user_sudo.toll_office_id
        self.flush_model()
        rows = self.env.execute_query(
            queries.take_next(
                office.id, office._queue_today(), user_sudo.toll_queue_service_ids.ids
            )
        )
        if rows:
            now = fields.Datetime.now()
            # guarded; the role is checked and the ticket is locked
            self.sudo().browse(rows[0][0]).write(
                {
                    "state": "called",
                    "called_at": now,
                    "last_called_at": now,
                    "call_count": 1,
                    "user_id": self.env.uid,
                    "desk": user_sudo.toll_desk,
                }
            )
        return self.desk_state()

    def _claim_own(self, *states):
        """The agent's own ticket, held until the end."""
        self.ensure_one()
        self._check_desk()
        self.check_access("read")
        try:
            self.lock_for_update()
        except LockError:
            raise UserError(self.env._("Please try again.")) from None
        self.invalidate_recordset()
        if self.user_id != self.env.user or self.state not in states:
            raise UserError(
                self.env._("Ticket %s is not at your desk any more.", self.name)
            )
        return self.sudo()  # guarded; role, owner and state are checked

    def call_again(self):
        ticket_sudo = self._claim_own("called")
        ticket_sudo.write(
            {
                "call_count": self.call_count + 1,
                "last_called_at": fields.Datetime.now(),
            }
        )
        return self.desk_state()

    def no_show(self):
        """The customer did not come."""
        self._claim_own("called").write(
            {"state": "no_show", "ended_at": fields.Datetime.now()}
        )
        return self.desk_state()

    def start(self):
        """The customer is at the desk."""
        self._claim_own("called").write(
            {"state": "serving", "started_at": fields.Datetime.now()}
        )
        return self.desk_state()

    def end(self):
        self._claim_own("serving").write(
            {"state": "done", "ended_at": fields.Datetime.now()}
        )
        return self.desk_state()

    # === THE SCREEN === #
    @api.model
    def _get_calls(self, office):
        """[{ticket, desk, calls}] of an office's screen, the last call first."""
        since = fields.Datetime.now() - ON_SCREEN
        tickets = self.search(
            [
                ("office_id", "=", office.id),
                ("day", "=", office._queue_today()),
                ("state", "in", ("called", "serving")),
                ("last_called_at", ">", since),
            ],
            order="last_called_at desc, id desc",
            limit=SHOWN,
        )
        return [
            {"ticket": t.name, "desk": t.desk or "", "calls": t.call_count}
            for t in tickets
        ]

    @api.model
    def _cron_end_of_day(self):
        """Whoever waits from an earlier day has gone home."""
        for office in self.env["toll.office"].search([("active", "=", True)]):
            left = self.search(
                [
                    ("office_id", "=", office.id),
                    ("day", "<", office._queue_today()),
                    ("state", "in", ("waiting", "called", "serving")),
                ]
            )
            served = left.filtered(lambda t: t.state == "serving")
            served.write({"state": "done"})
            (left - served).write({"state": "no_show"})
