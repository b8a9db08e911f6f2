"""What every record has to fulfil: required fields, references that lead somewhere, unique values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce import ids
from console.rehearsal.salesforce.errors import (
    ApiError,
    duplicate_value,
    field_integrity,
    invalid_cross_reference,
    required_missing,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from console.rehearsal.salesforce.lookup import Lookup
    from console.rehearsal.salesforce.rules.setup_objects import Rules
    from console.rehearsal.salesforce.schema import Schema, SObject
    from console.rehearsal.salesforce.store import Store


class Checks:
    """Looks at rows of stored values before they are written."""

    def __init__(self, store: Store, schema: Schema, lookup: Lookup, rules: Rules) -> None:
        self._store = store
        self._schema = schema
        self._lookup = lookup
        self._rules = rules

    @staticmethod
    def required(sobject: SObject, touched: Iterable[str], row: Mapping[str, Any]) -> None:
        """REQUIRED_FIELD_MISSING names every touched field that has no value and must have one."""
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

    def references(self, sobject: SObject, given: Mapping[str, Any]) -> None:
        """References lead to live records of their object, owners are active."""
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

    def unique(
        self, sobject: SObject, row: Mapping[str, Any], names: Iterable[str], own_id: str | None
    ) -> None:
        """DUPLICATE_VALUE, or the object's own words for it."""
        for name in names:
            field = sobject.fields[name]
            if not field.unique or row[name] is None:
                continue
            others = [each for each in self._lookup.live_ids(sobject, field, row[name]) if each != own_id]
            if others:
                raise self._rules.duplicate(sobject, field, row[name]) or duplicate_value(name, others[0])
