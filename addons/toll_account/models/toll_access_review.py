from odoo import fields, models

from ..queries import access_log as queries


class TollAccessReview(models.Model):
    """One line per person and role, to be gone through now and then."""

    _name = "toll.access.review"
    _description = "Review of Access Rights"
    _auto = False
    _order = "user_id, group_id"
    _rec_name = "login"

    user_id = fields.Many2one("res.users", readonly=True)
    login = fields.Char(readonly=True)
    active = fields.Boolean(readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    office_id = fields.Many2one("toll.office", readonly=True)
    group_id = fields.Many2one("res.groups", string="Role", readonly=True)
    since = fields.Date(string="User since", readonly=True)
    last_login = fields.Datetime(string="Last Log-in", readonly=True)

    has_second_factor = fields.Boolean(string="Second Factor", readonly=True)
    password_at = fields.Datetime(
        string="Password of",
        readonly=True,
        help="When the password was last set; empty: before this was written down.",
    )
    key_count = fields.Integer(string="API Keys", readonly=True)
    key_since = fields.Datetime(string="Oldest Key", readonly=True)
    key_used_at = fields.Datetime(
        string="Key Used", readonly=True, help="The last day on which a key was used."
    )

    @property
    def _table_query(self):
        # only where the module of the second factor is installed
        users = self.env["res.users"]
        return queries.access_review("totp_enabled" in users._fields)
