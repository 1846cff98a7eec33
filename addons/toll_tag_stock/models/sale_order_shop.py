"""Orders of TAGs on the web: whose account, which vehicles, and the first money."""

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from odoo.addons.toll_account.core import plates

#: more than that is a fleet, and somebody should talk to it
MAX_TAGS = 20
OPEN = ("draft", "sent")


class SaleOrder(models.Model):
    _inherit = "sale.order"

    toll_tag_sale_ids = fields.One2many("toll.tag.sale", "order_id", string="TAGs Sold")
    toll_plan_id = fields.Many2one(
        "toll.plan",
        string="Plan",
        copy=False,
        ondelete="restrict",
        help="Of the account that is opened when the order is confirmed.",
    )
    toll_office_id = fields.Many2one(
        "toll.office",
        string="Pick-up Office",
        copy=False,
        ondelete="restrict",
        check_company=True,
        help="Where the customer comes for the TAGs; they leave from its shelf.",
    )
    toll_referral_id = fields.Many2one(
        "toll.account",
        string="Referred by",
        copy=False,
        ondelete="set null",
        help="The customer who recommended the service.",
    )
    toll_accepted_at = fields.Datetime(
        string="Conditions Accepted on", readonly=True, copy=False
    )
    toll_accepted_ip = fields.Char(string="From", readonly=True, copy=False)
    toll_accepted = fields.Json(
        string="Texts Accepted",
        readonly=True,
        copy=False,
        help="Versions of the texts that were shown.",
    )
    toll_marketing = fields.Boolean(string="Offers and News", readonly=True, copy=False)

    # === THE CART === #

    def _toll_tag_lines(self):
        return self.order_line.filtered("product_id.toll_is_tag")

    def _toll_tag_units(self):
        """The line of each TAG that is ordered, one by one."""
        return [
            line for line in self._toll_tag_lines() for _n in range(line._toll_units())
        ]

    def _toll_is_complete(self):
        """Whether everything about the TAGs of this cart is known."""
        units = self._toll_tag_units()
        if not units:
            return True
        return bool(self.toll_accepted_at) and [
            sale.order_line_id.id for sale in self.toll_tag_sale_ids.sorted("id")
        ] == [line.id for line in units]

    def _check_cart_is_ready_to_be_paid(self):
        if not self._toll_is_complete():
            raise ValidationError(
                self.env._("Say for which vehicles the TAGs of your order are.")
            )
        return super()._check_cart_is_ready_to_be_paid()

    def _verify_updated_quantity(self, order_line, product_id, new_qty, uom_id, **kw):
        product = self.env["product.product"].browse(product_id)
        if product.toll_is_topup and new_qty > 1:
            return 1, self.env._("Change the amount of the top-up with your vehicles.")
        return super()._verify_updated_quantity(
            order_line, product_id, new_qty, uom_id, **kw
        )

    def _get_free_qty(self, product):
        if product.toll_is_tag:
            return product._toll_get_free(self.company_id, self.toll_office_id)
        return super()._get_free_qty(product)

    def _get_delivery_methods(self):
        """Pick-up at an office is for orders of TAGs that chose one, and they only."""
        methods = super()._get_delivery_methods()
        wanted = bool(self.toll_office_id)
        return methods.filtered(lambda method: method.toll_is_pickup == wanted)

    def _toll_fill(self, data):
        """Write what the buyer said about the TAGs of the cart, or raise what is wrong.

        Keys: account (of the buyer, or none), plan, office, vehicles [{vehicle, plate,
        class}] one per TAG, topup, referral, marketing, ip, accepted. The page has
        checked that accounts and vehicles are the buyer's own.
        """
        self.ensure_one()
        units = self._toll_tag_units()
        if self.state not in OPEN or not units:
            raise UserError(self.env._("There is no TAG in your cart."))
        if len(units) > MAX_TAGS:
            raise UserError(
                self.env._(
                    "For more than %s TAGs please write to us: we make you an offer.",
                    MAX_TAGS,
                )
            )
        vals_list = self._toll_prepare_sales(units, data)
        if not data.get("accepted"):
            raise UserError(
                self.env._(
                    "Please accept the conditions of service and the privacy notice."
                )
            )
        self._toll_check_office(data.get("office"))
        account, plan = data.get("account"), data.get("plan")
        if not account and not plan:
            raise UserError(self.env._("Choose the plan."))
        topup = self._toll_check_topup(data.get("topup") or 0, account, plan)
        self.toll_tag_sale_ids.unlink()
        self.env["toll.tag.sale"].create(vals_list)
        changes_place = self.toll_office_id != (data.get("office") or self.browse())
        self.write(
            {
                "toll_account_id": account.id if account else False,
                "toll_plan_id": plan.id if plan and not account else False,
                "toll_office_id": data["office"].id if data.get("office") else False,
                "toll_referral_id": self._toll_find_referral(data.get("referral")),
                "toll_accepted_at": fields.Datetime.now(),
                "toll_accepted_ip": data.get("ip"),
                "toll_accepted": data["accepted"],
                "toll_marketing": bool(data.get("marketing")),
            }
        )
        if changes_place:
            self._remove_delivery_line()
        self._toll_set_topup(topup)

    def _toll_prepare_sales(self, units, data):
        classes = self.env["toll.vehicle.class"]
        seen, vals_list = set(), []
        for line, row in zip(units, data["vehicles"], strict=True):
            car = row.get("vehicle")
            plate = car.plate if car else (row.get("plate") or "").strip()[:16]
            normalized = plates.normalize(plate)
            vehicle_class = car.class_id if car else classes.browse(row.get("class"))
            if len(normalized) < 3:
                raise UserError(
                    self.env._("Please write the number plate: letters and digits.")
                )
            if not vehicle_class.exists().active:
                raise UserError(self.env._("Please choose the class of the vehicle."))
            if normalized in seen:
                raise UserError(
                    self.env._("Plate %s: one TAG for each vehicle.", plate)
                )
            seen.add(normalized)
            vals_list.append(
                {
                    "order_id": self.id,
                    "order_line_id": line.id,
                    "company_id": self.company_id.id,
                    "product_id": line.product_id.id,
                    "vehicle_id": car.id if car else False,
                    "plate": plate,
                    "class_id": vehicle_class.id,
                }
            )
        return vals_list

    def _toll_check_office(self, office):
        if not office:
            return
        for product in self._toll_tag_lines().product_id:
            wanted = sum(
                line._toll_units()
                for line in self._toll_tag_lines()
                if line.product_id == product
            )
            free = product._toll_get_free(self.company_id, office)
            if free < wanted:
                raise UserError(
                    self.env._(
                        "%(office)s has %(count)s of “%(product)s”: choose another "
                        "office, or the delivery.",
                        office=office.name,
                        count=free,
                        product=product.name,
                    )
                )

    def _toll_find_referral(self, number):
        """The account with this number; whoever writes it learns nothing."""
        number = (number or "").strip()[:32]
        accounts = self.env["toll.account"]
        return (
            bool(number)
            and accounts.search(
                [("number", "=", number), ("company_id", "=", self.company_id.id)],
                limit=1,
            ).id
        )

    # === CONFIRMED === #

    def _action_confirm(self):
        orders = self.filtered("toll_tag_sale_ids")
        for order in orders:
            order._toll_open_shop_account()
        res = super()._action_confirm()
        orders.sudo().toll_tag_sale_ids.filtered(
            lambda sale: sale.state == "draft"
        ).state = "ordered"
        return res

    def _toll_open_shop_account(self):
        """The account of the order, and its vehicles.

        The money may have come already: what goes wrong is for a person, and stops
        nothing.
        """
        # whoever pays or confirms; the order says all that is written
        order_sudo = self.sudo().with_company(self.company_id)
        sales_sudo = order_sudo.toll_tag_sale_ids
        try:
            with self.env.cr.savepoint():
                if not order_sudo.toll_account_id:
                    order_sudo._toll_sign_up()
                order_sudo._toll_record_consents()
        except (UserError, ValidationError) as error:
            order_sudo._toll_ask_person(
                self.env._("Open the account of a TAG order"), str(error.args[0])
            )
        sales_sudo.partner_id = order_sudo.partner_id
        account_sudo = order_sudo.toll_account_id
        if not account_sudo:
            return
        sales_sudo.account_id = account_sudo
        sales_sudo._open_vehicles()
        problems = sales_sudo.filtered("problem")
        if problems:
            order_sudo._toll_ask_person(
                self.env._("Check the vehicles of a TAG order"),
                " ".join(problems.mapped("problem")),
            )

    def _toll_sign_up(self):
        """Open the account exactly as an agent's sign-up does, with what is known."""
        account = self.env["toll.account"]._sign_up(
            {
                "partner_id": self.partner_id.id,
                "plan_id": self.toll_plan_id.id,
                "account": {
                    "company_id": self.company_id.id,
                    "office_id": self.toll_office_id.id,
                    "channel_id": self.env.ref(
                        "toll_tag_stock.toll_sales_channel_shop"
                    ).id,
                    "campaign_id": self.campaign_id.id,
                    "source_id": self.source_id.id,
                    "medium_id": self.medium_id.id,
                    "referral_id": self.toll_referral_id.id,
                },
                # the money comes with the payment of the order
                "topup": {"amount": self._toll_topup_amount(), "order": self.id},
            }
        )
        self.toll_account_id = account
        account._toll_invite_buyer()

    def _toll_record_consents(self):
        account, texts = self.toll_account_id, self.toll_accepted or {}
        if not self.toll_accepted_at:
            return
        values = {
            "company_id": self.company_id.id,
            "channel": "web",
            "ip": self.toll_accepted_ip,
        }
        consents = self.env["toll.consent"]
        partner = account.partner_id or self.partner_id
        for purpose in ("conditions", "privacy"):
            consents._record(
                partner,
                purpose,
                True,
                version=texts.get(purpose),
                account_id=account.id,
                **values,
            )
        if self.toll_marketing:
            consents._record(partner, "marketing", True, **values)

    def _toll_ask_person(self, summary, note):
        """A task on the order for the one who sells, or who checks."""
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=summary,
            note=note,
            user_id=(
                self.user_id
                or self.company_id.toll_check_user_id
                or self.env.ref("base.user_admin")
            ).id,
        )

    # === CANCELLED === #

    def _action_cancel(self):
        res = super()._action_cancel()
        # sellers need no right on wallets; what was credited goes back with the order
        for order_sudo in self.sudo().filtered("toll_tag_sale_ids"):
            sales_sudo = order_sudo.toll_tag_sale_ids
            sales_sudo._cancel()
            order_sudo._toll_take_topup_back()
            held = sales_sudo.filtered(lambda s: s.state in ("shipped", "done"))
            if held:
                order_sudo._toll_ask_person(
                    self.env._("Take TAGs back"),
                    self.env._(
                        "The order was cancelled; the customer has %s. Return them "
                        "with their own button when they arrive.",
                        ", ".join(held.lot_id.mapped("name")),
                    ),
                )
        return res

    def action_draft(self):
        res = super().action_draft()
        # who takes an order up again may not write what was sold
        cancelled_sudo = self.sudo().toll_tag_sale_ids.filtered(
            lambda sale: sale.state == "cancelled"
        )
        cancelled_sudo.state = "draft"
        return res

    def action_view_toll_tag_sales(self):
        self.ensure_one()
        values = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_tag_stock.toll_tag_sale_action"
        )
        return dict(values, domain=[("order_id", "=", self.id)], context={})

    @api.autovacuum
    def _gc_toll_carts(self):
        """Plates of carts that nobody came back to are forgotten after a month."""
        limit = fields.Datetime.subtract(fields.Datetime.now(), days=30)
        sales = self.env["toll.tag.sale"].search(
            Domain("state", "=", "draft")
            & Domain("write_date", "<", limit)
            & Domain("order_id.state", "in", (*OPEN, "cancel")),
            limit=1000,
        )
        sales.order_id.toll_accepted_at = False
        sales.unlink()
