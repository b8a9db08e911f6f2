"""What differs between a range as it is and as it is cached, and when the next slice is due."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.auditing import (
    CALLS,
    FIRST,
    ROUND,
    SHARE,
    SLICE,
    Round,
    compare,
    first,
    is_due,
    pause,
    sentence,
)
from console.domain.records import Account, Contact, Customer, Subscription

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SWEPT = "2026-06-01T00:00:00Z"
BEHIND, AHEAD = "2026-05-31T00:00:00Z", "2026-06-01T11:00:00Z"


def account(id_="001", *, stamp=BEHIND, **values):
    return Account(id_, values.pop("Name", "Acme"), stamp, values)


def by_id(*records):
    return {record.id: record for record in records}


def test_equal_records_are_no_finding_whatever_their_stamps_say():
    cached = account(stamp=BEHIND, Website="https://acme.example")
    there = replace(cached, modstamp=AHEAD, modified_by="somebody", created_at="then")
    assert compare(by_id(there), by_id(cached), SWEPT) == []


def test_a_changed_field_is_named_and_missed_only_where_its_stamp_lies_behind_the_sweep():
    cached = account(Website="old", BillingCity="Rome")
    for stamp, missed in ((BEHIND, True), (AHEAD, False), (SWEPT, False)):
        there = account(stamp=stamp, Website="new", BillingCity="Rome")
        (finding,) = compare(by_id(there), by_id(cached), SWEPT)
        assert (finding.kind, finding.fields, finding.missed) == ("changed", ("Website",), missed)


def test_a_field_that_was_unknown_and_is_empty_now_differs():
    (finding,) = compare(by_id(account(Website=None)), by_id(account()), SWEPT)
    assert finding.fields == ("Website",)


def test_new_back_and_gone_are_told_apart():
    gone = replace(account("002"), deleted=True)
    found = compare(
        by_id(account("001"), account("002"), replace(account("003"), deleted=True)),
        by_id(gone, account("003"), account("004")),
        SWEPT,
    )
    assert [(each.id, each.kind) for each in found] == [
        ("001", "new"),
        ("002", "back"),
        ("003", "gone"),
        ("004", "gone"),
    ]
    assert [each.stamp for each in found] == [BEHIND, BEHIND, BEHIND, ""]


def test_what_is_deleted_on_both_sides_is_no_finding_whatever_it_held():
    there = replace(account(Website="other"), deleted=True)
    assert compare(by_id(there), by_id(replace(account(), deleted=True)), SWEPT) == []
    assert compare({}, by_id(replace(account(), deleted=True)), SWEPT) == []


def test_contacts_customers_and_subscriptions_are_compared_too():
    contact = Contact("003", "001", BEHIND, {"Contact.Email": "a@b.example"})
    customer = Customer("c", "Acme", BEHIND, BEHIND, {"Name": "Acme"}, aliases=("x",))
    subscription = Subscription("s", "c", "Gold", "active", "EUR", BEHIND)
    cases = (
        (contact, replace(contact, account_id="002"), ("account_id",)),
        (customer, replace(customer, aliases=("x", "y")), ("aliases",)),
        (subscription, replace(subscription, status="paused"), ("status",)),
    )
    for cached, there, fields in cases:
        assert compare(by_id(cached), by_id(cached), SWEPT) == []
        (finding,) = compare(by_id(there), by_id(cached), SWEPT)
        assert (finding.fields, finding.missed) == (fields, True)


ids = st.sampled_from([f"{n:03}" for n in range(8)])
rows = st.builds(
    lambda id_, name, deleted, stamp: Account(id_, name, stamp, {}, deleted=deleted),
    ids,
    st.sampled_from("ab"),
    st.booleans(),
    st.sampled_from([BEHIND, AHEAD]),
)
tables = st.lists(rows, max_size=8).map(lambda found: by_id(*found))


@given(tables, tables)
def test_taking_the_findings_in_leaves_nothing_to_find(there, cached):
    """The audit converges: what it found, stored, is not found again."""
    findings = compare(there, cached, SWEPT)
    stored = dict(cached)
    for each in findings:
        stored[each.id] = there[each.id] if each.id in there else replace(cached[each.id], deleted=True)
    assert compare(there, stored, SWEPT) == []


@given(tables, tables)
def test_only_what_differs_is_found_and_each_once(there, cached):
    found = compare(there, cached, SWEPT)
    assert len({each.id for each in found}) == len(found)
    for each in found:
        now, before = there.get(each.id), cached.get(each.id)
        live = (now is not None and not now.deleted, before is not None and not before.deleted)
        assert live != (False, False)
        assert live != (True, True) or now.name != before.name


def test_the_sentence_counts_what_was_missed_and_is_silent_about_the_rest():
    cached = by_id(account("001", Website="old"), account("002"))
    early = compare(by_id(account("001", stamp=AHEAD, Website="new"), account("002")), cached, SWEPT)
    assert early
    assert sentence("accounts", early) == ""
    missed = compare(by_id(account("001", Website="new"), account("003")), cached, SWEPT)
    said = sentence("accounts", missed)
    assert said.startswith("3 accounts")
    assert "1 changed" in said
    assert "1 not known" in said
    assert "1 deleted or out of sight" in said


# --- rounds


def stepped(round_, upto, at, **counts):
    return round_.compared(upto, at, **{"accounts": 1, "contacts": 2, "found": 1, "missed": 0, **counts})


def test_a_round_adds_up_its_slices_and_the_next_one_begins_anew():
    first = stepped(Round(), "010", BEHIND, missed=1)
    assert first.under_way
    assert (first.began, first.after) == (BEHIND, "010")
    ended = stepped(first, None, AHEAD)
    assert not ended.under_way
    assert (ended.accounts, ended.contacts, ended.found, ended.missed) == (2, 4, 2, 1)
    assert (ended.ended, ended.missed_before) == (AHEAD, 1)
    again = stepped(ended, "010", AHEAD)
    assert (again.accounts, again.missed, again.missed_before, again.ended) == (1, 0, 1, AHEAD)


def test_a_round_comes_back_as_it_was_kept():
    kept = stepped(Round(), "010", BEHIND)
    assert Round.load(kept.stored()) == kept
    assert Round.load(None) == Round()


@pytest.mark.parametrize("accounts", [0, 1, SLICE, 10_000, 1_000_000])
@pytest.mark.parametrize("allocation", [None, 1_000, 50_000, 500_000])
def test_a_day_of_slices_covers_everything_within_the_share(accounts, allocation):
    each = pause(accounts, allocation)
    slices = timedelta(days=1) / each
    if allocation is None or accounts * CALLS / SLICE <= allocation * SHARE:
        assert slices * SLICE >= accounts * 0.999
    else:
        assert slices * CALLS <= allocation * SHARE * 1.001


def test_a_slice_is_due_at_first_then_after_the_pause_and_not_before():
    begun = first(NOW, 10, None)
    assert not is_due(begun, NOW, 10, None, None)
    assert not is_due(begun, NOW + FIRST - timedelta(seconds=1), 10, None, None)
    assert is_due(begun, NOW + FIRST, 10, None, None)
    noted = Round(at="2026-06-01T12:00:00Z")
    assert not is_due(noted, NOW + ROUND - timedelta(seconds=1), 10, None, None)
    assert is_due(noted, NOW + ROUND, 10, None, None)


def test_a_clock_that_was_put_back_makes_one_slice_due_and_not_one_with_every_pass():
    noted = Round(at="2026-06-02T12:00:00Z")
    assert is_due(noted, NOW, 10, None, None)
    after = stepped(noted, None, "2026-06-01T12:00:00Z")
    assert not is_due(after, NOW + timedelta(minutes=1), 10, None, None)


def test_the_last_calls_of_the_allocation_are_not_for_the_audit():
    noted = Round(at="2026-05-01T12:00:00Z")
    assert not is_due(noted, NOW, 10, 1_000, 100)
    assert is_due(noted, NOW, 10, 1_000, 101)
    assert not is_due(noted, NOW, 10, 0, 0)
