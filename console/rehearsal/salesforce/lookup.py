"""Finding single records: by id, and by the values that stand for them."""

# ruff: noqa: S608 - every name in the SQL comes from the schema

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce import ids
from console.rehearsal.salesforce.errors import (
    entity_is_deleted,
    invalid_cross_reference,
    malformed_id,
    no_external_id_field,
)
from console.rehearsal.salesforce.store import quoted
from console.rehearsal.salesforce.textmatch import equals

if TYPE_CHECKING:
    from console.rehearsal.salesforce.access import View
    from console.rehearsal.salesforce.schema import Field, SObject
    from console.rehearsal.salesforce.store import Store

MANY = 11
"""How many records of one external id are looked at: more than an error names."""


class Lookup:
    """Looks records up in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def own_id(self, sobject: SObject, record_id: object) -> str:
        """The 18-character form of an id of this object; MALFORMED_ID for any other."""
        normal = ids.normalise(record_id)
        if normal is None or (sobject.key_prefix and ids.prefix(normal) != sobject.key_prefix):
            raise malformed_id(str(record_id))
        return normal

    def live_row(self, sobject: SObject, record_id: object) -> dict[str, Any]:
        """A record that is not deleted, as stored; 404 in the words that writes use."""
        row = self._store.row(sobject, self.own_id(sobject, record_id))
        if row is None:
            raise invalid_cross_reference(404)
        if row.get("IsDeleted"):
            raise entity_is_deleted()
        return row

    def live_ids(self, sobject: SObject, field: Field, stored: Any) -> list[str]:
        """The ids of the records, out of the recycle bin, that have a value; a handful at most."""
        where, parameters = _equals(field, stored)
        live = ' AND "IsDeleted" = 0' if sobject.soft_delete else ""
        sql = f'SELECT "Id" FROM {quoted(sobject.name)} WHERE {where}{live} LIMIT {MANY}'
        return [row[0] for row in self._store.find(sql, parameters)]


def external_id_field(view: View, name: str) -> Field:
    """The field that a path names to find records by; NOT_FOUND when it can't or is hidden."""
    field = view.get(name)
    if field is None or view.sobject.virtual or not (field.external_id or field.id_lookup):
        raise no_external_id_field(name)
    return field


def _equals(field: Field, stored: Any) -> tuple[str, list[Any]]:
    if isinstance(stored, str) and field.collation != "BINARY":
        where, parameters = equals(quoted(field.name), stored, case_sensitive=False)
        return where, list(parameters)
    return f"{quoted(field.name)} = ?", [stored]
