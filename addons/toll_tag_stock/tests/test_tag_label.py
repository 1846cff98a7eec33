import base64

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import TollTagCommon


@tagged("post_install", "-at_install")
class TestTagLabel(TollTagCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lots = cls._receive("ZZLB00000001", "ZZLB00000003")
        cls.supply = cls.lots.toll_supply_id

    def _wizard(self, action, **vals):
        wizard = self.env["toll.tag.label"].with_user(self.agent)
        wizard = wizard.browse(action["res_id"])
        wizard.write(vals)
        return wizard

    def test_zpl_of_tags(self):
        self.product.name = "TAG ^XZ~HI_"
        action = self.lots.with_user(self.agent).action_toll_labels()
        wizard = self._wizard(action, layout="zpl", copies=2)
        answer = wizard.action_print()
        self.assertIn("labels.zpl", answer["url"])
        text = base64.b64decode(wizard.file).decode()
        self.assertEqual(text.count("^XA"), 3)
        self.assertEqual(text.count("^XZ"), 3)
        self.assertIn("^FDZZLB00000002^FS", text)
        self.assertIn("TAG _5EXZ_7EHI_5F", text)
        self.assertEqual(text.count("^PQ2"), 3)

    def test_labels_of_boxes_and_what_is_inside(self):
        action = self.supply.with_user(self.agent).action_toll_labels()
        wizard = self._wizard(action)
        self.assertEqual([row.code for row in wizard._get_labels()], [self.supply.name])
        wizard.content = "tags"
        self.assertEqual(
            [row.code for row in wizard._get_labels()], self.lots.mapped("name")
        )

    def test_pdf_layouts(self):
        action = self.lots.with_user(self.agent).action_toll_labels()
        for layout in ("sheet", "single"):
            wizard = self._wizard(action, layout=layout)
            report = wizard.action_print()
            self.assertEqual(
                report["report_name"], f"toll_tag_stock.report_tag_label_{layout}"
            )
            html = self.env["ir.actions.report"]._render_qweb_html(
                report["report_name"], wizard.ids
            )[0]
            self.assertIn("ZZLB00000003", html.decode())
            self.assertIn("<img", html.decode())

    def test_nothing_to_print(self):
        wizard = self.env["toll.tag.label"].create({})
        with self.assertRaises(UserError):
            wizard.action_print()
