"""How /toll/bridge speaks."""

import werkzeug.exceptions

from odoo.exceptions import UserError

from odoo.addons.toll_account.controllers.json_dispatcher import TollJsonDispatcher

from ..core.errors import BridgeError

# What the agent sent is malformed; everything else contradicts what we know.
MALFORMED = ("bad_json", "bad_value")


class BridgeHttpError(werkzeug.exceptions.HTTPException):
    """A refusal; nothing of the request stays, and it is no error of the server."""

    def __init__(self, error):
        super().__init__(description=error.message)
        self.code = 400 if error.code in MALFORMED else 409
        self.error_code = error.code


class TollBridgeDispatcher(TollJsonDispatcher):
    routing_type = "toll_bridge"

    _unauthorized = "This is not the key of an encoder."

    def dispatch(self, endpoint, args):
        try:
            return super().dispatch(endpoint, args)
        except BridgeError as error:
            raise BridgeHttpError(error) from error

    def get_error(self, exc):
        if isinstance(exc, BridgeHttpError):
            return exc.code, exc.error_code, exc.description, []
        status, code, message, headers = super().get_error(exc)
        if isinstance(exc, UserError) and code == "unprocessable":
            # the server's side has to mend it (a master key is missing, say)
            return 503, "unavailable", message, [("Retry-After", "30")]
        return status, code, message, headers

    def get_error_body(self, code, message):
        return {"error": code, "message": message}
