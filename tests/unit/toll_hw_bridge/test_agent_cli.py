"""The command, as a process, on a pseudo-terminal."""

import contextlib
import io
import json
import os
import subprocess
import sys
import threading
import time

import pytest
from chips import Chip, Plate, factory_chips
from conftest import AGENT
from peer import MODULES, Faults, ScriptedReader, Socket, reader
from toll_bridge_agent.cli import main

PROTOCOLS = sorted(MODULES)
EPC = "494D444D3330393932303339"
ACCESS, KILL = "A1B2C3D4", "5E6F7081"

everywhere = pytest.mark.parametrize("protocol", PROTOCOLS)


def agent(*arguments, env=None):
    command = [sys.executable, "-m", "toll_bridge_agent", *map(str, arguments)]
    return subprocess.run(
        command,
        cwd=AGENT,
        env=os.environ | (env or {}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def by_hand(peer, *arguments):
    """Run the command, in this process, and return its status and answer."""
    protocol = peer.module.name
    head = ("--port", peer.url, "--protocol", protocol, "--patience", "0.3", "--json")
    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        status = main([*map(str, head), *map(str, arguments)])
    assert not errors.getvalue()
    return status, json.loads(output.getvalue())


@everywhere
def test_read(protocol):
    [chip] = chips = factory_chips(1)
    with reader(protocol, chips) as peer:
        done = agent("--port", peer.url, "--protocol", protocol, "--json", "read")
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert answer["ok"] and answer["epc"] == chip.epc.hex().upper()
    assert answer["tid"] == chip.tid.hex().upper()


@everywhere
def test_encode_with_a_tenth_of_the_exchanges_disturbed(protocol):
    [chip] = chips = factory_chips(1, seed=3)
    secrets = ("--access", ACCESS, "--kill", KILL)
    with reader(protocol, chips, faults=0.1, seed=3) as peer:
        head = ("--port", peer.url, "--protocol", protocol, "--patience", "0.3")
        done = agent(*head, "encode", "--epc", EPC, *secrets, "--lock")
        assert (done.returncode, done.stderr) == (0, "")
        status, again = by_hand(peer, "encode", "--epc", EPC, *secrets, "--lock")
    assert (status, again["written"]) == (0, False)
    assert chip.report()["epc"] == EPC
    assert chip.report()["access"] == ACCESS and chip.report()["kill"] == KILL
    assert chip.locks["epc"] == chip.locks["access"] == chip.locks["kill"] == "locked"


def test_lock_and_its_policy():
    [chip] = chips = factory_chips(1)
    chip.reserved[4:] = bytes.fromhex(ACCESS)
    with reader("m100", chips) as peer:
        status, _answer = by_hand(
            peer, "lock", "--access", ACCESS, "--lock", "user=locked"
        )
        assert status == 0
        assert chip.locks["user"] == "locked" and chip.locks["epc"] == "open"
        status, _answer = by_hand(peer, "lock", "--access", ACCESS)
    assert status == 0 and chip.locks["epc"] == "locked"


def test_power():
    with reader("m100", factory_chips(1)) as peer:
        assert by_hand(peer, "power", "26")[1]["power_dbm"] == 26
        by_hand(peer, "--power", "12.5", "read")
        assert peer.module.power == 12.5


@pytest.mark.parametrize(
    ("chips", "arguments", "status", "error"),
    [
        ([], ["read"], 10, "no_tag"),
        (factory_chips(2), ["read"], 11, "many_tags"),
        ([Chip(b"\xe2\x80\x11\x05", bytes(12))], ["read"], 12, "wrong_tag"),
        (factory_chips(1, defective=1), ["encode", "--epc", EPC], 15, "write_failed"),
    ],
)
def test_each_failure_has_its_exit_status(chips, arguments, status, error):
    with reader("mercury", chips) as peer:
        returned, answer = by_hand(peer, *arguments)
    assert (returned, answer["error"], answer["ok"]) == (status, error, False)


def test_locked_and_denied():
    [chip] = chips = factory_chips(1)
    chip.reserved[4:] = bytes.fromhex(ACCESS)
    chip.locks |= {"epc": "locked", "access": "locked", "kill": "locked"}
    with reader("m100", chips) as peer:
        assert by_hand(peer, "encode", "--epc", EPC)[0] == 13
        wrong = ("--access", "00000001")
        assert by_hand(peer, "encode", "--epc", EPC, *wrong)[0] == 14
    assert chip.names[-1] != EPC


def test_no_reader_and_a_mute_one():
    done = agent("--port", "/dev/does-not-exist", "--protocol", "m100", "read")
    assert done.returncode == 20
    assert done.stderr.startswith("cable: ") and "Traceback" not in done.stderr
    with reader("m100", factory_chips(1), faults=1.0, kinds=("drop",)) as peer:
        assert by_hand(peer, "read")[0] == 21
    with reader("r200", factory_chips(1)) as peer:
        head = ("--port", peer.url, "--patience", "0.3")
        assert agent(*head, "--protocol", "m100", "read").returncode in (21, 22)


@everywhere
def test_the_cable_is_pulled_in_the_middle(protocol):
    [chip] = chips = factory_chips(1)
    with reader(protocol, chips) as peer:
        answer = peer.module.answer

        def pull(frame):
            if peer.module.seen == 9:
                peer.cut(0.2)
            return answer(frame)

        peer.module.answer = pull
        status, _answer = by_hand(peer, "encode", "--epc", EPC, "--access", ACCESS)
        assert status == 20
        peer.module.answer = answer
        time.sleep(0.4)
        status, _answer = by_hand(peer, "encode", "--epc", EPC, "--access", ACCESS)
    assert status == 0 and chip.report()["epc"] == EPC


def test_waits_for_a_tag():
    with reader("m100", []) as peer:
        late = threading.Timer(
            0.6, lambda: peer.module.plate.chips.extend(factory_chips(1))
        )
        late.start()
        status, _answer = by_hand(peer, "--wait", "10", "read")
    assert status == 0


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["read"],
        ["--port", "/dev/null", "read"],
        ["--port", "/dev/null", "--protocol", "m101", "read"],
        ["--port", "x", "--protocol", "m100", "encode", "--epc", "12"],
        ["--port", "x", "--protocol", "m100", "encode", "--epc", EPC, "--lock"],
        ["--port", "x", "--protocol", "m100", "lock"],
        ["--port", "x", "--protocol", "m100", "power", "90"],
        ["--odoo", "https://odoo.example.com"],
        ["--odoo", "https://odoo.example.com", "--key-file", "k", "read"],
    ],
)
def test_wrong_use(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_passwords_are_never_shown(tmp_path):
    file = tmp_path / "access"
    file.write_text(ACCESS + "\n", encoding="ascii")
    with reader("m100", factory_chips(1)) as peer:
        head = ("--port", peer.url, "--protocol", "m100")
        done = agent(
            *head,
            *("encode", "--epc", EPC, "--access-file", file, "--lock"),
            env={"TOLL_KILL": KILL},
        )
        assert done.returncode == 0, done.stderr
        [tag] = peer.report()["tags"]
    assert (tag["access"], tag["kill"]) == (ACCESS, KILL)
    shown = (done.stdout + done.stderr).upper()
    assert ACCESS not in shown and KILL not in shown
    misspelt = ACCESS[:7] + "X"
    done = agent(*head, "encode", "--epc", EPC, "--access", misspelt)
    assert done.returncode == 2 and misspelt not in done.stderr


def test_text_for_people():
    with reader("m100", factory_chips(1)) as peer:
        head = ("--port", peer.url, "--protocol", "m100")
        done = agent(*head, "encode", "--epc", EPC)
    assert "read back" in done.stdout and EPC in done.stdout


def test_over_a_socket():
    module = MODULES["m100"](Plate(factory_chips(1)), Faults(0.05, seed=2))
    with ScriptedReader(module, Socket()) as peer:
        assert peer.url.startswith("socket://")
        status, answer = by_hand(peer, "encode", "--epc", EPC)
    assert (status, answer["epc"]) == (0, EPC)
