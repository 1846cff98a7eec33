"""Quick top-up without login, by TAG or plate."""

import struct

from werkzeug.exceptions import Forbidden

from odoo.http import request, route
from odoo.tools import hash_sign, verify_hash_signed

from odoo.addons.payment import utils as payment_utils

from .portal_topup import TollTopupPortal
from .public import TollPublic

SCOPE = "toll-quick-topup"
# Somebody who tops up needs one or two tries; who tries plates needs thousands.
LOOKUPS_PER_HOUR = 15


class TollQuickTopup(TollTopupPortal, TollPublic):
    """The page tells the initials of the holder, and nothing else about the account."""

    @route(
        "/toll/topup", type="http", auth="public", website=True, methods=["GET", "POST"]
    )
    def public_toll_topup(self, **post):
        values = {
            "term": (post.get("term") or "").strip()[:32],
            "amount": (post.get("amount") or "").strip()[:16],
            "error": None,
            "company": self._toll_company(),
        }
        if request.httprequest.method == "POST":
            if not self._toll_allowed("topup", LOOKUPS_PER_HOUR):
                return self._toll_too_many()
            account_sudo = request.env["toll.account"]._find_public(values["term"])
            # Judged by the company's limits, so that it is the same for every TAG.
            limits_of = account_sudo or account_sudo.new(
                {"company_id": request.env.company.id}
            )
            amount, error = self._toll_topup_amount(limits_of, values["amount"])
            if not error and not account_sudo:
                error = request.env._(
                    "We found no open account with this TAG or plate. Please check "
                    "what you wrote; without blanks and hyphens is fine too."
                )
            values["error"] = error
            if not error:
                values.update(self._toll_quick_values(account_sudo, amount))
                return request.render("toll_account.public_topup_pay", values)
        return request.render("toll_account.public_topup", values)

    def _toll_quick_values(self, account_sudo, amount):
        """As in the virtual office, without anything saved and as nobody."""
        partner_sudo = request.env.user.sudo().partner_id
        values = self._toll_topup_payment_values(account_sudo, amount)
        token = hash_sign(
            request.env(su=True), SCOPE, account_sudo.id, expiration_hours=2
        )
        no_tokens = request.env["payment.token"].sudo()
        return {
            **values,
            "masked_name": account_sudo._get_masked_name(),
            "partner_id": partner_sudo.id,
            "tokens_sudo": no_tokens,
            "show_tokenize_input_mapping": dict.fromkeys(
                values["show_tokenize_input_mapping"], False
            ),
            "reference_prefix": "TOLL",
            "transaction_route": f"/toll/topup/transaction/{token}",
            "landing_route": "/toll/topup/done",
            "access_token": payment_utils.generate_access_token(
                partner_sudo.id, amount, account_sudo.currency_id.id
            ),
        }

    def _toll_verify(self, handle):
        """The account id that our page has signed, or None."""
        try:
            return verify_hash_signed(request.env(su=True), SCOPE, handle)
        except (ValueError, IndexError, struct.error):
            return None

    @route("/toll/topup/transaction/<string:handle>", type="jsonrpc", auth="public")
    def public_toll_topup_transaction(
        self, handle, amount=None, access_token=None, **kwargs
    ):
        """Make the draft transaction; the handle was signed by the page."""
        if not self._toll_allowed("topup-pay", LOOKUPS_PER_HOUR):
            raise Forbidden
        account_id = self._toll_verify(handle)
        # the signature says that this account was found for this visitor
        account_sudo = request.env["toll.account"].sudo().browse(account_id or 0)
        partner_sudo = request.env.user.sudo().partner_id
        value = self._cast_as_float(amount)
        if (
            not account_sudo.exists()
            or account_sudo.state not in ("active", "suspended")
            or not payment_utils.check_access_token(
                access_token, partner_sudo.id, value, account_sudo.currency_id.id
            )
        ):
            raise Forbidden
        return self._toll_make_transaction(
            account_sudo, partner_sudo, value, access_token, "/toll/topup/done", kwargs
        )

    @route(
        "/toll/topup/done", type="http", auth="public", website=True, methods=["GET"]
    )
    def public_toll_topup_done(self, tx_id=None, access_token=None, **kw):
        # Strangers may not read transactions; the token of this very one is checked.
        tx_sudo = (
            request.env["payment.transaction"]
            .sudo()
            .browse(self._toll_int(tx_id) or 0)
            .exists()
        )
        if (
            not tx_sudo.toll_account_id
            or tx_sudo.toll_auto_topup_id
            or not tx_sudo.partner_id.is_public
            or not payment_utils.check_access_token(
                access_token,
                tx_sudo.partner_id.id,
                tx_sudo.amount,
                tx_sudo.currency_id.id,
            )
        ):
            return request.redirect("/toll/topup")
        return request.render(
            "toll_account.public_topup_done",
            {
                "tx": tx_sudo,
                "masked_name": tx_sudo.toll_account_id._get_masked_name(),
                "company": self._toll_company(),
            },
        )
