#!/usr/bin/env python3
"""A scripted TAG reader on a pseudo-terminal or a socket, with virtual TAGs and faults.

    peer.py --protocol m100 --tags 50 --faults 0.1 --seed 7

prints where it listens (one line, for `--port` of the agent), serves until SIGTERM and
then prints what the TAGs hold as JSON. SIGUSR1 cuts the reader's cable for a moment.
"""

import argparse
import contextlib
import json
import os
import random
import select
import signal
import socket
import sys
import tempfile
import threading
import time
import tty
from pathlib import Path

HERE = Path(__file__).resolve().parent
AGENT = HERE.parents[2] / "addons/toll_hw_bridge/agent"
for _path in (str(HERE), str(AGENT)):
    if _path not in sys.path:
        sys.path.insert(0, _path)

from chips import Plate, Refused, Silent, factory_chips  # noqa: E402
from toll_bridge_agent.drivers import DRIVERS, mercury, uhfreader18  # noqa: E402

KINDS = ("drop", "garbage", "partial", "checksum", "delay", "foreign", "write", "air")


class Faults:
    """Disturbs a share of the exchanges, the same ones for the same seed."""

    def __init__(self, rate=0.0, seed=0, kinds=KINDS, delay=0.15):
        self.rate = rate
        self.kinds = kinds
        self.delay = delay
        self.rng = random.Random(f"faults {seed}")
        self.counts = dict.fromkeys(KINDS, 0)

    def strike(self, *kinds):
        kinds = [kind for kind in kinds if kind in self.kinds]
        if not kinds or self.rng.random() >= self.rate:
            return None
        kind = self.rng.choice(kinds)
        self.counts[kind] += 1
        return kind

    def on_line(self, answer, foreign):
        """Return [(seconds to wait, bytes)] instead of the answer."""
        rng = self.rng
        match self.strike("drop", "garbage", "partial", "checksum", "delay", "foreign"):
            case "drop":
                return []
            case "garbage":
                return [(0, rng.randbytes(rng.randint(1, 12)) + answer)]
            case "partial":
                return [(0, answer[: rng.randrange(1, len(answer))])]
            case "checksum":
                damaged = bytearray(answer)
                damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
                return [(0, bytes(damaged))]
            case "delay":
                return [(rng.uniform(0, self.delay), answer)]
            case "foreign":
                return [(0, foreign)] + [(0, answer)] * rng.randint(0, 1)
        return [(0, answer)]


class Module:
    """A reader: bytes of commands in, answers out. One class per protocol."""

    name = ""
    hold = 12  # inventories in a row: more than any operation makes

    def __init__(self, plate, faults=None):
        self.plate = plate
        self.plate.hold = self.plate.hold or self.hold
        self.faults = faults or Faults()
        self.power = 20.0
        self.seen = 0  # commands
        self.decoder = self.command_decoder()

    def feed(self, data):
        """Yield (seconds to wait, bytes to send)."""
        for frame in self.decoder.feed(data):
            self.seen += 1
            for answer in self.answer(frame):
                yield from self.faults.on_line(answer, self.foreign())

    def idle(self):
        self.decoder.reset()

    def inventory(self):
        chips = self.plate.inventory()
        return [] if self.faults.strike("air") else chips

    def read(self, chip, *arguments):
        self.plate.touched()
        return chip.read(*arguments)

    def write(self, chip, bank, word, data, password):
        self.plate.touched()
        words = None
        if self.faults.strike("write"):
            words = self.faults.rng.randrange(len(data) // 2)
        chip.write(bank, word, data, password, words)

    def lock(self, chip, *arguments):
        self.plate.touched()
        chip.lock(*arguments)


class M100Module(Module):
    name = "m100"
    hold = 24  # three of them are one look

    def __init__(self, plate, faults=None):
        self.codec = DRIVERS[self.name]()
        super().__init__(plate, faults)
        self.select, self.mode = None, 1

    def command_decoder(self):
        return self.codec.decoder()

    def foreign(self):
        return self.frame(0xB7, b"\x07\xd0")

    def frame(self, opcode, data, kind=1):
        return self.codec.frame(opcode, data, kind)

    def fail(self, code, chip=None):
        named = chip.bank[2:4] + chip.epc if chip else b""
        tail = bytes([len(named)]) + named if named else b""
        return [self.frame(0xFF, bytes([code]) + tail)]

    def answer(self, frame):
        data = frame.data
        match frame.command:
            case 0x03:
                return [self.frame(3, b"\x00M100 V1.00")]
            case 0x0C:
                pointer, bits = int.from_bytes(data[1:5]), data[5]
                self.select = (data[0] & 3, pointer, data[7 : 7 + bits // 8])
                return [self.frame(0x0C, b"\0")]
            case 0x12:
                self.mode = data[0]
                return [self.frame(0x0C, b"\0")]  # as the manual has it
            case 0x07:
                return [self.frame(0x07, b"\0")]
            case 0xB6:
                self.power = int.from_bytes(data) / 100
                return [self.frame(0xB6, b"\0")]
            case 0xB7:
                return [self.frame(0xB7, round(self.power * 100).to_bytes(2))]
            case 0x22:
                return self.poll()
            case 0x39:
                return self.access(frame, 0x09, 0xA0)
            case 0x49:
                return self.access(frame, 0x10, 0xB0)
            case 0x82:
                return self.access(frame, 0x13, 0xC0)
        return self.fail(0x17)

    def poll(self):
        chips = self.inventory()
        if not chips:
            return self.fail(0x15)
        return [
            self.frame(
                0x22,
                bytes([chip.rssi & 0xFF]) + chip.bank[2:4] + chip.epc + b"\x12\x34",
                kind=2,
            )
            for chip in chips
        ]

    def access(self, frame, missing, family):
        data = frame.data
        chips = [chip for chip in self.plate.chips if self.chosen(chip)]
        if not chips:
            return self.fail(missing)
        chip, password = chips[0], data[:4]
        named = bytes(chip.bank[2:4]) + chip.epc
        head = bytes([len(named)]) + named
        try:
            if frame.command == 0x82:
                bits = int.from_bytes(data[4:7])
                self.lock(chip, bits >> 10, bits & 0x3FF, password)
                return [self.frame(0x82, head + b"\0")]
            bank, word = data[4], int.from_bytes(data[5:7])
            count = int.from_bytes(data[7:9])
            if frame.command == 0x39:
                held = self.read(chip, bank, word, count, password)
                return [self.frame(0x39, head + held)]
            if len(data) != 9 + 2 * count:
                return self.fail(0x17)
            self.write(chip, bank, word, data[9:], password)
            return [self.frame(0x49, head + b"\0")]
        except Refused as refusal:
            return self.fail(family | refusal.code, chip)
        except Silent:
            return self.fail(0x16, chip)

    def chosen(self, chip):
        if self.mode == 1 or self.select is None:
            return True
        bank, pointer, mask = self.select
        memory = bytes(chip.bank) if bank == 1 else chip.tid
        return memory[pointer // 8 :].startswith(mask)


class R200Module(M100Module):
    name = "r200"


class MercuryModule(Module):
    name = "mercury"
    metadata_only = False  # as newer firmware: reads data only with metadata

    def __init__(self, plate, faults=None):
        super().__init__(plate, faults)
        self.buffer = []

    def command_decoder(self):
        return mercury.MercuryDecoder(commands=True)

    def foreign(self):
        return self.frame(0x62, data=b"\x07\xd0")

    @staticmethod
    def frame(opcode, status=0, data=b""):
        body = bytes([len(data), opcode]) + status.to_bytes(2) + data
        return b"\xff" + body + mercury.crc(body).to_bytes(2)

    def answer(self, frame):
        opcode, data = frame.command, frame.data
        match opcode:
            case 0x03:
                version = "0710230001000003201410070107020900000010"
                return [self.frame(3, data=bytes.fromhex(version))]
            case 0x91 | 0x93 | 0x97:
                return [self.frame(opcode)]
            case 0x92 | 0x94:
                self.power = int.from_bytes(data) / 100
                return [self.frame(opcode)]
            case 0x62:
                return [self.frame(0x62, data=b"\0" + self.centi())]
            case 0x2A:
                self.buffer = []
                return [self.frame(0x2A)]
            case 0x22:
                self.buffer = self.inventory()
                if not self.buffer:
                    return [self.frame(0x22, 0x400)]
                return [self.frame(0x22, data=data[:3] + bytes([len(self.buffer)]))]
            case 0x29:
                return [self.frame(0x29, data=self.fetch())]
            case 0x24 | 0x25 | 0x28:
                return [self.access(opcode, data)]
        return [self.frame(opcode, 0x101)]

    def centi(self):
        return round(self.power * 100).to_bytes(2)

    def fetch(self):
        chips, self.buffer = self.buffer, []
        data = b"\x00\x02\x00" + bytes([len(chips)])
        for chip in chips:
            tag = bytes(chip.bank[2:4]) + chip.epc + b"\x12\x34"
            data += bytes([chip.rssi & 0xFF]) + (8 * len(tag)).to_bytes(2) + tag
        return data

    def access(self, opcode, data):
        option, rest = data[2], data[3:]
        echo = bytes([option])
        if opcode == 0x28 and option & 0x10:
            echo, rest = data[2:5], rest[2:]
        elif opcode == 0x28 and self.metadata_only:
            return self.frame(opcode, 0x105)
        if opcode == 0x25:
            password, mask, action = rest[:4], rest[4:6], rest[6:8]
            chosen, rest = self.choose(option, rest[8:])
        else:
            head, password = rest[:6] if opcode == 0x28 else rest[:5], None
            rest = rest[len(head) :]
            password = rest[:4]
            chosen, rest = self.choose(option, rest[4:])
        if not chosen:
            return self.frame(opcode, 0x400)
        chip = chosen[0]
        try:
            if opcode == 0x25:
                bits = int.from_bytes(mask), int.from_bytes(action)
                self.lock(chip, *bits, password)
            elif opcode == 0x24:
                self.write(chip, head[4], int.from_bytes(head[:4]), rest, password)
            else:
                place = head[0], int.from_bytes(head[1:5]), head[5]
                held = self.read(chip, *place, password)
                return self.frame(opcode, data=echo + held)
            return self.frame(opcode)
        except Refused as refusal:
            return self.frame(opcode, 0x420 + refusal.code)
        except Silent:
            return self.frame(opcode, 0x40A)

    def choose(self, option, rest):
        """Return (chips that the select fields single out, what follows those)."""
        if option & 7 == 1:
            pointer, bits, rest = 0x20, rest[0], rest[1:]
        else:
            pointer, bits, rest = int.from_bytes(rest[:4]), rest[4], rest[5:]
        mask, rest = rest[: bits // 8], rest[bits // 8 :]
        chips = [
            chip
            for chip in self.plate.chips
            if (chip.tid if option & 7 == 2 else bytes(chip.bank))[
                pointer // 8 :
            ].startswith(mask)
        ]
        return chips, rest


class Uhfreader18Module(Module):
    name = "uhfreader18"

    def command_decoder(self):
        return uhfreader18.Uhfreader18Decoder(commands=True)

    def foreign(self):
        return self.frame(0x2F)

    @staticmethod
    def frame(command, status=0, data=b""):
        body = bytes([len(data) + 5, 0, command, status]) + data
        return body + uhfreader18.crc(body).to_bytes(2, "little")

    def answer(self, frame):
        data = frame.data
        match frame.command:
            case 0x21:
                info = bytes([2, 36, 9, 3, 0x31, 0x80, round(self.power), 10])
                return [self.frame(0x21, data=info)]
            case 0x22:
                return [self.frame(0x22)]
            case 0x2F:
                self.power = float(data[0])
                return [self.frame(0x2F)]
            case 0x01:
                chips = self.inventory()
                if not chips:
                    return [self.frame(1, 0xFB)]
                epcs = b"".join(bytes([len(c.epc)]) + c.epc for c in chips)
                return [self.frame(1, 0x01, bytes([len(chips)]) + epcs)]
            case 0x02 | 0x03 | 0x06:
                return [self.access(frame.command, data)]
        return [self.frame(0, 0xFE)]

    def access(self, command, data):
        words = 0
        if command == 0x03:
            words, data = data[0], data[1:]
        size = 2 * data[0]
        epc, data = data[1 : 1 + size], data[1 + size :]
        chips = [chip for chip in self.plate.chips if not epc or chip.epc == epc]
        if not chips:
            return self.frame(command, 0xFB)
        chip, password = chips[0], data[-4:]
        try:
            if command == 0x02:
                held = self.read(chip, data[0], data[1], data[2], password)
                return self.frame(command, data=held)
            if command == 0x03:
                if len(data) != 2 + 2 * words + 4:
                    return self.frame(command, 0xFD)
                self.write(chip, data[0], data[1], data[2:-4], password)
            else:
                shift = 2 * (4 - data[0])
                mask, action = {0: (2, 0), 2: (2, 2), 3: (3, 3)}[data[1]]
                self.lock(chip, mask << shift, action << shift, password)
            return self.frame(command)
        except Refused as refusal:
            return self.frame(command, 0xFC, bytes([refusal.code]))
        except Silent:
            return self.frame(command, 0x05)


MODULES = {
    module.name: module
    for module in (M100Module, R200Module, MercuryModule, Uhfreader18Module)
}


class Terminal:
    """A pseudo-terminal, reached by a link that outlives a cut of the cable."""

    def __init__(self, link=None):
        self.folder = None
        if link is None:
            self.folder = tempfile.TemporaryDirectory(prefix="reader")
            link = Path(self.folder.name) / "tty"
        self.url = str(link)
        self.main = self.other = None
        self.plug()

    def plug(self):
        self.main, self.other = os.openpty()
        tty.setraw(self.other)  # kept open: a host that closes it cuts nothing
        fresh = self.url + ".new"
        os.symlink(os.ttyname(self.other), fresh)
        os.replace(fresh, self.url)

    def unplug(self):
        for descriptor in (self.main, self.other):
            os.close(descriptor)
        self.main = None

    def receive(self, seconds):
        ready, _, _ = select.select([self.main], [], [], seconds)
        return os.read(self.main, 4096) if ready else b""

    def send(self, data):
        os.write(self.main, data)

    def close(self):
        if self.main is not None:
            self.unplug()
        if os.path.islink(self.url):
            os.unlink(self.url)
        if self.folder:
            self.folder.cleanup()


class Socket:
    """A device server in its simplest form: one TCP connection at a time."""

    def __init__(self):
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = "socket://{}:{}".format(*self.listening.getsockname())
        self.connection = None

    def plug(self):
        """Nothing to do: the next connection is taken."""

    def unplug(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def receive(self, seconds):
        source = self.connection or self.listening
        ready, _, _ = select.select([source], [], [], seconds)
        if not ready:
            return b""
        if not self.connection:
            self.connection, _ = self.listening.accept()
            return b""
        data = self.connection.recv(4096)
        if not data:
            self.unplug()
        return data

    def send(self, data):
        if self.connection:
            self.connection.sendall(data)

    def close(self):
        self.unplug()
        self.listening.close()


class ScriptedReader:
    """A module behind a terminal or a socket, served by a thread."""

    def __init__(self, module, port=None):
        self.module = module
        self.port = port or Terminal()
        self.url = self.port.url
        self.cuts = []  # seconds each
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_exception):
        self._stop.set()
        self._thread.join(5)
        self.port.close()

    def cut(self, seconds=0.3):
        """Pull the cable for a while."""
        self.cuts.append(seconds)

    def report(self):
        return {
            "tags": [chip.report() for chip in self.module.plate.everything()],
            "commands": self.module.seen,
            "faults": self.module.faults.counts,
        }

    def _serve(self):
        while not self._stop.is_set():
            if self.cuts:
                self.port.unplug()
                self._stop.wait(self.cuts.pop(0))
                self.module.idle()
                self.port.plug()
            with contextlib.suppress(OSError):
                data = self.port.receive(0.03)
                if not data:
                    self.module.idle()
                for wait, answer in self.module.feed(data):
                    time.sleep(wait)
                    self.port.send(answer)


def reader(protocol, chips=(), queue=(), faults=0.0, seed=0, **options):
    """Return a ScriptedReader: `with reader("m100", chips) as peer: peer.url`."""
    plate = Plate(chips, queue)
    module = MODULES[protocol](plate, Faults(faults, seed, **options))
    return ScriptedReader(module)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--protocol", choices=sorted(MODULES), default="m100")
    parser.add_argument("--tags", type=int, default=1, help="one after the other")
    parser.add_argument("--together", type=int, default=0, help="at once on the plate")
    parser.add_argument("--defective", type=int, default=0, help="that take no write")
    parser.add_argument("--faults", type=float, default=0.0, help="share of exchanges")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--delay", type=float, default=0.15, help="longest, in seconds")
    parser.add_argument("--link", help="path of the terminal, instead of a new one")
    parser.add_argument("--tcp", action="store_true", help="a socket, no terminal")
    parser.add_argument("--report", help="file for the report, instead of stdout")
    options = parser.parse_args(arguments)

    count = options.together or options.tags
    chips = factory_chips(count, options.seed, options.defective)
    plate = Plate(chips) if options.together else Plate(queue=chips)
    faults = Faults(options.faults, options.seed, delay=options.delay)
    module = MODULES[options.protocol](plate, faults)
    port = Socket() if options.tcp else Terminal(options.link)
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    with ScriptedReader(module, port) as peer:
        say(peer.url)
        while signal.sigwait(SIGNALS) == signal.SIGUSR1:
            peer.cut()
    report = json.dumps(peer.report(), indent=1)
    if options.report:
        Path(options.report).write_text(report + "\n", encoding="utf-8")
    else:
        say(report)


def say(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGUSR1}

if __name__ == "__main__":
    main()
