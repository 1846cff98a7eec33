from odoo import api, fields, models
from odoo.fields import Domain

from ..core import numbers
from .toll_request import OPEN


class TollAccount(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.account"

    request_ids = fields.One2many("toll.request", "account_id", string="Requests")
    request_count = fields.Integer(
        string="Open Requests", compute="_compute_request_count"
    )

    @api.depends("request_ids.state")
    def _compute_request_count(self):
        counts = self._count_by_account(
            "toll.request", "account_id", [("state", "in", OPEN)]
        )
        for account in self:
            account.request_count = counts.get(account._origin.id, 0)

    @api.model
    def _get_search_domains(self, term):
        """An account is also named by the number of one of its requests."""
        domains = super()._get_search_domains(term)
        number = numbers.compact(term).upper()
        if number[:1] == "R" and numbers.is_account_number(number[1:]):
            domains.append(Domain("request_ids", "any", [("number", "=", number)]))
        return domains

    def action_view_requests(self):
        return self._open_records(
            "toll_account.toll_request_action", search_default_open=1
        )
