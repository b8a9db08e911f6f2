"""A rehearsal, and a subscriber over a real gRPC channel who reads Avro with fastavro and decodes bitmaps alone."""

from __future__ import annotations

import io
import json
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import fastavro
import grpc
import httpx
import pytest

from console.rehearsal.salesforce.eventbus import pubsub_api_pb2 as pb
from console.rehearsal.server import Rehearsal

PATIENCE = 15
CUSTOM_CHANNEL = "/data/Practice__chn"


class Clock:
    """The real time, moved on by hand."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class Read:
    """One event as a subscriber understands it."""

    header: dict[str, Any]
    body: dict[str, Any]
    """Fields with a value."""
    changed: set[str]
    nulled: set[str]
    replay_id: bytes
    schema_id: str


class Subscription:
    """One Subscribe call: requests go in, responses are gathered by a thread."""

    def __init__(self, client: Client, call: Any, requests: queue.Queue[Any]) -> None:
        self._client = client
        self._call = call
        self._requests = requests
        self._arrived = threading.Condition()
        self.responses: list[pb.FetchResponse] = []
        self.error: grpc.RpcError | None = None
        self.ended = False
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        try:
            for response in self._call:
                with self._arrived:
                    self.responses.append(response)
                    self._arrived.notify_all()
        except grpc.RpcError as error:
            self.error = error
        with self._arrived:
            self.ended = True
            self._arrived.notify_all()

    def ask(self, count: int, topic: str = "") -> None:
        self._requests.put(pb.FetchRequest(topic_name=topic, num_requested=count))

    def half_close(self) -> None:
        self._requests.put(None)

    def wait(self, condition: Callable[[], bool]) -> None:
        with self._arrived:
            assert self._arrived.wait_for(condition, PATIENCE), self.responses

    def raw(self, count: int) -> list[pb.ConsumerEvent]:
        def arrived() -> list[pb.ConsumerEvent]:
            return [event for response in self.responses for event in response.events]

        self.wait(lambda: len(arrived()) >= count or self.ended)
        assert len(arrived()) == count
        return arrived()

    def events(self, count: int) -> list[Read]:
        """All events so far, as soon as there are that many; more are a failure."""
        return [self._client.read(event) for event in self.raw(count)]

    def refusal(self) -> tuple[grpc.StatusCode, str]:
        """Status and Salesforce's code that ended the call."""
        self.wait(lambda: self.ended)
        assert self.error is not None, "the call ended well"
        return status_of(self.error)

    def close(self) -> None:
        self._requests.put(None)
        self._call.cancel()
        self._thread.join(PATIENCE)


def status_of(error: Any) -> tuple[grpc.StatusCode, str]:
    trailers = dict(error.trailing_metadata() or ())
    if "rpc-id" in trailers:
        assert f"rpcId: {trailers['rpc-id']}" in error.details()
    return error.code(), trailers.get("error-code", "").removeprefix("sfdc.platform.eventbus.grpc.")


@dataclass
class Client:
    """Somebody at the Pub/Sub API."""

    rehearsal: Rehearsal
    token: str
    changes: dict[str, str] = field(default_factory=dict)
    """Metadata that differs from what it should be."""

    def __post_init__(self) -> None:
        self._channel = grpc.insecure_channel(self.rehearsal.handout["pubsub"]["endpoint"])
        self._open: list[Subscription] = []
        self.schemas: dict[str, Any] = {}

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        salesforce = self.rehearsal.handout["salesforce"]
        given = {
            "accesstoken": self.token,
            "instanceurl": salesforce["instance_url"],
            "tenantid": salesforce["org_id"],
            **self.changes,
        }
        return tuple((name, value) for name, value in given.items() if value != "-")

    def unary(self, name: str, request: Any, reply: Any) -> Any:
        method = self._channel.unary_unary(
            f"/eventbus.v1.PubSub/{name}", type(request).SerializeToString, reply.FromString
        )
        return method(request, metadata=self.metadata, timeout=PATIENCE)

    def stream(self, name: str, requests: Iterator[Any], request: Any, reply: Any) -> Any:
        method = self._channel.stream_stream(
            f"/eventbus.v1.PubSub/{name}", request.SerializeToString, reply.FromString
        )
        return method(requests, metadata=self.metadata)

    def subscribe(
        self, topic: str = CUSTOM_CHANNEL, count: int = 100, *, settle: bool = True, **start: Any
    ) -> Subscription:
        """An open subscription; `settle` waits until the server has taken it in."""
        before = self.rehearsal.stage.events.opened
        requests: queue.Queue[Any] = queue.Queue()
        requests.put(pb.FetchRequest(topic_name=topic, num_requested=count, **start))
        call = self.stream("Subscribe", iter(requests.get, None), pb.FetchRequest, pb.FetchResponse)
        made = Subscription(self, call, requests)
        self._open.append(made)
        if settle:
            until = time.monotonic() + PATIENCE
            while self.rehearsal.stage.events.opened == before and not made.ended:
                assert time.monotonic() < until
                threading.Event().wait(0.002)
        return made

    def topic(self, name: str) -> pb.TopicInfo:
        return self.unary("GetTopic", pb.TopicRequest(topic_name=name), pb.TopicInfo)

    def schema(self, schema_id: str) -> Any:
        if schema_id not in self.schemas:
            info = self.unary("GetSchema", pb.SchemaRequest(schema_id=schema_id), pb.SchemaInfo)
            assert info.schema_id == schema_id
            self.schemas[schema_id] = json.loads(info.schema_json)
        return self.schemas[schema_id]

    def read(self, event: pb.ConsumerEvent) -> Read:
        schema = self.schema(event.event.schema_id)
        raw = io.BytesIO(event.event.payload)
        datum = fastavro.schemaless_reader(raw, fastavro.parse_schema(schema), None)
        assert not raw.read(), "bytes are left over"
        header = datum.pop("ChangeEventHeader")
        body = {name: value for name, value in datum.items() if value is not None}
        changed, nulled = (
            fields_of(schema, header["changedFields"]),
            fields_of(schema, header["nulledFields"]),
        )
        return Read(header, body, changed, nulled, event.replay_id, event.event.schema_id)

    def close(self) -> None:
        for each in self._open:
            each.close()
        self._channel.close()


def fields_of(schema: dict[str, Any], bitmaps: list[str]) -> set[str]:
    """What bitmaps say, worked out the way that Salesforce's published examples do: bit strings read backwards."""

    def names(bitmap: str, fields: list[dict[str, Any]]) -> list[str]:
        assert bitmap.startswith("0x")
        assert len(bitmap) % 2 == 0  # the examples read bytes
        bits = "".join(f"{int(digit, 16):04b}" for digit in bitmap[2:])
        return [fields[place]["name"] for place, bit in enumerate(reversed(bits)) if bit == "1"]

    def value_schema(union: list[Any]) -> Any:
        assert union[0] == "null"
        assert len(union) == 2 or (len(union) == 3 and union[1] == "string")
        return union[-1]

    records = {}
    for each in schema["fields"][1:]:
        found = value_schema(each["type"])
        if isinstance(found, dict):
            records[found["name"]] = found
    decoded: set[str] = set()
    for bitmap in bitmaps:
        place, dash, nested = bitmap.rpartition("-")
        if not dash:
            assert bitmap is bitmaps[0]
            decoded |= set(names(nested, schema["fields"]))
        else:
            parent = schema["fields"][int(place)]
            child = value_schema(parent["type"])
            child = records[child] if isinstance(child, str) else child
            decoded |= {f"{parent['name']}.{name}" for name in names(nested, child["fields"])}
    return decoded


class Rig:
    """A rehearsal with the practice channel, and ways to change records."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        self.rehearsal = rehearsal
        salesforce = rehearsal.handout["salesforce"]
        self.admin_token: str = salesforce["access_token"]
        self._http = httpx.Client(trust_env=False, timeout=PATIENCE)
        self._base = salesforce["instance_url"] + "/services/data/v62.0/"
        self._clients: list[Client] = []

    def rest(
        self, method: str, path: str, body: Any = None, *, status: int | None = None, **more: Any
    ) -> Any:
        headers = {
            "Authorization": f"Bearer {more.pop('token', self.admin_token)}",
            **more.pop("headers", {}),
        }
        reply = self._http.request(method, self._base + path, json=body, headers=headers, **more)
        if status is None:
            assert reply.status_code < 300, reply.text
        else:
            assert reply.status_code == status, reply.text
        return reply.json() if reply.content else None

    def create(self, sobject: str, **fields: Any) -> str:
        return str(self.rest("POST", f"sobjects/{sobject}", fields)["id"])

    def update(self, sobject: str, record_id: str, **fields: Any) -> None:
        self.rest("PATCH", f"sobjects/{sobject}/{record_id}", fields)

    def tooling(self, sobject: str, full_name: str, **metadata: Any) -> str:
        body = {"FullName": full_name, "Metadata": metadata}
        return str(self.rest("POST", f"tooling/sobjects/{sobject}", body)["id"])

    def channel(self, name: str = "Practice__chn") -> str:
        return self.tooling("PlatformEventChannel", name, channelType="data", label=name)

    def select(self, event: str, channel: str = "Practice__chn", **more: Any) -> str:
        name = f"{channel.replace('__', '_')}_{event}"
        return self.tooling(
            "PlatformEventChannelMember", name, eventChannel=channel, selectedEntity=event, **more
        )

    def control(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        reply = self._http.request(method, f"{self.rehearsal.control_url}/salesforce/{path}", json=body)
        assert reply.status_code == status, reply.text
        return reply.json()

    def client(self, token: str | None = None, **changes: str) -> Client:
        made = Client(self.rehearsal, token or self.admin_token, changes)
        self._clients.append(made)
        return made

    def session_of(self, username: str) -> str:
        """An access token of a user."""

        def open_one() -> str:
            stage = self.rehearsal.stage
            user = stage.org.directory.by_username(username)
            assert user is not None
            tokens = stage.access.tokens
            token = tokens.new_token()
            tokens.open_session(token, user["Id"], stage.access.handout().client_id, "full")
            return token

        return self.rehearsal.run(open_one)

    def close(self) -> None:
        for each in self._clients:
            each.close()
        self._http.close()


@contextmanager
def rehearsing(state: Path, clock: Clock | None = None) -> Iterator[Rig]:
    with Rehearsal(state=state, customers=3, org="empty", clock=clock or Clock()) as rehearsal:
        rig = Rig(rehearsal)
        try:
            yield rig
        finally:
            rig.close()


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """An empty org whose practice channel streams accounts and contacts."""
    with rehearsing(tmp_path / "state") as made:
        made.channel()
        made.select("AccountChangeEvent")
        made.select("ContactChangeEvent")
        yield made


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Rig]:
    """An empty org in which nothing is selected."""
    with rehearsing(tmp_path / "state") as made:
        yield made
