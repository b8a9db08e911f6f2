"""Whatever a pass did to a customer: its undo is not done again, and what is edited afterwards is not lost."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from console.domain.fields import FIELD
from console.domain.normal import same
from console.domain.planner import plan
from console.domain.records import Held, Rule
from console.domain.undo import Written, undo

KEYS = ("Name", "BillingCity", "Website", "Contact.Title", "Contact.FirstName")
values = st.sampled_from(["Rome", "Paris", "Oslo", "Bern", "https://rome.example"])
edits = st.dictionaries(st.sampled_from(KEYS), values)
rules = st.dictionaries(st.sampled_from(KEYS), st.sampled_from([r for r in Rule if r is not Rule.OFF]))


def settled(subject, changes, kept):
    """The subject after these changes were applied, as the ledger settles them."""
    account, contact, customer = subject.account, subject.contact, subject.customer
    base, held = dict(subject.link.base), dict(subject.link.held)
    for change in changes:
        key, after = change.key, change.after
        if change.side == "alguna":
            customer = replace(customer, values={**customer.values, key: after})
        elif change.entity == "Account":
            account = replace(account, values={**account.values, key: after})
        else:
            contact = replace(contact, values={**contact.values, key: after})
        if not kept or same(FIELD[key].kind, after, change.beside):
            base[key] = after
            held.pop(key, None)
        else:
            pair = (after, change.beside) if change.side == "alguna" else (change.beside, after)
            held[key] = Held(*pair, change.undoes)
    return replace(
        subject,
        account=account,
        contact=contact,
        customer=customer,
        link=replace(subject.link, base=base, held=held),
    )


def written(changes):
    return [Written(c.side, c.entity, c.record, c.key, c.field, c.before, c.after, c.undoes) for c in changes]


def both(subject):
    return subject.customer.values, {**subject.account.values, **subject.contact.values}


@given(alguna=edits, salesforce=edits, rules=rules)
def test_an_undo_restores_both_sides_and_is_not_done_again(make, alguna, salesforce, rules):
    before = make.in_sync(alguna=alguna, salesforce=salesforce)
    policy = make.policy(rules=rules)
    did = plan(before, policy).changes
    after = settled(before, did, kept=False)
    done = undo(after, 7, written(did), {}, policy)
    assert done.kept == ()
    restored = settled(after, done.changes, kept=True)
    assert both(restored) == both(before)
    again = plan(restored, policy)
    undone = {change.key for change in done.changes}
    assert [change for change in again.changes if change.key in undone] == []


@given(
    alguna=edits,
    salesforce=edits,
    rules=rules,
    later=st.tuples(st.sampled_from(KEYS), st.just("Later")),
    side=st.sampled_from(["alguna", "salesforce"]),
)
def test_an_edit_after_an_undo_reaches_the_other_side(make, alguna, salesforce, rules, later, side):
    key, value = later
    rules = {each: rule for each, rule in rules.items() if rule is not Rule.FILL_BLANKS}
    before = make.in_sync(alguna=alguna, salesforce=salesforce)
    policy = make.policy(rules=rules)
    did = plan(before, policy).changes
    after = settled(before, did, kept=False)
    restored = settled(after, undo(after, 7, written(did), {}, policy).changes, kept=True)
    if key not in restored.link.held:
        return
    values = {**(restored.customer.values if side == "alguna" else both(restored)[1]), key: value}
    if side == "alguna":
        edited = replace(restored, customer=replace(restored.customer, values=values))
    elif FIELD[key].entity == "Account":
        edited = replace(
            restored, account=replace(restored.account, values={**restored.account.values, key: value})
        )
    else:
        edited = replace(
            restored, contact=replace(restored.contact, values={**restored.contact.values, key: value})
        )
    flowing = [change for change in plan(edited, policy).changes if change.key == key]
    assert [(change.side, change.after) for change in flowing] == [
        ("salesforce" if side == "alguna" else "alguna", value)
    ]


@given(alguna=edits, salesforce=edits, rules=rules)
def test_an_undo_of_the_undo_leaves_what_the_run_left(make, alguna, salesforce, rules):
    before = make.in_sync(alguna=alguna, salesforce=salesforce)
    policy = make.policy(rules=rules)
    did = plan(before, policy).changes
    after = settled(before, did, kept=False)
    first = undo(after, 7, written(did), {}, policy)
    restored = settled(after, first.changes, kept=True)
    second = undo(restored, 8, written(first.changes), {}, policy)
    again = settled(restored, second.changes, kept=True)
    assert both(again) == both(after)
    assert again.link.held == {}
    assert again.link.base == after.link.base
    assert undo(restored, 7, written(did), {}, policy).changes == (), (
        "made twice, it does nothing the second time"
    )
