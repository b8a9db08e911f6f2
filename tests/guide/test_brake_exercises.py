"""Practising with the brakes: a mass rename and a sudden drop stop the sync, and are over when the room is calm."""

from __future__ import annotations

from typing import Any

import pytest

from console.errors import Braked
from console.sync import braking
from console.sync.session import open_session
from tests.practising import Bench


def a_pass(bench: Bench, name: str, **settings: Any) -> None:
    from dataclasses import replace

    chosen = replace(bench.connections.load(name), **settings)
    with open_session(chosen, bench.connections, bench.secrets) as session:
        session.engine.run()


@pytest.mark.parametrize("exercise", ["renamed", "missing"])
def test_the_exercise_stops_the_sync_until_it_is_calm(bench: Bench, exercise: str) -> None:
    name = bench.connected()
    tight = {"brake_least": 5, "brake_share": 0.1}
    a_pass(bench, name)
    names = bench.query("SELECT Id, Name FROM Account ORDER BY Id")
    room = bench.desk.rehearsal()
    assert room is not None
    assert "brake" in room.practise(exercise)
    with pytest.raises(Braked) as stopped:
        a_pass(bench, name, **tight)
    assert [stop["brake"] for stop in stopped.value.stops] == [
        "changed" if exercise == "renamed" else "dropped"
    ]
    room.practise("calm")
    a_pass(bench, name, **tight)
    assert bench.query("SELECT Id, Name FROM Account ORDER BY Id") == names
    with open_session(bench.connections.load(name), bench.connections, bench.secrets) as session:
        assert braking.stopped(session.cache) is None
        assert session.cache.entries.counts().get("gone", 0) == 0
