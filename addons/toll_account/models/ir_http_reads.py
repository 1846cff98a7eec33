import json
import logging
import xmlrpc.client

from odoo import SUPERUSER_ID, api, models
from odoo.http import Response, request

from odoo.addons.web.controllers.utils import get_action_triples

from ..core import reads
from . import ir_http_files as files

_logger = logging.getLogger(__name__)


class IrHttp(models.AbstractModel):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "ir.http"

    @classmethod
    def _dispatch(cls, endpoint):
        """Whatever gave personal data away is written down before it leaves.

        Here, and not in the models' methods: only calls from outside count, whichever
        way they came, and what business code reads on its own does not.
        """
        result = super()._dispatch(endpoint)
        path = request.httprequest.path
        for entrance, find in ENTRANCES:
            if path.startswith(entrance):
                cls._toll_note_read(find, result)
                return result
        for entrance, find in files.ENTRANCES:
            if path.startswith(entrance):
                cls._toll_note_file(find, result)
                break
        return result

    @classmethod
    def _toll_note_file(cls, find, result):
        """A file or the messages of a record; what goes wrong here stops neither."""
        env = request.env
        if not env.uid or not env.user._is_internal():
            return
        try:
            if env.cr.readonly:  # it has nothing to lose, and is ended by the row
                cls._toll_note_with(env.cr, find, result)
            else:
                with env.cr.savepoint():
                    cls._toll_note_with(env.cr, find, result)
        except Exception:
            _logger.exception("%s left no trace", request.httprequest.path)

    @classmethod
    def _toll_note_read(cls, find, result):
        cr = request.env.cr
        if cr._closed:  # the older protocols work on a cursor of their own
            with request.env.registry.cursor() as cr:
                return cls._toll_note_with(cr, find, result)
        return cls._toll_note_with(cr, find, result)

    @classmethod
    def _toll_note_with(cls, cr, find, result):
        env = api.Environment(cr, SUPERUSER_ID, {})
        log = env["toll.access.log"]
        for uid, call, answer in find(env, log._get_traced_models(), result):
            log._note_call(uid, call, answer)


def _from_screen(env, personal, result):
    params = request.params
    if params["model"] in personal:
        call = reads.understand(
            params["model"], params["method"], params["args"], params["kwargs"]
        )
        yield request.env.uid, call, result


def _from_json2(env, personal, result):
    params = request.params
    if params["__model__"] in personal:
        call = reads.understand(
            params["__model__"], params["__method__"], [], params, program=True
        )
        yield request.env.uid, call, result


def _from_rpc(personal, service, method, args, get_result):
    if service != "object" or len(args) < 5 or args[3] not in personal:
        return
    _db, uid, _password, model, name, *rest = args
    if method == "execute_kw":
        rest, kwargs = (*rest, {}, {})[:2]
    else:
        kwargs = {}
    call = reads.understand(model, name, rest, kwargs, program=True)
    if call:
        yield int(uid), call, get_result()


def _from_jsonrpc(env, personal, result):
    params = request.params
    return _from_rpc(
        personal, params["service"], params["method"], params["args"], lambda: result
    )


def _from_xmlrpc(env, personal, result):
    args, method = xmlrpc.client.loads(
        request.httprequest.get_data(), use_datetime=True
    )
    return _from_rpc(
        personal,
        request.params["service"],
        method,
        args,
        lambda: xmlrpc.client.loads(result.get_data())[0][0],
    )


def _from_export(env, personal, result):
    """A file of a list; the records are found again, as the export found them."""
    if not isinstance(request.params.get("data"), str):
        return
    params = json.loads(request.params["data"])
    if params["model"] not in personal:
        return
    ids = params.get("ids")
    if not ids:
        model = request.env[params["model"]].with_context(**params.get("context", {}))
        ids = model.search(params["domain"]).ids
    call = reads.understand(
        params["model"], "export_data", [ids], {"domain": params["domain"]}
    )
    yield request.env.uid, call, ids


def _from_json1(env, personal, result):
    """A screen's data by its address."""
    if not isinstance(result, Response) or result.status_code != 200:
        return
    path = request.params["subpath"]
    *_before, (_active, action, _record) = get_action_triples(
        request.env, path, start_pos=1
    )
    model = action.sudo()._fields.get("res_model") and action.sudo().res_model
    if model in personal:
        found = json.loads(result.get_data())
        found = [found] if "id" in found else found
        kwargs = {
            "domain": request.params.get("domain"),
            "groupby": (request.params.get("groupby") or "").split(","),
        }
        name = "web_read_group" if "groups" in found else "web_search_read"
        yield (
            request.env.uid,
            reads.understand(model, name, [], kwargs, program=True),
            found,
        )


def _from_report(env, personal, result):
    """A printed document of personal records."""
    params = request.params
    if "data" in params and request.httprequest.path == "/report/download":
        parts = json.loads(params["data"])[0].split("?")[0].split("/")
        name, docids = (*parts[3:5], "", "")[:2]
    else:
        name, docids = params.get("reportname"), params.get("docids")
    report = name and env["ir.actions.report"]._get_report_from_name(name)
    if report and report.model in personal and docids:
        ids = [int(part) for part in docids.split(",") if part.isdigit()]
        call = reads.understand(report.model, "export_data", [ids], {"name": name})
        yield request.env.uid, call._replace(way="print", method="report"), ids


ENTRANCES = (
    ("/web/dataset/call_", _from_screen),
    ("/json/2/", _from_json2),
    ("/jsonrpc", _from_jsonrpc),
    ("/xmlrpc/", _from_xmlrpc),
    ("/web/export/", _from_export),
    ("/json/1/", _from_json1),
    ("/report/", _from_report),
)
