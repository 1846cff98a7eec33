from datetime import timedelta
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..core import rating, tariff_cells
from ..queries import tariff_cell as queries
from . import tariff_messages as messages


class TollTariffPricing(models.AbstractModel):
    """How a tariff version prices crossings, and how it explains a price."""

    _name = "toll.tariff.pricing"
    _description = "Toll Tariff Pricing"

    def _rounding(self):
        return Decimal(str(self.currency_id.rounding)).normalize()

    def _get_required_classes(self, service):
        """Classes that every place must price."""
        if service != "toll":
            return self.env["toll.vehicle.class"]
        return self.operator_id.class_map_ids.class_id - self.excluded_class_ids

    def _get_band_labels(self):
        """Bands of the version, each once: code, label, windows in words."""
        bands = {}
        for band in self.band_ids:
            entry = bands.setdefault(
                band.code,
                {"code": band.code, "name": band.name or band.code, "windows": []},
            )
            entry["windows"].append(band.window)
        return [
            dict(band, windows=", ".join(band["windows"])) for band in bands.values()
        ]

    def _get_problems(self):
        """Sentences that say why the version cannot be activated."""
        self.ensure_one()
        if not self.rate_ids:
            return [self.env._("The version has no prices.")]
        operator = self.operator_id.with_context(active_test=False)
        problems = tariff_cells.check(
            self.rate_ids._to_core(),
            self.band_ids._to_core(),
            plazas=operator.plaza_ids.ids,
            required={
                "toll": self._get_required_classes("toll").ids,
                "-": self.excluded_class_ids.ids,
            },
        )
        return messages.problem_texts(self.env, problems)

    def _end_former_versions(self):
        """End what overlaps; refuse where that would leave days without prices."""
        domain = Domain("operator_id", "=", self.operator_id.id)
        domain &= Domain("state", "!=", "draft") & Domain("id", "!=", self.id)
        domain &= Domain("valid_to", "=", False) | Domain(
            "valid_to", ">", self.valid_from
        )
        if self.valid_to:
            domain &= Domain("valid_from", "<", self.valid_to)
        former = self.search(domain).filtered(
            lambda tariff: tariff.valid_from != tariff.valid_to
        )
        for tariff in former:
            if tariff.valid_from >= self.valid_from:
                raise UserError(
                    self.env._(
                        "Version %(other)s begins on %(day)s, not before this one. "
                        "Retire it first, or end this version by then.",
                        other=tariff.version,
                        day=fields.Date.to_string(tariff.valid_from),
                    )
                )
            if self.valid_to and (
                not tariff.valid_to or tariff.valid_to > self.valid_to
            ):
                raise UserError(
                    self.env._(
                        "Version %(other)s would end on %(day)s and nothing would be "
                        "in force after %(last)s. Leave the end of this version empty, "
                        "and add a version that begins there.",
                        other=tariff.version,
                        day=fields.Date.to_string(self.valid_from),
                        last=fields.Date.to_string(self.valid_to),
                    )
                )
            tariff._end(self.valid_from)
        return former.mapped("version")

    # === CELLS === #

    def _rebuild_cells(self):
        """Write the cells of versions anew; returns how many there are."""
        self.flush_recordset()
        if self:
            self.env.execute_query(queries.delete_cells(self.ids))
        count = 0
        for tariff in self:
            if tariff.state == "draft" or tariff.valid_from == tariff.valid_to:
                continue
            rows = tariff._prepare_cell_rows()
            count += len(rows)
            for start in range(0, len(rows), queries.INSERT_CHUNK):
                chunk = rows[start : start + queries.INSERT_CHUNK]
                self.env.execute_query(queries.insert_cells(chunk))
        return count

    def _end_cells(self):
        """Give the cells of a version its last day; none where it never began."""
        self.ensure_one()
        if self.valid_to == self.valid_from:
            self.env.execute_query(queries.delete_cells(self.ids))
        else:
            last = fields.Date.to_string(self.valid_to)
            self.env.execute_query(queries.set_valid_to(self.id, last))

    def _prepare_cell_rows(self):
        self.ensure_one()
        cells = tariff_cells.compile_cells(
            self.rate_ids._to_core(), self.band_ids._to_core(), self._rounding()
        )
        valid_from = fields.Date.to_string(self.valid_from)
        valid_to = fields.Date.to_string(self.valid_to) or None
        return [
            (
                self.id,
                cell.rate,
                self.operator_id.id,
                cell.plaza,
                cell.entry,
                cell.class_,
                cell.service,
                valid_from,
                valid_to,
                cell.minute_from,
                cell.minute_to,
                cell.day_types,
                cell.amount,
                self.currency_id.id,
            )
            for cell in cells
        ]

    @api.model
    def _rate_facts(self, facts: SQL):
        """Price many crossings in one statement; see queries.rate_facts."""
        return self.env.execute_query(queries.rate_facts(facts))

    # === NEW VERSION === #

    def _new_version(self, version, valid_from, percent=0, step=1, class_ids=()):
        """A draft with the prices of this version, changed in percent.

        The change is rounded to ``step``; ``class_ids`` limits it to some classes, the
        others keep their price.
        """
        self.ensure_one()
        tariff = self.copy(
            {
                "version": version,
                "valid_from": valid_from,
                "legal_basis": False,
            }
        )
        # the link back is written by the workflow, not by the form
        tariff._set_workflow({"previous_id": self.id})
        percent, step = Decimal(str(percent)), Decimal(str(step))
        vals_list = []
        for rate in self.rate_ids:
            vals = rate._prepare_copy_vals(tariff)
            if percent and (not class_ids or rate.class_id.id in class_ids):
                vals["amount"] = float(
                    rating.change_percent(Decimal(str(rate.amount)), percent, step)
                )
            vals_list.append(vals)
        self.env["toll.tariff.rate"].create(vals_list)
        return tariff

    # === ONE CROSSING === #

    @api.model
    def _get_charge(
        self, plaza, vehicle_class, occurred_at, entry=None, service="toll"
    ):
        """Price one crossing by the rows themselves; raises core's RatingError."""
        operator = plaza.operator_id
        tariffs = self.env["toll.tariff"].search(
            [("operator_id", "=", operator.id), ("state", "!=", "draft")]
        )
        rates = self.env["toll.tariff.rate"].search(
            [
                ("tariff_id", "in", tariffs.ids),
                ("plaza_id", "=", plaza.id),
                ("entry_plaza_id", "=", entry.id if entry else False),
                ("class_id", "=", vehicle_class.id),
                ("service", "=", service),
            ]
        )
        facts = rating.Facts(
            plaza=plaza.id,
            entry=entry.id if entry else 0,
            class_=vehicle_class.id,
            service=service,
            occurred_at=occurred_at,
            zone=plaza.tz,
        )
        versions = [
            rating.Tariff(
                id=tariff.id,
                version=tariff.version,
                valid_from=tariff.valid_from,
                valid_to=tariff.valid_to or None,
                rates=tuple((rates & tariff.rate_ids)._to_core()),
                bands=tuple(tariff.band_ids._to_core()),
            )
            for tariff in tariffs
        ]
        rounding = tariffs[0]._rounding() if tariffs else tariff_cells.CENT
        holidays = self._get_holidays(plaza, occurred_at)
        return rating.rate(facts, versions, holidays, rounding)

    @api.model
    def _get_holidays(self, plaza, occurred_at):
        day = rating.local_time(occurred_at, plaza.tz).date()
        company = plaza.company_id or self.env.company
        return self.env["toll.holiday"]._get_dates(plaza.operator_id, company, day, day)

    @api.model
    def _explain(
        self, rate_id, occurred_at=None, plaza=None, amount=None, company=None
    ):
        """Why a crossing costs what it costs, as plain JSON values.

        ``rate_id`` is the row that priced it. ``occurred_at`` (UTC) adds the local time
        and the kind of day; ``amount`` is given where the charge differs from the row's
        price today. Money is text, so that no digit is lost. Without a row the price is
        the operator's own, and ``source`` says so.
        """
        rate = self.env["toll.tariff.rate"].browse(rate_id or ()).exists()
        if not rate:
            value = None if amount is None else str(Decimal(str(amount)))
            text = [self.env._("The price was set by the operator of the road.")]
            return {"source": "operator", "amount": value, "text": text}
        tariff = rate.tariff_id
        plaza = plaza or rate.plaza_id
        company = company or plaza.company_id or self.env.company
        rounding = tariff._rounding()
        value = rate.amount if amount is None else amount
        value = tariff_cells.round_money(Decimal(str(value)), rounding)
        explanation = {
            "source": "tariff",
            "amount": str(value),
            "currency": tariff.currency_id.name,
            "tariff": self._explain_tariff(tariff),
            "rate": self._explain_rate(rate),
            "tax": self._explain_tax(rate, value, company),
            **self._explain_moment(plaza, occurred_at),
        }
        explanation["text"] = messages.charge_sentences(
            self.env, explanation, tariff.currency_id
        )
        return explanation

    @api.model
    def _explain_tariff(self, tariff):
        last = tariff.valid_to and tariff.valid_to - timedelta(days=1)
        return {
            "id": tariff.id,
            "version": tariff.version,
            "operator": tariff.operator_id.name,
            "valid_from": fields.Date.to_string(tariff.valid_from),
            "last_day": fields.Date.to_string(last) if last else None,
            "legal_basis": tariff.legal_basis or None,
        }

    @api.model
    def _explain_rate(self, rate):
        bands = {band["code"]: band for band in rate.tariff_id._get_band_labels()}
        band = bands.get(rate.band, {"name": None, "windows": "00:00–24:00"})
        selections = rate.fields_get(["day_type", "service"], ["selection"])
        days = dict(selections["day_type"]["selection"])
        services = dict(selections["service"]["selection"])
        return {
            "id": rate.id,
            "plaza": rate.plaza_id.display_name,
            "entry_plaza": rate.entry_plaza_id.display_name or None,
            "class": rate.class_id.code,
            "class_name": rate.class_id.display_name,
            "band": rate.band,
            "band_name": band["name"],
            "band_windows": band["windows"],
            "day_type": rate.day_type,
            "day_type_name": days[rate.day_type],
            "service": rate.service,
            "service_name": services.get(rate.service, rate.service),
        }

    @api.model
    def _explain_tax(self, rate, amount, company):
        """The tax inside the price, by the taxes of the service in the company."""
        # whoever may read the charge may read which tax it contains
        service_sudo = self.env["toll.service"].sudo()
        service_sudo = service_sudo.with_context(active_test=False).search(
            [("code", "=", rate.service)], limit=1
        )
        taxes_sudo = service_sudo._get_taxes(company)
        detail = taxes_sudo.compute_all(float(amount), rate.currency_id)
        rounding = rate.tariff_id._rounding()
        tax = sum(
            (Decimal(str(line["amount"])) for line in detail["taxes"]), Decimal(0)
        )
        tax = tariff_cells.round_money(tax, rounding)
        percents = taxes_sudo.filtered(lambda tax: tax.amount_type == "percent")
        return {
            "included": all(taxes_sudo.mapped("price_include")),
            "name": ", ".join(taxes_sudo.mapped("name")) or None,
            "percent": str(sum(percents.mapped("amount"))),
            "base": str(amount - tax),
            "amount": str(tax),
        }

    @api.model
    def _explain_moment(self, plaza, occurred_at):
        moment = dict.fromkeys(("local_time", "time_zone", "day_type", "holiday"))
        if occurred_at:
            local = rating.local_time(occurred_at, plaza.tz)
            holidays = self._get_holidays(plaza, occurred_at)
            moment.update(
                local_time=str(local.replace(microsecond=0)),
                time_zone=plaza.tz,
                day_type=rating.day_type(local.date(), holidays),
                holiday=holidays.get(local.date()),
            )
        return moment
