"""Four servers in one process: the org with its event bus, the Alguna account, and the control address, on 127.0.0.1."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import shutil
import socket
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import uvicorn

from console.rehearsal import control, stamps
from console.rehearsal.activity import Activity
from console.rehearsal.alguna import lifecycle
from console.rehearsal.alguna.app import create_app as create_alguna
from console.rehearsal.alguna.options import Options
from console.rehearsal.alguna.store import Store
from console.rehearsal.alguna.webhooks import Webhooks
from console.rehearsal.faults import Wire
from console.rehearsal.plainhttp import PlainHttp
from console.rehearsal.salesforce.app import SalesforceApp
from console.rehearsal.salesforce.app import create_app as create_salesforce
from console.rehearsal.salesforce.founding import INTEGRATION
from console.rehearsal.salesforce.org import Org
from console.rehearsal.salesforce.pubsub.bus import Bus
from console.rehearsal.stage import SalesforceOptions, Stage
from console.rehearsal.world import World

HOST = "127.0.0.1"
GRACE = 0.2
"""Seconds that open subscriptions get to end by themselves."""
_log = logging.getLogger(__name__)
_Result = TypeVar("_Result")


class StartError(Exception):
    """The rehearsal cannot start; the text is one clear sentence."""


class Rehearsal:
    """A running rehearsal. As a context manager it serves from a thread of its own until the block ends.

    `state`: the directory that keeps the world; without one, a temporary directory that is removed at the end.
    `customers`, `seed` and `org` ("half" or "empty") describe a new world; of a kept one they may be left out.
    `port`: the first of four ports; without it, free ones.
    """

    def __init__(
        self,
        *,
        state: Path | str | None = None,
        customers: int | None = None,
        seed: int | None = None,
        org: str | None = None,
        port: int | None = None,
        clock: Callable[[], datetime] = stamps.utc_now,
        alguna_options: Mapping[str, Any] | None = None,
    ) -> None:
        self._wanted = {"customers": customers, "seed": seed, "org": org}
        self._port = port
        self._clock = clock
        self._options = Options()
        self._options.update(alguna_options or {})
        self._temporary = state is None
        self._state = Path(tempfile.mkdtemp(prefix="rehearsal-")) if state is None else Path(state)
        self._thread = threading.Thread(target=self._serve, name="rehearsal", daemon=True)
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self.handout: dict[str, Any] = {}
        self.stage: Stage

    # -- what tests and programs look at

    @property
    def org(self) -> Org:
        """The org; call it through `run`."""
        return self.stage.org

    @property
    def alguna(self) -> Store:
        """The Alguna account's records."""
        return self.stage.alguna

    @property
    def control_url(self) -> str:
        """The control address."""
        return str(self.handout["control_url"])

    def run(self, action: Callable[[], _Result]) -> _Result:
        """Call something in the servers' thread, between two requests, and return its result."""
        if self._loop is None:
            raise RuntimeError("the rehearsal is not running")

        async def carry_out() -> _Result:
            return action()

        return asyncio.run_coroutine_threadsafe(carry_out(), self._loop).result(timeout=60)

    # -- life

    def start(self) -> Self:
        """Fill the world if it is new, and serve. Raises StartError."""
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            self._thread.join()
            self._clean()
            failure = self._failure
            if isinstance(failure, StartError):
                raise failure
            raise StartError(f"the rehearsal did not start: {failure}") from failure
        return self

    def stop(self) -> None:
        """Stop serving, within two seconds also when connections are open; remove a temporary world."""
        if self._loop is not None and self._stop is not None and self._thread.is_alive():
            with contextlib.suppress(RuntimeError):  # the loop may have ended by itself in this moment
                self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._clean()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _clean(self) -> None:
        if self._temporary:
            shutil.rmtree(self._state, ignore_errors=True)

    # -- in the servers' thread

    def _serve(self) -> None:
        try:
            asyncio.run(self._main())
        except BaseException as failure:
            if self._ready.is_set():
                _log.exception("the rehearsal broke off")
            self._failure = failure
        finally:
            self._ready.set()

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        with contextlib.ExitStack() as stack:
            sockets = stack.enter_context(_listen(self._port))
            stack.enter_context(_only_here(self._state))
            salesforce, alguna = self._open(stack)
            ports = [sock.getsockname()[1] for sock in sockets]
            urls = [f"http://{HOST}:{port}" for port in ports]
            await self._run(salesforce, alguna, sockets, urls, stack)

    def _open(self, stack: contextlib.ExitStack) -> tuple[Org, Store]:
        known = _kept_world(self._state)
        if known is None:
            for name in ("salesforce.db", "alguna.db"):
                for ending in ("", "-wal", "-shm"):
                    (self._state / f"{name}{ending}").unlink(missing_ok=True)
        wanted = {name: value for name, value in self._wanted.items() if value is not None}
        for name, value in wanted.items():
            if known is not None and known[name] != value:
                raise StartError(
                    f"{self._state} keeps a world with {name} {known[name]}, not {value}; choose another directory"
                )
        try:
            world = World(**(known or wanted), prefixed_ids=self._options.id_style == "prefixed")
        except ValueError as wrong:
            raise StartError(str(wrong)) from None
        alguna = Store(self._state / "alguna.db", clock=self._clock, seed=world.seed)
        stack.callback(alguna.close)
        org = Org(self._state / "salesforce.db", clock=self._clock, seed=world.seed)
        stack.callback(org.close)
        if known is None:
            world.fill(alguna, org)
            alguna.set_meta(
                "world", json.dumps({"customers": world.customers, "seed": world.seed, "org": world.org})
            )
        lifecycle.settle(alguna)
        return org, alguna

    async def _run(
        self,
        org: Org,
        alguna: Store,
        sockets: list[socket.socket],
        urls: list[str],
        stack: contextlib.ExitStack,
    ) -> None:
        from console.rehearsal.salesforce.pubsub import service as pubsub  # gRPC takes a while to load

        salesforce = create_salesforce(org, base_url=urls[0], clock=self._clock)
        stack.callback(salesforce.sessions.close)
        bus = Bus(org)
        service = pubsub.PubSub(bus, salesforce.sessions, urls[0])
        grpc_address = f"{HOST}:{0 if self._port is None else self._port + len(sockets)}"
        try:
            grpc_server, grpc_port = await pubsub.serve(service, grpc_address)
        except OSError as failure:
            raise StartError(f"{grpc_address} cannot be used: {failure}") from None
        endpoint = f"{HOST}:{grpc_port}"
        self.stage = stage = Stage(
            org=org,
            access=salesforce.sessions,
            alguna=alguna,
            alguna_options=self._options,
            salesforce_options=SalesforceOptions(salesforce.sessions, salesforce.bulk.pace),
            activity=Activity(org, alguna, self._options, seed=alguna.seed),
            webhooks=Webhooks(alguna, self._options),
            addresses={"salesforce": urls[0], "alguna": urls[1], "control": urls[2], "pubsub": endpoint},
            events=bus,
        )
        stack.callback(stage.activity.stop)
        wires = [
            Wire(salesforce, stage.salesforce_faults, stage.salesforce_calls, lambda: stage.salesforce_options.latency_ms),
            Wire(
                create_alguna(alguna, options=self._options), stage.alguna_faults, stage.alguna_calls,
                lambda: stage.alguna_options.latency_ms,
            ),
        ]  # fmt: skip
        salesforce.bulk.wake()
        self.handout = _handout(salesforce, alguna, urls, self._options, endpoint)
        servers = [_server(app) for app in (*wires, control.create_app(stage))]
        tasks = [
            asyncio.create_task(server.serve([sock])) for server, sock in zip(servers, sockets, strict=True)
        ]
        try:
            while not all(server.started for server in servers):
                if any(task.done() for task in tasks):
                    raise StartError("a server ended before it began")
                await asyncio.sleep(0.005)
            self._ready.set()
            if self._stop is not None:
                await self._stop.wait()
        finally:
            stage.activity.stop()
            stage.webhooks.close()
            await salesforce.bulk.stop()
            for wire in wires:
                wire.close()
            for server in servers:
                server.should_exit = True
            await asyncio.gather(*tasks, grpc_server.stop(GRACE))


def _handout(
    salesforce: SalesforceApp, alguna: Store, urls: list[str], options: Options, pubsub: str
) -> dict[str, Any]:
    keys = salesforce.sessions.handout()
    integration = salesforce.org.directory.by_username(INTEGRATION)
    return {
        "salesforce": {
            "login_url": urls[0],
            "instance_url": urls[0],
            "username": keys.username,
            "password": keys.password,
            "client_id": keys.client_id,
            "access_token": keys.access_token,
            "org_id": keys.org_id,
            "integration": None
            if integration is None
            else {
                "username": integration["Username"],
                "password": salesforce.sessions.practice_password(integration["Id"]),
            },
        },
        "alguna": {"base_url": urls[1] + options.path_prefix, "api_key": alguna.api_key},
        "pubsub": {"endpoint": pubsub},
        "control_url": urls[2],
    }


def _server(app: Any) -> uvicorn.Server:
    config = uvicorn.Config(
        app,
        http=PlainHttp,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(config)


@contextlib.contextmanager
def _listen(port: int | None) -> Any:
    """Three listening sockets: on `port` and the two after it, or on free ports."""
    sockets: list[socket.socket] = []
    try:
        for number in range(3):
            # Without the protocol asyncio leaves Nagle on, and every small reply waits 40 ms.
            sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
            sockets.append(sock)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            wanted = 0 if port is None else port + number
            try:
                sock.bind((HOST, wanted))
                sock.listen(512)
            except (OSError, OverflowError) as failure:
                raise StartError(f"port {wanted} on {HOST} cannot be used: {failure}") from None
        yield sockets
    finally:
        for sock in sockets:
            sock.close()


@contextlib.contextmanager
def _only_here(state: Path) -> Any:
    """Hold the state directory for this process alone, until it ends in whatever way."""
    state.mkdir(parents=True, exist_ok=True)
    lock = sqlite3.connect(state / "rehearsal.lock", timeout=0, isolation_level=None)
    try:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            raise StartError(f"another rehearsal is using {state}") from None
        yield
    finally:
        lock.close()


def _kept_world(state: Path) -> dict[str, Any] | None:
    """What world a directory keeps; None when it keeps none, or one whose loading was broken off."""
    file = state / "alguna.db"
    if not file.exists():
        return None
    try:
        db = sqlite3.connect(file)
        try:
            row = db.execute("SELECT value FROM meta WHERE name = 'world'").fetchone()
        finally:
            db.close()
    except sqlite3.DatabaseError:
        raise StartError(
            f"{file} is not a rehearsal's file, or it is damaged; choose another directory"
        ) from None
    return None if row is None else json.loads(row[0])
