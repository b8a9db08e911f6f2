"""Between Salesforce's rows and the console's records: columns to ask for, rows to records, values to bodies."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from console.domain.fields import ACCOUNT_FIELDS, CONTACT_FIELDS, FIELD, FieldSpec, Kind
from console.domain.ids import to_18
from console.domain.normal import canonical
from console.domain.records import Account, Contact, Value, Values

ACCOUNT_SYSTEM = ("Id", "SystemModstamp", "CreatedDate", "LastModifiedById", "IsDeleted", "MasterRecordId")
PERSON = "IsPersonAccount"
"""Column of Account in orgs with person accounts only."""
CONTACT_SYSTEM = ("Id", "AccountId", "SystemModstamp", "CreatedDate", "IsDeleted")


def account_columns(
    readable: Collection[str] | None = None, *, person_accounts: bool = False
) -> tuple[str, ...]:
    """Columns of Account to ask for.

    :param readable: field keys that the user may see, None for all.
    :param person_accounts: the org has person accounts.
    """
    system = (*ACCOUNT_SYSTEM, PERSON) if person_accounts else ACCOUNT_SYSTEM
    return _columns(system, ACCOUNT_FIELDS, readable)


def contact_columns(readable: Collection[str] | None = None) -> tuple[str, ...]:
    """Columns of Contact to ask for; see `account_columns`."""
    return _columns(CONTACT_SYSTEM, CONTACT_FIELDS, readable)


def account(row: Mapping[str, Any]) -> Account:
    """A row of Account as a record; a column that was not asked for stays unknown.

    :raises KeyError: the row has no ``Id``.
    """
    master = row.get("MasterRecordId")
    values = _values(row, ACCOUNT_FIELDS)
    return Account(
        id=to_18(row["Id"]),
        name=values.get("Name") or "",
        modstamp=_instant(row.get("SystemModstamp")),
        values=values,
        modified_by=str(row.get("LastModifiedById") or ""),
        created_at=_instant(row.get("CreatedDate")),
        deleted=row.get("IsDeleted") is True,
        merged_into=to_18(master) if isinstance(master, str) else None,
        person=row.get(PERSON) is True,
    )


def contact(row: Mapping[str, Any]) -> Contact:
    """A row of Contact as a record; a column that was not asked for stays unknown.

    :raises KeyError: the row has no ``Id``.
    """
    owner = row.get("AccountId")
    return Contact(
        id=to_18(row["Id"]),
        account_id=to_18(owner) if isinstance(owner, str) else "",
        modstamp=_instant(row.get("SystemModstamp")),
        values=_values(row, CONTACT_FIELDS),
        created_at=_instant(row.get("CreatedDate")),
        deleted=row.get("IsDeleted") is True,
    )


def body(values: Values) -> dict[str, Any]:
    """Field values, by key and all of one object, as a JSON body: numbers for amounts, null for empty.

    Amounts have at most ten digits, which a double keeps exactly.

    :raises KeyError: a key that is not in the field table.
    """
    return {FIELD[key].sf_name: _json(FIELD[key].kind, value) for key, value in values.items()}


def _columns(
    system: Sequence[str], specs: Sequence[FieldSpec], readable: Collection[str] | None
) -> tuple[str, ...]:
    wanted = (spec.sf_name for spec in specs if readable is None or spec.key in readable)
    return tuple(dict.fromkeys((*system, *wanted)))


def _values(row: Mapping[str, Any], specs: Sequence[FieldSpec]) -> dict[str, Value]:
    """What the row holds, by field key; a value of a kind that the field cannot hold tells nothing and stays unknown."""
    values: dict[str, Value] = {}
    for spec in specs:
        if spec.sf_name in row:
            try:
                values[spec.key] = canonical(spec.kind, row[spec.sf_name])
            except ValueError:
                continue
    return values


def _instant(raw: object) -> str:
    return canonical(Kind.INSTANT, raw) or ""


def _json(kind: Kind, value: Value) -> str | float | None:
    if value is None:
        return None
    return float(Decimal(value)) if kind is Kind.AMOUNT else value
