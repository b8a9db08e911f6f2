"""A pass that is about to do more than happens by itself writes nothing, says so with a sample, and waits for a person."""

import pytest

from console.errors import Braked, UsageError
from console.sync import braking
from console.sync.cursors import text, utc_now

from .test_dry_run import org_rows

TIGHT = {"brake_share": 0.1, "brake_least": 5, "brake_creates": 5, "brake_drop": 0.2}


def writes(world):
    return [call for call in world.calls("alguna") if not call.startswith("GET")]


def rename_all(world, word="Renamed"):
    ids = list(world.accounts())
    for id_ in ids:
        world.edit_customer(id_, name=f"{word} {id_}")
    return ids


def stopped(world):
    """The pass stops before it writes; what it says, and what is kept of it."""
    before = org_rows(world)
    world.reset_calls("alguna")
    with world.open() as session:
        with pytest.raises(Braked) as failure:
            session.engine.run()
        kept = braking.stopped(session.cache)
        problem = next(each for each in session.cache.problems.open() if each.category == "brake")
        assert session.cache.runs.last(1)[0].outcome == "brake"
    assert org_rows(world) == before
    assert not writes(world)
    assert problem.title == failure.value.message
    assert kept["stops"] == failure.value.stops
    return failure.value, kept


def let_go(world):
    with world.open() as session:
        session.engine.release()
        return session.engine.run()


def test_a_mass_rename_stops_is_shown_and_let_go_once(world):
    world.sync()
    world.choose(**TIGHT)
    ids = rename_all(world)
    error, kept = stopped(world)
    (stop,) = kept["stops"]
    assert (stop["brake"], stop["count"]) == ("changed", len(ids))
    assert {each["customer_id"] for each in stop["sample"]} <= set(ids)
    assert all("Renamed" in each["what"] for each in stop["sample"])
    assert "--release" in error.advice
    stopped(world)  # nobody decided: nothing is written by the next pass either
    summary = let_go(world)
    assert summary.applied == len(ids)
    assert {account["Name"] for account in world.accounts().values()} == {f"Renamed {id_}" for id_ in ids}
    with world.open() as session:
        assert braking.stopped(session.cache) is None
        assert not [each for each in session.cache.problems.open() if each.category == "brake"]
    rename_all(world, "Again")
    stopped(world)


def test_a_plan_names_the_brakes_before_any_pass_is_stopped(world):
    world.sync()
    world.choose(**TIGHT)
    ids = rename_all(world)
    with world.open() as session:
        plan = session.engine.freeze()
        assert braking.stopped(session.cache) is None, "looking stops nothing"
    _, kept = stopped(world)
    assert list(plan.stops) == kept["stops"]
    assert len(plan.basis.customers) == len(ids)
    world.choose(brake_share=1.0)
    with world.open() as session:
        assert session.engine.freeze().stops == ()


def test_what_grew_since_it_was_shown_is_shown_again(world):
    world.sync()
    world.choose(**TIGHT)
    ids = list(world.accounts())
    for id_ in ids[:8]:
        world.edit_customer(id_, name=f"Renamed {id_}")
    stopped(world)
    with world.open() as session:
        session.engine.release()
    for id_ in ids:
        world.edit_customer(id_, name=f"Renamed Too {id_}")
    _, kept = stopped(world)
    assert kept["stops"][0]["count"] == len(ids)


def test_set_right_on_the_other_side_it_goes_on_by_itself(world):
    world.sync()
    names = {id_: account["Name"] for id_, account in world.accounts().items()}
    world.choose(**TIGHT)
    rename_all(world)
    stopped(world)
    for id_, name in names.items():
        world.edit_customer(id_, name=name)
    assert world.sync().applied == 0
    with world.open() as session:
        assert braking.stopped(session.cache) is None
    assert {id_: account["Name"] for id_, account in world.accounts().items()} == names


def test_in_ordinary_days_nothing_is_stopped(world):
    """With the brakes as they come: a first sync, all of few accounts renamed, some new ones."""
    world.sync()
    ids = rename_all(world)
    for n in range(5):
        world.add_customer(name=f"Newcomer {n}")
    assert world.sync().applied >= len(ids)


def test_customers_that_appear_by_the_hundred_are_not_created_unasked(world):
    world.sync()
    world.choose(**TIGHT)
    for n in range(6):
        world.add_customer(name=f"Flood {chr(65 + n) * 3}")
    _, kept = stopped(world)
    (stop,) = kept["stops"]
    assert (stop["brake"], stop["count"]) == ("created", 6)
    assert not world.query("SELECT Id FROM Account WHERE Name LIKE 'Flood%'")
    let_go(world)
    assert len(world.query("SELECT Id FROM Account WHERE Name LIKE 'Flood%'")) == 6


def test_a_first_sync_and_a_later_import_were_chosen_by_a_person(build):
    world = build(import_choice="none", connected_at="2026-12-01T00:00:00Z", **TIGHT)
    assert world.sync().applied == 0
    with world.open() as session:
        session.engine.request_import("all")
        assert session.engine.run().applied > 20
    assert len(world.accounts()) > 20


def test_a_flood_of_events_is_stopped_though_each_run_is_small(world):
    world.sync()
    world.choose(**TIGHT)
    ids = list(world.accounts())
    done = []
    with world.open() as session:
        for id_ in ids[:10]:
            world.edit_customer(id_, name=f"Event {id_}")
            try:
                session.engine.sync_one(id_)
            except Braked:
                break
            done.append(id_)
    assert len(done) == TIGHT["brake_least"]
    names = [account["Name"] for account in world.accounts().values()]
    assert sum(name.startswith("Event") for name in names) == len(done)


def test_nothing_is_planned_twice_where_the_numbers_say_that_it_is_little(world):
    world.sync()
    world.edit_customer(next(iter(world.accounts())), name="One Only")
    with world.open() as session:
        planned = []
        from console.sync.planning import Planning

        real = Planning.plan
        Planning.plan = lambda self, ids: planned.append(len(ids)) or real(self, ids)
        try:
            session.engine.run()
        finally:
            Planning.plan = real
    assert planned[0] == 1
    assert sum(planned) <= 2, "once to apply it, once to see that nothing is left"


# --- what is missing all at once -----------------------------------------------------------------------------


class Shortened:
    """Alguna lists only some of its customers."""

    def __init__(self, client, share):
        self._client, self._share = client, share

    def __getattr__(self, name):
        return getattr(self._client, name)

    def customers(self, newest_first):
        if newest_first:
            yield from self._client.customers(newest_first)
            return
        for page in self._client.customers(newest_first):
            yield page[: int(len(page) * self._share)]


def look_whole(world, share=1.0, release=False):
    """A pass a day later, which reads everything."""
    from datetime import timedelta

    with world.open(clock=lambda: utc_now() + timedelta(days=2)) as session:
        session.engine._around.alguna = Shortened(session.alguna, share)
        if release:
            session.engine.release()
        try:
            return session.engine.run(), session.cache.entries.counts()
        finally:
            session.engine._around.alguna = session.alguna


def test_a_side_that_suddenly_lists_far_fewer_is_not_believed(build):
    world = build(customers=120, **{**TIGHT, "brake_share": 1.0})
    world.sync()
    before = org_rows(world)
    with pytest.raises(Braked, match="customers in Alguna are missing all at once"):
        look_whole(world, share=0.6)
    with world.open() as session:
        assert session.cache.entries.counts().get("gone", 0) == 0
        (stop,) = braking.stopped(session.cache)["stops"]
    assert stop["brake"] == "dropped"
    assert org_rows(world) == before
    _, counts = look_whole(world)
    assert counts.get("gone", 0) == 0, "they were there all the time"


def test_a_drop_that_a_person_lets_go_is_believed_once(build):
    world = build(customers=120, **{**TIGHT, "brake_share": 1.0})
    world.sync()
    with pytest.raises(Braked):
        look_whole(world, share=0.6)
    _, counts = look_whole(world, share=0.6, release=True)
    assert counts["gone"] == 48


def test_a_few_that_are_missing_are_simply_gone(build):
    world = build(customers=120)
    world.sync()
    _, counts = look_whole(world, share=0.9)
    assert counts["gone"] == 12


# --- letting go ----------------------------------------------------------------------------------------------


def test_where_nothing_is_stopped_nothing_can_be_let_go(world):
    world.sync()
    with world.open() as session, pytest.raises(UsageError, match="No brake"):
        braking.release(session.cache)


def test_a_dry_run_leaves_no_trace_of_a_brake(world):
    world.sync()
    world.choose(**TIGHT)
    ids = rename_all(world)
    with world.open() as session:
        assert len(session.engine.freeze().changes) == len(ids)
        assert braking.stopped(session.cache) is None


def test_a_plan_that_a_person_kept_and_applies_is_not_stopped(world):
    world.sync()
    world.choose(**TIGHT)
    ids = rename_all(world)
    with world.open() as session:
        plan = session.engine.freeze()
        assert session.engine.apply(plan).applied == len(ids)


def test_small_runs_count_from_when_something_was_let_go(world):
    world.sync()
    with world.open() as session:
        braking.let_go(session.cache, {"changed": 3})
        braking.done(session.cache, text(utc_now()))
        assert session.cache.get(braking.RELEASE) is None
        assert session.cache.get(braking.SINCE)
