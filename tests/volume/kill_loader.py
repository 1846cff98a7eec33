"""Kill the loader at random, again and again; the end must equal one clean run.

Run by test_volume.py inside ``scripts/odoo shell -d DATABASE``. Each attempt is a
child process of its own that gets SIGKILL after a random time.
"""

import json
import os
import random
import signal
import sys
import time

from odoo import api, sql_db

sys.path.insert(0, os.environ["VOLUME_DIR"])
import world

KILLS = int(os.environ.get("VOLUME_KILLS", "50"))
ROWS = int(os.environ.get("VOLUME_ROWS", "60000"))
ACCOUNTS = 200


def load(path):
    """Load the file in this process, in small chunks; the caller may kill us."""
    with env.registry.cursor() as cr:
        own = api.Environment(cr, env.uid, env.context)
        own["toll.crossing.batch"]._load_path(path, "V1", None, chunk_size=500)


def attempt(path, delay):
    """Fork, load, kill after ``delay`` seconds; True when it finished before that."""
    sql_db.close_all()
    child = os.fork()
    if not child:
        try:
            load(path)
            os._exit(0)
        except BaseException as error:
            print(repr(error), file=sys.stderr)
            os._exit(1)
    deadline = time.monotonic() + delay
    while time.monotonic() < deadline:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            if status:
                raise SystemExit(f"the loader failed by itself: {status}")
            return True
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def main():
    world.build(env, ACCOUNTS)
    env.cr.rollback()
    dice, kills, files = random.Random(7), 0, 0
    while kills < KILLS:  # a fast machine needs more files to be killed so often
        path = world.write_file(
            f"{os.environ['VOLUME_FILE']}.{files}", ROWS, ACCOUNTS, files * ROWS
        )
        files += 1
        while kills < KILLS and not attempt(path, dice.uniform(0.02, 0.6)):
            kills += 1
    if not attempt(path, 300):
        raise SystemExit("the last run did not finish")
    with env.registry.cursor() as cr:
        report(api.Environment(cr, env.uid, env.context), kills, files)


def report(env, kills, files):
    batches = env["toll.crossing.batch"].search([("operator_id.code", "=", "V1")])
    answer = {
        "kills": kills,
        "files": files,
        "totals": world.totals(env),
        "received": sum(batches.mapped("received")),
        "states": batches.mapped("state"),
        "differences": world.differences(env),
    }
    print("RESULT " + json.dumps(answer))


main()
sys.stdout.flush()
os._exit(0)  # the shell's own cursor was closed before the children started
