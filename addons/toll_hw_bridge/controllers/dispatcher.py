"""How /toll/bridge speaks: JSON in, JSON out, errors included."""

import werkzeug.exceptions

from odoo.exceptions import AccessDenied, AccessError, UserError
from odoo.http import HttpDispatcher, SessionExpiredException

from ..core.errors import BridgeError

# What the agent sent is malformed; everything else contradicts what we know.
MALFORMED = ("bad_json", "bad_value")


class BridgeHttpError(werkzeug.exceptions.HTTPException):
    """A refusal; nothing of the request stays, and it is no error of the server."""

    def __init__(self, error):
        super().__init__(description=error.message)
        self.code = 400 if error.code in MALFORMED else 409
        self.error_code = error.code


class TollBridgeDispatcher(HttpDispatcher):
    """Odoo's plain HTTP dispatcher, except that every error is a JSON document."""

    routing_type = "toll_bridge"

    _codes = {
        400: "bad_request",
        401: "unauthorized",
        403: "forbidden",
        404: "not_found",
        405: "method_not_allowed",
        413: "too_large",
        429: "too_many_requests",
    }

    def dispatch(self, endpoint, args):
        try:
            return super().dispatch(endpoint, args)
        except BridgeError as error:
            raise BridgeHttpError(error) from error

    def get_error(self, exc):
        """(status, code, message, headers) of an exception."""
        if isinstance(exc, BridgeHttpError):
            return exc.code, exc.error_code, exc.description, []
        if isinstance(exc, SessionExpiredException | AccessDenied):
            return 401, "unauthorized", "This is not the key of an encoder.", []
        if isinstance(exc, AccessError):
            return 403, "forbidden", "This key may not do that.", []
        if isinstance(exc, UserError):
            # the server's side has to mend it (a master key is missing, say)
            return 503, "unavailable", str(exc.args[0]), [("Retry-After", "30")]
        if isinstance(exc, werkzeug.exceptions.HTTPException):
            status = exc.code or 400
            headers = [
                (key, value)
                for key, value in exc.get_headers()
                if key.lower() in ("www-authenticate", "allow", "retry-after")
            ]
            code = self._codes.get(status, "error")
            return status, code, exc.description or code, headers
        return 500, "server_error", "The server could not answer; try again.", []

    def handle_error(self, exc):
        status, code, message, headers = self.get_error(exc)
        return self.request.make_json_response(
            {"error": code, "message": message}, headers=headers, status=status
        )
