"""HTTP interface for the agents beside TAG encoders; see docs/encoders.md."""

from odoo.http import Controller, request, route

from odoo.addons.toll_account.controllers.device_door import DeviceDoor, device_route

from ..core import messages

bridge_route = device_route("toll_bridge", DeviceDoor._max_bytes)


class TollBridgeController(DeviceDoor, Controller):
    """One method of `toll.bridge` per route."""

    _paths = ("hello", "poll", "result")

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
        return self._device("toll.encoder")

    @route(
        ["/toll/bridge", "/toll/bridge/<path:subpath>"],
        type="toll_bridge",
        auth="none",
        csrf=False,
        save_session=False,
    )
    def unknown_path(self, subpath=None, **_query):
        self._refuse_path(subpath)
