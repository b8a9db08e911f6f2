"""An undo is killed while it waits for an answer: the next pass finds out by reading, redoes nothing, and another undo goes on."""

import subprocess
import sys
from contextlib import contextmanager

import pytest

from console.sync.undoing import Undo

from .conftest import RATE, until
from .test_crash import ROOT, struck

UNDO = f"""
import sys
from pathlib import Path
from console.secrets import Secrets
from console.settings import Connections
from console.sync.session import open_session
from console.sync.undoing import Undo

connections = Connections(Path(sys.argv[1]))
settings = connections.load("practice")
secrets = Secrets(connections, find_keyring=lambda: None)
with open_session(settings, connections, secrets, alguna_rate={RATE}) as session:
    session.engine.undo(Undo(int(sys.argv[2]), delete_created="delete" in sys.argv))
"""


@contextmanager
def undoing(world, run, *words):
    """A console in a process of its own, in the middle of an undo; killed at the end."""
    running = subprocess.Popen(
        [sys.executable, "-c", UNDO, str(world.cache_path.parents[2]), str(run), *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield running
    finally:
        running.kill()
        running.communicate()


def killed(world, run, service, match, nth, took_effect, *words):
    """Have an undo killed while it waits for the nth such call after all that looking takes."""
    if service == "salesforce":
        world.reset_calls(service)
        with world.open() as session:
            session.engine.freeze_undo(Undo(run, delete_created="delete" in words))
        nth += world.total(service)
    world.fault(service, "STALL", match=match, skip=nth - 1, share=1.0, after_effect=took_effect)
    with undoing(world, run, *words) as running:
        until(lambda: struck(world, service) or running.poll() is not None)
        assert running.poll() is None, running.stderr.read()
    world.heal()


@pytest.mark.parametrize("took_effect", [False, True])
@pytest.mark.parametrize(
    ("service", "match", "nth"),
    [
        pytest.param("salesforce", "composite", 2, id="putting Salesforce back"),
        pytest.param("alguna", "PATCH", 1, id="putting Alguna back"),
    ],
)
def test_an_undo_that_was_killed_is_settled_by_reading_and_goes_on(build, service, match, nth, took_effect):
    world = build(customers=8)
    world.sync()
    (one, first), (two, second) = list(world.accounts().items())[:2]
    old = first["Name"], world.customer(two)["name"]
    world.edit_customer(one, name="Renamed in Alguna")
    world.edit_account(second["Id"], Name="Renamed in Salesforce")
    run = world.sync().run
    killed(world, run, service, match, nth, took_effect)
    assert world.sync().planned == 0, "neither redone nor carried over to the other side"
    asked = Undo(run)
    with world.open() as session:
        assert session.cache.runs.get(run + 1).outcome == "interrupted"
        summary = session.engine.undo(asked)
    assert asked.kept == []
    assert summary.applied + asked.already == 2
    assert world.accounts()[one]["Name"] == old[0]
    assert world.customer(two)["name"] == old[1]
    assert world.sync().planned == 0
    world.edit_customer(one, name="Renamed again")
    world.sync()
    assert world.accounts()[one]["Name"] == "Renamed again"
    assert world.customer(two)["name"] == old[1]


@pytest.mark.parametrize("took_effect", [False, True])
@pytest.mark.parametrize("nth", [2, 3], ids=["the contact", "the account"])
def test_a_deletion_that_was_killed_is_settled_by_reading_and_nothing_is_created_again(
    build, nth, took_effect
):
    world = build(customers=5)
    world.sync()
    id_ = world.add_customer()
    run = world.sync().run
    killed(world, run, "salesforce", "composite", nth, took_effect, "delete")
    assert world.sync().planned == 0
    asked = Undo(run, delete_created=True)
    with world.open() as session:
        session.engine.undo(asked)
    assert asked.kept == []
    assert id_ not in world.accounts()
    assert world.customer(id_)["aliases"] == []
    assert world.sync().planned == 0
