from odoo import fields, models
from odoo.fields import Command

from ..queries import ticket as queries

#: Who buys where nobody has asked for an invoice, by country.
PUBLIC_TAX_ID = {"MX": "XAXX010101000"}
#: Where the cash of lanes stands, by the country's usual chart of accounts.
TICKET_CODES = {"mx": "107.05.02", "generic_coa": "101800"}


class ResCompany(models.Model):
    _inherit = "res.company"  # pylint: disable=consider-merging-classes-inherited

    toll_ticket_days = fields.Integer(
        string="Invoice Tickets within (Days)",
        default=5,
        help="Lane tickets can be invoiced in their month and so many days after it; "
        "then they go to the global invoice.",
    )
    toll_ticket_account_id = fields.Many2one(
        "account.account",
        string="Cash Tickets of Lanes",
        check_company=True,
        help="Clearing account: what lanes have collected in cash and by card pays the "
        "invoices of their tickets. Made when the first ticket is invoiced.",
    )
    toll_public_partner_id = fields.Many2one(
        "res.partner",
        string="General Public",
        check_company=True,
        help="Customer of the global invoice. Made when it is needed.",
    )

    _toll_ticket_days_positive = models.Constraint(
        "CHECK (toll_ticket_days >= 0)", "The days for tickets are not negative."
    )

    def _toll_get_ticket_account(self):
        """The clearing account; made where nobody has chosen one."""
        self.ensure_one()
        company_sudo = self.sudo()
        if not company_sudo.toll_ticket_account_id:
            accounts = self.env["account.account"].sudo().with_company(self)
            neighbour = accounts.search(
                [
                    *accounts._check_company_domain(self),
                    ("account_type", "=", "asset_current"),
                ],
                limit=1,
            )
            start = TICKET_CODES.get(self.chart_template, neighbour.code or "101800")
            company_sudo.toll_ticket_account_id = accounts.create(
                {
                    "code": accounts._search_new_account_code(start),
                    "name": self.env._("Cash tickets of lanes"),
                    "account_type": "asset_current",
                    "reconcile": True,
                    "company_ids": [Command.set(self.root_id.ids)],
                }
            )
        return company_sudo.toll_ticket_account_id

    def _toll_get_public_partner(self):
        """The general public, with the tax id that the country has for it."""
        self.ensure_one()
        company_sudo = self.sudo()
        if not company_sudo.toll_public_partner_id:
            company_sudo.toll_public_partner_id = (
                self.env["res.partner"]
                .sudo()
                .create(
                    {
                        "name": self.env._("General Public"),
                        "vat": PUBLIC_TAX_ID.get(company_sudo.country_id.code),
                        "country_id": company_sudo.country_id.id,
                        "zip": company_sudo.zip,
                        "company_id": self.id,
                        "lang": company_sudo.partner_id.lang,
                    }
                )
            )
        return company_sudo.toll_public_partner_id


class ResConfigSettings(models.TransientModel):
    # pylint: disable-next=consider-merging-classes-inherited
    _inherit = "res.config.settings"

    toll_ticket_days = fields.Integer(
        related="company_id.toll_ticket_days", readonly=False
    )
    toll_ticket_account_id = fields.Many2one(
        related="company_id.toll_ticket_account_id", readonly=False
    )
    toll_public_partner_id = fields.Many2one(
        related="company_id.toll_public_partner_id", readonly=False
    )


class TollOperator(models.Model):
    _inherit = "toll.operator"  # pylint: disable=consider-merging-classes-inherited

    ticket_account_id = fields.Many2one(
        "account.account",
        string="Cash Tickets of Lanes",
        company_dependent=True,
        help="Where the cash of this operator's lanes stands. Empty: as the company.",
    )

    def _toll_get_ticket_account(self, company):
        self.ensure_one()
        # accounts of the books, whoever asks for the invoice
        operator_sudo = self.sudo().with_company(company)
        return operator_sudo.ticket_account_id or company._toll_get_ticket_account()


class ResPartner(models.Model):
    _inherit = "res.partner"  # pylint: disable=consider-merging-classes-inherited

    toll_is_visitor = fields.Boolean(
        string="Asked for Tickets",
        readonly=True,
        copy=False,
        help="Wrote these data on the public page to get an invoice of lane tickets.",
    )


class TollCheck(models.AbstractModel):
    _inherit = "toll.check"  # pylint: disable=consider-merging-classes-inherited

    def _rules(self):
        return [
            *super()._rules(),
            (
                "billing-ticket",
                self.env._("Every invoice of lane tickets is the sum of its tickets"),
                self._check_tickets,
            ),
        ]

    def _check_tickets(self):
        return self._texts(queries.against_invoices())
