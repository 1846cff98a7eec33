from odoo import fields, models
from odoo.exceptions import UserError

DECISION = {"decision", "note"}


class TollAccessCampaignLine(models.Model):
    """A person's role, as it was at the review, and what was decided on it."""

    _name = "toll.access.campaign.line"
    _description = "Reviewed Access Right"
    _order = "user_id, group_id"
    _rec_name = "user_id"

    campaign_id = fields.Many2one(
        "toll.access.campaign",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    state = fields.Selection(related="campaign_id.state")
    company_id = fields.Many2one(
        related="campaign_id.company_id", store=True, index=True, precompute=True
    )
    user_id = fields.Many2one(
        "res.users", required=True, readonly=True, index=True, ondelete="cascade"
    )
    login = fields.Char(related="user_id.login", related_sudo=True)
    group_id = fields.Many2one(
        "res.groups", string="Role", required=True, readonly=True, ondelete="cascade"
    )
    office_id = fields.Many2one("toll.office", readonly=True, ondelete="set null")
    last_login = fields.Datetime(string="Last Log-in", readonly=True)
    has_second_factor = fields.Boolean(string="Second Factor", readonly=True)
    password_at = fields.Datetime(string="Password of", readonly=True)
    key_count = fields.Integer(string="API Keys", readonly=True)
    key_used_at = fields.Datetime(string="Key Used", readonly=True)
    decision = fields.Selection([("keep", "Keep"), ("take", "Take Away")], index=True)
    note = fields.Char(string="Why")
    decided_by_id = fields.Many2one("res.users", string="Decided by", readonly=True)
    taken_at = fields.Datetime(
        string="Taken Away on",
        readonly=True,
        help="Empty: roles that are not the suite's are the administrator's to take.",
    )

    def write(self, vals):
        """The reviewer decides, while the review is open, and not on himself."""
        if self.env.su:
            return super().write(vals)
        if vals.keys() - DECISION:
            raise UserError(self.env._("Only the decision and its reason are written."))
        self.campaign_id._check_state("draft")
        for line in self:
            if line.user_id == self.env.user:
                raise UserError(
                    self.env._("Somebody else has to decide on your own roles.")
                )
            if line.campaign_id.reviewer_id != self.env.user:
                raise UserError(
                    self.env._(
                        "%(person)s reviews %(name)s.",
                        person=line.campaign_id.reviewer_id.name,
                        name=line.campaign_id.name,
                    )
                )
        result = super().write(vals)
        # who decided is not written by hand
        self.sudo().write({"decided_by_id": self.env.uid})
        return result

    def action_keep(self):
        self.write({"decision": "keep"})

    def action_take(self):
        self.write({"decision": "take"})

    def _take_away(self):
        """Take the suite's roles; others are told to the administrator."""
        category = self.env.ref("toll_account.module_category_toll")
        now = fields.Datetime.now()
        # a review that two people agreed on; managers do not give or take roles alone
        lines_sudo = self.sudo().filtered(lambda line: line.decision == "take")
        ours = lines_sudo.filtered(
            lambda line: line.group_id.privilege_id.category_id == category
        )
        for line in ours:
            line.user_id.group_ids -= line.group_id
        ours.taken_at = now
        for campaign, lines in (lines_sudo - ours).grouped("campaign_id").items():
            campaign.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._("Take away reviewed roles"),
                note=", ".join(
                    f"{line.user_id.name}: {line.group_id.full_name}" for line in lines
                ),
                user_id=self.env.ref("base.user_admin").id,
            )
