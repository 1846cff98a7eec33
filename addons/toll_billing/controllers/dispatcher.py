"""How /toll/api speaks: JSON in, JSON out, errors included."""

import logging

import werkzeug.exceptions

from odoo.exceptions import AccessDenied, AccessError, UserError
from odoo.http import HttpDispatcher, SessionExpiredException

_logger = logging.getLogger(__name__)


class ApiError(werkzeug.exceptions.HTTPException):
    """An error that a program at the other end can act on."""

    def __init__(self, status, code, message):
        super().__init__(description=message)
        self.code = status
        self.error_code = code


class TollApiDispatcher(HttpDispatcher):
    """Odoo's plain HTTP dispatcher, except that every error is a JSON document.

    Authentication fails before a controller runs, so only a dispatcher can answer a
    bad key in the same language as everything else.
    """

    routing_type = "toll_api"

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
        if isinstance(exc, ApiError):
            return exc.code, exc.error_code, exc.description, []
        if isinstance(exc, SessionExpiredException | AccessDenied):
            return 401, "unauthorized", "Authenticate with a valid API key.", []
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

    def handle_error(self, exc):
        status, code, message, headers = self.get_error(exc)
        return self.request.make_json_response(
            {"error": {"code": code, "message": message}},
            headers=headers,
            status=status,
        )
