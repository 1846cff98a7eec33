from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import email_normalize

from ..core import numbers, plates


class TollAccount(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.account"

    @api.model
    def _sign_up(self, values):
        """Open an account with all that belongs to it: everything, or nothing.

        Keys: partner_id or partner (values of a new one), plan_id, and where wanted
        account (values), vehicles [values], topup {amount, method, ref, document},
        signature {name, image, how}. The caller's transaction is the unit: an error
        leaves nothing behind.
        """
        self.check_access("create")
        plan = self.env["toll.plan"].browse(values["plan_id"])
        if not plan:
            raise UserError(self.env._("Choose the plan."))
        partner = self._sign_up_partner(values)
        self._check_sign_up(values, plan)
        account = self.create(
            {
                **plan._prepare_account_vals(),
                **(values.get("account") or {}),
                "partner_id": partner.id,
            }
        )
        vehicle_vals = values.get("vehicles") or []
        vehicles = account._sign_up_vehicles(vehicle_vals)
        account.action_activate()
        contract_sudo = account._open_contract()
        signature = values.get("signature") or {}
        if signature.get("name"):
            contract_sudo.with_user(self.env.user).sudo(self.env.su).toll_sign(
                signature["name"],
                signature.get("image"),
                signature.get("how", "screen"),
            )
        account._sign_up_top_up(values.get("topup") or {})
        # after the money: a device may ask for a guarantee
        account._sign_up_devices(vehicles, vehicle_vals)
        account._charge_once()
        return account

    def _sign_up_partner(self, values):
        if values.get("partner_id"):
            return self.env["res.partner"].browse(values["partner_id"])
        vals = dict(values.get("partner") or {})
        if not (vals.get("name") or "").strip():
            raise UserError(self.env._("Name: write the customer's name."))
        if vals.get("email") and not email_normalize(vals["email"]):
            raise UserError(
                self.env._(
                    "E-mail: %(email)s is not an e-mail address.", email=vals["email"]
                )
            )
        if vals.get("phone") and len(numbers.digits(vals["phone"])) < 7:
            raise UserError(
                self.env._(
                    "Telephone: %(phone)s is not a telephone number.",
                    phone=vals["phone"],
                )
            )
        return self.env["res.partner"].create(vals)

    def _check_sign_up(self, values, plan):
        """Raise for what would fail later with less words."""
        seen = set()
        for position, vals in enumerate(values.get("vehicles") or [], 1):
            plate = plates.normalize(vals.get("plate"))
            if len(plate) < 3:
                raise UserError(
                    self.env._(
                        "Vehicle %(position)s: %(plate)s is not a number plate.",
                        position=position,
                        plate=vals.get("plate") or "",
                    )
                )
            key = (plate, vals.get("country_id"))
            holder = self._find_plate(*key)
            if key in seen or holder:
                raise UserError(
                    self.env._(
                        "Vehicle %(position)s: plate %(plate)s already belongs to "
                        "account %(number)s.",
                        position=position,
                        plate=vals["plate"],
                        number=holder.account_id.number
                        or self.env._("this one, twice"),
                    )
                )
            seen.add(key)
        amount = (values.get("topup") or {}).get("amount") or 0
        currency = plan.currency_id
        if currency.compare_amounts(amount, plan.topup_min) < 0:
            raise UserError(
                self.env._(
                    "First top-up: plan %(plan)s needs at least %(amount)s.",
                    plan=plan.name,
                    amount=currency.format(plan.topup_min),
                )
            )

    @api.model
    def _find_plate(self, plate_normalized, country_id):
        """The vehicle of any company that has this plate now."""
        # the plate is unique across companies; only the number is told
        vehicles_sudo = self.env["toll.vehicle"].sudo()
        return vehicles_sudo.search(
            Domain("plate_normalized", "=", plate_normalized)
            & Domain("country_id", "=", country_id)
            & (
                Domain("date_to", "=", False)
                | Domain("date_to", ">", fields.Datetime.now())
            ),
            limit=1,
        )

    def _sign_up_vehicles(self, vals_list):
        """Register the vehicles."""
        return self.env["toll.vehicle"].create(
            [{**vals, "account_id": self.id} for vals in vals_list]
        )

    def _sign_up_devices(self, vehicles, vals_list):
        """Give the vehicles the devices that were chosen; other addons have some."""

    def _sign_up_top_up(self, topup):
        amount = topup.get("amount")
        if not amount:
            return self.env["toll.wallet.entry"]
        method = topup.get("method") or "cash"
        document = (topup.get("document") or "").strip()
        if method != "cash" and not document:
            raise UserError(
                self.env._(
                    "First top-up: write the number of the card slip or of the "
                    "transfer."
                )
            )
        entry = self.top_up(amount, topup.get("ref"), method)
        if document:
            # the voucher's number is part of the payment that was just taken
            entry.sudo().payment_id.payment_reference = document
        return entry
