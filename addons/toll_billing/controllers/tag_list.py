"""The lists that lanes use: for operators' programs, and as files for staff."""

import json
import zlib

import werkzeug.exceptions

from odoo.exceptions import AccessError
from odoo.http import Controller, Response, request, route

from ..core import lane_list
from .api import TollApi, api_route
from .dispatcher import ApiError

PATH = "/toll/api/v1/tags/list"
MAX_BYTES = 10_000


def compress(chunks):
    """The same as gzip, chunk by chunk."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    for chunk in chunks:
        packed = packer.compress(chunk)
        if packed:
            yield packed
    yield packer.flush()


class TollTagListApi(TollApi):
    """Described for the other side in docs/api.md."""

    @api_route(PATH, "GET", readonly=False)
    def get_tag_list(self, **args):
        """The TAGs to refuse or to accept: all, or what has changed since a version."""
        operator = self._get_operator()
        http_request = request.httprequest
        if http_request.method == "HEAD":
            raise ApiError(405, "method_not_allowed", "Use GET.")
        query = self._parse(
            lane_list.parse_query, args, http_request.headers.get("Accept")
        )
        # The integration user may only read its own rows; the list of its company is
        # served in full, to the operator of the key.
        delivery_sudo = request.env["toll.tag.list.delivery"].sudo()
        version, is_full, chunks = self._parse(
            delivery_sudo._serve, self._get_company(), operator.sudo(), query
        )
        headers = [
            ("Content-Type", lane_list.FORMATS[query.format]),
            ("Cache-Control", "no-store"),
            ("Vary", "Accept, Accept-Encoding"),
            ("X-Toll-List-Version", str(version)),
            ("X-Toll-List-Full", str(int(is_full))),
        ]
        if "gzip" in http_request.headers.get("Accept-Encoding", ""):
            headers.append(("Content-Encoding", "gzip"))
            chunks = compress(chunks)
        return Response(chunks, headers=headers, direct_passthrough=True)

    @api_route(f"{PATH}/ack", "POST", max_content_length=MAX_BYTES)
    def acknowledge_tag_list(self, **_query):
        """The operator's lanes have a version from now on."""
        operator = self._get_operator()
        try:
            body = json.loads(self._get_body())
        except (ValueError, RecursionError) as error:
            raise ApiError(400, "invalid_json", "The body is not JSON.") from error
        if not isinstance(body, dict):
            raise ApiError(400, "invalid_request", 'Send {"kind": …, "version": …}.')
        kind = self._parse(lane_list.parse_kind, body.get("kind"))
        version = self._parse(lane_list.parse_version, body.get("version"))
        delivery_sudo = request.env["toll.tag.list.delivery"].sudo()
        known_at = delivery_sudo._acknowledge(
            self._get_company(), operator.sudo(), kind, version
        )
        if not known_at:
            message = f"Version {version} of this list was never sent to you."
            raise ApiError(404, "unknown_version", message)
        return request.make_json_response(
            {
                "kind": kind,
                "version": version,
                "acknowledged_at": f"{known_at.isoformat()}Z",
            }
        )

    def _get_company(self):
        """Whose TAGs: those of the company that the key's user belongs to."""
        return request.env.user.company_id.sudo()

    def _parse(self, work, *args):
        try:
            return work(*args)
        except lane_list.ListError as error:
            raise ApiError(error.status, error.code, error.message) from error

    @api_route(PATH, "POST", "PUT", "PATCH", "DELETE", auth="none")
    def wrong_list_method(self, **_query):
        raise ApiError(405, "method_not_allowed", "Use GET.")

    @api_route(f"{PATH}/ack", "GET", "HEAD", "PUT", "PATCH", "DELETE", auth="none")
    def wrong_ack_method(self, **_query):
        raise ApiError(405, "method_not_allowed", "Use POST.")


class TollTagListFile(Controller):
    @route(
        "/toll/tags/list/<int:list_id>/<string:kind>.csv",
        type="http",
        auth="user",
        methods=["GET"],
        readonly=False,
    )
    def download(self, list_id, kind):
        """The list as lanes get it, for who may see its entries."""
        tag_list = request.env["toll.tag.list"].browse(list_id).exists()
        try:
            tag_list.check_access("read")
            request.env["toll.tag.list.entry"].check_access("read")
            query = lane_list.parse_query({"kind": kind})
        except (AccessError, lane_list.ListError):
            tag_list = None
        if not tag_list:
            raise werkzeug.exceptions.NotFound()
        # the rights to the list were checked above; it is read on its own connection
        delivery_sudo = request.env["toll.tag.list.delivery"].sudo()
        try:
            version, _is_full, chunks = delivery_sudo._serve(
                tag_list.company_id.sudo(), request.env["toll.operator"].sudo(), query
            )
        except lane_list.ListError as error:
            raise werkzeug.exceptions.NotFound(error.message) from error
        name = f"tags-{kind}-{version}.csv"
        return Response(
            chunks,
            headers=[
                ("Content-Type", lane_list.FORMATS["csv"]),
                ("Content-Disposition", f'attachment; filename="{name}"'),
                ("Cache-Control", "no-store"),
            ],
            direct_passthrough=True,
        )
