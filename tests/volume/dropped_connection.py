"""Events of the API after the database has dropped the kept connection.

Run by test_volume.py inside ``scripts/odoo shell -d DATABASE``.
"""

import json
import os
import sys
from datetime import datetime, timedelta

sys.path.insert(0, os.environ["VOLUME_DIR"])
import world

world.build(env, 1)
operator = env["toll.operator"].search([("code", "=", "V1")])
at = (datetime.now().astimezone() - timedelta(minutes=1)).isoformat()
states = []
for number in range(3):
    event = {
        "ref": f"D{number}",
        "occurred_at": at,
        "plaza": "VP",
        "lane": "1",
        "tag": "VOLU00000000",
        "class": "A",
    }
    (fate,) = env["toll.crossing.batch"]._post_events(operator, [event])
    states.append(fate["state"])
    # every other connection of this database: the kept one
    env.cr.execute(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        "   AND backend_type = 'client backend'"
    )
    dropped = env.cr.fetchone()[0]
    env.cr.rollback()
print(
    "RESULT "
    + json.dumps(
        {"states": states, "dropped": dropped, "differences": world.differences(env)}
    )
)
