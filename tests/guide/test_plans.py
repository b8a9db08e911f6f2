"""The plan of an open connection: made by the engine's thread, read by pages, kept, carried out; a brake let go."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from console.errors import Conflict, UsageError
from console.sync.events import Noted, RunFailed, RunFinished
from tests.practising import Bench, Ear


@pytest.fixture
def paused(bench: Bench) -> Iterator[tuple[Any, Ear]]:
    """An open connection whose first pass is done, and that waits for a person."""
    name = bench.connected()
    connection = bench.desk.open(name)
    ear = Ear(connection)
    ear.wait_for(RunFinished)
    connection.pause()
    yield connection, ear
    ear.end()
    connection.close()


def linked(bench: Bench) -> list[str]:
    rows = bench.query("SELECT Alguna_Customer_ID__c FROM Account WHERE Alguna_Customer_ID__c != null")
    return [row["Alguna_Customer_ID__c"] for row in rows]


def rename(bench: Bench, ids: list[str]) -> None:
    for id_ in ids:
        bench.control("PATCH", f"alguna/customers/{id_}", {"name": f"Renamed {id_}"})


def renamed(bench: Bench) -> int:
    return len(bench.query("SELECT Id FROM Account WHERE Name LIKE 'Renamed%'"))


def test_what_is_looked_at_is_what_is_carried_out(bench: Bench, paused: Any) -> None:
    connection, ear = paused
    ids = linked(bench)[:3]
    rename(bench, ids)
    plans = connection.plans()
    with pytest.raises(UsageError, match="no plan yet"):
        plans.page(0, 10)
    head = plans.look()
    assert (head.changes, head.customers) == (3, 3)
    assert "Salesforce" in head.cost
    assert renamed(bench) == 0
    lines = plans.page(0, 2)
    assert [line.after for line in lines] == [f"Renamed {line.customer_id}" for line in lines]
    assert len(plans.page(2, 10)) == 1
    kept = json.loads(Path(plans.save()).read_text(encoding="utf-8"))
    assert kept["hash"] == head.hash
    runs = sum(isinstance(event, RunFinished) for event in ear.events)
    plans.apply()
    ear.wait_for(RunFinished, runs + 1)
    assert renamed(bench) == 3


def test_a_plan_of_other_rules_is_refused_aloud_and_the_sync_goes_on(bench: Bench, paused: Any) -> None:
    connection, ear = paused
    rename(bench, linked(bench)[:1])
    plans = connection.plans()
    plans.look()
    plans._plan = replace(plans._plan, basis=replace(plans._plan.basis, schema=1))
    plans.apply()
    ear.until(
        lambda: any(isinstance(each, Noted) and isinstance(each.error, Conflict) for each in ear.events)
    )
    assert renamed(bench) == 0
    connection.sync_now()
    ear.until(lambda: renamed(bench) == 1)


def test_what_a_brake_stops_is_told_and_let_go(bench: Bench) -> None:
    name = bench.connected()
    bench.connections.save(replace(bench.connections.load(name), brake_least=3, brake_share=0.05))
    connection = bench.desk.open(name)
    ear = Ear(connection)
    try:
        ear.wait_for(RunFinished)
        assert connection.plans().stopped() == []
        ids = linked(bench)
        connection.pause()
        rename(bench, ids)
        connection.sync_now()
        failed = ear.wait_for(RunFailed)
        assert failed.error.category == "brake"
        (stop,) = connection.plans().stopped()
        assert (stop.brake, stop.count) == ("changed", len(ids))
        assert renamed(bench) == 0
        connection.plans().release()
        ear.until(lambda: renamed(bench) == len(ids))
    finally:
        ear.end()
        connection.close()
