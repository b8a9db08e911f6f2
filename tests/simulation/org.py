"""A model of an org: accounts and contacts as Salesforce keeps them, changed by people and by calls.

It treats values, stamps, deletions and merges as Salesforce's documentation says, and shares nothing with the rehearsal or
the clients: text is trimmed and blank text becomes null, e-mail addresses lose their capitals, stamps are whole seconds, a row
changed by a transaction shows only when that ends and is locked until then, and keeps the stamp of the change.
https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/system_fields.htm
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from console.net import USER_AGENT
from console.salesforce.pubsub.events import ChangeEvent

ORG_ID = "00D000000000001EAA"
OTHER_ORG_ID = "00D000000000002EAA"
CUSTOMER_ID = "Alguna_Customer_ID__c"
PERSON, CONSOLE = "005000000000001AAA", "005000000000002AAA"
_SUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def record_id(prefix: str, number: int) -> str:
    """An 18-character id (https://help.salesforce.com/s/articleView?id=000385585)."""
    short = f"{prefix}{number:012d}"
    ends = (
        sum(1 << place for place, sign in enumerate(short[i : i + 5]) if sign.isupper()) for i in (0, 5, 10)
    )
    return short + "".join(_SUM[end] for end in ends)


@dataclass
class Record:
    """One account or contact."""

    id: str
    sobject: str
    fields: dict
    created: datetime
    stamp: datetime
    by: str
    maker: str
    deleted: bool = False
    master: str | None = None
    gone_with: str | None = None
    """The account whose deletion took this contact along."""
    locked: bool = False


class RowError(Exception):
    """Salesforce refuses one row."""

    def __init__(self, code: str, message: str = "", fields: tuple[str, ...] = ()) -> None:
        super().__init__(code)
        self.item = {"statusCode": code, "message": message, "fields": list(fields)}


@dataclass
class Org:
    """The records, and the stream of their changes.

    :param told: called with (record, field, before, after, by) for each value that moved.
    """

    clock: Callable[[], datetime]
    told: Callable[[Record, str, object, object, str], None]
    skew: float = 0.0
    """Seconds by which its clock is ahead."""
    id: str = ORG_ID
    records: dict[str, Record] = field(default_factory=dict)
    stream: list[ChangeEvent] = field(default_factory=list)
    open: list[tuple[datetime, Callable[[], None]]] = field(default_factory=list)
    """Transactions of other people, with when they end."""

    def now(self) -> datetime:
        """By the org's own clock."""
        return self.clock() + timedelta(seconds=self.skew)

    def alive(self, sobject: str) -> list[Record]:
        """Records that are not deleted, oldest first."""
        return [row for row in self.records.values() if row.sobject == sobject and not row.deleted]

    def contacts_of(self, account_id: str) -> list[Record]:
        """The contacts of an account that are not deleted."""
        return [row for row in self.alive("Contact") if row.fields.get("AccountId") == account_id]

    def carrying(self, customer_id: str) -> list[Record]:
        """Accounts that carry a customer's id."""
        return [row for row in self.alive("Account") if row.fields.get(CUSTOMER_ID) == customer_id]

    # --- what happens to records -----------------------------------------------------------------------------

    def create(self, sobject: str, fields: dict, by: str) -> Record:
        """A new record. :raises RowError: Salesforce would not take it."""
        kept = {name: value for name, value in self._kept(fields).items() if value is not None}
        if (needed := "Name" if sobject == "Account" else "LastName") not in kept:
            raise RowError("REQUIRED_FIELD_MISSING", fields=(needed,))
        if (
            sobject == "Contact"
            and (parent := self.records.get(kept.get("AccountId", ""))) is not None
            and parent.deleted
        ):
            raise RowError("INVALID_CROSS_REFERENCE_KEY")
        self._check(None, kept)
        id_ = record_id("001" if sobject == "Account" else "003", len(self.records) + 1)
        row = Record(id_, sobject, kept, self.now(), self.now(), by, by)
        self.records[id_] = row
        for name, value in kept.items():
            self.told(row, name, None, value, by)
        self._tell("CREATE", row, kept)
        return row

    def update(self, id_: str, fields: dict, by: str, stamp: datetime | None = None) -> Record:
        """Change a record. :raises RowError: it is not there, locked, or the values are refused."""
        row = self.records.get(id_)
        if row is None:
            raise RowError("INVALID_CROSS_REFERENCE_KEY")
        if row.deleted:
            raise RowError("ENTITY_IS_DELETED")
        if row.locked and stamp is None:
            raise RowError("UNABLE_TO_LOCK_ROW")
        kept = self._kept(fields)
        self._check(row, kept)
        moved = {name: value for name, value in kept.items() if row.fields.get(name) != value}
        row.stamp, row.by = max(row.stamp, stamp or self.now()), by
        for name, value in moved.items():
            before = row.fields.get(name)
            row.fields[name] = value
            self.told(row, name, before, value, by)
        if moved:
            self._tell("UPDATE", row, moved)
        return row

    def later(self, id_: str, fields: dict, seconds: float) -> None:
        """A long transaction of somebody else: stamped and locked now, seen when it ends."""
        row = self.records[id_]
        if row.locked or row.deleted:
            return
        row.locked, stamp = True, self.now()

        def end() -> None:
            row.locked = False
            if not row.deleted:
                with suppress(RowError):  # what Salesforce refuses did not happen
                    self.update(id_, fields, PERSON, stamp)

        self.open.append((self.clock() + timedelta(seconds=seconds), end))

    def settle(self, everything: bool = False) -> None:
        """End the transactions whose time has come."""
        due = [end for at, end in self.open if everything or at <= self.clock()]
        self.open = [] if everything else [(at, end) for at, end in self.open if at > self.clock()]
        for end in due:
            end()

    def delete(self, row: Record, by: str = PERSON, master: str | None = None) -> None:
        """A record goes into the recycle bin; an account takes its contacts along."""
        row.deleted, row.stamp, row.by, row.master = True, self.now(), by, master
        self._tell("DELETE", row, {})
        if row.sobject == "Account":
            for contact in self.contacts_of(row.id):
                self.delete(contact, by)
                contact.gone_with = row.id

    def undelete(self, row: Record) -> None:
        """Somebody takes a record, and what was deleted with it, out of the recycle bin."""
        if row.fields.get(CUSTOMER_ID) and self.carrying(row.fields[CUSTOMER_ID]):
            return  # Salesforce refuses: the value is taken by now
        row.deleted, row.stamp, row.by = False, self.now(), PERSON
        self._tell("UNDELETE", row, row.fields)
        for each in self.records.values():
            if each.gone_with == row.id and each.deleted:
                each.gone_with = None
                self.undelete(each)

    def merge(self, winner: Record, loser: Record, takes: dict) -> None:
        """Somebody merges two accounts: contacts move, `takes` are the loser's values that were chosen.

        https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_merge.htm
        """
        for contact in self.contacts_of(loser.id):
            contact.fields["AccountId"], contact.stamp = winner.id, self.now()
            self._tell("UPDATE", contact, {"AccountId": winner.id})
        self.delete(loser, master=winner.id)
        self.update(winner.id, takes, PERSON, self.now())

    # --- values ----------------------------------------------------------------------------------------------

    def _kept(self, fields: dict) -> dict:
        return {name: _as_kept(name, value) for name, value in fields.items()}

    def _check(self, row: Record | None, fields: dict) -> None:
        for name in ("Name", "LastName"):
            if name in fields and fields[name] is None:
                raise RowError("REQUIRED_FIELD_MISSING", fields=(name,))
        for name, value in fields.items():
            if isinstance(value, str) and "refused" in value:
                raise RowError("FIELD_CUSTOM_VALIDATION_EXCEPTION", "No such value here.", (name,))
        customer = fields.get(CUSTOMER_ID)
        if customer is not None and any(each is not row for each in self.carrying(customer)):
            raise RowError("DUPLICATE_VALUE", fields=(CUSTOMER_ID,))

    # --- the stream ------------------------------------------------------------------------------------------

    def _tell(self, kind: str, row: Record, moved: dict) -> None:
        compound = {"Account": "Billing", "Contact": "Name"}[row.sobject]
        values = dict(_named(row.sobject, compound, moved)) if kind != "DELETE" else {}
        milliseconds = int(self.now().timestamp() * 1000)
        values["LastModifiedDate"] = milliseconds
        client = (
            f"com/salesforce/api/rest/62.0;client={USER_AGENT}" if row.by == CONSOLE else "com/salesforce/ui"
        )
        self.stream.append(
            ChangeEvent(
                row.sobject, kind, (row.id,), client, row.by, milliseconds, len(self.stream) + 1, 1, values
            )
        )


def _as_kept(name: str, value):
    if isinstance(value, str):
        value = value.strip() or None
        if value is not None and name == "Email":
            value = value.lower()
    return value


def _named(sobject: str, compound: str, moved: dict) -> Iterator[tuple[str, object]]:
    for name, value in moved.items():
        if sobject == "Account" and name.startswith("Billing"):
            yield f"BillingAddress.{name.removeprefix('Billing')}", value
        elif sobject == "Contact" and name in ("FirstName", "LastName"):
            yield f"Name.{name}", value
        else:
            yield name, value
