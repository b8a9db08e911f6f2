"""The console keeps to its own allocation of the org's API calls, and leaves the floor to others."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from console.commands import sync as command
from console.domain.records import State
from console.errors import BudgetReached
from console.guide.status import status
from console.salesforce.client import SalesforceClient
from console.salesforce.info import Usage
from console.settings import ConnectionSettings
from console.store.cache import Cache
from console.sync.budget import Budget
from console.sync.events import Calls, RunFailed
from console.sync.forecast import forecast, forecast_due

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


def test_the_org_never_refuses_because_the_console_stops_first(build: Callable[..., Any]) -> None:
    world = build(customers=30, org="empty", api_floor=3, api_share=1.0)
    day = used(world) + 7
    limit(world, day)
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


def test_a_plan_says_what_it_costs_and_what_is_left(build: Callable[..., Any]) -> None:
    world = build(customers=30, org="empty")
    with world.open() as session:
        changes = list(session.engine.dry_run())
        left = session.engine.budget.left
    said = forecast(changes)
    made = world.sync()
    assert made.salesforce_calls <= said["salesforce"]
    assert left is not None
    assert command._cost(said["salesforce"], left).startswith(
        f"It takes about {said['salesforce']} Salesforce calls;"
    )
    assert "would stop there" in command._cost(said["salesforce"], 0)


def test_the_forecast_of_what_is_due_is_told_while_the_pass_runs(build: Callable[..., Any]) -> None:
    world = build(customers=30, org="empty")
    summary = world.sync()
    told = {event.forecast for event in world.events if isinstance(event, Calls)}
    assert max(each for each in told if each) == forecast_due(30)
    assert forecast_due(0) == 0
    assert summary.salesforce_calls <= forecast_due(30) + 4


@pytest.mark.parametrize("wrong", [{"api_share": 0.0}, {"api_share": 1.5}, {"api_floor": -1}])
def test_an_allocation_that_is_none_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="api_"):
        ConnectionSettings(name="x", **wrong)
