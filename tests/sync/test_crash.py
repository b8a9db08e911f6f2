"""The process is killed with SIGKILL; the next one loses nothing and makes nothing twice."""

import json
import random
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from console.domain.records import State

from .conftest import RATE, until

SYNC = f"""
import json, sys
from pathlib import Path
from console.secrets import Secrets
from console.settings import Connections
from console.sync.session import open_session

connections = Connections(Path(sys.argv[1]))
settings = connections.load("practice")
secrets = Secrets(connections, find_keyring=lambda: None)
with open_session(settings, connections, secrets, alguna_rate={RATE}) as session:
    print(json.dumps(session.engine.run().as_json()), flush=True)
"""
ROOT = Path(__file__).parents[2]


@contextmanager
def process(world):
    """A console in a process of its own, in the middle of a pass; killed at the end."""
    home = world.cache_path.parents[2]
    running = subprocess.Popen(
        [sys.executable, "-c", SYNC, str(home)],
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


def struck(world, service):
    return sum(fault["struck"] for fault in world.control("GET", f"{service}/faults")["faults"])


def in_order(world):
    """Everything arrived, once; and a further pass has nothing to do."""
    customers = world.customers()
    accounts = world.accounts()  # which makes sure that no customer id is there twice
    assert set(accounts) == {id_ for id_, c in customers.items() if c["billing_address"] and c["contacts"]}
    assert len(world.query("SELECT Id FROM Account")) == len(accounts)
    assert len(world.query("SELECT Id FROM Contact")) == len(accounts)
    for id_, account in accounts.items():
        assert customers[id_]["aliases"].count(account["Id"]) == 1
    assert world.sync().planned == 0
    with world.open() as session:
        assert session.cache.journal.unsettled() == []
        assert session.cache.entries.counts()[State.IN_SYNC] > 0


MOMENTS = [
    pytest.param("salesforce", "composite", 1, id="describing"),
    pytest.param("salesforce", "composite", 2, id="reading the org"),
    pytest.param("alguna", "GET /customers", 1, id="reading customers"),
    pytest.param("alguna", "billing-dates", 5, id="reading prices"),
    pytest.param("salesforce", "composite", 3, id="creating accounts"),
    pytest.param("salesforce", "composite", 4, id="creating contacts"),
    pytest.param("alguna", "PATCH", 9, id="adding aliases"),
]


@pytest.mark.parametrize("took_effect", [False, True])
@pytest.mark.parametrize(("service", "match", "nth"), MOMENTS)
def test_killed_while_it_waits_for_an_answer_the_next_pass_goes_on(build, service, match, nth, took_effect):
    """The nth such call never answers, whether it took effect or not; then the process dies."""
    world = build(org="empty")
    world.fault(service, "STALL", match=match, skip=nth - 1, share=1.0, after_effect=took_effect)
    with process(world) as running:
        until(lambda: struck(world, service) or running.poll() is not None)
        assert running.poll() is None, running.stderr.read()
    world.heal()
    assert world.sync().run == 2
    in_order(world)


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 10))])
def test_killed_again_and_again_at_random_moments_it_arrives_all_the_same(build, seed):
    world = build(customers=60, org="empty")
    world.control("POST", "alguna/options", {"latency_ms": 5})
    rng = random.Random(seed)
    kills = 0
    for _ in range(6):
        for service in ("salesforce", "alguna"):
            world.reset_calls(service)
        moment = rng.randrange(1, 120)
        with process(world) as running:
            until(
                lambda m=moment: (
                    world.total("salesforce") + world.total("alguna") >= m or running.poll() is not None
                )
            )
            kills += running.poll() is None
    assert kills
    world.sync()
    in_order(world)


def test_killed_while_an_edit_travels_it_arrives_once(build):
    world = build(org="empty")
    world.sync()
    id_, account = next(iter(world.accounts().items()))
    world.edit_account(account["Id"], BillingCity="Gondolin")
    world.fault("alguna", "STALL", match="PATCH", share=1.0, after_effect=True)
    with process(world) as running:
        until(lambda: struck(world, "alguna") or running.poll() is not None)
    world.heal()
    assert world.customer(id_)["billing_address"]["city"] == "Gondolin"
    summary = world.sync()
    assert summary.planned == 0, "it was there already"
    with world.open() as session:
        told = [row for row in session.cache.history.of(id_) if row.after == "Gondolin"]
        assert [row.outcome for row in told] == ["applied"]
        assert session.cache.links.get(id_).base["BillingCity"] == "Gondolin"


def test_a_run_that_was_killed_is_told_as_interrupted(build):
    world = build(org="empty")
    world.fault("salesforce", "STALL", match="composite", share=1.0)
    with process(world) as running:
        until(lambda: struck(world, "salesforce") or running.poll() is not None)
    world.heal()
    world.sync()
    with world.open() as session:
        assert [run.outcome for run in session.cache.runs.last(2)] == ["done", "interrupted"]


def test_a_pass_in_another_process_ends_with_its_numbers(build):
    world = build(org="empty")
    with process(world) as running:
        out, err = running.communicate(timeout=60)
    assert running.returncode == 0, err
    assert json.loads(out)["changes"]["applied"] > 0
