"""Outside text into cells: cut, padded, never interpreted."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size

from console.domain.plain import plain

CUT = "…"
_JOINERS = str.maketrans("", "", "\u200c\u200d")
"""Terminals disagree on how wide joined signs are; columns only stay straight without the joiners."""


def cell(text: str, width: int) -> str:
    """`text` made plain and exactly `width` cells wide: cut with an ellipsis, or padded."""
    if width <= 0:
        return ""
    text = plain(text, limit=4 * width + 8).translate(_JOINERS)
    if cell_len(text) > width:
        text = set_cell_size(text, width - 1).rstrip() + CUT
    return set_cell_size(text, width)


def right(text: str, width: int) -> str:
    """The same, flush right."""
    text = cell(text, width).rstrip()
    return " " * (width - cell_len(text)) + text


def bar(share: float, width: int) -> str:
    """A horizontal bar in eighths of a cell; anything above nothing shows."""
    share = min(1.0, max(0.0, share))
    eighths = round(share * width * 8)
    if share > 0:
        eighths = max(1, eighths)
    full, rest = divmod(eighths, 8)
    return "█" * full + (" ▏▎▍▌▋▊▉"[rest] if rest else "")
