"""Alguna's payloads, read leniently and turned into the console's records.

What an answer leaves out stays out: absent is unknown, null is known to be empty. Shapes:
https://alguna.com/docs/api-reference/v2/2026-04-01/customers/get-a-customer and .../subscriptions/get-a-subscription
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Strict, TypeAdapter, ValidationError

from console.domain.fields import BILLING, CONTACT_TITLE, FIELD, LEGAL_ENTITY, TAX_RATE, Kind
from console.domain.normal import canonical
from console.domain.records import Customer, Subscription, Value
from console.errors import Unreachable


def _as_text(value: Any) -> Any:
    """Numbers as text, an object by its name; everything else as it is."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float | Decimal):
        return str(value)
    if isinstance(value, dict):
        return value.get("name")
    return value


# Nearly everything is text: the first member takes it without a call of ours.
Text = Annotated[
    Annotated[str, Strict()] | Annotated[str | None, BeforeValidator(_as_text)] | None,
    Field(union_mode="left_to_right"),
]
Id = Annotated[
    Annotated[str, Strict()] | Annotated[str, BeforeValidator(_as_text)], Field(union_mode="left_to_right")
]


class _Payload(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    def says(self, name: str) -> bool:
        """True when the answer held this field, be it empty."""
        return name in self.model_fields_set


class Address(_Payload):
    line1: Text = None
    line2: Text = None
    city: Text = None
    state: Text = None
    postal_code: Text = None
    country: Text = None


class Person(_Payload):
    id: Text = None
    email: Text = None
    is_primary: bool | None = None
    first_name: Text = None
    last_name: Text = None
    title: Text = None


class CustomerPayload(_Payload):
    id: Id
    name: Text = None
    currency: Text = None
    created_at: Text = None
    updated_at: Text = None
    aliases: list[Id] | None = None
    billing_address: Address | None = None
    contacts: list[Person] | None = None
    tax_rate: Text = None
    website: Text = None
    legal_entity: Text = None

    def record(self) -> Customer:
        """As the console's record."""
        values: dict[str, Value] = {}
        for key, name in PLAIN.items():
            if self.says(name):
                values[key] = canonical(FIELD[key].kind, getattr(self, name))
        if self.says("billing_address"):
            values.update(_address_values(self.billing_address))
        person = primary(self.contacts or [])
        if self.says("contacts"):
            values.update(_person_values(person))
        return Customer(
            id=self.id,
            name=values.get("Name") or "",
            created_at=instant(self.created_at) or "",
            updated_at=instant(self.updated_at) or "",
            values=values,
            aliases=tuple(self.aliases or ()),
            contact_id=person.id if person is not None else None,
            contacts=len(self.contacts or ()),
        )


class Contract(_Payload):
    start_date: Text = None
    end_date: Text = None


class SubscriptionPayload(_Payload):
    id: Id
    customer_id: Id
    name: Text = None
    status: Text = None
    currency: Text = None
    updated_at: Text = None
    activated_at: Text = None
    canceled_at: Text = None
    current_version_id: Text = None
    contract: Contract | None = None

    def record(self) -> Subscription:
        """As the console's record, without details."""
        contract = self.contract or Contract()
        return Subscription(
            id=self.id,
            customer_id=self.customer_id,
            name=canonical(Kind.TEXT, self.name) or "",
            status=self.status or "",
            currency=self.currency or "",
            updated_at=instant(self.updated_at) or "",
            starts_at=instant(contract.start_date),
            ends_at=instant(contract.end_date),
            activated_at=instant(self.activated_at),
            canceled_at=instant(self.canceled_at),
            knows_canceled_at=self.says("canceled_at"),
            version_id=self.current_version_id,
        )


class VersionPayload(_Payload):
    """A version; its items are left as they are for `price_of`."""

    items: list[dict[str, Any]]


class BillingDates(_Payload):
    next_renewal_date: Text = None


PLAIN: Mapping[str, str] = {
    "Name": "name",
    "CurrencyIsoCode": "currency",
    "Website": "website",
    LEGAL_ENTITY: "legal_entity",
    TAX_RATE: "tax_rate",
}
"""Field keys and the customer's own fields of the same meaning."""
ADDRESS: Mapping[str, str] = {
    "BillingCity": "city",
    "BillingState": "state",
    "BillingPostalCode": "postal_code",
    "BillingCountry": "country",
}
"""Field keys and the parts of the billing address, without the street, which is two lines."""
PERSON: Mapping[str, str] = {
    "Contact.FirstName": "first_name",
    "Contact.LastName": "last_name",
    "Contact.Email": "email",
    CONTACT_TITLE: "title",
}
"""Field keys and the fields of a contact."""


def instant(text: str | None) -> Value:
    """A date-time or date as the console writes instants; what is no date at all counts as none."""
    try:
        return canonical(Kind.INSTANT, text)
    except ValueError:
        return None


def primary(people: list[Person]) -> Person | None:
    """The contact marked as primary; without a mark the first one."""
    return next((person for person in people if person.is_primary), people[0] if people else None)


def _address_values(address: Address | None) -> dict[str, Value]:
    if address is None:
        return dict.fromkeys(BILLING)
    values = {
        key: canonical(FIELD[key].kind, getattr(address, name))
        for key, name in ADDRESS.items()
        if address.says(name)
    }
    if address.says("line1"):
        lines = "\n".join(line for line in (address.line1, address.line2) if line)
        values["BillingStreet"] = canonical(FIELD["BillingStreet"].kind, lines)
    return values


def _person_values(person: Person | None) -> dict[str, Value]:
    if person is None:
        # The reference has no title: without a contact that shows one, nothing is known of it.
        return dict.fromkeys(key for key in PERSON if key != CONTACT_TITLE)
    return {
        key: canonical(FIELD[key].kind, getattr(person, name))
        for key, name in PERSON.items()
        if person.says(name)
    }


_P = TypeVar("_P", bound=_Payload)


class Page(BaseModel):
    """The envelope of a list: rows as they came, and the page size that the server used."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    class Pagination(BaseModel):
        model_config = ConfigDict(extra="ignore", frozen=True)
        per_page: int | None = None

    data: list[dict[str, Any]]
    pagination: Pagination


_PAGE = TypeAdapter(Page)


def read_page(data: Any, host: str) -> Page:
    """A list answer.

    :raises Unreachable: the JSON is no such list, so this is hardly Alguna's API.
    """
    try:
        return _PAGE.validate_python(data)
    except ValidationError:
        failure = strange(host, "a list")
    raise failure  # out here: pydantic's error holds what was read, and nothing of it may travel along


def read(kind: type[_P], data: Any, host: str) -> _P:
    """One record of an answer.

    :raises Unreachable: the JSON is no such record.
    """
    try:
        return kind.model_validate(data)
    except ValidationError:
        failure = strange(host, f"a {kind.__name__.removesuffix('Payload').lower()}")
    raise failure


def strange(host: str, wanted: str) -> Unreachable:
    """The error for an answer that is JSON but not what the reference describes."""
    return Unreachable(
        f"{host} answered with JSON that is not {wanted} as Alguna's API describes it.",
        "Check the Alguna address: it must be the API's, such as https://api.alguna.io.",
    )
