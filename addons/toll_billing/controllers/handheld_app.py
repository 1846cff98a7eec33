"""The app of hand-held devices: a page that works without network.

Its files are plain modules, served as they are. They stand under a path with the
version in it, so that two versions never mix; the service worker keeps one version
whole, and a new version replaces it whole.
"""

import functools
import hashlib
import mimetypes
from pathlib import Path

from odoo.http import Controller, request, route
from odoo.tools import file_path

ROOT = "toll_billing/static/handheld"
HOME = "/toll/handheld"
#: Files with the version in them, each at an address of its own.
FILLED = ("index.html", "manifest.webmanifest", "sw.js")
FOREVER = "public, max-age=31536000, immutable"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "media-src 'self' blob:; connect-src 'self'; manifest-src 'self'; "
    "worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

app_route = functools.partial(
    route, type="http", auth="none", methods=["GET"], save_session=False, readonly=True
)


@functools.cache
def read_files():
    """Contents of the app's files by name; the page and the worker among them."""
    folder = Path(file_path(ROOT))
    return {
        path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix
    }


@functools.cache
def version():
    digest = hashlib.sha256()
    for name, content in read_files().items():
        digest.update(f"{name} {len(content)} ".encode() + content)
    return digest.hexdigest()[:12]


class TollHandheldApp(Controller):
    @app_route(HOME)
    def page(self, **_query):
        return self._send(self._fill("index.html"), "text/html; charset=utf-8")

    @app_route(f"{HOME}/sw.js")
    def worker(self, **_query):
        files = [f"{HOME}/app/{version()}/{name}" for name in self._names()]
        return self._send(
            self._fill("sw.js").replace("{{files}}", " ".join(files)),
            "text/javascript; charset=utf-8",
            [("Service-Worker-Allowed", HOME)],
        )

    @app_route(f"{HOME}/manifest.webmanifest")
    def manifest(self, **_query):
        return self._send(
            self._fill("manifest.webmanifest"), "application/manifest+json"
        )

    @app_route(f"{HOME}/app/<string:release>/<string:name>")
    def file(self, release, name, **_query):
        if name not in self._names():
            return request.make_response("There is no such file.", status=404)
        kept = release == version()  # another release is not for keeping
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return request.make_response(
            read_files()[name],
            headers=[
                ("Content-Type", kind),
                ("Cache-Control", FOREVER if kept else "no-store"),
                ("X-Content-Type-Options", "nosniff"),
            ],
        )

    def _names(self):
        return [name for name in read_files() if name not in FILLED]

    def _fill(self, name):
        return read_files()[name].decode().replace("{{version}}", version())

    def _send(self, text, content_type, headers=()):
        return request.make_response(
            text,
            headers=[
                ("Content-Type", content_type),
                ("Cache-Control", "no-cache"),
                ("Content-Security-Policy", POLICY),
                ("X-Content-Type-Options", "nosniff"),
                ("Referrer-Policy", "no-referrer"),
                *headers,
            ],
        )
