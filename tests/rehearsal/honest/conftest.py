"""One rehearsal for all that is thrown at it, and what an honest answer looks like."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from console.rehearsal.server import Rehearsal

PATIENCE = 20
"""Seconds after which an answer counts as a hang."""
WORDS = {"Bad_OAuth_Token", "Missing_OAuth_Token", "Bad_Id", "Wrong_Org", "No_Access"}


@dataclass
class Target:
    """The addresses of the rehearsal, called with the rights of an administrator."""

    salesforce: httpx.Client
    alguna: httpx.Client
    control: httpx.Client

    def throw(
        self, client: httpx.Client, method: str, path: str, body: bytes | None, kind: str = "application/json"
    ) -> httpx.Response:
        """One call; an answer that does not come in time, or breaks HTTP, fails the test."""
        headers = {} if body is None else {"Content-Type": kind}
        reply = client.request(method, path, content=body, headers=headers)
        what = f"{method} {path} with {body!r:.200} -> {reply.status_code} {reply.text[:300]!r}"
        assert reply.status_code < 500, what
        return reply


def check_org(reply: httpx.Response, what: str) -> None:
    """Salesforce's shapes: errors as its REST API, its token endpoint and its pages write them; no empty success."""
    assert reply.status_code < 500, what
    if reply.request.method == "HEAD":
        assert not reply.content, what
        return
    path = reply.request.url.path.lower()
    if reply.status_code == 204:
        assert not reply.content, what
        assert reply.request.method in ("PATCH", "DELETE", "PUT", "POST"), what
    elif reply.status_code == 200:
        # Revocation is the one thing that succeeds without a word.
        assert reply.content or path.rstrip("/") == "/services/oauth2/revoke", what
    elif reply.status_code >= 400:
        assert_refusal(reply, path, what)


def assert_refusal(reply: httpx.Response, path: str, what: str) -> None:
    kind = reply.headers.get("content-type", "").lower()
    assert reply.content, what
    if path.startswith("/services/data"):
        body = json.loads(reply.content)
        # A collection of refused rows, and a batch, keep their own shape.
        errors = body if isinstance(body, list) else [body]
        assert errors, what
        for error in errors:
            assert isinstance(error, dict), what
            assert (
                error.get("errorCode") or error.get("errors") or "success" in error or "hasErrors" in error
            ), what
            assert "errorCode" not in error or isinstance(error.get("message"), str), what
    elif path.startswith("/services/async"):
        # The older Bulk API has a shape of its own, in XML or JSON.
        assert b"exceptionCode" in reply.content, what
        assert b"exceptionMessage" in reply.content, what
    elif "json" in kind:
        body = json.loads(reply.content)
        assert isinstance(body, list) or {"error", "error_description"} <= set(body), what
    else:
        assert kind.startswith("text/html"), what
        assert b"<html" in reply.content or reply.text in WORDS, what


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    with Rehearsal(customers=3) as rehearsal:
        given = rehearsal.handout
        token = {"Authorization": f"Bearer {given['salesforce']['access_token']}"}
        key = {"Authorization": f"Bearer {given['alguna']['api_key']}", "Alguna-Version": "2026-04-01"}
        clients = [
            httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=PATIENCE)
            for url, headers in (
                (given["salesforce"]["instance_url"], token),
                (given["alguna"]["base_url"], key),
                (given["control_url"], {}),
            )
        ]
        yield Target(*clients)
        for client in clients:
            client.close()
