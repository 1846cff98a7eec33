from odoo.tests import Form, tagged

from .common import TollTagCommon


@tagged("post_install", "-at_install")
class TestTollTagViews(TollTagCommon):
    """The screens as the people with the least rights use them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lots = cls._receive("ZZVA00000001", "ZZVA00000003")

    def _form(self, action, user=None):
        env = self.env(user=user or self.agent, context=action["context"])
        return Form(env[action["res_model"]])

    def test_assigning_from_the_account(self):
        form = self._form(self.account.with_user(self.agent).action_toll_assign())
        self.assertEqual(len(form.line_ids), 2)
        with form.line_ids.edit(0) as line:
            line.lot_id = self.lots[0]
        wizard = form.save()
        wizard.action_assign()
        self.assertEqual(self.account.toll_tag_count, 1)

    def test_the_next_tags_are_proposed(self):
        wizard = self._form(
            self.account.with_user(self.agent).action_toll_assign()
        ).save()
        wizard.action_fill()
        self.assertEqual(len(wizard.line_ids.lot_id), 2)
        wizard.action_assign()
        self.assertEqual(self.account.toll_tag_count, 2)

    def test_assigning_from_the_vehicle_and_the_tag(self):
        form = self._form(self.vehicle.with_user(self.agent).action_toll_assign())
        with form.line_ids.edit(0) as line:
            line.lot_id = self.lots[0]
        form.save().action_assign()
        self.assertEqual(self.vehicle.toll_tag_id, self.lots[0])
        form = self._form(self.lots[1].with_user(self.agent).action_toll_assign())
        with form.line_ids.edit(0) as line:
            line.vehicle_id = self.vehicle_2
        form.save().action_assign()
        self.assertEqual(self.vehicle_2.toll_tag_id, self.lots[1])

    def test_loss_asks_for_a_confirmation(self):
        self.lots[0].toll_assign(self.vehicle)
        lot = self.lots[0].with_user(self.agent)
        form = self._form(lot.action_toll_report_lost())
        form.loss_reason = "stolen"
        wizard = form.save()
        with self.assertRaisesRegex(Exception, "cannot be undone"):
            wizard.action_confirm()
        wizard.is_confirmed = True
        wizard.action_confirm()
        self.assertEqual(self.lots[0].toll_state, "stolen")

    def test_return_and_block(self):
        self.lots[0].toll_assign(self.vehicle)
        lot = self.lots[0].with_user(self.agent)
        self._form(lot.action_toll_block()).save().action_confirm()
        self.assertEqual(lot.toll_state, "blocked")
        self._form(lot.action_toll_return()).save().action_confirm()
        self.assertEqual(lot.toll_state, "stocked")

    def test_replacing_from_the_vehicle(self):
        self.lots[0].toll_assign(self.vehicle)
        form = self._form(self.vehicle.with_user(self.agent).action_toll_replace())
        form.new_lot_id = self.lots[1]
        form.save().action_replace()
        self.assertEqual(self.vehicle.toll_tag_id, self.lots[1])

    def test_retiring_is_the_managers(self):
        lot = self.lots[2].with_user(self.manager)
        form = self._form(lot.action_toll_retire(), self.manager)
        with self.assertRaisesRegex(AssertionError, "scrap_reason_id is a required"):
            form.save()
        reason = self.env.ref("toll_tag_stock.toll_tag_scrap_reason_expired")
        form.scrap_reason_id = reason
        wizard = form.save()
        wizard.is_confirmed = True
        wizard.action_confirm()
        self.assertEqual(self.lots[2].toll_state, "retired")
        self.assertEqual(self.lots[2].toll_scrap_reason_id, reason)

    def test_every_screen_opens_for_the_agent(self):
        self.lots[0].toll_assign(self.vehicle)
        for record, view in (
            (self.lots[0], "toll_tag_stock.stock_lot_view_form"),
            (self.vehicle, None),
            (self.account, None),
        ):
            Form(record.with_user(self.agent), view=view)
        self.assertEqual(
            self.lots[0].get_formview_id(),
            self.env.ref("toll_tag_stock.stock_lot_view_form").id,
        )
