from odoo import fields, models


class TollDebitLoad(models.TransientModel):
    _name = "toll.debit.load"
    _description = "Load a Bank's Answer"

    mode_id = fields.Many2one(
        "account.payment.mode",
        string="Creditor",
        required=True,
        domain="[('toll_layout', '!=', False)]",
        default=lambda self: self._default_mode_id(),
    )
    file = fields.Binary(required=True, attachment=False)
    filename = fields.Char()

    def _default_mode_id(self):
        modes = self.env["account.payment.mode"].search(
            [
                ("toll_layout", "!=", False),
                ("company_id", "=", self.env.company.id),
            ],
            limit=2,
        )
        return modes if len(modes) == 1 else False

    def action_load(self):
        self.ensure_one()
        file_id, is_new = self.env["toll.debit.file"].load(
            self.mode_id.id,
            self.filename,
            self.with_context(bin_size=False).file.decode(),
        )
        action = self.env["toll.debit.file"].browse(file_id)._get_records_action()
        if is_new:
            return action
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning",
                "sticky": True,
                "title": self.env._("Loaded before"),
                "message": self.env._("This very file is here: nothing was added."),
                "next": action,
            },
        }
