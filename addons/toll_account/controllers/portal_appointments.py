"""Appointments of customers: choose office, service and time; move, cancel."""

from datetime import date, timedelta

from odoo.exceptions import UserError
from odoo.http import content_disposition, request, route

from ..models.toll_appointment import DAYS_AHEAD
from .portal import TollPortal

URL = "/my/toll/appointments"


class TollAppointmentPortal(TollPortal):
    def _toll_own_appointment(self, appointment_id):
        found = self._toll_record(
            "toll.appointment", self._toll_int(appointment_id) or 0
        )
        # employees may read every appointment; here they have only their own
        return found.filtered(lambda a: a.account_id in self._toll_accounts())

    def _toll_appointment_values(self, accounts, query):
        """What the form shows: offices, services, days, free times."""
        offices_sudo = request.env["toll.office"]._get_bookable(
            accounts[:1].company_id or request.env.company
        )
        office = offices_sudo.filtered(
            lambda o: o.id == self._toll_int(query.get("office"))
        )
        office = office or offices_sudo[:1]
        services = (
            office._queue_services() if office else office.env["toll.queue.service"]
        )
        service = services.filtered(
            lambda s: s.id == self._toll_int(query.get("service"))
        )
        service = service or services[:1]
        slots, day = [], None
        if office and service:
            try:
                day = date.fromisoformat(query.get("day") or "")
            except ValueError:
                day = office._next_bookable_day(service)
            free = request.env["toll.appointment"]._get_slots(office, service, day)
            slots = [office._queue_local(start) for start in free]
        today = office._queue_today() if office else None
        return {
            "offices": offices_sudo,
            "office": office,
            "services": services,
            "service": service,
            "day": day,
            "slots": slots,
            "first_day": today,
            "last_day": today and today + timedelta(days=DAYS_AHEAD),
        }

    @route(URL, type="http", auth="user", website=True, methods=["GET"])
    def portal_my_toll_appointments(self, error=None, **query):
        return self._toll_appointment_page(query)

    def _toll_appointment_page(self, query, error=None):
        values = self._toll_layout_values("toll_appointments")
        accounts = values["toll_accounts"]
        if not accounts:
            return request.redirect("/my/toll")
        records = request.env["toll.appointment"].search(
            [("account_id", "in", accounts.ids)], limit=20
        )
        values.update(self._toll_appointment_values(accounts, query))
        values.update(
            records=records,
            error=error,
            move=self._toll_own_appointment(query.get("move")),
            account=self._toll_account(accounts, query.get("account")) or accounts[:1],
        )
        return request.render("toll_account.portal_my_toll_appointments", values)

    @route(f"{URL}/book", type="http", auth="user", website=True, methods=["POST"])
    def portal_my_toll_appointment_book(self, **post):
        try:
            self._toll_book(post)
        except UserError as problem:
            return self._toll_appointment_page(post, str(problem.args[0]))
        return request.redirect(f"{URL}#mine")

    def _toll_book(self, post):
        env = request.env
        accounts = self._toll_accounts()
        account = self._toll_account(accounts, post.get("account")) or accounts[:1]
        if not account:
            raise UserError(env._("You have no account yet."))
        values = self._toll_appointment_values(account, post)
        office, service = values["office"], values["service"]
        start = office and office._local_start(post.get("start"))
        if not start:
            raise UserError(env._("Please choose a time."))
        moved = None
        if post.get("move"):
            moved = self._toll_own_appointment(post["move"])
            if not moved:
                raise UserError(env._("We do not know this appointment."))
            moved._check_changeable()
            account = moved.account_id
        env["toll.appointment"]._book(account, office, service, start, moved)

    @route(
        f"{URL}/<int:appointment_id>/cancel",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
    )
    def portal_my_toll_appointment_cancel(self, appointment_id, **post):
        record = self._toll_own_appointment(appointment_id)
        if not record:
            raise request.not_found()
        try:
            record._customer_cancel()
        except UserError as problem:
            return self._toll_appointment_page({}, str(problem.args[0]))
        return request.redirect(f"{URL}#mine")

    @route(
        f"{URL}/<int:appointment_id>/ics",
        type="http",
        auth="user",
        website=True,
        methods=["GET"],
    )
    def portal_my_toll_appointment_ics(self, appointment_id, **query):
        record = self._toll_own_appointment(appointment_id)
        if not record:
            raise request.not_found()
        # the office's name and address stand in it, nothing of others
        return request.make_response(
            record.sudo()._calendar_file(),
            [
                ("Content-Type", "text/calendar; charset=utf-8"),
                ("Content-Disposition", content_disposition("appointment.ics")),
                ("X-Content-Type-Options", "nosniff"),
            ],
        )
