"""The Pub/Sub API over gRPC: a topic, its schemas, and one stream of events at a time.

https://developer.salesforce.com/docs/platform/pub-sub-api/references/methods/subscribe-rpc.html. The service has no
generated stub here: three methods are named by their paths, with the messages of `console.salesforce.eventbus`.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import grpc

from console.errors import ConsoleError
from console.net import USER_AGENT, certificates, checked_endpoint, is_loopback, proxy_for
from console.salesforce.eventbus import pubsub_api_pb2 as api
from console.salesforce.pubsub.decoding import Schema, Undecodable, decode
from console.salesforce.pubsub.errors import error_of
from console.salesforce.pubsub.events import UNREADABLE, ChangeEvent

MOST = 100
"""Events that may be owed at a time, over all requests of a stream: more counts as 100."""
TIMEOUT = 15.0
"""Seconds for a call that has one answer."""
LARGEST = 64 << 20
"""Bytes of one answer: up to 100 events of at most 1 MB each do not come in one, but 4 MB, the default, is too few."""

_SERVICE = "/eventbus.v1.PubSub/"


@dataclass(frozen=True, slots=True)
class Fetched:
    """One answer of a stream: events in their order, or none (a sign of life). `replay_id` is the place behind them."""

    events: tuple[ChangeEvent, ...]
    replay_id: bytes


class Stream:
    """A stream that was begun; iterate over it for what comes, in one thread. Close it when done.

    More is asked for before nothing is owed: Salesforce keeps a stream open only while it owes events
    (https://developer.salesforce.com/docs/platform/pub-sub-api/guide/flow-control.html).
    """

    def __init__(
        self,
        call: Any,
        asked: queue.SimpleQueue[Any],
        topic: str,
        may_ask: Callable[[], bool],
        decoded: Callable[[Any], ChangeEvent],
        ended: Callable[[Any], ConsoleError],
    ) -> None:
        self._call = call
        self._asked = asked
        self._topic = topic
        self._may_ask = may_ask
        self._decoded = decoded
        self._ended = ended
        self._lock = threading.Lock()
        self._owed = MOST

    @property
    def hungry(self) -> bool:
        """Whether few or no events are owed, because asking for more was not allowed."""
        return self._owed <= MOST // 2

    def ask(self) -> None:
        """Ask for more where few are owed and it is allowed. Safe from any thread; does not block."""
        with self._lock:
            if self.hungry and self._may_ask():
                self._asked.put(api.FetchRequest(topic_name=self._topic, num_requested=MOST - self._owed))
                self._owed = MOST

    def __iter__(self) -> Iterator[Fetched]:
        """What comes, until the stream breaks. Blocks between answers.

        An event that can't be decoded comes as one of kind `UNREADABLE`.

        :raises ConsoleError: the stream ended; `code` is the API's own word for why.
        """
        try:
            for answer in self._call:
                with self._lock:
                    # What was asked for meanwhile is not counted in this answer: at worst less is asked for than might be.
                    self._owed = answer.pending_num_requested
                self.ask()
                events = tuple(self._decoded(consumed.event) for consumed in answer.events)
                yield Fetched(events, answer.events[-1].replay_id if events else answer.latest_replay_id)
        except grpc.RpcError as error:
            failure = self._ended(error)
        else:
            failure = ConsoleError("The stream of events ended.", code="ENDED")
        raise failure

    def close(self) -> None:
        """End it. Again does nothing."""
        self._asked.put(None)
        self._call.cancel()


class PubSub:
    """One channel to the API, for one thread; :meth:`close` may be called from another and ends what is under way.

    :param endpoint: ``host:port``; without TLS for this computer only.
    :param instance_url: the org's address.
    :param org_id: 18 characters: the API answers for this org only.
    :raises UsageError: the endpoint is none.
    """

    def __init__(self, endpoint: str, instance_url: str, org_id: str) -> None:
        self._endpoint = checked_endpoint(endpoint)
        self._instance_url = instance_url
        self._org_id = org_id
        self._schemas: dict[str, Schema] = {}
        self._channel = _channel(self._endpoint)
        self._lock = threading.Lock()
        self._call: Any = None
        self._closed = False

    def close(self) -> None:
        """End everything that is under way. Again does nothing."""
        with self._lock:
            self._closed = True
            call, self._call = self._call, None
        if call is not None:
            call.cancel()
        self._channel.close()

    def drop(self) -> None:
        """Break off the stream that is read; its reader gets Unreachable."""
        with self._lock:
            call = self._call
        if call is not None:
            call.cancel()

    def check_topic(self, topic: str, token: str) -> bool:
        """Whether the signed-in user may subscribe to a topic.

        :raises ConsoleError: there is no such topic, or the API can't be reached.
        """
        return bool(
            self._ask("GetTopic", api.TopicRequest(topic_name=topic), api.TopicInfo, token).can_subscribe
        )

    def subscribe(
        self, topic: str, token: str, replay_id: bytes | None, may_ask: Callable[[], bool]
    ) -> Stream:
        """Begin a stream of what happens from a place on (None: from now on).

        :param may_ask: asked before more events are requested; while it says no, none are.
        """
        stream = self._channel.stream_stream(
            f"{_SERVICE}Subscribe",
            request_serializer=api.FetchRequest.SerializeToString,
            response_deserializer=api.FetchResponse.FromString,
        )
        asked: queue.SimpleQueue[Any] = queue.SimpleQueue()
        asked.put(_first(topic, replay_id))
        try:
            call = stream(iter(asked.get, None), metadata=self._metadata(token))
        except ValueError:
            raise _closed() from None
        begun = Stream(
            call,
            asked,
            topic,
            may_ask,
            lambda event: self._decoded(event, token),
            lambda error: error_of(error, self._endpoint, token),
        )
        with self._lock:
            self._call = call
            closed = self._closed
        if closed:
            call.cancel()
        return begun

    def _decoded(self, event: Any, token: str) -> ChangeEvent:
        try:
            return decode(self._schema(event.schema_id, token), event.payload)
        except Undecodable:
            return ChangeEvent("", UNREADABLE)

    def _schema(self, schema_id: str, token: str) -> Schema:
        known = self._schemas.get(schema_id)
        if known is None:
            answer = self._ask("GetSchema", api.SchemaRequest(schema_id=schema_id), api.SchemaInfo, token)
            known = self._schemas[schema_id] = Schema.of(answer.schema_json)
        return known

    def _ask(self, method: str, request: Any, kind: Any, token: str) -> Any:
        ask = self._channel.unary_unary(
            _SERVICE + method,
            request_serializer=type(request).SerializeToString,
            response_deserializer=kind.FromString,
        )
        try:
            return ask(request, metadata=self._metadata(token), timeout=TIMEOUT)
        except grpc.RpcError as error:
            raise error_of(error, self._endpoint, token) from None
        except ValueError:
            # The channel was closed meanwhile: https://github.com/grpc/grpc/issues/20418 has no type for it.
            raise _closed() from None

    def _metadata(self, token: str) -> tuple[tuple[str, str], ...]:
        return (("accesstoken", token), ("instanceurl", self._instance_url), ("tenantid", self._org_id))


def _closed() -> ConsoleError:
    return ConsoleError("The channel of events is closed.", code="CLOSED")


def _first(topic: str, replay_id: bytes | None) -> Any:
    if replay_id is None:
        return api.FetchRequest(topic_name=topic, replay_preset=api.LATEST, num_requested=MOST)
    return api.FetchRequest(
        topic_name=topic, replay_preset=api.CUSTOM, replay_id=replay_id, num_requested=MOST
    )


def _channel(endpoint: str) -> Any:
    options: list[tuple[str, Any]] = [
        ("grpc.max_receive_message_length", LARGEST),
        ("grpc.primary_user_agent", USER_AGENT),
        ("grpc.enable_retries", 0),  # a stream is begun again by us, from the place that was kept
        # Channels of the same address share a connection unless told not to: a fresh one must not inherit a broken one.
        ("grpc.use_local_subchannel_pool", 1),
    ]
    # Left to itself gRPC reads the proxy from variables in small letters only, and asks it for this computer too.
    # https://grpc.github.io/grpc/core/md_doc_environment_variables.html
    proxy = proxy_for(f"https://{endpoint}")
    options += [("grpc.http_proxy", proxy)] if proxy else [("grpc.enable_http_proxy", 0)]
    if is_loopback(f"http://{endpoint}"):
        return grpc.insecure_channel(endpoint, options)
    return grpc.secure_channel(endpoint, grpc.ssl_channel_credentials(_trusted()), options)


def _trusted() -> bytes | None:
    path = certificates()
    if path is None:
        return None
    with open(path, "rb") as file:
        return file.read()
