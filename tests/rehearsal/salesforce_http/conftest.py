"""A practice org over a real socket: uvicorn in a thread, on a port that the system picks."""

from __future__ import annotations

import asyncio
import socket
import threading
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import httpx
import pytest
import uvicorn

from console.rehearsal.salesforce.access import Caller
from console.rehearsal.salesforce.app import create_app
from console.rehearsal.salesforce.org import Org
from tests.signing_in import SignIn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from console.rehearsal.salesforce.app import SalesforceApp
    from console.rehearsal.salesforce.signing_in.sessions import Handout, Sessions

V = "/services/data/v62.0"
T = TypeVar("T")


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
