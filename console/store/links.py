"""Which customer is which account, and what both sides last agreed on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from console.domain.records import Held, Link, MatchedBy, Values
from console.errors import Conflict, StoreError
from console.store.connection import Connection, Row, chunks
from console.store.entries import Entries
from console.store.text import column, decode, encode, id_list

_COLUMNS = "customer_id, account_id, how, evidence, linked_at, linked_by, contact_id, base, pinned, held"
NOTHING = "{}"


class Links:
    """At most one account for a customer, at most one customer for an account."""

    def __init__(self, db: Connection, entries: Entries) -> None:
        self._db = db
        self._entries = entries

    def put(self, links: Iterable[Link]) -> None:
        """Store links as given, base and pin included; their customers become dirty.

        An account that loses its customer this way gets a row of its own again.

        :raises Conflict: an account is already linked with another customer; nothing is stored then.
        """
        with self._db.transaction():
            for chunk in chunks(links):
                self._put({link.customer_id: link for link in chunk})

    def _put(self, links: dict[str, Link]) -> None:
        before = self._accounts_of(links)
        self._db.execute(
            "DELETE FROM links WHERE customer_id IN (SELECT value FROM json_each(?))", (id_list(links),)
        )
        try:
            self._db.executemany(
                f"INSERT INTO links ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (_row(link) for link in links.values()),
            )
        except StoreError as error:
            if not error.code.startswith("SQLITE_CONSTRAINT"):
                raise
            raise self._taken(links) from error
        after = {link.account_id for link in links.values()}
        at = max((link.linked_at for link in links.values()), default="")
        self._entries.linked(
            [(link.customer_id, link.account_id) for link in links.values()], before - after, at
        )

    def _taken(self, links: dict[str, Link]) -> Conflict:
        owners = {link.account_id: link.customer_id for link in links.values()}
        for account_id, owner in self._db.query(
            "SELECT account_id, customer_id FROM links WHERE account_id IN (SELECT value FROM json_each(?))",
            (id_list(owners),),
        ):
            if owners[account_id] != owner:
                return Conflict(
                    f"The account {account_id} is already linked with the customer {owner}.",
                    f"Remove that link before linking the account with {owners[account_id]}.",
                )
        return Conflict("Two customers were to be linked with one account.", "Choose one of them.")

    def get(self, customer_id: str) -> Link | None:
        """The link of a customer, or None."""
        return self.many([customer_id]).get(customer_id)

    def many(self, customer_ids: Iterable[str]) -> dict[str, Link]:
        """Links by customer; customers without one are missing from the answer."""
        sql = f"SELECT {_COLUMNS} FROM links WHERE customer_id IN (SELECT value FROM json_each(?))"
        return {
            row[0]: _link(row)
            for chunk in chunks(customer_ids)
            for row in self._db.query(sql, (id_list(chunk),))
        }

    def by_account(self, account_id: str) -> Link | None:
        """The link of an account, or None."""
        row = self._db.one(f"SELECT {_COLUMNS} FROM links WHERE account_id = ?", (account_id,))
        return _link(row) if row else None

    def remove(self, customer_ids: Iterable[str], at: str) -> int:
        """Take links away; the customers become dirty, their accounts get rows of their own. Returns how many."""
        removed = 0
        with self._db.transaction():
            for chunk in chunks(customer_ids):
                freed = self._accounts_of(chunk)
                removed += self._db.execute(
                    "DELETE FROM links WHERE customer_id IN (SELECT value FROM json_each(?))",
                    (id_list(chunk),),
                )
                self._entries.unlinked(chunk, freed, at)
        return removed

    def set_base(self, rows: Iterable[tuple[str, Values]]) -> None:
        """Move what both sides agreed on, as (customer id, values): keys that are not given stay as they are.

        What an undo held apart in these fields is over.
        """
        self._settle((id_, values, {}) for id_, values in rows)

    def hold(self, rows: Iterable[tuple[str, Mapping[str, Held | None]]]) -> None:
        """Note what an undo left apart, as (customer id, by field key): until `set_base` says that the two agree again, or None."""
        self._settle((id_, {}, held) for id_, held in rows)

    def _settle(self, rows: Iterable[tuple[str, Values, Mapping[str, Held | None]]]) -> None:
        with self._db.transaction():
            for chunk in chunks(rows):
                links = self.many({row[0] for row in chunk})
                bases = {id_: dict(link.base) for id_, link in links.items()}
                helds = {id_: dict(link.held) for id_, link in links.items()}
                for id_, values, held in chunk:
                    if id_ in links:
                        bases[id_].update(values)
                        helds[id_] = {
                            key: each
                            for key, each in {**helds[id_], **held}.items()
                            if each is not None and key not in values
                        }
                self._db.executemany(
                    "UPDATE links SET base = ?, held = ? WHERE customer_id = ?",
                    (
                        (encode(bases[id_]), _held_text(helds[id_]), id_)
                        for id_, link in links.items()
                        if bases[id_] != link.base or helds[id_] != link.held
                    ),
                )

    def set_contacts(self, pairs: Iterable[tuple[str, str | None]]) -> None:
        """Note which contacts of their accounts are the customers', as (customer id, contact id)."""
        with self._db.transaction():
            self._db.executemany(
                "UPDATE links SET contact_id = ? WHERE customer_id = ?",
                ((contact_id, customer_id) for customer_id, contact_id in pairs),
            )

    def astray(self) -> list[str]:
        """Ids of linked accounts that are gone without a word of where they were merged into."""
        rows = self._db.query(
            "SELECT id FROM accounts JOIN links ON account_id = id WHERE gone AND merged_into IS NULL ORDER BY id"
        )
        return [row[0] for row in rows]

    def merged(self) -> list[str]:
        """Ids of customers whose account was merged into another one."""
        rows = self._db.query(
            "SELECT customer_id FROM accounts JOIN links ON account_id = id WHERE merged_into IS NOT NULL"
            " ORDER BY +customer_id"  # by the few that were merged, not along all links
        )
        return [row[0] for row in rows]

    def stopped(self) -> int:
        """How many customers that Alguna lists are linked with an account that was deleted, or merged."""
        row = self._db.one(
            "SELECT count(*) FROM links JOIN accounts a ON a.id = account_id JOIN customers c ON c.id = customer_id"
            " WHERE a.gone AND NOT c.gone"
        )
        return int(row[0]) if row else 0

    def count(self) -> int:
        """How many customers are linked."""
        row = self._db.one("SELECT count(*) FROM links")
        return int(row[0]) if row else 0

    def _accounts_of(self, customer_ids: Iterable[str]) -> set[str]:
        return {
            row[0]
            for row in self._db.query(
                "SELECT account_id FROM links WHERE customer_id IN (SELECT value FROM json_each(?))",
                (id_list(customer_ids),),
            )
        }


def _row(link: Link) -> Row:
    return (
        link.customer_id,
        link.account_id,
        link.how,
        column(link.evidence),
        link.linked_at,
        column(link.linked_by),
        link.contact_id,
        encode(dict(link.base)),
        link.pinned_subscription,
        _held_text(link.held),
    )


def _link(row: Row) -> Link:
    customer_id, account_id, how, evidence, linked_at, linked_by, contact_id, base, pinned, held = row
    return Link(
        customer_id=customer_id,
        account_id=account_id,
        how=MatchedBy(how),
        evidence=evidence,
        linked_at=linked_at,
        linked_by=linked_by,
        contact_id=contact_id,
        base=decode(base),
        pinned_subscription=pinned,
        held={key: Held(*each) for key, each in decode(held).items()} if held != NOTHING else {},
    )


def _held_text(held: Mapping[str, Held]) -> str:
    return encode({key: [each.alguna, each.salesforce, each.run] for key, each in held.items()})
