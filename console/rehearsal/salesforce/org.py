"""The org: one SQLite file, and every operation that its APIs offer."""

# ruff: noqa: S608 - every name in the SQL comes from the schema

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce import (
    channel_objects,
    describe,
    founding,
    ids,
    objects,
    people_objects,
    permission_objects,
    replication,
    tooling_objects,
)
from console.rehearsal.salesforce.access import AccessBook, Caller
from console.rehearsal.salesforce.bin import Bin
from console.rehearsal.salesforce.channels import Channels
from console.rehearsal.salesforce.checks import Checks
from console.rehearsal.salesforce.directory import Directory
from console.rehearsal.salesforce.errors import ApiError, MoreThanOne, not_found
from console.rehearsal.salesforce.inputs import Inputs
from console.rehearsal.salesforce.journal import Change, Journal
from console.rehearsal.salesforce.loading import load
from console.rehearsal.salesforce.lookup import Lookup
from console.rehearsal.salesforce.metadata import CustomFields
from console.rehearsal.salesforce.pubsub.capture import Capture
from console.rehearsal.salesforce.pubsub.filters import Filters
from console.rehearsal.salesforce.pubsub.log import EventLog
from console.rehearsal.salesforce.pubsub.topics import Topic, find_topic
from console.rehearsal.salesforce.query import Queries
from console.rehearsal.salesforce.reading import Reading
from console.rehearsal.salesforce.records import Records
from console.rehearsal.salesforce.rules import rule_objects
from console.rehearsal.salesforce.rules.on_save import SaveRules
from console.rehearsal.salesforce.rules.setup_objects import Rules
from console.rehearsal.salesforce.schema import Schema
from console.rehearsal.salesforce.signing_in import session_objects
from console.rehearsal.salesforce.stamps import Stamps
from console.rehearsal.salesforce.store import Store, quoted
from console.rehearsal.salesforce.values import stamp_text

if TYPE_CHECKING:
    from console.rehearsal.salesforce.access import View
    from console.rehearsal.salesforce.schema import SObject

__all__ = ["ApiError", "Caller", "Change", "MoreThanOne", "Org"]


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Org:
    """A Salesforce org in one SQLite file. Not thread-safe: one event loop owns it."""

    path: Path
    """The SQLite file; who signs in is kept there too, in tables of its own."""
    org_id: str
    admin_id: str
    channels: Channels
    """Which objects have change events."""
    events: EventLog
    """The change events of the last 72 hours."""
    capture: Capture
    """What writes them."""
    row_fault: Callable[[str], ApiError | None] | None
    """Asked with the object's name before each row of a collection (by the HTTP layer); may answer an error."""
    queries: Queries
    """Runs queries; the Bulk API reads their rows a piece at a time."""
    reading: Reading
    """Single records, and how many there are."""
    directory: Directory
    """Users, and what they may do."""
    on_save: SaveRules
    """Locks, rules and automations; the control address switches them."""
    listeners: list[Callable[[Sequence[Change]], None]]
    """Called after the outermost transaction was committed, with its changes in order."""

    def __init__(self, path: Path | str, *, clock: Callable[[], datetime] = _utc_now, seed: int = 1) -> None:
        self.path = Path(path)
        self._clock = clock
        self._store = Store(path, seed)
        try:
            self._open()
        except BaseException:
            self._store.close()
            raise

    def _open(self) -> None:
        self._schema = Schema()
        for make in (
            objects.account,
            objects.contact,
            people_objects.user,
            people_objects.profile,
            people_objects.organization,
            permission_objects.permission_set,
            permission_objects.field_permissions,
            permission_objects.object_permissions,
            permission_objects.permission_set_assignment,
            permission_objects.user_permission_access,
            tooling_objects.custom_field,
            tooling_objects.entity_definition,
            tooling_objects.field_definition,
            tooling_objects.entity_particle,
            *rule_objects.ALL,
            channel_objects.event_channel,
            channel_objects.event_channel_member,
            *session_objects.ALL,
        ):
            self._schema.add(make())
        custom_fields = CustomFields(self._store, self._schema)
        stamps = Stamps(self._clock)
        self._access = access = AccessBook(self._store, self._schema, stamps.now)
        self.on_save = on_save = SaveRules(self._store, self._schema, access, self._clock)
        self.channels = Channels(self._store, self._schema)
        rules = Rules(self._store, self._schema, custom_fields, self.channels, on_save)
        with self._store.transaction():
            for sobject in self._schema.objects.values():
                if not sobject.virtual:
                    self._store.create_table(sobject)
            if self._store.recall("org_id") is None:
                founding.found(self._store, self._schema, rules)
            founding.equip(self._store, self._schema)
            on_save.features.apply()
            custom_fields.load()
        self.org_id = str(self._store.recall("org_id"))
        self.admin_id = str(self._store.recall("admin_id"))
        self.row_fault = None
        self._custom_fields = custom_fields
        self._journal = journal = Journal(self._store)
        journal.setup_changed = self._forget
        journal.undone = self._reload
        self.events = EventLog(self._store, self._clock)
        self.capture = Capture(self._store, self._schema, self.channels, self.events)
        journal.sealing = self.capture.seal
        self.listeners = journal.listeners
        lookup = Lookup(self._store)
        checks = Checks(self._store, self._schema, lookup, rules)
        self._bin = Bin(self._store, self._schema, access, journal, rules, lookup, checks, stamps, on_save)
        self._records = Records(
            self._store, access, journal, rules, Inputs(lookup), lookup, checks, stamps, self._bin, on_save
        )
        self.queries = Queries(self._store, self._access, self._clock)
        self.reading = Reading(self._store, access, lookup, self.queries)
        self.directory = Directory(self._store, self._schema, access, self.now)
        filters = Filters(self.queries, self.admin_id)
        self.channels.check_filter, self.channels.ask_filter = filters.fields, filters.passes

    def _forget(self) -> None:
        self._access.forget()
        self.on_save.forget()

    def _reload(self) -> None:
        self.on_save.features.apply()
        self._custom_fields.load()
        self.channels.forget()
        self._forget()

    def close(self) -> None:
        """Closes the file; the org can't be used after that."""
        self._store.close()

    @property
    def store(self) -> Store:
        """The org's file, for APIs that keep tables of their own in it."""
        return self._store

    def view(self, caller: Caller, sobject: str) -> View | None:
        """An object by its name in any case as the caller sees it; None when it does not exist for them."""
        return self._access.of(caller).view(sobject)

    def now(self) -> str:
        """The present moment as REST writes it."""
        return stamp_text(self._clock())

    # -- records; sobject and field names in any case, ids with 15 or 18 characters; all raise ApiError

    def insert(
        self, caller: Caller, sobject: str, values: Mapping[str, Any], *, tooling: bool = False
    ) -> str:
        """The id of the new record."""
        return self._records.insert(caller, sobject, values, tooling=tooling)

    def update(
        self,
        caller: Caller,
        sobject: str,
        record_id: str,
        values: Mapping[str, Any],
        *,
        tooling: bool = False,
    ) -> None:
        """`values` holds fields only: `attributes` is ignored, an `Id` among them is refused."""
        self._records.update(caller, sobject, record_id, values, tooling=tooling)

    def delete(self, caller: Caller, sobject: str, record_id: str, *, tooling: bool = False) -> None:
        """To the recycle bin, with the contacts of an account; set-up records go for good."""
        self._bin.delete(caller, sobject, record_id, tooling=tooling)

    def hard_delete(self, caller: Caller, sobject: str, record_id: str) -> None:
        """Deletes for good, with the contacts of an account: nothing of it goes to the recycle bin."""
        with self._journal.transaction():
            self._bin.delete(caller, sobject, record_id)
            self._bin.purge(sobject, record_id)

    def undelete(self, caller: Caller, sobject: str, record_id: str) -> None:
        """Out of the recycle bin, with what went there together."""
        self._bin.undelete(caller, sobject, record_id)

    def merge(
        self,
        caller: Caller,
        sobject: str,
        master_id: str,
        *loser_ids: str,
        values: Mapping[str, Any] | None = None,
    ) -> None:
        """The losers go to the recycle bin with MasterRecordId set; their contacts move to the master, which may
        take `values` over."""
        with self._journal.transaction():
            for loser_id in loser_ids:
                self._bin.merge(caller, sobject, master_id, loser_id)
            self._records.update(caller, sobject, master_id, values or {})

    def upsert(
        self, caller: Caller, sobject: str, ext_field: str, ext_value: object, values: Mapping[str, Any]
    ) -> tuple[str, bool]:
        """Id and whether it was created. `ext_field` may be Id. Raises MoreThanOne."""
        return self._records.upsert(caller, sobject, ext_field, ext_value, values)

    def event_view(self, caller: Caller, sobject: str) -> View | None:
        """An object as the caller sees it in change events: None unless they may view all its records."""
        view = self._access.of(caller).view(sobject)
        return view if view is not None and "ViewAllRecords" in view.rights else None

    def sobject(self, name: str) -> SObject:
        """An object type by its name in any case; LookupError when there is none."""
        found = self._schema.get(name)
        if found is None:
            raise LookupError(f"there is no object {name}")
        return found

    def event_topic(self, name: str) -> Topic | None:
        """The topic of change events of a name such as `/data/AccountChangeEvent`, or None."""
        return find_topic(self._schema, self.channels, name)

    # -- queries

    def query(
        self,
        caller: Caller,
        soql: str,
        *,
        version: str,
        all_rows: bool = False,
        tooling: bool = False,
        batch_size: int = 2000,
        session_key: str = "",
    ) -> dict[str, Any]:
        """The REST reply body in Salesforce's key order; numbers with decimals are Decimal (see jsontext)."""
        return self.queries.query(
            caller,
            soql,
            version=version,
            all_rows=all_rows,
            tooling=tooling,
            batch_size=batch_size,
            session_key=session_key,
        )

    def query_more(
        self, caller: Caller, locator: str, *, version: str, tooling: bool = False, session_key: str = ""
    ) -> dict[str, Any]:
        """The page at `locator` (`01g...-2000`); INVALID_QUERY_LOCATOR when it is unknown or idled out."""
        return self.queries.more(caller, locator, version=version, tooling=tooling, session_key=session_key)

    def close_session(self, session_key: str) -> None:
        """Query locators die with the session that made them."""
        self.queries.close_session(session_key)

    # -- describe, replication, counts

    def describe(
        self, caller: Caller, sobject: str, *, version: str, tooling: bool = False
    ) -> dict[str, Any]:
        """An object and its fields, as far as the caller may see them."""
        access = self._access.of(caller)
        view = access.need(sobject, tooling=tooling)
        record_types = self.on_save.features.record_types(view.sobject.name)
        return describe.describe(access, view, record_types, version=version, tooling=tooling)

    def describe_global(self, caller: Caller, *, version: str, tooling: bool = False) -> dict[str, Any]:
        """All objects that the caller may see."""
        access = self._access.of(caller)
        return describe.describe_global(access, self._schema, version=version, tooling=tooling)

    def describe_summary(
        self, caller: Caller, sobject: str, *, version: str, tooling: bool = False
    ) -> dict[str, Any]:
        """What `GET /sobjects/X` answers: `objectDescribe` (an item of the global describe), `recentItems`."""
        view = self._access.of(caller).need(sobject, tooling=tooling)
        item = describe.summary(view, version=version, tooling=tooling)
        return {"objectDescribe": item, "recentItems": []}

    def schema_stamp(self) -> datetime:
        """When a describe last changed: for `If-Modified-Since` and `Last-Modified`."""
        ((stamp,),) = self._store.find('SELECT max("SystemModstamp") FROM "CustomField"')
        return datetime.strptime(stamp or founding.FOUNDED, "%Y-%m-%dT%H:%M:%S.%f%z")

    def updated(self, caller: Caller, sobject: str, start: datetime, end: datetime) -> dict[str, Any]:
        """Ids of records written between two moments (seconds are whole, the end is left out)."""
        view = self._access.of(caller).need(sobject)
        return replication.updated(self._store, view, start, end, self._clock())

    def deleted(self, caller: Caller, sobject: str, start: datetime, end: datetime) -> dict[str, Any]:
        """Ids of records deleted between two moments and still in the recycle bin."""
        view = self._access.of(caller).need(sobject)
        emptied = self._store.recall("bin emptied", founding.FOUNDED)
        earliest = max(emptied, stamp_text(self._clock() - replication.DELETED_BACK))
        return replication.deleted(self._store, view, start, end, self._clock(), earliest)

    def empty_recycle_bin(self) -> int:
        """Removes deleted records for good; deletions before now can no longer be asked for."""
        gone = 0
        with self._journal.transaction():
            for sobject in self._schema.objects.values():
                if sobject.soft_delete:
                    sql = f'DELETE FROM {quoted(sobject.name)} WHERE "IsDeleted" = 1'
                    gone += self._store.connection.execute(sql).rowcount
            self._store.remember("bin emptied", self.now())
        return gone

    def canonical(self, caller: Caller, sobject: str, *, tooling: bool = False) -> str:
        """The object's name as it is spelt (`account` -> `Account`); NOT_FOUND when it does not exist."""
        return self._access.of(caller).need(sobject, tooling=tooling).sobject.name

    def type_of(self, record_id: str) -> str:
        """The name of the object that an id's key prefix stands for; NOT_FOUND when there is none."""
        sobject = self._schema.by_prefix(ids.prefix(record_id))
        if sobject is None:
            raise not_found()
        return sobject.name

    # -- the org itself

    def switch_features(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Switches what the org has on for good (see Features); returns all. ValueError for what makes no sense."""
        with self._store.transaction():
            self.on_save.features.switch(values)
            self._custom_fields.load()
        self._forget()
        return self.on_save.features.as_dict()

    def renew(self) -> str:
        """Another organisation id behind the same address, as after a sandbox refresh. Returns it."""
        new_id = self._store.new_id("00D")
        with self._store.transaction():
            self._store.update(
                self._schema.objects["Organization"],
                self.org_id,
                {"Id": new_id, "IsSandbox": 1, "SystemModstamp": self.now()},
            )
            self._store.remember("org_id", new_id)
        self.org_id = new_id
        return new_id

    # -- transactions and seeding

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; nests (a savepoint each). Rolls back what its body did when the body raises."""
        with self._journal.transaction():
            yield

    def load(self, sobject: str, rows: Iterable[Mapping[str, Any]]) -> int:
        """Fast way in for seeding, streamed: trusted values under exact field names, in REST form.

        Id, CreatedDate, LastModifiedDate, SystemModstamp, CreatedById, LastModifiedById, OwnerId may be given;
        what is missing is filled in: the administrator, and the present moment. Returns the number of rows.
        Listeners do not hear of them.
        """
        found = self._schema.get(sobject)
        if found is None:
            raise ValueError(f"no such object: {sobject}")
        return load(self._store, found, rows, user_id=self.admin_id, stamp=self.now())
