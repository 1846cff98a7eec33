"""What the lanes report of what really happened, and what must become of it."""

from bisect import bisect
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

POSTED, HELD, REJECTED, DUPLICATE = "posted", "held", "rejected", "duplicate"
_YEAR = 365 * 86_400
_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"


@dataclass(slots=True, eq=False)
class Report:
    """One line of a file and its truth.

    :ivar cells: text of the universal columns
    :ivar text: the line itself, where it is damaged
    """

    cells: list
    at: int
    plate: str
    tag: str
    state: str
    reason: str
    amount: str
    kind: str = "normal"
    text: str = ""
    delay: int = 0

    @property
    def ref(self):
        """The operator's reference as sent."""
        return self.cells[1]


class Lanes:
    """Turn true crossings into reports."""

    def __init__(self, world, noise, rnd):
        self._world = world
        self._rnd = rnd
        self._names, self._sums = noise.thresholds()
        self._clocks = {}
        self._codes = {code: op.classes for code, op in world.operators.items()}
        self._others = {
            code: sorted(set(world.operators) - {code})[:1] for code in world.operators
        }
        self._counts = {}
        self._prefix = ""

    def begin_day(self, day):
        """Number the references of a new day from one."""
        self._prefix = day.strftime("%y%m%d")
        self._counts = {}

    def report(self, crossing):
        """Return the reports of one true crossing: mostly one."""
        share = self._rnd.random()
        if not self._sums or share >= self._sums[-1]:
            return [self._plain(crossing)]
        return getattr(self, "_" + self._names[bisect(self._sums, share)])(crossing)

    # Parts

    def _ref(self, operator):
        count = self._counts[operator] = self._counts.get(operator, 0) + 1
        return f"{self._prefix}-{count:07d}"

    def _local(self, at, tz):
        """Return (text to the minute, offset text, local datetime) of a minute."""
        key = (at // 60, tz)
        found = self._clocks.get(key)
        if found is None:
            if len(self._clocks) > 50_000:
                self._clocks.clear()
            moment = datetime.fromtimestamp(at // 60 * 60, UTC).astimezone(ZoneInfo(tz))
            text = moment.isoformat()
            found = self._clocks[key] = (text[:17], text[19:], moment)
        return found

    def _plain(self, crossing, tag=None, plate=None, class_code=None):
        """Return the report of a crossing as it should be."""
        at, plaza, vehicle = crossing.at, crossing.plaza, crossing.vehicle
        operator = self._world.operators[plaza.operator]
        minute, offset, local = self._local(at, plaza.tz)
        if tag is None:
            tag = vehicle.tag
            if plate is None and (not tag or at & 3 == 0):  # one of four has a camera
                plate = vehicle.plate
        seen = class_code or vehicle.class_code
        entry = crossing.entry
        entry_code = entry_at = ""
        if entry is not None:
            entry_code = entry.code
            head, tail, _local = self._local(crossing.entry_at, entry.tz)
            entry_at = f"{head}{crossing.entry_at % 60:02d}{tail}"
        charged = seen if operator.class_policy == "detected" else vehicle.class_code
        price = self._world.tariffs.price(
            operator.code, plaza.code, entry_code, charged, local
        )
        amount = "" if price is None else str(price)
        state, reason = (POSTED, "") if amount else (HELD, "no_tariff")
        if vehicle.account_state in ("draft", "closed"):
            state, reason = HELD, "inactive_account"
        elif seen != vehicle.class_code and operator.class_policy == "hold":
            state, reason = HELD, "class_mismatch"
        lane, _position, direction = plaza.lanes[crossing.lane]
        cells = [
            operator.code,
            self._ref(operator.code),
            f"{minute}{at % 60:02d}{offset}",
            plaza.code,
            lane,
            tag,
            plate or "",
            self._codes[operator.code].get(seen, ""),
            direction,
            entry_code,
            entry_at,
            "",
            amount if operator.sends_amount else "",
            operator.currency,
            "",
        ]
        return Report(cells, at, vehicle.plate, vehicle.tag, state, reason, amount)

    def _judged(self, report, kind, state, reason):
        report.kind, report.state, report.reason = kind, state, reason
        return [report]

    def _garbled(self, text, known):
        """Return the text with one sign changed, so that nobody has it."""
        while True:
            at = int(self._rnd.random() * len(text))
            old = text[at]
            pool = "0123456789" if old.isdigit() else _LETTERS
            changed = text[:at] + self._rnd.choice(pool) + text[at + 1 :]
            if changed not in known:
                return changed

    def _nobodys_tag(self):
        while (tag := f"CPFI{int(self._rnd.random() * 10**8):08d}") in self._world.tags:
            pass
        return tag

    def _nobodys_plate(self):
        while True:
            plate = "".join(self._rnd.choices(_LETTERS, k=3))
            plate += f"{int(self._rnd.random() * 10**4):04d}Z"
            if plate not in self._world.plates:
                return plate

    # Mishaps: what the lane reads

    def _plate_only(self, crossing):
        report = self._plain(crossing, tag="", plate=crossing.vehicle.plate)
        report.kind = "plate_only"
        return [report]

    def _plate_misread(self, crossing):
        plate = self._garbled(crossing.vehicle.plate, self._world.plates)
        report = self._plain(crossing, tag="", plate=plate)
        return self._judged(report, "plate_misread", HELD, "unknown_plate")

    def _tag_misread_plate(self, crossing):
        vehicle = crossing.vehicle
        tag = self._garbled(vehicle.tag, self._world.tags) if vehicle.tag else ""
        report = self._plain(crossing, tag=tag, plate=vehicle.plate)
        report.kind = "tag_misread_plate"
        return [report]

    def _tag_misread(self, crossing):
        if not crossing.vehicle.tag:
            return [self._plain(crossing)]
        tag = self._garbled(crossing.vehicle.tag, self._world.tags)
        report = self._plain(crossing, tag=tag)
        return self._judged(report, "tag_misread", HELD, "unknown_tag")

    def _no_identity(self, crossing):
        report = self._plain(crossing, tag="", plate="")
        return self._judged(report, "no_identity", HELD, "no_identity")

    def _strange(self, crossing, tag, plate, kind, reason):
        report = self._plain(crossing, tag=tag, plate=plate)
        report.plate, report.tag = plate, tag
        return self._judged(report, kind, HELD, reason)

    def _stranger_tag(self, crossing):
        plate = self._nobodys_plate()
        shown = plate if self._rnd.random() < 0.5 else ""
        (report,) = self._strange(
            crossing, self._nobodys_tag(), shown, "stranger_tag", "unknown_tag"
        )
        report.plate = plate
        return [report]

    def _stranger_plate(self, crossing):
        plate = self._nobodys_plate()
        return self._strange(crossing, "", plate, "stranger_plate", "unknown_plate")

    def _spare_tag(self, crossing):
        if not self._world.spare_tags:
            return [self._plain(crossing)]
        tag = self._rnd.choice(self._world.spare_tags)
        return self._strange(crossing, tag, "", "spare_tag", "unassigned_tag")

    def _stolen_tag(self, crossing):
        known = [tag for tag, at in self._world.stolen if at < crossing.at]
        if not known:
            return [self._plain(crossing)]
        tag = self._rnd.choice(known)
        return self._strange(crossing, tag, "", "stolen_tag", "blocked_tag")

    def _wrong_class(self, crossing):
        classes = self._codes[crossing.plaza.operator]
        own = crossing.vehicle.class_code
        others = [code for code in classes if code != own]
        if own not in classes or not others:
            return [self._plain(crossing)]
        report = self._plain(crossing, class_code=self._rnd.choice(others))
        report.kind = "wrong_class"
        return [report]

    def _wrong_code(self, crossing, column, kind):
        report = self._plain(crossing)
        report.cells[column] = "?" + report.cells[column]
        return self._judged(report, kind, HELD, kind)

    def _unknown_plaza(self, crossing):
        return self._wrong_code(crossing, 3, "unknown_plaza")

    def _unknown_lane(self, crossing):
        return self._wrong_code(crossing, 4, "unknown_lane")

    def _unknown_class(self, crossing):
        return self._wrong_code(crossing, 7, "unknown_class")

    def _other_operator(self, crossing):
        report = self._plain(crossing)
        report.cells[0] = (self._others[report.cells[0]] or ["OTHER"])[0]
        return self._judged(report, "other_operator", REJECTED, "other_operator")

    # Mishaps: times

    def _future(self, crossing):
        report = self._plain(replace(crossing, at=crossing.at + 30 * _YEAR))
        return self._judged(report, "future", REJECTED, "future")

    def _too_old(self, crossing):
        report = self._plain(replace(crossing, at=crossing.at - 5 * _YEAR))
        return self._judged(report, "too_old", REJECTED, "too_old")

    def _no_offset(self, crossing):
        report = self._plain(crossing)
        text = report.cells[2] = report.cells[2][:19]
        report.kind = "no_offset"
        zone = ZoneInfo(crossing.plaza.tz)
        local = datetime.fromisoformat(text)
        first = local.replace(tzinfo=zone, fold=0).utcoffset()
        if first != local.replace(tzinfo=zone, fold=1).utcoffset():
            report.state, report.reason = REJECTED, "ambiguous_time"
        return [report]

    # Mishaps: more than one report, or a later one

    def _twice(self, crossing, again, kind):
        first = self._plain(crossing)
        second = self._plain(again)
        second.kind = kind
        return [first, second]

    def _bounce(self, crossing):
        again = replace(crossing, at=crossing.at + 1 + int(self._rnd.random() * 3))
        return self._twice(crossing, again, "bounce")

    def _double_read(self, crossing):
        lanes = crossing.plaza.lanes
        if len(lanes) < 2:
            return [self._plain(crossing)]
        beside = (
            crossing.lane + 1 if crossing.lane + 1 < len(lanes) else crossing.lane - 1
        )
        return self._twice(crossing, replace(crossing, lane=beside), "double_read")

    def _repeated(self, crossing, delay):
        first = self._plain(crossing)
        again = replace(first, cells=list(first.cells), delay=delay)
        self._judged(
            again, "repeat_later" if delay else "repeat", DUPLICATE, "repeated"
        )
        return [first, again]

    def _repeat_in_file(self, crossing):
        return self._repeated(crossing, 0)

    def _repeat_later(self, crossing):
        return self._repeated(crossing, 1 + int(self._rnd.random() * 2))

    def _late(self, crossing):
        report = self._plain(crossing)
        report.kind, report.delay = "late", 1 + int(self._rnd.random() * 3)
        return [report]

    # Mishaps: damage on the way

    def _damaged(self, crossing):
        report = self._plain(crossing)
        cells = list(report.cells)
        reason, column, value = self._rnd.choice(_DAMAGES)
        if column is None:
            # Cut within the first columns: the rest of the line is gone
            report.text = ",".join(cells)[: 12 + int(self._rnd.random() * 20)]
        else:
            cells[column] = value.replace("#", cells[column])
            report.text = ",".join(cells)
        report.kind = "damaged"
        report.state, report.reason = REJECTED, reason
        return [report]


_DAMAGES = (
    ("field_count", None, None),
    ("field_count", 4, "#,,"),
    ("malformed", 12, "12.5x"),
    ("malformed", 12, "-40.00"),
    ("malformed", 2, "2026-13-45T99:00:00Z"),
    ("malformed", 2, ""),
    ("malformed", 1, ""),
    ("malformed", 1, "#\x00"),
    ("malformed", 1, "=HYPERLINK(#)"),
    ("malformed", 6, '"#'),
    ("bad_encoding", 8, "\udcd1"),
    ("line_too_long", 14, "x" * 70_000),
)
