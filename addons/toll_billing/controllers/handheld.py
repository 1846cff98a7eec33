"""HTTP interface for hand-held devices; see docs/handheld.md."""

import time

import werkzeug.exceptions

from odoo import SUPERUSER_ID
from odoo.http import Controller, request, route

from odoo.addons.toll_account.controllers.device_door import DeviceDoor, device_route
from odoo.addons.toll_account.core.throttle import Throttle

from ..core import handheld as core

# Per process and address: codes also die of wrong tries, on whatever process.
ENROLMENTS = Throttle(20, 60)
MAX_BYTES = 512 * 1024

handheld_route = device_route("toll_handheld", MAX_BYTES)


class TollHandheldController(DeviceDoor, Controller):
    """One method of `toll.handheld` per route."""

    _max_bytes = MAX_BYTES
    _only_json = True
    _paths = ("enrol", "hello", "sync", "check", "list")

    @handheld_route("/toll/handheld/api/enrol", auth="none")
    def enrol(self, **_query):
        """A key for a code that is right."""
        if not ENROLMENTS.allow(request.httprequest.remote_addr, time.monotonic()):
            raise werkzeug.exceptions.TooManyRequests(
                "Too many tries from this address.", retry_after=60
            )
        body = self._get_body()
        request.update_env(user=SUPERUSER_ID)  # nobody yet; the code says who
        found = request.env["toll.handheld"]._enrol(
            body.get("code"), str(body.get("app") or "")
        )
        if not found:
            # answered, not raised: a wrong try must stay counted
            error = {
                "code": "wrong_code",
                "message": "This code is wrong, used or too old. Ask for a new one.",
            }
            return request.make_json_response({"error": error}, status=403)
        handheld, key = found
        return self._answer({"key": key, **self._prepare_hello(handheld)})

    @handheld_route("/toll/handheld/api/hello")
    def hello(self, **_query):
        """What the device needs to work alone."""
        body, handheld = self._get_body(), self._handheld()
        handheld._set_seen(
            app_version=str(body.get("app") or "")[:32],
            queue_length=core.count(body.get("queue")),
        )
        return self._answer(self._prepare_hello(handheld))

    @handheld_route("/toll/handheld/api/sync")
    def sync(self, **_query):
        """The fate of each row."""
        message = core.parse_sync(self._get_body())
        return self._answer(self._now() | self._handheld()._sync(message))

    @handheld_route("/toll/handheld/api/check")
    def check(self, **_query):
        """What to do with a TAG or plate."""
        try:
            check = core.parse_check(self._get_body())
        except core.RowFault as fault:
            message = f"“{fault.name}” is not valid."
            raise core.HandheldError("bad_value", message) from fault
        return self._answer(self._handheld()._check_now(check))

    @handheld_route("/toll/handheld/api/list")
    def tag_list(self, **_query):
        """The states of all TAGs and plates, without names; or what has changed."""
        body = self._get_body()
        return request.make_response(
            self._handheld()._make_list(
                core.count(body.get("version")), str(body.get("epoch") or "")
            ),
            headers=[
                ("Content-Type", "application/octet-stream"),
                ("Cache-Control", "no-store"),
            ],
        )

    def _prepare_hello(self, handheld):
        return {**self._now(), "settings": handheld._prepare_settings()}

    def _now(self):
        """The server's clock, in milliseconds as devices count."""
        return {"now": round(time.time() * 1000)}

    def _handheld(self):
        return self._device("toll.handheld")

    @route(
        ["/toll/handheld/api", "/toll/handheld/api/<path:subpath>"],
        type="toll_handheld",
        auth="none",
        csrf=False,
        save_session=False,
    )
    def unknown_path(self, subpath=None, **_query):
        self._refuse_path(subpath)
