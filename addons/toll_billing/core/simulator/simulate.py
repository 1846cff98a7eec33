"""Write the files that operators would send of a simulated world, and the truth."""

import gzip
import json
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from ..intake.layout import UNIVERSAL
from .lane import DUPLICATE, Lanes
from .noise import Noise
from .traffic import Traffic, days_from, generator, share_out

HEADER = ",".join(UNIVERSAL)
TRUTH = (
    "file",
    "line",
    "operator",
    "ref",
    "plate",
    "tag",
    "expected_state",
    "expected_reason",
    "expected_amount",
    "true_at",
    "kind",
)
LOADED, REPEATED, REFUSED = "loaded", "repeated", "refused"
AGAIN = 500  # lines of a file that is sent again with other bytes
SPOILED = 1 << 20  # bytes kept of a file that arrives damaged


def simulate(world, days, crossings, seed, out_dir, start, noise=None, spoil=True):
    """Write the crossing files of some days, ``truth.csv`` and ``world.json``.

    Load the files of an operator in the order of their names, or of the list ``files``
    in ``world.json``: only then the truth about repeated references holds.

    :param World world: the operators, plazas, vehicles and prices
    :param int days: number of days
    :param int crossings: true crossings in all; a little more lines are written
    :param seed: the same seed and world give the same files, byte for byte
    :param out_dir: folder to write to; made when it is not there
    :param date start: first day
    :param Noise noise: what goes wrong how often
    :param bool spoil: also write damaged and repeated files
    :return: dict of numbers
    """
    if days < 1 or crossings < 1:
        raise ValueError("At least one day and one crossing are needed.")
    rnd = generator(f"{seed} {days} {crossings} {start}")
    out = Path(out_dir)
    out.mkdir(parents=True, exist_ok=True)
    traffic = Traffic(world, rnd)
    lanes = Lanes(world, noise or Noise(), rnd)
    dates = days_from(start, days)
    with Writer(world, out, spoil) as writer:
        for day, count in zip(dates, share_out(crossings, dates), strict=True):
            lanes.begin_day(day)
            writer.begin_day(day)
            true = traffic.day(day, count)
            true.sort(key=lambda crossing: crossing.at)
            for crossing in true:
                for report in lanes.report(crossing):
                    writer.add(report, crossing.plaza.operator)
            writer.end_day()
        writer.end()
        return writer.summary(crossings)


class Writer:
    """Write reports to files, one per operator and day, and keep the truth beside."""

    def __init__(self, world, out, spoil):
        self._world, self._out, self._spoil = world, out, spoil
        self._later = {code: {} for code in world.operators}
        self._open, self._files, self._counts = {}, [], {}
        self._number = self._lines = self._opened = 0
        self._stem = ""

    def __enter__(self):
        self._truth = (self._out / "truth.csv").open("w", encoding="utf-8")
        self._truth.write(",".join(TRUTH) + "\n")
        return self

    def __exit__(self, *_error):
        self._truth.close()

    def begin_day(self, day):
        """Name the files of a day; what is late by now comes first in them."""
        self._stem = f"{day:%Y%m%d}"
        for code, later in self._later.items():
            for report in later.pop(self._number, ()):
                self._write(report, code)

    def add(self, report, operator):
        """Take up a report for its operator's file of today, or of a later day."""
        if report.delay:
            due = self._number + report.delay
            self._later[operator].setdefault(due, []).append(report)
        else:
            self._write(report, operator)

    def end_day(self):
        """Close the files of a day, and spoil some."""
        for code in sorted(self._open):
            self._close(code, self._open[code])
        self._open = {}
        self._number += 1

    def end(self):
        """Write what is still on its way after the last day, and the world."""
        self._stem += "_late"
        for code, later in self._later.items():
            for due in sorted(later):
                for report in later[due]:
                    self._write(report, code)
        self.end_day()
        world = self._world.to_dict() | {"files": self._files}
        text = json.dumps(world, indent=1, default=str)
        (self._out / "world.json").write_text(text, encoding="utf-8")

    def _write(self, report, code):
        file = self._open.get(code)
        if file is None:
            name = f"{code}_{self._stem}"
            file = self._open[code] = _File(self._out, name, self._opened)
            self._opened += 1
        text = report.text or ",".join(report.cells)
        file.add(text, report)
        self._tell(file.name, file.lines, code, report)

    def _tell(self, name, line, code, report):
        """Write the truth about a line of a file."""
        state, self._lines = report.state, self._lines + 1
        self._counts[state] = self._counts.get(state, 0) + 1
        amount = report.amount if state == "posted" else ""
        ref = "" if report.text else report.ref
        at = datetime.fromtimestamp(report.at, UTC).isoformat()[:19]
        self._truth.write(
            f"{name},{line},{code},{ref},{report.plate},{report.tag},{state},"
            f"{report.reason},{amount},{at}Z,{report.kind}\n"
        )

    def _close(self, code, file):
        file.close()
        rows = file.lines - 1
        if self._spoil and file.number % 5 == 1:
            # It arrives damaged at first; then the whole file is sent
            self._list(file.damaged(), code, REFUSED, 0)
        self._list(file.name, code, LOADED, rows)
        if self._spoil and file.number % 4 == 2:
            self._list(file.copied(), code, REPEATED, 0)
        if self._spoil and file.number % 3 == 0 and rows > 1:
            name, reports = file.sent_again()
            self._list(name, code, LOADED, len(reports))
            for line, report in enumerate(reports, 2):
                report = replace(report, kind="file_again")
                if report.state in ("posted", "held"):
                    report.state, report.reason = DUPLICATE, "repeated"
                self._tell(name, line, code, report)

    def _list(self, name, code, expected, rows):
        self._files.append(
            {"name": name, "operator": code, "expected": expected, "rows": rows}
        )

    def summary(self, crossings):
        """Return what was written, in numbers."""
        return {
            "crossings": crossings,
            "lines": self._lines,
            "files": len(self._files),
            "folder": str(self._out),
            **{f"expected_{state}": n for state, n in sorted(self._counts.items())},
        }


class _File:
    """A crossing file that is being written; every third one is compressed."""

    def __init__(self, folder, stem, number):
        self._folder, self._stem = folder, stem
        self.number, self.lines, self.first = number, 1, []
        self._suffix = ".csv.gz" if number % 3 == 1 else ".csv"
        self.name = stem + self._suffix
        self._raw = (folder / self.name).open("wb")
        self._out = self._raw
        if self._suffix.endswith(".gz"):
            # No name and no time in it: the same seed gives the same bytes
            self._out = gzip.GzipFile("", "wb", 5, self._raw, mtime=0)
        self._pending = [HEADER]

    def add(self, text, report):
        """Append a line."""
        self.lines += 1
        self._pending.append(text)
        if len(self.first) < AGAIN:
            self.first.append((text, report))
        if len(self._pending) >= 5_000:
            self._flush()

    def _flush(self):
        if self._pending:
            self._out.write(_encoded(self._pending))
            self._pending = []

    def close(self):
        """Finish the file."""
        self._flush()
        self._out.close()
        self._raw.close()

    def damaged(self):
        """Write a file as it arrives when something fails on the way."""
        name = f"{self._stem}_damaged{self._suffix}"
        data = (self._folder / self.name).read_bytes()
        if self._suffix == ".csv":
            data = data[:SPOILED].decode("utf-8", "replace").encode("utf-16")
        else:
            data = data[: min(len(data) * 2 // 3, SPOILED)]
        (self._folder / name).write_bytes(data)
        return name

    def copied(self):
        """Write the same bytes under another name."""
        name = f"{self._stem}_copy{self._suffix}"
        shutil.copyfile(self._folder / self.name, self._folder / name)
        return name

    def sent_again(self):
        """Write the first lines again, newest first: other bytes, same crossings."""
        name = f"{self._stem}_again.csv"
        again = self.first[::-1]
        lines = [HEADER, *(text for text, _report in again)]
        (self._folder / name).write_bytes(_encoded(lines))
        return name, [report for _text, report in again]


def _encoded(lines):
    return "\n".join([*lines, ""]).encode("utf-8", "surrogateescape")


def run(args, world):
    """Run ``odoo toll simulate`` with its parsed options on a world of plain values.

    :param args: object with days, crossings, seed, out, start (date), and, optional,
        accounts: without vehicles in ``world`` one is invented with so many accounts
    :param world: dict as World.from_dict takes it, a World, or None to invent one
    """
    from .world import World

    if isinstance(world, dict):
        world = World.from_dict(world)
    if world is None:
        world = World.invent(args.seed, getattr(args, "accounts", None) or 2_000)
    if not isinstance(args.start, date):
        raise TypeError("args.start must be a date")
    return simulate(world, args.days, args.crossings, args.seed, args.out, args.start)
