from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..queries import pack as queries
from .toll_pack import HELD

#: What people may change on a pack that somebody holds.
FREE = {"is_renewed"}


class TollAccountPack(models.Model):
    """A prepaid pack that an account holds, and what is left of it.

    The counters are moved by ``queries.pack`` with the crossings; a pack is written by
    its own methods only.
    """

    _name = "toll.account.pack"
    _description = "Pack of an Account"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(string="Number", required=True, readonly=True, default="/")
    pack_id = fields.Many2one(
        "toll.pack",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    kind = fields.Selection(related="pack_id.kind", store=True)
    account_id = fields.Many2one(
        "toll.account",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    partner_id = fields.Many2one(related="account_id.partner_id", string="Customer")
    company_id = fields.Many2one(
        related="account_id.company_id", store=True, index=True, precompute=True
    )
    currency_id = fields.Many2one(
        related="account_id.currency_id", store=True, precompute=True
    )
    vehicle_id = fields.Many2one(
        "toll.vehicle",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="Empty: all vehicles of the account.",
    )
    date = fields.Date(string="Bought on", required=True, readonly=True)
    valid_from = fields.Datetime(
        string="Counts from",
        readonly=True,
        required=True,
        help="Crossings before it are not covered, whenever they arrive.",
    )
    date_from = fields.Date(
        string="First Day",
        readonly=True,
        help="By the clock of the plaza. Empty: it begins with the first crossing.",
    )
    date_to = fields.Date(
        string="Last Day",
        required=True,
        readonly=True,
        tracking=True,
        help="By the clock of the plaza; crossings of these days that arrive later are "
        "covered as well. While it has not begun: the last day on which it may.",
    )
    price = fields.Monetary(readonly=True, aggregator="sum")
    crossings_given = fields.Integer(readonly=True, aggregator="sum")
    amount_given = fields.Monetary(readonly=True)
    crossings_used = fields.Integer(
        string="Crossings Covered", readonly=True, default=0, aggregator="sum"
    )
    amount_used = fields.Monetary(
        string="Tolls Covered", readonly=True, default=0, aggregator="sum"
    )
    crossings_left = fields.Integer(readonly=True, aggregator="sum")
    amount_left = fields.Monetary(string="Credit Left", readonly=True)
    amount_unused = fields.Monetary(
        string="Value Not Used",
        readonly=True,
        aggregator="sum",
        help="Part of the price that stands for what is left.",
    )
    amount_expired = fields.Monetary(
        string="Expired Value",
        readonly=True,
        default=0,
        aggregator="sum",
        help="Value not used of packs that are over.",
    )
    left = fields.Char(compute="_compute_left")
    state = fields.Selection(
        [
            ("pending", "Waits for Payment"),
            ("active", "Active"),
            ("used", "Used Up"),
            ("expired", "Over"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        readonly=True,
        default="active",
        tracking=True,
        index=True,
    )
    origin = fields.Selection(
        [
            ("agent", "Agent"),
            ("portal", "Virtual Office"),
            ("renewal", "Renewal"),
        ],
        required=True,
        readonly=True,
        default="agent",
    )
    user_id = fields.Many2one("res.users", string="Sold By", readonly=True)
    request_key = fields.Char(
        readonly=True, copy=False, help="The same purchase is never made twice."
    )
    is_renewed = fields.Boolean(
        string="Renew by Itself",
        tracking=True,
        help="When it is used up or over, the next one is bought, once.",
    )
    renewed_id = fields.Many2one(
        "toll.account.pack", string="Renewed By", readonly=True, copy=False
    )
    renewal_error = fields.Char(readonly=True, tracking=True)
    charge_id = fields.Many2one(
        "toll.charge", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    move_id = fields.Many2one(related="charge_id.move_id", string="Invoice")
    refund_ids = fields.One2many(
        "account.move", "toll_account_pack_id", string="Credit Notes", readonly=True
    )
    cancel_reason = fields.Char(readonly=True, tracking=True)
    end_told_at = fields.Datetime(string="End Told On", readonly=True)
    left_told_at = fields.Datetime(string="Little Left Told On", readonly=True)
    use_ids = fields.One2many("toll.account.pack.use", "pack_id", readonly=True)

    _key_uniq = models.UniqueIndex(
        "(account_id, request_key)", "This purchase was made already."
    )
    _live_idx = models.Index("(account_id) WHERE state IN ('active', 'expired')")
    _counters_sane = models.Constraint(
        "CHECK (crossings_used >= 0 AND amount_used >= 0 AND crossings_left >= 0"
        " AND amount_left >= 0)",
        "No more can be used than was bought.",
    )

    # === COMPUTE METHODS === #
    @api.depends("kind", "state", "crossings_left", "amount_left", "date_to")
    def _compute_left(self):
        for held in self:
            held.left = held._get_left()

    def _get_left(self):
        """What is left, in words."""
        self.ensure_one()
        if self.kind == "crossings":
            return self.env._(
                "%(left)s of %(given)s crossings",
                left=self.crossings_left,
                given=self.crossings_given,
            )
        if self.kind == "credit":
            return self.env._(
                "%(left)s of %(given)s",
                left=self.currency_id.format(self.amount_left),
                given=self.currency_id.format(self.amount_given),
            )
        return self.env._("%(count)s crossings so far", count=self.crossings_used)

    @api.depends("name", "pack_id.name")
    def _compute_display_name(self):
        for held in self:
            # what one holds has a name, whoever reads it
            held.display_name = f"{held.name} {held.pack_id.sudo().name or ''}".strip()

    # === CRUD === #
    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise UserError(
                self.env._("Packs are sold with “Sell a Pack” on the account.")
            )
        for vals in vals_list:
            vals["name"] = self.env["ir.sequence"].next_by_code("toll.account.pack")
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su and set(vals) - FREE - set(self.env["mail.thread"]._fields):
            raise UserError(
                self.env._("A pack that was sold stays as it is: cancel it instead.")
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A pack that was sold is never deleted."))

    def _hold(self):
        """Lock the packs and read them anew, with what crossings have used."""
        self.env.flush_all()
        self.env.execute_query(queries.hold(self.ids))
        self.invalidate_recordset()

    # === ACTIONS === #
    def action_cancel(self):
        """Ask for the reason, and say what is given back."""
        self.ensure_one()
        self.check_access("write")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Cancel the Pack"),
            "res_model": "toll.pack.cancel",
            "view_mode": "form",
            "target": "new",
            "context": {"default_held_id": self.id},
        }

    def action_open_uses(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_billing.toll_account_pack_use_action"
        )
        return action | {"domain": [("pack_id", "=", self.id)], "context": {}}

    def action_open_move(self):
        self.ensure_one()
        return (self.move_id + self.refund_ids)._get_records_action(
            name=self.env._("Invoices")
        )

    # === WHAT HAPPENS TO IT === #
    def _charge(self):
        """Charge the price: from the wallet, by invoice, or with the next one."""
        self.ensure_one()
        account, offer = self.account_id, self.pack_id
        lang = account.partner_id.lang or self.env.lang
        charge = self.env["toll.charge"]._collect(
            [
                {
                    "account_id": account.id,
                    "product_id": offer.product_id.id,
                    "name": f"{offer.with_context(lang=lang).name} ({self.name})",
                    "price_unit": self.price,
                    "tax_ids": [Command.set(offer._get_taxes(account).ids)],
                    "date": self.date,
                    "source": "pack",
                    "reason": self.name,
                    "key": f"toll.account.pack,{self.id}",
                }
            ]
        )
        self.charge_id = charge
        if (
            account.payment_mode == "prepaid"
            or self.state == "pending"
            or not account._has_fees_on_toll_invoice()
        ):
            charge._issue_invoice(account)

    def _activate(self):
        """It is paid: now it counts."""
        for held in self.filtered(lambda h: h.state == "pending"):
            held.write(
                {
                    **held.pack_id._prepare_period_vals(
                        held.account_id, held.date_from
                    ),
                    "state": "active",
                }
            )

    def _get_refund(self):
        """What is given back if it is cancelled now."""
        self.ensure_one()
        offer = self.pack_id
        if self.charge_id.state in ("credited", "cancelled"):
            return 0  # that was given back already
        if self.state == "pending":
            return self.price
        today = self.company_id._toll_today()
        if not offer.refund_days or today > self.date + timedelta(offer.refund_days):
            return 0
        if self.crossings_used:
            return self.amount_unused if offer.refund_used == "part" else 0
        return self.price

    def _cancel(self, reason, is_lapse=False):
        """End it now and give back what its terms say.

        :param is_lapse: the customer lets it go, though nothing is given back
        """
        self.ensure_one()
        if not (reason or "").strip():
            raise UserError(self.env._("Say why the pack is cancelled."))
        self._hold()
        if self.state not in HELD:
            raise UserError(
                self.env._("%(pack)s is over already.", pack=self.display_name)
            )
        refund = self._get_refund()
        if not refund and not is_lapse:
            raise UserError(
                self.env._(
                    "By its terms nothing is given back of %(pack)s. Tick “Without "
                    "Refund” where the customer lets it go all the same.",
                    pack=self.display_name,
                )
            )
        self._end(reason.strip())
        if refund:
            self._refund(refund)

    def _end(self, reason):
        self.write(
            {
                "state": "cancelled",
                "cancel_reason": reason,
                "crossings_left": 0,
                "amount_left": 0,
                "amount_unused": 0,
                "is_renewed": False,
            }
        )

    def _refund(self, amount):
        """Charge what was used instead of all; or a credit note, into the wallet."""
        charge = self.charge_id
        rest = self.currency_id.round(self.price - amount)
        if charge.state == "pending":
            charge.action_cancel()
            if rest:
                charge.copy(
                    {
                        "date": charge.date,
                        "key": f"{charge.key}/used",
                        "source": "pack",
                        "price_unit": rest,
                        "name": charge.name,
                        "tax_ids": [Command.set(charge.tax_ids.ids)],
                    }
                )
            return
        invoice = charge.move_id
        note = (
            self.env["account.move"]
            .with_company(self.company_id)
            .with_context(mail_create_nosubscribe=True)
            .create(self._prepare_refund_vals(invoice, amount))
        )
        note._post(soft=False)
        lines = (invoice + note).line_ids.filtered(
            lambda line: (
                line.account_id.account_type == "asset_receivable"
                and not line.reconciled
            )
        )
        if len(lines.move_id) > 1:  # what was not paid yet
            lines.reconcile()
        self.account_id._settle_open_invoices()

    def _prepare_refund_vals(self, invoice, amount):
        charge = self.charge_id
        return {
            "move_type": "out_refund",
            "journal_id": invoice.journal_id.id,
            "partner_id": invoice.partner_id.id,
            "invoice_date": self.company_id._toll_today(),
            "invoice_origin": self.name,
            "reversed_entry_id": invoice.id,
            "toll_statement_id": invoice.toll_statement_id.id,
            "toll_account_id": invoice.toll_account_id.id,
            "toll_account_pack_id": self.id,
            "toll_recharge": "never",
            "invoice_line_ids": [
                Command.create(
                    {
                        **charge._prepare_invoice_line_vals(),
                        "price_unit": amount,
                        **(
                            {"toll_statement_id": charge.statement_id.id}
                            if charge.statement_id
                            else {}
                        ),
                    }
                )
            ],
        }
