"""A device with its key, or what its captures became; see test_handheld_kill.py.

Runs inside ``scripts/odoo shell -d DATABASE``.
"""

import json
import os
import sys

sys.path.insert(0, os.environ["VOLUME_DIR"])
import world


def build():
    accounts = world.build(env, 1)
    plaza = env["toll.plaza"].search([("code", "=", "VP")])
    handheld = env["toll.handheld"].create(
        {
            "name": "Tablet",
            "operator_id": plaza.operator_id.id,
            "plaza_ids": [(6, 0, plaza.ids)],
        }
    )
    _handheld, key = env["toll.handheld"]._enrol(handheld._make_code(), "test")
    env.cr.commit()
    return {"key": key, "plate": accounts.vehicle_ids.plate}


def count():
    account = env["toll.account"].search([("vehicle_ids.plate", "=ilike", "V00000")])
    crossings = env["toll.crossing"].search([("operator_id.code", "=", "V1")])
    batches = env["toll.crossing.batch"].search([("kind", "=", "handheld")])
    captures = env["toll.handheld.capture"].search([])
    return {
        "captures": len(captures),
        "refs": len(set(captures.mapped("ref"))),
        "states": sorted(set(crossings.mapped("state"))),
        "crossings": len(crossings),
        "charged": float(sum(crossings.mapped("amount"))),
        "spent": 10_000 - account.balance,
        "received": sum(batches.mapped("received")),
        "differences": [
            line for check in env["toll.check"].run() for line in check["differences"]
        ],
    }


result = build() if os.environ["VOLUME_STEP"] == "build" else count()
print("RESULT " + json.dumps(result))
