"""How /toll/api speaks."""

import werkzeug.exceptions

from odoo.addons.toll_account.controllers.json_dispatcher import TollJsonDispatcher


class ApiError(werkzeug.exceptions.HTTPException):
    """An error that a program at the other end can act on."""

    def __init__(self, status, code, message):
        super().__init__(description=message)
        self.code = status
        self.error_code = code


class TollApiDispatcher(TollJsonDispatcher):
    routing_type = "toll_api"

    def get_error(self, exc):
        if isinstance(exc, ApiError):
            return exc.code, exc.error_code, exc.description, []
        return super().get_error(exc)
