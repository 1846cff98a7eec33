"""Interfaces for programs: JSON in, JSON out, errors included."""

import werkzeug.exceptions

from odoo.exceptions import AccessDenied, AccessError, UserError
from odoo.http import HttpDispatcher, SessionExpiredException


class TollJsonDispatcher(HttpDispatcher):
    """Odoo's plain HTTP dispatcher, except that every error is a JSON document.

    Authentication fails before a controller runs, so only a dispatcher can answer a
    bad key in the same language as everything else. An interface inherits it with a
    ``routing_type`` of its own.
    """

    routing_type = "toll_json"

    _unauthorized = "Authenticate with a valid API key."
    _codes = {
        400: "bad_request",
        401: "unauthorized",
        403: "forbidden",
        404: "not_found",
        405: "method_not_allowed",
        413: "too_large",
        415: "unsupported_media_type",
        422: "unprocessable",
        429: "too_many_requests",
    }

    def get_error(self, exc):
        """(status, code, message, headers) of an exception."""
        if isinstance(exc, SessionExpiredException | AccessDenied):
            return 401, "unauthorized", self._unauthorized, []
        if isinstance(exc, AccessError):
            return 403, "forbidden", "This key may not do that.", []
        if isinstance(exc, UserError):
            return 422, "unprocessable", str(exc.args[0]), []
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

    def get_error_body(self, code, message):
        """What an error looks like to the program at the other end."""
        return {"error": {"code": code, "message": message}}

    def handle_error(self, exc):
        status, code, message, headers = self.get_error(exc)
        return self.request.make_json_response(
            self.get_error_body(code, message), headers=headers, status=status
        )
