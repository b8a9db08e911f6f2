"""The little web server that the browser comes back to after signing in (RFC 8252, section 7.3).

It listens on this computer only, takes one answer, and checks that the answer belongs to the sign-in begun here.
Salesforce compares callback addresses exactly, hence a few fixed ports, tried in turn.
"""

from __future__ import annotations

import errno
import hmac
import html
import socket
import sys
import threading
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from console.errors import Cancelled, Conflict, ConsoleError, SignInNeeded
from console.salesforce.signing_in.oauth_errors import oauth_error

PORTS = (1717, 8717, 8718, 8719)
_SLICE = 0.05  # seconds between looks at the caller's cancel event
_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>body{{font:1.1em system-ui,sans-serif;max-width:34em;margin:20vh auto;padding:0 1em;color:#1b1b1f;background:#fff}}
@media(prefers-color-scheme:dark){{body{{color:#eee;background:#17171a}}}}</style></head>
<body><h1>{title}</h1><p>{text}</p></body></html>"""


class CallbackServer:
    """Waits for the browser's answer to one sign-in. Use with `with`.

    :param state: what the answer must carry.
    :param ports: tried in turn; 0 lets the operating system choose (an app must then allow any port).
    :raises Conflict: every port is taken.
    """

    def __init__(self, state: str, *, ports: Sequence[int] = PORTS, path: str = "/callback") -> None:
        self._state = state
        self._path = path
        self._outcome: str | ConsoleError | None = None
        self._lock = threading.Lock()
        self._settled = threading.Event()
        self._servers = self._listen(ports)
        self.port = int(self._servers[0].server_address[1])
        self.redirect_uri = f"http://localhost:{self.port}{path}"
        self._threads = [
            threading.Thread(
                target=server.serve_forever, args=(_SLICE,), name="sign-in callback", daemon=True
            )
            for server in self._servers
        ]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> CallbackServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"CallbackServer({self.redirect_uri!r})"

    def close(self) -> None:
        """Stop listening; again is no error."""
        for server in self._servers:
            server.shutdown()
            server.server_close()
        for thread in self._threads:
            thread.join()
        self._servers = []
        self._threads = []

    def wait(self, timeout: float, cancelled: threading.Event | None = None) -> str:
        """The authorization code, as soon as the browser brings it.

        :param timeout: seconds; errors that Salesforce shows in the browser only never come back here.
        :raises SignInNeeded: access was refused, the answer belongs to another sign-in, or none came in time.
        :raises Cancelled: the caller set `cancelled`.
        """
        until = time.monotonic() + timeout
        while not self._settled.wait(min(_SLICE, max(0.0, until - time.monotonic()))):
            if cancelled is not None and cancelled.is_set():
                raise Cancelled("The sign-in was stopped.")
            if time.monotonic() >= until:
                raise SignInNeeded(
                    "No answer came back from the browser in time.",
                    "Salesforce tells some refusals in the browser only: see what it shows, then sign in again.",
                    code="timeout",
                )
        outcome = self._outcome
        if isinstance(outcome, str):
            return outcome
        raise outcome or Cancelled("The sign-in was stopped.")

    def settle(self, outcome: str | ConsoleError) -> bool:
        """Take the first outcome, a code or an error; later ones are turned away (False)."""
        with self._lock:
            if self._outcome is not None:
                return False
            self._outcome = outcome
        self._settled.set()
        return True

    def answer(self, host: str, target: str) -> tuple[int, str, str]:
        """Status, title and text of the page for a request.

        :param host: the request's Host header: another name than ours means a page elsewhere reaches for this port.
        :param target: path and query.
        """
        parts = urlsplit(target)
        if host not in (f"localhost:{self.port}", f"127.0.0.1:{self.port}", f"[::1]:{self.port}"):
            return 421, "Not here", "This address belongs to a sign-in on this computer."
        if parts.path != self._path:
            return 404, "Nothing here", "This address only waits for a sign-in."
        asked = parse_qs(parts.query, keep_blank_values=True)
        code, error, state = (_single(asked, name) for name in ("code", "error", "state"))
        if not code and not error:
            return 400, "Nothing to do", "The address holds no answer of a sign-in."
        if not hmac.compare_digest(state.encode(), self._state.encode()):
            wrong = SignInNeeded(
                "The browser's answer belongs to another sign-in, so it was not used.",
                "Close older sign-in tabs, then sign in again.",
                code="state_mismatch",
            )
            self.settle(wrong)
            return 400, "That was another sign-in", f"{wrong.message} {wrong.advice}"
        if error:
            failure = oauth_error(error, _single(asked, "error_description"))
            if not self.settle(failure):
                return _USED
            return 200, "Not signed in", f"{failure.message} {failure.advice}"
        if not self.settle(code):
            return _USED
        return 200, "Signed in", "You can close this window and go back to the console."

    def _listen(self, ports: Sequence[int]) -> list[_Server]:
        for port in ports:
            servers = _bind(self, port)
            if servers:
                return servers
        raise Conflict(
            f"No port is free for the browser to come back to ({', '.join(map(str, ports))}).",
            "Close the program that uses them (another console, or a sign-in of the Salesforce CLI), then sign in again.",
            code="ports",
        )


_USED = (410, "Already used", "This sign-in is finished. You can close this window.")


def _bind(owner: CallbackServer, port: int) -> list[_Server]:
    """Servers on 127.0.0.1 and, where there is one, ::1, on the same port; none when the port is taken."""
    try:
        first = _Server(owner, socket.AF_INET, "127.0.0.1", port)
    except OSError:
        return []
    if not socket.has_ipv6:
        return [first]
    try:
        return [first, _Server(owner, socket.AF_INET6, "::1", int(first.server_address[1]))]
    except OSError as error:
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            # A browser may try ::1 first and would meet the other program.
            first.server_close()
            return []
        return [first]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, owner: CallbackServer, family: socket.AddressFamily, host: str, port: int) -> None:
        self.address_family = family
        self.owner = owner
        super().__init__((host, port), _Handler)

    def server_bind(self) -> None:
        if sys.platform == "win32":
            # There, reuse would let another program take the port over.
            self.allow_reuse_address = False
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        super().server_bind()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that hangs up is nothing; anything else ends the wait, without printing what it sent."""
        problem = sys.exception()
        if problem is not None and not isinstance(problem, OSError):
            self.owner.settle(ConsoleError(f"The sign-in page failed ({type(problem).__name__})."))


class _Handler(BaseHTTPRequestHandler):
    timeout = 10  # seconds for a browser to send its request; some open connections only to have them ready

    def do_GET(self) -> None:
        """Answer with a plain page: no script, nothing from elsewhere, nothing kept."""
        assert isinstance(self.server, _Server)
        status, title, text = self.server.owner.answer(self.headers.get("Host", "").lower(), self.path)
        page = _PAGE.format(title=html.escape(title), text=html.escape(text)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.send_header(
            "Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
        )
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the request line holds the code."""


def _single(asked: dict[str, list[str]], name: str) -> str:
    """The value of a parameter, empty when it is missing or given twice."""
    values = asked.get(name, [])
    return values[0] if len(values) == 1 else ""
