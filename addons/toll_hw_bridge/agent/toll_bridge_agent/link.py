"""The line to the reader: a port, and one conversation on it at a time."""

import time

import serial

from .errors import AgentError

READ_PAUSE = 0.01  # how long a read waits for the first byte
SILENCE = 0.08  # after it, an unfinished frame stays unfinished
SETTLE = 0.03  # after it, no further answer to a gathering command comes


def open_port(url, baudrate):
    """Open a device, `socket://HOST:PORT` or `rfc2217://HOST:PORT`."""
    options = {"baudrate": baudrate, "timeout": READ_PAUSE}
    if not url.startswith("rfc2217:"):  # which has none
        options["write_timeout"] = 2
    if "://" not in url:
        options["exclusive"] = True  # one program at a time
    try:
        return serial.serial_for_url(url, **options)
    except (OSError, ValueError, serial.SerialException) as error:
        raise AgentError("cable", f"cannot open {url}: {_reason(error)}") from error


class Link:
    """Runs a driver's operations over a port.

    `patience` scales the time given to every answer (tests are in a hurry, a serial
    line over a bad network is not).
    """

    def __init__(self, port, driver, patience=1.0):
        self.port = port
        self.driver = driver
        self.patience = patience
        self.decoder = driver.decoder()

    def close(self):
        try:
            self.port.close()
        except (OSError, serial.SerialException):
            self.port = None  # it was lost already

    def run(self, operation):
        """Hold the operation's conversation and return what it returns."""
        try:
            command = next(operation)
            while True:
                command = operation.send(self._exchange(command))
        except StopIteration as end:
            return end.value

    def settle(self):
        """Wait until late answers have come, and forget them."""
        quiet_since = time.monotonic()
        end = quiet_since + 0.5 * self.patience
        while time.monotonic() < min(end, quiet_since + SILENCE * self.patience):
            if self._receive():
                quiet_since = time.monotonic()
        self.decoder.reset()

    def _exchange(self, command):
        self._receive(waiting_only=True)
        self.decoder.reset()
        self._send(command.frame)
        answers = []
        heard = 0
        discarded = self.decoder.discarded
        started = last = time.monotonic()
        deadline = started + command.timeout * self.patience
        while (now := time.monotonic()) < deadline:
            data = self._receive()
            frames = self.decoder.feed(data)
            if data:
                heard, last = heard + len(data), now
            elif heard and now - last > SILENCE * self.patience:
                frames += self.decoder.idle()
                if not answers and not frames and self.decoder.discarded > discarded:
                    raise AgentError("protocol", "damaged answer")
            for frame in frames:
                if self.driver.answers(command, frame):
                    answers.append(frame)
            if answers and not command.gather:
                return answers[0]
            if (
                answers
                and not self.decoder.pending
                and now - last > SETTLE * self.patience
            ):
                return answers
        if answers:
            return answers
        if heard:
            raise AgentError("protocol", "no answer to this command")
        raise AgentError("timeout")

    def _send(self, frame):
        try:
            self.port.write(frame)
        except (OSError, ValueError, serial.SerialException) as error:
            raise AgentError("cable", _reason(error)) from error

    def _receive(self, waiting_only=False):
        try:
            waiting = self.port.in_waiting
            if waiting_only and not waiting:
                return b""
            return self.port.read(min(waiting, 4096) or 1)
        except (OSError, TypeError, ValueError, serial.SerialException) as error:
            raise AgentError("cable", _reason(error)) from error


def _reason(error):
    return str(error).split("\n")[0][:120] or type(error).__name__
