"""Salesforce's contacts as last seen."""

from __future__ import annotations

from collections.abc import Iterable

from console.domain.masked import unmasked
from console.domain.normal import business_domain
from console.domain.records import Contact
from console.store.connection import Connection, Row, chunks
from console.store.entries import Entries
from console.store.observed import Observed, Seen
from console.store.sightings import Look, Sightings
from console.store.text import column, decode, encode, id_list

_COLUMNS = "id, content, account_id, gone, stamp, created_at"


class Contacts:
    """Contacts by account, and which of them is a customer's."""

    def __init__(self, db: Connection, entries: Entries) -> None:
        self._db = db
        self._entries = entries
        self._sightings = Sightings(db)
        self._observed = Observed(
            db,
            "contacts",
            loud=("content", "account_id", "gone"),
            quiet=("stamp", "created_at"),
            derived=("email", "email_domain"),
        )

    def put(self, rows: Iterable[Contact], seen_at: str, how: str) -> list[str]:
        """Store what was seen; all or nothing.

        A changed contact makes the customer linked with its account dirty (the account it left too), and
        unlinked customers whose e-mail or website is of its domain.

        :returns: ids whose content changed. A moved `modstamp` alone is no change.
        :raises StoreError: disk full, locked, damaged; nothing is stored then.
        """
        changed: list[str] = []
        with self._db.transaction():
            for chunk in chunks(rows):
                changed += self._put(chunk, seen_at, how)
        return changed

    def _put(self, contacts: list[Contact], seen_at: str, how: str) -> list[str]:
        by_id = {contact.id: contact for contact in contacts}
        known = self._observed.known(by_id)
        rows = self._observed.changed({id_: _row(contact) for id_, contact in by_id.items()}, known)
        self._observed.pull.note(by_id)
        ids = [row[0] for row in rows]
        if ids:
            looks = [
                Look(row[0], old[1], row[1], bool(old[3]), bool(row[3]))
                for row in rows
                if (old := known.get(row[0])) is not None
            ]
            self._sightings.note("Contact", looks, seen_at, how)
            self._observed.write(((*row, *_derived(by_id[row[0]])) for row in rows), seen_at, how)
            accounts = {by_id[id_].account_id for id_ in ids} | {known[id_][2] for id_ in ids if id_ in known}
            self._entries.contacts_seen(ids, accounts, seen_at)
        return ids

    def get(self, contact_id: str) -> Contact | None:
        """One contact, or None when it was never seen."""
        return self.many([contact_id]).get(contact_id)

    def many(self, ids: Iterable[str]) -> dict[str, Contact]:
        """Contacts by id, deleted ones too; unknown ids are missing from the answer."""
        return {row[0]: _contact(row) for row in self._observed.rows(ids, _COLUMNS)}

    def of(self, account_ids: Iterable[str]) -> dict[str, tuple[Contact, ...]]:
        """Contacts by account, without deleted ones, ordered by id; an account without any has an empty tuple."""
        found: dict[str, list[Contact]] = {id_: [] for id_ in account_ids}
        sql = (
            f"SELECT {_COLUMNS} FROM contacts WHERE account_id IN (SELECT value FROM json_each(?))"
            " AND NOT gone ORDER BY id"
        )
        for chunk in chunks(found):
            for row in self._db.query(sql, (id_list(chunk),)):
                found[row[2]].append(_contact(row))
        return {id_: tuple(contacts) for id_, contacts in found.items()}

    def best(self, account_id: str, email: str | None, linked: str | None = None) -> Contact | None:
        """Which contact of an account is the customer's.

        The linked one while it exists; else the oldest of the account with the same e-mail address; else the
        linked one although it is deleted; else none.

        :param linked: id of the contact that the link names.
        """
        return self.bests([(account_id, email, linked)])[0]

    def bests(self, wanted: Iterable[tuple[str, str | None, str | None]]) -> list[Contact | None]:
        """`best` for many (account id, e-mail, linked contact), in their order, with two queries a thousand."""
        answer: list[Contact | None] = []
        for chunk in chunks(wanted):
            linked = self.many({link for _, _, link in chunk if link})
            keys = [(account, email_key(email)) for account, email, _ in chunk]
            same = self._oldest_by_email({(account, email) for account, email in keys if email})
            for (_, _, link), key in zip(chunk, keys, strict=True):
                named = linked.get(link) if link else None
                alive = named if named is not None and not named.deleted else None
                answer.append(alive or same.get(key) or named)
        return answer

    def _oldest_by_email(self, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str | None], Contact]:
        rows = self._db.query(
            "SELECT c.id, c.content, c.account_id, c.gone, c.stamp, c.created_at, c.email FROM json_each(?) w JOIN contacts c"
            " ON c.account_id = w.value ->> 0 AND c.email = w.value ->> 1 WHERE NOT c.gone"
            " ORDER BY c.created_at DESC, c.id DESC",
            (encode(sorted(keys)),),
        )
        return {(row[2], row[6]): _contact(row[:6]) for row in rows}

    def count(self) -> int:
        """How many contacts are known and not deleted."""
        return self._observed.count("NOT gone")

    def seen(self, contact_id: str) -> Seen | None:
        """When and how the present content was first seen."""
        return self._observed.seen(contact_id)

    def begin_full_pull(self) -> None:
        """From now on every contact that is put is noted as still there."""
        self._observed.pull.begin()

    def abandon_full_pull(self) -> None:
        """Forget that a complete pull was begun, if one was."""
        self._observed.pull.running = False

    def missing(self) -> tuple[int, int]:
        """While a complete pull ends: how many are known, and how many of them it did not name."""
        return self._observed.pull.missing("NOT gone")

    def end_full_pull(self, seen_at: str) -> int:
        """Contacts that were not put since `begin_full_pull` count as deleted; returns how many.

        :raises RuntimeError: no pull was begun.
        """
        gone, last = 0, ""
        pull = self._observed.pull
        with self._db.transaction():
            while ids := pull.unseen(1_000, last):
                last = ids[-1]
                missing = {
                    row[0]: row[1] for row in self._observed.rows(ids, "id, account_id, gone") if not row[2]
                }
                self._db.execute(
                    "UPDATE contacts SET gone = 1, seen_at = ?, how = 'poll'"
                    " WHERE id IN (SELECT value FROM json_each(?))",
                    (seen_at, id_list(missing)),
                )
                self._entries.contacts_seen(missing, set(missing.values()), seen_at)
                gone += len(missing)
        pull.end()
        return gone


def email_key(email: str | None) -> str | None:
    """An e-mail address as it is compared: without outer blanks, case and a sandbox's mask; None for an empty one."""
    return unmasked(column(email)).lower() or None if email else None


def _row(contact: Contact) -> Row:
    content = encode({"values": dict(contact.values)})
    return (
        contact.id,
        content,
        contact.account_id,
        int(contact.deleted),
        contact.modstamp,
        contact.created_at,
    )


def _derived(contact: Contact) -> Row:
    email = contact.values.get("Contact.Email")
    return (email_key(email), business_domain(unmasked(email) if email else None))


def _contact(row: Row) -> Contact:
    id_, content, account_id, gone, stamp, created_at = row
    return Contact(
        id=id_,
        account_id=account_id,
        modstamp=stamp,
        created_at=created_at,
        deleted=bool(gone),
        **decode(content),
    )
