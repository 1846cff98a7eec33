from odoo import api, fields, models

from ..queries import retention as queries


class TollRetention(models.Model):
    """Files of loaded crossings, and what hand-held devices sent."""

    _inherit = "toll.retention"

    data_class = fields.Selection(
        selection_add=[
            ("batch_file", "Files of loaded crossings"),
            ("capture", "Hand-held captures"),
            ("check", "Roadside checks"),
        ],
        ondelete={
            "batch_file": "cascade",
            "capture": "cascade",
            "check": "cascade",
        },
    )

    @api.model
    def _get_swept(self):
        return super()._get_swept() | {
            "batch_file": {"erase"},
            "capture": {"pseudonymise", "erase"},
            "check": {"erase"},
        }

    def _due_batch_file(self, before, companies, hold):
        return queries.batch_file_due(before, companies)

    def _due_capture(self, before, companies, hold):
        erase = self.action == "erase"
        return queries.capture_due(before, companies, hold, every=erase)

    def _due_check(self, before, companies, hold):
        return queries.check_due(before, companies, hold)

    def _sweep_batch_file(self, ids):
        self.env["toll.crossing.batch"].browse(ids).attachment_id.unlink()

    def _sweep_capture(self, ids):
        captures = self.env["toll.handheld.capture"].browse(ids)
        # they hold what was corrected, plates included
        self.env["res.partner"]._toll_erase_messages(captures._name, ids)
        if self.action == "erase":
            self._delete_rows(captures._name, ids)
        else:
            captures.with_context(tracking_disable=True).write(
                {"tag": False, "plate": False, "note": False, "raw": False}
            )

    def _sweep_check(self, ids):
        self._delete_rows("toll.handheld.check", ids)
