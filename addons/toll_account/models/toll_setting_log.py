from odoo import api, fields, models


class TollSettingLog(models.Model):
    """Who changed which setting, from what to what. Written by the change itself."""

    _name = "toll.setting.log"
    _description = "Change of a Setting"
    _order = "date desc, id desc"
    _rec_name = "record_name"

    date = fields.Datetime(required=True, readonly=True, index=True)
    user_id = fields.Many2one(
        "res.users", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        "res.company", readonly=True, index=True, ondelete="cascade"
    )
    model = fields.Char(readonly=True)
    kind = fields.Char(string="Setting", readonly=True)
    res_id = fields.Integer(readonly=True)
    record_name = fields.Char(string="Record", readonly=True)
    field = fields.Char(readonly=True)
    old_value = fields.Char(string="Before", readonly=True)
    new_value = fields.Char(string="After", readonly=True)

    @api.model
    def _write_rows(self, rows):
        now = fields.Datetime.now()
        # nobody may write the log but the changes themselves
        self.sudo().create(
            [{"date": now, "user_id": self.env.uid, **row} for row in rows]
        )


class TollSettingMixin(models.AbstractModel):
    """For models of configuration: every change and deletion is written down."""

    _name = "toll.setting.mixin"
    _description = "Logged Setting"

    def _get_logged_fields(self, names):
        skipped = {"write_date", "write_uid", "message_ids", "activity_ids"}
        return [
            name
            for name in names
            if name in self._fields
            and name not in skipped
            and self._fields[name].store
            and self._fields[name].type not in ("one2many", "binary")
        ]

    def _get_setting_values(self, names):
        values = {}
        for record in self:
            for name in names:
                field = self._fields[name]
                value = field.convert_to_export(record[name], record)
                values[record.id, name] = str(value or "")[:200]
        return values

    def _prepare_setting_log_vals(self, record, **vals):
        company = record._fields.get("company_id") and record.company_id
        if record._name == "res.company":
            company = record
        return {
            "model": record._name,
            "kind": self.env["ir.model"]._get(record._name).name,
            "res_id": record.id,
            "record_name": record.display_name,
            "company_id": company.id if company else False,
            **vals,
        }

    def write(self, vals):
        names = self._get_logged_fields(vals)
        before = self._get_setting_values(names)
        result = super().write(vals)
        after = self._get_setting_values(names)
        self.env["toll.setting.log"]._write_rows(
            [
                self._prepare_setting_log_vals(
                    record,
                    field=self._fields[name]._description_string(self.env),
                    old_value=before[record.id, name],
                    new_value=after[record.id, name],
                )
                for record in self
                for name in names
                if before[record.id, name] != after[record.id, name]
            ]
        )
        return result

    @api.ondelete(at_uninstall=False)
    def _log_unlink(self):
        self.env["toll.setting.log"]._write_rows(
            [
                self._prepare_setting_log_vals(
                    record, field=self.env._("deleted"), old_value=record.display_name
                )
                for record in self
            ]
        )
