"""Files and messages of records: addresses of their own, not calls of a method.

Each entrance yields (user, call, answer), as those of ``ir_http_reads`` do.
"""

from odoo.exceptions import UserError
from odoo.http import Response, request

from ..core import reads


def _from_file(env, personal, result):
    """A file, or a picture that is one; faces and pictures of things are none."""
    params = request.params
    model = params.get("model") or "ir.attachment"
    field = params.get("field") or "raw"
    if not _is_shown(result) or reads.shown_pictures(field):
        return
    if not env["toll.access.log"]._is_traced(model) or params.get("xmlid"):
        return
    try:
        # a picture that may not be seen is answered with an empty one
        record = request.env["ir.binary"]._find_record(
            res_model=model,
            res_id=int(params["id"]),
            access_token=params.get("access_token"),
            field=field,
        )
    except (UserError, KeyError, ValueError):
        return
    picture = request.httprequest.path.startswith("/web/image")
    call = reads.look(model, "image" if picture else "file", field, record.ids)
    yield request.env.uid, call._replace(files=_get_name(record.sudo(), params)), []


def _get_name(record, params):
    """What the file is called, as far as its record or its address says so."""
    field = params.get("filename_field") or "name"
    name = params.get("filename")
    if not name and field in record._fields and record._fields[field].type == "char":
        name = record[field]
    return name or record.display_name or ""


def _is_shown(result):
    """Whether a file left, and not a page that says why not."""
    http = request.httprequest
    return (
        isinstance(result, Response)
        and result.status_code in (200, 206, 304)
        and http.method != "HEAD"
        and not reads.goes_on(http.headers.get("Range"))
    )


def _from_zip(env, personal, result):
    if _is_shown(result):
        ids = [int(part) for part in request.params["file_ids"].split(",")]
        yield request.env.uid, reads.look("ir.attachment", "file", "zip", ids), []


def _from_first_page(env, personal, result):
    if _is_shown(result):
        ids = [request.params["attachment_id"]]
        yield request.env.uid, reads.look("ir.attachment", "image", "page", ids), []


def _from_chatter(env, personal, result):
    """The messages of one record."""
    params = request.params
    yield from _look_at_thread(env, params["thread_model"], params["thread_id"])


def _from_store(env, personal, result):
    """What the web client asks for in one go; threads may be among it."""
    for asked in request.params["fetch_params"]:
        if isinstance(asked, list) and asked[0] == "mail.thread":
            thread = asked[1]
            yield from _look_at_thread(env, thread["thread_model"], thread["thread_id"])


def _look_at_thread(env, model, number):
    # a thread that may not be seen is answered too, with nothing in it
    if env["toll.access.log"]._is_traced(model) and (
        request.env[model].browse(int(number)).has_access("read")
    ):
        call = reads.look(model, "chatter", "messages", [int(number)])
        yield request.env.uid, call, []


def _from_mailbox(env, personal, result):
    """Messages of many records, in somebody's box."""
    ids = result["messages"]
    yield request.env.uid, reads.look("mail.message", "chatter", "mailbox", ids), []


def _from_translation(env, personal, result):
    ids = [int(request.params["message_id"])]
    call = reads.look("mail.message", "chatter", "translate", ids)
    yield request.env.uid, call, []


ENTRANCES = (
    ("/web/content", _from_file),
    ("/web/image", _from_file),
    ("/mail/attachment/zip", _from_zip),
    ("/mail/attachment/pdf_first_page/", _from_first_page),
    ("/mail/thread/messages", _from_chatter),
    ("/mail/data", _from_store),
    ("/mail/action", _from_store),
    ("/mail/inbox/messages", _from_mailbox),
    ("/mail/history/messages", _from_mailbox),
    ("/mail/starred/messages", _from_mailbox),
    ("/mail/message/translate", _from_translation),
)
