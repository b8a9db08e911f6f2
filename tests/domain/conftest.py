"""Builders of ready-made records. Session-scoped, so that property tests may use them too."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.domain.policy import Policy
from console.domain.records import (
    Account,
    Answer,
    Contact,
    Customer,
    Link,
    Match,
    MatchedBy,
    Subject,
    Subscription,
    SubscriptionDetails,
)
from console.domain.view import alguna_values, salesforce_values

ACCOUNT_ID = "001D000000IqhSLIAZ"
CONTACT_ID = "003D000000QV9n2IAD"
BEFORE, CONNECTED, AFTER = "2025-06-01T00:00:00Z", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"

PROFILE = {
    "Name": "Acme Corp",
    "Website": "https://acme.example",
    "CurrencyIsoCode": "USD",
    "BillingStreet": "1 Main St",
    "BillingCity": "San Francisco",
    "BillingState": "CA",
    "BillingPostalCode": "94105",
    "BillingCountry": "USA",
    "Contact.FirstName": "Ada",
    "Contact.LastName": "Lovelace",
    "Contact.Email": "ada@acme.example",
    "Alguna_Tax_Rate__c": "0.20",
}


class Make:
    """Records with sensible contents; keyword arguments replace any of it."""

    account_id = ACCOUNT_ID
    contact_id = CONTACT_ID
    before, connected, after = BEFORE, CONNECTED, AFTER

    @staticmethod
    def policy(**changes) -> Policy:
        return replace(Policy(connected_at=CONNECTED), **changes)

    @staticmethod
    def customer(values=None, without=(), **changes) -> Customer:
        """`values` are laid over the profile; the keys `without` are not returned by Alguna at all."""
        profile = {key: value for key, value in {**PROFILE, **(values or {})}.items() if key not in without}
        customer = Customer(
            "wcqYrqfE",
            profile.get("Name") or "Acme Corp",
            AFTER,
            AFTER,
            profile,
            aliases=(ACCOUNT_ID,),
            contact_id="cont_1",
            contacts=1,
        )
        return replace(customer, **changes)

    @staticmethod
    def details(**changes) -> SubscriptionDetails:
        return replace(SubscriptionDetails(AFTER, "monthly", "500.00", "2027-01-01"), **changes)

    @classmethod
    def subscription(cls, **changes) -> Subscription:
        subscription = Subscription(
            "sub_1",
            "wcqYrqfE",
            "Acme Corp - Enterprise",
            "active",
            "USD",
            AFTER,
            starts_at="2026-01-01T00:00:00Z",
            activated_at="2026-01-05T00:00:00Z",
            details=cls.details(),
        )
        return replace(subscription, **changes)

    @staticmethod
    def account(values=None, **changes) -> Account:
        values = {"Name": "Acme Corp", **(values or {})}
        account = Account(ACCOUNT_ID, values["Name"] or "", "2026-02-01T00:00:00Z", values)
        return replace(account, **changes)

    @staticmethod
    def contact(values=None, **changes) -> Contact:
        return replace(Contact(CONTACT_ID, ACCOUNT_ID, "2026-02-01T00:00:00Z", values or {}), **changes)

    @classmethod
    def in_sync(cls, *, alguna=None, salesforce=None, base=None, without=(), **changes) -> Subject:
        """A linked customer on which both sides agree, but for the values that are laid over each side and the base."""
        customer = cls.customer(without=without)
        subscriptions = (cls.subscription(),)
        agreed = dict(alguna_values(customer, subscriptions, None, cls.policy()).values)
        both = {**agreed, **(salesforce or {})}
        link = Link(
            customer.id,
            ACCOUNT_ID,
            MatchedBy.CREATED,
            "Created from the customer.",
            CONNECTED,
            "the sync",
            contact_id=CONTACT_ID,
            base={**agreed, **(base or {})},
        )
        subject = Subject(
            cls.customer(alguna, without=without),
            subscriptions,
            cls.account({key: value for key, value in both.items() if not key.startswith("Contact.")}),
            cls.contact({key: value for key, value in both.items() if key.startswith("Contact.")}),
            link,
        )
        return replace(subject, **changes)

    @classmethod
    def unmatched(cls, values=None, **changes) -> Subject:
        """A customer created after the connection, for whom no account was found."""
        customer = cls.customer(values, aliases=())
        return replace(Subject(customer, (cls.subscription(),), match=Match()), **changes)

    @classmethod
    def answered(cls, subject, policy, sides, **more):
        """The subject with answers, field key -> side, for the values that both sides hold now."""
        there = salesforce_values(subject.account, subject.contact)
        ours = alguna_values(subject.customer, subject.subscriptions, subject.link, policy).values
        answers = {
            key: Answer(side, ours[key], there[key], more.get("at", AFTER), more.get("by", "ada"))
            for key, side in sides.items()
        }
        return replace(subject, decided=replace(subject.decided, answers=answers))

    @staticmethod
    def decision(plan, key):
        return next(decision for decision in plan.decisions if decision.key == key)


@pytest.fixture(scope="session")
def make() -> type[Make]:
    return Make
