from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from .product_template import PART_KINDS


class TollTagCampaign(models.Model):
    """TAGs, or parts of lanes, replaced because of their age or of misreads."""

    _name = "toll.tag.campaign"
    _description = "TAG Renewal Campaign"
    _inherit = ["toll.guarded", "mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(required=True, tracking=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    user_id = fields.Many2one(
        "res.users", string="Responsible", default=lambda self: self.env.user
    )
    date_from = fields.Date(string="From", default=fields.Date.context_today)
    date_to = fields.Date(string="To")
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("running", "Running"),
            ("done", "Done"),
            ("cancelled", "Cancelled"),
        ],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    target = fields.Selection(
        [("tag", "TAGs of customers"), ("part", "Parts of lanes")],
        string="Renews",
        required=True,
        default="tag",
    )
    part_kind = fields.Selection(
        PART_KINDS, string="Kind of Part", default="antenna", help="Empty: all kinds."
    )
    product_ids = fields.Many2many(
        "product.product",
        string="Products",
        domain="[('toll_is_tag', '=', True)] if target == 'tag' "
        "else [('toll_part_kind', '!=', False)]",
        help="Empty: units of every product.",
    )
    supply_ids = fields.Many2many(
        "toll.tag.supply", string="Boxes", check_company=True, help="Empty: of any box."
    )
    age_basis = fields.Selection(
        [("received", "Reception"), ("assigned", "First assignment or installation")],
        string="Age since",
        required=True,
        default="received",
    )
    min_age_months = fields.Integer(
        string="Least Age (months)", default=60, help="0: the age does not matter."
    )
    min_misread_rate = fields.Float(
        string="Least Misreads (%)",
        help="Crossings of the vehicle in which lanes did not read its TAG, of all in "
        "the last 90 days. For a part: crossings of its lane that were not identified "
        "by TAG. 0: misreads do not matter.",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    unit_cost = fields.Monetary(
        string="Cost per Swap", help="TAG, work and postage of one replacement."
    )
    budget = fields.Monetary(
        tracking=True, help="No more candidates than it pays for. 0: no limit."
    )
    mail_template_id = fields.Many2one(
        "mail.template",
        domain="[('model', '=', 'toll.tag.campaign.line')]",
        default=lambda self: self.env.ref(
            "toll_tag_stock.mail_template_tag_campaign", raise_if_not_found=False
        ),
    )
    line_ids = fields.One2many("toll.tag.campaign.line", "campaign_id")
    line_count = fields.Integer(
        string="Candidates", compute="_compute_result", store=True
    )
    contacted_count = fields.Integer(
        string="Contacted", compute="_compute_result", store=True
    )
    swapped_count = fields.Integer(
        string="Swapped", compute="_compute_result", store=True
    )
    refused_count = fields.Integer(
        string="Refused", compute="_compute_result", store=True
    )
    swapped_rate = fields.Float(
        string="Swapped (%)", compute="_compute_result", store=True, aggregator="avg"
    )
    amount_planned = fields.Monetary(
        string="Planned", compute="_compute_result", store=True
    )
    amount_spent = fields.Monetary(
        string="Spent", compute="_compute_result", store=True
    )
    amount_left = fields.Monetary(
        string="Left of the Budget", compute="_compute_result", store=True
    )
    note = fields.Html()

    _amounts_check = models.Constraint(
        "CHECK (budget >= 0 AND unit_cost >= 0 AND min_age_months >= 0 "
        "AND min_misread_rate >= 0)",
        "Costs, budget, age and misreads are not negative.",
    )

    @api.depends("line_ids.state", "unit_cost", "budget")
    def _compute_result(self):
        for campaign in self:
            states = campaign.line_ids.mapped("state")
            swapped, refused = states.count("swapped"), states.count("refused")
            campaign.line_count = len(states)
            campaign.contacted_count = len(states) - states.count("candidate")
            campaign.swapped_count = swapped
            campaign.refused_count = refused
            campaign.swapped_rate = 100 * swapped / len(states) if states else 0
            campaign.amount_planned = (len(states) - refused) * campaign.unit_cost
            campaign.amount_spent = swapped * campaign.unit_cost
            campaign.amount_left = campaign.budget - campaign.amount_spent

    # === CANDIDATES === #

    @api.model
    def _get_misread_rates(self, lots):
        """{TAG: percent of crossings that lanes did not read}; billing knows."""
        return {}

    def _in_use_domain(self):
        if self.target == "tag":
            return [("toll_state", "in", ("assigned", "blocked"))]
        kind = [("product_id.toll_part_kind", "=", self.part_kind)]
        return [("toll_part_state", "=", "installed"), *(self.part_kind and kind or [])]

    def _candidate_domain(self):
        domain = [
            *self._in_use_domain(),
            ("company_id", "=", self.company_id.id),
            ("toll_campaign_line_ids", "not any", [("is_open", "=", True)]),
            ("id", "not in", self.line_ids.lot_id.ids),
        ]
        if self.product_ids:
            domain.append(("product_id", "in", self.product_ids.ids))
        if self.supply_ids:
            domain.append(("toll_supply_id", "in", self.supply_ids.ids))
        if self.age_basis == "received" and not self.min_misread_rate:
            # what the date alone rules out is never read
            born = fields.Datetime.now() - relativedelta(months=self.min_age_months)
            unknown = fields.Domain("toll_received_on", "=", False)
            domain += list(
                fields.Domain("toll_received_on", "<=", born.date())
                | (unknown & fields.Domain("create_date", "<=", born))
            )
        return domain

    def _dates_of_birth(self, lots):
        """{TAG: since when its age counts}."""
        if self.age_basis == "received":
            return {lot: lot.toll_received_on or lot.create_date.date() for lot in lots}
        uses = (
            "toll.tag.assignment" if self.target == "tag" else "toll.lane.installation"
        )
        groups = self.env[uses]._read_group(
            [("lot_id", "in", lots.ids)], ["lot_id"], ["date_from:min"]
        )
        return {lot: first.date() for lot, first in groups}

    def _find(self):
        """Lines for the units that qualify, worst first: misreads, then age."""
        lots = self.env["stock.lot"].search(self._candidate_domain())
        born = self._dates_of_birth(lots)
        rates = self._get_misread_rates(lots)
        today = fields.Date.context_today(self)
        found = []
        for lot in lots:
            age = relativedelta(today, born.get(lot, today))
            months, rate = age.years * 12 + age.months, rates.get(lot, 0)
            old = self.min_age_months and months >= self.min_age_months
            misread = self.min_misread_rate and rate >= self.min_misread_rate
            if old or misread or not (self.min_age_months or self.min_misread_rate):
                found.append((-rate, -months, lot.name, lot))
        return [
            {
                "lot_id": lot.id,
                "account_id": lot.toll_account_id.id,
                "vehicle_id": lot.toll_vehicle_id.id,
                "lane_id": lot.toll_lane_id.id,
                "age_months": -months,
                "misread_rate": -rate,
            }
            for rate, months, _name, lot in sorted(found, key=lambda row: row[:3])
        ]

    def action_find(self):
        """Add the TAGs that qualify, as far as the budget goes."""
        for campaign in self:
            campaign._take("draft", "running")
            lines = campaign._find()
            if campaign.budget and campaign.unit_cost:
                used = len(campaign.line_ids) - campaign.refused_count
                room = int(campaign.budget / campaign.unit_cost + 1e-9) - used
                lines = lines[: max(room, 0)]
            campaign.line_ids = [fields.Command.create(line) for line in lines]
            campaign.message_post(
                body=self.env._("%s TAGs added to the campaign", len(lines))
            )
        return True

    def action_start(self):
        for campaign in self:
            campaign._take("draft")
            if not campaign.line_ids:
                raise UserError(self.env._("Find the candidates first."))
            campaign._set_state("running")
        return True

    def action_contact(self):
        """Write to everybody who was not contacted yet."""
        for campaign in self:
            campaign._take("running")
            campaign.line_ids.filtered(
                lambda line: line.state == "candidate"
            ).action_contact()
        return True

    def action_done(self):
        for campaign in self:
            campaign._take("running")
            campaign.date_to = fields.Date.context_today(self)
            campaign._set_state("done")
        return True

    def action_cancel(self):
        for campaign in self:
            campaign._take("draft", "running")
            campaign._set_state("cancelled")
        return True

    def _set_state(self, state):
        # every caller has checked the user and the state before
        self.sudo().state = state

    @api.ondelete(at_uninstall=False)
    def _unlink_except_started(self):
        if any(campaign.state in ("running", "done") for campaign in self):
            raise UserError(
                self.env._("A campaign that ran stays on record: cancel it instead.")
            )

    def action_view_lines(self):
        self.ensure_one()
        values = self.env["ir.actions.actions"]._for_xml_id(
            "toll_tag_stock.toll_tag_campaign_line_action"
        )
        values["domain"] = [("campaign_id", "=", self.id)]
        values["context"] = {"create": False, "search_default_group_state": 1}
        return values
