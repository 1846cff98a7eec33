"""Count test results.

    test_results.py junit FILE          a JUnit file of pytest
    test_results.py odoo LOG ADDON...   the log of Odoo's own test run

Prints `passed failed skipped`; on standard error whatever makes the counts doubtful.
"""

import re
import sys
from pathlib import Path
from xml.etree import ElementTree

ADDONS = Path(__file__).resolve().parents[2] / "addons"
RESULT = re.compile(
    r"odoo\.tests\.result: (\d+) failed, (\d+) error\(s\) of (\d+) tests when loading"
)
SKIPPED = re.compile(r" INFO \S+ odoo\.addons\.\S+: skipped \S+ : ")
COUNT = re.compile(r" odoo\.tests\.stats: (\w+): (\d+) tests ")


def complain(text):
    print(f"tests: {text}", file=sys.stderr)


def junit(path):
    """Return the counts of a JUnit file; without one nothing was run, which fails."""
    if not Path(path).is_file():
        complain(f"pytest left no {path}")
        return 0, 1, 0
    total = failed = skipped = 0
    for suite in ElementTree.parse(path).getroot().iter("testsuite"):
        total += int(suite.get("tests", 0))
        failed += int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        skipped += int(suite.get("skipped", 0))
    return max(0, total - failed - skipped), failed, skipped


def odoo(path, *addons):
    """Return the counts of an Odoo log.

    Odoo counts skipped tests as run. An addon that has tests of which none was run
    counts as one failure: its tests are not imported, or wrongly tagged.
    """
    text = Path(path).read_text(encoding="utf-8", errors="replace")
    results = RESULT.findall(text)
    if len(results) != 1:
        complain(f"{len(results)} result lines in {path}, wanted one")
        return 0, 1, 0
    failures, errors, total = map(int, results[0])
    skipped = len(SKIPPED.findall(text))
    failed = failures + errors
    passed = max(0, total - failed - skipped)
    counts = {name: int(number) for name, number in COUNT.findall(text)}
    for addon in addons:
        has_tests = any((ADDONS / addon / "tests").glob("test_*.py"))
        if has_tests and not counts.get(addon):
            complain(f"{addon} has tests and none of them was run")
            failed += 1
    return passed, failed, skipped


if __name__ == "__main__":
    count = {"junit": junit, "odoo": odoo}[sys.argv[1]]
    print(*count(*sys.argv[2:]))
