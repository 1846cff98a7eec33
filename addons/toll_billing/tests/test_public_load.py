"""Public pages in large numbers, and from this server alone."""

import re
from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.toll_account.controllers import public_page
from odoo.addons.toll_account.core.pace import Pace

from .portal_common import TollHttpCommon


@tagged("post_install", "-at_install")
class TestPublicLoad(TollHttpCommon):
    def test_pages_are_drawn_once_for_everybody(self):
        """And each visitor still gets an own token, that works."""
        paths = ("/toll", "/toll/tariffs", "/toll/topup", "/toll/legal", "/toll/signup")
        drawn = []
        render = self.env.registry["ir.qweb"]._render

        def counted(self, template, *args, **kwargs):
            drawn.append(template)
            return render(self, template, *args, **kwargs)

        with patch.object(self.env.registry["ir.qweb"], "_render", counted):
            first = [self.url_open(path).text for path in paths]
            self.opener.cookies.clear()
            drawn.clear()
            second = [self.url_open(path).text for path in paths]
        self.assertEqual(drawn, [])
        token = re.compile(r"[0-9a-f]{40}o[0-9]{10}")
        for one, other in zip(first, second, strict=True):
            self.assertNotEqual(token.findall(one), token.findall(other))
            self.assertEqual(token.sub("", one), token.sub("", other))
            self.assertNotIn("toll-slot", one + other)
        self.assertEqual(self._post("/toll/topup", plate="TSA0001").status_code, 200)

    def test_drawn_pages_are_forgotten_when_content_changes(self):
        page = self.env["toll.legal.page"].create(
            {"code": "news", "name": "News", "version": "7", "body": "<p>Hello</p>"}
        )
        self.assertNotIn("/toll/legal/news", self.url_open("/toll/legal").text)
        page.action_publish()
        self.assertIn("/toll/legal/news", self.url_open("/toll/legal").text)
        self.assertIn("Hello", self.url_open("/toll/legal/news").text)
        page.action_retire()
        self.assertEqual(self.url_open("/toll/legal/news").status_code, 404)

    def test_who_has_signed_in_has_an_own_page(self):
        self.url_open("/toll")
        self.authenticate("portal_ana", "portal_ana")
        text = self.url_open("/toll").text
        self.assertIn("Ana Ruiz", text)
        self.opener.cookies.clear()
        self.assertNotIn("Ana Ruiz", self.url_open("/toll").text)

    def test_anonymous_visits_write_nothing(self):
        count = self.env["website.visitor"].search_count([])
        for path in ("/toll", "/toll/tariffs", "/toll/topup"):
            self.url_open(path)
        self.assertEqual(self.env["website.visitor"].search_count([]), count)

    def test_above_the_pace_visitors_wait_and_customers_do_not(self):
        parameters = self.env["ir.config_parameter"]
        parameters.set_param("toll_account.public_pace", "2")
        with patch.object(public_page, "_pace", Pace()):
            codes = [self.url_open("/toll").status_code for _time in range(12)]
            busy = self.url_open("/toll/topup")
            self.authenticate("portal_ana", "portal_ana")
            signed_in = self.url_open("/toll").status_code
            account = self.url_open("/my/toll").status_code
        self.assertEqual(codes[:4], [200] * 4)
        self.assertIn(503, codes)
        self.assertEqual((busy.status_code, signed_in, account), (503, 200, 200))
        self.assertIn("Retry-After", busy.headers)
        self.assertTrue(busy.text.lstrip().startswith("<!DOCTYPE html>"))
        self.assertIn("wait a little", busy.text)

    # Own server

    def test_no_page_loads_from_a_foreign_host(self):
        """Fonts, scripts and styles come from here: no visitor's address goes out."""
        pages = [self.url_open(path).text for path in ("/toll", "/web/login")]
        self.authenticate("portal_ana", "portal_ana")
        pages += [self.url_open(path).text for path in ("/toll", "/my", "/my/toll")]
        loaded = re.compile(
            r"<(?:(?:script|img|iframe)\b[^>]*\bsrc|link\b(?![^>]*(?:canonical|alternate))"
            r'[^>]*\bhref)="((?:https?:)?//[^"]*)"'
        )
        for text in pages:
            self.assertEqual(loaded.findall(text), [])
            self.assertNotIn("fonts.g", text)
        styles = set(re.findall(r'href="(/web/assets/[^"]+\.css)"', "".join(pages)))
        self.assertTrue(styles)
        for url in styles:
            css = self.url_open(url).text
            self.assertIn("font-family", css)
            foreign = r"@import[^;]{0,20}https?:|url\([\"']?(?:https?:)?//"
            self.assertEqual(re.findall(foreign, css), [])
