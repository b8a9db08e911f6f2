"""What changed rules spared, and what keeps being rewritten: kept by customer and field, counted, and gone when it is over."""

from __future__ import annotations

import pytest

from console.domain.loops import Loop, Turn
from console.domain.records import Answer, Spared
from console.store.history import HistoryRow

AT = "2026-03-01T10:00:00Z"
LEFT = Spared("Bree", None, AT)
TURN = Turn(AT, 7, "Bree", None)


@pytest.fixture
def pair(cache, make):
    cache.customers.put([make.customer("cus_1"), make.customer("cus_2")], make.at, "poll")
    return cache


def written(customer_id, before, after, **more):
    row = {
        "side": "salesforce",
        "entity": "Account",
        "record": "001",
        "field": "BillingCity",
        "reason": "",
        **more,
    }
    return HistoryRow(customer_id=customer_id, key="BillingCity", before=before, after=after, **row)


def test_what_is_spared_is_kept_counted_and_replaced(pair):
    assert pair.decisions.spare([("cus_1", {"Name": LEFT, "Website": LEFT}), ("cus_2", {"Name": LEFT})]) == 3
    other = Spared("x", "y", AT)
    pair.decisions.spare([("cus_2", {"Name": other})])
    assert pair.decisions.spared() == {"Name": 2, "Website": 1}
    assert pair.decisions.of("cus_1").spared == {"Name": LEFT, "Website": LEFT}
    assert pair.decisions.of("cus_2").spared == {"Name": other}
    assert not pair.decisions.of("cus_2"), "it is nobody's decision about the customer"


def test_an_answer_and_a_move_end_it(pair):
    pair.decisions.spare([("cus_1", {"Name": LEFT, "Website": LEFT})])
    pair.decisions.answer("cus_1", [("Name", Answer("alguna", "A", "B", AT, "ada"))])
    assert set(pair.decisions.of("cus_1").spared) == {"Website"}
    pair.decisions.void([("cus_1", "Website")])
    assert pair.decisions.of("cus_1").spared == {}


def test_ending_all_of_it_has_the_customers_planned_again(pair):
    pair.decisions.spare([("cus_1", {"Name": LEFT})])
    pair._db.execute("UPDATE entries SET dirty = 0")
    assert pair.decisions.spare_no_more() == 1
    assert pair.entries.dirty(10) == ["cus_1"]
    assert pair.decisions.spared() == {}


def test_a_loop_comes_back_as_it_was_kept_and_is_pinned(pair):
    loop = Loop("salesforce", (TURN, TURN, TURN), "The record was changed last by Eva")
    pair.loops.put([("cus_1", "BillingCity", loop)])
    assert pair.decisions.of("cus_1").loops == {"BillingCity": loop}
    assert pair.loops.open() == {"BillingCity": (1, "cus_1", "salesforce")}
    pair._db.execute("UPDATE entries SET dirty = 0")
    pair.loops.pin("cus_1", "BillingCity", "off", AT, "ada")
    assert pair.entries.dirty(10) == ["cus_1"]
    kept = pair.decisions.of("cus_1").loops["BillingCity"]
    assert (kept.pin, kept.at, kept.by, kept.turns) == ("off", AT, "ada", loop.turns)
    assert pair.loops.open() == {}
    pair.decisions.forget("cus_1")
    assert pair.decisions.of("cus_1").loops["BillingCity"].pin is None


def test_only_values_that_were_written_again_and_again_are_looked_at(pair):
    for run in range(1, 4):
        pair.history.add(run, f"2026-03-0{run}T00:00:00Z", [written("cus_1", "BREE", "Bree")])
    pair.history.add(4, "2026-03-04T00:00:00Z", [written("cus_1", "Bree", "Ulm"), written("cus_2", "a", "b")])
    pair.history.add(5, "2026-03-05T00:00:00Z", [written("cus_2", "c", "b", outcome="refused")])
    found = pair.loops.repeated(["cus_1", "cus_2"], "2026-01-01T00:00:00Z", 3)
    assert list(found) == [("cus_1", "salesforce", "BillingCity")]
    (writes,) = found.values()
    assert [(each.run, each.before, each.after) for each in writes] == [
        (1, "BREE", "Bree"), (2, "BREE", "Bree"), (3, "BREE", "Bree"), (4, "Bree", "Ulm"),
    ]  # fmt: skip
    assert pair.loops.repeated(["cus_1"], "2026-03-02T00:00:00Z", 3) == {}
    assert pair.loops.repeated(["cus_2"], "2026-01-01T00:00:00Z", 3) == {}


def test_what_the_last_run_wrote_is_told_by_record(pair, make):
    account = make.account(1)
    pair.accounts.put([account], make.at, "poll")
    pair.links.put([make.link("cus_1", 1)])
    pair.history.add(1, AT, [written("cus_1", "a", "b", record=account.id)])
    assert pair.history.written_last([account.id]) == {account.id: {"BillingCity"}}
    pair.history.add(2, AT, [written("cus_1", "a", "b", record=account.id, outcome="refused")])
    assert pair.history.written_last([account.id]) == {}
