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
TYPES = ("integer", "float", "monetary", "boolean")


class TollSettingGuard(models.Model):
    """A setting that nobody changes alone. Switching it off needs two people as well.

    It holds for people; the suite's own code writes in superuser mode.
    """

    _name = "toll.setting.guard"
    _description = "Setting of Two People"
    _order = "model, field_id, id"

    field_id = fields.Many2one(
        "ir.model.fields",
        string="Setting",
        required=True,
        ondelete="cascade",
        index=True,
        domain=lambda self: self._fields_domain(),
    )
    model = fields.Char(related="field_id.model", store=True, string="Model Name")
    company_id = fields.Many2one(
        "res.company", index=True, help="Empty: in every company."
    )
    active = fields.Boolean(string="Needs Two People", default=True)

    _field_uniq = models.UniqueIndex(
        "(field_id, COALESCE(company_id, 0))", "This setting is in the list already."
    )

    @api.model
    def _fields_domain(self):
        return [
            ("model", "in", MODELS),
            ("ttype", "in", TYPES),
            ("store", "=", True),
            "|",
            ("model", "!=", "res.company"),
            ("name", "=like", "toll_%"),
        ]

    @api.depends("field_id")
    def _compute_display_name(self):
        for guard in self:
            # managers may not read the models of the database
            field_sudo = guard.field_id.sudo()
            kind = field_sudo.model_id.name
            guard.display_name = f"{field_sudo.field_description} ({kind})"

    @api.constrains("field_id")
    def _check_field_id(self):
        for guard in self:
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
        """{field: ids of the companies where it needs two people, or False for all}."""
        guarded = {}
        for guard in self.sudo().search([("model", "=", model)]):
            companies = guarded.setdefault(guard.field_id.name, set())
            companies.add(guard.company_id.id)
        return frozendict({name: frozenset(ids) for name, ids in guarded.items()})

    @api.model
    def _check_write(self, records, vals):
        """Raise where a person changes alone what needs two."""
        if self.env.su:
            return
        guarded = self._get_guarded(records._name)
        for name in guarded.keys() & vals.keys():
            field = records._fields[name]
            for record in records:
                company = record if record._name == "res.company" else record.company_id
                if not guarded[name] & {False, company.id}:
                    continue
                value = field.convert_to_cache(vals[name], record)
                if field.convert_to_record(value, record) != record[name]:
                    raise UserError(
                        self.env._(
                            "“%(setting)s” of %(record)s needs two people: propose the "
                            "change under Reporting > Audit > Proposed Changes.",
                            setting=field._description_string(self.env),
                            record=record.display_name,
                        )
                    )
