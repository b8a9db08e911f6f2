"""Rows on their way into Salesforce: in collections, five of them to a call, each row settled by its own answer."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import TypeVar

from console.errors import Cancelled, ConsoleError, Refused, Unreachable
from console.salesforce.client import RowReply, SubReply
from console.salesforce.composite import MOST_REQUESTS
from console.salesforce.errors import ABOUT_THE_ORG
from console.sync.answers import Answers
from console.sync.jobs import Job
from console.sync.ledger import Ended, Ledger
from console.sync.meter import ORG, Meter
from console.sync.org import HEAVY, ROWS, Org, batches
from console.sync.recover import Recovery
from console.sync.rows import WAYS, Row, as_item, lacks_the_match, request, single_request
from console.sync.workers import Workers

T = TypeVar("T")

TRIES = 4
PAUSE = 0.5
"""Seconds before a locked row is sent again; doubled each time, with jitter."""


class RowWriter:
    """Writes rows and settles them.

    :param overtaken: customers about whom a person decided something since they were planned: their rows aren't sent.
    """

    def __init__(
        self,
        *,
        org: Org,
        workers: Workers,
        ledger: Ledger,
        recovery: Recovery,
        answers: Answers,
        meter: Meter,
        overtaken: Collection[str],
    ) -> None:
        self._org = org
        self._workers = workers
        self._ledger = ledger
        self._recovery = recovery
        self._answers = answers
        self._meter = meter
        self._overtaken = overtaken
        self._width = HEAVY
        self._taken_apart: list[list[list[Row]]] = []
        """Calls still to be made because a larger one was refused as a whole: one record fails it for all, and is looked for."""

    def write(self, rows: Sequence[Row], standing: Callable[[Sequence[Row]], list[Row]]) -> None:
        """Send rows; each is applied, refused or stale in the end.

        Rows that somebody else holds locked are sent again a few times. A call whose answer got lost is looked up.

        :param standing: reads rows that were locked once more, because whoever held them may have changed them, and
            returns those that are still as their plan found them.
        :raises ConsoleError: the org can't be used any further; what was sent is settled or in the journal.
        """
        waiting = list(rows)
        for attempt in range(TRIES):
            if attempt and waiting:
                self._workers.sleep(PAUSE * 2 ** (attempt - 1) * random.uniform(0.7, 1.3))  # noqa: S311
                waiting = standing(waiting)
            if not waiting:
                return
            waiting = self._round(waiting)
        self._postpone(waiting)

    def _round(self, rows: Sequence[Row]) -> list[Row]:
        """Send all rows once; returns those to send again."""
        again: list[Row] = []
        collections = [
            collection
            for verb, forced in WAYS
            for collection in batches((row for row in rows if (row.verb, row.forced) == (verb, forced)), ROWS)
        ]
        done = 0
        waiting = deque(collections)
        while waiting or self._taken_apart:
            if self._taken_apart:
                taken = self._taken_apart.pop()
            else:
                taken = [waiting.popleft() for _ in range(min(self._width, len(waiting)))]
                done += len(taken)
            again += self._call(taken)
            self._meter.part("Writing to Salesforce", ORG, done, len(collections))
        return again

    def _call(self, planned: Sequence[Sequence[Row]]) -> list[Row]:
        self._org.hold()
        collections = self._still_planned(planned)
        if not collections:
            return []
        rows = [row for collection in collections for row in collection]
        changes = [change for row in rows for change in row.changes]
        self._ledger.sending(changes)
        try:
            replies = self._org.send_now(
                [request(place, each, self._org.lists) for place, each in enumerate(collections)]
            )
        except Unreachable as error:
            if not error.maybe_done:
                self._ledger.settle([Ended(change, "stale", error) for change in changes])
                raise
            # Perhaps the call was too heavy to be answered in time: the next ones carry less.
            self._width = max(1, self._width // 2)
            self._resolve(rows)
            return []
        except Cancelled:
            raise  # left behind: looked up by the next pass
        except ConsoleError as error:
            if _is_about_a_row(error) and len(rows) > 1:
                self._ledger.waiting(changes)
                if len(collections) > 1:
                    self._taken_apart += _halved([list(each) for each in collections])
                else:
                    self._taken_apart += [[half] for half in _halved(rows)]
                return []
            if _is_about_a_row(error):
                return self._refuse(rows[0], error)
            self._ledger.settle([Ended(change, "stale", error) for change in changes])
            raise
        return self._settle(collections, replies)

    def _still_planned(self, collections: Sequence[Sequence[Row]]) -> list[Sequence[Row]]:
        """The rows that are still to be written: not those whose customer was decided about since."""
        for job in {
            id(row.job): row.job
            for collection in collections
            for row in collection
            if row.job.customer_id in self._overtaken
        }.values():
            self._give_up(job)
        left = [
            [row for row in collection if row.job.customer_id not in self._overtaken]
            for collection in collections
        ]
        return [collection for collection in left if collection]

    def _refuse(self, row: Row, error: ConsoleError) -> list[Row]:
        """A record that no call gets through with, found by taking the calls apart."""
        end = self._answers.begin()
        self._answers.over(row, "refused", error, end)
        self._ledger.settle(end.ended)
        return []

    def _resolve(self, rows: Sequence[Row]) -> None:
        """Look up what became of rows whose answer got lost; what did not arrive is planned again."""
        self._recovery.resolve([change for row in rows for change in row.changes], self._ledger)
        for row in rows:
            row.job.settled(row.changes)
            self._give_up(row.job)

    def _settle(self, collections: Sequence[Sequence[Row]], replies: Sequence[SubReply]) -> list[Row]:
        end = self._answers.begin()
        lost: list[Row] = []
        unsaid: list[Row] = []
        for collection, reply in zip(collections, replies, strict=True):
            error = reply.error()
            if isinstance(error, Unreachable):
                lost += collection  # the whole collection failed, and may have taken effect before it did
                continue
            if error is not None and _is_about_a_row(error) and len(collection) > 1:
                self._ledger.waiting(change for row in collection for change in row.changes)
                self._taken_apart.append(_halved(collection))
                continue
            results = (
                reply.results() if error is None else [RowReply(None, False, error=error)] * len(collection)
            )
            for row, result in zip(collection, results, strict=True):
                if result.success and result.id is not None:
                    self._answers.applied(row, result, end)
                elif lacks_the_match(row, result.error):
                    unsaid.append(row)
                else:
                    self._answers.failed(row, result.error or _nameless(), end)
        self._answers.keep(end)
        if lost:
            self._resolve(lost)
        if end.fatal is not None:
            raise end.fatal
        return end.again + self._one_by_one(unsaid)

    def _one_by_one(self, rows: Sequence[Row]) -> list[Row]:
        """Records that a duplicate rule stopped without saying what it matched: a refusal of a single one says so."""
        again: list[Row] = []
        for batch in batches([replace(row, single=True) for row in rows], MOST_REQUESTS):
            requests = [
                single_request(f"row{place}", row, self._org.lists) for place, row in enumerate(batch)
            ]
            replies = [
                replace(reply, body=[as_item(reply)], status=200)
                if not isinstance(reply.error(), Unreachable)
                else reply
                for reply in self._org.send(requests)
            ]
            again += self._settle([[row] for row in batch], replies)
        return again

    def _give_up(self, job: Job) -> None:
        self._ledger.settle([Ended(change, "stale") for change in job.changes])
        job.settled(job.changes)

    def _postpone(self, rows: Sequence[Row]) -> None:
        """The rows stayed locked: they are planned again with the next pass."""
        end = self._answers.begin()
        error = Unreachable(
            "The record stayed locked in Salesforce.", "It is tried again with the next pass."
        )
        for row in rows:
            self._answers.over(row, "stale", error, end)
            self._ledger.tally.postponed.add(row.job.customer_id)
        self._ledger.settle(end.ended)


def _is_about_a_row(error: ConsoleError) -> bool:
    """Whether a call was refused because of what a record in it holds."""
    return (
        isinstance(error, Refused)
        and error.code not in ABOUT_THE_ORG
        and not error.code.startswith("INSUFFICIENT_")
    )


def _halved(items: Sequence[T]) -> list[list[T]]:
    middle = (len(items) + 1) // 2
    return [list(items[:middle]), list(items[middle:])]


def _nameless() -> ConsoleError:
    return Refused("Salesforce refused the record without a reason.", "Try again.", code="UNKNOWN")
