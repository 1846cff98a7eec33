"""Keep one Chromium alive between prints.

The keeper owns the browser and a unix socket; each client speaks to the browser
through it as if it were alone. After some idle minutes, or after many prints, it goes.
"""

import fcntl
import hashlib
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from . import render
from .browser import CHUNK, BrowserError, Chromium, Messages
from .cache import Cache

IDLE = float(os.environ.get("TOLL_PDF_IDLE", 300))
MAX_JOBS = 1000
START_TIMEOUT = 40


def folder():
    """Return a folder of this user's own with a path short enough for a socket."""
    home = os.environ.get("TOLL_HOME") or tempfile.gettempdir()
    path = Path(home) / "run" / f"pdf-{os.geteuid()}"
    if len(str(path)) > 90:
        name = hashlib.sha256(str(path).encode()).hexdigest()[:16]
        path = Path(tempfile.gettempdir()) / f"toll-pdf-{os.geteuid()}-{name}"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.stat().st_uid != os.geteuid() or path.stat().st_mode & 0o077:
        raise BrowserError(f"{path} is open to other users")
    return path


@contextmanager
def locked(path):
    with open(path, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def connect(path):
    client = socket.socket(socket.AF_UNIX)
    try:
        client.connect(str(path))
    except OSError:
        client.close()
        return None
    return client


def kept_browser():
    """Return a connection to the keeper, started if need be, or None."""
    if IDLE <= 0:
        return None
    try:
        home = folder()
    except (OSError, BrowserError):
        return None
    path = home / "socket"
    with locked(home / "lock"):
        client = connect(path)
        if client:
            return client
        with open(home / "log", "wb") as log:
            keeper = subprocess.Popen(
                [sys.executable, "-m", __package__, "--keeper"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd="/",
            )
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline and keeper.poll() is None:
            if client := connect(path):
                return client
            time.sleep(0.05)
    return None


def kept_files():
    """Return the files kept between prints, or None."""
    try:
        return Cache(folder() / "cache")
    except (OSError, BrowserError):
        return None


def render_with_kept(job):
    """Print through the keeper; None when that was not possible."""
    client = kept_browser()
    if not client:
        return None
    with client:
        try:
            messages = Messages(client.fileno(), client.fileno())
            return render.render(job, messages, kept_files())
        except (ConnectionError, BrowserError) as error:
            # its browser may have died: a fresh one tells whether the job is to blame
            print(f"wkhtmltopdf (Chromium): trying again: {error}", file=sys.stderr)
            return None


class Client:
    """What the keeper remembers of one connection."""

    def __init__(self, connection):
        self.connection = connection
        self.buffer = bytearray()
        self.contexts = set()


class Keeper:
    """Pass messages between the clients and the browser."""

    def __init__(self, listener, chromium):
        self.listener, self.chromium = listener, chromium
        self.browser = chromium.messages
        self.selector = selectors.DefaultSelector()
        self.clients, self.sessions, self.waiting = {}, {}, {}
        self.number, self.jobs = 0, 0
        self.selector.register(listener, selectors.EVENT_READ, self.accept)
        self.selector.register(
            self.browser.reading, selectors.EVENT_READ, self.from_browser
        )

    def run(self):
        """Serve until idle for long, or until enough was printed."""
        while events := self.selector.select(IDLE if not self.clients else None):
            for key, _mask in events:
                key.data(key.fileobj)
            if self.jobs >= MAX_JOBS and not self.clients:
                return

    def accept(self, listener):
        connection, _address = listener.accept()
        self.jobs += 1
        self.clients[connection] = Client(connection)
        self.selector.register(connection, selectors.EVENT_READ, self.from_client)

    def from_client(self, connection):
        client = self.clients[connection]
        try:
            chunk = connection.recv(CHUNK)
        except ConnectionError:
            chunk = b""
        if not chunk:
            self.forget(client)
            return
        client.buffer += chunk
        *messages, rest = client.buffer.split(b"\0")
        client.buffer = bytearray(rest)
        for raw in messages:
            self.forward(client, json.loads(raw))

    def forward(self, client, message):
        """Pass a command on under a number that no other client uses."""
        self.number += 1
        self.waiting[self.number] = (client, message["id"], message["method"])
        self.browser.send({**message, "id": self.number})

    def from_browser(self, _reading):
        while True:
            self.answer(self.browser.receive())
            if not self.browser.pending():
                return

    def answer(self, message):
        """Pass an answer or an event on to the client it is for."""
        if "id" in message:
            client, number, method = self.waiting.pop(message["id"], (None,) * 3)
            if not client:
                return
            message["id"] = number
            result = message.get("result", {})
            if method == "Target.createBrowserContext" and result:
                client.contexts.add(result["browserContextId"])
            elif method == "Target.attachToTarget" and result:
                self.sessions[result["sessionId"]] = client
        else:
            client = self.sessions.get(message.get("sessionId"))
        if client and client.connection in self.clients:
            try:
                client.connection.sendall(json.dumps(message).encode() + b"\0")
            except ConnectionError:
                self.forget(client)

    def forget(self, client):
        """Close what a client that has gone left open."""
        self.selector.unregister(client.connection)
        del self.clients[client.connection]
        client.connection.close()
        self.sessions = {k: v for k, v in self.sessions.items() if v is not client}
        for context in client.contexts:
            self.number += 1
            self.browser.send(
                {
                    "id": self.number,
                    "method": "Target.disposeBrowserContext",
                    "params": {"browserContextId": context},
                }
            )


def serve():
    """Run the keeper (started by the first client, under its lock)."""
    # a plain end of the process would leave the browser and its profile behind
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    home = folder()
    path = home / "socket"
    chromium = Chromium()
    try:
        path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            listener.listen(64)
            (home / "pid").write_text(str(os.getpid()))
            try:
                Keeper(listener, chromium).run()
            finally:
                # clients from now on find nobody and start another keeper
                path.unlink(missing_ok=True)
    finally:
        chromium.close()
    return 0
