"""The field rules, and what other ones would do."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from console.domain.fields import Flow
from console.domain.records import Rule
from console.domain.whatif import Ruling


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One field's rule."""

    key: str
    label: str
    group: str
    rule: Rule
    default: Rule
    flow: Flow
    """The ways its values go."""
    rules: tuple[Rule, ...]
    """Those that make sense for it."""
    flows: tuple[Flow, ...]
    means: str
    """The same in words."""
    differs: int | None = None
    """Accounts in which it differs now; None while that isn't counted."""
    spared: int = 0
    """Those that are left as they stand since the rules were changed."""


@dataclass(frozen=True, slots=True)
class RulesLook:
    """Every field's rule, and what these rules would do to existing records. Nothing was written to find out."""

    ruling: Ruling
    lines: tuple[RuleLine, ...]
    accounts: int
    """Accounts to which something would be written that is not planned as it is."""
    values: int
    """Those values, and records to create."""
    by_field: tuple[tuple[str, int], ...]
    """The same by label, most first."""
    dropped: int
    """Values that are planned and would not be written any more."""
    asks: int
    """Values that would begin to wait for a person."""
    hash: str
    """Stands for exactly these changes."""
    sample: tuple[str, ...]
    """The first of them, one sentence each."""


class FieldRules(Protocol):
    """The field rules of an open connection."""

    def ruling(self) -> Ruling:
        """The rules that are kept. Blocks (milliseconds)."""
        ...

    def look(self, ruling: Ruling, cancelled: threading.Event, on_count: Callable[[int], None]) -> RulesLook:
        """What these rules would do to existing records, from the cache. Blocks (seconds for 10,000 customers).

        :param on_count: how many customers were looked at, called in the caller's thread.
        :raises Cancelled: `cancelled` was set.
        """
        ...

    def keep(self, ruling: Ruling, chosen: str | None = None) -> None:
        """Keep other rules. Blocks (seconds): the engine does it between two pieces of work.

        :param chosen: `RulesLook.hash` of what is to be done to existing records by the next pass; None: they stay as they are.
        :raises ConsoleError: it would do something else by now, or nothing can be written from this console.
        """
        ...
