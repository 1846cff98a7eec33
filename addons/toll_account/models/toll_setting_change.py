import logging

from psycopg2 import IntegrityError

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..core import setting_values
from .toll_setting_guard import TYPES

_logger = logging.getLogger(__name__)


class TollSettingChange(models.Model):
    """A change of a setting: one person proposes it, another one approves it.

    A new value, a new record with the values of its lines, or the end of a record.
    """

    _name = "toll.setting.change"
    _description = "Proposed Change of a Setting"
    _inherit = ["toll.approval"]
    _order = "id desc"
    _guarded = frozenset(
        {
            "state",
            "asked_by_id",
            "asked_at",
            "approved_by_id",
            "approved_at",
            "old_value",
            "applied_at",
            "last_error",
        }
    )
    _number_sequence = "toll.setting.change"
    _frozen = frozenset(
        {
            "company_id",
            "guard_id",
            "record_ref",
            "is_switch_off",
            "kind",
            "new_value",
            "date_from",
            "reason",
        }
    )

    name = fields.Char(
        string="Number", required=True, readonly=True, copy=False, default="/"
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    guard_id = fields.Many2one(
        "toll.setting.guard",
        string="Setting",
        required=True,
        index=True,
        ondelete="restrict",
        tracking=True,
    )
    model = fields.Char(related="guard_id.model", string="Model Name")
    kind = fields.Selection(
        [("value", "New Value"), ("new", "New Record"), ("remove", "Remove")],
        string="Proposal",
        compute="_compute_kind",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
        tracking=True,
        help="Remove: archived where that is possible, else deleted.",
    )
    is_of_rows = fields.Boolean(compute="_compute_is_of_rows")
    value_ids = fields.One2many(
        "toll.setting.change.value", "change_id", string="Its Values", copy=True
    )
    record_ref = fields.Reference(
        selection="_selection_record_ref",
        string="Of",
        tracking=True,
        help="The plan, fee or rule; for settings of the company it stays empty. A new "
        "record takes over what its lines do not say from the one named here.",
    )
    is_switch_off = fields.Boolean(
        string="No Longer Two People",
        tracking=True,
        help="From then on one person changes this setting alone.",
    )
    old_value = fields.Char(string="Before", readonly=True, copy=False)
    new_value = fields.Char(
        string="After",
        tracking=True,
        help="In figures, for example 1500.50; yes or no; a day as 2026-03-01; a text; "
        "one of the choices; or the name of a record.",
    )
    date_from = fields.Date(
        string="In Force from",
        required=True,
        default=fields.Date.context_today,
        tracking=True,
    )
    reason = fields.Text(required=True)
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("asked", "To Approve"),
            ("approved", "Approved"),
            ("applied", "In Force"),
            ("refused", "Refused"),
        ],
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        tracking=True,
        index=True,
    )
    applied_at = fields.Datetime(readonly=True, copy=False)
    last_error = fields.Char(string="Why Not", readonly=True, copy=False)

    @api.model
    def _selection_record_ref(self):
        return self.env["toll.setting.guard"]._get_kinds()

    @api.depends("guard_id.rows_of")
    def _compute_is_of_rows(self):
        for change in self:
            change.is_of_rows = bool(change.guard_id.rows_of)

    @api.depends("guard_id", "is_switch_off")
    def _compute_kind(self):
        for change in self:
            rows = change.guard_id.rows_of and not change.is_switch_off
            if not rows:
                change.kind = "value"
            elif change.kind not in ("new", "remove"):
                change.kind = "new"

    def _get_record(self):
        """What is changed, and the name of its field."""
        self.ensure_one()
        if self.is_switch_off:
            return self.guard_id, "active"
        record = self.company_id
        if self.model != "res.company":
            record = self.record_ref
        return record, self.guard_id.sudo().field_id.name

    def _get_value(self):
        """The new value, as its field takes it."""
        if self.is_switch_off:
            return False
        return self._parse(self.guard_id.sudo().field_id, self.new_value)

    def _parse(self, field_sudo, text):
        """The value that a person has written for this field."""
        kind = field_sudo.ttype
        self = self._as_asked()
        try:
            if kind == "many2one":
                return self._find_named(field_sudo.relation, text)
            choices = {}
            if kind == "selection":
                field = self.env[field_sudo.model]._fields[field_sudo.name]
                choices = dict(field._description_selection(self.env))
            return setting_values.parse(kind, text, choices)
        except (ValueError, OverflowError):
            raise UserError(
                self.env._(
                    "“%(text)s” does not fit “%(field)s”: write figures as 1500.50, a "
                    "day as 2026-03-01, yes or no, one of the choices, or the exact "
                    "name of one record.",
                    text=text or "",
                    field=field_sudo.field_description,
                )
            ) from None

    def _as_asked(self):
        """In the language of who proposed it, whoever lets it come into force."""
        return self.with_context(lang=(self.asked_by_id or self.env.user).lang)

    def _find_named(self, model, text):
        """The one record of this name, among those of the company."""
        text = (text or "").strip()
        if not text:
            return False
        records = self.env[model]
        domain = []
        if "company_id" in records._fields:
            domain = records._check_company_domain(self.company_id)
        found = records.name_search(text, domain, "=", limit=2)
        if len(found) != 1:
            raise ValueError(text)
        return found[0][0]

    def _get_row_values(self):
        """The values of the lines, as a new record takes them."""
        return {
            line.field_id.sudo().name: self._parse(line.field_id.sudo(), line.value)
            for line in self.value_ids
        }

    def _check_complete(self):
        for change in self:
            if change.kind == "new":
                change._try_new()
                continue
            record, name = change._get_record()
            if not record or record._name != (
                "toll.setting.guard" if change.is_switch_off else change.model
            ):
                raise UserError(self.env._("Choose what the setting belongs to."))
            record.check_access("read")
            if "company_id" in record._fields and record.company_id not in (
                change.company_id,
                self.env["res.company"],
            ):
                raise UserError(
                    self.env._(
                        "%(record)s belongs to another company.",
                        record=record.display_name,
                    )
                )
            if change.kind == "value" and not change.guard_id._is_changed(
                record, name, change._get_value()
            ):
                raise UserError(self.env._("This is the value that it has already."))

    def _try_new(self):
        """Make the new record and take it back: what is missing is told before."""
        if not self.model or not (self.value_ids or self.record_ref):
            raise UserError(
                self.env._("Say what the new record is like, or give its values.")
            )
        if self.record_ref:
            self.record_ref.check_access("read")
        self.env.flush_all()
        try:
            with self.env.cr.savepoint() as savepoint:
                self.sudo()._make_new()  # taken back at once
                savepoint.rollback()
        except (UserError, ValidationError, IntegrityError) as error:
            raise UserError(self._not_taken(error)) from None

    def _make_new(self):
        values = self._get_row_values()
        if self.record_ref:
            if self.record_ref._name != self.model:
                raise UserError(self.env._("Choose what the setting belongs to."))
            record = self.record_ref.copy(values)
        else:
            record = self.env[self.model].create(values)
        if record.company_id not in (self.company_id, self.env["res.company"]):
            raise UserError(
                self.env._(
                    "%(record)s belongs to another company.",
                    record=record.display_name,
                )
            )
        self.env.flush_all()
        return record

    def _not_taken(self, error):
        return self.env._(
            "The value was not taken: %s", str(error).strip().split("\n")[0]
        )

    def _get_current_value(self):
        if self.kind == "new":
            return False
        record, name = self._get_record()
        if self.kind == "remove":
            return record.display_name
        log = self.env["toll.setting.log"]
        return log._get_values(record, [name])[record.id, name]

    def action_ask(self):
        result = super().action_ask()
        for change in self:
            # guarded; the right is checked
            change.sudo().old_value = change._get_current_value()
        return result

    def action_approve(self):
        """In force at once, or when its day comes."""
        result = super().action_approve()
        for change in self:
            change.sudo()._apply()  # guarded; the right is checked
            if change.last_error:
                raise UserError(change.last_error)
        return result

    def action_refuse(self):
        self.check_access("write")
        self._check_manager()
        self._check_state("asked", "approved")
        self.sudo().write({"state": "refused"})  # guarded; the right is checked

    @api.model
    def _cron_apply(self):
        due = self.search([("state", "=", "approved")], order="date_from, id")
        for change in due:
            change._apply()

    def _apply(self):
        """Write the value if its day has come; what does not fit is told."""
        self.ensure_one()
        today = fields.Date.context_today(
            self.with_context(tz=self.company_id.partner_id.tz or self.env.user.tz)
        )
        if self.state != "approved" or self.date_from > today:
            return
        try:
            with self.env.cr.savepoint():
                change = self._as_asked()
                change.with_context(toll_setting_change_id=self.id)._perform()
                self.env.flush_all()
        except (UserError, ValidationError, IntegrityError) as error:
            self.env.invalidate_all()
            _logger.warning("change of a setting %s: %s", self.name, error)
            self.last_error = self._not_taken(error)
            return
        self.write(
            {
                "state": "applied",
                "applied_at": fields.Datetime.now(),
                "last_error": False,
            }
        )

    def _perform(self):
        """Do what was approved."""
        if self.kind == "new":
            self.record_ref = self._make_new()
            return
        record, name = self._get_record()
        if self.kind == "value":
            record.write({name: self._get_value()})
        elif "active" in record._fields:
            record.action_archive()
        else:
            self.record_ref = False
            record.unlink()


class TollSettingChangeValue(models.Model):
    """One value of a proposed record."""

    _name = "toll.setting.change.value"
    _description = "Value of a Proposed Record"
    _order = "id"

    change_id = fields.Many2one(
        "toll.setting.change", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="change_id.company_id", store=True, index=True)
    model = fields.Char(related="change_id.model", string="Model Name")
    field_id = fields.Many2one(
        "ir.model.fields",
        required=True,
        ondelete="cascade",
        domain="[('model', '=', model), ('store', '=', True), "
        f"('readonly', '=', False), ('ttype', 'in', {list(TYPES)})]",
    )
    value = fields.Char(
        help="In figures, for example 1500.50; yes or no; a day as 2026-03-01; a text; "
        "one of the choices; or the name of a record.",
    )

    _field_uniq = models.Constraint(
        "UNIQUE (change_id, field_id)", "Each field has one value."
    )

    @api.constrains("field_id")
    def _check_field_id(self):
        for line in self:
            field_sudo = line.field_id.sudo()
            fits = field_sudo.model == line.model and field_sudo.ttype in TYPES
            if not fits or field_sudo.readonly or not field_sudo.store:
                raise ValidationError(
                    self.env._("This is no field that the new record could have.")
                )

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._check_draft()
        return lines

    def write(self, vals):
        self._check_draft()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _check_draft(self):
        """What is to be approved stays as it was asked for."""
        if not self.env.su:
            self.change_id._check_draft()
