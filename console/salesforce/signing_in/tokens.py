"""The access token of a connection: one refresh at a time, the new token saved before it is used.

Where an org rotates refresh tokens, a refresh kills the old one and sending an old one again revokes them all. So only
one thread of one process refreshes; the others wait and take what it saved. A refresh whose answer was lost, because
the process died or the connection was cut, is not repeated: it asks for a sign-in
(https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_rotate_refresh_tokens.htm).
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import filelock

from console.errors import ConsoleError, SignInNeeded, Unreachable
from console.paths import private
from console.salesforce.signing_in.oauth import OAuth, Tokens
from console.salesforce.signing_in.oauth_errors import passing
from console.salesforce.signing_in.session_record import FILE, RecordFile
from console.secrets import Secrets

LOCK_TIMEOUT = 60.0
"""Seconds to wait for another process that refreshes."""

ENDED = ("The Salesforce session has ended or was revoked.", "Sign in to Salesforce again.")
LOST = (
    "A renewal of the Salesforce session was interrupted, and its answer is lost.",
    "Sign in to Salesforce again: where the org rotates refresh tokens, trying the old one once more would end everything.",
)


class TokenSource:
    """Gives the current access token and renews it. Safe to use from several threads and processes.

    :param name: the connection whose secrets these are.
    :param oauth: refreshes; None for a token that was pasted.
    :param again: gets another session without a refresh token (the Salesforce CLI, a key of a server). It goes before
        a refresh token that may still be kept from an earlier sign-in.
    :param lock_path: a file in the connection's folder; None when no other process can share the secrets.
    :param on_refresh: told the new tokens after they were saved (the org's address may have changed).
    """

    def __init__(
        self,
        secrets: Secrets,
        name: str,
        *,
        oauth: OAuth | None = None,
        again: Callable[[], Tokens] | None = None,
        lock_path: Path | None = None,
        on_refresh: Callable[[Tokens], None] | None = None,
    ) -> None:
        self._secrets = secrets
        self._name = name
        self._oauth = oauth
        self._again = again
        self._lock_path = lock_path
        self._on_refresh = on_refresh
        self._lock = threading.Lock()
        self._access: str | None = None
        self._record = RecordFile(lock_path.parent / FILE if lock_path is not None else None)

    def __repr__(self) -> str:
        return f"TokenSource({self._name!r})"

    def keep(self, tokens: Tokens) -> None:
        """Save the tokens of a fresh sign-in; those of an earlier one are gone afterwards."""
        with self._lock, self._alone():
            self._save(tokens)
            if tokens.refresh_token is None:
                self._secrets.forget(self._name, "salesforce_refresh")
            self._record.signed_in(tokens.scope, renewable=tokens.refresh_token is not None)

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
                tokens = self._fetch(rejected) if self._again is not None else self._refresh(kept)
            if self._on_refresh is not None:
                self._on_refresh(tokens)
            return tokens.access_token

    def _fetch(self, rejected: str) -> Tokens:
        assert self._again is not None
        tokens = self._again()
        if tokens.access_token == rejected:
            raise SignInNeeded(*ENDED, code="same_token")
        self._save(tokens)
        self._record.renewed(rotated=None, scope=tokens.scope)
        return tokens

    def _refresh(self, access: str | None) -> Tokens:
        refresh = self._secrets.get(self._name, "salesforce_refresh")
        if self._oauth is None or refresh is None:
            raise SignInNeeded(
                "The Salesforce session has ended, and it was one that cannot be renewed.",
                "Sign in to Salesforce again.",
            )
        before = self._record.read()
        if before.refused and before.refused == before.mark(refresh):
            raise SignInNeeded(*ENDED, code="invalid_grant")
        if before.unfinished(refresh, access):
            raise SignInNeeded(*LOST, code="refresh_lost")
        self._record.sending(refresh, access)
        try:
            tokens = self._oauth.refresh(refresh)
        except SignInNeeded as refusal:
            if passing(refusal):
                self._record.not_sent()
            else:
                self._record.refused(refresh)
            raise
        except Unreachable as failure:
            if not _lost(failure):
                self._record.not_sent()
            elif before.rotates is not False:
                raise SignInNeeded(*LOST, code="refresh_lost") from None
            raise
        except ConsoleError:
            self._record.not_sent()
            raise
        self._save(tokens)
        self._record.renewed(rotated=tokens.refresh_token != refresh, scope=tokens.scope)
        return tokens

    def _save(self, tokens: Tokens) -> None:
        """The refresh token first: the access token can be had again with it, and not the other way round."""
        if tokens.refresh_token is not None:
            self._secrets.set(self._name, "salesforce_refresh", tokens.refresh_token)
        self._secrets.set(self._name, "salesforce_access", tokens.access_token)
        self._access = tokens.access_token

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


def _lost(failure: Unreachable) -> bool:
    """Whether Salesforce may have given new tokens that never came here: it did not where it answered with its own fault."""
    return failure.maybe_done and failure.code not in ("500", "503")
