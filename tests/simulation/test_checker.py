"""A simulation that can't fail proves nothing: each of these breaks the console in one way, and has to be caught."""

from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest

from console.alguna.client import AlgunaClient
from console.domain import merge as merging
from console.domain.records import Decision, Direction
from console.errors import Unreachable
from console.store.entries import Entries
from console.store.journal import Journal
from console.store.links import Links
from console.sync import rows as row_writing
from console.sync.apply import Apply
from console.sync.created import Created
from console.sync.customers import CustomerWriter
from console.sync.following.pace import SIDES
from console.sync.ledger import Ledger
from console.sync.org import Org
from console.sync.passes import Pass
from console.sync.recording import Recorder
from console.sync.recover import Recovery
from console.sync.writing import RowWriter

from .machine import Crash
from .scenario import kept, made
from .shrink import failure

KEPT = kept(Path(__file__).with_name("kept.jsonl"))
SEEDS = 60
"""Seeds of which at least one must catch each fault that no kept scenario does."""


def no_journal(monkeypatch):
    """What is about to leave is not written down."""
    monkeypatch.setattr(Ledger, "sending", lambda self, changes: None)


def no_recovery(monkeypatch):
    """What an earlier run left open is forgotten instead of looked up."""

    def forget(self, ledger):
        self._cache._db.execute("DELETE FROM journal WHERE status IN ('sent', 'planned')")
        return 0

    monkeypatch.setattr(Recovery, "recover", forget)
    monkeypatch.setattr(Recovery, "resolve", lambda self, changes, ledger: None)


def blind_resend(monkeypatch):
    """A write without an answer is sent again at once."""
    send = Org.send_now

    def again(self, requests):
        try:
            return send(self, requests)
        except Unreachable:
            return send(self, requests)

    monkeypatch.setattr(Org, "send_now", again)


def no_second_look(monkeypatch):
    """Rows are written as planned, however long ago they were read."""
    monkeypatch.setattr(Apply, "_read_again", lambda self, jobs: None)


def locked_rows_unread(monkeypatch):
    """A row that was locked is sent again as it is."""
    monkeypatch.setattr(Apply, "_standing", lambda self, rows: list(rows))


def no_expectation(monkeypatch):
    """Alguna's values are written over whatever stands there by now."""
    update = AlgunaClient.update

    def blind(self, customer_id, changes, expect, key):
        return update(self, customer_id, changes, {}, key)

    monkeypatch.setattr(AlgunaClient, "update", blind)


def alguna_always_wins(monkeypatch):
    """Who moved does not matter: Alguna's value is copied."""
    told = merging._moved

    def wins(spec, alguna, salesforce, *rest):
        decision: Decision = told(spec, alguna, salesforce, *rest)
        if decision.direction is Direction.TO_ALGUNA:
            return replace(decision, direction=Direction.TO_SALESFORCE, value=alguna)
        return decision

    monkeypatch.setattr(merging, "_moved", wins)


def loser_forgotten(monkeypatch):
    """The value that lost a conflict is not kept."""
    settle = Ledger.settle
    monkeypatch.setattr(
        Ledger,
        "settle",
        lambda self, ended: settle(
            self, [replace(e, lost=None, change=replace(e.change, before=None)) for e in ended]
        ),
    )


def base_never_moves(monkeypatch):
    """What both sides agree on is not remembered."""
    monkeypatch.setattr(Links, "set_base", lambda self, bases: None)


def unseen_changes(monkeypatch):
    """A record that changed does not make its customer due."""
    monkeypatch.setattr(Entries, "customers_change", lambda self, ids: list(ids))
    monkeypatch.setattr(Entries, "customers_seen", _seen_once(Entries.customers_seen))


def _seen_once(seen):
    known: set[str] = set()

    def see(self, rows, at):
        fresh = [row for row in rows if row[0] not in known]
        known.update(row[0] for row in fresh)
        return seen(self, fresh, at)

    return see


def left_unsettled(monkeypatch):
    """Some answers are never written down."""
    settle = Journal.settle

    def some(self, rows):
        settle(self, [row for row in rows if row.status != "stale"])

    monkeypatch.setattr(Journal, "settle", some)


def aliases_replaced(monkeypatch):
    """The list of aliases is sent without those that are there."""

    def add(self, customer_id, alias, key):
        raw = self._raw(customer_id, exactly=True)
        return self._write(customer_id, raw, {"aliases": [alias]}, key)

    monkeypatch.setattr(AlgunaClient, "add_alias", add)


def any_org(monkeypatch):
    """It does not matter which org answers."""
    monkeypatch.setattr(Org, "same", lambda self, reply: None)


def crash_swallowed(monkeypatch):
    """What is not known counts as done."""
    resolve = RowWriter._resolve

    def done(self, rows):
        with suppress(Crash):
            for row in rows:
                self._ledger.settle([row_writing.Ended(change, "applied") for change in row.changes])
                row.job.settled(row.changes)
        return resolve(self, [])

    monkeypatch.setattr(RowWriter, "_resolve", done)


def unknown_counts_as_done(monkeypatch):
    """The same on the other side."""

    def failed(self, job, changes, error, answer):
        answer.ended += [row_writing.Ended(change, "applied") for change in changes]

    monkeypatch.setattr(CustomerWriter, "_failed", failed)


def touched_deleted(monkeypatch):
    """Undo deletes what a run created, whoever has touched it since."""
    monkeypatch.setattr(Created, "touched", lambda self, written: {})


def kept_plan_widened(monkeypatch):
    """Applying a kept plan does whatever else is due as well."""
    monkeypatch.setattr(Pass, "exactly", lambda self, plan: self.run(SIDES, None))


def dry_run_kept(monkeypatch):
    """What a dry run learns stays in the cache."""

    @contextmanager
    def kept_after(self):
        yield

    monkeypatch.setattr(Recorder, "undone", kept_after)


BREAKS = [
    no_journal,
    no_recovery,
    no_second_look,
    locked_rows_unread,
    no_expectation,
    alguna_always_wins,
    loser_forgotten,
    base_never_moves,
    unseen_changes,
    left_unsettled,
    aliases_replaced,
    any_org,
    crash_swallowed,
    unknown_counts_as_done,
    blind_resend,
    touched_deleted,
    kept_plan_widened,
    dry_run_kept,
]


@pytest.mark.parametrize("broken", BREAKS, ids=lambda broken: broken.__name__)
def test_a_broken_console_is_caught(broken, monkeypatch):
    broken(monkeypatch)
    assert any(failure(scenario) for scenario in chain(KEPT, map(made, range(SEEDS))))
