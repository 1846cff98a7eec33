"""How a message goes to a provider, and what its answers mean; no network here.

>>> fill_json('{"to": "{to}", "n": 1}', {"to": 'a"b'})
'{"to": "a\\\\"b", "n": 1}'
>>> fill_form("to={to}\\ntext={text}", {"to": "+52", "text": "a&b"})
'to=%2B52&text=a%26b'
>>> list(find({"messages": [{"id": "w1"}, {"id": "w2"}]}, "messages.*.id"))
['w1', 'w2']
"""

import hashlib
import hmac
import json
import re
from urllib.parse import urlencode, urlsplit

#: Minutes until the next try, after the first, the second, … one.
PAUSES = (1, 5, 30, 120, 360)
PLACEHOLDER = re.compile(r"\{(to|digits|text|reference|secret|sender)\}")
#: What providers call the end of a message's way.
DELIVERED = {"delivered", "delivrd", "read", "seen", "received"}
FAILED = {"failed", "undelivered", "undeliv", "rejected", "rejectd", "expired", "error"}
HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")
MAX_ANSWER = 64 * 1024


def fill(text, values):
    """Put the values in; what is no placeholder of ours stays as it is.

    >>> fill("Bearer {secret} {other}", {"secret": "k"})
    'Bearer k {other}'
    """
    return PLACEHOLDER.sub(lambda match: str(values.get(match[1]) or ""), text or "")


def fill_json(template, values):
    """The template's texts with the values in them: quotes in them break nothing."""

    def walk(part):
        if isinstance(part, dict):
            return {key: walk(value) for key, value in part.items()}
        if isinstance(part, list):
            return [walk(value) for value in part]
        return fill(part, values) if isinstance(part, str) else part

    return json.dumps(walk(json.loads(template)), ensure_ascii=False)


def fill_form(template, values):
    pairs = [line.partition("=") for line in template.splitlines() if "=" in line]
    return urlencode(
        [(name.strip(), fill(value, values)) for name, _sign, value in pairs]
    )


def read_headers(text, values):
    """{name: value}; a line that is no header, or has a break in it, is refused.

    >>> read_headers("Authorization: Bearer {secret}", {"secret": "k"})
    {'Authorization': 'Bearer k'}
    >>> read_headers("no colon", {})
    Traceback (most recent call last):
    ValueError: no colon
    """
    headers = {}
    for line in filter(None, (line.strip() for line in (text or "").splitlines())):
        name, sign, value = line.partition(":")
        value = fill(value.strip(), values)
        if not sign or not HEADER.fullmatch(name.strip()) or not value.isprintable():
            raise ValueError(line)
        headers[name.strip()] = value
    return headers


def find(answer, path):
    """Yield what stands at a path of an answer; a star stands for every part."""
    parts = [part for part in (path or "").split(".") if part]
    level = [answer]
    for part in parts:
        below = []
        for value in level:
            if part == "*":
                below += list(value) if isinstance(value, list) else []
            elif isinstance(value, dict):
                below += [value[part]] if part in value else []
            elif isinstance(value, list) and part.isdecimal():
                below += value[int(part) : int(part) + 1]
        level = below
    yield from level


def first_text(answer, path):
    """The first plain value at a path, as text.

    >>> first_text({"error": {"message": "No credit"}}, "error.message")
    'No credit'
    >>> first_text([], "error.message")
    ''
    """
    for value in find(answer, path) if path else ():
        if isinstance(value, str | int):
            return str(value)[:200]
    return ""


def to_international(number, country_code):
    """The number with plus and country, digits only; empty where it cannot be one.

    >>> to_international("+52 (442) 555-1234", 52), to_international("442 555 1234", 52)
    ('+524425551234', '+524425551234')
    >>> to_international("0049 30 123456", 52), to_international("12", 52)
    ('+4930123456', '')
    >>> to_international("442 555 1234", None), to_international(False, 52)
    ('', '')
    """
    text = (number or "").strip()
    digits = re.sub(r"[^0-9]", "", text)
    if digits.startswith("00"):
        digits = digits[2:]
    elif not text.startswith("+"):
        national = digits.lstrip("0")
        if not country_code or not 7 <= len(national) <= 12:
            return ""
        digits = f"{country_code}{national}"
    return f"+{digits}" if 8 <= len(digits) <= 15 else ""


def check_url(url, plain_hosts):
    """Why a message may not go to this address, or None.

    >>> check_url("https://api.example.org/send", ())
    >>> check_url("http://api.example.org/send", ())
    'plain'
    >>> check_url("http://127.0.0.1:99/x", ("127.0.0.1",))
    >>> check_url("file:///etc/passwd", ()), check_url("https://a:b@c/", ())
    ('scheme', 'user')
    """
    try:
        parts = urlsplit(url or "")
        is_site = parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        return "scheme"
    if parts.scheme not in ("http", "https") or not is_site:
        return "scheme"
    if parts.username or parts.password:
        return "user"
    if not url.isprintable() or " " in url:
        return "scheme"
    if parts.scheme == "http" and parts.hostname not in plain_hosts:
        return "plain"
    return None


def get_fate(status):
    """What a provider's word for a status means to us.

    >>> get_fate("DELIVRD"), get_fate("failed"), get_fate("queued")
    ('delivered', 'failed', None)
    """
    word = str(status).strip().lower()
    if word in DELIVERED:
        return "delivered"
    return "failed" if word in FAILED else None


def sign(key, body):
    return hmac.new(key.encode(), body, hashlib.sha256).hexdigest()


def is_signed(key, body, signature):
    """Is this the signature of the body, with or without its “sha256=”?

    >>> is_signed("k", b"x", "sha256=" + sign("k", b"x")), is_signed("k", b"x", "")
    (True, False)
    """
    given = (signature or "").removeprefix("sha256=").strip().lower()
    return hmac.compare_digest(sign(key, body).encode(), given.encode())
