from datetime import timedelta

from odoo import models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..queries import discount_volume as queries


class TollPlannedClosing(models.Model):
    _inherit = "toll.planned.closing"

    def _before_closing(self):
        """The final statement: all that was used until the last day."""
        result = super()._before_closing()
        account = self.account_id
        run = self.env["toll.billing.run"].create(
            account._prepare_run_vals(self.date + timedelta(days=1))
        )
        run.action_compute()
        if run.statement_ids:
            run.with_context(toll_synchronous=True).action_confirm()
        else:
            run.unlink()
        account._settle_open_invoices()
        return result


class TollAccount(models.Model):
    _inherit = "toll.account"  # pylint: disable=consider-merging-classes-inherited

    def _close_and_settle(self, *args, **kwargs):
        self._claim_wallets()
        self._give_back_carried()
        return super()._close_and_settle(*args, **kwargs)

    def _check_closing(self):
        """Discounts that no statement could take are given back before the end."""
        left = sum(row[6] for row in self._get_carried())
        if not self.currency_id.is_zero(left):
            raise UserError(
                self.env._(
                    "Account %(number)s has volume discounts of %(amount)s that no "
                    "invoice could take: close it with “Close Account”, which gives "
                    "them back.",
                    number=self.number,
                    amount=self.currency_id.format(left),
                )
            )
        return super()._check_closing()

    def _give_back_carried(self):
        """A credit note of the volume discounts that no statement could take.

        Of a prepaid account it goes into the wallet, with the rest of the deposit; of
        a postpaid one it stays open, to be paid out. What was given counts as given.
        """
        self.ensure_one()
        moves_sudo = self.env["account.move"].sudo()
        rows = self._get_carried()
        if not rows:
            return moves_sudo
        # whoever may close the account gives back what it was promised
        move_sudo = (
            moves_sudo.with_company(self.company_id)
            .with_context(mail_create_nosubscribe=True)
            .create(self._prepare_carried_vals(rows))
        )
        self.env["toll.discount.line"].sudo().create(
            [
                {
                    "statement_id": statement,
                    "account_id": self.id,
                    "company_id": self.company_id.id,
                    "currency_id": self.currency_id.id,
                    "plan_id": plan,
                    "kind": "closing",
                    "period": month,
                    "operator_id": operator,
                    "service": service,
                    "service_id": service_id,
                    "crossing_count": count,
                    "amount": amount,
                    "move_id": move_sudo.id,
                }
                for (
                    operator,
                    service,
                    service_id,
                    plan,
                    month,
                    count,
                    amount,
                    statement,
                ) in rows
            ]
        )
        move_sudo._post(soft=False)
        self.invalidate_recordset()
        return move_sudo

    def _get_carried(self):
        if not self.sudo().statement_ids:
            return []  # most who close: nothing to look for
        self.env.flush_all()
        rows = self.env.execute_query(queries.carried_over(self))
        return [(*row[:6], float(row[6]), row[7]) for row in rows]

    def _prepare_carried_vals(self, rows):
        issuer = self.env["toll.invoice.issuer"].sudo()
        lang = self.partner_id.lang
        return {
            "move_type": "out_refund",
            "journal_id": self.company_id.sudo()._toll_get_invoice_journal().id,
            "partner_id": self.partner_id.id,
            "invoice_date": self.company_id._toll_today(),
            "invoice_origin": self.number,
            "toll_account_id": self.id,
            "invoice_line_ids": [
                Command.create(
                    {
                        "product_id": issuer.env["toll.service"]
                        .browse(service_id)
                        .product_id.id,
                        "name": f"{issuer._get_plan_label(plan, lang)}, {month:%Y-%m}",
                        "quantity": 1,
                        "price_unit": amount,
                    }
                )
                for _op, _code, service_id, plan, month, _n, amount, _statement in rows
            ],
        }
