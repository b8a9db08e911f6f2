"""The order in which changes happen, are seen and are carried out makes no difference to where it all ends."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.changes import NEW_ACCOUNT
from console.domain.fields import ALIASES, CONTACT_EMAIL, CONTACT_LAST_NAME, FIELD, FIELDS, Flow
from console.domain.normal import same
from console.domain.planner import plan
from console.domain.policy import Policy
from console.domain.records import Rule

from .planner_world import POOLS, applied, policies, sides, subjects

EDITED = [spec.key for spec in FIELDS if spec.direction is Flow.BOTH and spec.key != CONTACT_EMAIL]
"""Not both of e-mail and last name: a contact that becomes another person is a question for people."""


@st.composite
def edits(draw):
    """Edits of different fields, each on one side, to something that the field takes."""
    keys = draw(st.lists(st.sampled_from(EDITED), unique=True, min_size=2, max_size=5))
    return [
        (
            draw(st.sampled_from(["alguna", "salesforce"])),
            key,
            draw(st.sampled_from(POOLS[FIELD[key].kind][:2])),
        )
        for key in keys
    ]


def edited(subject, side, key, value):
    """The subject after somebody typed a value."""
    if side == "alguna":
        customer = replace(subject.customer, values={**subject.customer.values, key: value})
        return replace(subject, customer=replace(customer, name=value if key == "Name" else customer.name))
    if FIELD[key].entity == "Account":
        return replace(
            subject, account=replace(subject.account, values={**subject.account.values, key: value})
        )
    return replace(subject, contact=replace(subject.contact, values={**subject.contact.values, key: value}))


def linked(make):
    """A customer and its account in step, with every field known on both sides."""
    known = {"Contact.Title": "CEO"}
    return make.in_sync(alguna=known, salesforce=known, base=known)


def at_rest(subject, policy):
    """The subject once nothing is left to do."""
    for _ in range(3):
        planned = plan(subject, policy)
        if not planned.changes and not planned.agreed:
            return subject
        subject = applied(subject, planned, policy)
    raise AssertionError("it never rests")


def ends_alike(one, two, policy):
    """Whether two subjects hold the same on both sides."""
    for mine, yours in zip(sides(one, policy), sides(two, policy), strict=True):
        assert mine.keys() == yours.keys()
        assert all(same(FIELD[key].kind, mine[key], yours[key]) for key in mine)
    return True


@given(edits(), st.randoms(use_true_random=False), st.lists(st.booleans(), min_size=5, max_size=5))
def test_edits_end_alike_whether_a_pass_runs_between_them_or_not_and_in_any_order(make, made, random, passes):
    policy = make.policy()
    start = at_rest(linked(make), policy)
    together = start
    for edit in made:
        together = edited(together, *edit)
    random.shuffle(made)
    apart = start
    for edit, between in zip(made, passes, strict=False):
        apart = edited(apart, *edit)
        if between:
            apart = at_rest(apart, policy)
    assert ends_alike(at_rest(together, policy), at_rest(apart, policy), policy)


@given(edits())
def test_every_single_edit_is_on_both_sides_in_the_end(make, made):
    policy = make.policy()
    subject = at_rest(linked(make), policy)
    for edit in made:
        subject = edited(subject, *edit)
    ours, theirs = sides(at_rest(subject, policy), policy)
    for _, key, value in made:
        assert same(FIELD[key].kind, ours[key], value)
        assert same(FIELD[key].kind, theirs[key], value)


@settings(max_examples=60)
@given(subjects(), policies(), st.randoms(use_true_random=False))
def test_changes_may_be_carried_out_in_any_order(subject, policy, random):
    planned = plan(subject, policy)
    made = [change for change in planned.changes if change.key is None]
    rest = [change for change in planned.changes if change.key is not None]
    random.shuffle(rest)  # a record has to be there before anything of it: that order is no choice
    one = applied(subject, planned, policy)
    two = applied(subject, replace(planned, changes=(*made, *rest)), policy)
    assert one == two
    assert plan(one, policy) == plan(two, policy)


@given(st.permutations([CONTACT_EMAIL, CONTACT_LAST_NAME]), st.sampled_from(["alguna", "salesforce"]))
def test_a_contact_that_becomes_another_person_is_asked_about_in_either_order(make, keys, side):
    policy: Policy = make.policy()
    subject = at_rest(linked(make), policy)
    for key in keys:
        subject = edited(subject, side, key, "bob@acme.example" if key == CONTACT_EMAIL else "Babbage")
    planned = plan(subject, policy)
    assert not planned.changes
    assert {decision.key for decision in planned.decisions if decision.asks} == set(keys)


@settings(max_examples=60)
@given(subjects(kinds=("linked", "matched")), st.sampled_from([Rule.MANUAL, Rule.FILL_BLANKS, Rule.OFF]))
def test_what_is_left_to_people_is_never_written_over(subject, rule):
    policy = Policy(connected_at="2026-01-01T00:00:00Z", rules=dict.fromkeys(FIELD, rule))
    for change in plan(subject, policy).changes:
        if change.key in (None, ALIASES) or FIELD[change.key].direction is not Flow.BOTH:
            continue
        base = subject.link.base if subject.link else {}
        moved_alone = (
            rule is Rule.MANUAL
            and change.key in base
            and same(FIELD[change.key].kind, change.before, base[change.key])
        )
        assert change.before is None or moved_alone
    assert NEW_ACCOUNT not in [change.record for change in plan(subject, policy).changes]
