"""Runs, what they did, taking one back, and what an account was like then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from console.guide.seam.accounts import Cell, HistoryLine


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run."""

    id: int
    kind: str
    """``sync``, ``one``, ``events``, ``apply``, ``undo`` ..."""
    undoes: int | None
    started_at: str
    finished_at: str | None
    outcome: str
    """``done``, ``running``, ``stopped``, ``interrupted``, or the category of the error that ended it."""
    applied: int = 0
    refused: int = 0
    stale: int = 0
    cost: str = ""
    """What it was forecast to take, and what it took; empty for a run that had nothing to write."""


@dataclass(frozen=True, slots=True)
class HistorySize:
    """How much of the past is kept."""

    rows: int
    bytes: int
    since: str
    """Instant of the oldest; empty: there is none."""


@dataclass(frozen=True, slots=True)
class UndoPreview:
    """What undoing a run would do, by what is known now; just before it writes, both sides are looked at again."""

    run: int
    changes: int
    already: int
    """Places that hold what they held before the run."""
    kept: int
    """Places that were edited since, or can't be written: they stay."""
    created: int
    """Records that the run created: they stay too, unless their deletion is asked for."""
    sample: tuple[HistoryLine, ...] = ()
    kept_sample: tuple[HistoryLine, ...] = ()


@dataclass(frozen=True, slots=True)
class PastField:
    """One field as both sides held it then."""

    key: str
    label: str
    group: str
    alguna: Cell
    salesforce: Cell
    differs: bool
    moved: bool
    """One of the two holds something else now."""


@dataclass(frozen=True, slots=True)
class PastAccount:
    """A customer and its account when a run had ended."""

    name: str
    customer_id: str
    account_id: str | None
    """None: there was no account."""
    run: int
    at: str | None
    fields: tuple[PastField, ...]
    earlier: int | None
    """The nearest earlier moment at which it was otherwise, as a run."""
    later: int | None


@dataclass(frozen=True, slots=True)
class DifferenceLine:
    """What one place held when the earlier of two runs had ended, and when the later one had."""

    customer_id: str
    name: str
    side: str
    field: str
    before: str
    after: str
    runs: tuple[int, ...]


class Past(Protocol):
    """The past of an open connection. Everything blocks: milliseconds, where nothing else is said."""

    def runs(self, count: int, before: int | None = None) -> Sequence[RunLine]:
        """The newest runs, the newest first; those before a run, where given."""
        ...

    def size(self) -> HistorySize:
        """How much is kept."""
        ...

    def count(self, run: int) -> int:
        """How many lines :meth:`changes` has for a run."""
        ...

    def changes(self, run: int, start: int, count: int) -> Sequence[HistoryLine]:
        """A page of what a run did, account by account."""
        ...

    def outlook(self, run: int) -> UndoPreview:
        """What undoing a run would do. Writes nothing. Seconds for a very large run.

        :raises UsageError: there is no such run, or its history was cleared.
        """
        ...

    def undo(self, run: int, delete_created: str = "") -> None:
        """Take a run back; told by events like any run. Does not wait for it.

        :param delete_created: ``run 7`` also deletes what run 7 created and nobody touched.
        :raises UsageError: nothing can be written from this console, or the run is not named rightly.
        """
        ...

    def as_of(self, ident: str, run: int | None = None) -> PastAccount:
        """A customer and its account when a run had ended; by default before the latest change.

        :raises UsageError: nothing is kept of its past, or of that time.
        """
        ...

    def differences(self, one: int, other: int, most: int) -> Sequence[DifferenceLine]:
        """What differs between the ends of two runs, account by account; at most so many.

        :raises UsageError: a run is not known, or the history of that time was cleared.
        """
        ...
