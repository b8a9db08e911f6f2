"""The Alguna account and the control address refuse what they do not know in words, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .material import BODIES, METHODS

if TYPE_CHECKING:
    from .conftest import Target

ALGUNA = (
    "/", "/customers", "/customers/x", "/customers/x/contacts", "/subscriptions", "/subscriptions/x",
    "/subscriptions/x/versions", "/subscriptions/x/activate", "/subscriptions/x/cancel",
    "/subscriptions/x/pause", "/invoices", "/invoices/x", "/plans", "/products", "/payments", "/events",
    "/events/batch", "/webhooks", "/integrations", "/users", "/nothing", "/beta/customers",
    "/customers?limit=10&offset=0", "/customers?limit=x&offset=y", "/customers?limit=-1&offset=0",
    "/customers?limit=1&offset=99999999999999999999", "/customers?limit=10&offset=0&sort=nothing:up",
    "/subscriptions?limit=1&offset=0&sort=created_at:asc", "/%ff", "/customers/%00",
)  # fmt: skip
CONTROL = (
    "/", "/nothing", "/salesforce", "/salesforce/options", "/salesforce/faults", "/salesforce/calls",
    "/salesforce/sign-in", "/salesforce/apps", "/salesforce/apps/practice", "/salesforce/apps/x",
    "/salesforce/users/x/login", "/salesforce/users/x/permissions", "/salesforce/records/Account",
    "/salesforce/records/Nothing", "/salesforce/records/Account/x", "/salesforce/records/Account/x/merge",
    "/salesforce/records/Account/x/undelete", "/salesforce/query", "/salesforce/query?q=SELECT",
    "/salesforce/events", "/salesforce/events/options", "/salesforce/events/gap", "/salesforce/events/cut",
    "/alguna/options", "/alguna/faults", "/alguna/calls", "/alguna/customers", "/alguna/customers/x",
    "/alguna/subscriptions", "/alguna/subscriptions/x", "/alguna/webhooks", "/activity", "/%ff",
    "/salesforce/apps/%00",
)  # fmt: skip


@pytest.mark.parametrize("path", ALGUNA)
def test_alguna_answers_in_words(target: Target, path: str) -> None:
    for method in METHODS:
        for body in BODIES if method in ("POST", "PATCH", "PUT") else (None,):
            reply = target.throw(target.alguna, method, path, body)
            if method != "HEAD" and reply.status_code != 204:
                assert reply.json() is not None, (method, path, body)


@pytest.mark.parametrize("path", CONTROL)
def test_the_control_address_answers_in_words(target: Target, path: str) -> None:
    for method in METHODS:
        # A body that would switch something for the tests that come later is not among these.
        for body in BODIES if method in ("POST", "PATCH", "PUT") else (None,):
            reply = target.throw(target.control, method, path, body)
            if method != "HEAD":
                answer = reply.json()
                assert reply.status_code == 200 or answer["error"], (method, path, body)
