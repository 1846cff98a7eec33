"""The command `toll-bridge-agent`.

By hand, with a reader's port:

    toll-bridge-agent --port /dev/ttyUSB0 --protocol m100 read
    toll-bridge-agent --port /dev/ttyUSB0 --protocol m100 encode --epc HEX --lock

Serving Odoo, which says what to encode:

    toll-bridge-agent --odoo https://odoo.example.com --key-file /etc/toll-bridge/key

The exit status is 0 only when the TAG holds what was asked for, as read back from it.
"""

import argparse
import json
import os
import re
import sys
import time
from pathlib import Path

from . import __version__
from .drivers import DRIVERS
from .encoding import DEFAULT_LOCK, EPC_BYTES, Encoding, Wish, check_lock
from .errors import AgentError
from .reader import Reader

PASSWORD = re.compile(r"[0-9A-Fa-f]{8}")
WORDS = re.compile(r"(?:[0-9A-Fa-f]{4}){1,32}")
EPC = re.compile(rf"[0-9A-Fa-f]{{{2 * EPC_BYTES}}}")
WAIT_PAUSE = 0.2


def main(arguments=None):
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        if options.odoo:
            return _serve(parser, options)
        return _by_hand(parser, options)
    except BrokenPipeError:
        return 1
    except KeyboardInterrupt:
        return AgentError("interrupted").exit_status


def _parser():
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--json",
        action="store_true",
        default=argparse.SUPPRESS,
        help="answer for programs",
    )
    parser = argparse.ArgumentParser(
        "toll-bridge-agent",
        description="Encode RFID TAGs by hand, or serve Odoo's encoding jobs.",
        parents=[common],
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument(
        "--port", metavar="URL", help="/dev/ttyUSB0, socket://HOST:PORT, rfc2217://…"
    )
    parser.add_argument("--protocol", choices=sorted(DRIVERS))
    parser.add_argument(
        "--baud", type=int, help="instead of the protocol's usual speed"
    )
    parser.add_argument("--power", type=_dbm, metavar="DBM", help="set it first")
    parser.add_argument("--region", metavar="NAME", help="us, eu, cn or kr")
    seconds = {"type": float, "metavar": "SECONDS"}
    parser.add_argument("--timeout", default=20, help="give up after", **seconds)
    parser.add_argument("--wait", default=0, help="wait so long for a TAG", **seconds)
    parser.add_argument("--patience", type=float, default=1.0, help=argparse.SUPPRESS)
    odoo = parser.add_argument_group("serving Odoo")
    odoo.add_argument("--odoo", metavar="URL", help="https://…")
    odoo.add_argument(
        "--key-file", type=Path, metavar="FILE", help="the encoder's key, mode 0600"
    )
    odoo.add_argument(
        "--state", type=Path, metavar="FOLDER", help="folder of the journal"
    )
    odoo.add_argument(
        "--ca-file", type=Path, metavar="FILE", help="own certificate authority"
    )
    odoo.add_argument("--once", action="store_true", help="one job, then end")

    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    commands.add_parser("read", parents=[common], help="show EPC and TID")
    encode = commands.add_parser("encode", parents=[common], help="write and read back")
    encode.add_argument("--epc", required=True, type=_epc, metavar="HEX")
    _password(encode, "access", "opens the TAG; written where it has none")
    _password(encode, "new-access", "replaces the access password")
    _password(encode, "kill", "the kill password to write")
    encode.add_argument(
        "--user", type=_words, metavar="HEX", help="what the user memory begins with"
    )
    _lock(encode)
    lock = commands.add_parser("lock", parents=[common], help="lock the TAG as it is")
    _password(lock, "access", "the TAG's access password")
    _lock(lock, default=DEFAULT_LOCK)
    power = commands.add_parser("power", parents=[common], help="set the power")
    power.add_argument("dbm", type=_dbm, metavar="DBM")
    return parser


def _password(parser, name, about):
    """Add a password: on the command line everybody on the machine can see it."""
    variable = "TOLL_" + name.upper().replace("-", "_")
    about = f"{about}; better by --{name}-file or {variable}"
    parser.add_argument(f"--{name}", type=_access, metavar="HEX", help=about)
    parser.add_argument(f"--{name}-file", type=_access_file, metavar="FILE")


def _lock(parser, **options):
    parser.add_argument(
        "--lock",
        type=_areas,
        nargs="?",
        const=DEFAULT_LOCK,
        metavar="AREA=STATE,…",
        help="epc, access, kill, user = open, locked or perma; "
        "without a value epc, access and kill are locked",
        **options,
    )


def _epc(text):
    if not EPC.fullmatch(text):
        raise argparse.ArgumentTypeError("24 hexadecimal digits")
    return bytes.fromhex(text)


def _words(text):
    if not WORDS.fullmatch(text):
        raise argparse.ArgumentTypeError("4, 8, 12 … hexadecimal digits, 128 at most")
    return bytes.fromhex(text)


def _access(text):
    if not PASSWORD.fullmatch(text):  # the value itself is never repeated
        raise argparse.ArgumentTypeError("8 hexadecimal digits")
    return bytes.fromhex(text)


def _access_file(name):
    try:
        return _access(Path(name).read_text(encoding="ascii").strip())
    except (OSError, UnicodeDecodeError) as error:
        raise argparse.ArgumentTypeError(f"cannot be read: {name}") from error


def _areas(text):
    try:
        areas = dict(part.split("=", 1) for part in text.split(","))
        check_lock(areas)
    except ValueError as error:
        raise argparse.ArgumentTypeError("AREA=STATE, …") from error
    return areas


def _dbm(text):
    try:
        value = float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError("a number of dBm") from error
    if not 0 <= value <= 33:
        raise argparse.ArgumentTypeError("between 0 and 33 dBm")
    return value


def _secret(options, name):
    """Return a password from its option, its file or the environment."""
    given = getattr(options, name) or getattr(options, f"{name}_file")
    text = os.environ.get(f"TOLL_{name.upper()}")
    if given or not text:
        return given
    if not PASSWORD.fullmatch(text):
        raise ValueError(f"TOLL_{name.upper()} has not 8 hexadecimal digits")
    return bytes.fromhex(text)


def _serve(parser, options):
    if options.command or not options.key_file:
        parser.error("--odoo wants --key-file and no command")
    from .service import serve

    return serve(options)


def _by_hand(parser, options):
    if not (options.port and options.protocol and options.command):
        parser.error("give --port, --protocol and a command, or --odoo")
    try:
        work = _work(options)
    except ValueError as error:
        parser.error(str(error))
    started = time.monotonic()
    answer = {"operation": options.command}
    reader = None
    try:
        reader = Reader.open(
            options.port,
            options.protocol,
            options.baud,
            options.patience,
            options.timeout,
        )
        answer["reader"] = reader.firmware
        if options.region and not reader.set_region(options.region):
            parser.error(f"this reader has no region {options.region}")
        if options.power is not None:
            _power(reader, options.power)
        answer |= _wait(reader, work, options.wait)
        status = 0
    except AgentError as error:
        answer |= {"error": error.code, "message": str(error)}
        status = error.exit_status
    finally:
        if reader:
            answer["retries"] = reader.retries
            reader.close()
    answer |= {"ok": status == 0, "seconds": round(time.monotonic() - started, 3)}
    _show(answer, getattr(options, "json", False))
    return status


def _work(options):
    """Return a function of the reader that does the command and returns its answer."""
    if options.command == "read":
        return _read
    if options.command == "power":
        return lambda reader: {"power_dbm": _power(reader, options.dbm)}
    access = _secret(options, "access")
    if options.command == "lock":
        if not access:
            raise ValueError("lock wants the access password")
        # the EPC is not touched
        wish = Wish(bytes(EPC_BYTES), access=access, lock=options.lock)
        return lambda reader: _outcome(Encoding(reader, wish).lock())
    wish = Wish(
        options.epc,
        access=access,
        new_access=_secret(options, "new_access"),
        kill=_secret(options, "kill"),
        lock=options.lock or {},
        user=options.user,
    )
    return lambda reader: _outcome(Encoding(reader, wish).run())


def _read(reader):
    tag = reader.acquire()
    return {"epc": _hex(tag.epc), "tid": _hex(tag.tid), "rssi": tag.rssi}


def _power(reader, dbm):
    actual = reader.set_power(dbm)
    if abs(actual - dbm) > 0.5:
        raise AgentError("readback_differs", f"the reader is at {actual:g} dBm")
    return actual


def _outcome(outcome):
    return {
        "epc": _hex(outcome.epc),
        "tid": _hex(outcome.tid),
        "rssi": outcome.rssi,
        "written": outcome.written,
        **({"user": _hex(outcome.user)} if outcome.user is not None else {}),
    }


def _wait(reader, work, seconds):
    """Do the work; as long as there is no TAG, or more than one, wait and try again."""
    end = time.monotonic() + seconds
    while True:
        reader.restart_clock()
        try:
            return work(reader)
        except AgentError as error:
            waiting = error.code in ("no_tag", "many_tags")
            if not waiting or time.monotonic() >= end:
                raise
        time.sleep(WAIT_PAUSE)


def _hex(data):
    return data.hex().upper()


def _show(answer, as_json):
    if as_json:
        print(json.dumps(answer, sort_keys=True))
        return
    if not answer["ok"]:
        print(f"{answer['error']}: {answer['message']}", file=sys.stderr)
        return
    for key in ("reader", "epc", "tid", "rssi", "power_dbm"):
        if answer.get(key) is not None:
            print(f"{key:10}{answer[key]}")
    if answer["operation"] != "read":
        done = "nothing to write" if answer.get("written") is False else "done"
        print(f"{answer['operation']:10}{done}, read back, {answer['seconds']:.1f} s")
