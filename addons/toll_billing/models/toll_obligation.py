from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core.periods import period_of
from .toll_concession import PERIODICITIES

#: Days before the due date on which the responsible person is told.
NOTICE_DAYS = 10


class TollObligation(models.Model):
    """A report or proof that a concession owes its grantor, again and again."""

    _name = "toll.obligation"
    _description = "Concession Obligation"
    _inherit = ["mail.thread"]
    _order = "concession_id, name"

    name = fields.Char(required=True, tracking=True)
    concession_id = fields.Many2one(
        "toll.concession", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        related="concession_id.company_id", store=True, index=True
    )
    kind = fields.Selection(
        [
            ("traffic", "Traffic Statistics"),
            ("money", "Revenue and Canon"),
            ("service", "Service Levels and Claims"),
            ("works", "Works and Maintenance"),
            ("legal", "Insurance and Guarantees"),
            ("other", "Other"),
        ],
        required=True,
        default="traffic",
        tracking=True,
    )
    periodicity = fields.Selection(
        PERIODICITIES, required=True, default="month", tracking=True
    )
    days_due = fields.Integer(
        string="Due after (days)",
        required=True,
        default=15,
        tracking=True,
        help="Days from the end of the period.",
    )
    legal_basis = fields.Char(tracking=True, help="Clause of the contract, or law.")
    user_id = fields.Many2one(
        "res.users",
        string="Responsible",
        required=True,
        default=lambda self: self.env.user,
        domain="[('share', '=', False)]",
        tracking=True,
    )
    task_ids = fields.One2many("toll.obligation.task", "obligation_id")
    open_count = fields.Integer(string="To Do", compute="_compute_open_count")
    active = fields.Boolean(default=True)

    _days_positive = models.Constraint(
        "CHECK (days_due >= 0)", "It cannot be due before its period has ended."
    )

    @api.depends("task_ids.state")
    def _compute_open_count(self):
        for obligation in self:
            obligation.open_count = len(
                obligation.task_ids.filtered(lambda task: task.state == "todo")
            )

    @api.model
    def _cron_make_tasks(self):
        self.search([("active", "=", True)])._make_tasks()
        self.env["toll.obligation.task"]._remind()

    def _make_tasks(self):
        """A task for each period that has ended; those before the last one are not
        made up for.
        """
        Task = self.env["toll.obligation.task"]
        for obligation in self:
            concession = obligation.concession_id
            today = obligation.company_id._toll_today()
            current, _end = period_of(today, obligation.periodicity)
            first, last = period_of(current - timedelta(days=1), obligation.periodicity)
            if last < concession.date_from or (
                concession.date_to and first > concession.date_to
            ):
                continue
            known = Task.search_count(
                [("obligation_id", "=", obligation.id), ("date_from", "=", first)]
            )
            if not known:
                Task.create(
                    {
                        "obligation_id": obligation.id,
                        "date_from": first,
                        "date_to": last,
                        "date_due": last + timedelta(days=obligation.days_due),
                    }
                )

    def action_make_tasks(self):
        """The task of the last period, now."""
        self.check_access("write")
        # tasks are made by the register, not by hand
        self.sudo()._make_tasks()
        return self.action_open_tasks()

    def action_open_tasks(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_billing.toll_obligation_task_action"
        )
        return action | {"domain": [("obligation_id", "in", self.ids)], "context": {}}


class TollObligationTask(models.Model):
    """One delivery of an obligation, with its proof."""

    _name = "toll.obligation.task"
    _description = "Delivery to the Grantor"
    _inherit = ["toll.guarded", "mail.thread", "mail.activity.mixin"]
    _order = "date_due, id"
    _guarded = frozenset({"state", "delivered_at", "delivered_by_id"})

    name = fields.Char(compute="_compute_name", store=True)
    obligation_id = fields.Many2one(
        "toll.obligation", required=True, index=True, ondelete="restrict", readonly=True
    )
    concession_id = fields.Many2one(related="obligation_id.concession_id", store=True)
    company_id = fields.Many2one(
        related="obligation_id.company_id", store=True, index=True
    )
    kind = fields.Selection(related="obligation_id.kind", store=True)
    user_id = fields.Many2one(
        "res.users",
        string="Responsible",
        compute="_compute_user_id",
        store=True,
        readonly=False,
        precompute=True,
        index=True,
        tracking=True,
    )
    date_from = fields.Date(string="From", required=True, readonly=True)
    date_to = fields.Date(string="To", required=True, readonly=True)
    date_due = fields.Date(string="Due", required=True, tracking=True, index=True)
    state = fields.Selection(
        [("todo", "To Do"), ("delivered", "Delivered")],
        required=True,
        default="todo",
        readonly=True,
        tracking=True,
        index=True,
    )
    is_late = fields.Boolean(
        string="Late", compute="_compute_is_late", search="_search_is_late"
    )
    delivered_at = fields.Datetime(readonly=True, tracking=True)
    delivered_by_id = fields.Many2one("res.users", readonly=True)
    attachment_ids = fields.Many2many("ir.attachment", string="Evidence")
    note = fields.Text()

    _period_once = models.Constraint(
        "UNIQUE (obligation_id, date_from)", "This delivery is in the list already."
    )

    @api.depends("obligation_id.name", "date_from")
    def _compute_name(self):
        for task in self:
            task.name = f"{task.obligation_id.name} {task.date_from or ''}"

    @api.depends("obligation_id")
    def _compute_user_id(self):
        for task in self:
            task.user_id = task.user_id or task.obligation_id.user_id

    @api.depends("state", "date_due", "delivered_at")
    def _compute_is_late(self):
        today = fields.Date.context_today(self)
        for task in self:
            done = task.delivered_at and task.delivered_at.date()
            task.is_late = bool(task.date_due and (done or today) > task.date_due)

    def _search_is_late(self, operator, value):
        """Those to do whose day has passed; of delivered ones ask their dates."""
        if operator != "in":
            return NotImplemented
        late = [
            ("state", "=", "todo"),
            ("date_due", "<", fields.Date.context_today(self)),
        ]
        if True in value and False in value:
            return []
        return late if True in value else ["!", "&", *late]

    def write(self, vals):
        if {"attachment_ids", "date_due"} & vals.keys() and not self.env.su:
            if any(task.state == "delivered" for task in self):
                raise UserError(
                    self.env._("What was delivered is kept with its evidence.")
                )
        result = super().write(vals)
        if "attachment_ids" in vals:
            self._keep_evidence()
        return result

    def _keep_evidence(self):
        """Files belong to the delivery: whoever reads it reads them."""
        for task in self:
            # files that the user has just uploaded himself
            files_sudo = task.sudo().attachment_ids.filtered(
                lambda file: not file.res_id and file.create_uid == self.env.user
            )
            files_sudo.write({"res_model": self._name, "res_id": task.id})

    @api.ondelete(at_uninstall=False)
    def _unlink_except_todo(self):
        if any(task.state == "delivered" for task in self):
            raise UserError(self.env._("What was delivered is kept with its evidence."))

    def action_deliver(self):
        """Delivered; the evidence says what and how."""
        self.check_access("write")
        for task in self:
            if task.state == "delivered":
                raise UserError(
                    self.env._("%(task)s was delivered already.", task=task.name)
                )
            if not task.attachment_ids:
                raise UserError(
                    self.env._("Attach what was delivered, or the receipt, first.")
                )
        # guarded fields; the right to the record is checked above
        self.sudo().write(
            {
                "state": "delivered",
                "delivered_at": fields.Datetime.now(),
                "delivered_by_id": self.env.uid,
            }
        )
        self.activity_unlink(["mail.mail_activity_data_todo"])
        return True

    @api.model
    def _remind(self):
        """An activity for the responsible person, some days before, once."""
        limit = fields.Date.context_today(self) + timedelta(days=NOTICE_DAYS)
        due = self.search(
            [
                ("state", "=", "todo"),
                ("date_due", "<=", limit),
                ("activity_ids", "=", False),
            ]
        )
        for task in due:
            task.activity_schedule(
                "mail.mail_activity_data_todo",
                date_deadline=task.date_due,
                summary=task.name,
                user_id=task.user_id.id,
            )
