"""The menus of each role lead somewhere (000-35)."""

from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools.safe_eval import safe_eval

ROLES = ("agent", "analyst", "billing", "accountant", "manager")
CUSTOMERS = "toll_account.toll_menu_customers"
TAGS = "toll_account.toll_menu_tags"
CONCESSIONS = "toll_billing.toll_menu_concessions"


@tagged("post_install", "-at_install")
class TestMenus(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {
            role: new_test_user(
                cls.env, f"menu_{role}", groups=f"toll_account.group_toll_{role}"
            )
            for role in ROLES
        }
        cls.root = cls.env.ref("toll_account.toll_menu_root")

    def _menus(self, role):
        """What a role is shown under the application."""
        Menu = self.env["ir.ui.menu"]
        every = Menu.search([("id", "child_of", self.root.id)])
        shown = Menu.with_user(self.users[role])._visible_menu_ids()
        return every.filtered(lambda menu: menu.id in shown)

    def test_each_role_has_its_menus(self):
        seen = {role: self._menus(role) for role in ROLES}
        for role in ROLES:
            self.assertIn(self.root, seen[role], role)
            self.assertLessEqual(seen[role], seen["manager"], role)
        self.assertIn(self.env.ref(CUSTOMERS), seen["agent"])
        self.assertIn(self.env.ref(TAGS), seen["agent"])
        self.assertNotIn(self.env.ref(CONCESSIONS), seen["agent"])
        self.assertIn(self.env.ref(CONCESSIONS), seen["billing"])

    def test_every_menu_opens(self):
        for role, user in self.users.items():
            for menu in self._menus(role):
                action = menu.action
                if not action or action._name != "ir.actions.act_window":
                    continue
                with self.subTest(role=role, menu=menu.complete_name):
                    Model = self.env[action.res_model].with_user(user)
                    views = [
                        (False, kind)
                        for kind in action.view_mode.split(",")
                        if kind != "activity"
                    ]
                    Model.get_views(views, {"toolbar": True})
                    if not Model._transient:
                        domain = safe_eval(
                            action.domain or "[]", {"uid": user.id, "user": user}
                        )
                        Model.search(domain, limit=1)
