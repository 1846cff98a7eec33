from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

FROZEN = {"body", "version", "valid_from", "company_id", "plan_ids"}


class TollContractCondition(models.Model):
    """The text that customers sign. What is in force is never changed again."""

    _name = "toll.contract.condition"
    _description = "Contract Conditions"
    _inherit = ["mail.thread"]
    _order = "valid_from desc, id desc"
    _rec_names_search = ["name", "version"]
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    version = fields.Char(required=True, copy=False, tracking=True)
    company_id = fields.Many2one(
        "res.company", index=True, help="Empty: for every company."
    )
    plan_ids = fields.Many2many(
        "toll.plan", string="Plans", help="Empty: for every plan.", check_company=True
    )
    body = fields.Html(translate=True, required=True, string="Conditions")
    valid_from = fields.Date(
        required=True,
        default=fields.Date.context_today,
        tracking=True,
        help="New contracts refer to the version in force on their day.",
    )
    valid_to = fields.Date(copy=False, tracking=True)
    state = fields.Selection(
        [("draft", "Draft"), ("active", "In Force"), ("retired", "Retired")],
        required=True,
        default="draft",
        copy=False,
        tracking=True,
    )
    contract_count = fields.Integer(compute="_compute_contract_count")

    _version_uniq = models.Constraint(
        "UNIQUE NULLS NOT DISTINCT (company_id, name, version)",
        "These conditions have this version already.",
    )
    _period_valid = models.Constraint(
        "CHECK (valid_to IS NULL OR valid_to >= valid_from)",
        "Conditions cannot end before they begin.",
    )

    @api.depends("name", "version")
    def _compute_display_name(self):
        for condition in self:
            parts = (condition.name, condition.version)
            condition.display_name = " ".join(filter(None, parts))

    def _compute_contract_count(self):
        # counted for everyone who configures, whatever he may read of accounting
        contracts_sudo = self.env["contract.contract"].sudo()
        counts = dict(
            contracts_sudo._read_group(
                [("toll_condition_id", "in", self.ids)],
                ["toll_condition_id"],
                ["__count"],
            )
        )
        for condition in self:
            condition.contract_count = counts.get(condition, 0)

    def write(self, vals):
        if FROZEN & vals.keys() and self.filtered(lambda c: c.state != "draft"):
            raise UserError(
                self.env._(
                    "Customers have signed this version: duplicate it, change the copy "
                    "and put that in force."
                )
            )
        return super().write(vals)

    def update_field_translations(self, field_name, translations, source_lang=""):
        """A translation is part of what customers sign."""
        if field_name in FROZEN and self.filtered(lambda c: c.state != "draft"):
            self.write({field_name: ""})
        return super().update_field_translations(
            field_name, translations, source_lang=source_lang
        )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if self.filtered(lambda c: c.state != "draft"):
            raise UserError(
                self.env._("Conditions that were in force stay on record: retire them.")
            )

    def action_activate(self):
        """Put the version in force; the one before ends the day before."""
        for condition in self:
            if condition.state != "draft":
                raise ValidationError(
                    self.env._("Only a draft can be put in force: duplicate it.")
                )
            before = self.search(
                [
                    ("state", "=", "active"),
                    ("company_id", "=", condition.company_id.id),
                    ("valid_from", "<=", condition.valid_from),
                    ("valid_to", "=", False),
                ]
            ).filtered(lambda c, new=condition: c.plan_ids == new.plan_ids)
            for old in before:
                end = fields.Date.subtract(condition.valid_from, days=1)
                old.valid_to = max(end, old.valid_from)
            condition.state = "active"
            # of the same day: the newer one counts
            before.filtered(lambda c, d=condition: c.valid_from == d.valid_from).write(
                {"state": "retired"}
            )
        return True

    def action_retire(self):
        today = fields.Date.context_today(self)
        for condition in self:
            end = max(condition.valid_to or today, condition.valid_from)
            condition.write({"state": "retired", "valid_to": end})
        return True

    @api.model
    def _get_in_force(self, company, plan=None, date=None):
        """The conditions that a contract of this day refers to."""
        date = date or fields.Date.context_today(self)
        found = self.search(
            [
                ("state", "=", "active"),
                ("company_id", "in", (False, company.id)),
                ("valid_from", "<=", date),
                "|",
                ("valid_to", "=", False),
                ("valid_to", ">=", date),
            ]
        ).filtered(lambda c: not c.plan_ids or (plan and plan in c.plan_ids))
        return found.sorted(
            lambda c: (bool(c.company_id), bool(c.plan_ids), c.valid_from, c.id),
            reverse=True,
        )[:1]
