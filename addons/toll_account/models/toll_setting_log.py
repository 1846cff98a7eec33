from odoo import api, fields, models

SKIPPED = {"write_date", "write_uid", "last_run"}


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
    change_id = fields.Many2one(
        "toll.setting.change",
        string="Approved Change",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )

    @api.model
    def _write_rows(self, rows):
        now = fields.Datetime.now()
        # nobody may write the log but the changes themselves
        self.sudo().create(
            [{"date": now, "user_id": self.env.uid, **row} for row in rows]
        )

    @api.model
    def _get_logged_fields(self, records, names):
        """Which of these fields leave a trace."""
        return [
            name
            for name in names
            if name in records._fields
            and name not in SKIPPED
            and records._fields[name].store
            and records._fields[name].type not in ("one2many", "binary")
        ]

    @api.model
    def _get_values(self, records, names):
        """{(record id, field): text} as they are now."""
        values = {}
        for record in records:
            for name in names:
                value = record._fields[name].convert_to_export(record[name], record)
                values[record.id, name] = str(value or "")[:200]
        return values

    @api.model
    def _log_changes(self, records, before):
        """Write down what is not as it was."""
        after = self._get_values(records, {name for _id, name in before})
        by_id = {record.id: record for record in records}
        self._write_rows(
            [
                self._prepare_log_vals(
                    by_id[key[0]],
                    field=records._fields[key[1]]._description_string(self.env),
                    old_value=before[key],
                    new_value=after[key],
                )
                for key in before
                if before[key] != after[key]
            ]
        )

    @api.model
    def _log_rows(self, records, what, side):
        """Write down that these came or went."""
        self._write_rows(
            [
                self._prepare_log_vals(
                    record, field=what, **{side: record.display_name}
                )
                for record in records
            ]
        )

    @api.model
    def _get_change_id(self):
        """The approved change that is being made; programs cannot claim one."""
        return self.env.su and self.env.context.get("toll_setting_change_id")

    @api.model
    def _prepare_log_vals(self, record, **vals):
        company = record if record._name == "res.company" else None
        if company is None and "company_id" in record._fields:
            company = record.company_id
        return {
            "model": record._name,
            "kind": self.env["ir.model"]._get(record._name).name,
            "res_id": record.id,
            "record_name": record.display_name,
            "company_id": company.id if company else False,
            "change_id": self._get_change_id(),
            **vals,
        }


class TollSettingMixin(models.AbstractModel):
    """For models of configuration: every change and deletion is written down.

    What needs a second person (toll.setting.guard) is refused here.
    """

    _name = "toll.setting.mixin"
    _description = "Logged Setting"

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        self.env["toll.setting.guard"]._check_rows(records)
        log = self.env["toll.setting.log"]
        if log._get_change_id():  # of others create_uid and create_date tell it
            log._log_rows(records, self.env._("created"), "new_value")
        return records

    def write(self, vals):
        self.env["toll.setting.guard"]._check_write(self, vals)
        log = self.env["toll.setting.log"]
        before = log._get_values(self, log._get_logged_fields(self, vals))
        result = super().write(vals)
        log._log_changes(self, before)
        return result

    @api.ondelete(at_uninstall=False)
    def _log_unlink(self):
        guard = self.env["toll.setting.guard"]
        guard._check_rows(self)
        for parts in self._get_setting_parts():
            guard._check_rows(parts)
        log = self.env["toll.setting.log"]
        log._log_rows(self, self.env._("deleted"), "old_value")

    def _get_setting_parts(self):
        """Hook: records that are deleted with these ones."""
        return []
