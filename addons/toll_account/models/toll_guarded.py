from odoo import api, models
from odoo.exceptions import AccessError


class TollGuarded(models.AbstractModel):
    """Documents whose outcome is written by their own methods only.

    Those methods check who may and when, then act in superuser mode; nobody writes the
    fields by hand, through a screen or a program.
    """

    _name = "toll.guarded"
    _description = "Guarded Document"

    _guarded = frozenset({"state"})
    #: Code of the sequence that gives the number, where there is one.
    _number_sequence = None

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_guarded(vals)
            if self._number_sequence and vals.get("name", "/") == "/":
                # whatever the person may do with sequences
                sequences_sudo = self.env["ir.sequence"].sudo()
                vals["name"] = sequences_sudo.next_by_code(self._number_sequence)
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
