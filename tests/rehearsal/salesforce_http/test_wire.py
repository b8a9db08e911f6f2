from __future__ import annotations

import gzip
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.rehearsal.salesforce import wire
from console.rehearsal.salesforce.errors import ApiError


def received(*chunks: bytes, gone: bool = False) -> Any:
    messages = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    messages.append({"type": "http.disconnect"} if gone else {"type": "http.request", "body": b""})
    queue = iter(messages)

    async def receive() -> dict[str, Any]:
        return next(queue)

    return receive


async def test_a_body_in_pieces_is_put_together() -> None:
    assert await wire.read_body(received(b'{"a"', b":1}"), {}) == b'{"a":1}'


async def test_a_gzipped_body_is_unpacked() -> None:
    packed = gzip.compress(b'{"Name":"x"}')
    assert (
        await wire.read_body(received(packed[:5], packed[5:]), {"content-encoding": "GZIP"})
        == b'{"Name":"x"}'
    )


@pytest.mark.parametrize("body", [b"not gzip at all", gzip.compress(b"x" * 1000, mtime=0)[:-9]])
async def test_a_broken_gzip_body_is_refused(body: bytes) -> None:
    with pytest.raises(ApiError) as refused:
        await wire.read_body(received(body), {"content-encoding": "gzip"})
    assert refused.value.status == 400


async def test_a_small_body_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MAX_BODY", 1000)
    with pytest.raises(ApiError) as refused:
        await wire.read_body(received(gzip.compress(b"0" * 100_000)), {"content-encoding": "gzip"})
    assert refused.value.status == 413


async def test_a_body_over_the_limit_is_read_to_its_end_and_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MAX_BODY", 4)
    receive, reads = received(b"abc", b"def", b"ghi"), []

    async def counting() -> dict[str, Any]:
        reads.append(await receive())
        return reads[-1]

    with pytest.raises(ApiError) as refused:
        await wire.read_body(counting, {})
    assert refused.value.status == 413
    assert [message["body"] for message in reads] == [b"abc", b"def", b"ghi", b""]


async def test_a_client_that_leaves_half_way_is_noticed() -> None:
    with pytest.raises(wire.Disconnected):
        await wire.read_body(received(b"ab", gone=True), {})


@pytest.mark.parametrize(
    ("body", "ending"),
    [
        (b'{"Name":"x"', "Unexpected end-of-input at [line:1, column:12]"),
        (b'{"Name": oops}', "Unexpected character ('o' (code 111)) at [line:1, column:10]"),
        (b'{\n "a": 1,\n "b" 2}', "at [line:3, column:6]"),
        (b"", "The HTTP entity body is required, but this request has no entity body."),
        (b"  \n ", "The HTTP entity body is required, but this request has no entity body."),
        (b'{"a": NaN}', "at [line:1, column:1]"),
        (b'{"a": "\\ud800"}', "at [line:1, column:1]"),
        (b'{"a": "\xff"}', "at [line:1, column:1]"),
        (b"[" * 100_000, "at [line:1, column:1]"),
        (b'{"a": ' + b"9" * 5000 + b"}", "at [line:1, column:1]"),
    ],
)
def test_what_is_no_json_is_refused_with_its_place(body: bytes, ending: str) -> None:
    with pytest.raises(ApiError) as refused:
        wire.parse_json(body)
    assert (refused.value.status, refused.value.code) == (400, "JSON_PARSER_ERROR")
    assert refused.value.message.endswith(ending)
    assert list(refused.value.body()[0]) == ["message", "errorCode"]


def test_decimals_arrive_exactly_and_a_byte_order_mark_is_skipped() -> None:
    assert wire.parse_json(b'\xef\xbb\xbf{"a": 12345678901234567.89}') == {
        "a": Decimal("12345678901234567.89")
    }
    assert wire.parse_json(b'"\\ud83d\\ude00"') == "\U0001f600"


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(json_values)
def test_whatever_is_json_is_read_as_it_was_meant(value: Any) -> None:
    assert wire.parse_json(json.dumps(value).encode()) == value
    assert wire.parse_json(wire.json_bytes(value)) == value
    assert wire.parse_json(wire.json_bytes(value, laid_out=True)) == value


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("gzip, deflate", True),
        ("deflate, GZIP;q=0.5", True),
        ("*", True),
        ("gzip;q=0", False),
        ("identity", False),
        ("", False),
    ],
)
def test_gzip_is_used_only_when_it_is_asked_for(header: str, wanted: bool) -> None:
    assert wire.wants_gzip({"accept-encoding": header}) is wanted


def test_laid_out_json_stands_as_salesforce_writes_it() -> None:
    value = {"a": [], "b": {}, "c": [{"d": Decimal("50000.00")}, {"e": [1, "x"]}], "f": None, "g": True}
    assert wire.json_bytes(value, laid_out=True).decode() == (
        '{\n  "a" : [ ],\n  "b" : { },\n  "c" : [ {\n    "d" : 50000.00\n  }, {\n    "e" : [ 1, "x" ]\n  } ],\n'
        '  "f" : null,\n  "g" : true\n}'
    )


def test_compact_json_keeps_the_decimals_of_a_number() -> None:
    assert wire.json_bytes({"v": Decimal("50000.00"), "t": "ü"}) == '{"v":50000.00,"t":"ü"}'.encode()
