"""Published frames of the readers' manuals, byte for byte."""

import pytest
from toll_bridge_agent.drivers import DRIVERS, Bank, Command, Target
from toll_bridge_agent.drivers.m100 import error as m100_error
from toll_bridge_agent.drivers.mercury import MercuryDecoder
from toll_bridge_agent.drivers.mercury import crc as mercury_crc
from toll_bridge_agent.drivers.mercury import error as mercury_error
from toll_bridge_agent.drivers.uhfreader18 import Uhfreader18Decoder
from toll_bridge_agent.drivers.uhfreader18 import error as uhfreader18_error
from toll_bridge_agent.drivers.uhfreader18 import frame as uhfreader18_frame
from toll_bridge_agent.errors import CODES, AgentError, BeyondMemory

EPC = bytes.fromhex("30751FEB705C5904E3D50D70")
TARGET = Target(EPC)
SELECT = """BB 00 0C 00 13 01 00 00 00 20 60 00 30 75 1F EB 70 5C 59 04 E3 D5 0D 70
            AD 7E"""
SELECTED = "BB 01 0C 00 01 00 0E 7E"  # the manual's answer to 0C and to 12
MODE_2 = "BB 00 12 00 01 02 15 7E"
POLL = "BB 00 22 00 00 22 7E"
SEEN = """BB 02 22 00 11 C9 34 00 30 75 1F EB 70 5C 59 04 E3 D5 0D 70 3A 76 EF 7E"""
NO_TAG = "BB 01 FF 00 01 15 16 7E"
HEAD = "0E 34 00 30 75 1F EB 70 5C 59 04 E3 D5 0D 70"


def b(text):
    return bytes.fromhex(text)


def hold(driver, operation, *conversation):
    """Check each command's bytes, feed the answers, return the operation's result."""
    decoder = driver.decoder()
    frames = None
    for sent, received in conversation:
        command = operation.send(frames)
        assert isinstance(command, Command)
        assert command.frame.hex(" ") == b(sent).hex(" ")
        answers = decoder.feed(b(received))
        assert answers and all(driver.answers(command, one) for one in answers)
        frames = answers if command.gather else answers[0]
    with pytest.raises(StopIteration) as end:
        operation.send(frames)
    return end.value.value


# M100


def test_m100_version():
    driver = DRIVERS["m100"]()
    answer = "BB 01 03 00 0B 00 4D 31 30 30 20 56 31 2E 30 30 22 7E"
    exchange = ("BB 00 03 00 01 00 04 7E", answer)
    assert hold(driver, driver.identify(), exchange) == "M100 V1.00"


def test_m100_inventory_reads_rssi_pc_and_epc():
    driver = DRIVERS["m100"]()
    seen = hold(driver, driver.inventory(), (POLL, SEEN), (POLL, NO_TAG), (POLL, SEEN))
    assert [(tag.rssi, tag.pc, tag.epc) for tag in seen] == [(-55, 0x3400, EPC)]


def test_m100_inventory_of_an_empty_field():
    driver = DRIVERS["m100"]()
    assert hold(driver, driver.inventory(), *[(POLL, NO_TAG)] * 3) == []


def test_m100_read_user_memory():
    driver = DRIVERS["m100"]()
    read = "BB 00 39 00 09 00 00 FF FF 03 00 00 00 02 45 7E"
    answer = f"BB 01 39 00 13 {HEAD} 12 34 56 78 B0 7E"
    operation = driver.read(TARGET, Bank.USER, 0, 2, b("0000FFFF"))
    exchanges = [(SELECT, SELECTED), (MODE_2, SELECTED), (read, answer)]
    assert hold(driver, operation, *exchanges) == b("12345678")


@pytest.mark.parametrize(
    ("bank", "words", "expected"),
    [
        (Bank.TID, 6, "BB 00 39 00 09 00 00 00 00 02 00 00 00 06 4A 7E"),
        (Bank.RESERVED, 7, "BB 00 39 00 09 00 00 00 00 00 00 00 00 07 49 7E"),
        (Bank.EPC, 10, "BB 00 39 00 09 00 00 00 00 01 00 00 00 0A 4D 7E"),
    ],
)
def test_m100_read_frames(bank, words, expected):
    driver = DRIVERS["m100"]()
    operation = driver.read(TARGET, bank, 0, words)
    accepted = driver.decoder().feed(b(SELECTED))[0]
    operation.send(None)
    operation.send(accepted)
    assert operation.send(accepted).frame == b(expected)


def test_m100_write_user_memory():
    driver = DRIVERS["m100"]()
    write = "BB 00 49 00 0D 00 00 FF FF 03 00 00 00 02 12 34 56 78 6D 7E"
    answer = f"BB 01 49 00 10 {HEAD} 00 A9 7E"
    operation = driver.write(TARGET, Bank.USER, 0, b("12345678"), b("0000FFFF"))
    exchanges = [(SELECT, SELECTED), (MODE_2, SELECTED), (write, answer)]
    assert hold(driver, operation, *exchanges) is None


def test_m100_power():
    driver = DRIVERS["m100"]()
    got = ("BB 00 B7 00 00 B7 7E", "BB 01 B7 00 02 07 D0 91 7E")
    assert hold(driver, driver.get_power(), got) == 20.0
    put = ("BB 00 B6 00 02 07 D0 8F 7E", "BB 01 B6 00 01 00 B8 7E")
    hold(driver, driver.set_power(20), put)


@pytest.mark.parametrize(
    ("areas", "payload"),
    [
        ({"access": "locked"}, "020080"),
        ({"epc": "locked"}, "008020"),
        ({"access": "locked", "epc": "locked"}, "0280A0"),
        ({"access": "perma"}, "0300C0"),
        ({"epc": "open"}, "008000"),
    ],
)
def test_m100_lock_payload(areas, payload):
    driver = DRIVERS["m100"]()
    operation = driver.lock(TARGET, areas, b("11223344"))
    accepted = driver.decoder().feed(b(SELECTED))[0]
    operation.send(None)
    operation.send(accepted)
    frame = operation.send(accepted).frame
    assert frame[:5] == b("BB 00 82 00 07")
    assert frame[5:-2] == b("11223344" + payload)


def test_r200_has_other_delimiters():
    driver = DRIVERS["r200"]()
    poll, nothing = "AA 00 22 00 00 22 DD", "AA 01 FF 00 01 15 16 DD"
    assert hold(driver, driver.inventory(), *[(poll, nothing)] * 3) == []
    assert next(driver.set_power(26)).frame == b("AA 00 B6 00 02 0A 28 EA DD")
    [frame] = driver.decoder().feed(b("AA 01 03 00 08 01 56 38 2E 32 36 2E 30 8F DD"))
    assert frame.data == b"\x01V8.26.0"


@pytest.mark.parametrize(
    "wrong",
    [
        # of the manual: the sum is that of command 22
        "BB 02 27 00 11 C9 34 00 30 75 1F EB 70 5C 59 04 E3 D5 0D 70 3A 76 EF 7E",
        "BB 00 AB 00 01 01 AC 7E",  # of a maker's documentation: AD would be right
    ],
)
def test_m100_refuses_the_misprinted_frames(wrong):
    decoder = DRIVERS["m100"]().decoder()
    assert not decoder.feed(b(wrong)) + decoder.idle()


@pytest.mark.parametrize("header", ["BB 01 0C", "7E 7E 7E"])
def test_m100_delimiters_inside_a_frame_are_data(header):
    driver = DRIVERS["m100"]()
    data = b(header) + b(SELECTED)  # a TAG's memory that looks like an answer
    frames = driver.decoder().feed(driver.frame(0x39, data, kind=1))
    assert [frame.data for frame in frames] == [data]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (0x09, "weak_signal"),
        (0x10, "write_failed"),
        (0x13, "write_failed"),
        (0x15, "no_tag"),
        (0x16, "access_denied"),
        (0x17, "protocol"),
        (0x20, "weak_signal"),
        (0xA4, "locked"),
        (0xB4, "locked"),
        (0xC4, "locked"),
        (0xAB, "weak_signal"),
        (0xAF, "weak_signal"),
        (0xBF, "write_failed"),
        (0x2E, "protocol"),
    ],
)
def test_m100_error_codes(code, expected):
    assert m100_error(code).code == expected


def test_memory_overrun_is_told_apart():
    assert isinstance(m100_error(0xA3), BeyondMemory)
    assert isinstance(mercury_error(0x423), BeyondMemory)
    assert isinstance(uhfreader18_error(0xFC, b"\x03"), BeyondMemory)


# Mercury

VERSION = "07 10 23 00 01 00 00 03 20 14 10 07 01 07 02 09 00 00 00 10"
MERCURY_FRAMES = [
    "FF 00 04 1D 0B",
    "FF 00 03 1D 0C",
    "FF 01 97 02 4B BF",
    "FF 01 97 01 4B BC",
    "FF 01 97 08 4B B5",
    "FF 00 63 1D 6C",
    "FF 02 93 00 05 51 7D",
    "FF 01 62 01 BE BC",
    "FF 02 21 03 E8 D5 09",
    """FF 17 24 03 E8 03 00 00 00 00 00 00 00 00 00 00 00 00 20 10 12 34 11 11 22 22
       3E 71""",
    "FF 14 28 03 E8 03 00 00 00 00 00 02 00 00 00 00 00 00 00 20 10 12 34 D1 E7",
    "FF 08 22 88 10 00 13 03 E8 00 57 1F DF",
    """FF 1C 28 03 E8 11 00 00 02 00 00 00 00 00 00 00 00 00 60 98 12 AB 32 FF 00 02
       06 05 E4 01 F6 01 48""",
    "FF 03 29 00 57 00 A3 22",
    "FF 00 2A 1D 25",
]
MERCURY_ANSWERS = [
    (f"FF 14 04 00 00 {VERSION} 52 51", 0x04, 0),
    (f"FF 14 03 00 00 {VERSION} 5B D1", 0x03, 0),
    ("FF 00 97 00 00 77 9E", 0x97, 0),
    ("FF 02 63 00 00 00 00 21 43", 0x63, 0),
    ("FF 02 63 00 00 00 05 21 46", 0x63, 0),
    ("FF 00 93 00 00 37 1A", 0x93, 0),
    ("FF 07 62 00 00 01 08 FC 08 FC 03 E8 7A C9", 0x62, 0),
    ("FF 0E 21 00 00 E2 00 32 2F E2 0D F9 31 13 28 B7 E3 D1 00 AA D0", 0x21, 0),
    ("FF 05 28 00 00 03 11 11 22 22 10 BF", 0x28, 0),
]
MERCURY_WRONG = [
    "FF 01 87 08 4B B5",  # of the manual, page 209: the opcode must be 97
    """FF 15 24 03 E8 01 00 00 00 00 03 00 00 00 00 30 AA BB CC DD EE FF CC FF
       06 15""",
]


@pytest.mark.parametrize("text", MERCURY_FRAMES)
def test_mercury_commands(text):
    [frame] = MercuryDecoder(commands=True).feed(b(text))
    assert frame.command == b(text)[2]
    assert frame.data == b(text)[3:-2]


@pytest.mark.parametrize(("text", "opcode", "status"), MERCURY_ANSWERS)
def test_mercury_answers(text, opcode, status):
    [frame] = MercuryDecoder().feed(b(text))
    assert (frame.command, frame.status) == (opcode, status)
    assert frame.data == b(text)[5:-2]


@pytest.mark.parametrize("text", MERCURY_WRONG)
def test_mercury_refuses_the_misprinted_frames(text):
    decoder = MercuryDecoder(commands=True)
    assert not decoder.feed(b(text)) + decoder.idle()


def test_mercury_crc_is_not_ccitt_false():
    assert mercury_crc(b"123456789") != 0x29B1


def test_mercury_region_and_protocol():
    driver = DRIVERS["mercury"]()
    assert next(driver.set_region("us")).frame == b("FF 01 97 01 4B BC")
    assert next(driver.prepare()).frame == b("FF 02 93 00 05 51 7D")


def test_mercury_starts_the_firmware_from_its_boot_loader():
    driver = DRIVERS["mercury"]()
    operation = driver.identify()
    assert operation.send(None).frame == b("FF 00 03 1D 0C")
    boot_loader = MercuryDecoder().feed(answer(0x03, 0x0101))[0]
    assert operation.send(boot_loader).frame == b("FF 00 04 1D 0B")
    started = MercuryDecoder().feed(b(MERCURY_ANSWERS[0][0]))[0]
    assert operation.send(started).frame == b("FF 00 03 1D 0C")
    version = MercuryDecoder().feed(b(MERCURY_ANSWERS[1][0]))[0]
    with pytest.raises(StopIteration) as end:
        operation.send(version)
    assert end.value.value == "Mercury 01.00.00.03 firmware 01.07.02.09"


def answer(opcode, status, data=b""):
    body = bytes([len(data), opcode]) + status.to_bytes(2) + data
    return b"\xff" + body + mercury_crc(body).to_bytes(2)


def test_mercury_reads_with_metadata_where_the_firmware_wants_it():
    driver = DRIVERS["mercury"]()
    epc = b("98 12 AB 32 FF 00 02 06 05 E4 01 F6")
    operation = driver.read(Target(epc), Bank.TID, 0, 2)
    assert operation.send(None).frame[5] == 0x01
    refused = MercuryDecoder().feed(answer(0x28, 0x105))[0]
    again = operation.send(refused).frame
    # as published, but for the time-out and the number of words
    assert again[5:12] == b("11 00 00 02 00 00 00") and again[14:19] == b("0000000060")
    data = answer(0x28, 0, b"\x11\x00\x00" + b("E2801160"))
    with pytest.raises(StopIteration) as end:
        operation.send(MercuryDecoder().feed(data)[0])
    assert end.value.value == b("E2801160")
    assert driver.metadata


def test_mercury_write_and_read_have_the_published_layout():
    driver = DRIVERS["mercury"]()
    target = Target(EPC, b("E280116060000209"))
    write = next(driver.write(target, Bank.RESERVED, 0, b("11112222"))).frame
    select = "00 00 00 00 40 E2 80 11 60 60 00 02 09"
    layout = f"01 F4 02 00 00 00 00 00 00 00 00 00 {select} 11 11 22 22"
    assert write[3:-2] == b(layout)
    lock = next(driver.lock(target, {"access": "locked"}, b("11223344"))).frame
    assert lock[3:-2] == b(f"01 F4 02 11 22 33 44 00 80 00 80 {select}")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (0x0100, "protocol"),
        (0x0400, "no_tag"),
        (0x0404, "weak_signal"),
        (0x0406, "write_failed"),
        (0x040C, "access_denied"),
        (0x0424, "locked"),
        (0x042B, "weak_signal"),
        (0x0503, "cable"),
        (0x7FFF, "protocol"),
    ],
)
def test_mercury_error_codes(status, expected):
    assert mercury_error(status).code == expected


# UHFReader18


def test_uhfreader18_commands():
    assert uhfreader18_frame(0x01) == b("04 00 01 DB 4B")
    assert uhfreader18_frame(0x21) == b("04 00 21 D9 6A")
    assert uhfreader18_frame(0x21, address=0xFF) == b("04 FF 21 19 95")


@pytest.mark.parametrize(
    ("text", "command", "status", "data"),
    [
        ("05 00 01 FB F2 3D", 0x01, 0xFB, ""),
        (
            "13 00 0F 01 01 0C E2 84 36 11 00 00 10 00 09 49 44 AA DA FF",
            0x0F,
            0x01,
            "01 0C E2 84 36 11 00 00 10 00 09 49 44 AA",
        ),
        (
            "11 00 EE 00 20 00 70 8C 2B 38 0B 2D 00 00 00 00 E0 56",
            0xEE,
            0x00,
            "20 00 70 8C 2B 38 0B 2D 00 00 00 00",
        ),
    ],
)
def test_uhfreader18_answers(text, command, status, data):
    [frame] = Uhfreader18Decoder().feed(b(text))
    assert (frame.command, frame.status, frame.data) == (command, status, b(data))


def test_uhfreader18_heartbeat_is_no_frame():
    frames = Uhfreader18Decoder().feed(b("56 00 00 00 00 00 05 00 01 FB F2 3D"))
    assert [frame.status for frame in frames] == [0xFB]


def test_uhfreader18_layouts():
    """As the manual writes them: number, EPC, what, where, password."""
    driver = DRIVERS["uhfreader18"]()
    epc = EPC.hex(" ")
    read = next(driver.read(TARGET, Bank.TID, 0, 6)).frame
    assert read[3:-2] == b(f"06 {epc} 02 00 06 00 00 00 00")
    write = next(driver.write(TARGET, Bank.EPC, 2, b("1234"), b("11223344"))).frame
    assert write[3:-2] == b(f"01 06 {epc} 01 02 12 34 11 22 33 44")
    lock = next(driver.lock(TARGET, {"epc": "locked"}, b("11223344"))).frame
    assert lock[3:-2] == b(f"06 {epc} 02 02 11 22 33 44")


def test_user_memory_in_every_protocol():
    """Bank 3 in the place that each manual gives it; M100's frames are published."""
    user = (TARGET, Bank.USER, 0, b("01024332D29A"), b("11223344"))
    select = "60 30 75 1F EB 70 5C 59 04 E3 D5 0D 70"
    mercury = next(DRIVERS["mercury"]().write(*user)).frame
    layout = f"01 F4 01 00 00 00 00 03 11 22 33 44 {select} 01 02 43 32 D2 9A"
    assert mercury[:3] + mercury[3:-2] == b(f"FF 1F 24 {layout}")
    other = next(DRIVERS["uhfreader18"]().write(*user)).frame
    layout = f"03 06 {EPC.hex(' ')} 03 00 01 02 43 32 D2 9A 11 22 33 44"
    assert other[2:-2] == b(f"03 {layout}")
    driver = DRIVERS["r200"]()
    operation = driver.write(TARGET, Bank.USER, 0, b("12345678"), b("0000FFFF"))
    operation.send(None)
    accepted = driver.decoder().feed(b("AA 01 0C 00 01 00 0E DD"))[0]
    operation.send(accepted)
    frame = operation.send(accepted).frame
    assert frame == b("AA 00 49 00 0D 00 00 FF FF 03 00 00 00 02 12 34 56 78 6D DD")
    assert all(driver.user_memory for driver in DRIVERS.values())


def test_uhfreader18_power_and_region():
    driver = DRIVERS["uhfreader18"]()
    assert next(driver.set_power(26)).frame[2:4] == b("2F 1A")
    assert next(driver.set_region("us")).frame[2:5] == b("22 31 80")


@pytest.mark.parametrize(
    ("status", "data", "expected"),
    [
        (0x05, "", "access_denied"),
        (0xF9, "", "weak_signal"),
        (0xFA, "", "weak_signal"),
        (0xFB, "", "no_tag"),
        (0xFC, "04", "locked"),
        (0xFC, "0B", "weak_signal"),
        (0xFC, "0F", "write_failed"),
        (0xFE, "", "protocol"),
        (0xFF, "", "protocol"),
    ],
)
def test_uhfreader18_error_codes(status, data, expected):
    assert uhfreader18_error(status, b(data)).code == expected


# all


def test_every_code_has_an_exit_status_of_its_own():
    statuses = [status for status, _text in CODES.values()]
    assert len(set(statuses)) == len(statuses)
    assert not {0, 1, 2} & set(statuses)
    assert AgentError("cable").exit_status == CODES["cable"][0]
