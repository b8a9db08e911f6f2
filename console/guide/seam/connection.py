"""An open connection."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from console.domain.verdicts import Verdict
from console.guide.seam.accounts import AccountDetail, HistoryLine, ProblemLine
from console.guide.seam.connections import ConnectionFacts, Grid
from console.guide.seam.importing import ImportPreview
from console.guide.seam.past import Past
from console.guide.seam.planning import Plans
from console.guide.seam.rules import FieldRules
from console.guide.seam.words import ImportChoice
from console.sync.events import Event


class Connection(Protocol):
    """One open connection: its engine runs in its own thread until :meth:`close`."""

    def facts(self) -> ConnectionFacts:
        """The latest facts. Does not block: kept in memory, refreshed when a run ends."""
        ...

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Call `listener` with every event, on the engine's thread; first the last one of each kind, at once.

        Returns the function that ends the subscription. Does not block.
        """
        ...

    def paused(self) -> bool:
        """Whether the engine waits for :meth:`resume`. Does not block."""
        ...

    def pause(self) -> None:
        """Finish the call in flight, then wait. Does not block."""
        ...

    def resume(self) -> None:
        """Go on, with a pass at once. Does not block."""
        ...

    def sync_now(self) -> None:
        """Start the next pass at once (also while paused: one pass, then paused again). Does not block."""
        ...

    def sync_one(self, customer_id: str) -> None:
        """Look at one customer on both sides now and bring it in step; told by events. Does not block."""
        ...

    def audit(self) -> None:
        """Compare both sides whole with the cache; `Audited` tells what was missed. Writes to neither side. Does not block.

        :raises UsageError: nothing can be written from this console.
        """
        ...

    def outlook(self, customer_id: str, verdict: Verdict) -> AccountDetail:
        """The customer as it would be planned after a decision. Writes nothing. Blocks (milliseconds).

        :raises UsageError: it can't be decided like this now; the message says why.
        """
        ...

    def decide(self, customer_id: str, verdict: Verdict) -> None:
        """Keep a decision; the next pass acts on it. `Noted` tells when it is kept. Blocks (milliseconds).

        :raises UsageError: it can't be decided like this now, or nothing can be written from this console.
        """
        ...

    def retry(self, customer_id: str | None = None) -> None:
        """Try what was refused once more, of one customer or of all, with a pass at once. Does not block.

        :raises UsageError: nothing can be written from this console.
        """
        ...

    def grid(self) -> Grid:
        """Open the rows of the Accounts screen over a read-only connection of its own. Blocks (milliseconds)."""
        ...

    def account(self, ident: str) -> AccountDetail:
        """Everything about one account. `ident` is a customer's or an account's id. Blocks (milliseconds).

        :raises UsageError: there is no such customer or account (any more).
        """
        ...

    def recent(self, limit: int = 50) -> Sequence[HistoryLine]:
        """The newest changes of all accounts, newest first. Blocks (milliseconds)."""
        ...

    def plans(self) -> Plans:
        """What the next pass would do, and what a brake stopped. Does not block."""
        ...

    def past(self) -> Past:
        """Runs, what they did, taking one back, and what an account was like then. Does not block."""
        ...

    def rules(self) -> FieldRules:
        """The field rules: looking at them, trying others out, keeping others. Does not block."""
        ...

    def problems(self) -> Sequence[ProblemLine]:
        """What is open and needs a person, most serious first. Blocks (milliseconds)."""
        ...

    def import_preview(self, choice: ImportChoice) -> ImportPreview:
        """Count what importing would do, from the cache; writes nothing. Blocks (seconds on a large cache)."""
        ...

    def start_import(self, choice: ImportChoice) -> None:
        """Bring existing customers into scope from the next pass on, which starts at once. Blocks (milliseconds)."""
        ...

    def close(self) -> None:
        """Stop the engine and let go of the cache. Blocks, at most 2 seconds."""
        ...
