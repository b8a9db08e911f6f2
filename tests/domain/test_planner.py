from dataclasses import replace

import pytest

from console.domain.changes import plan_hash
from console.domain.fields import BILLING, CONTACT_FIELDS, FIELD, FIELDS, SUBSCRIPTION_KEYS
from console.domain.planner import NEW_ACCOUNT, plan
from console.domain.records import (
    Candidate,
    Direction,
    Match,
    MatchedBy,
    Rule,
    State,
    Subject,
)

STATUS, RENEWAL = "Alguna_Subscription_Status__c", "Alguna_Subscription_Renewal_Date__c"


def fields(planned):
    return [
        (change.side, change.entity, change.field, change.before, change.after) for change in planned.changes
    ]


# -- where nothing is written -----------------------------------------------------------------------------------------


def test_a_linked_customer_on_which_both_sides_agree_is_in_sync(make):
    planned = plan(make.in_sync(), make.policy())
    assert planned.state is State.IN_SYNC
    assert planned.changes == ()
    assert planned.differs == 0
    assert planned.why[0] == "Nothing to do: all fields that can be compared agree."
    assert any("Shows subscription 1 of 1" in sentence for sentence in planned.why)
    assert [decision.key for decision in planned.decisions] == [spec.key for spec in FIELDS]


def test_existing_customers_are_left_alone_unless_they_are_imported(make):
    subject = make.unmatched()
    subject = replace(subject, customer=replace(subject.customer, created_at=make.before))
    planned = plan(subject, make.policy())
    assert planned.state is State.NOT_IMPORTED
    assert planned.changes == ()
    assert "before the connection" in planned.why[0]
    matched = replace(
        subject, match=Match(make.account_id, MatchedBy.ALIAS, "Its alias."), account=make.account()
    )
    assert plan(matched, make.policy()).state is State.NOT_IMPORTED
    assert plan(subject, make.policy(imported=frozenset({"wcqYrqfE"}))).state is State.PENDING
    assert plan(subject, make.policy(import_choice="all")).state is State.PENDING


def test_importing_matching_customers_links_them_and_creates_none(make):
    policy = make.policy(import_choice="matching")
    existing = replace(make.unmatched().customer, created_at=make.before)
    assert plan(Subject(existing, match=Match()), policy).state is State.NOT_IMPORTED
    matched = Subject(
        existing, (), make.account(), match=Match(make.account_id, MatchedBy.ALIAS, "Its alias.")
    )
    assert plan(matched, policy).state is State.PENDING
    several = Match(candidates=(Candidate(make.account_id, "Acme", 30, ("a name that fits",)),))
    assert plan(Subject(existing, match=several), policy).state is State.REVIEW
    assert plan(make.unmatched(), policy).state is State.PENDING, "a new customer is no matter of import"


def test_a_linked_customer_is_in_scope_however_old_it_is(make):
    subject = make.in_sync(alguna={"Name": "New"})
    subject = replace(subject, customer=replace(subject.customer, created_at=make.before))
    assert plan(subject, make.policy()).state is State.PENDING


def test_without_creation_a_customer_without_an_account_waits(make):
    planned = plan(make.unmatched(), make.policy(create_accounts=False))
    assert planned.state is State.NOT_CREATED
    assert planned.changes == ()


def test_nothing_is_created_before_salesforce_was_searched(make):
    planned = plan(replace(make.unmatched(), match=None), make.policy())
    assert planned.state is State.NEW
    assert planned.changes == ()


@pytest.mark.parametrize("other", [None, "001000000000002AAA"])
def test_a_match_is_only_used_with_its_account(make, other):
    account = make.account(id=other) if other else None
    match = Match(make.account_id, MatchedBy.ALIAS, "Its alias.")
    planned = plan(replace(make.unmatched(), match=match, account=account), make.policy())
    assert planned.state is State.NEW
    assert planned.changes == ()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (dict.fromkeys(BILLING), "billing address"),
        ({spec.key: None for spec in CONTACT_FIELDS}, "contact"),
        (
            {**dict.fromkeys(BILLING), **{spec.key: None for spec in CONTACT_FIELDS}},
            "billing address and contact",
        ),
    ],
)
def test_an_incomplete_customer_waits_and_says_for_what(make, values, words):
    planned = plan(make.unmatched(values), make.policy())
    assert planned.state is State.INCOMPLETE
    assert planned.changes == ()
    assert f"Waiting for the {words}:" in planned.why[0]


def test_a_profile_that_alguna_does_not_return_makes_a_new_account_wait_too(make):
    bare = replace(make.unmatched().customer, values={"Name": "Acme Corp"})
    planned = plan(replace(make.unmatched(), customer=bare), make.policy())
    assert planned.state is State.INCOMPLETE
    assert planned.changes == ()


def test_ambiguous_accounts_are_shown_with_their_evidence(make):
    match = Match(
        candidates=(Candidate("001000000000002AAA", "Acme\x1b[31m", 30, ("a name that fits", "same city")),)
    )
    planned = plan(replace(make.unmatched(), match=match), make.policy())
    assert planned.state is State.REVIEW
    assert planned.changes == ()
    assert planned.why == (
        "One account may be this customer's: a person chooses, nothing is guessed.",
        "“Acme␛[31m” (001000000000002AAA): a name that fits; same city.",
    )


def test_what_is_gone_on_either_side_changes_nothing_on_the_other(make):
    linked = make.in_sync(alguna={"Name": "New"})
    no_longer_listed = replace(linked, customer=replace(linked.customer, gone=True))
    unseen = replace(linked, account=None)
    deleted = replace(linked, account=replace(linked.account, deleted=True))
    for subject, words in [
        (no_longer_listed, "no longer lists"),
        (unseen, "can't be seen"),
        (deleted, "was deleted in Salesforce"),
        (replace(make.unmatched(), customer=replace(linked.customer, gone=True)), "no longer lists"),
    ]:
        planned = plan(subject, make.policy(import_choice="all"))
        assert planned.state is State.GONE
        assert planned.changes == ()
        assert words in planned.why[0]


def test_a_merge_that_the_link_could_not_follow_is_for_a_person(make):
    linked = make.in_sync(alguna={"Name": "New"})
    merged = replace(linked, account=replace(linked.account, deleted=True, merged_into="001000000000002AAA"))
    planned = plan(merged, make.policy(import_choice="all"))
    assert planned.state is State.REVIEW
    assert planned.changes == ()
    assert "merged into 001000000000002AAA" in planned.why[0]


# -- a new account ----------------------------------------------------------------------------------------------------


def test_a_new_customer_gets_an_account_a_contact_and_an_alias(make):
    planned = plan(make.unmatched(), make.policy())
    assert planned.state is State.PENDING
    account, contact, alias = planned.changes
    assert (account.side, account.entity, account.record, account.key) == (
        "salesforce",
        "Account",
        "wcqYrqfE",
        None,
    )
    assert account.after == {
        "Name": "Acme Corp",
        "Website": "https://acme.example",
        "CurrencyIsoCode": "USD",
        "BillingStreet": "1 Main St",
        "BillingCity": "San Francisco",
        "BillingState": "CA",
        "BillingPostalCode": "94105",
        "BillingCountry": "USA",
        "Alguna_Customer_ID__c": "wcqYrqfE",
        "Alguna_Customer_Link__c": "https://app.alguna.io/customers/wcqYrqfE",
        "Alguna_Tax_Rate__c": "0.20",
        "Alguna_Subscription_ID__c": "sub_1",
        "Alguna_Subscription_Link__c": "https://app.alguna.io/subscriptions/sub_1",
        "Alguna_Subscription_Name__c": "Acme Corp - Enterprise",
        "Alguna_Subscription_Status__c": "Active",
        "Alguna_Subscription_Interval__c": "Monthly",
        "Alguna_Subscription_Started_Date__c": "2026-01-01T00:00:00Z",
        "Alguna_Subscription_Renewal_Date__c": "2027-01-01T00:00:00Z",
        "Alguna_Subscription_Value__c": "500.00",
    }
    assert (contact.entity, contact.record) == ("Contact", "wcqYrqfE")
    assert contact.after == {
        "Contact.FirstName": "Ada",
        "Contact.LastName": "Lovelace",
        "Contact.Email": "ada@acme.example",
        "Contact.AccountId": NEW_ACCOUNT,
    }
    assert (alias.side, alias.entity, alias.field) == ("alguna", "customer", "aliases")
    assert (alias.before, alias.after) == ([], [NEW_ACCOUNT])
    assert planned.differs == 22
    assert all(change.before is None for change in (account, contact))
    assert all(change.reason for change in planned.changes)


def test_an_account_is_created_without_a_contact_that_has_no_last_name(make):
    planned = plan(make.unmatched({"Contact.LastName": None}), make.policy())
    assert [change.entity for change in planned.changes] == ["Account", "customer"]
    last_name = make.decision(planned, "Contact.LastName")
    assert last_name.refused
    assert "“ada@acme.example”" in last_name.reason
    assert "waits" in make.decision(planned, "Contact.Email").reason
    assert any(
        sentence.startswith("Contact Last Name: Salesforce takes no contact") for sentence in planned.why
    )


def test_an_account_is_created_without_what_does_not_fit(make):
    planned = plan(make.unmatched({"BillingCity": "x" * 41, "Contact.Email": "ada"}), make.policy())
    account, contact, _ = planned.changes
    assert "BillingCity" not in account.after
    assert "Contact.Email" not in contact.after
    assert "41 characters and Salesforce takes 40" in make.decision(planned, "BillingCity").reason
    assert make.decision(planned, "Contact.Email").refused


@pytest.mark.parametrize(
    "policy", [{"writable": frozenset({"Name"})}, {"rules": {"Alguna_Customer_ID__c": Rule.OFF}}]
)
def test_no_account_is_created_without_its_customer_id(make, policy):
    planned = plan(make.unmatched(), make.policy(**policy))
    assert planned.state is State.REFUSED
    assert planned.changes == ()


def test_no_account_is_created_with_a_name_that_does_not_fit(make):
    planned = plan(make.unmatched({"Name": "x" * 256}), make.policy())
    assert planned.state is State.REFUSED
    assert "256 characters" in planned.why[1]


def test_a_field_that_is_not_there_in_salesforce_is_not_part_of_a_new_account(make):
    readable = frozenset(FIELD) - {"CurrencyIsoCode"}
    planned = plan(make.unmatched(), make.policy(readable=readable, writable=readable))
    assert "CurrencyIsoCode" not in planned.changes[0].after
    assert not make.decision(planned, "CurrencyIsoCode").refused


# -- a linked account -------------------------------------------------------------------------------------------------


def test_changes_go_both_ways_in_one_plan(make):
    planned = plan(
        make.in_sync(
            alguna={"Name": "Acme Inc"}, salesforce={"BillingCity": "Oakland", "Contact.FirstName": "Augusta"}
        ),
        make.policy(),
    )
    assert planned.state is State.PENDING
    assert fields(planned) == [
        ("salesforce", "Account", "Name", "Acme Corp", "Acme Inc"),
        ("alguna", "customer", "billing_address.city", "San Francisco", "Oakland"),
        ("alguna", "customer", "contacts.first_name", "Ada", "Augusta"),
    ]
    assert planned.changes[0].record == make.account_id
    assert planned.changes[1].record == "wcqYrqfE"
    assert planned.differs == 3
    assert planned.why[0] == "3 changes planned: 1 in Salesforce, 2 in Alguna."
    assert (
        "Account Name: Alguna moved from “Acme Corp” to “Acme Inc”; Salesforce still has “Acme Corp”."
        in planned.why
    )


def test_a_changed_contact_field_is_written_to_the_contact(make):
    planned = plan(make.in_sync(alguna={"Contact.Email": "ada@new.example"}), make.policy())
    (change,) = planned.changes
    assert (change.entity, change.record, change.field) == ("Contact", make.contact_id, "Email")


def test_a_canceled_subscription_updates_its_fields_and_empties_the_renewal_date(make):
    subject = make.in_sync()
    canceled = make.subscription(
        status="canceled",
        updated_at="2026-03-01T00:00:00Z",
        details=make.details(of_update="2026-03-01T00:00:00Z", renews_on=None),
    )
    planned = plan(replace(subject, subscriptions=(canceled,)), make.policy())
    assert fields(planned) == [
        ("salesforce", "Account", STATUS, "Active", "Ended/Canceled"),
        ("salesforce", "Account", RENEWAL, "2027-01-01T00:00:00Z", None),
    ]


def test_a_renewal_date_that_a_person_typed_in_is_not_emptied_unasked(make):
    subject = make.in_sync(salesforce={RENEWAL: "2030-01-01T00:00:00Z"})
    open_ended = make.subscription(details=make.details(renews_on=None))
    planned = plan(replace(subject, subscriptions=(open_ended,)), make.policy())
    assert planned.state is State.CONFLICT
    assert planned.changes == ()
    assert make.decision(planned, RENEWAL).asks


def test_when_all_subscriptions_vanish_nothing_is_emptied_unasked(make):
    planned = plan(replace(make.in_sync(), subscriptions=()), make.policy())
    assert planned.state is State.CONFLICT
    assert planned.changes == ()
    asked = {decision.key for decision in planned.decisions if decision.asks}
    assert asked == SUBSCRIPTION_KEYS - {"Alguna_Subscription_Cancelation_Date__c"}


def test_details_that_are_not_read_yet_leave_the_fields_alone(make):
    unread = make.subscription(name="Renamed", updated_at="2026-03-01T00:00:00Z")
    planned = plan(replace(make.in_sync(), subscriptions=(unread,)), make.policy())
    assert [change.field for change in planned.changes] == ["Alguna_Subscription_Name__c"]


def test_an_edit_of_an_alguna_field_in_salesforce_is_put_back(make):
    planned = plan(make.in_sync(salesforce={STATUS: "Whatever"}), make.policy())
    assert fields(planned) == [("salesforce", "Account", STATUS, "Whatever", "Active")]
    assert make.decision(planned, STATUS).lost == "Whatever"


def test_conflicts_follow_the_rule_of_their_field(make):
    subject = make.in_sync(
        alguna={"Name": "A", "BillingCity": "A", "BillingPostalCode": "A"},
        salesforce={"Name": "S", "BillingCity": "S", "BillingPostalCode": "S"},
    )
    rules = {"BillingCity": Rule.SALESFORCE_WINS, "BillingPostalCode": Rule.MANUAL}
    planned = plan(subject, make.policy(rules=rules))
    assert fields(planned) == [
        ("salesforce", "Account", "Name", "S", "A"),
        ("alguna", "customer", "billing_address.city", "A", "S"),
    ]
    assert make.decision(planned, "Name").lost == "S"
    assert make.decision(planned, "BillingCity").lost == "A"
    assert make.decision(planned, "BillingPostalCode").asks
    assert planned.why[1].startswith("Billing Postal Code: "), "what a person must decide comes first"


@pytest.mark.parametrize(
    ("updated_at", "modstamp", "after"),
    [
        ("2026-03-02T00:00:00Z", "2026-03-01T00:00:00.000+0000", "A"),
        ("2026-03-02T00:00:00Z", "2026-03-03T00:00:00.000+0000", "S"),
        ("2026-03-02T00:00:00.5Z", "2026-03-02T00:00:00Z", None),
        ("", "2026-03-02T00:00:00Z", None),
        ("soon", "2026-03-02T00:00:00Z", None),
    ],
)
def test_the_latest_record_wins_where_that_can_be_told(make, updated_at, modstamp, after):
    subject = make.in_sync(alguna={"Name": "A"}, salesforce={"Name": "S"})
    subject = replace(
        subject,
        customer=replace(subject.customer, updated_at=updated_at),
        account=replace(subject.account, modstamp=modstamp),
    )
    planned = plan(subject, make.policy(rules={"Name": Rule.LATEST_WINS}))
    assert [change.after for change in planned.changes] == ([after] if after else [])
    assert make.decision(planned, "Name").asks is (after is None)


def test_for_a_contact_its_own_record_tells_which_side_was_latest(make):
    subject = make.in_sync(
        alguna={"Contact.Title": "A"}, salesforce={"Contact.Title": "S"}, base={"Contact.Title": "B"}
    )
    subject = replace(subject, contact=replace(subject.contact, modstamp="2026-04-01T00:00:00Z"))
    planned = plan(subject, make.policy(rules={"Contact.Title": Rule.LATEST_WINS}))
    assert fields(planned) == [("alguna", "customer", "contacts.title", "A", "S")]


def test_a_persons_answer_settles_a_conflict(make):
    subject = make.in_sync(alguna={"Name": "A"}, salesforce={"Name": "S"})
    policy = make.policy(rules={"Name": Rule.MANUAL})
    assert plan(subject, policy).state is State.CONFLICT
    for side, written in (("salesforce", "alguna"), ("alguna", "salesforce")):
        planned = plan(make.answered(subject, policy, {"Name": side}), policy)
        assert [change.side for change in planned.changes] == [written]
        assert "Decided by ada at 2026-0" in make.decision(planned, "Name").reason


def test_a_value_that_does_not_fit_is_refused_and_the_others_go_on(make):
    subject = make.in_sync(alguna={"BillingCity": "x" * 41, "Name": "New"})
    planned = plan(subject, make.policy())
    assert [change.field for change in planned.changes] == ["Name"]
    assert planned.state is State.PENDING
    refused = make.decision(planned, "BillingCity")
    assert refused.refused
    assert refused.direction is None
    assert "41 characters" in refused.reason
    alone = plan(make.in_sync(alguna={"BillingCity": "x" * 41}), make.policy())
    assert alone.state is State.REFUSED
    assert alone.why[0] == "1 field can't be written."


def test_a_field_that_the_user_may_not_edit_is_refused(make):
    subject = make.in_sync(alguna={"Name": "New"}, salesforce={"BillingCity": "Oakland"})
    planned = plan(subject, make.policy(writable=frozenset()))
    assert [change.side for change in planned.changes] == ["alguna"], (
        "reading is enough for the way to Alguna"
    )
    assert "may read" in make.decision(planned, "Name").reason


def test_values_that_alguna_never_returned_are_not_touched_in_salesforce(make):
    planned = plan(
        make.in_sync(without=("Website",), salesforce={"Website": "https://edited.example"}), make.policy()
    )
    assert planned.state is State.IN_SYNC
    assert any("Not returned by Alguna" in sentence and "Website" in sentence for sentence in planned.why)


def test_fields_that_are_switched_off_are_named(make):
    planned = plan(make.in_sync(alguna={"Name": "New"}), make.policy(rules={"Name": Rule.OFF}))
    assert planned.state is State.IN_SYNC
    assert "Switched off: Account Name." in planned.why


def test_equal_values_do_not_hide_that_a_field_is_off_or_unknown(make):
    planned = plan(make.in_sync(without=("Website",)), make.policy(rules={"Name": Rule.OFF}))
    assert make.decision(planned, "Name").reason == "This field is switched off."
    assert make.decision(planned, "Website").reason.startswith("Alguna doesn't return this value")
    nothing_of_either = plan(make.in_sync(), make.policy())
    assert make.decision(nothing_of_either, "Contact.Title").reason.startswith(
        "Alguna doesn't return this value"
    )


def test_a_difference_that_the_rule_allows_is_told(make):
    subject = make.in_sync(alguna={"Name": "New"})
    planned = plan(subject, make.policy(rules={"Name": Rule.FILL_BLANKS}))
    assert planned.state is State.IN_SYNC
    assert planned.differs == 1
    assert planned.why[0] == "Nothing to do: 1 field may differ by rule, all others agree."


def test_where_both_moved_alike_the_base_moves_without_a_write(make):
    subject = make.in_sync(alguna={"Name": "New"}, salesforce={"Name": "New"})
    planned = plan(subject, make.policy())
    assert planned.changes == ()
    assert planned.agreed == {"Name": "New"}


def test_an_unknown_status_word_is_written_and_told(make):
    odd = replace(make.in_sync(), subscriptions=(make.subscription(status="in_dunning"),))
    planned = plan(odd, make.policy())
    assert fields(planned) == [("salesforce", "Account", STATUS, "Active", "in_dunning")]
    assert any("“in_dunning” isn't a known word" in sentence for sentence in planned.why)


# -- the first time ---------------------------------------------------------------------------------------------------


def test_a_fresh_match_fills_blanks_and_lets_the_rule_decide_the_rest(make):
    match = Match(make.account_id, MatchedBy.DOMAIN_AND_NAME, "Only “Acme” fits.")
    account = make.account(
        {
            "Name": "Acme",
            "Website": None,
            "BillingCity": "Oakland",
            "BillingCountry": "United States",
            STATUS: None,
        }
    )
    customer = make.customer({"BillingCity": None}, aliases=("cus_stripe",))
    planned = plan(
        Subject(customer, (make.subscription(),), account, make.contact(), match=match), make.policy()
    )
    assert fields(planned) == [
        ("salesforce", "Account", "Name", "Acme", "Acme Corp"),
        ("salesforce", "Account", "Website", None, "https://acme.example"),
        ("salesforce", "Account", STATUS, None, "Active"),
        ("alguna", "customer", "billing_address.city", None, "Oakland"),
        ("alguna", "customer", "aliases", ["cus_stripe"], ["cus_stripe", make.account_id]),
    ]
    assert make.decision(planned, "Name").lost == "Acme"
    assert planned.agreed == {"BillingCountry": "USA"}
    assert "Matched: Only “Acme” fits." in planned.why


def test_an_alias_that_is_there_is_not_added_again(make):
    subject = make.in_sync()
    subject = replace(subject, customer=replace(subject.customer, aliases=("cus_stripe", make.account_id)))
    assert plan(subject, make.policy()).changes == ()


def test_the_short_form_of_the_id_does_not_stand_in_for_the_long_one(make):
    """Usage is sent with the id that Salesforce's API returns, and Alguna compares whole texts."""
    subject = make.in_sync()
    subject = replace(subject, customer=replace(subject.customer, aliases=(make.account_id[:15],)))
    (change,) = plan(subject, make.policy()).changes
    assert change.after == [make.account_id[:15], make.account_id]


# -- the contact ------------------------------------------------------------------------------------------------------


def without_contact(make, subject, linked=False):
    contact_id = make.contact_id if linked else None
    return replace(subject, contact=None, link=replace(subject.link, contact_id=contact_id))


def test_a_contact_that_is_not_in_salesforce_is_created(make):
    planned = plan(without_contact(make, make.in_sync(alguna={"Name": "New"})), make.policy())
    created, changed = planned.changes
    assert (created.entity, created.record, created.key) == ("Contact", "wcqYrqfE", None)
    assert created.after["Contact.AccountId"] == make.account_id
    assert created.after["Contact.Email"] == "ada@acme.example"
    assert changed.field == "Name"
    assert [decision.key for decision in planned.decisions] == [spec.key for spec in FIELDS]


@pytest.mark.parametrize("deleted", [True, False])
def test_a_contact_that_somebody_removed_is_not_created_again(make, deleted):
    subject = make.in_sync()
    subject = (
        replace(subject, contact=replace(subject.contact, deleted=True))
        if deleted
        else without_contact(make, subject, linked=True)
    )
    planned = plan(subject, make.policy())
    assert planned.changes == ()
    assert "isn't created again" in make.decision(planned, "Contact.Email").reason


def test_a_customer_without_a_contact_needs_none(make):
    nobody = {spec.key: None for spec in CONTACT_FIELDS}
    planned = plan(without_contact(make, make.in_sync(alguna=nobody)), make.policy())
    assert planned.state is State.IN_SYNC
    assert make.decision(planned, "Contact.Email").reason == "Alguna has no contact."


def test_a_contact_without_a_last_name_waits(make):
    planned = plan(without_contact(make, make.in_sync(alguna={"Contact.LastName": None})), make.policy())
    assert planned.state is State.REFUSED
    assert planned.changes == ()


@pytest.mark.parametrize("rule", [Rule.OFF, Rule.MANUAL])
def test_a_contact_is_created_under_any_rule_but_off(make, rule):
    rules = dict.fromkeys((spec.key for spec in CONTACT_FIELDS), rule)
    planned = plan(without_contact(make, make.in_sync()), make.policy(rules=rules))
    assert len(planned.changes) == (0 if rule is Rule.OFF else 1)


def test_a_contact_needs_its_last_name_to_be_switched_on(make):
    planned = plan(without_contact(make, make.in_sync()), make.policy(rules={"Contact.LastName": Rule.OFF}))
    assert planned.changes == ()


BOB = {"Contact.FirstName": "Bob", "Contact.LastName": "Builder", "Contact.Email": "bob@acme.example"}


@pytest.mark.parametrize("side", ["alguna", "salesforce"])
def test_another_person_is_never_written_over_a_contact_unasked(make, side):
    planned = plan(make.in_sync(**{side: BOB}), make.policy())
    assert planned.state is State.CONFLICT
    assert planned.changes == ()
    reason = make.decision(planned, "Contact.LastName").reason
    assert "“Ada Lovelace ada@acme.example” became “Bob Builder bob@acme.example”" in reason
    exchanged = make.in_sync(**{side: BOB})
    agreed_to = plan(make.answered(exchanged, make.policy(), dict.fromkeys(BOB, side)), make.policy())
    assert len(agreed_to.changes) == 3


def test_one_person_may_marry_or_move(make):
    married = plan(
        make.in_sync(alguna={"Contact.LastName": "King", "Contact.FirstName": "Augusta"}), make.policy()
    )
    assert len(married.changes) == 2
    moved = plan(make.in_sync(alguna={"Contact.Email": "ada@new.example"}), make.policy())
    assert len(moved.changes) == 1


def test_the_same_new_person_on_both_sides_is_no_question(make):
    planned = plan(make.in_sync(alguna=BOB, salesforce=BOB), make.policy())
    assert planned.state is State.IN_SYNC
    assert planned.agreed == BOB


@pytest.mark.parametrize("shared", ["Contact.Email", "Contact.LastName"])
def test_a_new_person_whom_the_other_side_already_has_in_part_is_no_question(make, shared):
    planned = plan(make.in_sync(alguna=BOB, salesforce={shared: BOB[shared]}), make.policy())
    assert planned.state is State.PENDING
    assert {change.key for change in planned.changes} == BOB.keys() - {shared}


def test_alguna_gets_no_contact_without_an_address(make):
    nobody = {spec.key: None for spec in CONTACT_FIELDS}
    subject = make.in_sync(
        alguna=nobody, base=nobody, salesforce={"Contact.Title": None, "Contact.Email": None}
    )
    subject = replace(subject, customer=replace(subject.customer, contact_id=None, contacts=0))
    planned = plan(subject, make.policy())
    assert planned.changes == ()
    assert planned.state is State.REFUSED
    assert "without an e-mail address" in make.decision(planned, "Contact.LastName").reason
    with_address = replace(
        subject, contact=make.contact({**subject.contact.values, "Contact.Email": "ada@acme.example"})
    )
    assert {change.field for change in plan(with_address, make.policy()).changes} == {
        "contacts.first_name",
        "contacts.last_name",
        "contacts.email",
    }


# -- ids and hashes ---------------------------------------------------------------------------------------------------


def test_ids_are_stable_and_tell_changes_apart(make):
    subject = make.in_sync(alguna={"Name": "A"}, salesforce={"BillingCity": "B"})
    first, again = plan(subject, make.policy()), plan(subject, make.policy())
    assert first == again
    assert len({change.id for change in first.changes}) == 2
    other = plan(make.in_sync(alguna={"Name": "Z"}, salesforce={"BillingCity": "B"}), make.policy())
    assert first.changes[0].id != other.changes[0].id
    assert first.changes[1].id == other.changes[1].id


def test_an_alguna_write_that_is_made_again_later_has_another_id(make):
    subject = make.in_sync(salesforce={"BillingCity": "B"})
    later = replace(subject, customer=replace(subject.customer, updated_at="2026-05-05T00:00:00Z"))
    one, other = (plan(version, make.policy()).changes[0] for version in (subject, later))
    assert one.id != other.id


def test_a_plans_hash_covers_every_change_in_any_order(make):
    changes = plan(make.in_sync(alguna={"Name": "A"}, salesforce={"BillingCity": "B"}), make.policy()).changes
    assert plan_hash(changes) == plan_hash(changes[::-1])
    assert len(plan_hash(())) == 64
    hashes = {plan_hash(()), plan_hash(changes), plan_hash(changes[:1]), plan_hash((*changes, changes[0]))}
    for name, value in [
        ("after", "Z"),
        ("record", "001000000000002AAA"),
        ("side", "alguna"),
        ("before", None),
        ("field", "X"),
    ]:
        hashes.add(plan_hash((replace(changes[0], **{name: value}), *changes[1:])))
    assert len(hashes) == 9


def test_hostile_names_can_be_planned_and_hashed(make):
    planned = plan(make.unmatched({"Name": "\ud800 \x00 “x” \u202e {id}"}), make.policy())
    assert planned.state is State.PENDING
    assert len(plan_hash(planned.changes)) == 64
    assert all(sentence.isprintable() for sentence in planned.why)


def test_directions_of_fields_that_only_alguna_fills_never_turn_around(make):
    edited = {
        spec.key: "99.00" if "Value" in spec.key else "2030-01-01T00:00:00Z"
        for spec in FIELDS
        if spec.key.startswith("Alguna_")
    }
    planned = plan(
        make.in_sync(salesforce=edited), make.policy(rules=dict.fromkeys(edited, Rule.SALESFORCE_WINS))
    )
    assert planned.changes
    assert all(decision.direction is not Direction.TO_ALGUNA for decision in planned.decisions)
