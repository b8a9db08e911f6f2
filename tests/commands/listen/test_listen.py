"""``listen`` as a process on a rehearsal that delivers webhooks."""

import os
import re
import signal
import subprocess
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from tests.bad_input.conftest import CONSOLE
from tests.practising import make_world, practising
from tests.sync.conftest import until

ROOT = Path(__file__).parents[3]


@pytest.fixture
def bench(tmp_path):
    with practising(make_world(tmp_path / "made"), tmp_path / "here") as made:
        made.connected()
        yield made


class Listening:
    """The process, and what it said."""

    def __init__(self, bench, *options, stdin=""):
        self._said, self._answer, given = (bench.home / name for name in ("said", "answer", "given"))
        given.write_text(stdin)
        with given.open() as secrets, self._said.open("w") as said, self._answer.open("w") as answer:
            self.process = subprocess.Popen(
                [*CONSOLE, "listen", "practice", "--port", "0", "--json", *options],
                cwd=ROOT,
                env={**os.environ, "ALGUNA_CONSOLE_HOME": str(bench.home)},
                stdin=secrets,
                stdout=answer,
                stderr=said,
            )

    @property
    def answer(self):
        return self._answer.read_text()

    @property
    def said(self):
        return self._said.read_text()

    def address(self):
        return until(lambda: re.search(r"http://127.0.0.1:\d+/", self.said)).group()


def test_a_change_in_alguna_arrives_through_its_webhook_long_before_the_next_poll(bench):
    secret = bench.control("GET", "alguna/webhooks")["secret"]
    settings = bench.connections.load("practice")
    bench.connections.save(replace(settings, interval_seconds=3600.0))
    listening = Listening(bench, "--webhook-secret-stdin", stdin=f"{secret}\n")
    try:
        bench.control("POST", "alguna/webhooks", {"url": listening.address()})
        row = until(
            lambda: bench.query(
                "SELECT Id, Alguna_Customer_ID__c, Alguna_Subscription_ID__c FROM Account"
                " WHERE Alguna_Subscription_Status__c = 'Active' LIMIT 1"
            )
        )[0]
        subscription = row["Alguna_Subscription_ID__c"]
        until(lambda: '"run"' in listening.answer, 60)
        alguna = bench.handout["alguna"]
        answer = httpx.patch(
            f"{alguna['base_url']}/subscriptions/{subscription}",
            json={"name": "Renamed by hand"},
            headers={
                "Authorization": f"Bearer {alguna['api_key']}",
                "Idempotency-Key": "1",
                "Alguna-Version": "2026-04-01",
            },
            trust_env=False,
        )
        assert answer.status_code == 200, answer.text

        def written():
            rows = bench.query(f"SELECT Alguna_Subscription_Name__c FROM Account WHERE Id = '{row['Id']}'")
            return rows[0]["Alguna_Subscription_Name__c"] == "Renamed by hand"

        until(written)
        deliveries = bench.control("GET", "alguna/webhooks")["deliveries"]
        assert {each["status"] for each in deliveries} == {204}
        assert secret not in listening.said
        listening.process.send_signal(signal.SIGTERM)
        listening.process.wait(4)
    finally:
        listening.process.kill()
        listening.process.wait()
    assert bench.secrets.get("practice", "webhook_secret") == secret


def test_without_a_secret_it_says_how_to_get_one(bench):
    listening = Listening(bench)
    assert listening.process.wait(60) == 4
    assert "--webhook-secret-stdin" in listening.answer
