"""Top-up of the wallet from the customer's virtual office."""

from decimal import Decimal, InvalidOperation

from werkzeug.exceptions import Forbidden

from odoo.http import request, route
from odoo.tools import formatLang

from odoo.addons.payment import utils as payment_utils
from odoo.addons.payment.controllers import portal as payment_portal

from .portal import TollPortal


class TollTopupPortal(TollPortal, payment_portal.PaymentPortal):
    """Amount, provider's form, landing page.

    The money reaches the wallet when the provider says that the transaction is done;
    these pages only make the transaction and show its state.
    """

    def _toll_topup_accounts(self, accounts):
        return accounts.filtered(lambda a: a.state in ("active", "suspended"))

    def _toll_topup_suggestions(self, account):
        low, high = account._get_top_up_limits()
        amounts = [low] if low else []
        amounts += [a for a in (100.0, 200.0, 500.0, 1000.0, 2000.0) if a > low]
        return [a for a in amounts if not high or a <= high][:4]

    def _toll_topup_amount(self, account, text):
        """(amount, error message) for what the customer typed."""
        env = request.env
        currency = account.currency_id
        try:
            amount = Decimal(str(text or "").strip().replace(" ", ""))
            if not amount.is_finite():
                raise InvalidOperation
        except InvalidOperation:
            return 0.0, env._("Please write the amount in figures, for example 200.00.")
        low, high = account._get_top_up_limits()
        if amount <= 0 or amount < Decimal(str(low or 0)):
            least = formatLang(env, low or currency.rounding, currency_obj=currency)
            return 0.0, env._("The smallest top-up is %(amount)s.", amount=least)
        if amount > Decimal(str(high or 10**9)):
            most = formatLang(env, high or 10**9, currency_obj=currency)
            return 0.0, env._("The largest top-up is %(amount)s.", amount=most)
        if amount.as_tuple().exponent < -currency.decimal_places:
            return 0.0, env._(
                "Please write the amount with at most %(digits)s decimals.",
                digits=currency.decimal_places,
            )
        return currency.round(float(amount)), None

    # === Pages ===

    @route("/my/toll/topup", type="http", auth="user", website=True, methods=["GET"])
    def portal_my_toll_topup(self, account=None, amount=None, **kw):
        values = self._toll_layout_values("toll_topup")
        accounts = self._toll_topup_accounts(values["toll_accounts"])
        chosen = self._toll_account(accounts, account)
        if account and not chosen:
            return request.redirect("/my/toll")
        chosen = chosen or accounts[:1]
        error = None
        if chosen and amount is not None:
            value, error = self._toll_topup_amount(chosen, amount)
            if not error:
                values.update(self._toll_topup_payment_values(chosen, value))
                return request.render("toll_account.portal_my_toll_topup_pay", values)
        low, high = chosen._get_top_up_limits() if chosen else (0, 0)
        values.update(
            {
                "topup_accounts": accounts,
                "toll_account": chosen,
                "topup_min": low,
                "topup_max": high,
                "topup_suggestions": (
                    self._toll_topup_suggestions(chosen) if chosen else []
                ),
                "topup_amount": amount or "",
                "topup_error": error,
            }
        )
        return request.render("toll_account.portal_my_toll_topup", values)

    def _toll_topup_payment_values(self, account, amount):
        """Values that Odoo's payment form needs for this account and amount."""
        partner = request.env.user.partner_id
        company = account.company_id
        currency = account.currency_id
        report = {}
        # Providers, methods and tokens are read with sudo as in Odoo's own payment
        # pages: customers may not read a provider's settings.
        providers_sudo = (
            request.env["payment.provider"]
            .sudo()
            ._get_compatible_providers(
                company.id, partner.id, amount, currency_id=currency.id, report=report
            )
        )
        methods_sudo = (
            request.env["payment.method"]
            .sudo()
            ._get_compatible_payment_methods(
                providers_sudo.ids, partner.id, currency_id=currency.id, report=report
            )
        )
        tokens_sudo = (
            request.env["payment.token"]
            .sudo()
            ._get_available_tokens(providers_sudo.ids, partner.id)
        )
        return {
            "toll_account": account,
            "company_mismatch": not self._can_partner_pay_in_company(partner, company),
            "expected_company": company,
            "show_tokenize_input_mapping": self._compute_show_tokenize_input_mapping(
                providers_sudo
            ),
            "reference_prefix": payment_utils.singularize_reference_prefix(
                prefix=f"TOLL-{account.number}"
            ),
            "amount": amount,
            "currency": currency,
            "partner_id": partner.id,
            "providers_sudo": providers_sudo,
            "payment_methods_sudo": methods_sudo,
            "tokens_sudo": tokens_sudo,
            "availability_report": report,
            "transaction_route": f"/my/toll/topup/transaction/{account.id}",
            "landing_route": "/my/toll/topup/done",
            "access_token": payment_utils.generate_access_token(
                partner.id, amount, currency.id
            ),
        }

    @route("/my/toll/topup/transaction/<int:account_id>", type="jsonrpc", auth="user")
    def portal_my_toll_topup_transaction(
        self, account_id, amount=None, access_token=None, **kwargs
    ):
        """Make the draft transaction for the amount that the page has signed."""
        accounts = self._toll_topup_accounts(self._toll_accounts())
        account = self._toll_account(accounts, account_id)
        partner = request.env.user.partner_id
        value = self._cast_as_float(amount)
        if not account or not payment_utils.check_access_token(
            access_token, partner.id, value, account.currency_id.id
        ):
            raise Forbidden
        _amount, error = self._toll_topup_amount(account, value)
        if error:
            raise Forbidden(error)
        return self._toll_make_transaction(
            account, partner, value, access_token, "/my/toll/topup/done", kwargs
        )

    def _toll_make_transaction(
        self, account, partner, value, access_token, landing, kwargs
    ):
        """The draft transaction of an amount and account that were checked."""
        # The page sends these too; what counts is what was signed.
        for name in ("currency_id", "partner_id", "is_validation"):
            kwargs.pop(name, None)
        self._validate_transaction_kwargs(kwargs, ("reference_prefix",))
        # a stranger who tops up does not learn the account's number
        named = "TOLL" if partner.is_public else f"TOLL-{account.number}"
        kwargs["reference_prefix"] = payment_utils.singularize_reference_prefix(
            prefix=named
        )
        kwargs["landing_route"] = landing
        tx_sudo = self._create_transaction(
            amount=value,
            currency_id=account.currency_id.id,
            partner_id=partner.id,
            custom_create_values={"toll_account_id": account.id},
            **kwargs,
        )
        self._update_landing_route(tx_sudo, access_token)
        return tx_sudo._get_processing_values()

    @route(
        "/my/toll/topup/done", type="http", auth="user", website=True, methods=["GET"]
    )
    def portal_my_toll_topup_done(self, tx_id=None, access_token=None, **kw):
        # Customers may not read transactions; the access token of this very
        # transaction and the account behind it are checked before showing anything.
        tx_sudo = (
            request.env["payment.transaction"]
            .sudo()
            .browse(self._toll_int(tx_id) or 0)
            .exists()
        )
        values = self._toll_layout_values("toll_topup")
        if (
            not tx_sudo
            or tx_sudo.toll_account_id not in values["toll_accounts"].sudo()
            or not payment_utils.check_access_token(
                access_token,
                tx_sudo.partner_id.id,
                tx_sudo.amount,
                tx_sudo.currency_id.id,
            )
        ):
            return request.redirect("/my/toll")
        receipt = request.env["toll.wallet.entry"].search(
            [
                ("account_id", "=", tx_sudo.toll_account_id.id),
                ("kind", "=", "topup"),
                ("ref", "=", tx_sudo.reference),
            ],
            limit=1,
        )
        account = tx_sudo.toll_account_id.sudo(False)
        values.update({"tx": tx_sudo, "toll_account": account, "payment": receipt})
        return request.render("toll_account.portal_my_toll_topup_done", values)
