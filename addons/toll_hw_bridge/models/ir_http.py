from odoo import models

from odoo.addons.toll_account.core.throttle import Throttle

# Per process: to slow down who guesses, and to stop a station that runs wild.
WRONG_KEYS = Throttle(20, 60)
CALLS = Throttle(1200, 60)


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _auth_method_toll_bridge(cls):
        """A key bound to one encoder; which one stands in the context."""
        unauthorized = "This is not the key of an encoder."
        encoder = cls._toll_device("toll.encoder", WRONG_KEYS, unauthorized)
        cls._toll_admit_device(encoder, CALLS, encoder.poll_seconds)
