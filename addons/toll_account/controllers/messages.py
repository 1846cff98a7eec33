"""What providers of messages report: delivered, or not."""

import hmac
import json
import time

import werkzeug.exceptions

from odoo import SUPERUSER_ID, api
from odoo.http import Controller, request, route

from ..core import gateway as core
from ..core.throttle import Throttle

#: Per process and address: to slow down who guesses signatures.
FORGED = Throttle(20, 60)
#: Per process and gateway: to stop a provider that runs wild.
REPORTS = Throttle(1200, 60)
MAX_REPORTS = 500


class TollMessages(Controller):
    def _toll_gateway(self, gateway_id):
        # a machine without a user; what it may do is what stands below
        env = api.Environment(request.env.cr, SUPERUSER_ID, {})
        gateway = env["toll.gateway"].search([("id", "=", gateway_id)])
        return gateway.with_context(lang=gateway.company_id.partner_id.lang)

    def _toll_refuse(self):
        """Unknown gateways and wrong signatures get the same answer."""
        if not FORGED.allow(request.httprequest.remote_addr, time.monotonic()):
            raise werkzeug.exceptions.TooManyRequests(retry_after=60)
        raise werkzeug.exceptions.Forbidden()

    @route(
        "/toll/messages/<int:gateway_id>",
        type="http",
        auth="none",
        methods=["POST"],
        csrf=False,
        save_session=False,
        readonly=False,
    )
    def toll_message_reports(self, gateway_id):
        if (request.httprequest.content_length or 0) > core.MAX_ANSWER:
            raise werkzeug.exceptions.RequestEntityTooLarge()
        gateway = self._toll_gateway(gateway_id)
        body = request.httprequest.get_data(cache=True)
        header = gateway.signature_header if gateway else ""
        signature = header and request.httprequest.headers.get(header, "")
        if not gateway.callback_key or not core.is_signed(
            gateway.callback_key, body, signature
        ):
            return self._toll_refuse()
        if not REPORTS.allow(gateway.id, time.monotonic()):
            raise werkzeug.exceptions.TooManyRequests(retry_after=60)
        try:
            report = json.loads(body)
        except ValueError:
            raise werkzeug.exceptions.BadRequest() from None
        reports = list(core.find(report, gateway.callback_list_path))[:MAX_REPORTS]
        for row in reports:
            number = core.first_text(row, gateway.callback_id_path)
            if number:
                gateway.env["toll.message"]._report(
                    gateway,
                    number,
                    core.first_text(row, gateway.callback_status_path),
                    core.first_text(row, gateway.callback_error_path),
                )
        return request.make_response("", status=204)

    @route(
        "/toll/messages/<int:gateway_id>",
        type="http",
        auth="none",
        methods=["GET"],
        save_session=False,
    )
    def toll_message_hello(self, gateway_id, **query):
        """Some providers ask once whether this address is ours."""
        gateway = self._toll_gateway(gateway_id)
        key = gateway.verify_token or ""
        given = query.get("hub.verify_token") or ""
        if not key or not hmac.compare_digest(key.encode(), given.encode()):
            return self._toll_refuse()
        challenge = (query.get("hub.challenge") or "")[:200]
        return request.make_response(
            challenge, headers=[("Content-Type", "text/plain; charset=utf-8")]
        )
