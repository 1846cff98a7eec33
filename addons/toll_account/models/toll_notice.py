from odoo import api, fields, models
from odoo.exceptions import UserError


class TollNotice(models.Model):
    """A word to customers or to everybody, for a while."""

    _name = "toll.notice"
    _description = "Notice"
    _inherit = ["mail.thread", "toll.public.content"]
    _order = "sequence, date_from desc, id desc"

    name = fields.Char(string="Title", required=True, translate=True, tracking=True)
    text = fields.Text(required=True, translate=True, tracking=True)
    sequence = fields.Integer(default=10)
    severity = fields.Selection(
        [("info", "Information"), ("warning", "Warning"), ("danger", "Urgent")],
        required=True,
        default="info",
        tracking=True,
    )
    audience = fields.Selection(
        [("public", "Everybody"), ("portal", "Customers who have signed in")],
        required=True,
        default="public",
        tracking=True,
    )
    date_from = fields.Datetime(
        string="From", required=True, default=fields.Datetime.now, tracking=True
    )
    date_to = fields.Datetime(string="To", tracking=True, help="Empty: until archived.")
    company_id = fields.Many2one(
        "res.company", index=True, help="Empty: for all companies."
    )
    active = fields.Boolean(default=True, tracking=True)
    is_shown = fields.Boolean(
        string="Shown Now", compute="_compute_is_shown", search="_search_is_shown"
    )

    _dates_check = models.Constraint(
        "CHECK (date_to IS NULL OR date_from < date_to)",
        "A notice ends after it has begun.",
    )

    @api.depends("date_from", "date_to", "active")
    def _compute_is_shown(self):
        now = fields.Datetime.now()
        for notice in self:
            begun = notice.date_from and notice.date_from <= now
            ended = notice.date_to and notice.date_to <= now
            notice.is_shown = notice.active and begun and not ended

    def _search_is_shown(self, operator, value):
        if operator not in ("in", "not in"):
            raise UserError(self.env._("Notices are shown or not."))
        shown = self._shown_domain()
        if (True in value) == (operator == "in"):
            return shown
        return ["!", *shown]

    @api.model
    def _shown_domain(self):
        now = fields.Datetime.now()
        return [
            "&",
            "&",
            ("active", "=", True),
            ("date_from", "<=", now),
            "|",
            ("date_to", "=", False),
            ("date_to", ">", now),
        ]

    @api.model
    def _get_shown(self, company, audiences):
        """[{title, text, severity}] for a page, the most urgent first."""
        # what is shown is for everybody who may see the page
        notices_sudo = self.sudo().search(
            [
                ("audience", "in", audiences),
                ("company_id", "in", [company.id, False]),
                *self._shown_domain(),
            ]
        )
        order = ("danger", "warning", "info")
        return [
            {"title": notice.name, "text": notice.text, "severity": notice.severity}
            for notice in notices_sudo.sorted(lambda n: order.index(n.severity))
        ]
