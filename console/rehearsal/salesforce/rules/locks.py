"""Record locks: rows that somebody else is writing, and rows that wait for an approval.

https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_concepts_core_data_objects.htm
(UNABLE_TO_LOCK_ROW, ENTITY_IS_LOCKED).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from console.rehearsal.salesforce import ids
from console.rehearsal.salesforce.errors import ApiError


@dataclass(slots=True)
class Lock:
    """One order: which rows, for how long."""

    ids: frozenset[str] = frozenset()
    """18 characters; empty: a share of all rows."""
    share: float = 1.0
    next: int | None = None
    """How many writes it still refuses; None: until it is lifted."""
    approval: bool = False
    struck: int = 0

    def as_dict(self) -> dict[str, Any]:
        """As it is shown and ordered."""
        shown: dict[str, Any] = {"ids": sorted(self.ids)} if self.ids else {"share": self.share}
        if self.next is not None:
            shown["next"] = self.next
        if self.approval:
            shown["approval"] = True
        return {**shown, "struck": self.struck}


@dataclass(slots=True)
class Locks:
    """The locks that are held; they end with the process."""

    held: list[Lock] = field(default_factory=list)
    rng: Random = field(default_factory=lambda: Random(3))  # noqa: S311 - which rows fail need not be secret

    def order(self, request: Mapping[str, Any]) -> Lock:
        """Takes an order from the control address. Raises ValueError with one clear sentence."""
        unknown = sorted(set(request) - {"ids", "share", "next", "approval"})
        if unknown:
            raise ValueError(f"a lock has no {unknown[0]!r}; it has ids or share, next, approval")
        if ("ids" in request) == ("share" in request):
            raise ValueError('say which rows: {"ids": ["001..."]} or {"share": 0.1}')
        lock = Lock(_ids(request), _share(request), _count(request))
        approval = request.get("approval", False)
        if not isinstance(approval, bool):
            raise ValueError("approval must be true or false")
        lock.approval = approval
        self.held.append(lock)
        return lock

    def release(self) -> None:
        """Lifts all locks."""
        self.held.clear()

    def check(self, record_ids: Iterable[str | None], *, may_edit_locked: bool) -> None:
        """Raises when one of the rows that a write needs (itself, its parents) is locked."""
        if not self.held:
            return
        rows = [each for each in record_ids if each is not None]
        for lock in self.held:
            if lock.next == 0 or (lock.approval and may_edit_locked):
                continue
            hit = [each for each in rows if each in lock.ids] if lock.ids else rows[:1]
            if lock.ids and not hit:
                continue
            if not lock.ids and self.rng.random() >= lock.share:
                continue
            if lock.next is not None:
                lock.next -= 1
            lock.struck += 1
            if lock.approval:
                message = "This record is locked. If you need to edit it, contact your admin."
                raise ApiError(400, "ENTITY_IS_LOCKED", message, [])
            shown = hit[0] if hit else "001"
            message = f"unable to obtain exclusive access to this record or 1 records: {shown}"
            raise ApiError(400, "UNABLE_TO_LOCK_ROW", message, [])


def _ids(request: Mapping[str, Any]) -> frozenset[str]:
    given = request.get("ids", [])
    if not isinstance(given, list) or ("ids" in request and not given):
        raise ValueError("ids must be a list of record ids")
    found = [ids.normalise(each) for each in given]
    for each, text in zip(found, given, strict=True):
        if each is None:
            raise ValueError(f"{text!r} is not a record id")
    return frozenset(each for each in found if each is not None)


def _share(request: Mapping[str, Any]) -> float:
    share = request.get("share", 1.0)
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        raise ValueError("share must be a number from 0 to 1")
    return float(share)


def _count(request: Mapping[str, Any]) -> int | None:
    count = request.get("next")
    if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < 0):
        raise ValueError("next must be a whole number of at least 0")
    return count
