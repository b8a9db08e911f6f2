"""Writing records, with everything that an org enforces while it does.

Rules: https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/ and, for upserts,
https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/dome_upsert.htm.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce import ids
from console.rehearsal.salesforce.access import Access, View, require
from console.rehearsal.salesforce.errors import ApiError, MoreThanOne, malformed_id
from console.rehearsal.salesforce.lookup import MANY, external_id_field
from console.rehearsal.salesforce.values import to_stored

if TYPE_CHECKING:
    from collections.abc import Mapping

    from console.rehearsal.salesforce.access import AccessBook, Caller
    from console.rehearsal.salesforce.bin import Bin
    from console.rehearsal.salesforce.checks import Checks
    from console.rehearsal.salesforce.inputs import Inputs
    from console.rehearsal.salesforce.journal import Journal
    from console.rehearsal.salesforce.lookup import Lookup
    from console.rehearsal.salesforce.rules.on_save import SaveRules
    from console.rehearsal.salesforce.rules.setup_objects import Rules
    from console.rehearsal.salesforce.schema import Field, SObject
    from console.rehearsal.salesforce.stamps import Stamps
    from console.rehearsal.salesforce.store import Store


class Records:
    """Insert, update and upsert."""

    def __init__(
        self,
        store: Store,
        access: AccessBook,
        journal: Journal,
        rules: Rules,
        inputs: Inputs,
        lookup: Lookup,
        checks: Checks,
        stamps: Stamps,
        recycle_bin: Bin,
        on_save: SaveRules,
    ) -> None:
        self._store = store
        self._access = access
        self._journal = journal
        self._rules = rules
        self._inputs = inputs
        self._lookup = lookup
        self._checks = checks
        self._stamps = stamps
        self._bin = recycle_bin
        self._on_save = on_save

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
        given = self._inputs.read(access, view, values, inserting=True)
        row: dict[str, Any] = {each.name: None for each in sobject.stored_fields() if not each.generated}
        row.update(self._defaults(sobject))
        row.update({name: value for name, value in given.items() if value is not None or name not in row})
        if "OwnerId" in row and row["OwnerId"] is None:
            row["OwnerId"] = caller.user_id
        self._on_save.lock(caller, sobject, row)
        self._rules.before_insert(caller, sobject, row, values)
        asked = dict(row)
        self._on_save.before_checks(caller, sobject, None, row)
        filled = [
            name for name in asked if row[name] is not None and (name in given or row[name] != asked[name])
        ]
        self._checks.required(sobject, row, row)
        self._checks.references(sobject, given)
        self._checks.unique(sobject, row, given, None)
        self._on_save.after_checks(caller, sobject, None, row)
        stamp = self._stamps.now()
        record_id = self._store.new_id(sobject.key_prefix or "000")
        row.update(_audit(sobject, caller.user_id, stamp), Id=record_id)
        self._store.insert(sobject, row)
        self._rules.after_insert(caller, sobject, row)
        self._on_save.after_save(caller, sobject, row)
        self._journal.note(sobject, record_id, "CREATE", filled, caller, stamp)
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
            old = self._lookup.live_row(view.sobject, record_id)
            self._update(caller, access, view, old, values)

    def _update(
        self, caller: Caller, access: Access, view: View, old: dict[str, Any], values: Mapping[str, Any]
    ) -> None:
        sobject = view.sobject
        given = self._inputs.read(access, view, values, inserting=False)
        for name, value in given.items():
            if value is None and sobject.fields[name].type == "boolean":
                given[name] = 0
        record_id: str = old["Id"]
        if self._rules.before_update(caller, sobject, old, given, values) == "delete":
            self._bin.remove(caller, sobject, old)
            return
        self._on_save.lock(caller, sobject, old, given)
        row = {**old, **given}
        self._on_save.before_checks(caller, sobject, old, row)
        self._checks.required(sobject, given, row)
        changed = {name: value for name, value in row.items() if value != old[name]}
        self._checks.references(sobject, changed)
        self._checks.unique(sobject, row, changed, record_id)
        self._on_save.after_checks(caller, sobject, old, row)
        stamp = self._stamps.after(old)
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
        self._rules.after_update(caller, sobject, old, row)
        self._on_save.after_save(caller, sobject, row)
        if "LastModifiedById" in moved and moved["LastModifiedById"] != old["LastModifiedById"]:
            changed["LastModifiedById"] = caller.user_id
        self._journal.note(sobject, record_id, "UPDATE", changed, caller, stamp)

    # -- upsert

    def upsert(
        self, caller: Caller, name: str, ext_field: str, ext_value: object, values: Mapping[str, Any]
    ) -> tuple[str, bool]:
        """Inserts or updates by an external id; the id and whether it was created."""
        access = self._access.of(caller)
        view = access.need(name)
        field = external_id_field(view, ext_field)
        body = self._without_key(field, ext_value, values)
        if field.type == "id":
            record_id = ids.normalise(ext_value)
            if record_id is None:
                raise malformed_id(str(ext_value))
            require(view, "Edit")
            with self._journal.transaction():
                self._update(caller, access, view, self._lookup.live_row(view.sobject, record_id), body)
            return record_id, False
        stored = to_stored(field, ext_value)
        if stored is None:
            raise ApiError(400, "MISSING_ARGUMENT", f"{field.name} not specified", [])
        found = self._lookup.live_ids(view.sobject, field, stored)
        if len(found) > 1:
            raise MoreThanOne(view.sobject.name, field.label, found[: MANY - 1])
        with self._journal.transaction():
            if found:
                require(view, "Edit")
                self._update(caller, access, view, self._lookup.live_row(view.sobject, found[0]), body)
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


def _audit(sobject: SObject, user_id: str, stamp: str) -> dict[str, Any]:
    stamps = {
        "CreatedDate": stamp,
        "CreatedById": user_id,
        "LastModifiedDate": stamp,
        "LastModifiedById": user_id,
        "SystemModstamp": stamp,
    }
    return {name: value for name, value in stamps.items() if name in sobject.fields}
