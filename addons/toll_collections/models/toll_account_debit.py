from odoo import api, fields, models
from odoo.fields import Domain


class TollAccount(models.Model):
    _inherit = "toll.account"  # pylint: disable=consider-merging-classes-inherited

    mandate_ids = fields.One2many(
        "account.banking.mandate", "toll_account_id", string="Mandates"
    )
    mandate_id = fields.Many2one(
        "account.banking.mandate",
        string="Valid Mandate",
        compute="_compute_mandate_id",
        search="_search_mandate_id",
    )
    mandate_count = fields.Integer(compute="_compute_mandate_id")
    debit_line_ids = fields.One2many("toll.debit.line", "account_id", string="Debits")

    @api.depends("mandate_ids.state")
    def _compute_mandate_id(self):
        mandates = self.env["account.banking.mandate"]
        if mandates.has_access("read"):
            mandates = mandates.search(
                [("toll_account_id", "in", self.ids)], order="id desc"
            )
        by_account = mandates.grouped("toll_account_id")
        for account in self:
            mine = by_account.get(account._origin, mandates.browse())
            account.mandate_id = mine.filtered(lambda m: m.state == "valid")[:1]
            account.mandate_count = len(mine)

    def _search_mandate_id(self, operator, value):
        if operator not in ("in", "not in"):
            return NotImplemented
        valid = Domain("mandate_ids", "any", [("state", "=", "valid")])
        if set(value) - {False}:
            valid = Domain("mandate_ids", "any", [("id", "in", list(value))])
            return ~valid if operator == "not in" else valid
        return ~valid if operator == "in" else valid

    def action_view_mandates(self):
        self.ensure_one()
        values = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_collections.account_banking_mandate_action"
        )
        return dict(
            values,
            domain=[("toll_account_id", "=", self.id)],
            context={
                "default_toll_account_id": self.id,
                "default_company_id": self.company_id.id,
                "default_partner_id": self.commercial_partner_id.id,
            },
        )

    def _get_closing_checks(self):
        """Money on its way from the bank belongs to an open account."""
        # whoever closes the account learns what is open
        waiting = self.env["toll.debit.line"].sudo()._count_on_the_way(self)
        return [
            *super()._get_closing_checks(),
            (
                self.env._("No bank debit is on its way"),
                not waiting,
                self.env._("Wait for the bank's answer, or take it off the run."),
            ),
        ]

    def _get_next_debits(self):
        """What will be debited and has been announced; for the account's customer."""
        # customers see no runs; these are lines of their own account
        lines_sudo = self.env["toll.debit.line"].sudo()
        return lines_sudo.search(
            [
                ("account_id", "in", self.ids),
                ("state", "in", ("ready", "sent")),
                ("run_id.announced_on", "!=", False),
                ("run_id.date", ">=", fields.Date.context_today(self)),
            ],
            order="date, id",
        )

    def _merge_records(self, target):
        """Debits that no run has, and the mandate where the other account has none."""
        if target.mandate_id:
            self.mandate_id._toll_cancel(
                self.env._("The account was merged into %s.", target.number)
            )
        self.mandate_ids.toll_account_id = target
        self.debit_line_ids.filtered(lambda d: d.state == "waiting").write(
            {"state": "cancelled"}
        )
        return super()._merge_records(target)


class ResPartner(models.Model):
    _inherit = "res.partner"  # pylint: disable=consider-merging-classes-inherited

    def _toll_export_files(self):
        """Mandates and debits, too."""
        files = super()._toll_export_files()
        # the customer's own rows, whichever role may read them
        accounts_sudo = self.sudo().commercial_partner_id._toll_all_accounts()
        files["mandates.csv"] = self._toll_csv(
            accounts_sudo.mandate_ids,
            (
                "unique_mandate_reference",
                "toll_account_id",
                "toll_number_masked",
                "signature_date",
                "toll_accepted_at",
                "toll_accepted_ip",
                "state",
                "toll_cancel_reason",
            ),
        )
        files["bank_debits.csv"] = self._toll_csv(
            accounts_sudo.debit_line_ids,
            ("date", "account_id", "amount", "state", "return_reason_id"),
        )
        return files

    def _toll_pseudonymise(self):
        """That there was a mandate stays for the books; whose account it was, goes."""
        mandates = self._toll_all_accounts().mandate_ids
        result = super()._toll_pseudonymise()
        untracked = {"tracking_disable": True}
        mandates._toll_cancel(self.env._("The customer's data were erased."))
        mandates.with_context(**untracked).write(
            {
                "scan": False,
                "toll_text": False,
                "toll_accepted_ip": False,
                "toll_accepted_agent": False,
            }
        )
        for bank in mandates.partner_bank_id:
            bank.with_context(**untracked).write(
                {
                    "acc_number": f"ERASED{bank.id:09}",
                    "acc_holder_name": False,
                    "active": False,
                }
            )
        self._toll_erase_messages(mandates._name, mandates.ids)
        return result
