"""Results as a table for people and as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from bench.measure import Result, Unit

NOT_MADE = "not made"


def row(result: Result) -> tuple[str, str, str, str]:
    """The cells of one line: ``first paint | 1.62x | at most 2x | ok``."""
    goal = f"at {'least' if result.at_least else 'most'} {amount(result.goal, result.unit)}"
    if result.measured is None:
        return result.name, "-", goal, NOT_MADE
    return result.name, amount(result.measured, result.unit), goal, "ok" if result.ok else "short"


def amount(value: float, unit: Unit) -> str:
    """``1.62x`` for a ratio, ``39`` for calls, ``0.1 s``; no zeros that say nothing."""
    return f"{value:.2f}".rstrip("0").rstrip(".") + {"x": "x", "calls": "", "s": " s"}[unit]


def table(results: Sequence[Result]) -> str:
    """All lines, their columns under each other."""
    rows = [row(result) for result in results]
    widths = [max(len(cells[column]) for cells in rows) for column in range(4)] if rows else []
    return "\n".join(
        " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
        for cells in rows
    )


def save(results: Sequence[Result], path: Path) -> None:
    """Write the results as a JSON list; the old file stays until the new one is complete."""
    text = json.dumps([result.as_json() for result in results], ensure_ascii=False, indent=1)
    draft = path.with_suffix(".new")
    draft.write_text(text + "\n", encoding="utf-8")
    draft.replace(path)
