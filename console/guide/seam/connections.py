"""Connections as Home lists them, and the rows of an open one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from console.domain.records import State
from console.guide.seam.words import Environment, Health, ImportChoice, Sort


@dataclass(frozen=True, slots=True)
class ConnectionCard:
    """One connection as Home shows it, read from its files without calling either system."""

    name: str
    environment: Environment
    production: bool
    """True when the org is a production org, whatever way it was chosen."""
    org_name: str = ""
    org_id: str = ""
    health: Health = "unknown"
    health_text: str = ""
    """One sentence: what is wrong, empty when nothing is."""
    last_sync_at: str | None = None
    counts: Mapping[State, int] = field(default_factory=dict)
    problems: int = 0
    disconnected_at: str | None = None
    receipt: str = ""
    """Where the receipt of its disconnect is."""
    held_by: str = ""
    """Who else writes this connection's cache now ("another console, process 4711"), empty when nobody does."""
    damaged: bool = False
    """Its settings can't be read: it can only be removed."""


@dataclass(frozen=True, slots=True)
class ConnectionFacts:
    """What stays on screen while a connection is open."""

    name: str
    environment: Environment
    production: bool
    org_name: str
    org_id: str
    username: str
    instance_url: str
    alguna_url: str
    creates_accounts: bool
    import_choice: ImportChoice
    secrets: str
    """Where the tokens and the key are kept, in words: "the system's keyring", "memory, until the console quits"."""
    held_by: str = ""
    """Which other console writes its cache, while this one only looks on; in words, empty when none does."""
    read_only: str = ""
    """Why nothing can be written from this console (one sentence), empty when it can."""
    warning: str = ""
    """What will end the access soon, one sentence; empty when nothing is known to."""
    last_sync_at: str | None = None
    interval_seconds: float = 0.0


class GridRow(Protocol):
    """One row of the Accounts screen (``console.store.grid.GridRow``)."""

    @property
    def pos(self) -> int: ...
    @property
    def customer_id(self) -> str | None: ...
    @property
    def account_id(self) -> str | None: ...
    @property
    def name(self) -> str: ...
    @property
    def state(self) -> State: ...
    @property
    def differs(self) -> int: ...
    @property
    def why(self) -> str: ...
    @property
    def subscription(self) -> str: ...
    @property
    def changed_at(self) -> str: ...


class Grid(Protocol):
    """Pages of rows by position (``console.store.grid.Grid``). Blocks; may be used by several threads."""

    def arrange(
        self, sort: Sort = "name", *, descending: bool = False, text: str = "", state: State | None = None
    ) -> int:
        """Sort and filter; how many rows there are. A newer call ends an older one with ``Superseded``."""
        ...

    def page(self, start: int, count: int, /) -> Sequence[GridRow]:
        """Rows by position; one that is gone since is left out."""
        ...

    def position(self, id_: str, /) -> int | None:
        """Where a customer's or an account's row is, None when it is not shown."""
        ...

    def close(self) -> None:
        """End what is being read and let go of the file."""
        ...
