"""The access token of a connection: one refresh at a time, the new token saved before it is used.

Where an org rotates refresh tokens, a refresh kills the old one and sending an old one again revokes them all. So only
one thread of one process refreshes; the others wait and take what it saved
(https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_rotate_refresh_tokens.htm).
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import filelock

from console.errors import SignInNeeded, Unreachable
from console.paths import private
from console.salesforce.oauth import OAuth, Tokens
from console.secrets import Secrets

LOCK_TIMEOUT = 60.0
"""Seconds to wait for another process that refreshes."""


class TokenSource:
    """Gives the current access token and renews it. Safe to use from several threads and processes.

    :param name: the connection whose secrets these are.
    :param oauth: refreshes; None for a token that was pasted or came from the Salesforce CLI.
    :param lock_path: a file in the connection's folder; None when no other process can share the secrets.
    :param on_refresh: told the new tokens after they were saved (the org's address may have changed).
    """

    def __init__(
        self,
        secrets: Secrets,
        name: str,
        *,
        oauth: OAuth | None = None,
        lock_path: Path | None = None,
        on_refresh: Callable[[Tokens], None] | None = None,
    ) -> None:
        self._secrets = secrets
        self._name = name
        self._oauth = oauth
        self._lock_path = lock_path
        self._on_refresh = on_refresh
        self._lock = threading.Lock()
        self._access: str | None = None
        self._refused: str | None = None

    def __repr__(self) -> str:
        return f"TokenSource({self._name!r})"

    def keep(self, tokens: Tokens) -> None:
        """Save the tokens of a fresh sign-in: the refresh token first, then the access token."""
        if tokens.refresh_token is not None:
            self._secrets.set(self._name, "salesforce_refresh", tokens.refresh_token)
        self._secrets.set(self._name, "salesforce_access", tokens.access_token)
        self._access = tokens.access_token

    def current(self) -> str:
        """The access token.

        :raises SignInNeeded: there is none and none can be had.
        """
        access = self._access
        if access is None:
            access = self._secrets.get(self._name, "salesforce_access")
            if access is None:
                return self.renew("")
            self._access = access
        return access

    def renew(self, rejected: str) -> str:
        """Another access token than the one that Salesforce rejected, from whoever refreshed first.

        :raises SignInNeeded: the session was revoked, has ended, or cannot be renewed at all.
        :raises Unreachable: Salesforce does not answer; the session may still be good.
        """
        with self._lock:
            if self._access is not None and self._access != rejected:
                return self._access
            with self._alone():
                kept = self._secrets.get(self._name, "salesforce_access")
                if kept is not None and kept != rejected:
                    self._access = kept
                    return kept
                return self._refresh()

    def _refresh(self) -> str:
        refresh = self._secrets.get(self._name, "salesforce_refresh")
        if self._oauth is None or refresh is None:
            raise SignInNeeded(
                "The Salesforce session has ended, and it was one that cannot be renewed.",
                "Sign in to Salesforce again.",
            )
        if refresh == self._refused:
            raise SignInNeeded(
                "The Salesforce session has ended or was revoked.", "Sign in to Salesforce again."
            )
        try:
            tokens = self._oauth.refresh(refresh)
        except SignInNeeded:
            self._refused = refresh
            raise
        self.keep(tokens)
        if self._on_refresh is not None:
            self._on_refresh(tokens)
        return tokens.access_token

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the lock that all processes of this connection share."""
        if self._lock_path is None:
            yield
            return
        private(self._lock_path.parent)
        lock = filelock.FileLock(self._lock_path, timeout=LOCK_TIMEOUT, mode=0o600)
        try:
            lock.acquire()
        except filelock.Timeout:
            raise Unreachable(
                "Another console has been renewing the Salesforce session for too long.",
                "Close it, then retry.",
            ) from None
        try:
            yield
        finally:
            lock.release()
