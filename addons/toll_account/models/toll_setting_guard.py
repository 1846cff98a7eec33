from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import frozendict, ormcache

#: Models that ask before they write (see toll.setting.mixin and res.company).
MODELS = (
    "res.company",
    "toll.plan",
    "toll.plan.fee",
    "toll.commission.rule",
    "toll.quality.rule",
    "toll.operator",
)
TYPES = (
    "integer",
    "float",
    "monetary",
    "boolean",
    "char",
    "text",
    "selection",
    "many2one",
    "date",
)
#: Key of new and removed records among the guarded fields of a model.
ROWS = ""


class TollSettingGuard(models.Model):
    """A setting that nobody changes alone. Switching it off needs two people as well.

    Either a field, or that records of a kind come and go (are created, archived,
    brought back, deleted).
    It holds for people; the suite's own code writes in superuser mode.
    """

    _name = "toll.setting.guard"
    _description = "Setting of Two People"
    _order = "model, field_id, id"

    field_id = fields.Many2one(
        "ir.model.fields",
        string="Setting",
        ondelete="cascade",
        index=True,
        domain=lambda self: self._fields_domain(),
    )
    rows_of = fields.Selection(
        "_selection_rows_of",
        string="New and Removed",
        help="Instead of a field: nobody adds, archives or deletes records of this "
        "kind alone.",
    )
    model = fields.Char(
        compute="_compute_model", store=True, string="Model Name", compute_sudo=True
    )
    company_id = fields.Many2one(
        "res.company", index=True, help="Empty: in every company."
    )
    active = fields.Boolean(string="Needs Two People", default=True)

    _field_uniq = models.UniqueIndex(
        "(field_id, COALESCE(company_id, 0))", "This setting is in the list already."
    )
    _rows_uniq = models.UniqueIndex(
        "(rows_of, COALESCE(company_id, 0)) WHERE rows_of IS NOT NULL",
        "This setting is in the list already.",
    )
    _field_or_rows = models.Constraint(
        "CHECK (num_nonnulls(field_id, rows_of) = 1)",
        "Choose a field, or a kind of records that come and go.",
    )

    @api.model
    def _fields_domain(self):
        return [
            ("model", "in", MODELS),
            ("ttype", "in", TYPES),
            ("store", "=", True),
            ("readonly", "=", False),
            "|",
            ("model", "!=", "res.company"),
            ("name", "=like", "toll_%"),
        ]

    @api.model
    def _selection_rows_of(self):
        return self._get_kinds()

    @api.model
    def _get_kinds(self):
        """[(model, name)] of the records that settings belong to."""
        # managers may not read the models of the database
        models_sudo = self.env["ir.model"].sudo()
        return [
            (name, models_sudo._get(name).name)
            for name in MODELS
            if name != "res.company"
        ]

    @api.depends("field_id", "rows_of")
    def _compute_model(self):
        for guard in self:
            guard.model = guard.rows_of or guard.field_id.model

    @api.depends("field_id", "rows_of")
    def _compute_display_name(self):
        kinds = dict(self._get_kinds())
        for guard in self:
            # managers may not read the models of the database
            field_sudo = guard.field_id.sudo()
            what = field_sudo.field_description or self.env._("New and removed")
            kind = field_sudo.model_id.name or kinds.get(guard.rows_of, "")
            guard.display_name = f"{what} ({kind})"

    @api.constrains("field_id")
    def _check_field_id(self):
        for guard in self.filtered("field_id"):
            if not guard.field_id.sudo().filtered_domain(self._fields_domain()):
                raise ValidationError(
                    self.env._("This setting cannot be put under two people.")
                )

    @api.model_create_multi
    def create(self, vals_list):
        self.env.registry.clear_cache()
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su and self.filtered("active"):
            raise UserError(self._switch_off_message())
        self.env.registry.clear_cache()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_active(self):
        if not self.env.su and self.filtered("active"):
            raise UserError(self._switch_off_message())
        self.env.registry.clear_cache()

    def _switch_off_message(self):
        return self.env._(
            "Switching off needs two people as well: propose it under Reporting > "
            "Audit > Proposed Changes."
        )

    @api.model
    @ormcache("model")
    def _get_guarded(self, model):
        """{field: ids of the companies where it needs two people, or False for all}.

        The empty field stands for records that come and go.
        """
        guarded = {}
        for guard in self.sudo().search([("model", "=", model)]):
            companies = guarded.setdefault(guard.field_id.name or ROWS, set())
            companies.add(guard.company_id.id)
        return frozendict({name: frozenset(ids) for name, ids in guarded.items()})

    @api.model
    def _get_company(self, record):
        return record if record._name == "res.company" else record.company_id

    @api.model
    def _is_changed(self, record, name, value):
        """Would this value of the field be another one?"""
        field = record._fields[name]
        value = field.convert_to_record(field.convert_to_cache(value, record), record)
        return (value or False) != (record[name] or False)

    @api.model
    def _check_write(self, records, vals):
        """Raise where a person changes alone what needs two."""
        if self.env.su:
            return
        guarded = self._get_guarded(records._name)
        for name in guarded.keys() & vals.keys():
            field = records._fields[name]
            for record in records:
                if not guarded[name] & {False, self._get_company(record).id}:
                    continue
                if self._is_changed(record, name, vals[name]):
                    raise UserError(
                        self.env._(
                            "“%(setting)s” of %(record)s needs two people: propose the "
                            "change under Reporting > Audit > Proposed Changes.",
                            setting=field._description_string(self.env),
                            record=record.display_name,
                        )
                    )
        if "active" in vals:
            moved = records.filtered(lambda r: r.active != bool(vals["active"]))
            self._check_rows(moved)

    @api.model
    def _check_rows(self, records):
        """Raise where a person alone lets records come or go that need two."""
        if self.env.su or not records:
            return
        companies = self._get_guarded(records._name).get(ROWS)
        for record in records if companies else ():
            if companies & {False, self._get_company(record).id}:
                raise UserError(
                    self.env._(
                        "“%(record)s” (%(kind)s): it takes two people to add or remove "
                        "it; propose it under Reporting > Audit > Proposed Changes.",
                        record=record.display_name,
                        kind=dict(self._get_kinds())[record._name],
                    )
                )
