"""Public pages in large numbers: drawn once for everybody, with a limit per process."""

import functools
import json
import re
import time

from markupsafe import Markup, escape

from odoo.http import Controller, Response, request, route
from odoo.tools import config

from ..core.pace import Pace

#: how long (seconds) a page may lag behind what it shows, where nobody says otherwise
LIFETIME = 60
#: pages a second of one process, where the settings say nothing
DEFAULT_PACE = 60
#: how Odoo writes a token: HMAC-SHA1, the letter o, a time
TOKEN = re.compile(r"\b[0-9a-f]{40}o[0-9]{10,11}\b")
TOKEN_SLOT = "toll-slot-token"
TITLE_SLOT = "toll-slot-title"
BODY_SLOT = "toll-slot-body"

_pace = Pace()


def public_route(*paths, methods=("GET",)):
    """A page of the website for everybody; signed-in people are never turned away."""

    def wrap(method):
        @functools.wraps(method)
        def paced(self, *args, **kwargs):
            if request.env.user._is_public() and not self._toll_in_pace():
                return self._toll_busy()
            return method(self, *args, **kwargs)

        return route(
            list(paths), type="http", auth="public", website=True, methods=[*methods]
        )(paced)

    return wrap


class Frame:
    """Everything around a page's own content, with the visitor's token in it."""

    def __init__(self, parts, token):
        self._before, self._after = (part.replace(TOKEN_SLOT, token) for part in parts)

    def open(self, title):
        return Markup(self._before.replace(TITLE_SLOT, escape(title or "")))

    @property
    def close(self):
        return Markup(self._after)


class TollPublicPage(Controller):
    # === Pace ===

    def _toll_in_pace(self):
        # a setting of the whole server, nothing of anybody
        settings = request.env["ir.config_parameter"].sudo()
        rate = settings.get_param("toll_account.public_pace", "")
        rate = int(rate) if rate.isdecimal() else DEFAULT_PACE
        return _pace.take(rate, time.monotonic())

    def _toll_busy(self):
        html = self._toll_keep(
            "busy",
            lambda: str(
                request.env["ir.qweb"]._render(
                    "toll_account.public_busy",
                    {"lang": request.lang.code.replace("_", "-")},
                )
            ),
        )
        return Response(html, status=503, headers={"Retry-After": "5"})

    # === Pages ===

    def _toll_page(self, template, make_values):
        """A page that is the same for everybody without login, kept for a while.

        ``make_values`` is called only where the page has to be drawn.
        """
        if request.httprequest.query_string or not self._toll_is_alike():
            return self._toll_render(template, make_values())

        def draw():
            response = request.render(template, make_values())
            return TOKEN.sub(TOKEN_SLOT, response.render())

        html = self._toll_keep(template, draw)
        html = html.replace(TOKEN_SLOT, request.csrf_token())
        return request.make_response(html)

    def _toll_render(self, template, values, status=200):
        """A page for one visitor, in the frame that is the same for everybody."""
        if self._toll_is_alike():
            parts = self._toll_keep(
                f"{template} frame", lambda: self._toll_draw_frame(template)
            )
            values = {**values, "toll_frame": Frame(parts, request.csrf_token())}
        return request.render(template, values, status=status)

    def _toll_draw_frame(self, template):
        views = request.env["ir.ui.view"]
        html = views._render_template(
            "toll_account.public_frame",
            {
                # titles and descriptions for search engines are the page's
                "main_object": views._get_template_view(template),
                "frame_title": TITLE_SLOT,
                "frame_body": BODY_SLOT,
            },
        )
        return TOKEN.sub(TOKEN_SLOT, str(html)).split(BODY_SLOT)

    def _toll_is_alike(self):
        """Whether this visitor sees what every other one sees."""
        return (
            request.env.user._is_public()
            and not request.session.debug
            and "xml" not in config["dev_mode"]
        )

    def _toll_keep(self, name, make):
        """What was made for the same page, language and address within the minute."""
        http = request.httprequest
        key = (
            name,
            request.website.id,
            request.lang.code,
            http.host_url,
            http.path,
            request.geoip.country_code,
            self._toll_cookies_accepted(),
            int(time.time() // LIFETIME),
        )
        return request.website._toll_get_kept(key, make)

    def _toll_cookies_accepted(self):
        """As Odoo asks it, without reading the website at each request."""
        try:
            accepted = json.loads(request.cookies.get("website_cookies_bar") or "{}")
        except ValueError:
            return False
        return isinstance(accepted, dict) and bool(accepted.get("optional"))
