import base64
import io

import openpyxl

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core.tariff_import import read_csv
from ..models.tariff_messages import fault_text, shorten


class TollTariffImport(models.TransientModel):
    """Load a price matrix from a spreadsheet into a draft."""

    _name = "toll.tariff.import"
    _description = "Toll Tariff Import"

    tariff_id = fields.Many2one(
        "toll.tariff", required=True, readonly=True, ondelete="cascade"
    )
    file = fields.Binary(required=True, attachment=False)
    filename = fields.Char()
    replace = fields.Boolean(
        string="Replace All Prices",
        help="Drop the prices that the draft has now. Otherwise they stay, and those "
        "named in the file change.",
    )
    faults = fields.Text(readonly=True)

    def action_import(self):
        self.ensure_one()
        rates = self.env["toll.tariff.rate"]
        count, faults = rates._import_table(
            self.tariff_id, self._read_table(), self.replace
        )
        if faults:
            self.faults = shorten(
                self.env, [fault_text(self.env, fault) for fault in faults]
            )
            return {
                "type": "ir.actions.act_window",
                "name": self.env._("Import Prices"),
                "res_model": self._name,
                "res_id": self.id,
                "view_mode": "form",
                "target": "new",
            }
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("%(count)s prices imported.", count=count),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _read_table(self):
        content = base64.b64decode(self.file)
        if content[:2] != b"PK":
            return read_csv(content)
        try:
            book = openpyxl.load_workbook(
                io.BytesIO(content), read_only=True, data_only=True
            )
        except Exception as error:
            raise UserError(
                self.env._("The file is neither a CSV file nor an XLSX workbook.")
            ) from error
        return [list(row) for row in book.active.iter_rows(values_only=True)]

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        if self.env.context.get("active_model") == "toll.tariff":
            values.setdefault("tariff_id", self.env.context.get("active_id"))
        return values
