"""A Chromium spoken to over a pipe or a socket: DevTools messages, NUL between them.

No network port is opened: what could drive this browser could read our files.
"""

import json
import os
import shutil
import subprocess
import tempfile
import threading

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless=new",
    "--remote-debugging-pipe",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-gpu",
    "--disable-sync",
    "--font-render-hinting=none",
    "--hide-scrollbars",
    "--mute-audio",
    "--no-default-browser-check",
    "--no-first-run",
)
CHUNK = 1 << 20


class BrowserError(Exception):
    """Chromium is not there, does not start, or refuses a command."""


class Messages:
    """JSON messages over two file descriptors."""

    def __init__(self, reading, writing):
        self.reading, self.writing = reading, writing
        self._buffer, self._seen = bytearray(), 0

    def send(self, message):
        data = memoryview(json.dumps(message).encode() + b"\0")
        while data:
            data = data[os.write(self.writing, data) :]

    def pending(self):
        """Tell whether a whole message has been read already."""
        return b"\0" in self._buffer

    def receive(self):
        """Return the next message; fail when the other side has gone."""
        while (end := self._buffer.find(b"\0", self._seen)) < 0:
            self._seen = len(self._buffer)
            chunk = os.read(self.reading, CHUNK)
            if not chunk:
                raise BrowserError("Chromium has gone away")
            self._buffer += chunk
        raw = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        self._seen = 0
        return json.loads(raw)


class Chromium:
    """A Chromium process of our own, with a profile that goes when it goes."""

    def __init__(self):
        program = next(filter(None, map(shutil.which, CHROMIUM)), None)
        if not program:
            raise BrowserError(
                "no Chromium on this machine: install the package chromium"
            )
        self.profile = tempfile.mkdtemp(prefix="toll-chromium-")
        # root may not use the sandbox; elsewhere it may be missing
        attempts = [["--no-sandbox"]] if os.geteuid() == 0 else [[], ["--no-sandbox"]]
        for extra in attempts:
            try:
                self._start(
                    [program, *FLAGS, *extra, f"--user-data-dir={self.profile}"]
                )
                break
            except (BrowserError, OSError) as error:
                self._kill()
                failure = error
        else:
            self.close()
            raise BrowserError(f"Chromium does not start: {failure}")

    def _start(self, command):
        their_in, our_out = os.pipe()
        our_in, their_out = os.pipe()
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{their_in} 4>&{their_out}', "bash", *command],
            pass_fds=(their_in, their_out),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self.errors,
            start_new_session=True,
        )
        os.close(their_in)
        os.close(their_out)
        self.messages = Messages(our_in, our_out)
        watchdog = threading.Timer(30, self.process.kill)
        watchdog.start()
        try:
            self.messages.send({"id": 0, "method": "Browser.getVersion"})
            self.messages.receive()
        except (BrowserError, OSError) as error:
            self.errors.seek(0)
            said = self.errors.read().decode(errors="replace").strip()
            raise BrowserError(said[-500:] or str(error)) from error
        finally:
            watchdog.cancel()

    def _kill(self):
        process = getattr(self, "process", None)
        if process and process.poll() is None:
            process.kill()
            process.wait()

    def close(self):
        """End the process and remove its profile."""
        messages = getattr(self, "messages", None)
        if messages and self.process.poll() is None:
            try:
                messages.send({"id": 0, "method": "Browser.close"})
                self.process.wait(5)
            except (OSError, subprocess.TimeoutExpired):
                self._kill()
        self._kill()
        shutil.rmtree(self.profile, ignore_errors=True)
