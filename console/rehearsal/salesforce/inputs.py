"""What a request says about a record: names to fields, values to what is stored, references to ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce.errors import ApiError, MoreThanOne, no_such_column, read_only_fields
from console.rehearsal.salesforce.lookup import MANY
from console.rehearsal.salesforce.values import clean_text, to_stored, unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from console.rehearsal.salesforce.access import Access, View
    from console.rehearsal.salesforce.lookup import Lookup
    from console.rehearsal.salesforce.schema import Field


class Inputs:
    """Reads the values of writes."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    def read(
        self, access: Access, view: View, values: Mapping[str, Any], *, inserting: bool
    ) -> dict[str, Any]:
        """Stored values by field name; raises for what the caller may not write or the type does not take."""
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
        found = self._lookup.live_ids(target.sobject, field, stored) if stored is not None else []
        if not found:
            message = (
                f"Foreign key external ID: {clean_text(str(wanted), lines=False) or ''} not found for field "
                f"{field.name} in entity {target.sobject.name}"
            )
            raise ApiError(400, "INVALID_FIELD", message)
        if len(found) > 1:
            raise MoreThanOne(target.sobject.name, field.label, found[: MANY - 1])
        return found[0]
