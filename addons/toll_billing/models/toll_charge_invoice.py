from odoo import api, fields, models
from odoo.fields import Command, Domain


class TollCharge(models.Model):
    """Charges that become an invoice of their own, and those of a program."""

    _inherit = "toll.charge"  # pylint: disable=consider-merging-classes-inherited

    def action_invoice(self):
        """An invoice of its own, now, instead of a line on the next toll invoice."""
        self.check_access("write")
        self._check_waiting()
        moves_sudo = self.env["account.move"].sudo()
        for account, charges in self.sudo().grouped("account_id").items():
            moves_sudo |= charges._issue_invoice(account)
        return (
            moves_sudo.sudo(False)._get_records_action(name=self.env._("Invoices"))
            if moves_sudo.sudo(False).has_access("read")
            else True
        )

    def _issue_invoice(self, account):
        company = account.company_id
        move = (
            self.env["account.move"]
            .with_company(company)
            .with_context(mail_create_nosubscribe=True)
            .create(
                {
                    "move_type": "out_invoice",
                    "journal_id": company._toll_get_invoice_journal().id,
                    "partner_id": account.partner_id.id,
                    "invoice_date": company._toll_today(),
                    "invoice_origin": account.number,
                    "toll_account_id": account.id,
                    "invoice_line_ids": [
                        Command.create(charge._prepare_invoice_line_vals())
                        for charge in self
                    ],
                }
            )
        )
        self.write({"state": "invoiced", "move_id": move.id})
        move._toll_issue()
        return move

    def _prepare_invoice_line_vals(self):
        """A line of one unit whose price includes its taxes."""
        self.ensure_one()
        return {
            "product_id": self.product_id.id,
            "name": self.label,
            "quantity": 1,
            "price_unit": self.amount_total,
            "tax_ids": [Command.set(self.tax_ids._toll_included().ids)],
            "toll_charge_id": self.id,
            **(
                {"analytic_distribution": self.analytic_distribution}
                if self.analytic_distribution
                else {}
            ),
        }

    def action_open_move(self):
        self.ensure_one()
        return self.move_id._get_records_action()

    # === MADE BY RULES === #
    @api.model
    def _collect(self, vals_list):
        """Make charges that have a key, each once, whoever asks how often."""
        # what a contract, a plan or a TAG costs is charged by rule, whoever works
        charges_sudo = self.sudo()
        known = set(
            charges_sudo.search(
                Domain("key", "in", [vals["key"] for vals in vals_list])
            ).mapped("key")
        )
        return charges_sudo.create(
            [vals for vals in vals_list if vals["key"] not in known]
        )

    def _credit(self, credit_note, again):
        """A credit note took these charges back: charge them again, or not."""
        for charge in self:
            charge.state = "credited"
            if again:
                new = charge.copy(
                    {
                        "date": credit_note.date,
                        "key": f"{charge.key or charge.id}/{credit_note.id}",
                        "origin_id": charge.id,
                        "source": charge.source,
                        "price_unit": charge.price_unit,
                        "tax_ids": [Command.set(charge.tax_ids.ids)],
                        "name": charge.name,
                        "user_id": charge.user_id.id,
                    }
                )
                new.contract_line_id = charge.contract_line_id


class AccountTax(models.Model):
    _inherit = "account.tax"

    toll_included_id = fields.Many2one(
        "account.tax",
        string="Included in Toll Prices As",
        ondelete="set null",
        copy=False,
        check_company=True,
        help="The same tax, included in the price: toll invoices have no other prices. "
        "Made when it is first needed.",
    )

    def _toll_included(self):
        """These taxes as part of the price; made where they are missing."""
        service = self.env["toll.service"]
        found = self.browse()
        for tax in self:
            if not tax.price_include and not tax.toll_included_id:
                like = self.search(service._included_tax_domain(tax.company_id, tax))
                tax.toll_included_id = like.filtered(
                    lambda other, tax=tax: other._toll_books() == tax._toll_books()
                )[:1] or tax.copy(service._prepare_included_tax_vals(tax))
            found |= tax if tax.price_include else tax.toll_included_id
        return found

    def _toll_books(self):
        """Where the tax is booked, and when."""
        return (
            self.tax_exigibility,
            self.cash_basis_transition_account_id,
            [
                (line.document_type, line.repartition_type, line.factor_percent)
                + (line.account_id, line.tag_ids)
                for line in self.repartition_line_ids.sorted(
                    lambda line: (line.document_type, line.sequence, line.id)
                )
            ],
        )
