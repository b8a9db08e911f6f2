"""Where a command's words go: stdout is data, stderr is talk."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Output:
    """Writes a command's answer as JSON or as text for people."""

    as_json: bool

    def data(self, value: Any, text: str = "") -> None:
        """The command's answer: `value` with ``--json``, otherwise `text`."""
        print(json.dumps(value, ensure_ascii=False) if self.as_json else text, flush=True)

    def talk(self, text: str) -> None:
        """Something worth knowing that is not the answer."""
        print(text, file=sys.stderr, flush=True)


def table(rows: Sequence[tuple[str, ...]], head: tuple[str, ...] = ()) -> str:
    """Rows as aligned columns; cells are expected to be plain text already."""
    lines = [head, *rows] if head else rows
    if not lines:
        return ""
    widths = [max(len(row[column]) for row in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in lines
    )
