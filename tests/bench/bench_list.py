"""The list of TAGs for lanes, beside COPY out of the same rows; and what changed.

Runs inside ``scripts/odoo shell``. BENCH_STORED TAGs are made by SQL, 2 % of them
blocked. Measured: the first refresh, one that finds nothing, one after 1,000 changes;
the whole list in process and over HTTP, the difference of 1,000 changes; the list of a
hand-held device, whole and as a difference.
"""

import http.client
import io
import json
import os
import sys
import time
from datetime import timedelta

from odoo import fields

sys.path.insert(0, os.environ["BENCH_WORLD"])
sys.path.insert(0, f"{os.environ['BENCH_ROOT']}/tests/bench")
import world
from server import free_port, start_server

STORED = int(os.environ.get("BENCH_STORED", "100000"))
FIRST = 1_000
CHANGES = 1_000
ROUNDS = 3


def timed(work):
    start = time.perf_counter()
    value = work()
    return time.perf_counter() - start, value


def best(work):
    """The shortest of some rounds, and what it gave."""
    return min((timed(work) for _round in range(ROUNDS)), key=lambda found: found[0])


def change(status, reason, where):
    """Other statuses for some TAGs, as the statement of toll.tag.status writes them."""
    env.cr.execute("SELECT lot_id FROM toll_tag_list_entry WHERE " + where)
    lots = env["stock.lot"].browse(lot_id for (lot_id,) in env.cr.fetchall())
    env["toll.tag.status"]._set(lots, status, reason)
    env.cr.commit()


def copy_out():
    """COPY of the same columns of the same rows."""
    out = io.BytesIO()
    env.cr.copy_expert(
        "COPY (SELECT 'add', e.number, e.epc, e.plate, c.code, e.status, e.reason,"
        " e.since FROM toll_tag_list_entry e"
        " LEFT JOIN toll_vehicle_class c ON c.id = e.class_id"
        " WHERE e.key > 0 AND NOT e.is_blocked) TO STDOUT (FORMAT csv)",
        out,
    )
    return len(out.getvalue())


def fetch(port, key, query):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    connection.request(
        "GET",
        f"/toll/api/v1/tags/list?{query}",
        headers={"Authorization": f"Bearer {key}"},
    )
    answer = connection.getresponse()
    size, tail = 0, b""
    while chunk := answer.read(1 << 20):
        size, tail = size + len(chunk), chunk
    assert answer.status == 200, tail[:300]
    return size, int(answer.headers["X-Toll-List-Version"])


def serve(query):
    """The list in process, as the server reads it."""
    from odoo.addons.toll_billing.core.lane_list import Query

    operator = env["toll.operator"]
    _version, _full, chunks = env["toll.tag.list.delivery"]._serve(
        env.company, operator, Query(*query, "csv")
    )
    return sum(len(chunk) for chunk in chunks)


def main():
    world.build(env, min(FIRST, STORED))
    env["toll.wallet.entry"]._fold()  # the copies get balances only
    world.multiply(env, min(FIRST, STORED), max(STORED // FIRST, 1))
    operator = env["toll.operator"].search([("code", "=", "V1")])
    key = operator._make_api_key("bench", fields.Datetime.now() + timedelta(days=1))
    handheld = env["toll.handheld"].create(
        {
            "name": "Bench",
            "operator_id": operator.id,
            "plaza_ids": operator.plaza_ids.ids,
        }
    )
    env.cr.commit()
    lists = env["toll.tag.list"]
    first, made = timed(lambda: lists._run(env.company))
    change("blocked", "customer_request", "lot_id % 50 = 0")
    lists._run(env.company)
    env.cr.execute("ANALYZE")
    env.cr.commit()
    time.sleep(11)  # what was written is older than the watermark's margin
    lists._run(env.company)
    nothing, _none = best(lambda: lists._run(env.company))
    compare, _none = timed(lambda: lists._run(env.company, is_full=True))
    env.cr.commit()
    env.invalidate_all()
    version = lists._get(env.company).version

    device_full, file = best(handheld._make_list)
    copy, copied = best(copy_out)
    in_process, size = best(lambda: serve(("valid", 0)))
    epoch = json.loads(file[4 : 4 + int.from_bytes(file[:4], "big")])["epoch"]

    change(
        "blocked",
        "fraud",
        f"NOT is_blocked AND key > 0 AND lot_id % 50 = 1 LIMIT {CHANGES}",
    )
    changed, news = timed(lambda: lists._run(env.company))
    env.cr.commit()
    env.invalidate_all()
    delta, delta_size = best(lambda: serve(("valid", version)))
    device_delta, device_news = best(lambda: handheld._make_list(version, epoch))
    env.cr.commit()

    port = free_port()
    server = start_server(port, 2)
    try:
        fetch(port, key, f"kind=valid&since={version}")  # warms a worker
        over_http, (http_size, _version) = best(lambda: fetch(port, key, "kind=valid"))
        http_delta, _sizes = best(
            lambda: fetch(port, key, f"kind=valid&since={version}")
        )
    finally:
        server.terminate()
        server.wait(30)
    answer = {
        "tags": made["added"],
        "first_refresh_s": round(first, 2),
        "refresh_nothing_ms": round(nothing * 1000),
        "refresh_changes_ms": round(changed * 1000),
        "refresh_changes": news["changed"],
        "full_comparison_s": round(compare, 2),
        "copy_s": round(copy, 3),
        "copy_mb": round(copied / 1e6, 1),
        "full_s": round(in_process, 3),
        "full_mb": round(size / 1e6, 1),
        "full_of_copy": round(copy / in_process, 2),
        "http_s": round(over_http, 3),
        "http_mb": round(http_size / 1e6, 1),
        "http_of_copy": round(copy / over_http, 2),
        "delta_ms": round(delta * 1000, 1),
        "delta_kb": round(delta_size / 1e3, 1),
        "http_delta_ms": round(http_delta * 1000, 1),
        "device_full_s": round(device_full, 2),
        "device_full_kb": round(len(file) / 1e3, 1),
        "device_delta_ms": round(device_delta * 1000, 1),
        "device_delta_kb": round(len(device_news) / 1e3, 1),
    }
    print("RESULT " + json.dumps(answer))


main()
