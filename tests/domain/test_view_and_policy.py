import pytest

from console.domain.fields import BILLING, CONTACT_FIELDS, FIELD, SUBSCRIPTION_KEYS
from console.domain.policy import Policy
from console.domain.records import Rule
from console.domain.view import alguna_values, salesforce_values


@pytest.fixture
def view(make):
    def build(customer=None, subscriptions=None, link=None, **policy):
        return alguna_values(
            customer or make.customer(),
            (make.subscription(),) if subscriptions is None else subscriptions,
            link,
            make.policy(**policy),
        )

    return build


def test_all_that_alguna_says_is_told_in_the_words_of_salesforce(view, make):
    subscription = make.subscription(
        knows_canceled_at=True, canceled_at="2026-05-01T12:00:00Z", status="canceled"
    )
    values = view(make.customer({"Alguna_Legal_Entity__c": "Acme Billing BV"}), (subscription,)).values
    owned = {key: value for key, value in values.items() if key.startswith("Alguna_")}
    assert owned == {
        "Alguna_Customer_ID__c": "wcqYrqfE",
        "Alguna_Customer_Link__c": "https://app.alguna.io/customers/wcqYrqfE",
        "Alguna_Legal_Entity__c": "Acme Billing BV",
        "Alguna_Subscription_ID__c": "sub_1",
        "Alguna_Subscription_Link__c": "https://app.alguna.io/subscriptions/sub_1",
        "Alguna_Subscription_Name__c": "Acme Corp - Enterprise",
        "Alguna_Subscription_Status__c": "Ended/Canceled",
        "Alguna_Subscription_Interval__c": "Monthly",
        "Alguna_Subscription_Started_Date__c": "2026-01-01T00:00:00Z",
        "Alguna_Subscription_Renewal_Date__c": "2027-01-01T00:00:00Z",
        "Alguna_Subscription_Cancelation_Date__c": "2026-05-01T12:00:00Z",
        "Alguna_Subscription_Value__c": "500.00",
        "Alguna_Tax_Rate__c": "0.20",
    }
    assert values["BillingCountry"] == "USA"
    assert set(values) <= set(FIELD)


def test_what_alguna_does_not_return_is_unknown_and_not_empty(view, make):
    values = view(make.customer(without=("Website", "Alguna_Tax_Rate__c"))).values
    for key in ("Website", "Contact.Title", "Alguna_Legal_Entity__c", "Alguna_Tax_Rate__c"):
        assert key not in values
    assert "Alguna_Subscription_Cancelation_Date__c" not in values, "a date of cancelation is never guessed"


@pytest.mark.parametrize("details", [None, {"of_update": "2026-01-15T00:00:00Z"}])
def test_price_and_renewal_are_unknown_until_they_are_read_for_this_version(view, make, details):
    subscription = make.subscription(details=details and make.details(**details))
    values = view(subscriptions=(subscription,)).values
    assert values["Alguna_Subscription_Status__c"] == "Active"
    for name in ("Interval", "Value"):
        assert f"Alguna_Subscription_{name}__c" not in values
    assert "Alguna_Subscription_Renewal_Date__c" not in values


def test_an_unreadable_amount_is_unknown_while_nothing_recurring_is_empty(view, make):
    unreadable = make.subscription(details=make.details(value=None))
    assert "Alguna_Subscription_Value__c" not in view(subscriptions=(unreadable,)).values
    nothing = make.subscription(details=make.details(interval=None, value=None))
    values = view(subscriptions=(nothing,)).values
    assert values["Alguna_Subscription_Value__c"] is None
    assert values["Alguna_Subscription_Interval__c"] is None


def test_the_contract_says_when_a_subscription_started_and_activation_only_where_it_does_not(view, make):
    key = "Alguna_Subscription_Started_Date__c"
    late = make.subscription(starts_at="2026-01-01T00:00:00Z", activated_at="2026-01-05T09:00:00Z")
    assert view(subscriptions=(late,)).values[key] == "2026-01-01T00:00:00Z"
    bare = make.subscription(starts_at=None, activated_at="2026-01-05T09:00:00Z")
    assert view(subscriptions=(bare,)).values[key] == "2026-01-05T09:00:00Z"
    draft = make.subscription(starts_at="2026-07-01", activated_at=None, status="draft")
    assert view(subscriptions=(draft,)).values[key] == "2026-07-01T00:00:00Z"


def test_a_subscription_that_is_known_not_to_be_canceled_has_an_empty_date(view, make):
    values = view(subscriptions=(make.subscription(knows_canceled_at=True),)).values
    assert values["Alguna_Subscription_Cancelation_Date__c"] is None


def test_a_customer_without_subscriptions_has_empty_subscription_fields(view):
    empty = view(subscriptions=())
    assert empty.primary is None
    assert {key for key in SUBSCRIPTION_KEYS if empty.values[key] is None} == SUBSCRIPTION_KEYS


def test_the_pinned_subscription_of_the_link_is_shown(view, make):
    link = make.in_sync(base={}).link
    pinned = type(link)(*[getattr(link, name) for name in link.__slots__[:-1]], pinned_subscription="sub_2")
    shown = view(
        subscriptions=(make.subscription(), make.subscription(id="sub_2", status="canceled")), link=pinned
    )
    assert shown.values["Alguna_Subscription_ID__c"] == "sub_2"
    assert shown.primary.position == "1 of 2"


def test_links_follow_their_pattern_and_hostile_ids_stay_inside_the_path(view, make):
    values = view(
        make.customer(id="a/../b?c=d"),
        app_url="https://app.sandbox.alguna.io/",
        customer_url="{app}/billing/{id}/profile",
    ).values
    assert (
        values["Alguna_Customer_Link__c"]
        == "https://app.sandbox.alguna.io/billing/a%2F..%2Fb%3Fc%3Dd/profile"
    )


@pytest.mark.parametrize("subscribed", [True, False])
def test_without_a_pattern_a_link_is_unknown(view, make, subscribed):
    subscriptions = (make.subscription(),) if subscribed else ()
    values = view(subscriptions=subscriptions, customer_url="", subscription_url="").values
    assert "Alguna_Customer_Link__c" not in values
    assert "Alguna_Subscription_Link__c" not in values


def test_a_profile_without_address_or_contact_is_incomplete(view, make):
    nobody = {spec.key: None for spec in CONTACT_FIELDS}
    nowhere = dict.fromkeys(BILLING)
    assert view().missing == ()
    assert view(make.customer(nowhere)).missing == ("billing address",)
    assert view(make.customer(nobody)).missing == ("contact",)
    assert view(make.customer({**nobody, **nowhere})).missing == ("billing address", "contact")
    assert view(make.customer({**nowhere, "BillingCity": "Berlin"})).missing == ()
    assert view(make.customer(without=(*BILLING, *nobody))).missing == ("billing address", "contact")
    assert view(make.customer({"Contact.LastName": None})).missing == ()


def test_salesforces_side_leaves_out_what_is_not_there(make):
    account, contact = make.account({"Website": None}), make.contact({"Contact.Email": "ada@acme.example"})
    assert salesforce_values(None, contact) == {}
    assert salesforce_values(account, None) == {"Name": "Acme Corp", "Website": None}
    assert salesforce_values(account, make.contact({"Contact.Email": "x"}, deleted=True)) == account.values
    assert salesforce_values(account, contact) == {**account.values, **contact.values}


def test_customers_are_new_from_the_instant_of_the_connection_on(make):
    policy = make.policy()
    assert policy.is_new(make.customer(created_at=make.connected))
    assert not policy.is_new(make.customer(created_at=make.before))
    assert not Policy().is_new(make.customer()), "without a connection instant everything was there before"
    assert not policy.is_new(make.customer(created_at=""))


def test_a_rule_that_is_not_named_is_the_fields_own(make):
    policy = make.policy(rules={"Name": Rule.MANUAL})
    assert policy.rule(FIELD["Name"]) is Rule.MANUAL
    assert policy.rule(FIELD["Website"]) is Rule.ALGUNA_WINS


def test_rights_are_unlimited_unless_they_are_known(make):
    assert make.policy().may_read("Website")
    assert make.policy().may_write("Website")
    limited = make.policy(readable=frozenset({"Name"}), writable=frozenset())
    assert limited.may_read("Name")
    assert not limited.may_read("Website")
    assert not limited.may_write("Name")
