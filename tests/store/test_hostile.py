"""Text from outside is stored and comes back as it was, whatever it says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.domain.records import State
from console.store.cache import Cache
from console.store.entries import Settled
from console.store.grid import Grid
from console.store.history import HistoryRow
from console.store.journal import Ending
from console.store.text import column, fold

HOSTILE = {
    "markup": "[/foo] [@click=app.quit]x[/] <b>&amp;",
    "sql": "Robert'); DROP TABLE entries;--",
    "wildcards": "100% _under_ [a-z] * ?",
    "nul": "before\0after",
    "controls": "\x1b[31m\r\n\t\x07\x9b",
    "bidi": "abc\u202edcba\u2066",
    "combining": "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔",
    "astral": "🏴‍☠️ 𝕬𝖈𝖒𝖊",
    "half a pair": "\ud800 lonely \udfff",
    "blank": " \u00a0 \t",
    "empty": "",
    "json": '{"name": null}',
    "ten thousand": "[b]" + "x" * 10_000,
    "unicode digits": "٣٤٥",
    "byte order": "\ufeffAcme",
}


@pytest.fixture(params=HOSTILE.values(), ids=HOSTILE)
def text(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def grid(cache: Cache, path: Path) -> Iterator[Grid]:
    grid = Grid.open(path)
    yield grid
    grid.close()


def test_hostile_text_comes_back_unchanged(cache: Cache, make, text: str) -> None:
    values = {"BillingCity": text, "Website": text, "Contact.Email": text, text: text}
    customer = make.customer("cus_1", text, values=values, aliases=(text,), contact_id="con")
    account = make.account(1, text, values={**values, "Alguna_Customer_ID__c": "cus_1"}, modified_by="x")
    contact = replace(make.contact(1, 1, text), values=values)
    subscription = make.subscription(name=text, status=text, details=make.details())
    change = make.change(before=text, after=[text], reason=text)
    cache.customers.put([customer], make.at, "poll")
    cache.accounts.put([account], make.at, "poll")
    cache.contacts.put([contact], make.at, "poll")
    cache.subscriptions.put([subscription], make.at, "poll")
    cache.journal.plan(1, [change])
    cache.journal.sent([change.id])
    cache.history.add(1, make.at, [HistoryRow.of(replace(change, reason="why"), lost=text)])
    assert cache.customers.get("cus_1") == customer
    assert cache.accounts.get(account.id) == account
    assert cache.contacts.get(contact.id) == contact
    assert cache.subscriptions.of(["cus_1"]) == {"cus_1": (subscription,)}
    assert cache.journal.unsettled() == [change]
    (row,) = cache.history.recent()
    assert (row.before, row.after, row.lost) == (text, [text], text)
    assert cache.customers.put([customer], make.later, "poll") == []
    assert cache.accounts.put([account], make.later, "poll") == []
    assert cache.contacts.put([contact], make.later, "poll") == []
    assert cache.subscriptions.put([subscription], make.later, "poll") == []


def test_hostile_text_is_shown_searched_and_told(cache: Cache, grid: Grid, make, text: str) -> None:
    shown = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    cache.customers.put([make.customer("cus_1", text), make.customer("cus_2", "Zeppelin")], make.at, "poll")
    cache.entries.settle([Settled("cus_1", State.REVIEW, 0, text, text)])
    cache.problems.report("review", "cus_1", text, text, make.at)
    cache.links.put([replace(make.link(), evidence=text, linked_by=text, base={"Name": text})])
    cache.journal.plan(1, [make.change()])
    cache.journal.settle([Ending("ch_1", "refused", "rule", text)])
    cache.set("probe", text)
    assert cache.get("probe") == text
    link = cache.links.get("cus_1")
    assert link is not None
    assert (link.evidence, link.base) == (shown, {"Name": text})
    assert cache.problems.open()[0].title == shown
    assert cache.journal.last_refusals("cus_1")[0].sentence == shown
    grid.arrange()
    row = next(row for row in grid.rows() if row.customer_id == "cus_1")
    assert (row.name, row.why, row.subscription) == (shown, shown, shown)
    assert grid.arrange(text=text) == (2 if fold(text) == "" else 1)
    assert cache.entries.find(text) == ([] if text.strip() == "" else ["cus_1"])


def test_a_name_is_searched_by_as_much_as_salesforce_keeps(cache: Cache, grid: Grid, make) -> None:
    cache.customers.put([make.customer("cus_1", "x" * 254 + "yz")], make.at, "poll")
    assert grid.arrange(text="xy") == 1
    assert grid.arrange(text="yz") == 0
    assert grid.page(0, 1) == []


@given(st.text())
def test_folding_is_stable_and_storable(text: str) -> None:
    folded = fold(text)
    folded.encode()
    assert fold(text.upper().lower()) == fold(text.lower().upper().lower())
    assert column(column(text)) == column(text)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(st.text(st.characters(codec=None), max_size=60))
def test_any_text_is_found_under_itself(cache: Cache, make, text: str) -> None:
    cache.customers.put([make.customer("cus_1", text)], make.at, "poll")
    back = cache.customers.get("cus_1")
    assert back is not None
    assert back.name == text
    if text.strip():
        assert cache.entries.find(text) == ["cus_1"]
