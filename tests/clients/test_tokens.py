from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import filelock
import pytest

from console.errors import SignInNeeded, Unreachable
from console.salesforce.signing_in import tokens as module
from console.salesforce.signing_in.oauth import OAuth, Tokens
from console.salesforce.signing_in.tokens import TokenSource
from console.secrets import Secrets
from console.settings import Connections
from tests.clients.site import Answer, Handler, MemoryKeyring, Reaction, Request, Site

Serve = Callable[[Handler], Site]


class Org:
    """A token endpoint with rotation: each refresh token works once, and an old one again ends them all."""

    def __init__(self, *, rotate: bool = True) -> None:
        self.rotate = rotate
        self.number = 0
        self.refresh = "refresh-0"
        self.revoked = False
        self.gate: threading.Event | None = None

    def __call__(self, request: Request) -> Reaction:
        if self.gate is not None:
            self.gate.wait(5)
        if self.revoked or request.form["refresh_token"] != self.refresh:
            self.revoked = True
            return Answer(
                400, {"error": "invalid_grant", "error_description": "expired access/refresh token"}
            )
        self.number += 1
        body = {"access_token": f"access-{self.number}", "instance_url": "https://acme.my.salesforce.com"}
        if self.rotate:
            self.refresh = f"refresh-{self.number}"
            body["refresh_token"] = self.refresh
        return Answer(body=body)


def source(secrets: Secrets, site: Site | None, lock: Path | None = None) -> TokenSource:
    oauth = OAuth(site.url, "3MVG9client", timeout=5) if site is not None else None
    return TokenSource(secrets, "one", oauth=oauth, lock_path=lock)


def signed_in(secrets: Secrets) -> None:
    secrets.set("one", "salesforce_access", "access-0")
    secrets.set("one", "salesforce_refresh", "refresh-0")


def at_once(number: int, work: Callable[[], str]) -> list[str | BaseException]:
    results: list[str | BaseException] = []
    barrier = threading.Barrier(number)

    def run() -> None:
        barrier.wait()
        try:
            results.append(work())
        except Exception as error:
            results.append(error)

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_the_stored_token_is_used_without_any_call(secrets: Secrets, serve: Serve) -> None:
    site = serve(Org())
    signed_in(secrets)
    assert source(secrets, site).current() == "access-0"
    assert site.requests == []


def test_eight_threads_that_are_rejected_together_refresh_once(secrets: Secrets, serve: Serve) -> None:
    org = Org()
    site = serve(org)
    signed_in(secrets)
    tokens = source(secrets, site)
    assert at_once(8, lambda: tokens.renew("access-0")) == ["access-1"] * 8
    assert len(site.requests) == 1
    assert tokens.current() == "access-1"
    assert not org.revoked


def test_several_processes_refresh_once_between_them(
    connections: Connections, keyring: MemoryKeyring, serve: Serve, tmp_path: Path
) -> None:
    org = Org()
    site = serve(org)
    signed_in(Secrets(connections, find_keyring=lambda: keyring))

    def process() -> str:
        secrets = Secrets(connections, find_keyring=lambda: keyring)
        return source(secrets, site, tmp_path / "folder" / "token.lock").renew("access-0")

    assert at_once(6, process) == ["access-1"] * 6
    assert len(site.requests) == 1


def test_rotation_is_followed_from_refresh_to_refresh(secrets: Secrets, serve: Serve) -> None:
    org = Org()
    tokens = source(secrets, serve(org))
    signed_in(secrets)
    token = tokens.current()
    for number in range(1, 5):
        token = tokens.renew(token)
        assert token == f"access-{number}"
    assert secrets.get("one", "salesforce_refresh") == "refresh-4"


def test_without_rotation_the_refresh_token_stays(secrets: Secrets, serve: Serve) -> None:
    tokens = source(secrets, serve(Org(rotate=False)))
    signed_in(secrets)
    assert tokens.renew(tokens.renew("access-0")) == "access-2"
    assert secrets.get("one", "salesforce_refresh") == "refresh-0"


def test_new_tokens_are_saved_before_they_are_used_and_the_refresh_token_first(
    secrets: Secrets, keyring: MemoryKeyring, serve: Serve
) -> None:
    signed_in(secrets)
    keyring.writes.clear()
    told: list[tuple[str, str | None]] = []
    tokens = TokenSource(
        secrets,
        "one",
        oauth=OAuth(serve(Org()).url, "3MVG9client"),
        on_refresh=lambda new: told.append((new.instance_url, secrets.get("one", "salesforce_access"))),
    )
    tokens.renew("access-0")
    kinds = [entry.split("/")[1] for entry in keyring.writes]
    assert kinds == ["salesforce_refresh", "salesforce_access"]
    assert told == [("https://acme.my.salesforce.com", "access-1")]


def test_a_revoked_session_needs_a_sign_in_and_the_dead_token_is_sent_once(
    secrets: Secrets, serve: Serve
) -> None:
    org = Org()
    org.revoked = True
    site = serve(org)
    signed_in(secrets)
    tokens = source(secrets, site)
    outcomes = at_once(8, lambda: tokens.renew("access-0"))
    assert all(isinstance(outcome, SignInNeeded) for outcome in outcomes)
    assert len(site.requests) == 1


def test_signing_in_again_mends_a_revoked_session(secrets: Secrets, serve: Serve) -> None:
    org = Org()
    org.revoked = True
    tokens = source(secrets, serve(org))
    signed_in(secrets)
    with pytest.raises(SignInNeeded):
        tokens.renew("access-0")
    org.revoked, org.refresh = False, "refresh-new"
    tokens.keep(Tokens("access-new", "refresh-new", "https://acme.my.salesforce.com"))
    assert tokens.renew("access-0") == "access-new"
    assert tokens.renew("access-new") == "access-1"


def test_a_fault_of_the_org_is_no_end_of_the_session(secrets: Secrets, serve: Serve) -> None:
    site = serve(lambda _: Answer(503, "<html>", kind="text/html"))
    signed_in(secrets)
    tokens = source(secrets, site)
    with pytest.raises(Unreachable):
        tokens.renew("access-0")
    site.handler = Org()
    assert tokens.renew("access-0") == "access-1"


def test_a_pasted_token_cannot_be_renewed(secrets: Secrets) -> None:
    secrets.set("one", "salesforce_access", "pasted")
    tokens = source(secrets, None)
    assert tokens.current() == "pasted"
    with pytest.raises(SignInNeeded, match="cannot be renewed"):
        tokens.renew("pasted")


def test_without_anything_a_sign_in_is_needed(secrets: Secrets, serve: Serve) -> None:
    with pytest.raises(SignInNeeded):
        source(secrets, serve(Org())).current()


def test_a_refresh_token_alone_is_enough(secrets: Secrets, serve: Serve) -> None:
    secrets.set("one", "salesforce_refresh", "refresh-0")
    assert source(secrets, serve(Org())).current() == "access-1"


def test_another_process_that_never_ends_its_refresh_is_told(
    secrets: Secrets, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOCK_TIMEOUT", 0.1)
    signed_in(secrets)
    lock = tmp_path / "token.lock"
    with filelock.FileLock(lock), pytest.raises(Unreachable, match="Another console"):
        source(secrets, serve(Org()), lock).renew("access-0")


def test_its_repr_shows_no_token(secrets: Secrets, serve: Serve) -> None:
    signed_in(secrets)
    tokens = source(secrets, serve(Org()))
    tokens.current()
    assert "access-0" not in repr(tokens)
