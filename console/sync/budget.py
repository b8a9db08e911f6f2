"""The console's own allocation of the org's API calls: how much of the day it may use, and when it has to stop.

Salesforce counts the calls of everybody over a moving 24 hours and reports its count and the org's limit with each
reply (``Sforce-Limit-Info``); the limit is read there and never assumed:
https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_api_usage.htm

Two rules hold at once. The console uses at most its *share* of the limit, counted by itself and kept in the cache by the hour.
And it leaves the last calls of the org's day, the *floor*, to others, whoever used the rest. A call that would break
one of them is not made.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from console.errors import BudgetReached
from console.salesforce.info import Usage
from console.store.cache import Cache
from console.sync.asides import Asides
from console.sync.cursors import moment, text

USAGE = "salesforce.usage"
"""Key, in the cache, of the org's API calls as last reported, and of the allocation."""
HOURS = "salesforce.calls_by_hour"
"""Key, in the cache, of the console's own calls by the hour they were made in."""
WINDOW = timedelta(hours=24)
HOUR = timedelta(hours=1)
LOOK_AGAIN = timedelta(minutes=10)
"""When the day or the share is used up: after this long one call is spent on finding out whether that still holds, or
whether the org's limit was raised."""

LARGER = (
    "A larger share is set by api_share in the connection's settings, and counts at once. Meanwhile the console looks again"
    " every ten minutes, in case the org's limit is raised."
)

OWN, OTHERS = "own", "others"


Chosen = Callable[[], "tuple[float, int] | None"]
"""The share and the floor as the settings say now; None where they can't be read, which changes nothing."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How the budget stands. None while no reply has told the org's limit."""

    own: int
    """Calls of this console in the last 24 hours."""
    used: int | None = None
    """The org's calls in the last 24 hours, of everybody."""
    limit: int | None = None
    allocation: int | None = None
    """Calls that the console may use in 24 hours."""
    left: int | None = None
    """Calls that it may still make now."""

    def as_json(self) -> dict[str, int | None]:
        """As ``status --json`` prints it."""
        return asdict(self)


class Budget:
    """Counts, and refuses what would pass the allocation. Safe to use from several threads.

    :param share: of the org's limit, above 0 and at most 1.
    :param floor: calls a day that are left for others.
    :param asides: the calls that the console makes outside of sessions.
    :param chosen: share and floor as they are chosen by now; None where they don't change.
    """

    def __init__(
        self,
        share: float,
        floor: int,
        clock: Callable[[], datetime],
        asides: Asides | None = None,
        chosen: Chosen | None = None,
    ) -> None:
        self._chosen = chosen
        self._asides = asides
        self._share = share
        self._floor = floor
        self._clock = clock
        self._lock = threading.Lock()
        self._hours: dict[str, int] = {}
        self._usage: Usage | None = None
        self._told_at = ""
        self._fresh = False
        """What is known of the org comes from an earlier session: a person may have waited, or had the limit raised."""
        self._asked = False
        """A person wants to know now."""

    @classmethod
    def load(
        cls,
        cache: Cache,
        share: float,
        floor: int,
        clock: Callable[[], datetime],
        asides: Asides | None = None,
        chosen: Chosen | None = None,
    ) -> Budget:
        """The budget as the last session left it."""
        budget = cls(share, floor, clock, asides, chosen)
        budget._hours = dict(cache.get(HOURS) or {})
        known: dict[str, Any] = cache.get(USAGE) or {}
        if known.get("used") is not None and known.get("limit") is not None and known.get("at"):
            budget._usage, budget._told_at = Usage(known["used"], known["limit"]), known["at"]
            budget._fresh = True
        return budget

    def save(self, cache: Cache) -> None:
        """Keep what was counted."""
        standing = self.standing()
        with self._lock:
            hours, at = dict(self._hours), self._told_at
        with cache.transaction():
            cache.set(HOURS, hours)
            if standing.limit is not None:
                cache.set(USAGE, {**standing.as_json(), "at": at})

    def admit(self) -> None:
        """A call is about to be made.

        :raises BudgetReached: it must not be; `advice` says when calls are possible again.
        """
        with self._lock:
            now = self._clock()
            self._forget(now)
            ended = self._ended(now)
            if ended is not None:
                raise ended
            hour = text(now)[:13]
            self._hours[hour] = self._hours.get(hour, 0) + 1
            if self._usage is not None:
                self._usage = Usage(self._usage.used + 1, self._usage.limit)

    def look_now(self) -> None:
        """A person asks for a pass: where nothing is left, the next call finds out whether that still holds."""
        with self._lock:
            self._asked = True

    def afford(self, calls: int) -> None:
        """A piece of work that takes so many calls is about to begin. What no day has room for may: it is done in parts, each
        of which :meth:`admit` ends.

        :raises BudgetReached: it would pass the allocation; `advice` says when there is room for all of it.
        """
        with self._lock:
            now = self._clock()
            self._forget(now)
            usage = self._usage
            if usage is None:
                return
            hours = self._all(now)
            room = self._room(sum(hours.values()), usage)
            left = max(0, min(room.values()))
            allocation = self._allocation(usage.limit)
            if calls <= left or calls > allocation:
                return
            again = now + LOOK_AGAIN if room[OTHERS] < calls else now
            freed = room[OWN]
            for hour in sorted(hours):
                if freed >= calls:
                    break
                freed += hours[hour]
                again = max(again, _hour(hour) + HOUR + WINDOW)
            why = (
                "when enough of the console's own calls are a day old"
                if room[OWN] < calls
                else "to see whether the org's last 24 hours have room by then"
            )
        raise BudgetReached(
            f"This needs about {calls:,} Salesforce API calls; of the console's {allocation:,} a day {left:,} can still be made: "
            "none of it was begun.",
            f"It tries again at {_clock(again)}, {why}. {LARGER}",
            goes_on_at=text(again),
        )

    def told(self, usage: Usage) -> None:
        """A reply told the org's count."""
        with self._lock:
            self._usage, self._told_at, self._fresh = usage, text(self._clock()), False
            self._asked = False

    def standing(self) -> Standing:
        """How it stands now."""
        with self._lock:
            now = self._clock()
            self._forget(now)
            own, usage = sum(self._all(now).values()), self._usage
            if usage is None:
                return Standing(own)
            room = self._room(own, usage)
            left = max(0, min(room.values()))
            return Standing(own, usage.used, usage.limit, self._allocation(usage.limit), left)

    # --- inside, locked --------------------------------------------------------------------------------------

    def renew(self) -> None:
        """A pass begins: share and floor as they are chosen by now."""
        with self._lock:
            self._moved()

    def _moved(self) -> bool:
        """Take share and floor as they are chosen by now; whether that is something else."""
        chosen = self._chosen() if self._chosen is not None else None
        if chosen is None or chosen == (self._share, self._floor):
            return False
        self._share, self._floor = chosen
        return True

    def _allocation(self, limit: int) -> int:
        return max(0, min(int(limit * self._share), limit - self._floor))

    def _room(self, own: int, usage: Usage) -> dict[str, int]:
        return {OWN: self._allocation(usage.limit) - own, OTHERS: usage.limit - self._floor - usage.used}

    def _ended(self, now: datetime) -> BudgetReached | None:
        usage = self._usage
        if usage is None:
            return None
        hours = self._all(now)
        room = self._room(sum(hours.values()), usage)
        if room[OWN] > 0 and room[OTHERS] > 0:
            return None
        if self._moved():
            return self._ended(now)
        by_itself = room[OWN] <= 0 and self._allocation(usage.limit) > 0
        due = self._asked or not timedelta(0) <= now - moment(self._told_at) < LOOK_AGAIN
        if due or (self._fresh and not by_itself):
            self._fresh = self._asked = False
            self._usage = None  # this call finds out whether the org has room by now
            return None
        if room[OWN] <= 0:
            return self._share_used(usage, hours)
        again = moment(self._told_at) + LOOK_AGAIN
        return BudgetReached(
            f"Of the org's API calls only those are left that belong to others: {usage.used:,} of {usage.limit:,} are used, "
            f"and {self._floor:,} stay free.",
            f"It looks again at {_clock(again)} and goes on once the org's last 24 hours have room. What was done stays.",
            goes_on_at=text(again),
        )

    def _share_used(self, usage: Usage, hours: dict[str, int]) -> BudgetReached:
        allocation = self._allocation(usage.limit)
        most = f"The console has used its share of the org's API calls: {allocation:,} of {usage.limit:,} in 24 hours."
        if not hours or not allocation:
            return BudgetReached(
                f"The console may make no API calls in this org: of {usage.limit:,} a day {self._floor:,} are kept for others.",
                "Lower api_floor, or raise api_share, in the connection's settings: both count at once.",
            )
        again = _hour(min(hours)) + HOUR + WINDOW
        return BudgetReached(
            most,
            f"It goes on at {_clock(again)}, when the first of them are a day old; what was done stays. {LARGER}",
            goes_on_at=text(again),
        )

    def _all(self, now: datetime) -> dict[str, int]:
        """Calls by the hour, those outside of sessions included."""
        hours, this = dict(self._hours), text(now)[:13]
        beside = {} if self._asides is None else self._asides.hours(text(now - WINDOW)[:13])
        for hour, calls in beside.items():
            if hour <= this:
                hours[hour] = hours.get(hour, 0) + calls
        return hours

    def _forget(self, now: datetime) -> None:
        """An hour counts until its last minute is a day old. One that is yet to come was counted by a clock that has been set
        back since: it counts as if it were now."""
        oldest, this = text(now - WINDOW)[:13], text(now)[:13]
        for hour in [hour for hour in self._hours if hour > this]:
            self._hours[this] = self._hours.get(this, 0) + self._hours.pop(hour)
        for hour in [hour for hour in self._hours if hour < oldest]:
            del self._hours[hour]


def _hour(key: str) -> datetime:
    return moment(f"{key}:00:00Z")


def _clock(at: datetime) -> str:
    return at.strftime("%H:%M UTC on %d %B")
