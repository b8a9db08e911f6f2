"""Change events into the cache: what they tell whole is applied, what they don't is read from the org.

Events come at least once, and beside polls, replies and re-reads that may have seen more. An event is applied only when it
is certainly newer than what is cached; where that is open, the record is read: its present state is right in any case. What
an event says that is cached already, as after our own writes, changes nothing and costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from console.domain.fields import FIELD, FIELDS, Kind
from console.domain.picklists import COUNTRY, STATE
from console.domain.records import Account, Contact
from console.net import USER_AGENT
from console.salesforce import records
from console.salesforce.pubsub.events import COMPOUND, OBJECTS, UNREADABLE, ChangeEvent, plain_name
from console.store.cache import Cache
from console.store.observed import Seen
from console.sync.cursors import text
from console.sync.following.subscription import Batch
from console.sync.observe import compare_all
from console.sync.org import Org
from console.sync.silence import heard as spoke

KEY = "salesforce.events"
"""Key, in the cache, of the place in the stream: topic and replay id."""
MANY = 1_000
"""Customers due from which on an event's own are not told apart: a pass takes them all."""
READ_ANYWAY: Final = frozenset(
    {"DELETE", "UNDELETE", "GAP_CREATE", "GAP_UPDATE", "GAP_DELETE", "GAP_UNDELETE"}
)
"""A deletion may be one half of a merge, which the event doesn't tell; gaps tell nothing but the ids."""

_INSTANTS: Final = {spec.sf_name for spec in FIELDS if spec.kind is Kind.INSTANT} | {
    "CreatedDate",
    "LastModifiedDate",
}
Record = TypeVar("Record", Account, Contact)


@dataclass(slots=True)
class Heard:
    """What came of some batches."""

    customers: set[str] = field(default_factory=set)
    """Customers to be planned because of them."""
    many: bool = False
    """So many are due that a pass has to find them."""
    fresh: bool = False
    """The stream was begun at the present: what came before has to be polled."""
    lost: bool = False
    """Salesforce no longer had what came since the last time: everything is compared."""
    whole: frozenset[str] = frozenset()
    """Objects all of whose records are compared with the next look."""
    arrivals: list[float] = field(default_factory=list)
    """Seconds from commit to cache, of each change by others that was news."""


def place(cache: Cache, topic: str) -> bytes | None:
    """Where to go on in this topic; None: from now on."""
    kept = cache.get(KEY) or {}
    return bytes.fromhex(kept["replay_id"]) if kept.get("topic") == topic else None


class Heed:
    """Takes batches into the cache.

    :param org: knows which columns the user may read.
    """

    def __init__(self, cache: Cache, org: Org, clock: Callable[[], datetime], topic: str) -> None:
        self._cache = cache
        self._org = org
        self._clock = clock
        self._topic = topic

    def take(self, batches: Sequence[Batch]) -> Heard:
        """All or nothing: the effect of these batches, and the place behind them.

        :raises ConsoleError: a record that has to be read can't be; nothing was stored.
        """
        heard = Heard(fresh=any(batch.fresh for batch in batches), lost=any(batch.lost for batch in batches))
        events = [event for batch in batches for event in batch.events]
        sorting = _Sorting(self._cache, self._org)
        sorting.sort(events)
        self._read(sorting)
        cache, at = self._cache, text(self._clock())
        with cache.transaction():
            before = set(cache.entries.dirty(MANY))
            accounts = set(cache.accounts.put(sorting.accounts.values(), at, "event"))
            contacts = set(cache.contacts.put(sorting.contacts.values(), at, "event"))
            heard.whole = frozenset(OBJECTS) if heard.lost else frozenset(sorting.whole)
            if heard.whole:
                compare_all(cache, heard.whole)
            spoke(cache, {event.entity for event in events})
            places = [batch.replay_id for batch in batches if batch.replay_id]
            if places:
                cache.set(KEY, {"topic": self._topic, "replay_id": places[-1].hex()})
            due = cache.entries.dirty(MANY)
            heard.many = len(due) >= MANY
            touched = accounts | {sorting.contacts[id_].account_id for id_ in contacts}
            concerned = {cache.accounts.linked(id_) for id_ in touched}
            heard.customers = (set(due) - before) | (set(due) & concerned)
        now = self._clock().timestamp()
        heard.arrivals = [
            max(0.0, now - event.committed_ms / 1000)
            for event in events
            if not event.made_by(USER_AGENT) and not (accounts | contacts).isdisjoint(event.record_ids)
        ]
        return heard

    def _read(self, sorting: _Sorting) -> None:
        """Read what the events don't tell; rows that aren't there any more are deleted ones."""
        accounts, contacts, families = sorting.unread_accounts, sorting.unread_contacts, sorting.families
        if not accounts and not contacts and not families:
            return
        found = self._org.look({"Id": accounts}, {"Id": contacts, "AccountId": families})
        heirs = {each.merged_into for each in found.accounts if each.merged_into is not None} - accounts
        if heirs:
            # The survivor and the contacts that came to it: their own events may be on the way.
            more = self._org.look({"Id": heirs}, {"AccountId": heirs})
            found.accounts += more.accounts
            found.contacts += more.contacts
        sorting.accounts.update(_lost(accounts, self._cache.accounts.many(accounts)))
        sorting.contacts.update(_lost(contacts, self._cache.contacts.many(contacts)))
        sorting.accounts.update((each.id, each) for each in found.accounts)
        sorting.contacts.update((each.id, each) for each in found.contacts)


class _Sorting:
    """Events sorted into records as they leave them, and records to be read."""

    def __init__(self, cache: Cache, org: Org) -> None:
        self._cache = cache
        self._columns = org.columns
        self._lists = org.lists
        self.accounts: dict[str, Account] = {}
        self.contacts: dict[str, Contact] = {}
        self.unread_accounts: set[str] = set()
        self.unread_contacts: set[str] = set()
        self.families: set[str] = set()
        """Accounts whose contacts have to be read."""
        self.whole: set[str] = set()
        self._written: dict[str, set[str]] = {}
        """By record that we changed: what we wrote to it last."""

    def sort(self, events: Sequence[ChangeEvent]) -> None:
        """In their order."""
        ids = {id_ for event in events for id_ in event.record_ids}
        accounts, contacts = self._cache.accounts.many(ids), self._cache.contacts.many(ids)
        ours = [event for event in events if event.kind == "UPDATE" and event.made_by(USER_AGENT)]
        self._written = self._cache.history.written_last({id_ for event in ours for id_ in event.record_ids})
        for event in events:
            if event.kind == UNREADABLE:
                self.whole.update(OBJECTS)
            elif event.entity not in OBJECTS:
                continue
            elif event.is_whole_object:
                self.whole.add(event.entity)
            elif event.entity == "Account":
                self._accounts(event, accounts)
            else:
                self._contacts(event, contacts)

    def _accounts(self, event: ChangeEvent, known: Mapping[str, Account]) -> None:
        if event.kind in READ_ANYWAY:
            self.unread_accounts.update(event.record_ids)
            if "DELETE" in event.kind:
                self.families.update(event.record_ids)
        told = self._told(event)
        for id_ in set(event.record_ids) - self.unread_accounts:
            old = self.accounts.get(id_) or known.get(id_)
            if told is None or (old is None and event.kind != "CREATE") or (old is not None and old.deleted):
                self.unread_accounts.add(id_)
                continue
            if old is None:
                self.accounts[id_] = records.account({**self._blank(event), **told, "Id": id_}, self._lists)
                continue
            new = records.account({**told, "Id": id_}, self._lists)
            merged = replace(
                old,
                name=new.name if "Name" in told else old.name,
                values={**old.values, **new.values},
                modstamp=max(old.modstamp, new.modstamp),
                modified_by=new.modified_by or old.modified_by,
                person=new.person if records.PERSON in told else old.person,
            )
            same = (merged.name, merged.values, merged.person) == (old.name, old.values, old.person)
            seen = None if same or id_ in self.accounts else self._cache.accounts.seen(id_)
            same = same and not self._undone(id_, event, told)
            self._judge(event, old, merged, same, seen, self.accounts, self.unread_accounts)

    def _contacts(self, event: ChangeEvent, known: Mapping[str, Contact]) -> None:
        if event.kind in READ_ANYWAY:
            self.unread_contacts.update(event.record_ids)
        told = self._told(event)
        for id_ in set(event.record_ids) - self.unread_contacts:
            old = self.contacts.get(id_) or known.get(id_)
            if told is None or (old is None and event.kind != "CREATE") or (old is not None and old.deleted):
                self.unread_contacts.add(id_)
                continue
            if old is None:
                self.contacts[id_] = records.contact({**self._blank(event), **told, "Id": id_})
                continue
            new = records.contact({**told, "Id": id_})
            merged = replace(
                old,
                account_id=new.account_id if "AccountId" in told else old.account_id,
                values={**old.values, **new.values},
                modstamp=max(old.modstamp, new.modstamp),
            )
            same = (merged.account_id, merged.values) == (old.account_id, old.values)
            seen = None if same or id_ in self.contacts else self._cache.contacts.seen(id_)
            same = same and not self._undone(id_, event, told)
            self._judge(event, old, merged, same, seen, self.contacts, self.unread_contacts)

    def _undone(self, id_: str, event: ChangeEvent, told: Mapping[str, Any]) -> bool:
        """Whether our own write left a field as it was: a flow of the org put it back as it was saved, and no event tells."""
        if not event.made_by(USER_AGENT):
            return False
        return any(FIELD[key].sf_name not in told for key in self._written.get(id_, ()))

    def _judge(
        self,
        event: ChangeEvent,
        old: Record,
        merged: Record,
        same: bool,
        seen: Seen | None,
        into: dict[str, Record],
        unread: set[str],
    ) -> None:
        """Whether an event about a known record is applied, passed over as older, or leaves the record to be read."""
        committed = _second(event.committed_ms)
        replied = seen is not None and seen.how == "reply"
        if same:
            into[old.id] = merged
        elif not replied and committed < old.modstamp:
            pass  # an older one: what is cached was read after it
        elif replied or committed == old.modstamp or event.made_by(USER_AGENT):
            # A reply tells no stamp of the org's, and stamps are whole seconds. And what our own write left is known: if it
            # differs, something else in the org (a flow, a trigger) or somebody after it changed more.
            unread.add(old.id)
        else:
            into[old.id] = merged

    def _told(self, event: ChangeEvent) -> dict[str, Any] | None:
        """The event's values under the columns that are read of the object; None where it doesn't tell all of them."""
        columns = {*self._columns[event.entity], "LastModifiedDate"}
        untold = {plain_name(name) for name in event.unclear} & columns
        # An account whose name has parts is a person's: its columns are not those of a company.
        person = event.entity == "Account" and any(name.startswith("Name.") for name in event.values)
        if untold or not event.unclear.isdisjoint(COMPOUND) or person:
            return None
        row = event.row()
        told = {
            name: _instant(value) if name in _INSTANTS else value
            for name, value in row.items()
            if name in columns
        }
        if any(key in told and code in columns and code not in told for key, code in records.CODE.items()):
            return None  # an integration value without the code that says what it means
        if records.CODE[STATE] in told and records.CODE[COUNTRY] not in told:
            return None  # a state without the country that it is one of
        told["SystemModstamp"] = told.pop("LastModifiedDate", None) or _second(event.committed_ms)
        return told

    def _blank(self, event: ChangeEvent) -> dict[str, Any]:
        """A new record: what its event doesn't name is empty."""
        return dict.fromkeys(self._columns[event.entity])


def _lost(wanted: Iterable[str], known: Mapping[str, Record]) -> dict[str, Record]:
    """Known records that are to be read, as they are when nothing is found: purged, or hidden from the signed-in user."""
    return {id_: replace(known[id_], deleted=True) for id_ in wanted if id_ in known}


def _second(milliseconds: int) -> str:
    return text(datetime.fromtimestamp(milliseconds // 1000, UTC))


def _instant(value: object) -> object:
    return _second(value) if isinstance(value, int) else value
