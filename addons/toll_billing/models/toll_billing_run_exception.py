from odoo import api, fields, models


class TollBillingRunException(models.Model):
    """Something about a run that a reviewer should know before invoices go out."""

    _name = "toll.billing.run.exception"
    _description = "Billing Run Exception"
    _order = "level, code, amount desc, id"
    _rec_name = "message"

    run_id = fields.Many2one(
        "toll.billing.run", required=True, index=True, ondelete="cascade"
    )
    level = fields.Selection(
        [("blocking", "Blocking"), ("warning", "Warning"), ("note", "Note")],
        required=True,
        default="warning",
    )
    code = fields.Char(required=True)
    message = fields.Char(required=True)
    account_id = fields.Many2one("toll.account", ondelete="cascade")
    crossing_count = fields.Integer(string="Crossings")
    amount = fields.Monetary()
    currency_id = fields.Many2one(related="run_id.currency_id")
    company_id = fields.Many2one(related="run_id.company_id", store=True, index=True)

    @api.model
    def _configuration_vals(self, run):
        """Blocking: settings without which no invoice can be issued."""
        company = run.company_id
        found = []
        if not company._toll_get_invoice_journal():
            found.append(
                ("no_journal", self.env._("There is no journal for invoices."))
            )
        services = run.statement_ids.line_ids.service_id
        for service in services:
            taxes = service.product_id.taxes_id._filter_taxes_by_company(company)
            if excluded := taxes.filtered(lambda tax: not tax.price_include):
                found.append(
                    (
                        "tax_excluded",
                        self.env._(
                            "Service %(service)s: tax %(tax)s is not included in the "
                            "price, but charges of crossings include their taxes.",
                            service=service.name,
                            tax=", ".join(excluded.mapped("name")),
                        ),
                    )
                )
        unknown = {
            line.service for line in run.statement_ids.line_ids if not line.service_id
        }
        if unknown:
            found.append(
                (
                    "no_service",
                    self.env._(
                        "These services do not exist: %(codes)s",
                        codes=", ".join(sorted(unknown)),
                    ),
                )
            )
        return [
            {"level": "blocking", "code": code, "message": message}
            for code, message in found
        ]

    @api.model
    def _usage_vals(self, run, code, count, amount):
        messages = {
            "held": self.env._(
                "Crossings of the period still wait in the held queue; what is "
                "released later goes to the next run."
            ),
            "no_cycle": self.env._("Unbilled usage of accounts without billing cycle."),
            "currency": self.env._("Usage in a currency that is not the account's."),
        }
        return {
            "code": code,
            "message": messages[code],
            "crossing_count": count,
            "amount": amount,
        }

    @api.model
    def _statement_vals(self, run, account_id, code, amount, before):
        messages = {
            "zero": self.env._("Nothing to charge: no invoice is issued."),
            "closed": self.env._("The account is closed."),
            "jump": self.env._(
                "Far more than last time (%(before)s).",
                before=run.currency_id.format(float(before)),
            ),
            "late": self.env._("Has crossings from before the period."),
        }
        return {
            "level": "note" if code in ("zero", "late") else "warning",
            "code": code,
            "message": messages[code],
            "account_id": account_id,
            "amount": amount,
        }
