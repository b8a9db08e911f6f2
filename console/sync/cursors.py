"""Where reading goes on: a cursor over the time stamps of rows, read twice so that late rows are not lost.

A row is stamped when a transaction writes it, and becomes visible when the transaction ends: it can show up
behind a cursor that has already passed its stamp. Reading an overlap again with every pass would find it, but
would also read everything that was written lately again and again, one's own bulk of writes above all. So every
stretch of time is read twice: as it passes, and once more in a later pass (a *sweep*), after all transactions of
that time must have ended.

    ──────── swept ───────────── mark ────────── newest ──▶ stamps
      all of it read     read once, a sweep       read once
      after its end      is due when the mark
                         is older than LATEST
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta

LATEST = timedelta(minutes=15)
"""No transaction lasts longer: Salesforce ends them after 10 minutes.
https://developer.salesforce.com/docs/atlas.en-us.apexcode.meta/apexcode/apex_gov_limits.htm
"""


def utc_now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


def text(moment: datetime) -> str:
    """An instant as the console writes it: ``2026-01-02T03:04:05Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(stamp: str) -> datetime:
    """The instant that :func:`text` wrote."""
    return datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Cursor:
    """All stamps are the other system's own; only `marked_at` is by this computer's clock."""

    newest: str = ""
    """The newest stamp seen; empty before the first reading ended."""
    swept: str = ""
    """Everything stamped before this was read after its transaction had ended."""
    mark: str = ""
    """What was the newest stamp at `marked_at`."""
    marked_at: str = ""
    """When it was seen; before the first reading ended, when that began."""

    @classmethod
    def load(cls, stored: Mapping[str, str] | None) -> Cursor:
        """The cursor that :meth:`stored` saved; a new one for None."""
        return cls(**stored) if stored else cls()

    def stored(self) -> dict[str, str]:
        """A JSON object that :meth:`load` reads."""
        return asdict(self)

    def start(self, now: datetime) -> str:
        """Read rows stamped at or after this; empty: read everything."""
        return self.swept if self.mark and self._sweep_is_due(now) else self.newest

    def _sweep_is_due(self, now: datetime) -> bool:
        """Also where the mark lies in the future: this computer's clock was set back, and how long ago it was isn't known."""
        return not timedelta(0) <= now - moment(self.marked_at) < LATEST

    def reached(self, stamp: str, began: datetime) -> Cursor:
        """A page up to `stamp` is in the cache, more may come: reading interrupted here goes on here."""
        if stamp <= self.newest:
            return self
        return replace(self, newest=stamp, marked_at=self.marked_at or text(began))

    def finished(self, newest: str, began: datetime, ended: datetime) -> Cursor:
        """Everything from :meth:`start` up to `newest` is in the cache.

        :param newest: the newest stamp among the rows, empty when there were none.
        """
        newest = max(newest, self.newest)
        if not newest:
            return self
        if not self.mark:
            first = moment(self.marked_at) if self.marked_at else began
            swept = text(moment(newest) - abs(ended - first) - LATEST)
            return Cursor(newest, swept, newest, text(ended))
        if self._sweep_is_due(began):
            return Cursor(newest, self.mark, newest, text(ended))
        return replace(self, newest=newest)
