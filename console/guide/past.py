"""The past of an open connection, read from its cache; taking a run back is handed to the engine's thread."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from console.domain.fields import FIELDS
from console.domain.normal import same
from console.domain.view import alguna_values, salesforce_values
from console.errors import UsageError
from console.guide.account import history_lines, identify, shown
from console.guide.cost import cost_words
from console.guide.seam.accounts import Cell, HistoryLine
from console.guide.seam.past import (
    DifferenceLine,
    HistorySize,
    PastAccount,
    PastField,
    RunLine,
    UndoPreview,
)
from console.settings import ConnectionSettings
from console.store.cache import Cache
from console.sync.past import account_as_of, differences, events_of
from console.sync.policy import policy_for
from console.sync.undoing import planned, undoable

if TYPE_CHECKING:
    from console.domain.records import Change, Values
    from console.domain.undo import Kept
    from console.store.runs import Run
    from console.sync.runner import EngineThread

SAMPLE = 50


class CachePast:
    """The seam's `Past`.

    :param writer: the engine's thread; raises `UsageError` where nothing can be written.
    """

    def __init__(self, settings: ConnectionSettings, path: Path, writer: Callable[[], EngineThread]) -> None:
        self._settings = settings
        self._path = path
        self._writer = writer

    @contextmanager
    def _cache(self) -> Iterator[Cache]:
        with Cache.open(self._path, org_id=self._settings.org_id, read_only=True) as cache:
            yield cache

    # --- runs ------------------------------------------------------------------------------------------------

    def runs(self, count: int, before: int | None = None) -> Sequence[RunLine]:
        """The newest runs, the newest first."""
        with self._cache() as cache:
            return [_line(run) for run in cache.runs.last(count, before)]

    def size(self) -> HistorySize:
        """How much is kept."""
        with self._cache() as cache:
            size = cache.history.size()
        return HistorySize(size.rows, size.bytes, size.since)

    def count(self, run: int) -> int:
        """How many lines a run has."""
        with self._cache() as cache:
            return sum(cache.history.outcomes(run).values())

    def changes(self, run: int, start: int, count: int) -> Sequence[HistoryLine]:
        """A page of what a run did."""
        with self._cache() as cache:
            rows = cache.history.of_run(run, start, count)
            return history_lines(rows, _names(cache, {row.customer_id for row in rows}))

    # --- undo ------------------------------------------------------------------------------------------------

    def outlook(self, run: int) -> UndoPreview:
        """What undoing a run would do."""
        changes: list[Change] = []
        kept: list[Kept] = []
        number = left = created = already = 0
        with self._cache() as cache:
            undoable(cache, run)
            for piece in planned(cache, policy_for(self._settings, cache), run, None):
                found = list(piece.changes)
                stays = [each for each in piece.kept if not each.unasked]
                changes += islice(found, SAMPLE - len(changes))
                kept += islice(stays, SAMPLE - len(kept))
                number += len(found)
                left += len(stays)
                created += len(piece.kept) - len(stays)
                already += piece.already
            concerned = {each.customer_id for each in changes} | {each.customer_id for each in kept}
            names = _names(cache, concerned)
        return UndoPreview(
            run,
            number,
            already,
            left,
            created,
            tuple(_change_line(each, run, names) for each in changes),
            tuple(_kept_line(each, run, names) for each in kept),
        )

    def undo(self, run: int, delete_created: str = "") -> None:
        """Take a run back."""
        if delete_created and delete_created.strip().lower() != f"run {run}":
            raise UsageError("That does not name the run. Nothing was changed.", f"Type: run {run}")
        self._writer().undo(run, delete_created=bool(delete_created))

    # --- then ------------------------------------------------------------------------------------------------

    def as_of(self, ident: str, run: int | None = None) -> PastAccount:
        """A customer and its account when a run had ended."""
        with self._cache() as cache:
            entry = cache.entries.get(identify(cache, ident))
            if entry is None or entry.customer_id is None:
                raise UsageError(
                    "Nothing is kept of the past of an account without a customer.",
                    "It begins when the account is linked.",
                )
            id_, policy = entry.customer_id, policy_for(self._settings, cache)
            runs = sorted({event.run for event in events_of(cache, [id_])[id_]})
            if not runs:
                raise UsageError(
                    "Nothing is known of its past: nothing of it was written or seen to change.",
                    "What is there now is what was there.",
                )
            run = max(1, runs[-1] - 1) if run is None else run
            then = account_as_of(cache, policy, id_, run)
            (subject,) = cache.subjects([id_])
        ours = alguna_values(subject.customer, subject.subscriptions, subject.link, policy).values
        theirs = salesforce_values(subject.account, subject.contact)
        moment = then.moment
        return PastAccount(
            entry.name,
            id_,
            then.account_id,
            run,
            then.run.finished_at,
            tuple(
                PastField(
                    spec.key,
                    spec.label,
                    spec.group,
                    _cell(moment.alguna, spec.key),
                    _cell(moment.salesforce, spec.key),
                    spec.key in moment.alguna
                    and spec.key in moment.salesforce
                    and not same(spec.kind, moment.alguna[spec.key], moment.salesforce[spec.key]),
                    any(
                        then_.get(spec.key) != now.get(spec.key) and spec.key in then_ and spec.key in now
                        for then_, now in ((moment.alguna, ours), (moment.salesforce, theirs))
                    ),
                )
                for spec in FIELDS
            ),
            max((each - 1 for each in runs if each <= run and each > 1), default=None),
            min((each for each in runs if each > run), default=None),
        )

    def differences(self, one: int, other: int, most: int) -> Sequence[DifferenceLine]:
        """What differs between the ends of two runs."""
        with self._cache() as cache:
            found = list(
                islice(
                    ((id_, each) for id_, changes in differences(cache, one, other) for each in changes), most
                )
            )
            names = _names(cache, {id_ for id_, _ in found})
        return [
            DifferenceLine(
                id_,
                names.get(id_, id_),
                each.side,
                each.key or f"the {each.entity.lower()}",
                shown(each.before),
                shown(each.after),
                each.runs,
            )
            for id_, each in found
        ]


def _names(cache: Cache, customer_ids: Iterable[str]) -> dict[str, str]:
    return {id_: each.name for id_, each in cache.customers.many(customer_ids).items()}


def _line(run: Run) -> RunLine:
    changes = run.summary.get("changes")
    counts = changes if isinstance(changes, dict) else {}
    applied, refused, stale = (int(counts.get(word) or 0) for word in ("applied", "refused", "stale"))
    return RunLine(
        run.id,
        run.kind,
        run.undoes,
        run.started_at,
        run.finished_at,
        run.outcome,
        applied,
        refused,
        stale,
        cost_words(run.summary),
    )


def _change_line(each: Change, run: int, names: dict[str, str]) -> HistoryLine:
    return HistoryLine(
        "",
        run,
        each.side,
        each.customer_id,
        names.get(each.customer_id, each.customer_id),
        each.key or each.entity.lower(),
        shown(each.before),
        shown(each.after),
        "",
        each.reason,
    )


def _kept_line(each: Kept, run: int, names: dict[str, str]) -> HistoryLine:
    name = names.get(each.customer_id, each.customer_id)
    field = each.key or each.entity.lower()
    return HistoryLine("", run, each.side, each.customer_id, name, field, "", "", "kept", each.reason)


def _cell(values: Values, key: str) -> Cell:
    return Cell(values.get(key), known=key in values)
