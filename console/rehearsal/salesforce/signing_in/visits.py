"""A request to the sign-in part of the org, and the shapes of what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.rehearsal.salesforce import wire
from console.rehearsal.salesforce.composite import parse_query
from console.rehearsal.salesforce.signing_in.issued import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

_PAGE_HEADERS = {
    "content-type": "text/html; charset=UTF-8",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
}


@dataclass(slots=True)
class Visit:
    """One request. `address` is the caller's IP address, empty when it is not known."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    address: str = ""

    def form(self) -> dict[str, str]:
        """What was posted as a form."""
        return parse_query(self.body.decode("utf-8", "replace"))

    def values(self) -> dict[str, str]:
        """What was posted as a form, or stands in the query where that is allowed."""
        return {**parse_query(self.query), **self.form()}


@dataclass(slots=True)
class Answer:
    """Status, headers and bytes."""

    status: int
    headers: dict[str, str]
    body: bytes


def page(status: int, text: str, headers: dict[str, str] | None = None) -> Answer:
    """A page for the browser."""
    return Answer(status, {**_PAGE_HEADERS, **(headers or {})}, text.encode())


def as_json(status: int, body: object) -> Answer:
    """A JSON answer."""
    return Answer(status, {"content-type": wire.JSON_TYPE}, wire.json_bytes(body))


def oauth_error(error: str, description: str) -> Answer:
    """The token endpoint's refusal: https://www.rfc-editor.org/rfc/rfc6749#section-5.2."""
    return as_json(400, {"error": error, "error_description": description})


def plain(status: int, text: str) -> Answer:
    """One word, as the identity service refuses."""
    return Answer(status, {"content-type": "text/html;charset=UTF-8"}, text.encode())


def needed(values: Mapping[str, str], name: str) -> str:
    """A parameter that must be there; raises Refused."""
    if not values.get(name):
        raise Refused("invalid_request", f"missing required parameter: {name}")
    return values[name]
