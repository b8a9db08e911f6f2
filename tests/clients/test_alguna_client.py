"""Paging and writing against a small Alguna over real sockets."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from console.alguna.client import AlgunaClient
from console.domain.records import Subscription, SubscriptionDetails
from console.errors import Conflict, Refused, Unreachable
from tests.clients.site import CUT, Answer, Handler, Reaction, Request, Site, Unhurried

Serve = Callable[[Handler], Site]
SUBSCRIPTION = Subscription("sub_1", "c1", "Plan", "active", "USD", "2026-04-04T10:00:05Z")


def row(number: int, **more: Any) -> dict[str, Any]:
    stamp = f"2026-01-{1 + number // 1000:02}T00:{number // 60 % 60:02}:{number % 60:02}Z"
    return {
        "id": f"c{number}",
        "name": f"Customer {number}",
        "created_at": stamp,
        "updated_at": stamp,
        **more,
    }


class Little:
    """A list of customers with pages, PATCH and idempotency keys; `before` may interfere with any request."""

    def __init__(self, count: int = 0) -> None:
        self.rows = [row(number) for number in range(count)]
        self.cap = 100
        self.before: Callable[[Request], Reaction | None] = lambda _: None
        self.after: Callable[[Request], Reaction | None] = lambda _: None
        self.answered: dict[str, Answer] = {}
        self.writes = 0
        self._lock = threading.Lock()

    def find(self, customer_id: str) -> dict[str, Any] | None:
        return next(
            (each for each in self.rows if customer_id in (each["id"], *(each.get("aliases") or ()))), None
        )

    def __call__(self, request: Request) -> Reaction:
        with self._lock:
            early = self.before(request)
            if early is not None:
                return early
            answer = self.answer(request)
            return self.after(request) or answer

    def answer(self, request: Request) -> Answer:
        if request.path == "/customers":
            return self.page(request)
        found = self.find(request.path.rpartition("/")[2])
        if found is None:
            return Answer(404, {"status": 404, "detail": "not found"})
        if request.method == "GET":
            return Answer(body=found)
        key = request.headers["idempotency-key"]
        if key in self.answered:
            earlier = self.answered[key]
            return Answer(200, earlier.body, {"Idempotent-Replayed": "true"})
        found.update(request.json)
        self.writes += 1
        found["updated_at"] = f"2026-06-01T00:00:{self.writes:02}Z"
        self.answered[key] = Answer(body=dict(found))
        return self.answered[key]

    def page(self, request: Request) -> Answer:
        field, _, direction = request.query["sort"].partition(":")
        rows = sorted(self.rows, key=lambda each: (each[field], each["id"]), reverse=direction == "desc")
        limit, offset = min(self.cap, int(request.query["limit"])), int(request.query["offset"])
        pages = {"per_page": limit, "total_pages": -(-len(rows) // limit)}
        return Answer(body={"data": rows[offset : offset + limit], "pagination": pages})


def alguna(site: Site) -> AlgunaClient:
    return AlgunaClient(site.url, "sk", rate=100, timeout=2, cancelled=Unhurried())


def ids(client: AlgunaClient, newest_first: bool = False) -> list[str]:
    return [customer.id for page in client.customers(newest_first) for customer in page]


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 199, 200, 301])
@pytest.mark.parametrize("newest_first", [False, True])
def test_every_customer_comes(serve: Serve, count: int, newest_first: bool) -> None:
    with alguna(serve(Little(count))) as client:
        found = ids(client, newest_first)
    assert sorted(set(found)) == sorted(f"c{number}" for number in range(count))


def test_newest_first_comes_in_that_order_without_repeats(serve: Serve) -> None:
    with alguna(serve(Little(250))) as client:
        found = ids(client, newest_first=True)
    assert found == [f"c{number}" for number in reversed(range(250))]


@pytest.mark.parametrize("cap", [1, 5, 20])
def test_a_server_with_smaller_pages_is_read_to_the_end(serve: Serve, cap: int) -> None:
    little = Little(43)
    little.cap = cap
    with alguna(serve(little)) as client:
        assert set(ids(client)) == {f"c{number}" for number in range(43)}


def test_a_page_size_that_is_refused_is_halved_and_remembered(serve: Serve) -> None:
    little = Little(60)

    def strict(request: Request) -> Reaction | None:
        if int(request.query["limit"]) > 30:
            return Answer(422, {"status": 422, "detail": "limit must not be above 30"})
        return None

    little.before = strict
    site = serve(little)
    with alguna(site) as client:
        assert len(set(ids(client))) == 60
        asked = [int(request.query["limit"]) for request in site.requests]
        assert asked[:3] == [100, 50, 25]
        assert set(asked[2:]) == {25}


def test_a_sort_that_is_refused_is_handed_to_the_caller(serve: Serve) -> None:
    little = Little(5)
    little.before = lambda r: (
        Answer(422, {"status": 422, "detail": "sort field"}) if "updated" in r.query["sort"] else None
    )
    site = serve(little)
    with alguna(site) as client:
        with pytest.raises(Refused) as caught:
            ids(client, newest_first=True)
        assert caught.value.code == "422"
        assert len(site.requests) == 1
        assert len(ids(client)) == 5


@pytest.mark.parametrize("removed", [0, 50, 98, 99, 100, 130])
def test_a_row_removed_between_two_pages_hides_no_other_row(serve: Serve, removed: int) -> None:
    little = Little(350)
    left = {f"c{number}" for number in range(350)} - {f"c{removed}"}

    def remove(request: Request) -> Reaction | None:
        if int(request.query["offset"]) >= 99:
            little.rows = [each for each in little.rows if each["id"] != f"c{removed}"]
        return None

    little.before = remove
    with alguna(serve(little)) as client:
        assert left <= set(ids(client))


def test_many_rows_removed_between_two_pages_hide_no_other_row(serve: Serve) -> None:
    little = Little(350)

    def remove(request: Request) -> Reaction | None:
        if int(request.query["offset"]) >= 99:
            little.rows = [each for each in little.rows if int(each["id"][1:]) >= 60]
        return None

    little.before = remove
    with alguna(serve(little)) as client:
        assert {f"c{number}" for number in range(60, 350)} <= set(ids(client))


def test_a_server_that_ignores_the_offset_does_not_hold_us_for_ever(serve: Serve) -> None:
    data = [row(number) for number in range(100)]
    site = serve(lambda _: Answer(body={"data": data, "pagination": {"per_page": 100, "total_pages": 9}}))
    with alguna(site) as client, pytest.raises(Unreachable, match="again and again"):
        ids(client)
    assert len(site.requests) <= 3


def test_the_caller_may_stop_early(serve: Serve) -> None:
    site = serve(Little(1000))
    with alguna(site) as client:
        next(client.customers(True))
    assert len(site.requests) == 1


def test_subscriptions_of_another_customer_are_left_out(serve: Serve) -> None:
    mine = {"id": "s1", "customer_id": "c1", "status": "active"}
    other = {"id": "s2", "customer_id": "c2", "status": "active"}
    site = serve(lambda _: Answer(body={"data": [mine, other], "pagination": {"per_page": 100}}))
    with alguna(site) as client:
        assert [each.id for each in client.subscriptions_of("c1")] == ["s1"]
    assert site.requests[0].query["customer_id"] == "c1"


# --- details


def details(serve: Serve, version: Answer, dates: Answer) -> SubscriptionDetails:
    def handler(request: Request) -> Answer:
        return version if request.path.endswith("/versions/current") else dates

    with alguna(serve(handler)) as client:
        return client.details(SUBSCRIPTION)


VERSION = {
    "id": "subv_1",
    "items": [
        {
            "product_id": "p",
            "price": {
                "type": "fixed",
                "fee_type": "fixed",
                "billing_interval": "monthly",
                "billing_frequency": "recurring",
                "fixed_pricing_model": {"price_per_unit": "500.00", "units": 1, "total": "500.00"},
            },
        }
    ],
}
NOT_FOUND = Answer(404, {"status": 404, "detail": "no version in force"})


def test_details_are_price_and_renewal_of_the_update_they_belong_to(serve: Serve) -> None:
    found = details(serve, Answer(body=VERSION), Answer(body={"next_renewal_date": "2027-07-01"}))
    assert found == SubscriptionDetails("2026-04-04T10:00:05Z", "monthly", "500.00", "2027-07-01T00:00:00Z")


def test_no_version_in_force_is_known_to_be_no_price(serve: Serve) -> None:
    found = details(serve, NOT_FOUND, Answer(body={"next_renewal_date": None}))
    assert found == SubscriptionDetails("2026-04-04T10:00:05Z")


def test_a_version_that_is_none_is_told(serve: Serve) -> None:
    with pytest.raises(Unreachable):
        details(serve, Answer(body={"id": "subv_1"}), Answer(body={}))


def test_a_busy_server_is_not_taken_for_an_absent_version(serve: Serve) -> None:
    with pytest.raises(Unreachable):
        details(serve, Answer(500, {"status": 500}), Answer(body={}))


# --- writing


def test_an_alias_is_added_to_those_there_are(serve: Serve) -> None:
    little = Little(2)
    little.rows[1]["aliases"] = ["stripe_1"]
    with alguna(serve(little)) as client:
        after = client.add_alias("c1", "001A", "chg")
    assert after.aliases == ("stripe_1", "001A")
    assert little.rows[1]["aliases"] == ["stripe_1", "001A"]


def test_an_alias_that_is_there_is_not_written_again(serve: Serve) -> None:
    little = Little(1)
    with alguna(serve(little)) as client:
        client.add_alias("c0", "001A", "chg")
        client.add_alias("c0", "001A", "chg")
    assert little.writes == 1


def test_an_alias_that_another_write_replaced_meanwhile_is_a_conflict(serve: Serve) -> None:
    little = Little(1)
    little.after = lambda r: (
        Answer(body={**little.rows[0], "aliases": ["else"]}) if r.method == "PATCH" else None
    )
    with alguna(serve(little)) as client, pytest.raises(Conflict):
        client.add_alias("c0", "001A", "chg")


def test_an_alias_of_another_customer_is_refused_with_what_alguna_says(serve: Serve) -> None:
    little = Little(1)
    taken = Answer(422, {"status": 422, "detail": "alias already in use"})
    little.before = lambda r: taken if r.method == "PATCH" else None
    with alguna(serve(little)) as client, pytest.raises(Refused, match="alias already in use"):
        client.add_alias("c0", "001A", "chg")


def test_a_write_never_reaches_the_customer_that_has_the_id_as_an_alias(serve: Serve) -> None:
    little = Little(2)
    little.rows[1]["aliases"] = ["gone"]
    with alguna(serve(little)) as client:
        for write in (
            lambda: client.add_alias("gone", "001A", "chg"),
            lambda: client.update("gone", {"Name": "x"}, {}, "chg"),
        ):
            with pytest.raises(Refused) as caught:
                write()
            assert caught.value.code == "404"
    assert little.writes == 0


def test_an_update_writes_and_returns_what_stands_there_now(serve: Serve) -> None:
    little = Little(1)
    with alguna(serve(little)) as client:
        after = client.update("c0", {"Name": "New"}, {"Name": "Customer 0"}, "chg")
    assert after.values["Name"] == "New"


def test_an_update_of_what_holds_already_writes_nothing(serve: Serve) -> None:
    little = Little(1)
    with alguna(serve(little)) as client:
        client.update("c0", {"Name": " Customer 0 "}, {"Name": "something else"}, "chg")
    assert little.writes == 0


def test_a_value_that_moved_since_is_a_conflict_and_nothing_is_written(serve: Serve) -> None:
    little = Little(1)
    with alguna(serve(little)) as client, pytest.raises(Conflict, match="Account Name changed in Alguna"):
        client.update("c0", {"Name": "New"}, {"Name": "Old"}, "chg")
    assert little.writes == 0


@pytest.mark.parametrize("lost", [CUT, Answer(500, {"status": 500}), Answer(200, "<html>", kind="text/html")])
def test_a_lost_answer_is_repeated_and_has_one_effect(serve: Serve, lost: Reaction) -> None:
    little = Little(1)
    losses = [lost, lost]
    little.after = lambda r: losses.pop() if r.method == "PATCH" and losses else None
    site = serve(little)
    with alguna(site) as client:
        after = client.update("c0", {"Name": "New"}, {"Name": "Customer 0"}, "chg")
    assert (little.writes, after.name) == (1, "New")
    keys = {request.headers["idempotency-key"] for request in site.requests if request.method == "PATCH"}
    assert len(keys) == 1


def test_a_request_that_is_still_running_is_waited_for(serve: Serve) -> None:
    little = Little(1)
    busy = [Answer(409, {"status": 409, "detail": "being processed"})]
    little.before = lambda r: busy.pop() if r.method == "PATCH" and busy else None
    with alguna(serve(little)) as client:
        assert client.update("c0", {"Name": "New"}, {}, "chg").name == "New"


def test_a_write_that_stays_without_an_answer_says_that_it_may_be_done(serve: Serve) -> None:
    little = Little(1)
    little.after = lambda r: CUT if r.method == "PATCH" else None
    with alguna(serve(little)) as client, pytest.raises(Unreachable) as caught:
        client.update("c0", {"Name": "New"}, {}, "chg")
    assert caught.value.maybe_done
    assert little.writes == 1


def test_a_write_that_was_never_let_in_says_that_it_is_not_done(serve: Serve) -> None:
    little = Little(1)
    little.before = lambda r: Answer(429, {"status": 429}) if r.method == "PATCH" else None
    with alguna(serve(little)) as client, pytest.raises(Unreachable) as caught:
        client.update("c0", {"Name": "New"}, {}, "chg")
    assert not caught.value.maybe_done


def test_a_change_made_again_after_somebody_undid_it_is_made_again(serve: Serve) -> None:
    little = Little(1)
    with alguna(serve(little)) as client:
        client.update("c0", {"Name": "New"}, {"Name": "Customer 0"}, "chg")
        little.rows[0].update(name="Customer 0", updated_at="2026-07-01T00:00:00Z")
        client.update("c0", {"Name": "New"}, {"Name": "Customer 0"}, "chg")
    assert little.rows[0]["name"] == "New"
    assert little.writes == 2


def test_a_replayed_answer_is_not_believed(serve: Serve) -> None:
    little = Little(1)
    with alguna(serve(little)) as client:
        client.update("c0", {"Name": "New"}, {}, "chg")
        little.rows[0].update(
            name="Customer 0", updated_at="2026-01-01T00:00:00Z"
        )  # undone, and the stamp set back
        with pytest.raises(Refused) as caught:
            client.update("c0", {"Name": "New"}, {}, "chg")
    assert caught.value.code == "not_taken"


def test_a_field_that_alguna_drops_silently_is_told(serve: Serve) -> None:
    little = Little(1)
    little.rows[0]["website"] = None
    little.after = lambda r: Answer(body={**little.rows[0], "website": None}) if r.method == "PATCH" else None
    with alguna(serve(little)) as client, pytest.raises(Refused) as caught:
        client.update("c0", {"Website": "https://x.de"}, {"Website": None}, "chg")
    assert caught.value.fields == ("Website",)


def test_threads_share_one_client(serve: Serve) -> None:
    little = Little(40)
    site = serve(little)
    failures: list[Exception] = []
    with alguna(site) as client:

        def work(part: int) -> None:
            try:
                for number in range(part, 40, 8):
                    client.add_alias(f"c{number}", f"001{number}", f"chg{number}")
            except Exception as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=(part,)) for part in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert client.calls == 80
    assert all(each["aliases"] == [f"001{each['id'][1:]}"] for each in little.rows)
