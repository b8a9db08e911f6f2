"""Workers with names, whose unexpected errors always reach a person.

Textual's worker messages do not bubble, so whoever starts workers mixes this in: a worker that ends with an
exception nobody expected becomes a report to copy. Expected ones (ConsoleError) are handled where they arise.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, cast
from weakref import finalize

from textual.worker import Worker, WorkerState

if TYPE_CHECKING:
    from textual.dom import DOMNode

    from screens.app import ConsoleApp

    _Node = DOMNode
else:
    _Node = object  # Textual takes the first DOMNode among the bases for the whole family


class Works(_Node):
    """Something that starts workers."""

    def begin(self, work: Coroutine[Any, Any, None], name: str, *, exclusive: bool = True) -> Worker[None]:
        """Start `work` in a group of its own name; a newer one of the same name cancels it when `exclusive`."""
        worker = self.run_worker(work, name=name, group=name, exclusive=exclusive, exit_on_error=False)
        # A worker that is cancelled before its first step leaves its work unawaited; closed, nobody is warned of it.
        finalize(worker, work.close).atexit = False
        return worker

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Hand an unexpected end to the app."""
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            cast("ConsoleApp", self.app).report(event.worker.name, event.worker.error)
