from odoo import fields, models


class TollAccount(models.Model):
    _inherit = "toll.account"

    collection_case_ids = fields.One2many(
        "toll.collection.case", "account_id", string="Collection Cases"
    )
    promise_ids = fields.One2many(
        "toll.payment.promise", "account_id", string="Payment Agreements", readonly=True
    )
    collection_case_id = fields.Many2one(
        "toll.collection.case",
        string="Open Collection Case",
        compute="_compute_collection_case_id",
    )
    collection_case_count = fields.Integer(compute="_compute_collection_case_id")

    def _compute_collection_case_id(self):
        # of the cases that the user may see
        cases = self.env["toll.collection.case"]
        if cases.has_access("read"):
            cases = cases.search([("account_id", "in", self.ids)])
        by_account = cases.grouped("account_id")
        for account in self:
            mine = by_account.get(account._origin, cases.browse())
            account.collection_case_id = mine.filtered(lambda c: c.state == "open")[:1]
            account.collection_case_count = len(mine)

    def action_view_collection_cases(self):
        self.ensure_one()
        if self.collection_case_id:
            return self.collection_case_id._get_records_action()
        values = self._open_records("toll_collections.toll_collection_case_action")
        return dict(values, context={})

    def _get_closing_checks(self):
        """A closed account must not leave a request behind that nobody can book."""
        waiting = (
            self.env["toll.write.off"]
            .sudo()  # who closes accounts need not see write-offs
            .search_count(
                [("account_id", "=", self.id), ("state", "=", "requested")], limit=1
            )
        )
        return [
            *super()._get_closing_checks(),
            (
                self.env._("No write-off waits"),
                not waiting,
                self.env._("Approve or refuse the write-off first."),
            ),
        ]
