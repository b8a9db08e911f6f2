"""What an org knows of its objects: fields with their types and flags, as a describe tells them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT_TYPES = frozenset({"string", "textarea", "picklist", "phone", "url", "email", "combobox"})
NUMBER_TYPES = frozenset({"double", "currency", "percent"})
ID_TYPES = frozenset({"id", "reference"})
CATALOGUE = frozenset({"EntityDefinition", "FieldDefinition", "EntityParticle"})
"""Objects that repeat the schema; their ids are names."""
LONG_TEXT = 256
"""From this length on a text area cannot be filtered, sorted or grouped."""

SOAP_TYPES = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "address": "urn:address",
    "boolean": "xsd:boolean",
    "double": "xsd:double",
    "currency": "xsd:double",
    "percent": "xsd:double",
    "int": "xsd:int",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "complexvalue": "urn:complexvalue",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field. Numbers count digits: `precision` in all, `scale` of them behind the point."""

    name: str
    label: str
    type: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    digits: int = 0
    nillable: bool = True
    createable: bool = True
    updateable: bool = True
    custom: bool = False
    unique: bool = False
    case_sensitive: bool = False
    external_id: bool = False
    id_lookup: bool = False
    reference_to: str = ""
    relationship_name: str | None = None
    child_relationship: str | None = None
    cascade_delete: bool = False
    picklist: tuple[str, ...] = ()
    restricted: bool = False
    compound: str | None = None
    name_field: bool = False
    generated: str = ""
    """SQL of a column that follows from others."""
    default: object = None
    defaulted: bool = False
    permission: bool = True
    """False: every user sees it, whatever permission sets say."""
    extra_type: str | None = None
    help: str | None = None
    indexed: bool = False
    encrypted: bool = False
    """Kept by Shield Platform Encryption: shown, but neither filtered nor sorted by."""
    feature: bool = False
    """Comes and goes with something that the org switches on."""
    labels: tuple[str, ...] = ()
    """What the values of the picklist are shown as, where that is another text."""
    controller: str | None = None
    """The picklist that this one depends on."""
    valid_for: tuple[str, ...] = ()
    """For each value, the values of the controlling picklist that it belongs to, as a describe writes them."""

    @property
    def stored(self) -> bool:
        """Whether it has a column of its own."""
        return self.type != "address"

    @property
    def long(self) -> bool:
        return self.type == "textarea" and self.length >= LONG_TEXT

    @property
    def permissionable(self) -> bool:
        """Whether permission sets can show and hide it."""
        return self.permission and not self.name_field

    @property
    def filterable(self) -> bool:
        return not (self.long or self.encrypted) and self.type not in {"address", "complexvalue"}

    @property
    def sortable(self) -> bool:
        return self.filterable

    @property
    def groupable(self) -> bool:
        return self.sortable and self.type not in NUMBER_TYPES and self.type != "datetime"

    @property
    def aggregatable(self) -> bool:
        return self.sortable and self.type != "boolean"

    @property
    def access_key(self) -> str:
        """The field whose permissions count as well: a part of an address follows the whole."""
        return self.compound if self.compound and self.compound.endswith("Address") else self.name

    @property
    def collation(self) -> str:
        """How SQLite compares it: texts without regard to case, unless the field is case-sensitive."""
        return "NOCASE" if self.type in TEXT_TYPES and not self.case_sensitive else "BINARY"

    @property
    def sql_type(self) -> str:
        if self.type in {"boolean", "int"} or self.type in NUMBER_TYPES:
            return "INTEGER"
        return "TEXT"


@dataclass(slots=True)
class SObject:
    """One object type and its fields in describe order."""

    name: str
    label: str
    label_plural: str
    key_prefix: str | None
    fields: dict[str, Field] = field(default_factory=dict)
    rest: bool = True
    tooling: bool = False
    createable: bool = True
    updateable: bool = True
    deletable: bool = True
    soft_delete: bool = False
    """Deleted records stay, with IsDeleted, until the recycle bin is emptied."""
    layoutable: bool = False
    searchable: bool = False
    mergeable: bool = False
    setup: bool = False
    """A set-up object: rights come from user permissions, not from object permissions."""
    virtual: bool = False
    """Has no records of its own: its one row is made for the caller."""
    reified: tuple[str, ...] = ()
    """A query of this object must say one of these columns."""

    def __post_init__(self) -> None:
        self._lower = {name.lower(): each for name, each in self.fields.items()}

    _lower: dict[str, Field] = field(init=False, repr=False, default_factory=dict)

    @property
    def catalogue(self) -> bool:
        """Whether it is an object of the metadata catalogue, which takes a part of SOQL only."""
        return self.name in CATALOGUE

    def get(self, name: str) -> Field | None:
        """A field by its name in any case."""
        return self._lower.get(name.lower())

    def put(self, new: Field) -> None:
        """Adds a field, or replaces the one of that name."""
        self.fields[new.name] = new
        self._lower[new.name.lower()] = new

    def drop(self, name: str) -> None:
        """Takes a field away; KeyError when there is none."""
        del self.fields[name]
        del self._lower[name.lower()]

    def stored_fields(self) -> Iterator[Field]:
        return (each for each in self.fields.values() if each.stored)

    def references(self) -> Iterator[Field]:
        return (each for each in self.fields.values() if each.reference_to)

    def parts_of(self, compound: str) -> dict[str, Field]:
        """The parts of an address by their name without the prefix (`Street`, `City`, ...)."""
        start = compound.removesuffix("Address")
        return {
            each.name.removeprefix(start): each for each in self.fields.values() if each.compound == compound
        }

    @property
    def name_field(self) -> Field | None:
        return next((each for each in self.fields.values() if each.name_field), None)


class Schema:
    """All object types of an org."""

    def __init__(self) -> None:
        self.objects: dict[str, SObject] = {}
        self._lower: dict[str, SObject] = {}
        self._by_prefix: dict[str, SObject] = {}

    def add(self, sobject: SObject) -> None:
        self.objects[sobject.name] = sobject
        self._lower[sobject.name.lower()] = sobject
        if sobject.key_prefix:
            self._by_prefix[sobject.key_prefix] = sobject

    def remove(self, name: str) -> None:
        """Takes an object type away, if it is there."""
        sobject = self.objects.pop(name, None)
        if sobject is not None:
            del self._lower[name.lower()]
            self._by_prefix.pop(sobject.key_prefix or "", None)

    def get(self, name: str) -> SObject | None:
        """An object type by its name in any case."""
        return self._lower.get(name.lower())

    def by_prefix(self, key_prefix: str) -> SObject | None:
        return self._by_prefix.get(key_prefix)

    def children_of(self, parent: str) -> Iterator[tuple[SObject, Field]]:
        """The reference fields that point at an object type."""
        for sobject in self.objects.values():
            for each in sobject.references():
                if each.reference_to == parent:
                    yield sobject, each
