"""What importing would do."""

from __future__ import annotations

from dataclasses import dataclass

from console.guide.seam.words import ImportChoice


@dataclass(frozen=True, slots=True)
class CountLine:
    """One number with its name and what it means."""

    label: str
    count: int
    hint: str = ""


@dataclass(frozen=True, slots=True)
class ImportPreview:
    """What importing would do, in numbers. Nothing was written to find out."""

    choice: ImportChoice
    title: str
    lines: tuple[CountLine, ...]
    total: int
    """Customers that would come into scope."""
    note: str = ""
    """One sentence: calls it may cost, or why a number is not known yet."""
