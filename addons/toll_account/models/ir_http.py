import re
import time

import werkzeug.exceptions

from odoo import SUPERUSER_ID, api, models
from odoo.http import request

_BEARER = re.compile(r"bearer\s+(\S+)", re.IGNORECASE)


class IrHttp(models.AbstractModel):
    """Devices are machines without a user: their key says who they are.

    What a device may do is what its own model does for it, and nothing else is
    reachable with its key. A right key always gets through the throttle of wrong ones:
    devices may share an address.
    """

    _inherit = "ir.http"

    @classmethod
    def _toll_device(cls, model, wrong_keys, unauthorized):
        """The device of this model whose key the request carries."""
        header = _BEARER.fullmatch(request.httprequest.headers.get("Authorization", ""))
        env = api.Environment(request.env.cr, SUPERUSER_ID, {})
        device = env[model]._authenticate(header and header[1])
        address = request.httprequest.remote_addr
        if not device and not wrong_keys.allow(address, time.monotonic()):
            raise werkzeug.exceptions.TooManyRequests(
                "Too many wrong keys from this address.", retry_after=60
            )
        if not device:
            raise werkzeug.exceptions.Unauthorized(unauthorized)
        return device

    @classmethod
    def _toll_admit_device(cls, device, calls, pause=60):
        """Let the request run for this device, unless it asks too often."""
        if not calls.allow(device.id, time.monotonic()):
            raise werkzeug.exceptions.TooManyRequests(
                "Ask less often.", retry_after=pause
            )
        request.update_env(
            user=SUPERUSER_ID,
            context={
                "allowed_company_ids": device.company_id.ids,
                "lang": device.company_id.partner_id.lang,
                "toll_device_id": device.id,
            },
        )
