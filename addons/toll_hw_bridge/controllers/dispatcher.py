"""How /toll/bridge speaks."""

from odoo.exceptions import UserError

from odoo.addons.toll_account.controllers.device_door import TollDeviceDispatcher


class TollBridgeDispatcher(TollDeviceDispatcher):
    routing_type = "toll_bridge"

    _unauthorized = "This is not the key of an encoder."

    def get_error(self, exc):
        status, code, message, headers = super().get_error(exc)
        if isinstance(exc, UserError) and code == "unprocessable":
            # the server's side has to mend it (a master key is missing, say)
            return 503, "unavailable", message, [("Retry-After", "30")]
        return status, code, message, headers

    def get_error_body(self, code, message):
        return {"error": code, "message": message}
