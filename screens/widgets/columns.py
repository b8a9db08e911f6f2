"""Which columns fit a width, and how wide each becomes. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

GAP = 2
"""Blank cells between two columns."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: at least `width` cells, sharing what is left by `grow`; dropped first when `rank` is high."""

    key: str
    title: str
    width: int
    grow: int = 0
    rank: int = 0
    flush_right: bool = False


def fit(columns: Sequence[Column], width: int) -> list[tuple[Column, int]]:
    """The columns that fit into `width` cells, in order, with their widths; the room is used up when one grows."""
    kept = list(columns)
    while len(kept) > 1 and _needed(kept) > width:
        kept.remove(max(reversed(kept), key=lambda column: column.rank))
    spare = width - _needed(kept)
    grows = sum(column.grow for column in kept)
    widths: list[tuple[Column, int]] = []
    for column in kept:
        share = spare * column.grow // grows if grows and spare > 0 else 0
        spare -= share
        grows -= column.grow
        widths.append((column, max(1, min(column.width + share, width))))
    return widths


def _needed(columns: Sequence[Column]) -> int:
    return sum(column.width for column in columns) + GAP * (len(columns) - 1)
