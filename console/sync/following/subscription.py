"""The thread that follows change events, and what it hands over to the engine's thread.

The engine's thread is the only writer of the cache, so that events wait here until it takes them. The place in the stream is
kept by the engine too, together with the effect of what came before it: whatever happens in between, events come again
rather than never.
"""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, Protocol

from console.errors import ConsoleError, Refused, SignInNeeded
from console.salesforce.pubsub.events import LOST_PLACE, ChangeEvent

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 5 * 60.0
"""Seconds between attempts to reach the stream: doubled each time, with jitter."""
REFUSED_PAUSE = 10 * 60.0
"""Seconds after a refusal: rights and channels change when people change them, and take minutes to act."""
SILENCE = 300.0
"""Seconds without a sign of life after which a stream counts as broken: Salesforce sends one within 270 s.
https://developer.salesforce.com/docs/platform/pub-sub-api/guide/flow-control.html
"""
BACKLOG = 2_000
"""Events waiting for the engine from which on no more are asked for."""

Condition = Literal["off", "connecting", "on", "broken", "refused"]


class Tokens(Protocol):
    """Where access tokens come from: `console.salesforce.signing_in.tokens.TokenSource`."""

    def current(self) -> str: ...
    def renew(self, rejected: str) -> str: ...


class Arrived(Protocol):
    """Events that came together, `console.salesforce.pubsub.client.Fetched`."""

    @property
    def events(self) -> tuple[ChangeEvent, ...]: ...
    @property
    def replay_id(self) -> bytes: ...


class Stream(Protocol):
    """`console.salesforce.pubsub.client.Stream`."""

    @property
    def hungry(self) -> bool: ...
    def ask(self) -> None: ...
    def __iter__(self) -> Iterator[Arrived]: ...
    def close(self) -> None: ...


class Api(Protocol):
    """What is used of `console.salesforce.pubsub.client.PubSub`."""

    def check_topic(self, topic: str, token: str) -> bool: ...
    def subscribe(
        self, topic: str, token: str, replay_id: bytes | None, may_ask: Callable[[], bool]
    ) -> Stream: ...
    def drop(self) -> None: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Batch:
    """Events that came together, and the place behind them."""

    events: tuple[ChangeEvent, ...]
    replay_id: bytes
    fresh: bool = False
    """The stream was begun at the present: what happened before it must be read."""
    lost: bool = False
    """The place kept was refused: what happened since must be found by comparing everything."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How the subscription stands. `why`: one sentence, where it is not on."""

    condition: Condition
    why: str = ""


class Subscription:
    """Follows one topic in a thread of its own, from a place on.

    :param connect: makes the API; called in the thread, where gRPC is loaded then.
    :param replay_id: the place to go on from; None: from now on.
    :param wake: called in the thread when something waits, or when the standing changed. Must be quick.
    """

    def __init__(
        self,
        connect: Callable[[], Api],
        tokens: Tokens,
        topic: str,
        replay_id: bytes | None,
        wake: Callable[[], None],
        *,
        pause: float = FIRST_PAUSE,
    ) -> None:
        self.topic = topic
        self._connect = connect
        self._tokens = tokens
        self._place = replay_id
        self._wake = wake
        self._first_pause = pause
        self._lost = False
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._waiting: deque[Batch] = deque()
        self._count = 0
        self._api: Api | None = None
        self._stream: Stream | None = None
        self._standing = Standing("connecting", "The event stream is being opened.")
        self._sign = time.monotonic()
        self._on_since: datetime | None = None
        self._heard = 0
        """Answers that came so far."""
        self._thread = threading.Thread(target=self._main, name="events", daemon=True)

    @property
    def standing(self) -> Standing:
        """How it stands now."""
        return self._standing

    @property
    def on_since(self) -> datetime | None:
        """When the stream that runs now began; None while none runs."""
        return self._on_since

    @property
    def waiting(self) -> bool:
        """Whether something was not taken yet."""
        return bool(self._waiting)

    def start(self) -> None:
        """Begin. Does not block."""
        self._thread.start()

    def take(self) -> list[Batch]:
        """All that waits; it stays until :meth:`taken`."""
        with self._lock:
            return list(self._waiting)

    def taken(self, number: int) -> None:
        """The first `number` batches are in the cache."""
        with self._lock:
            for _ in range(number):
                self._count -= len(self._waiting.popleft().events)
            stream = self._stream
        if stream is not None:
            stream.ask()

    def tend(self) -> None:
        """Break a stream off that has been silent for too long. To be called now and then, from any thread."""
        with self._lock:
            api, stream = self._api, self._stream
        # While we are the ones who don't ask for more, silence is as it should be.
        if (
            api is not None
            and stream is not None
            and not stream.hungry
            and time.monotonic() - self._sign > SILENCE
        ):
            api.drop()

    def stop(self) -> None:
        """Have it end. Does not block."""
        self._stop.set()
        with self._lock:
            api = self._api
        if api is not None:
            api.close()

    def join(self, timeout: float) -> bool:
        """Wait for its end; False when it still runs."""
        if self._thread.ident is not None:
            self._thread.join(max(0.0, timeout))
        return not self._thread.is_alive()

    # --- in the thread ---------------------------------------------------------------------------------------

    def _main(self) -> None:
        pause = self._first_pause
        renewed = False
        while not self._stop.is_set():
            token, heard, wait = "", self._heard, pause
            try:
                token = self._tokens.current()
                self._follow(token)
            except SignInNeeded as error:
                renewed = renewed and self._heard == heard
                if not renewed and self._renewed(token):
                    renewed = True
                    continue
                self._say("refused", error.message)
                wait = REFUSED_PAUSE
            except Refused as error:
                if error.code == LOST_PLACE and self._place is not None:
                    self._place, self._lost = None, True
                    continue
                self._say("refused", error.message)
                wait = REFUSED_PAUSE
            except ConsoleError as error:
                self._say("broken", error.message)
            renewed = False
            if self._heard > heard:
                pause = wait = min(wait, self._first_pause)
            self._stop.wait(wait * random.uniform(0.7, 1.3))  # noqa: S311 - consoles don't all come back at once
            pause = min(pause * 2, LONGEST_PAUSE)
        self._say("off")

    def _follow(self, token: str) -> None:
        api = self._connect()
        with self._lock:
            self._api = api
            stopping = self._stop.is_set()
        try:
            if stopping:
                return
            if not api.check_topic(self.topic, token):
                raise Refused(
                    "The signed-in user may not receive change events.",
                    "Grant View All on accounts and contacts, or set the org up again.",
                )
            began_here = self._place is None
            stream = api.subscribe(self.topic, token, self._place, self._may_ask)
            with self._lock:
                self._stream = stream
            try:
                if began_here:
                    self._hand_over(Batch((), b"", fresh=True, lost=self._lost))
                    self._lost = False
                self._sign = time.monotonic()
                self._say("on")
                for arrived in stream:
                    self._sign = time.monotonic()
                    self._heard += 1
                    self._say("on")
                    self._place = arrived.replay_id or self._place
                    self._hand_over(Batch(arrived.events, arrived.replay_id))
            finally:
                with self._lock:
                    self._stream = None
                stream.close()
        finally:
            with self._lock:
                self._api = None
            api.close()

    def _renewed(self, token: str) -> bool:
        """Whether there is another token now than the one that was refused."""
        try:
            return bool(token) and self._tokens.renew(token) != token
        except ConsoleError:
            return False

    def _may_ask(self) -> bool:
        return self._count < BACKLOG

    def _hand_over(self, batch: Batch) -> None:
        with self._lock:
            self._waiting.append(batch)
            self._count += len(batch.events)
        self._wake()

    def _say(self, condition: Condition, why: str = "") -> None:
        told = Standing(condition, why)
        if told != self._standing:
            self._on_since = datetime.now(UTC) if condition == "on" else None
            self._standing = told
            self._wake()
