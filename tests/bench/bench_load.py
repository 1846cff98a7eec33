"""Load a file of crossings beside its baselines, in one run (design: speed, rows 1, 2).

Runs inside ``scripts/odoo shell``. Baselines: COPY of the finished rows into an
identical partitioned, indexed table; the ORM's ``create`` of the same rows.
"""

import json
import os
import resource
import sys
import tempfile
import time
from datetime import timedelta

from odoo import api, models, sql_db
from odoo.tools import SQL

from odoo.addons.toll_billing.queries import crossing_table

sys.path.insert(0, os.environ["BENCH_WORLD"])
import world

ROWS = int(os.environ.get("BENCH_ROWS", "1000000"))
STORED = int(os.environ.get("BENCH_STORED", "0"))
ACCOUNTS = int(os.environ.get("BENCH_ACCOUNTS", "20000"))
ORM_ROWS = 2_000


def in_child(work):
    """Run ``work`` in a fresh process; return what it answers and its memory peak."""
    sql_db.close_all()
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.close(reader)
        status = 1
        try:
            answer = work()
            answer["peak_mb"] = round(
                resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            )
            os.write(writer, json.dumps(answer).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return json.loads(text)


def fresh(work, *args):
    """Run ``work(env, …)`` with a cursor of its own (the shell's was closed)."""
    with env.registry.cursor() as cr:
        return work(api.Environment(cr, env.uid, env.context), *args)


def load(env, path):
    """Load a file as ``odoo toll import`` does."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start = time.perf_counter()
    batch, _is_new, spent = env["toll.crossing.batch"]._load_path(path, "V1", None)
    seconds = time.perf_counter() - start
    batch.invalidate_recordset()
    assert batch.state == "done" and batch.is_conserved, batch.fault
    return {
        "batch": batch.id,
        "rows": batch.received,
        "posted": batch.posted,
        "seconds": round(seconds, 2),
        "rows_per_second": round(batch.received / seconds),
        "stages": {name: round(value, 2) for name, value in spent.items()},
        "start_mb": round(before),
    }


def copy_baseline(env, batch_id):
    """COPY the batch's finished rows into an identical, empty, partitioned table."""
    cr = env.cr
    cr.execute(
        "CREATE TABLE bench_copy (LIKE toll_crossing_data INCLUDING ALL)"
        " PARTITION BY RANGE (occurred_at)"
    )
    cr.execute(
        "SELECT min(date_trunc('month', occurred_at))::date, max(occurred_at)::date"
        "  FROM toll_crossing_data WHERE batch_id = %s",
        [batch_id],
    )
    first, last = cr.fetchone()
    month, number = first, 0
    while month <= last:
        following = (month.replace(day=28) + timedelta(days=4)).replace(day=1)
        cr.execute(
            f"CREATE TABLE bench_copy_{number} PARTITION OF bench_copy"
            " FOR VALUES FROM (%s) TO (%s)",
            [month, following],
        )
        month, number = following, number + 1
    cr.execute("CREATE TABLE bench_copy_rest PARTITION OF bench_copy DEFAULT")
    cr.commit()
    with tempfile.TemporaryFile() as rows:
        cr.copy_expert(
            f"COPY (SELECT * FROM toll_crossing_data WHERE batch_id = {int(batch_id)})"
            " TO STDOUT",
            rows,
        )
        rates = []
        for _attempt in range(2):
            rows.seek(0)
            start = time.perf_counter()
            cr.copy_expert("COPY bench_copy FROM STDIN", rows)
            cr.commit()
            seconds = time.perf_counter() - start
            cr.execute("SELECT count(*) FROM bench_copy")
            rates.append(cr.fetchone()[0] / seconds)
            cr.execute("TRUNCATE bench_copy")
            cr.commit()
    cr.execute("DROP TABLE bench_copy")
    cr.commit()
    return rates


def orm_baseline(env, batch_id):
    """Rows per second of the ORM's create: all rows in one call, and one a call."""
    Crossing = env["toll.crossing"]
    template = env["toll.crossing"].search(
        [("batch_id", "=", batch_id), ("state", "=", "posted")], limit=1
    )
    names = [
        name
        for name in Crossing._fields
        if name in crossing_table.COLUMNS and name not in ("id", "raw")
    ]
    vals = template.read(names, load="")[0]
    vals.pop("id")
    rows = [dict(vals, ref=f"ORM{number}") for number in range(ORM_ROWS)]
    Crossing = Crossing.with_context(tracking_disable=True)
    rates = {}
    for name, parts in (("batched", [rows]), ("one_by_one", [[row] for row in rows])):
        start = time.perf_counter()
        for part in parts:
            models.BaseModel.create(Crossing, part)
            env.flush_all()
        rates[name] = ORM_ROWS / (time.perf_counter() - start)
        env.cr.rollback()
    return rates


#: what loading makes grow
TABLES = ("toll_crossing_data", "toll_crossing_key", "toll_wallet_entry_data")


def come_to_rest():
    """As in the night between two days' files: autovacuum has nothing left to do."""
    with env.registry.cursor() as cursor:
        cursor.connection.autocommit = True
        for table in TABLES:
            cursor.execute(SQL("VACUUM (ANALYZE) %s", SQL.identifier(table)))
        cursor.connection.autocommit = False


def measured_days(load_day, days=3):
    """Some days' files one after the other, on a database at rest."""
    come_to_rest()
    loads = [load_day() for _day in range(days)]
    seconds = sum(answer["seconds"] for answer in loads)
    return {
        "rows_per_second": round(sum(answer["rows"] for answer in loads) / seconds),
        "each": [answer["rows_per_second"] for answer in loads],
        "stages": loads[-1]["stages"],
    }


def main():
    world.build(env, ACCOUNTS)
    env.cr.execute("ANALYZE")  # as autovacuum would have by then
    env.cr.commit()
    folder = tempfile.mkdtemp()
    answer = {}
    # files of a day each, as they come: the newest are measured last
    days = STORED // ROWS + 3
    done = 0

    def load_day():
        nonlocal done
        path = world.write_file(
            f"{folder}/day.csv", ROWS, ACCOUNTS, done, ago=2 + days - done // ROWS
        )
        done += ROWS
        try:
            return in_child(lambda: fresh(load, path))
        finally:
            os.unlink(path)

    result = load_day()
    copied = fresh(copy_baseline, result["batch"])
    answer["load"] = result
    answer["copy_rows_per_second"] = [round(rate) for rate in copied]
    answer["load_vs_copy"] = round(result["rows_per_second"] / max(copied), 3)
    orm = fresh(orm_baseline, result["batch"])
    for name, rate in orm.items():
        answer[f"orm_{name}_rows_per_second"] = round(rate)
        answer[f"load_vs_orm_{name}"] = round(result["rows_per_second"] / rate, 1)
    if STORED:
        few = measured_days(load_day)
        while done < STORED:
            load_day()
        answer["stored_before"] = done
        answer["few_stored"] = few
        answer["many_stored"] = measured_days(load_day)
        answer["full_vs_empty"] = round(
            answer["many_stored"]["rows_per_second"] / few["rows_per_second"], 3
        )
    print("RESULT " + json.dumps(answer))


main()
sys.stdout.flush()
os._exit(0)  # the shell's own cursor was closed before the children started
