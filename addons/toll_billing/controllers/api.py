"""HTTP interface for toll operators: crossing events one by one or by the hundred."""

import json

from odoo.http import Controller, request, route

from .dispatcher import ApiError

MAX_ROWS = 1_000
MAX_BYTES = 4 * 1024 * 1024
ANSWER_KEYS = ("ref", "state", "reason", "detail", "amount", "id")


def _reject_constant(name):
    raise ValueError(name)


def parse_body(data, name="crossings"):
    """The events in a request body, in order, every value as text.

    Numbers keep the digits that were sent: an amount never passes through a float.

    >>> parse_body(b'{"ref": "a1", "amount": 149.10, "plaza": null}')
    [{'ref': 'a1', 'amount': '149.10', 'plaza': ''}]
    >>> parse_body(b'{"crossings": [{"ref": 7}]}')
    [{'ref': '7'}]
    >>> parse_body(b'{"tickets": [{"folio": "A1"}]}', "tickets")
    [{'folio': 'A1'}]
    """
    single = name.removesuffix("s")
    try:
        body = json.loads(
            data.decode("utf-8"),
            parse_float=str,
            parse_int=str,
            parse_constant=_reject_constant,
        )
    except (ValueError, RecursionError) as error:
        raise ApiError(400, "invalid_json", "The body is not valid JSON.") from error
    if isinstance(body, dict) and name in body:
        body = body[name]
    elif isinstance(body, dict):
        body = [body]
    if not isinstance(body, list):
        message = f'Send one {single}, or {{"{name}": [...]}}.'
        raise ApiError(400, "invalid_request", message)
    if not body:
        raise ApiError(400, f"no_{name}", f"There is no {single} in the request.")
    if len(body) > MAX_ROWS:
        message = f"At most {MAX_ROWS} {name} per call; {len(body)} were sent."
        raise ApiError(413, f"too_many_{name}", message)
    return [_parse_event(name, number, event) for number, event in enumerate(body)]


def _parse_event(name, number, event):
    if not isinstance(event, dict):
        message = f"{name}[{number}] is not an object."
        raise ApiError(400, "invalid_request", message)
    return {_text(key): _text(value) for key, value in event.items()}


def _text(value):
    """A JSON value as the text of a cell; PostgreSQL text cannot hold NUL."""
    if value is None:
        return ""
    if not isinstance(value, str):
        value = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def api_route(path, *methods, auth="bearer", **values):
    """A route of the interface: key in the header, errors as JSON, no session."""
    return route(
        path,
        type="toll_api",
        auth=auth,
        methods=list(methods) or None,
        csrf=False,
        save_session=False,
        **values,
    )


class TollApi(Controller):
    """/toll/api/v1; described for the other side in docs/api.md."""

    @api_route("/toll/api/v1/crossings", "POST", max_content_length=MAX_BYTES)
    def post_crossings(self, **_query):
        """The fate of each crossing, in the order sent."""
        operator = self._get_operator()
        events = parse_body(self._get_body())
        # The integration user may only read its own rows; posting money is the work
        # of the intake, which runs in full and is bound to the operator of the key.
        batch_sudo = request.env["toll.crossing.batch"].sudo()
        results = batch_sudo._post_events(operator.sudo(), events)
        batch_id = next((r["batch_id"] for r in results if r.get("batch_id")), None)
        return request.make_json_response(
            {
                "batch_id": batch_id,
                "results": [self._prepare_result(result) for result in results],
            }
        )

    def _prepare_result(self, result):
        answer = {key: result.get(key) for key in ANSWER_KEYS}
        amount = answer["amount"]
        answer["amount"] = None if amount in (None, False) else str(amount)
        return {key: value or None for key, value in answer.items()}

    def _get_operator(self):
        user = request.env.user
        if not user.has_group("toll_account.group_toll_operator_api"):
            message = "This key does not belong to an operator's integration user."
            raise ApiError(403, "not_an_operator", message)
        operator_id = user._get_operator_id()  # the one that the key stands for
        if not operator_id:
            raise ApiError(403, "no_operator", "This user is not bound to an operator.")
        return request.env["toll.operator"].browse(operator_id)

    def _get_body(self):
        http_request = request.httprequest
        if http_request.mimetype != "application/json":
            message = "Send the body as application/json."
            raise ApiError(415, "unsupported_media_type", message)
        if (http_request.content_length or 0) > MAX_BYTES:
            message = f"The request is larger than {MAX_BYTES} bytes."
            raise ApiError(413, "too_large", message)
        # kept: a request that is tried again after a conflict reads it again
        return http_request.get_data()

    @api_route(
        "/toll/api/v1/crossings", "GET", "HEAD", "PUT", "PATCH", "DELETE", auth="none"
    )
    def wrong_method(self, **_query):
        raise ApiError(405, "method_not_allowed", "Use POST.")

    @api_route(["/toll/api", "/toll/api/<path:subpath>"], auth="none")
    def unknown_path(self, subpath=None, **_query):
        raise ApiError(404, "not_found", "There is nothing at this address.")
