from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ..queries import retention as queries

MANAGER = "toll_account.group_toll_manager"
DATA_CLASSES = [
    ("customer", "Name, addresses and contacts"),
    ("vehicle", "Number plates"),
    ("crossing", "Crossings"),
    ("payment", "Payments and invoices"),
    ("request", "Requests and their files"),
    ("consent", "Consents"),
    ("contact", "Contact notes"),
    ("signup", "Sign-ups never confirmed"),
    ("message", "Texts of messages sent"),
    ("read_log", "Log of reads"),
]
#: Rows per transaction of a sweep.
BATCH = 500


class TollRetention(models.Model):
    """How long each kind of personal data is kept, and what happens then."""

    _name = "toll.retention"
    _description = "Retention of Data"
    _inherit = ["toll.setting.mixin"]
    _order = "sequence, id"
    _rec_name = "data_class"

    data_class = fields.Selection(DATA_CLASSES, string="Data", required=True)
    sequence = fields.Integer(default=10)
    months = fields.Integer(
        required=True,
        help="After the last account was closed, or after what is swept by itself was "
        "written.",
    )
    basis = fields.Char(
        string="Legal Basis", translate=True, help="Why it is kept so long."
    )
    action = fields.Selection(
        [("erase", "Erase"), ("pseudonymise", "Pseudonymise"), ("keep", "Keep")],
        required=True,
        default="pseudonymise",
        help="Keep: the books need it; it no longer leads to the person.",
    )
    company_id = fields.Many2one(
        "res.company", index=True, help="Empty: for all companies."
    )
    is_swept = fields.Boolean(
        string="Can Run by Itself",
        compute="_compute_is_swept",
        help="The others go with the customer, or stay for the books.",
    )
    is_active = fields.Boolean(string="Runs Every Night", readonly=True, copy=False)
    previewed_at = fields.Datetime(readonly=True, copy=False)
    preview_count = fields.Integer(
        string="Would Go Now", readonly=True, copy=False, aggregator=None
    )
    preview_held = fields.Integer(
        string="Of Them on Hold", readonly=True, copy=False, aggregator=None
    )
    run_ids = fields.One2many("toll.retention.run", "retention_id", readonly=True)

    _class_uniq = models.Constraint(
        "UNIQUE NULLS NOT DISTINCT (data_class, company_id)",
        "This kind of data has a period already.",
    )
    _months_positive = models.Constraint(
        "CHECK (months >= 0)", "The period cannot be negative."
    )

    @api.model
    def _get_months(self, company):
        """{kind of data: months}; the company's own before the common ones."""
        rows_sudo = self.sudo().search([("company_id", "in", [company.id, False])])
        return {
            row.data_class: row.months
            for row in rows_sudo.sorted(lambda r: bool(r.company_id))
        }

    @api.model
    def _get_swept(self):
        """{kind of data: actions that a sweep knows}; other addons add theirs.

        A kind has two methods: ``_due_<kind>`` finds, ``_sweep_<kind>`` acts; or one,
        ``_step_<kind>``, that does a batch of a run in its own way.
        """
        return {
            "customer": {"pseudonymise"},
            "request": {"erase"},
            "contact": {"pseudonymise", "erase"},
            "signup": {"pseudonymise"},
            "message": {"pseudonymise"},
            "read_log": {"erase"},
        }

    @api.depends("data_class")
    def _compute_display_name(self):
        labels = dict(self._fields["data_class"]._description_selection(self.env))
        for rule in self:
            rule.display_name = labels.get(rule.data_class, "")

    @api.depends("data_class", "action")
    def _compute_is_swept(self):
        swept = self._get_swept()
        for rule in self:
            rule.is_swept = rule.action in swept.get(rule.data_class, ())

    @api.constrains("data_class", "action", "months")
    def _check_action(self):
        swept = self._get_swept()
        for rule in self:
            known = swept.get(rule.data_class)
            if known and rule.action not in known | {"keep"}:
                raise ValidationError(
                    self.env._("This kind of data cannot be treated in this way.")
                )
            if known and rule.action != "keep" and not rule.months:
                raise ValidationError(
                    self.env._("Say for how many months at least it is kept.")
                )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_guarded(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_guarded(vals)
        if {"data_class", "months", "action", "company_id"} & vals.keys():
            # what was looked at is not what would run now
            vals = {"is_active": False, "previewed_at": False, **vals}
        return super().write(vals)

    @api.model
    def _check_guarded(self, vals):
        guarded = {"is_active", "previewed_at", "preview_count", "preview_held"}
        if not self.env.su and guarded & vals.keys():
            raise AccessError(self.env._("A sweep starts by its buttons only."))

    # === BUTTONS === #

    def _check_manager(self):
        self.check_access("write")
        if not self.env.su and not self.env.user.has_group(MANAGER):
            raise AccessError(self.env._("Only managers let data be swept."))
        if self.filtered(lambda rule: not rule.is_swept):
            raise UserError(
                self.env._("This kind of data does not go by itself: nothing to sweep.")
            )

    def action_preview(self):
        """Count what would go now; nothing is changed."""
        self._check_manager()
        for rule_sudo in self.sudo():  # rows of any model; the right is checked above
            before = rule_sudo._get_before()
            free, held = rule_sudo._count_free_and_held(before)
            rule_sudo.write(
                {
                    "previewed_at": fields.Datetime.now(),
                    "preview_count": free,
                    "preview_held": held,
                }
            )
        return True

    def action_activate(self):
        """From tonight on what is too old goes, every night."""
        self._check_manager()
        if self.filtered(lambda rule: not rule.previewed_at):
            raise UserError(self.env._("Look at the preview first: how much would go."))
        # guarded fields; the right is checked above
        self.sudo().write({"is_active": True})
        return True

    def action_deactivate(self):
        self._check_manager()
        # guarded fields; the right is checked above
        self.sudo().write({"is_active": False})
        return True

    def action_view_runs(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_account.toll_retention_run_action"
        )
        return action | {"domain": [("retention_id", "in", self.ids)]}

    # === WHAT IS DUE === #

    def _get_before(self):
        self.ensure_one()
        return fields.Datetime.now() - relativedelta(months=self.months)

    def _get_company_ids(self):
        """The companies of this rule; those with a rule of their own have that one."""
        self.ensure_one()
        if self.company_id:
            return self.company_id.ids
        others = self.search(
            [("data_class", "=", self.data_class), ("company_id", "!=", False)]
        )
        company = ("id", "not in", others.company_id.ids)
        return self.env["res.company"].search([company]).ids

    def _get_due(self, before, hold=True):
        find = getattr(self, f"_due_{self.data_class}")
        return find(before, self._get_company_ids(), hold)

    def _count_due(self, before, hold=True):
        self.env.flush_all()  # the statement reads tables
        return self.env.execute_query(queries.count(self._get_due(before, hold)))[0][0]

    def _count_free_and_held(self, before):
        """How many rows would go now, and how many more if nobody were on hold."""
        free = self._count_due(before)
        return free, self._count_due(before, hold=False) - free

    def _due_read_log(self, before, companies, hold):
        return queries.read_log_due(before, companies, hold)

    def _due_contact(self, before, companies, hold):
        erase = self.action == "erase"
        return queries.contact_due(before, companies, hold, every=erase)

    def _due_request(self, before, companies, hold):
        return queries.request_due(before, companies, hold)

    def _due_customer(self, before, companies, hold):
        return queries.customer_due(before, companies, hold)

    def _due_signup(self, before, companies, hold):
        return queries.signup_due(before, companies, hold)

    def _due_message(self, before, companies, hold):
        return queries.message_due(before, companies, hold)
