import base64

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core.labels import Label, zpl

MAX_LABELS = 2_000


class TollTagLabel(models.TransientModel):
    """Labels of TAGs and boxes: as PDF, or for a label printer."""

    _name = "toll.tag.label"
    _description = "Print TAG Labels"

    lot_ids = fields.Many2many("stock.lot", string="TAGs")
    supply_ids = fields.Many2many("toll.tag.supply", string="Boxes")
    content = fields.Selection(
        [("box", "The boxes"), ("tags", "The TAGs in the boxes")],
        string="Labels of",
        default="box",
        required=True,
    )
    layout = fields.Selection(
        [
            ("sheet", "Sheets of labels (PDF)"),
            ("single", "One label per page (PDF)"),
            ("zpl", "Label printer (ZPL)"),
        ],
        required=True,
        default="sheet",
    )
    dpi = fields.Selection(
        [("203", "203 dpi"), ("300", "300 dpi")], default="203", required=True
    )
    copies = fields.Integer(default=1, required=True)
    file = fields.Binary(readonly=True, attachment=False)
    filename = fields.Char(readonly=True)

    _copies_check = models.Constraint(
        "CHECK (copies BETWEEN 1 AND 100)", "Print between 1 and 100 copies."
    )

    @api.model
    def _open(self, lots=None, supplies=None):
        wizard = self.create(
            {
                "lot_ids": [fields.Command.set(lots.ids if lots else [])],
                "supply_ids": [fields.Command.set(supplies.ids if supplies else [])],
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Print Labels"),
            "res_model": self._name,
            "res_id": wizard.id,
            "view_mode": "form",
            "target": "new",
        }

    def _get_labels(self):
        """One Label for each thing to print, in the order of the numbers."""
        self.ensure_one()
        lots = self.lot_ids
        if self.content == "tags":
            lots |= self.supply_ids.lot_ids
        labels = [
            Label(lot.name, lot.product_id.name, lot.toll_supply_id.name or "")
            for lot in lots.sorted("name")
        ]
        if self.content == "box":
            labels += [
                Label(
                    box.name,
                    box.product_id.name,
                    f"{box.first_number} – {box.last_number} ({box.tag_count})",
                )
                for box in self.supply_ids
            ]
        if not labels or len(labels) * self.copies > MAX_LABELS:
            raise UserError(
                self.env._("Choose between 1 and %s labels to print.", MAX_LABELS)
            )
        return labels

    def _get_pages(self, per_page):
        labels = [label for label in self._get_labels() for _copy in range(self.copies)]
        return [
            labels[start : start + per_page]
            for start in range(0, len(labels), per_page)
        ]

    def action_print(self):
        self.ensure_one()
        if self.layout != "zpl":
            self._get_labels()
            report = f"toll_tag_stock.action_report_tag_label_{self.layout}"
            return self.env.ref(report).report_action(self.ids)
        text = zpl(self._get_labels(), dpi=int(self.dpi), copies=self.copies)
        self.write({"file": base64.b64encode(text.encode()), "filename": "labels.zpl"})
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/file/{self.filename}"
            "?download=true",
            "target": "download",
        }
