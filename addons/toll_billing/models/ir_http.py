import re
import time

import werkzeug.exceptions

from odoo import SUPERUSER_ID, api, models
from odoo.http import request

from odoo.addons.toll_account.core.throttle import Throttle

_BEARER = re.compile(r"bearer\s+(\S+)", re.IGNORECASE)
# Per process: to slow down who guesses, and to stop a device that runs wild. A right
# key always gets through: devices may share an address.
WRONG_KEYS = Throttle(20, 60)
CALLS = Throttle(240, 60)


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _auth_method_toll_handheld(cls):
        """A key bound to one hand-held device; which one stands in the context.

        The device is a machine without a user. What it may do is what `toll.handheld`
        does for the device of its key, and nothing else is reachable with the key.
        """
        now = time.monotonic()
        address = request.httprequest.remote_addr
        header = _BEARER.fullmatch(request.httprequest.headers.get("Authorization", ""))
        env = api.Environment(request.env.cr, SUPERUSER_ID, {})
        handheld = env["toll.handheld"]._authenticate(header and header[1])
        if not handheld and not WRONG_KEYS.allow(address, now):
            raise werkzeug.exceptions.TooManyRequests(
                "Too many wrong keys from this address.", retry_after=60
            )
        if not handheld:
            raise werkzeug.exceptions.Unauthorized("This is not the key of a device.")
        if handheld.state != "enrolled" or not handheld.active:
            raise werkzeug.exceptions.Forbidden("This device may not be used any more.")
        if not CALLS.allow(handheld.id, now):
            raise werkzeug.exceptions.TooManyRequests("Ask less often.", retry_after=60)
        request.update_env(
            user=SUPERUSER_ID,
            context={
                "allowed_company_ids": handheld.company_id.ids,
                "lang": handheld.company_id.partner_id.lang,
                "toll_handheld_id": handheld.id,
            },
        )
