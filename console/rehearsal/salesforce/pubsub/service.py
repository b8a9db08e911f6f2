"""The Pub/Sub API over gRPC: `eventbus.v1.PubSub`.

https://developer.salesforce.com/docs/platform/pub-sub-api/guide/pub-sub-features.html; error codes:
https://developer.salesforce.com/docs/platform/pub-sub-api/guide/handling-errors.html.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import grpc
import grpc.aio

from console.rehearsal.salesforce.access import Caller
from console.rehearsal.salesforce.errors import ApiError
from console.rehearsal.salesforce.eventbus import pubsub_api_pb2 as pb
from console.rehearsal.salesforce.pubsub.bus import Stream
from console.rehearsal.salesforce.pubsub.log import number_of, replay_id

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from console.rehearsal.salesforce.pubsub.bus import Bus
    from console.rehearsal.salesforce.pubsub.topics import Topic
    from console.rehearsal.salesforce.signing_in.sessions import Sessions

_EOF: Any = vars(grpc.aio)["EOF"]  # the stubs don't know it
_CODES = "sfdc.platform.eventbus.grpc."
_SERVICE = "eventbus.v1.PubSub"


class Refused(Exception):
    """The status that ends a call, and Salesforce's own code for it."""

    def __init__(self, status: grpc.StatusCode, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = _CODES + code
        self.message = message


class PubSub:
    """Answers the calls."""

    def __init__(self, bus: Bus, sessions: Sessions, base_url: str) -> None:
        self._bus = bus
        self._sessions = sessions
        self._base_url = base_url.rstrip("/")

    def handler(self) -> grpc.GenericRpcHandler[Any, Any]:
        """The service, to be added to a server."""

        def unary(work: Callable[..., Any], request: Any, reply: Any) -> Any:
            return grpc.unary_unary_rpc_method_handler(
                _one(work),
                request_deserializer=request.FromString,
                response_serializer=reply.SerializeToString,
            )

        def both(work: Callable[..., Any], request: Any, reply: Any) -> Any:
            return grpc.stream_stream_rpc_method_handler(
                _many(work),
                request_deserializer=request.FromString,
                response_serializer=reply.SerializeToString,
            )

        return grpc.method_handlers_generic_handler(
            _SERVICE,
            {
                "Subscribe": both(self._subscribe, pb.FetchRequest, pb.FetchResponse),
                "GetSchema": unary(self._get_schema, pb.SchemaRequest, pb.SchemaInfo),
                "GetTopic": unary(self._get_topic, pb.TopicRequest, pb.TopicInfo),
                "Publish": unary(self._publish, pb.PublishRequest, pb.PublishResponse),
                "PublishStream": both(self._publish_stream, pb.PublishRequest, pb.PublishResponse),
                "ManagedSubscribe": both(
                    self._managed_subscribe, pb.ManagedFetchRequest, pb.ManagedFetchResponse
                ),
            },
        )

    # -- the door

    def _caller(self, context: Any) -> Caller:
        """Who calls, by the call's metadata; asked again before every answer of a stream."""
        if self._bus.closed:
            raise _unavailable()
        given = {name.lower(): value for name, value in context.invocation_metadata() or ()}
        for name in ("accesstoken", "instanceurl", "tenantid"):
            if not str(given.get(name, "")).strip():
                message = f"The {name} metadata header is missing or blank."
                raise Refused(grpc.StatusCode.UNAUTHENTICATED, "service.auth.headers.invalid", message)
        if given["tenantid"] != self._bus.org.org_id or given["instanceurl"].rstrip("/") != self._base_url:
            raise _unauthenticated()
        try:
            session = self._sessions.session(f"Bearer {given['accesstoken']}", _address(context.peer()))
            return self._sessions.caller(session)
        except ApiError:
            raise _unauthenticated() from None

    def _topic(self, name: str) -> Topic:
        if not name:
            raise Refused(
                grpc.StatusCode.INVALID_ARGUMENT, "topic.validation.empty", "The topic name is blank."
            )
        topic = self._bus.org.event_topic(name)
        if topic is None:
            message = f"The topic {name} does not exist, or the user may not see it."
            raise Refused(grpc.StatusCode.NOT_FOUND, "topic.not.found", message)
        return topic

    # -- topics and schemas

    async def _get_topic(self, request: pb.TopicRequest, context: Any, rpc_id: str) -> pb.TopicInfo:
        self._caller(context)
        topic = self._topic(request.topic_name)
        org = self._bus.org
        return pb.TopicInfo(
            topic_name=topic.name,
            tenant_guid=f"core/prod/{org.org_id}",
            can_publish=False,
            can_subscribe=True,
            schema_id="" if topic.sobject is None else org.capture.shape(topic.sobject).id,
            rpc_id=rpc_id,
        )

    async def _get_schema(self, request: pb.SchemaRequest, context: Any, rpc_id: str) -> pb.SchemaInfo:
        self._caller(context)
        if not request.schema_id:
            message = "The schema ID is blank."
            raise Refused(grpc.StatusCode.INVALID_ARGUMENT, "schema.validation.failed", message)
        text = self._bus.org.events.schema(request.schema_id)
        if text is None:
            message = f"There is no schema with the ID {request.schema_id}."
            raise Refused(grpc.StatusCode.NOT_FOUND, "schema.meta.permission", message)
        return pb.SchemaInfo(schema_json=text, schema_id=request.schema_id, rpc_id=rpc_id)

    # -- subscribing

    async def _subscribe(self, context: Any, rpc_id: str) -> None:
        cuts = self._bus.cuts
        caller = self._caller(context)
        first = await context.read()
        if first is _EOF:
            return
        stream = self._open(caller, first)
        self._bus.open(stream)
        reading = asyncio.create_task(self._read_on(context, stream, first.topic_name))
        try:
            await self._deliver(context, rpc_id, stream, reading, cuts)
        finally:
            self._bus.streams.discard(stream)
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError, Refused):
                await reading

    def _open(self, caller: Caller, request: pb.FetchRequest) -> Stream:
        topic = self._topic(request.topic_name)
        if topic.sobject is not None and self._bus.org.event_view(caller, topic.sobject.name) is None:
            message = f"The user doesn't have permission to subscribe to {topic.name}."
            raise Refused(grpc.StatusCode.PERMISSION_DENIED, "subscription.topic.cannot.subscribe", message)
        stream = Stream(caller, topic, self._start(request))
        _ask(stream, request)
        return stream

    def _start(self, request: pb.FetchRequest) -> int:
        if request.replay_preset == pb.LATEST:
            return self._bus.newest()
        if request.replay_preset == pb.EARLIEST:
            return 0
        invalid = grpc.StatusCode.INVALID_ARGUMENT
        if not request.replay_id:
            message = "A replay ID is needed with the CUSTOM replay preset."
            raise Refused(invalid, "subscription.fetch.replayid.validation.failed", message)
        replay = number_of(request.replay_id)
        if replay is None or not self._bus.org.events.holds(replay):
            message = "The Replay ID validation failed. Ensure that the Replay ID is valid and within the retention window."
            raise Refused(invalid, "subscription.fetch.replayid.corrupted", message)
        return replay

    async def _read_on(self, context: Any, stream: Stream, topic_name: str) -> None:
        """Takes further requests until the client has no more."""
        try:
            while True:
                request = await context.read()
                if request is _EOF:
                    return
                self._caller(context)
                if request.topic_name and request.topic_name != topic_name:
                    message = (
                        f"The topic can't change from {topic_name} to {request.topic_name} within a call."
                    )
                    raise Refused(
                        grpc.StatusCode.INVALID_ARGUMENT, "subscription.fetch.topic.mismatch", message
                    )
                _ask(stream, request)
        finally:
            stream.wake.set()

    async def _deliver(
        self, context: Any, rpc_id: str, stream: Stream, reading: asyncio.Task[None], cuts: int
    ) -> None:
        """Sends what there is and what is owed, and a sign of life when there is nothing."""
        delivery = self._bus.delivery
        heard = time.monotonic()
        while True:
            stream.wake.clear()
            if self._bus.cuts != cuts:
                raise _unavailable()
            if reading.done():
                reading.result()  # raises what the client did wrong
            parcels, more = self._bus.next(stream)
            silent = time.monotonic() - heard
            if parcels or (stream.owed and silent >= delivery.keep_alive_s):
                self._caller(context)
                await context.write(_response(parcels, stream, rpc_id))
                heard, silent = time.monotonic(), 0.0
            elif not stream.owed and (reading.done() or silent >= delivery.keep_alive_s):
                return  # a stream stays open only while it owes events
            if more:
                await asyncio.sleep(0)
                continue
            waiting = delivery.keep_alive_s - silent
            if delivery.delay_ms:
                waiting = min(waiting, 0.05)
            # Not wait_for: of Python 3.11 it forgets a cancellation that comes together with the wake.
            # https://github.com/python/cpython/issues/86296
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(waiting, 0.001)):
                    await stream.wake.wait()

    # -- what this org does not do

    async def _publish(self, request: pb.PublishRequest, context: Any, rpc_id: str) -> pb.PublishResponse:
        self._caller(context)
        raise _cannot_publish(self._topic(request.topic_name))

    async def _publish_stream(self, context: Any, rpc_id: str) -> None:
        self._caller(context)
        request = await context.read()
        if request is not _EOF:
            raise _cannot_publish(self._topic(request.topic_name))

    async def _managed_subscribe(self, context: Any, rpc_id: str) -> None:
        self._caller(context)
        request = await context.read()
        if request is _EOF:
            return
        by_id = "subscription.id" if request.subscription_id else "developer.name"
        message = "There is no managed event subscription of that name or ID in this org."
        raise Refused(grpc.StatusCode.NOT_FOUND, f"managed.subscription.{by_id}.not.found", message)


# -- in and out


def _address(peer: str) -> str:
    """The IP address in gRPC's `ipv4:127.0.0.1:40000` or `ipv6:%5B::1%5D:40000`."""
    return unquote(peer.partition(":")[2].rpartition(":")[0]).strip("[]")


def _ask(stream: Stream, request: pb.FetchRequest) -> None:
    if request.num_requested <= 0:
        message = "The number of requested events must be greater than zero."
        raise Refused(
            grpc.StatusCode.INVALID_ARGUMENT, "subscription.fetch.requested.events.invalid", message
        )
    stream.ask(request.num_requested)


def _response(parcels: list[Any], stream: Stream, rpc_id: str) -> pb.FetchResponse:
    events = [
        pb.ConsumerEvent(
            event=pb.ProducerEvent(id=str(uuid.uuid4()), schema_id=each.schema_id, payload=each.payload),
            replay_id=replay_id(each.replay),
        )
        for each in parcels
    ]
    latest = parcels[-1].replay if parcels else stream.cursor
    return pb.FetchResponse(
        events=events,
        latest_replay_id=replay_id(latest),
        rpc_id=rpc_id,
        pending_num_requested=stream.owed,
    )


def _unauthenticated() -> Refused:
    message = (
        "An authentication exception occurred. Provide valid authentication in metadata headers and then retry the "
        "request."
    )
    return Refused(grpc.StatusCode.UNAUTHENTICATED, "service.auth.error", message)


def _unavailable() -> Refused:
    message = "The Pub/Sub API service is unavailable. Try again later."
    return Refused(grpc.StatusCode.UNAVAILABLE, "service.unavailable", message)


def _cannot_publish(topic: Topic) -> Refused:
    message = f"Change events are published by Salesforce alone: you can't publish to {topic.name}."
    return Refused(grpc.StatusCode.PERMISSION_DENIED, "publish.topic.cannot.publish", message)


async def _refuse(context: Any, refusal: Refused, rpc_id: str) -> None:
    await context.abort(
        refusal.status,
        f"{refusal.message} rpcId: {rpc_id}",
        (("error-code", refusal.code), ("rpc-id", rpc_id)),
    )


def _one(work: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def answer(request: Any, context: Any) -> Any:
        rpc_id = str(uuid.uuid4())
        try:
            return await work(request, context, rpc_id)
        except Refused as refusal:
            return await _refuse(context, refusal, rpc_id)

    return answer


def _many(work: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    async def answer(requests: Any, context: Any) -> None:
        rpc_id = str(uuid.uuid4())
        try:
            await work(context, rpc_id)
        except Refused as refusal:
            await _refuse(context, refusal, rpc_id)

    return answer


# -- the server


async def serve(service: PubSub, address: str) -> tuple[grpc.aio.Server, int]:
    """A started server on `127.0.0.1:PORT` (0: a free one), and its port. Raises OSError when it can't be had."""
    server = grpc.aio.server(
        options=[
            ("grpc.so_reuseport", 0),
            ("grpc.keepalive_permit_without_calls", 1),
            ("grpc.http2.min_recv_ping_interval_without_data_ms", 1000),
            ("grpc.http2.max_ping_strikes", 0),
        ]
    )
    server.add_generic_rpc_handlers((service.handler(),))
    try:
        port = server.add_insecure_port(address)
    except RuntimeError as failure:
        await server.stop(None)
        raise OSError(str(failure)) from None
    await server.start()
    return server, port
