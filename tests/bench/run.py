"""Run every benchmark on databases of its own; write bench.json and print a table.

    tests/bench/run.py [load] [full] [invoices] [api] [pages] [public] [pages_full]
                         [list]

``full`` measures the load again with 20 million rows stored (half an hour and some
15 GB), ``pages_full`` the pages with as many and a million accounts; the others are the
default. BENCH_ROWS, BENCH_ACCOUNTS and BENCH_STORED change
the sizes.
"""

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
#: part → (script, extra environment)
PARTS = {
    "load": ("bench_load.py", {}),
    "full": ("bench_load.py", {"BENCH_STORED": "20000000"}),
    "invoices": ("bench_invoices.py", {}),
    "api": ("bench_api.py", {}),
    "pages": ("bench_pages.py", {}),
    "public": ("bench_public.py", {}),
    "list": ("bench_list.py", {}),
    "pages_full": (
        "bench_pages.py",
        {"BENCH_ACCOUNTS": "1000000", "BENCH_STORED": "20000000"},
    ),
}
DEFAULT = ("load", "invoices", "api", "pages", "public", "list")


def measure(part):
    """Run one benchmark inside ``odoo shell`` on a fresh database."""
    script, extra = PARTS[part]
    database = f"toll_bench_{uuid.uuid4().hex[:8]}"
    subprocess.run([ROOT / "scripts/db", database], check=True, cwd=ROOT)
    try:
        done = subprocess.run(
            [ROOT / "scripts/odoo", "shell", "-d", database, "--no-http"],
            input=f"exec(open({str(HERE / script)!r}).read())",
            env={
                **extra,
                **os.environ,
                "BENCH_WORLD": str(ROOT / "tests/volume"),
                "BENCH_DATABASE": database,
                "BENCH_ROOT": str(ROOT),
            },
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
    finally:
        subprocess.run([ROOT / "scripts/db", "--drop", database], cwd=ROOT, check=False)
    for line in done.stdout.splitlines():
        if "RESULT " in line:
            return json.loads(line.split("RESULT ", 1)[1])
    sys.exit(f"{script} gave no result:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")


def rows(prefix, value):
    """Flatten a result to (name, value) lines."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from rows(f"{prefix} {name}", inner)
    else:
        yield prefix, value


def main(parts):
    results = {}
    for part in parts or DEFAULT:
        print(f"== {part}", flush=True)
        results[part] = measure(part)
        for name, value in rows(part, results[part]):
            print(f"  {name:<52} {value}")
    (ROOT / "bench.json").write_text(json.dumps(results, indent=2) + "\n")
    print("written to bench.json")


if __name__ == "__main__":
    main(sys.argv[1:])
