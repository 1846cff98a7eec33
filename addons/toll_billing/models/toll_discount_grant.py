from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..queries import tariff_cell

#: Days before its end at which a grant asks to be renewed.
NOTICE_DAYS = 30


class TollDiscountGrant(models.Model):
    """A plan that an account, or one of its vehicles, has from one day to another."""

    _name = "toll.discount.grant"
    _description = "Granted Discount"
    _inherit = ["toll.approval"]
    _order = "date_to desc, id desc"
    _check_company_auto = True
    _number_sequence = "toll.discount.grant"
    _frozen = frozenset({"plan_id", "account_id", "vehicle_id", "date_from", "date_to"})

    name = fields.Char(
        string="Number", required=True, readonly=True, copy=False, default="/"
    )
    plan_id = fields.Many2one(
        "toll.discount.plan",
        required=True,
        index=True,
        ondelete="restrict",
        tracking=True,
        check_company=True,
        domain="[('state', '=', 'approved'), ('is_automatic', '=', False),"
        " ('kind', '!=', 'pack')]",
    )
    account_id = fields.Many2one(
        "toll.account",
        required=True,
        index=True,
        ondelete="restrict",
        tracking=True,
        check_company=True,
    )
    partner_id = fields.Many2one(related="account_id.partner_id", string="Customer")
    vehicle_id = fields.Many2one(
        "toll.vehicle",
        index="btree_not_null",
        ondelete="restrict",
        tracking=True,
        domain="[('account_id', '=', account_id)]",
        help="Empty: all vehicles of the account.",
    )
    company_id = fields.Many2one(
        related="account_id.company_id", store=True, index=True, precompute=True
    )
    purpose = fields.Selection(related="plan_id.purpose", store=True)
    needs_evidence = fields.Boolean(related="plan_id.needs_evidence")
    date_from = fields.Date(
        string="From",
        required=True,
        default=fields.Date.context_today,
        tracking=True,
        help="First day, by the clock of the plaza. What was charged before the "
        "approval stays charged.",
    )
    date_to = fields.Date(
        string="Until",
        required=True,
        compute="_compute_date_to",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
        help="Last day, by the clock of the plaza.",
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("asked", "To Approve"),
            ("approved", "Approved"),
            ("expired", "Expired"),
            ("refused", "Refused"),
            ("revoked", "Revoked"),
        ],
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        tracking=True,
        index=True,
    )
    is_online = fields.Boolean(
        string="Asked Online", readonly=True, copy=False, help="By the customer."
    )
    document_ids = fields.One2many(
        "toll.document", "discount_grant_id", string="Documents"
    )
    document_count = fields.Integer(compute="_compute_document_count")
    refusal = fields.Char(
        string="Why It Was Refused", tracking=True, help="The customer reads it."
    )
    notified_at = fields.Datetime(string="Renewal Notice", readonly=True, copy=False)
    note = fields.Text()

    _dates_valid = models.Constraint(
        "CHECK (date_to >= date_from)", "A discount cannot end before it begins."
    )
    _no_overlap = models.Constraint(
        "EXCLUDE USING gist (plan_id WITH =, account_id WITH =,"
        " COALESCE(vehicle_id, 0) WITH =, daterange(date_from, date_to, '[]') WITH &&)"
        " WHERE (approved_by_id IS NOT NULL)",
        "The account has this discount already on some of these days.",
    )
    _granted_idx = models.Index(
        "(account_id, plan_id, date_from, date_to) WHERE approved_by_id IS NOT NULL"
    )

    def _auto_init(self):
        self.env.execute_query(tariff_cell.create_extension())
        return super()._auto_init()

    # === COMPUTE METHODS === #
    @api.depends("plan_id", "date_from")
    def _compute_date_to(self):
        for grant in self:
            plan, first = grant.plan_id, grant.date_from
            last = grant.date_to
            if plan and first and (not last or grant.state == "draft"):
                months = plan.grant_months
                last = months and fields.Date.subtract(
                    fields.Date.add(first, months=months), days=1
                )
                if plan.date_to:
                    last = min(last or plan.date_to, plan.date_to)
                last = last or fields.Date.add(first, years=10)
            grant.date_to = last

    @api.depends("document_ids")
    def _compute_document_count(self):
        for grant in self:
            grant.document_count = len(grant.document_ids)

    @api.depends("name", "plan_id")
    def _compute_display_name(self):
        for grant in self:
            plan = grant.plan_id.name
            grant.display_name = f"{grant.name} {plan}" if plan else grant.name

    # === CONSTRAINTS === #
    @api.constrains("account_id", "vehicle_id")
    def _check_vehicle(self):
        for grant in self:
            vehicle = grant.vehicle_id
            if vehicle and vehicle.account_id != grant.account_id:
                raise ValidationError(
                    self.env._(
                        "%(plate)s is not a vehicle of account %(number)s.",
                        plate=vehicle.plate,
                        number=grant.account_id.number,
                    )
                )

    @api.constrains("plan_id")
    def _check_plan(self):
        for grant in self:
            if grant.plan_id.kind == "pack":
                raise ValidationError(
                    self.env._(
                        "“%(plan)s” is a prepaid pack: it is sold, not granted.",
                        plan=grant.plan_id.name,
                    )
                )
            if grant.plan_id.is_automatic:
                raise ValidationError(
                    self.env._(
                        "Everybody has “%(plan)s”: it need not be granted.",
                        plan=grant.plan_id.name,
                    )
                )

    def _check_complete(self):
        for grant in self:
            plan = grant.plan_id
            if plan.state != "approved":
                raise UserError(
                    self.env._("“%(plan)s” is not in force.", plan=plan.name)
                )
            if plan.needs_evidence and not grant.document_ids.filtered("file"):
                raise UserError(
                    self.env._("Add the document that proves the right to it first.")
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_asked(self):
        if self.filtered(lambda grant: grant.state != "draft"):
            raise UserError(self.env._("Only drafts can be deleted: revoke it."))

    # === ACTIONS === #
    def action_approve(self):
        today = fields.Date.context_today(self)
        for grant in self:
            if grant.date_to < today:
                raise UserError(
                    self.env._("%(number)s is over already.", number=grant.name)
                )
        result = super().action_approve()
        self._tell_customer()
        return result

    def action_refuse(self):
        """Say no; the customer reads why."""
        self.check_access("write")
        self._check_manager()
        self._check_state("asked")
        for grant in self:
            if not (grant.refusal or "").strip():
                raise UserError(self.env._("Write why it is refused first."))
        # guarded fields; the right is checked above
        self.sudo().write({"state": "refused"})
        self._tell_customer()

    def action_revoke(self):
        """End it now; crossings from tomorrow on cost the full price.

        One that has not begun yet never counts: it loses its approval.
        """
        self.check_access("write")
        self._check_manager()
        self._check_state("asked", "approved")
        today = fields.Date.context_today(self)
        for grant_sudo in self.sudo():  # guarded fields; the right is checked
            last = max(min(grant_sudo.date_to, today), grant_sudo.date_from)
            values = {"state": "revoked", "date_to": last}
            if grant_sudo.date_from > today:
                values |= {"approved_by_id": False, "approved_at": False}
            grant_sudo.write(values)

    def action_renew(self):
        """A draft that begins when this one ends, to be asked for with new papers."""
        self.ensure_one()
        self._check_state("approved", "expired")
        first = max(
            fields.Date.add(self.date_to, days=1), fields.Date.context_today(self)
        )
        following = self.create(self._prepare_renewal_vals(first))
        return following._get_records_action()

    def _prepare_renewal_vals(self, first):
        return {
            "plan_id": self.plan_id.id,
            "account_id": self.account_id.id,
            "vehicle_id": self.vehicle_id.id,
            "date_from": first,
        }

    def action_open_crossings(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_billing.toll_crossing_action"
        )
        domain = [
            ("discount_plan_id", "=", self.plan_id.id),
            ("account_id", "=", self.account_id.id),
        ]
        if self.vehicle_id:
            domain.append(("vehicle_id", "=", self.vehicle_id.id))
        return action | {"domain": domain, "context": {"create": False}}

    # === CUSTOMERS === #
    def _tell_customer(self):
        """Write to the customer what was decided."""
        template = self.env.ref("toll_billing.mail_template_discount_decided")
        for grant_sudo in self.sudo():  # the template reads account and plan
            if grant_sudo.partner_id.email:
                template.sudo().send_mail(grant_sudo.id)

    @api.model
    def _cron_expire(self):
        """End what is over, and ask for the renewal of what soon is, once."""
        today = fields.Date.context_today(self)
        over = self.search([("state", "=", "approved"), ("date_to", "<", today)])
        over.state = "expired"
        soon = self.search(
            [
                ("state", "=", "approved"),
                ("notified_at", "=", False),
                ("date_to", "<=", fields.Date.add(today, days=NOTICE_DAYS)),
                ("plan_id.state", "=", "approved"),
            ],
            limit=1000,
        )
        template = self.env.ref("toll_billing.mail_template_discount_ends")
        for grant in soon:
            grant.notified_at = fields.Datetime.now()
            grant.activity_schedule(
                "mail.mail_activity_data_todo",
                date_deadline=grant.date_to,
                summary=self.env._("The discount ends: renew it or let it end"),
                user_id=(grant.account_id.user_id or grant.approved_by_id).id,
            )
            if grant.partner_id.email:
                template.send_mail(grant.id)


class TollDocument(models.Model):
    _inherit = "toll.document"

    kind = fields.Selection(
        selection_add=[("discount", "Discount")], ondelete={"discount": "set default"}
    )
    discount_grant_id = fields.Many2one(
        "toll.discount.grant", index="btree_not_null", ondelete="cascade"
    )

    @api.depends("discount_grant_id")
    def _compute_account_id(self):
        result = super()._compute_account_id()
        for document in self:
            if document.discount_grant_id:
                document.account_id = document.discount_grant_id.account_id
        return result
