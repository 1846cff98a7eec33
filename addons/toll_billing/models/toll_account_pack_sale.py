"""Packs on the account: buying, in the office and by the customer; closing; joining."""

import re

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from .toll_pack import HELD

#: Who sells packs in the office.
SELLERS = "toll_account.group_toll_agent,toll_account.group_toll_billing"
#: A purchase of the virtual office, see ``request_key``.
KEY = re.compile(r"[0-9a-f]{32}")


class TollCharge(models.Model):
    _inherit = "toll.charge"  # pylint: disable=consider-merging-classes-inherited

    source = fields.Selection(
        selection_add=[("pack", "Pack")], ondelete={"pack": "set default"}
    )

    def action_cancel(self):
        """What a pack costs goes with the pack."""
        if not self.env.su:
            held = self.env["toll.account.pack"].search(
                [("charge_id", "in", self.ids), ("state", "!=", "cancelled")], limit=1
            )
            if held:
                raise UserError(
                    self.env._(
                        "This is the price of %(pack)s: cancel the pack.",
                        pack=held.display_name,
                    )
                )
        return super().action_cancel()

    def _credit(self, credit_note, again):
        """A pack goes with its invoice, or waits for the next one."""
        result = super()._credit(credit_note, again)
        if self.env.context.get("toll_is_modify"):
            return result  # the corrected invoice has its price
        # whoever credits the invoice need not sell packs
        packs_sudo = self.env["toll.account.pack"].sudo()
        for held_sudo in packs_sudo.search(
            [("charge_id", "in", self.ids), ("state", "in", HELD)]
        ):
            following = self.sudo().search([("origin_id", "=", held_sudo.charge_id.id)])
            if following:
                held_sudo.charge_id = following[:1]
            else:
                held_sudo._hold()
                held_sudo._end(
                    self.env._("%(name)s credits its price.", name=credit_note.name)
                )
        return result


class AccountMove(models.Model):
    _inherit = "account.move"  # pylint: disable=consider-merging-classes-inherited

    toll_account_pack_id = fields.Many2one(
        "toll.account.pack",
        string="Pack Credited",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )

    def _invoice_paid_hook(self):
        """Packs that waited for this payment begin."""
        result = super()._invoice_paid_hook()
        # whoever books the payment need not sell packs
        self.env["toll.account.pack"].sudo().search(
            [("state", "=", "pending"), ("charge_id.move_id", "in", self.ids)]
        )._activate()
        return result


class TollPlannedClosing(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.planned.closing"

    def _before_closing(self):
        """Packs end with the account; what their terms give back is given back."""
        # whoever plans the closing need not sell packs
        for held_sudo in self.account_id._get_running_packs():
            reason = self.env._("The account is closed.")
            held_sudo._cancel(reason, is_lapse=True)
        return super()._before_closing()


class TollAccount(models.Model):
    _inherit = "toll.account"  # pylint: disable=consider-merging-classes-inherited

    pack_ids = fields.One2many("toll.account.pack", "account_id")
    pack_count = fields.Integer(string="Running Packs", compute="_compute_pack_count")

    @api.depends("pack_ids.state")
    def _compute_pack_count(self):
        # the number says how many run, to whoever sees the account
        counts = self.sudo()._count_by_account(
            "toll.account.pack", "account_id", [("state", "in", HELD)]
        )
        for account in self:
            account.pack_count = counts.get(account._origin.id, 0)

    def action_view_packs(self):
        return self._open_records(
            "toll_billing.toll_account_pack_action", field="account_id"
        )

    def action_sell_pack(self):
        self.ensure_one()
        self._check_pack_seller()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Sell a Pack"),
            "res_model": "toll.pack.sale",
            "view_mode": "form",
            "target": "new",
            "context": {"default_account_id": self.id},
        }

    def _check_pack_seller(self):
        self.check_access("read")
        if not self.env.su and not self.env.user.has_groups(SELLERS):
            raise AccessError(self.env._("You are not allowed to sell packs."))

    # === BUYING === #
    def _buy_pack(
        self, pack, vehicle=None, first=None, origin="agent", key=None, **values
    ):
        """Buy a pack and charge it, or raise what is wrong; the same key buys once.

        For superusers: who may buy for whom was asked before.
        """
        self.ensure_one()
        # one purchase of an account at a time; nobody else takes its money meanwhile
        self._claim_wallets()
        Held = self.env["toll.account.pack"]
        if key:
            known = Held.search(
                [("account_id", "=", self.id), ("request_key", "=", key)]
            )
            if known:
                return known
        pack._claim()
        if refusal := pack._get_refusal(self, vehicle):
            raise UserError(refusal)
        if first and first < self.company_id._toll_today():
            raise UserError(self.env._("A pack does not begin in the past."))
        self._check_pack_money(pack)
        held = Held.with_context(mail_create_nosubscribe=True).create(
            self._prepare_pack_vals(pack, vehicle, first, origin, key) | values
        )
        held._charge()
        return held

    def _check_pack_money(self, pack):
        if self.payment_mode != "prepaid":
            return
        if self.currency_id.compare_amounts(self.available, pack.price) < 0:
            raise UserError(
                self.env._(
                    "“%(pack)s” costs %(price)s and account %(number)s has "
                    "%(available)s: top it up first.",
                    pack=pack.name,
                    price=self.currency_id.format(pack.price),
                    number=self.number,
                    available=self.currency_id.format(self.available),
                )
            )

    def _prepare_pack_vals(self, pack, vehicle, first, origin, key):
        waits = pack.needs_payment and self.payment_mode == "postpaid"
        return {
            "pack_id": pack.id,
            "account_id": self.id,
            "vehicle_id": vehicle.id if vehicle and pack.is_per_vehicle else False,
            "date": self.company_id._toll_today(),
            **pack._prepare_period_vals(self, first),
            "price": pack.price,
            "crossings_given": pack.crossings_given if pack.kind == "crossings" else 0,
            "crossings_left": pack.crossings_given if pack.kind == "crossings" else 0,
            "amount_given": pack.amount_given if pack.kind == "credit" else 0,
            "amount_left": pack.amount_given if pack.kind == "credit" else 0,
            "amount_unused": pack.price,
            "state": "pending" if waits else "active",
            "origin": origin,
            "user_id": self.env.uid,
            "request_key": key,
        }

    def _sell_pack(self, pack, vehicle=None, first=None, key=None, is_renewed=False):
        """Sell a pack as the agent who is logged in."""
        self.ensure_one()
        self._check_pack_seller()
        # wallets, charges and invoices are moved by the sale, not by the agent
        held_sudo = self.sudo()._buy_pack(
            pack.sudo(),
            vehicle and vehicle.sudo(),
            first,
            key=key,
            is_renewed=is_renewed and pack.sudo().can_renew,
            user_id=self.env.uid,
        )
        return held_sudo.sudo(self.env.su)

    # === THE VIRTUAL OFFICE === #
    def _portal_packs(self):
        """Packs that customers may buy themselves for one of these accounts."""
        # what is offered to customers; nothing else of a pack is shown
        packs_sudo = self.env["toll.pack"].sudo()
        found = packs_sudo.browse()
        for company in self.company_id.sudo():
            found |= packs_sudo.search(
                packs_sudo._on_sale_domain(company) & Domain("is_public", "=", True)
            )
        accounts_sudo = self.sudo().filtered(lambda account: account.state == "active")
        return found.filtered(
            lambda offer: any(
                offer.company_id == account.company_id
                and not offer._get_refusal(account, False)
                for account in accounts_sudo
            )
        )

    def _portal_buy_pack(
        self, pack_id, vehicle_id=None, first=None, key=None, is_renewed=False
    ):
        """Buy a pack as the customer who is logged in; raise what is wrong."""
        self.ensure_one()
        self.check_access("read")
        if not KEY.fullmatch(key or ""):
            raise UserError(self.env._("Please look at the pack once more."))
        account = self.with_user(SUPERUSER_ID) if self.env.user.share else self.sudo()
        known = account.pack_ids.filtered(lambda held: held.request_key == key)
        if known:
            return known
        offer = self._portal_packs().filtered(lambda pack: pack.id == pack_id)
        if not offer:
            raise UserError(self.env._("This pack cannot be bought now."))
        vehicle = self.vehicle_ids.filtered(lambda v: v.id == vehicle_id)
        if vehicle_id and not vehicle:
            raise UserError(self.env._("Choose a vehicle of the account."))
        offer = offer.with_env(account.env)
        return account._buy_pack(
            offer,
            vehicle.with_env(account.env),
            first,
            origin="portal",
            key=key,
            is_renewed=bool(is_renewed) and offer.can_renew,
            user_id=self.env.uid,
        )

    def _portal_renew_pack(self, held_id, is_renewed):
        """The customer wants the next one, or not; unknown ids change nothing."""
        for account in self:
            account.check_access("read")
        # customers have no right to write; this is all they may set
        held_sudo = self.sudo().pack_ids.filtered(
            lambda held: held.id == held_id and held.state in HELD
        )
        if held_sudo.pack_id.can_renew:
            held_sudo.is_renewed = bool(is_renewed)

    # === CLOSING AND JOINING === #
    def _get_running_packs(self):
        """Packs that are paid for and not used up."""
        self.ensure_one()
        # whoever closes an account learns what is open
        return self.sudo().pack_ids.filtered(lambda held: held.state in HELD)

    def _check_closing(self):
        result = super()._check_closing()
        if running := self._get_running_packs():
            raise UserError(
                self.env._(
                    "Account %(number)s has packs that are not used up (%(packs)s): "
                    "cancel them before closing it.",
                    number=self.number,
                    packs=", ".join(running.mapped("display_name")),
                )
            )
        return result

    def _get_closing_checks(self):
        running = self._get_running_packs()
        return [
            *super()._get_closing_checks(),
            (
                self.env._("No packs are running"),
                not running,
                self.env._(
                    "Cancel %s: what their terms give back goes to the wallet.",
                    ", ".join(running.mapped("display_name")),
                ),
            ),
        ]

    def _merge_records(self, target):
        """Packs go with the vehicles; what they covered stays covered."""
        # whoever may join accounts need not sell packs
        packs_sudo = self.sudo().pack_ids
        result = super()._merge_records(target)
        packs_sudo.account_id = target
        return result
