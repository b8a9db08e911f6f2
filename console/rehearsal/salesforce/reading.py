"""Records by their id or by a value that is theirs alone, and how many there are."""

# ruff: noqa: S608 - every name in the SQL comes from the schema

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce.errors import MoreThanOne, entity_is_deleted, no_such_column, not_found
from console.rehearsal.salesforce.lookup import Lookup, external_id_field
from console.rehearsal.salesforce.store import Store, quoted
from console.rehearsal.salesforce.values import to_stored

if TYPE_CHECKING:
    from console.rehearsal.salesforce.access import AccessBook, Caller, View
    from console.rehearsal.salesforce.query import Queries


class Reading:
    """What a caller may see of single records. All raise ApiError."""

    def __init__(self, store: Store, access: AccessBook, lookup: Lookup, queries: Queries) -> None:
        self._store = store
        self._access = access
        self._lookup = lookup
        self._queries = queries

    def read(
        self,
        caller: Caller,
        sobject: str,
        record_id: str,
        fields: Sequence[str] | None,
        *,
        version: str,
        tooling: bool = False,
    ) -> dict[str, Any]:
        """The record with `attributes` first; `fields` None means all that the caller may see."""
        view = self._access.of(caller).need(sobject, tooling=tooling)
        return self._read(caller, view, record_id, fields, version=version, tooling=tooling)

    def _read(
        self,
        caller: Caller,
        view: View,
        record_id: str,
        fields: Sequence[str] | None,
        *,
        version: str,
        tooling: bool,
    ) -> dict[str, Any]:
        if not view.sobject.virtual:
            record_id = self._lookup.own_id(view.sobject, record_id)
            row = self._store.row(view.sobject, record_id)
            if row is None:
                raise not_found()
            if row.get("IsDeleted"):
                raise entity_is_deleted()
        if fields is None:
            names = [each.name for each in view.fields.values()]
        else:
            names = list({name.lower(): name for name in fields}.values())
            for name in names:
                if "." not in name and view.get(name) is None:
                    raise no_such_column(name, view.sobject.name)
            if "id" not in (name.lower() for name in names):
                names.append("Id")
        return self._queries.read(caller, view, record_id, names, version=version, tooling=tooling)

    def read_by_external_id(
        self,
        caller: Caller,
        sobject: str,
        ext_field: str,
        ext_value: str,
        fields: Sequence[str] | None,
        *,
        version: str,
    ) -> dict[str, Any]:
        """The one record that has a value; NOT_FOUND, or MoreThanOne."""
        view = self._access.of(caller).need(sobject)
        field = external_id_field(view, ext_field)
        stored = to_stored(field, ext_value)
        found = self._lookup.live_ids(view.sobject, field, stored) if stored is not None else []
        if not found:
            raise not_found()
        if len(found) > 1:
            raise MoreThanOne(view.sobject.name, field.label, found)
        return self._read(caller, view, found[0], fields, version=version, tooling=False)

    def record_counts(self, caller: Caller, sobjects: Sequence[str]) -> dict[str, int]:
        """Live records by object name; names that do not exist for the caller are left out."""
        access = self._access.of(caller)
        counts: dict[str, int] = {}
        for name in sobjects:
            view = access.view(name)
            if view is None or view.sobject.virtual:
                continue
            live = ' WHERE "IsDeleted" = 0' if view.sobject.soft_delete else ""
            ((count,),) = self._store.find(f"SELECT count(*) FROM {quoted(view.sobject.name)}{live}")
            counts[view.sobject.name] = count
        return counts
