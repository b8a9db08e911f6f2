"""A frozen plan: kept in a file whole or refused, tied to what it was made from, compared with another."""

import json
import time
import tracemalloc
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.brakes import Stop
from console.domain.frozen import (
    _ASPECTS,
    Basis,
    FrozenPlan,
    compare,
    policy_prints,
    read_plan,
)
from console.domain.planner import plan
from console.domain.policy import Policy
from console.domain.prints import fingerprint
from console.domain.records import Change, Rule
from console.errors import Conflict, UsageError

ORG = "00D000000000001EAA"


def changes_of(make, **alguna):
    return plan(make.in_sync(alguna=alguna), make.policy()).changes


def frozen(make, changes=None, **more):
    subject = make.in_sync(alguna={"Name": "Acme Two", "BillingCity": "Ghent"})
    made = plan(subject, make.policy()).changes if changes is None else changes
    basis = Basis(ORG, 7, policy_prints(make.policy()), {subject.customer.id: fingerprint(subject, made)})
    return FrozenPlan(
        basis, made, **{"made_at": "2026-03-01T00:00:00Z", "forecast": {"calls": {"salesforce": 3}}, **more}
    )


def test_a_plan_comes_back_from_its_file_as_it_was(make):
    made = frozen(make)
    text = "".join(made.lines())
    assert read_plan(text) == replace(made, changes=tuple(made.changes))
    assert read_plan(text).hash == made.hash == json.loads(text)["hash"]
    assert json.loads(text) == made.as_json()


def test_a_new_account_comes_back_with_all_its_values(make):
    made = frozen(make, plan(make.unmatched({"Name": "Ünïcode\ud800 \x1b[2J"}), make.policy()).changes)
    text = "".join(made.lines())
    assert text.isascii(), "a terminal that shows the file takes no orders from it"
    assert list(read_plan(text).changes) == list(made.changes)


def test_an_undo_comes_back_as_one(make):
    (change,) = changes_of(make, BillingCity="Ghent")
    back = replace(change, before="Ghent", after=None, rule="undo", undoes=7, beside="Ghent")
    gone = replace(back, key=None, field=None, before={"Name": "Acme"}, beside=None)
    text = "".join(frozen(make, (back, gone), kind="undo").lines())
    assert read_plan(text).changes == (back, gone)


STOP = Stop("changed", 240, "240 of 500 linked accounts would be changed.", (("cus_1", "Acme: \x1b[2J"),))


def test_what_brakes_say_to_it_comes_back_and_decides_nothing(make):
    made = frozen(make, stops=(STOP.as_json(),))
    assert made.hash == frozen(make).hash
    assert read_plan("".join(made.lines())).stops == (STOP.as_json(),)
    older = {name: value for name, value in frozen(make).as_json().items() if name != "brakes"}
    assert read_plan(json.dumps(older)).stops == ()


@pytest.mark.parametrize(
    "spoilt",
    [
        "text",
        [None],
        [{}],
        [{**STOP.as_json(), "sentence": 7}],
        [{**STOP.as_json(), "count": "many"}],
        [{**STOP.as_json(), "sample": [{"customer_id": "cus_1"}]}],
        [{**STOP.as_json(), "sample": None}],
    ],
)
def test_brakes_that_are_none_are_no_plan(make, spoilt):
    with pytest.raises(Conflict):
        read_plan(json.dumps({**frozen(make).as_json(), "brakes": spoilt}))


def test_an_empty_plan_is_a_plan(make):
    made = frozen(make, ())
    assert read_plan("".join(made.lines())).changes == ()


def test_every_change_has_a_line_of_its_own(make):
    made = frozen(make)
    lines = "".join(made.lines()).splitlines()
    for change in made.changes:
        assert sum(f'"{change.id}"' in line for line in lines) == 1


def test_laying_the_file_out_in_another_way_does_no_harm(make):
    made = frozen(make)
    assert (
        read_plan(json.dumps(json.loads("".join(made.lines())), indent=4, sort_keys=True)).hash == made.hash
    )


@given(data=st.data())
def test_a_plan_that_was_edited_anywhere_is_refused(make, data):
    """Whatever value in the changes, the basis or the head is another one than it was."""
    raw = json.loads("".join(frozen(make).lines()))
    for told in ("forecast", "made_at", "brakes"):
        raw.pop(told)
    places = list(_leaves(raw))
    *path, last = data.draw(st.sampled_from(places))
    holder = raw
    for step in path:
        holder = holder[step]
    other = {"hash": "0" * 64}.get(last, data.draw(st.sampled_from(["edited", None, 17, [], {}])))
    if other == holder[last]:
        return
    holder[last] = other
    raw |= {"forecast": {}, "made_at": "", "brakes": []}
    with pytest.raises((Conflict, UsageError)) as refusal:
        read_plan(json.dumps(raw))
    assert refusal.value.message
    assert refusal.value.advice


def _leaves(value, path=()):
    if isinstance(value, dict | list) and value:
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _leaves(each, (*path, key))
    else:
        yield path


@given(share=st.floats(0, 0.999))
def test_a_plan_that_was_cut_short_is_refused(make, share):
    text = "".join(frozen(make).lines())
    with pytest.raises((Conflict, UsageError)):
        read_plan(text[: int((len(text) - 2) * share)])


@pytest.mark.parametrize(
    "alter",
    [
        lambda data: data["changes"].reverse(),
        lambda data: data["changes"].pop(),
        lambda data: data["changes"].append(data["changes"][0]),
        lambda data: data["basis"]["customers"].clear(),
    ],
)
def test_order_number_and_ground_belong_to_the_hash(make, alter):
    data = json.loads("".join(frozen(make).lines()))
    alter(data)
    with pytest.raises(Conflict, match="changed since it was made"):
        read_plan(json.dumps(data))


@pytest.mark.parametrize("text", ["", "nonsense", "[]", "{}", '{"hash": 1}', "[" * 100_000, '"hash"'])
def test_what_is_no_plan_is_told_so(text):
    with pytest.raises(UsageError, match="no plan of the console"):
        read_plan(text)


def test_a_plan_of_another_format_is_told_so(make):
    data = {**frozen(make).as_json(), "format": 99}
    with pytest.raises(UsageError, match="format 99"):
        read_plan(json.dumps(data))


# --- what it was made from -----------------------------------------------------------------------------------


def test_the_same_world_is_let_through(make):
    frozen(make).basis.check(Basis(ORG, 7, policy_prints(make.policy())))


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"org_id": "00D000000000002EAA"}, "00D000000000002EAA"),
        ({"schema": 8}, "schema 7"),
        (
            {"policy": policy_prints(Policy(rules={"Name": Rule.OFF}, connected_at="2026-01-01T00:00:00Z"))},
            "field rules",
        ),
        (
            {"policy": policy_prints(Policy(writable=frozenset(), connected_at="2026-01-01T00:00:00Z"))},
            "rights",
        ),
    ],
)
def test_another_world_is_refused_with_the_reason(make, other, said):
    now = replace(Basis(ORG, 7, policy_prints(make.policy())), **other)
    with pytest.raises(Conflict, match=said):
        frozen(make).basis.check(now)


def test_every_part_of_the_policy_belongs_to_an_aspect():
    named = [key for keys in _ASPECTS.values() for key in keys]
    assert sorted([*named, "imported"]) == sorted(each.name for each in fields(Policy))


# --- the ground of one customer ------------------------------------------------------------------------------


def test_the_plan_s_own_effect_is_not_taken_for_a_move(make):
    before = make.in_sync(alguna={"Name": "Acme Two"})
    changes = plan(before, make.policy()).changes
    assert [change.key for change in changes] == ["Name"]
    after = make.in_sync(
        alguna={"Name": "Acme Two"}, salesforce={"Name": "Acme Two"}, base={"Name": "Acme Two"}
    )
    assert fingerprint(before, changes) == fingerprint(after, changes)


def test_a_created_account_is_not_taken_for_a_move(make):
    before = make.unmatched()
    changes = plan(before, make.policy()).changes
    assert {change.entity for change in changes if change.key is None} == {"Account", "Contact"}
    after = make.in_sync()
    after = replace(after, customer=replace(before.customer, aliases=(make.account_id,)))
    assert fingerprint(before, changes) == fingerprint(after, changes)


@pytest.mark.parametrize(
    "moved",
    [
        lambda make, subject: replace(subject, customer=replace(subject.customer, gone=True)),
        lambda make, subject: replace(subject, account=replace(subject.account, deleted=True)),
        lambda make, subject: replace(subject, account=None),
        lambda make, subject: replace(subject, contact=None),
        lambda make, subject: replace(subject, subscriptions=()),
        lambda make, subject: replace(subject, link=replace(subject.link, pinned_subscription="sub_1")),
        lambda make, subject: make.in_sync(alguna={"Name": "Acme Two", "BillingCity": "Ghent"}),
        lambda make, subject: make.in_sync(
            alguna={"Name": "Acme Two"}, salesforce={"Website": "https://else.example"}
        ),
        lambda make, subject: make.in_sync(
            alguna={"Name": "Acme Two"}, salesforce={"Contact.Email": "b@acme.example"}
        ),
        lambda make, subject: replace(
            subject,
            subscriptions=(make.subscription(details=make.details(value="9.00")),),
        ),
    ],
)
def test_anything_else_that_moves_moves_the_print(make, moved):
    subject = make.in_sync(alguna={"Name": "Acme Two"})
    changes = plan(subject, make.policy()).changes
    assert fingerprint(subject, changes) != fingerprint(moved(make, subject), changes)


def test_a_touch_that_leaves_all_values_moves_nothing(make):
    subject = make.in_sync(alguna={"Name": "Acme Two"})
    changes = plan(subject, make.policy()).changes
    touched = replace(
        subject,
        customer=replace(subject.customer, updated_at="2026-09-09T00:00:00Z"),
        account=replace(subject.account, modstamp="2026-09-09T00:00:00Z", modified_by="005000000000001"),
        subscriptions=tuple(
            replace(each, updated_at="2026-09-09T00:00:00Z") for each in subject.subscriptions
        ),
    )
    assert fingerprint(subject, changes) == fingerprint(touched, changes)


# --- two plans -----------------------------------------------------------------------------------------------


def test_plans_are_compared_field_by_field(make):
    then = changes_of(make, Name="Acme Two", BillingCity="Ghent", Website="https://two.example")
    now = changes_of(make, Name="Acme Three", BillingCity="Ghent", BillingPostalCode="9000")
    found = compare(then, now)
    assert [change.key for change in found.new] == ["BillingPostalCode"]
    assert [change.key for change in found.gone] == ["Website"]
    assert [(one.after, other.after) for one, other in found.different] == [("Acme Two", "Acme Three")]
    assert not compare(then, then)


# --- many ----------------------------------------------------------------------------------------------------


def test_ten_thousand_customers_are_kept_and_read_in_seconds_and_little_memory(make):
    one = plan(make.unmatched(), make.policy()).changes
    changes = [
        replace(change, id=f"{number:024x}{place}", customer_id=f"cust{number}", record=f"cust{number}")
        for number in range(10_000)
        for place, change in enumerate(one)
    ]
    assert isinstance(changes[0], Change)
    basis = Basis(ORG, 7, policy_prints(make.policy()), {f"cust{n}": "0" * 16 for n in range(10_000)})
    made = FrozenPlan(basis, changes)
    began = time.monotonic()
    text = "".join(made.lines())
    assert read_plan(text).hash == made.hash
    assert time.monotonic() - began < 30, "some three seconds where nothing else runs"
    tracemalloc.start()
    try:
        written = sum(len(line) for line in made.lines())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert written == len(text)
    assert peak < len(text) / 4, "it is written as it goes, never held as a whole"
