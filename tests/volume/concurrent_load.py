"""Two loaders and ten top-up clients on the same accounts at once.

Run by test_volume.py inside ``scripts/odoo shell -d DATABASE``: every party is a
process of its own. Top-ups go through the same retry that Odoo gives a web request.
"""

import json
import os
import random
import sys

from odoo import api, sql_db
from odoo.service.model import retrying

sys.path.insert(0, os.environ["VOLUME_DIR"])
import world

ACCOUNTS, ROWS, CLIENTS, TOPUPS = 40, 40_000, 10, 10


def fork(work):
    """Run ``work`` in a child process; its exit status tells whether it went well."""
    sql_db.close_all()
    child = os.fork()
    if child:
        return child
    try:
        work()
        os._exit(0)
    except BaseException as error:
        print(f"FAILED {error!r}", file=sys.stderr)
        os._exit(1)


def load(path):
    with env.registry.cursor() as cr:
        own = api.Environment(cr, env.uid, env.context)
        own["toll.crossing.batch"]._load_path(path, "V1", None, chunk_size=2_000)


def top_up(client, account_ids):
    dice = random.Random(client)
    for number in range(TOPUPS):
        with env.registry.cursor() as cr:
            own = api.Environment(cr, env.uid, env.context)
            account = own["toll.account"].browse(dice.choice(account_ids))
            retrying(
                lambda account=account, number=number: account.top_up(
                    100, ref=f"T{client}-{number}", method="cash"
                ),
                own,
            )


def main():
    accounts = world.build(env, ACCOUNTS, balance=0)
    ids = accounts.ids
    paths = [
        world.write_file(f"{os.environ['VOLUME_FILE']}.{n}", ROWS, ACCOUNTS, n * ROWS)
        for n in (0, 1)
    ]
    env.cr.rollback()
    children = [fork(lambda path=path: load(path)) for path in paths]
    children += [fork(lambda client=n: top_up(client, ids)) for n in range(CLIENTS)]
    failed = [child for child in children if os.waitpid(child, 0)[1]]
    with env.registry.cursor() as cr:
        report(api.Environment(cr, env.uid, env.context), failed)


def report(env, failed):
    env.cr.execute(
        "SELECT count(*) FROM toll_wallet w WHERE w.balance + COALESCE((SELECT"
        " sum(amount) FROM toll_wallet_pending p WHERE p.account_id = w.account_id), 0)"
        " <> COALESCE((SELECT sum(amount) FROM toll_wallet_entry e"
        " WHERE e.account_id = w.account_id), 0)"
    )
    answer = {
        "failed": len(failed),
        "wrong_wallets": env.cr.fetchone()[0],
        "topups": env["toll.wallet.entry"].search_count([("kind", "=", "topup")]),
        "totals": world.totals(env),
        "differences": world.differences(env),
    }
    print("RESULT " + json.dumps(answer))


main()
sys.stdout.flush()
os._exit(0)  # the shell's own cursor was closed before the children started
