"""The world that is simulated: operators, plazas, lanes, vehicles and prices."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime

from .tariffs import Tariffs

# Share of traffic by class on Mexican motorways, roughly
CLASS_SHARES = {
    "AUTO": 70,
    "MOTO": 3,
    "B2": 3,
    "B3": 2,
    "C2": 8,
    "C3": 5,
    "C5": 6,
    "C9": 3,
}


@dataclass(frozen=True, slots=True)
class Operator:
    """A toll charger.

    :ivar classes: our class code → the operator's own code
    :ivar class_policy: hold, registered or detected, see toll.operator
    :ivar sends_amount: whether its files hold the price
    """

    code: str
    tz: str = "America/Mexico_City"
    currency: str = "MXN"
    classes: dict = field(default_factory=dict)
    class_policy: str = "hold"
    sends_amount: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Plaza:
    """A plaza; its lanes are (code, position, direction)."""

    operator: str
    code: str
    tz: str = "America/Mexico_City"
    kind: str = "open"
    road: str = ""
    km: float = 0.0
    lanes: tuple = ()


@dataclass(frozen=True, slots=True, eq=False)
class Vehicle:
    """A customer's vehicle.

    :ivar known_from: UTC timestamp from which TAG and plate are registered
    :ivar account_state: state of its account
    """

    plate: str
    class_code: str
    tag: str = ""
    known_from: float = 0.0
    account_state: str = "active"


class World:
    """Everything the simulator knows; build it by ``from_dict`` or ``invent``."""

    def __init__(self, operators, plazas, vehicles, tariffs, stolen=(), spare_tags=()):
        self.operators = {operator.code: operator for operator in operators}
        self.plazas = list(plazas)
        self.vehicles = list(vehicles)
        self.tariffs = tariffs
        self.stolen = list(stolen)  # (tag, UTC timestamp of the report)
        self.spare_tags = list(spare_tags)
        self.tags = {vehicle.tag for vehicle in self.vehicles if vehicle.tag}
        self.tags.update(tag for tag, _at in self.stolen)
        self.tags.update(self.spare_tags)
        self.plates = {vehicle.plate for vehicle in self.vehicles}

    @classmethod
    def from_dict(cls, data):
        """Build a world from plain values, as the database or ``world.json`` has them.

        ``operators``: code, tz, currency, classes {our code: its code}, class_policy,
        sends_amount. ``plazas``: operator, code, tz, kind, road, km. ``lanes``:
        operator, plaza, code, position, direction. ``vehicles``: plate (normalised),
        class, tag, known_from (UTC), account_state. ``stolen``: tag, reported_at (UTC).
        ``spare_tags``: TAG numbers in stock. ``tariffs`` and ``holidays``: see Tariffs.
        What is not there takes its default; times are datetimes or ISO texts.
        """
        lanes = {}
        for lane in sorted(
            data.get("lanes", ()),
            key=lambda lane: (lane["operator"], lane["plaza"], lane.get("position", 0)),
        ):
            lanes.setdefault((lane["operator"], lane["plaza"]), []).append(
                (lane["code"], lane.get("position") or 0, lane.get("direction") or "")
            )
        plazas = [
            Plaza(
                lanes=tuple(lanes.get((plaza["operator"], plaza["code"]), ())),
                **_only(plaza, "operator", "code", "tz", "kind", "road", "km"),
            )
            for plaza in data["plazas"]
        ]
        vehicles = [
            Vehicle(
                class_code=vehicle["class"],
                known_from=_timestamp(vehicle.get("known_from")),
                **_only(vehicle, "plate", "tag", "account_state"),
            )
            for vehicle in data["vehicles"]
        ]
        stolen = [
            (row["tag"], _timestamp(row.get("reported_at")))
            for row in data.get("stolen", ())
        ]
        names = ("code", "tz", "currency", "classes", "class_policy", "sends_amount")
        return cls(
            [Operator(**_only(row, *names)) for row in data["operators"]],
            plazas,
            vehicles,
            Tariffs(data.get("tariffs", ()), data.get("holidays", ())),
            stolen,
            data.get("spare_tags", ()),
        )

    def to_dict(self):
        """Return the plain values that ``from_dict`` takes."""
        return {
            "operators": [
                {name: getattr(row, name) for name in Operator.__slots__}
                for row in self.operators.values()
            ],
            "plazas": [
                {
                    name: getattr(row, name)
                    for name in Plaza.__slots__
                    if name != "lanes"
                }
                for row in self.plazas
            ],
            "lanes": [
                {
                    "operator": plaza.operator,
                    "plaza": plaza.code,
                    "code": code,
                    "position": position,
                    "direction": direction,
                }
                for plaza in self.plazas
                for code, position, direction in plaza.lanes
            ],
            "vehicles": [
                {
                    "plate": row.plate,
                    "class": row.class_code,
                    "tag": row.tag,
                    "known_from": _iso(row.known_from),
                    "account_state": row.account_state,
                }
                for row in self.vehicles
            ],
            "stolen": [{"tag": t, "reported_at": _iso(at)} for t, at in self.stolen],
            "spare_tags": self.spare_tags,
            "tariffs": self.tariffs.cells,
            "holidays": self.tariffs.holidays,
        }

    @classmethod
    def invent(cls, seed=1, accounts=2_000):
        """Make up a world: two open roads, one entry–exit road, another time zone.

        >>> world = World.invent(seed=7, accounts=10)
        >>> sorted(world.operators), len(world.vehicles) >= 10
        (['FRONTERA', 'NORTE', 'SUR'], True)
        """
        rnd = random.Random(f"world {seed}")
        operators = [
            Operator("NORTE", classes={code: code for code in CLASS_SHARES}),
            Operator(
                "SUR",
                classes={code: str(n) for n, code in enumerate(CLASS_SHARES, 1)},
                class_policy="registered",
            ),
            Operator(
                "FRONTERA",
                tz="America/Tijuana",
                classes={code: f"T{n}" for n, code in enumerate(CLASS_SHARES, 1)},
                sends_amount=True,
            ),
        ]
        plazas = [
            *_invent_road("NORTE", "N", 6, "open", operators[0].tz, rnd),
            *_invent_road("NORTE", "M", 4, "open", operators[0].tz, rnd),
            *_invent_road("SUR", "S", 3, "entry", operators[1].tz, rnd),
            *_invent_road("SUR", "X", 3, "exit", operators[1].tz, rnd),
            *_invent_road("FRONTERA", "F", 3, "open", operators[2].tz, rnd),
        ]
        vehicles, stolen, spare = _invent_vehicles(accounts, rnd)
        tariffs = Tariffs(_invent_tariffs(plazas, rnd))
        return cls(operators, plazas, vehicles, tariffs, stolen, spare)

    def opening_rows(self):
        """Return the customers as rows for the opening load.

        One account per vehicle, but every tenth account is a fleet of five; a third of
        the accounts are prepaid.
        """
        rows = []
        for number, vehicle in enumerate(self.vehicles):
            group = f"fleet-{number // 50}" if number % 50 < 5 else f"single-{number}"
            prepaid = (number // 50 if number % 50 < 5 else number) % 3 == 0
            rows.append(
                {
                    "name": f"Simulated {group}",
                    "payment_mode": "prepaid" if prepaid else "postpaid",
                    "plate": vehicle.plate,
                    "class_code": vehicle.class_code,
                    "tag": vehicle.tag,
                    "opening_balance": 2_000
                    if prepaid and number % 50 not in (1, 2, 3, 4)
                    else 0,
                    "group": group,
                }
            )
        return rows

    def roads(self):
        """Return the open roads as lists of plazas in order."""
        plazas = sorted(
            (plaza for plaza in self.plazas if plaza.kind == "open" and plaza.lanes),
            key=lambda plaza: (plaza.operator, plaza.road, plaza.km, plaza.code),
        )
        roads = {}
        for plaza in plazas:
            # Plazas of no road are no neighbours of each other
            road = (plaza.operator, plaza.road or plaza)
            roads.setdefault(road, []).append(plaza)
        return list(roads.values())

    def entry_exits(self):
        """Return the (entry plaza, exit plaza) pairs that have a price."""
        by_code = {(plaza.operator, plaza.code): plaza for plaza in self.plazas}
        pairs = []
        for operator, code, entry in sorted(self.tariffs.pairs):
            exit_plaza = by_code.get((operator, code))
            entry_plaza = by_code.get((operator, entry))
            if exit_plaza and entry_plaza and exit_plaza.lanes:
                pairs.append((entry_plaza, exit_plaza))
        return pairs


def _only(row, *names):
    return {name: row[name] for name in names if row.get(name) is not None}


def _timestamp(value):
    if not value:
        return 0.0
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()


def _iso(timestamp):
    if not timestamp:
        return None
    return datetime.fromtimestamp(timestamp, UTC).isoformat()


def _invent_road(operator, prefix, count, kind, tz, rnd):
    km, plazas = 0.0, []
    for number in range(1, count + 1):
        km += rnd.randint(15, 60)
        size = rnd.choice((4, 6, 8, 12))
        lanes = tuple(
            (f"{lane:02d}", lane, "A" if lane <= size // 2 else "B")
            for lane in range(1, size + 1)
        )
        code = f"{prefix}{number:02d}"
        plazas.append(
            Plaza(operator, code, tz, kind, f"{operator}-{prefix}", km, lanes)
        )
    return plazas


def _invent_vehicles(accounts, rnd):
    classes, weights = list(CLASS_SHARES), list(CLASS_SHARES.values())
    numbers = rnd.sample(range(10**8), accounts + accounts // 50 + 20)
    letters = "ABCDEFGHJKLMNPRSTUVWXYZ"
    plates = set()
    while len(plates) < accounts:
        plates.add(
            "".join(rnd.choices(letters, k=3))
            + f"{rnd.randrange(1000):03d}"
            + rnd.choice(letters)
        )
    vehicles = [
        Vehicle(
            plate,
            rnd.choices(classes, weights)[0],
            f"IMDM{numbers.pop():08d}" if rnd.random() < 0.97 else "",
        )
        for plate in sorted(plates)
    ]
    rnd.shuffle(vehicles)
    reported = datetime(2020, 1, 1, tzinfo=UTC).timestamp()
    stolen = [
        (f"IMDM{numbers.pop():08d}", reported) for _ in range(accounts // 100 + 5)
    ]
    spare = [f"IMDM{number:08d}" for number in numbers]
    return vehicles, stolen, spare


def _invent_tariffs(plazas, rnd):
    factors = {"MOTO": 0.5, "AUTO": 1, "B2": 2, "B3": 2, "C2": 2, "C3": 2}
    cells = []

    def price(plaza, entry, base):
        for class_code in CLASS_SHARES:
            amount = round(base * factors.get(class_code, 4))
            cells.append(
                {
                    "operator": plaza.operator,
                    "plaza": plaza.code,
                    "entry_plaza": entry.code if entry else "",
                    "class": class_code,
                    "amount": f"{amount}.00",
                }
            )

    entries = [plaza for plaza in plazas if plaza.kind == "entry"]
    for plaza in plazas:
        if plaza.kind == "open":
            price(plaza, None, rnd.randint(30, 200))
        elif plaza.kind == "exit":
            for entry in entries:
                price(plaza, entry, rnd.randint(30, 200))
    return cells
