"""The console keeps to its own allocation of the org's API calls, and leaves the floor to others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from console.commands.planning import words
from console.domain.frozen import Basis, FrozenPlan
from console.domain.records import State
from console.errors import BudgetReached
from console.guide.health import look
from console.guide.org_check import OrgChecking
from console.guide.status import status
from console.salesforce.client import SalesforceClient
from console.salesforce.info import Usage
from console.settings import ConnectionSettings
from console.store.cache import Cache
from console.sync.asides import Asides
from console.sync.budget import Budget
from console.sync.events import Calls, RunFailed
from console.sync.forecast import Forecast, forecast, forecast_due

ORG = "00Dxx0000000001EAA"
NOON = datetime(2026, 6, 1, 12, 30, tzinfo=UTC)


class FixedToken:
    def __init__(self, token: str) -> None:
        self._token = token

    def current(self) -> str:
        return self._token

    def renew(self, rejected: str) -> str:
        raise AssertionError("the token was refused")


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def spend(budget: Budget, calls: int) -> int:
    """Make calls until one is refused; how many were made."""
    for made in range(calls):
        try:
            budget.admit()
        except BudgetReached:
            return made
    return calls


def test_before_the_org_told_its_limit_nothing_is_refused(clock: Clock) -> None:
    budget = Budget(0.5, 100, clock)
    assert spend(budget, 5_000) == 5_000
    assert budget.standing().left is None


def test_the_share_counts_the_consoles_own_calls(clock: Clock) -> None:
    budget = Budget(0.5, 10, clock)
    budget.told(Usage(0, 100))
    assert budget.standing().allocation == 50
    assert spend(budget, 80) == 50
    with pytest.raises(BudgetReached, match="50 of 100 in 24 hours") as reached:
        budget.admit()
    assert reached.value.exit_code == 5
    assert reached.value.goes_on_at == "2026-06-02T13:00:00Z"
    assert "13:00 UTC on 02 June" in reached.value.advice


def test_the_floor_counts_everybodys_calls(clock: Clock) -> None:
    budget = Budget(1.0, 10, clock)
    budget.told(Usage(85, 100))
    assert budget.standing().left == 5
    assert spend(budget, 80) == 5
    with pytest.raises(BudgetReached, match="10 stay free"):
        budget.admit()


def test_what_others_use_meanwhile_counts_too(clock: Clock) -> None:
    budget = Budget(1.0, 10, clock)
    budget.told(Usage(0, 100))
    assert spend(budget, 20) == 20
    budget.told(Usage(90, 100))
    assert spend(budget, 1) == 0


def test_hours_leave_the_window_one_by_one(clock: Clock) -> None:
    budget = Budget(0.5, 0, clock)
    budget.told(Usage(0, 100))
    spend(budget, 30)
    clock.now += timedelta(hours=2)
    budget.told(Usage(30, 100))
    assert spend(budget, 80) == 20
    clock.now = NOON + timedelta(hours=25)
    budget.told(Usage(20, 100))
    assert budget.standing().own == 20
    assert spend(budget, 80) == 30


def test_when_others_used_the_day_one_call_in_ten_minutes_looks_again(clock: Clock) -> None:
    budget = Budget(0.5, 10, clock)
    budget.told(Usage(95, 100))
    assert spend(budget, 1) == 0
    clock.now += timedelta(minutes=11)
    assert spend(budget, 1) == 1
    budget.told(Usage(96, 100))
    assert spend(budget, 1) == 0


def test_a_raised_limit_is_noticed_within_ten_minutes_while_the_share_is_used_up(clock: Clock) -> None:
    budget = Budget(0.5, 0, clock)
    budget.told(Usage(0, 100))
    assert spend(budget, 80) == 50
    clock.now += timedelta(minutes=9)
    assert spend(budget, 1) == 0
    clock.now += timedelta(minutes=1)
    assert spend(budget, 1) == 1
    budget.told(Usage(51, 100))
    assert spend(budget, 1) == 0, "one call in ten minutes, where nothing changed"
    clock.now += timedelta(minutes=10)
    assert spend(budget, 1) == 1
    budget.told(Usage(52, 200))
    assert spend(budget, 80) == 100 - 52


def test_a_person_who_asks_has_it_looked_at_at_once_and_once(clock: Clock) -> None:
    budget = Budget(0.5, 0, clock)
    budget.told(Usage(0, 100))
    assert spend(budget, 80) == 50
    budget.look_now()
    assert spend(budget, 1) == 1
    budget.told(Usage(51, 100))
    assert spend(budget, 1) == 0
    budget.look_now()
    assert spend(budget, 1) == 1
    budget.told(Usage(52, 1_000))
    assert budget.standing().left == 500 - 52
    assert spend(budget, 10) == 10


def test_an_org_smaller_than_the_floor_leaves_nothing_and_says_what_to_change(clock: Clock) -> None:
    budget = Budget(0.5, 1_000, clock)
    budget.told(Usage(0, 500))
    with pytest.raises(BudgetReached) as reached:
        budget.admit()
    assert "api_floor" in reached.value.advice


def test_threads_together_do_not_pass_the_allocation(clock: Clock) -> None:
    budget = Budget(0.5, 0, clock)
    budget.told(Usage(0, 1_000))
    made: list[int] = []
    threads = [threading.Thread(target=lambda: made.append(spend(budget, 200))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(made) == 500


def test_what_was_counted_is_kept_with_the_cache(tmp_path: Path, clock: Clock) -> None:
    with Cache.open(tmp_path / "cache.db", org_id=ORG) as cache:
        budget = Budget(0.5, 0, clock)
        budget.told(Usage(0, 100))
        spend(budget, 30)
        budget.save(cache)
        again = Budget.load(cache, 0.5, 0, clock)
    assert again.standing() == budget.standing()
    assert spend(again, 80) == 20


# --- against the rehearsal ---------------------------------------------------------------------------------


def limit(world: Any, calls: int) -> None:
    world.control("POST", "salesforce/options", {"daily_api_limit": calls})


def used(world: Any) -> int:
    with world.open() as session:
        session.salesforce.get("limits")
        return session.salesforce.usage.used


def test_a_pass_stops_before_it_would_pass_its_allocation_and_goes_on_later(
    build: Callable[..., Any],
) -> None:
    world = build(customers=30, org="empty", api_floor=0, api_share=1.0)
    limit(world, used(world) + 3)
    with pytest.raises(BudgetReached):
        world.sync()
    assert world.accounts() == {}, "the budget ends before the first write here"
    failed = [event for event in world.events if isinstance(event, RunFailed)]
    assert failed[-1].error.category == "budget"
    with world.open() as session:
        assert session.cache.runs.last(1)[0].outcome == "budget"
    limit(world, 100_000)
    world.choose(api_share=0.5)
    summary = world.sync(clock=lambda: datetime.now(UTC) + timedelta(minutes=11))
    assert summary.refused == 0
    assert world.counts()[State.IN_SYNC] > 20


def test_a_larger_share_counts_at_once_in_a_session_that_is_open(build: Callable[..., Any]) -> None:
    world = build(customers=30, org="empty", api_floor=0, api_share=1.0)
    limit(world, 1_000)
    world.choose(api_share=0.002)
    with world.open() as session:
        with pytest.raises(BudgetReached) as stopped:
            session.engine.run()
        assert "counts at once" in stopped.value.advice
        world.choose(api_share=1.0)
        assert session.engine.run().refused == 0
        assert session.engine.budget.allocation == 1_000
        world.choose(api_share=0.002)
        with pytest.raises(BudgetReached):
            session.engine.run()


def test_settings_that_cannot_be_read_change_no_share(build: Callable[..., Any]) -> None:
    world = build(customers=3, org="empty", api_floor=0, api_share=1.0)
    with world.open() as session:
        session.engine.run()
        allocation = session.engine.budget.allocation
        (world.connections.folder(world.settings.name) / "settings.json").write_text("{")
        session.engine.run()
        assert session.engine.budget.allocation == allocation
        world.connections.save(world.settings)


def test_the_org_never_refuses_because_the_console_stops_first(build: Callable[..., Any]) -> None:
    world = build(customers=30, org="empty", api_floor=3, api_share=1.0)
    day = used(world) + 8
    limit(world, day)
    world.fault("salesforce", "UNABLE_TO_LOCK_ROW", share=1.0, rows=True)  # more calls than could be forecast
    with pytest.raises(BudgetReached, match="3 stay free"):
        world.sync()
    told = [event for event in world.events if isinstance(event, Calls)][-1]
    assert told.left == 0
    assert told.limit == day
    assert told.used == day - 3


def test_calls_of_others_are_counted(build: Callable[..., Any]) -> None:
    world = build(customers=30, org="empty", api_floor=0, api_share=1.0)
    salesforce = world.rehearsal.handout["salesforce"]
    limit(world, used(world) + 40)
    with world.open() as session:
        session.salesforce.get("limits")
        before = session.engine.budget
        with SalesforceClient(salesforce["instance_url"], FixedToken(salesforce["access_token"])) as others:
            for _ in range(30):
                others.get("limits")
        session.salesforce.get("limits")
        after = session.engine.budget
    assert after.own == before.own + 1
    assert before.left is not None
    assert after.left == before.left - 31


def test_status_tells_used_limit_and_allocation(build: Callable[..., Any]) -> None:
    world = build(customers=30, org="empty")
    world.sync()
    api = status(world.settings, world.cache_path, "2026-06-01T00:00:00Z")["api"]
    assert api["allocation"] == min(api["limit"] // 2, api["limit"] - 1_000)
    assert 0 < api["own"] <= api["used"]
    assert api["left"] == min(api["allocation"] - api["own"], api["limit"] - 1_000 - api["used"])
    assert json.loads(json.dumps(api)) == api


def cost(calls: int, left: int | None = None) -> str:
    """What a plan says that it costs, where the console may use 50 calls a day."""
    forecast = {"calls": {"salesforce": calls, "alguna": 0}, "left": left, "allocation": left and 50}
    return words(FrozenPlan(Basis("", 1, {}), (), forecast=forecast)).splitlines()[-1]


def test_a_plan_says_what_it_costs_and_what_is_left() -> None:
    assert cost(3) == "It takes about 3 Salesforce calls."
    assert cost(3, 10).endswith("10 of the console's allocation are left.")
    assert "would not begin" in cost(30, 10)
    assert "in parts, day by day" in cost(60, 50)


@pytest.mark.parametrize(
    ("customers", "org", "bulk_from"),
    [
        (30, "half", 0),
        (260, "empty", 0),
        pytest.param(700, "half", 0, marks=pytest.mark.long),
        (260, "empty", 50),
    ],
)
def test_the_forecast_of_a_plan_is_what_the_pass_then_takes(
    build: Callable[..., Any], customers: int, org: str, bulk_from: int
) -> None:
    world = build(customers=customers, org=org, bulk_from=bulk_from)
    cost = Forecast(bulk_from)
    with world.open() as session:
        changes = list(session.engine.dry_run(cost))
    said = cost.calls()["salesforce"]
    made = world.sync().salesforce_calls
    assert made - 3 <= said <= made + 5
    assert forecast(changes, bulk_from)["alguna"] == cost.calls()["alguna"]


def test_the_forecast_that_is_shown_grows_true_while_the_pass_runs(build: Callable[..., Any]) -> None:
    world = build(customers=700, org="empty")
    summary = world.sync()
    calls = [event for event in world.events if isinstance(event, Calls)]
    told = [event.forecast for event in calls]
    assert calls[-1].salesforce == summary.salesforce_calls
    known = [each for each in told if each is not None]
    assert known, "it is told before the first write"
    assert known[-1] == summary.salesforce_calls
    assert all(event.forecast >= event.salesforce for event in calls if event.forecast is not None)
    assert abs(known[0] - summary.salesforce_calls) <= summary.salesforce_calls // 3
    assert forecast_due(0) == 0
    assert forecast_due(30, done=30) == 0


def test_a_pass_that_would_pass_its_allocation_does_not_begin(build: Callable[..., Any]) -> None:
    world = build(customers=260, org="empty", api_floor=0, api_share=1.0)
    limit(world, used(world) + 6)
    with pytest.raises(
        BudgetReached, match=r"needs about \d+ Salesforce API calls; of the console"
    ) as reached:
        world.sync()
    assert reached.value.goes_on_at
    assert world.accounts() == {}
    with world.open() as session:
        assert session.cache.journal.unsettled() == []
        assert session.engine.budget.left, "it did not use up what is left"
    limit(world, 100_000)
    assert world.sync().applied > 0


def test_what_no_day_has_room_for_is_done_in_parts(clock: Clock) -> None:
    budget = Budget(0.5, 0, clock)
    budget.told(Usage(0, 100))
    spend(budget, 30)
    budget.afford(20)
    budget.afford(51)
    with pytest.raises(BudgetReached) as reached:
        budget.afford(21)
    assert reached.value.exit_code == 5
    assert reached.value.goes_on_at == "2026-06-02T13:00:00Z"


def test_room_that_others_took_is_looked_for_again_soon(clock: Clock) -> None:
    budget = Budget(0.5, 0, clock)
    budget.told(Usage(95, 100))
    with pytest.raises(BudgetReached) as reached:
        budget.afford(6)
    assert reached.value.goes_on_at == "2026-06-01T12:40:00Z"


def test_reading_for_a_plan_counts(build: Callable[..., Any]) -> None:
    world = build(customers=30, org="half")
    world.reset_calls("salesforce")
    with world.open() as session:
        list(session.engine.dry_run())
    with world.open() as session:
        assert session.engine.budget.own == world.total("salesforce") > 0


@pytest.mark.parametrize("wrong", [{"api_share": 0.0}, {"api_share": 1.5}, {"api_floor": -1}])
def test_an_allocation_that_is_none_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="api_"):
        ConnectionSettings(name="x", **wrong)


# --- outside of passes -------------------------------------------------------------------------------------


def test_calls_beside_a_pass_count_in_the_share(tmp_path: Path, clock: Clock) -> None:
    asides = Asides(tmp_path, clock)
    budget = Budget(0.5, 0, clock, asides)
    budget.told(Usage(0, 100))
    asides.admit()
    asides.admit(29)
    assert budget.standing().own == 30
    assert spend(budget, 80) == 20
    clock.now += timedelta(hours=26)
    assert budget.standing().own == 0
    assert list((tmp_path / "calls").iterdir()) == [], "hours that don't count any more are forgotten"


def test_calls_that_can_not_be_counted_are_made_all_the_same(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "calls").write_text("in the way")
    asides = Asides(tmp_path, clock)
    asides.admit()
    assert asides.hours("") == {}


def test_looking_at_the_org_and_at_health_is_counted_call_by_call(build: Callable[..., Any]) -> None:
    world = build(customers=3, org="empty")
    now = lambda: "2026-06-01T00:00:00Z"  # noqa: E731
    world.reset_calls("salesforce")
    OrgChecking(world.settings, world.connections, world.secrets, now).look()
    look(world.settings, world.connections, world.secrets, now())
    made = world.total("salesforce")
    with world.open() as session:
        assert session.engine.budget.own == made > 5


def test_the_command_ends_with_5_and_calls_it_no_success(build: Callable[..., Any]) -> None:
    world = build(customers=260, org="empty", api_floor=0, api_share=1.0)
    limit(world, used(world) + 6)
    done = subprocess.run(
        [sys.executable, "-m", "console", "sync", world.settings.name, "--once", "--json"],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "ALGUNA_CONSOLE_HOME": str(world.cache_path.parents[2])},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 5, done.stderr
    said = json.loads(done.stdout)
    assert set(said) == {"error"}
    assert said["error"]["category"] == "budget"
    assert "none of it was begun" in said["error"]["message"]
    assert world.accounts() == {}
