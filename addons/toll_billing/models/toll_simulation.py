from datetime import datetime, time, timedelta
from types import SimpleNamespace

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core import simulator
from ..queries import simulation_world as queries

#: Who enters a road before midnight has left it by then.
LONGEST_TRIP = timedelta(hours=8)


class TollSimulation(models.AbstractModel):
    """Files as operators would send them, of this database's roads and customers."""

    _name = "toll.simulation"
    _description = "Toll World Simulator"

    @api.model
    def _write(self, out, days, crossings, seed, start=None, accounts=0):
        """Write simulated files, ``truth.csv`` and ``world.json``.

        :param Path out: folder
        :param date start: first day; by default the last day is over everywhere
        :param int accounts: open so many simulated accounts first
        :return: dict of numbers
        """
        if days < 1 or crossings < 1:
            raise UserError(
                self.env._("A simulation needs at least one day and one crossing.")
            )
        start = start or self._last_day() - timedelta(days=days - 1)
        if accounts:
            self._open_accounts(seed, accounts, start)
        world = self._world()
        if not world["vehicles"] or not world["tariffs"]:
            raise UserError(
                self.env._(
                    "There are no customers' vehicles or no active tariffs to simulate"
                    " with. Load demo data, or add --accounts N."
                )
            )
        options = SimpleNamespace(
            days=days, crossings=crossings, seed=seed, out=out, start=start
        )
        return simulator.run(options, world)

    def _last_day(self):
        """The last day that is over at every plaza: a crossing is never to come."""
        now = fields.Datetime.now() - LONGEST_TRIP
        plazas = self.env["toll.plaza"]._read_group([], ["tz"])
        zones = [tz for (tz,) in plazas if tz] or ["UTC"]
        todays = [
            fields.Datetime.context_timestamp(self.with_context(tz=tz), now).date()
            for tz in zones
        ]
        return min(todays) - timedelta(days=1)

    def _open_accounts(self, seed, accounts, start):
        """Open simulated customers with vehicle and TAG, once per seed."""
        rows = simulator.World.invent(seed, accounts).opening_rows()
        known = set(
            self.env["toll.vehicle"]
            .search([("plate_normalized", "in", [row["plate"] for row in rows])])
            .mapped("plate_normalized")
        )
        rows = [row for row in rows if row["plate"] not in known]
        if rows:
            since = datetime.combine(start - timedelta(days=2), time.min)
            self.env["toll.opening.load"]._load(rows, date=since)

    @api.model
    def _world(self):
        """The world in the plain values that the simulator takes."""
        self.env.flush_all()
        company = self.env.company
        operators = self.env["toll.operator"].search(
            [("is_charger", "=", True), ("state", "=", "authorised")]
        )
        return {
            "operators": [
                {
                    "code": operator.code,
                    "tz": operator.tz,
                    "currency": operator.currency_id.name,
                    "class_policy": operator.class_policy,
                    "classes": {
                        line.class_id.code: line.code for line in operator.class_map_ids
                    },
                }
                for operator in operators
            ],
            "plazas": [
                {
                    "operator": plaza.operator_id.code,
                    "code": plaza.code,
                    "tz": plaza.tz,
                    "kind": plaza.kind,
                    "road": plaza.road_id.code or "",
                    "km": plaza.km,
                }
                for plaza in operators.plaza_ids
            ],
            "lanes": [
                {
                    "operator": lane.plaza_id.operator_id.code,
                    "plaza": lane.plaza_id.code,
                    "code": lane.code,
                    "position": lane.position,
                    "direction": lane.direction or "",
                }
                for lane in operators.plaza_ids.lane_ids
            ],
            "vehicles": self._rows(queries.vehicles(company)),
            "stolen": self._rows(queries.stolen(company)),
            "spare_tags": [
                row["name"] for row in self._rows(queries.spare_tags(company))
            ],
            "tariffs": self._rows(queries.tariffs()),
            "holidays": self._rows(queries.holidays(company)),
        }

    def _rows(self, query):
        self.env.cr.execute(query)
        return self.env.cr.dictfetchall()
