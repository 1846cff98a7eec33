import re
import time

import werkzeug.exceptions

from odoo import SUPERUSER_ID, api, models
from odoo.http import request

from odoo.addons.toll_account.core.throttle import Throttle

_BEARER = re.compile(r"bearer\s+(\S+)", re.IGNORECASE)
# Per process: to slow down who guesses, and to stop a station that runs wild. A right
# key always gets through: stations may share an address.
WRONG_KEYS = Throttle(20, 60)
CALLS = Throttle(1200, 60)


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _auth_method_toll_bridge(cls):
        """A key bound to one encoder; whose it is stands in the context.

        An agent is a machine without a user. What it may do is what `toll.bridge` does
        for the encoder of its key, and nothing else is reachable with the key.
        """
        now = time.monotonic()
        address = request.httprequest.remote_addr
        header = _BEARER.fullmatch(request.httprequest.headers.get("Authorization", ""))
        env = api.Environment(request.env.cr, SUPERUSER_ID, {})
        encoder = env["toll.encoder"]._authenticate(header and header[1])
        if not encoder and not WRONG_KEYS.allow(address, now):
            raise werkzeug.exceptions.TooManyRequests(
                "Too many wrong keys from this address.", retry_after=60
            )
        if not encoder:
            raise werkzeug.exceptions.Unauthorized("This is not the key of an encoder.")
        if not CALLS.allow(encoder.id, now):
            raise werkzeug.exceptions.TooManyRequests(
                "Ask less often.", retry_after=encoder.poll_seconds
            )
        request.update_env(
            user=SUPERUSER_ID,
            context={
                "allowed_company_ids": encoder.company_id.ids,
                "lang": encoder.company_id.partner_id.lang,
                "toll_encoder_id": encoder.id,
            },
        )
