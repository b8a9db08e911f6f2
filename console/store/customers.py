"""Alguna's customers as last seen."""

from __future__ import annotations

from collections.abc import Iterable

from console.domain.ids import account_id
from console.domain.normal import business_domain, name_key
from console.domain.records import Customer
from console.store.connection import Connection, Row, chunks
from console.store.entries import Entries
from console.store.observed import Observed, Seen
from console.store.sightings import Look, Sightings
from console.store.text import column, decode, encode, id_list

_COLUMNS = "id, content, gone, stamp"


class Customers:
    """Customers, their aliases, and what they can be matched by."""

    def __init__(self, db: Connection, entries: Entries) -> None:
        self._db = db
        self._entries = entries
        self._sightings = Sightings(db)
        self._observed = Observed(
            db,
            "customers",
            loud=("content", "gone"),
            quiet=("stamp",),
            derived=("name_key", "domain", "email_domain"),
        )

    def put(self, rows: Iterable[Customer], seen_at: str, how: str) -> list[str]:
        """Store what was seen; all or nothing, in constant memory beside the answer.

        :param seen_at: instant, ``2026-01-02T03:04:05Z``.
        :param how: ``poll``, ``event``, ``reply``.
        :returns: ids whose content changed; they and only they become dirty. A moved `updated_at` alone is no
            change.
        :raises StoreError: disk full, locked, damaged; nothing is stored then.
        """
        changed: list[str] = []
        with self._db.transaction():
            for chunk in chunks(rows):
                changed += self._put(chunk, seen_at, how)
        return changed

    def _put(self, customers: list[Customer], seen_at: str, how: str) -> list[str]:
        by_id = {customer.id: customer for customer in customers}
        known = self._observed.known(by_id)
        rows = self._observed.changed({id_: _row(customer) for id_, customer in by_id.items()}, known)
        self._observed.pull.note(by_id)
        ids = [row[0] for row in rows]
        if ids:
            looks = [
                Look(row[0], old[1], row[1], bool(old[2]), bool(row[2]))
                for row in rows
                if (old := known.get(row[0])) is not None
            ]
            self._sightings.note("customer", looks, seen_at, how)
            self._entries.customers_change(id_ for id_ in ids if id_ in known)
            self._observed.write(((*row, *_derived(by_id[row[0]])) for row in rows), seen_at, how)
            self._db.execute(
                "DELETE FROM aliases WHERE customer_id IN (SELECT value FROM json_each(?))", (id_list(ids),)
            )
            self._db.executemany(
                "INSERT OR IGNORE INTO aliases VALUES (?, ?)",
                ((key, id_) for id_ in ids for key in _alias_keys(by_id[id_])),
            )
            self._entries.customers_seen(((id_, by_id[id_].name) for id_ in ids), seen_at)
        return ids

    def get(self, customer_id: str) -> Customer | None:
        """One customer, or None when it was never seen."""
        return self.many([customer_id]).get(customer_id)

    def many(self, ids: Iterable[str]) -> dict[str, Customer]:
        """Customers by id; unknown ids are missing from the answer."""
        return {row[0]: _customer(row) for row in self._observed.rows(ids, _COLUMNS)}

    def by_alias(self, alias: str) -> list[Customer]:
        """Customers with this alias, ordered by id. A Salesforce id is found by 15 or by 18 characters."""
        rows = self._db.query(
            f"SELECT {_COLUMNS} FROM customers WHERE id IN (SELECT customer_id FROM aliases WHERE alias = ?)"
            " ORDER BY id",
            (alias_key(alias),),
        )
        return [_customer(row) for row in rows]

    def unlinked_like(self, account_ids: Iterable[str], limit: int = 1_000) -> list[str]:
        """Customers without an account that have one of these accounts' ids among their aliases, or one's domain.

        At most `limit` of them, by id: who else may claim an account that matching found for somebody.
        """
        rows = self._db.query(
            "WITH RECURSIVE parts (id, step) AS ("  # the accounts, and those that were merged into them
            " SELECT value, 0 FROM json_each(?1)"
            " UNION SELECT a.id, step + 1 FROM parts p JOIN accounts a ON a.merged_into = p.id WHERE step < 20),"
            " domains AS MATERIALIZED ("
            " SELECT domain FROM accounts WHERE domain IS NOT NULL AND id IN (SELECT value FROM json_each(?1))"
            " UNION SELECT email_domain FROM contacts WHERE email_domain IS NOT NULL AND NOT gone"
            " AND account_id IN (SELECT value FROM json_each(?1)))"
            " SELECT id FROM (SELECT c.id, c.gone FROM domains d JOIN customers c ON c.domain = d.domain"
            " UNION SELECT c.id, c.gone FROM aliases JOIN customers c ON c.id = customer_id"
            " WHERE alias IN (SELECT id FROM parts)"
            " UNION SELECT c.id, c.gone FROM domains d JOIN customers c ON c.email_domain = d.domain) AS alike"
            " WHERE NOT gone AND NOT EXISTS (SELECT 1 FROM links WHERE customer_id = alike.id) ORDER BY id LIMIT ?2",
            (id_list(account_ids), limit),
        )
        return [row[0] for row in rows]

    def ids(self, limit: int, after: str = "") -> list[str]:
        """Ids of all customers that are not gone, in order, behind `after`."""
        rows = self._db.query(
            "SELECT id FROM customers WHERE id > ? AND NOT gone ORDER BY id LIMIT ?", (after, limit)
        )
        return [row[0] for row in rows]

    def count(self) -> int:
        """How many customers are known and not gone."""
        return self._observed.count("NOT gone")

    def due_since(self, created_at: str) -> int:
        """Customers without an account that have to be planned and were created since then; none for an empty instant."""
        row = self._db.one(
            "SELECT count(*) FROM entries e JOIN customers c ON c.id = e.customer_id"
            " WHERE e.dirty = 1 AND e.account_id IS NULL AND ?1 <> '' AND c.content ->> 'created_at' >= ?1",
            (created_at,),
        )
        return int(row[0]) if row else 0

    def seen(self, customer_id: str) -> Seen | None:
        """When and how the present content was first seen."""
        return self._observed.seen(customer_id)

    def begin_full_pull(self) -> None:
        """From now on every customer that is put is noted as still there."""
        self._observed.pull.begin()

    def abandon_full_pull(self) -> None:
        """Forget that a complete pull was begun, if one was."""
        self._observed.pull.running = False

    def missing(self) -> tuple[int, int]:
        """While a complete pull ends: how many are known, and how many of them it did not name."""
        return self._observed.pull.missing("NOT gone")

    def end_full_pull(self, seen_at: str) -> int:
        """Customers that were not put since `begin_full_pull` become gone, and dirty; returns how many.

        :raises RuntimeError: no pull was begun.
        """
        gone, last = 0, ""
        pull = self._observed.pull
        with self._db.transaction():
            while ids := pull.unseen(1_000, last):
                last = ids[-1]
                missing = [row[0] for row in self._observed.rows(ids, _COLUMNS) if not row[2]]
                self._entries.customers_change(missing)
                self._db.execute(
                    "UPDATE customers SET gone = 1, seen_at = ?, how = 'poll'"
                    " WHERE id IN (SELECT value FROM json_each(?))",
                    (seen_at, id_list(missing)),
                )
                self._entries.touched(missing, seen_at)
                gone += len(missing)
        pull.end()
        return gone


def alias_key(alias: str) -> str:
    """An alias as it is looked up: account ids in their 18 characters, everything else as it is."""
    return account_id(alias) or column(alias)


def _alias_keys(customer: Customer) -> list[str]:
    return [alias_key(alias) for alias in customer.aliases]


def _row(customer: Customer) -> Row:
    content = encode(
        {
            "name": customer.name,
            "created_at": customer.created_at,
            "values": dict(customer.values),
            "aliases": customer.aliases,
            "contact_id": customer.contact_id,
            "contacts": customer.contacts,
        }
    )
    return (customer.id, content, int(customer.gone), customer.updated_at)


def _derived(customer: Customer) -> Row:
    domain = business_domain(customer.values.get("Website"))
    email_domain = business_domain(customer.values.get("Contact.Email"))
    # Mostly the same domain: one entry in one index will do.
    return (column(name_key(customer.name)) or None, domain, None if email_domain == domain else email_domain)


def _customer(row: Row) -> Customer:
    id_, content, gone, stamp = row
    data = decode(content)
    data["aliases"] = tuple(data["aliases"])
    return Customer(id=id_, updated_at=stamp, gone=bool(gone), **data)
