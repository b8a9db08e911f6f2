"""The access token of a connection: one refresh at a time, the new token saved before it is used."""

from __future__ import annotations

from pathlib import Path

from console.salesforce.oauth import OAuth
from console.secrets import Secrets


class TokenSource:
    """Gives the current access token and renews it. Safe to use from several threads and processes."""

    def __init__(
        self,
        secrets: Secrets,
        name: str,
        *,
        oauth: OAuth | None = None,
        lock_path: Path | None = None,
    ) -> None:
        raise NotImplementedError

    def current(self) -> str:
        """The access token; SignInNeeded when there is none and none can be had."""
        raise NotImplementedError

    def renew(self, rejected: str) -> str:
        """Another token than the rejected one; SignInNeeded when it can't be had."""
        raise NotImplementedError
