"""Runs that are written down: when they began, how they ended, what they took; told to whoever listens."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from console.domain.records import State
from console.errors import Braked, Cancelled, ConsoleError, Refused, StoreError
from console.sync import braking
from console.sync.access import KEY, forget_access
from console.sync.attention import note_states
from console.sync.audit import SETUP_CODES
from console.sync.cursors import text
from console.sync.events import RunFailed, RunFinished, RunSummary, Tally
from console.sync.following.feeds import FeedKeeper
from console.sync.passes import Pass
from console.sync.ruling import adopt
from console.sync.telling import Telling
from console.sync.tools import Surroundings, tools

RUN = "run"
"""Subject of the problem that a failed pass opens; its category is the error's."""


class Recorder:
    """Does an engine's work as runs."""

    def __init__(self, around: Surroundings, telling: Telling, feeds: FeedKeeper) -> None:
        self._around = around
        self._telling = telling
        self._feeds = feeds

    def run(
        self, kind: str, work: Callable[[Pass], None], *, plan: str = "", undoes: int | None = None
    ) -> RunSummary:
        """Do some work as a run, and tell how it ended.

        :param plan: the hash of the kept plan that is carried out. :param undoes: the run that is taken back.
        :raises ConsoleError: it could not go on; what was applied stays applied.
        :raises Cancelled: the engine was told to stop.
        """
        self._telling.begin()
        self._around.budget.renew()
        self._around.workers.check()
        self._around.overtaken.clear()
        failed: list[RunFailed] = []
        try:
            summary = self._recorded(kind, work, failed, plan=plan, undoes=undoes)
        except Cancelled:
            raise
        except ConsoleError as error:
            # A disk may be full, or refuse, before there is a run, and after it too.
            self._around.publish(failed[0] if failed else RunFailed(None, error))
            raise
        if kind != "audit":  # that is no pass: nothing was brought in step by it
            self._around.publish(RunFinished(summary))
        return summary

    def _recorded(
        self,
        kind: str,
        work: Callable[[Pass], None],
        failed: list[RunFailed],
        *,
        plan: str,
        undoes: int | None,
    ) -> RunSummary:
        """Do the work as a run that is written down; where it fails, `failed` gets what is known of it."""
        began = time.monotonic()
        cache = self._around.cache
        cache.abandon_pulls()
        run = cache.runs.start(kind, text(self._around.clock()), undoes)
        tally = Tally()

        def finish(outcome: str) -> RunSummary:
            states = cache.entries.counts()
            salesforce_calls, alguna_calls = self._telling.calls
            summary = RunSummary(
                run=run,
                planned=tally.planned,
                applied=tally.applied,
                refused=tally.refused,
                stale=tally.stale,
                incomplete=states.get(State.INCOMPLETE, 0),
                review=states.get(State.REVIEW, 0),
                salesforce_calls=salesforce_calls,
                alguna_calls=alguna_calls,
                seconds=time.monotonic() - began,
                already=tally.already,
                plan=plan,
                bytes=tally.bytes,
                forecast=tally.forecast,
                reduced=tally.reduced,
            )
            cache.runs.finish(run, text(self._around.clock()), outcome, summary.as_json())
            self._around.budget.save(cache)
            self._telling.standing()
            return summary

        try:
            self._attempt(run, tally, work)
        except Cancelled:
            finish("stopped")
            raise
        except ConsoleError as error:
            summary = None
            if not isinstance(error, StoreError):
                at = text(self._around.clock())
                cache.problems.report(error.category, RUN, error.message, error.advice, at)
                if isinstance(error, Braked):
                    braking.note(cache, error, at)
                summary = finish(error.category)
            failed.append(RunFailed(run, error, summary))
            raise
        with cache.transaction():
            for category in {problem.category for problem in cache.problems.of(RUN)}:
                cache.problems.resolve(category, RUN)
            note_states(cache, text(self._around.clock()))
            cache.journal.forget(run)
            if kind == "sync":
                braking.done(cache, text(self._around.clock()))
        return finish("done")

    def _attempt(self, run: int, tally: Tally, work: Callable[[Pass], None]) -> None:
        """Do the work; where a field turns out not to be as the org described it, ask again and start over once."""
        try:
            work(self._work(run, tally))
        except Refused as error:
            if error.code not in SETUP_CODES or self._around.cache.get(KEY) is None:
                raise
            forget_access(self._around.cache)
            work(self._work(run, tally))

    def look(self) -> Pass:
        """The steps of a pass that only looks: use it within `undone`."""
        return self._work(self._around.cache.runs.start("dry", text(self._around.clock())), Tally())

    def _work(self, run: int, tally: Tally) -> Pass:
        made = tools(self._around, run, tally, self._telling.progress)
        # Before anything is observed: what moves from now on goes by the new rules.
        adopt(self._around.cache, made.policy, text(self._around.clock()), self._around.workers.check)
        return Pass(self._around, made, self._telling, self._feeds)

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Whatever happens to the cache inside did not happen."""
        try:
            with self._around.cache.transaction():
                yield
                raise _Undo
        except _Undo:
            return
        finally:
            self._around.cache.abandon_pulls()


class _Undo(Exception):
    """Ends a transaction that is only for looking."""
