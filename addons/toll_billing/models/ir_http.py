import werkzeug.exceptions

from odoo import models

from odoo.addons.toll_account.core.throttle import Throttle

# Per process: to slow down who guesses, and to stop a device that runs wild.
WRONG_KEYS = Throttle(20, 60)
CALLS = Throttle(240, 60)


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _auth_method_toll_handheld(cls):
        """A key bound to one hand-held device; which one stands in the context."""
        unauthorized = "This is not the key of a device."
        handheld = cls._toll_device("toll.handheld", WRONG_KEYS, unauthorized)
        if handheld.state != "enrolled" or not handheld.active:
            raise werkzeug.exceptions.Forbidden("This device may not be used any more.")
        cls._toll_admit_device(handheld, CALLS)
