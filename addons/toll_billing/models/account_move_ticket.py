from odoo import SUPERUSER_ID, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..queries import ticket as queries


class AccountMove(models.Model):
    """Invoices of lane tickets, and the credit notes that free the tickets again."""

    _inherit = "account.move"  # pylint: disable=consider-merging-classes-inherited

    toll_ticket_ids = fields.One2many(
        "toll.ticket", "move_id", string="Lane Tickets", readonly=True
    )
    toll_ticket_count = fields.Integer(compute="_compute_toll_ticket_count")

    def _compute_toll_ticket_count(self):
        # a reader of the invoice sees how many tickets it has, not the tickets
        counts = dict(
            self.env["toll.ticket"]
            .sudo()
            ._read_group([("move_id", "in", self.ids)], ["move_id"], ["__count"])
        )
        for move in self:
            move.toll_ticket_count = counts.get(move._origin, 0)

    def action_toll_open_tickets(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_billing.toll_ticket_action"
        )
        return dict(action, domain=[("move_id", "=", self.id)], context={})

    def _toll_check_untouched(self):
        result = super()._toll_check_untouched()
        for move in self:
            if move.state == "posted" and move.toll_ticket_count:
                raise UserError(
                    self.env._(
                        "%(name)s is the invoice of lane tickets and cannot be changed "
                        "any more. Issue a credit note instead: its tickets can be "
                        "invoiced again then.",
                        name=move.name,
                    )
                )
        return result

    def _prepare_ticket_entry_vals(self, amounts):
        """Dr cash tickets of lanes / Cr receivable; negative goes the other way.

        :param amounts: [(account, amount)]
        """
        company = self.company_id
        receivable = self.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        ).account_id[:1]
        label = self.env._("Paid in the lane")
        rows = [
            *amounts,
            (receivable, -sum(amount for _account, amount in amounts)),
        ]
        return {
            "move_type": "entry",
            "journal_id": company._toll_get_settlement_journal().id,
            "date": company._toll_today(),
            "ref": self.name,
            "line_ids": [
                Command.create(
                    {
                        "name": label,
                        "partner_id": self.commercial_partner_id.id,
                        "account_id": account.id,
                        "debit": max(amount, 0),
                        "credit": max(-amount, 0),
                    }
                )
                for account, amount in rows
            ],
        }

    # === CREDIT NOTES === #
    def _post(self, soft=True):
        posted = super()._post(soft)
        for move in posted:
            if move.move_type == "out_refund" and move.reversed_entry_id:
                move._toll_free_tickets()
        return posted

    def _toll_free_tickets(self):
        """The tickets of a credited invoice can be invoiced again; the cash is back."""
        # the accountant who credits an invoice writes no tickets
        move_sudo = self.sudo()
        invoice_sudo = move_sudo.reversed_entry_id
        tickets_sudo = invoice_sudo.toll_ticket_ids
        if not tickets_sudo:
            return
        if move_sudo.currency_id.compare_amounts(
            move_sudo.amount_total, invoice_sudo.amount_total
        ):
            raise UserError(
                self.env._(
                    "Credit the whole invoice %(name)s: its tickets can be invoiced "
                    "again then, each on the right one.",
                    name=invoice_sudo.name,
                )
            )
        amounts = tickets_sudo._get_collected(self.company_id)
        entries_sudo = move_sudo.search(
            [
                ("move_type", "=", "entry"),
                ("state", "=", "posted"),
                ("company_id", "=", self.company_id.id),
                ("ref", "=", invoice_sudo.name),
                ("line_ids.account_id", "in", [account.id for account, _a in amounts]),
            ]
        )
        lines = (move_sudo + entries_sudo).line_ids.filtered(
            lambda line: (
                line.account_id.account_type == "asset_receivable"
                and not line.reconciled
                and line.amount_residual < 0
            )
        )
        entry_sudo = move_sudo.with_context(
            tracking_disable=True, move_reverse_cancel=False
        ).create(
            move_sudo._prepare_ticket_entry_vals(
                [(account, -amount) for account, amount in amounts]
            )
        )
        entry_sudo._post(soft=False)
        counterpart = entry_sudo.line_ids.filtered(
            lambda line: line.account_id in lines.account_id
        )
        (lines + counterpart).with_context(tracking_disable=True).reconcile()
        move_sudo._message_log(
            body=self.env._(
                "%(count)s lane tickets of %(invoice)s can be invoiced again.",
                count=len(tickets_sudo),
                invoice=invoice_sudo.name,
            )
        )
        self.env.flush_all()
        self.env.cr.execute(queries.give_back(invoice_sudo.id, SUPERUSER_ID))
        self.env["toll.ticket"].invalidate_model()
        invoice_sudo.invalidate_recordset(["toll_ticket_ids"])
