"""Which handler answers which path of the REST API.

Paths are matched before they are percent-decoded, so that a value may hold an encoded slash; names are matched
in any case, with or without a trailing slash.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from console.rehearsal.salesforce.errors import ApiError, not_found

if TYPE_CHECKING:
    from console.rehearsal.salesforce.access import Caller


@dataclass(slots=True)
class Reply:
    """What a handler answers; a `body` of None is no body at all."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    stream: Iterator[bytes] | None = None
    """A body that is no JSON, written as it comes; its Content-Type is among the headers."""


@dataclass(slots=True)
class Call:
    """One REST call, whether it came by itself or inside a composite one."""

    method: str
    path: str
    """What follows the version, still percent-encoded, without slashes around it."""
    query: Mapping[str, str]
    """Decoded; the first value of each name."""
    headers: Mapping[str, str]
    """Names in lower case."""
    version: str
    """`62.0`."""
    caller: Caller
    session_key: str
    read_json: Callable[[], Any]
    """The body; raises JSON_PARSER_ERROR when it is missing or no JSON."""
    read_body: Callable[[], bytes] = bytes
    """The body as it came, without its compression."""
    params: dict[str, str] = field(default_factory=dict)
    """The named parts of the path, decoded once."""

    @property
    def base(self) -> str:
        """The path up to and with the version, as replies repeat it."""
        return f"/services/data/v{self.version}"

    def json_object(self) -> dict[str, Any]:
        """The body, which must be a JSON object."""
        body = self.read_json()
        if not isinstance(body, dict):
            kind = "START_ARRAY" if isinstance(body, list) else "VALUE_STRING"
            message = f"Cannot deserialize instance of object from {kind} value at [line:1, column:1]"
            raise ApiError(400, "JSON_PARSER_ERROR", message)
        return body


Handler = Callable[[Call], Reply]
_METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")


class Route:
    """A path pattern and a handler for each method.

    `{name}` stands for one segment, `{name+}` at the end for everything that is left, slashes included.
    """

    def __init__(self, pattern: str, **methods: Handler) -> None:
        self.parts = pattern.split("/") if pattern else []
        self.methods: dict[str, Handler] = {name: methods[name] for name in _METHODS if name in methods}
        self.open_ended = bool(self.parts) and self.parts[-1].endswith("+}")

    def match(self, segments: list[str]) -> dict[str, str] | None:
        """The decoded parts of the path, or None when it is another path."""
        parts = self.parts
        if len(segments) < len(parts) or (len(segments) > len(parts) and not self.open_ended):
            return None
        found: dict[str, str] = {}
        for place, part in enumerate(parts):
            if part.startswith("{"):
                name = part[1:-1]
                raw = segments[place]
                if name.endswith("+"):
                    name, raw = name[:-1], "/".join(segments[place:])
                if not raw:
                    return None
                found[name] = unquote(raw)
            elif part != unquote(segments[place]).lower():
                return None
        return found

    @property
    def allowed(self) -> list[str]:
        """The methods of this path; what can be read can also be asked for its head."""
        names = list(self.methods)
        return ["GET", "HEAD", *names[1:]] if "GET" in names else names


class Router:
    """Routes in the order in which they are tried."""

    def __init__(self, routes: list[Route]) -> None:
        self._routes = routes

    def __call__(self, call: Call) -> Reply:
        """The reply of the handler for this call; raises ApiError, 404 and 405 included."""
        segments = call.path.split("/") if call.path else []
        for route in self._routes:
            params = route.match(segments)
            if params is None:
                continue
            handler = route.methods.get("GET" if call.method == "HEAD" else call.method)
            if handler is None:
                allowed = ",".join(route.allowed)
                message = f"HTTP Method '{call.method}' not allowed. Allowed are {allowed}"
                raise ApiError(405, "METHOD_NOT_ALLOWED", message)
            call.params = params
            return handler(call)
        raise not_found()
