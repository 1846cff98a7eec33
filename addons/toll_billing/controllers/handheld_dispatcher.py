"""How /toll/handheld/api speaks."""

import werkzeug.exceptions

from odoo.addons.toll_account.controllers.json_dispatcher import TollJsonDispatcher

from ..core.handheld import HandheldError


class HandheldHttpError(werkzeug.exceptions.HTTPException):
    """A refusal; nothing of the request stays, and it is no error of the server."""

    def __init__(self, error):
        super().__init__(description=error.message)
        self.code = error.status
        self.error_code = error.code


class TollHandheldDispatcher(TollJsonDispatcher):
    routing_type = "toll_handheld"

    _unauthorized = "This is not the key of a device."

    def dispatch(self, endpoint, args):
        try:
            return super().dispatch(endpoint, args)
        except HandheldError as error:
            raise HandheldHttpError(error) from error

    def get_error(self, exc):
        if isinstance(exc, HandheldHttpError):
            return exc.code, exc.error_code, exc.description, []
        return super().get_error(exc)
