from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command


class TollAccount(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.account"

    plan_id = fields.Many2one(
        "toll.plan",
        index="btree_not_null",
        ondelete="restrict",
        tracking=True,
        check_company=True,
    )
    contract_ids = fields.One2many(
        "contract.contract", "toll_account_id", string="Service Contracts"
    )
    contract_count = fields.Integer(compute="_compute_contract_count")

    def _compute_contract_count(self):
        # counted for everyone who sees the account, whatever he may read of contracts
        counts = self.sudo()._count_by_account("contract.contract", "toll_account_id")
        for account in self:
            account.contract_count = counts.get(account._origin.id, 0)

    def _get_device_count(self):
        """How often a fee per TAG is charged; here one per vehicle."""
        self.ensure_one()
        return len(self.vehicle_ids)

    def action_view_contracts(self):
        return self._open_records(
            "toll_account.contract_contract_action", field="toll_account_id"
        )

    def action_open_contract(self):
        """Make the service contract of an account that has none in force."""
        self.ensure_one()
        self.check_access("write")
        if self.state == "closed":
            raise UserError(
                self.env._("Account %(number)s is closed.", number=self.number)
            )
        contracts_sudo = self.sudo().contract_ids
        current = contracts_sudo.filtered(lambda c: c.toll_state != "ended")
        contract = (current or self._open_contract()).sudo(False)
        return contract._get_records_action()

    def _open_contract(self, date=None):
        """The contract of the account's plan, to be signed."""
        self.ensure_one()
        if not self.plan_id:
            raise UserError(
                self.env._(
                    "Choose the plan of account %(number)s first.", number=self.number
                )
            )
        # agents open contracts through here only; they may not write them freely
        contracts_sudo = self.env["contract.contract"].sudo()
        return contracts_sudo.with_company(self.company_id).create(
            self._prepare_contract_vals(date or fields.Date.context_today(self))
        )

    def _prepare_contract_vals(self, date):
        plan = self.plan_id
        code = self.env["contract.contract"]._toll_next_code()
        months = plan.months and relativedelta(months=plan.months)
        conditions = self.env["toll.contract.condition"]
        return {
            "name": self.env._("Service contract of account %s", self.number),
            "code": code,
            "contract_type": "sale",
            "partner_id": self.partner_id.id,
            "company_id": self.company_id.id,
            "user_id": (self.user_id or self.env.user).id,
            "line_recurrence": True,
            "date": date,
            "date_start": date,
            "toll_account_id": self.id,
            "toll_plan_id": plan.id,
            "toll_condition_id": conditions._get_in_force(
                self.company_id, plan, date
            ).id,
            "toll_state": "draft",
            "toll_valid_until": months and date + months - relativedelta(days=1),
            "toll_is_auto_renew": plan.is_auto_renew,
            "contract_line_ids": [
                Command.create(self._prepare_contract_line_vals(fee, date))
                for fee in plan.fee_ids
                if fee.frequency != "once"
            ],
        }

    @api.model
    def _prepare_contract_line_vals(self, fee, date):
        return {
            "product_id": fee.product_id.id,
            "name": f"{fee.product_id.display_name} #START# - #END#",
            "quantity": 1,
            "specific_price": fee.price,
            "toll_unit": fee.unit,
            "recurring_rule_type": fee.frequency,
            "recurring_interval": 1,
            "recurring_invoicing_type": "pre-paid",
            "date_start": date,
            "recurring_next_date": date,
        }

    # One-off fees

    def _charge_once(self, fees=None):
        """Invoice what the plan charges at the beginning; answer the invoice."""
        self.ensure_one()
        fees = self.plan_id.fee_ids if fees is None else fees
        lines = []
        for fee in fees.filtered(lambda f: f.frequency == "once" and f.price):
            count = self._get_device_count() if fee.unit == "device" else 1
            if count:
                lines.append(
                    Command.create(
                        {
                            "product_id": fee.product_id.id,
                            "quantity": count,
                            "price_unit": fee.price,
                        }
                    )
                )
        # an agent opens the account; its invoice is bookkeeping of the system
        moves_sudo = self.env["account.move"].sudo().with_company(self.company_id)
        if not lines:
            return moves_sudo
        move_sudo = moves_sudo.with_context(mail_create_nosubscribe=True).create(
            {
                "move_type": "out_invoice",
                "partner_id": self.partner_id.id,
                "invoice_date": fields.Date.context_today(self),
                "invoice_origin": self.number,
                "toll_account_id": self.id,
                "invoice_line_ids": lines,
            }
        )
        move_sudo._toll_issue()
        return move_sudo

    def _settle_open_invoices(self):
        """Pay open invoices from the wallet; the billing addon does it."""
        return self.env["account.move"]

    def _check_closing(self):
        result = super()._check_closing()
        receivable = self.amount_receivable
        if self.currency_id.compare_amounts(receivable, 0) > 0:
            raise UserError(
                self.env._(
                    "Account %(number)s has open invoices of %(amount)s: collect or "
                    "credit them before closing it.",
                    number=self.number,
                    amount=self.currency_id.format(receivable),
                )
            )
        return result

    def action_close(self, reason=None, note=None):
        """The contracts end with the account."""
        result = super().action_close(reason, note)
        reason = self.state_log_ids[:1].reason_id if len(self) == 1 else None
        # whoever may close the account ends its contract
        self.sudo().contract_ids._toll_end(reason, note)
        return result
