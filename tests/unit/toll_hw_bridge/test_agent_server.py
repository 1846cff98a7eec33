"""The way to Odoo: who gets the key, and what counts as an answer."""

import datetime
import ipaddress
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from toll_bridge_agent.server import (
    Refusal,
    Server,
    SetupError,
    Unreachable,
    read_key,
)

KEY = "selector.a-secret"


class Site:
    """Answers every request the same way and remembers who asked."""

    def __init__(self, status=200, body=b"{}", headers=(), certificate=None):
        self.keys = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                site.keys.append(self.headers.get("Authorization"))
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST

            def log_message(self, *_arguments):
                """Nothing on the screen."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.handle_error = lambda *_request: None
        scheme = "http"
        if certificate:
            scheme = "https"
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
        self.url = f"{scheme}://127.0.0.1:{self.http.server_port}"

    def __enter__(self):
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_exception):
        self.http.shutdown()
        self.http.server_close()


def certificate_for(path, address):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "odoo")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(certificate.public_bytes(pem) + private)
    return path


def test_the_key_goes_over_tls_to_the_right_site_only(tmp_path):
    here = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    right = certificate_for(tmp_path / "right.pem", here)
    other = certificate_for(tmp_path / "other.pem", x509.DNSName("other.example.com"))
    with Site(certificate=right) as site:
        assert Server(site.url, KEY, ca_file=right).post("hello", {}) == {}
        assert site.keys == [f"Bearer {KEY}"]
        with pytest.raises(Unreachable):  # nobody vouches for it
            Server(site.url, KEY).post("hello", {})
    with Site(certificate=other) as site:
        with pytest.raises(Unreachable):  # another site's name
            Server(site.url, KEY, ca_file=other).post("hello", {})
        assert site.keys == []


def test_the_key_does_not_follow_a_redirection():
    with Site() as other:
        headers = [("Location", f"{other.url}/toll/bridge/hello")]
        with Site(307, headers=headers) as site, pytest.raises(Unreachable):
            Server(site.url, KEY).post("hello", {})
        assert other.keys == []


@pytest.mark.parametrize(
    "url",
    [
        "http://odoo.example.com",
        "ftp://odoo.example.com",
        "odoo.example.com",
        "https://user:password@odoo.example.com",
        "https://odoo.example.com/?db=toll",
        "",
    ],
)
def test_addresses_that_will_not_do(url):
    with pytest.raises(SetupError):
        Server(url, KEY)


def test_the_address_may_have_a_path():
    assert Server("https://example.com/odoo/", KEY).base == "https://example.com/odoo"


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, b"<html>", Unreachable),
        (200, b"[]", Unreachable),
        (200, b"\xff", Unreachable),
        (302, b"", Unreachable),
        (429, b'{"error": "too_many_requests"}', Unreachable),
        (500, b"oh", Unreachable),
        (503, b"{}", Unreachable),
        (400, b'{"error": "bad_value"}', Refusal),
        (401, b"{}", Refusal),
        (404, b"<html>", Refusal),
        (409, b'{"error": "wrong_job", "message": "no"}', Refusal),
    ],
)
def test_what_counts_as_an_answer(status, body, expected):
    with Site(status, body) as site, pytest.raises(expected) as caught:
        Server(site.url, KEY).post("poll", {})
    assert KEY not in str(caught.value)
    if expected is Refusal:
        assert caught.value.status == status


def test_odoo_may_say_when_to_ask_again():
    with Site(503, b"{}", [("Retry-After", "30")]) as site:
        with pytest.raises(Unreachable) as caught:
            Server(site.url, KEY).post("poll", {})
    assert caught.value.wait == 30


@pytest.mark.parametrize("content", ["", "two words", "ñ"])
def test_a_file_that_holds_no_key(tmp_path, content):
    path = tmp_path / "key"
    path.write_text(content, encoding="utf-8")
    path.chmod(0o600)
    with pytest.raises(SetupError):
        read_key(path)


def test_who_may_read_the_key(tmp_path, monkeypatch):
    path = tmp_path / "key"
    path.write_text(KEY + "\n", encoding="ascii")
    path.chmod(0o600)
    assert read_key(path) == KEY
    path.chmod(0o440)
    with pytest.raises(SetupError, match="chmod 600"):
        read_key(path)
    # systemd's own folder: an access list makes the mode look like that
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert read_key(path) == KEY
    with pytest.raises(SetupError):
        read_key(tmp_path / "none")
