"""One browser round trip."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class PracticeLogin:
    """The rehearsal's log-in, shown so that a person can type it; worth nothing anywhere else."""

    username: str
    password: str
    alguna_key: str


@dataclass(frozen=True, slots=True)
class Invitation:
    """The browser was asked to open `address`; a person can also copy it to another browser."""

    address: str
    callback: str
    """The address the browser comes back to: what the app in Salesforce must allow."""
    opened: bool
    note: str = ""
    """One sentence when the browser could not be opened."""
    hint: str = ""
    """What may stand in the browser when nothing comes back: Salesforce tells some refusals only there."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who signed in to which org."""

    username: str
    org_name: str
    org_id: str
    instance_url: str
    production: bool
    note: str = ""
    """One sentence to be aware of: "this is a production org although Sandbox was chosen"; empty as a rule."""


class SignIn(Protocol):
    """One browser round trip. A second :meth:`begin` ends the first."""

    def begin(self) -> Invitation:
        """Listen on 127.0.0.1, open the browser. Blocks (milliseconds).

        :raises ConsoleError: no callback port is free, the log-in address can't be reached, no consumer key.
        """
        ...

    def wait(self, cancelled: threading.Event) -> SignedIn | None:
        """Wait until the browser comes back, then get the token and ask who it is. Blocks (until then).

        :returns: None when `cancelled` was set or :meth:`cancel` was called.
        :raises ConsoleError: consent refused, state mismatch, code used twice, wrong kind of org ...
        """
        ...

    def paste(self, address: str) -> SignedIn:
        """Finish with the address that the browser ended on, copied by hand. Blocks (seconds)."""
        ...

    def cancel(self) -> None:
        """Stop waiting and close the port. Does not block; harmless when nothing is under way."""
        ...
