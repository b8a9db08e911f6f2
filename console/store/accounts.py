"""Salesforce's accounts as last seen, and the look-ups that matching asks for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from console.domain.ids import to_18
from console.domain.normal import business_domain, name_key
from console.domain.records import Account
from console.store.connection import Connection, Row, chunks
from console.store.entries import Entries
from console.store.observed import Observed, Seen
from console.store.sightings import Look, Sightings
from console.store.text import column, decode, encode, id_list

_COLUMNS = "id, content, gone, merged_into, stamp, modified_by, created_at"
MOST = 200
"""Accounts a look-up answers with: more than a person can choose from, and a bound for hostile data."""


class Accounts:
    """Accounts by id, by customer id, by domain, by name: the `AccountLookup` of the domain."""

    def __init__(self, db: Connection, entries: Entries) -> None:
        self._db = db
        self._entries = entries
        self._sightings = Sightings(db)
        self._observed = Observed(
            db,
            "accounts",
            loud=("content", "gone", "merged_into"),
            quiet=("stamp", "modified_by", "created_at"),
            derived=("name_key", "domain", "customer_key"),
        )

    def put(self, rows: Iterable[Account], seen_at: str, how: str) -> list[str]:
        """Store what was seen; all or nothing, in constant memory beside the answer.

        A changed account makes its linked customer dirty, and those unlinked customers that share a domain, a
        name, an alias or the customer id with it.

        :returns: ids whose content changed. A moved `modstamp` or another `modified_by` alone is no change.
        :raises StoreError: disk full, locked, damaged; nothing is stored then.
        """
        changed: list[str] = []
        with self._db.transaction():
            for chunk in chunks(rows):
                changed += self._put(chunk, seen_at, how)
        return changed

    def _put(self, accounts: list[Account], seen_at: str, how: str) -> list[str]:
        by_id = {account.id: account for account in accounts}
        known = self._observed.known(by_id)
        rows = self._observed.changed({id_: _row(account) for id_, account in by_id.items()}, known)
        self._observed.pull.note(by_id)
        ids = [row[0] for row in rows]
        if ids:
            looks = [
                Look(row[0], old[1], row[1], bool(old[2]), bool(row[2]))
                for row in rows
                if (old := known.get(row[0])) is not None
            ]
            self._sightings.note("Account", looks, seen_at, how)
            self._observed.write(((*row, *_derived(by_id[row[0]])) for row in rows), seen_at, how)
            self._entries.accounts_seen([by_id[id_] for id_ in ids], seen_at)
        return ids

    def get(self, account_id: str) -> Account | None:
        """One account by its 18 characters, or None when it was never seen."""
        return self.many([account_id]).get(account_id)

    def many(self, ids: Iterable[str]) -> dict[str, Account]:
        """Accounts by id, deleted ones too; unknown ids are missing from the answer."""
        return {row[0]: _account(row) for row in self._observed.rows(ids, _COLUMNS)}

    def by_customer_id(self, customer_id: str) -> list[Account]:
        """Accounts that carry this customer id."""
        return self._live("customer_key = ?", customer_id)

    def by_ids(self, ids: Iterable[str]) -> list[Account]:
        """Accounts by id, 15 or 18 characters; texts that are no ids are passed over.

        An account that was merged stands for the one it was merged into.
        """
        wanted = []
        for id_ in ids:
            try:
                wanted.append(to_18(id_))
            except ValueError:
                continue
        rows = self._db.query(
            "WITH RECURSIVE heir (id, step) AS ("
            " SELECT value, 0 FROM json_each(?)"
            " UNION SELECT merged_into, step + 1 FROM heir JOIN accounts USING (id)"
            " WHERE merged_into IS NOT NULL AND step < 20)"
            f" SELECT {_COLUMNS} FROM accounts WHERE NOT gone AND id IN (SELECT id FROM heir)"
            f" ORDER BY id LIMIT {MOST}",
            (id_list(wanted),),
        )
        return [_account(row) for row in rows]

    def by_domain(self, domain: str) -> list[Account]:
        """Accounts whose website, or the business e-mail of one of whose contacts, is of this domain."""
        return self._live(
            "(domain = ? OR id IN (SELECT account_id FROM contacts WHERE email_domain = ? AND NOT gone))",
            domain,
            domain,
        )

    def by_name_key(self, key: str) -> list[Account]:
        """Accounts whose name is the same but for legal suffixes, case, accents and punctuation."""
        return self._live("name_key = ?", key)

    def by_merged(self, domains: Sequence[str], key: str) -> list[Account]:
        """Accounts that one with such a domain or name was merged into."""
        rows = self._db.query(
            "SELECT id FROM accounts WHERE merged_into IS NOT NULL"
            " AND (domain IN (SELECT value FROM json_each(?)) OR name_key = ?)"
            f" LIMIT {MOST}",
            (id_list(domains), key),
        )
        return self.by_ids([row[0] for row in rows])

    def linked(self, account_id: str) -> str | None:
        """The customer that an account is linked with, or that a person chose it for, if any."""
        row = self._db.one(
            "SELECT customer_id FROM links WHERE account_id = ?1 UNION ALL"
            " SELECT customer_id FROM choices JOIN customers ON id = customer_id"
            " WHERE account_id = ?1 AND NOT gone LIMIT 1",
            (account_id,),
        )
        return row[0] if row else None

    def count(self) -> int:
        """How many accounts are known and not deleted."""
        return self._observed.count("NOT gone")

    def seen(self, account_id: str) -> Seen | None:
        """When and how the present content was first seen."""
        return self._observed.seen(account_id)

    def begin_full_pull(self) -> None:
        """From now on every account that is put is noted as still there."""
        self._observed.pull.begin()

    def abandon_full_pull(self) -> None:
        """Forget that a complete pull was begun, if one was."""
        self._observed.pull.running = False

    def missing(self) -> tuple[int, int]:
        """While a complete pull ends: how many are known, and how many of them it did not name."""
        return self._observed.pull.missing("NOT gone")

    def end_full_pull(self, seen_at: str) -> int:
        """Accounts that were not put since `begin_full_pull` count as deleted; returns how many.

        :raises RuntimeError: no pull was begun.
        """
        gone, last = 0, ""
        pull = self._observed.pull
        with self._db.transaction():
            while ids := pull.unseen(1_000, last):
                last = ids[-1]
                missing = [
                    _account((*row[:2], 1, *row[3:]))
                    for row in self._observed.rows(ids, _COLUMNS)
                    if not row[2]
                ]
                self._db.execute(
                    "UPDATE accounts SET gone = 1, seen_at = ?, how = 'poll'"
                    " WHERE id IN (SELECT value FROM json_each(?))",
                    (seen_at, id_list(account.id for account in missing)),
                )
                self._entries.accounts_seen(missing, seen_at)
                gone += len(missing)
        pull.end()
        return gone

    def _live(self, where: str, *parameters: str) -> list[Account]:
        rows = self._db.query(
            f"SELECT {_COLUMNS} FROM accounts WHERE {where} AND NOT gone ORDER BY id LIMIT {MOST}",
            parameters,
        )
        return [_account(row) for row in rows]


def _row(account: Account) -> Row:
    person = {"person": True} if account.person else {}
    content = encode({"name": account.name, "values": dict(account.values), **person})
    return (
        account.id,
        content,
        int(account.deleted),
        account.merged_into,
        account.modstamp,
        column(account.modified_by),
        account.created_at,
    )


def _derived(account: Account) -> Row:
    return (
        column(name_key(account.name)) or None,
        business_domain(account.values.get("Website")),
        account.values.get("Alguna_Customer_ID__c") or None,
    )


def _account(row: Row) -> Account:
    id_, content, gone, merged_into, stamp, modified_by, created_at = row
    return Account(
        id=id_,
        modstamp=stamp,
        modified_by=modified_by,
        created_at=created_at,
        deleted=bool(gone),
        merged_into=merged_into,
        **decode(content),
    )
