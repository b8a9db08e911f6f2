"""Alguna's status and interval words, told in the words of the Salesforce fields.

Alguna's generations name the same stages differently: the v2 list filter has draft, scheduled, active, paused, canceled
and completed; the older reference has sent, accepted and canceling; the guide has pending approval
(https://alguna.com/docs/api-reference/v2/subscriptions/list-subscriptions). A word that isn't in the table is written
as it is, so that nothing is hidden, and `is_known` tells that a person should look.
"""

from __future__ import annotations

import re
from decimal import Decimal
from enum import IntEnum
from functools import lru_cache
from typing import Final

from console.domain.fields import Kind
from console.domain.normal import canonical
from console.domain.records import Value


class Phase(IntEnum):
    """How alive a subscription is; the smallest is shown first when a customer has several."""

    ACTIVE = 0
    PAUSED = 1
    UPCOMING = 2
    DRAFT = 3
    UNKNOWN = 4
    ENDED = 5


_STATUS: Final[dict[str, tuple[str, Phase]]] = {
    "draft": ("Draft", Phase.DRAFT),
    "sent": ("Pending Acceptance", Phase.UPCOMING),
    "pending": ("Pending Acceptance", Phase.UPCOMING),
    "pending_acceptance": ("Pending Acceptance", Phase.UPCOMING),
    "pending_approval": ("Pending Acceptance", Phase.UPCOMING),
    "accepted": ("Scheduled", Phase.UPCOMING),
    "scheduled": ("Scheduled", Phase.UPCOMING),
    "active": ("Active", Phase.ACTIVE),
    # A cancelation that takes effect later: it bills until then.
    "canceling": ("Active", Phase.ACTIVE),
    "cancelling": ("Active", Phase.ACTIVE),
    "paused": ("Paused", Phase.PAUSED),
    "canceled": ("Ended/Canceled", Phase.ENDED),
    "cancelled": ("Ended/Canceled", Phase.ENDED),
    "completed": ("Ended/Canceled", Phase.ENDED),
    "ended": ("Ended/Canceled", Phase.ENDED),
    "expired": ("Ended/Canceled", Phase.ENDED),
    "ended/canceled": ("Ended/Canceled", Phase.ENDED),
}

_INTERVAL: Final[dict[str, tuple[str, Decimal]]] = {
    # word -> (as shown, months)
    "daily": ("Daily", Decimal(12) / 365),
    "weekly": ("Weekly", Decimal(12) / 52),
    "monthly": ("Monthly", Decimal(1)),
    "quarterly": ("Quarterly", Decimal(3)),
    "semi_annual": ("Semi-annual", Decimal(6)),
    "semi_annually": ("Semi-annual", Decimal(6)),
    "yearly": ("Yearly", Decimal(12)),
    "annual": ("Yearly", Decimal(12)),
    "annually": ("Yearly", Decimal(12)),
}
_UNIT: Final = {"day": Decimal(12) / 365, "week": Decimal(12) / 52, "month": Decimal(1), "year": Decimal(12)}
_SPAN: Final = {
    (1, "day"): "daily",
    (1, "week"): "weekly",
    (1, "month"): "monthly",
    (3, "month"): "quarterly",
    (6, "month"): "semi_annual",
    (12, "month"): "yearly",
    (1, "year"): "yearly",
}
_EVERY: Final = re.compile(r"every_(\d{1,4})_(day|week|month|year)s?")


def status_word(raw: str) -> Value:
    """The status as Salesforce shows it; an unknown word as Alguna wrote it, None for no word at all."""
    known = _STATUS.get(_plain(raw))
    return known[0] if known else canonical(Kind.TEXT, raw)


def is_known(raw: str) -> bool:
    """Whether the status word is one that we know the meaning of."""
    return _plain(raw) in _STATUS


def phase(raw: str) -> Phase:
    """How alive a subscription with this status word is."""
    known = _STATUS.get(_plain(raw))
    return known[1] if known else Phase.UNKNOWN


def interval_word(raw: Value) -> Value:
    """The billing interval as Salesforce shows it: ``semi_annual`` is ``Semi-annual``, an unknown word stays."""
    if raw is None:
        return None
    known = _INTERVAL.get(_plain(raw))
    return known[0] if known else canonical(Kind.TEXT, raw)


def interval_of(count: int, unit: str) -> str:
    """The word for every `count` units: 3 months are ``quarterly``, what has no word is ``every 2 months``."""
    unit = _plain(unit).removesuffix("s")
    return _SPAN.get((count, unit)) or f"every {count} {unit}{'s' if count > 1 else ''}"


def interval_months(raw: str) -> Decimal:
    """Length of a billing interval in months, for ordering; a year for a word that isn't known."""
    word = _plain(raw)
    known = _INTERVAL.get(word)
    if known:
        return known[1]
    every = _EVERY.fullmatch(word)
    if every and int(every[1]):
        return int(every[1]) * _UNIT[every[2]]
    return _UNIT["year"]


@lru_cache(maxsize=1024)
def _plain(raw: str) -> str:
    return raw.strip().lower().replace(" ", "_").replace("-", "_")
