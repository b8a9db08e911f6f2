"""``runs``, ``history`` and ``account --as-of``: what was done when, what two runs differ by, how much of it is kept."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from console.cli import OpenScreens
from console.commands.credentials import connected
from console.commands.output import Output, table
from console.domain.fields import FIELD, FIELDS
from console.domain.normal import same
from console.domain.past import Difference
from console.domain.plain import plain, readable
from console.errors import UsageError
from console.guide.account import identify, shown
from console.settings import ConnectionSettings
from console.store.cache import Cache
from console.store.history import HistoryRow
from console.store.runs import Run
from console.sync.past import account_as_of, clear, clearing, differences, known_run
from console.sync.policy import policy_for

PAGE = 500
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\dZ)?")


def run(args: argparse.Namespace, out: Output, open_screens: OpenScreens) -> int:
    """One of the questions."""
    settings, connections = connected(args)
    path = connections.cache_path(args.name)
    writing = args.command == "history" and args.yes and args.clear_before is not None
    with Cache.open(
        path, org_id=settings.org_id, read_only=not writing, holder="clearing the history"
    ) as cache:
        if args.command == "account":
            return _as_of(cache, settings, args.id, args.as_of, out)
        if args.command == "history":
            return _history(cache, args, out)
        if args.diff is not None:
            return _differences(cache, args.diff, out)
        if args.run is not None:
            return _changes(cache, args.run, out)
        return _runs(cache, args.limit, out)


# --- runs --------------------------------------------------------------------------------------------------------


def _runs(cache: Cache, limit: int, out: Output) -> int:
    found = cache.runs.last(limit)
    rows = [
        (
            str(each.id),
            each.kind if each.undoes is None else f"{each.kind} of {each.undoes}",
            readable(each.started_at),
            each.outcome,
            _counted(each),
        )
        for each in found
    ]
    text = table(rows, ("Run", "Kind", "Began", "Outcome", "Changes")) if rows else "Nothing ran yet."
    out.data([run_json(each) for each in found], text)
    return 0


def run_json(each: Run) -> dict[str, Any]:
    """A run as ``runs --json`` prints it."""
    return {
        **each.summary,
        "run": each.id,
        "kind": each.kind,
        "undoes": each.undoes,
        "started_at": each.started_at,
        "finished_at": each.finished_at,
        "outcome": each.outcome,
    }


def _counted(each: Run) -> str:
    changes = each.summary.get("changes")
    if not isinstance(changes, dict):
        return ""
    return ", ".join(f"{number} {word}" for word, number in changes.items() if number)


def _changes(cache: Cache, run_id: int, out: Output) -> int:
    """One line for each: a run may have made a hundred thousand."""
    known_run(cache, run_id)
    empty = True
    for row in _rows(cache, run_id):
        empty = False
        out.data({"customer_id": row.customer_id, **row.as_json()}, _line(row))
    if empty:
        out.talk(f"Run {run_id} wrote nothing.")
    return 0


def _rows(cache: Cache, run_id: int) -> Iterator[HistoryRow]:
    start = 0
    while page := cache.history.of_run(run_id, start, PAGE):
        yield from page
        start += len(page)


def _line(row: HistoryRow) -> str:
    what = row.field or f"{'deleted' if row.after is None and row.before is not None else 'new'} {row.entity}"
    moved = f"{shown(row.before) or '(empty)'} -> {shown(row.after) or '(empty)'}"
    if row.outcome == "kept":
        moved = "left as it is"
    place = f"{plain(row.customer_id, 40)}  {row.side}  {plain(row.record, 40)}  {what}"
    return f"{place}: {moved}  {row.outcome}: {plain(row.reason, 200)}"


def _differences(cache: Cache, ends: Sequence[int], out: Output) -> int:
    empty = True
    for customer_id, found in differences(cache, ends[0], ends[1]):
        empty = False
        for each in found:
            out.data(difference_json(customer_id, each), _difference_words(customer_id, each))
    if empty:
        out.talk("Nothing differs between the two.")
    return 0


def difference_json(customer_id: str, each: Difference) -> dict[str, Any]:
    """A difference as ``runs --diff --json`` prints it."""
    return {
        "customer_id": customer_id,
        "side": each.side,
        "object": each.entity,
        "record": each.record,
        "field": each.key,
        "before": each.before,
        "after": each.after,
        "runs": list(each.runs),
    }


def _difference_words(customer_id: str, each: Difference) -> str:
    what = each.key or f"the {each.entity.lower()}"
    moved = f"{shown(each.before) or '(empty)'} -> {shown(each.after) or '(empty)'}"
    runs = ", ".join(map(str, each.runs))
    return f"{plain(customer_id, 40)}  {each.side}  {plain(each.record, 40)}  {what}: {moved}  (runs {runs})"


# --- one account -------------------------------------------------------------------------------------------------


def _as_of(cache: Cache, settings: ConnectionSettings, ident: str, run_id: int, out: Output) -> int:
    found = identify(cache, ident)
    entry = cache.entries.get(found)
    if entry is None or entry.customer_id is None:
        raise UsageError(
            f"{plain(ident, 60)!r} is an account without a customer: nothing is kept of its past.",
            "Name a customer, or an account that is linked with one.",
        )
    told = account_as_of(cache, policy_for(settings, cache), entry.customer_id, run_id)
    moment = told.moment
    fields: list[dict[str, Any]] = []
    for spec in FIELDS:
        line: dict[str, Any] = {"field": spec.key, "label": spec.label}
        if spec.key in moment.alguna:
            line["alguna"] = moment.alguna[spec.key]
        if spec.key in moment.salesforce:
            line["salesforce"] = moment.salesforce[spec.key]
        both = spec.key in moment.alguna and spec.key in moment.salesforce
        line["differs"] = both and not same(
            FIELD[spec.key].kind, moment.alguna[spec.key], moment.salesforce[spec.key]
        )
        fields.append(line)
    answer = {
        "as_of": {"run": told.run.id, "at": told.run.finished_at},
        "customer": told.customer_id,
        "account": told.account_id,
        "contact": told.contact_id,
        "fields": fields,
    }
    head = (
        f"{plain(entry.name, 80)} as of run {told.run.id} ({readable(told.run.finished_at or 'interrupted')})"
    )
    rows = [
        ("*" if line["differs"] else " ", line["label"], _cell(line, "alguna"), _cell(line, "salesforce"))
        for line in fields
    ]
    out.data(answer, f"{head}\n\n{table(rows, ('', 'Field', 'Alguna', 'Salesforce'))}")
    return 0


def _cell(line: dict[str, Any], side: str) -> str:
    return plain(shown(line[side]), 40) or "(empty)" if side in line else "(unknown)"


# --- keeping it --------------------------------------------------------------------------------------------------


def _history(cache: Cache, args: argparse.Namespace, out: Output) -> int:
    size = cache.history.size()
    if args.clear_before is None:
        out.data(
            {"rows": size.rows, "bytes": size.bytes, "since": size.since},
            f"{size.rows:,} rows, about {megabytes(size.bytes)}"
            + (f", since {readable(size.since)}." if size.since else "."),
        )
        return 0
    before = _instant(args.clear_before)
    found = clear(cache, before, also_last_write=args.also_last_run) if args.yes else clearing(cache, before)
    done = "were cleared" if args.yes else "would be cleared; add --yes"
    lines = [f"{found.rows:,} rows of history and {found.runs:,} runs before {readable(before)} {done}."]
    if found.last_write is not None and not args.yes:
        lines.append(
            f"Run {found.last_write}, the last that wrote anything, could not be undone any more: add --also-last-run."
        )
    out.data({**found.as_json(), "cleared": bool(args.yes)}, "\n".join(lines))
    return 0


def _instant(text: str) -> str:
    """A date, or an instant, as an instant."""
    try:
        if not _DATE.fullmatch(text):
            raise ValueError(text)
        date.fromisoformat(text[:10])
    except ValueError:
        raise UsageError(
            f"{plain(text, 60)!r} is no date.", "Write it as 2026-01-31, or as 2026-01-31T12:00:00Z."
        ) from None
    return text if len(text) > 10 else f"{text}T00:00:00Z"


def megabytes(size: int) -> str:
    """Bytes as a person reads them."""
    return f"{size / 1_000_000:.1f} MB" if size >= 100_000 else f"{size / 1_000:.1f} kB"
