"""Taking a run back, and what the three-way merge makes of it afterwards."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.domain.changes import alias_print
from console.domain.fields import ALIASES, FIELD
from console.domain.merge import merge
from console.domain.planner import plan
from console.domain.records import Direction, Held, Rule, State
from console.domain.undo import Written, undo

TO_SALESFORCE, TO_ALGUNA = Direction.TO_SALESFORCE, Direction.TO_ALGUNA
OWNED = "Alguna_Legal_Entity__c"
RUN = 7


def wrote(make, key, before, after, side="salesforce", **more):
    spec = FIELD[key]
    entity = spec.entity if side == "salesforce" else "customer"
    record = {"Account": make.account_id, "Contact": make.contact_id, "customer": "wcqYrqfE"}[entity]
    name = spec.sf_name if side == "salesforce" else spec.alguna_name
    return Written(side, entity, record, key, name, before, after, **more)


def created(make, after, entity="Account"):
    record = make.account_id if entity == "Account" else make.contact_id
    return Written("salesforce", entity, record, None, None, None, after)


def undone(make, subject, *written, since=None, policy=None, touched=None):
    return undo(subject, RUN, written, since or {}, policy or make.policy(), touched)


def after_undo(subject, done, *, salesforce=(), alguna=()):
    """The subject once the changes were applied and settled, with what people edited after that laid over it."""
    account, contact, customer = subject.account, subject.contact, subject.customer
    base, held = dict(subject.link.base), dict(subject.link.held)
    for change in done.changes:
        if change.key == ALIASES:
            customer = replace(customer, aliases=tuple(change.after))
            held[ALIASES] = Held(alias_print(change.after), change.beside, RUN)
        elif change.side == "alguna":
            customer = replace(customer, values={**customer.values, change.key: change.after})
            held[change.key] = Held(change.after, change.beside, RUN)
        else:
            if change.entity == "Account":
                account = replace(account, values={**account.values, change.key: change.after})
            else:
                contact = replace(contact, values={**contact.values, change.key: change.after})
            held[change.key] = Held(change.beside, change.after, RUN)
    return replace(
        subject,
        account=replace(account, values={**account.values, **dict(salesforce)}),
        contact=contact,
        customer=replace(customer, values={**customer.values, **dict(alguna)}),
        link=replace(subject.link, base=base, held=held),
    )


# -- what is taken back -----------------------------------------------------------------------------------------------


def test_a_field_that_still_holds_what_was_written_gets_back_what_was_there(make):
    subject = make.in_sync(alguna={"BillingCity": "Rome"}, salesforce={"BillingCity": "Rome"})
    done = undone(make, subject, wrote(make, "BillingCity", "Paris", "Rome"))
    (change,) = done.changes
    assert (change.side, change.record, change.field) == ("salesforce", make.account_id, "BillingCity")
    assert (change.before, change.after, change.undoes) == ("Rome", "Paris", RUN)
    assert change.beside == "Rome"
    assert done.kept == ()


def test_what_was_written_to_alguna_and_to_a_contact_is_taken_back_there(make):
    subject = make.in_sync(
        alguna={"Name": "New", "Contact.Title": "CEO"}, salesforce={"Name": "New", "Contact.Title": "CEO"}
    )
    done = undone(
        make,
        subject,
        wrote(make, "Name", "Old", "New", side="alguna"),
        wrote(make, "Contact.Title", None, "CEO"),
    )
    assert [(c.side, c.entity, c.after) for c in done.changes] == [
        ("alguna", "customer", "Old"),
        ("salesforce", "Contact", None),
    ]


def test_what_was_edited_since_is_listed_and_left(make):
    subject = make.in_sync(salesforce={"BillingCity": "Oslo"})
    done = undone(make, subject, wrote(make, "BillingCity", "Paris", "Rome"))
    assert done.changes == ()
    (kept,) = done.kept
    assert (kept.record, kept.field) == (make.account_id, "BillingCity")
    assert kept.reason == "Edited since: it holds “Oslo”, the run wrote “Rome”."


def test_another_spelling_of_what_was_written_is_no_edit(make):
    subject = make.in_sync(salesforce={"Contact.Email": "ADA@rome.example"})
    done = undone(make, subject, wrote(make, "Contact.Email", "ada@acme.example", "ada@rome.example"))
    assert [change.after for change in done.changes] == ["ada@acme.example"]
    assert done.changes[0].before == "ADA@rome.example", "what is compared just before it is written"


def test_what_a_later_run_wrote_is_left_to_its_own_undo(make):
    subject = make.in_sync(salesforce={"BillingCity": "Rome"})
    written = wrote(make, "BillingCity", "Paris", "Rome")
    done = undone(make, subject, written, since={written.place: 9})
    assert done.changes == ()
    assert done.kept[0].reason == "Run 9 wrote it since: it holds “Rome”."


def test_what_holds_the_old_value_already_needs_nothing(make):
    subject = make.in_sync(salesforce={"BillingCity": "Paris"})
    written = wrote(make, "BillingCity", "Paris", "Rome")
    assert undone(make, subject, written, since={written.place: 9}) == undo(
        subject, RUN, [], {}, make.policy()
    ).__class__(already=1)


def test_a_field_written_twice_by_the_run_gets_back_what_was_there_before_both(make):
    subject = make.in_sync(salesforce={"BillingCity": "Rome"})
    done = undone(
        make,
        subject,
        wrote(make, "BillingCity", "Paris", "Bonn"),
        wrote(make, "BillingCity", "Bonn", "Rome"),
    )
    assert [(c.before, c.after) for c in done.changes] == [("Rome", "Paris")]


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ({"edits": frozenset()}, "may not edit accounts"),
        ({"writable": frozenset()}, "may read this field"),
    ],
)
def test_what_may_not_be_written_is_kept_with_the_reason(make, policy, reason):
    subject = make.in_sync(salesforce={"BillingCity": "Rome"})
    written = wrote(make, "BillingCity", "Paris", "Rome")
    assert reason in undone(make, subject, written, policy=make.policy(**policy)).kept[0].reason


def test_a_name_is_never_emptied(make):
    subject = make.in_sync(salesforce={"Name": "New"})
    assert (
        "may not be empty in Salesforce"
        in undone(make, subject, wrote(make, "Name", None, "New")).kept[0].reason
    )


def test_a_value_that_is_not_shown_now_is_left(make):
    subject = make.in_sync()
    account = replace(subject.account, values={"Name": "Acme Corp"})
    done = undone(make, replace(subject, account=account), wrote(make, "BillingCity", "Paris", "Rome"))
    assert "doesn't show" in done.kept[0].reason


@pytest.mark.parametrize("change", [{"deleted": True}, {"id": "001D000000AAAAAAAA"}])
def test_a_record_that_is_gone_or_anothers_is_left(make, change):
    subject = make.in_sync(salesforce={"BillingCity": "Rome"})
    gone = replace(subject, account=replace(subject.account, **change))
    done = undone(make, gone, wrote(make, "BillingCity", "Paris", "Rome"))
    assert done.changes == ()
    assert len(done.kept) == 1


def test_a_customer_that_was_unlinked_since_is_left(make):
    subject = replace(make.in_sync(), link=None, account=None, contact=None)
    assert undone(make, subject, wrote(make, "BillingCity", "Paris", "Rome")).kept


# -- aliases ----------------------------------------------------------------------------------------------------------


def alias(make, before=("x",)):
    return Written(
        "alguna", "customer", "wcqYrqfE", ALIASES, ALIASES, list(before), [*before, make.account_id]
    )


def test_an_alias_that_the_run_added_is_taken_away_and_the_others_stay(make):
    subject = make.in_sync()
    subject = replace(subject, customer=replace(subject.customer, aliases=("x", make.account_id, "since")))
    (change,) = undone(make, subject, alias(make)).changes
    assert change.after == ["x", "since"]
    assert change.beside == make.account_id


def test_an_alias_that_was_taken_away_is_not_added_again_until_the_aliases_move(make):
    subject = make.in_sync()
    subject = after_undo(subject, undone(make, subject, alias(make, before=())))
    assert plan(subject, make.policy()).changes == ()
    moved = replace(subject, customer=replace(subject.customer, aliases=("another",)))
    assert [change.key for change in plan(moved, make.policy()).changes] == [ALIASES]


# -- records that the run created -------------------------------------------------------------------------------------


def test_a_created_record_is_kept_unless_its_deletion_is_asked_for_by_name(make):
    subject = make.in_sync()
    done = undone(make, subject, created(make, dict(subject.account.values)))
    assert done.changes == ()
    assert "run 7" in done.kept[0].reason


def test_an_untouched_record_is_deleted_when_asked_for(make):
    subject = make.in_sync()
    done = undone(make, subject, created(make, dict(subject.account.values)), touched={})
    (change,) = done.changes
    assert change.deletes
    assert not change.creates
    assert (change.entity, change.record, change.after) == ("Account", make.account_id, None)


def test_the_fields_of_a_record_that_is_deleted_are_not_put_back_first(make):
    subject = make.in_sync(salesforce={"BillingCity": "Rome"})
    was = {**subject.account.values, "BillingCity": "Paris"}
    done = undone(make, subject, created(make, was), wrote(make, "BillingCity", "Paris", "Rome"), touched={})
    assert [change.key for change in done.changes] == [None]


@pytest.mark.parametrize(
    ("salesforce", "touched", "since", "reason"),
    [
        ({"BillingCity": "Oslo"}, {}, {}, "Edited since: Billing City"),
        ({}, {"001D000000IqhSLIAZ": "It has opportunities."}, {}, "It has opportunities."),
        ({}, {}, {("salesforce", "Account", "001D000000IqhSLIAZ", "Website"): 8}, "Run 8 wrote"),
    ],
)
def test_a_touched_record_is_kept(make, salesforce, touched, since, reason):
    was = dict(make.in_sync().account.values)
    subject = make.in_sync(salesforce=salesforce)
    done = undone(make, subject, created(make, was), touched=touched, since=since)
    assert done.changes == ()
    assert done.kept[0].reason.startswith(reason)


def test_a_deleted_record_is_not_brought_back_by_an_undo_of_the_undo(make):
    subject = make.in_sync()
    gone = replace(created(make, None), undoes=3)
    assert "Recycle Bin" in undone(make, subject, gone).kept[0].reason


# -- afterwards -------------------------------------------------------------------------------------------------------


@pytest.fixture
def restored(make):
    """Alguna's Rome had gone to Salesforce; Salesforce has Paris again."""
    subject = make.in_sync(
        alguna={"BillingCity": "Rome"}, salesforce={"BillingCity": "Rome"}, base={"BillingCity": "Rome"}
    )
    done = undone(make, subject, wrote(make, "BillingCity", "Paris", "Rome"))
    return lambda **edits: after_undo(subject, done, **edits)


@pytest.mark.parametrize("rule", [rule for rule in Rule if rule is not Rule.OFF])
def test_what_was_undone_is_not_done_again_whatever_the_rule(make, restored, rule):
    made = plan(restored(), make.policy(rules={"BillingCity": rule}))
    assert made.changes == ()
    assert made.state is State.CONFLICT, "a person sees it and may choose"
    assert "run 7 was undone" in make.decision(made, "BillingCity").reason


@pytest.mark.parametrize(
    ("edits", "side", "value"),
    [
        ({"alguna": {"BillingCity": "Bern"}}, "salesforce", "Bern"),
        ({"salesforce": {"BillingCity": "Lyon"}}, "alguna", "Lyon"),
    ],
)
def test_a_later_edit_on_either_side_flows_to_the_other(make, restored, edits, side, value):
    (change,) = plan(restored(**edits), make.policy()).changes
    assert (change.side, change.after) == (side, value)
    assert change.rule == "alguna_wins"


def test_edits_on_both_sides_are_a_conflict_for_the_rule(make, restored):
    subject = restored(alguna={"BillingCity": "Bern"}, salesforce={"BillingCity": "Lyon"})
    made = plan(subject, make.policy(rules={"BillingCity": Rule.SALESFORCE_WINS}))
    assert [(c.side, c.after) for c in made.changes] == [("alguna", "Lyon")]
    assert make.decision(made, "BillingCity").lost == "Bern"
    assert plan(subject, make.policy(rules={"BillingCity": Rule.MANUAL})).state is State.CONFLICT


def test_sides_that_agree_again_end_the_hold(make, restored):
    made = plan(restored(salesforce={"BillingCity": "Rome"}), make.policy())
    assert made.changes == ()
    assert made.agreed["BillingCity"] == "Rome"


@pytest.mark.parametrize(("side", "goes"), [("alguna", "salesforce"), ("salesforce", "alguna")])
def test_a_person_may_choose_either_value(make, restored, side, goes):
    policy = make.policy()
    subject = make.answered(restored(), policy, {"BillingCity": side})
    (change,) = plan(subject, policy).changes
    assert change.side == goes
    assert change.rule == "answer"


def test_an_edit_in_alguna_that_came_before_the_undo_flows_after_it(make):
    """Salesforce still holds the run's Rome; Alguna moved on to Bern, which nobody undid."""
    subject = make.in_sync(
        alguna={"BillingCity": "Bern"}, salesforce={"BillingCity": "Rome"}, base={"BillingCity": "Rome"}
    )
    done = undone(make, subject, wrote(make, "BillingCity", "Paris", "Rome"))
    (change,) = plan(after_undo(subject, done), make.policy()).changes
    assert (change.side, change.after) == ("salesforce", "Bern")


def test_an_undo_of_the_undo_leaves_both_sides_as_the_run_did(make, restored):
    subject = restored()
    again = undo(subject, 8, [wrote(make, "BillingCity", "Rome", "Paris", undoes=RUN)], {}, make.policy())
    (change,) = again.changes
    assert (change.before, change.after, change.beside) == ("Paris", "Rome", "Rome")


def test_an_undo_of_the_undo_needs_to_know_the_other_side(make, restored):
    subject = restored()
    values = {k: v for k, v in subject.customer.values.items() if k != "BillingCity"}
    blind = replace(
        subject, customer=replace(subject.customer, values=values), link=replace(subject.link, held={})
    )
    again = undo(blind, 8, [wrote(make, "BillingCity", "Rome", "Paris", undoes=RUN)], {}, make.policy())
    assert "Alguna doesn't say" in again.kept[0].reason


def test_a_field_that_only_alguna_fills_is_held_as_well(make):
    held = Held("Acme SARL", None, RUN)

    def of(alguna, salesforce):
        return merge(OWNED, alguna, salesforce, "Acme SARL", Rule.ALGUNA_WINS, held=held)

    assert of("Acme SARL", None).asks
    assert of("Acme GmbH", None).value == "Acme GmbH"
    assert of("Acme SARL", "typed").value == "Acme SARL", "an edit in Salesforce is put back"
    assert of(None, None).differs is False


def test_filling_blanks_does_not_fill_what_an_undo_emptied(make):
    held = Held("Rome", None, RUN)
    assert merge("BillingCity", "Rome", None, "Rome", Rule.FILL_BLANKS, held=held).asks
    assert merge("BillingCity", "Bern", None, "Rome", Rule.FILL_BLANKS, held=held).value == "Bern"
    assert merge("BillingCity", "Rome", "Lyon", "Rome", Rule.FILL_BLANKS, held=held).direction is None


def test_an_edit_to_nothing_after_an_undo_still_asks(make):
    held = Held("Rome", "Paris", RUN)
    decision = merge("BillingCity", None, "Paris", "Rome", Rule.ALGUNA_WINS, held=held)
    assert decision.asks
    assert "emptying a field stops" in decision.reason
