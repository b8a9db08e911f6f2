"""What of a frozen plan can still be done, change by change."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from console.domain.exact import DELETES, GONE, MOVED, by_customer, exact
from console.domain.planner import plan
from console.domain.prints import fingerprint

MOVABLE = {
    "Name": "Acme",
    "BillingCity": "Ghent",
    "Website": "https://w.example",
    "Contact.Email": "x@acme.example",
}


def parted(make, before, after):
    """A plan for `before`, held against `after`."""
    changes = plan(before, make.policy()).changes
    return exact((after, plan(after, make.policy())), changes, fingerprint(before, changes))


def keys(changes):
    return [change.key for change in changes]


def test_a_world_that_stood_still_lets_everything_be_done(make):
    subject = make.in_sync(alguna={"Name": "Acme Two", "BillingCity": "Ghent"})
    assert keys(parted(make, subject, subject).todo) == ["Name", "BillingCity"]


def test_what_stands_there_is_not_done_again(make):
    before = make.in_sync(alguna={"Name": "Acme Two", "BillingCity": "Ghent"})
    after = make.in_sync(alguna={"Name": "Acme Two", "BillingCity": "Ghent"}, salesforce={"Name": "Acme Two"})
    found = parted(make, before, after)
    assert (keys(found.todo), keys(found.already), found.stale) == (["BillingCity"], ["Name"], ())


def test_a_new_account_that_was_made_in_part_is_finished(make):
    before = make.unmatched()
    made = make.in_sync()
    base = {key: value for key, value in made.link.base.items() if not key.startswith("Contact.")}
    link = replace(made.link, contact_id=None, base=base)
    after = replace(made, customer=before.customer, contact=None, link=link)
    found = parted(make, before, after)
    assert [(each.entity, each.key) for each in found.already] == [("Account", None)]
    assert [(each.entity, each.key) for each in found.todo] == [("Contact", None), ("customer", "aliases")]


def test_nothing_goes_to_an_account_that_the_plan_did_not_make(make):
    before = make.unmatched()
    match = replace(make.unmatched().match, account_id=make.account_id, how="alias", evidence="by alias")
    after = replace(before, match=match, account=make.account({"Name": "Somebody Else's"}))
    found = parted(make, before, after)
    assert (found.todo, found.already) == ((), ())
    assert len(found.stale) == 3


def test_a_row_that_moved_anywhere_is_left_whole(make):
    before = make.in_sync(alguna={"Name": "Acme Two"})
    after = make.in_sync(alguna={"Name": "Acme Two"}, salesforce={"Website": "https://moved.example"})
    found = parted(make, before, after)
    assert (found.todo, [why for _, why in found.stale]) == ((), [MOVED])


def test_without_a_print_only_the_written_values_count(make):
    before = make.in_sync(alguna={"Name": "Acme Two", "BillingCity": "Ghent"})
    changes = plan(before, make.policy()).changes
    after = make.in_sync(
        alguna={"Name": "Acme Two", "BillingCity": "Ghent"},
        salesforce={"Name": "Typed", "Website": "https://moved.example"},
    )
    found = exact((after, plan(after, make.policy())), changes, None)
    assert keys(found.todo) == ["BillingCity"]
    ((change, why),) = found.stale
    assert change.key == "Name"
    assert "Typed" in why
    assert "Acme Corp" in why


def test_a_deleted_account_and_another_account_hold_nothing(make):
    before = make.in_sync(alguna={"Name": "Acme Two"})
    changes = plan(before, make.policy()).changes
    for account in (
        replace(before.account, deleted=True),
        replace(before.account, id="001000000000009AAA"),
        None,
    ):
        after = replace(before, account=account)
        found = exact((after, plan(after, make.policy())), changes, None)
        assert (found.todo, found.already, len(found.stale)) == ((), (), 1)


def test_an_edit_towards_alguna_holds_while_the_customer_does(make):
    before = make.in_sync(salesforce={"Name": "Acme Two"})
    found = parted(make, before, before)
    assert [(each.side, each.key) for each in found.todo] == [("alguna", "Name")]
    gone = replace(before, customer=replace(before.customer, gone=True))
    changes = plan(before, make.policy()).changes
    assert exact((gone, plan(gone, make.policy())), changes, None).todo == ()


def test_nothing_is_deleted_by_a_plan_that_was_kept(make):
    subject = make.in_sync(alguna={"Name": "Acme Two"})
    (change,) = plan(subject, make.policy()).changes
    deletion = replace(change, key=None, field=None, before=None, after=None, undoes=3)
    found = exact((subject, plan(subject, make.policy())), [deletion], None)
    assert found.stale == ((deletion, DELETES),)


def test_a_customer_that_nobody_knows_is_gone(make):
    changes = plan(make.in_sync(alguna={"Name": "Acme Two"}), make.policy()).changes
    assert exact(None, changes, None).stale == ((changes[0], GONE),)


@given(
    planned=st.sets(st.sampled_from(sorted(MOVABLE)), min_size=1),
    done=st.sets(st.sampled_from(sorted(MOVABLE))),
    moved=st.sets(st.sampled_from(sorted(MOVABLE))),
)
def test_every_change_is_in_exactly_one_place_and_none_overwrites_an_edit(make, planned, done, moved):
    """Whatever was planned, carried out already, and typed over by a person since."""
    alguna = {key: MOVABLE[key] for key in planned}
    before = make.in_sync(alguna=alguna)
    salesforce = {key: MOVABLE[key] for key in planned & done}
    salesforce |= {key: f"typed {MOVABLE[key]}" for key in moved}
    after = make.in_sync(alguna=alguna, salesforce=salesforce)
    changes = plan(before, make.policy()).changes
    found = parted(make, before, after)
    everything = [*found.todo, *found.already, *(change for change, _ in found.stale)]
    assert sorted(each.id for each in everything) == sorted(each.id for each in changes)
    assert not moved & set(keys(found.todo))
    assert set(keys(found.already)) == (planned & done) - moved
    if moved - planned:
        assert not found.todo


def test_customers_keep_the_order_of_the_plan(make):
    one = plan(make.in_sync(alguna={"Name": "Acme Two", "BillingCity": "Ghent"}), make.policy()).changes
    changes = [one[0], replace(one[0], customer_id="other"), one[1]]
    assert [(id_, keys(its)) for id_, its in by_customer(changes).items()] == [
        ("wcqYrqfE", ["Name", "BillingCity"]),
        ("other", ["Name"]),
    ]
