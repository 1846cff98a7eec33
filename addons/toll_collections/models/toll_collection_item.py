from odoo import fields, models

from ..queries import portfolio as queries


class TollCollectionItem(models.Model):
    """An open invoice or credit note of an account, for people without the books."""

    _name = "toll.collection.item"
    _description = "Open Document of a Debtor"
    _auto = False
    _order = "due_date, id"
    _depends = {
        "account.move": ["move_type", "name", "invoice_date", "toll_account_id"],
        "account.move.line": [
            "amount_residual",
            "balance",
            "date_maturity",
            "parent_state",
            "reconciled",
        ],
        "toll.collection.case": ["account_id", "state"],
    }

    account_id = fields.Many2one("toll.account", readonly=True)
    case_id = fields.Many2one("toll.collection.case", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    move_id = fields.Many2one("account.move", string="Journal Entry", readonly=True)
    name = fields.Char(string="Document", readonly=True)
    move_type = fields.Selection(
        [("out_invoice", "Invoice"), ("out_refund", "Credit Note")],
        string="Kind",
        readonly=True,
    )
    date = fields.Date(readonly=True)
    due_date = fields.Date(readonly=True)
    days = fields.Integer(string="Days Overdue", compute="_compute_days")
    amount = fields.Monetary(readonly=True)
    amount_open = fields.Monetary(string="Open", readonly=True)

    def init(self):
        # the view reads the cases
        self.env.cr.execute(queries.create_item_view())

    def _compute_days(self):
        today = fields.Date.context_today(self)
        for item in self:
            item.days = max((today - item.due_date).days, 0) if item.due_date else 0
