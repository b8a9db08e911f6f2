"""Rounds of kills: while somebody edits both sides the console is killed and started again; then it comes to rest and is judged."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from bench.measure import NotMade
from bench.practice import NAME, Practice, practice
from bench.torture.processes import LONGEST_LIFE, Editing, Killable, Syncing, wait_for_calls
from bench.torture.sides import OF_CONTACT, OF_SALESFORCE, Picture, Sides
from bench.torture.undoing import Undoing
from bench.torture.verdict import Verdict, judge

NO_BRAKES = {"brake_share": 1.0, "brake_creates": 0, "brake_drop": 1.0}
"""Nobody is there to let go what a brake stops; that many edits at once are the point of it."""
KEPT_PLANS = "kept plans"
WAYS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("collections", {"bulk_from": 0, "pubsub_endpoint": ""}),
    ("bulk jobs", {"bulk_from": 2, "pubsub_endpoint": ""}),
    ("change events", {"bulk_from": 0, "pubsub_endpoint": "{endpoint}"}),
    (KEPT_PLANS, {"bulk_from": 0, "pubsub_endpoint": ""}),
)
"""How rows go out and how changes come in; one round after the other."""
UNDOS_A_RUN = 5
"""Kills, one after the other, while the same run is taken back."""
LATER = 2.5
"""Seconds after the first pass within which others are killed."""
PATIENCE = 60.0
"""Seconds after which a start that doesn't go on is given up."""
LATENCY_MS = 10
"""What the rehearsal adds to each answer: so that many kills meet calls under way."""
PASSES = 12
"""So many passes may be needed to come to rest."""


class Ordeal:
    """All that is done in one invocation, and what was counted.

    :param within: seconds in which a start has to finish its first pass.
    :param tell: told a line after each round.
    """

    def __init__(
        self,
        folder: Path,
        customers: int,
        rate: float,
        seed: int,
        within: float,
        tell: Callable[[str], object],
    ) -> None:
        self.kills = 0
        self.edits = 0
        self.in_flight = 0
        """Kills that left changes of which nobody knew whether they had taken effect."""
        self.resumed: list[tuple[float, float]] = []
        """Seconds from the start of a process until its first pass was finished, of those that came so far; and how many of
        them it computed."""
        self.late = 0
        self.verdict = Verdict()
        self._folder = folder
        self._customers = customers
        self._rate = rate
        self._seed = seed
        self._within = within
        self._tell = tell
        self._rng = random.Random(seed)

    def run(self, kills: int, a_round: int) -> None:
        """So many kills. :raises NotMade: a part does not do what it has to for this to be judged."""
        with practice(self._customers, self._folder) as console:
            for service in ("salesforce", "alguna"):
                console.control("POST", f"/{service}/options", {"latency_ms": LATENCY_MS})
            console.control("POST", "/salesforce/options", {"daily_api_limit": 10_000_000})
            sides = Sides(console.handout)
            before = Picture(
                {}, {}, strangers=[row["Name"] for row in sides.query("SELECT Name FROM Account")]
            )
            number = 0
            undos = min(a_round, kills // (len(WAYS) + 1))
            kills -= undos
            while self.kills < kills:
                way, settings = WAYS[number % len(WAYS)]
                endpoint = console.handout["pubsub"]["endpoint"]
                console.choose(
                    interval_seconds=1.0,
                    **NO_BRAKES,
                    **{
                        k: v.format(endpoint=endpoint) if isinstance(v, str) else v
                        for k, v in settings.items()
                    },
                )
                before = self._round(console, sides, before, number, min(a_round, kills - self.kills), way)
                number += 1
            if undos:
                self._undo(console, sides, undos)

    def _undo(self, console: Practice, sides: Sides, kills: int) -> None:
        undoing = Undoing(console, sides, self._rng, self._folder / "undo.log", self.edits * 2 + 1_000_000)
        while undoing.kills < kills:
            self._come_to_rest(console)
            undoing.cycle(min(UNDOS_A_RUN, kills - undoing.kills))
        self.kills += undoing.kills
        self.edits += undoing.edits
        self.verdict.losses += undoing.losses
        self._tell(
            f"Undo: {undoing.kills} kills while {undoing.runs} runs were taken back, {undoing.edits} edits, "
            f"{len(undoing.losses)} values that are not as before the run"
        )
        for sentence in undoing.losses:
            self._tell(f"  {sentence}")

    @property
    def passed(self) -> bool:
        """Whether all that is promised held."""
        return self.verdict.clean and not self.late

    def line(self) -> str:
        """The closing line."""
        verdict = self.verdict
        slowest, computed = max(self.resumed, default=(0.0, 0.0))
        half = sorted(self.resumed)[len(self.resumed) // 2][0] if self.resumed else 0.0
        return (
            f"{self.kills} kills ({self.in_flight} with changes under way), {self.edits} edits, "
            f"{verdict.compared} fields compared, losses = {len(verdict.losses) + len(verdict.differences)}, "
            f"duplicates = {len(verdict.duplicates)}, {verdict.kept} losing values kept in the history, "
            f"slowest resume {slowest:.1f} s ({computed:.1f} s computing) of {len(self.resumed)}, half within {half:.1f} s, "
            f"{self.late} later than {self._within:.0f} s, "
            f"seed {self._seed}"
        )

    def _round(
        self, console: Practice, sides: Sides, before: Picture, number: int, kills: int, way: str
    ) -> Picture:
        editing = Editing(console, seed=self._seed + number, start=self.edits * 2 + number, rate=self._rate)
        try:
            for _ in range(kills):
                if way == KEPT_PLANS:
                    self._kill_applying(console)
                else:
                    self._kill(console)
        finally:
            edits = editing.stop()
        self.edits += len(edits)
        self._come_to_rest(console)
        now = sides.picture()
        with closing(sqlite3.connect(f"file:{self._cache}?mode=ro", uri=True)) as cache:
            verdict = judge(before, now, edits, lambda *what: _held(cache, *what))
        self._add(verdict)
        self._tell(
            f"Round {number + 1} ({way}): {kills} kills, {len(edits)} edits, {verdict.compared} fields compared; "
            f"{verdict.kept} losing values kept, {verdict.unseen} never seen; slowest resume so far "
            f"{max(self.resumed, default=(0.0, 0.0))[0]:.1f} s"
        )
        for sentence in (*verdict.losses, *verdict.duplicates, *verdict.differences):
            self._tell(f"  {sentence}")
        return now

    @property
    def _cache(self) -> Path:
        return self._folder / "home" / "connections" / NAME / "cache.db"

    def _kill(self, console: Practice) -> None:
        """One life of a console: started, and killed at a random moment; when it went on is noted."""
        syncing = Syncing(console, self._folder / "sync.log")
        try:
            self._wait_for_a_moment(console, syncing)
            if not syncing.alive:
                raise NotMade(f"The console ended by itself: {syncing.failures}")
        finally:
            syncing.kill()
        self.kills += 1
        took = syncing.resumed if syncing.resumed is not None else syncing.age
        if syncing.failures:
            raise NotMade(f"A pass failed: {syncing.failures[0]}")
        if syncing.resumed is not None:
            self.resumed.append((syncing.resumed, syncing.computed or 0.0))
        self.late += took > self._within
        self.in_flight += self._under_way()

    def _kill_applying(self, console: Practice) -> None:
        """A plan is kept, applied, and that is killed; what it left open the next plan finds."""
        path = self._folder / "kept.plan"
        console.run("plan", NAME, "--out", str(path))
        with Killable(console, self._folder / "apply.log", ["apply", NAME, str(path)]) as applying:
            wait_for_calls(console, self._rng, applying)
        self.kills += 1
        self.in_flight += self._under_way()

    def _wait_for_a_moment(self, console: Practice, syncing: Syncing) -> None:
        how = self._rng.choice(("by the clock", "in its first calls", "later"))
        if how == "later":
            while syncing.resumed is None and syncing.alive and syncing.age < PATIENCE:
                time.sleep(0.01)
            time.sleep(self._rng.uniform(0, LATER))
            return
        if how == "by the clock":
            until = syncing.began + self._rng.uniform(0.2, LONGEST_LIFE)
            while time.monotonic() < until and syncing.alive:
                time.sleep(0.005)
            return
        wait_for_calls(console, self._rng, syncing)

    def _under_way(self) -> bool:
        with closing(sqlite3.connect(f"file:{self._cache}?mode=ro", uri=True)) as cache:
            if not cache.execute("SELECT 1 FROM sqlite_schema WHERE name = 'journal'").fetchone():
                return False
            return bool(cache.execute("SELECT 1 FROM journal WHERE status = 'sent' LIMIT 1").fetchone())

    def _come_to_rest(self, console: Practice) -> None:
        """Pass after pass until one finds nothing to do."""
        for _ in range(PASSES):
            changes = console.run("sync", NAME, "--once")["changes"]
            if not any(changes.values()):
                return
        raise NotMade(f"It did not come to rest in {PASSES} passes: {changes}")

    def _add(self, verdict: Verdict) -> None:
        for name in ("losses", "duplicates", "differences", "kept", "unseen", "compared"):
            setattr(self.verdict, name, getattr(self.verdict, name) + getattr(verdict, name))


def _held(cache: sqlite3.Connection, customer_id: str, name: str, value: str) -> bool:
    """Whether the history of this field has the value as the one that lost."""
    key = OF_SALESFORCE.get(name) or (f"Contact.{name}" if name in OF_CONTACT else name)
    rows = cache.execute(
        "SELECT lost, before FROM history WHERE customer_id = ? AND key = ?", (customer_id, key)
    )
    return any(value.split("\n")[0] in (text or "") for row in rows for text in row)
