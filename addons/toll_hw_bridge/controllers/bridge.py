"""HTTP interface for the agents beside TAG encoders; see docs/encoders.md."""

import functools

import werkzeug.exceptions

from odoo.http import Controller, request, route

from ..core import messages

MAX_BYTES = 64 * 1024

bridge_route = functools.partial(
    route,
    type="toll_bridge",
    auth="toll_bridge",
    methods=["POST"],
    csrf=False,
    save_session=False,
    readonly=False,
    max_content_length=MAX_BYTES,
)


class TollBridgeController(Controller):
    """One method of `toll.bridge` per route."""

    @bridge_route("/toll/bridge/hello")
    def hello(self, **_query):
        body = messages.parse_hello(self._get_body())
        return self._answer(self._bridge()._hello(self._encoder(), body))

    @bridge_route("/toll/bridge/poll")
    def poll(self, **_query):
        body = messages.parse_poll(self._get_body())
        return self._answer(self._bridge()._poll(self._encoder(), body))

    @bridge_route("/toll/bridge/result")
    def result(self, **_query):
        body = messages.parse_result(self._get_body())
        return self._answer(self._bridge()._result(self._encoder(), body))

    def _bridge(self):
        return request.env["toll.bridge"]

    def _encoder(self):
        """The encoder of the key; see ir.http's _auth_method_toll_bridge."""
        encoder_id = request.env.context["toll_encoder_id"]
        return request.env["toll.encoder"].browse(encoder_id)

    def _get_body(self):
        if (request.httprequest.content_length or 0) > MAX_BYTES:
            raise werkzeug.exceptions.RequestEntityTooLarge(
                f"A message has at most {MAX_BYTES} bytes."
            )
        # kept: a request that is tried again after a conflict reads it again
        return messages.parse_body(request.httprequest.get_data())

    def _answer(self, values):
        # passwords may be in it: nobody on the way keeps a copy
        return request.make_json_response(
            values, headers=[("Cache-Control", "no-store")]
        )

    @route(
        ["/toll/bridge", "/toll/bridge/<path:subpath>"],
        type="toll_bridge",
        auth="none",
        csrf=False,
        save_session=False,
    )
    def unknown_path(self, subpath=None, **_query):
        known = subpath in ("hello", "poll", "result")
        if known:
            raise werkzeug.exceptions.MethodNotAllowed(["POST"], "Use POST.")
        raise werkzeug.exceptions.NotFound("There is nothing at this address.")
