"""Preferences, consents, a copy of the data, erasure."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.http import content_disposition, request, route

from ..models.res_partner_contact import MESSAGED
from .portal import TollPortal

PURPOSES = ("marketing", "profiling")
# A copy of everything is heavy; nobody needs one every minute.
EXPORT_EVERY = timedelta(minutes=1)


class TollPrivacyPortal(TollPortal):
    @route(
        "/my/toll/preferences",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
    )
    def portal_my_toll_preferences(self, done=None, **post):
        values = self._toll_layout_values("toll_preferences")
        partner = request.env.user.partner_id
        error = None
        if request.httprequest.method == "POST":
            try:
                self._toll_save_preferences(partner, post)
                return request.redirect("/my/toll/preferences?done=1")
            except UserError as problem:
                error = str(problem.args[0])
        consents = request.env["toll.consent"]
        current = consents._get_current(partner) if consents.has_access("read") else {}
        values.update(
            {
                "partner": partner,
                "consents": current,
                "consent_log": list(current.values()),
                "languages": request.env["res.lang"].sudo().get_installed(),
                "done": done == "1",
                "error": error,
                **self._toll_preference_values(partner),
            }
        )
        return request.render("toll_account.portal_my_toll_preferences", values)

    def _toll_preference_values(self, partner):
        """The choices that the page offers, by the fields that partners have."""
        return {"preference_fields": self._toll_preference_fields(partner)}

    def _toll_preference_fields(self, partner):
        """[(name, label, choices or None, value)] of how the customer is reached."""
        found = []
        partner_sudo = partner.sudo()  # the user's own card
        for name in ("toll_channel", "toll_quiet_from", "toll_quiet_to"):
            field = partner_sudo._fields.get(name)
            if field:
                label = field._description_string(request.env)
                choices = None
                if field.type == "selection":
                    choices = self._toll_channels(field, partner_sudo)
                found.append((name, label, choices, partner_sudo[name]))
        return found

    def _toll_channels(self, field, partner_sudo):
        """Text messages and WhatsApp only where somebody would send them."""
        sent = request.env["toll.gateway"]._get_channels(
            partner_sudo.toll_account_ids[:1].company_id or request.env.company
        )
        return [
            (value, label)
            for value, label in field._description_selection(request.env)
            if value not in MESSAGED or value in sent | {partner_sudo[field.name]}
        ]

    def _toll_save_preferences(self, partner, post):
        """Only what the page offers reaches the customer's own card."""
        changes = {}
        lang = post.get("lang")
        if lang in dict(request.env["res.lang"].sudo().get_installed()):
            changes["lang"] = lang
        for name, label, choices, _value in self._toll_preference_fields(partner):
            text = (post.get(name) or "").strip()
            if choices is not None:
                if text and text not in dict(choices):
                    raise UserError(request.env._("Please choose one of the options."))
                changes[name] = text or False
            else:
                changes[name] = self._toll_hour(text, label)
        # Customers may not write contacts; these fields of their own are theirs.
        partner.sudo().write(changes)
        for purpose in PURPOSES:
            granted = bool(post.get(purpose))
            known = request.env["toll.consent"]._get_current(partner, [purpose])
            if granted or known:
                request.env["toll.consent"]._record(
                    partner,
                    purpose,
                    granted,
                    channel="web",
                    ip=request.httprequest.remote_addr,
                )

    def _toll_hour(self, text, label):
        """23:30 as 23.5, the way Odoo keeps times of the day."""
        if not text:
            return 0.0
        hours, _sep, minutes = text.partition(":")
        if (
            hours.isdecimal()
            and (minutes or "0").isdecimal()
            and int(hours) < 24
            and int(minutes or 0) < 60
        ):
            return int(hours) + int(minutes or 0) / 60
        raise UserError(
            request.env._("%(label)s: write a time such as 22:00.", label=label)
        )

    @route(
        "/my/toll/data",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
    )
    def portal_my_toll_data(self, **post):
        """All the customer's data as one archive, at most once a minute."""
        now = fields.Datetime.now()
        last = request.session.get("toll_export_at")
        if last and now - fields.Datetime.to_datetime(last) < EXPORT_EVERY:
            return request.redirect("/my/toll/preferences")
        request.session["toll_export_at"] = fields.Datetime.to_string(now)
        data = request.env.user.partner_id._toll_export_zip()
        return request.make_response(
            data,
            headers=[
                ("Content-Type", "application/zip"),
                (
                    "Content-Disposition",
                    content_disposition(f"data-{fields.Date.today()}.zip"),
                ),
                ("X-Content-Type-Options", "nosniff"),
            ],
        )

    @route(
        "/my/toll/erasure",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
    )
    def portal_my_toll_erasure(self, **post):
        values = self._toll_layout_values("toll_preferences")
        partner = request.env.user.partner_id
        error = None
        if request.httprequest.method == "POST":
            try:
                if not post.get("confirm"):
                    raise UserError(
                        request.env._("Please tick that you want your data erased.")
                    )
                new = request.env["toll.request"]._open_for_customer(
                    "erasure",
                    None,
                    (post.get("description") or "").strip()
                    or request.env._("Please erase my personal data."),
                )
                return request.redirect(f"/my/toll/requests/{new.id}?done=1")
            except UserError as problem:
                error = str(problem.args[0])
        values.update(
            {"problem": partner._toll_erasure_problem(), "error": error, "form": post}
        )
        return request.render("toll_account.portal_my_toll_erasure", values)
