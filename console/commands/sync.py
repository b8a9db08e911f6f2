"""``sync``: passes, one or one after the other."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from console.cli import OpenScreens
from console.commands.credentials import opened
from console.commands.output import Output
from console.commands.planning import show_next
from console.commands.stopping import stoppable
from console.domain.plain import plain
from console.domain.records import State
from console.errors import ConsoleError
from console.secrets import Secrets
from console.settings import Connections, ConnectionSettings
from console.store.cache import Cache
from console.sync import braking
from console.sync.events import Changed, Event, Progress, RunFailed, RunFinished, RunSummary
from console.sync.runner import EngineThread
from console.sync.session import open_session, opener

WAITING = 3
FOR_A_PERSON = (State.INCOMPLETE, State.REVIEW, State.CONFLICT, State.REFUSED)
WORDS = {State.REVIEW: "for review", State.CONFLICT: "to decide"}
LASTING = ("sign_in", "conflict")
"""Categories of failures that passing time does not mend."""
PATIENCE = 2.0
"""Seconds that the engine gets to stop; calls still under way then are looked up by the next pass."""


def run(args: argparse.Namespace, out: Output, open_screens: OpenScreens) -> int:
    """One pass, pass after pass, or only the plan of one."""
    settings, connections, secrets = opened(args)
    if args.dry_run:
        return show_next(args, out, settings, connections, secrets)
    if args.watch:
        return watch(out, settings, connections, secrets)
    with (
        stoppable() as stop,
        open_session(
            settings, connections, secrets, publish=talk(out), cancelled=stop, holder="syncing once"
        ) as session,
    ):
        if args.release:
            braking.release(session.cache)
        summary = session.engine.run()
        waiting = waits_for_a_person(session.cache)
    out.data(summary.as_json(), words(summary, waiting))
    return exit_code(summary, waiting)


def waits_for_a_person(cache: Cache) -> dict[State, int]:
    """How many customers wait, by state: also those that an earlier pass left waiting."""
    counts = cache.entries.counts()
    return {state: counts[state] for state in FOR_A_PERSON if counts.get(state)}


def exit_code(summary: RunSummary, waiting: dict[State, int]) -> int:
    """How a command ends that ran a pass to its end."""
    return WAITING if summary.refused or waiting or summary.reduced else 0


def watch(
    out: Output,
    settings: ConnectionSettings,
    connections: Connections,
    secrets: Secrets,
    beside: Callable[[EngineThread], AbstractContextManager[None]] | None = None,
) -> int:
    """Pass after pass until a signal ends it, one line for each; a failed one is told and tried again.

    :param beside: what else runs meanwhile, given the engine.
    What only a person can mend, and a reader of our lines that went away, end it too.
    """
    with stoppable() as stop:
        ending: list[ConsoleError | OSError] = []

        def listen(event: Event) -> None:
            try:
                if isinstance(event, RunFinished):
                    out.data(event.summary.as_json(), words(event.summary))
                elif isinstance(event, RunFailed) and event.error.category in LASTING:
                    ending.append(event.error)
                    stop.set()
                elif isinstance(event, RunFailed):
                    out.data(event.error.as_json(), f"{event.error.message} {event.error.advice}")
            except OSError as error:
                ending.append(error)
                stop.set()

        engine = EngineThread(
            opener(settings, connections, secrets), listen, interval=settings.interval_seconds
        )
        engine.start()
        try:
            with nullcontext() if beside is None else beside(engine):
                stop.wait()
        finally:
            engine.stop(PATIENCE)
    if ending:
        raise ending[0]
    out.talk("Stopped.")
    return 0


def talk(out: Output) -> Callable[[Event], None]:
    """Tells each phase of a run, and what was refused."""
    phase = ""

    def listen(event: Event) -> None:
        nonlocal phase
        if isinstance(event, Progress) and event.phase != phase:
            phase = event.phase
            out.talk(f"{phase} ...")
        elif isinstance(event, Changed) and event.outcome == "refused":
            out.talk(f"Refused: {plain(event.name, 60)}, {event.field}")

    return listen


def words(summary: RunSummary, waiting: dict[State, int] | None = None) -> str:
    """A run in a sentence or two."""
    if waiting is None:
        waiting = {State.INCOMPLETE: summary.incomplete, State.REVIEW: summary.review}
    parts = [f"{count} {WORDS.get(state, state)}" for state, count in waiting.items() if count]
    return (
        f"Run {summary.run}: {summary.applied} changes applied, {summary.refused} refused, {summary.stale} moved meanwhile"
        f"{'; waiting: ' + ', '.join(parts) if parts else ''}. "
        f"{summary.salesforce_calls} Salesforce and {summary.alguna_calls} Alguna calls, {summary.seconds:.1f} s."
        f"{' ' + summary.reduced if summary.reduced else ''}"
    )
