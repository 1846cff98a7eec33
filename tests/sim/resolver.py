"""A small model of what becomes of a staged crossing, in plain Python.

It stands in for the database where only the intake and the simulator are to be
checked against each other; the suite itself is scored by a test with a database.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

REJECTING = {
    "malformed",
    "field_count",
    "line_too_long",
    "bad_encoding",
    "ambiguous_time",
    "other_operator",
    "future",
    "too_old",
}


class Resolver:
    """Fates of staged rows in a simulated world."""

    def __init__(self, world, now):
        self._world, self._now = world, now
        self._tags = {v.tag: v for v in world.vehicles if v.tag}
        self._plates = {v.plate: v for v in world.vehicles}
        self._plazas = {(p.operator, p.code): p for p in world.plazas}
        self._stolen = {tag for tag, _at in world.stolen}
        self._spare = set(world.spare_tags)
        self._classes = {
            code: {theirs: ours for ours, theirs in operator.classes.items()}
            for code, operator in world.operators.items()
        }
        self._taken = set()

    def fate(self, operator, row):
        """Return (state, reason, amount) of a staged row of an operator's file."""
        reason, amount = self._judge(operator, row)
        if reason in REJECTING:
            return "rejected", reason, amount
        if (operator, row["ref"]) in self._taken:
            return "duplicate", "repeated", amount
        self._taken.add((operator, row["ref"]))
        return ("held", reason, amount) if reason else ("posted", "", amount)

    def _judge(self, operator, row):
        if row["fault"]:
            return row["fault"], None
        if row["operator"] not in (None, operator):
            return "other_operator", None
        at = datetime.fromisoformat(row["occurred_at"]).replace(tzinfo=UTC)
        if at > self._now + timedelta(minutes=15):
            return "future", None
        if at < self._now - timedelta(days=400):
            return "too_old", None
        plaza = self._plazas.get((operator, row["plaza"]))
        if plaza is None:
            return "unknown_plaza", None
        if row["lane"] not in {lane[0] for lane in plaza.lanes}:
            return "unknown_lane", None
        seen = self._classes[operator].get(row["class_code"])
        if row["class_code"] and not seen:
            return "unknown_class", None
        vehicle = self._tags.get(row["tag"]) or self._plates.get(row["plate"])
        if vehicle is None:
            return self._nobody(row), None
        policy = self._world.operators[operator].class_policy
        if policy == "hold" and seen not in (None, vehicle.class_code):
            return "class_mismatch", None
        charged = seen if policy == "detected" else vehicle.class_code
        if row["amount"]:
            return "", Decimal(row["amount"])
        price = self._world.tariffs.price(
            operator, plaza.code, row["entry_plaza"] or "", charged, at
        )
        return ("", price) if price is not None else ("no_tariff", None)

    def _nobody(self, row):
        if row["tag"] in self._stolen:
            return "blocked_tag"
        if row["tag"] in self._spare:
            return "unassigned_tag"
        if row["tag"]:
            return "unknown_tag"
        return "unknown_plate" if row["plate"] else "no_identity"
