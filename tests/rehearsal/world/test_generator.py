"""The seeded world: deterministic, streamed, valid, and on reserved domains only."""

from __future__ import annotations

import itertools
import json
import tracemalloc
from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.rehearsal import codes, contracts, names, orgseed, places, profiles, stamps
from console.rehearsal import world as world_module
from console.rehearsal.alguna import customers, lifecycle, pricing, subscriptions
from console.rehearsal.alguna.options import Options
from console.rehearsal.alguna.store import Store
from console.rehearsal.companies import MOST, company
from console.rehearsal.profiles import BASE
from console.rehearsal.salesforce import ids
from console.rehearsal.world import World

RESERVED = (".example", "@example.com", "@example.net")
SEED = orgseed.OrgSeed(503, 1, ("005000000000001AAA", "005000000000002AAA"))


def rows(world, table):
    return [row for batch in world.batches() for row in batch.get(table, ())]


@pytest.fixture(scope="module")
def store():
    filled = Store(":memory:")
    World().fill_alguna(filled)
    yield filled
    filled.close()


def documents(store):
    return [(row, json.loads(row["document"])) for row in store.all("SELECT * FROM customers ORDER BY seq")]


def test_the_same_seed_gives_the_same_world_and_another_seed_another_one():
    assert World(60, 1).digest() == World(60, 1).digest()
    assert World(60, 1).digest() != World(60, 2).digest()


def test_a_small_world_is_the_beginning_of_a_larger_one():
    for table in ("customers", "subscriptions", "versions", "customer_keys"):
        small, large = rows(World(40), table), rows(World(90), table)
        assert large[: len(small)] == small


def test_the_world_has_the_503_companies_in_the_order_of_the_data_set(store):
    assert store.total("customers") == 503
    names_ = [row["name"] for row, _ in documents(store)]
    assert names_[0] == "3M"
    assert "Apple Inc." in names_
    assert len({row["id"] for row, _ in documents(store)}) == 503


def test_every_customer_would_pass_the_api_own_checks(store):
    for row, document in documents(store):
        sent = {name: document[name] for name in customers.WRITABLE if name in document}
        read = customers.read(store, {"name": row["name"], **sent}, Options(), row)
        contacts = document["contacts"]
        assert read["contacts"] == contacts, row["name"]
        assert read["billing_address"] == document["billing_address"]
        assert len(row["id"]) == 8
        assert row["created_at"] <= row["updated_at"] <= BASE


def test_every_mailbox_and_website_is_on_a_reserved_domain(store):
    hosts = []
    for _, document in documents(store):
        for contact in document["contacts"] or ():
            assert contact["email"].endswith(RESERVED), contact
            assert contact["email"].isascii()
            assert " " not in contact["email"]
        if document["website"]:
            hosts.append(document["website"].removeprefix("https://").removeprefix("www."))
    for row in SEED.accounts():
        if row["Website"]:
            hosts.append(row["Website"].lower().split("//")[-1].split("/")[0])
    for row in SEED.contacts():
        assert row["Email"].endswith(RESERVED)
    assert len(hosts) > 600
    assert all(host.endswith(".example") for host in hosts), [
        host for host in hosts if not host.endswith(".example")
    ]


def test_the_odd_cases_are_there(store):
    found = Counter()
    for row, document in documents(store):
        contacts = document["contacts"]
        found["no address"] += document["billing_address"] is None
        found["null contacts"] += contacts is None
        found["no contacts"] += contacts == []
        found["null aliases"] += document["aliases"] is None
        found["no aliases"] += document["aliases"] == []
        found["no tax"] += "tax_rate" not in document
        found["no website"] += document["website"] is None
        found["no primary"] += bool(contacts) and not any(contact["is_primary"] for contact in contacts)
        found["primary not first"] += (
            bool(contacts) and not contacts[0]["is_primary"] and any(c["is_primary"] for c in contacts)
        )
        found["no family name"] += any("last_name" not in contact for contact in contacts or ())
        found["no title"] += any("title" not in contact for contact in contacts or ())
        found["markup"] += "[b]" in row["name"] or "<b>" in row["name"]
        found["right to left"] += any("\u0590" <= c <= "\u06ff" or c == "\u202e" for c in row["name"])
        found["very long"] += len(row["name"]) > 255
        found["outer blanks"] += row["name"] != row["name"].strip()
        found["connected"] += "_connected" in document
    for case in found:
        assert found[case] > 0, case
    assert len(found) == 16
    assert found["no address"] < 40
    countries = {document["tax_country"] for _, document in documents(store) if "tax_country" in document}
    assert len(countries) >= 10
    assert len({document["currency"] for _, document in documents(store)}) >= 8


def test_country_and_state_come_in_several_spellings(store):
    spelt = {
        document["billing_address"]["country"]
        for _, document in documents(store)
        if document["billing_address"]
    }
    assert {"USA", "US", "United States"} <= spelt
    states = {(document["billing_address"] or {}).get("state") for _, document in documents(store)}
    assert {"CA", "California"} <= states


def test_subscriptions_come_in_every_status_interval_and_number(store):
    per_customer = Counter(row["customer_id"] for row in store.all("SELECT customer_id FROM subscriptions"))
    assert set(per_customer.values()) == {1, 2, 3, 4}
    assert len(per_customer) < 503
    assert {row["status"] for row in store.all("SELECT DISTINCT status FROM subscriptions")} == set(
        lifecycle.STATUSES
    )
    intervals = Counter()
    for row in store.all("SELECT document FROM versions"):
        for price in pricing.prices(json.loads(row["document"])["items"]):
            intervals[price["billing_interval"]] += 1
    assert set(intervals) == set(pricing.INTERVALS)
    kinds = {
        price["type"]
        for row in store.all("SELECT document FROM versions")
        for price in pricing.prices(json.loads(row["document"])["items"])
    }
    assert kinds == {"fixed", "unit", "graduated_tiered"}


def test_values_reach_the_edge_of_eight_digits_and_beyond(store):
    values = []
    for row in store.all("SELECT document FROM versions"):
        values += [amount for _, amount in pricing.recurring(json.loads(row["document"])["items"])]
    assert Decimal("9.99") in values
    assert Decimal("99999999.99") in values
    assert sum(value > Decimal("99999999.99") for value in values) >= 2
    assert all(value == value.quantize(Decimal("0.01")) for value in values)


def test_every_price_would_pass_the_api_own_checks(store):
    for row in store.all(
        "SELECT s.document AS contract, v.document FROM versions v JOIN subscriptions s ON s.id = v.subscription_id"
    ):
        items = json.loads(row["document"])["items"]
        assert pricing.read_items(items, json.loads(row["contract"])["currency"]) == items


def test_status_and_dates_of_a_subscription_agree(store):
    for row in store.all("SELECT * FROM subscriptions"):
        document = json.loads(row["document"])
        start = stamps.parse(document["contract"]["start_date"])
        assert row["created_at"] <= row["updated_at"] <= BASE, row["name"]
        assert (row["activated_at"] >= 0) == (row["status"] in ("active", "paused", "canceled", "completed"))
        current = lifecycle.current_version(store, row["id"], BASE)
        assert (current is not None) == (row["status"] in lifecycle.RUNNING), (row["id"], row["status"])
        if row["status"] == "scheduled":
            assert start > BASE
        if row["status"] in lifecycle.RUNNING:
            assert start < BASE
            assert row["due_at"] is None or row["due_at"] > BASE
            assert row["due_at"] == lifecycle.due_at(row["status"], document)
        if document["contract"]["period_type"] == "fixed":
            assert stamps.parse(document["contract"]["end_date"]) > start
            assert document["contract"]["duration_months"] in (12, 24, 36)


def test_active_marks_and_keys_agree_with_the_documents(store):
    for row, document in documents(store):
        active = store.one(
            "SELECT 1 FROM subscriptions WHERE customer_id = ? AND status = 'active'", (row["id"],)
        )
        assert row["active"] == (active is not None)
        kept = {
            (key["kind"], key["value"])
            for key in store.all("SELECT * FROM customer_keys WHERE customer = ?", (row["seq"],))
        }
        assert kept == customers.keys(document)
    aliases = Counter(
        row["value"] for row in store.all("SELECT value FROM customer_keys WHERE kind = 'alias'")
    )
    assert aliases.most_common(1)[0][1] == 1


def test_some_subscriptions_await_a_change_or_an_end(store):
    pending = Counter()
    for row in store.all("SELECT * FROM subscriptions WHERE status = 'active'"):
        shown = subscriptions.show(store, row, Options())
        pending.update(change["status"] for change in shown["pending_changes"])
        pending["ending"] += "_cancel" in json.loads(row["document"])
    assert min(pending["published"], pending["draft"], pending["ending"]) > 0


def test_plans_and_products_are_those_that_the_subscriptions_name(store):
    plans = {row["id"] for row in store.all("SELECT id FROM plans")}
    named = {
        json.loads(row["document"])["plan_id"] for row in store.all("SELECT document FROM subscriptions")
    }
    assert named == plans | {None}
    products = {row["id"] for row in store.all("SELECT id FROM products")}
    for row in store.all("SELECT document FROM versions"):
        for item in json.loads(row["document"])["items"]:
            assert {child["product_id"] for child in item.get("items", [item])} <= products


def test_ids_that_are_made_later_never_meet_those_of_the_world(store):
    taken = {row["id"] for row, _ in documents(store)} | {
        row["id"] for row in store.all("SELECT id FROM subscriptions")
    }
    made = [store.new_id("cust", plain=True) for _ in range(2000)] + [
        store.new_id("sub") for _ in range(2000)
    ]
    assert len(set(made)) == 4000
    assert not taken & set(made)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, MOST - 1), st.integers(0, 50))
def test_any_customer_of_any_world_is_plausible(index, seed):
    profile = profiles.profile(index, seed)
    assert profile.name.strip()
    assert profile.company.domain.endswith(".example")
    assert profile.company.domain.isascii()
    assert max(len(label) for label in profile.company.domain.split(".")) <= 63
    for contact in profile.contacts or ():
        assert contact["email"].endswith(RESERVED)
    for contract in contracts.contracts(profile, seed):
        assert contract.status in lifecycle.STATUSES
        assert contract.created_at <= contract.updated_at <= BASE
        assert contract.versions
    assert profiles.profile(index, seed) == profile


def test_companies_can_be_told_apart_by_id_and_nearly_all_by_domain():
    count = 20_000
    assert len({profiles.customer_id(index, 1) for index in range(count)}) == count
    domains = Counter(company(index).domain for index in range(count))
    assert sorted(domain for domain, times in domains.items() if times > 1) == [
        "alphabet.example",
        "fox.example",
        "news.example",
    ]
    with pytest.raises(ValueError, match="there are"):
        company(MOST)


@given(st.integers(0, 62**6), st.integers(0, 62**6), st.integers(0, 99), st.sampled_from([8, 10, 14]))
def test_codes_never_repeat(one, other, seed, length):
    assert (codes.code(one, seed=seed, length=length) == codes.code(other, seed=seed, length=length)) == (
        one == other
    )
    assert len(codes.code(one, seed=seed, length=length)) == length


@given(st.text())
def test_a_slug_is_a_piece_of_a_domain_name(text):
    slug = names.slug(text)
    assert slug == "" or all(
        part.isalnum() and part.isascii() and part == part.lower() for part in slug.split("-")
    )


def test_every_headquarters_is_placed():
    for index in range(503):
        firm = company(index)
        assert firm.city
        assert firm.country is not places.USA or firm.state in places.STATES, firm


def test_a_world_is_streamed(monkeypatch):
    """Eight times the customers, the same memory."""
    monkeypatch.setattr(world_module, "BATCH", 50)

    def peak(count: int) -> int:
        tracemalloc.start()
        for _ in World(count).batches():
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(10)
    assert peak(1600) < 1.5 * peak(200)


def test_a_world_of_impossible_size_or_kind_is_refused():
    for wrong in ({"customers": -1}, {"customers": MOST + 1}, {"org": "full"}):
        with pytest.raises(ValueError, match=r"a world has|the org begins"):
            World(**wrong)


# -- the org's side, before it is written anywhere


def accounts_by_kind(seed=SEED):
    found = {kind: {} for kind in range(4)}
    for index in range(seed.customers):
        for kind in orgseed.kinds(index, seed.seed):
            found[kind][index] = seed._account(index, kind)
    return found


def test_about_half_of_the_companies_are_accounts_some_twice():
    found = accounts_by_kind()
    assert 200 < len(found[orgseed.MAIN]) < 300
    assert 3 <= len(found[orgseed.TWIN]) <= 20
    assert set(found[orgseed.TWIN]) <= set(found[orgseed.MAIN])
    assert len(found[orgseed.LOOKALIKE]) > 5
    assert len(found[orgseed.STRANGER]) > 30


def test_lookalikes_share_a_word_but_no_domain():
    for index, row in accounts_by_kind()[orgseed.LOOKALIKE].items():
        firm = company(index)
        assert row["Name"].split()[0] == firm.short.split()[0].strip(",")
        assert firm.domain not in row["Website"]


def test_accounts_are_spelt_the_way_people_type():
    main = accounts_by_kind()[orgseed.MAIN]
    exact = sum(row["Name"] == company(index).name for index, row in main.items())
    assert 0.1 < exact / len(main) < 0.6
    websites = [row["Website"] for row in main.values() if row["Website"]]
    assert any(site.endswith("/") for site in websites)
    assert any(site.isupper() for site in websites)
    assert any(site.startswith("www.") for site in websites)
    assert len(websites) < len(main)


def test_account_and_contact_ids_are_proper_and_unique():
    accounts = [row["Id"] for row in SEED.accounts()]
    contacts = list(SEED.contacts())
    assert len(set(accounts)) == len(accounts)
    assert len({row["Id"] for row in contacts}) == len(contacts)
    assert all(
        ids.normalise(one) == one for one in itertools.chain(accounts, (row["Id"] for row in contacts))
    )
    assert {row["AccountId"] for row in contacts} <= set(accounts)
    assert all(row["LastName"] for row in contacts)


def test_accounts_were_made_years_ago_by_several_people():
    rows_ = list(SEED.accounts())
    assert {row["OwnerId"] for row in rows_} == set(SEED.users)
    assert any(row["CreatedById"] != row["OwnerId"] for row in rows_)
    assert all(row["CreatedDate"] <= row["LastModifiedDate"] < "2026-10-01" for row in rows_)
    assert min(row["CreatedDate"] for row in rows_) < "2019"


def test_customers_that_were_linked_before_carry_the_account_id_as_alias():
    linked = [index for index in range(503) if SEED.linked(index)]
    assert len(linked) > 5
    aliases = {value for row in rows(World(), "customer_keys") if row[0] == "alias" for value in [row[1]]}
    forms = {
        len(next(alias for alias in (SEED.linked(i), SEED.linked(i)[:15]) if alias in aliases))
        for i in linked
    }
    assert forms == {15, 18}
    assert not any(
        value.startswith("001") and len(value) in (15, 18)
        for _, value, _ in rows(World(org="empty"), "customer_keys")
    )
