"""One request to Alguna and its answer: the only place that turns a response into data or a typed error."""

from __future__ import annotations

import json
import math
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

from console.alguna.limiter import CEILING, RateLimiter
from console.domain.plain import plain
from console.errors import Conflict, ConsoleError, Refused, SignInNeeded, Unreachable
from console.net import USER_AGENT, Call, is_loopback, origin, without
from console.web import json_of, no_answer, web_transport
from console.web_transport import Answer

VERSION = "2026-04-01"
"""The dated API version that this client speaks (https://alguna.com/docs/api-reference/v2/overview)."""
ATTEMPTS = 5
PATIENCE = 60.0
"""Seconds after which a call is not repeated any more, and the longest Retry-After that is waited for."""
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """The JSON of an answer, and whether Alguna replayed an earlier answer to the same idempotency key."""

    data: Any = field(repr=False)
    replayed: bool = False


class Wire:
    """Sends requests with the key, within the rate limit, repeating what is safe to repeat."""

    def __init__(
        self,
        base_url: str,
        key: str,
        *,
        rate: float,
        timeout: float,
        on_call: Callable[[Call], None] | None,
        cancelled: threading.Event | None,
    ) -> None:
        base = origin(base_url, "the Alguna address", keep_path=True)
        if not key.strip():
            raise SignInNeeded("There is no Alguna API key.", "Make one in Alguna: Settings, API Keys.")
        if not key.strip().isascii() or not key.strip().isprintable() or " " in key.strip():
            raise SignInNeeded(
                "The Alguna API key holds signs that no key has.",
                "Copy it again from Alguna: Settings, API Keys.",
            )
        self._key = key.strip()
        self._base = base
        self.host = urlsplit(base).netloc
        self._on_call = on_call
        ceiling = math.inf if is_loopback(base_url) else CEILING
        self._limiter = RateLimiter(rate, ceiling=ceiling, cancelled=cancelled)
        self._counting = threading.Lock()
        self.calls = 0
        # Not httpx's client: its redirects, cookies, hooks and `.netrc` are of no use here, and cost as much as the call.
        self._transport = web_transport(base, timeout)
        self._headers = {
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
            "User-Agent": USER_AGENT,
            "Authorization": f"Bearer {self._key}",
            "Alguna-Version": VERSION,
        }
        self._path = httpx.URL(base).raw_path.decode("ascii").rstrip("/")

    def __repr__(self) -> str:
        return f"Wire({self.host!r})"

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Any:
        """Read; repeated freely while no proper answer comes.

        :returns: the JSON of the answer.
        :raises ConsoleError: SignInNeeded, Refused (`code` is the HTTP status) or Unreachable.
        """
        return self._persist("GET", path, params=params).data

    def patch(self, path: str, body: Mapping[str, Any], idempotency_key: str) -> Reply:
        """Write; repeated under the same idempotency key, which has no second effect.

        :raises ConsoleError: as `get`; Unreachable with `maybe_done` where the effect is not known: also where an attempt that
            came after one without an answer was refused.
        """
        return self._persist("PATCH", path, body=body, idempotency_key=idempotency_key)

    def _persist(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> Reply:
        began = time.monotonic()
        maybe_done = False
        attempt = 0
        while True:
            attempt += 1
            outcome = self._once(method, path, params, body, idempotency_key)
            if isinstance(outcome, Reply):
                return outcome
            if not isinstance(outcome, Unreachable):
                raise unknown(outcome) if maybe_done else outcome
            maybe_done = outcome.maybe_done = maybe_done or outcome.maybe_done
            asked = outcome.retry_after
            pause = asked if asked is not None else random.uniform(0, min(8.0, 0.25 * 2**attempt))  # noqa: S311
            if attempt == ATTEMPTS or time.monotonic() - began + pause > PATIENCE:
                raise outcome
            if asked is not None:
                self._limiter.hold(asked)
            else:
                self._limiter.sleep(pause)

    def _once(
        self,
        method: str,
        path: str,
        params: Mapping[str, str | int] | None,
        body: Mapping[str, Any] | None,
        idempotency_key: str | None,
    ) -> Reply | ConsoleError:
        self._limiter.acquire()
        began = time.monotonic()
        status = 0
        try:
            response = self._send(method, path, params, body, idempotency_key)
            status = response.status
        except httpx.RequestError as error:
            outcome: Reply | ConsoleError = no_answer(error, "Alguna", self._base, writing=method != "GET")
        else:
            outcome = self._read(response, method, path)
        with self._counting:
            self.calls += 1
        if self._on_call is not None:
            self._on_call(Call("alguna", method, path, status, time.monotonic() - began))
        return outcome

    def _send(
        self,
        method: str,
        path: str,
        params: Mapping[str, str | int] | None,
        body: Mapping[str, Any] | None,
        idempotency_key: str | None,
    ) -> Answer:
        """One request and its whole answer. :raises httpx.RequestError: there is none."""
        target = self._path + path
        if params:
            target = f"{target}?{urlencode(params)}"
        headers = self._headers
        if idempotency_key is not None:
            headers = {**headers, "Content-Type": "application/json", "Idempotency-Key": idempotency_key}
        return self._transport.send(
            method, target, headers, b"" if body is None else _JSON.encode(body).encode()
        )

    def _read(self, response: Answer, method: str, path: str) -> Reply | ConsoleError:
        writing = method != "GET"
        status = response.status
        code = str(status)
        is_json, data = json_of(response.headers, response.content)
        if 200 <= status < 300:
            if is_json:
                return Reply(data, response.headers.get("idempotent-replayed", "").lower() == "true")
            return Unreachable(
                f"{self.host} answered with something that is not Alguna's API.",
                "Check the Alguna address: it must be the API's, such as https://api.alguna.io.",
                code=code,
                maybe_done=writing,
            )
        detail = self._detail(data)
        if status == 401:
            return SignInNeeded(
                f"Alguna at {self.host} does not accept the API key.",
                "Check that the key belongs to this environment (sandbox keys open the sandbox only), "
                "or make a new one in Alguna: Settings, API Keys.",
                code=code,
            )
        if status == 403:
            return Refused(
                f"This Alguna API key may not {_deed(method, path)}.{detail}",
                "Use a key with the right to read and change customers.",
                code=code,
            )
        if status == 409 and writing:
            return Unreachable(
                "Alguna is still busy with the same request.",
                "Try again in a moment; a running sync does so by itself.",
                code=code,
                maybe_done=True,
            )
        if status == 429 or status >= 500:
            busy = (
                f"Alguna at {self.host} is too busy"
                if status == 429
                else f"Alguna at {self.host} has a fault"
            )
            return Unreachable(
                f"{busy} ({code}).{detail if is_json else ''}",
                "Try again in a moment; a running sync does so by itself.",
                code=code,
                retry_after=_seconds(response.headers.get("retry-after")),
                maybe_done=writing and status != 429,
            )
        if status < 400 or not is_json:
            return Unreachable(
                f"{self.host} answered {code} and not as Alguna's API does.",
                "Check the Alguna address: it must be the API's, such as https://api.alguna.io.",
                code=code,
                maybe_done=writing,
            )
        if status == 404:
            return Refused(
                f"Alguna does not know {_thing(path)}.{detail}", "It may have been removed.", code=code
            )
        if status == 409:
            return Conflict(f"Alguna refuses because something else changed.{detail}", code=code)
        return Refused(
            f"Alguna refuses to {_deed(method, path)} ({code}).{detail}",
            "Correct what Alguna names, on the side where it is wrong.",
            code=code,
        )

    def _detail(self, data: Any) -> str:
        """What the documented error body says, made safe to show; the key is cut out should it be echoed."""
        text = data.get("detail") if isinstance(data, dict) else None
        if not isinstance(text, str) or not text.strip():
            return ""
        said = plain(without(text, self._key), 200).rstrip()
        return f" It says: {said if said.endswith(('.', '!', '?', '…')) else f'{said}.'}"


def unknown(error: ConsoleError) -> Unreachable:
    """The same failure, of a write that may have taken effect before: only reading tells."""
    return Unreachable(error.message, error.advice, code=error.code, maybe_done=True)


def _seconds(retry_after: str | None) -> float | None:
    """The number of seconds in a Retry-After header; dates and nonsense are left to our own pauses."""
    try:
        seconds = float(retry_after or "")
    except ValueError:
        return None
    return seconds if 0 <= seconds < 86_400 else None


def _deed(method: str, path: str) -> str:
    return f"{'read' if method == 'GET' else 'change'} {_thing(path)}"


def _thing(path: str) -> str:
    parts = path.strip("/").split("/")
    if len(parts) == 1:
        return parts[0]
    return f"this {parts[0].removesuffix('s')}" + (f"'s {parts[-1]}" if len(parts) > 2 else "")
