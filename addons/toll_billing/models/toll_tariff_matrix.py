from odoo import api, models
from odoo.exceptions import UserError

from ..core.tariff_cells import ALL_BANDS, ANY_DAY


class TollTariffMatrix(models.AbstractModel):
    """The prices of a version as a grid, read and written by the matrix screen."""

    _name = "toll.tariff.matrix"
    _description = "Toll Tariff Matrix"

    @api.model
    @api.readonly
    def get_matrix(self, tariff_id, service="toll", band=ALL_BANDS, day_type=ANY_DAY):
        """The version as a grid of places by classes, for one band and day type.

        Each cell gives the own price of the chosen band and day type, and the price
        that holds where there is none.
        """
        tariff = self.env["toll.tariff"].browse(tariff_id)
        tariff.check_access("read")
        rates = self.env["toll.tariff.rate"]
        places = self._matrix_places(tariff, service)
        classes = (
            tariff._get_required_classes(service)
            | tariff.rate_ids.filtered(lambda rate: rate.service == service).class_id
        )
        return {
            "editable": tariff.state == "draft" and tariff.has_access("write"),
            "currency": tariff.currency_id.name,
            "digits": tariff.currency_id.decimal_places,
            "services": [
                {"code": code, "name": name}
                for code, name in rates._selection_service()
            ],
            "bands": [
                {"code": ALL_BANDS, "name": self.env._("Whole day")},
                *tariff._get_band_labels(),
            ],
            "dayTypes": [
                {"code": code, "name": name}
                for code, name in rates._fields["day_type"]._description_selection(
                    self.env
                )
            ],
            "classes": [
                {"id": class_.id, "code": class_.code, "name": class_.name}
                for class_ in classes.sorted()
            ],
            "places": [
                {
                    "key": f"{plaza.id}-{entry.id or 0}",
                    "plaza": plaza.id,
                    "entry": entry.id or 0,
                    "road": plaza.road_id.name or "",
                    "name": " → ".join((entry + plaza).mapped("display_name")),
                }
                for entry, plaza in places
            ],
            "cells": self._matrix_cells(tariff, service, band, day_type),
        }

    @api.model
    def _matrix_places(self, tariff, service):
        """Pairs (entry or nothing, plaza): those with prices and those to be priced."""
        nothing = self.env["toll.plaza"]
        rates = tariff.rate_ids.filtered(lambda rate: rate.service == service)
        pairs = {(rate.entry_plaza_id, rate.plaza_id) for rate in rates}
        if tariff.state == "draft":
            plazas = tariff.operator_id.plaza_ids
            entries = plazas.filtered(lambda plaza: plaza.kind == "entry")
            for plaza in plazas - entries:
                if plaza.kind == "open":
                    pairs.add((nothing, plaza))
                else:
                    pairs |= {
                        (entry, plaza)
                        for entry in entries
                        if entry.road_id == plaza.road_id
                    } or {(nothing, plaza)}
        return sorted(
            pairs,
            key=lambda pair: (
                pair[1].road_id.name or "",
                pair[1].code,
                pair[0].code or "",
            ),
        )

    @api.model
    def _matrix_cells(self, tariff, service, band, day_type):
        own, inherited = {}, {}
        for rate in tariff.rate_ids:
            if (
                rate.service != service
                or rate.band not in (band, ALL_BANDS)
                or rate.day_type not in (day_type, ANY_DAY)
            ):
                continue
            key = (
                f"{rate.plaza_id.id}-{rate.entry_plaza_id.id or 0}",
                rate.class_id.id,
            )
            if (rate.band, rate.day_type) == (band, day_type):
                own[key] = rate
            else:
                score = (rate.band != ALL_BANDS) + (rate.day_type != ANY_DAY)
                inherited.setdefault(key, {}).setdefault(score, []).append(rate.amount)
        cells = {}
        for key in own.keys() | inherited.keys():
            best = inherited.get(key, {})
            fallback = best[max(best)] if best else []
            cells.setdefault(key[0], {})[key[1]] = {
                "amount": own[key].amount if key in own else None,
                "fallback": fallback[0] if len(fallback) == 1 else None,
            }
        return cells

    @api.model
    def set_matrix(self, tariff_id, prices, service, band, day_type):
        """Write prices of a draft: dicts with plaza, entry, class_id, amount or None.

        An empty amount takes the own price away. Returns the grid's cells anew.
        """
        tariff = self.env["toll.tariff"].browse(tariff_id)
        tariff.check_access("write")
        tariff._check_draft()
        there = {
            (rate.plaza_id.id, rate.entry_plaza_id.id or 0, rate.class_id.id): rate
            for rate in tariff.rate_ids
            if (rate.service, rate.band, rate.day_type) == (service, band, day_type)
        }
        rates = self.env["toll.tariff.rate"]
        gone, to_create = rates, {}
        for price in prices:
            key = (price["plaza"], price["entry"] or 0, price["class_id"])
            rate, amount = there.get(key), price["amount"]
            if amount is not None and amount < 0:
                raise UserError(self.env._("A price cannot be negative."))
            if amount is None:
                gone |= rate or rates
                to_create.pop(key, None)
            elif rate:
                rate.amount = amount
                gone -= rate
            else:
                to_create[key] = {
                    "tariff_id": tariff.id,
                    "plaza_id": key[0],
                    "entry_plaza_id": key[1],
                    "class_id": key[2],
                    "service": service,
                    "band": band,
                    "day_type": day_type,
                    "amount": amount,
                }
        gone.unlink()
        rates.create(list(to_create.values()))
        return self._matrix_cells(tariff, service, band, day_type)
