"""What a client that would rather speak HTTP/2 sends, and what comes of it."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from console.rehearsal.plainhttp import without_upgrade

if TYPE_CHECKING:
    from conftest import Rig

WISH = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\n"


@pytest.mark.parametrize(
    "data",
    [
        b"POST /x HTTP/1.1\r\nHost: y\r\nUpgrade-Insecure-Requests: 1\r\n\r\nUpgrade: h2c\r\n",
        b"POST /x HTTP/1.1\r\nHost: y\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        b"Upgrade: h2c\r\nrest of a body\r\n\r\n",
        b"GET /x HTTP/1.1\r\nHost: half",
        b"",
    ],
)
def test_everything_else_goes_through_as_it_is(data: bytes) -> None:
    assert without_upgrade(data) == data


def test_the_wish_alone_is_taken_out() -> None:
    data = f"PUT /x HTTP/1.1\r\n{WISH}Host: y\r\n\r\nbody".encode()
    assert without_upgrade(data) == b"PUT /x HTTP/1.1\r\nHost: y\r\n\r\nbody"
    data = f"PUT /x HTTP/1.1\r\nHost: y\r\n{WISH}\r\n".encode()
    assert without_upgrade(data) == b"PUT /x HTTP/1.1\r\nHost: y\r\n\r\n"


def test_a_call_with_the_wish_is_answered_in_http_1_with_its_body_read(rig: Rig) -> None:
    address = urlsplit(rig.salesforce.url)
    token = rig.rehearsal.handout["salesforce"]["access_token"]
    body = '{"Name": "Wished"}'
    head = (
        f"POST /services/data/v62.0/sobjects/Account HTTP/1.1\r\n{WISH}Host: x\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    )
    with socket.create_connection((address.hostname, address.port), timeout=10) as line:
        line.sendall(head.encode())
        assert line.recv(65536).startswith(b"HTTP/1.1 201 ")
    assert [row["Name"] for row in rig.query("SELECT Name FROM Account WHERE Name = 'Wished'")] == ["Wished"]
