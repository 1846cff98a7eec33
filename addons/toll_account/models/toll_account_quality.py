from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..queries import quality as queries


class TollAccount(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.account"

    completeness = fields.Integer(
        string="Completeness (%)",
        readonly=True,
        copy=False,
        aggregator="avg",
        help="How much of what a good record has is filled in; weights in the "
        "configuration.",
    )
    verified_date = fields.Date(
        string="Last Verified", readonly=True, copy=False, index="btree_not_null"
    )
    verified_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    issue_ids = fields.One2many("toll.quality.issue", "account_id")
    issue_count = fields.Integer(string="Data Issues", compute="_compute_issue_count")
    merged_into_id = fields.Many2one(
        "toll.account",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The account that goes on in place of this one.",
    )
    merged_ids = fields.One2many("toll.account", "merged_into_id")

    @api.depends("issue_ids.state")
    def _compute_issue_count(self):
        counts = {}
        if self.env["toll.quality.issue"].has_access("read"):
            counts = self._count_by_account(
                "toll.quality.issue",
                "account_id",
                [("state", "in", ("open", "in_progress"))],
            )
        for account in self:
            account.issue_count = counts.get(account._origin.id, 0)

    @api.model_create_multi
    def create(self, vals_list):
        accounts = super().create(vals_list)
        if not self.env.context.get("toll_opening"):
            accounts._update_completeness(account_ids=accounts.ids)
        return accounts

    def write(self, vals):
        guarded = {"merged_into_id", "completeness"} & vals.keys()
        if guarded and not self.env.su:
            raise AccessError(self.env._("Accounts are merged by the merge only."))
        return super().write(vals)

    @api.model
    def _update_completeness(self, **only):
        """Write the scores of all accounts, or of these, in one statement."""
        # configuration, whatever the writer may do with it
        weights = self.env["toll.quality.weight"].sudo().search([("weight", ">", 0)])
        self.flush_model(["partner_id", "verified_date"])
        self.env["res.partner"].flush_model()
        self.env["toll.vehicle"].flush_model(["account_id", "active"])
        query = queries.update_completeness(
            {weight.part: weight.weight for weight in weights}, **only
        )
        changed = self.browse(row[0] for row in self.env.execute_query(query))
        changed.invalidate_recordset(["completeness"], flush=False)
        return changed

    def action_mark_verified(self):
        """The customer has confirmed the data today."""
        self.check_access("write")
        self.write(
            {
                "verified_date": fields.Date.context_today(self),
                "verified_by_id": self.env.uid,
            }
        )
        self._update_completeness(account_ids=self.ids)
        for account in self:
            account._message_log(body=self.env._("Data verified with the customer."))

    def action_view_issues(self):
        return self._open_records("toll_account.toll_quality_issue_action")

    # Merging

    def merge_into(self, target, note=None):
        """Put these accounts into another one that goes on for them all.

        Vehicles and what hangs on them move, the money moves by two linked entries, the
        old accounts close and point at the new one. Their history stays with them.
        """
        if not self.env.su and not self.env.user.has_groups(
            "toll_account.group_toll_billing,toll_account.group_toll_manager"
        ):
            raise AccessError(self.env._("Only billing or a manager merges accounts."))
        if isinstance(target, int):
            target = self.browse(target)
        (self | target).check_access("write")
        sources = (self - target).sorted("id")
        (sources | target)._claim_wallets()
        for source in sources:
            source._check_merge(target)
        for source in sources:
            source._merge_into(target, note)
        return target

    def _check_merge(self, target):
        """Raise where two accounts cannot become one; other addons add their own."""
        self.ensure_one()
        if target.state not in ("active", "suspended"):
            raise UserError(
                self.env._(
                    "Account %(number)s is not open: choose another one to go on.",
                    number=target.number,
                )
            )
        if self.state == "closed":
            raise UserError(
                self.env._("Account %(number)s is closed.", number=self.number)
            )
        for field in ("company_id", "currency_id", "payment_mode"):
            if self[field] != target[field]:
                raise UserError(
                    self.env._(
                        "%(one)s and %(other)s differ in “%(field)s”: they cannot "
                        "be merged.",
                        one=self.number,
                        other=target.number,
                        field=self._fields[field]._description_string(self.env),
                    )
                )

    def _merge_into(self, target, note):
        self.sudo().merged_into_id = target  # guarded; the merge is checked
        # records of many models: the right to merge stands for the right to each
        self.sudo()._merge_records(target.sudo())
        amount = self.balance
        if not self.currency_id.is_zero(amount):
            ref = f"merge/{self.number}/{target.number}"
            # both in one statement: the money is in one account at any time
            self.env["toll.wallet.entry"]._post(
                [
                    {
                        "account_id": account.id,
                        "kind": "adjustment",
                        "amount": value,
                        "ref": f"{ref}/{way}",
                        "origin": "merge",
                    }
                    for account, value, way in (
                        (self, -amount, "out"),
                        (target, amount, "in"),
                    )
                ]
            )
        self.action_close("duplicate", note)
        self._message_log(
            body=self.env._("Merged into account %(number)s.", number=target.number)
        )
        target._message_log(
            body=self.env._(
                "Account %(number)s was merged into this one.", number=self.number
            )
        )

    def _merge_records(self, target):
        """Move what the surviving account looks after from now on."""
        vehicles = self.with_context(active_test=False).vehicle_ids
        vehicles.account_id = target
