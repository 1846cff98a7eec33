"""Messages of devices: JSON objects, and what is wrong with them."""

import json


class MessageError(ValueError):
    """A message that a device must not have sent: a code and a sentence.

    >>> str(MessageError("bad_value", "“job” is not a number."))
    'bad_value: “job” is not a number.'
    """

    status = 400

    def __init__(self, code, message, status=None):
        self.code = code
        self.message = message
        self.status = status or self.status
        super().__init__(f"{code}: {message}")


def _refuse_constant(name):
    """NaN and Infinity are no JSON."""
    raise ValueError(name)


def parse_body(data):
    """The JSON object in a request.

    >>> parse_body(b'{"boot": "x"}')
    {'boot': 'x'}
    >>> parse_body(b"[1]")
    Traceback (most recent call last):
    ...
    odoo.addons.toll_account.core.messages.MessageError: bad_json: Send a JSON object.
    """
    try:
        body = json.loads(data.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise MessageError("bad_json", "The body is not valid JSON.") from None
    if not isinstance(body, dict):
        raise MessageError("bad_json", "Send a JSON object.")
    return body
