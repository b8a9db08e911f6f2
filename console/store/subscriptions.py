"""Alguna's subscriptions as last seen, with the details that are fetched one by one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from console.domain.records import Subscription, SubscriptionDetails
from console.store.connection import Connection, Row, chunks
from console.store.entries import Entries
from console.store.observed import Observed, Seen
from console.store.text import decode, encode, id_list

_COLUMNS = "id, customer_id, content, stamp, details"
_CONTENT = (
    "name",
    "status",
    "currency",
    "starts_at",
    "ends_at",
    "activated_at",
    "canceled_at",
    "knows_canceled_at",
    "version_id",
)


class Subscriptions:
    """Subscriptions by customer."""

    def __init__(self, db: Connection, entries: Entries) -> None:
        self._db = db
        self._entries = entries
        self._observed = Observed(db, "subscriptions", loud=("content", "stamp", "customer_id", "details"))

    def put(self, rows: Iterable[Subscription], seen_at: str, how: str) -> list[str]:
        """Store what was seen; all or nothing.

        A row without details keeps the stored ones while its `updated_at` is the same, and loses them when it moved.

        :returns: ids of the subscriptions that changed; their customers become dirty. A moved `updated_at` is a
            change, because details have to be fetched again.
        :raises StoreError: disk full, locked, damaged; nothing is stored then.
        """
        changed: list[str] = []
        with self._db.transaction():
            for chunk in chunks(rows):
                changed += self._put(chunk, seen_at, how)
        return changed

    def _put(self, subscriptions: list[Subscription], seen_at: str, how: str) -> list[str]:
        by_id = {subscription.id: subscription for subscription in subscriptions}
        known = self._observed.known(by_id)
        rows = []
        for id_, subscription in by_id.items():
            old = known.get(id_)
            row = _row(subscription, old)
            if old != row:
                rows.append(row)
        self._observed.pull.note(by_id)
        if not rows:
            return []
        self._observed.write(rows, seen_at, how)
        owners = {row[3] for row in rows} | {known[row[0]][3] for row in rows if row[0] in known}
        self._entries.touched(owners, seen_at)
        return [row[0] for row in rows]

    def put_details(self, rows: Iterable[tuple[str, SubscriptionDetails]], seen_at: str) -> list[str]:
        """Store details, as (subscription id, details), and mark the customers dirty for whom they are news.

        :returns: the subscriptions they are of use for: not the unknown ones, nor those that have moved on since
            (`details.of_update` is not their `updated_at`).
        """
        useful: list[str] = []
        with self._db.transaction():
            for chunk in chunks(rows):
                known = {row[0]: row[1:] for row in self._observed.rows((id_ for id_, _ in chunk), _COLUMNS)}
                current = [
                    (id_, each) for id_, each in chunk if id_ in known and known[id_][2] == each.of_update
                ]
                news = [(encode(asdict(each)), id_) for id_, each in current]
                news = [(text, id_) for text, id_ in news if known[id_][3] != text]
                self._db.executemany("UPDATE subscriptions SET details = ? WHERE id = ?", news)
                self._entries.touched({known[id_][0] for _, id_ in news}, seen_at)
                useful += [id_ for id_, _ in current]
        return useful

    def of(self, customer_ids: Iterable[str]) -> dict[str, tuple[Subscription, ...]]:
        """Subscriptions by customer, ordered by id; a customer without any has an empty tuple."""
        found: dict[str, list[Subscription]] = {id_: [] for id_ in customer_ids}
        sql = f"SELECT {_COLUMNS} FROM subscriptions WHERE customer_id IN (SELECT value FROM json_each(?)) ORDER BY id"
        for chunk in chunks(found):
            for row in self._db.query(sql, (id_list(chunk),)):
                found[row[1]].append(_subscription(row))
        return {id_: tuple(subscriptions) for id_, subscriptions in found.items()}

    def get(self, subscription_id: str) -> Subscription | None:
        """One subscription, or None when it was never seen."""
        return self.many([subscription_id]).get(subscription_id)

    def many(self, ids: Iterable[str]) -> dict[str, Subscription]:
        """Subscriptions by id; unknown ids are missing from the answer."""
        return {row[0]: _subscription(row) for row in self._observed.rows(ids, _COLUMNS)}

    def count(self) -> int:
        """How many subscriptions are known."""
        return self._observed.count()

    def seen(self, subscription_id: str) -> Seen | None:
        """When and how the present content was first seen."""
        return self._observed.seen(subscription_id)

    def begin_full_pull(self) -> None:
        """From now on every subscription that is put is noted as still there."""
        self._observed.pull.begin()

    def abandon_full_pull(self) -> None:
        """Forget that a complete pull was begun, if one was."""
        self._observed.pull.running = False

    def missing(self) -> tuple[int, int]:
        """While a complete pull ends: how many are known, and how many of them it did not name."""
        return self._observed.pull.missing()

    def end_full_pull(self, seen_at: str) -> int:
        """Subscriptions that were not put since are forgotten, their customers dirty; returns how many.

        :raises RuntimeError: no pull was begun.
        """
        gone = 0
        pull = self._observed.pull
        with self._db.transaction():
            while ids := pull.unseen(1_000, ""):
                owners = {row[0] for row in self._observed.rows(ids, "customer_id")}
                self._db.execute(
                    "DELETE FROM subscriptions WHERE id IN (SELECT value FROM json_each(?))", (id_list(ids),)
                )
                self._entries.touched(owners, seen_at)
                gone += len(ids)
        pull.end()
        return gone


def _row(subscription: Subscription, old: Row | None) -> Row:
    """(id, content, stamp, customer_id, details)."""
    details = None
    if subscription.details is not None and subscription.details.of_update == subscription.updated_at:
        details = encode(asdict(subscription.details))
    elif old is not None and old[2] == subscription.updated_at:
        details = old[4]
    content = encode({name: getattr(subscription, name) for name in _CONTENT})
    return (subscription.id, content, subscription.updated_at, subscription.customer_id, details)


def _subscription(row: Row) -> Subscription:
    id_, customer_id, content, stamp, details = row
    return Subscription(
        id=id_,
        customer_id=customer_id,
        updated_at=stamp,
        details=SubscriptionDetails(**decode(details)) if details else None,
        **decode(content),
    )
