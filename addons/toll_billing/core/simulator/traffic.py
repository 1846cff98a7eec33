"""Who drives where and when: true crossings, before anything goes wrong."""

import random
from bisect import bisect
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

# Crossings per hour of the day on Mexican motorways: commuters, lunch, the way home;
# on Fridays people leave in the evening, on Sundays they come back
_WORKDAY = (8, 6, 5, 6, 12, 28, 55, 78, 70, 55, 48, 47, 50, 54, 58, 60, 64, 74, 82, 70)
_WORKDAY += (48, 34, 22, 14)
_FRIDAY = (8, 6, 5, 6, 12, 27, 52, 72, 66, 54, 50, 52, 58, 66, 76, 86, 96, 104, 106, 96)
_FRIDAY += (76, 58, 38, 22)
_SATURDAY = (
    14,
    9,
    7,
    7,
    12,
    24,
    42,
    62,
    78,
    88,
    90,
    86,
    78,
    72,
    66,
    62,
    60,
    58,
    56,
    50,
)
_SATURDAY += (42, 34, 26, 18)
_SUNDAY = (
    14,
    9,
    6,
    5,
    7,
    12,
    22,
    34,
    46,
    58,
    66,
    70,
    74,
    78,
    84,
    92,
    100,
    106,
    104,
    94,
)
_SUNDAY += (76, 54, 32, 18)
HOURS = (*[_WORKDAY] * 4, _FRIDAY, _SATURDAY, _SUNDAY)
VOLUME = (0.96, 0.92, 0.94, 1.0, 1.18, 1.02, 1.05)  # days of the week, from Monday
_TRIES = 12  # looks for a vehicle that is free
_TRIPS = 6  # of one vehicle in a day
_FAR = 10_800  # seconds after which a vehicle can be anywhere


@dataclass(slots=True, eq=False)
class Crossing:
    """A vehicle that really passed a lane.

    :ivar at: UTC timestamp, whole seconds
    :ivar lane: index in the plaza's lanes
    """

    at: int
    plaza: object
    lane: int
    vehicle: object
    entry: object = None
    entry_at: int = 0


@dataclass(slots=True, eq=False)
class _Trip:
    start: int
    end: int
    first: object
    last: object

    def fits(self, trips):
        """Tell whether a vehicle with these trips can make this one too."""
        if len(trips) >= _TRIPS:
            return False
        start, end = self.start, self.end
        for other in trips:
            if start >= other.end:
                gap, one, two = start - other.end, other.last, self.first
            else:
                gap, one, two = other.start - end, self.last, other.first
            if gap < 300 or (gap < _FAR and gap < _way(one, two)):
                return False
        return True


def _way(one, two):
    """Return the seconds that a vehicle needs at least from plaza to plaza."""
    if one.road and one.road == two.road:
        return 300 + int(abs(one.km - two.km) * 1000 / 30)
    return 5400


class Traffic:
    """Make the true crossings of a world, day by day.

    A vehicle is at one place at a time: its trips do not overlap, and between two
    plazas of a trip it needs the time of the way.
    """

    def __init__(self, world, rnd):
        self._rnd = rnd
        self._roads = world.roads()
        self._pairs = world.entry_exits()
        routes = [*self._roads, *self._pairs]
        if not routes:
            raise ValueError("The world has no plaza with lanes where one can cross.")
        if not world.vehicles:
            raise ValueError("The world has no vehicles.")
        # A few roads carry most of the traffic
        self._weights = list(
            accumulate(
                (1 / (rank + 2)) * (len(route) if rank < len(self._roads) else 0.3)
                for rank, route in enumerate(routes)
            )
        )
        self._vehicles = world.vehicles
        self._lanes = {}

    def day(self, day, count):
        """Return ``count`` crossings of a day, in no order."""
        rnd, crossings, busy = self._rnd, [], {}
        hours = list(accumulate(HOURS[day.weekday()]))
        midnights = {}
        while len(crossings) < count:
            number = bisect(self._weights, rnd.random() * self._weights[-1])
            second = bisect(hours, rnd.random() * hours[-1]) * 3600
            second += int(rnd.random() * 3600)
            if number < len(self._roads):
                legs, tz = self._along(self._roads[number]), self._roads[number][0].tz
            else:
                entry, leave = self._pairs[number - len(self._roads)]
                legs, tz = self._through(entry, leave), leave.tz
            if tz not in midnights:
                local = datetime.combine(day, time(), tzinfo=ZoneInfo(tz))
                midnights[tz] = int(local.astimezone(UTC).timestamp())
            start = midnights[tz] + second
            first, last = legs[0][3] or legs[0][0], legs[-1][0]
            vehicle = self._idle(busy, _Trip(start, start + legs[-1][1], first, last))
            crossings += [
                Crossing(
                    start + after,
                    plaza,
                    lane,
                    vehicle,
                    entry,
                    start if entry else 0,
                )
                for plaza, after, lane, entry in legs
            ]
        del crossings[count:]
        return crossings

    def _idle(self, busy, trip):
        """Return a vehicle that is registered and can make the trip; note the trip."""
        rnd, vehicles = self._rnd, self._vehicles
        size = len(vehicles)
        vehicle = None
        for attempt in range(_TRIES):
            share = rnd.random()
            # A few drive much; when those are on their way, it is anybody
            place = share * share if attempt < 4 else share
            candidate = vehicles[int(size * place)]
            if candidate.known_from > trip.start:
                continue
            vehicle = candidate
            trips = busy.get(vehicle)
            if trips is None:
                busy[vehicle] = [trip]
                return vehicle
            if trip.fits(trips):
                trips.append(trip)
                return vehicle
        if vehicle is None:
            raise ValueError(
                "No vehicle is registered before the simulated days: start later."
            )
        return vehicle  # more crossings were asked for than the fleet can make

    def _along(self, road):
        """Return the legs of a trip over neighbouring plazas of an open road."""
        rnd, size = self._rnd, len(road)
        first = int(rnd.random() * size)
        forward = rnd.random() < 0.5
        step = 1 if forward else -1
        legs, index, seconds = [], first, 0
        speed = 20 + rnd.random() * 12  # metres per second
        while True:
            plaza = road[index]
            legs.append((plaza, seconds, self._lane(plaza, forward), None))
            following = index + step
            if not 0 <= following < size or rnd.random() < 0.45:
                return legs
            way = abs(road[following].km - plaza.km) or 20.0
            seconds += int(way * 1000 / speed) + 30
            index = following

    def _through(self, entry, leave):
        way = abs(leave.km - entry.km) or 30.0
        seconds = int(way * 1000 / (20 + self._rnd.random() * 12)) + 60
        return [(leave, seconds, self._lane(leave, True), entry)]

    def _lane(self, plaza, forward):
        """Return a lane of the way, by its index; the inner lanes see more traffic."""
        key = (plaza, forward)
        lanes = self._lanes.get(key)
        if lanes is None:
            names = sorted({lane[2] for lane in plaza.lanes})
            wanted = names[0] if forward else names[-1]
            lanes = [n for n, lane in enumerate(plaza.lanes) if lane[2] == wanted]
            self._lanes[key] = lanes
        return lanes[int(len(lanes) * self._rnd.random())]


def share_out(total, days):
    """Return the crossings of each day: whole numbers that add up to the total.

    >>> from datetime import date
    >>> share_out(100, [date(2026, 3, 2), date(2026, 3, 6)])
    [45, 55]
    """
    weights = list(accumulate(VOLUME[day.weekday()] for day in days))
    marks = [round(total * weight / weights[-1]) for weight in weights]
    return [mark - before for before, mark in zip([0, *marks], marks, strict=False)]


def days_from(start, days):
    """Return the dates of a number of days."""
    return [start + timedelta(days=number) for number in range(days)]


def generator(seed):
    """Return the random numbers of a seed (a text or a number)."""
    return random.Random(str(seed))
