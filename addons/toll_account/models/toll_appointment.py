from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from psycopg2.errors import ExclusionViolation

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import mute_logger

from ..core import appointments

DAYS_AHEAD = 30
#: Nobody books what begins in less than this.
LEAD = timedelta(hours=1)
#: Appointments that an account may have open at a time.
MOST = 3
#: Who comes this early or late comes for the appointment.
EARLY, LATE = timedelta(minutes=45), timedelta(minutes=60)


class TollAppointment(models.Model):
    """A customer's time at a desk of an office; no desk has two at once."""

    _name = "toll.appointment"
    _description = "Appointment"
    _inherit = ["toll.guarded", "mail.thread"]
    _order = "start_at desc, id desc"
    _rec_name = "start_at"
    _guarded = frozenset({"state", "ticket_id", "start_at", "end_at", "desk"})

    office_id = fields.Many2one(
        "toll.office", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        related="office_id.company_id", store=True, index=True, precompute=True
    )
    service_id = fields.Many2one(
        "toll.queue.service", required=True, readonly=True, ondelete="restrict"
    )
    account_id = fields.Many2one(
        "toll.account", required=True, readonly=True, index=True, ondelete="restrict"
    )
    partner_id = fields.Many2one(
        related="account_id.partner_id", store=True, index=True, string="Customer"
    )
    start_at = fields.Datetime(required=True, readonly=True, tracking=True)
    end_at = fields.Datetime(required=True, readonly=True)
    desk = fields.Integer(readonly=True, aggregator=None)
    state = fields.Selection(
        [
            ("booked", "Booked"),
            ("arrived", "Arrived"),
            ("missed", "Missed"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        readonly=True,
        default="booked",
        index=True,
        tracking=True,
    )
    ticket_id = fields.Many2one(
        "toll.queue.ticket", readonly=True, index="btree_not_null", ondelete="set null"
    )
    sequence = fields.Integer(readonly=True, aggregator=None)
    reminded_at = fields.Datetime(readonly=True)

    # one range per office and desk: minutes since 1970 on a scale of their own
    _one_per_desk = models.Constraint(
        "EXCLUDE USING gist (int8range("
        "((office_id::bigint * 100 + desk) << 32)"
        " + (extract(epoch FROM start_at) / 60)::bigint, "
        "((office_id::bigint * 100 + desk) << 32)"
        " + (extract(epoch FROM end_at) / 60)::bigint) WITH &&) "
        "WHERE (state IN ('booked', 'arrived'))",
        "This time has just been taken.",
    )
    _length_check = models.Constraint(
        "CHECK (start_at < end_at AND desk BETWEEN 0 AND 99)",
        "An appointment ends after it has begun.",
    )

    # === SLOTS === #
    @api.model
    def _get_slots(self, office, service, day):
        """{start (UTC): free desks} of a day; whoever asks may know the office."""
        # opening hours are for everybody who may book; bookings stay hidden
        office = office.sudo()
        today = office._queue_today()
        if not today <= day <= today + timedelta(days=DAYS_AHEAD):
            return {}
        closed = office.closure_ids.filtered(lambda c: c.date == day)
        if closed:
            return {}
        zone, length = ZoneInfo(office.tz), timedelta(minutes=service.minutes)
        earliest = fields.Datetime.now() + LEAD
        slots = {}
        for hours in office.hours_ids.filtered(
            lambda h: h.weekday == str(day.weekday())
        ):
            span = [(hours.hour_from, hours.hour_to)]
            for start in appointments.day_slots(day, span, service.minutes, zone):
                start = start.astimezone(UTC).replace(tzinfo=None)
                if start >= earliest:
                    slots[start] = list(range(hours.desks))
        if not slots:
            return {}
        taken = self.sudo().search(
            [
                ("office_id", "=", office.id),
                ("state", "in", ("booked", "arrived")),
                ("start_at", "<", max(slots) + length),
                ("end_at", ">", min(slots)),
            ]
        )
        for start, desks in slots.items():
            for other in taken:
                if other.start_at < start + length and other.end_at > start:
                    slots[start] = desks = [d for d in desks if d != other.desk]
        return {start: desks for start, desks in sorted(slots.items()) if desks}

    # === BOOKING === #
    @api.model
    def _book(self, account, office, service, start, moved=None):
        """A time for the account; ``moved`` is the appointment that it replaces.

        Whoever calls has checked that the account is the customer's.
        """
        if service.id not in office.sudo()._queue_services().ids:
            raise UserError(self.env._("The office does not have this service."))
        if office.sudo().company_id != account.company_id:
            raise UserError(self.env._("Please choose an office of your company."))
        day = office.sudo()._queue_local(start).date()
        free = self._get_slots(office, service, day).get(start, [])
        # customers write nothing; the account is theirs and the time is free
        self_sudo = self.sudo()
        mine = [("account_id", "=", account.id), ("state", "=", "booked")]
        mine += [("start_at", ">", fields.Datetime.now())]
        if not moved and self_sudo.search_count(mine) >= MOST:
            raise UserError(
                self.env._(
                    "You have %s appointments already: move or cancel one.", MOST
                )
            )
        values = {
            "start_at": start,
            "end_at": start + timedelta(minutes=service.minutes),
        }
        for desk in free:
            try:
                with self.env.cr.savepoint(), mute_logger("odoo.sql_db"):
                    if moved:
                        moved_sudo = moved.sudo()
                        moved_sudo.write(
                            {
                                **values,
                                "desk": desk,
                                "office_id": office.id,
                                "service_id": service.id,
                                "sequence": moved_sudo.sequence + 1,
                                "reminded_at": False,
                            }
                        )
                        record_sudo = moved_sudo
                    else:
                        record_sudo = self_sudo.create(
                            {
                                **values,
                                "desk": desk,
                                "office_id": office.id,
                                "service_id": service.id,
                                "account_id": account.id,
                            }
                        )
                    record_sudo.flush_recordset()
            except ExclusionViolation:
                continue
            record_sudo._send("mail_template_appointment")
            return record_sudo.sudo(False)
        raise UserError(
            self.env._("This time has just been taken: please choose another one.")
        )

    def _check_changeable(self):
        self.ensure_one()
        limit = timedelta(hours=self.sudo().office_id.appointment_limit_hours)
        if self.state != "booked" or self.start_at - limit < fields.Datetime.now():
            raise UserError(
                self.env._(
                    "This appointment cannot be changed any more: please call us."
                )
            )

    def _customer_cancel(self):
        """Cancelled by the customer, whose it is, until the limit."""
        self._check_changeable()
        self._cancel()

    def _cancel(self):
        record_sudo = self.sudo()  # guarded; whoever calls has checked
        record_sudo.write({"state": "cancelled", "sequence": self.sequence + 1})
        record_sudo._send("mail_template_appointment_cancelled")

    def action_cancel(self):
        """Cancelled by the office; the customer gets a message."""
        self.env["toll.queue.ticket"]._check_desk_role()
        self.check_access("read")
        for record in self:
            if record.state != "booked":
                raise UserError(self.env._("Only booked appointments are cancelled."))
            record._cancel()
        return True

    def action_arrive(self):
        """The customer is there: a ticket with priority."""
        self.env["toll.queue.ticket"]._check_desk_role()
        self.check_access("read")
        for record in self:
            if record.state not in ("booked", "missed"):
                raise UserError(self.env._("This appointment is not waited for."))
            record.sudo()._arrive()  # guarded; role and state are checked
        return True

    def _arrive(self, ticket=None):
        self.ensure_one()
        ticket = ticket or self.env["toll.queue.ticket"]._take(
            self.office_id,
            self.service_id,
            self.account_id.number,
            is_priority=True,
            has_appointment=True,
        )
        self.write({"state": "arrived", "ticket_id": ticket.id})
        return ticket

    @api.model
    def _find_expected(self, office, account):
        """The account's appointment of about now, or nothing."""
        now = fields.Datetime.now()
        return self.search(
            [
                ("office_id", "=", office.id),
                ("account_id", "=", account.id),
                ("state", "=", "booked"),
                ("start_at", ">", now - LATE),
                ("start_at", "<", now + EARLY),
            ],
            order="start_at",
            limit=1,
        )

    # === MESSAGES === #
    def _get_place(self):
        office = self.office_id.sudo()
        address = office.partner_id._display_address(without_company=True)
        return ", ".join(filter(None, [office.name, *address.split("\n")]))

    def _get_when(self):
        """Day and time by the office's clock, as people read it."""
        local = self.office_id.sudo()._queue_local(self.start_at)
        return f"{local:%Y-%m-%d %H:%M}"

    def _calendar_file(self):
        self.ensure_one()
        return appointments.calendar_file(
            f"toll-appointment-{self.id}@{self.env.cr.dbname}",
            self.start_at,
            self.end_at,
            self.service_id.sudo().name,
            self._get_place(),
            fields.Datetime.now(),
            self.sequence,
            self.state == "cancelled",
        ).encode()

    def _send(self, template):
        """An e-mail with the calendar file, in the customer's language."""
        self.ensure_one()
        if not self.partner_id.email:
            return
        attachment = self.env["ir.attachment"].create(
            {
                "name": "appointment.ics",
                "raw": self._calendar_file(),
                "mimetype": "text/calendar",
                "res_model": self._name,
                "res_id": self.id,
            }
        )
        self.env.ref(f"toll_account.{template}").send_mail(
            self.id, email_values={"attachment_ids": [(4, attachment.id)]}
        )

    @api.model
    def _cron_remind(self):
        """Tell customers the day before; who did not come was missed."""
        now = fields.Datetime.now()
        late = self.search([("state", "=", "booked"), ("end_at", "<", now - LATE)])
        late.write({"state": "missed"})
        soon = self.search(
            [
                ("state", "=", "booked"),
                ("reminded_at", "=", False),
                ("start_at", ">", now),
                ("start_at", "<", now + timedelta(hours=24)),
                # who booked today knows
                ("create_date", "<", now - timedelta(hours=12)),
            ]
        )
        for record in soon:
            record._send("mail_template_appointment_reminder")
            record.reminded_at = now


class TollOffice(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.office"

    hours_ids = fields.One2many("toll.office.hours", "office_id")
    closure_ids = fields.One2many("toll.office.closure", "office_id", string="Closed")
    appointment_limit_hours = fields.Integer(
        string="Changes until (Hours)",
        default=2,
        help="Customers move and cancel appointments until so long before.",
    )

    _appointment_limit_check = models.Constraint(
        "CHECK (appointment_limit_hours BETWEEN 0 AND 168)", "0 to 168 hours, please."
    )

    @api.model
    def _get_bookable(self, company):
        """Offices that give appointments; anybody may know where they are."""
        return self.sudo().search(
            [("hours_ids", "!=", False), ("company_id", "=", company.id)]
        )

    def _local_start(self, text):
        """The UTC start that a page has written as 2026-03-02T09:30, or nothing."""
        self.ensure_one()
        try:
            # the zone is the office's
            local = datetime.strptime(text or "", "%Y-%m-%dT%H:%M")  # noqa: DTZ007
            local = local.replace(tzinfo=ZoneInfo(self.sudo().tz)).astimezone(UTC)
        except (ValueError, OverflowError):
            return None
        return local.replace(tzinfo=None)

    def _next_bookable_day(self, service):
        """The first day with a free time, or today."""
        today = self._queue_today()
        for ahead in range(DAYS_AHEAD + 1):
            day = today + timedelta(days=ahead)
            if self.env["toll.appointment"]._get_slots(self, service, day):
                return day
        return today
