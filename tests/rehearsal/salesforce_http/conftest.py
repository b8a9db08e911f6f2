"""A practice org over a real socket: uvicorn in a thread, on a port that the system picks."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import html
import re
import secrets
import socket
import threading
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
import uvicorn

from console.rehearsal.salesforce.access import Caller
from console.rehearsal.salesforce.app import create_app
from console.rehearsal.salesforce.org import Org

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from console.rehearsal.salesforce.app import SalesforceApp
    from console.rehearsal.salesforce.sessions import Handout, Sessions

V = "/services/data/v62.0"
T = TypeVar("T")
CALLBACK = "http://localhost:1717/callback"


class Clock:
    """The real time, moved on by hand."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def forward(self, **span: float) -> None:
        self.ahead += timedelta(**span)


@dataclass
class Served:
    """A running org and ways to talk to it. `org` belongs to the server's loop: use `on_loop` to ask it."""

    base_url: str
    org: Org
    sessions: Sessions
    clock: Clock
    handout: Handout
    loop: asyncio.AbstractEventLoop = field(repr=False)
    http: httpx.Client = field(repr=False)

    def on_loop(self, work: Callable[[Org], T]) -> T:
        """What `work` answers when the server's own thread does it."""

        async def ask() -> T:
            return work(self.org)

        return asyncio.run_coroutine_threadsafe(ask(), self.loop).result(20)

    @property
    def admin(self) -> Caller:
        return Caller(self.org.admin_id)

    @property
    def system(self) -> Caller:
        return Caller(self.org.admin_id, system=True)

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """A REST call with the handed-out session; `path` is below the version unless it begins with a slash."""
        headers = {"Authorization": f"Bearer {self.handout.access_token}", **options.pop("headers", {})}
        url = path if path.startswith("/") else f"{V}/{path}"
        return self.http.request(method, url, headers=headers, **options)

    def create(self, sobject: str, **values: Any) -> str:
        reply = self.call("POST", f"sobjects/{sobject}", json=values)
        assert reply.status_code == 201, reply.text
        return str(reply.json()["id"])

    def query(self, soql: str) -> list[dict[str, Any]]:
        reply = self.call("GET", "query", params={"q": soql})
        assert reply.status_code == 200, reply.text
        return list(reply.json()["records"])


class Running:
    """The server's thread: it makes the org, serves it, and closes both."""

    def __init__(self, path: Path, clock: Clock) -> None:
        # Without the protocol asyncio leaves Nagle on, and every small reply waits 40 ms.
        self.listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(64)
        self.base_url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self._path, self._clock = path, clock
        self._made: Future[tuple[SalesforceApp, Handout, asyncio.AbstractEventLoop]] = Future()
        self._server: uvicorn.Server | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self._thread.start()

    async def _serve(self) -> None:
        try:
            org = Org(self._path, clock=self._clock)
        except BaseException as error:
            self._made.set_exception(error)
            raise
        app = create_app(org, base_url=self.base_url, clock=self._clock)
        config = uvicorn.Config(app, http="httptools", log_level="warning", timeout_graceful_shutdown=2)
        self._server = uvicorn.Server(config)
        self._made.set_result((app, app.sessions.handout(), asyncio.get_running_loop()))
        await self._server.serve(sockets=[self.listener])
        app.sessions.close()
        org.close()

    def made(self) -> tuple[SalesforceApp, Handout, asyncio.AbstractEventLoop]:
        return self._made.result(20)

    def stop(self) -> None:
        if self._server is not None:
            self._server.should_exit = True
        self._thread.join()
        self.listener.close()


def serve(path: Path, clock: Clock | None = None) -> Iterator[Served]:
    clock = clock or Clock()
    running = Running(path, clock)
    try:
        app, handout, loop = running.made()
        with httpx.Client(base_url=running.base_url, timeout=20, trust_env=False) as client:
            yield Served(running.base_url, app.org, app.sessions, clock, handout, loop, client)
    finally:
        running.stop()


def add_external_id(served: Served) -> None:
    """`Ext__c` on Account, a unique external id that the administrator may see and edit."""
    metadata = {
        "type": "Text",
        "label": "Ext",
        "length": 255,
        "externalId": True,
        "unique": True,
        "caseSensitive": True,
        "required": False,
    }
    body = {"FullName": "Account.Ext__c", "Metadata": metadata}
    reply = served.call("POST", "tooling/sobjects/CustomField", json=body)
    assert reply.status_code == 201, reply.text
    permission_set = served.create("PermissionSet", Name="Ext_Access", Label="Ext Access")
    served.create(
        "FieldPermissions",
        ParentId=permission_set,
        SobjectType="Account",
        Field="Account.Ext__c",
        PermissionsRead=True,
        PermissionsEdit=True,
    )
    served.create("PermissionSetAssignment", AssigneeId=served.org.admin_id, PermissionSetId=permission_set)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One org for a whole file of tests: they make their own records and leave the policies alone."""
    for running in serve(tmp_path_factory.mktemp("org") / "salesforce.db"):
        add_external_id(running)
        yield running


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Served]:
    """An org for one test, which may do with it what it likes."""
    yield from serve(tmp_path / "salesforce.db")


@pytest.fixture
def open_org(tmp_path: Path) -> Callable[[], AbstractContextManager[Served]]:
    """Serve the same file again and again: a restart. The clock goes on where it was."""
    clock = Clock()
    return lambda: contextmanager(serve)(tmp_path / "salesforce.db", clock)


@dataclass
class SignIn:
    """The authorization request of a public client with PKCE, and a browser without scripts that follows it."""

    served: Served
    scope: str = "api refresh_token openid"
    redirect_uri: str = CALLBACK
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    extra: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.browser = httpx.Client(base_url=self.served.base_url, trust_env=False, timeout=20)

    def close(self) -> None:
        self.browser.close()

    @property
    def challenge(self) -> str:
        hashed = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()

    def address(self, **other: str | None) -> str:
        asked: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.served.handout.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": self.scope,
            "state": "st ate/+&=ü",
            "code_challenge": self.challenge,
            "code_challenge_method": "S256",
            **self.extra,
            **other,
        }
        given = {name: value for name, value in asked.items() if value is not None}
        return f"/services/oauth2/authorize?{urlencode(given)}"

    def log_in_page(self, **other: str | None) -> httpx.Response:
        return self.browser.get(self.address(**other))

    def send(self, page: httpx.Response, **values: str) -> httpx.Response:
        """Fill in the form of a page and send it, with its hidden fields."""
        action = html.unescape(re.search(r'<form [^>]*action="([^"]*)"', page.text)[1])  # type: ignore[index]
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', page.text))
        return self.browser.post(action, data={**hidden, **values})

    def log_in(self, username: str = "", password: str = "", **other: str | None) -> httpx.Response:
        """Log in and return the page that comes next (the consent page, as a rule)."""
        page = self.log_in_page(**other)
        if page.status_code == 302:
            return page
        sent = self.send(
            page,
            username=username or self.served.handout.username,
            pw=password or self.served.handout.password,
        )
        if sent.status_code != 303:
            return sent
        return self.browser.get(sent.headers["location"])

    def allowed(self, **other: str | None) -> dict[str, str]:
        """Log in, allow, and return what the callback address got."""
        page = self.log_in(**other)
        reply = page if page.status_code == 302 else self.send(page, decision="allow")
        return self.came_back(reply)

    @staticmethod
    def came_back(reply: httpx.Response) -> dict[str, str]:
        """What a redirect carries to the callback address."""
        assert reply.status_code == 302, reply.text
        query = urlsplit(reply.headers["location"]).query
        return {name: values[0] for name, values in parse_qs(query).items()}

    def token(self, **values: str | None) -> httpx.Response:
        given = {"client_id": self.served.handout.client_id, **values}
        form = {name: value for name, value in given.items() if value is not None}
        return self.served.http.post("/services/oauth2/token", data=form)

    def redeem(self, issued_code: str, **other: str | None) -> httpx.Response:
        values: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": issued_code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
            **other,
        }
        return self.token(**values)

    def signed_in(self) -> dict[str, Any]:
        reply = self.redeem(self.allowed()["code"])
        assert reply.status_code == 200, reply.text
        return dict(reply.json())

    def refresh(self, refresh_token: str) -> httpx.Response:
        return self.token(grant_type="refresh_token", refresh_token=refresh_token)


@pytest.fixture
def sign_in_at() -> Iterator[Callable[[Served], SignIn]]:
    """Sign-ins at an org that the test opened itself."""
    visits: list[SignIn] = []

    def visit(served: Served) -> SignIn:
        visits.append(SignIn(served))
        return visits[-1]

    yield visit
    for each in visits:
        each.close()


@pytest.fixture
def sign_in(own: Served) -> Iterator[SignIn]:
    visit = SignIn(own)
    yield visit
    visit.close()
