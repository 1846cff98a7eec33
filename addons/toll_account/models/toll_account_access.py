from odoo import models
from odoo.http import request

from ..queries import access_log as queries

# A person who goes on working on an account looked at it once.
MINUTES = 15


class TollAccount(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.account"

    def web_read(self, specification):
        """Opening an account leaves a trace; lists, which show less, do not."""
        result = super().web_read(specification)
        if len(self) == 1 and "state_log_ids" in specification:
            self._log_look("form")
        return result

    # It writes the log: not on a read-only connection.
    web_read._readonly = False

    def _log_look(self, source):
        """Write down that the user looked at the account, for staff only."""
        if not self.id or not self.env.user._is_internal():
            return
        self.env.execute_query(
            queries.log_access(
                self.id,
                self.sudo().company_id.id,
                self.env.uid,
                source,
                request.httprequest.remote_addr if request else None,
                MINUTES,
            )
        )

    def action_view_looks(self):
        return self._open_records("toll_account.toll_access_log_action")
