"""Between Salesforce's rows and the console's records: columns to ask for, rows to records, values to bodies."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from console.domain.fields import ACCOUNT_FIELDS, CONTACT_FIELDS, FIELD, FieldSpec, Kind
from console.domain.ids import to_18
from console.domain.normal import canonical
from console.domain.picklists import COUNTRY, STATE, Picklists
from console.domain.records import Account, Contact, Value, Values

ACCOUNT_SYSTEM = ("Id", "SystemModstamp", "CreatedDate", "LastModifiedById", "IsDeleted", "MasterRecordId")
PERSON = "IsPersonAccount"
"""Column of Account in orgs with person accounts only."""
CODE = {COUNTRY: "BillingCountryCode", STATE: "BillingStateCode"}
"""By field key: the column that names the same by its code, in orgs with state and country picklists only."""
CONTACT_SYSTEM = ("Id", "AccountId", "SystemModstamp", "CreatedDate", "IsDeleted")


def account_columns(
    readable: Collection[str] | None = None, *, person_accounts: bool = False, coded: bool = False
) -> tuple[str, ...]:
    """Columns of Account to ask for.

    :param readable: field keys that the user may see, None for all.
    :param person_accounts: the org has person accounts.
    :param coded: the org has state and country picklists.
    """
    system = (*ACCOUNT_SYSTEM, PERSON) if person_accounts else ACCOUNT_SYSTEM
    codes = [CODE[key] for key in CODE if coded and (readable is None or key in readable)]
    return (*_columns(system, ACCOUNT_FIELDS, readable), *codes)


def contact_columns(readable: Collection[str] | None = None) -> tuple[str, ...]:
    """Columns of Contact to ask for; see `account_columns`."""
    return _columns(CONTACT_SYSTEM, CONTACT_FIELDS, readable)


def account(row: Mapping[str, Any], lists: Picklists | None = None) -> Account:
    """A row of Account as a record; a column that was not asked for stays unknown.

    Where there are lists of countries and states, the codes tell which ones are meant: the text beside them is an integration
    value, which an administrator can change, and older records keep the old one
    (https://help.salesforce.com/s/articleView?id=xcloud.admin_state_country_picklists_integ_values.htm).

    :raises KeyError: the row has no ``Id``.
    """
    master = row.get("MasterRecordId")
    values = _values(row, ACCOUNT_FIELDS)
    if lists is not None and (country := row.get(CODE[COUNTRY])) is not None:
        values.update(lists.named(country, row.get(CODE[STATE])))
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


def body(values: Values, lists: Picklists | None = None, country: Value = None) -> dict[str, Any]:
    """Field values, by key and all of one object, as a JSON body: numbers for amounts, null for empty.

    Amounts have at most ten digits, which a double keeps exactly. Countries and states go by their codes where the org has lists of
    them: it takes their names only while these are their integration values, too.

    :param country: what the account holds, where its state alone is written.
    :raises KeyError: a key that is not in the field table.
    """
    codes = lists.coded(values, country) if lists is not None else {}
    texts = {
        FIELD[key].sf_name: _json(FIELD[key].kind, value) for key, value in values.items() if key not in codes
    }
    return {**texts, **{CODE[key]: code for key, code in codes.items()}}


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
