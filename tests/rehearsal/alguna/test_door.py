"""Who may call, in which version, how often, and what a refusal looks like."""

from __future__ import annotations

import httpx
import pytest

LIST = {"limit": 10, "offset": 0, "sort": "created_at:asc"}


def test_a_call_without_a_key_or_with_a_wrong_one_gets_401_and_the_documented_body(account):
    for headers in (
        {},
        {"Authorization": "Bearer nope"},
        {"Authorization": f"Basic {account.store.api_key}"},
    ):
        reply = httpx.get(
            account.url + "/customers", headers={**headers, "Alguna-Version": "2026-04-01"}, trust_env=False
        )
        assert reply.status_code == 401
        assert reply.json() == {"status": 401, "detail": "Invalid or missing API key"}
        assert reply.headers["content-type"] == "application/json"


@pytest.mark.parametrize("status", ["400", "401"])
def test_a_call_without_the_version_header_is_refused_as_the_switch_says(account, status):
    account.options.update({"version_header": status})
    del account.http.headers["Alguna-Version"]
    reply = account.http.get("/customers", params=LIST)
    assert reply.status_code == int(status)
    assert "Alguna-Version" in reply.json()["detail"]


def test_an_unknown_version_is_refused(account):
    assert (
        account.http.get("/customers", params=LIST, headers={"Alguna-Version": "2020-01-01"}).status_code
        == 400
    )


def test_without_version_header_the_undated_shape_can_be_served(account):
    customer = account.customer(aliases=["x1"])
    account.subscription(customer["id"])
    account.options.update({"version_header": "v1"})
    del account.http.headers["Alguna-Version"]
    listed = account.get("/accounts")
    assert listed["pageCount"] == 1
    assert {"createdAt", "updatedAt", "billingAddress"} <= set(listed["data"][0])
    assert account.get("/accounts/x1")["id"] == customer["id"]
    assert account.get("/subscriptions", page=1, limit=5)["items"][0]["accountId"] == customer["id"]
    assert account.http.get("/customers", params=LIST).status_code == 404
    assert account.http.get("/accounts", params={"page": "x"}).status_code == 400


@pytest.mark.parametrize(
    ("rights", "get", "post"),
    [("full", 200, 201), ("read", 200, 403), ("none", 403, 403), ("revoked", 401, 401)],
)
def test_a_key_can_do_what_its_rights_say(account, rights, get, post):
    account.options.update({"key_rights": rights})
    assert account.http.get("/customers", params=LIST).status_code == get
    assert account.http.post("/customers", json={"name": "A", "currency": "USD"}).status_code == post


def test_more_calls_than_the_rate_allows_get_429_with_or_without_retry_after(account):
    account.options.update({"rate_limit": 3})
    replies = [account.http.get("/customers", params=LIST) for _ in range(8)]
    refused = [reply for reply in replies if reply.status_code == 429]
    assert refused
    assert replies[0].status_code == 200
    assert refused[0].json() == {"status": 429, "detail": "Rate limit exceeded"}
    assert "retry-after" not in refused[0].headers
    account.options.update({"retry_after": 2})
    replies = [account.http.get("/customers", params=LIST) for _ in range(8)]
    assert {reply.headers.get("retry-after") for reply in replies if reply.status_code == 429} == {"2"}


def test_a_refused_write_with_a_key_says_that_the_key_was_released(account):
    account.options.update({"rate_limit": 1})
    replies = [
        account.http.post(
            "/customers", json={"name": "A", "currency": "USD"}, headers={"Idempotency-Key": f"k{n}"}
        )
        for n in range(5)
    ]
    refused = [reply for reply in replies if reply.status_code == 429]
    assert refused
    assert all(reply.headers["transient-error"] == "true" for reply in refused)
    account.options.update({"rate_limit": 0})
    retried = account.http.post(
        "/customers", json={"name": "A", "currency": "USD"}, headers={"Idempotency-Key": "k4"}
    )
    assert (retried.status_code, retried.headers["idempotent-replayed"]) == (201, "false")


def test_unknown_paths_get_404_and_other_methods_405(account):
    assert account.http.get("/nothing").status_code == 404
    assert account.http.get("/").status_code == 404
    reply = account.http.delete("/customers")
    assert reply.status_code == 405
    assert set(reply.headers["allow"].split(", ")) == {"GET", "POST"}


@pytest.mark.parametrize(
    "body", [b"{", b'{"name": NaN}', b'{"name": "\\ud800", "currency": "USD"}', b"\xff", b"[" * 100_000]
)
def test_a_body_that_is_no_json_gets_400(account, body):
    reply = account.http.post("/customers", content=body)
    assert reply.status_code == 400
    assert reply.json()["status"] == 400


def test_a_body_of_another_kind_gets_422(account):
    for body in ([], "text", 7):
        assert account.http.post("/customers", json=body).status_code == 422


def test_the_account_can_answer_below_a_prefix(account):
    account.options.update({"path_prefix": "/beta"})
    assert account.get("/beta/customers", **LIST)["data"] == []
    assert account.http.get("/customers", params=LIST).status_code == 404


def test_the_sync_configuration_exists_only_where_it_is_switched_on(account):
    path = "/integrations/salesforce/sync-config"
    assert account.http.get(path).status_code == 404
    account.options.update({"integrations": "shapes"})
    config = {"enabled": True, "direction": "bidirectional", "conflictResolution": "manual"}
    assert account.post(path, config)["direction"] == "bidirectional"
    assert account.get(path)["enabled"] is True
    assert account.http.post(path, json={"direction": "up"}).status_code == 422


@pytest.mark.parametrize(
    "wrong",
    [
        {"nope": 1},
        {"page_limit": "100"},
        {"page_limit": True},
        {"rate_limit": -1},
        {"create_status": 204},
        {"status_words": {"a": 1}},
    ],
)
def test_a_switch_refuses_what_it_cannot_be_and_then_changes_nothing(account, wrong):
    before = account.options.as_dict()
    with pytest.raises(ValueError, match=next(iter(wrong))):
        account.options.update({"retry_after": 5, **wrong})
    assert account.options.as_dict() == before


def test_an_error_inside_is_answered_with_500_and_leaves_nothing_behind(account, monkeypatch, caplog):
    from console.rehearsal.alguna import customers

    def broken(*_: object) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(customers, "_write_keys", broken)
        body = {"name": "A", "currency": "USD", "aliases": ["x"]}
        reply = account.http.post("/customers", json=body, headers={"Idempotency-Key": "k"})
    assert reply.status_code == 500
    assert reply.headers["transient-error"] == "true"
    assert account.listed("/customers") == []
    assert account.http.post("/customers", json=body, headers={"Idempotency-Key": "k"}).status_code == 201
    assert len(account.listed("/customers")) == 1
