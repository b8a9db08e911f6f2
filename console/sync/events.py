"""What the engine tells whoever listens: small immutable facts, at most 20 a second."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from console.errors import ConsoleError
from console.sync.following.feeds import Feeds

if TYPE_CHECKING:
    from console.sync.forecast import Forecast


@dataclass(frozen=True, slots=True)
class Progress:
    """What is being done now. `total` is None while it isn't known; `rate` is in records a second."""

    run: int
    phase: str
    done: int = 0
    total: int | None = None
    rate: float = 0.0


@dataclass(frozen=True, slots=True)
class Changed:
    """One change that was applied or refused, as it happens (the newest of a burst; all of them are in the history)."""

    at: str
    run: int
    side: str
    customer_id: str
    name: str
    field: str
    before: str
    after: str
    outcome: str
    """``applied``, ``refused`` or ``stale``."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Accounts per state, and problems open."""

    states: Mapping[str, int]
    problems: int = 0


@dataclass(frozen=True, slots=True)
class Calls:
    """API calls: those of this run, and the org's day as Salesforce last reported it (None while unknown)."""

    salesforce: int
    alguna: int
    used: int | None = None
    limit: int | None = None
    allocation: int | None = None
    """Calls that the console may use in 24 hours."""
    own: int = 0
    """Those that it used."""
    left: int | None = None
    """Those that it may still make now, by its own allocation and by what others left."""
    forecast: int | None = None
    """Salesforce calls of this pass: those made and those still expected; None before it is known what is due."""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One pass in numbers; the shape of ``sync --json`` comes from here."""

    run: int
    planned: int = 0
    applied: int = 0
    refused: int = 0
    stale: int = 0
    incomplete: int = 0
    review: int = 0
    salesforce_calls: int = 0
    alguna_calls: int = 0
    seconds: float = 0.0
    already: int | None = None
    """Of a frozen plan, the changes that stood there already; None for any other run."""
    plan: str = ""
    """Hash of the frozen plan that was applied."""
    bytes: int = 0
    """Of the values that were written."""
    forecast: Mapping[str, object] = field(default_factory=dict)
    """What it was to take, reckoned before it was written: calls, bytes, minutes; empty where nothing was to be written."""
    reduced: str = ""
    """What the signed-in user lacks that kept the run from most of its work, and how that is mended."""

    def as_json(self) -> dict[str, object]:
        """``{"run", "changes", "waiting", "calls", "seconds"}``."""
        return {
            "run": self.run,
            "changes": {
                "planned": self.planned,
                "applied": self.applied,
                "refused": self.refused,
                "stale": self.stale,
            },
            "waiting": {"incomplete": self.incomplete, "review": self.review},
            "calls": {"salesforce": self.salesforce_calls, "alguna": self.alguna_calls},
            "seconds": round(self.seconds, 3),
            **({"reduced": self.reduced} if self.reduced else {}),
            "bytes": self.bytes,
            "forecast": dict(self.forecast),
            **({} if self.already is None else {"already": self.already, "plan": self.plan}),
        }


@dataclass(frozen=True, slots=True)
class RunFinished:
    """A pass ended; everything seen was applied, refused with a reason, or is planned for the next one."""

    summary: RunSummary


@dataclass(frozen=True, slots=True)
class RunFailed:
    """A pass could not go on. What was applied stays applied; the rest is planned again next time."""

    run: int | None
    error: ConsoleError
    summary: RunSummary | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Between passes: seconds until the next one, or None while paused."""

    seconds: float | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Noted:
    """What a person decided or asked for was kept, for the next pass to act on; or why it was not."""

    customer_id: str | None = None
    """The customer that it is about, None when it is about several."""
    error: ConsoleError | None = None


@dataclass(frozen=True, slots=True)
class Audited:
    """How far the audit is."""

    accounts: int
    """Compared in the round under way, or in the last one."""
    of: int
    missed: int
    """What observing had missed of them."""
    verified: int
    """Linked customers that were verified equal ever."""
    linked: int
    oldest: str | None
    """When the one was that waits longest."""
    said: str = ""
    """One sentence, where a person had asked for an audit."""


Event = Progress | Changed | Counts | Calls | RunFinished | RunFailed | Waiting | Noted | Feeds | Audited


@dataclass(slots=True)
class Tally:
    """A run's numbers while they grow."""

    planned: int = 0
    applied: int = 0
    refused: int = 0
    stale: int = 0
    refused_customers: set[str] = field(default_factory=set)
    already: int | None = None
    """Of a frozen plan, the changes whose effect stands there already."""
    reduced: str = ""
    """As in `RunSummary`."""
    bytes: int = 0
    cost: Forecast | None = None
    """What was planned so far, added up before it was written."""
    rows_written: int = 0
    """Salesforce rows: what the next reading will see again."""
    postponed: set[str] = field(default_factory=set)
    """Customers whose plan could not be carried out (a locked row, a side that can't be reached): planned again."""

    @property
    def forecast(self) -> dict[str, object]:
        """What was to be done and was planned before it was: calls, bytes, minutes; empty where nothing was."""
        if self.cost is None or not self.cost.bytes:
            return {}
        return {"calls": self.cost.calls(), "bytes": self.cost.bytes, "minutes": self.cost.minutes}
