"""Subjects and policies of all kinds, and a small world in which a plan is carried out: it treats values as the two systems
do. Salesforce trims text, turns blank text into null and lower-cases e-mail addresses."""

from dataclasses import replace

from hypothesis import strategies as st

from console.domain.changes import NEW_ACCOUNT
from console.domain.fields import ALIASES, CONTACT_ACCOUNT, FIELD, FIELDS, Flow, Kind
from console.domain.policy import Policy
from console.domain.records import (
    Account,
    Contact,
    Customer,
    Link,
    Match,
    MatchedBy,
    Rule,
    Subject,
    Subscription,
    SubscriptionDetails,
)
from console.domain.view import alguna_values, salesforce_values

ACCOUNT_ID, CONTACT_ID = "001000000000001AAA", "003000000000001AAA"
NOW = "2026-02-01T00:00:00Z"
PROFILE_KEYS = [spec.key for spec in FIELDS if spec.direction is Flow.BOTH] + [
    "Alguna_Legal_Entity__c",
    "Alguna_Tax_Rate__c",
]

MISSING = object()
POOLS = {
    Kind.TEXT: ["Acme", "ACME", "Beta", "Gamma GmbH", "x" * 41, "x" * 300, "[b]\x1b[31m\u202e"],
    Kind.MULTILINE: ["1 Main St", "1 Main St\nSuite 100", "2 Side St", "x" * 300],
    Kind.EMAIL: [
        "ada@acme.example",
        "Ada@Acme.example",
        "bob@acme.example",
        "ada@acme.example.invalid",
        "Eve@other.example.INVALID",
        "no address",
        "x" * 80 + "@acme.example",
    ],
    Kind.WEBSITE: ["https://acme.example", "https://ACME.example/", "http://acme.example"],
    Kind.LINK: ["https://app.alguna.io/customers/c1", "https://other.example"],
    Kind.REGION: ["CA", "California", "NY", "WA", "Washington", "Western Australia"],
    Kind.COUNTRY: ["USA", "United States", "DE", "Germany", "Freedonia"],
    Kind.CURRENCY: ["USD", "EUR"],
    Kind.INSTANT: ["2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "0500-01-01T00:00:00Z"],
    Kind.AMOUNT: ["500.00", "0.00", "99999999.99", "100000000.00"],
}


def values_of(keys):
    """Mappings in which each key is missing (unknown), None (empty) or one of its kind's values."""
    choices = [st.sampled_from([MISSING, None, *POOLS[FIELD[key].kind]]) for key in keys]
    return st.tuples(*choices).map(
        lambda drawn: {key: value for key, value in zip(keys, drawn, strict=True) if value is not MISSING}
    )


@st.composite
def subscriptions(draw):
    found = []
    for number in range(draw(st.integers(0, 3))):
        details = st.builds(
            SubscriptionDetails,
            of_update=st.sampled_from([NOW, "2026-01-15T00:00:00Z"]),
            interval=st.sampled_from([None, "monthly", "yearly", "fortnightly"]),
            value=st.none() | st.sampled_from(POOLS[Kind.AMOUNT]),
            renews_on=st.sampled_from([None, "2027-01-01", "2028-01-01"]),
        )
        knows = draw(st.booleans())
        found.append(
            Subscription(
                f"sub_{number}",
                "c1",
                draw(st.sampled_from(POOLS[Kind.TEXT])),
                draw(st.sampled_from(["active", "paused", "draft", "canceled", "in_dunning"])),
                "USD",
                NOW,
                starts_at=draw(st.sampled_from([None, "2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z"])),
                knows_canceled_at=knows,
                canceled_at=draw(st.sampled_from([None, "2026-03-01T00:00:00Z"])) if knows else None,
                details=draw(st.none() | details),
            )
        )
    return tuple(found)


@st.composite
def policies(draw):
    keys = st.frozensets(st.sampled_from(list(FIELD)))
    return Policy(
        rules=draw(st.dictionaries(st.sampled_from(list(FIELD)), st.sampled_from(list(Rule)), max_size=8)),
        create_accounts=draw(st.booleans()),
        import_choice=draw(st.sampled_from(["none", "matching", "all"])),
        connected_at="2026-01-01T00:00:00Z",
        readable=draw(st.none() | keys),
        writable=draw(st.none() | keys),
        customer_url=draw(st.sampled_from(["", "{app}/customers/{id}"])),
    )


@st.composite
def subjects(draw, kinds=("linked", "matched", "alone")):
    values = draw(values_of(PROFILE_KEYS))
    values.setdefault("Name", "Acme")
    values["Name"] = values["Name"] or "Acme"
    customer = Customer(
        "c1",
        values["Name"],
        draw(st.sampled_from(["2025-01-01T00:00:00Z", NOW])),
        NOW,
        values,
        aliases=draw(st.sampled_from([(), (ACCOUNT_ID,), ("cus_1", ACCOUNT_ID[:15])])),
        contact_id=draw(st.sampled_from([None, "cont_1"])),
    )
    owned = draw(subscriptions())
    kind = draw(st.sampled_from(kinds))
    if kind == "alone":
        return Subject(customer, owned, match=Match())
    there = draw(values_of(list(FIELD)))
    there["Name"] = there.get("Name") or "Acme"
    account = Account(
        ACCOUNT_ID,
        there["Name"],
        draw(st.sampled_from([NOW, "2026-03-01T00:00:00Z"])),
        {key: value for key, value in there.items() if FIELD[key].entity == "Account"},
    )
    contact = None
    if draw(st.booleans()):
        shown = {key: value for key, value in there.items() if FIELD[key].entity == "Contact"}
        contact = Contact(CONTACT_ID, ACCOUNT_ID, NOW, shown, deleted=draw(st.booleans()))
    if kind == "matched":
        return Subject(
            customer, owned, account, contact, match=Match(ACCOUNT_ID, MatchedBy.ALIAS, "Its alias.")
        )
    link = Link(
        "c1",
        ACCOUNT_ID,
        MatchedBy.CREATED,
        "Created.",
        NOW,
        "sync",
        contact_id=draw(st.sampled_from([None, CONTACT_ID])),
        base=draw(values_of(list(FIELD))),
    )
    return Subject(customer, owned, account, contact, link)


# -- the small world --------------------------------------------------------------------------------------------------


def kept_by_salesforce(key, value):
    if value is None or not value.strip():
        return None
    return value.strip().lower() if FIELD[key].kind is Kind.EMAIL else value.strip()


def visible(values, policy, entity):
    """A record as it is read: every field that the user may see, empty where nothing was written."""
    return {
        spec.key: kept_by_salesforce(spec.key, values.get(spec.key))
        for spec in FIELDS
        if spec.entity == entity and policy.may_read(spec.key)
    }


def applied(subject, planned, policy):
    """The subject after the plan was carried out, as the next pass finds it."""
    if not planned.decisions:
        return subject
    customer, account, contact = subject.customer, subject.account, subject.contact
    base = {**(subject.link.base if subject.link else {}), **planned.agreed}
    contact_id = contact.id if contact else (subject.link.contact_id if subject.link else None)
    for change in planned.changes:
        if change.key == ALIASES:
            aliases = tuple(ACCOUNT_ID if alias == NEW_ACCOUNT else alias for alias in change.after)
            customer = replace(customer, aliases=aliases)
        elif change.key is None:
            written = {key: value for key, value in change.after.items() if key != CONTACT_ACCOUNT}
            seen = visible(written, policy, change.entity)
            base |= written
            if change.entity == "Account":
                account = Account(ACCOUNT_ID, written["Name"], NOW, seen)
            else:
                assert change.after[CONTACT_ACCOUNT] in (ACCOUNT_ID, NEW_ACCOUNT)
                contact, contact_id = Contact(CONTACT_ID, ACCOUNT_ID, NOW, seen), CONTACT_ID
        elif change.side == "alguna":
            customer = replace(customer, values={**customer.values, change.key: change.after})
            if change.key == "Name":
                customer = replace(customer, name=change.after)
            base[change.key] = change.after
        else:
            value = kept_by_salesforce(change.key, change.after)
            if change.entity == "Account":
                assert change.record == account.id
                account = replace(account, values={**account.values, change.key: value})
            else:
                assert change.record == contact.id
                contact = replace(contact, values={**contact.values, change.key: value})
            base[change.key] = change.after
    link = subject.link
    if account is not None:
        link = Link(
            "c1", account.id, MatchedBy.CREATED, "Done.", NOW, "sync", contact_id=contact_id, base=base
        )
    return replace(subject, customer=customer, account=account, contact=contact, link=link)


def sides(subject, policy):
    contact = subject.contact if subject.contact and not subject.contact.deleted else None
    return (
        alguna_values(subject.customer, subject.subscriptions, subject.link, policy).values,
        salesforce_values(subject.account, contact),
    )
