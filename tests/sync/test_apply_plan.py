"""A kept plan is carried out exactly: its changes and no others; what moved since is left; another world's plan is refused."""

import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace

import pytest

from console.domain.frozen import read_plan
from console.domain.records import Rule
from console.errors import BudgetReached, Conflict, Unreachable

from .conftest import RATE, until

APPLY = f"""
import sys
from pathlib import Path
from console.domain.frozen import read_plan
from console.secrets import Secrets
from console.settings import Connections
from console.sync.session import open_session

connections = Connections(Path(sys.argv[1]))
settings = connections.load("practice")
secrets = Secrets(connections, find_keyring=lambda: None)
plan = read_plan(Path(sys.argv[2]).read_text())
with open_session(settings, connections, secrets, alguna_rate={RATE}) as session:
    session.engine.apply(plan)
"""


def freeze(world):
    """A plan, made in one session, as another reads it from its file."""
    with world.open() as session:
        return read_plan("".join(session.engine.freeze().lines()))


def apply(world, plan):
    """(summary, what was left)"""
    with world.open() as session:
        summary = session.engine.apply(plan)
        return summary, session.engine.left(summary.run)


def some_linked(world, count):
    return list(world.accounts())[:count]


def writes(world):
    return [call for call in world.calls("alguna") if not call.startswith("GET")]


def modstamps(world):
    return [
        world.query(f"SELECT Id, SystemModstamp FROM {name} ORDER BY Id") for name in ("Account", "Contact")
    ]


def test_it_does_what_the_plan_says_and_nothing_else(world):
    world.sync()
    planned, other = some_linked(world, 2)
    world.edit_customer(planned, name="In The Plan")
    new = world.add_customer(name="Created By The Plan")
    plan = freeze(world)
    world.edit_customer(other, name="Edited After The Plan")
    later = world.add_customer(name="Came After The Plan")
    summary, left = apply(world, plan)
    accounts = world.accounts()
    assert (summary.planned, summary.applied, summary.already, left) == (
        len(plan.changes),
        len(plan.changes),
        0,
        [],
    )
    assert accounts[planned]["Name"] == "In The Plan"
    assert accounts[new]["Name"] == "Created By The Plan"
    assert accounts[other]["Name"] != "Edited After The Plan"
    assert later not in accounts
    assert world.sync().applied > 0, "what the plan did not name is done by the next pass"
    assert world.accounts()[other]["Name"] == "Edited After The Plan"


def test_it_does_what_a_pass_would_have_done(build):
    """A first sync through a plan; all that is left are customers whose candidates it took."""
    world = build(org="half")
    plan = freeze(world)
    summary, left = apply(world, plan)
    assert (summary.applied, summary.refused, left) == (len(plan.changes), 0, [])
    rest = freeze(world)
    assert not {change.customer_id for change in rest.changes} & {
        change.customer_id for change in plan.changes
    }
    with world.open() as session:
        assert [run.kind for run in session.cache.runs.last(2)] == ["apply"]


def test_twice_it_changes_nothing(world):
    plan = freeze(world)
    assert apply(world, plan)[1] == []
    before = modstamps(world), world.customers()
    world.reset_calls("alguna")
    summary, left = apply(world, plan)
    assert (summary.planned, summary.applied, summary.already, left) == (0, 0, len(plan.changes), [])
    assert not writes(world)
    assert (modstamps(world), world.customers()) == before


@pytest.mark.parametrize("side", ["salesforce", "alguna"])
def test_a_row_that_moved_since_is_left_and_told(world, side):
    world.sync()
    moved, still = some_linked(world, 2)
    for id_ in (moved, still):
        world.edit_customer(id_, name=f"Renamed {id_}")
    plan = freeze(world)
    if side == "salesforce":
        world.edit_account(world.accounts()[moved]["Id"], BillingCity="Moved Since")
    else:
        world.edit_customer(moved, name="Renamed Once More")
    summary, left = apply(world, plan)
    accounts = world.accounts()
    assert accounts[still]["Name"] == f"Renamed {still}"
    assert not accounts[moved]["Name"].startswith("Renamed")
    assert {change.customer_id for change, _ in left} == {moved}
    assert all("moved since the plan" in why for _, why in left)
    assert summary.stale == len(left) == 1


def test_an_account_that_somebody_made_meanwhile_is_not_made_again(world):
    world.sync()
    new = world.add_customer(name="Wanted Once")
    plan = freeze(world)
    admin = world.rehearsal.handout["salesforce"]["username"]
    world.control(
        "POST",
        "salesforce/records/Account",
        {"fields": {"Name": "Wanted Once", "Website": "https://tinware-and-sons.example"}, "as": admin},
    )
    summary, left = apply(world, plan)
    assert summary.applied == 0
    assert {change.customer_id for change, _ in left} == {new}
    assert len(world.query("SELECT Id FROM Account WHERE Name = 'Wanted Once'")) == 1


def test_a_customer_that_is_gone_is_left(world):
    world.sync()
    new = world.add_customer(name="Gone Again")
    plan = freeze(world)
    absent = replace(plan, changes=tuple(replace(each, customer_id="nobody") for each in plan.changes))
    summary, left = apply(world, absent)
    assert (summary.applied, len(left)) == (0, len(plan.changes))
    assert new not in world.accounts()
    assert all("no longer lists" in why for _, why in left)


def test_what_a_person_undid_in_salesforce_is_not_done_over_their_head(world):
    """The value is neither what the plan found nor what it writes."""
    world.sync()
    (id_,) = some_linked(world, 1)
    world.edit_customer(id_, name="Planned Name")
    plan = freeze(world)
    unguarded = replace(plan, basis=replace(plan.basis, customers={}))
    world.edit_account(world.accounts()[id_]["Id"], Name="Typed By A Person")
    _, left = apply(world, unguarded)
    assert world.accounts()[id_]["Name"] == "Typed By A Person"
    assert [why for _, why in left] == [left[0][1]]
    assert "Typed By A Person" in left[0][1]


# --- plans of another world ----------------------------------------------------------------------------------


def test_a_plan_of_another_org_schema_or_rule_set_is_refused_before_anything_is_called(world):
    world.sync()
    world.edit_customer(some_linked(world, 1)[0], name="Never Written")
    plan = freeze(world)
    others = [
        replace(plan.basis, org_id="00D000000000009EAA"),
        replace(plan.basis, schema=plan.basis.schema - 1),
        replace(plan.basis, policy={**plan.basis.policy, "field rules": "0"}),
    ]
    with world.open() as session:
        runs, problems = session.cache.runs.last(100), session.cache.problems.open()
        for service in ("salesforce", "alguna"):
            world.reset_calls(service)
        for basis in others:
            with pytest.raises(Conflict):
                session.engine.apply(replace(plan, basis=basis))
        assert session.cache.runs.last(100) == runs
        assert session.cache.problems.open() == problems
    assert world.total("salesforce") + world.total("alguna") == 0


def test_a_rule_that_was_changed_since_is_named(world):
    plan = freeze(world)
    world.choose(rules={"Name": Rule.SALESFORCE_WINS})
    with pytest.raises(Conflict, match="field rules"):
        apply(world, plan)
    assert not world.query("SELECT Id FROM Account WHERE Alguna_Customer_ID__c != null")


# --- what goes wrong on the way ------------------------------------------------------------------------------


@contextmanager
def applying(world, path):
    home = world.cache_path.parents[2]
    running = subprocess.Popen([sys.executable, "-c", APPLY, str(home), str(path)], stderr=subprocess.PIPE)
    try:
        yield running
    finally:
        running.kill()
        running.communicate()


@pytest.mark.parametrize("took_effect", [False, True])
@pytest.mark.parametrize(
    ("service", "match", "nth"), [("salesforce", "composite", 4), ("alguna", "PATCH", 9)]
)
def test_killed_in_the_middle_it_goes_on_and_makes_nothing_twice(
    build, tmp_path, service, match, nth, took_effect
):
    world = build(org="empty")
    plan = freeze(world)
    path = tmp_path / "plan.json"
    path.write_text("".join(plan.lines()))
    world.fault(service, "STALL", match=match, skip=nth - 1, share=1.0, after_effect=took_effect)

    def struck():
        return sum(fault["struck"] for fault in world.control("GET", f"{service}/faults")["faults"])

    with applying(world, path) as running:
        until(lambda: struck() or running.poll() is not None)
        assert running.poll() is None, running.stderr.read()
    world.heal()
    summary, left = apply(world, plan)
    assert (left, summary.stale) == ([], 0)
    assert summary.applied + (summary.already or 0) == len(plan.changes)
    assert bool(summary.already) is (took_effect or service == "alguna"), "what was done before it was killed"
    customers = {change.customer_id for change in plan.changes}
    assert set(world.accounts()) == customers
    assert len(world.query("SELECT Id FROM Account")) == len(customers)
    assert len(world.query("SELECT Id FROM Contact")) == len(customers)
    assert world.sync().planned == 0


def test_a_side_that_goes_away_ends_it_and_the_rest_is_done_when_it_is_back(build):
    world = build(org="empty")
    plan = freeze(world)
    world.fault("alguna", "500", share=1.0, match="PATCH")
    with pytest.raises(Unreachable):
        apply(world, plan)
    world.heal()
    summary, left = apply(world, plan)
    assert (left, summary.refused) == ([], 0)
    assert summary.already
    assert summary.applied
    assert world.sync().planned == 0


def test_what_the_org_refuses_is_refused_with_its_reason(world):
    world.sync()
    for id_ in some_linked(world, 3):
        world.edit_customer(id_, name=f"Renamed {id_}")
    plan = freeze(world)
    world.fault("salesforce", "FIELD_CUSTOM_VALIDATION_EXCEPTION", rows=True, next=1)
    before = world.counts().get("refused", 0)
    summary, _ = apply(world, plan)
    assert world.counts()["refused"] == before + 1
    assert (summary.applied, summary.refused, summary.stale) == (2, 1, 0)


def test_without_room_in_the_allocation_nothing_is_begun(build):
    world = build(org="empty")
    plan = freeze(world)
    world.choose(api_floor=0)
    with world.open() as session:
        session.engine.run(sides=frozenset())  # the org tells its limit
        standing = session.engine.budget
        world.choose(api_share=1e-5)
    assert standing.limit
    with world.open() as session, pytest.raises(BudgetReached):
        session.engine.apply(plan)
    assert world.query("SELECT Id FROM Account") == []
