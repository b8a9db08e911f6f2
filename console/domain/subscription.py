"""Which subscription an account shows, and what one is worth.

The custom fields stand on Account and hold one subscription's values, while a customer may have several: a rule
chooses, and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from console.domain.fields import Kind
from console.domain.normal import canonical
from console.domain.records import Subscription, Value
from console.domain.status import Phase, interval_months, interval_of, phase

_ALIVE: Final = {
    Phase.ACTIVE: "an active one comes first",
    Phase.PAUSED: "none is active, and a paused one comes next",
    Phase.UPCOMING: "none is active or paused, and a scheduled or pending one comes next",
    Phase.DRAFT: "there are only drafts and ended ones",
    Phase.UNKNOWN: "no status is known better than this one",
    Phase.ENDED: "all of them have ended",
}


@dataclass(frozen=True, slots=True)
class Primary:
    """The subscription that an account shows, and why it is this one."""

    subscription: Subscription
    position: str
    """``1 of N``: shown subscriptions of all the customer's."""
    rule: str
    """What chose it, in words that complete "shown because ..."."""


def primary(subscriptions: Sequence[Subscription], pinned: str | None = None) -> Primary | None:
    """The one subscription to show, or None when there is none.

    A pinned one if it is still there; else active before paused, scheduled or pending, draft, ended; of equals the one that
    starts last; of those the smallest id.
    """
    if not subscriptions:
        return None
    position = f"1 of {len(subscriptions)}"
    prefix = ""
    if pinned is not None:
        for subscription in subscriptions:
            if subscription.id == pinned:
                return Primary(subscription, position, "it was pinned")
        prefix = "the pinned one is no longer listed; "
    if len(subscriptions) == 1:
        return Primary(subscriptions[0], position, f"{prefix}it is the only one")
    best = min(phase(subscription.status) for subscription in subscriptions)
    equals = [subscription for subscription in subscriptions if phase(subscription.status) is best]
    latest = max(map(_start, equals))
    newest = [subscription for subscription in equals if _start(subscription) == latest]
    chosen = min(newest, key=lambda subscription: subscription.id)
    return Primary(chosen, position, prefix + _rule(best, len(equals), len(newest)))


def _start(subscription: Subscription) -> str:
    return subscription.starts_at or subscription.activated_at or ""


def _rule(best: Phase, equals: int, newest: int) -> str:
    words = _ALIVE[best]
    if newest > 1:
        return f"{words}; {newest} of them start last together, and the smallest id decides"
    if equals > 1:
        return f"{words}; of {equals} it starts last"
    return words


def price_of(items: Iterable[Mapping[str, Any]]) -> tuple[Value, Value]:
    """Billing interval and amount of a subscription version, from the `items` of Alguna's v2 answer.

    The amount is what is billed at each interval for certain: the sum of the recurring items with a fixed fee, before
    discounts (they run out), escalation and tax. One-off items don't recur and metered ones aren't known beforehand, so
    neither counts.
    When items recur at different intervals, no single pair of fields can tell it all; the interval that bills the
    most in a year is taken, the shorter one of equals, with only its own items: an amount that really is billed,
    never a converted one. With nothing but usage, the interval is the usage's shortest and the amount 0.00.

    Returns ``(interval, value)``: ``(None, None)`` when nothing recurs, ``(interval, None)`` when an item's amount can't be
    read, because a sum without it would be wrong. Price models: https://alguna.com/docs/pricing-models.
    """
    totals: dict[str, Decimal | None] = {}
    metered: set[str] = set()
    for price in _prices(items):
        if not _recurs(price):
            continue
        interval = _interval(price)
        if interval is None:
            continue
        if _is_metered(price):
            metered.add(interval)
            continue
        amount = _fixed_amount(price)
        known = totals.get(interval, Decimal(0))
        totals[interval] = None if amount is None or known is None else known + amount
    if totals:
        chosen = max(totals, key=lambda interval: _weight(interval, totals[interval]))
        total = totals[chosen]
        unread = any(amount is None for amount in totals.values())
        return chosen, None if total is None or unread else canonical(Kind.AMOUNT, total)
    if metered:
        return min(metered, key=interval_months), "0.00"
    return None, None


def _prices(items: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The prices of items, those inside bundles included. Each item is ``{price}`` or a bundle ``{items}``."""
    waiting = list(items)[::-1]
    while waiting:
        item = waiting.pop()
        price = item.get("price")
        if isinstance(price, Mapping):
            yield price
        inner = item.get("items")
        if isinstance(inner, list):
            waiting.extend(part for part in reversed(inner) if isinstance(part, Mapping))


def _recurs(price: Mapping[str, Any]) -> bool:
    frequency = str(price.get("billing_frequency") or "recurring")
    return frequency.replace("-", "").replace("_", "").lower() not in ("oneoff", "onetime", "once")


def _is_metered(price: Mapping[str, Any]) -> bool:
    return str(price.get("fee_type") or "fixed").lower() == "metered"


def _interval(price: Mapping[str, Any]) -> str | None:
    """Alguna's word for the billing interval, or one made from ``billing_interval_count`` and ``..._unit``."""
    word = price.get("billing_interval")
    if isinstance(word, str) and word.strip():
        return word.strip()
    count, unit = price.get("billing_interval_count"), price.get("billing_interval_unit")
    if not isinstance(count, int) or count < 1 or not isinstance(unit, str) or not unit.strip():
        return None
    return interval_of(count, unit)


def _fixed_amount(price: Mapping[str, Any]) -> Decimal | None:
    """What a fixed fee bills at each interval: the model's ``total``, else units times price; None if neither is there."""
    model = price.get(f"{price.get('type')}_pricing_model")
    if not isinstance(model, Mapping):
        return None
    total = _decimal(model.get("total"))
    if total is not None:
        return total
    each, units = _decimal(model.get("price_per_unit")), _decimal(model.get("units"))
    return None if each is None or units is None else each * units


def _decimal(raw: object) -> Decimal | None:
    """A number of the price model, in full precision; None when it is absent or no number."""
    if isinstance(raw, bool) or not isinstance(raw, str | int | float | Decimal) or raw == "":
        return None
    try:
        canonical(Kind.AMOUNT, raw)  # refuses what is no amount: words, NaN, absurd sizes
    except ValueError:
        return None
    return Decimal(str(raw).strip())


def _weight(interval: str, total: Decimal | None) -> tuple[Decimal, Decimal]:
    """Sorts intervals: billed in a year first, then the shorter one."""
    months = interval_months(interval)
    return ((total or Decimal(0)) * 12 / months, -months)
