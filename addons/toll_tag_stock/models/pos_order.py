"""TAGs and top-ups sold at a point of sale."""

from odoo import api, fields, models
from odoo.exceptions import UserError

from .toll_tag_life import AGENT, ASSIGNABLE, HELD


class PosOrder(models.Model):
    _inherit = "pos.order"

    toll_tag_sale_ids = fields.One2many(
        "toll.tag.sale", "pos_order_id", string="TAGs Sold"
    )

    def _process_saved_order(self, draft):
        """What a till sells of ours is right, or the order is not taken at all."""
        toll_lines = self.lines.filtered(lambda line: line.product_id._toll_is_ours())
        if draft or self.state == "cancel" or not toll_lines:
            return super()._process_saved_order(draft)
        self._toll_check_till()
        self._toll_end_returned()
        res = super()._process_saved_order(draft)
        # cashiers need no right on wallets and TAGs; what they may do was checked
        order_sudo = self.sudo()
        order_sudo._toll_check_moved()
        order_sudo._toll_move_till_topup()
        order_sudo._toll_hand_over()
        return res

    # === CHECKS === #

    def _toll_check_till(self):
        refusal = self._toll_get_role_problem()
        if refusal:
            raise UserError(refusal)
        tag_lines = self._toll_till_tag_lines()
        serials = tag_lines.filtered(lambda line: line.qty > 0).pack_lot_ids
        problem = self._toll_get_till_problem(
            self.config_id,
            self.partner_id,
            serials.mapped("lot_name"),
            int(sum(line.qty for line in tag_lines if line.qty > 0)),
            self._toll_till_topup(),
        )
        if problem:
            raise UserError(problem)

    @api.model
    def _toll_get_role_problem(self):
        if self.env.su or self.env.user.has_group(AGENT):
            return False
        return self.env._(
            "Selling TAGs and top-ups takes the role %s beside the point of sale's.",
            self.env.ref(AGENT).sudo().full_name,
        )

    @api.model
    def toll_check_sale(self, config_id, partner_id, serials, count, topup):
        """What keeps the till from selling this, or False; asked before the payment."""
        self.check_access("create")
        config = self.env["pos.config"].browse(config_id)
        config.check_access("read")
        partner = self.env["res.partner"].browse(partner_id or [])
        # who may not sell learns nothing of wallets and shelves
        return self._toll_get_role_problem() or self._toll_get_till_problem(
            config, partner, serials, count, topup
        )

    @api.model
    def _toll_get_till_problem(self, config, partner, serials, count, topup):
        if not partner:
            return self.env._("Choose the customer: TAGs and top-ups are for accounts.")
        if len(serials) != count or len(set(serials)) != len(serials):
            return self.env._("Scan the number of each TAG.")
        shelf_sudo = config.picking_type_id.sudo().default_location_src_id
        # cashiers may read no stock; they learn about the TAG in their hand
        lots_sudo = self.env["stock.lot"].sudo()
        for serial in serials:
            lot_sudo = lots_sudo.search(
                [("name", "=", serial), ("company_id", "=", config.company_id.id)],
                limit=1,
            )
            place = self.env["toll.tag.transfer"].sudo()._locations(lot_sudo)
            here = place.get(lot_sudo.id)
            if (
                lot_sudo.toll_state not in ASSIGNABLE
                or not here
                or not here._child_of(shelf_sudo)
            ):
                return self.env._(
                    "TAG %(tag)s is not ready on the shelf %(shelf)s.",
                    tag=serial,
                    shelf=shelf_sudo.display_name,
                )
        return self._toll_get_topup_problem(config, partner, topup)

    @api.model
    def _toll_get_topup_problem(self, config, partner, topup):
        currency = config.currency_id
        if currency.is_zero(topup):
            return False
        account_sudo = self._toll_till_account(config.company_id, partner)
        if not account_sudo:
            return self.env._(
                "%s has no open account, or several: take the top-up on the account.",
                partner.display_name,
            )
        if topup < 0:
            account_sudo._claim_wallets()
            if currency.compare_amounts(account_sudo.balance, -topup) < 0:
                return self.env._(
                    "The wallet of account %(number)s has %(balance)s: %(amount)s "
                    "cannot be given back.",
                    number=account_sudo.number,
                    balance=currency.format(account_sudo.balance),
                    amount=currency.format(-topup),
                )
            return False
        try:
            account_sudo._check_top_up(topup)
        except UserError as error:
            return str(error.args[0])
        return False

    @api.model
    def _toll_till_account(self, company, partner):
        """The customer's one account, in superuser mode; none where it is not clear."""
        # a cashier without our roles still serves customers
        accounts_sudo = (
            self.env["toll.account"]
            .sudo()
            .search(
                [
                    (
                        "commercial_partner_id",
                        "=",
                        partner.commercial_partner_id.id or 0,
                    ),
                    ("company_id", "=", company.id),
                    ("state", "=", "active"),
                ],
                limit=2,
            )
        )
        return accounts_sudo if len(accounts_sudo) == 1 else accounts_sudo.browse()

    def _toll_till_tag_lines(self):
        return self.lines.filtered("product_id.toll_is_tag")

    def _toll_till_topup(self):
        lines = self.lines.filtered("product_id.toll_is_topup")
        return sum(lines.mapped("price_subtotal_incl"))

    # === TAGS === #

    def _toll_hand_over(self):
        """The TAGs of this order are the customer's: on his vehicle, where it is clear.

        Otherwise they wait in the list of TAGs sold for somebody to choose it.
        """
        if self.toll_tag_sale_ids:
            return
        account = self._toll_till_account(self.company_id, self.partner_id)
        lines = self._toll_till_tag_lines().filtered(lambda line: line.qty > 0)
        cars = account.vehicle_ids.filtered(
            lambda car: car.active and not car.date_to and not car.toll_tag_ids
        )
        serials = lines.pack_lot_ids
        vehicle = cars if len(cars) == 1 and len(serials) == 1 else cars.browse()
        for serial in serials:
            lot = self.env["stock.lot"].search(
                [
                    ("name", "=", serial.lot_name),
                    ("product_id", "=", serial.product_id.id),
                    ("company_id", "=", self.company_id.id),
                ]
            )
            sale = self.env["toll.tag.sale"].create(
                {
                    "pos_order_id": self.id,
                    "company_id": self.company_id.id,
                    "partner_id": self.partner_id.id,
                    "product_id": serial.product_id.id,
                    "account_id": account.id,
                    "vehicle_id": vehicle.id,
                    "plate": vehicle.plate,
                    "state": "waiting",
                }
            )
            sale._deliver(lot, carried=False)

    def _toll_end_returned(self):
        """TAGs that the till takes back end their assignments before they move."""
        lines = self._toll_till_tag_lines().filtered(lambda line: line.qty < 0)
        # as above: the cashier's role was checked, the TAGs were sold by a till
        lots_sudo = self.env["stock.lot"].sudo()
        for line in lines:
            sold_sudo = line.refunded_orderline_id.order_id.sudo().toll_tag_sale_ids
            names = line.pack_lot_ids.mapped("lot_name")
            found_sudo = sold_sudo.lot_id.filtered(lambda lot, n=names: lot.name in n)
            if len(found_sudo) != int(-line.qty):
                raise UserError(
                    self.env._(
                        "Refund TAGs from the order that sold them, with their number."
                    )
                )
            lots_sudo |= found_sudo
            sales_sudo = sold_sudo.filtered(
                lambda sale, found=found_sudo: (
                    sale.lot_id in found and sale.state == "waiting"
                )
            )
            sales_sudo.state = "returned"
        held_sudo = lots_sudo.filtered(lambda lot: lot.toll_state in HELD)
        if held_sudo:
            held_sudo._toll_lock()
            held_sudo._toll_end(fields.Datetime.now(), "returned", "stocked")

    def _toll_check_moved(self):
        """Stock has followed: Odoo's till would leave it undone without a word."""
        moves = self.picking_ids.move_ids.filtered("product_id.toll_is_tag")
        wanted = sum(abs(line.qty) for line in self._toll_till_tag_lines())
        done = sum(moves.filtered(lambda move: move.state == "done").mapped("quantity"))
        if done < wanted:
            raise UserError(
                self.env._(
                    "The TAGs could not be moved in stock: check where they stand, and "
                    "that the stock is updated in real time."
                )
            )

    # === TOP-UPS === #

    def _toll_move_till_topup(self):
        """What was paid for a top-up goes into the wallet, once; a refund leaves it.

        The session books it on the clearing account when it is closed; from there it
        goes to the deposits now, together with the wallet's entry.
        """
        amount = self._toll_till_topup()
        if self.currency_id.is_zero(amount):
            return
        kind = "topup" if amount > 0 else "refund"
        ref = f"POS-{self.uuid}"
        entries = self.env["toll.wallet.entry"]
        if entries._find(kind, ref):
            return
        company = self.company_id
        account = self._toll_till_account(company, self.partner_id)
        move = self.env["account.move"]._toll_entry(
            company,
            account.commercial_partner_id,
            self.env._("Top-up at the till: %s", self.name),
            company._toll_get_clearing_account(),
            company._toll_get_deposit_account(),
            amount,
        )
        entries._post(
            [
                {
                    "account_id": account.id,
                    "kind": kind,
                    "amount": amount,
                    "ref": ref,
                    "origin": self.name,
                    "move_id": move.id,
                }
            ]
        )


class TollTagSale(models.Model):
    _inherit = "toll.tag.sale"  # pylint: disable=consider-merging-classes-inherited

    pos_order_id = fields.Many2one(
        "pos.order",
        string="Till Order",
        index="btree_not_null",
        readonly=True,
        ondelete="restrict",
    )


class ProductTemplate(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "product.template"

    @api.model
    def _load_pos_data_fields(self, config_id):
        return [
            *super()._load_pos_data_fields(config_id),
            "toll_is_tag",
            "toll_is_topup",
        ]

    def _get_product_accounts(self):
        """A top-up is no income: it passes through the clearing account."""
        accounts = super()._get_product_accounts()
        if self.toll_is_topup:
            # the one who sells need not see accounts
            clearing = self.env.company.sudo()._toll_get_clearing_account()
            accounts["income"] = clearing.sudo(self.env.su)
        return accounts


class ProductProduct(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "product.product"

    def _toll_is_ours(self):
        """Whether the till's word on this product is checked: TAGs and top-ups."""
        return self.toll_is_tag or self.toll_is_topup


class ResCompany(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "res.company"

    toll_clearing_account_id = fields.Many2one(
        "account.account",
        string="Top-ups of Tills",
        check_company=True,
        help="Top-ups sold at a point of sale pass through here: they are in the "
        "wallets at once, and in the session's entry when it is closed. Empty: made "
        "with the first one.",
    )

    def _toll_get_clearing_account(self):
        self.ensure_one()
        if not self.toll_clearing_account_id:
            deposits = self._toll_get_deposit_account()
            # the account is the company's, whoever sells first
            accounts = self.env["account.account"].sudo().with_company(self)
            self.sudo().toll_clearing_account_id = accounts.create(
                {
                    "code": accounts._search_new_account_code(deposits.code),
                    "name": self.env._("Top-ups of tills"),
                    "account_type": "liability_current",
                    "company_ids": [fields.Command.set(self.ids)],
                }
            )
        return self.toll_clearing_account_id
