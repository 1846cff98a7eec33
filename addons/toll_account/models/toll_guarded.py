from odoo import api, models
from odoo.exceptions import AccessError, LockError, UserError


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

    def _check_state(self, *states):
        labels = dict(self._fields["state"]._description_selection(self.env))
        for record in self:
            if record.state not in states:
                raise UserError(
                    self.env._(
                        "“%(name)s” is %(state)s: this is not possible now.",
                        name=record.display_name,
                        state=labels[record.state].lower(),
                    )
                )

    def _take(self, *states):
        """Lock these documents against a second click and check where they are.

        Whoever waited for one that changed meanwhile gets a serialisation error and
        starts again, so the state that is read here is the true one.

        :return: the same documents in superuser mode, for their guarded fields
        """
        self.check_access("write")
        try:
            self.lock_for_update()
        except LockError as error:
            raise UserError(
                self.env._(
                    "Somebody else is working on “%(name)s” right now.",
                    name=self[:1].display_name,
                )
            ) from error
        self.invalidate_recordset()
        self._check_state(*states)
        # the right to the documents is checked above
        return self.sudo()
