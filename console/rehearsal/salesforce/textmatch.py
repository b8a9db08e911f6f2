"""Comparing texts without regard to case, letters beyond ASCII included, in a way that can use an index.

SQLite's NOCASE collation knows ASCII letters only. A literal with other letters is therefore looked for in each of
its spellings, as long as those are few; otherwise both sides are folded, which reads every row.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from itertools import product

from console.rehearsal.salesforce.store import fold

MAX_SPELLINGS = 16
LAST_CASED = 0x1E943
"""The last letter of Unicode that has an upper and a lower case (Adlam)."""


@cache
def _forms() -> dict[str, tuple[str, ...]]:
    """The letters beyond ASCII that fold to the same one, where there are several."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for code in range(0x80, LAST_CASED + 1):
        character = chr(code)
        if character != character.lower():
            folded = fold(character) or ""
            if folded != character:
                found[folded].append(character)
    return {folded: (folded, *each) for folded, each in found.items()}


def spellings(text: str) -> list[str] | None:
    """All spellings of `text` in upper and lower case of its non-ASCII letters, or None when they are many."""
    choices: list[tuple[str, ...]] = []
    count = 1
    for character in text:
        if character.isascii():
            choices.append((character,))
            continue
        forms = _forms().get(fold(character) or "", (character,))
        count *= len(forms)
        if count > MAX_SPELLINGS:
            return None
        choices.append(forms)
    return ["".join(each) for each in product(*choices)]


def equals(column: str, text: str, *, case_sensitive: bool) -> tuple[str, list[str]]:
    """SQL and parameters of `column` = `text`."""
    if case_sensitive or text.isascii():
        return f"{column} = ?", [text]
    forms = spellings(text)
    if forms is None:
        return f"fold({column}) = ?", [fold(text) or ""]
    if len(forms) == 1:
        return f"{column} = ?", forms
    return f"{column} IN ({', '.join('?' * len(forms))})", forms
