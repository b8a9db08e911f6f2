"""Where a command's words go: stdout is data, stderr is talk.

Names and texts of both systems are shown here, so nothing that acts on a terminal gets through, whatever it came in with;
and a stream that can't write every sign, or that nobody reads any more, is no reason to stop with a trace.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TextIO

from console.domain.plain import plain
from console.errors import ConsoleError


@dataclass(frozen=True, slots=True)
class Output:
    """Writes a command's answer as JSON or as text for people."""

    as_json: bool

    def data(self, value: Any, text: str = "") -> None:
        """The command's answer: `value` with ``--json``, otherwise `text`.

        :raises OSError: nobody reads it (`BrokenPipeError`), or it can't be written, as to a full disk.
        """
        _write(sys.stdout, _as_json(value, sys.stdout) if self.as_json else harmless(text))

    def talk(self, text: str) -> None:
        """Something worth knowing that is not the answer. Where nobody listens the work goes on all the same."""
        with suppress(OSError):
            _write(sys.stderr, harmless(text))

    def failure(self, error: ConsoleError) -> None:
        """Why there is no answer: as JSON on stdout with ``--json``, else as a sentence on stderr."""
        if self.as_json:
            try:
                self.data(error.as_json())
                return
            except OSError:
                pass  # stdout itself is what failed
        self.talk(f"{error.message}\n{error.advice}".rstrip())

    def settle(self) -> None:
        """Let go of what can't be written any more, so that the interpreter does not trip over it on its way out."""
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except OSError:
                # https://docs.python.org/3/library/signal.html#note-on-sigpipe
                with suppress(io.UnsupportedOperation):
                    null = os.open(os.devnull, os.O_WRONLY)
                    os.dup2(null, stream.fileno())
                    os.close(null)
            except (AttributeError, ValueError):
                pass  # there is no such stream: whoever started us closed it


def harmless(text: str) -> str:
    """`text` with its lines as they are, but without anything in them that acts on a terminal."""
    return "\n".join(line if line.isprintable() else plain(line, None) for line in text.split("\n"))


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


def _write(stream: TextIO | None, text: str) -> None:
    if stream is None:
        return  # closed by whoever started us
    encoding = stream.encoding or "utf-8"
    stream.write(f"{text}\n".encode(encoding, "replace").decode(encoding))
    stream.flush()


def _as_json(value: Any, stream: TextIO | None) -> str:
    """JSON as people read it; what acts on a terminal, and what the stream could not write, is escaped."""
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode((stream and stream.encoding) or "utf-8")
    except UnicodeEncodeError:
        return json.dumps(value)
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else json.dumps(sign)[1:-1] for sign in text)
