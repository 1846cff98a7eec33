"""The universal crossing file: what is accepted, what is answered, what is refused."""

import gzip
import hashlib
import io
import json
import tracemalloc

import pytest
from intake_help import CONTEXT, HEADER, chunks, line, one, rows

from odoo.addons.toll_billing.core.intake import (
    Context,
    IntakeError,
    Layout,
    file_digest,
    iter_chunks,
    open_source,
    preview,
)


def refused(data, **options):
    with pytest.raises(IntakeError) as caught:
        rows(data, **options)
    return caught.value


# Accepted


def test_clean_row_is_staged_with_every_column():
    header = (
        "operator,ref,occurred_at,plaza,lane,tag,plate,class,direction,entry_plaza,"
        "entry_at,service,amount,currency,status"
    )
    row = one(
        "CAPUFE,A-1,2026-03-05T08:00:00-06:00,MX,4,imdm 30992039..,abc-12.34,C2,N,"
        "TJ,2026-03-05T05:30:00-08:00,toll,149.00,mxn,ok",
        header=header,
    )
    assert row == {
        "line": "2",
        "operator": "CAPUFE",
        "ref": "A-1",
        "occurred_at": "2026-03-05 14:00:00",
        "plaza": "MX",
        "lane": "4",
        "tag": "IMDM30992039",
        "plate": "ABC1234",
        "class_code": "C2",
        "direction": "N",
        "entry_plaza": "TJ",
        "entry_at": "2026-03-05 13:30:00",
        "service": "toll",
        "amount": "149.00",
        "currency": "MXN",
        "status": "ok",
        "fault": None,
        "detail": None,
        "raw": None,
    }


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-05T14:00:00Z",
        "2026-03-05t14:00:00z",
        "2026-03-05 14:00:00Z",
        "2026-03-05T14:00:00+00:00",
        "2026-03-05T14:00:00-00:00",
        "2026-03-05T08:00:00-06:00",
        "2026-03-05T08:00:00-0600",
        "2026-03-05T08:00:00-06",
        "20260305T140000Z",
        "20260305T080000-0600",
        "20260305T1400-00:00",
        "2026-03-05T14:00Z",
        "2026-03-05T19:30:00+05:30",
        "2026-03-05T14:00:00.000Z",
        "2026-03-05T08:00:00",
        "2026-03-05 08:00:00",
        "2026-03-05T08:00",
        "20260305T080000",
        " 2026-03-05T14:00:00Z ",
    ],
)
def test_every_spelling_of_one_moment(text):
    row = one(line(occurred_at=text))
    assert (row["occurred_at"], row["fault"]) == ("2026-03-05 14:00:00", None)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("2026-03-05T14:00:00.25Z", "2026-03-05 14:00:00.250000"),
        ('"2026-03-05T14:00:00,123456789Z"', "2026-03-05 14:00:00.123456"),
        ("2026-03-05T14:00:00.5", "2026-03-05 20:00:00.500000"),
        ("2026-03-05T14:00:00.12345", "2026-03-05 20:00:00.123450"),
        ("2026-03-05T14:00:00.00000", "2026-03-05 20:00:00"),
        ("20260305T140506.123Z", "2026-03-05 14:05:06.123000"),
        ("20260305T1405-06:30", "2026-03-05 20:35:00"),
        ("2026-12-31T23:59:59-06:00", "2027-01-01 05:59:59"),
    ],
)
def test_fractions_and_offsets(text, expected):
    assert one(line(occurred_at=text))["occurred_at"] == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-02-30T08:00:00Z",
        "2026-03-05T24:00:00Z",
        "2026-03-05T08:60:00Z",
        "2026-03-05T08:00:60Z",
        "2026-03-05T08:00:00+16:00",
        "2026-03-05T08:00:00+06:75",
        "2026-03-05",
        "05/03/2026 08:00",
        "2026-0305T08:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "٢٠٢٦-03-05T08:00:00Z",
    ],
)
def test_no_time_is_malformed(text):
    row = one(line(occurred_at=text))
    assert (row["occurred_at"], row["fault"]) == (None, "malformed")
    assert row["detail"].startswith("column occurred_at: ")
    assert row["ref"] == "R1", "what is usable is kept"


def test_time_without_offset_that_happened_twice():
    row = one(line(occurred_at="2026-11-01T01:30:00", plaza="TJ"))
    assert row["fault"] == "ambiguous_time"
    assert "2026-11-01T01:30:00-07:00 or 2026-11-01T01:30:00-08:00" in row["detail"]
    assert json.loads(row["raw"])["occurred_at"] == "2026-11-01T01:30:00"
    assert (row["occurred_at"], row["tag"]) == (None, "IMDM30992039")


def test_same_moment_with_offset_is_clear():
    late = one(line(occurred_at="2026-11-01T01:30:00-08:00", plaza="TJ"))
    assert (late["occurred_at"], late["fault"]) == ("2026-11-01 09:30:00", None)


def test_time_that_never_was_is_malformed():
    row = one(line(occurred_at="2026-03-08T02:30:00", plaza="TJ"))
    assert row["fault"] == "malformed"
    assert "does not exist in America/Tijuana" in row["detail"]


def test_zone_is_the_plazas_and_may_differ_from_row_to_row():
    data = "\n".join(
        [
            HEADER,
            line(occurred_at="2026-07-01T08:00:00", plaza="TJ"),
            line(occurred_at="2026-07-01T08:00:00", plaza="MX", ref="R2"),
            line(occurred_at="2026-07-01T08:00:00", plaza="unknown", ref="R3"),
        ]
    )
    times = [row["occurred_at"][11:16] for row in rows(data)]
    assert times == ["15:00", "14:00", "14:00"]


def test_entry_time_is_in_the_entry_plazas_zone():
    header = "ref,occurred_at,entry_at,entry_plaza,plaza,tag"
    data = [
        "R1,2026-07-01T10:00:00,2026-07-01T08:00:00,TJ,MX,T1",
        "R2,2026-07-01T10:00:00,2026-07-01T08:00:00,,MX,T1",
        "R3,2026-07-01T10:00:00,,,MX,T1",
    ]
    times = [row["entry_at"] for row in rows("\n".join([header, *data]))]
    assert times == ["2026-07-01 15:00:00", "2026-07-01 14:00:00", None]


@pytest.mark.parametrize(
    "text, expected",
    [("149", "149"), ("0149.50", "149.50"), ("0", "0"), ("1.123456", "1.123456")],
)
def test_amounts(text, expected):
    row = one(line(amount=text))
    assert (row["amount"], row["fault"]) == (expected, None)


@pytest.mark.parametrize(
    "text, says",
    [
        ("-1", "is negative"),
        ("-0.5", "is negative"),
        ("12.5x", "is not a number"),
        ('"12,5"', "with the decimal mark '.'"),
        ('"1,200.00"', "is not a number"),
        ("1e3", "is not a number"),
        ("+5", "is not a number"),
        (".5", "is not a number"),
        ("5.", "is not a number"),
        ("NaN", "is not a number"),
        ("١٢", "is not a number"),
        ("1.1234567", "more than 6 decimals"),
        ("1234567890123", "more than 12 digits"),
        ("=1+1", "is not a number"),
    ],
)
def test_bad_amounts_say_why(text, says):
    row = one(line(amount=text))
    assert (row["fault"], row["amount"]) == ("malformed", None)
    assert "column amount: " in row["detail"] and says in row["detail"]


@pytest.mark.parametrize("column", ["ref", "plaza", "lane", "tag", "plate", "class"])
@pytest.mark.parametrize("cell", ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3*x"])
def test_formula_cells_are_refused_and_kept_as_text(column, cell):
    row = one(line(**{column: cell}))
    assert row["fault"] == "malformed"
    assert f"column {column}: " in row["detail"]
    assert "spreadsheet formula" in row["detail"]
    assert json.loads(row["raw"])[column] == cell


def test_signed_numbers_and_dashes_are_no_formulas():
    row = one(line(ref="-17", plate="-ABC-1"))
    assert (row["ref"], row["plate"], row["fault"]) == ("-17", "ABC1", None)


def test_unknown_columns_are_kept():
    header = HEADER + ",note,Weather"
    row = one(line() + ",=A1 \\ ñ,", header=header)
    assert row["fault"] is None
    assert json.loads(row["raw"]) == {"note": "=A1 \\ ñ"}


def test_identity_that_vanishes_is_kept_as_received():
    row = one(line(tag="....", plate="--"))
    assert (row["tag"], row["plate"], row["fault"]) == (None, None, None)
    assert json.loads(row["raw"]) == {"tag": "....", "plate": "--"}


def test_several_faults_are_all_named():
    row = one(line(ref="", amount="x", occurred_at="?"))
    assert row["fault"] == "malformed"
    for column in ("ref", "amount", "occurred_at"):
        assert f"column {column}: " in row["detail"]


def test_too_long_a_value_is_malformed():
    row = one(line(ref="R" * 65))
    assert "column ref: " in row["detail"]
    assert "longer than 64 characters" in row["detail"]
    assert one(line(ref="R" * 64))["fault"] is None


# Header


@pytest.mark.parametrize(
    "header",
    ["REF, Occurred_At ,plaza,TAG", '"ref","occurred_at","plaza","tag"'],
)
def test_header_is_matched_without_case_blanks_and_quotes(header):
    assert one("R1,2026-03-05T08:00:00Z,MX,T1", header=header)["tag"] == "T1"


def test_column_order_is_free_and_semicolons_are_found():
    row = one("T1;MX;R1;2026-03-05T08:00:00Z", header="tag;plaza;ref;occurred_at")
    assert (row["ref"], row["tag"], row["plaza"]) == ("R1", "T1", "MX")


@pytest.mark.parametrize("column", ["ref", "occurred_at", "plaza"])
def test_missing_column_is_named(column):
    header = HEADER.replace(column, "x_" + column)
    error = refused(header + "\n" + line())
    assert (error.code, error.column, error.line) == ("missing_column", column, 1)


def test_tag_or_plate_is_needed():
    error = refused("ref,occurred_at,plaza\nR1,2026-03-05T08:00:00Z,MX")
    assert (error.code, error.column) == ("missing_column", "tag")


def test_doubled_column_is_named():
    error = refused(HEADER + ",Ref\n" + line() + ",R9")
    assert (error.code, error.column) == ("duplicate_column", "Ref")


def test_file_without_header():
    assert refused(line() + "\n" + line(ref="R2")).code == "missing_header"


def test_header_in_the_middle_is_one_rejected_row():
    good, again, last = rows("\n".join([HEADER, line(), HEADER, line(ref="R2")]))
    assert (good["fault"], last["fault"]) == (None, None)
    assert (again["fault"], again["detail"]) == (
        "malformed",
        "the header line is repeated",
    )


def test_header_alone_is_a_file_without_rows():
    assert chunks(HEADER + "\n") == []


# Lines


def test_line_numbers_are_those_of_the_file():
    data = "\n".join(["", HEADER, "", line(), "  ", "\r", line(ref="R2"), ""])
    assert [row["line"] for row in rows(data)] == ["4", "7"]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", ["", "\n"])
def test_line_ends(end, last):
    data = end.join([HEADER, line(), line(ref="Ñ2")]) + last
    assert [row["ref"] for row in rows(data)] == ["R1", "Ñ2"]


def test_old_mac_line_ends_are_refused():
    assert refused(HEADER + "\r" + line() + "\r").code == "line_ends"


def test_wrong_number_of_fields():
    short, good, long = rows("\n".join([HEADER, "a,b", line(), line() + ",x", ""]))
    assert (short["fault"], good["fault"], long["fault"]) == (
        "field_count",
        None,
        "field_count",
    )
    assert short["detail"] == "2 fields where the header has 9"
    assert json.loads(short["raw"]) == {"_line": "a,b"}
    assert short["ref"] is None


def test_cut_file_says_so_on_its_last_line():
    row = rows(HEADER + "\n" + line() + "\nCAPUFE,R2,2026-03")[-1]
    assert row["fault"] == "field_count"
    assert "cut off" in row["detail"]


def test_quoted_values():
    header = HEADER + ",note"
    row = one('"CAPUFE","R,1"' + line()[9:] + ',"say ""hi"""', header=header)
    assert row["ref"] == "R,1"
    assert json.loads(row["raw"]) == {"note": 'say "hi"'}


def test_open_quote_spoils_its_own_line_only():
    data = "\n".join(
        [HEADER, line(), line(ref='"R2'), line(ref="R3"), line(ref='"R4"')]
    )
    good, bad, next_one, quoted = rows(data)
    assert (good["ref"], next_one["ref"], quoted["ref"]) == ("R1", "R3", "R4")
    assert (bad["fault"], bad["detail"][:7]) == ("malformed", "quotes:")


@pytest.mark.parametrize("char", ["\x00", "\x01", "\x1b", "\x7f", "\x85", "\x0b"])
def test_control_characters_are_a_fault_of_the_row(char):
    good, bad = rows("\n".join([HEADER, line(), line(ref=f"R{char}2")]))
    assert (good["fault"], bad["fault"]) == (None, "malformed")
    assert "column ref: " in bad["detail"]
    assert "\x00" not in bad["raw"] and "\\u0000" not in bad["raw"]


def test_control_characters_in_unknown_columns_too():
    row = one(line() + ",a\x00b", header=HEADER + ",note")
    assert row["fault"] == "malformed"
    assert json.loads(row["raw"])["note"] == "a\\x00b"


def test_backslashes_and_tabs_arrive_as_they_are():
    row = one(line(ref="a\\N\\tb", lane="1\t2", **{"class": "\\."}))
    assert (row["ref"], row["lane"], row["class_code"]) == ("a\\N\\tb", "1\t2", "\\.")


def test_line_of_another_encoding_is_one_rejected_row():
    data = "\n".join([HEADER, line(), line(ref="Ñ2"), line(ref="R3")])
    good, bad, last = rows(data.encode("latin-1"))
    assert (good["fault"], bad["fault"], last["fault"]) == (None, "bad_encoding", None)
    assert "byte 0xD1 at position 8" in bad["detail"]
    assert "\\xd12" in json.loads(bad["raw"])["_line"]


def test_encoding_of_the_layout():
    data = "\n".join([HEADER, line(ref="Ñ2")]).encode("latin-1")
    (row,) = rows(data, layout=Layout(encoding="iso-8859-1"))
    assert row["ref"] == "Ñ2"


def test_byte_order_mark_is_no_part_of_the_header():
    assert one(line(), header="\ufeff" + HEADER)["operator"] == "CAPUFE"


@pytest.mark.parametrize(
    "encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"]
)
def test_wide_encodings_are_refused(encoding):
    error = refused((HEADER + "\n" + line()).encode(encoding))
    assert error.code == "bad_encoding"
    assert "UTF-8" in error.message


# Endless lines


def test_line_that_never_ends_is_one_rejected_row():
    huge = "x" * (3 * 1024 * 1024)
    data = "\n".join([HEADER, line(), huge, line(ref="R2"), huge])
    first, bad, second, last = rows(data)
    assert (first["ref"], second["ref"]) == ("R1", "R2")
    assert (bad["fault"], last["fault"]) == ("line_too_long", "line_too_long")
    assert json.loads(bad["raw"])["_line"] == "x" * 500
    assert [row["line"] for row in (first, bad, second, last)] == ["2", "3", "4", "5"]


@pytest.mark.parametrize("length", [65_535, 65_536, 65_537, 70_000])
def test_limit_of_a_line(length):
    bad = one("y" * length)
    expected = "field_count" if length <= 65_536 else "line_too_long"
    assert bad["fault"] == expected


class Endless(io.RawIOBase):
    """A header, a row, and then one line of many megabytes."""

    def __init__(self, megabytes):
        self._left = [b"\n" + line(ref="R2").encode() + b"\n"]
        self._left += [b"z" * (1 << 20)] * megabytes
        self._left.append(f"{HEADER}\n{line()}\n".encode())
        self._rest = b""

    def read(self, size=-1):
        while len(self._rest) < size and self._left:
            self._rest += self._left.pop()
        block, self._rest = self._rest[:size], self._rest[size:]
        return block


def test_memory_is_flat_whatever_the_line():
    tracemalloc.start()
    got = [
        chunk.received
        for chunk in iter_chunks(Endless(300), Layout(), CONTEXT, size=10)
    ]
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert got == [3]
    assert peak < 40 << 20


# Compression and foreign files


def test_gzip_is_found_by_content_also_in_members():
    text = f"{HEADER}\n{line()}\n".encode()
    more = line(ref="R2").encode()
    data = gzip.compress(text) + gzip.compress(more) + b"\0" * 100
    assert [row["ref"] for row in rows(data)] == ["R1", "R2"]


def test_cut_gzip_is_refused_before_the_first_row():
    text = "\n".join([HEADER, *(line(ref=f"R{n}") for n in range(5000))])
    data = gzip.compress(text.encode())
    for keep in (11, len(data) // 2, len(data) - 9, len(data) - 1):
        with pytest.raises(IntakeError) as caught, open_source(io.BytesIO(data[:keep])):
            pytest.fail("a cut file must not open")
        assert caught.value.code == "truncated_gzip"


def test_damaged_gzip_is_refused():
    data = bytearray(gzip.compress((HEADER + "\n" + line()).encode()))
    data[-6] ^= 0xFF  # the checksum
    assert refused(bytes(data)).code == "damaged_gzip"
    assert refused(gzip.compress(b"x") + b"garbage").code == "damaged_gzip"


@pytest.mark.parametrize(
    "head, name",
    [(b"PK\x03\x04", "Excel"), (b"%PDF-1.7", "PDF"), (b"7z\xbc\xaf\x27\x1c", "7-Zip")],
)
def test_what_is_no_text_is_named(head, name):
    error = refused(head + b"\0" * 200)
    assert error.code == "wrong_format"
    assert name in error.message


@pytest.mark.parametrize("data", [b"", b"\n\r\n  \n", gzip.compress(b"")])
def test_empty_file(data):
    assert refused(data).code == "empty_file"


def test_path_and_digest(tmp_path):
    path = tmp_path / "day.csv"
    path.write_text(f"{HEADER}\n{line()}\n")
    with path.open("rb") as fileobj:
        fileobj.read(3)
        digest = file_digest(fileobj)
        assert fileobj.tell() == 0
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()
    with open_source(path) as stream:
        assert [c.received for c in iter_chunks(stream, Layout(), CONTEXT)] == [1]


# Chunks


def test_chunks_have_the_asked_size_and_count_up():
    data = "\n".join([HEADER, *(line(ref=f"R{n}") for n in range(25))])
    got = chunks(data, size=10)
    assert [(c.line_from, c.line_to, c.received, c.done) for c in got] == [
        (2, 11, 10, 10),
        (12, 21, 10, 20),
        (22, 26, 5, 25),
    ]
    assert chunks(data, size=10, skip=20) == got[2:]
    assert chunks(data, size=10, skip=25) == []


def test_zone_that_does_not_exist_is_an_error_of_the_plaza():
    error = refused(
        HEADER + "\n" + line(occurred_at="2026-03-05T08:00:00"),
        context=Context(zones={"MX": "America/Nowhere"}),
    )
    assert error.code == "bad_zone"


def test_preview_shows_the_first_rows():
    data = "\n".join([HEADER, *(line(ref=f"R{n}") for n in range(30))])
    got = preview(io.BytesIO(data.encode()), Layout(), CONTEXT)
    assert [row["ref"] for row in got] == [f"R{n}" for n in range(20)]
