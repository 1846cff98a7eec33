from odoo import api, fields, models
from odoo.exceptions import UserError


class TollTagCampaignLine(models.Model):
    _name = "toll.tag.campaign.line"
    _description = "TAG to Renew"
    _inherit = ["toll.guarded", "mail.thread", "mail.activity.mixin"]
    _order = "campaign_id desc, misread_rate desc, age_months desc, id"
    _rec_name = "lot_id"
    _guarded = frozenset({"new_lot_id", "swapped_at"})

    campaign_id = fields.Many2one(
        "toll.tag.campaign", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="campaign_id.company_id", store=True, index=True
    )
    lot_id = fields.Many2one(
        "stock.lot", string="TAG", required=True, index=True, ondelete="restrict"
    )
    target = fields.Selection(related="campaign_id.target")
    account_id = fields.Many2one("toll.account", index="btree_not_null")
    partner_id = fields.Many2one(related="account_id.partner_id", string="Customer")
    vehicle_id = fields.Many2one("toll.vehicle", index="btree_not_null")
    lane_id = fields.Many2one("toll.lane", index="btree_not_null")
    age_months = fields.Integer(string="Age (months)", readonly=True, aggregator="avg")
    misread_rate = fields.Float(string="Misreads (%)", readonly=True, aggregator="avg")
    state = fields.Selection(
        [
            ("candidate", "Candidate"),
            ("contacted", "Contacted"),
            ("appointment", "Appointment"),
            ("swapped", "Swapped"),
            ("refused", "Refused"),
        ],
        default="candidate",
        required=True,
        index=True,
        tracking=True,
        group_expand=True,
    )
    is_open = fields.Boolean(compute="_compute_is_open", search="_search_is_open")
    appointment_at = fields.Datetime(string="Appointment", tracking=True)
    new_lot_id = fields.Many2one(
        "stock.lot", string="New TAG", readonly=True, index="btree_not_null"
    )
    swapped_at = fields.Datetime(string="Swapped on", readonly=True)
    note = fields.Char()

    _lot_uniq = models.Constraint(
        "UNIQUE (campaign_id, lot_id)", "The TAG is already part of the campaign."
    )

    @api.depends("state", "campaign_id.state")
    def _compute_is_open(self):
        for line in self:
            line.is_open = line.state not in (
                "swapped",
                "refused",
            ) and line.campaign_id.state in ("draft", "running")

    def _search_is_open(self, operator, value):
        if operator != "in":
            return NotImplemented
        domain = fields.Domain(
            "state", "not in", ("swapped", "refused")
        ) & fields.Domain("campaign_id.state", "in", ("draft", "running"))
        return domain if True in value else ~domain

    @api.constrains("state", "appointment_at", "new_lot_id")
    def _check_state(self):
        for line in self:
            if line.state == "appointment" and not line.appointment_at:
                raise UserError(self.env._("Say when the appointment is."))
            if line.state == "swapped" and not line.new_lot_id:
                raise UserError(
                    self.env._("Swap the TAG with its button: that moves the stock.")
                )

    def _check_running(self):
        self.check_access("write")
        for line in self:
            if line.campaign_id.state != "running":
                raise UserError(
                    self.env._("Start campaign %s first.", line.campaign_id.name)
                )

    def action_contact(self):
        """An e-mail to the customer; a call, or a swap to plan, for our own people."""
        self._check_running()
        for line in self:
            template = line.campaign_id.mail_template_id
            if line.partner_id.email and template:
                line.message_post_with_source(template, subtype_xmlid="mail.mt_comment")
            else:
                kind = "call" if line.account_id else "todo"
                line.activity_schedule(
                    f"mail.mail_activity_data_{kind}",
                    summary=line._call_summary(),
                    user_id=line.campaign_id.user_id.id or self.env.uid,
                )
            line.state = "contacted"
        return True

    def _call_summary(self):
        if self.account_id:
            return self.env._("Offer a new TAG")
        return self.env._("Plan the swap in lane %s", self.lane_id.display_name)

    def action_swap(self):
        """Give the vehicle its new TAG, or the lane its new part."""
        self.ensure_one()
        self._check_running()
        if self.target == "part":
            return self.lot_id.action_toll_swap()
        return self.lot_id.action_toll_replace(default_reason="renewal")

    def action_refuse(self):
        self._check_running()
        self.filtered(lambda line: line.state != "swapped").state = "refused"
        return True


class StockLot(models.Model):
    _inherit = "stock.lot"  # pylint: disable=consider-merging-classes-inherited

    toll_campaign_line_ids = fields.One2many(
        "toll.tag.campaign.line", "lot_id", string="Renewals"
    )

    def _toll_replaced(self, assignments, reason):
        """A swap ends the TAG's line in a running campaign, whoever made it."""
        res = super()._toll_replaced(assignments, reason)
        for lot, row in zip(self, assignments, strict=True):
            lot._toll_end_renewal(row.lot_id)
        return res

    def _toll_swapped(self, new):
        res = super()._toll_swapped(new)
        self._toll_end_renewal(new)
        return res

    def _toll_end_renewal(self, new):
        self.toll_campaign_line_ids.filtered(
            lambda line: line.is_open and line.campaign_id.state == "running"
        ).write(
            {
                "state": "swapped",
                "new_lot_id": new.id,
                "swapped_at": fields.Datetime.now(),
            }
        )
