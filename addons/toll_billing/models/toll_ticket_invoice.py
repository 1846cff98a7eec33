from odoo import SUPERUSER_ID, api, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import format_date, format_datetime
from odoo.tools.misc import formatLang

from ..queries import ticket as queries


class TollTicket(models.Model):
    """Invoices of tickets: posted, and paid from what the lanes have collected."""

    _inherit = "toll.ticket"

    # === OF ONE PERSON === #
    @api.model
    def _issue_for_visitor(self, company, ids, key, data, lang):
        """The invoice of these tickets with the data of somebody; none: not possible.

        Whoever calls has seen the tickets' data. The same key gives the same invoice.
        """
        issuer = self._get_ticket_issuer(company, lang)
        self.env.execute_query(queries.take(ids))
        tickets = issuer.browse(sorted(ids)).exists()
        tickets.invalidate_recordset(["state", "move_id", "invoice_key"])
        moves = tickets.move_id
        if key and len(moves) == 1 and set(tickets.mapped("invoice_key")) == {key}:
            return moves
        oldest = self._get_oldest(company)
        if (
            not tickets
            or len(tickets) != len(ids)
            or tickets.company_id != company
            or tickets.filtered(lambda t: t.state != "open" or t.issued_on < oldest)
        ):
            return self.env["account.move"]
        partner = issuer._get_visitor(data, lang)
        move = tickets._make_invoice(company, partner, tickets._prepare_ticket_lines())
        self.env.cr.execute(
            queries.mark_invoiced(tickets.ids, move.id, key, False, SUPERUSER_ID)
        )
        tickets.invalidate_recordset()
        move._portal_ensure_token()
        move._toll_queue_mail()
        return move

    @api.model
    def _get_ticket_issuer(self, company, lang):
        # who asks, visitor or clerk, writes no books
        issuer = self.with_user(SUPERUSER_ID).with_company(company)
        return issuer.with_context(lang=lang or self.env.lang)

    @api.model
    def _get_visitor(self, data, lang):
        """The customer of the invoice: somebody new, or exactly who asked before.

        A customer of the house is never touched: what strangers write is theirs.
        """
        partners = self.env["res.partner"]
        known = partners.search(
            [
                ("toll_is_visitor", "=", True),
                *((name, "=", value or False) for name, value in data.items()),
            ],
            limit=1,
        )
        return known or partners.create(
            {
                **data,
                "lang": lang,
                "toll_is_visitor": True,
                "company_id": self.env.company.id,
            }
        )

    def _prepare_ticket_lines(self):
        """[(text, amount)]: one line for each ticket, as it is printed."""
        rows = []
        for ticket in self.sorted("issued_at"):
            words = [
                self.env._("Ticket %(folio)s", folio=ticket.folio),
                ticket.plaza_id.name,
                ticket.lane_id.code,
                format_datetime(
                    self.env,
                    ticket.issued_at,
                    tz=ticket.plaza_id.tz or ticket.operator_id.tz,
                    dt_format="short",
                ),
                ticket.class_id.name,
            ]
            rows.append((", ".join(filter(None, words)), ticket.amount))
        return rows

    # === OF NOBODY === #
    @api.model
    def _issue_global(self, company, since, until):
        """Invoices to the general public: one per operator and plaza of the period."""
        issuer = self._get_ticket_issuer(company, company.partner_id.lang)
        groups = issuer._read_group(
            issuer._get_global_domain(company, since, until),
            ["plaza_id"],
            order="plaza_id",
        )
        moves = self.env["account.move"]
        for (plaza,) in groups:
            rows = self.env.execute_query(
                queries.take_group(company.id, plaza.id, since, until)
            )
            tickets = issuer.browse(row[0] for row in rows)
            if not tickets:
                continue
            move = tickets._make_invoice(
                company,
                company._toll_get_public_partner(),
                tickets._prepare_global_lines(since, until),
            )
            self.env.cr.execute(
                queries.mark_invoiced(tickets.ids, move.id, None, True, SUPERUSER_ID)
            )
            tickets.invalidate_model()
            moves |= move
        return moves

    @api.model
    def _get_global_domain(self, company, since, until):
        return [
            ("company_id", "=", company.id),
            ("state", "=", "open"),
            ("issued_on", ">=", since),
            ("issued_on", "<=", until),
        ]

    def _prepare_global_lines(self, since, until):
        """[(text, amount)]: one line for each class of vehicle."""
        plaza = self[:1].plaza_id
        period = " – ".join(format_date(self.env, day) for day in (since, until))
        return [
            (
                self.env._(
                    "%(count)s tickets, %(plaza)s, %(period)s %(class_name)s",
                    count=count,
                    plaza=plaza.name,
                    period=period,
                    class_name=vehicle_class.name or "",
                ).strip(),
                amount,
            )
            for vehicle_class, count, amount in self._read_group(
                [("id", "in", self.ids)],
                ["class_id"],
                ["__count", "amount:sum"],
                order="class_id",
            )
        ]

    # === THE INVOICE === #
    def _make_invoice(self, company, partner, lines):
        """A posted invoice of these tickets, paid against the cash of the lanes."""
        moves = self.env["account.move"].with_context(
            mail_create_nosubscribe=True, mail_notrack=True
        )
        move = moves.create(self._prepare_invoice_vals(company, partner, lines))
        move._post(soft=False)
        total = sum(self.mapped("amount"))
        if company.currency_id.compare_amounts(move.amount_total, total):
            raise UserError(
                self.env._(
                    "The invoice of the tickets would be %(amount)s, not %(total)s: "
                    "check the taxes of the service “toll”.",
                    amount=formatLang(
                        self.env, move.amount_total, currency_obj=company.currency_id
                    ),
                    total=formatLang(self.env, total, currency_obj=company.currency_id),
                )
            )
        entry = moves.with_context(tracking_disable=True).create(
            move._prepare_ticket_entry_vals(self._get_collected(company))
        )
        entry._post(soft=False)
        self.env["toll.invoice.issuer"]._reconcile(move, entry)
        return move

    def _prepare_invoice_vals(self, company, partner, lines):
        product = self.env.ref("toll_billing.toll_service_toll").product_id
        return {
            "move_type": "out_invoice",
            "journal_id": company._toll_get_invoice_journal().id,
            "partner_id": partner.id,
            "invoice_date": company._toll_today(),
            "invoice_line_ids": [
                Command.create(
                    {
                        "sequence": position,
                        "product_id": product.id,
                        "name": name,
                        "quantity": 1,
                        "price_unit": amount,
                    }
                )
                for position, (name, amount) in enumerate(lines, 1)
            ],
        }

    def _get_collected(self, company):
        """[(account, amount)]: where the money of these tickets was put."""
        amounts = {}
        for operator, amount in self._read_group(
            [("id", "in", self.ids)], ["operator_id"], ["amount:sum"]
        ):
            account = operator._toll_get_ticket_account(company)
            amounts[account] = amounts.get(account, 0) + amount
        return list(amounts.items())
