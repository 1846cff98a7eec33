"""Readers behind a network: raw sockets and RFC 2217 device servers."""

import contextlib
import socket
import threading

import pytest
import serial
from chips import factory_chips
from peer import MODULES, Faults, Plate, ScriptedReader, Socket, reader
from serial.rfc2217 import PortManager
from toll_bridge_agent.encoding import DEFAULT_LOCK, Encoding, Wish
from toll_bridge_agent.errors import AgentError
from toll_bridge_agent.reader import Reader

EPC = bytes.fromhex("494D444D3330393932303339")
WISH = Wish(EPC, access=b"\x11\x22\x33\x44", lock=DEFAULT_LOCK)


class TerminalPort(serial.Serial):
    """A pseudo-terminal has no modem lines."""

    rts = dtr = True
    cts = dsr = ri = cd = False


class DeviceServer:
    """pyserial's own RFC 2217 server in front of a terminal."""

    def __init__(self, terminal):
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = "rfc2217://{}:{}".format(*self.listening.getsockname())
        self.serial = TerminalPort(terminal, timeout=0.01)
        self.baudrates = []

    def __enter__(self):
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_exception):
        self.listening.close()
        self.serial.close()

    def write(self, data):
        """What the manager answers goes to the client."""
        self.connection.sendall(data)

    def _serve(self):
        with contextlib.suppress(OSError):
            self.connection, _address = self.listening.accept()
            self.manager = PortManager(self.serial, self)
            threading.Thread(target=self._forward, daemon=True).start()
            while data := self.connection.recv(1024):
                self.serial.write(b"".join(self.manager.filter(data)))

    def _forward(self):
        with contextlib.suppress(OSError, TypeError, serial.SerialException):
            while True:
                data = self.serial.read(self.serial.in_waiting or 1)
                if data:
                    self.write(b"".join(self.manager.escape(data)))


@pytest.mark.parametrize("protocol", ["m100", "uhfreader18"])
def test_rfc2217(protocol):
    # an FF in the data is doubled on the way
    [chip] = chips = factory_chips(1)
    chip.bank[4:8] = b"\xff\xff\x00\xff"
    with reader(protocol, chips) as peer, DeviceServer(peer.url) as server:
        through = Reader.open(server.url, protocol)
        assert server.serial.baudrate == through.driver.baudrate
        assert Encoding(through, WISH).run().tid == chip.tid
        through.close()
    assert chip.epc == EPC


@pytest.mark.parametrize("protocol", sorted(MODULES))
def test_socket(protocol):
    [chip] = chips = factory_chips(1)
    module = MODULES[protocol](Plate(chips), Faults(0.05, seed=1))
    with ScriptedReader(module, Socket()) as peer:
        over = Reader.open(peer.url, protocol, patience=0.3)
        assert Encoding(over, WISH).run().tid == chip.tid
        over.close()
    assert chip.epc == EPC


def test_a_device_server_that_hangs_up():
    module = MODULES["mercury"](Plate(factory_chips(1)))
    with ScriptedReader(module, Socket()) as peer:
        over = Reader.open(peer.url, "mercury", patience=0.3)
        peer.cut(0.1)
        with pytest.raises(AgentError) as caught:
            while True:
                over.inventory()
        assert caught.value.code == "cable"


def test_one_program_at_a_time():
    with reader("m100", factory_chips(1)) as peer:
        first = Reader.open(peer.url, "m100")
        with pytest.raises(AgentError) as caught:
            Reader.open(peer.url, "m100")
        first.close()
    assert caught.value.code == "cable"


@pytest.mark.parametrize("url", ["socket://127.0.0.1:1", "nonsense://x", ""])
def test_no_such_port(url):
    with pytest.raises(AgentError) as caught:
        Reader.open(url, "m100")
    assert caught.value.code == "cable"
