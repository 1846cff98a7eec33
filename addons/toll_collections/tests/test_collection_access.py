from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import CollectionsCase


@tagged("post_install", "-at_install")
class TestCollectionAccess(CollectionsCase):
    """003-06: a collector sees the own desk, a supervisor the company's."""

    def test_collectors_see_their_own_cases(self):
        mine = self._open_case(100, user=self.collector)
        other = self._open_case(100, user=self.colleague)
        cases = self.Case.with_user(self.collector).search(
            [("id", "in", (mine | other).ids)]
        )
        self.assertEqual(cases, mine)
        self.assertEqual(mine.with_user(self.collector).item_ids.amount_open, 100)
        for record in (other, other.item_ids, other.account_id):
            record.invalidate_recordset()
            with self.assertRaises(AccessError):
                record.with_user(self.collector).read(["display_name"])
        with self.assertRaises(AccessError):
            other.with_user(self.collector).next_action = "Mine"

    def test_shared_teams_see_all_their_cases(self):
        other = self._open_case(100, user=self.colleague)
        self.team.is_shared = True
        self.env.invalidate_all()
        self.assertTrue(other.with_user(self.collector).display_name)
        self.assertTrue(other.with_user(self.collector).amount_now)

    def test_supervisors_and_accountants_see_all(self):
        case = self._open_case(100, user=self.colleague)
        for user in (self.supervisor, self.accountant, self.manager):
            found = self.Case.with_user(user).search([("id", "=", case.id)])
            self.assertEqual(found, case)

    def test_other_roles_keep_their_customers_and_have_no_cases(self):
        case = self._open_case(100)
        both = new_test_user(
            self.env,
            "toll_collections_both",
            groups="toll_account.group_toll_agent,toll_collections.group_toll_collector",
        )
        for user in (self.agent, self.billing_user, both, self.supervisor):
            account = case.account_id.with_user(user)
            account.invalidate_recordset()
            self.assertEqual(account.search([("id", "=", account.id)]), account)
        with self.assertRaises(AccessError):
            case.with_user(self.agent).read(["amount_due"])

    def test_nobody_writes_what_the_refresh_writes(self):
        case = self._open_case(100, user=self.collector)
        for user in (self.collector, self.supervisor, self.manager):
            for values in (
                {"amount_due": 0},
                {"state": "closed"},
                {"user_id": user.id},
                {"team_id": False},
            ):
                with self.subTest(values), self.assertRaises(AccessError):
                    case.with_user(user).write(values)
            with self.assertRaises(AccessError):
                case.with_user(user).unlink()
        case.with_user(self.collector).next_action = "Write a letter"

    def test_refresh_is_for_supervisors(self):
        with self.assertRaises(AccessError):
            self.Case.with_user(self.collector).action_refresh()
        answer = self.Case.with_user(self.supervisor).action_refresh()
        self.assertEqual(answer["tag"], "display_notification")

    def test_companies_are_apart(self):
        case = self._open_case(100)
        company = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env,
            "toll_collections_stranger",
            groups="toll_collections.group_toll_collection_supervisor",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        self.assertFalse(self.Case.with_user(stranger).search([]))
        with self.assertRaises(AccessError):
            case.with_user(stranger).read(["amount_due"])
        self.assertFalse(
            self.env["toll.portfolio.segment"]
            .with_user(stranger)
            .search([("company_id", "!=", company.id)])
        )

    def test_portal_people_have_nothing_to_do_here(self):
        case = self._open_case(100)
        portal = new_test_user(
            self.env, "toll_collections_portal", groups="base.group_portal"
        )
        portal.partner_id.parent_id = case.partner_id
        with self.assertRaises(AccessError):
            self.Case.with_user(portal).search([])

    def test_erasure_takes_what_was_written_about_the_person(self):
        case = self._open_case(100, user=self.collector)
        contact = self.env["toll.collection.contact"].create(
            {
                "case_id": case.id,
                "result_id": self.env["toll.contact.result"].search([], limit=1).id,
                "note": "Lives with his sister",
            }
        )
        self._promise(case, 50, note="When the sister pays")
        partner = case.partner_id
        files = partner._toll_export_files()
        self.assertIn("sister", files["collection_contacts.csv"])
        self.assertIn("50", files["payment_promises.csv"])
        partner._toll_pseudonymise()
        self.assertFalse(contact.note or case.promise_ids.note or case.next_action)
        self.assertEqual(case.promise_ids.amount, 50)
        self.assertFalse(case.message_ids)

    def test_screens_open_for_each_role(self):
        self._open_case(100, user=self.collector)
        actions = self.env["ir.actions.act_window"].search(
            [("res_model", "=like", "toll.%")]
        )
        ours = actions.filtered(
            lambda a: a.get_external_id()[a.id].startswith("toll_collections.")
        )
        self.assertGreater(len(ours), 10)
        for user in (self.collector, self.supervisor, self.accountant, self.manager):
            for action in ours:
                model = self.env[action.res_model].with_user(user)
                if not model.has_access("read"):
                    continue
                views = [(False, kind) for kind in action.view_mode.split(",")]
                got = model.get_views([*views, (False, "search")])
                with self.subTest(user=user.login, action=action.name):
                    self.assertTrue(got["views"])

    def test_the_form_reads_for_a_collector(self):
        case = self._open_case(100, user=self.collector)
        model = case.with_user(self.collector)
        arch = model.get_views([(False, "form")])
        names = arch["models"]["toll.collection.case"]["fields"]
        spec = {name: {} for name in names if name in model._fields}
        for name in ("contact_ids", "item_ids", "promise_ids"):
            if name in spec:
                spec[name] = {"fields": {"display_name": {}}}
        self.env.invalidate_all()
        values = model.web_read(spec)[0]
        self.assertEqual(values["amount_now"], 100)

    def test_the_account_has_a_button(self):
        case = self._open_case(100)
        account = case.account_id.with_user(self.accountant)
        self.assertEqual(account.collection_case_count, 1)
        self.assertEqual(account.action_view_collection_cases()["res_id"], case.id)
        agent = case.account_id.with_user(self.agent)
        agent.invalidate_recordset()
        self.assertEqual(agent.collection_case_count, 0)
