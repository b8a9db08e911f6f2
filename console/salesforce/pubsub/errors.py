"""Why a call of the Pub/Sub API ended, as a typed error with a sentence.

https://developer.salesforce.com/docs/platform/pub-sub-api/guide/handling-errors.html
"""

from __future__ import annotations

from typing import Any

import grpc

from console.domain.plain import plain
from console.errors import Cancelled, ConsoleError, Refused, SignInNeeded, Unreachable
from console.salesforce.pubsub.events import LOST_PLACE

_REPLAY = "fetch.replayid"


def error_of(error: Any, endpoint: str, token: str) -> ConsoleError:
    """The typed error for a gRPC status; the text never holds the token.

    :param error: what grpc raised: a call with `code`, `details` and trailers.
    """
    status = error.code()
    said = plain((error.details() or "").replace(token, "[token]") if token else error.details() or "", 200)
    word = _error_code(error)
    if _REPLAY in word or (status is grpc.StatusCode.INVALID_ARGUMENT and "replay" in said.lower()):
        return Refused(
            "Salesforce no longer keeps the events from where this console left off.",
            "All records are compared once; after that events are followed again.",
            code=LOST_PLACE,
        )
    if status is grpc.StatusCode.UNAUTHENTICATED:
        return SignInNeeded(
            "The event stream does not accept the session.", "Sign in to Salesforce again.", code=word
        )
    if status is grpc.StatusCode.CANCELLED:
        return Cancelled("The event stream was closed.")
    if status is grpc.StatusCode.PERMISSION_DENIED:
        return Refused(
            "The signed-in user may not receive change events.",
            "Grant View All on accounts and contacts, or set the org up again.",
            code=word or "PERMISSION_DENIED",
        )
    if status in (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INVALID_ARGUMENT):
        return Refused(
            f"The org refuses this channel of change events: {said or status.name}.",
            "Set the org up again: the channel may have been removed.",
            code=word or status.name,
        )
    if status is grpc.StatusCode.RESOURCE_EXHAUSTED:
        return Unreachable(
            "The org's allowance of event deliveries or subscribers is used up.",
            "It is tried again by itself.",
            code=word or status.name,
        )
    if status is grpc.StatusCode.UNIMPLEMENTED:
        return Refused(
            f"{endpoint} is not a Pub/Sub API.", "Check the address of the event stream.", code=status.name
        )
    if "CERTIFICATE_VERIFY_FAILED" in (error.details() or ""):
        return Unreachable(
            f"The certificate of the event stream at {endpoint} is not trusted.",
            "If your company inspects TLS, name its certificates in SSL_CERT_FILE. It is tried again by itself.",
            code="CERTIFICATE",
        )
    return Unreachable(
        f"The event stream at {endpoint} can't be reached ({status.name.lower().replace('_', ' ')}).",
        "A firewall may block the port; it is tried again by itself.",
        code=word or status.name,
    )


def _error_code(error: Any) -> str:
    """The `error-code` trailer, empty where there is none."""
    for key, value in error.trailing_metadata() or ():
        if key == "error-code":
            return plain(value if isinstance(value, str) else value.decode("ascii", "replace"), 120)
    return ""
