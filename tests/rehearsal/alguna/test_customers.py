from __future__ import annotations

import pytest

LIST = {"limit": 10, "offset": 0, "sort": "created_at:asc"}


def test_a_new_customer_comes_back_with_id_stamps_and_what_was_sent(account):
    address = {"line1": "1 Main St", "city": "Köln", "state": "", "postal_code": "50667", "country": "DEU"}
    contact = {
        "email": "a@acme.example",
        "is_primary": True,
        "first_name": "Ana",
        "last_name": "Ruiz",
        "title": "CFO",
    }
    reply = account.http.post(
        "/customers",
        json={
            "name": "Acme",
            "currency": "EUR",
            "aliases": ["ext_1"],
            "billing_address": address,
            "contacts": [contact],
            "website": "https://acme.example",
            "legal_entity": "Acme Billing GmbH",
        },
    )
    assert reply.status_code == 201
    made = reply.json()
    assert len(made["id"]) == 8
    assert made["id"].isalnum()
    assert made["billing_address"] == address
    assert {**contact, "id": made["contacts"][0]["id"]} == made["contacts"][0]
    assert made["created_at"] == made["updated_at"] == "2026-10-15T09:00:00Z"
    assert (made["website"], made["legal_entity"]) == ("https://acme.example", "Acme Billing GmbH")
    assert account.get(f"/customers/{made['id']}") == made


def test_a_customer_without_lists_has_null_not_empty_lists(account):
    made = account.customer()
    assert (made["aliases"], made["billing_address"], made["contacts"]) == (None, None, None)
    assert "website" not in made
    assert "tax_rate" not in made


def test_fields_beyond_the_reference_are_absent_when_switched_off(account):
    contact = {"email": "a@acme.example", "title": "CFO"}
    made = account.customer(website="https://acme.example", legal_entity="X", contacts=[contact])
    account.options.update({"extended_fields": False})
    shown = account.get(f"/customers/{made['id']}")
    assert "website" not in shown
    assert "legal_entity" not in shown
    assert "title" not in shown["contacts"][0]
    account.patch(f"/customers/{made['id']}", {"website": "https://other.example"})
    account.options.update({"extended_fields": True})
    assert account.get(f"/customers/{made['id']}")["website"] == "https://acme.example"


def test_a_patch_changes_only_what_is_sent_and_moves_updated_at(account):
    made = account.customer(aliases=["a", "b"], contacts=[{"email": "x@acme.example"}])
    account.clock.forward(minutes=5)
    changed = account.patch(f"/customers/{made['id']}", {"name": "Acme Two"})
    assert changed == {**made, "name": "Acme Two", "updated_at": "2026-10-15T09:05:00Z"}


def test_a_patch_replaces_aliases_and_contacts_as_a_whole(account):
    made = account.customer(
        aliases=["a", "b"], contacts=[{"email": "x@acme.example"}, {"email": "y@acme.example"}]
    )
    changed = account.patch(
        f"/customers/{made['id']}", {"aliases": ["c"], "contacts": [{"email": "z@acme.example"}]}
    )
    assert changed["aliases"] == ["c"]
    assert [contact["email"] for contact in changed["contacts"]] == ["z@acme.example"]
    assert account.http.get("/customers/a").status_code == 404
    assert account.get("/customers/c")["id"] == made["id"]
    assert account.listed("/customers", email="x@acme.example") == []


def test_null_takes_a_list_away(account):
    made = account.customer(aliases=["a"], billing_address={"city": "Bonn"})
    changed = account.patch(f"/customers/{made['id']}", {"aliases": None, "billing_address": None})
    assert (changed["aliases"], changed["billing_address"]) == (None, None)


def test_a_contact_keeps_its_id_when_it_is_sent_back(account):
    made = account.customer(contacts=[{"email": "x@acme.example"}])
    contact = made["contacts"][0]
    changed = account.patch(f"/customers/{made['id']}", {"contacts": [{**contact, "first_name": "Xu"}]})
    assert changed["contacts"] == [{**contact, "first_name": "Xu"}]


@pytest.mark.parametrize("alias", ["ext_1", "a/b", "ünï côde", "001Ab000000xYzA", "..", "50%", "a?b#c"])
def test_a_customer_is_found_by_id_and_by_any_alias(account, alias):
    from urllib.parse import quote

    made = account.customer(aliases=[alias])
    path = "/customers/" + quote(alias, safe="").replace(".", "%2E")
    assert account.get(path)["id"] == made["id"]
    assert account.patch(path, {"name": "Found"})["name"] == "Found"
    assert [row["id"] for row in account.listed("/customers", alias=alias)] == [made["id"]]


def test_a_customer_is_found_by_its_connected_account(account):
    from console.rehearsal.alguna import customers

    made = account.customer()
    row = customers.find(account.store, made["id"])
    customers.change(
        account.store, row, {"_connected": [{"provider": "stripe", "external_id": "cus_1"}]}, account.options
    )
    assert account.get("/customers/cus_1")["id"] == made["id"]
    assert account.get("/customers/cus_1/connected-accounts") == {
        "data": [{"provider": "stripe", "external_id": "cus_1"}]
    }
    assert "_connected" not in account.get("/customers/cus_1")


def test_an_unknown_customer_is_404(account):
    for call in (
        account.http.get("/customers/nobody"),
        account.http.patch("/customers/nobody", json={"name": "x"}),
    ):
        assert call.status_code == 404
        assert call.json() == {"status": 404, "detail": "customer not found: nobody"}


def test_an_alias_belongs_to_one_customer_unless_the_switch_allows_more(account):
    first = account.customer(aliases=["x"])
    second = account.customer()
    for reply in (
        account.http.post("/customers", json={"name": "B", "currency": "USD", "aliases": ["x"]}),
        account.http.patch(f"/customers/{second['id']}", json={"aliases": ["x"]}),
    ):
        assert reply.status_code == 422
        assert "alias x" in reply.json()["detail"]
    assert account.patch(f"/customers/{first['id']}", {"aliases": ["x", "y"]})["aliases"] == ["x", "y"]
    account.options.update({"duplicate_alias": "accept"})
    account.patch(f"/customers/{second['id']}", {"aliases": ["x"]})
    assert len(account.listed("/customers", alias="x")) == 2
    assert account.get("/customers/x")["id"] == first["id"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "A"},
        {"currency": "USD"},
        {"name": " ", "currency": "USD"},
        {"name": "A", "currency": "usd"},
        {"name": "A", "currency": "ZZZ"},
        {"name": 5, "currency": "USD"},
        {"name": "A", "currency": "USD", "aliases": "x"},
        {"name": "A", "currency": "USD", "aliases": ["x", "x"]},
        {"name": "A", "currency": "USD", "aliases": [""]},
        {"name": "A", "currency": "USD", "contacts": [{"first_name": "No mail"}]},
        {"name": "A", "currency": "USD", "contacts": [{"email": "not a mail"}]},
        {"name": "A", "currency": "USD", "contacts": [{"email": "a@b.example", "is_primary": "yes"}]},
        {
            "name": "A",
            "currency": "USD",
            "contacts": [{"email": f"{n}@b.example", "is_primary": True} for n in "ab"],
        },
        {"name": "A", "currency": "USD", "billing_address": []},
        {"name": "A", "currency": "USD", "billing_address": {"city": 5}},
    ],
)
def test_wrong_fields_are_refused_with_422_and_nothing_is_written(account, wrong):
    reply = account.http.post("/customers", json=wrong)
    assert reply.status_code == 422, reply.text
    assert reply.json()["detail"].startswith("Validation failed: ")
    assert account.listed("/customers") == []


def test_fields_that_cannot_be_written_are_ignored_or_refused(account):
    made = account.customer(tax_rate="0.99", status="gone")
    assert "tax_rate" not in made
    account.options.update({"unknown_fields": "422"})
    assert (
        account.http.post("/customers", json={"name": "A", "currency": "USD", "tax_rate": "0.99"}).status_code
        == 422
    )


def test_create_answers_200_when_switched_so(account):
    account.options.update({"create_status": 200})
    assert account.http.post("/customers", json={"name": "A", "currency": "USD"}).status_code == 200


def test_new_ids_can_be_prefixed(account):
    account.options.update({"id_style": "prefixed"})
    assert account.customer()["id"].startswith("cust_")


def test_hostile_texts_come_back_as_they_were(account):
    for name in (
        "[b]x[/b]",
        "\u202eabc",
        "  blanks  ",
        "x" * 10_000,
        "a\x00b",
        "'; DROP TABLE customers; --",
        "💥",
    ):
        made = account.customer(name)
        assert account.get(f"/customers/{made['id']}")["name"] == name


def test_date_times_can_carry_microseconds(account):
    account.clock.forward(microseconds=123456)
    made = account.customer()
    assert made["created_at"] == "2026-10-15T09:00:00Z"
    account.options.update({"microseconds": True})
    assert account.get(f"/customers/{made['id']}")["created_at"] == "2026-10-15T09:00:00.123456Z"


def test_stamps_go_forward_even_when_the_clock_goes_back(account):
    account.options.update({"microseconds": True})
    first = account.customer("A")
    account.clock.forward(hours=-5)
    second = account.customer("B")
    assert second["created_at"] > first["created_at"]
