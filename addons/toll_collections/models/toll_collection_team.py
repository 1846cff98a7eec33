from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..core import assignment


class TollCollectionTeam(models.Model):
    _name = "toll.collection.team"
    _description = "Collection Team"
    _inherit = ["toll.setting.mixin"]
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    user_id = fields.Many2one(
        "res.users", string="Team Leader", domain="[('share', '=', False)]"
    )
    method = fields.Selection(
        [
            (assignment.COUNT, "Same number of cases"),
            (assignment.AMOUNT, "Same amount"),
            ("manual", "By hand"),
        ],
        string="Sharing Out",
        required=True,
        default=assignment.COUNT,
        help="How new cases of the team are shared out among its members.",
    )
    is_shared = fields.Boolean(
        string="Members See the Team's Cases",
        help="Otherwise each member sees own cases only.",
    )
    member_ids = fields.One2many(
        "toll.collection.member", "team_id", string="Members", copy=True
    )
    case_count = fields.Integer(string="Open Cases", compute="_compute_cases")
    amount_due = fields.Monetary(string="Portfolio", compute="_compute_cases")
    active = fields.Boolean(default=True)

    _name_uniq = models.Constraint(
        "UNIQUE (company_id, name)", "Another team of the company has this name."
    )

    def _compute_cases(self):
        groups = self.env["toll.collection.case"]._read_group(
            [("team_id", "in", self.ids), ("state", "=", "open")],
            ["team_id"],
            ["__count", "amount_due:sum"],
        )
        found = {team.id: (count, amount) for team, count, amount in groups}
        for team in self:
            team.case_count, team.amount_due = found.get(team._origin.id, (0, 0))

    def action_view_cases(self):
        self.ensure_one()
        values = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_collections.toll_collection_case_action"
        )
        return dict(
            values,
            domain=[("team_id", "=", self.id)],
            context={"search_default_open": 1, "search_default_group_user": 1},
        )


class TollCollectionMember(models.Model):
    _name = "toll.collection.member"
    _description = "Member of a Collection Team"
    _order = "team_id, id"
    _rec_name = "user_id"

    team_id = fields.Many2one(
        "toll.collection.team", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="team_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    user_id = fields.Many2one(
        "res.users",
        string="Collector",
        required=True,
        index=True,
        ondelete="cascade",
        domain="[('share', '=', False)]",
    )
    capacity = fields.Integer(help="Most open cases on the desk. 0: no limit.")
    case_count = fields.Integer(string="Open Cases", compute="_compute_cases")
    amount_due = fields.Monetary(string="Portfolio", compute="_compute_cases")
    is_available = fields.Boolean(
        string="Takes New Cases", default=True, help="Off: holidays, leave."
    )

    _user_uniq = models.Constraint(
        "UNIQUE (team_id, user_id)", "The collector is in the team already."
    )
    _capacity_positive = models.Constraint(
        "CHECK (capacity >= 0)", "The capacity is not negative."
    )

    @api.constrains("user_id", "company_id")
    def _check_user(self):
        for member in self:
            user_sudo = member.user_id.sudo()  # the companies of a colleague
            if not user_sudo.has_group("toll_collections.group_toll_collector"):
                raise ValidationError(
                    self.env._(
                        "%(user)s is not a collector: give the role first.",
                        user=user_sudo.name,
                    )
                )
            if member.company_id not in user_sudo.company_ids:
                raise ValidationError(
                    self.env._(
                        "%(user)s does not work for %(company)s.",
                        user=user_sudo.name,
                        company=member.company_id.name,
                    )
                )

    def _compute_cases(self):
        groups = self.env["toll.collection.case"]._read_group(
            [
                ("user_id", "in", self.user_id.ids),
                ("team_id", "in", self.team_id.ids),
                ("state", "=", "open"),
            ],
            ["team_id", "user_id"],
            ["__count", "amount_due:sum"],
        )
        found = {
            (team.id, user.id): (count, amount) for team, user, count, amount in groups
        }
        for member in self:
            key = (member.team_id._origin.id, member.user_id.id)
            member.case_count, member.amount_due = found.get(key, (0, 0))
