"""Loan, sale or deposit: what a TAG costs the customer, and his guarantee."""

from dateutil.relativedelta import relativedelta

from odoo import fields, models
from odoo.exceptions import AccessError, UserError

from .product_template import TERMS
from .toll_tag_life import MANAGER

FREE_REPLACEMENTS = ("defective", "renewal")


class TollTagAssignment(models.Model):
    _inherit = "toll.tag.assignment"  # pylint: disable=consider-merging-classes-inherited

    terms = fields.Selection(TERMS, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    guarantee_amount = fields.Monetary(string="Guarantee", readonly=True)
    guarantee_date = fields.Date(readonly=True)
    guarantee_state = fields.Selection(
        [
            ("held", "Held"),
            ("returned", "Returned"),
            ("moved", "Moved to the new TAG"),
            ("kept", "Kept"),
        ],
        readonly=True,
        index="btree_not_null",
    )
    warranty_until = fields.Date(
        readonly=True, help="Until then a TAG that was sold is replaced free of charge."
    )
    charge_move_ids = fields.Many2many(
        "account.move",
        "toll_tag_assignment_charge_rel",
        string="Charges",
        readonly=True,
        groups="account.group_account_readonly,account.group_account_invoice",
    )

    _guarantee_check = models.Constraint(
        "CHECK (guarantee_amount >= 0)", "A guarantee is not negative."
    )

    # === WHEN A TAG IS HANDED OUT === #

    def _start_terms(self, replaced=None, reason=None):
        """Charge the sale or take the guarantee; replacements go on as before."""
        for row in self:
            old = (replaced or {}).get(row.lot_id)
            if old and reason in FREE_REPLACEMENTS and row._continue_terms(old, reason):
                continue
            if row.terms == "deposit":
                row._take_guarantee()
            elif row.terms == "sale" and row.picking_id:
                # without a delivery of ours it was sold, and invoiced, on an order
                row._charge(
                    row.lot_id.product_id,
                    row.lot_id.product_id.lst_price,
                    self.env._("TAG %(tag)s", tag=row.lot_id.name),
                )

    def _continue_terms(self, old, reason):
        """Take over the terms of the TAG before; False if this one must be paid."""
        today = fields.Date.context_today(self)
        if (
            old.terms == "sale"
            and reason == "defective"
            and not (old.warranty_until and old.warranty_until >= today)
        ):
            return False
        self.write({"terms": old.terms, "warranty_until": old.warranty_until})
        # the guarantee of a TAG under test waits for nobody: it goes with the customer
        if old.guarantee_state == "held":
            self.write(
                {
                    "guarantee_amount": old.guarantee_amount,
                    "guarantee_date": old.guarantee_date,
                    "guarantee_state": "held",
                }
            )
            old.guarantee_state = "moved"
        return True

    def _take_guarantee(self):
        amount = self.lot_id.product_id.toll_guarantee_amount
        if self.currency_id.is_zero(amount):
            return
        account = self.account_id
        short = (
            account.payment_mode == "prepaid"
            and account.state == "active"
            and account.currency_id.compare_amounts(account.available, amount) < 0
        )
        if short:
            raise UserError(
                self.env._(
                    "The guarantee of TAG %(tag)s is %(amount)s and account %(number)s "
                    "has %(available)s: top it up first.",
                    tag=self.lot_id.name,
                    amount=self.currency_id.format(amount),
                    number=account.number,
                    available=self.currency_id.format(account.available),
                )
            )
        self.write(
            {
                "guarantee_amount": amount,
                "guarantee_date": fields.Date.context_today(self),
                "guarantee_state": "held",
            }
        )
        self._move_guarantee(-amount, "GUARANTEE", self.env._("Guarantee of a TAG"))

    # === WHEN IT ENDS === #

    def _end_terms(self, reason):
        """Give guarantees back, and charge for what was lost.

        A TAG that comes back in good state, or for which the customer now pays, frees
        its guarantee; a defective one waits for a person's word.
        """
        for row in self:
            gone = reason in ("lost", "stolen")
            if gone and row.terms != "sale":
                row._charge_loss(reason)
            if row.guarantee_state == "held" and (gone or reason == "returned"):
                row._return_guarantee()

    def _charge_loss(self, reason):
        fee = self.lot_id.product_id.toll_replacement_fee
        if self.currency_id.is_zero(fee):
            return
        labels = dict(self._fields["end_reason"]._description_selection(self.env))
        product = self.env.ref("toll_tag_stock.product_template_tag_loss")
        self._charge(
            product.product_variant_id,
            fee,
            self.env._(
                "TAG %(tag)s of %(plate)s: %(reason)s on %(date)s",
                tag=self.lot_id.name,
                plate=self.vehicle_id.plate,
                reason=labels[reason],
                date=fields.Date.to_string(self.date_to),
            ),
        )

    def action_return_guarantee(self):
        """Give the guarantee of a TAG that came back to the customer's wallet."""
        self._check_guarantee_manager()
        for row in self.sudo():
            row._return_guarantee()
        return True

    def action_keep_guarantee(self):
        """The customer spoiled the TAG: his guarantee becomes income."""
        self._check_guarantee_manager()
        for row in self.sudo():
            income = row._toll_income_account()
            row._guarantee_entry(
                row.guarantee_amount,
                self.env._("Guarantee kept: TAG %s", row.lot_id.name),
                row.company_id._toll_get_guarantee_account(),
                income,
            )
            row.guarantee_state = "kept"
        return True

    def _check_guarantee_manager(self):
        self.check_access("read")
        if not self.env.su and not self.env.user.has_group(MANAGER):
            raise AccessError(
                self.env._("Only a manager decides on the guarantee of a TAG.")
            )
        for row in self:
            if row.guarantee_state != "held" or not row.date_to:
                raise UserError(
                    self.env._(
                        "There is no guarantee of a returned TAG to decide on for %s.",
                        row.display_name,
                    )
                )

    def _return_guarantee(self):
        self.guarantee_state = "returned"
        self._move_guarantee(
            self.guarantee_amount,
            "GUARANTEE-BACK",
            self.env._("Guarantee given back: TAG %s", self.lot_id.name),
        )

    # === IN THE BOOKS === #

    def _move_guarantee(self, amount, prefix, label):
        """Between wallet and guarantees, in the ledger and in the books at once."""
        company = self.company_id
        deposits = company._toll_get_deposit_account()
        guarantees = company._toll_get_guarantee_account()
        taken = amount < 0
        move = self._guarantee_entry(
            abs(amount),
            f"{label} {self.lot_id.name}" if taken else label,
            deposits if taken else guarantees,
            guarantees if taken else deposits,
        )
        self.env["toll.wallet.entry"]._post(
            [
                {
                    "account_id": self.account_id.id,
                    "kind": "fee",
                    "amount": amount,
                    "ref": f"{prefix}-{self.id}",
                    "origin": self.lot_id.name,
                    "move_id": move.id,
                }
            ]
        )

    def _guarantee_entry(self, amount, label, debit, credit):
        company = self.company_id
        journals = self.env["account.journal"].with_company(company)
        journal = journals.search(
            [*journals._check_company_domain(company), ("type", "=", "general")],
            limit=1,
        )
        partner = self.account_id.commercial_partner_id
        move = (
            self.env["account.move"]
            .with_company(company)
            .with_context(tracking_disable=True)
            .create(
                {
                    "move_type": "entry",
                    "journal_id": journal.id,
                    "company_id": company.id,
                    "date": fields.Date.context_today(self),
                    "ref": label,
                    "line_ids": [
                        fields.Command.create(
                            {
                                "name": label,
                                "account_id": account.id,
                                "partner_id": partner.id,
                                "debit": amount if account == debit else 0,
                                "credit": amount if account == credit else 0,
                            }
                        )
                        for account in (debit, credit)
                    ],
                }
            )
        )
        move._post(soft=False)
        return move

    def _toll_income_account(self):
        product = self.env.ref("toll_tag_stock.product_template_tag_loss")
        accounts = product.with_company(self.company_id).get_product_accounts()
        if not accounts["income"]:
            raise UserError(
                self.env._("Set an income account on the product %s.", product.name)
            )
        return accounts["income"]

    def _charge(self, product, price, label):
        """A posted invoice to the holder of the account."""
        if self.currency_id.is_zero(price):
            return self.env["account.move"]
        invoice = (
            self.env["account.move"]
            .with_company(self.company_id)
            .with_context(tracking_disable=True, mail_create_nosubscribe=True)
            .create(self._prepare_charge_vals(product, price, label))
        )
        invoice.action_post()
        self.charge_move_ids = [fields.Command.link(invoice.id)]
        return invoice

    def _prepare_charge_vals(self, product, price, label):
        return {
            "move_type": "out_invoice",
            "company_id": self.company_id.id,
            "partner_id": self.account_id.partner_id.id,
            "currency_id": self.account_id.currency_id.id,
            "invoice_date": fields.Date.context_today(self),
            "ref": self.account_id.number,
            "invoice_line_ids": [
                fields.Command.create(
                    {
                        "product_id": product.id,
                        "name": label,
                        "quantity": 1,
                        "price_unit": price,
                    }
                )
            ],
        }


class TollTagLife(models.AbstractModel):
    _inherit = "toll.tag.life"

    def _prepare_toll_terms_vals(self, terms, date, sold=False):
        """``sold``: the customer already had the TAG, from an order."""
        product = self.product_id
        terms = terms or ("sale" if sold else product.toll_terms) or "loan"
        if terms not in dict(TERMS):
            raise UserError(self.env._("The terms are “loan”, “sale” or “deposit”."))
        months = product.toll_customer_warranty_months
        return {
            "terms": terms,
            "warranty_until": (date + relativedelta(months=months)).date()
            if terms == "sale" and months
            else False,
        }


class TollAccount(models.Model):
    _inherit = "toll.account"  # pylint: disable=consider-merging-classes-inherited

    def action_view_guarantees(self):
        self.ensure_one()
        values = self.env["ir.actions.actions"]._for_xml_id(
            "toll_tag_stock.toll_tag_assignment_action"
        )
        values["domain"] = [
            ("account_id", "=", self.id),
            ("guarantee_state", "!=", False),
        ]
        values["context"] = {"create": False}
        return values

    def _check_closing(self):
        res = super()._check_closing()
        held = self.sudo()._get_guarantees().get(self.id, 0)
        if not self.currency_id.is_zero(held):
            raise UserError(
                self.env._(
                    "Account %(number)s still has guarantees of %(amount)s: give them "
                    "back or keep them before closing it.",
                    number=self.number,
                    amount=self.currency_id.format(held),
                )
            )
        return res
