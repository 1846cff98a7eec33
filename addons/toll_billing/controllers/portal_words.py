"""A crossing in the customer's words: its row in a list, and why it cost that."""

import json

from odoo.http import request
from odoo.tools.misc import format_date, format_datetime, formatLang

from odoo.addons.toll_account.controllers.portal import TollPortal


class TollCrossingWords(TollPortal):
    """Labels, times as the plaza's clock showed them, and the reasons of a charge."""

    def _toll_crossing_states(self):
        env = request.env
        return {
            "posted": env._("Charged"),
            "offset": env._("Reversed"),
            "all": env._("All"),
        }

    def _toll_crossing_state(self, crossing):
        if crossing.state == "posted" and crossing.exemption_id:
            return request.env._("Exempt")
        return self._toll_crossing_states().get(crossing.state, "")

    # === How a crossing is shown ===

    def _toll_crossing_local(self, crossing_sudo):
        """Time of the crossing as the clock at the plaza showed it."""
        tz = crossing_sudo.plaza_id.tz or crossing_sudo.operator_id.tz or "UTC"
        return tz, format_datetime(
            request.env, crossing_sudo.occurred_at, tz=tz, dt_format="short"
        )

    def _toll_crossing_row(self, crossing):
        # Names of plazas, lanes, operators and TAGs belong to catalogues that
        # customers may not browse; those of their own crossings are theirs to see.
        crossing_sudo = crossing.sudo()
        _tz, local = self._toll_crossing_local(crossing_sudo)
        return {
            "id": crossing.id,
            "local": local,
            "plaza": crossing_sudo.plaza_id.name or "",
            "operator": crossing_sudo.operator_id.name or "",
            "lane": crossing_sudo.lane_id.code or "",
            "plate": crossing_sudo._get_plate(),
            "tag": crossing_sudo.lot_id.name or "",
            "class_name": crossing_sudo.class_id.name or "",
            "charged": crossing.amount_charged,
            "currency": crossing_sudo.currency_id,
            "state": crossing.state,
            "is_exempt": bool(crossing.exemption_id),
            "state_label": self._toll_crossing_state(crossing),
            "ref": crossing.ref or "",
            "account": crossing.account_id.number,
        }

    def _toll_crossing_why(self, crossing):
        """The charge in plain words, one fact per line."""
        env = request.env
        crossing_sudo = crossing.sudo()  # catalogues, as in _toll_crossing_row
        explanation = crossing_sudo.explanation or {}
        if isinstance(explanation, str):
            explanation = json.loads(explanation)
        tariff = explanation.get("tariff") or {}
        currency = crossing_sudo.currency_id

        def money(amount):
            return formatLang(env, amount, currency_obj=currency)

        _tz, local = self._toll_crossing_local(crossing_sudo)
        lines = []
        if crossing_sudo.lot_id:
            lines.append(
                env._(
                    "Your TAG %(tag)s was read at %(plaza)s on %(time)s.",
                    tag=crossing_sudo.lot_id.name,
                    plaza=crossing_sudo.plaza_id.name or "-",
                    time=local,
                )
            )
        else:
            lines.append(
                env._(
                    "Your plate %(plate)s was read at %(plaza)s on %(time)s.",
                    plate=crossing_sudo._get_plate() or "-",
                    plaza=crossing_sudo.plaza_id.name or "-",
                    time=local,
                )
            )
        if crossing_sudo.entry_plaza_id:
            entry = crossing_sudo.entry_plaza_id.name
            lines.append(env._("You had entered at %(plaza)s.", plaza=entry))
        if crossing_sudo.class_id:
            name = crossing_sudo.class_id.name
            lines.append(env._("The vehicle counts as: %(name)s.", name=name))
        lines += self._toll_tariff_words(crossing_sudo, tariff, money)
        lines += self._toll_discount_words(crossing_sudo, explanation, money)
        if crossing.state == "posted" and crossing.exemption_id:
            lines.append(env._("You were charged nothing."))
        elif crossing.state == "posted":
            charged = money(crossing.amount_charged)
            lines.append(
                env._("You were charged %(amount)s, tax included.", amount=charged)
            )
        elif crossing.state == "offset":
            lines.append(
                env._("This charge was reversed; your balance is not affected.")
            )
        return lines

    def _toll_discount_words(self, crossing_sudo, explanation, money):
        """What lowered the amount, in plain words."""
        env = request.env
        exempt = [
            discount
            for discount in explanation.get("discounts") or []
            if discount["kind"] == "exempt"
        ]
        plans = [
            discount
            for discount in explanation.get("discounts") or []
            if discount["kind"] in ("plan", "pack")
        ]
        if plans:
            return [self._toll_plan_words(discount, money) for discount in plans]
        if exempt:
            return [
                env._(
                    "The vehicle is exempt that day (%(reason)s, %(number)s): "
                    "%(amount)s was not charged.",
                    reason=discount["legal_basis"] or discount["reason"],
                    number=discount["exemption"],
                    amount=money(discount["amount"]),
                )
                for discount in exempt
            ]
        if crossing_sudo.amount_discount:
            amount = money(crossing_sudo.amount_discount)
            return [env._("Discount: %(amount)s.", amount=amount)]
        return []

    def _toll_plan_words(self, discount, money):
        """A discount plan and what it took off."""
        if discount["rule"] == "price":
            return request.env._(
                "Discount “%(plan)s”: a crossing costs %(price)s, %(amount)s less. "
                "Of several discounts the best one counts.",
                plan=discount["plan"],
                price=money(discount["price"]),
                amount=money(discount["amount"]),
            )
        return request.env._(
            "Discount “%(plan)s”: %(percent)s %% off, that is %(amount)s. Of several "
            "discounts the best one counts.",
            plan=discount["plan"],
            percent=f"{discount['percent']:g}",
            amount=money(discount["amount"]),
        )

    def _toll_tariff_words(self, crossing_sudo, tariff, money):
        env = request.env
        if not crossing_sudo.rate_id:
            return [
                env._(
                    "The price was set by %(operator)s: %(amount)s.",
                    operator=crossing_sudo.operator_id.name or "-",
                    amount=money(crossing_sudo.amount),
                )
            ]
        version_sudo = crossing_sudo.rate_id.tariff_id
        lines = [
            env._(
                "Tariff %(version)s of %(operator)s, in force from %(date)s:"
                " %(amount)s.",
                version=version_sudo.version,
                operator=crossing_sudo.operator_id.name or "-",
                date=format_date(env, version_sudo.valid_from),
                amount=money(crossing_sudo.amount),
            )
        ]
        day_types = {
            "weekday": env._("a weekday"),
            "saturday": env._("a Saturday"),
            "sunday": env._("a Sunday"),
            "holiday": env._("a public holiday"),
        }
        if day := day_types.get(tariff.get("day_type")):
            lines.append(env._("It was %(day)s at the plaza.", day=day))
        return lines
