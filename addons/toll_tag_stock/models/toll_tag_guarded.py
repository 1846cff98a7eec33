from odoo import api, models
from odoo.exceptions import AccessError


class TollTagGuarded(models.AbstractModel):
    """Documents whose outcome is written by their own methods only.

    Those methods check who may and when, then act in superuser mode; nobody writes the
    fields by hand, through a screen or a program.
    """

    _name = "toll.tag.guarded"
    _description = "Guarded Document"

    _guarded = frozenset({"state"})

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_guarded(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_guarded(vals)
        return super().write(vals)

    @api.model
    def _check_guarded(self, vals):
        if not self.env.su and self._guarded & vals.keys():
            raise AccessError(
                self.env._(
                    "This changes through the buttons of the document, not by hand."
                )
            )
