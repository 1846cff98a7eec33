from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command

from ..queries import write_off as queries

APPROVERS = "toll_account.group_toll_accountant,toll_account.group_toll_manager"


class TollWriteOff(models.Model):
    """A debt that is given up: asked for by one person, approved by another.

    It never deletes anything: an entry books the loss, another one takes it back.
    """

    _name = "toll.write.off"
    _description = "Write-off"
    _inherit = ["toll.guarded", "mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _check_company_auto = True
    _number_sequence = "toll.write.off"
    _guarded = frozenset(
        {
            "state",
            "requested_by_id",
            "requested_at",
            "decided_by_id",
            "decided_at",
            "move_id",
            "reversal_id",
            "reversed_by_id",
            "decision_note",
        }
    )

    name = fields.Char(required=True, readonly=True, copy=False, default="/")
    case_id = fields.Many2one(
        "toll.collection.case", required=True, index=True, ondelete="restrict"
    )
    account_id = fields.Many2one(
        related="case_id.account_id", store=True, index=True, precompute=True
    )
    partner_id = fields.Many2one(related="case_id.partner_id", string="Customer")
    company_id = fields.Many2one(
        related="case_id.company_id", store=True, index=True, precompute=True
    )
    currency_id = fields.Many2one(related="case_id.currency_id")
    segment_id = fields.Many2one(
        "toll.portfolio.segment", readonly=True, index="btree_not_null"
    )
    reason = fields.Selection(
        [
            ("uncollectable", "Cannot be collected"),
            ("not_found", "Customer not found"),
            ("insolvent", "Insolvent"),
            ("deceased", "Deceased"),
            ("barred", "Time-barred"),
            ("small", "Costs more than it brings"),
            ("agreement", "Agreement with the customer"),
        ],
        required=True,
        tracking=True,
    )
    note = fields.Text(string="Grounds", required=True, tracking=True)
    line_ids = fields.One2many("toll.write.off.line", "write_off_id", copy=True)
    amount = fields.Monetary(compute="_compute_amount", store=True, tracking=True)
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("requested", "Requested"),
            ("approved", "Written Off"),
            ("refused", "Refused"),
            ("reversed", "Taken Back"),
        ],
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        index=True,
        tracking=True,
    )
    requested_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    requested_at = fields.Datetime(readonly=True, copy=False)
    decided_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    decided_at = fields.Datetime(readonly=True, copy=False)
    decision_note = fields.Char(readonly=True, copy=False, tracking=True)
    reversed_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    move_id = fields.Many2one(
        "account.move",
        string="Journal Entry",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    reversal_id = fields.Many2one(
        "account.move",
        string="Entry that Takes It Back",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    needs_manager = fields.Boolean(compute="_compute_needs_manager", compute_sudo=True)

    _case_uniq = models.UniqueIndex(
        "(case_id) WHERE state IN ('draft', 'requested')",
        "The case has a write-off that waits already.",
    )

    @api.depends("line_ids.amount")
    def _compute_amount(self):
        for write_off in self:
            write_off.amount = sum(write_off.line_ids.mapped("amount"))

    @api.depends("amount", "company_id")
    def _compute_needs_manager(self):
        for write_off in self:
            limit = write_off.company_id.toll_write_off_limit
            write_off.needs_manager = (
                write_off.currency_id.compare_amounts(write_off.amount, limit) > 0
            )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            case = self.env["toll.collection.case"].browse(vals.get("case_id"))
            case._check_open()
            vals["segment_id"] = case.segment_id.id
            if not vals.get("line_ids"):
                vals["line_ids"] = [
                    Command.create(line) for line in self._prepare_line_vals(case)
                ]
        self.flush_model(["state"])  # one that has just ended makes room
        return super().create(vals_list)

    @api.model
    def _prepare_line_vals(self, case):
        """Everything that is overdue now: each document, and the wallet's debt."""
        today = case.company_id._toll_today()
        amounts = {}
        items = self.env["toll.collection.item"].search(
            [
                ("case_id", "=", case.id),
                ("move_type", "=", "out_invoice"),
                ("due_date", "<", today),
            ]
        )
        for item in items:
            # documents are shown to who works the case, whatever the books allow
            move = item.sudo().move_id
            amounts[move] = amounts.get(move, 0) + item.amount_open
        lines = [
            {"move_id": move.id, "name": move.name, "amount": amount}
            for move, amount in amounts.items()
        ]
        if case.currency_id.compare_amounts(case.amount_wallet, 0) > 0:
            lines.append({"name": self.env._("Wallet"), "amount": case.amount_wallet})
        return lines

    def write(self, vals):
        fixed = {"case_id", "reason", "note", "line_ids"}
        if not self.env.su and fixed & vals.keys():
            self._check_state("draft")
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_drafts(self):
        self._check_state("draft")

    # === STEPS === #
    def action_request(self):
        """Ask for approval; the approvers get an activity."""
        self.check_access("write")
        self._check_state("draft")
        for write_off in self:
            if not write_off.line_ids:
                raise UserError(self.env._("Say what is written off: add lines."))
            write_off._check_lines()
            # guarded; the right and the state are checked
            write_off_sudo = write_off.sudo()
            write_off_sudo.write(
                {
                    "state": "requested",
                    "requested_by_id": self.env.uid,
                    "requested_at": fields.Datetime.now(),
                }
            )
            for user in write_off_sudo._get_approvers()[:5]:
                write_off_sudo.activity_schedule(
                    "mail.mail_activity_data_todo",
                    user_id=user.id,
                    summary=self.env._("Write-off to approve"),
                )
        return True

    def _get_approvers(self):
        """Who may approve it: not the person who asks."""
        role = "manager" if self.needs_manager else "accountant"
        group = self.env.ref(f"toll_account.group_toll_{role}")
        return group.all_user_ids.filtered(
            lambda user: (
                user.active
                and not user.share
                and user != self.requested_by_id
                and self.company_id in user.company_ids
            )
        ).sorted("id")

    def _lock(self):
        """Decisions on the same write-off come one after the other.

        Whoever read it before another decision was made starts again, and finds it.
        """
        self.ensure_one()
        self.flush_recordset()
        self.env.execute_query(queries.lock(self.id))
        self.invalidate_recordset(flush=False)

    def _check_decision(self):
        """Four eyes, the role and its limit."""
        self.check_access("read")
        user = self.env.user
        if not user.has_groups(APPROVERS):
            raise AccessError(
                self.env._("Only accountants and managers decide on write-offs.")
            )
        if user in (self.requested_by_id, self.create_uid):
            raise UserError(
                self.env._("Somebody else must decide: you asked for this write-off.")
            )

    def _check_limit(self):
        company_sudo = self.company_id.sudo()  # settings
        limit = company_sudo.toll_write_off_limit
        if self.env.user.has_group("toll_account.group_toll_manager"):
            limit = company_sudo.toll_write_off_limit_manager
            if not limit:
                return
        if self.currency_id.compare_amounts(self.amount, limit) > 0:
            raise UserError(
                self.env._(
                    "You may write off up to %(limit)s; this is %(amount)s.",
                    limit=self.currency_id.format(limit),
                    amount=self.currency_id.format(self.amount),
                )
            )

    def action_approve(self):
        """Book the loss. A second approval finds it done and says so."""
        for write_off in self:
            write_off._check_decision()
            write_off._lock()
            write_off._check_state("requested")
            write_off._check_limit()
            # the role, the limit and the state are checked; booking is the system's
            write_off_sudo = write_off.sudo()
            write_off_sudo._book()
            write_off_sudo.write(
                {
                    "state": "approved",
                    "decided_by_id": self.env.uid,
                    "decided_at": fields.Datetime.now(),
                }
            )
            write_off_sudo.activity_unlink(["mail.mail_activity_data_todo"])
            write_off_sudo.case_id._refresh_self()
        return True

    def _refuse(self, note):
        for write_off in self:
            write_off._check_decision()
            write_off._lock()
            write_off._check_state("requested")
            # guarded; the role and the state are checked
            write_off.sudo().write(
                {
                    "state": "refused",
                    "decided_by_id": self.env.uid,
                    "decided_at": fields.Datetime.now(),
                    "decision_note": note,
                }
            )
            write_off.sudo().activity_unlink(["mail.mail_activity_data_todo"])

    def _take_back(self, note):
        """The customer pays after all: the debt stands again as it did."""
        for write_off in self:
            write_off.check_access("read")
            if not self.env.user.has_groups(APPROVERS):
                raise AccessError(
                    self.env._("Only accountants and managers take write-offs back.")
                )
            write_off._lock()
            write_off._check_state("approved")
            # the role and the state are checked; booking is the system's
            write_off_sudo = write_off.sudo()
            write_off_sudo.write(
                {
                    "state": "reversed",
                    "reversed_by_id": self.env.uid,
                    "decision_note": note,
                }
            )
            write_off_sudo._book_back()
            write_off_sudo.case_id._refresh_self()

    def _open_decision(self, kind, name):
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": "toll.write.off.decision",
            "view_mode": "form",
            "target": "new",
            "context": {"default_write_off_ids": self.ids, "default_kind": kind},
        }

    def action_open_refuse(self):
        self._check_state("requested")
        return self._open_decision("refuse", self.env._("Refuse"))

    def action_open_take_back(self):
        self._check_state("approved")
        return self._open_decision("take_back", self.env._("Take Back"))

    def action_view_move(self):
        self.ensure_one()
        return (self.move_id | self.reversal_id)._get_records_action(
            name=self.env._("Journal Entries")
        )


class TollWriteOffLine(models.Model):
    _name = "toll.write.off.line"
    _description = "Written-off Document"
    _order = "write_off_id, id"

    write_off_id = fields.Many2one(
        "toll.write.off", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="write_off_id.company_id", store=True, index=True, precompute=True
    )
    currency_id = fields.Many2one(related="write_off_id.currency_id")
    move_id = fields.Many2one(
        "account.move",
        string="Invoice",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="Empty: what the wallet is below zero.",
    )
    name = fields.Char(string="Document", required=True, readonly=True)
    amount = fields.Monetary(required=True)

    _amount_positive = models.Constraint(
        "CHECK (amount > 0)", "More than nothing is written off."
    )
    _move_uniq = models.Constraint(
        "UNIQUE NULLS NOT DISTINCT (write_off_id, move_id)",
        "The document is on the write-off already.",
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
    def _unlink_drafts(self):
        self._check_draft()

    def _check_draft(self):
        if not self.env.su:
            self.write_off_id._check_state("draft")
