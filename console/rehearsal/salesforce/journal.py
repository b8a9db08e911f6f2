"""Transactions, and the changes that listeners hear of once they are committed."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from console.rehearsal.salesforce.access import Caller
    from console.rehearsal.salesforce.schema import SObject
    from console.rehearsal.salesforce.store import Store


@dataclass(frozen=True, slots=True)
class Change:
    """One committed change, as listeners get it."""

    sobject: str
    record_id: str
    kind: str
    """CREATE, UPDATE, DELETE or UNDELETE."""
    fields: frozenset[str]
    """API names of the fields that got another value; empty for DELETE."""
    caller: Caller
    stamp: str
    """The record's new SystemModstamp, as REST writes it."""


class Journal:
    """Gathers the changes of a transaction; forgets those that are rolled back."""

    def __init__(self, store: Store) -> None:
        self.listeners: list[Callable[[Sequence[Change]], None]] = []
        self.setup_changed: Callable[[], None] = lambda: None
        """Called when a set-up record was written, so that what users may do is worked out anew."""
        self.undone: Callable[[], None] = lambda: None
        """Called when a rollback took set-up changes back, so that what was worked out from them is dropped."""
        self.sealing: Callable[[Sequence[Change]], None] = lambda changes: None
        """Called with all changes of the outermost transaction while it is still open, so that what is written
        down about them is kept or lost together with them."""
        self._store = store
        self._pending: list[Change] = []
        self._setup_touched = False

    def note(
        self,
        sobject: SObject,
        record_id: str,
        kind: str,
        fields: Iterable[str],
        caller: Caller,
        stamp: str,
    ) -> None:
        """Writes down a change of the running transaction."""
        if sobject.setup:
            self._setup_touched = True
            self.setup_changed()
        self._pending.append(Change(sobject.name, record_id, kind, frozenset(fields), caller, stamp))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; nests. After the outermost one commits, the listeners hear its changes in order."""
        start = len(self._pending)
        outermost = not self._store.in_transaction
        try:
            with self._store.transaction():
                yield
                if outermost and self._pending:
                    self.sealing(self._pending)
        except BaseException:
            del self._pending[start:]
            if self._setup_touched:
                self.undone()
            raise
        if outermost:
            self._setup_touched = False
            changes, self._pending = self._pending, []
            if changes:
                for listener in list(self.listeners):
                    listener(changes)
