import base64

from odoo import fields, models
from odoo.exceptions import UserError

MAX_MB = 64


class TollPostalImport(models.TransientModel):
    """Load the postal register from its file."""

    _name = "toll.postal.import"
    _description = "Load the Postal Register"

    file = fields.Binary(required=True, attachment=False)
    filename = fields.Char()
    country_id = fields.Many2one(
        "res.country",
        required=True,
        default=lambda self: self.env.company.country_id,
        help="Of lines that name no country themselves.",
    )

    def action_load(self):
        self.ensure_one()
        self.check_access("write")
        content = base64.b64decode(self.file)
        if len(content) > MAX_MB << 20:
            raise UserError(
                self.env._("The file is larger than %s MB: split it.", MAX_MB)
            )
        count, new, changed, gone = self.env["toll.postal.code"]._load(
            content, self.country_id, self.filename
        )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "%(count)s lines: %(new)s new, %(changed)s changed, %(gone)s gone.",
                    count=count,
                    new=new,
                    changed=changed,
                    gone=gone,
                ),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
