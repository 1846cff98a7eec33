"""Mass invoicing beside Odoo's own create and _post, in one run on one database.

    BENCH_INVOICES=2000 scripts/odoo shell -d NAME --no-http \\
        < tests/bench/bench_invoices.py

Makes customers with crossings, computes a run, issues some of its invoices through the
ORM (batched ``create`` and ``_post``, undone afterwards), then the whole run by set,
and compares a sample column by column. Nothing is kept. The last line is JSON.
"""

import gc
import json
import os
import random
import time
from contextlib import closing
from datetime import date, datetime, timedelta
from unittest.mock import patch

COUNT = int(os.environ.get("BENCH_INVOICES", "2000"))
BASELINE = int(os.environ.get("BENCH_BASELINE", "300"))
CROSSINGS = int(os.environ.get("BENCH_CROSSINGS", "20"))
#: fees that each account has on its invoice beside its crossings
FEES = int(os.environ.get("BENCH_FEES", "0"))
MODE = os.environ.get("BENCH_MODE", "postpaid")
SEED = 20260301


def clock(work, *args):
    """(seconds, answer) of some work, with its pending writes."""
    gc.collect()
    start = time.perf_counter()
    answer = work(*args)
    env.flush_all()
    return time.perf_counter() - start, answer


def customers(env, cycle, count, mode):
    partners = env["res.partner"].create(
        [
            {
                "name": f"Bench {n:06d}",
                "lang": ("es_MX", "en_US")[n % 2],
                "country_id": env.company.country_id.id,
                "vat": False,
            }
            for n in range(count)
        ]
    )
    return env["toll.account"].create(
        [
            {
                "partner_id": partner.id,
                "payment_mode": mode,
                "state": "active",
                "billing_cycle_id": cycle.id,
            }
            for partner in partners
        ]
    )


def crossings(env, accounts, operators, per_account):
    """Posted crossings of February 2026, as the loader leaves them."""
    env["toll.crossing"]._ensure_months([date(2026, 2, 1)])
    rng = random.Random(SEED)
    first = datetime(2026, 2, 2)
    rows = []
    for account in accounts:
        for _n in range(rng.randint(1, 2 * per_account - 1)):
            rows.append(
                (
                    first + timedelta(minutes=rng.randrange(36000)),
                    account.id,
                    rng.choice(operators).id,
                    rng.choice(("toll", "toll", "toll", "parking")),
                    rng.choice((54, 108, 149, 216, 234.5, 33.25)),
                    f"BENCH{len(rows)}",
                )
            )
    env.cr.execute_values(
        """
        INSERT INTO toll_crossing_data (
            occurred_at, posted_at, company_id, operator_id, batch_id, line, account_id,
            currency_id, amount, state, service, ref)
        SELECT at, at, company, operator, 0, 0, account, currency, amount, 'posted',
               service, ref
          FROM (VALUES %s) v (at, account, operator, service, amount, ref, company,
                              currency)
        """,
        [(*row, env.company.id, env.company.currency_id.id) for row in rows],
    )
    env.cr.execute(
        "INSERT INTO toll_wallet_pending (account_id, amount)"
        " SELECT account_id, -sum(amount) FROM toll_crossing_data"
        " WHERE account_id = ANY(%s) GROUP BY 1",
        [accounts.ids],
    )
    return len(rows)


def fees(env, accounts, per_account):
    """Charges that wait for the toll invoice, with the taxes of the crossings."""
    service = env["toll.service"].search([("code", "=", "toll")])
    product = env["product.product"].create(
        {
            "name": "Bench fee",
            "type": "service",
            "list_price": 20,
            "taxes_id": [(6, 0, service.product_id.taxes_id.ids)],
        }
    )
    env["toll.charge"].create(
        [
            {
                "account_id": account.id,
                "product_id": product.id,
                "name": f"Fee {number}",
                "date": "2026-02-15",
            }
            for account in accounts
            for number in range(per_account)
        ]
    )


def baseline(env, run, jobs):
    """Rate of ``create`` and ``_post`` of some of the run's invoices, undone."""
    issuer = env["toll.invoice.issuer"]
    company = run.company_id
    today = company._toll_today()
    values = [issuer._prepare_invoice_vals(job, today, company) for job in jobs]
    with closing(env.cr.savepoint()) as savepoint:
        seconds, moves = clock(lambda: create_and_post(env, values))
        total = sum(moves.mapped("amount_total"))
        savepoint.close(rollback=True)
    env.invalidate_all(flush=False)
    return seconds, total


def create_and_post(env, values):
    moves = env["account.move"].create(values)
    moves._post()
    return moves


def main(env):
    company = env.company
    company._toll_set_up()
    company.toll_verify_sample = 2
    company.tax_calculation_rounding_method = os.environ.get(
        "BENCH_ROUNDING", "round_per_line"
    )
    quiet = env(context={**env.context, "tracking_disable": True})
    cycle = quiet["toll.billing.cycle"].create({"name": "Bench", "code": "BENCH"})
    operators = quiet["toll.operator"].create(
        [
            {
                "code": f"BENCH{n}",
                "name": f"Bench {n}",
                "is_charger": True,
                "tz": "America/Mexico_City",
            }
            for n in range(3)
        ]
    )
    accounts = customers(quiet, cycle, COUNT, MODE)
    stored = crossings(quiet, accounts, operators, CROSSINGS)
    fees(quiet, accounts, FEES)
    if MODE == "prepaid":
        quiet["toll.wallet.entry"]._post(
            [
                {
                    "account_id": account.id,
                    "kind": "topup",
                    "amount": 1_000_000,
                    "ref": f"BENCH{account.id}",
                }
                for account in accounts
            ]
        )
    run = env["toll.billing.run"].create({"cycle_id": cycle.id, "until": "2026-03-01"})
    compute, _none = clock(run.action_compute)
    run.action_review()
    issuer = env["toll.invoice.issuer"].sudo()
    sample = run.statement_ids[:: max(COUNT // BASELINE, 1)][:BASELINE]
    jobs = issuer._load(sample)
    issuer._plan(jobs, company)
    # a first one warms the caches of both ways
    baseline(env, run, jobs[:2])
    orm, _total = baseline(env, run, jobs)
    if MODE == "prepaid":
        settled, _none = clock(settle_baseline, env, run, jobs)
    mass, _none = clock(confirm, run)
    differences = run._verify_sample(10)
    orm_rate = len(jobs) / orm
    mass_rate = run.statement_count / mass
    result = {
        "what": f"invoices issued and posted ({MODE}, {company.chart_template})",
        "statements": run.statement_count,
        "lines": len(env["toll.statement.line"].search([("run_id", "=", run.id)])),
        "by_set": run.mass_count,
        "crossings": stored,
        "fees": FEES * COUNT,
        "compute_crossings_per_s": round(stored / compute),
        "orm_per_s": round(orm_rate, 1),
        "mass_per_s": round(mass_rate, 1),
        "ratio": round(mass_rate / orm_rate, 1),
        "goal": 20,
        "differences": differences,
    }
    if MODE == "prepaid":
        result["orm_with_settlement_per_s"] = round(len(jobs) / settled, 1)
        result["ratio_with_settlement"] = round(mass_rate * settled / len(jobs), 1)
    print(
        f"{result['statements']} invoices of {result['lines']} lines: "
        f"ORM {result['orm_per_s']}/s, by set {result['mass_per_s']}/s, "
        f"ratio {result['ratio']} (goal 20), differences {len(differences)}"
    )
    print("RESULT " + json.dumps(result))


def settle_baseline(env, run, jobs):
    """create, _post and settlement through the ORM, undone."""
    issuer = env["toll.invoice.issuer"].sudo()
    with closing(env.cr.savepoint()) as savepoint:
        issuer._issue_orm(jobs, run.company_id._toll_today(), run.company_id)
        env.flush_all()
        savepoint.close(rollback=True)
    env.invalidate_all(flush=False)


def confirm(run):
    """Confirm in this transaction, whatever the size of the run."""
    with patch(
        "odoo.addons.toll_billing.models.toll_billing_run_issue.CHUNK",
        int(os.environ.get("BENCH_CHUNK", str(COUNT + 1))),
    ):
        if os.environ.get("BENCH_PROFILE"):
            import cProfile
            import pstats

            with cProfile.Profile() as profile:
                run.action_confirm()
            pstats.Stats(profile).sort_stats("cumulative").print_stats(45)
        else:
            run.action_confirm()


main(env)
