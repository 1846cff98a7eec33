"""Many clients and loaders on the same wallets, each in its own real transaction."""

import random
import threading
from functools import partial
from unittest.mock import patch
from uuid import uuid4

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import DummyRLock, Registry
from odoo.service.model import retrying
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import SQL, mute_logger

from ..queries import wallet as queries

CLIENTS = 10
LOADERS = 2
ROUNDS = 4


@tagged("post_install", "-at_install")
class TestWalletConcurrency(BaseCase):
    """Commits for real, so it works on accounts of its own and removes them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry = Registry(get_db_name())
        # The thread that runs the tests holds this lock, and would wait for ours.
        cls.startClassPatcher(patch.object(Registry, "_lock", DummyRLock()))
        with cls.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            cls.company_id = env.company.id
            partner = env["res.partner"].create({"name": "Concurrent customer"})
            accounts = env["toll.account"].create(
                [{"partner_id": partner.id} for _i in range(3)]
            )
            accounts.action_activate()
            cls.partner_id, cls.account_ids = partner.id, accounts.ids
        cls.addClassCleanup(cls._remove_everything)

    @classmethod
    def _remove_everything(cls):
        with cls.registry.cursor() as cr:
            args = {"accounts": cls.account_ids, "partner": cls.partner_id}
            cr.execute("ALTER TABLE toll_wallet_entry_data DISABLE TRIGGER USER")
            cr.execute(
                "DELETE FROM toll_wallet_entry_data"
                " WHERE account_id = ANY(%(accounts)s)",
                args,
            )
            cr.execute("ALTER TABLE toll_wallet_entry_data ENABLE TRIGGER USER")
            cr.execute(
                "SELECT id, move_id FROM account_payment"
                " WHERE toll_account_id = ANY(%(accounts)s)",
                args,
            )
            rows = cr.fetchall()
            args["payments"] = [row[0] for row in rows]
            args["moves"] = [row[1] for row in rows]
            for statement in (
                "UPDATE account_move SET origin_payment_id = NULL"
                " WHERE id = ANY(%(moves)s)",
                "DELETE FROM account_payment WHERE id = ANY(%(payments)s)",
                "DELETE FROM account_move WHERE id = ANY(%(moves)s)",
                "DELETE FROM mail_message WHERE model = 'account.payment'"
                " AND res_id = ANY(%(payments)s)",
                "DELETE FROM mail_message WHERE model = 'account.move'"
                " AND res_id = ANY(%(moves)s)",
                "DELETE FROM mail_message WHERE model = 'toll.account'"
                " AND res_id = ANY(%(accounts)s)",
                "DELETE FROM toll_account WHERE id = ANY(%(accounts)s)",
                "DELETE FROM res_partner WHERE id = %(partner)s",
            ):
                cr.execute(statement, args)

    def _run(self, *workers):
        """Run the workers at once; answer what went wrong in any of them."""
        errors = []
        barrier = threading.Barrier(len(workers))

        def guarded(worker):
            barrier.wait(60)
            try:
                worker()
            except Exception as error:
                errors.append(error)

        threads = [
            threading.Thread(target=guarded, args=[w], daemon=True) for w in workers
        ]
        for thread in threads:
            thread.dbname = self.registry.db_name
            thread.start()
        for thread in threads:
            thread.join(120)
        self.assertFalse([t for t in threads if t.is_alive()], "some never ended")
        return errors

    def _call(self, method):
        """One request as the server serves it: own cursor, retried when it must be."""
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            return retrying(partial(method, env), env)

    def _client(self, number, prefix):
        accounts = self.account_ids
        for turn in range(ROUNDS):
            account_id = accounts[(number + turn) % len(accounts)]

            def top_up(env, account_id=account_id, turn=turn):
                account = env["toll.account"].browse(account_id)
                account.top_up(100, f"{prefix}-{number}-{turn}")

            self._call(top_up)

    def _loader(self, number, prefix):
        """What a loader of crossings does: entries and balances by statement."""
        for turn in range(ROUNDS * 5):
            with self.registry.cursor() as cr:
                cr.execute(queries.read_committed())
                cr.execute(
                    SQL(
                        """
                        INSERT INTO toll_wallet_entry_data (account_id, company_id,
                               kind, amount, occurred_at, ref)
                        SELECT a, %s, 'usage', -1.5, now() AT TIME ZONE 'UTC',
                               %s || '-' || a
                          FROM unnest(%s::int[]) AS a
                        """,
                        self.company_id,
                        f"{prefix}-{number}-{turn}",
                        self.account_ids,
                    )
                )
                cr.execute(
                    SQL(
                        """
                        WITH held AS (
                            SELECT account_id FROM toll_wallet
                             WHERE account_id = ANY(%s)
                          ORDER BY account_id FOR UPDATE)
                        UPDATE toll_wallet w SET balance = w.balance - 1.5
                          FROM held WHERE w.account_id = held.account_id
                        """,
                        self.account_ids,
                    )
                )

    def _folder(self):
        for _turn in range(ROUNDS * 3):
            with self.registry.cursor() as cr:
                api.Environment(cr, SUPERUSER_ID, {})["toll.wallet.entry"]._cron_fold()

    def _sums(self):
        """{account: (balance, sum of entries)} as a new transaction sees them."""
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            env.cr.execute(
                SQL(
                    "SELECT account_id, SUM(amount) FROM toll_wallet_entry"
                    " WHERE account_id = ANY(%s) GROUP BY 1",
                    self.account_ids,
                )
            )
            entries = dict(env.cr.fetchall())
            balances = env["toll.account"].browse(self.account_ids)._get_balances()
            return {
                account: (balances[account], entries.get(account, 0))
                for account in self.account_ids
            }

    @mute_logger("odoo.sql_db", "odoo.service.model")
    def test_ten_clients_and_two_loaders_lose_nothing(self):
        before = sum(balance for balance, _entries in self._sums().values())
        prefix = uuid4().hex
        workers = [partial(self._client, n, prefix) for n in range(CLIENTS)]
        workers += [partial(self._loader, n, prefix) for n in range(LOADERS)]
        workers.append(self._folder)
        random.shuffle(workers)
        self.assertEqual(self._run(*workers), [])
        sums = self._sums()
        for balance, entries in sums.values():
            self.assertEqual(balance, entries)
        paid_in = 100 * CLIENTS * ROUNDS
        used = 1.5 * LOADERS * ROUNDS * 5 * len(self.account_ids)
        after = sum(balance for balance, _entries in sums.values())
        self.assertEqual(float(after - before), paid_in - used)

    @mute_logger("odoo.sql_db", "odoo.service.model")
    def test_one_reference_from_ten_clients_is_money_once(self):
        account_id = self.account_ids[0]
        ref = uuid4().hex
        before = self._sums()[account_id][0]
        answers = []

        def client():
            def top_up(env):
                return env["toll.account"].browse(account_id).top_up(70, ref).id

            answers.append(self._call(top_up))

        self.assertEqual(self._run(*[client] * CLIENTS), [])
        self.assertEqual(len(set(answers)), 1)
        self.assertEqual(self._sums()[account_id][0] - before, 70)

    @mute_logger("odoo.sql_db", "odoo.service.model")
    def test_two_refunds_at_once_cannot_overdraw(self):
        account_id = self.account_ids[1]

        def top_up(env):
            account = env["toll.account"].browse(account_id)
            account.top_up(1000, uuid4().hex)
            return account.balance

        balance = self._call(top_up)

        def refund(env):
            return env["toll.account"].browse(account_id).refund(balance).id

        errors = self._run(*[partial(self._call, refund)] * 3)
        self.assertEqual(len(errors), 2, errors)
        for error in errors:
            self.assertIn("cannot be given back", str(error))
        self.assertEqual(self._sums()[account_id], (0, 0))
