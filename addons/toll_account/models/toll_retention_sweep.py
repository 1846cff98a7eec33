from odoo import api, models

from ..queries import retention as queries


class TollRetention(models.Model):
    """What a sweep does with each kind of data."""

    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.retention"

    @api.model
    def _cron_sweep(self):
        """Every night, in transactions of bounded size; a killed one goes on later."""
        runs = self.env["toll.retention.run"]
        rules = self.search([("is_active", "=", True)]).filtered("is_swept")
        todo = [run for rule in rules if (run := runs._open(rule))]
        for number, run in enumerate(todo, start=1):
            while True:
                done = run._step()
                left = len(todo) - number + bool(done)
                if not self.env["ir.cron"]._commit_progress(done, remaining=left):
                    return
                if not done:
                    break

    def _sweep(self, ids):
        """Act on these rows; the rule has found them."""
        return getattr(self, f"_sweep_{self.data_class}")(ids)

    def _delete_rows(self, model, ids):
        """Rows that nobody may delete otherwise, straight in their table."""
        self.env.flush_all()
        self.env.execute_query(queries.delete(self.env[model]._table, ids))
        self.env.execute_query(queries.close_door())
        self.env[model].invalidate_model()

    def _sweep_read_log(self, ids):
        self._delete_rows("toll.access.log", ids)

    def _sweep_contact(self, ids):
        calls = self.env["toll.call"].browse(ids)
        if self.action == "erase":
            calls.unlink()
        else:
            calls._erase_words()

    def _sweep_request(self, ids):
        self.env["toll.request"].browse(ids)._erase_words()

    def _sweep_customer(self, ids):
        for partner in self.env["res.partner"].browse(ids):
            partner._toll_pseudonymise()

    def _sweep_signup(self, ids):
        """The person goes; the empty account stays in the archive, for its consents."""
        for partner in self.env["res.partner"].browse(ids):
            accounts = partner._toll_all_accounts()
            partner._toll_pseudonymise()
            accounts.with_context(tracking_disable=True).active = False

    def _sweep_message(self, ids):
        self.env["toll.message"].browse(ids)._erase_words()
