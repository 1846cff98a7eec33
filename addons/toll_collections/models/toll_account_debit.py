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
