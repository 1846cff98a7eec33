"""A small committed toll world for tests that need real transactions.

Runs inside ``scripts/odoo shell``: ``env`` is Odoo's environment.
"""

from datetime import UTC, datetime, timedelta

HEADER = "operator,ref,occurred_at,plaza,lane,tag,plate,class\n"


def build(env, accounts=200, balance=10_000, days_open=30):
    """Create operator V1, one plaza, its tariff and prepaid accounts; commit."""
    vehicle_class = env["toll.vehicle.class"].search([("code", "=", "AUTO")], limit=1)
    operator = env["toll.operator"].create(
        {
            "code": "V1",
            "name": "Volume Roads",
            "is_charger": True,
            "tz": "America/Mexico_City",
            "state": "authorised",
            "max_age_days": days_open + 30,
            "class_map_ids": [(0, 0, {"code": "A", "class_id": vehicle_class.id})],
        }
    )
    plaza = env["toll.plaza"].create(
        {
            "code": "VP",
            "name": "Volume",
            "operator_id": operator.id,
            "kind": "open",
            "tz": "America/Mexico_City",
        }
    )
    env["toll.lane"].create({"plaza_id": plaza.id, "code": "1", "position": 1})
    env["toll.tariff"].create(
        {
            "operator_id": operator.id,
            "version": "1",
            "valid_from": "2020-01-01",
            "rate_ids": [
                (
                    0,
                    0,
                    {
                        "plaza_id": plaza.id,
                        "class_id": vehicle_class.id,
                        "amount": 10.5,
                    },
                )
            ],
        }
    ).action_activate()
    loaded = env["toll.opening.load"]._load(
        [
            {
                "name": f"Customer {number}",
                "payment_mode": "prepaid",
                "plate": f"V{number:05d}",
                "class_code": "AUTO",
                "tag": f"VOLU{number:08d}",
                "opening_balance": balance,
                "group": f"v{number}",
            }
            for number in range(accounts)
        ],
        date=datetime.now(UTC).replace(tzinfo=None) - timedelta(days=days_open),
    )
    env.cr.commit()
    return env["toll.account"].browse(loaded["account_ids"])


#: Tables of a customer, and the columns that a copy of him has of his own. ``{o}`` is
#: what is added to every id, ``{n}`` to every customer's number.
COPIES = {
    "res_partner": {
        column: "'Customer ' || (substr(name, 10)::int + {n})"
        for column in ("name", "complete_name")
    },
    "toll_account": {"number": "to_char(900000000 + id + {o}, 'FM0000000000')"},
    "toll_wallet": {},
    "toll_vehicle": {
        column: "'V' || lpad((substr(plate, 2)::int + {n})::text, 6, '0')"
        for column in ("plate", "plate_normalized", "plate_lookalike")
    },
    "stock_lot": {
        "name": "'VOLU' || lpad((substr(name, 5)::int + {n})::text, 8, '0')",
        "toll_epc": "NULL",
        "toll_tid": "NULL",
    },
    "toll_tag_assignment": {},
    "toll_tag_status": {},
}
#: Columns that point at another row of the same customer.
OWN = {
    *("id", "account_id", "partner_id", "commercial_partner_id", "lot_id"),
    *("vehicle_id", "toll_account_id", "toll_vehicle_id", "toll_assignment_id"),
}
OF_CUSTOMER = {
    "res_partner": "id IN (SELECT partner_id FROM toll_account WHERE id < {o})",
    "toll_account": "id < {o}",
    "toll_wallet": "account_id < {o}",
    "toll_vehicle": "id < {o}",
    "stock_lot": "id < {o} AND toll_state IS NOT NULL",
    "toll_tag_assignment": "id < {o}",
    "toll_tag_status": "id < {o}",
}


def multiply(env, accounts, times, first=200_000):
    """Copy ``build``'s customers until there are ``accounts * times``; commit.

    By SQL, because the opening load would take an hour for a million. Their wallets
    have balances without movements.
    """
    cr = env.cr
    for copy in range(1, times):
        for table, changes in COPIES.items():
            cr.execute(
                "SELECT column_name FROM information_schema.columns"
                " WHERE table_name = %s AND table_schema = 'public'"
                "   AND is_generated = 'NEVER'",
                [table],
            )
            names = [name for (name,) in cr.fetchall()]
            terms = [
                changes.get(name)
                or (f'"{name}" + {{o}}' if name in OWN else f'"{name}"')
                for name in names
            ]
            offset = {"o": copy * first, "n": copy * accounts}
            where = OF_CUSTOMER[table].format(o=first)
            cr.execute(
                'INSERT INTO {} ("{}") SELECT {} FROM {} WHERE {}'.format(
                    table,
                    '", "'.join(names),
                    ", ".join(terms).format(**offset),
                    table,
                    where,
                )
            )
        cr.commit()
    for table in COPIES.keys() - {"toll_wallet"}:
        cr.execute(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))")
    cr.execute("ANALYZE")
    cr.commit()


def write_file(path, rows, accounts, start=0, days=1, ago=2):
    """Write a universal file: known TAGs, some unknown, some damaged, some repeated.

    The rows spread over so many days, the last of them so many days ago.
    """
    noon = (datetime.now(UTC).replace(tzinfo=None) - timedelta(days=ago)).replace(
        hour=12, microsecond=0
    )
    with open(path, "w", encoding="utf-8") as out:
        out.write(HEADER)
        for number in range(start, start + rows):
            ref = f"K{number - 7 if number % 97 == 0 else number:09d}"
            at = noon + timedelta(seconds=number % 40_000, days=-(number % days))
            tag = f"VOLU{number * 7919 % accounts:08d}"
            if number % 101 == 0:
                tag = f"NOPE{number:08d}"
            lane = "1" if number % 89 else "1,surplus"
            out.write(f"V1,{ref},{at.isoformat()}-06:00,VP,{lane},{tag},,A\n")
    return path


def totals(env):
    """Everything that must be the same however often the loader was killed."""
    env.cr.execute(
        "SELECT state, reason, count(*), sum(amount) FROM toll_crossing_data"
        " GROUP BY 1, 2 ORDER BY 1, 2"
    )
    fates = [[*row[:3], str(row[3])] for row in env.cr.fetchall()]
    env.cr.execute(
        "SELECT sum(balance) + COALESCE((SELECT sum(amount) FROM toll_wallet_pending),"
        " 0) FROM toll_wallet"
    )
    return {"fates": fates, "wallets": str(env.cr.fetchone()[0])}


def differences(env):
    """Failed rules of ``odoo toll check``."""
    return [
        [result["code"], result["differences"]]
        for result in env["toll.check"].run()
        if result["differences"]
    ]
