"""The process is killed between what an event brought about and the next place in the stream; nothing is lost or done twice."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.sync.conftest import RATE, until

from .test_following import one

ROOT = Path(__file__).parents[3]
FOLLOW = f"""
import os, signal, sys, threading
from pathlib import Path
from console.secrets import Secrets
from console.settings import Connections
from console.store.cache import Cache
from console.sync.following import heed
from console.sync.events import RunFinished
from console.sync.runner import EngineThread
from console.sync.session import opener

moment = sys.argv[2]

def die(*args, **how):
    os.kill(os.getpid(), signal.SIGKILL)

if moment == "before":  # the effect is in the transaction, the place is about to be
    kept = Cache.set
    def set_(self, key, value):
        if key == heed.KEY and ready.is_set():
            die()
        kept(self, key, value)
    Cache.set = set_
else:  # both are stored; nobody has acted on it yet
    taken = heed.Heed.take
    def take(self, batches):
        heard = taken(self, batches)
        if heard.customers and ready.is_set():
            die()
        return heard
    heed.Heed.take = take

ready, looked = threading.Event(), threading.Event()
connections = Connections(Path(sys.argv[1]))
settings = connections.load("practice")
secrets = Secrets(connections, find_keyring=lambda: None)
open_ = opener(settings, connections, secrets, alguna_rate={RATE})
thread = EngineThread(open_, lambda event: isinstance(event, RunFinished) and looked.set(), interval=3600.0)
thread.start()
looked.wait()
sys.stdin.readline()
ready.set()
print("ready", flush=True)
threading.Event().wait()
"""


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_around_the_checkpoint_the_edit_arrives_once(world, follow, moment):
    first = follow(world)
    first.passes(2)
    customer_id, account = one(world)
    world.edit_account(account["Id"], BillingCity="Nargothrond")
    until(lambda: world.customer(customer_id)["billing_address"]["city"] == "Nargothrond")
    assert first.thread.stop(2.0)
    home = world.cache_path.parents[2]
    killed = subprocess.Popen(
        [sys.executable, "-c", FOLLOW, str(home), moment],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        until(lambda: world.control("GET", "salesforce/events")["streams"])
        killed.stdin.write("go\n")
        killed.stdin.flush()
        assert killed.stdout.readline() == "ready\n"
        world.edit_account(account["Id"], BillingCity="Gondolin")
        assert killed.wait(20) == -9
    finally:
        killed.kill()
        killed.communicate()
    assert world.customer(customer_id)["billing_address"]["city"] == "Nargothrond"
    second = follow(world)
    until(lambda: world.customer(customer_id)["billing_address"]["city"] == "Gondolin")

    def told():
        with second.cache() as cache:
            return [row for row in cache.history.of(customer_id) if row.after == "Gondolin"]

    assert [row.outcome for row in until(told)] == ["applied"]
