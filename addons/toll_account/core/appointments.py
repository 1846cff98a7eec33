"""Slots of an office, and the calendar file of an appointment."""

from datetime import datetime, timedelta


def day_slots(day, hours, minutes, zone):
    """Starts (with zone) of the slots of a day: hours are (from, to) as 9.5 for 9:30.

    >>> from datetime import date
    >>> from zoneinfo import ZoneInfo
    >>> zone = ZoneInfo("America/Mexico_City")
    >>> [f"{s:%H:%M}" for s in day_slots(date(2026, 3, 2), [(9, 10.25)], 30, zone)]
    ['09:00', '09:30']
    """
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    starts = []
    for first, last in sorted(hours):
        minute, end = round(first * 60), round(last * 60)
        while minute + minutes <= end:
            starts.append(midnight + timedelta(minutes=minute))
            minute += minutes
    return starts


def escape(text):
    r"""Text of a calendar file.

    >>> escape("a, b; c\nd")
    'a\\, b\\; c\\nd'
    """
    text = (text or "").replace("\\", "\\\\").replace("\r", "").replace("\n", "\\n")
    return text.replace(",", "\\,").replace(";", "\\;")


def calendar_file(uid, start, end, title, place, now, sequence=0, is_cancelled=False):
    r"""An event as RFC 5545 has it; times are UTC.

    >>> from datetime import datetime
    >>> at = datetime(2026, 3, 2, 15)
    >>> text = calendar_file("1@x", at, at, "Office, centre", "Main St 1", at)
    >>> "SUMMARY:Office\\, centre\r\n" in text, text.endswith("END:VCALENDAR\r\n")
    (True, True)
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Toll Suite//Appointments//EN",
        "METHOD:CANCEL" if is_cancelled else "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:{uid}",
        f"SEQUENCE:{sequence}",
        f"DTSTAMP:{now:%Y%m%dT%H%M%SZ}",
        f"DTSTART:{start:%Y%m%dT%H%M%SZ}",
        f"DTEND:{end:%Y%m%dT%H%M%SZ}",
        f"SUMMARY:{escape(title)}",
        f"LOCATION:{escape(place)}",
        f"STATUS:{'CANCELLED' if is_cancelled else 'CONFIRMED'}",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(f"{part}\r\n" for line in lines for part in fold(line))


def fold(line):
    """Lines of at most 75 bytes; what follows begins with a blank.

    >>> [len(part.encode()) for part in fold("é" * 60)]
    [74, 47]
    """
    parts, rest = [], line
    while rest:
        part = rest[:74]
        while len((" " * bool(parts) + part).encode()) > 75:
            part = part[:-1]
        parts.append(" " * bool(parts) + part)
        rest = rest[len(part) :]
    return parts
