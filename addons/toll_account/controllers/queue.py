"""The kiosk and the waiting room's screen of an office, known by its key."""

from odoo.exceptions import UserError
from odoo.http import request, route

from .public import TollPublic
from .public_page import public_route

#: Tickets that one kiosk may give in an hour: more is no queue of people.
TICKETS_PER_HOUR = 400


class TollQueue(TollPublic):
    def _toll_queue_office(self, key):
        office_sudo = request.env["toll.office"]._find_by_queue_key(key)
        if not office_sudo:
            raise request.not_found()
        return office_sudo

    @public_route("/toll/queue/<string:key>", methods=("GET", "POST"))
    def public_toll_queue(self, key, **post):
        """Choose a service, get a number."""
        office_sudo = self._toll_queue_office(key)
        error = ticket = None
        if request.httprequest.method == "POST":
            visits_sudo = self._toll_visits()
            kiosk = [f"kiosk {office_sudo.id}"]
            if not visits_sudo._is_allowed("ticket", kiosk, TICKETS_PER_HOUR, 3600):
                return self._toll_too_many()
            try:
                ticket = self._toll_take_ticket(office_sudo, post)
            except UserError as problem:
                error = str(problem.args[0])
        values = {
            "office": office_sudo,
            "services": office_sudo._queue_services(),
            "error": error,
            "ticket": ticket,
            "url": f"/toll/queue/{key}",
            "lang": request.lang.code.replace("_", "-"),
        }
        template = "queue_ticket" if ticket else "queue_kiosk"
        return request.render(f"toll_account.{template}", values)

    def _toll_take_ticket(self, office_sudo, post):
        services_sudo = request.env["toll.queue.service"].sudo()
        service_id = self._toll_queue_int(post.get("service"))
        service = services_sudo.browse(service_id).exists()
        # a stranger may take a ticket and do nothing else with it
        tickets_sudo = request.env["toll.queue.ticket"].sudo()
        return tickets_sudo._take(
            office_sudo,
            service,
            (post.get("number") or "")[:40],
            bool(post.get("priority")),
        )

    def _toll_queue_int(self, text):
        text = (text or "").strip()
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0

    @public_route("/toll/queue/<string:key>/screen")
    def public_toll_queue_screen(self, key, **kw):
        """Who is called where; the page asks for news by itself."""
        office_sudo = self._toll_queue_office(key)
        values = {
            "office": office_sudo,
            "url": f"/toll/queue/{key}/calls",
            "lang": request.lang.code.replace("_", "-"),
        }
        return request.render("toll_account.queue_screen", values)

    @route(
        "/toll/queue/<string:key>/calls",
        type="http",
        auth="public",
        methods=["GET"],
        readonly=True,
        save_session=False,
    )
    def public_toll_queue_calls(self, key, **kw):
        office_sudo = self._toll_queue_office(key)
        # the screen shows numbers and desks, nothing of anybody
        tickets_sudo = request.env["toll.queue.ticket"].sudo()
        return request.make_json_response(
            {"calls": tickets_sudo._get_calls(office_sudo)},
            headers=[("Cache-Control", "no-store")],
        )
