"""Short ways to write fields down: a text, a flag, a reference, an address, who changed a record and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce.schema import Field

if TYPE_CHECKING:
    from collections.abc import Iterable

GEOCODE_ACCURACY = (
    "Address",
    "NearAddress",
    "Block",
    "Street",
    "ExtendedZip",
    "Zip",
    "Neighborhood",
    "City",
    "County",
    "State",
    "Unknown",
)


def text(name: str, label: str, length: int, **more: Any) -> Field:
    return Field(name, label, "string", length=length, **more)


def picklist(name: str, label: str, values: Iterable[str], length: int = 40, **more: Any) -> Field:
    return Field(name, label, "picklist", length=length, picklist=tuple(values), **more)


def flag(name: str, label: str, *, default: bool = False, **more: Any) -> Field:
    return Field(name, label, "boolean", nillable=False, default=default, defaulted=True, **more)


def reference(name: str, label: str, to: str, relationship: str, **more: Any) -> Field:
    return Field(name, label, "reference", 18, reference_to=to, relationship_name=relationship, **more)


def read_only(kind: str, name: str, label: str, **more: Any) -> Field:
    return Field(name, label, kind, createable=False, updateable=False, permission=False, **more)


def record_id(label: str) -> Field:
    return read_only("id", "Id", label, length=18, nillable=False, defaulted=True, id_lookup=True)


def deleted_flag() -> Field:
    return read_only("boolean", "IsDeleted", "Deleted", nillable=False, default=False, defaulted=True)


def audit(*, modified: bool = True, children: str = "") -> list[Field]:
    """Who made and changed a record, and when."""
    created = [
        read_only("datetime", "CreatedDate", "Created Date", nillable=False, defaulted=True),
        _user("CreatedById", "Created By ID", "CreatedBy"),
    ]
    changed = [
        read_only("datetime", "LastModifiedDate", "Last Modified Date", nillable=False, defaulted=True),
        _user("LastModifiedById", "Last Modified By ID", "LastModifiedBy"),
    ]
    stamp = read_only("datetime", "SystemModstamp", "System Modstamp", nillable=False, defaulted=True)
    return [*created, *changed, stamp] if modified else [stamp]


def _user(name: str, label: str, relationship: str) -> Field:
    return read_only(
        "reference",
        name,
        label,
        length=18,
        nillable=False,
        defaulted=True,
        reference_to="User",
        relationship_name=relationship,
    )


def address(start: str, label: str | None = None) -> list[Field]:
    """The parts of an address and the address as a whole, which can only be read."""
    spoken = start if label is None else label
    blank = f"{spoken} " if spoken else ""
    whole = f"{start}Address"

    def part(name: str, words: str, kind: str, length: int = 0, **more: Any) -> Field:
        return Field(f"{start}{name}", f"{blank}{words}", kind, length=length, compound=whole, **more)

    return [
        part("Street", "Street", "textarea", 255, extra_type="plaintextarea"),
        part("City", "City", "string", 40),
        part("State", "State/Province", "string", 80),
        part("PostalCode", "Zip/Postal Code", "string", 20),
        part("Country", "Country", "string", 80),
        part("Latitude", "Latitude", "double", precision=18, scale=15),
        part("Longitude", "Longitude", "double", precision=18, scale=15),
        part(
            "GeocodeAccuracy", "Geocode Accuracy", "picklist", 40, picklist=GEOCODE_ACCURACY, restricted=True
        ),
        Field(whole, f"{blank}Address", "address", createable=False, updateable=False),
    ]


def named(fields: Iterable[Field]) -> dict[str, Field]:
    """Fields by their name, in their order."""
    return {each.name: each for each in fields}
