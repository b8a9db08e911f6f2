"""CSV as the Bulk API reads and writes it.

Files are read as bytes, a piece at a time: everything that has a meaning is ASCII, and cells are decoded one by one. The rules:
https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/datafiles_prepare_csv.htm
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

DELIMITERS = {"BACKQUOTE": "`", "CARET": "^", "COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "TAB": "\t"}
LINE_ENDINGS = {"LF": "\n", "CRLF": "\r\n"}
MAX_HEADER = 32_000
MAX_FIELD = 32_000
MAX_RECORD = 400_000
MAX_COLUMNS = 5_000
_WINDOW = 256 * 1024
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Line:
    """One record of a file: its cells, or what is wrong with the way it is written."""

    cells: list[str]
    end: int
    """Where the next record begins, in bytes."""
    terminator: str
    """What ended it: a line feed with or without a carriage return, or nothing at the end of the file."""
    fault: str = ""


class _Cut(Exception):
    """The record goes on behind the window."""


class Reader:
    """Records of a file, from any place on. `read(start, size)` gives the file's bytes."""

    def __init__(self, read: Callable[[int, int], bytes], size: int, delimiter: str) -> None:
        self._read = read
        self._size = size
        self._delimiter = delimiter.encode()
        self._bare = re.compile(rb"[^\n" + re.escape(self._delimiter) + rb"]*")

    def lines(self, start: int) -> Iterator[Line]:
        """The records from byte `start` on, without empty lines."""
        place, window = start, b""
        base, width = start, _WINDOW
        while place < self._size:
            if base + len(window) <= place or not window:
                window, base = self._read(place, width), place
            last = base + len(window) >= self._size
            try:
                line = self._record(window, place - base, base, last=last)
            except _Cut:
                # Begin the window at the record; double it when that was so already.
                width = width * 2 if place == base else _WINDOW
                window = b""
                continue
            place = line.end
            if line.cells != [""] or line.fault:
                yield line

    def _record(self, data: bytes, start: int, base: int, *, last: bool) -> Line:
        stop = data.find(b"\n", start)
        if stop < 0 and not last:
            raise _Cut
        text = data[start : stop if stop >= 0 else len(data)]
        if b'"' in text:
            return self._quoted(data, start, base, last=last)
        terminator = "\n" if stop >= 0 else ""
        if text.endswith(b"\r"):
            text, terminator = text[:-1], "\r\n" if terminator else ""
        if start + base == 0:
            text = text.removeprefix(_BOM)
        end = base + (stop + 1 if stop >= 0 else len(data))
        return _decoded(text.split(self._delimiter), end, terminator)

    def _quoted(self, data: bytes, start: int, base: int, *, last: bool) -> Line:
        cells: list[bytes] = []
        fault = ""
        place = start + (3 if start + base == 0 and data.startswith(_BOM) else 0)
        while True:
            in_quotes = data[place : place + 1] == b'"'
            if in_quotes:
                raw, place, closed = _until_quote(data, place + 1)
                if not closed:
                    if not last:
                        raise _Cut
                    fault = "EOF reached before closing an opened quote"
                rest = self._bare.match(data, place)
                assert rest is not None
                after = rest.group()
                if after not in (b"", b"\r") and not fault:
                    fault = "Not expecting more text after the closing quote"
                cells.append(raw)
            else:
                rest = self._bare.match(data, place)
                assert rest is not None
                after = rest.group()
                if b'"' in after and not fault:
                    fault = "Found unescaped quote. A value with a quote should be within a quote"
                cells.append(after)
            place = rest.end()
            if place >= len(data) and not last:
                raise _Cut
            if data[place : place + 1] == self._delimiter:
                place += 1
                continue
            terminator = "\n" if place < len(data) else ""
            if data[place - 1 : place] == b"\r":
                terminator = "\r\n" if terminator else ""
                if not in_quotes:
                    cells[-1] = after[:-1]
            return _decoded(cells, base + min(place + 1, len(data)), terminator, fault)


def _until_quote(data: bytes, place: int) -> tuple[bytes, int, bool]:
    """The value of a quoted cell whose opening quote lies before `place`, where it ends, and whether it does."""
    parts: list[bytes] = []
    while True:
        stop = data.find(b'"', place)
        if stop < 0:
            parts.append(data[place:])
            return b"".join(parts), len(data), False
        parts.append(data[place:stop])
        if data[stop + 1 : stop + 2] != b'"':
            return b"".join(parts), stop + 1, True
        parts.append(b'"')
        place = stop + 2


def _decoded(raw: list[bytes], end: int, terminator: str, fault: str = "") -> Line:
    try:
        return Line([cell.decode() for cell in raw], end, terminator, fault)
    except UnicodeDecodeError:
        cells = [cell.decode("utf-8", "replace") for cell in raw]
        return Line(cells, end, terminator, fault or "The record is not valid UTF-8")


def quoted(value: str) -> str:
    """A value in quotes."""
    return '"' + value.replace('"', '""') + '"'


def bare(value: str, delimiter: str) -> str:
    """A value in quotes only where it needs them."""
    return quoted(value) if any(sign in value for sign in (delimiter, '"', "\n", "\r")) else value


def joined(values: Iterable[str], delimiter: str) -> str:
    """A record of quoted values, without its line ending."""
    return delimiter.join(map(quoted, values))
