"""One clean run of the file of kill_loader.py, for comparison (see there)."""

import json
import os
import sys

sys.path.insert(0, os.environ["VOLUME_DIR"])
import world

ROWS = int(os.environ.get("VOLUME_ROWS", "60000"))
world.build(env, 200)
path = world.write_file(os.environ["VOLUME_FILE"], ROWS, 200)
batch, _is_new, _spent = env["toll.crossing.batch"]._load_path(path, "V1", None)
batch.invalidate_recordset()
print(
    "RESULT "
    + json.dumps(
        {
            "totals": world.totals(env),
            "received": batch.received,
            "differences": world.differences(env),
        }
    )
)
