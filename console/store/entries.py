"""The rows of the accounts screen, and which customers have to be planned (again)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from console.domain.ids import to_18
from console.domain.records import Account, State
from console.errors import UsageError
from console.store.connection import Connection, Row, chunks
from console.store.text import column, fold, id_list, name_in


class Settled(NamedTuple):
    """Where a customer stands after planning (or after applying). `subscription`: ``Active 1 of 2``, for the grid."""

    customer_id: str
    state: State
    differs: int
    why: str
    subscription: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row: a customer, with its account where it is linked; or an account without a customer."""

    customer_id: str | None
    account_id: str | None
    name: str
    state: State
    differs: int
    why: str
    subscription: str
    changed_at: str
    """When a record behind this row was last seen to change."""
    dirty: bool
    """True while it has to be planned (again)."""
    import_requested: bool


ENTRY_COLUMNS = (
    "customer_id, account_id, name, state, differs, why, subscription, changed_at, dirty, import_requested"
)
_CUSTOMERS = "customer_id IN (SELECT value FROM json_each(?))"

# In all of these, + keeps SQLite from starting with the term that holds for a million rows.

# Unlinked customers that accounts or their contacts may belong to: what an account's change can decide anew.
_CANDIDATES = """
WITH seen AS MATERIALIZED (
    SELECT id, name_key, domain, customer_key FROM accounts WHERE id IN (SELECT value FROM json_each(?1))
), domains AS MATERIALIZED (
    SELECT domain FROM seen WHERE domain IS NOT NULL
    UNION SELECT email_domain FROM contacts
    WHERE account_id IN (SELECT id FROM seen) AND email_domain IS NOT NULL AND NOT gone
)
UPDATE entries SET dirty = 1 WHERE +dirty = 0 AND +account_id IS NULL AND customer_id IN (
    SELECT customer_key FROM seen
    UNION ALL SELECT customer_id FROM aliases WHERE alias IN (SELECT id FROM seen)
    UNION ALL SELECT c.id FROM seen s JOIN customers c ON c.name_key = s.name_key
    UNION ALL SELECT c.id FROM domains d JOIN customers c ON c.domain = d.domain
    UNION ALL SELECT c.id FROM domains d JOIN customers c ON c.email_domain = d.domain
)
"""

# Unlinked customers that share a domain with these customers: rivals for the same account.
_RIVALS = """
WITH domains AS MATERIALIZED (
    SELECT domain FROM customers WHERE id IN (SELECT value FROM json_each(?1)) AND domain IS NOT NULL
    UNION SELECT email_domain FROM customers
    WHERE id IN (SELECT value FROM json_each(?1)) AND email_domain IS NOT NULL
)
UPDATE entries SET dirty = 1 WHERE +dirty = 0 AND +account_id IS NULL AND customer_id IN (
    SELECT c.id FROM domains d JOIN customers c ON c.domain = d.domain
    UNION ALL SELECT c.id FROM domains d JOIN customers c ON c.email_domain = d.domain
)
"""


class Entries:
    """One row per customer and one per account without a customer, kept in step by the `put` of every record."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    # What the planner works through ---------------------------------------------------------------------------

    def dirty(self, limit: int, after: str = "") -> list[str]:
        """Ids of customers that have to be planned, in order, behind `after`."""
        rows = self._db.query(
            "SELECT customer_id FROM entries WHERE dirty = 1 AND customer_id > ? ORDER BY customer_id LIMIT ?",
            (after, limit),
        )
        return [row[0] for row in rows]

    def due_among(self, customer_ids: Iterable[str]) -> list[str]:
        """Those of these customers that have to be planned, in order."""
        sql = f"SELECT customer_id FROM entries WHERE dirty = 1 AND {_CUSTOMERS} ORDER BY customer_id"
        return [row[0] for chunk in chunks(customer_ids) for row in self._db.query(sql, (id_list(chunk),))]

    def dirty_count(self) -> int:
        """How many customers have to be planned."""
        row = self._db.one("SELECT count(*) FROM entries WHERE dirty = 1")
        return int(row[0]) if row else 0

    def dirty_linked(self) -> int:
        """How many of them are linked with an account."""
        row = self._db.one("SELECT count(*) FROM entries WHERE dirty = 1 AND account_id IS NOT NULL")
        return int(row[0]) if row else 0

    def settle(self, rows: Iterable[Settled]) -> None:
        """Note where customers stand; they are not dirty any more. Unknown customers are passed over."""
        with self._db.transaction():
            for chunk in chunks(rows):
                latest = {row.customer_id: row for row in chunk}
                self._db.bulk(
                    "UPDATE entries SET state = new.column2, differs = new.column3, why = new.column4,"
                    " subscription = new.column5, dirty = 0"
                    " FROM ({rows}) AS new WHERE customer_id = new.column1",
                    [
                        (row.customer_id, row.state, row.differs, column(row.why), column(row.subscription))
                        for row in latest.values()
                    ],
                )

    def mark_dirty(self, which: Iterable[str] | State | Literal["all"]) -> int:
        """Have customers planned again: these, those in one state, or all of them. Returns how many were not yet due."""
        if which == "all":
            return self._db.execute(
                "UPDATE entries SET dirty = 1 WHERE dirty = 0 AND customer_id IS NOT NULL"
            )
        if isinstance(which, State):
            return self._db.execute(
                "UPDATE entries SET dirty = 1 WHERE dirty = 0 AND customer_id IS NOT NULL AND state = ?",
                (which,),
            )
        with self._db.transaction():
            return sum(
                self._db.execute(
                    f"UPDATE entries SET dirty = 1 WHERE dirty = 0 AND {_CUSTOMERS}",
                    (id_list(chunk),),
                )
                for chunk in chunks(which)
            )

    # What a person asked for ----------------------------------------------------------------------------------

    def request_import(self, ids: Iterable[str]) -> int:
        """Note that a person wants these customers imported; they become dirty. Returns how many are news."""
        with self._db.transaction():
            return sum(
                self._db.execute(
                    f"UPDATE entries SET import_requested = 1, dirty = 1 WHERE import_requested = 0 AND {_CUSTOMERS}",
                    (id_list(chunk),),
                )
                for chunk in chunks(ids)
            )

    def imported(self, ids: Iterable[str]) -> frozenset[str]:
        """Which of these customers a person wanted imported."""
        sql = f"SELECT customer_id FROM entries WHERE import_requested = 1 AND {_CUSTOMERS}"
        return frozenset(row[0] for chunk in chunks(ids) for row in self._db.query(sql, (id_list(chunk),)))

    def set_pinned(self, customer_id: str, subscription_id: str | None) -> None:
        """Pin the subscription that an account shows, or let the rule choose again (None). The customer is dirty.

        :raises UsageError: the customer isn't linked with an account.
        """
        with self._db.transaction():
            if not self._db.execute(
                "UPDATE links SET pinned = ? WHERE customer_id = ?", (subscription_id, customer_id)
            ):
                raise UsageError(
                    f"The customer {customer_id} isn't linked with an account.",
                    "Link it first, then pin its subscription.",
                )
            self.mark_dirty([customer_id])

    # What screens and commands ask ----------------------------------------------------------------------------

    def counts(self) -> dict[State, int]:
        """Rows per state; states without any are missing. Takes no longer for a million rows than for one."""
        rows = self._db.query("SELECT state, n FROM entry_counts WHERE n > 0")
        return {State(state): n for state, n in rows}

    def get(self, id_: str) -> Entry | None:
        """The row of a customer, or of an account (linked or not), by its id of 18 characters."""
        row = self._db.one(
            f"SELECT {ENTRY_COLUMNS} FROM entries WHERE customer_id = ?1 OR account_id = ?1",
            (id_,),
        )
        return entry(row) if row else None

    def find(self, text: str) -> list[str]:
        """What `text` names: an Alguna id, a Salesforce id of 15 or 18 characters, or a whole name.

        A name is compared without case and accents; where one is written exactly like this, it is preferred.

        :returns: customer ids (account ids for accounts without a customer); several for a name that is not unique.
        """
        text = column(text.strip())
        if not text:
            return []
        try:
            account_id = to_18(text)
        except ValueError:
            account_id = text
        by_id = self._db.query(
            "SELECT coalesce(customer_id, account_id) FROM entries WHERE customer_id = ? OR account_id = ?",
            (text, account_id),
        )
        if by_id:
            return [row[0] for row in by_id]
        named = self._db.query(
            "SELECT coalesce(customer_id, account_id) AS id, name FROM entries WHERE fold = ? ORDER BY id LIMIT 1000",
            (fold(text),),
        )
        exact = [id_ for id_, name in named if name == text]
        return exact or [id_ for id_, _ in named]

    # What the other tables tell -------------------------------------------------------------------------------

    def touched(self, customer_ids: Iterable[str], at: str) -> None:
        """Something about these customers changed."""
        self._db.execute(
            f"UPDATE entries SET dirty = 1, changed_at = ? WHERE {_CUSTOMERS}",
            (at, id_list(customer_ids)),
        )

    def customers_seen(self, customers: Iterable[tuple[str, str]], at: str) -> None:
        """At most a thousand new or changed customers, as (id, name)."""
        self._db.bulk(
            "INSERT INTO entries (customer_id, account_id, name, fold, state, dirty, changed_at)"
            " SELECT column1, (SELECT account_id FROM links WHERE customer_id = column1), column2, column3, 'new', 1,"
            " column4 FROM ({rows}) WHERE 1 ON CONFLICT (customer_id) DO UPDATE SET"
            " name = excluded.name, fold = excluded.fold, dirty = 1, changed_at = excluded.changed_at",
            [(id_, column(name), fold(name), at) for id_, name in customers],
        )

    def customers_change(self, customer_ids: Iterable[str]) -> None:
        """These known customers are about to change or go: whoever competes with them may fare otherwise now."""
        self._db.execute(_RIVALS, (id_list(customer_ids),))

    def accounts_seen(self, accounts: list[Account], at: str) -> None:
        """At most a thousand new, changed or deleted accounts; already stored."""
        ids = id_list(account.id for account in accounts)
        self._db.bulk(
            "INSERT INTO entries (account_id, name, fold, state, changed_at)"
            " SELECT column1, column2, column3, 'salesforce_only', column4 FROM ({rows})"
            " WHERE NOT EXISTS (SELECT 1 FROM links WHERE account_id = column1)"
            " ON CONFLICT (account_id) DO UPDATE SET"
            " name = excluded.name, fold = excluded.fold, changed_at = excluded.changed_at",
            [(a.id, column(a.name), fold(a.name), at) for a in accounts if not a.deleted],
        )
        self._db.execute(
            "DELETE FROM entries WHERE +customer_id IS NULL AND account_id IN (SELECT value FROM json_each(?))",
            (id_list(account.id for account in accounts if account.deleted),),
        )
        self._linked_touched(ids, at)
        self._db.execute(_CANDIDATES, (ids,))

    def contacts_seen(self, contact_ids: Iterable[str], account_ids: Iterable[str], at: str) -> None:
        """New, changed or deleted contacts, and the accounts they are or were of; already stored."""
        accounts = id_list(account_ids)
        self._linked_touched(accounts, at)
        self._db.execute(
            "UPDATE entries SET dirty = 1, changed_at = ? WHERE customer_id IN"
            " (SELECT customer_id FROM links WHERE contact_id IN (SELECT value FROM json_each(?)))",
            (at, id_list(contact_ids)),
        )
        self._db.execute(_CANDIDATES, (accounts,))

    def linked(self, pairs: list[tuple[str, str]], freed: Collection[str], at: str) -> None:
        """Customers were linked with accounts, as (customer id, account id); `freed` accounts lost their customer."""
        ids = id_list(customer for customer, _ in pairs)
        self._db.execute(f"UPDATE entries SET account_id = NULL, verified_at = '' WHERE {_CUSTOMERS}", (ids,))
        self._db.execute(
            "DELETE FROM entries WHERE +customer_id IS NULL AND account_id IN (SELECT value FROM json_each(?))",
            (id_list(account for _, account in pairs),),
        )
        self._db.bulk(
            "UPDATE entries SET account_id = new.column2, dirty = 1 FROM ({rows}) AS new WHERE customer_id = new.column1",
            pairs,
        )
        self._freed(freed, at)
        self._db.execute(_CANDIDATES, (id_list([*(account for _, account in pairs), *freed]),))

    def unlinked(self, customer_ids: Iterable[str], freed: Collection[str], at: str) -> None:
        """Customers lost their account."""
        self._db.execute(
            f"UPDATE entries SET account_id = NULL, verified_at = '', dirty = 1 WHERE {_CUSTOMERS}",
            (id_list(customer_ids),),
        )
        self._freed(freed, at)
        self._db.execute(_CANDIDATES, (id_list(freed),))

    def contested(self, account_ids: Iterable[str]) -> None:
        """These accounts were chosen for a customer, or are free again: whoever may own them is planned again."""
        self._db.execute(_CANDIDATES, (id_list(account_ids),))

    def _freed(self, account_ids: Iterable[str], at: str) -> None:
        rows = self._db.query(
            "SELECT id, content FROM accounts WHERE NOT gone AND id IN (SELECT value FROM json_each(?))",
            (id_list(account_ids),),
        )
        self._db.executemany(
            "INSERT OR IGNORE INTO entries (account_id, name, fold, state, changed_at)"
            " VALUES (?, ?, ?, 'salesforce_only', ?)",
            (
                (id_, column(name), fold(name), at)
                for id_, name in ((id_, name_in(text)) for id_, text in rows)
            ),
        )

    def _linked_touched(self, account_ids: str, at: str) -> None:
        self._db.execute(
            "UPDATE entries SET dirty = 1, changed_at = ?"
            " WHERE +customer_id IS NOT NULL AND account_id IN (SELECT value FROM json_each(?))",
            (at, account_ids),
        )
        self._db.execute(
            "UPDATE entries SET dirty = 1 WHERE +dirty = 0 AND customer_id IN"
            " (SELECT customer_id FROM apart WHERE account_id IN (SELECT value FROM json_each(?)))",
            (account_ids,),
        )


def entry(row: Row) -> Entry:
    """A row of `ENTRY_COLUMNS` as a value."""
    customer_id, account_id, name, state, differs, why, subscription, changed_at, dirty, requested = row
    return Entry(
        customer_id,
        account_id,
        name,
        State(state),
        differs,
        why,
        subscription,
        changed_at,
        bool(dirty),
        bool(requested),
    )
