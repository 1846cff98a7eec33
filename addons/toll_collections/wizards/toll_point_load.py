from odoo import fields, models


class TollPointLoad(models.TransientModel):
    _name = "toll.point.load"
    _description = "Load a Payment File"

    network_id = fields.Many2one("toll.point.network", required=True)
    file = fields.Binary(required=True, attachment=False)
    filename = fields.Char()

    def action_load(self):
        self.ensure_one()
        networks = self.network_id
        before = self.env["toll.point.file"].search(
            [("network_id", "=", networks.id)], order="id desc", limit=1
        )
        file_id = networks.load(self.filename, self.with_context(bin_size=False).file)
        file = self.env["toll.point.file"].browse(file_id)
        action = file._get_records_action()
        if file.id > before.id:
            return action
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning",
                "sticky": True,
                "title": self.env._("Loaded before"),
                "message": self.env._(
                    "This very file was loaded as %(name)s: nothing was added.",
                    name=file.name,
                ),
                "next": action,
            },
        }
