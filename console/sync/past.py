"""What the cache tells of the past: an account as of a run, what two runs differ by, how much history there is, and clearing it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from console.domain.past import Difference, Event, Moment, as_of, between
from console.domain.plain import readable
from console.domain.policy import Policy
from console.domain.view import alguna_values, salesforce_values
from console.errors import UsageError
from console.store.cache import Cache
from console.store.history import HistoryRow
from console.store.runs import Run
from console.store.sightings import GONE, Sighting

PIECE = 500
"""Customers whose past is read together."""


@dataclass(frozen=True, slots=True)
class AsOf:
    """A customer and its account when a run had ended."""

    run: Run
    customer_id: str
    account_id: str | None
    contact_id: str | None
    moment: Moment


def known_run(cache: Cache, run: int) -> Run:
    """A run whose past is still told.

    :raises UsageError: there is none of this number, or the history of that time was cleared.
    """
    found = cache.runs.get(run)
    if run < cache.history.told_from:
        raise UsageError(
            f"The history before run {cache.history.told_from} was cleared.", "Name a later run."
        )
    if found is None:
        raise UsageError(f"There is no run {run}.", "See them with: alguna-console runs NAME.")
    return found


def account_as_of(cache: Cache, policy: Policy, customer_id: str, run: int) -> AsOf:
    """One customer and its account when `run` had ended.

    :raises UsageError: there is no such customer or run, or the history of that time was cleared.
    """
    then = known_run(cache, run)
    subjects = cache.subjects([customer_id])
    if not subjects:
        raise UsageError(
            "There is no such customer.", "Name a customer, or the account that it is linked with."
        )
    (subject,) = subjects
    events = events_of(cache, [customer_id]).get(customer_id, [])
    account, contact = subject.account, subject.contact
    records = {record.__class__.__name__: record.id for record in (account, contact) if record is not None}
    moment = as_of(
        run,
        events,
        alguna_values(subject.customer, subject.subscriptions, subject.link, policy).values,
        salesforce_values(account, contact),
        records,
    )
    return AsOf(
        then,
        customer_id,
        records.get("Account") if moment.account else None,
        records.get("Contact") if moment.contact else None,
        moment,
    )


def differences(cache: Cache, one: int, other: int) -> Iterator[tuple[str, list[Difference]]]:
    """What differs between the ends of two runs, customer by customer.

    :raises UsageError: one of the runs is not known, or the history of that time was cleared.
    """
    earlier, later = sorted((known_run(cache, one).id, known_run(cache, other).id))
    after = ""
    while ids := cache.history.customers_between(earlier, later, PIECE, after):
        after = ids[-1]
        events = events_of(cache, ids)
        for id_ in ids:
            if found := between(earlier, later, events.get(id_, ())):
                yield id_, found


def events_of(cache: Cache, customer_ids: list[str]) -> dict[str, list[Event]]:
    """What is known of these customers' past, the oldest first."""
    written, seen = cache.history.applied_to(customer_ids), cache.sightings.many(customer_ids)
    return {
        id_: [
            event
            for *_, event in sorted(
                [
                    *((place, 0, _written(row)) for place, row in written.get(id_, ())),
                    *((each.behind, 1, _seen(each)) for each in seen.get(id_, ())),
                ],
                key=lambda item: item[:2],
            )
        ]
        for id_ in customer_ids
    }


def _written(row: HistoryRow) -> Event:
    copied = row.undoes is None and row.key is not None
    return Event(row.run, row.side, row.entity, row.record, row.key, row.before, row.after, copied)


def _seen(each: Sighting) -> Event:
    if each.key == GONE:
        before, after = (True, None) if each.after else (None, True)
        return Event(each.run, each.side, each.entity, each.record, None, before, after)
    return Event(each.run, each.side, each.entity, each.record, each.key, each.before, each.after)


# --- keeping it --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Clearing:
    """What clearing the history before a moment takes away."""

    before: str
    rows: int
    runs: int
    last_write: int | None
    """The last run that wrote anything, where its undo would not be possible any more."""

    def as_json(self) -> dict[str, object]:
        """The shape that ``history --json`` prints."""
        return {"before": self.before, "rows": self.rows, "runs": self.runs, "last_write": self.last_write}


def clearing(cache: Cache, before: str) -> Clearing:
    """What would go. Only reads.

    :param before: an instant, ``2026-01-02T03:04:05Z``: what is older goes.
    """
    rows, through, _ = cache.history.older(before)
    last = cache.history.last_write()
    return Clearing(
        before, rows, cache.runs.older(before), last if last is not None and last <= through else None
    )


def clear(cache: Cache, before: str, *, also_last_write: bool = False) -> Clearing:
    """Take the history before a moment away, for good.

    :param also_last_write: also what undoing the last run that wrote anything needs.
    :raises UsageError: it would take that, and nobody said so; nothing was taken.
    """
    found = clearing(cache, before)
    if found.last_write is not None and not also_last_write:
        raise UsageError(
            f"Run {found.last_write}, the last one that wrote anything, could not be undone any more after clearing"
            f" what is older than {readable(before)}.",
            "Name an earlier date, or say that this run may go too.",
        )
    cache.history.clear(before)
    cache.runs.clear(before)
    return found
