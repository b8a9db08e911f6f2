"""The recycle bin: delete, undelete, merge, and what hangs on the records they are about."""

# ruff: noqa: S608 - every name in the SQL comes from the schema

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce.access import require
from console.rehearsal.salesforce.errors import ApiError, invalid_cross_reference
from console.rehearsal.salesforce.store import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from console.rehearsal.salesforce.access import AccessBook, Caller
    from console.rehearsal.salesforce.checks import Checks
    from console.rehearsal.salesforce.journal import Journal
    from console.rehearsal.salesforce.lookup import Lookup
    from console.rehearsal.salesforce.rules.on_save import SaveRules
    from console.rehearsal.salesforce.rules.setup_objects import Rules
    from console.rehearsal.salesforce.schema import Field, Schema, SObject
    from console.rehearsal.salesforce.stamps import Stamps
    from console.rehearsal.salesforce.store import Store


class Bin:
    """Moves records to the recycle bin and back."""

    def __init__(
        self,
        store: Store,
        schema: Schema,
        access: AccessBook,
        journal: Journal,
        rules: Rules,
        lookup: Lookup,
        checks: Checks,
        stamps: Stamps,
        on_save: SaveRules,
    ) -> None:
        self._store = store
        self._schema = schema
        self._access = access
        self._journal = journal
        self._rules = rules
        self._lookup = lookup
        self._checks = checks
        self._stamps = stamps
        self._on_save = on_save

    def delete(self, caller: Caller, name: str, record_id: str, *, tooling: bool = False) -> None:
        """Moves a record to the recycle bin with what hangs on it, or removes it where there is no bin."""
        view = self._access.of(caller).need(name, tooling=tooling)
        require(view, "Delete")
        with self._journal.transaction():
            self.remove(caller, view.sobject, self._lookup.live_row(view.sobject, record_id))

    def remove(
        self, caller: Caller, sobject: SObject, old: dict[str, Any], deletion: int | None = None
    ) -> None:
        record_id: str = old["Id"]
        stamp = self._stamps.after(old)
        self._on_save.lock(caller, sobject, old)
        if deletion is None:
            deletion = self._store.take_numbers("deletion")
        self._rules.before_delete(caller, sobject, old)
        self._let_go(caller, sobject, record_id, deletion)
        if sobject.soft_delete:
            moved = {
                "IsDeleted": 1,
                "_bin": deletion,
                "SystemModstamp": stamp,
                "LastModifiedDate": stamp,
                "LastModifiedById": caller.user_id,
            }
            self._store.update(sobject, record_id, moved)
        else:
            self._store.remove(sobject, record_id)
        self._rules.after_delete(caller, sobject, old)
        self._journal.note(sobject, record_id, "DELETE", (), caller, stamp)

    def _let_go(self, caller: Caller, sobject: SObject, record_id: str, deletion: int) -> None:
        for child, field in self._children(sobject):
            for row in self._rows_under(child, field, record_id):
                if field.cascade_delete:
                    self.remove(caller, child, row, deletion)
                else:
                    moved = self._stamps.after(row)
                    self._store.update(child, row["Id"], {field.name: None, "SystemModstamp": moved})
                    self._journal.note(child, row["Id"], "UPDATE", [field.name], caller, moved)

    def _children(self, sobject: SObject) -> Iterator[tuple[SObject, Field]]:
        """The reference fields of records that hang on others, not of who made or owns them."""
        for child, field in self._schema.children_of(sobject.name):
            if field.name not in {"MasterRecordId", "CreatedById", "LastModifiedById", "OwnerId"}:
                yield child, field

    def _rows_under(self, child: SObject, field: Field, record_id: str) -> Iterator[dict[str, Any]]:
        """The live rows that point at a record, each read when its turn comes."""
        live = ' AND "IsDeleted" = 0' if child.soft_delete else ""
        sql = f'SELECT "Id" FROM {quoted(child.name)} WHERE {quoted(field.name)} = ?{live}'
        for (child_id,) in self._store.find(sql, (record_id,)):
            row = self._store.row(child, child_id)
            if row is not None and not row.get("IsDeleted"):
                yield row

    def purge(self, name: str, record_id: str) -> None:
        """Takes a deleted record out of the bin for good, with what went there together."""
        sobject = self._schema.get(name)
        if sobject is None or not sobject.soft_delete:
            return
        own_id = self._lookup.own_id(sobject, record_id)
        row = self._store.row(sobject, own_id)
        if row is None:
            return
        for each in self._schema.objects.values():
            if each.soft_delete:
                self._store.connection.execute(
                    f"DELETE FROM {quoted(each.name)} WHERE _bin = ?", (row["_bin"],)
                )

    # -- merge

    def merge(self, caller: Caller, name: str, master_id: str, loser_id: str) -> None:
        """Moves what hangs on one record to another, and the record itself to the recycle bin.

        https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_merge.htm
        """
        view = self._access.of(caller).need(name)
        sobject = view.sobject
        if not sobject.mergeable:
            raise ApiError(400, "INVALID_TYPE_FOR_OPERATION", f"entity type {name} does not support merge")
        require(view, "Edit")
        require(view, "Delete")
        master, loser = self._lookup.live_row(sobject, master_id), self._lookup.live_row(sobject, loser_id)
        if master["Id"] == loser["Id"]:
            raise ApiError(400, "INVALID_ID_FIELD", "cannot merge a record with itself", ["Id"])
        with self._journal.transaction():
            for child, field in self._children(sobject):
                for row in self._rows_under(child, field, loser["Id"]):
                    moved = self._stamps.after(row)
                    self._store.update(child, row["Id"], {field.name: master["Id"], "SystemModstamp": moved})
                    self._journal.note(child, row["Id"], "UPDATE", [field.name], caller, moved)
            self._store.update(sobject, loser["Id"], {"MasterRecordId": master["Id"]})
            self.remove(caller, sobject, {**loser, "MasterRecordId": master["Id"]})

    # -- undelete

    def undelete(self, caller: Caller, name: str, record_id: str) -> None:
        """Takes a record out of the recycle bin, with the records that went with it."""
        view = self._access.of(caller).need(name)
        require(view, "Delete")
        sobject = view.sobject
        row = (
            self._store.row(sobject, self._lookup.own_id(sobject, record_id)) if sobject.soft_delete else None
        )
        if row is None:
            raise invalid_cross_reference(404)
        if not row["IsDeleted"]:
            raise ApiError(400, "UNDELETE_FAILED", "entity is not in the recycle bin", [])
        with self._journal.transaction():
            self._checks.unique(sobject, row, sobject.fields, row["Id"])
            self._restore(caller, sobject, row)

    def _restore(self, caller: Caller, sobject: SObject, row: dict[str, Any]) -> None:
        stamp = self._stamps.after(row)
        self._store.update(sobject, row["Id"], {"IsDeleted": 0, "_bin": None, "SystemModstamp": stamp})
        filled = [each.name for each in sobject.stored_fields() if row[each.name] is not None]
        self._journal.note(sobject, row["Id"], "UNDELETE", filled, caller, stamp)
        for child, field in self._schema.children_of(sobject.name):
            if not (field.cascade_delete and child.soft_delete):
                continue
            sql = f'SELECT "Id" FROM {quoted(child.name)} WHERE {quoted(field.name)} = ? AND _bin = ?'
            for (child_id,) in self._store.find(sql, (row["Id"], row["_bin"])):
                found = self._store.row(child, child_id)
                if found is not None:
                    self._restore(caller, child, found)
