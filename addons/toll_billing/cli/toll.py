"""``odoo toll``: import, bill, check and simulate from the command line."""

import argparse
import json
import os
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from odoo.api import Environment
from odoo.cli.command import Command
from odoo.exceptions import UserError
from odoo.fields import Date
from odoo.init import SUPERUSER_ID
from odoo.modules.registry import Registry
from odoo.tools import config

FATES = ("posted", "held", "rejected", "duplicate", "offset")
EXIT_OK, EXIT_DIFFERENCE, EXIT_USAGE = 0, 1, 2


class Toll(Command):
    """Toll operations: import, bill, check, simulate"""

    def run(self, args):
        parser = self._build_parser()
        options = parser.parse_args(args)
        if not options.database:
            parser.error("name the database with -d, or set TOLL_DB")
        config.parse_config(
            ["-d", options.database, "--no-http", f"--log-level={options.log_level}"],
            setup_logging=True,
        )
        try:
            sys.exit(options.handler(options))
        except UserError as error:
            print(error.args[0], file=sys.stderr)
            sys.exit(EXIT_USAGE)
        except OSError as error:
            print(f"{error.filename}: {error.strerror}", file=sys.stderr)
            sys.exit(EXIT_USAGE)

    def _build_parser(self):
        common = argparse.ArgumentParser(add_help=False)
        common.add_argument(
            "-d", "--database", default=os.environ.get("TOLL_DB", "toll")
        )
        common.add_argument("--json", action="store_true", help="answer for machines")
        common.add_argument("--log-level", default="warn")
        common.add_argument("--company", help="name or id, where there are several")
        parser = self.parser
        commands = parser.add_subparsers(required=True, metavar="COMMAND")

        load = commands.add_parser(
            "import", parents=[common], help="load crossing files"
        )
        load.add_argument("files", nargs="+", metavar="FILE")
        load.add_argument("--operator", required=True, metavar="CODE")
        load.add_argument("--profile", metavar="NAME", help="intake profile's code")
        load.set_defaults(handler=self._import)

        bill = commands.add_parser("bill", parents=[common], help="one billing run")
        bill.add_argument("--cycle", required=True, metavar="CODE")
        bill.add_argument("--until", required=True, metavar="DATE", type=_date)
        bill.add_argument("--confirm", action="store_true", help="issue the invoices")
        bill.set_defaults(handler=self._bill)

        check = commands.add_parser(
            "check", parents=[common], help="prove the rules that always hold"
        )
        check.set_defaults(handler=self._check)

        simulate = commands.add_parser(
            "simulate", parents=[common], help="files of a simulated toll world"
        )
        simulate.add_argument("--days", type=int, default=1)
        simulate.add_argument("--crossings", type=int, default=10_000)
        simulate.add_argument("--seed", type=int, default=1)
        simulate.add_argument("--out", required=True, metavar="DIR", type=Path)
        simulate.add_argument(
            "--start",
            type=_date,
            help="first day; default: so that the last day is over everywhere",
        )
        simulate.add_argument(
            "--accounts",
            type=int,
            default=0,
            help="first open this many simulated accounts with vehicle and TAG",
        )
        simulate.set_defaults(handler=self._simulate)
        return parser

    @contextmanager
    def _environment(self, options):
        registry = Registry(options.database)
        with registry.cursor() as cr:
            env = Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
            companies = env["res.company"].search([], order="id")
            if options.company:
                companies = companies.filtered(
                    lambda c: options.company in (str(c.id), c.name)
                )
                if not companies:
                    raise UserError(f"There is no company {options.company}.")
            company = companies[:1]
            # what is written for people is written in the company's language
            context = {
                **env.context,
                "allowed_company_ids": company.ids,
                "lang": company.partner_id.lang or "en_US",
            }
            yield env(context=context)

    # === import === #
    def _import(self, options):
        results = []
        with self._environment(options) as env:
            for path in options.files:
                bar = _Bar(path, quiet=options.json)
                started = time.perf_counter()
                batch, is_new, spent = env["toll.crossing.batch"]._load_path(
                    path, options.operator, options.profile, bar
                )
                batch.invalidate_recordset()
                bar.close()
                results.append(
                    _batch_result(batch, is_new, spent, time.perf_counter() - started)
                )
        if options.json:
            print(json.dumps(results, indent=2))
        else:
            for result in results:
                _print_batch(result)
        good = all(r["state"] == "done" and r["conserved"] for r in results)
        return EXIT_OK if good else EXIT_DIFFERENCE

    # === bill === #
    def _bill(self, options):
        with self._environment(options) as env:
            cycle = env["toll.billing.cycle"].search([("code", "=", options.cycle)])
            if not cycle:
                raise UserError(f"There is no billing cycle {options.cycle}.")
            # one command, one answer: nothing is left to the job queue
            Run = env["toll.billing.run"].with_context(toll_synchronous=True)
            run = Run.create({"cycle_id": cycle.id, "until": options.until})
            run.action_compute()
            if options.confirm:
                if run.state == "draft":
                    run.action_review()
                run.action_confirm()
            env.cr.commit()  # pylint: disable=invalid-commit  # the command's own cursor
            statements = run.statement_ids
            result = {
                "run": run.id,
                "state": run.state,
                "statements": len(statements),
                "invoices": len(statements.move_id),
                "amount": f"{sum(statements.mapped('amount_total')):.2f}",
            }
        _print_result(result, options.json)
        return EXIT_OK

    # === check === #
    def _check(self, options):
        with self._environment(options) as env:
            results = env["toll.check"].run()
        if options.json:
            print(json.dumps(results, indent=2, default=str))
        else:
            for result in results:
                print(
                    f"{'ok  ' if not result['differences'] else 'FAIL'}  "
                    f"{result['code']:<18} {result['label']}"
                )
                for difference in result["differences"]:
                    print(f"        {difference}")
        failed = any(result["differences"] for result in results)
        return EXIT_DIFFERENCE if failed else EXIT_OK

    # === simulate === #
    def _simulate(self, options):
        with self._environment(options) as env:
            result = env["toll.simulation"]._write(
                out=options.out,
                days=options.days,
                crossings=options.crossings,
                seed=options.seed,
                start=options.start,
                accounts=options.accounts,
            )
            env.cr.commit()  # pylint: disable=invalid-commit  # the command's own cursor
        _print_result(result, options.json)
        return EXIT_OK


def _date(text):
    try:
        return Date.to_date(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{text} is not a date (YYYY-MM-DD)"
        ) from error


def _print_result(result, as_json):
    if as_json:
        print(json.dumps(result, indent=2, default=str))
    else:
        for name, value in result.items():
            print(f"{name:<14} {value}")


def _batch_result(batch, is_new, spent, seconds):
    return {
        "file": batch.name,
        "batch_id": batch.id,
        "new": is_new,
        "state": batch.state,
        "fault": batch.fault or None,
        "line": batch.fault_line or None,
        "column": batch.fault_column or None,
        "received": batch.received,
        **{fate: batch[fate] for fate in FATES},
        "amount_received": f"{batch.amount_received:.2f}",
        **{f"amount_{fate}": f"{batch[f'amount_{fate}']:.2f}" for fate in FATES},
        "conserved": batch.is_conserved,
        "seconds": round(seconds, 2),
        "stages": {stage: round(value, 2) for stage, value in spent.items()},
    }


def _print_batch(result):
    """Show the conservation table: received = the sum of the five fates."""
    print(f"\n{result['file']} (batch {result['batch_id']})")
    if result["state"] == "refused":
        where = f" line {result['line']}" if result["line"] else ""
        print(f"  REFUSED{where}: {result['fault']}")
    elif not result["new"]:
        print("  received before: nothing was added; the first load's table:")
    print("  received = posted + held + rejected + duplicate + offset")
    numbers = [result["received"], *(result[fate] for fate in FATES)]
    amounts = [result["amount_received"]] + [result[f"amount_{fate}"] for fate in FATES]
    print(f"  {'fate':<10}{'number':>14}{'money':>20}")
    for label, number, amount in zip(
        ("received", *FATES), numbers, amounts, strict=True
    ):
        print(f"  {label:<10}{number:>14,}{float(amount):>20,.2f}")
    rate = result["received"] / result["seconds"] if result["seconds"] else 0
    if result["stages"]:
        stages = ", ".join(f"{k} {v}s" for k, v in result["stages"].items())
        print(f"  {result['seconds']}s, {rate:,.0f} rows/s ({stages})")
    print(f"  {'conserved' if result['conserved'] else 'NOT CONSERVED'}")


class _Bar:
    """Lines done, on the terminal only."""

    def __init__(self, path, quiet):
        self._name = Path(path).name
        self._show = not quiet and sys.stderr.isatty()

    def __call__(self, line, spent):
        if self._show:
            print(f"\r{self._name}: {line:,} rows", end="", file=sys.stderr, flush=True)

    def close(self):
        if self._show:
            print(file=sys.stderr)
