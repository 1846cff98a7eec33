from odoo import fields, models
from odoo.exceptions import AccessError, UserError


class TollApproval(models.AbstractModel):
    """What one person asks for and another one approves, and stays as it was."""

    _name = "toll.approval"
    _description = "Approved by a Second Person"
    _inherit = ["toll.guarded", "mail.thread", "mail.activity.mixin"]
    _guarded = frozenset(
        {"state", "asked_by_id", "asked_at", "approved_by_id", "approved_at"}
    )
    #: Fields that stay as they are once approval was asked for.
    _frozen = frozenset()

    asked_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    asked_at = fields.Datetime(readonly=True, copy=False)
    approved_by_id = fields.Many2one(
        "res.users", readonly=True, copy=False, tracking=True
    )
    approved_at = fields.Datetime(readonly=True, copy=False)

    def write(self, vals):
        if self._frozen & vals.keys() and not self.env.su:
            self._check_draft()
        return super().write(vals)

    def _check_draft(self):
        for record in self:
            if record.state != "draft":
                raise UserError(
                    self.env._(
                        "“%(name)s” is no longer a draft: end it and make a new one "
                        "to change it.",
                        name=record.display_name,
                    )
                )

    def _check_manager(self):
        if not self.env.user.has_group("toll_account.group_toll_manager"):
            raise AccessError(self.env._("Only a toll manager decides on it."))

    def _check_complete(self):
        """Hook: raise where something is missing before approval."""

    def action_ask(self):
        """Lay it before somebody else."""
        self.check_access("write")
        self._check_state("draft")
        self._check_complete()
        # guarded fields; the right to the record is checked above
        self.sudo().write(
            {
                "state": "asked",
                "asked_by_id": self.env.uid,
                "asked_at": fields.Datetime.now(),
            }
        )

    def action_back_to_draft(self):
        self.check_access("write")
        self._check_state("asked")
        # guarded fields; the right is checked above
        self.sudo().write({"state": "draft", "asked_by_id": False, "asked_at": False})

    def action_approve(self):
        """Let it count; never by the person who asked for it."""
        self.check_access("write")
        self._check_manager()
        self._check_state("asked")
        self._check_complete()
        for record in self:
            if self.env.user in (record.asked_by_id, record.create_uid):
                raise UserError(
                    self.env._(
                        "You asked for “%(name)s”: somebody else has to approve it.",
                        name=record.display_name,
                    )
                )
        # guarded fields; the right is checked above
        self.sudo().write(
            {
                "state": "approved",
                "approved_by_id": self.env.uid,
                "approved_at": fields.Datetime.now(),
            }
        )
