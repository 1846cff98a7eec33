"""What must hold for any file whatsoever."""

import csv
import io

import pytest

pytest.importorskip("hypothesis")

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from intake_help import CONTEXT, HEADER, chunks, line, read_copy, rows

from odoo.addons.toll_billing.core.intake import (
    STAGE_COLUMNS,
    IntakeError,
    Layout,
    iter_chunks,
)

FULL = HEADER + ",entry_at,entry_plaza,note"
relaxed = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)

times = st.one_of(
    st.sampled_from(
        [
            "2026-03-05T08:00:00Z",
            "2026-03-05T08:00:00-06:00",
            "2026-03-05T08:00:00",
            "2026-11-01T01:30:00",
            "2026-03-08T02:30:00",
            "2026-03-05T08:00:00.5Z",
            "20260305T080000Z",
            "2026-03-05 08:00",
            "2026-03-05T08:00:61Z",
            "2026-03-05T08:00:00.00000",
            "20260305T1405-06:30",
        ]
    ),
    st.text("0123456789-:TZ. +", max_size=26),
)
cells = st.text(
    st.characters(codec="utf-8", exclude_characters="\n"), max_size=12
) | st.sampled_from(["", "MX", "TJ", "=1+1", "\\N", "a\tb", '"', ",", "12.50", "..."])
records = st.fixed_dictionaries(
    {
        "operator": cells,
        "ref": cells,
        "occurred_at": times,
        "plaza": cells,
        "lane": cells,
        "tag": cells,
        "plate": cells,
        "class": cells,
        "amount": cells | st.decimals(places=2).map(str),
        "entry_at": times,
        "entry_plaza": cells,
        "note": cells,
    }
)


def quoted(record, always):
    out = io.StringIO()
    mode = csv.QUOTE_ALL if always else csv.QUOTE_MINIMAL
    writer = csv.DictWriter(
        out, FULL.split(","), quoting=mode, lineterminator="", escapechar=None
    )
    writer.writerow(record)
    return out.getvalue()


def physical(data):
    """Count the non-blank physical lines after the first."""
    return max(0, sum(1 for text in data.split(b"\n") if text.strip()) - 1)


@relaxed
@given(st.lists(st.binary(max_size=60), max_size=40), st.integers(1, 9))
def test_every_line_of_any_bytes_gives_one_row(lines, size):
    data = b"\n".join([HEADER.encode(), *lines])
    got = chunks(data, size=size)
    assert sum(chunk.received for chunk in got) == physical(data)
    for chunk in got:
        staged = read_copy(chunk.data)
        assert len(staged) == chunk.received <= size
        assert staged[0]["line"] == str(chunk.line_from)
        assert staged[-1]["line"] == str(chunk.line_to)


@relaxed
@given(st.lists(records, max_size=30), st.booleans(), st.integers(0, 35))
def test_resuming_anywhere_gives_the_same_rest(items, always, skip):
    text = "\n".join([FULL, *(quoted(item, always) for item in items)])
    whole = rows(text, size=7)
    assert rows(text, size=7, skip=skip) == whole[skip:]
    assert rows(text, size=5) == whole


@relaxed
@given(st.lists(records, min_size=1, max_size=30))
def test_a_row_means_the_same_alone_and_among_others(items):
    """By columns or one by one, quoted or not: the rows are the same."""
    lines = [quoted(item, False) for item in items]
    together = rows("\n".join([FULL, *lines]))
    alone = [
        row for text in lines if text.strip() for row in rows("\n".join([FULL, text]))
    ]
    cut_off = "; the file ends within this line: it may have been cut off"
    for row in (*together, *alone):
        row.pop("line")
        row["detail"] = row["detail"] and row["detail"].replace(cut_off, "")
    assert together == alone


@relaxed
@given(st.lists(records, min_size=1, max_size=20), st.data())
def test_what_is_staged_can_be_stored(items, data):
    bad = data.draw(st.binary(max_size=30))
    text = "\n".join([FULL, *(quoted(item, False) for item in items)]).encode()
    for chunk in chunks(text + b"\n" + bad):
        assert "\0" not in chunk.data
        chunk.data.encode("utf-8")
        for cell_row in chunk.data.removesuffix("\n").split("\n"):
            assert cell_row.count("\t") == len(STAGE_COLUMNS) - 1
        for row in read_copy(chunk.data):
            assert (row["fault"] is None) == (row["detail"] is None)
            if row["fault"] is None:
                assert row["ref"] and row["occurred_at"] and row["plaza"]
            else:
                assert row["raw"]


@relaxed
@given(st.binary(max_size=300))
def test_any_bytes_are_a_file_or_a_clear_refusal(data):
    for kind in ("csv", "jsonl"):
        layout = Layout(kind=kind, has_header=kind == "csv")
        try:
            got = chunks(data, layout=layout)
        except IntakeError as error:
            assert error.code and error.message.endswith(".")
        else:
            lines = sum(1 for text in data.split(b"\n") if text.strip())
            assert sum(c.received for c in got) in (lines, max(lines - 1, 0))


@relaxed
@given(st.integers(1, 60), st.integers(1, 50))
def test_block_borders_do_not_matter(count, size):
    class Slow(io.BytesIO):
        def read(self, amount=-1):
            return super().read(min(size, amount) if amount > 0 else amount)

    data = "\n".join([HEADER, *(line(ref=f"Ñ{n}") for n in range(count))]).encode()
    (chunk,) = iter_chunks(Slow(data), Layout(), CONTEXT)
    assert chunk == chunks(data)[0]
