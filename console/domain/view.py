"""Both sides as mappings of field key to value, ready to be compared. A missing key is unknown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from console.domain.fields import (
    BILLING,
    CONTACT_EMAIL,
    CONTACT_LAST_NAME,
    CUSTOMER_ID,
    CUSTOMER_LINK,
    SUBSCRIPTION_CANCELATION,
    SUBSCRIPTION_ID,
    SUBSCRIPTION_INTERVAL,
    SUBSCRIPTION_KEYS,
    SUBSCRIPTION_LINK,
    SUBSCRIPTION_NAME,
    SUBSCRIPTION_RENEWAL,
    SUBSCRIPTION_STARTED,
    SUBSCRIPTION_STATUS,
    SUBSCRIPTION_VALUE,
    Kind,
)
from console.domain.normal import canonical
from console.domain.policy import Policy
from console.domain.records import Account, Contact, Customer, Link, Subscription, Value, Values
from console.domain.status import interval_word, status_word
from console.domain.subscription import Primary, primary


@dataclass(frozen=True, slots=True)
class AlgunaView:
    """Alguna's side as it would stand in Salesforce."""

    values: Values
    missing: tuple[str, ...] = ()
    """What makes the customer incomplete for a new account: ``billing address``, ``contact``."""
    primary: Primary | None = None
    """The subscription that the account shows."""


def alguna_values(
    customer: Customer, subscriptions: Sequence[Subscription], link: Link | None, policy: Policy
) -> AlgunaView:
    """Every field as Alguna would have it in Salesforce; what Alguna doesn't say is left out.

    `subscriptions` are all of the customer's: an empty sequence means that there is none.
    """
    values: dict[str, Value] = dict(customer.values)
    values.setdefault("Name", customer.name)
    values[CUSTOMER_ID] = customer.id
    address = policy.customer_link(customer.id)
    if address is not None:
        values[CUSTOMER_LINK] = address
    chosen = primary(subscriptions, link.pinned_subscription if link is not None else None)
    if chosen is None:
        values.update(_NO_SUBSCRIPTION)
        if not policy.subscription_url:
            del values[SUBSCRIPTION_LINK]
    else:
        _add_subscription(values, chosen.subscription, policy)
    if policy.picklists is not None:
        values.update(policy.picklists.spelled(values))
    return AlgunaView(values, _missing(values), chosen)


def salesforce_values(account: Account | None, contact: Contact | None) -> Values:
    """Every field as it stands in Salesforce; what the user may not read, or a missing record's fields, are left out."""
    if account is None:
        return {}
    if contact is None or contact.deleted:
        return account.values
    return {**account.values, **contact.values}


_NO_SUBSCRIPTION: dict[str, Value] = dict.fromkeys(SUBSCRIPTION_KEYS)


def _add_subscription(values: dict[str, Value], subscription: Subscription, policy: Policy) -> None:
    values[SUBSCRIPTION_ID] = subscription.id
    address = policy.subscription_link(subscription.id)
    if address is not None:
        values[SUBSCRIPTION_LINK] = address
    values[SUBSCRIPTION_NAME] = subscription.name or None
    values[SUBSCRIPTION_STATUS] = status_word(subscription.status)
    # The contract's start is when the subscription starts. Activation is when somebody switched it on: days before
    # for one that is scheduled, days after for one that was entered late.
    values[SUBSCRIPTION_STARTED] = _instant(subscription.starts_at or subscription.activated_at)
    if subscription.knows_canceled_at:
        values[SUBSCRIPTION_CANCELATION] = _instant(subscription.canceled_at)
    details = subscription.details
    if details is None or details.of_update != subscription.updated_at:
        return  # not asked for yet, or older than the subscription: unknown
    values[SUBSCRIPTION_RENEWAL] = _instant(details.renews_on)
    values[SUBSCRIPTION_INTERVAL] = interval_word(details.interval)
    if details.value is not None or details.interval is None:
        values[SUBSCRIPTION_VALUE] = details.value


def _instant(value: Value) -> Value:
    if value is None or len(value) == 20:  # already 2026-01-02T03:04:05Z
        return value
    return canonical(Kind.INSTANT, value)


def _missing(values: Values) -> tuple[str, ...]:
    """Parts of the profile of which nothing is known. Not returned counts like empty here: a new account can wait."""
    missing: list[str] = []
    if not any(values.get(key) for key in BILLING):
        missing.append("billing address")
    if not any(values.get(key) for key in (CONTACT_EMAIL, CONTACT_LAST_NAME)):
        missing.append("contact")
    return tuple(missing)
