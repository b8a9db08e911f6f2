"""The field table: every field the sync knows, where it comes from and where it goes.

``docs/fields.md`` says the same in words and adds what is approximate. Lengths are those of the standard fields in the
Salesforce object reference (https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/)
and, for the custom fields, those that Alguna's Salesforce page lists (https://alguna.com/docs/integrations/crm/salesforce).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal

from console.domain.records import Rule


class Kind(StrEnum):
    """What sort of value a field holds: decides how it is normalised, compared and checked."""

    TEXT = "text"
    MULTILINE = "multiline"
    EMAIL = "email"
    WEBSITE = "website"
    LINK = "link"
    REGION = "region"
    COUNTRY = "country"
    CURRENCY = "currency"
    INSTANT = "instant"
    AMOUNT = "amount"


class Flow(StrEnum):
    """Which ways a field may travel at all; the rule then decides conflicts."""

    BOTH = "both"
    TO_SALESFORCE = "to_salesforce"
    TO_ALGUNA = "to_alguna"


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field on both sides."""

    key: str
    label: str
    group: str
    entity: Literal["Account", "Contact"]
    sf_name: str
    """API name on the Salesforce object `entity`."""
    alguna_name: str
    """Dotted place in Alguna's v2 answers; a made-up place (``customer link``) where the API has none."""
    kind: Kind
    max_length: int | None
    """Characters that Salesforce takes; None where length isn't the limit (amounts, instants)."""
    direction: Flow
    default_rule: Rule = Rule.ALGUNA_WINS

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules that make sense here: a field that only Alguna fills is on or off."""
        return tuple(Rule) if self.direction is Flow.BOTH else (Rule.ALGUNA_WINS, Rule.OFF)

    @property
    def flows(self) -> tuple[Flow, ...]:
        """The ways that may be chosen here."""
        return tuple(Flow) if self.direction is Flow.BOTH else (self.direction,)


@dataclass(frozen=True, slots=True)
class CustomField:
    """What set-up needs in order to create one custom field on Account."""

    api_name: str
    label: str
    type: Literal["Text", "Url", "DateTime", "Currency"]
    description: str
    help_text: str
    length: int | None = None
    precision: int | None = None
    """All digits. Setup's ``Currency(8,2)`` counts those before the point: 8 + 2 = precision 10."""
    scale: int | None = None
    external_id: bool = False
    unique: bool = False
    case_sensitive: bool = False


NAME: Final = "Name"
BILLING: Final = ("BillingStreet", "BillingCity", "BillingState", "BillingPostalCode", "BillingCountry")
CURRENCY: Final = "CurrencyIsoCode"
WEBSITE: Final = "Website"

CONTACT_FIRST_NAME: Final = "Contact.FirstName"
CONTACT_LAST_NAME: Final = "Contact.LastName"
CONTACT_EMAIL: Final = "Contact.Email"
CONTACT_TITLE: Final = "Contact.Title"

CUSTOMER_ID: Final = "Alguna_Customer_ID__c"
CUSTOMER_LINK: Final = "Alguna_Customer_Link__c"
LEGAL_ENTITY: Final = "Alguna_Legal_Entity__c"
SUBSCRIPTION_ID: Final = "Alguna_Subscription_ID__c"
SUBSCRIPTION_LINK: Final = "Alguna_Subscription_Link__c"
SUBSCRIPTION_NAME: Final = "Alguna_Subscription_Name__c"
SUBSCRIPTION_STATUS: Final = "Alguna_Subscription_Status__c"
SUBSCRIPTION_INTERVAL: Final = "Alguna_Subscription_Interval__c"
SUBSCRIPTION_STARTED: Final = "Alguna_Subscription_Started_Date__c"
SUBSCRIPTION_RENEWAL: Final = "Alguna_Subscription_Renewal_Date__c"
SUBSCRIPTION_CANCELATION: Final = "Alguna_Subscription_Cancelation_Date__c"
SUBSCRIPTION_VALUE: Final = "Alguna_Subscription_Value__c"
TAX_RATE: Final = "Alguna_Tax_Rate__c"

ALIASES: Final = "aliases"
"""Key of the change that adds the account's id to the customer's aliases. Not a field of the table."""
CONTACT_ACCOUNT: Final = "Contact.AccountId"
"""Key, in a contact to create, of the account it belongs to. Not a field of the table."""

_ACCOUNT = "Account"
_ADDRESS = "Billing address"
_CONTACT = "Contact"
_CUSTOMER = "Alguna customer"
_SUBSCRIPTION = "Alguna subscription"


def _account(
    key: str, label: str, group: str, alguna_name: str, length: int, kind: Kind = Kind.TEXT
) -> FieldSpec:
    return FieldSpec(key, label, group, "Account", key, alguna_name, kind, length, Flow.BOTH)


def _contact(sf_name: str, label: str, alguna_name: str, length: int, kind: Kind = Kind.TEXT) -> FieldSpec:
    key = f"Contact.{sf_name}"
    return FieldSpec(key, label, _CONTACT, "Contact", sf_name, alguna_name, kind, length, Flow.BOTH)


def _owned(
    key: str, label: str, group: str, alguna_name: str, kind: Kind = Kind.TEXT, length: int | None = 255
) -> FieldSpec:
    return FieldSpec(key, label, group, "Account", key, alguna_name, kind, length, Flow.TO_SALESFORCE)


FIELDS: Final[tuple[FieldSpec, ...]] = (
    _account(NAME, "Account Name", _ACCOUNT, "name", 255),
    _account(WEBSITE, "Website", _ACCOUNT, "website", 255, Kind.WEBSITE),
    _account(CURRENCY, "Account Currency", _ACCOUNT, "currency", 3, Kind.CURRENCY),
    _account("BillingStreet", "Billing Street", _ADDRESS, "billing_address.line1", 255, Kind.MULTILINE),
    _account("BillingCity", "Billing City", _ADDRESS, "billing_address.city", 40),
    _account("BillingState", "Billing State", _ADDRESS, "billing_address.state", 80, Kind.REGION),
    _account("BillingPostalCode", "Billing Postal Code", _ADDRESS, "billing_address.postal_code", 20),
    _account("BillingCountry", "Billing Country", _ADDRESS, "billing_address.country", 80, Kind.COUNTRY),
    _contact("FirstName", "Contact First Name", "contacts.first_name", 40),
    _contact("LastName", "Contact Last Name", "contacts.last_name", 80),
    _contact("Email", "Contact Email", "contacts.email", 80, Kind.EMAIL),
    _contact("Title", "Contact Title", "contacts.title", 128),
    _owned(CUSTOMER_ID, "Alguna Customer ID", _CUSTOMER, "id"),
    _owned(CUSTOMER_LINK, "Alguna Customer Link", _CUSTOMER, "customer link", Kind.LINK),
    _owned(LEGAL_ENTITY, "Alguna Legal Entity", _CUSTOMER, "legal_entity"),
    _owned(TAX_RATE, "Alguna Tax Rate", _CUSTOMER, "tax_rate"),
    _owned(SUBSCRIPTION_ID, "Alguna Subscription ID", _SUBSCRIPTION, "subscription.id"),
    _owned(SUBSCRIPTION_LINK, "Alguna Subscription Link", _SUBSCRIPTION, "subscription link", Kind.LINK),
    _owned(SUBSCRIPTION_NAME, "Alguna Subscription Name", _SUBSCRIPTION, "subscription.name"),
    _owned(SUBSCRIPTION_STATUS, "Alguna Subscription Status", _SUBSCRIPTION, "subscription.status"),
    _owned(
        SUBSCRIPTION_INTERVAL,
        "Alguna Subscription Interval",
        _SUBSCRIPTION,
        "version.items.price.billing_interval",
    ),
    _owned(
        SUBSCRIPTION_STARTED,
        "Alguna Subscription Started Date",
        _SUBSCRIPTION,
        "subscription.contract.start_date",
        Kind.INSTANT,
        None,
    ),
    _owned(
        SUBSCRIPTION_RENEWAL,
        "Alguna Subscription Renewal Date",
        _SUBSCRIPTION,
        "billing_dates.next_renewal_date",
        Kind.INSTANT,
        None,
    ),
    _owned(
        SUBSCRIPTION_CANCELATION,
        "Alguna Subscription Cancelation Date",
        _SUBSCRIPTION,
        "subscription.canceled_at",
        Kind.INSTANT,
        None,
    ),
    _owned(
        SUBSCRIPTION_VALUE,
        "Alguna Subscription Value",
        _SUBSCRIPTION,
        "version.items.price",
        Kind.AMOUNT,
        None,
    ),
)
"""Every field, in the order in which screens and plans show them."""

FIELD: Final[Mapping[str, FieldSpec]] = MappingProxyType({spec.key: spec for spec in FIELDS})
ACCOUNT_FIELDS: Final[tuple[FieldSpec, ...]] = tuple(spec for spec in FIELDS if spec.entity == "Account")
CONTACT_FIELDS: Final[tuple[FieldSpec, ...]] = tuple(spec for spec in FIELDS if spec.entity == "Contact")
SUBSCRIPTION_KEYS: Final = frozenset(spec.key for spec in FIELDS if spec.group == _SUBSCRIPTION)

_HELP = "Kept by Alguna: edits made here are put back by the next sync."


def _text(key: str, description: str, *, identity: bool = False) -> CustomField:
    label = FIELD[key].label
    return CustomField(
        key,
        label,
        "Text",
        description,
        _HELP,
        length=255,
        external_id=identity,
        unique=identity,
        case_sensitive=identity,
    )


def _other(key: str, kind: Literal["Url", "DateTime"], description: str) -> CustomField:
    return CustomField(key, FIELD[key].label, kind, description, _HELP)


CUSTOM_FIELDS: Final[tuple[CustomField, ...]] = (
    # External id and unique, because creating an account twice is prevented by upserting on it.
    _text(CUSTOMER_ID, "A unique identifier for the customer within Alguna.", identity=True),
    _other(CUSTOMER_LINK, "Url", "A link to view or manage the customer in Alguna."),
    _text(LEGAL_ENTITY, "The legal entity associated with the customer in Alguna."),
    _text(SUBSCRIPTION_ID, "The unique identifier of the subscription in Alguna."),
    _other(SUBSCRIPTION_LINK, "Url", "A link to view or manage the subscription in Alguna."),
    _text(SUBSCRIPTION_NAME, "The name of the subscription."),
    _text(
        SUBSCRIPTION_STATUS,
        "The current status of the subscription: Draft, Pending Acceptance, Scheduled, Active, Paused, Ended/Canceled.",
    ),
    _text(
        SUBSCRIPTION_INTERVAL,
        "The interval at which the subscription is billed: Monthly, Quarterly, Semi-annual, Yearly.",
    ),
    _other(SUBSCRIPTION_STARTED, "DateTime", "The date and time when the subscription originally started."),
    _other(
        SUBSCRIPTION_RENEWAL,
        "DateTime",
        "The date and time when the subscription is scheduled to renew.",
    ),
    _other(SUBSCRIPTION_CANCELATION, "DateTime", "The date and time when the subscription was canceled."),
    CustomField(
        SUBSCRIPTION_VALUE,
        FIELD[SUBSCRIPTION_VALUE].label,
        "Currency",
        "The fixed amount billed at each interval, before discounts and tax, without usage.",
        _HELP,
        precision=10,
        scale=2,
    ),
    _text(TAX_RATE, "The tax rate that applies to the customer, as Alguna writes it: 0.20 is 20 %."),
)
"""The 13 fields that set-up creates on Account, in the order of Alguna's page."""
