"""Edits of others to linked records are noted field by field; the history is counted, and cleared when told so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.errors import UsageError
from console.store.cache import Cache
from console.store.history import HistoryRow
from console.store.sightings import GONE
from console.sync.past import clear, clearing, events_of


@pytest.fixture
def linked(cache: Cache, make) -> Cache:
    cache.customers.put([make.customer(aliases=("a",))], make.at, "poll")
    cache.accounts.put([make.account(1), make.account(2)], make.at, "poll")
    cache.contacts.put([make.contact()], make.at, "poll")
    cache.links.put([make.link(contact_id=make.contact_id(1))])
    return cache


def seen(cache: Cache) -> list[tuple[str, str, object, object]]:
    return [
        (each.entity, each.key, each.before, each.after) for each in reversed(cache.sightings.of("cus_1"))
    ]


def test_what_others_changed_on_either_side_is_noted(linked: Cache, make) -> None:
    linked.accounts.put([make.account(values={"Website": "https://a.example"})], make.later, "poll")
    linked.accounts.put(
        [make.account(name="New", values={"Website": "https://b.example"})], make.later, "event"
    )
    linked.customers.put([make.customer(name="Newer", aliases=("a", "b"))], make.later, "poll")
    linked.contacts.put([make.contact(email="ada@acme.example")], make.later, "poll")
    assert seen(linked) == [
        ("Account", "Name", "Acme", "New"),
        ("Account", "Website", "https://a.example", "https://b.example"),
        ("customer", "Name", "Acme", "Newer"),
        ("customer", "aliases", ["a"], ["a", "b"]),
        ("Contact", "Contact.Email", None, "ada@acme.example"),
    ]
    newest = linked.sightings.of("cus_1")[0]
    assert (newest.at, newest.how, newest.side) == (make.later, "poll", "salesforce")


def test_what_is_no_edit_of_others_is_not_noted(linked: Cache, make) -> None:
    linked.accounts.put([make.account(name="By us")], make.later, "reply")
    linked.accounts.put([make.account(2, name="Nobody's")], make.later, "poll")
    linked.accounts.put([make.account(3, name="Unheard of")], make.later, "poll")
    linked.contacts.put([make.contact(email=None)], make.later, "poll")
    assert seen(linked) == []
    linked.contacts.put([make.contact(email="Ada@acme.example")], make.later, "reply")
    linked.contacts.put([make.contact(email="ada@ACME.example")], make.later, "poll")
    assert seen(linked) == [], "another spelling is no edit"


def test_a_deletion_and_a_return_are_noted(linked: Cache, make) -> None:
    gone = replace(make.account(), deleted=True)
    linked.accounts.put([gone], make.later, "poll")
    linked.accounts.put([make.account()], make.later, "poll")
    assert seen(linked) == [("Account", GONE, False, True), ("Account", GONE, True, False)]
    events = events_of(linked, ["cus_1"])["cus_1"]
    assert [(event.key, event.after) for event in events] == [(None, None), (None, True)]


def test_what_is_seen_between_two_runs_is_the_next_ones(linked: Cache, make) -> None:
    def rename(name: str) -> int:
        linked.accounts.put([make.account(name=name)], make.later, "event")
        return linked.sightings.of("cus_1")[0].run

    assert rename("before any run") == 1
    run = linked.runs.start("sync", make.at)
    assert rename("within") == run
    linked.runs.finish(run, make.later, "done", {})
    assert rename("after") == run + 1


def test_sightings_and_writes_come_back_in_their_order(linked: Cache, make) -> None:
    def wrote(after: str) -> None:
        linked.history.add(1, make.at, [HistoryRow.of(make.change(before="x", after=after))])

    def saw(name: str) -> None:
        linked.accounts.put([make.account(name=name)], make.later, "poll")

    saw("one")
    wrote("two")
    wrote("three")
    saw("four")
    saw("five")
    assert [event.after for event in events_of(linked, ["cus_1"])["cus_1"]] == [
        "one",
        "two",
        "three",
        "four",
        "five",
    ]


# -- how much is kept -------------------------------------------------------------------------------------------------


@pytest.fixture
def written(linked: Cache, make) -> Cache:
    """Two runs, a month apart; what others did is seen in between."""
    for at, later in ((make.at, "2026-01-02T03:05:00Z"), (make.later, "2026-02-03T04:06:00Z")):
        if at == make.later:
            linked.accounts.put([make.account(name="Edited")], "2026-01-20T00:00:00Z", "poll")
        run = linked.runs.start("sync", at)
        linked.history.add(run, at, [HistoryRow.of(make.change()), HistoryRow.of(make.change("ch_2"))])
        linked.runs.finish(run, later, "done", {})
    return linked


def test_the_size_counts_everything_and_tells_since_when(written: Cache, make) -> None:
    size = written.history.size()
    assert (size.rows, size.since) == (5, make.at)
    assert 500 < size.bytes < 5_000


def test_clearing_takes_what_is_older_and_says_so_first(written: Cache) -> None:
    found = clearing(written, "2026-02-01T00:00:00Z")
    assert (found.rows, found.runs, found.last_write) == (3, 1, None)
    assert written.history.size().rows == 5, "nothing went yet"
    clear(written, "2026-02-01T00:00:00Z")
    assert written.history.size().rows == 2
    assert [run.id for run in written.runs.last()] == [2]
    assert written.history.cleared_through == 1, "run 2 can still be undone"
    assert written.history.told_from == 2, "what was there after run 1 and before run 2 isn't known any more"


def test_the_last_run_that_wrote_goes_only_when_that_is_said(written: Cache) -> None:
    with pytest.raises(UsageError, match="Run 2, the last one that wrote"):
        clear(written, "2999-01-01T00:00:00Z")
    assert written.history.size().rows == 5
    clear(written, "2999-01-01T00:00:00Z", also_last_write=True)
    assert written.history.size().rows == 0
    assert [run.id for run in written.runs.last()] == [2], "numbers go on from the newest"


def test_clearing_nothing_takes_nothing(cache: Cache) -> None:
    found = clear(cache, "2026-01-01T00:00:00Z")
    assert (found.rows, found.runs, found.last_write) == (0, 0, None)
    assert cache.history.cleared_through == 0
