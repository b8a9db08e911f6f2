"""What each side held as of a run, and what two runs differ by."""

import pytest

from console.domain.past import Difference, Event, as_of, between

ACCOUNT, CONTACT = "001D000000IqhSLIAZ", "003D000000QV9n2IAD"
RECORDS = {"Account": ACCOUNT, "Contact": CONTACT}


def wrote(run, before, after, *, side="salesforce", key="BillingCity", copied=True):
    entity = "customer" if side == "alguna" else "Account"
    return Event(run, side, entity, "cus" if side == "alguna" else ACCOUNT, key, before, after, copied)


def saw(run, before, after, **more):
    return wrote(run, before, after, copied=False, **more)


def city(run, events, alguna=None, salesforce=None):
    now = {"BillingCity": alguna}, {"BillingCity": salesforce}
    moment = as_of(run, events, *now, RECORDS)
    return moment.alguna.get("BillingCity", "?"), moment.salesforce.get("BillingCity", "?")


def test_what_nothing_moved_is_what_it_is_now():
    assert city(3, [], "Rome", "Rome") == ("Rome", "Rome")


@pytest.mark.parametrize(
    ("run", "held"),
    [
        (1, ("Paris", "Paris")),
        (2, ("Rome", "Rome")),
        (3, ("Rome", "Rome")),
        (4, ("Rome", "Oslo")),
        (5, ("Oslo", "Oslo")),
    ],
)
def test_both_sides_are_told_by_what_was_seen_and_written(run, held):
    events = [
        saw(2, "Paris", "Rome", side="alguna"),
        wrote(2, "Paris", "Rome"),
        saw(4, "Rome", "Oslo"),
        wrote(5, "Rome", "Oslo", side="alguna"),
    ]
    assert city(run, events, "Oslo", "Oslo") == held


def test_an_edit_that_nobody_saw_leaves_the_value_unknown_before_its_copy():
    """The copy of run 4 tells what the source held by then, not since when."""
    assert city(3, [wrote(4, "Rome", "Oslo")], "Oslo", "Oslo") == ("?", "Rome")


def test_an_earlier_copy_tells_what_the_source_held():
    events = [wrote(2, "Paris", "Rome"), wrote(4, "Rome", "Oslo")]
    assert city(3, events, "Oslo", "Oslo") == ("Rome", "Rome")


def test_an_undo_tells_of_its_own_side_only():
    events = [wrote(2, "Paris", "Rome"), wrote(3, "Rome", "Paris", copied=False)]
    assert city(2, events, "Rome", "Paris") == ("Rome", "Rome")
    assert city(3, events, "Rome", "Paris") == ("Rome", "Paris")


def test_before_a_record_was_created_there_was_none():
    events = [Event(2, "salesforce", "Account", ACCOUNT, None, None, {"Name": "Acme"}, True)]
    before = as_of(1, events, {"Name": "Acme"}, {"Name": "Acme"}, RECORDS)
    assert not before.account
    assert before.salesforce == {}
    after = as_of(2, events, {"Name": "Acme"}, {"Name": "Acme", "BillingCity": None}, RECORDS)
    assert after.account
    assert (after.salesforce["Name"], after.salesforce["BillingCity"]) == ("Acme", None)


def test_a_new_record_was_empty_where_nothing_was_given():
    events = [
        Event(2, "salesforce", "Account", ACCOUNT, None, None, {"Name": "Acme"}, True),
        wrote(3, None, "Rome"),
    ]
    assert city(2, events, "Rome", "Rome")[1] is None


def test_a_record_that_was_deleted_was_there_before():
    events = [Event(4, "salesforce", "Account", ACCOUNT, None, {"Name": "Acme"}, None)]
    assert as_of(3, events, {}, {"Name": "Acme"}, RECORDS).account
    assert not as_of(4, events, {}, {"Name": "Acme"}, RECORDS).account


def test_two_runs_differ_by_what_moved_between_them():
    events = [
        wrote(1, "Bonn", "Paris"),
        wrote(2, "Paris", "Rome"),
        wrote(3, "Rome", "Oslo"),
        wrote(4, "Oslo", "Bern"),
    ]
    assert between(1, 3, events) == [
        Difference("salesforce", "Account", ACCOUNT, "BillingCity", "Paris", "Oslo", (2, 3))
    ]


def test_what_moved_there_and_back_is_no_difference():
    events = [
        wrote(2, "Paris", "Rome"),
        wrote(3, "Rome", "Paris", copied=False),
        Event(2, "alguna", "customer", "cus", "aliases", ["a", "b"], ["b", "a", "c"]),
        Event(3, "alguna", "customer", "cus", "aliases", ["b", "a", "c"], ["b", "a"]),
        wrote(2, "USA", "United States", key="BillingCountry"),
    ]
    assert between(1, 3, events) == []


def test_a_record_that_was_created_between_is_a_difference():
    events = [Event(2, "salesforce", "Account", ACCOUNT, None, None, {"Name": "Acme"}, True)]
    (found,) = between(1, 2, events)
    assert (found.key, found.before, found.after) == (None, None, {"Name": "Acme"})
