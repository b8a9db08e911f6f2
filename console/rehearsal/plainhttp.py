"""HTTP/1.1 for clients that would rather speak HTTP/2.

Over plain HTTP, such a client asks on its first call to change over (`Upgrade: h2c`, as Java's own client does), and a server may
leave that aside and just answer: https://www.rfc-editor.org/rfc/rfc9110#section-7.8. The parser here stops at such a call
instead and loses its body, so the wish is taken out before it comes to it. Salesforce itself never sees one: it is reached by TLS.
"""

from __future__ import annotations

import re

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_REQUEST = re.compile(rb"[A-Z]+ [^ \r\n]+ HTTP/1\.1\r\n")
_WISH = re.compile(
    rb"(?im)^(?:Upgrade: *h2c|HTTP2-Settings:[^\r\n]*|Connection: *Upgrade, *HTTP2-Settings)\r\n"
)


class PlainHttp(HttpToolsProtocol):
    """Reads requests as if nobody had asked for another protocol."""

    def data_received(self, data: bytes) -> None:
        """What came in from the network."""
        super().data_received(without_upgrade(data))


def without_upgrade(data: bytes) -> bytes:
    """The beginning of a request without its wish for HTTP/2; anything else as it is."""
    if _REQUEST.match(data) is None:
        return data
    head, end, rest = data.partition(b"\r\n\r\n")
    return _WISH.sub(b"", head + b"\r\n") + end[2:] + rest if end else data
