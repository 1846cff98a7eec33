from odoo import api, models

from ..queries import billing_check

#: Statements that one transaction invoices; more go through jobs, chunk after chunk.
CHUNK = 2000
#: So many times the usage of the time before deserves a look.
JUMP_FACTOR = 3
JUMP_LEAST = 100


class TollBillingRun(models.Model):
    _inherit = "toll.billing.run"

    @api.model
    def _get_chunk(self):
        return CHUNK

    def action_view_statements(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_billing.toll_statement_action"
        )
        return action | {"domain": [("run_id", "=", self.id)], "context": {}}

    def action_view_invoices(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account.action_move_out_invoice_type"
        )
        return action | {
            "domain": [
                ("toll_statement_id.run_id", "=", self.id),
                ("move_type", "in", ("out_invoice", "out_refund")),
            ],
            "context": {"create": False},
        }

    # === INVOICES === #
    def _issue_chunk(self):
        """Invoice the next statements; True when none is left."""
        self.ensure_one()
        # checked by the caller: a billing clerk issues invoices without being an
        # accountant
        run = self.sudo().with_company(self.company_id)
        pending = (
            self.env["toll.statement"]
            .sudo()
            .search(
                [("run_id", "=", self.id), ("state", "=", "reviewed")],
                order="id",
                limit=self._get_chunk(),
            )
        )
        # those of one invoice stay together
        pending |= pending.search(
            [
                ("run_id", "=", self.id),
                ("state", "=", "reviewed"),
                ("payer_id", "in", pending.payer_id.ids),
            ]
        )
        if pending:
            date = run.invoice_date or run.company_id._toll_today()
            run.mass_count += run.env["toll.invoice.issuer"]._issue(pending, date)
            run._forget_statements()
        done = len(pending) < self._get_chunk() or not run.statement_ids.filtered(
            lambda statement: statement.state == "reviewed"
        )
        if done:
            run.write({"state": "invoiced", "is_running": False})
        return done

    def _delay_issue(self):
        self.ensure_one()
        return self.with_delay(
            description=self.env._("Invoices of billing run %(name)s", name=self.name),
            identity_key=f"toll.billing.run,{self.id},{self.invoiced_count}",
        )._job_issue()

    def _job_issue(self):
        """One chunk in its own transaction; a killed job starts where it stopped."""
        self.ensure_one()
        if self.state != "reviewed":
            return self.env._("Nothing left to do.")
        if not self._issue_chunk():
            self._delay_issue()
        return self.env._("%(count)s statements invoiced.", count=self.invoiced_count)

    def _verify_sample(self, sample=5):
        """Make some of the invoices again through the ORM and compare every column.

        Nothing of it stays. Answers the differences, as text; none is good.
        """
        self.ensure_one()
        issuer = self.env["toll.invoice.issuer"].sudo().with_company(self.company_id)
        return issuer._verify_sample(
            self.statement_ids.filtered(lambda s: s.state == "invoiced"), sample
        )

    # === EXCEPTIONS === #
    def _prepare_exceptions_vals(self, until):
        """What stands in the way of this run, and what deserves a look."""
        Exception_ = self.env["toll.billing.run.exception"]
        found = [
            *Exception_._configuration_vals(self),
            *(
                Exception_._usage_vals(self, code, count, amount)
                for code, count, amount in [
                    ("held", *self._execute(billing_check.held_before(self, until))[0]),
                    *self._execute(billing_check.left_out(self, until)),
                ]
                if count
            ),
        ]
        for account_id, code, amount, before in self._execute(
            billing_check.unusual(self, JUMP_FACTOR, JUMP_LEAST)
        ):
            found.append(
                Exception_._statement_vals(self, account_id, code, amount, before)
            )
        return [{**vals, "run_id": self.id} for vals in found]
