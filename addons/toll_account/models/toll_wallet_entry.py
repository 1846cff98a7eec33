from odoo import api, fields, models
from odoo.exceptions import UserError

from ..queries import wallet as queries

KINDS = [
    ("topup", "Top-up"),
    ("usage", "Usage"),
    ("fee", "Fee"),
    ("refund", "Refund"),
    ("adjustment", "Adjustment"),
    ("settlement", "Settlement"),
    ("discount", "Discount"),
]


class TollWalletEntry(models.Model):
    _name = "toll.wallet.entry"
    _description = "Toll Wallet Movement"
    _auto = False
    _order = "occurred_at desc, id desc"
    _rec_name = "ref"

    account_id = fields.Many2one("toll.account", readonly=True)
    partner_id = fields.Many2one(related="account_id.partner_id", string="Customer")
    company_id = fields.Many2one("res.company", readonly=True)
    kind = fields.Selection(KINDS, readonly=True)
    amount = fields.Monetary(
        readonly=True, help="Positive: comes into the wallet. Negative: leaves it."
    )
    balance_after = fields.Monetary(
        string="Balance", compute="_compute_balance_after", compute_sudo=True
    )
    currency_id = fields.Many2one("res.currency", readonly=True)
    occurred_at = fields.Datetime(string="Date", readonly=True)
    ref = fields.Char(string="Reference", readonly=True)
    origin = fields.Char(readonly=True, help="Where the movement comes from.")
    move_id = fields.Many2one("account.move", string="Journal Entry", readonly=True)
    payment_id = fields.Many2one("account.payment", readonly=True)
    create_uid = fields.Many2one("res.users", string="Entered by", readonly=True)
    create_date = fields.Datetime(string="Entered on", readonly=True)

    def init(self):
        self.env.cr.execute(queries.create_tables())
        self.env.cr.execute(queries.allow_kind("discount"))
        self.env.cr.execute(queries.create_view(self._view_parts()))

    def _view_parts(self):
        """The queries that together are the ledger: columns as in queries.COLUMNS."""
        return [queries.entry_part()]

    @api.depends("amount", "account_id")
    def _compute_balance_after(self):
        stored = self.filtered("id")
        balances = {}
        if stored:
            query = queries.running_balances(stored.account_id.ids, stored.ids)
            balances = dict(self.env.execute_query(query))
        for entry in self:
            entry.balance_after = balances.get(entry.id, 0)

    @api.model_create_multi
    def create(self, vals_list):  # pylint: disable=method-required-super
        raise UserError(
            self.env._("The wallet is a ledger: use a top-up, a refund or a charge.")
        )

    def write(self, vals):  # pylint: disable=method-required-super
        raise UserError(
            self.env._("The wallet is a ledger: its movements are never changed.")
        )

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(
            self.env._("The wallet is a ledger: its movements are never deleted.")
        )

    @api.model
    def _find(self, kind, ref):
        rows = self.env.execute_query(queries.find_entries([(kind, ref)]))
        return self.sudo().browse(row[0] for row in rows)

    @api.model
    def _post(self, vals_list):
        """Write entries and answer them, in order; a known (kind, ref) is not repeated.

        Keys: account_id, kind, amount, ref, and where known occurred_at, origin,
        move_id, payment_id. Whoever calls has checked that the user may do it, and
        that a repeated reference means the same thing.
        """
        if not vals_list:
            return self.browse()
        Account = self.env["toll.account"].sudo()
        accounts = Account.browse({vals["account_id"] for vals in vals_list})
        by_id = {account.id: account for account in accounts}
        now = fields.Datetime.now()
        rows, keys = [], []
        for vals in vals_list:
            account = by_id[vals["account_id"]]
            keys.append((vals["kind"], vals["ref"]))
            rows.append(
                (
                    account.id,
                    account.company_id.id,
                    vals["kind"],
                    account.currency_id.round(vals["amount"]),
                    account.currency_id.id,
                    fields.Datetime.to_datetime(vals.get("occurred_at")) or now,
                    vals["ref"],
                    vals.get("origin"),
                    vals.get("move_id"),
                    vals.get("payment_id"),
                    self.env.uid,
                )
            )
        self.env.flush_all()
        self.env.execute_query(queries.insert_entries(rows))
        found = {
            (kind, ref): entry_id
            for entry_id, kind, ref, *_rest in self.env.execute_query(
                queries.find_entries(keys)
            )
        }
        accounts._invalidate_balance()
        return self.browse(found[key] for key in keys)

    # The balance

    @api.model
    def _fold(self, account_ids=None):
        """Add what waits to the balances; answer how many accounts it was."""
        locked = [
            row[0] for row in self.env.execute_query(queries.lock_wallets(account_ids))
        ]
        if locked:
            self.env.cr.execute(queries.fold(locked))
        return len(locked)

    @api.model
    def _cron_fold(self):
        """Fold in a transaction that sees what others commit while it waits."""
        with self.env.registry.cursor() as cr:
            cr.execute(queries.read_committed())
            self.with_env(self.env(cr=cr))._fold()

    def action_open_origin(self):
        """The document behind the movement."""
        self.ensure_one()
        record = self.payment_id or self.move_id
        if not record:
            return False
        return {
            "type": "ir.actions.act_window",
            "res_model": record._name,
            "res_id": record.id,
            "view_mode": "form",
        }
