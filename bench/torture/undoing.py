"""Taking back what a run wrote, killed again and again: in the end everything stands as before the run, on both sides."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path

from bench.practice import NAME, Practice
from bench.torture.editor import Editor
from bench.torture.processes import Killable, wait_for_calls
from bench.torture.sides import Picture, Sides, Values

EDITS = 25
"""For each run that is taken back."""


class Undoing:
    """Edits, a run, and its undo, in cycles.

    :param talk: the file that an undo's words go to.
    :param start: number of the first edit.
    """

    def __init__(self, console: Practice, sides: Sides, rng: random.Random, talk: Path, start: int) -> None:
        self.kills = 0
        self.runs = 0
        self.edits = 0
        self.losses: list[str] = []
        self._console = console
        self._sides = sides
        self._rng = rng
        self._talk = talk
        self._editor = Editor(sides, rng.randrange(1_000_000), start)

    def cycle(self, kills: int) -> None:
        """Both sides are at rest; edit them, sync once, and take that run back while it is killed so often.

        :raises NotMade: a command fails that was not killed.
        """
        self.edits += sum(self._editor.edit(only_change=True) is not None for _ in range(EDITS))
        before = self._sides.picture()
        run = str(self._console.run("sync", NAME, "--once")["run"])
        for _ in range(kills):
            with Killable(self._console, self._talk, ["undo", NAME, run]) as undoing:
                wait_for_calls(self._console, self._rng, undoing)
            self.kills += 1
        self._console.run("undo", NAME, run)
        self.runs += 1
        self.losses += _differences(before, self._sides.picture(), "after the undo")
        self._console.run("sync", NAME, "--once")
        self.losses += _differences(before, self._sides.picture(), "after the pass behind it")


def _differences(before: Picture, now: Picture, when: str) -> list[str]:
    found = _moved(before.customers, now.customers, f"in Alguna {when}")
    if before.accounts.keys() != now.accounts.keys() or before.contacts != now.contacts:
        found.append(f"accounts or contacts came or went {when}")
    there = {id_: rows[0] for id_, rows in before.accounts.items()}
    return found + _moved(
        there, {id_: rows[0] for id_, rows in now.accounts.items()}, f"in Salesforce {when}"
    )


def _moved(before: Mapping[str, Values], now: Mapping[str, Values], where: str) -> list[str]:
    return [
        f"{id_} {name} {where}: {value!r} stood there before the run, now {now.get(id_, {}).get(name)!r}"
        for id_, values in before.items()
        for name, value in values.items()
        if now.get(id_, {}).get(name) != value
    ]
