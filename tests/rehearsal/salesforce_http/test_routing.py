from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.rehearsal.salesforce.access import Caller
from console.rehearsal.salesforce.errors import ApiError
from console.rehearsal.salesforce.routing import Call, Reply, Route, Router


def call(method: str, path: str) -> Call:
    return Call(method, path, {}, {}, "62.0", Caller("005000000000001AAA"), "key", lambda: None)


def echo(seen: Call) -> Reply:
    return Reply(200, seen.params)


ROUTER = Router(
    [
        Route("", GET=lambda _: Reply(200, "root")),
        Route("sobjects/{sobject}/describe", GET=lambda _: Reply(200, "describe")),
        Route("sobjects/{sobject}/{record}", GET=echo, DELETE=echo),
        Route("sobjects/{sobject}/{field}/{value+}", PATCH=echo),
    ]
)


def test_a_literal_route_wins_over_a_named_part_in_any_case() -> None:
    assert ROUTER(call("GET", "SObjects/Account/Describe")).body == "describe"
    assert ROUTER(call("GET", "")).body == "root"


def test_the_head_of_what_can_be_read_can_be_asked_for() -> None:
    assert ROUTER(call("HEAD", "sobjects/Account/x")).status == 200


@pytest.mark.parametrize("method", ["PUT", "POST", "PATCH", "OPTIONS"])
def test_a_wrong_method_is_named_with_the_right_ones(method: str) -> None:
    with pytest.raises(ApiError) as refused:
        ROUTER(call(method, "sobjects/Account/x"))
    assert refused.value.status == 405
    assert refused.value.body() == [
        {
            "message": f"HTTP Method '{method}' not allowed. Allowed are GET,HEAD,DELETE",
            "errorCode": "METHOD_NOT_ALLOWED",
        }
    ]


@pytest.mark.parametrize(
    "path", ["nowhere", "sobjects", "sobjects//x", "sobjects/Account/f/", "sobjects/A/b/c"]
)
def test_an_unknown_path_is_not_found_or_not_for_this_method(path: str) -> None:
    with pytest.raises(ApiError) as refused:
        ROUTER(call("GET", path))
    assert refused.value.status in (404, 405)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_the_rest_of_a_path_is_decoded_once_whatever_it_holds(value: str) -> None:
    for safe in ("", "/"):
        encoded = quote(value, safe=safe)
        expected: Any = {"sobject": "Account", "field": "Ext__c", "value": value}
        assert ROUTER(call("PATCH", f"sobjects/Account/Ext__c/{encoded}")).body == expected


def test_a_plus_in_a_path_is_a_plus_and_nothing_is_decoded_twice() -> None:
    reply = ROUTER(call("PATCH", "sobjects/Account/Ext__c/a+b%252Fc/d%2Fe"))
    assert reply.body["value"] == "a+b%2Fc/d/e"
