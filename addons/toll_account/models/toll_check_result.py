from datetime import timedelta

from odoo import api, fields, models


class TollCheckResult(models.Model):
    _name = "toll.check.result"
    _description = "Result of a Consistency Check"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "date desc, id desc"

    date = fields.Datetime(required=True, readonly=True, index=True)
    code = fields.Char(string="Rule", required=True, readonly=True)
    name = fields.Char(required=True, readonly=True)
    is_ok = fields.Boolean(string="Holds", readonly=True)
    differences = fields.Text(readonly=True)

    def _schedule_alerts(self):
        """One activity for the manager per rule that fails and is not open already."""
        users = self._get_responsible()
        for result in self.filtered(lambda r: not r.is_ok):
            known = self.search(
                [
                    ("code", "=", result.code),
                    ("id", "!=", result.id),
                    ("activity_ids", "!=", False),
                ],
                limit=1,
            )
            if known:
                continue
            for user in users:
                result.activity_schedule(
                    "mail.mail_activity_data_warning",
                    summary=result.name,
                    note=result.differences,
                    user_id=user.id,
                )

    @api.model
    def _get_responsible(self):
        """Who is told: the people of the settings, else one manager."""
        companies = self.env["res.company"].sudo()
        chosen = companies.search([("toll_check_user_id", "!=", False)])
        chosen = chosen.toll_check_user_id.filtered("active")
        if chosen:
            return chosen
        managers = self.env.ref("toll_account.group_toll_manager").sudo()
        users = managers.all_user_ids.filtered(lambda u: u.active and not u.share)
        return users.sorted("id")[:1]

    def action_run_now(self):
        """Run the checks from the list, as the manager."""
        self.check_access("read")
        self.env["toll.check"].sudo()._cron_run()
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    @api.autovacuum
    def _gc_results(self):
        """A year of nights is enough, but what failed is kept."""
        limit = fields.Datetime.now() - timedelta(days=400)
        self.sudo().search(
            [("date", "<", limit), ("is_ok", "=", True)], limit=1000
        ).unlink()
