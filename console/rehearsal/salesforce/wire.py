"""HTTP as Salesforce speaks it: reading bodies in, writing replies and their headers out.

Headers as in https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers.htm.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce import jsontext
from console.rehearsal.salesforce.errors import ApiError
from console.rehearsal.salesforce.pretty import pretty
from console.rehearsal.salesforce.signing_in.vault import random_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlette.types import Receive, Scope, Send

    from console.rehearsal.salesforce.routing import Reply

JSON_TYPE = "application/json;charset=UTF-8"
MAX_BODY = 50 * 1024 * 1024
MAX_URI = 16_384
_COMPRESS_FROM = 512
_PIECE = 64 * 1024
_YEAR = int(timedelta(days=365).total_seconds())
_COMMON = (
    (b"strict-transport-security", b"max-age=63072000; includeSubDomains"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-robots-tag", b"none"),
    (b"cache-control", b"no-cache,must-revalidate,max-age=0,no-store,private"),
)


class Disconnected(Exception):
    """The client went away before its request was complete."""


def headers_of(scope: Scope) -> dict[str, str]:
    """Request headers by lower-case name."""
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def address_of(scope: Scope) -> str:
    """The caller's IP address; empty when the server does not know it."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def cookies_of(headers: Mapping[str, str]) -> dict[str, str]:
    """The cookies of a request."""
    pairs = (part.strip().partition("=") for part in headers.get("cookie", "").split(";"))
    return {name: value for name, _, value in pairs if name}


async def read_body(receive: Receive, headers: Mapping[str, str], *, most: int | None = None) -> bytes:
    """The whole request body, gunzipped when it says so; raises Disconnected, and 413 above `most` bytes (or 50 MB)."""
    most = MAX_BODY if most is None else most
    chunks: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size <= most:
            chunks.append(chunk)
        more = message.get("more_body", False)
    body = b"".join(chunks)
    if size > most:
        raise too_large(most)
    if headers.get("content-encoding", "").strip().lower() == "gzip" and body:
        return _gunzip(body, most)
    return body


def _gunzip(body: bytes, most: int) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        text = unpacker.decompress(body, most + 1)
    except zlib.error:
        raise ApiError(400, "INVALID_REQUEST", "The request body is not valid gzip") from None
    if len(text) > most:
        raise too_large(most)
    if not unpacker.eof:
        raise ApiError(400, "INVALID_REQUEST", "The request body is not valid gzip")
    return text


def too_large(most: int) -> ApiError:
    """The reply to a body of more than `most` bytes."""
    message = f"The request body is larger than {most // (1024 * 1024)} MB"
    return ApiError(413, "REQUEST_ENTITY_TOO_LARGE", message)


def parse_json(body: bytes) -> Any:
    """A request body as JSON, decimals as Decimal; raises JSON_PARSER_ERROR with the place of the fault."""
    if not body.strip():
        message = "The HTTP entity body is required, but this request has no entity body."
        raise ApiError(400, "JSON_PARSER_ERROR", message)
    try:
        text = body.decode("utf-8-sig")
        parsed = json.loads(text, parse_float=Decimal, parse_constant=_no_number)
        if "\\u" in text:
            # Half of a surrogate pair can be escaped in JSON but stands for no character.
            json.dumps(parsed, ensure_ascii=False, default=str).encode()
    except json.JSONDecodeError as error:
        raise _parser_error(error.doc, error.pos, error.lineno, error.colno) from None
    except UnicodeError:
        raise ApiError(400, "JSON_PARSER_ERROR", "Invalid UTF-8 at [line:1, column:1]") from None
    except (RecursionError, ValueError):
        raise ApiError(
            400, "JSON_PARSER_ERROR", "Value out of range or document too deep at [line:1, column:1]"
        ) from None
    return parsed


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no JSON number")


def _parser_error(text: str, place: int, line: int, column: int) -> ApiError:
    at_end = place >= len(text)
    found = "end-of-input" if at_end else f"character ('{text[place]}' (code {ord(text[place])}))"
    return ApiError(400, "JSON_PARSER_ERROR", f"Unexpected {found} at [line:{line}, column:{column}]")


def json_bytes(value: Any, *, laid_out: bool = False) -> bytes:
    """A value as the bytes of a JSON body, compact or laid out for people."""
    return (pretty(value) if laid_out else jsontext.dumps(value)).encode()


def wants_gzip(headers: Mapping[str, str]) -> bool:
    """Whether the client takes gzip."""
    for part in headers.get("accept-encoding", "").lower().split(","):
        coding, _, weight = part.partition(";")
        if coding.strip() in ("gzip", "x-gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def _headers(extra: Mapping[str, str], request_headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    headers = [*_COMMON, *((name.lower().encode(), value.encode("latin-1")) for name, value in extra.items())]
    if "BrowserId" not in cookies_of(request_headers):
        cookie = f"={random_text(22)}; path=/; Max-Age={_YEAR}"
        headers.append((b"set-cookie", f"BrowserId{cookie}".encode()))
        headers.append((b"set-cookie", f"BrowserId_sec{cookie}; secure; SameSite=None".encode()))
    return headers


async def send_bytes(
    send: Send,
    status: int,
    body: bytes | None,
    extra: Mapping[str, str],
    request_headers: Mapping[str, str],
    *,
    head: bool = False,
) -> None:
    """Write one reply with the headers that Salesforce puts on all of them. No body: no length, no type."""
    headers = _headers(extra, request_headers)
    if body is not None and len(body) >= _COMPRESS_FROM:
        headers.append((b"vary", b"Accept-Encoding"))
        if wants_gzip(request_headers):
            body = gzip.compress(body, 1, mtime=0)
            headers.append((b"content-encoding", b"gzip"))
    if status not in (204, 304):
        headers.append((b"content-length", str(len(body or b"")).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head or body is None else body})


async def send_reply(
    send: Send, reply: Reply, request_headers: Mapping[str, str], *, head: bool = False
) -> None:
    """Write a REST reply as JSON, pretty when X-PrettyPrint asks for it, or as the stream that it is."""
    if reply.stream is not None:
        await _send_stream(send, reply, reply.stream, request_headers, head=head)
        return
    if reply.body is None:
        await send_bytes(send, reply.status, None, reply.headers, request_headers)
        return
    laid_out = request_headers.get("x-prettyprint", "").strip().lower() in ("1", "true")
    headers = {"content-type": JSON_TYPE, **reply.headers}
    body = json_bytes(reply.body, laid_out=laid_out)
    await send_bytes(send, reply.status, body, headers, request_headers, head=head)


async def _send_stream(
    send: Send, reply: Reply, stream: Iterator[bytes], request_headers: Mapping[str, str], *, head: bool
) -> None:
    """Write a body of unknown length in pieces; other calls are answered between them."""
    headers = [*_headers(reply.headers, request_headers), (b"vary", b"Accept-Encoding")]
    packer = None
    if wants_gzip(request_headers):
        packer = zlib.compressobj(1, wbits=31)
        headers.append((b"content-encoding", b"gzip"))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    if not head:
        for piece in _pieces(stream):
            written = piece if packer is None else packer.compress(piece)
            if written:
                await send({"type": "http.response.body", "body": written, "more_body": True})
            await asyncio.sleep(0)
        if packer is not None:
            await send({"type": "http.response.body", "body": packer.flush(), "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def _pieces(stream: Iterator[bytes]) -> Iterator[bytes]:
    gathered: list[bytes] = []
    size = 0
    for part in stream:
        gathered.append(part)
        size += len(part)
        if size >= _PIECE:
            yield b"".join(gathered)
            gathered, size = [], 0
    if gathered:
        yield b"".join(gathered)
