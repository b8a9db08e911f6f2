from __future__ import annotations

import gzip
import json
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Served

V = "/services/data/v62.0"


def test_the_version_list_needs_no_token(served: Served) -> None:
    for path in ("/services/data", "/services/data/"):
        reply = served.http.get(path)
        assert reply.status_code == 200
        listed = reply.json()
        assert {"version": "68.0", "url": "/services/data/v68.0", "label": "Winter '27"} in listed
        assert listed[0]["version"] == "31.0"
        assert "sforce-limit-info" not in reply.headers


@pytest.mark.parametrize("path", ["/services/data/v31.0", "/services/data/v68.0/", "/SERVICES/DATA/V62.0"])
def test_the_resource_map_names_what_there_is_and_who_asks(served: Served, path: str) -> None:
    body = served.call("GET", path).json()
    version = path.strip("/").split("/")[-1].lower()
    assert body["sobjects"] == f"/services/data/{version}/sobjects"
    assert body["identity"] == f"{served.base_url}/id/{served.org.org_id}/{served.org.admin_id}"
    for name, resource in body.items():
        if name not in ("identity", "query", "queryAll", "search", "parameterizedSearch"):
            assert served.call("GET", resource).status_code == 200, name


def test_a_retired_version_is_gone(served: Served) -> None:
    reply = served.http.get("/services/data/v30.0/sobjects")
    assert reply.status_code == 410
    assert reply.json()[0]["errorCode"] == "UNSUPPORTED_API_VERSION"


@pytest.mark.parametrize("path", ["sobjects/Account/none", "limits", "nowhere", "query?q=oops"])
def test_every_rest_reply_carries_salesforces_headers(served: Served, path: str) -> None:
    reply = served.call("GET", path)
    assert reply.headers["content-type"] == "application/json;charset=UTF-8"
    assert reply.headers["cache-control"] == "no-cache,must-revalidate,max-age=0,no-store,private"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["x-robots-tag"] == "none"
    assert reply.headers["strict-transport-security"].startswith("max-age=")
    used, limit = reply.headers["sforce-limit-info"].removeprefix("api-usage=").split("/")
    assert 0 < int(used) <= int(limit)


def test_a_browser_gets_two_cookies_once(served: Served) -> None:
    with httpx.Client(base_url=served.base_url, trust_env=False) as client:
        first = client.get("/services/data")
        names = [cookie.split("=")[0] for cookie in first.headers.get_list("set-cookie")]
        assert names == ["BrowserId", "BrowserId_sec"]
        assert "set-cookie" not in client.get("/services/data").headers


def test_json_is_compact_unless_pretty_is_asked_for(served: Served) -> None:
    record = served.create("Account", Name="Pretty")
    path = f"sobjects/Account/{record}?fields=Name"
    url = f"{V}/sobjects/Account/{record}"
    attributes = f'{{"type":"Account","url":"{url}"}}'
    compact = served.call("GET", path).text
    assert compact == f'{{"attributes":{attributes},"Name":"Pretty","Id":"{record}"}}'
    pretty = served.call("GET", path, headers={"X-PrettyPrint": "1"}).text
    assert pretty == (
        f'{{\n  "attributes" : {{\n    "type" : "Account",\n    "url" : "{url}"\n  }},\n'
        f'  "Name" : "Pretty",\n  "Id" : "{record}"\n}}'
    )


def test_pretty_lists_stand_as_salesforce_writes_them(served: Served) -> None:
    text = served.call("GET", "nowhere", headers={"X-PrettyPrint": "1"}).text
    assert text == (
        '[ {\n  "errorCode" : "NOT_FOUND",\n  "message" : "The requested resource does not exist"\n} ]'
    )
    created = served.call(
        "POST", "sobjects/Account", headers={"X-PrettyPrint": "1"}, json={"Name": "List"}
    ).text
    assert '"errors" : [ ]' in created


def test_gzip_comes_only_when_asked_for(served: Served) -> None:
    plain = served.call("GET", "limits", headers={"Accept-Encoding": "identity"})
    packed = served.call("GET", "limits", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == "Accept-Encoding"
    assert set(packed.json()) == set(plain.json())


@pytest.mark.parametrize("how", ["chunked", "gzip", "no content type", "charset", "odd headers"])
def test_bodies_are_understood_however_they_are_sent(served: Served, how: str) -> None:
    body = json.dumps({"Name": f"Sent {how}"}).encode()

    def pieces() -> Iterator[bytes]:
        yield body[:3]
        yield body[3:]

    headers = {"Content-Type": "application/json"}
    content: bytes | Iterator[bytes] = body
    if how == "chunked":
        content = pieces()
    elif how == "gzip":
        content, headers["Content-Encoding"] = gzip.compress(body), "gzip"
    elif how == "no content type":
        headers = {}
    elif how == "charset":
        headers = {"CONTENT-TYPE": "Application/JSON; Charset=utf-8"}
    else:
        headers |= {"Accept": "text/csv; charset=UTF-8", "SOAPAction": "deploy", "Cookie": "a=b; BrowserId=x"}
    reply = served.call("POST", "sobjects/Account/", content=content, headers=headers)
    assert reply.status_code == 201, reply.text


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/xml; charset=UTF-8"])
def test_a_body_of_another_kind_is_refused(served: Served, kind: str) -> None:
    reply = served.call("POST", "sobjects/Account", content=b"Name=x", headers={"Content-Type": kind})
    assert reply.status_code == 415
    assert reply.json()[0]["errorCode"] == "UNSUPPORTED_MEDIA_TYPE"


def test_a_body_and_a_content_type_on_a_read_do_no_harm(served: Served) -> None:
    record = served.create("Account", Name="Read")
    path = f"sobjects/Account/{record}"
    reply = served.call("GET", path, content=b"<x/>", headers={"Content-Type": "text/xml"})
    assert reply.status_code == 200
    reply = served.call("DELETE", path, headers={"Content-Type": "application/json"})
    assert reply.status_code == 204


def test_nothing_comes_with_204(served: Served) -> None:
    record = served.create("Account", Name="Nothing")
    reply = served.call("PATCH", f"sobjects/Account/{record}", json={"Name": "Else"})
    assert (reply.status_code, reply.content) == (204, b"")
    assert "content-type" not in reply.headers
    assert "content-length" not in reply.headers
    assert "sforce-limit-info" in reply.headers


def test_a_head_has_the_headers_of_a_read_and_no_body(served: Served) -> None:
    record = served.create("Account", Name="Head")
    path = f"sobjects/Account/{record}"
    read, head = served.call("GET", path), served.call("HEAD", path)
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["content-length"] == read.headers["content-length"]


def test_one_connection_serves_many_calls_even_after_a_refusal(served: Served) -> None:
    address = urlsplit(served.base_url)
    body = json.dumps({"Name": "x" * 5000}).encode()
    request = (
        f"POST {V}/nowhere HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {served.handout.access_token}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        stream = connection.makefile("rb")
        for _ in range(3):
            connection.sendall(request)
            assert stream.readline().startswith(b"HTTP/1.1 404")
            length = 0
            while (line := stream.readline()) != b"\r\n":
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            assert json.loads(stream.read(length))[0]["errorCode"] == "NOT_FOUND"
        stream.close()


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "sobjects/Account", "GET,HEAD,POST"),
        ("POST", "query?q=SELECT+Id+FROM+Account", "GET,HEAD"),
        ("DELETE", "limits", "GET,HEAD"),
        ("GET", "composite/batch", "POST"),
        ("PATCH", "/services/data", "GET,HEAD"),
    ],
)
def test_a_wrong_method_is_refused_with_the_right_ones(
    served: Served, method: str, path: str, allowed: str
) -> None:
    reply = served.call(method, path)
    assert reply.status_code == 405
    error = reply.json()[0]
    assert list(error) == ["message", "errorCode"]
    assert error["errorCode"] == "METHOD_NOT_ALLOWED"
    assert error["message"] == f"HTTP Method '{method}' not allowed. Allowed are {allowed}"
    assert reply.headers["allow"] == allowed


def test_a_post_can_stand_for_another_method(served: Served) -> None:
    record = served.create("Account", Name="Before")
    reply = served.call("POST", f"sobjects/Account/{record}?_HttpMethod=PATCH", json={"Name": "After"})
    assert reply.status_code == 204
    assert served.call("GET", f"sobjects/Account/{record}").json()["Name"] == "After"


@pytest.mark.parametrize(
    "path", ["nowhere", "sobjects/Nothing__c", "/services/other", "/services/data/v62.0/x/y/z/"]
)
def test_an_unknown_path_is_not_found_code_first(served: Served, path: str) -> None:
    reply = served.call("GET", path)
    assert reply.status_code == 404
    assert reply.text == '[{"errorCode":"NOT_FOUND","message":"The requested resource does not exist"}]'


def test_other_addresses_show_a_page(served: Served) -> None:
    assert "practice org" in served.http.get("/").text
    missing = served.http.get("/secur/frontdoor.jsp")
    assert missing.status_code == 404
    assert missing.headers["content-type"].startswith("text/html")


def test_an_endless_address_is_refused(served: Served) -> None:
    reply = served.call(
        "GET", "query", params={"q": "SELECT Id FROM Account WHERE Name = '" + "x" * 17_000 + "'"}
    )
    assert reply.status_code == 414


@pytest.mark.parametrize(
    ("authorization", "code", "message"),
    [
        (None, "INVALID_SESSION_ID", "Session expired or invalid"),
        ("Bearer 00D000000000001!nothing", "INVALID_SESSION_ID", "Session expired or invalid"),
        ("Bearer", "INVALID_SESSION_ID", "Session expired or invalid"),
        ("Basic dXNlcjpwYXNz", "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE"),
        ("Bearer eyJh.eyJi.c2ln", "INVALID_AUTH_HEADER", "INVALID_JWT_FORMAT"),
    ],
)
def test_without_a_live_session_there_is_nothing(
    served: Served, authorization: str | None, code: str, message: str
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    for path in (f"{V}/limits", f"{V}/nowhere", V):
        reply = served.http.get(path, headers=headers)
        assert reply.status_code == 401
        assert reply.json() == [{"message": message, "errorCode": code}]
        assert list(reply.json()[0]) == ["message", "errorCode"]
        assert "sforce-limit-info" not in reply.headers


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "OAuth", "OAUTH"])
def test_a_session_is_taken_under_either_name(served: Served, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {served.handout.access_token}"}
    assert served.http.get(f"{V}/limits", headers=headers).status_code == 200
