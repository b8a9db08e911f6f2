"""Writing records, with everything that an org enforces while it does.

Rules: https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/ and, for upserts,
https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/dome_upsert.htm.
"""

# ruff: noqa: S608 - every name in the SQL comes from the schema

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from . import ids
from .access import Access, View, require
from .errors import (
    ApiError,
    MoreThanOne,
    duplicate_value,
    entity_is_deleted,
    field_integrity,
    invalid_cross_reference,
    malformed_id,
    no_external_id_field,
    no_such_column,
    read_only_fields,
    required_missing,
)
from .journal import Change
from .store import quoted
from .textmatch import equals
from .values import clean_text, parse_moment, stamp_text, to_stored, unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from .access import AccessBook, Caller
    from .journal import Journal
    from .rules import Rules
    from .schema import Field, Schema, SObject
    from .store import Store

MANY = 11
"""How many records of one external id an error names at most, plus one."""


class Records:
    """Insert, update, upsert, delete and undelete."""

    def __init__(
        self,
        store: Store,
        schema: Schema,
        access: AccessBook,
        journal: Journal,
        rules: Rules,
        now: Callable[[], str],
    ) -> None:
        self._store = store
        self._schema = schema
        self._access = access
        self._journal = journal
        self._rules = rules
        self._now = now

    # -- insert

    def insert(self, caller: Caller, name: str, values: Mapping[str, Any], *, tooling: bool = False) -> str:
        """The id of the new record."""
        access = self._access.of(caller)
        view = access.need(name, tooling=tooling)
        require(view, "Create")
        with self._journal.transaction():
            return self._insert(caller, access, view, values)

    def _insert(self, caller: Caller, access: Access, view: View, values: Mapping[str, Any]) -> str:
        sobject = view.sobject
        given = self._read_values(access, view, values, inserting=True)
        row: dict[str, Any] = {each.name: None for each in sobject.stored_fields() if not each.generated}
        row.update(self._defaults(sobject))
        row.update({name: value for name, value in given.items() if value is not None or name not in row})
        if "OwnerId" in row and row["OwnerId"] is None:
            row["OwnerId"] = caller.user_id
        self._rules.before_insert(caller, sobject, row, values)
        self._check_required(sobject, row, row)
        self._check_references(sobject, given)
        self._check_unique(sobject, row, given, None)
        stamp = self._now()
        record_id = self._store.new_id(sobject.key_prefix or "000")
        row.update(_audit(sobject, caller.user_id, stamp), Id=record_id)
        self._store.insert(sobject, row)
        self._rules.after_insert(caller, sobject, row)
        self._note(
            sobject, record_id, "CREATE", [n for n, v in given.items() if v is not None], caller, stamp
        )
        return record_id

    @staticmethod
    def _defaults(sobject: SObject) -> dict[str, Any]:
        return {
            each.name: int(each.default) if isinstance(each.default, bool) else each.default
            for each in sobject.stored_fields()
            if each.default is not None and not each.generated
        }

    # -- update

    def update(
        self,
        caller: Caller,
        name: str,
        record_id: str,
        values: Mapping[str, Any],
        *,
        tooling: bool = False,
    ) -> None:
        """Changes a record. Its stamps move even when no value is another."""
        access = self._access.of(caller)
        view = access.need(name, tooling=tooling)
        require(view, "Edit")
        with self._journal.transaction():
            old = self._live_row(view.sobject, record_id)
            self._update(caller, access, view, old, values)

    def _update(
        self, caller: Caller, access: Access, view: View, old: dict[str, Any], values: Mapping[str, Any]
    ) -> None:
        sobject = view.sobject
        given = self._read_values(access, view, values, inserting=False)
        for name, value in given.items():
            if value is None and sobject.fields[name].type == "boolean":
                given[name] = 0
        record_id: str = old["Id"]
        if self._rules.before_update(caller, sobject, old, given, values) == "delete":
            self._remove(caller, sobject, old)
            return
        self._check_required(sobject, given, {**old, **given})
        changed = {name: value for name, value in given.items() if value != old[name]}
        self._check_references(sobject, changed)
        self._check_unique(sobject, given, changed, record_id)
        stamp = self.later(old)
        moved = {
            name: value
            for name, value in (
                ("LastModifiedDate", stamp),
                ("LastModifiedById", caller.user_id),
                ("SystemModstamp", stamp),
            )
            if name in sobject.fields
        }
        self._store.update(sobject, record_id, {**changed, **moved})
        self._rules.after_update(caller, sobject, old, {**old, **changed})
        self._note(sobject, record_id, "UPDATE", changed, caller, stamp)

    def later(self, old: Mapping[str, Any]) -> str:
        """A stamp for a row's next state: now, and in any case after the last."""
        now = self._now()
        last = old.get("SystemModstamp")
        if last is None or last < now:
            return now
        moment = parse_moment(last)
        if moment is None:
            raise ValueError(f"the record {old.get('Id')} has no readable stamp")
        return stamp_text(moment + timedelta(milliseconds=1))

    # -- upsert

    def upsert(
        self, caller: Caller, name: str, ext_field: str, ext_value: object, values: Mapping[str, Any]
    ) -> tuple[str, bool]:
        """Inserts or updates by an external id; the id and whether it was created."""
        access = self._access.of(caller)
        view = access.need(name)
        field = self.external_id_field(view, ext_field)
        body = self._without_key(field, ext_value, values)
        if field.type == "id":
            record_id = ids.normalise(ext_value)
            if record_id is None:
                raise malformed_id(str(ext_value))
            require(view, "Edit")
            with self._journal.transaction():
                self._update(caller, access, view, self._live_row(view.sobject, record_id), body)
            return record_id, False
        stored = to_stored(field, ext_value)
        if stored is None:
            raise ApiError(400, "MISSING_ARGUMENT", f"{field.name} not specified", [])
        found = self.find_live(view.sobject, field, stored)
        if len(found) > 1:
            raise MoreThanOne(view.sobject.name, field.label, found[: MANY - 1])
        with self._journal.transaction():
            if found:
                require(view, "Edit")
                self._update(caller, access, view, self._live_row(view.sobject, found[0]), body)
                return found[0], False
            require(view, "Create")
            return self._insert(caller, access, view, {**body, field.name: ext_value}), True

    @staticmethod
    def _without_key(field: Field, ext_value: object, values: Mapping[str, Any]) -> dict[str, Any]:
        body = dict(values)
        for name in [each for each in body if each.lower() == field.name.lower()]:
            if body.pop(name) != ext_value:
                message = f"The {field.name} field should not be specified in the sobject data."
                raise ApiError(400, "INVALID_FIELD", message)
        return body

    @staticmethod
    def external_id_field(view: View, name: str) -> Field:
        """The field that a path names to find records by; NOT_FOUND when it can't or is hidden."""
        field = view.get(name)
        if field is None or not (field.external_id or field.id_lookup):
            raise no_external_id_field(name)
        return field

    def find_live(self, sobject: SObject, field: Field, stored: Any) -> list[str]:
        """The ids of the records, out of the recycle bin, that have a value; a handful at most."""
        where, parameters = _equals(field, stored)
        live = ' AND "IsDeleted" = 0' if sobject.soft_delete else ""
        sql = f'SELECT "Id" FROM {quoted(sobject.name)} WHERE {where}{live} LIMIT {MANY}'
        return [row[0] for row in self._store.find(sql, parameters)]

    # -- delete

    def delete(self, caller: Caller, name: str, record_id: str, *, tooling: bool = False) -> None:
        """Moves a record to the recycle bin with what hangs on it, or removes it where there is no bin."""
        view = self._access.of(caller).need(name, tooling=tooling)
        require(view, "Delete")
        with self._journal.transaction():
            self._remove(caller, view.sobject, self._live_row(view.sobject, record_id))

    def _remove(
        self, caller: Caller, sobject: SObject, old: dict[str, Any], deletion: int | None = None
    ) -> None:
        record_id: str = old["Id"]
        stamp = self.later(old)
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
        self._note(sobject, record_id, "DELETE", (), caller, stamp)

    def _let_go(self, caller: Caller, sobject: SObject, record_id: str, deletion: int) -> None:
        for child, field in self._children(sobject):
            for row in self._rows_under(child, field, record_id):
                if field.cascade_delete:
                    self._remove(caller, child, row, deletion)
                else:
                    moved = self.later(row)
                    self._store.update(child, row["Id"], {field.name: None, "SystemModstamp": moved})
                    self._note(child, row["Id"], "UPDATE", [field.name], caller, moved)

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
        master, loser = self._live_row(sobject, master_id), self._live_row(sobject, loser_id)
        if master["Id"] == loser["Id"]:
            raise ApiError(400, "INVALID_ID_FIELD", "cannot merge a record with itself", ["Id"])
        with self._journal.transaction():
            for child, field in self._children(sobject):
                for row in self._rows_under(child, field, loser["Id"]):
                    moved = self.later(row)
                    self._store.update(child, row["Id"], {field.name: master["Id"], "SystemModstamp": moved})
                    self._note(child, row["Id"], "UPDATE", [field.name], caller, moved)
            self._store.update(sobject, loser["Id"], {"MasterRecordId": master["Id"]})
            self._remove(caller, sobject, {**loser, "MasterRecordId": master["Id"]})
            self._update(caller, self._access.of(caller), view, self._live_row(sobject, master["Id"]), {})

    # -- undelete

    def undelete(self, caller: Caller, name: str, record_id: str) -> None:
        """Takes a record out of the recycle bin, with the records that went with it."""
        view = self._access.of(caller).need(name)
        require(view, "Delete")
        sobject = view.sobject
        row = self._store.row(sobject, self.own_id(sobject, record_id)) if sobject.soft_delete else None
        if row is None:
            raise invalid_cross_reference(404)
        if not row["IsDeleted"]:
            raise ApiError(400, "UNDELETE_FAILED", "entity is not in the recycle bin", [])
        with self._journal.transaction():
            self._check_unique(sobject, row, sobject.fields, row["Id"])
            self._restore(caller, sobject, row)

    def _restore(self, caller: Caller, sobject: SObject, row: dict[str, Any]) -> None:
        stamp = self.later(row)
        self._store.update(sobject, row["Id"], {"IsDeleted": 0, "_bin": None, "SystemModstamp": stamp})
        filled = [each.name for each in sobject.stored_fields() if row[each.name] is not None]
        self._note(sobject, row["Id"], "UNDELETE", filled, caller, stamp)
        for child, field in self._schema.children_of(sobject.name):
            if not (field.cascade_delete and child.soft_delete):
                continue
            sql = f'SELECT "Id" FROM {quoted(child.name)} WHERE {quoted(field.name)} = ? AND _bin = ?'
            for (child_id,) in self._store.find(sql, (row["Id"], row["_bin"])):
                found = self._store.row(child, child_id)
                if found is not None:
                    self._restore(caller, child, found)

    # -- reading what a request says

    def _read_values(
        self, access: Access, view: View, values: Mapping[str, Any], *, inserting: bool
    ) -> dict[str, Any]:
        sobject = view.sobject
        found: dict[str, Any] = {}
        locked: list[str] = []
        for name, value in values.items():
            lower = name.lower()
            if lower == "attributes":
                continue
            if lower == "id":
                if inserting:
                    message = "cannot specify Id in an insert call"
                    raise ApiError(400, "INVALID_FIELD_FOR_INSERT_UPDATE", message, ["Id"])
                raise ApiError(
                    400, "INVALID_FIELD", "The Id field should not be specified in the sobject data."
                )
            field = view.fields.get(lower)
            if field is None:
                reference = view.relationships.get(lower)
                if reference is None:
                    raise no_such_column(name, sobject.name)
                field, value = reference, self._foreign_key(access, reference, value)
            able = field.createable if inserting else field.updateable
            if not able or field.name not in view.writable:
                locked.append(field.name)
                continue
            found[field.name] = to_stored(field, value)
        if locked:
            raise read_only_fields(locked)
        return found

    def _foreign_key(self, access: Access, reference: Field, value: Any) -> str | None:
        """The id that `"Account": {"Ext__c": "x"}` stands for."""
        if value is None:
            return None
        if not isinstance(value, dict):
            raise unreadable(f"reference {reference.relationship_name}", value)
        keys = {name: each for name, each in value.items() if name.lower() not in {"attributes", "type"}}
        target = access.need(reference.reference_to)
        if len(keys) != 1:
            raise ApiError(
                400, "INVALID_FIELD", f"{reference.relationship_name}: exactly one field is needed"
            )
        ((name, wanted),) = keys.items()
        field = target.get(name)
        if field is None or not (field.external_id or field.id_lookup):
            message = (
                f"Field name provided, {name} does not match an External ID, Salesforce Id, or indexed field "
                f"for {target.sobject.name}"
            )
            raise ApiError(400, "INVALID_FIELD", message)
        stored = to_stored(field, wanted)
        found = self.find_live(target.sobject, field, stored) if stored is not None else []
        if not found:
            message = (
                f"Foreign key external ID: {clean_text(str(wanted), lines=False) or ''} not found for field "
                f"{field.name} in entity {target.sobject.name}"
            )
            raise ApiError(400, "INVALID_FIELD", message)
        if len(found) > 1:
            raise MoreThanOne(target.sobject.name, field.label, found[: MANY - 1])
        return found[0]

    # -- checks

    def own_id(self, sobject: SObject, record_id: object) -> str:
        """The 18-character form of an id of this object; MALFORMED_ID for any other."""
        normal = ids.normalise(record_id)
        if normal is None or (sobject.key_prefix and ids.prefix(normal) != sobject.key_prefix):
            raise malformed_id(str(record_id))
        return normal

    def _live_row(self, sobject: SObject, record_id: object) -> dict[str, Any]:
        row = self._store.row(sobject, self.own_id(sobject, record_id))
        if row is None:
            raise invalid_cross_reference(404)
        if row.get("IsDeleted"):
            raise entity_is_deleted()
        return row

    @staticmethod
    def _check_required(sobject: SObject, touched: Mapping[str, Any], row: Mapping[str, Any]) -> None:
        missing = [
            name
            for name in touched
            if row[name] is None
            and not (field := sobject.fields[name]).nillable
            and (field.createable or field.updateable)
            and not field.generated
        ]
        if missing:
            raise required_missing(missing)

    def _check_references(self, sobject: SObject, given: Mapping[str, Any]) -> None:
        for name, value in given.items():
            field = sobject.fields[name]
            if value is None or not field.reference_to:
                continue
            target = self._schema.objects[field.reference_to]
            if ids.prefix(value) != target.key_prefix:
                message = f"{field.label}: id value of incorrect type: {value}"
                raise field_integrity(message, [name])
            row = self._store.row(target, value)
            if row is None:
                raise invalid_cross_reference()
            if row.get("IsDeleted"):
                raise ApiError(400, "ENTITY_IS_DELETED", "entity is deleted", [])
            if name == "OwnerId" and not row["IsActive"]:
                message = (
                    f"operation performed with inactive user [{value}] as owner of {sobject.label.lower()}"
                )
                raise ApiError(400, "INACTIVE_OWNER_OR_USER", message, [])

    def _check_unique(
        self, sobject: SObject, row: Mapping[str, Any], names: Iterable[str], own_id: str | None
    ) -> None:
        for name in names:
            field = sobject.fields[name]
            if not field.unique or row[name] is None:
                continue
            others = [each for each in self.find_live(sobject, field, row[name]) if each != own_id]
            if others:
                raise self._rules.duplicate(sobject, field, row[name]) or duplicate_value(name, others[0])

    def _note(
        self, sobject: SObject, record_id: str, kind: str, fields: Any, caller: Caller, stamp: str
    ) -> None:
        if sobject.setup:
            self._journal.touch_setup()
            self._access.forget()
        self._journal.note(Change(sobject.name, record_id, kind, frozenset(fields), caller, stamp))


def _equals(field: Field, stored: Any) -> tuple[str, list[Any]]:
    if isinstance(stored, str) and field.collation != "BINARY":
        where, parameters = equals(quoted(field.name), stored, case_sensitive=False)
        return where, list(parameters)
    return f"{quoted(field.name)} = ?", [stored]


def _audit(sobject: SObject, user_id: str, stamp: str) -> dict[str, Any]:
    stamps = {
        "CreatedDate": stamp,
        "CreatedById": user_id,
        "LastModifiedDate": stamp,
        "LastModifiedById": user_id,
        "SystemModstamp": stamp,
    }
    return {name: value for name, value in stamps.items() if name in sobject.fields}
