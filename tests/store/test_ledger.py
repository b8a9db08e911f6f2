"""Journal, history, runs, problems, artefacts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from console.store.artefacts import Artefact
from console.store.cache import Cache
from console.store.history import HistoryRow
from console.store.journal import Ending


def test_a_change_that_was_sent_and_not_settled_is_found_after_a_crash(
    opened: Callable[..., Cache], make
) -> None:
    created = make.change("ch_2", key=None, field=None, before=None, after={"Name": "A", "Website": None})
    alias = make.change("ch_1", side="alguna", entity="customer", before=["x"], after=["x", "y"])
    with opened() as cache:
        cache.journal.plan(1, [created, alias, make.change("ch_3"), make.change("ch_4")])
        cache.journal.sent(["ch_1", "ch_2", "ch_3"])
        cache.journal.settle([Ending("ch_3", "applied")])
    again = opened()
    assert again.journal.unsettled() == [created, alias]
    again.journal.settle([Ending("ch_1", "applied"), Ending("ch_2", "stale")])
    assert again.journal.unsettled() == []


def test_what_was_planned_and_never_sent_is_planned_anew(cache: Cache, make) -> None:
    cache.customers.put([make.customer(f"cus_{n}") for n in (1, 2, 3)], make.at, "poll")
    cache._db.execute("UPDATE entries SET dirty = 0")
    cache.journal.plan(
        1, [make.change("ch_1", "cus_1"), make.change("ch_2", "cus_2"), make.change("ch_3", "cus_1")]
    )
    cache.journal.sent(["ch_2"])
    assert cache.journal.drop_unsent() == 2
    assert cache.entries.dirty(10) == ["cus_1"]
    assert [change.id for change in cache.journal.unsettled()] == ["ch_2"]
    assert cache.journal.drop_unsent() == 0


def test_what_is_on_its_way_is_known_by_customer_and_only_what_is_not_can_be_taken_back(
    cache: Cache, make
) -> None:
    cache.journal.plan(
        1, [make.change("ch_1", "cus_1"), make.change("ch_2", "cus_1"), make.change("ch_3", "cus_2")]
    )
    assert not cache.journal.in_flight("cus_1")
    cache.journal.sent(["ch_1", "ch_3"])
    assert cache.journal.in_flight("cus_1")
    cache.journal.waiting(["ch_3"])  # the row was locked: nothing happened
    assert not cache.journal.in_flight("cus_2")
    cache.journal.settle([Ending("ch_2", "refused")])
    cache.journal.waiting(["ch_2"])
    assert len(cache.journal.last_refusals("cus_1")) == 1, "what ended stays as it ended"
    for customer_id in ("cus_1", "cus_2"):
        cache.journal.take_back(customer_id)
    assert [change.id for change in cache.journal.unsettled()] == ["ch_1"]
    assert cache.journal.drop_unsent() == 0


def test_the_same_change_can_be_planned_again(cache: Cache, make) -> None:
    for run in (1, 2):
        cache.journal.plan(run, [make.change()])
        cache.journal.sent(["ch_1"])
        assert cache.journal.unsettled() == [make.change()]
        cache.journal.settle([Ending("ch_1", "refused", "too_long", "Name holds 255 characters.")])
    assert len(cache.journal.last_refusals("cus_1")) == 1


def test_refusals_are_kept_with_category_and_sentence_the_newest_first(cache: Cache, make) -> None:
    changes = [
        make.change("ch_1", key="Name"),
        make.change("ch_2", key="BillingCity"),
        make.change("ch_3", "cus_2"),
    ]
    cache.journal.plan(1, changes)
    cache.journal.settle([Ending(change.id, "refused", "rule", f"No {change.id}.") for change in changes])
    refusals = cache.journal.last_refusals("cus_1")
    assert [(r.change, r.category, r.sentence) for r in refusals] == [
        (changes[1], "rule", "No ch_2."),
        (changes[0], "rule", "No ch_1."),
    ]
    cache.journal.clear_refusals(["cus_1"])
    assert cache.journal.last_refusals("cus_1") == []
    assert len(cache.journal.last_refusals("cus_2")) == 1


def test_everything_refused_can_be_tried_again(cache: Cache, make) -> None:
    cache.journal.plan(1, [make.change(f"ch_{n}", f"cus_{n}") for n in range(3)])
    cache.journal.settle(
        [
            Ending("ch_0", "refused", "rule", "No."),
            Ending("ch_1", "refused", "too_long", "No."),
            Ending("ch_2", "applied"),
        ]
    )
    assert cache.journal.refused_categories() == {"rule", "too_long"}
    assert cache.journal.clear_all_refusals() == 2
    assert cache.journal.refused_categories() == set()


def test_an_applied_change_ends_earlier_refusals_of_its_field(cache: Cache, make) -> None:
    cache.journal.plan(
        1,
        [
            make.change("ch_1", key="Name"),
            make.change("ch_2", key="BillingCity"),
            make.change("ch_3", key="Name", side="alguna", entity="customer"),
            make.change("ch_4", key=None),
        ],
    )
    cache.journal.settle([Ending(f"ch_{n}", "refused", "rule", "No.") for n in (1, 2, 3, 4)])
    cache.journal.plan(2, [make.change("ch_5", key="Name", after="Shorter"), make.change("ch_6", key=None)])
    cache.journal.settle([Ending("ch_5", "applied"), Ending("ch_6", "stale")])
    assert [r.change.id for r in cache.journal.last_refusals("cus_1")] == ["ch_4", "ch_3", "ch_2"]


def test_what_is_done_is_forgotten_later_and_what_is_open_is_not(cache: Cache, make) -> None:
    cache.journal.plan(1, [make.change(f"ch_{n}") for n in range(4)])
    cache.journal.sent(["ch_3"])
    cache.journal.settle(
        [Ending("ch_0", "applied"), Ending("ch_1", "stale"), Ending("ch_2", "refused", "rule", "No.")]
    )
    assert cache.journal.forget(before_run=1) == 0
    assert cache.journal.forget(before_run=2) == 2
    assert [change.id for change in cache.journal.unsettled()] == ["ch_3"]
    assert len(cache.journal.last_refusals("cus_1")) == 1


def test_history_tells_the_newest_first(cache: Cache, make) -> None:
    first = HistoryRow.of(
        make.change("ch_1", before=None, after=["a", "b"], rule="alguna_wins"), record="001x"
    )
    second = HistoryRow.of(make.change("ch_2", "cus_2"), outcome="refused", lost="Their value")
    cache.history.add(1, make.at, [first])
    cache.history.add(2, make.later, [second, first])
    assert [(row.run, row.at, row.customer_id) for row in cache.history.recent()] == [
        (2, make.later, "cus_1"),
        (2, make.later, "cus_2"),
        (1, make.at, "cus_1"),
    ]
    (row,) = cache.history.of("cus_2")
    assert (row.outcome, row.lost, row.before, row.after) == ("refused", "Their value", "Old", "New")
    assert len(cache.history.of("cus_1", limit=1)) == 1
    assert cache.history.recent(1)[0].as_json() == {
        "at": make.later,
        "run": 2,
        "side": "salesforce",
        "object": "Account",
        "record": "001x",
        "field": "Name",
        "before": None,
        "after": ["a", "b"],
        "lost": None,
        "reason": "Alguna moved.",
        "rule": "alguna_wins",
        "outcome": "applied",
        "undoes": None,
    }
    assert cache.history.count() == 3


def test_history_is_added_as_a_whole_or_not_at_all(cache: Cache, make) -> None:
    def rows():
        yield HistoryRow.of(make.change())
        raise ConnectionError

    with pytest.raises(ConnectionError):
        cache.history.add(1, make.at, rows())
    assert cache.history.count() == 0


def test_runs_are_numbered_and_end(cache: Cache, make) -> None:
    assert cache.runs.last() == []
    assert cache.runs.start("sync", make.at) == 1
    cache.runs.finish(1, make.later, "done", {"applied": 3, "calls": {"salesforce": 2}})
    assert cache.runs.start("import", make.later) == 2
    running, done = cache.runs.last()
    assert (running.id, running.kind, running.outcome, running.finished_at) == (2, "import", "running", None)
    assert (done.outcome, done.started_at, done.finished_at) == ("done", make.at, make.later)
    assert done.summary == {"applied": 3, "calls": {"salesforce": 2}}
    assert [run.id for run in cache.runs.last(1)] == [2]


def test_a_run_that_never_ended_was_interrupted(cache: Cache, make) -> None:
    cache.runs.start("sync", make.at)
    cache.runs.start("sync", make.later)
    assert [run.outcome for run in cache.runs.last()] == ["running", "interrupted"]


def test_a_problem_that_comes_again_is_counted(cache: Cache, make) -> None:
    number = cache.problems.report("refused", "cus_1", "Name too long", "Shorten it.", make.at)
    assert (
        cache.problems.report("refused", "cus_1", "Name still too long", "Shorten it!", make.later) == number
    )
    cache.problems.report("refused", "cus_2", "Other", "", make.at)
    newest, older = cache.problems.open()
    assert (newest.id, newest.count, newest.title, newest.advice) == (
        number,
        2,
        "Name still too long",
        "Shorten it!",
    )
    assert (newest.opened_at, newest.updated_at) == (make.at, make.later)
    assert older.subject == "cus_2"
    assert cache.problems.count() == 2
    assert newest.as_json() == {
        "id": number,
        "category": "refused",
        "subject": "cus_1",
        "title": "Name still too long",
        "count": 2,
        "advice": "Shorten it!",
        "state": "open",
    }


def test_problems_are_resolved_for_a_subject_or_for_all(cache: Cache, make) -> None:
    for subject in ("cus_1", "cus_2", ""):
        cache.problems.report("refused", subject, "T", "A", make.at)
    cache.problems.report("sign_in", "", "T", "A", make.at)
    assert cache.problems.resolve("refused", "cus_1") == 1
    assert cache.problems.resolve("refused", "cus_1") == 0
    assert [p.subject for p in cache.problems.of("cus_2")] == ["cus_2"]
    assert cache.problems.of("cus_1") == []
    assert cache.problems.resolve("refused") == 2
    assert [p.category for p in cache.problems.open()] == ["sign_in"]


def test_a_resolved_problem_opens_anew(cache: Cache, make) -> None:
    number = cache.problems.report("refused", "cus_1", "T", "A", make.at)
    cache.problems.report("refused", "cus_1", "T", "A", make.at)
    cache.problems.resolve("refused", "cus_1")
    assert cache.problems.report("refused", "cus_1", "T", "A", make.later) == number
    (problem,) = cache.problems.open()
    assert (problem.count, problem.opened_at, problem.state) == (1, make.later, "open")


def test_what_we_made_stays_ours_when_it_is_found_again(cache: Cache, make) -> None:
    cache.artefacts.record("field", "Account.A__c", "00N1", True, make.at)
    cache.artefacts.record("field", "Account.A__c", "00N1", False, make.later)
    cache.artefacts.record("field", "Account.B__c", "00N2", False, make.at)
    assert cache.artefacts.all() == [
        Artefact("field", "Account.A__c", "00N1", True, make.at),
        Artefact("field", "Account.B__c", "00N2", False, make.at),
    ]


def test_what_somebody_made_anew_under_the_same_name_is_not_ours(cache: Cache, make) -> None:
    cache.artefacts.record("field", "Account.A__c", "00N1", True, make.at)
    cache.artefacts.record("field", "Account.A__c", "00N9", False, make.later)
    assert cache.artefacts.all() == [Artefact("field", "Account.A__c", "00N9", False, make.later)]
    cache.artefacts.forget("field", "Account.A__c")
    assert cache.artefacts.all() == []
