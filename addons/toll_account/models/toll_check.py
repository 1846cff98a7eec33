from odoo import api, fields, models

from ..queries import wallet as queries


class TollCheck(models.AbstractModel):
    """The rules that always hold, as questions to the database.

    Other addons add theirs by extending `_rules`.
    """

    _name = "toll.check"
    _description = "Toll Consistency Check"

    @api.model
    def _rules(self):
        """(code, label, method that returns the differences as texts) per rule."""
        return [
            ("4", self.env._("Wallet = sum of its entries"), self._check_wallets),
            ("4-guard", self.env._("The ledger is write-once"), self._check_guards),
            ("5", self.env._("Wallets = customer deposits"), self._check_deposits),
        ]

    @api.model
    @api.private
    def run(self):
        """Prove every rule; answer one dict per rule, in order."""
        self.env.flush_all()
        results = []
        for code, label, method in self.sudo()._rules():
            differences = method()
            results.append(
                {
                    "code": code,
                    "label": label,
                    "ok": not differences,
                    "differences": differences,
                }
            )
        return results

    @api.model
    def _check_wallets(self):
        differences = []
        for number, balance, entries, no_wallet in self.env.execute_query(
            queries.ledger_differences()
        ):
            if no_wallet:
                text = self.env._("Account %(number)s has no wallet.", number=number)
            else:
                text = self.env._(
                    "Account %(number)s: balance %(balance)s, entries %(entries)s.",
                    number=number,
                    balance=balance,
                    entries=entries,
                )
            differences.append(text)
        return differences

    @api.model
    def _check_guards(self):
        return [
            self.env._("Trigger %(name)s is missing or switched off.", name=name)
            for (name,) in self.env.execute_query(queries.missing_guards())
        ]

    @api.model
    def _unbilled_usage_by_company(self):
        """{company id: usage that is in the wallets and on no posted invoice yet}."""
        return {}

    @api.model
    def _check_deposits(self):
        """Wallets + usage not invoiced yet = the customer-deposit account.

        Usage lowers the wallet when it is rated and the deposits when its invoice is
        posted; in between the two differ by just that usage.
        """
        wallets = dict(self.env.execute_query(queries.wallets_by_company()))
        line_fields = self.env["account.move.line"]._fields
        deposits = dict(
            self.env.execute_query(
                queries.deposits_by_company(
                    [
                        line_fields[name]
                        for name in ("balance", "account_id", "parent_state")
                    ]
                )
            )
        )
        unbilled = self._unbilled_usage_by_company()
        differences = []
        for company in self.env["res.company"].browse(
            sorted({*wallets, *deposits, *unbilled})
        ):
            wallet = wallets.get(company.id) or 0
            deposit = deposits.get(company.id) or 0
            usage = unbilled.get(company.id) or 0
            gap = float(wallet) + float(usage) - float(deposit)
            if company.currency_id.is_zero(gap):
                continue
            differences.append(
                self.env._(
                    "%(company)s: wallets %(wallet)s + usage not invoiced %(usage)s, "
                    "deposits %(deposit)s, difference %(gap)s.",
                    company=company.name,
                    wallet=company.currency_id.format(float(wallet)),
                    usage=company.currency_id.format(float(usage)),
                    deposit=company.currency_id.format(float(deposit)),
                    gap=company.currency_id.format(gap),
                )
            )
        return differences

    @api.model
    def _cron_run(self):
        """Every night: keep the evidence, call the manager where a rule fails."""
        now = fields.Datetime.now()
        self.env["toll.check.result"].create(
            [
                {
                    "date": now,
                    "code": result["code"],
                    "name": result["label"],
                    "is_ok": result["ok"],
                    "differences": "\n".join(result["differences"]),
                }
                for result in self.run()
            ]
        )._schedule_alerts()
