"""Bank debit in the virtual office: sign a mandate, see what comes, cancel it."""

from odoo.exceptions import UserError, ValidationError
from odoo.http import request, route

from odoo.addons.toll_account.controllers.portal_auto_topup import TollAutoTopupPortal

URL = "/my/toll/payment"
#: Debits of the past that the page lists.
SHOWN = 12


class TollDebitPortal(TollAutoTopupPortal):
    @route(URL, type="http", auth="user", website=True, methods=["GET", "POST"])
    def portal_my_toll_payment(self, account=None, done=None, **post):
        values = self._toll_layout_values("toll_payment")
        accounts = values["toll_accounts"].filtered(lambda a: a.state != "closed")
        chosen = self._toll_account(accounts, account)
        if account and not chosen:
            return request.redirect("/my/toll")
        chosen = chosen or accounts[:1]
        error = None
        if request.httprequest.method == "POST" and chosen:
            try:
                self._toll_change_debit(chosen, post)
                return request.redirect(f"{URL}?account={chosen.id}&done=1")
            except (UserError, ValidationError) as problem:
                error = str(problem.args[0])
        values.update(self._toll_debit_values(chosen))
        values.update(
            {
                "payment_accounts": accounts,
                "toll_account": chosen,
                "form": post,
                "done": done == "1",
                "error": error,
            }
        )
        return request.render("toll_collections.portal_my_toll_payment", values)

    def _toll_debit_values(self, account):
        # customers keep no mandates and see no runs: what follows is of their account
        account_sudo = account.sudo()
        lines_sudo = account_sudo.debit_line_ids.search(
            [
                ("account_id", "in", account.ids),
                ("state", "in", ("sent", "paid", "returned")),
                ("run_id.state", "in", ("uploaded", "done")),
            ],
            order="date desc, id desc",
            limit=SHOWN,
        )
        mandates_sudo = account_sudo.env["account.banking.mandate"]
        holder = account_sudo.commercial_partner_id.name or ""
        return {
            "mandate": account_sudo.mandate_id,
            "next_debits": account._get_next_debits(),
            "past_debits": lines_sudo,
            "auto": account_sudo.auto_topup_ids.filtered(
                lambda auto: auto.means == "debit"
            ),
            "has_cards": bool(account and self._toll_auto_tokens(account)),
            "holder": holder,
            "mandate_text": mandates_sudo._toll_mandate_text(account, holder, "")
            if account
            else "",
        }

    def _toll_change_debit(self, account, post):
        env = request.env
        action = post.get("action")
        if action == "sign":
            if not post.get("agree"):
                raise UserError(env._("Please tick that you accept the mandate."))
            return env["account.banking.mandate"]._toll_sign(
                account,
                str(post.get("number") or "")[:64],
                str(post.get("holder") or "")[:140],
                request.httprequest.remote_addr,
                str(request.httprequest.user_agent),
            )
        if action == "cancel":
            # the customer's own mandate
            return account.sudo().mandate_id._toll_cancel(
                env._("Cancelled by the customer in the virtual office.")
            )
        if action == "topup":
            if not post.get("agree"):
                raise UserError(
                    env._("Please tick that you agree with the automatic charges.")
                )
            if account.payment_mode != "prepaid":
                raise UserError(env._("This account is not topped up."))
            numbers = {}
            for name in ("amount", "threshold", "daily_cap"):
                numbers[name], problem = self._toll_money(account, post.get(name))
                if problem:
                    raise UserError(problem)
            _amount, problem = self._toll_topup_amount(account, post.get("amount"))
            if problem:
                raise UserError(problem)
            env["toll.auto.topup"]._save_debit_for_customer(
                account, fallback=bool(post.get("fallback")), **numbers
            )
            return env["toll.consent"]._record(
                env.user.partner_id,
                "auto_topup",
                True,
                account_id=account.id,
                company_id=account.company_id.id,
                channel="web",
                ip=request.httprequest.remote_addr,
            )
        raise UserError(env._("Please choose what to do."))
