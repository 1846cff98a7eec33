"""The status of a prepaid account's TAGs follows its balance."""

from odoo import api, fields, models

from ..queries import tag_balance as queries

REASONS = {"valid": "top_up", "low": "low_balance", "blocked": "low_balance"}


class TollTagStatus(models.Model):
    _inherit = "toll.tag.status"

    _write_date_idx = models.Index("(write_date)")

    @api.model
    def _set(self, lots, status, reason, date=None):
        """Lanes are to know it soon."""
        changed = super()._set(lots, status, reason, date)
        if changed:
            self.env["toll.tag.list"]._soon()
        return changed

    @api.model
    def _follow_moved(self, company, mark):
        """Of accounts whose money may have moved since a watermark; None: of all."""
        if not company.toll_tags_follow_balance:
            return
        account_ids = None
        if mark:
            rows = self.env.execute_query(queries.moved_accounts(company.id, *mark))
            account_ids = [account_id for (account_id,) in rows]
        self._follow_balances(company, account_ids)

    @api.model
    def _follow_balances(self, company, account_ids):
        """Let the TAGs of these accounts have the status that their balance gives."""
        if not company.toll_tags_follow_balance or account_ids == []:
            return
        accounts = self.env["toll.account"].browse(account_ids or ())
        taken = accounts._get_taken_by_account()
        self.env.flush_all()
        rows = self.env.execute_query(
            queries.follow(
                company.id,
                account_ids,
                taken,
                company.toll_block_balance,
                fields.Datetime.now(),
                company._toll_today(),
            )
        )
        for status, lot_ids in rows:
            lots = self.env["stock.lot"].browse(lot_ids)
            self._set(lots, status, REASONS[status])


class TollWalletEntry(models.Model):
    _inherit = "toll.wallet.entry"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _post(self, vals_list):
        """Money that comes in frees TAGs at once, in the same transaction."""
        entries = super()._post(vals_list)
        ids = {vals["account_id"] for vals in vals_list if vals["amount"] > 0}
        if not ids:
            return entries
        rows = self.env.execute_query(queries.short_accounts(ids))
        short = self.env["toll.account"].sudo().browse(row[0] for row in rows)
        for company, accounts in short.grouped("company_id").items():
            # the status follows from the balance; nobody writes it by hand
            self.env["toll.tag.status"].sudo()._follow_balances(company, accounts.ids)
        return entries


class ResCompany(models.Model):
    _inherit = "res.company"  # pylint: disable=consider-merging-classes-inherited

    toll_tags_follow_balance = fields.Boolean(
        string="TAGs Follow the Balance",
        default=True,
        help="TAGs of prepaid accounts get the status Low Balance below the account's "
        "threshold, and are blocked when nothing is available.",
    )
    toll_block_balance = fields.Monetary(
        string="Refuse at or below",
        help="A prepaid account's TAGs are blocked when no more than this is "
        "available.",
    )
    toll_list_minutes = fields.Integer(
        string="Operators Should Know within (min)",
        default=10,
        help="An operator whose lanes do not know a list that is older is marked as "
        "behind.",
    )
    toll_list_keep_days = fields.Integer(
        string="Keep Changes (days)",
        default=30,
        help="An operator that asks for changes since an older version gets the whole "
        "list.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"  # pylint: disable=consider-merging-classes-inherited

    toll_tags_follow_balance = fields.Boolean(
        related="company_id.toll_tags_follow_balance", readonly=False
    )
    toll_block_balance = fields.Monetary(
        related="company_id.toll_block_balance",
        currency_field="currency_id",
        readonly=False,
    )
    toll_list_minutes = fields.Integer(
        related="company_id.toll_list_minutes", readonly=False
    )
    toll_list_keep_days = fields.Integer(
        related="company_id.toll_list_keep_days", readonly=False
    )
