from odoo import api, fields, models

KEEP_DAYS = 730


class TollAccessLog(models.Model):
    """Who opened an account, when and from where."""

    _name = "toll.access.log"
    _description = "Look at an Account"
    _order = "date desc, id desc"
    _rec_name = "account_id"
    _log_access = False

    account_id = fields.Many2one(
        "toll.account", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="cascade"
    )
    user_id = fields.Many2one(
        "res.users", required=True, readonly=True, index=True, ondelete="restrict"
    )
    date = fields.Datetime(required=True, readonly=True, index=True)
    source = fields.Selection(
        [("form", "Account Form"), ("contact_centre", "Contact Centre")],
        readonly=True,
    )
    address = fields.Char(string="IP Address", readonly=True)

    _account_user_date_idx = models.Index("(account_id, user_id, date)")

    @api.autovacuum
    def _gc_old(self):
        """Two years of looks are kept."""
        limit = fields.Datetime.subtract(fields.Datetime.now(), days=KEEP_DAYS)
        old = self.search([("date", "<", limit)], limit=10000)
        old.unlink()
        return len(old)
