"""Odoo, as the agent talks to it: JSON by POST, over TLS, with the encoder's key."""

import http.client
import ipaddress
import json
import os
import ssl
import urllib.error
import urllib.parse
import urllib.request

MOST_BYTES = 1 << 20


class Unreachable(Exception):
    """No answer, or none that makes sense: try again later."""

    def __init__(self, text, wait=None):
        self.wait = wait
        super().__init__(text)


class Refusal(Exception):
    """Odoo understood and said no."""

    def __init__(self, status, code, message):
        self.status = status
        self.code = code
        super().__init__(f"{code}: {message}" if message else code)


class SetupError(Exception):
    """The address or the key cannot be used as they are."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The key goes to nobody else."""

    def redirect_request(self, *_arguments):
        return None


def read_key(path):
    """Return the key; a key that others may read is no key."""
    try:
        with open(path, encoding="ascii") as file:
            status = os.fstat(file.fileno())
            key = file.read(4096).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(f"cannot read the key in {path}: {error}") from error
    # what systemd hands over is private, though its mode may not look so
    handed_over = os.path.dirname(path) == os.environ.get("CREDENTIALS_DIRECTORY", "")
    if status.st_mode & 0o077 and not handed_over:
        raise SetupError(f"others can read the key in {path}: chmod 600 {path}")
    if not key or not key.isprintable() or " " in key:
        raise SetupError(f"{path} does not hold a key")
    return key


def is_loopback(host):
    """
    >>> [is_loopback(h) for h in ("localhost", "127.0.0.1", "::1", "odoo.example.com")]
    [True, True, True, False]
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Server:
    def __init__(self, url, key, ca_file=None, timeout=30):
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SetupError(f"not an address of Odoo: {url}")
        if parts.username or parts.query or parts.fragment:
            raise SetupError("give the address of Odoo alone: https://odoo.example.com")
        self.base = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
        self.timeout = timeout
        self._key = key
        handlers = [_NoRedirect]
        if parts.scheme == "http":
            if not is_loopback(parts.hostname):
                raise SetupError(
                    "without TLS everybody on the way reads the key: https"
                )
            handlers.append(urllib.request.ProxyHandler({}))
        else:
            try:
                context = ssl.create_default_context(cafile=ca_file)
            except OSError as error:
                raise SetupError(f"cannot read {ca_file}: {error}") from error
            handlers.append(urllib.request.HTTPSHandler(context=context))
        self._opener = urllib.request.build_opener(*handlers)

    def post(self, name, body):
        """Send, and return Odoo's answer."""
        request = urllib.request.Request(
            f"{self.base}/toll/bridge/{name}",
            json.dumps(body).encode(),
            {
                "Authorization": f"Bearer {self._key}",
                "Content-Type": "application/json",
                "User-Agent": "toll-bridge-agent",
            },
        )
        try:
            with self._opener.open(request, timeout=self.timeout) as response:
                return _parse(response.read(MOST_BYTES))
        except urllib.error.HTTPError as error:
            raise self._failure(error) from error
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            raise Unreachable(str(reason) or type(error).__name__) from error

    @staticmethod
    def _failure(error):
        with error:
            wait = error.headers.get("Retry-After", "")
            try:
                answer = _parse(error.read(MOST_BYTES))
            except (OSError, http.client.HTTPException, Unreachable):
                answer = {}
        if error.code >= 500 or error.code in (408, 425, 429) or error.code < 400:
            seconds = min(int(wait), 600) if wait.isdigit() else None
            return Unreachable(f"HTTP {error.code} {answer.get('error', '')}", seconds)
        code = str(answer.get("error") or f"HTTP {error.code}")[:80]
        return Refusal(error.code, code, str(answer.get("message") or "")[:200])


def _parse(data):
    try:
        answer = json.loads(data)
    except ValueError as error:
        raise Unreachable("the answer is not JSON") from error
    if not isinstance(answer, dict):
        raise Unreachable("the answer is not a JSON object")
    return answer
