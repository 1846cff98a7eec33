"""Quick top-up without login, by TAG or plate."""

import struct

from werkzeug.exceptions import Forbidden

from odoo.http import request, route
from odoo.tools import email_normalize, hash_sign, verify_hash_signed

from odoo.addons.payment import utils as payment_utils

from ..core.masking import mask
from ..models.toll_public_visit import EVERYBODY
from .portal_topup import TollTopupPortal
from .public import TollPublic
from .public_page import public_route

SCOPE = "toll-quick-topup"
HOUR = 3600
BRAKE_SECONDS = 600


class TollQuickTopup(TollTopupPortal, TollPublic):
    """What was typed, then the amount, then the payment.

    Until the amount is confirmed a known TAG or plate gets the same page as an unknown
    one. TAG and plate together show the holder's initials; one alone shows nothing of
    the account, and asking for unknown ones is counted and soon stops.
    """

    @public_route("/toll/topup", methods=("GET", "POST"))
    def public_toll_topup(self, **post):
        if request.httprequest.method == "GET":
            return self._toll_page("toll_account.public_topup", self._toll_quick_form)
        given = {
            "tag": (post.get("tag") or "").strip()[:32],
            "plate": (post.get("plate") or "").strip()[:16],
        }
        together = all(given.values())
        if not any(given.values()):
            error = request.env._("Please write the TAG or the plate.")
            return self._toll_quick_again(given, error)
        if not together and self._toll_only_together():
            return self._toll_quick_together(given)
        if post.get("amount") is None:
            return self._toll_quick_amount(given, together)
        return self._toll_quick_pay(given, together, post["amount"].strip()[:16])

    def _toll_quick_form(self, given=None, error=None, login=False):
        return {"tag": "", "plate": "", **(given or {}), "error": error, "login": login}

    def _toll_quick_again(self, given, error, login=False, status=200):
        values = self._toll_quick_form(given, error, login)
        return self._toll_render("toll_account.public_topup", values, status)

    # === Limits ===

    def _toll_only_together(self):
        """Whether too many unknown ones were asked for, from here or from anywhere."""
        visits_sudo = self._toll_visits()
        company = self._toll_company()
        here = (self._toll_visitors(), company.toll_public_misses, HOUR)
        anywhere = ([EVERYBODY], company.toll_public_brake, BRAKE_SECONDS)
        return visits_sudo._is_reached("miss", here, anywhere)

    def _toll_quick_together(self, given):
        error = request.env._(
            "Please write TAG and plate together, or sign in: there were many unknown "
            "ones, so one of the two is not enough for a while."
        )
        response = self._toll_quick_again(given, error, login=True, status=429)
        response.headers["Retry-After"] = str(BRAKE_SECONDS)
        return response

    def _toll_quick_find(self, given):
        """(account, initials) behind what was typed; the answer is noted."""
        accounts = request.env["toll.account"]
        account_sudo, name = accounts._find_public(given["tag"], given["plate"])
        if account_sudo:
            self._toll_visits()._note("hit", [self._toll_session()])
        else:
            self._toll_visits()._note("miss", [*self._toll_visitors(), EVERYBODY])
        return account_sudo, name

    # === Amount and payment ===

    def _toll_quick_amount(self, given, together):
        name = ""
        if together:
            limit = self._toll_company().toll_public_lookups
            if not self._toll_allowed("topup", limit):
                return self._toll_too_many()
            _account, name = self._toll_quick_find(given)
        values = self._toll_quick_amount_values(given, name)
        return self._toll_render("toll_account.public_topup_amount", values)

    def _toll_quick_amount_values(self, given, name, amount="", error=None):
        nobody = self._toll_quick_nobody()
        low, high = nobody._get_top_up_limits()
        return {
            **self._toll_quick_given(given, name),
            "amount": amount,
            "error": error,
            "low": low,
            "high": high,
            "currency": self._toll_company().currency_id,
            "suggestions": self._toll_topup_suggestions(nobody),
        }

    def _toll_quick_given(self, given, name):
        masked = {f"masked_{field}": mask(text) for field, text in given.items()}
        return {**given, **masked, "masked_name": name}

    def _toll_quick_nobody(self):
        # the company's limits and currency, the same for every TAG
        accounts_sudo = request.env["toll.account"].sudo()
        return accounts_sudo.new({"company_id": request.env.company.id})

    def _toll_quick_pay(self, given, together, text):
        amount, error = self._toll_topup_amount(self._toll_quick_nobody(), text)
        if error:
            values = self._toll_quick_amount_values(given, "", text, error)
            return self._toll_render("toll_account.public_topup_amount", values)
        if not self._toll_allowed("topup", self._toll_company().toll_public_lookups):
            return self._toll_too_many()
        account_sudo, name = self._toll_quick_find(given)
        if not account_sudo:
            error = request.env._(
                "We found no open account with this TAG or plate. Please check "
                "what you wrote; without blanks and hyphens is fine too."
            )
            return self._toll_quick_again(given, error)
        values = self._toll_quick_values(account_sudo, amount, given)
        values.update(self._toll_quick_given(given, name))
        return self._toll_render("toll_account.public_topup_pay", values)

    def _toll_quick_values(self, account_sudo, amount, given):
        """As in the virtual office, without anything saved and as nobody."""
        partner_sudo = request.env.user.sudo().partner_id
        values = self._toll_topup_payment_values(account_sudo, amount)
        label = " ".join(mask(text) for text in given.values() if text)
        token = hash_sign(
            request.env(su=True), SCOPE, [account_sudo.id, label], expiration_hours=2
        )
        no_tokens = request.env["payment.token"].sudo()
        return {
            **values,
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
        """(account id, what was typed) that our page has signed, or nothing."""
        try:
            signed = verify_hash_signed(request.env(su=True), SCOPE, handle)
        except (ValueError, IndexError, struct.error):
            signed = None
        return signed or (0, "")

    @route("/toll/topup/transaction/<string:handle>", type="jsonrpc", auth="public")
    def public_toll_topup_transaction(
        self, handle, amount=None, access_token=None, **kwargs
    ):
        """Make the draft transaction; the handle was signed by the page."""
        limit = self._toll_company().toll_public_lookups
        if not self._toll_allowed("topup-pay", limit):
            raise Forbidden
        account_id, label = self._toll_verify(handle)
        # the signature says that this account was found for this visitor
        account_sudo = request.env["toll.account"].sudo().browse(account_id)
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
        answer = self._toll_make_transaction(
            account_sudo, partner_sudo, value, access_token, "/toll/topup/done", kwargs
        )
        # the receipt says what was topped up; strangers may not write transactions
        transactions_sudo = request.env["payment.transaction"].sudo()
        transactions_sudo.search(
            [("reference", "=", answer["reference"])]
        ).toll_public_label = label
        return answer

    @public_route("/toll/topup/done")
    def public_toll_topup_done(self, tx_id=None, access_token=None, **kw):
        tx_sudo = self._toll_quick_paid(tx_id, access_token)
        if not tx_sudo:
            return request.redirect("/toll/topup")
        if tx_sudo.state == "done":
            # who has paid did not come to try plates
            self._toll_visits()._take_back(
                ("topup", "topup-pay"),
                "hit",
                self._toll_session(),
                self._toll_visitors(),
                HOUR,
            )
        return self._toll_quick_result(tx_sudo, access_token)

    @public_route("/toll/topup/receipt", methods=("POST",))
    def public_toll_topup_receipt(self, tx_id=None, access_token=None, email="", **kw):
        """Send the receipt to one address, once."""
        tx_sudo = self._toll_quick_paid(tx_id, access_token)
        if not tx_sudo:
            return request.redirect("/toll/topup")
        if not self._toll_allowed("receipt", self._toll_message_limit()):
            return self._toll_too_many()
        address = email_normalize(email[:254])
        if not address:
            return self._toll_quick_result(tx_sudo, access_token, wrong=True)
        # two clicks at once send it once
        tx_sudo.lock_for_update()
        if not tx_sudo.toll_receipt_email:
            tx_sudo.write(
                {"toll_receipt_email": address, "partner_lang": request.lang.code}
            )
            tx_sudo._toll_send_receipt()
        return self._toll_quick_result(tx_sudo, access_token, sent=True)

    def _toll_quick_paid(self, tx_id, access_token):
        """The visitor's own transaction, by the token of this very one, or nothing."""
        transactions_sudo = request.env["payment.transaction"].sudo()
        tx_sudo = transactions_sudo.browse(self._toll_int(tx_id) or 0).exists()
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
            return transactions_sudo
        return tx_sudo

    def _toll_quick_result(self, tx_sudo, access_token, sent=False, wrong=False):
        values = {
            "tx": tx_sudo,
            "company": self._toll_company(),
            "access_token": access_token,
            "sent": sent,
            "wrong": wrong,
        }
        return self._toll_render("toll_account.public_topup_done", values)
