import base64

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date, format_datetime

from ..core.table_book import workbook


class TollAccessCampaign(models.Model):
    """A review of who may what: decided line by line, approved by somebody else."""

    _name = "toll.access.campaign"
    _description = "Review of Access Rights by Decision"
    _inherit = ["toll.approval"]
    _order = "id desc"
    _number_sequence = "toll.access.campaign"
    _frozen = frozenset({"company_id", "reviewer_id"})

    name = fields.Char(
        string="Number", required=True, readonly=True, copy=False, default="/"
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    reviewer_id = fields.Many2one(
        "res.users",
        required=True,
        tracking=True,
        default=lambda self: self.env.user,
        domain="[('share', '=', False)]",
        help="Decides on each line, but not on the own ones.",
    )
    deadline = fields.Date(
        required=True,
        tracking=True,
        default=lambda self: fields.Date.add(fields.Date.today(), days=30),
    )
    state = fields.Selection(
        [
            ("draft", "Under Review"),
            ("asked", "To Approve"),
            ("approved", "Approved"),
        ],
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        tracking=True,
        index=True,
    )
    line_ids = fields.One2many("toll.access.campaign.line", "campaign_id")
    line_count = fields.Integer(compute="_compute_counts")
    open_count = fields.Integer(string="Not Decided", compute="_compute_counts")
    take_count = fields.Integer(string="To Take Away", compute="_compute_counts")

    @api.depends("line_ids.decision")
    def _compute_counts(self):
        for campaign in self:
            decisions = campaign.line_ids.mapped("decision")
            campaign.line_count = len(decisions)
            campaign.open_count = decisions.count(False)
            campaign.take_count = decisions.count("take")

    @api.model_create_multi
    def create(self, vals_list):
        """The people and roles as they are now."""
        campaigns = super().create(vals_list)
        for campaign in campaigns:
            campaign._load_lines()
        return campaigns

    def _load_lines(self):
        self.env.flush_all()
        rows = self.env["toll.access.review"].search(
            [("company_id", "=", self.company_id.id), ("active", "=", True)]
        )
        lines_sudo = self.env["toll.access.campaign.line"].sudo()  # written here only
        lines_sudo.create([self._prepare_line_vals(row) for row in rows])

    def _prepare_line_vals(self, row):
        return {
            "campaign_id": self.id,
            "user_id": row.user_id.id,
            "group_id": row.group_id.id,
            "office_id": row.office_id.id,
            "last_login": row.last_login,
            "has_second_factor": row.has_second_factor,
            "password_at": row.password_at,
            "key_count": row.key_count,
            "key_used_at": row.key_used_at,
        }

    @api.ondelete(at_uninstall=False)
    def _unlink_except_draft(self):
        self._check_state("draft")

    def _check_complete(self):
        for campaign in self:
            if campaign.open_count:
                raise UserError(
                    self.env._(
                        "%(count)s lines of %(name)s are not decided yet.",
                        count=campaign.open_count,
                        name=campaign.name,
                    )
                )

    def action_approve(self):
        """Take away what was decided so; nobody approves a review of his own."""
        for campaign in self:
            if self.env.user in campaign.line_ids.decided_by_id:
                raise UserError(
                    self.env._(
                        "You decided on lines of %(name)s: somebody else has to "
                        "approve it.",
                        name=campaign.name,
                    )
                )
        result = super().action_approve()
        self.line_ids._take_away()
        return result

    # What is kept of it

    def action_download(self):
        """The review with its decisions, as a spreadsheet."""
        self.ensure_one()
        self.check_access("read")
        content = workbook(
            self.name.replace("/", "-"), self._get_header(), self._get_rows()
        )
        attachment = self.env["ir.attachment"].create(
            {
                "name": f"{self.name.replace('/', '-')}.xlsx",
                "datas": base64.b64encode(content),
                "res_model": self._name,
                "res_id": self.id,
            }
        )
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{attachment.id}?download=true",
        }

    def _get_header(self):
        names = (
            "user_id",
            "login",
            "group_id",
            "office_id",
            "last_login",
            "has_second_factor",
            "password_at",
            "key_count",
            "key_used_at",
            "decision",
            "note",
            "decided_by_id",
            "taken_at",
        )
        lines = self.env["toll.access.campaign.line"]
        return [lines._fields[name]._description_string(self.env) for name in names]

    def _get_rows(self):
        env = self.env
        lines = self.line_ids
        labels = dict(lines._fields["decision"]._description_selection(env))
        yes, no = env._("yes"), env._("no")
        for line in lines:
            yield (
                line.user_id.name,
                line.login,
                line.group_id.sudo().full_name,  # managers may not read all groups
                line.office_id.name,
                line.last_login and format_datetime(env, line.last_login),
                yes if line.has_second_factor else no,
                line.password_at and format_date(env, line.password_at),
                line.key_count,
                line.key_used_at and format_date(env, line.key_used_at),
                labels.get(line.decision),
                line.note,
                line.decided_by_id.name,
                line.taken_at and format_datetime(env, line.taken_at),
            )
