"""What an org can have switched on for good: currencies, state and country picklists, person accounts, encryption.

Each brings fields of its own; record types bring theirs with the first record type of an object. See
https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/ (CurrencyType, RecordType, Account) and
https://help.salesforce.com/s/articleView?id=platform.admin_state_country_picklists_overview.htm.
"""

# ruff: noqa: S608 - every name in the SQL comes from the schema

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce.errors import ApiError
from console.rehearsal.salesforce.features import places
from console.rehearsal.salesforce.features.fields import (
    CURRENCIES,
    PERSON_PARTS,
    address_starts,
    codes,
    currency,
    currency_type,
    person_fields,
    record_type_id,
)
from console.rehearsal.salesforce.store import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from console.rehearsal.salesforce.schema import Schema, SObject
    from console.rehearsal.salesforce.store import Store

BUSINESS = ("Account", "Contact")
FLAGS = ("multi_currency", "state_country_picklists", "person_accounts")
_STATE = "features"


class Features:
    """Which features are on, and what they do with records that are saved."""

    def __init__(self, store: Store, schema: Schema) -> None:
        self._store = store
        self._schema = schema
        self._on: dict[str, Any] = {}

    def as_dict(self) -> dict[str, Any]:
        """Every feature with its present value."""
        return {
            **{name: bool(self._on.get(name)) for name in FLAGS},
            "encrypted": list(self._on.get("encrypted", [])),
            "integration_values": dict(self._on.get("integration_values", {})),
        }

    def apply(self) -> None:
        """Makes the schema what the features say; tables get the columns that they miss."""
        self._on = dict(self._store.recall(_STATE, {}))
        if self._on.get("multi_currency"):
            self._schema.add(currency_type())
            self._store.create_table(self._schema.objects["CurrencyType"])
            self._found_currencies()
        else:
            self._schema.remove("CurrencyType")
        for name in BUSINESS:
            self._shape(self._schema.objects[name])

    def _shape(self, sobject: SObject) -> None:
        wanted = []
        if self._on.get("multi_currency"):
            wanted.append(currency())
        if self._on.get("state_country_picklists"):
            wanted += [each for start in address_starts(sobject) for each in codes(sobject, start)]
        if self._on.get("person_accounts"):
            wanted += person_fields(sobject.name)
        if self._has_record_types(sobject.name):
            wanted.append(record_type_id())
        names = {each.name for each in wanted}
        for field in [each for each in sobject.fields.values() if each.feature and each.name not in names]:
            sobject.drop(field.name)
        for field in wanted:
            if field.name not in sobject.fields:
                sobject.put(replace(field, feature=True))
        hidden = set(self._on.get("encrypted", ()))
        for field in list(sobject.fields.values()):
            encrypted = f"{sobject.name}.{field.name}" in hidden
            if field.encrypted != encrypted:
                sobject.put(replace(field, encrypted=encrypted))
        if sobject.name == "Account":
            switchable = bool(self._on.get("person_accounts"))
            name = sobject.fields["Name"]
            kind, whole = ("switchablepersonname", "Name") if switchable else (None, None)
            sobject.put(replace(name, extra_type=kind, compound=whole))
        self._store.create_table(sobject)
        if "CurrencyIsoCode" in sobject.fields:
            self._store.connection.execute(
                f'UPDATE {quoted(sobject.name)} SET "CurrencyIsoCode" = ? WHERE "CurrencyIsoCode" IS NULL',
                ("USD",),
            )

    def _has_record_types(self, sobject: str) -> bool:
        exists = self._store.find("SELECT 1 FROM sqlite_master WHERE name = 'RecordType'")
        return bool(exists) and bool(
            self._store.find('SELECT 1 FROM "RecordType" WHERE "SobjectType" = ? LIMIT 1', (sobject,))
        )

    def _found_currencies(self) -> None:
        sobject = self._schema.objects["CurrencyType"]
        if self._store.find('SELECT 1 FROM "CurrencyType" LIMIT 1'):
            return
        admin_id = str(self._store.recall("admin_id"))
        for code, rate, places_, corporate in CURRENCIES:
            row = {
                "Id": self._store.new_id("01L"),
                "IsoCode": code,
                "ConversionRate": rate,
                "DecimalPlaces": places_,
                "IsActive": 1,
                "IsCorporate": int(corporate),
                "CreatedDate": "2026-01-05T08:00:00.000+0000",
                "LastModifiedDate": "2026-01-05T08:00:00.000+0000",
                "SystemModstamp": "2026-01-05T08:00:00.000+0000",
                "CreatedById": admin_id,
                "LastModifiedById": admin_id,
            }
            self._store.insert(sobject, row)

    # -- the control address

    def switch(self, values: Mapping[str, Any]) -> None:
        """Sets features by name. Raises ValueError, and changes nothing, on an unknown name or a wrong value."""
        able = (*FLAGS, "encrypted", "integration_values")
        for name, value in values.items():
            if name not in able:
                raise ValueError(f"there is no feature {name!r}; there are {', '.join(able)}")
            if name in FLAGS and not isinstance(value, bool):
                raise ValueError(f"{name} must be true or false")
            if name == "encrypted":
                self._check_encrypted(value)
            if name == "integration_values":
                _check_places(value)
        before = self._on
        self._store.remember(_STATE, {**before, **values})
        self.apply()
        if values.get("state_country_picklists") and not before.get("state_country_picklists"):
            self._convert()

    def _check_encrypted(self, value: Any) -> None:
        if not isinstance(value, list):
            raise ValueError('encrypted must be a list of fields, such as ["Account.Website"]')
        for full_name in value:
            owner, _, name = str(full_name).partition(".")
            field = self._schema.objects[owner].fields.get(name) if owner in BUSINESS else None
            if (
                field is None
                or field.type not in ("string", "url", "phone", "email", "textarea")
                or field.unique
            ):
                raise ValueError(f"{full_name!r} is not a field that can be encrypted")

    def _convert(self) -> None:
        """Texts that name a country or a state get its code, as the conversion in Setup does; others stay as they are."""
        for name in BUSINESS:
            sobject = self._schema.objects[name]
            for start in address_starts(sobject):
                columns = ", ".join(quoted(f"{start}{part}") for part in ("Country", "State"))
                pairs = self._store.find(f"SELECT DISTINCT {columns} FROM {quoted(name)}")
                for country, state in pairs:
                    country_code = _code_of(places.COUNTRIES, country)
                    state_code = _code_of(places.STATES.get(country_code or "", {}), state)
                    self._store.connection.execute(
                        f"UPDATE {quoted(name)} SET {quoted(f'{start}CountryCode')} = ?, {quoted(f'{start}StateCode')} = ?"
                        f" WHERE {quoted(f'{start}Country')} IS ? AND {quoted(f'{start}State')} IS ?",
                        (country_code, state_code, country, state),
                    )

    # -- around saves

    def settle(self, sobject: SObject, old: Mapping[str, Any] | None, row: dict[str, Any]) -> None:
        """Completes and checks what the features look after."""
        if sobject.name not in BUSINESS:
            return
        if self._on.get("state_country_picklists"):
            for start in address_starts(sobject):
                _settle_address(sobject, start, old, row, self._on.get("integration_values", {}))
        if self._on.get("person_accounts") and sobject.name == "Account":
            _settle_person(old, row)
        if "RecordTypeId" in sobject.fields:
            self._settle_record_type(sobject, old, row)

    def _settle_record_type(
        self, sobject: SObject, old: Mapping[str, Any] | None, row: dict[str, Any]
    ) -> None:
        if old is None and row["RecordTypeId"] is None:
            row["RecordTypeId"] = self.default_record_type(sobject.name)
        chosen = row["RecordTypeId"]
        if chosen is None or (old is not None and old["RecordTypeId"] == chosen):
            return
        valid = 'SELECT 1 FROM "RecordType" WHERE "Id" = ? AND "SobjectType" = ? AND "IsActive" = 1'
        if not self._store.find(valid, (chosen, sobject.name)):
            message = f"Record Type ID: this ID value isn't valid for the user: {chosen}"
            raise ApiError(400, "INVALID_CROSS_REFERENCE_KEY", message, ["RecordTypeId"])

    def default_record_type(self, sobject: str) -> str | None:
        """The oldest active record type of an object; None while it has none."""
        found = self._store.find(
            'SELECT "Id" FROM "RecordType" WHERE "SobjectType" = ? AND "IsActive" = 1 ORDER BY _n LIMIT 1',
            (sobject,),
        )
        return found[0][0] if found else None

    def record_types(self, sobject: str) -> list[dict[str, Any]]:
        """Id, name, developer name and whether it is active, of each record type of an object."""
        if not self._has_record_types(sobject):
            return []
        rows = self._store.find(
            'SELECT "Id", "Name", "DeveloperName", "IsActive" FROM "RecordType" WHERE "SobjectType" = ? ORDER BY _n',
            (sobject,),
        )
        names = ("Id", "Name", "DeveloperName", "IsActive")
        return [dict(zip(names, row, strict=True)) for row in rows]


def _code_of(named: Mapping[str, str], text: str | None) -> str | None:
    """The code of a country or state that is given by name or by code, in any case."""
    wanted = (text or "").casefold()
    return next((code for code, name in named.items() if wanted in (code.casefold(), name.casefold())), None)


def _settle_address(
    sobject: SObject,
    start: str,
    old: Mapping[str, Any] | None,
    row: dict[str, Any],
    integration: Mapping[str, str],
) -> None:
    """Text and code follow from each other; what is no country or state of the list is refused.

    The text is the integration value, which is the name unless it was given another
    (https://help.salesforce.com/s/articleView?id=xcloud.admin_state_country_picklists_field_syncing.htm).
    """
    before = old or {}
    parts = [f"{start}{part}" for part in ("Country", "CountryCode", "State", "StateCode")]
    changed = {name for name in parts if row[name] != before.get(name)}
    if not changed:
        return
    country, country_code, state, state_code = parts
    _settle_pair(
        sobject,
        country,
        country_code,
        {code: integration.get(code, name) for code, name in places.COUNTRIES.items()},
        "country",
        changed,
        row,
    )
    if not changed & {state, state_code} and row[state_code] is None:
        return
    if row[country_code] is None:
        if state_code in changed and row[state_code] is None and state not in changed:
            row[state] = None
        if row[state] is None and (state in changed or row[state_code] is None):
            row[state_code] = None
            return
        message = f"A country/territory must be specified before specifying a state value for field: {sobject.fields[state].label}"
        raise ApiError(400, "FIELD_INTEGRITY_EXCEPTION", message, [state])
    standard = places.STATES.get(row[country_code], {})
    states = {code: integration.get(f"{row[country_code]}-{code}", name) for code, name in standard.items()}
    if (
        row[state_code] is not None
        and state_code not in changed
        and row[state_code] not in states
        and state not in changed
    ):
        raise _problem(sobject, state, "state")
    _settle_pair(sobject, state, state_code, states, "state", changed, row)


def _settle_pair(
    sobject: SObject,
    text: str,
    code: str,
    named: Mapping[str, str],
    word: str,
    changed: set[str],
    row: dict[str, Any],
) -> None:
    if code in changed and row[code] is not None:
        if row[code] not in named or (
            text in changed and row[text] is not None and _code_of(named, row[text]) != row[code]
        ):
            raise _problem(sobject, text, word)
        row[text] = named[row[code]]
    elif text in changed or code in changed:
        if row[text] is None or (code in changed and text not in changed):
            row[text] = row[code] = None
            return
        found = _code_of(named, row[text])
        if found is None:
            raise _problem(sobject, text, word)
        row[text], row[code] = named[found], found


def _check_places(value: Any) -> None:
    """:raises ValueError: it isn't a text for each country code, ``US``, or state code with its country's, ``US-CA``."""
    known = {
        *places.COUNTRIES,
        *(f"{each}-{code}" for each, found in places.STATES.items() for code in found),
    }
    if not isinstance(value, dict) or not all(
        code in known and isinstance(text, str) and text for code, text in value.items()
    ):
        raise ValueError('integration_values must be texts by code, such as {"US": "USA", "US-CA": "Calif."}')


def _problem(sobject: SObject, field: str, word: str) -> ApiError:
    wanted = "country/territory" if word == "country" else "state"
    listed = "countries" if word == "country" else "states"
    message = (
        f"There's a problem with this {word}, even though it may appear correct. Please select a {wanted} from the "
        f"list of valid {listed}.: {sobject.fields[field].label}"
    )
    return ApiError(400, "FIELD_INTEGRITY_EXCEPTION", message, [field])


def _settle_person(old: Mapping[str, Any] | None, row: dict[str, Any]) -> None:
    """A person's name is made of its parts; a company has a name only."""
    before = old or {}
    parts = [each for each in PERSON_PARTS if row[each] != before.get(each)]
    person = bool(before.get("IsPersonAccount")) if old is not None else row["LastName"] is not None
    renamed = row["Name"] != before.get("Name")
    wrong = ["Name"] if person and renamed else parts if not person else []
    if wrong:
        message = f"Account: bad field names on insert/update call: {', '.join(wrong)}"
        raise ApiError(400, "INVALID_FIELD_FOR_INSERT_UPDATE", message, wrong)
    row["IsPersonAccount"] = int(person)
    if person:
        if row["LastName"] is None:
            raise ApiError(
                400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [LastName]", ["LastName"]
            )
        row["Name"] = " ".join(row[each] for each in ("FirstName", "LastName") if row[each])
