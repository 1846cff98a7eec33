import base64
from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError


class TollTicketImport(models.TransientModel):
    _name = "toll.ticket.import"
    _description = "Load Lane Tickets"

    operator_id = fields.Many2one(
        "toll.operator",
        required=True,
        domain=[("is_charger", "=", True)],
        help="Whose tickets the file holds.",
    )
    content = fields.Binary(string="File", required=True, attachment=False)
    filename = fields.Char()

    def action_load(self):
        """Load the file and show its batch, also where it was loaded before."""
        self.ensure_one()
        batch, _is_new = self.env["toll.ticket.batch"]._receive(
            self.operator_id, self.filename, base64.b64decode(self.content)
        )
        return batch._get_records_action()


class TollTicketGlobal(models.TransientModel):
    _name = "toll.ticket.global"
    _description = "Global Invoice of Lane Tickets"

    company_id = fields.Many2one(
        "res.company",
        required=True,
        readonly=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    date_from = fields.Date(
        required=True, default=lambda self: self._default_month() + relativedelta(day=1)
    )
    date_to = fields.Date(required=True, default=lambda self: self._default_month())
    ticket_count = fields.Integer(string="Open Tickets", compute="_compute_tickets")
    amount = fields.Monetary(compute="_compute_tickets")
    has_recent = fields.Boolean(compute="_compute_tickets")

    @api.model
    def _default_month(self):
        """The last day of the month before the first that may still be asked for."""
        tickets = self.env["toll.ticket"]
        return tickets._get_oldest(self.env.company) - timedelta(days=1)

    @api.depends("company_id", "date_from", "date_to")
    def _compute_tickets(self):
        tickets = self.env["toll.ticket"]
        for wizard in self:
            count, amount = 0, 0
            if wizard.date_from and wizard.date_to:
                ((count, amount),) = tickets._read_group(
                    tickets._get_global_domain(
                        wizard.company_id, wizard.date_from, wizard.date_to
                    ),
                    [],
                    ["__count", "amount:sum"],
                )
            wizard.ticket_count = count
            wizard.amount = amount
            wizard.has_recent = bool(
                wizard.date_to
                and wizard.date_to >= tickets._get_oldest(wizard.company_id)
            )

    def action_issue(self):
        """One invoice per operator and plaza; what is invoiced stays as it is."""
        self.ensure_one()
        tickets = self.env["toll.ticket"]
        tickets._check_role("group_toll_billing")
        moves = tickets._issue_global(self.company_id, self.date_from, self.date_to)
        if not moves:
            raise UserError(
                self.env._("There are no open tickets in this period: nothing to do.")
            )
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_billing.toll_ticket_action"
        )
        return dict(
            action,
            domain=[("move_id", "in", moves.ids)],
            context={"search_default_by_plaza": 1},
        )
