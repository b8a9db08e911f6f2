"""Pages, orders and filters, and that a page far behind costs no more than the first one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.rehearsal.alguna.options import Options
from console.rehearsal.alguna.paging import Condition, Order
from console.rehearsal.alguna.store import Store

SORTS = ["created_at:asc", "created_at:desc", "updated_at:asc", "updated_at:desc", "name:asc", "name:desc"]


def names(page):
    return [row["name"] for row in page["data"]]


def test_pages_hold_their_rows_and_only_per_page_and_total_pages(account):
    for name in "ABCDE":
        account.customer(name)
    page = account.get("/customers", limit=2, offset=2, sort="created_at:asc")
    assert names(page) == ["C", "D"]
    assert page["pagination"] == {"per_page": 2, "total_pages": 3}
    assert set(page) == {"data", "pagination"}
    assert names(account.get("/customers", limit=2, offset=4, sort="created_at:asc")) == ["E"]
    assert account.get("/customers", limit=2, offset=6, sort="created_at:asc")["data"] == []


@pytest.mark.parametrize("sort", SORTS)
def test_every_order_is_complete_and_sorted(account, sort):
    made = [account.customer(name) for name in ("b", "a", "c", "a", "B")]
    account.clock.forward(minutes=1)
    account.patch(f"/customers/{made[0]['id']}", {"currency": "EUR"})
    column, direction = sort.split(":")
    rows = [account.get("/customers", limit=1, offset=n, sort=sort)["data"][0] for n in range(5)]
    assert {row["id"] for row in rows} == {row["id"] for row in made}
    values = [row[column] for row in rows]
    assert values == sorted(values, reverse=direction == "desc")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"offset": 0, "sort": "created_at:asc"}, 400),
        ({"limit": 10, "sort": "created_at:asc"}, 400),
        ({"limit": "ten", "offset": 0, "sort": "created_at:asc"}, 400),
        ({"limit": "²", "offset": 0, "sort": "created_at:asc"}, 400),
        ({"limit": 0, "offset": 0, "sort": "created_at:asc"}, 400),
        ({"limit": 1, "offset": -1, "sort": "created_at:asc"}, 400),
        ({"limit": 1, "offset": 0}, 422),
        ({"limit": 1, "offset": 0, "sort": "created_at"}, 422),
        ({"limit": 1, "offset": 0, "sort": "created_at:up"}, 422),
        ({"limit": 1, "offset": 0, "sort": "currency:asc"}, 422),
        ({"limit": 1, "offset": 0, "sort": "activated_at:asc"}, 422),
        ({"limit": 1, "offset": 0, "sort": "created_at:asc", "has_active_subscriptions": "maybe"}, 400),
    ],
)
def test_a_list_without_proper_parameters_is_refused(account, query, status):
    assert account.http.get("/customers", params=query).status_code == status


def test_the_switches_for_sort_and_limit_hold(account):
    for number in range(3):
        account.customer(str(number))
    account.options.update({"sort_updated_at": False})
    assert (
        account.http.get(
            "/customers", params={"limit": 1, "offset": 0, "sort": "updated_at:desc"}
        ).status_code
        == 422
    )
    account.options.update({"sort_required": False})
    assert names(account.get("/customers", limit=5, offset=0)) == ["0", "1", "2"]
    account.options.update({"page_limit": 2})
    assert account.get("/customers", limit=5, offset=0)["pagination"] == {"per_page": 2, "total_pages": 2}
    account.options.update({"page_limit_over": "422"})
    assert account.http.get("/customers", params={"limit": 5, "offset": 0}).status_code == 422
    account.options.update({"page_limit": 0})
    assert len(account.get("/customers", limit=5000, offset=0)["data"]) == 3


def test_filters_meet_together_and_a_comma_list_means_any(account):
    from console.rehearsal.alguna import customers

    a = account.customer("A", contacts=[{"email": "Ann@Acme.example"}], aliases=["x,y"])
    b = account.customer("B", contacts=[{"email": "bob@acme.example"}])
    c = account.customer("C")
    for made, tags in ((a, ["t1"]), (b, ["t1", "t2"]), (c, ["t3"])):
        row = customers.find(account.store, made["id"])
        customers.change(account.store, row, {"_tags": tags, "_integrations": ["intg_1"]}, account.options)
    assert [row["name"] for row in account.listed("/customers", tag_ids="t1")] == ["A", "B"]
    assert [row["name"] for row in account.listed("/customers", tag_ids="t2,t3")] == ["B", "C"]
    assert [row["name"] for row in account.listed("/customers", tag_ids="t1", email="BOB@acme.example")] == [
        "B"
    ]
    assert [row["name"] for row in account.listed("/customers", alias="x,y")] == ["A"]
    assert len(account.listed("/customers", integration_ids="intg_0,intg_1")) == 3
    assert account.listed("/customers", tag_ids="") == []
    account.subscription(b["id"], auto_activate=True)
    assert [row["name"] for row in account.listed("/customers", has_active_subscriptions="true")] == ["B"]
    assert [row["name"] for row in account.listed("/customers", has_active_subscriptions="false")] == [
        "A",
        "C",
    ]


def test_subscriptions_are_filtered_by_customer_and_status(account):
    a, b = account.customer("A"), account.customer("B")
    account.subscription(a["id"], name="one")
    account.subscription(a["id"], name="two", auto_activate=True)
    account.subscription(b["id"], name="three")
    assert [row["name"] for row in account.listed("/subscriptions", customer_id=a["id"])] == ["one", "two"]
    assert [row["name"] for row in account.listed("/subscriptions", status="draft")] == ["one", "three"]
    assert [
        row["name"] for row in account.listed("/subscriptions", status="draft,active", customer_id=a["id"])
    ] == ["one", "two"]
    assert (
        account.http.get(
            "/subscriptions", params={"limit": 1, "offset": 0, "sort": "name:asc", "status": "odd"}
        ).status_code
        == 422
    )
    assert next(row["name"] for row in account.listed("/subscriptions", sort="activated_at:desc")) == "two"


def test_products_take_no_sort(account):
    assert account.get("/products", limit=10, offset=0)["data"] == []
    assert account.http.get("/plans", params={"limit": 10, "offset": 0}).status_code == 422


operations = st.lists(
    st.one_of(
        st.tuples(st.just("insert"), st.integers(0, 30)),
        st.tuples(st.just("move"), st.integers(0, 200), st.integers(0, 30)),
        st.tuples(st.just("remove"), st.integers(0, 200)),
        st.tuples(st.just("look"), st.integers(0, 80)),
    ),
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(operations, st.booleans())
def test_ranks_stay_exact_whatever_happens_to_the_rows(steps, descending):
    """Against the plain `ORDER BY ... OFFSET` of the database, with blocks so small that every step crosses some."""
    from unittest import mock

    from console.rehearsal.alguna import paging

    with mock.patch.object(paging, "BLOCK", 3):
        store = Store(":memory:")
        try:
            order = Order("name", descending)
            for number, step in enumerate(steps):
                rows = store.all("SELECT * FROM customers ORDER BY seq")
                if step[0] == "insert":
                    values = {"created_at": number, "updated_at": 0, "active": 0, "document": "{}"}
                    store.insert("customers", {"id": str(number), "name": f"{step[1]:02}", **values})
                elif step[0] == "move" and rows:
                    store.update("customers", rows[step[1] % len(rows)], {"name": f"{step[2]:02}"})
                elif step[0] == "remove" and rows:
                    store.remove("customers", rows[step[1] % len(rows)])
                offset = step[1] if step[0] == "look" else 0
                way = "DESC" if descending else "ASC"
                sql = f"SELECT seq FROM customers ORDER BY name {way}, seq {way} LIMIT 4 OFFSET {offset}"
                found, total = store.page("customers", [], order, 4, offset)
                assert [row["seq"] for row in found] == [row["seq"] for row in store.all(sql)]
                assert total == len(store.all("SELECT seq FROM customers"))
        finally:
            store.close()


def test_a_page_far_behind_steps_over_one_block_only(tmp_path):
    """Counted in the database's own steps, not in seconds."""
    from console.rehearsal.world import World

    store = Store(tmp_path / "alguna.db")
    try:
        World(customers=12_000, org="empty").fill_alguna(store)
        deep = Order("created_at")
        store.page("customers", [], deep, 100, 11_900)
        steps = {}
        for offset in (100, 11_800):
            count = 0

            def tick() -> int:
                nonlocal count
                count += 1
                return 0

            store._db.set_progress_handler(tick, 100)
            store.page("customers", [], deep, 100, offset)
            store._db.set_progress_handler(None, 0)
            steps[offset] = count
        assert steps[11_800] <= steps[100] + 200, steps
        rows, total = store.page("customers", [Condition("active = ?", (1,))], deep, 100, 5000)
        assert len(rows) == 100
        assert total < 12_000
    finally:
        store.close()


def test_options_are_independent_of_each_other():
    first, second = Options(), Options()
    first.update({"status_words": {"active": "live"}})
    assert second.status_words == {}
