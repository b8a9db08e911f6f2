"""Text from outside, made safe to show and to store.

Names, notes and error texts of both systems are written by strangers. Shown raw they could move the cursor, recolour
the terminal, turn the reading direction around (https://trojansource.codes) or pile marks on a line until it is illegible.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

ELLIPSIS: Final = "…"
_HIDDEN: Final = "\ufffd"
_JOINERS: Final = "\u200c\u200d"  # needed by Persian, by Indic scripts and by emoji
_MARKS_IN_A_ROW: Final = 4
_BLANKS: Final = re.compile(r"\s+")
_INSTANT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_UNSTORABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def plain(text: str, limit: int | None = 200) -> str:
    """`text` on one line of at most `limit` characters, with nothing in it that acts on a terminal.

    Control characters show as their pictures (ESC as ␛) or as �, direction overrides and other invisible
    characters as �, line breaks and tabs as one blank. The result never holds a character of the Unicode categories Cc, Cs or
    Cf except the two joiners. `limit` None keeps the length.
    """
    if not (text.isascii() and text.isprintable()):
        text = _neutral(text if limit is None else text[: limit * 4])
    if limit is not None and len(text) > limit:
        text = text[: max(limit - 1, 0)].rstrip() + ELLIPSIS
    return text


def readable(text: str) -> str:
    """A value as a person reads it: an instant as ``2026-01-02 14:02:11 UTC``, midnight as its day; else `text` itself."""
    if text[-1:] != "Z" or not _INSTANT.fullmatch(text):
        return text
    day, time = text[:10], text[11:-1]
    if time == "00:00:00":
        return day
    return f"{day} {time[:5] if time.endswith(':00') else time} UTC"


def storable(text: str) -> str:
    """`text` as both systems and a database can keep it: no NUL, controls or lone surrogates; line breaks as ``\\n``."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSTORABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _neutral(text: str) -> str:
    shown: list[str] = []
    marks = 0
    for sign in _BLANKS.sub(" ", text):
        category = unicodedata.category(sign)
        if category in ("Mn", "Me"):
            marks += 1
            if marks > _MARKS_IN_A_ROW:
                continue
        elif sign not in _JOINERS:
            marks = 0
        shown.append(_shown(sign, category))
    return "".join(shown)


def _shown(sign: str, category: str) -> str:
    if category == "Cc":
        if sign == "\x7f":
            return "\u2421"
        return chr(0x2400 + ord(sign)) if sign < "\x20" else _HIDDEN
    if category in ("Cs", "Zl", "Zp", "Co", "Cn") or (category == "Cf" and sign not in _JOINERS):
        return _HIDDEN
    return " " if category == "Zs" else sign
