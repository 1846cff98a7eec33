from odoo import api, fields, models


class TollClosing(models.TransientModel):
    _inherit = "toll.closing"

    line_ids = fields.One2many("toll.closing.line", "closing_id", string="TAGs")

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        if values.get("account_id") and "line_ids" in fields_list:
            account = self.env["toll.account"].browse(values["account_id"])
            values["line_ids"] = [
                fields.Command.create({"lot_id": lot.id})
                for lot in account.toll_tag_ids
            ]
        return values

    def _before_closing(self):
        """The TAGs come back, or are reported as lost."""
        result = super()._before_closing()
        own = self.line_ids.filtered(
            lambda line: line.lot_id.toll_account_id == self.account_id
        )
        for outcome, lines in own.grouped("outcome").items():
            lots = lines.lot_id
            if outcome == "lost":
                lots.toll_report_lost("lost", note=self.note)
            else:
                lots.toll_return(condition=outcome, note=self.note)
        return result

    def _prepare_plan_vals(self):
        """All TAGs in good order: they are taken as given back on that day."""
        values = super()._prepare_plan_vals()
        outcomes = set(self.line_ids.mapped("outcome"))
        return values | {"tag_outcome": "good" if outcomes == {"good"} else "lost"}


class TollClosingLine(models.TransientModel):
    _name = "toll.closing.line"
    _description = "TAG of an Account Closing"

    closing_id = fields.Many2one("toll.closing", required=True, ondelete="cascade")
    lot_id = fields.Many2one("stock.lot", string="TAG", required=True)
    vehicle_id = fields.Many2one(related="lot_id.toll_vehicle_id")
    outcome = fields.Selection(
        [("good", "Back, works"), ("defective", "Back, defective"), ("lost", "Lost")],
        required=True,
        default="good",
    )
