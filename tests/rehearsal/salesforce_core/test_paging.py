"""Long results: pages, locators, and what ends them."""

from __future__ import annotations

import pytest

from console.rehearsal.salesforce.org import Org
from console.rehearsal.salesforce.query import OPEN_LOCATORS

from .conftest import Clock, Desk, V, refused, told


@pytest.fixture
def many(org: Org) -> int:
    return org.load("Account", ({"Name": f"Account {number:05d}"} for number in range(4500)))


def more(desk: Desk, reply: dict[str, str], session: str = "s") -> dict[str, object]:
    locator = reply["nextRecordsUrl"].rpartition("/")[2]
    return desk.org.query_more(desk.caller, locator, version=V, session_key=session)


def test_a_long_result_comes_in_pages_of_two_thousand(admin: Desk, many: int) -> None:
    first = admin.query("SELECT Name FROM Account ORDER BY Name DESC", session_key="s")
    assert list(first) == ["totalSize", "done", "nextRecordsUrl", "records"]
    assert (first["totalSize"], first["done"], len(first["records"])) == (4500, False, 2000)
    locator = first["nextRecordsUrl"].removeprefix(f"/services/data/v{V}/query/")
    assert locator.startswith("01g")
    assert locator.endswith("-2000")
    second = more(admin, first)
    assert second["nextRecordsUrl"] == first["nextRecordsUrl"].replace("-2000", "-4000")
    third = more(admin, second)
    assert (third["done"], third["totalSize"], len(third["records"])) == (True, 4500, 500)
    assert "nextRecordsUrl" not in third
    names = [record["Name"] for page in (first, second, third) for record in page["records"]]
    assert names == [f"Account {number:05d}" for number in reversed(range(4500))]


def test_a_page_can_be_fetched_again(admin: Desk, many: int) -> None:
    first = admin.query("SELECT Name FROM Account", session_key="s")
    assert more(admin, first) == more(admin, first)


@pytest.mark.parametrize(("asked", "given"), [(1, 200), (250, 250), (5000, 2000)])
def test_the_size_of_a_page_is_advice_within_bounds(admin: Desk, many: int, asked: int, given: int) -> None:
    reply = admin.query("SELECT Id FROM Account", batch_size=asked, session_key="s")
    assert len(reply["records"]) == given
    assert len(more(admin, reply)["records"]) == given


def test_a_result_keeps_its_rows_while_the_org_changes(admin: Desk, many: int) -> None:
    first = admin.query("SELECT Id, Name FROM Account ORDER BY SystemModstamp, Id", session_key="s")
    seen = {record["Id"] for record in first["records"]}
    last = admin.column("SELECT Id FROM Account ORDER BY Id DESC LIMIT 2")
    admin.update("Account", last[0], Name="changed")
    admin.delete("Account", last[1])
    admin.insert("Account", Name="new")
    for page in (second := more(admin, first), more(admin, second)):
        ids = {record["Id"] for record in page["records"]}
        assert seen.isdisjoint(ids)
        seen |= ids
    assert len(seen) == 4500
    assert set(last) <= seen


@pytest.mark.parametrize("locator", ["nonsense", "01gLo0000000001-2000", "", "-2000", "01g-1"])
def test_an_unknown_locator_is_invalid(admin: Desk, locator: str) -> None:
    error = refused(admin.org.query_more, admin.caller, locator, version=V)
    assert told(error) == (400, "INVALID_QUERY_LOCATOR", "invalid query locator", None)


def test_a_locator_belongs_to_its_user_and_session(admin: Desk, sales: Desk, many: int) -> None:
    reply = admin.query("SELECT Id FROM Account", session_key="s")
    assert refused(more, admin, reply, "other").code == "INVALID_QUERY_LOCATOR"
    assert refused(more, sales, reply).code == "INVALID_QUERY_LOCATOR"
    beyond = {"nextRecordsUrl": reply["nextRecordsUrl"].replace("-2000", "-4500")}
    assert refused(more, admin, beyond).code == "INVALID_QUERY_LOCATOR"
    admin.org.close_session("s")
    assert refused(more, admin, reply).code == "INVALID_QUERY_LOCATOR"


def test_a_locator_that_nobody_uses_idles_out(admin: Desk, many: int, clock: Clock) -> None:
    reply = admin.query("SELECT Id FROM Account", session_key="s")
    for _ in range(3):
        clock.forward(minutes=14)
        more(admin, reply)
    clock.forward(minutes=16)
    assert refused(more, admin, reply).code == "INVALID_QUERY_LOCATOR"


def test_the_oldest_of_too_many_locators_gives_way(admin: Desk, sales: Desk, many: int) -> None:
    first = admin.query("SELECT Id FROM Account", session_key="s")
    other = sales.query("SELECT Id FROM Account", session_key="s")
    replies = [admin.query("SELECT Id FROM Account", session_key="s") for _ in range(OPEN_LOCATORS)]
    assert refused(more, admin, first).code == "INVALID_QUERY_LOCATOR"
    assert all(more(admin, reply) for reply in replies)
    assert more(sales, other)


def test_children_are_read_page_by_page(admin: Desk, many: int) -> None:
    last = admin.column("SELECT Id FROM Account ORDER BY Id DESC LIMIT 1")[0]
    admin.insert("Contact", LastName="x", AccountId=last)
    page = admin.query("SELECT Id, (SELECT LastName FROM Contacts) FROM Account", session_key="s")
    while not page["done"]:
        page = more(admin, page)
    assert page["records"][-1]["Contacts"]["records"][0]["LastName"] == "x"
    assert page["records"][-2]["Contacts"] is None


def test_tooling_pages_go_on_under_tooling(admin: Desk) -> None:
    soql = "SELECT Id FROM FieldDefinition WHERE EntityDefinitionId IN ('Account', 'Contact', 'User', 'Profile', 'PermissionSet')"
    reply = admin.query(soql, tooling=True, batch_size=200, session_key="s")
    assert list(reply) == [
        "size",
        "totalSize",
        "done",
        "queryLocator",
        "entityTypeName",
        "nextRecordsUrl",
        "records",
    ]
    assert reply["size"] == 200
    assert reply["nextRecordsUrl"].startswith(f"/services/data/v{V}/tooling/query/01g")
