"""Load with deadlocks thrown in after keys were taken; see test_volume.py.

Every fifth claim is followed by the database's own deadlock error, while the next chunk
of the file, on the other connection, may hold keys already.
"""

import json
import os
import sys
from itertools import count
from unittest.mock import patch

sys.path.insert(0, os.environ["VOLUME_DIR"])
import world

ROWS = int(os.environ.get("VOLUME_ROWS", "20000"))
DEADLOCK = "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'deadlock_detected'; END $$"

world.build(env, 200)
loader = type(env["toll.crossing.loader"])
claim, calls, troubles = loader._claim, count(1), []


def troubled_claim(self, operator_id):
    claim(self, operator_id)
    if next(calls) % 5 == 0:
        troubles.append(1)
        self.env.cr.execute(DEADLOCK, log_exceptions=False)


path = world.write_file(os.environ["VOLUME_FILE"], ROWS, 200)
with patch.object(loader, "_claim", troubled_claim):
    batch, _is_new, _spent = env["toll.crossing.batch"]._load_path(
        path, "V1", None, chunk_size=500
    )
batch.invalidate_recordset()
print(
    "RESULT "
    + json.dumps(
        {
            "troubles": len(troubles),
            "state": batch.state,
            "received": batch.received,
            "duplicate": batch.duplicate,
            "differences": world.differences(env),
        }
    )
)
