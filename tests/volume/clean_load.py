"""One clean run of the files of kill_loader.py, for comparison (see there)."""

import json
import os
import sys

sys.path.insert(0, os.environ["VOLUME_DIR"])
import world

ROWS = int(os.environ.get("VOLUME_ROWS", "60000"))
world.build(env, 200)
received = 0
for number in range(int(os.environ["VOLUME_FILES"])):
    path = world.write_file(
        f"{os.environ['VOLUME_FILE']}.{number}", ROWS, 200, number * ROWS
    )
    batch, _is_new, _spent = env["toll.crossing.batch"]._load_path(path, "V1", None)
    batch.invalidate_recordset()
    received += batch.received
print(
    "RESULT "
    + json.dumps(
        {
            "totals": world.totals(env),
            "received": received,
            "differences": world.differences(env),
        }
    )
)
