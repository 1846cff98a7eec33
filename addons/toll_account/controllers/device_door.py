"""The door of devices that have a key and no user: JSON by POST, errors included."""

import functools

import werkzeug.exceptions

from odoo.http import request, route

from ..core.messages import MessageError, parse_body
from .json_dispatcher import TollJsonDispatcher


class MessageHttpError(werkzeug.exceptions.HTTPException):
    """A refusal; nothing of the request stays, and it is no error of the server."""

    def __init__(self, error):
        super().__init__(description=error.message)
        self.code = error.status
        self.error_code = error.code


class TollDeviceDispatcher(TollJsonDispatcher):
    """Inherited by each door with a ``routing_type`` of its own."""

    routing_type = "toll_device"

    def dispatch(self, endpoint, args):
        try:
            return super().dispatch(endpoint, args)
        except MessageError as error:
            raise MessageHttpError(error) from error

    def get_error(self, exc):
        if isinstance(exc, MessageHttpError):
            return exc.code, exc.error_code, exc.description, []
        return super().get_error(exc)


def device_route(door, max_bytes):
    """The decorator of a door's routes: ``auth`` and ``type`` are the door's name."""
    return functools.partial(
        route,
        type=door,
        auth=door,
        methods=["POST"],
        csrf=False,
        save_session=False,
        readonly=False,
        max_content_length=max_bytes,
    )


class DeviceDoor:
    """What controllers of devices share; mixed in, since each has its own routes."""

    _max_bytes = 64 * 1024
    _only_json = False
    _paths = ()

    def _device(self, model):
        """The device of the key; see ir.http's _toll_device."""
        return request.env[model].browse(request.env.context["toll_device_id"])

    def _get_body(self):
        if (request.httprequest.content_length or 0) > self._max_bytes:
            raise werkzeug.exceptions.RequestEntityTooLarge(
                f"A message has at most {self._max_bytes} bytes."
            )
        if self._only_json and request.httprequest.mimetype != "application/json":
            raise werkzeug.exceptions.UnsupportedMediaType("Send application/json.")
        # kept: a request that is tried again after a conflict reads it again
        return parse_body(request.httprequest.get_data())

    def _answer(self, values):
        # secrets may be in it: nobody on the way keeps a copy
        return request.make_json_response(
            values, headers=[("Cache-Control", "no-store")]
        )

    def _refuse_path(self, subpath):
        if subpath in self._paths:
            raise werkzeug.exceptions.MethodNotAllowed(["POST"], "Use POST.")
        raise werkzeug.exceptions.NotFound("There is nothing at this address.")
