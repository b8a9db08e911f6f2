"""The fields that features bring, and the currencies of an org that has several."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce.features import places
from console.rehearsal.salesforce.fields import (
    audit,
    flag,
    named,
    picklist,
    read_only,
    record_id,
    reference,
    text,
)
from console.rehearsal.salesforce.schema import Field, SObject

if TYPE_CHECKING:
    from collections.abc import Sequence

PERSON_PARTS = ("LastName", "FirstName", "Salutation")
CURRENCIES = (("USD", 1_000_000, 2, True), ("EUR", 920_000, 2, False), ("GBP", 790_000, 2, False))
"""Code, rate to the corporate currency in millionths, decimals, and which one is the corporate currency."""


def currency() -> Field:
    return picklist(
        "CurrencyIsoCode",
        "Currency ISO Code",
        [code for code, *_ in CURRENCIES],
        3,
        restricted=True,
        nillable=False,
        default="USD",
        defaulted=True,
        permission=False,
    )


def currency_type() -> SObject:
    fields = [
        record_id("Currency Type ID"),
        read_only("picklist", "IsoCode", "Currency ISO Code", length=3, nillable=False),
        read_only("double", "ConversionRate", "Conversion Rate", precision=18, scale=6, nillable=False),
        read_only("int", "DecimalPlaces", "Decimal Places", digits=1, nillable=False),
        read_only("boolean", "IsActive", "Active", nillable=False),
        read_only("boolean", "IsCorporate", "Corporate", nillable=False),
        *audit(),
    ]
    return SObject(
        "CurrencyType",
        "Currency Type",
        "Currency Types",
        "01L",
        named(fields),
        createable=False,
        updateable=False,
        deletable=False,
        setup=True,
    )


def record_type_id() -> Field:
    return reference("RecordTypeId", "Record Type ID", "RecordType", "RecordType", permission=False)


def person_fields(sobject: str) -> list[Field]:
    """What person accounts bring to an object."""
    flag_ = flag("IsPersonAccount", "Is Person Account", createable=False, updateable=False, permission=False)
    if sobject != "Account":
        return [flag_]
    person: dict[str, Any] = {"compound": "Name", "extra_type": "personname", "permission": False}
    return [
        flag_,
        text("LastName", "Last Name", 80, **person),
        text("FirstName", "First Name", 40, **person),
        picklist("Salutation", "Salutation", ("Mr.", "Ms.", "Mrs.", "Dr.", "Prof.", "Mx."), **person),
        Field("PersonEmail", "Email", "email", 80, id_lookup=True, permission=False),
    ]


def address_starts(sobject: SObject) -> list[str]:
    """What the names of the object's addresses begin with: Billing, Shipping."""
    return [each.name.removesuffix("Address") for each in sobject.fields.values() if each.type == "address"]


def codes(sobject: SObject, start: str) -> list[Field]:
    """The codes of an address: the state's depends on the country's."""
    whole = sobject.fields[f"{start}Address"]
    spoken = whole.label.removesuffix("Address").strip()
    blank = f"{spoken} " if spoken else ""
    states = [
        (country, code, name) for country, found in places.STATES.items() for code, name in found.items()
    ]
    order = list(places.COUNTRIES)
    return [
        picklist(
            f"{start}StateCode",
            f"{blank}State/Province Code",
            [code for _, code, _ in states],
            10,
            restricted=True,
            compound=whole.name,
            labels=tuple(name for _, _, name in states),
            controller=f"{start}CountryCode",
            valid_for=tuple(_bit([order.index(country)], len(order)) for country, _, _ in states),
        ),
        picklist(
            f"{start}CountryCode",
            f"{blank}Country Code",
            order,
            10,
            restricted=True,
            compound=whole.name,
            labels=tuple(places.COUNTRIES.values()),
        ),
    ]


def _bit(places_: Sequence[int], count: int) -> str:
    """The bitmap of a describe's `validFor`: one bit for each value of the controlling field, highest first."""
    bits = bytearray((count + 7) // 8)
    for place in places_:
        bits[place // 8] |= 0x80 >> (place % 8)
    return base64.b64encode(bytes(bits)).decode()
