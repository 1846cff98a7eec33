import logging

from psycopg2 import IntegrityError

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..core import setting_values
from .toll_setting_guard import MODELS

_logger = logging.getLogger(__name__)


class TollSettingChange(models.Model):
    """A change of a setting: one person proposes it, another one approves it."""

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
    record_ref = fields.Reference(
        selection="_selection_record_ref",
        string="Of",
        tracking=True,
        help="The plan, fee or rule; for settings of the company it stays empty.",
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
        help="In figures, for example 1500.50; yes or no.",
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
        # managers may not read the models of the database
        models_sudo = self.env["ir.model"].sudo()
        return [
            (name, models_sudo._get(name).name)
            for name in MODELS
            if name != "res.company"
        ]

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
        try:
            kind = self.guard_id.sudo().field_id.ttype
            return setting_values.parse(kind, self.new_value)
        except (ValueError, OverflowError):
            raise UserError(
                self.env._(
                    "Write the new value in figures, for example 1500.50, or yes or no."
                )
            ) from None

    def _check_complete(self):
        for change in self:
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
            field = record._fields[name]
            value = field.convert_to_cache(change._get_value(), record)
            if field.convert_to_record(value, record) == record[name]:
                raise UserError(self.env._("This is the value that it has already."))

    def _get_current_value(self):
        record, name = self._get_record()
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
        record, name = self._get_record()
        try:
            with self.env.cr.savepoint():
                record = record.with_context(toll_setting_change_id=self.id)
                record.write({name: self._get_value()})
                self.env.flush_all()
        except (UserError, ValidationError, IntegrityError) as error:
            self.env.invalidate_all()
            _logger.warning("change of a setting %s: %s", self.name, error)
            self.last_error = self.env._(
                "The value was not taken: %s", str(error).strip().split("\n")[0]
            )
            return
        self.write(
            {
                "state": "applied",
                "applied_at": fields.Datetime.now(),
                "last_error": False,
            }
        )
