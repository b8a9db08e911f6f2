"""What a person decides is done by the next pass, on both sides, once; deciding itself writes to neither."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.domain.records import Rule, State
from console.domain.verdicts import AskAgain, CreateNew, Keep, LeaveAlone, LinkWith, Pin, Unlink
from console.errors import UsageError
from console.guide.account import account_detail
from console.sync.deciding import decide
from console.sync.events import Noted
from console.sync.policy import policy_for

BY, AT = "ada", "2026-07-01T10:00:00Z"


class Told:
    """Decides on a world as a command does, and fails the test where either system is called for it."""

    def __init__(self, world):
        self.world = world

    def __call__(self, customer_id, *verdicts):
        before = [self.world.total(side) for side in ("salesforce", "alguna")]
        with self.world.open() as session:
            policy = policy_for(self.world.settings, session.cache)
            for verdict in verdicts:
                decide(session.cache, policy, customer_id, verdict, AT, BY)
        assert [self.world.total(side) for side in ("salesforce", "alguna")] == before

    def entry(self, customer_id):
        with self.world.open() as session:
            return session.cache.entries.get(customer_id)

    def link(self, customer_id):
        with self.world.open() as session:
            return session.cache.links.get(customer_id)

    def settled(self):
        """The next pass writes nothing."""
        summary = self.world.sync()
        assert (summary.planned, summary.refused) == (0, 0)


@pytest.fixture
def told(world):
    return Told(world)


def make_account(world, **fields):
    return world.control("POST", "salesforce/records/Account", {"fields": fields})["Id"]


@pytest.fixture
def twins(world):
    """A customer that two accounts may belong to, in review: its id and theirs."""
    ids = [
        make_account(
            world, Name=f"Twin Peaks {n}", Website="https://twin-peaks.example", BillingCity="Snoqualmie"
        )
        for n in range(2)
    ]
    customer_id = world.add_customer(name="Twin Peaks", website="twin-peaks.example")
    world.sync()
    return customer_id, ids


# --- which account -----------------------------------------------------------------------------------------------


def test_the_account_that_a_person_chose_is_linked_and_brought_in_step(world, told, twins):
    customer_id, (first, second) = twins
    told(customer_id, LinkWith(second[:15]))
    assert told.link(customer_id) is None, "deciding is not linking"
    world.sync()
    link = told.link(customer_id)
    assert (link.account_id, link.how, link.linked_by) == (second, "person", BY)
    account = world.accounts()[customer_id]
    assert (account["Id"], account["Name"]) == (second, "Twin Peaks")
    assert second in world.customer(customer_id)["aliases"]
    assert told.entry(customer_id).state is State.IN_SYNC
    told.settled()
    (untouched,) = world.query(f"SELECT Name FROM Account WHERE Id = '{first}'")
    assert untouched["Name"] == "Twin Peaks 0"


def test_any_account_that_is_nobodys_can_be_chosen(world, told, twins):
    customer_id, _ = twins
    other = make_account(world, Name="Quite Another Name", Website="https://elsewhere.example")
    world.sync()
    told(customer_id, LinkWith(other))
    world.sync()
    assert world.accounts()[customer_id]["Id"] == other
    told.settled()


def test_none_of_these_creates_one_new_account(world, told, twins):
    customer_id, ids = twins
    told(customer_id, CreateNew())
    world.sync()
    account = world.accounts()[customer_id]
    assert account["Id"] not in ids
    told.settled()
    assert len(world.query("SELECT Id FROM Account WHERE Name LIKE 'Twin Peaks%'")) == 3


@pytest.mark.parametrize("choices", [{"source_of_truth": "salesforce"}, {"import_choice": "none"}])
def test_a_persons_choice_goes_before_what_holds_for_customers_in_general(build, choices):
    world = build(**{"connected_at": "2099-01-01T00:00:00Z", **choices})
    world.sync()
    told = Told(world)
    waiting = {"source_of_truth": State.NOT_CREATED, "import_choice": State.NOT_IMPORTED}
    with world.open() as session:
        ids = session.cache.customers.ids(100)
        complete = [
            id_
            for id_ in ids
            if session.cache.entries.get(id_).state is waiting[next(iter(choices))]
            and world.customer(id_)["billing_address"]
            and world.customer(id_)["contacts"]
        ]
    id_ = complete[0]
    before = set(world.accounts())
    told(id_, CreateNew())
    world.sync()
    assert set(world.accounts()) == before | {id_}
    told.settled()


def test_left_alone_is_not_asked_again_until_something_changes(world, told, twins):
    customer_id, (first, _) = twins
    asked = world.counts()[State.REVIEW]
    told(customer_id, LeaveAlone())
    assert world.sync().review == asked - 1
    assert told.entry(customer_id).state is State.NOT_IMPORTED
    assert "Left alone by ada" in told.entry(customer_id).why
    with world.open() as session:
        session.cache.entries.mark_dirty("all")
    world.sync()
    assert told.entry(customer_id).state is State.NOT_IMPORTED
    world.edit_account(first, BillingCity="Somewhere Else")
    world.sync()
    assert told.entry(customer_id).state is State.NOT_IMPORTED, "a city is no reason to ask again"
    world.edit_account(first, Name="Twin Peaks Lodge")
    world.sync()
    assert told.entry(customer_id).state is State.REVIEW


def test_left_alone_can_be_taken_back(world, told, twins):
    customer_id, _ = twins
    told(customer_id, LeaveAlone())
    world.sync()
    told(customer_id, AskAgain())
    world.sync()
    assert told.entry(customer_id).state is State.REVIEW
    with pytest.raises(UsageError, match="Nothing was decided"):
        told(customer_id, AskAgain())


def test_what_was_chosen_can_be_taken_back_before_the_next_pass(world, told, twins):
    customer_id, (first, _) = twins
    told(customer_id, LinkWith(first), AskAgain())
    told.settled()
    assert told.entry(customer_id).state is State.REVIEW
    assert told.link(customer_id) is None


def test_a_chosen_account_is_nobody_elses_whatever_matching_would_say(world, told):
    """Another customer that would match it by itself has to wait, whichever of them comes first."""
    account_id = make_account(world, Name="Wanted Inc", Website="https://wanted.example")
    first = world.add_customer(name="Wanted Ltd")
    world.sync()
    assert told.entry(first).state is State.REVIEW, "a name alone proves nothing"
    told(first, LinkWith(account_id))
    rival = world.add_customer(name="Wanted", website="wanted.example")
    world.sync()
    assert told.link(first).account_id == account_id
    assert told.link(rival) is None
    assert told.entry(rival).state is State.REVIEW
    with pytest.raises(UsageError, match="was chosen for it"):
        told(rival, LinkWith(account_id))
    with pytest.raises(UsageError, match="already"):
        told(first, LinkWith(make_account(world, Name="Another")))


def test_a_decision_survives_that_the_connection_is_closed_and_opened_again(world, told, twins):
    customer_id, (first, _) = twins
    told(customer_id, LeaveAlone())
    for _ in range(2):
        world.sync()
        assert told.entry(customer_id).state is State.NOT_IMPORTED
    told(customer_id, LinkWith(first))
    world.sync()
    assert told.link(customer_id).account_id == first


# --- taking a link back ------------------------------------------------------------------------------------------


def linked(world, state=State.IN_SYNC):
    with world.open() as session:
        return next(
            (id_, account["Id"])
            for id_, account in world.accounts().items()
            if session.cache.entries.get(id_).state is state
        )


def test_unlinking_writes_nothing_and_the_pair_is_not_matched_again(world, told):
    world.sync()
    customer_id, account_id = linked(world)
    told(customer_id, Unlink())
    world.edit_account(account_id, BillingCity="Ignored")
    before = world.query("SELECT Id, SystemModstamp FROM Account ORDER BY Id"), world.customers()
    told.settled()
    assert told.link(customer_id) is None
    assert told.entry(customer_id).state is State.REVIEW
    world.edit_customer(customer_id, name="Renamed Since")
    told.settled()
    after = world.query("SELECT Id, SystemModstamp FROM Account ORDER BY Id"), world.customers()
    assert after[0] == before[0]
    assert {**after[1], customer_id: None} == {**before[1], customer_id: None}


def test_after_unlinking_no_second_account_takes_the_customers_id(world, told):
    """An account that still carries the id would be overwritten by a create that is keyed on it."""
    world.sync()
    customer_id, account_id = linked(world)
    told(customer_id, Unlink())
    world.sync()
    with pytest.raises(UsageError, match="can't be created") as refusal:
        told(customer_id, CreateNew())
    assert "clear it on the account" in refusal.value.advice
    admin = world.rehearsal.handout["salesforce"]["username"]
    body = {"fields": {"Alguna_Customer_ID__c": None}, "as": admin}
    world.control("PATCH", f"salesforce/records/Account/{account_id}", body)
    told.settled()
    told(customer_id, CreateNew())
    world.sync()
    assert world.accounts()[customer_id]["Id"] != account_id
    told.settled()


def test_an_unlinked_pair_can_be_linked_again_by_a_person(world, told):
    world.sync()
    customer_id, account_id = linked(world)
    told(customer_id, Unlink())
    world.sync()
    told(customer_id, LinkWith(account_id))
    world.sync()
    assert told.link(customer_id).how == "person"
    assert told.entry(customer_id).state is State.IN_SYNC
    told.settled()


def test_a_customer_whose_account_was_deleted_can_be_linked_with_another(world, told):
    world.sync()
    customer_id, account_id = linked(world)
    other = make_account(world, Name="The One That Is Left")
    world.control("DELETE", f"salesforce/records/Account/{account_id}")
    world.sync()
    assert told.entry(customer_id).state is State.GONE
    told(customer_id, LinkWith(other))
    world.sync()
    assert world.accounts()[customer_id]["Id"] == other
    assert told.entry(customer_id).state is State.IN_SYNC
    told.settled()


def test_where_a_merged_account_went_is_offered(world, told):
    world.sync()
    customer_id, account_id = linked(world)
    winner = make_account(world, Name="The Winner")
    world.sync()
    with world.open() as session:
        cache, policy = session.cache, policy_for(world.settings, session.cache)
        merged = replace(cache.accounts.get(account_id), deleted=True, merged_into=winner)
        cache.accounts.put([merged], AT, "poll")
        detail = account_detail(cache, world.settings, policy, customer_id)
        assert detail.state is State.REVIEW
        assert [candidate.account_id for candidate in detail.candidates] == [winner]
        assert "merged into it" in detail.candidates[0].evidence[0]
        decide(cache, policy, customer_id, LinkWith(winner), AT, BY)
        after = account_detail(cache, world.settings, policy, customer_id)
        assert (after.state, after.account_id, after.candidates) == (State.PENDING, winner, ())


def test_an_account_that_still_carries_the_id_keeps_it_from_the_next_one_and_that_is_said(world, told):
    world.sync()
    customer_id, account_id = linked(world)
    other = make_account(world, Name="Somewhere Else")
    told(customer_id, Unlink())
    world.sync()
    told(customer_id, LinkWith(other))
    assert world.sync().refused == 0, "the other fields go on"
    assert told.link(customer_id).account_id == other
    (account,) = world.query(f"SELECT Name FROM Account WHERE Id = '{other}'")
    assert account["Name"] == world.customer(customer_id)["name"]
    assert told.entry(customer_id).state is State.REFUSED
    with world.open() as session:
        detail = account_detail(
            session.cache, world.settings, policy_for(world.settings, session.cache), customer_id
        )
    assert any(account_id in sentence for sentence in detail.why), "which account is in the way"
    assert world.sync().planned == 0
    admin = world.rehearsal.handout["salesforce"]["username"]
    body = {"fields": {"Alguna_Customer_ID__c": None}, "as": admin}
    world.control("PATCH", f"salesforce/records/Account/{account_id}", body)
    world.sync()
    assert world.accounts()[customer_id]["Id"] == other
    assert told.entry(customer_id).state is State.IN_SYNC
    told.settled()


# --- whose value is kept -----------------------------------------------------------------------------------------


@pytest.fixture
def apart(world):
    """A linked pair whose city both sides moved, where the rule leaves it to a person."""
    world.choose(rules={"BillingCity": Rule.MANUAL})
    world.sync()
    customer_id, account_id = linked(world)
    city(world, customer_id, "Bree")
    world.edit_account(account_id, BillingCity="Moria")
    world.sync()
    return customer_id, account_id


def city(world, customer_id, name):
    address = world.customer(customer_id)["billing_address"]
    world.edit_customer(customer_id, billing_address={**address, "city": name})


def cities(world, customer_id):
    return world.customer(customer_id)["billing_address"]["city"], world.accounts()[customer_id][
        "BillingCity"
    ]


@pytest.mark.parametrize(
    ("side", "kept", "lost"), [("alguna", "Bree", "Moria"), ("salesforce", "Moria", "Bree")]
)
def test_the_value_that_a_person_keeps_goes_to_the_other_side(world, told, apart, side, kept, lost):
    customer_id, _ = apart
    assert told.entry(customer_id).state is State.CONFLICT
    told(customer_id, Keep("BillingCity", side))
    summary = world.sync()
    assert cities(world, customer_id) == (kept, kept)
    assert told.entry(customer_id).state is State.IN_SYNC
    told.settled()
    with world.open() as session:
        (row,) = [row for row in session.cache.history.of(customer_id) if row.run == summary.run]
        assert (row.after, row.lost) == (kept, lost)
        assert f"Decided by {BY} at 2026-07-01 10:00 UTC." in row.reason
        assert not session.cache.decisions.of(customer_id), "it was for these two values only"


def test_an_answer_is_void_once_one_of_the_values_moved_even_if_it_moves_back(world, told, apart):
    customer_id, account_id = apart
    told(customer_id, Keep("BillingCity", "alguna"))
    world.edit_account(account_id, BillingCity="Rohan")
    world.sync()
    assert cities(world, customer_id) == ("Bree", "Rohan")
    assert told.entry(customer_id).state is State.CONFLICT
    world.edit_account(account_id, BillingCity="Moria")
    world.sync()
    assert cities(world, customer_id) == ("Bree", "Moria")
    assert told.entry(customer_id).state is State.CONFLICT


@pytest.mark.parametrize(("side", "left"), [("alguna", ("Old Town", "Old Town")), ("salesforce", ("", None))])
def test_a_value_is_emptied_only_where_a_person_says_so(world, told, side, left):
    world.sync()
    customer_id, account_id = linked(world)
    city(world, customer_id, "Old Town")
    world.sync()
    world.edit_account(account_id, BillingCity=None)
    world.sync()
    assert cities(world, customer_id) == ("Old Town", None)
    assert told.entry(customer_id).state is State.CONFLICT
    told(customer_id, Keep("BillingCity", side))
    world.sync()
    assert cities(world, customer_id) == left
    told.settled()


def test_what_neither_side_could_hold_is_not_taken_as_an_answer(world, told, apart):
    customer_id, account_id = apart
    for key, side, words in (
        ("Name", "alguna", "nothing to choose"),
        ("Nonsense", "alguna", "There is no field"),
        ("Alguna_Customer_Link__c", "salesforce", "nothing to choose"),
    ):
        with pytest.raises(UsageError, match=words):
            told(customer_id, Keep(key, side))
    world.edit_account(account_id, Alguna_Customer_Link__c="https://elsewhere.example")
    with world.open() as session:
        account = session.cache.accounts.get(account_id)
        values = {**account.values, "Alguna_Customer_Link__c": "https://elsewhere.example"}
        session.cache.accounts.put([replace(account, values=values)], AT, "poll")
    with pytest.raises(UsageError, match="only Alguna fills"):
        told(customer_id, Keep("Alguna_Customer_Link__c", "salesforce"))


# --- which subscription ------------------------------------------------------------------------------------------


def test_a_pinned_subscription_is_shown_until_the_rule_may_choose_again(world, told):
    world.sync()
    customer_id, _ = linked(world)
    made = [
        world.control(
            "POST",
            "alguna/subscriptions",
            {
                "customer_id": customer_id,
                "name": name,
                "contract": {"start_date": start, "period_type": "monthly_rolling"},
                "status": "active",
                "amount": amount,
                "interval": "monthly",
            },
        )["id"]
        for name, start, amount in (("Newest", "2026-09-01", "10.00"), ("Older", "2026-08-01", "7.00"))
    ]
    world.sync()
    shown = world.accounts()[customer_id]["Alguna_Subscription_ID__c"]
    assert shown == made[0]
    told(customer_id, Pin(made[1]))
    world.sync()
    account = world.accounts()[customer_id]
    assert (account["Alguna_Subscription_ID__c"], account["Alguna_Subscription_Name__c"]) == (
        made[1],
        "Older",
    )
    assert account["Alguna_Subscription_Value__c"] == 7
    told.settled()
    told(customer_id, Pin(None))
    world.sync()
    assert world.accounts()[customer_id]["Alguna_Subscription_ID__c"] == shown
    told.settled()
    with pytest.raises(UsageError, match="no subscription"):
        told(customer_id, Pin("sub_of_somebody_else"))


# --- the engine --------------------------------------------------------------------------------------------------


def test_the_engine_tells_what_it_kept_and_what_it_could_not(world, twins):
    customer_id, (first, _) = twins
    with world.open() as session:
        session.engine.decide(customer_id, LinkWith(first), BY)
        session.engine.decide(customer_id, Unlink(), BY)
    noted = [event for event in world.events if isinstance(event, Noted)]
    assert [event.customer_id for event in noted] == [customer_id] * 2
    assert noted[0].error is None
    assert "isn't linked" in noted[1].error.message


def test_refused_changes_are_tried_again_when_a_person_says_so(world):
    world.sync()
    customer_id, _ = linked(world)
    world.fault("salesforce", "FIELD_CUSTOM_VALIDATION_EXCEPTION", rows=True, next=1)
    world.edit_customer(customer_id, name="Refused at First")
    assert world.sync().refused == 1
    world.heal()
    assert world.sync().planned == 0, "what was refused is not sent again unasked"
    with world.open() as session:
        assert session.engine.retry([customer_id]) == 1
    world.sync()
    assert world.accounts()[customer_id]["Name"] == "Refused at First"
