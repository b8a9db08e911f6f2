"""What an org is like beyond the plain one: each feature is handled by the sync, or explained in one sentence.

A pure function of both describes. Fields that tell: ``CurrencyIsoCode`` (several currencies), ``BillingCountryCode``
(state and country picklists), ``IsPersonAccount`` (person accounts), ``filterable`` and ``encrypted``, as in
https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_account.htm and
https://help.salesforce.com/s/articleView?id=sf.security_pe_field_limitations.htm.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from console.domain.fields import CUSTOMER_ID, FIELDS
from console.domain.plain import plain
from console.salesforce.info import ObjectInfo
from console.salesforce.picklists import currencies

_DEFAULT_TYPE = (
    "A new account gets this user's default record type, {}: if that is one for persons, Salesforce refuses a company's name, so no"
    " account is created until the user has a business record type as default (Setup, Profiles, Record Type Settings)."
)
OURS = frozenset((spec.entity, spec.sf_name) for spec in FIELDS)


@dataclass(frozen=True, slots=True)
class Feature:
    """Something about the org that matters to the sync."""

    key: str
    title: str
    sentence: str
    attention: bool = False
    """The sync can't deal with it alone: somebody should look."""


def features(seen: Mapping[str, ObjectInfo | None]) -> tuple[Feature, ...]:
    """Everything that was detected.

    :param seen: Account's and Contact's describes; None for an object that the user may not see.
    """
    return tuple(_detected({name: info for name, info in seen.items() if info is not None}))


def _detected(seen: Mapping[str, ObjectInfo]) -> Iterator[Feature]:
    account = seen["Account"].fields if "Account" in seen else {}
    if "CurrencyIsoCode" in account:
        codes = currencies(account)
        listed = f" ({', '.join(codes[:8])})" if codes else ""
        yield Feature(
            "multi_currency",
            "Several currencies",
            f"The account's currency is kept in step with the customer's. One that isn't active in the org{listed} is"
            " refused with a sentence, and the rest of the account goes on.",
        )
    if "BillingCountryCode" in account:
        yield Feature(
            "state_country",
            "State and country picklists",
            "Countries and states are written as the org's lists spell them, whether Alguna has the code or the name. "
            "One that isn't in the lists is left out with a sentence, and the rest of the account goes on.",
        )
    if "IsPersonAccount" in account:
        default = next((each.name for each in seen["Account"].record_types if each.default), "")
        yield Feature(
            "person_accounts",
            "Person accounts",
            "Customers are kept in step with business accounts: a person account is never matched, changed or created."
            + (f" {_DEFAULT_TYPE.format(plain(default, 60))}" if default else ""),
        )
    for name, info in seen.items():
        yield from _required(name, info)
        yield from _record_types(name, info)
    hidden = [
        f"{name}.{field.name}"
        for name, info in seen.items()
        for field in info.fields.values()
        if (field.encrypted or not field.filterable)
        and (name, field.name) in OURS
        and field.type not in ("textarea", "address")
    ]
    if f"Account.{CUSTOMER_ID}" in hidden:
        yield Feature(
            "encrypted_id",
            f"Encrypted {CUSTOMER_ID}",
            f"{CUSTOMER_ID} is encrypted, so accounts can't be found by it: take it out of the encryption policy.",
            attention=True,
        )
    elif hidden:
        yield Feature(
            "encrypted",
            "Encrypted fields",
            f"{', '.join(hidden)}: read and written as others, and never used to look for records.",
        )


def _required(name: str, info: ObjectInfo) -> Iterator[Feature]:
    needed = [
        field.name
        for field in info.fields.values()
        if field.custom
        and field.createable
        and not field.nillable
        and not field.defaulted
        and field.type != "boolean"
        and (name, field.name) not in OURS
    ]
    if needed:
        listed = ", ".join(plain(each, 60) for each in needed)
        what = "account" if name == "Account" else "contact"
        yield Feature(
            f"required_{what}",
            f"Required fields on {name}",
            f"{listed} must be filled and has no default, so a new {what} will be refused: "
            "give it a default value in Setup, Object Manager, or switch creating off.",
            attention=True,
        )


def _record_types(name: str, info: ObjectInfo) -> Iterator[Feature]:
    offered = [each for each in info.record_types if each.available]
    if not offered:
        return
    default = next((each.name for each in offered if each.default), "")
    said = (
        f"New ones get this user's default, {plain(default, 60)}."
        if default
        else "New ones get the org's master type."
    )
    yield Feature(f"record_types_{name.lower()}", f"Record types on {name}", said)
