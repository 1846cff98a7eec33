"""Other layouts: mapped CSV, fixed width, JSON lines, XML."""

import io
import json

import pytest
from intake_help import chunks, rows

from odoo.addons.toll_billing.core.intake import (
    Column,
    Context,
    IntakeError,
    Layout,
    iter_chunks,
)


def bad_layout(layout):
    with pytest.raises(IntakeError) as caught:
        layout.check()
    return caught.value


# CSV


SPANISH = Layout(
    delimiter=";",
    encoding="iso-8859-1",
    columns=(
        Column("ref", name="Folio"),
        Column("occurred_at", name="Fecha"),
        Column("occurred_at", name="Hora"),
        Column("plaza", name="Caseta"),
        Column("tag", name="Prefijo"),
        Column("tag", name="Número"),
        Column("class", name="Clase", values={"1": "AUTO", "2": "C2"}),
        Column("amount", name="Importe"),
        Column("currency", constant="MXN"),
    ),
    date_format="%d/%m/%Y%H:%M:%S",
    decimal_mark=",",
)


def test_csv_with_other_names_joined_columns_maps_and_comma():
    data = (
        "Folio;Fecha;Hora;Caseta;Prefijo;Número;Clase;Importe;Turno\n"
        "77;05/03/2026;08:00:00;MX;IMDM;30992039;2;149,50;3\n"
        "78;05/03/2026;;MX;IMDM;30992039;9;1.149,50;3\n"
    )
    good, bad = rows(data.encode("iso-8859-1"), SPANISH)
    assert (good["tag"], good["class_code"]) == ("IMDM30992039", "C2")
    assert (good["amount"], good["currency"]) == ("149.50", "MXN")
    assert good["occurred_at"] == "2026-03-05 14:00:00"
    assert json.loads(good["raw"]) == {"Turno": "3"}
    assert bad["fault"] == "malformed"
    assert "column occurred_at: '05/03/2026'" in bad["detail"]
    assert "column amount: '1.149,50'" in bad["detail"]
    assert bad["class_code"] == "9", "a value not in the map stays as it is"


def test_column_of_the_profile_that_is_not_in_the_header_is_named():
    with pytest.raises(IntakeError) as caught:
        rows("Folio;Fecha;Hora;Caseta;Prefijo\n", SPANISH)
    assert (caught.value.code, caught.value.column) == ("missing_column", "Número")


def test_csv_without_header_by_number():
    layout = Layout(
        has_header=False,
        columns=(
            Column("ref", position=2),
            Column("occurred_at", position=1),
            Column("plaza", constant="MX"),
            Column("plate", position=3),
        ),
    )
    first, second = rows(
        "2026-03-05T08:00:00Z,R1,abc1,x\n2026-03-05T08:00:00Z,R2,abc2\n", layout
    )
    assert (first["line"], first["ref"], first["plaza"]) == ("1", "R1", "MX")
    assert second["fault"] == "field_count"


@pytest.mark.parametrize("delimiter", ["\t", "|"])
def test_other_delimiters(delimiter):
    layout = Layout(delimiter=delimiter)
    data = delimiter.join(["ref", "occurred_at", "plaza", "tag", "note"]) + "\n"
    data += delimiter.join(["R1", "2026-03-05T08:00:00Z", "MX", "T1", '"a\tb"']) + "\n"
    data += delimiter.join(["R2", "2026-03-05T08:00:00Z", "MX", "T1", ""]) + "\n"
    first, second = rows(data, layout)
    assert json.loads(first["raw"]) == {"note": "a\tb"}
    assert (second["ref"], second["fault"]) == ("R2", None)


@pytest.mark.parametrize(
    "form, text", [("epoch", "1772697600"), ("epoch_ms", "1772697600000")]
)
def test_epoch(form, text):
    layout = Layout(date_format=form)
    data = f"ref,occurred_at,plaza,tag\nR1,{text},MX,T1\nR2,-5,MX,T1\n"
    good, bad = rows(data, layout)
    assert good["occurred_at"] == "2026-03-05 08:00:00"
    assert bad["fault"] == "malformed"


# Fixed width


FIXED = Layout(
    kind="fixed",
    has_header=True,
    columns=(
        Column("ref", position=1, width=8),
        Column("occurred_at", position=9, width=14),
        Column("plaza", position=23, width=4),
        Column("tag", position=27, width=12),
        Column("plate", position=39, width=8),
        Column("amount", position=47, width=9),
        Column("service", constant="toll"),
    ),
    date_format="%Y%m%d%H%M%S",
    implied_decimals=2,
    null_fill="*",
)


def test_fixed_width():
    data = (
        "HEADER OF SOME KIND\n"
        "0000000120260305080000MX  IMDM30992039********000014950\n"
        "0000000220260305080000MX  ************ABC-1   000000005\r\n"
        "0000000320260305080000MX\n"
        "0000000420260305080000MX  IMDM30992039        00001x950\n"
    )
    first, second, short, bad = rows(data, FIXED)
    assert (first["tag"], first["plate"], first["amount"]) == (
        "IMDM30992039",
        None,
        "149.50",
    )
    assert (first["occurred_at"], first["service"]) == ("2026-03-05 14:00:00", "toll")
    assert (second["tag"], second["plate"], second["amount"]) == (None, "ABC1", "0.05")
    assert short["fault"] == "field_count"
    assert json.loads(short["raw"]) == {"_line": "0000000320260305080000MX"}
    assert bad["fault"] == "malformed"
    assert [first["line"], bad["line"]] == ["2", "5"]


# JSON lines


JSONL = Layout(
    kind="jsonl",
    has_header=False,
    columns=(
        Column("ref", name="id"),
        Column("occurred_at", name="at"),
        Column("plaza", name="site.plaza"),
        Column("lane", name="site.lane"),
        Column("plate", name="vehicle.plate"),
        Column("amount", name="price"),
    ),
)
GOOD = '{"id": 7, "at": "2026-03-05T08:00:00Z", "site": {"plaza": "MX", "lane": 3}, '


def test_json_lines():
    data = GOOD + '"vehicle": {"plate": "abc-1"}, "price": 12.50, "extra": [1, null]}\n'
    (row,) = rows(data, JSONL)
    assert (row["ref"], row["plaza"], row["lane"]) == ("7", "MX", "3")
    assert (row["plate"], row["amount"]) == ("ABC1", "12.50")
    assert json.loads(row["raw"]) == {"extra": ["1", None]}


@pytest.mark.parametrize(
    "text, says",
    [
        ("[1]", "one object on each line"),
        ("{", "not a JSON object"),
        (GOOD + '"price": NaN}', "NaN is not a number"),
        (GOOD + '"price": 1, "price": 2}', "'price' stands twice"),
        (GOOD + '"price": {"a": 1}}', "one value is expected"),
        (GOOD + '"vehicle": "abc"}', "plate is not inside an object"),
        (GOOD + '"vehicle": {"plate": "a\\u0000b"}}', "NUL"),
        (GOOD + '"vehicle": {"plate": "a\\ud800b"}}', "control character"),
        (GOOD + '"price": -3}', "is negative"),
        ("[" * 40_000, "nested"),
        ("null", "one object on each line"),
    ],
)
def test_bad_json_is_one_rejected_row(text, says):
    data = f"{text}\n{GOOD}" + '"vehicle": {"plate": "abc-1"}}\n'
    bad, good = rows(data, JSONL)
    assert bad["fault"] == "malformed"
    assert says in bad["detail"]
    json.loads(bad["raw"].encode())
    assert "\\u0000" not in bad["raw"]
    assert good["fault"] is None


def test_cut_json_says_so():
    *_good, bad = rows(GOOD, JSONL)
    assert "cut off" in bad["detail"]


# XML


XML = Layout(
    kind="xml",
    record_tag="crossing",
    columns=(
        Column("ref", name="@id"),
        Column("occurred_at", name="when"),
        Column("plaza", name="where/plaza"),
        Column("lane", name="where/@lane"),
        Column("tag", name="tag"),
    ),
)


def crossing(ref="1", tag="T1", more=""):
    return (
        f'<crossing id="{ref}"><when>2026-03-05T08:00:00Z</when>'
        f'<where lane="3"><plaza>MX</plaza></where><tag>{tag}</tag>{more}</crossing>'
    )


def test_xml_with_namespace_and_unknown_elements():
    data = (
        '<?xml version="1.0" encoding="ISO-8859-1"?>'
        '<d:day xmlns:d="urn:x" xmlns="urn:y"><head><n>2</n></head>'
        + crossing(more="<note kind='a'>señal</note><!-- c -->")
        + crossing("2", tag=" ")
        + "</d:day>"
    )
    first, second = rows(data.encode("iso-8859-1"), XML)
    assert (first["ref"], first["plaza"], first["lane"], first["tag"]) == (
        "1",
        "MX",
        "3",
        "T1",
    )
    assert json.loads(first["raw"]) == {"note/@kind": "a", "note": "señal"}
    assert (first["line"], second["line"], second["tag"]) == ("1", "2", None)


def test_xml_record_with_a_fault():
    (row,) = rows(f"<day>{crossing(more='<tag>T2</tag>')}</day>", XML)
    assert row["fault"] == "malformed"
    assert "tag stands more than once" in row["detail"]
    assert "<tag>T2</tag>" in json.loads(row["raw"])["_record"]


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE day [<!ENTITY x SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE day [<!ENTITY a "aaaa"><!ENTITY x "&a;&a;&a;&a;">]>',
        '<!DOCTYPE day SYSTEM "http://127.0.0.1:9/x.dtd">',
    ],
)
def test_xml_with_a_document_type_is_refused(doctype):
    with pytest.raises(IntakeError) as caught:
        rows(f"{doctype}<day>{crossing(tag='&x;')}</day>", XML)
    assert caught.value.code in ("xml_doctype", "bad_xml")


def test_cut_xml_gives_what_was_whole_and_then_the_error():
    data = "<day>" + "".join(crossing(str(n)) for n in range(5)) + "<crossing id='9'"
    got = []
    with pytest.raises(IntakeError) as caught:
        for row in _streamed(data):
            got.append(row)
    assert caught.value.code == "bad_xml"
    assert got == [2, 2, 1]


def _streamed(data):
    for chunk in iter_chunks(io.BytesIO(data.encode()), XML, Context(), size=2):
        yield chunk.received


def test_xml_resumes():
    data = "<day>" + "".join(crossing(str(n)) for n in range(5)) + "</day>"
    assert chunks(data, XML, size=2, skip=2) == chunks(data, XML, size=2)[1:]


def test_xml_without_records():
    with pytest.raises(IntakeError) as caught:
        rows("<day><trip/></day>", XML)
    assert caught.value.code == "no_records"


def test_xml_record_without_end_of_elements_keeps_memory_small():
    data = "<day>" + crossing(more="<x>1</x>" * 5000) + crossing("2") + "</day>"
    bad, good = rows(data, XML)
    assert (bad["fault"], good["ref"]) == ("line_too_long", "2")


# Layouts that cannot work


def test_layout_without_needed_columns():
    layout = Layout(kind="jsonl", columns=(Column("ref", name="id"),))
    assert bad_layout(layout).column == "occurred_at"


@pytest.mark.parametrize(
    "layout",
    [
        Layout(kind="pdf"),
        Layout(encoding="utf-16"),
        Layout(decimal_mark="'"),
        Layout(kind="xml"),
        Layout(kind="fixed"),
        Layout(columns=(Column("colour", name="c"),)),
        Layout(columns=(Column("ref"),)),
        Layout(kind="fixed", columns=(Column("ref", position=0, width=3),)),
        Layout(has_header=False, columns=(Column("ref", name="r"),)),
    ],
)
def test_layout_that_cannot_work(layout):
    assert bad_layout(layout).code == "bad_layout"
