"""Signed webhooks: is a delivery Alguna's, is it news, and which customer is it about.

Alguna delivers by the Standard Webhooks scheme, through Svix, which names the same headers differently
(https://www.standardwebhooks.com, https://docs.svix.com/receiving/verifying-payloads/how-manual). What a delivery says beside the
customer's id is not believed: the customer is read again.
"""

from __future__ import annotations

import base64
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from console.domain.plain import plain
from console.errors import ConsoleError, UsageError

REMEMBERED = 50_000
"""Ids of deliveries that are known again: a sender repeats one for about a day."""
LONGEST_ID = 200
SHORTEST = 16
"""Bytes of a signing key."""
_HEADERS = ("id", "timestamp", "signature")
_CUSTOMER_KEYS = ("customer_id", "customerId", "account_id", "accountId")


class Unverified(ConsoleError):
    """The delivery is not signed with our secret, or is too old, or too new."""

    category = "unverified"


@dataclass(frozen=True, slots=True)
class Notice:
    """A delivery that is Alguna's."""

    id: str
    kind: str
    """Such as ``subscription.updated``."""
    customer_id: str | None
    """None where the delivery doesn't say whom it is about."""


class Webhooks:
    """Checks deliveries with one secret. Safe to use from several threads; shows nothing of the secret.

    :param secret: ``whsec_`` and base64, as Alguna's settings show it once.
    :raises UsageError: it is no such secret.
    """

    def __init__(self, secret: str) -> None:
        from standardwebhooks.webhooks import Webhook

        refused = UsageError(
            "This is no signing secret of a webhook.",
            "Copy it whole from Alguna's settings; it begins with whsec_.",
        )
        try:
            key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except ValueError:
            raise refused from None
        if not secret.startswith("whsec_") or len(key) < SHORTEST:
            raise refused
        self._scheme = Webhook(secret)
        self._lock = threading.Lock()
        self._seen: OrderedDict[str, None] = OrderedDict()

    def __repr__(self) -> str:
        return "Webhooks(...)"

    def accept(self, headers: Mapping[str, str], body: bytes) -> Notice | None:
        """The delivery's notice; None when this id was accepted before.

        :param headers: by lower-case name.
        :raises Unverified: the signature or the time stamp (five minutes either way) is not right.
        :raises UsageError: it is signed, but no event.
        """
        from standardwebhooks.webhooks import WebhookVerificationError

        given = {
            f"webhook-{name}": headers.get(f"webhook-{name}") or headers.get(f"svix-{name}") or ""
            for name in _HEADERS
        }
        try:
            payload: Any = self._scheme.verify(body, given)
        except WebhookVerificationError:
            raise Unverified(
                "The delivery is not signed with this connection's secret, or is not of now."
            ) from None
        except (ValueError, TypeError, RecursionError):
            raise UsageError("The delivery is signed, but is no event.") from None
        if not isinstance(payload, dict):
            raise UsageError("The delivery is signed, but is no event.")
        id_ = given["webhook-id"]
        with self._lock:
            if id_ in self._seen:
                return None
            self._seen[id_] = None
            while len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)
        return Notice(id_, plain(str(payload.get("type") or ""), 80), customer_of(payload.get("data")))


def customer_of(data: object) -> str | None:
    """The customer that an event's data is about, in either generation's spelling; None where it isn't said."""
    if not isinstance(data, dict):
        return None
    customer = data.get("customer")
    found = [data.get(key) for key in _CUSTOMER_KEYS]
    if isinstance(customer, dict):
        found.append(customer.get("id"))
    return next((each for each in found if isinstance(each, str) and 0 < len(each) <= LONGEST_ID), None)
