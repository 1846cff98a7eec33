"""Compare what became of simulated crossings with the truth, and print the figures.

    python tests/sim/score.py FOLDER RESULT.csv

``FOLDER`` is what ``odoo toll simulate`` wrote; ``RESULT.csv`` holds what the suite
made of it, one row per received line, with the columns file, line, state, reason and
amount. A test with a database builds the same rows and calls :func:`score`.
"""

import csv
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path

STATES = ("posted", "held", "rejected", "duplicate", "offset")


class Score:
    """Counts of a comparison; ``wrong`` holds the first differences as text."""

    def __init__(self):
        self.lines = 0
        self.right = Counter()
        self.expected = Counter()
        self.got = Counter()
        self.by_kind = {}
        self.reason_right = 0
        self.amount_right = self.amount_lines = 0
        self.amount_expected = self.amount_got = Decimal(0)
        self.missing = self.unknown = 0
        self.wrong = []

    @property
    def accuracy(self):
        """Share of the lines with the right fate, reason and amount."""
        return 1 - len(self.wrong_lines) / self.lines if self.lines else 1.0

    wrong_lines = ()

    def table(self):
        """Return the figures as text."""
        rows = [f"{'fate':<12}{'expected':>12}{'got':>12}{'right':>12}{'accuracy':>12}"]
        for state in STATES:
            wanted = self.expected[state]
            if wanted or self.got[state]:
                share = f"{self.right[state] / wanted:.4%}" if wanted else "-"
                rows.append(
                    f"{state:<12}{wanted:>12,}{self.got[state]:>12,}"
                    f"{self.right[state]:>12,}{share:>12}"
                )
        rows.append("")
        rows.append(f"{'kind':<20}{'lines':>12}{'right':>12}{'accuracy':>12}")
        for kind, (lines, right) in sorted(self.by_kind.items()):
            rows.append(f"{kind:<20}{lines:>12,}{right:>12,}{right / lines:>12.4%}")
        rows += [
            "",
            f"lines {self.lines:,}, without a fate {self.missing:,}, "
            f"not in the truth {self.unknown:,}",
            f"reason right {self.reason_right:,} of {self.lines:,}",
            f"amount right {self.amount_right:,} of {self.amount_lines:,}; "
            f"expected {self.amount_expected:,.2f}, got {self.amount_got:,.2f}",
            f"accuracy {self.accuracy:.5%}",
        ]
        return "\n".join(rows)


def score(truth, results):
    """Compare the truth with the results.

    :param truth: iterable of dicts as in truth.csv
    :param results: iterable of dicts with file, line, state, reason, amount
    :return: Score
    """
    found = {(row["file"], int(row["line"])): row for row in results}
    total = Score()
    wrong = set()
    for row in truth:
        key = (row["file"], int(row["line"]))
        got = found.pop(key, None)
        total.lines += 1
        total.expected[row["expected_state"]] += 1
        problem = _compare(total, row, got)
        lines, right = total.by_kind.get(row["kind"], (0, 0))
        total.by_kind[row["kind"]] = (lines + 1, right + (not problem))
        if problem:
            wrong.add(key)
            if len(total.wrong) < 50:
                total.wrong.append(f"{key[0]}:{key[1]} ({row['kind']}): {problem}")
    total.unknown = len(found)
    for got in found.values():
        total.got[got["state"]] += 1
    total.wrong_lines = wrong
    return total


def _compare(total, row, got):
    """Count one line; return what is wrong with it, or an empty text."""
    if got is None:
        total.missing += 1
        return "no fate"
    total.got[got["state"]] += 1
    problem = ""
    if got["state"] == row["expected_state"]:
        total.right[got["state"]] += 1
    else:
        problem = f"{got['state']} instead of {row['expected_state']}"
    if (got["reason"] or "") == row["expected_reason"]:
        total.reason_right += 1
    else:
        problem = problem or (
            f"reason {got['reason'] or '-'} instead of {row['expected_reason'] or '-'}"
        )
    if row["expected_amount"]:
        wanted = Decimal(row["expected_amount"])
        amount = Decimal(str(got["amount"] or 0))
        total.amount_lines += 1
        total.amount_expected += wanted
        total.amount_got += amount if got["state"] == "posted" else 0
        if amount == wanted:
            total.amount_right += 1
        else:
            problem = problem or f"amount {amount} instead of {wanted}"
    return problem


def read_truth(folder):
    """Yield the rows of a simulation's truth."""
    with (Path(folder) / "truth.csv").open(encoding="utf-8") as file:
        yield from csv.DictReader(file)


def main(folder, result):
    """Print the table; return 1 where something is wrong."""
    with Path(result).open(encoding="utf-8") as file:
        total = score(read_truth(folder), csv.DictReader(file))
    print(total.table())
    for problem in total.wrong:
        print(" ", problem)
    return int(bool(total.wrong or total.unknown))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
