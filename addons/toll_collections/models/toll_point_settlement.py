from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..queries import point_payment as queries
from .toll_point_network import REVERSERS


class TollPointSettlement(models.Model):
    """What a network owes for a day: collected, given back, its commission."""

    _name = "toll.point.settlement"
    _description = "Settlement of a Network"
    _inherit = ["toll.guarded", "mail.thread"]
    _order = "date desc, id desc"
    _check_company_auto = True
    _number_sequence = "toll.point.settlement"
    _guarded = frozenset({"state", "bill_id"})

    name = fields.Char(required=True, readonly=True, copy=False, default="/")
    network_id = fields.Many2one(
        "toll.point.network",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    date = fields.Date(required=True, readonly=True, index=True)
    state = fields.Selection(
        [("draft", "Draft"), ("confirmed", "Confirmed")],
        required=True,
        readonly=True,
        default="draft",
        index=True,
        tracking=True,
    )
    payment_count = fields.Integer(string="Payments", readonly=True)
    amount_collected = fields.Monetary(string="Collected", readonly=True)
    amount_held = fields.Monetary(
        string="Of These Held", readonly=True, help="Money without an account yet."
    )
    returned_count = fields.Integer(string="Payments Given Back", readonly=True)
    amount_returned = fields.Monetary(string="Given Back", readonly=True)
    amount_commission = fields.Monetary(string="Commission", readonly=True)
    amount_tax = fields.Monetary(string="Tax", readonly=True)
    amount_owed = fields.Monetary(
        string="Owed by the Network", readonly=True, tracking=True
    )
    payment_ids = fields.One2many("toll.point.payment", "settlement_id")
    return_ids = fields.One2many("toll.point.payment", "return_settlement_id")
    bill_id = fields.Many2one(
        "account.move", string="Commission Bill", readonly=True, ondelete="restrict"
    )

    _day_once = models.Constraint(
        "UNIQUE (network_id, date)", "The network has a settlement of this day."
    )

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Settlements stay; the next one corrects them."))

    @api.model
    def _settle(self, network, date, until):
        """The network's settlement of a day, with all that came in before ``until``.

        Whoever calls has checked the role.
        """
        # rows and figures are written by this method alone
        self_sudo = self.sudo().with_company(network.company_id)
        cr = self.env.cr
        cr.execute(queries.lock_network(network.id))
        found = self_sudo.search(
            [("network_id", "=", network.id), ("date", "=", date)], limit=1
        )
        if found.state == "confirmed":
            raise UserError(
                self.env._(
                    "%(name)s is confirmed: what came in since is settled tomorrow.",
                    name=found.name,
                )
            )
        waiting = self_sudo.env["toll.point.payment"].search_count(
            [
                ("network_id", "=", network.id),
                "|",
                "&",
                ("settlement_id", "=", False),
                ("booked_at", "<", until),
                "&",
                ("return_settlement_id", "=", False),
                ("returned_at", "<", until),
            ],
            limit=1,
        )
        if not waiting:
            return found.sudo(False)
        settlement = found or self_sudo.create(
            {
                "network_id": network.id,
                "company_id": network.company_id.id,
                "date": date,
            }
        )
        self.env.flush_all()
        cr.execute(queries.settle_rows(settlement, until))
        cr.execute(queries.settle_returns(settlement, until))
        self.env.invalidate_all()
        settlement._figure()
        return settlement.sudo(False)

    def _figure(self):
        self.ensure_one()

        def total(*domain):
            rows = self.env["toll.point.payment"]._read_group(
                list(domain), [], ["__count", "amount:sum"]
            )
            return rows[0][0], rows[0][1] or 0

        network = self.network_id.sudo()
        count, collected = total(("settlement_id", "=", self.id))
        _held_count, held = total(
            ("settlement_id", "=", self.id), ("fate", "=", "held")
        )
        returned_count, returned = total(("return_settlement_id", "=", self.id))
        commission = self.currency_id.round(
            (collected - returned) * network.commission_percent / 100
            + (count - returned_count) * network.commission_fixed
        )
        taxes = network.tax_ids.compute_all(
            commission, self.currency_id, partner=network.partner_id
        )
        commission, full = taxes["total_excluded"], taxes["total_included"]
        self.write(
            {
                "payment_count": count,
                "amount_collected": collected,
                "amount_held": held,
                "returned_count": returned_count,
                "amount_returned": returned,
                "amount_commission": commission,
                "amount_tax": full - commission,
                "amount_owed": collected
                - returned
                - (full if network.is_withheld else 0),
            }
        )

    def action_confirm(self):
        """Fix the figures, and draft the bill of the commission."""
        self.env["toll.point.network"]._check_role(REVERSERS)
        self.check_access("read")
        # guarded; the role is checked
        for settlement in self.sudo():
            settlement.lock_for_update()
            settlement.invalidate_recordset()
            if settlement.state != "draft":
                raise UserError(self.env._("%s is confirmed already.", settlement.name))
            if not settlement.currency_id.is_zero(settlement.amount_commission):
                settlement.bill_id = (
                    self.env["account.move"]
                    .sudo()
                    .with_company(settlement.company_id)
                    .create(settlement._prepare_bill_vals())
                )
            settlement.state = "confirmed"
        return True

    def _prepare_bill_vals(self):
        network, amount = self.network_id, self.amount_commission
        return {
            "move_type": "in_invoice" if amount > 0 else "in_refund",
            "partner_id": network.partner_id.id,
            "company_id": self.company_id.id,
            "invoice_date": self.date,
            "ref": self.name,
            "invoice_line_ids": [
                Command.create(
                    {
                        "name": self.env._(
                            "Commission of %(network)s, %(date)s",
                            network=network.name,
                            date=fields.Date.to_string(self.date),
                        ),
                        "quantity": 1,
                        "price_unit": abs(amount),
                        "tax_ids": [Command.set(network.tax_ids.ids)],
                    }
                )
            ],
        }

    @api.model
    def _cron_settle(self):
        """Yesterday of every network that has something to settle."""
        for network in self.env["toll.point.network"].search([("active", "=", True)]):
            company = network.company_id
            today = company._toll_today()
            zone = ZoneInfo(company._toll_tz())
            start = datetime.combine(today, time(), zone)
            until = start.astimezone(UTC).replace(tzinfo=None)
            day = today - timedelta(days=1)
            done = self.search([("network_id", "=", network.id), ("date", "=", day)])
            if done.state != "confirmed":
                self._settle(network, day, until)

    # === FILES === #
    def _get_point_figures(self):
        """[(point, payments, amount)], the largest first."""
        self.ensure_one()
        groups = self.env["toll.point.payment"]._read_group(
            [("settlement_id", "=", self.id)],
            ["point_id"],
            ["__count", "amount:sum"],
            order="amount:sum desc",
        )
        unknown = self.env._("Without a known point")
        return [
            (point.display_name if point else unknown, count, amount)
            for point, count, amount in groups
        ]

    def action_xlsx(self):
        """The settlement with its points and payments as a workbook."""
        self.ensure_one()
        self.check_access("read")
        fates = dict(
            self.env["toll.point.payment"]
            ._fields["fate"]
            ._description_selection(self.env)
        )
        rows = [
            (
                payment.file_id.name,
                payment.line,
                payment.ref or "",
                payment.point_id.display_name or payment.point_text or "",
                payment.account_id.number or payment.account_text or "",
                fields.Datetime.to_string(payment.paid_at) if payment.paid_at else "",
                payment.amount,
                fates[payment.fate],
                self.env._("Yes") if payment.return_settlement_id == self else "",
            )
            for payment in (self.payment_ids | self.return_ids).sorted("id")
        ]
        env = self.env
        header = (
            env._("File"),
            env._("Line"),
            env._("Reference"),
            env._("Point"),
            env._("Account"),
            env._("Paid at (UTC)"),
            env._("Amount"),
            env._("Fate"),
            env._("Given Back"),
        )
        points = (env._("Point"), env._("Payments"), env._("Amount"))
        Files = self.env["toll.report.file"]
        content = Files._workbook(
            [
                (env._("Points"), points, self._get_point_figures()),
                (env._("Payments"), header, rows),
            ]
        )
        return Files._download(self, f"{self.name.replace('/', '-')}.xlsx", content)

    def action_view_payments(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_collections.toll_point_payment_action"
        )
        domain = [
            "|",
            ("settlement_id", "=", self.id),
            ("return_settlement_id", "=", self.id),
        ]
        return dict(action, domain=domain, context={})
