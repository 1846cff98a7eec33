"""Run the main job through the project's own commands (see scripts/demo-day)."""

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from datetime import datetime
from itertools import groupby
from pathlib import Path

ODOO = Path(os.environ["ROOT"]) / "scripts" / "odoo"
DATABASE = os.environ["TOLL_DB"]
FATES = ("posted", "held", "rejected", "duplicate", "offset")
ACCOUNTS = "1200"


def toll(*args, accept=(0,)):
    """Run ``odoo toll …`` and return its JSON answer."""
    done = subprocess.run(
        [ODOO, "toll", *args, "-d", DATABASE, "--json"],
        stdout=subprocess.PIPE,
        text=True,
    )
    if done.returncode not in accept:
        sys.exit(f"odoo toll {args[0]} ended with {done.returncode}:\n{done.stdout}")
    return json.loads(done.stdout)


def load(folder):
    """Load the files in their order; check that each meets the end it should."""
    files = json.loads((folder / "world.json").read_text())["files"]
    results = []
    for operator, group in groupby(files, key=lambda file: file["operator"]):
        group = list(group)
        refused = any(file["expected"] == "refused" for file in group)
        paths = [folder / file["name"] for file in group]
        # a refused file makes the command say so with its exit status
        answers = toll(
            "import", *paths, "--operator", operator, accept=(1,) if refused else (0,)
        )
        for file, answer in zip(group, answers, strict=True):
            state = "refused" if file["expected"] == "refused" else "done"
            if answer["state"] != state:
                sys.exit(f"{file['name']}: expected {state}, was {answer['state']}")
            results.append((file, answer))
    return results


def show(results):
    """Print every file and the totals: received = sum of the five fates."""
    print(f"\n  {'file':<32}{'received':>14}" + "".join(f"{f:>14}" for f in FATES))
    count, money = Counter(), Counter()
    for file, answer in results:
        if file["expected"] == "refused":
            print(f"  {file['name']:<32} refused: {answer['fault']}")
            continue
        if file["expected"] == "repeated":
            print(f"  {file['name']:<32} the same content again: nothing added")
            continue
        print(
            f"  {file['name']:<32}{answer['received']:>14,}"
            + "".join(f"{answer[fate]:>14,}" for fate in FATES)
        )
        for name in ("received", *FATES):
            count[name] += answer[name]
            money[name] += float(answer[f"amount_{name}"])
    for label, sums, form in (("total", count, ",.0f"), ("money", money, ",.2f")):
        print(
            f"  {label:<32}{format(sums['received'], form):>14}"
            + "".join(f"{format(sums[fate], form):>14}" for fate in FATES)
        )
    if count["received"] != sum(count[fate] for fate in FATES):
        sys.exit("NOT CONSERVED")
    print("  received = posted + held + rejected + duplicate + offset\n")


def main():
    with tempfile.TemporaryDirectory(prefix="toll-day-") as out:
        folder = Path(out)
        toll(
            "simulate",
            "--days",
            "1",
            "--crossings",
            sys.argv[1],
            "--seed",
            "2026",
            "--accounts",
            ACCOUNTS,
            "--out",
            out,
        )
        show(load(folder))
    today = datetime.now().astimezone().date()
    bill = toll("bill", "--cycle", "MONTHLY", "--until", today.isoformat(), "--confirm")
    print(
        f"  billing run {bill['run']}: {bill['statements']} statements,"
        f" {bill['invoices']} invoices, {float(bill['amount']):,.2f} in all"
    )
    failed = [rule for rule in toll("check", accept=(0, 1)) if rule["differences"]]
    for rule in failed:
        print(f"  FAIL {rule['code']} {rule['label']}: {rule['differences']}")
    if failed:
        sys.exit("the check found differences")
    print("  odoo toll check: every rule holds\n")


main()
