from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..core import rating
from ..queries import tariff_cell as queries
from . import tariff_messages as messages
from .toll_tariff_pricing import TollTariffPricing

FOUR_EYES = "toll_billing.tariff_four_eyes"
LOCKED_FIELDS = {
    "operator_id",
    "version",
    "valid_from",
    "currency_id",
    "rate_ids",
    "band_ids",
    "excluded_class_ids",
}
WORKFLOW_FIELDS = {
    "state",
    "requested_by_id",
    "requested_at",
    "activated_by_id",
    "activated_at",
}


class TollTariff(models.Model):
    """A version of an operator's price list.

    A version that has been activated is never rewritten: a change is a new version, and
    the old one ends where the new one begins.
    """

    _name = "toll.tariff"
    _description = "Toll Tariff Version"
    _inherit = ["mail.thread", "mail.activity.mixin", TollTariffPricing._name]
    _order = "operator_id, valid_from desc, id desc"
    _rec_names_search = ["name", "version", "operator_id.code"]

    name = fields.Char(
        compute="_compute_name",
        store=True,
        readonly=False,
        precompute=True,
        copy=False,
    )
    operator_id = fields.Many2one(
        "toll.operator",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('is_charger', '=', True)]",
    )
    company_id = fields.Many2one(
        related="operator_id.company_id", store=True, index=True
    )
    version = fields.Char(required=True, copy=False, tracking=True)
    valid_from = fields.Date(
        required=True,
        default=fields.Date.context_today,
        tracking=True,
        help="The version holds from local midnight of this day, plaza by plaza.",
    )
    valid_to = fields.Date(
        string="Valid Until",
        copy=False,
        tracking=True,
        help="First day on which the version no longer holds. Empty: until another "
        "version begins.",
    )
    state = fields.Selection(
        [("draft", "Draft"), ("active", "Active"), ("retired", "Retired")],
        required=True,
        default="draft",
        copy=False,
        index=True,
        tracking=True,
        readonly=True,
    )
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        compute="_compute_currency_id",
        store=True,
        readonly=False,
        precompute=True,
    )
    legal_basis = fields.Char(
        tracking=True, help="Publication or agreement that fixes these prices."
    )
    rate_ids = fields.One2many(
        "toll.tariff.rate", "tariff_id", string="Prices", copy=False
    )
    band_ids = fields.One2many(
        "toll.tariff.band", "tariff_id", string="Time Bands", copy=True
    )
    excluded_class_ids = fields.Many2many(
        "toll.vehicle.class",
        string="Classes Not Admitted",
        help="Classes that need no price because the road does not admit them.",
    )
    previous_id = fields.Many2one(
        "toll.tariff",
        string="Made From",
        index="btree_not_null",
        ondelete="set null",
        copy=False,
        readonly=True,
    )
    requested_by_id = fields.Many2one("res.users", copy=False, readonly=True)
    requested_at = fields.Datetime(copy=False, readonly=True)
    activated_by_id = fields.Many2one("res.users", copy=False, readonly=True)
    activated_at = fields.Datetime(copy=False, readonly=True)
    is_current = fields.Boolean(
        string="In Force Today",
        compute="_compute_is_current",
        search="_search_is_current",
    )
    rate_count = fields.Integer(string="Price Count", compute="_compute_counts")
    plaza_count = fields.Integer(compute="_compute_counts")

    _version_uniq = models.Constraint(
        "UNIQUE (operator_id, version)", "The operator has a version of this name."
    )
    _validity_order = models.Constraint(
        "CHECK (valid_to IS NULL OR valid_to > valid_from"
        " OR (state = 'retired' AND valid_to = valid_from))",
        "A version must end after the day on which it begins.",
    )
    _retired_ends = models.Constraint(
        "CHECK (state <> 'retired' OR valid_to IS NOT NULL)",
        "A retired version has a last day.",
    )
    _no_overlap = models.Constraint(
        "EXCLUDE USING gist (operator_id WITH =, daterange(valid_from, valid_to)"
        " WITH &&) WHERE (state <> 'draft')",
        "Another version of this operator is in force on some of these days.",
    )

    def _auto_init(self):
        self.env.execute_query(queries.create_extension())
        return super()._auto_init()

    def init(self):
        for statement in [*queries.create_table(), *queries.create_version_guard()]:
            self.env.execute_query(statement)

    # === COMPUTE === #

    @api.depends("operator_id", "version")
    def _compute_name(self):
        for tariff in self:
            parts = (tariff.operator_id.code, tariff.version)
            tariff.name = " ".join(filter(None, parts))

    @api.depends("operator_id")
    def _compute_currency_id(self):
        for tariff in self:
            tariff.currency_id = (
                tariff.operator_id.currency_id or self.env.company.currency_id
            )

    @api.depends("state", "valid_from", "valid_to")
    def _compute_is_current(self):
        for tariff in self:
            today = tariff._today()
            tariff.is_current = (
                tariff.state != "draft"
                and tariff.valid_from <= today
                and (not tariff.valid_to or today < tariff.valid_to)
            )

    def _search_is_current(self, operator, value):
        if operator not in ("in", "not in"):
            return NotImplemented
        today = fields.Date.context_today(self)
        current = (
            Domain("state", "!=", "draft")
            & Domain("valid_from", "<=", today)
            & (Domain("valid_to", "=", False) | Domain("valid_to", ">", today))
        )
        wanted = (True in value) == (operator == "in")
        return current if wanted else ~current

    def _compute_counts(self):
        counts = {
            tariff: (count, plazas)
            for tariff, count, plazas in self.env["toll.tariff.rate"]._read_group(
                [("tariff_id", "in", self.ids)],
                ["tariff_id"],
                ["__count", "plaza_id:count_distinct"],
            )
        }
        for tariff in self:
            tariff.rate_count, tariff.plaza_count = counts.get(tariff, (0, 0))

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get("state", "draft") != "draft":
                raise UserError(
                    self.env._("A version begins as a draft and is then activated.")
                )
        return super().create(vals_list)

    def write(self, vals):
        if WORKFLOW_FIELDS & vals.keys():
            raise UserError(
                self.env._("Use the buttons to request, activate or retire a version.")
            )
        if LOCKED_FIELDS & vals.keys():
            self._check_draft()
        if "valid_to" in vals:
            self._check_draft()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_draft(self):
        self._check_draft()

    def copy_data(self, default=None):
        default = dict(default or {})
        return [
            dict(
                {"version": self.env._("%(version)s (copy)", version=tariff.version)},
                **vals,
            )
            for tariff, vals in zip(
                self, super().copy_data(default=default), strict=True
            )
        ]

    def _set_workflow(self, vals):
        """Write what only the workflow may write."""
        return super().write(vals)

    @api.model
    def _check_draft_ids(self, vals_list):
        """Refuse rows for versions that are no longer drafts, before they are made."""
        ids = {vals["tariff_id"] for vals in vals_list if vals.get("tariff_id")}
        self.browse(ids)._check_draft()

    def _check_draft(self):
        for tariff in self:
            if tariff.state != "draft":
                raise UserError(
                    self.env._(
                        "%(tariff)s has been activated and stays as it is. Make a new "
                        "version to change prices.",
                        tariff=tariff.display_name,
                    )
                )

    def _today(self):
        """Today on the roads of the operator."""
        now = fields.Datetime.now()
        return rating.local_time(now, self.operator_id.tz or "UTC").date()

    # === WORKFLOW === #

    def action_check(self):
        """Tell what would keep the draft from being activated."""
        self.ensure_one()
        problems = self._get_problems()
        if problems:
            raise UserError(messages.shorten(self.env, problems))
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("This version can be activated."),
            },
        }

    def action_request(self):
        """Ask for approval: the managers find it in their activities."""
        self.check_access("write")
        self._check_draft()
        self._set_workflow(
            {"requested_by_id": self.env.uid, "requested_at": fields.Datetime.now()}
        )
        for tariff in self:
            tariff.message_post(
                body=self.env._("Ready for approval."), subtype_xmlid="mail.mt_note"
            )

    def action_activate(self):
        """Put drafts in force: check, end the former version, write the cells."""
        self.check_access("write")
        self._check_draft()
        self._check_four_eyes()
        for tariff in self.sorted("valid_from"):
            problems = tariff._get_problems()
            if problems:
                raise UserError(
                    self.env._(
                        "%(tariff)s cannot be activated:\n%(problems)s",
                        tariff=tariff.display_name,
                        problems=messages.shorten(self.env, problems),
                    )
                )
            ended = tariff._end_former_versions()
            # what is still to be written belongs to the draft
            tariff.rate_ids.flush_recordset()
            tariff.band_ids.flush_recordset()
            tariff._set_workflow(
                {
                    "state": "active",
                    "activated_by_id": self.env.uid,
                    "activated_at": fields.Datetime.now(),
                }
            )
            tariff.message_post(
                body=self.env._(
                    "Activated with %(cells)s prices by hour and day. %(ended)s",
                    cells=tariff._rebuild_cells(),
                    ended=self.env._("It ends version %s.", ", ".join(ended))
                    if ended
                    else "",
                )
            )

    def action_retire(self):
        """End versions at the end of today, or before they ever came into force."""
        self.check_access("write")
        for tariff in self:
            if tariff.state != "active":
                raise UserError(self.env._("Only an active version can be retired."))
            tomorrow = tariff._today() + timedelta(days=1)
            last = min(tariff.valid_to or tomorrow, tomorrow)
            if tariff.valid_from > tariff._today():
                last = tariff.valid_from
            tariff._end(last, retire=True)

    def _check_four_eyes(self):
        # a setting that managers may not read: it changes what is refused, not data
        parameters_sudo = self.env["ir.config_parameter"].sudo()
        if parameters_sudo.get_param(FOUR_EYES) not in ("1", "True", "true"):
            return
        for tariff in self:
            if tariff.requested_by_id in (self.env["res.users"], self.env.user):
                raise UserError(
                    self.env._(
                        "%(tariff)s must be sent for approval by one person and "
                        "activated by another.",
                        tariff=tariff.display_name,
                    )
                )

    def _end(self, day, retire=False):
        """Let a version end before ``day``; it is retired once that day is there."""
        self.ensure_one()
        vals = {"valid_to": day}
        if self.state == "active" and (retire or day <= self._today()):
            vals["state"] = "retired"
        self._set_workflow(vals)
        self._end_cells()
        self.message_post(
            body=self.env._("Ends on %(day)s.", day=fields.Date.to_string(day))
        )

    @api.model
    def _cron_retire(self):
        """Retire the versions whose last day has passed."""
        yesterday = fields.Date.context_today(self) - timedelta(days=1)
        ended = self.search([("state", "=", "active"), ("valid_to", "<=", yesterday)])
        ended._set_workflow({"state": "retired"})
