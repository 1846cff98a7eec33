from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from ..queries import exemption as queries


class TollExemption(models.Model):
    """Vehicles that cross without paying, by whose leave and until when."""

    _name = "toll.exemption"
    _description = "Toll Exemption"
    _inherit = ["toll.approval"]
    _order = "date_to desc, id desc"
    _check_company_auto = True
    _number_sequence = "toll.exemption"
    _frozen = frozenset(
        {"account_id", "vehicle_id", "kind", "operator_ids", "date_from", "date_to"}
    )

    name = fields.Char(
        string="Number", required=True, readonly=True, copy=False, default="/"
    )
    account_id = fields.Many2one(
        "toll.account",
        required=True,
        index=True,
        ondelete="restrict",
        tracking=True,
        check_company=True,
    )
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
    kind = fields.Selection(
        [
            ("emergency", "Emergency Service"),
            ("official", "Authority"),
            ("staff", "Operator's Own Staff"),
            ("resident", "Resident"),
            ("disability", "Disability"),
            ("other", "Other"),
        ],
        required=True,
        default="official",
        tracking=True,
    )
    operator_ids = fields.Many2many(
        "toll.operator", string="Operators", help="Empty: at all operators."
    )
    legal_basis = fields.Char(
        tracking=True, help="Law, decree or agreement, with its number."
    )
    date_from = fields.Date(
        string="From",
        required=True,
        tracking=True,
        default=fields.Date.context_today,
        help="First day, by the clock of the plaza. Crossings that were charged before "
        "the approval stay charged until a correction gives them back.",
    )
    date_to = fields.Date(
        string="Until",
        required=True,
        tracking=True,
        help="Last day, by the clock of the plaza.",
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("asked", "To Approve"),
            ("approved", "Approved"),
            ("expired", "Expired"),
            ("revoked", "Revoked"),
        ],
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        tracking=True,
        index=True,
    )
    document_ids = fields.One2many("toll.document", "exemption_id", string="Documents")
    document_count = fields.Integer(compute="_compute_document_count")
    note = fields.Text()

    _dates_valid = models.Constraint(
        "CHECK (date_to >= date_from)", "An exemption cannot end before it begins."
    )
    _approved_idx = models.Index(
        "(account_id, date_from, date_to) WHERE approved_by_id IS NOT NULL"
    )

    @api.depends("document_ids")
    def _compute_document_count(self):
        for exemption in self:
            exemption.document_count = len(exemption.document_ids)

    @api.constrains("account_id", "vehicle_id")
    def _check_vehicle(self):
        for exemption in self:
            vehicle = exemption.vehicle_id
            if vehicle and vehicle.account_id != exemption.account_id:
                raise ValidationError(
                    self.env._(
                        "%(plate)s is not a vehicle of account %(number)s.",
                        plate=vehicle.plate,
                        number=exemption.account_id.number,
                    )
                )

    def _check_draft(self):
        for exemption in self:
            if exemption.state != "draft":
                raise UserError(
                    self.env._(
                        "Exemption %(number)s has been asked for: revoke it and make a "
                        "new one to change it.",
                        number=exemption.name,
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_asked(self):
        if self.filtered(lambda e: e.state != "draft"):
            raise UserError(
                self.env._("Only drafts can be deleted: revoke the exemption.")
            )

    def _check_complete(self):
        for exemption in self:
            if not exemption.document_ids.filtered("file"):
                raise UserError(
                    self.env._("Add the document that grants the exemption first.")
                )

    def action_approve(self):
        for exemption in self:
            if exemption.date_to < fields.Date.context_today(self):
                raise UserError(
                    self.env._("%(number)s is over already.", number=exemption.name)
                )
        return super().action_approve()

    def action_revoke(self):
        """End it now; crossings from tomorrow on are charged.

        One that has not begun yet never counts: it loses its approval.
        """
        self.check_access("write")
        self._check_state("asked", "approved")
        self._check_manager()
        today = fields.Date.context_today(self)
        for exemption_sudo in self.sudo():  # guarded fields; the right is checked
            last = max(min(exemption_sudo.date_to, today), exemption_sudo.date_from)
            values = {"state": "revoked", "date_to": last}
            if exemption_sudo.date_from > today:
                values |= {"approved_by_id": False, "approved_at": False}
            exemption_sudo.write(values)

    @api.model
    def _exempt_query(self, date_from=None, date_to=None) -> SQL:
        """(vehicle_id, operator_id or NULL, date_from, date_to, exemption_id).

        A vehicle is exempt on a day at an operator where a row says so; NULL stands for
        every operator. Revoked ones count up to their last day.
        """
        return queries.exempt_vehicles(date_from, date_to)

    @api.model
    @api.private
    def _get_exempt_vehicles(self, date=None, operator=None, vehicles=None):
        """Ids of the vehicles that are exempt on a day (today), at an operator."""
        date = date or fields.Date.context_today(self)
        self.flush_model()
        rows = self.env.execute_query(self._exempt_query(date, date))
        wanted = set(vehicles._origin.ids) if vehicles is not None else None
        return {
            vehicle
            for vehicle, at, *_rest in rows
            if (wanted is None or vehicle in wanted)
            and (operator is None or at in (None, operator.id))
        }

    @api.model
    def _cron_expire(self):
        """End what is over, and ask for the renewal of what soon is."""
        today = fields.Date.context_today(self)
        self.search(
            [("state", "=", "approved"), ("date_to", "<", today)]
        ).state = "expired"
        soon = self.search(
            [
                ("state", "=", "approved"),
                ("date_to", "<=", fields.Date.add(today, days=30)),
                ("activity_ids", "=", False),
            ]
        )
        for exemption in soon:
            user = exemption.asked_by_id or exemption.approved_by_id
            exemption.activity_schedule(
                "mail.mail_activity_data_todo",
                date_deadline=exemption.date_to,
                summary=self.env._("The exemption ends: renew it or let it end"),
                user_id=user.id,
            )
