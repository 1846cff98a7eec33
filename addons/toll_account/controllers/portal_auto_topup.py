"""Automatic top-up: which saved payment method, when, how much."""

from odoo.exceptions import UserError
from odoo.http import request, route

from .portal_topup import TollTopupPortal


class TollAutoTopupPortal(TollTopupPortal):
    def _toll_auto_tokens(self, account):
        """The customer's saved payment methods that fit the account's company."""
        # Customers may not read providers; only their own tokens are searched.
        tokens_sudo = request.env["payment.token"].sudo()
        return tokens_sudo.search(
            [
                ("partner_id", "=", request.env.user.partner_id.id),
                ("company_id", "=", account.company_id.id),
                ("provider_id.state", "!=", "disabled"),
            ]
        )

    def _toll_auto_others(self, account):
        """The methods that are charged when the first one is refused, in order."""
        auto_sudo = account.auto_topup_ids.sudo()  # customers may not read all tokens
        tokens = (
            auto_sudo._get_tokens() if auto_sudo.is_fallback else auto_sudo.token_id
        )
        return (tokens - auto_sudo.token_id) & self._toll_auto_tokens(account)

    @route(
        "/my/toll/autotopup",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
    )
    def portal_my_toll_auto_topup(self, account=None, done=None, **post):
        values = self._toll_layout_values("toll_topup")
        accounts = self._toll_topup_accounts(values["toll_accounts"])
        chosen = self._toll_account(accounts, account)
        if account and not chosen:
            return request.redirect("/my/toll")
        chosen = chosen or accounts[:1]
        error = None
        if request.httprequest.method == "POST" and chosen:
            try:
                self._toll_change_auto_topup(chosen, post)
                return request.redirect(
                    f"/my/toll/autotopup?account={chosen.id}&done=1"
                )
            except UserError as problem:
                error = str(problem.args[0])
        low, _high = chosen._get_top_up_limits() if chosen else (0, 0)
        values.update(
            {
                "topup_accounts": accounts,
                "toll_account": chosen,
                "auto": chosen.auto_topup_ids,
                "tokens": self._toll_auto_tokens(chosen),
                "others": self._toll_auto_others(chosen),
                "topup_min": low,
                "form": post,
                "done": done == "1",
                "error": error,
            }
        )
        return request.render("toll_account.portal_my_toll_auto_topup", values)

    def _toll_change_auto_topup(self, account, post):
        auto = account.auto_topup_ids
        if post.get("action") == "pause" and auto:
            return auto.action_pause()
        if post.get("action") == "resume" and auto:
            return auto.action_resume()
        env = request.env
        tokens = self._toll_auto_tokens(account)
        token_id = self._toll_int(post.get("token"))
        token = tokens.filtered(lambda t: t.id == token_id)
        if not token:
            raise UserError(env._("Please choose one of your saved payment methods."))
        if not post.get("agree"):
            raise UserError(
                env._("Please tick that you agree with the automatic charges.")
            )
        numbers = {}
        for name in ("amount", "threshold", "daily_cap"):
            numbers[name], problem = self._toll_money(account, post.get(name))
            if problem:
                raise UserError(problem)
        _amount, problem = self._toll_topup_amount(account, post.get("amount"))
        if problem:
            raise UserError(problem)
        auto = env["toll.auto.topup"]._save_for_customer(
            account,
            token,
            others=self._toll_chosen_others(tokens, post) - token,
            **numbers,
            **self._toll_learning(account, post),
        )
        env["toll.consent"]._record(
            env.user.partner_id,
            "auto_topup",
            True,
            account_id=account.id,
            company_id=account.company_id.id,
            channel="web",
            ip=request.httprequest.remote_addr,
        )
        return auto

    def _toll_chosen_others(self, tokens, post):
        chosen = tokens.browse()
        for place in range(2):
            token_id = self._toll_int(post.get(f"other_{place}"))
            chosen |= tokens.filtered(lambda t, wanted=token_id: t.id == wanted)
        return chosen

    def _toll_learning(self, account, post):
        """What the customer chose about the amount from usage."""
        if not post.get("is_learned"):
            return {}
        values = {
            "is_learned": True,
            "cover_weeks": self._toll_int(post.get("cover_weeks")) or 0,
        }
        for name in ("amount_min", "amount_max"):
            values[name], problem = self._toll_money(account, post.get(name))
            if problem:
                raise UserError(problem)
        return values

    def _toll_money(self, account, text):
        """(number, problem) of an amount that may also be zero."""
        if str(text or "").strip() in ("0", "0.0", "0.00"):
            return 0.0, None
        _low, high = account._get_top_up_limits()
        try:
            value = float(str(text or "").strip())
        except ValueError:
            value = -1.0
        if not 0 <= value <= (high or 10**9) * 10:
            return 0.0, request.env._(
                "Please write the amount in figures, for example 200.00."
            )
        return account.currency_id.round(value), None
