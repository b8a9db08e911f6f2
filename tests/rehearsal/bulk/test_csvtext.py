"""Reading files: whatever the window, the records are the same, and they are those that Python's own reader finds."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.rehearsal.salesforce.bulk import csvtext
from console.rehearsal.salesforce.bulk.csvtext import Line, Reader

CELLS = st.text(st.sampled_from('ab ,;"\n\rü€𝄞#'), max_size=6)


def lines(data: bytes, *, delimiter: str = ",", start: int = 0) -> list[Line]:
    return list(Reader(lambda place, size: data[place : place + size], len(data), delimiter).lines(start))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.lists(CELLS, min_size=2, max_size=3), min_size=1, max_size=5),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n"]),
    st.integers(1, 40),
)
def test_what_a_writer_wrote_is_read_through_any_window(
    rows: list[list[str]], delimiter: str, ending: str, window: int
) -> None:
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter, lineterminator=ending, quoting=csv.QUOTE_ALL).writerows(rows)
    data = written.getvalue().encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csvtext, "_WINDOW", window)
        found = lines(data, delimiter=delimiter)
    assert [line.cells for line in found] == rows
    assert not any(line.fault for line in found)
    assert {line.terminator for line in found} == {ending}
    assert found[-1].end == len(data)
    # Any record is a place to go on from.
    for place, line in enumerate(found):
        assert lines(data, delimiter=delimiter, start=line.end) == found[place + 1 :]


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=60) | st.text(st.sampled_from('a,"\n\r x'), max_size=40).map(str.encode),
    st.integers(1, 20),
)
def test_any_bytes_are_read_to_their_end_and_alike_through_any_window(data: bytes, window: int) -> None:
    whole = lines(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csvtext, "_WINDOW", window)
        assert lines(data) == whole
    ends = [line.end for line in whole]
    assert ends == sorted(set(ends))
    assert not ends or ends[-1] <= len(data)


def test_a_mark_of_byte_order_belongs_to_no_cell() -> None:
    for text in ("\ufeffName,Phone\n", '\ufeff"Name",Phone\n'):
        assert lines(text.encode())[0].cells == ["Name", "Phone"]


def test_bytes_that_are_no_text_are_a_fault_of_their_record_alone() -> None:
    found = lines(b"a,b\n\xff,c\nd,e\n")
    assert [line.fault for line in found] == ["", "The record is not valid UTF-8", ""]


def test_empty_lines_are_no_records() -> None:
    assert [line.cells for line in lines(b"\na\n\n\r\nb\n\n")] == [["a"], ["b"]]
