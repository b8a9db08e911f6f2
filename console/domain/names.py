"""Company names as people write them, made comparable.

Only good enough to *find* candidates: two equal keys are evidence, never proof.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

# Letters that Unicode does not take apart.
_LETTERS: Final = str.maketrans(
    {"ø": "o", "æ": "ae", "œ": "oe", "ß": "ss", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
)
_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
_DROPPED: Final = re.compile(r"['’`´.]")
_ALSO_AND: Final = re.compile(r"[&+]")
_SIGNS: Final = re.compile(r"[^\w]+|_+")

# Legal forms, as they read after the signs are gone: "S.p.A." is "spa", "A/S" is "a s".
_FORM_WORDS: Final = """
ab ag aktiengesellschaft aktiebolag aps as asa ass bhd bv bvba co company corp corporation corporations cv cva dac ead eg
eirl eood ev gbr gesmbh ggmbh gmbh ik inc incorporated jsc kft kg kgaa kk lda limited limitada llc llp lp ltd ltda mbh nv oao
ood oy oyj ooo pao plc pjsc pllc pt pte pty pvt private public qsc rt sa sab sae saog sapi sarl sas sasu sc sca scs se sgps sl
slu snc soc spa spol spzoo srl sro tbk uab ug ulc unlimited vof wll zao zrt
"""
_FORMS: Final = frozenset(_FORM_WORDS.split())
_FORM_PHRASES: Final = (
    ("s", "de", "rl", "de", "cv"),
    ("sab", "de", "cv"),
    ("sa", "de", "cv"),
    ("s", "a", "de", "c", "v"),
    ("sp", "z", "o", "o"),
    ("sp", "z", "oo"),
    ("spol", "s", "r", "o"),
    ("s", "r", "o"),
    ("s", "p", "a"),
    ("s", "a"),
    ("a", "s"),
    ("a", "b"),
    ("n", "v"),
    ("b", "v"),
)
# What a company adds to its name without becoming another one. No places: "Acme Europe" is often an account of its own.
_GENERIC_WORDS: Final = """
group groupe gruppe holding holdings international intl global worldwide technologies technology software systems
"""
_GENERIC: Final = frozenset(_GENERIC_WORDS.split())


@lru_cache(maxsize=65536)
def name_key(name: str) -> str:
    """A key that the usual spellings of one company's name share; never empty unless `name` is blank.

    Case, accents, punctuation, blanks, a leading "The" and legal forms don't count: ``The A. O. Smith Corp.`` and
    ``AO Smith Corporation`` are both ``aosmith``.
    """
    return "".join(_words(name)) or name.strip().casefold()


@lru_cache(maxsize=65536)
def names_compatible(one: str, other: str) -> bool:
    """Whether two names may well be one company's.

    True for equal keys, for ``Müller`` and ``Mueller``, and when one only adds generic words (Group, International) to
    the other. ``Siemens`` and ``Siemens Healthineers`` are not compatible.
    """
    a, b = _words(one), _words(other)
    if not a or not b:
        return name_key(one) == name_key(other)
    if "".join(a) == "".join(b) or _umlaut_key(one) == _umlaut_key(other):
        return True
    shorter, longer = sorted((a, b), key=len)
    return longer[: len(shorter)] == shorter and all(word in _GENERIC for word in longer[len(shorter) :])


@lru_cache(maxsize=65536)
def near_keys(name: str) -> frozenset[str]:
    """Keys of which two compatible names always share one: for finding, among many, those worth comparing."""
    words = _words(name)
    core = list(words)
    while len(core) > 1 and core[-1] in _GENERIC:
        core.pop()
    return frozenset((name_key(name), "".join(core), _umlaut_key(name)))


def _words(name: str) -> list[str]:
    text = _fold(name.casefold().translate(_LETTERS))
    return _without_form(text.split())


def _fold(text: str) -> str:
    bare = text
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text)
        bare = "".join(sign for sign in decomposed if not unicodedata.combining(sign))
    return _SIGNS.sub(" ", _ALSO_AND.sub(" and ", _DROPPED.sub("", bare)))


def _umlaut_key(name: str) -> str:
    """The key with ä, ö and ü written out, as German names are where the letters are missing."""
    composed = unicodedata.normalize("NFC", name.casefold()).translate(_UMLAUTS).translate(_LETTERS)
    return "".join(_without_form(_fold(composed).split()))


def _without_form(words: list[str]) -> list[str]:
    """`words` without a leading "the" and trailing legal forms, as long as something is left."""
    if len(words) > 1 and words[0] == "the":
        words = words[1:]
    while len(words) > 1:
        cut = _trailing_form(words)
        if cut == 0 or cut >= len(words):
            break
        words = words[:-cut]
        if len(words) > 1 and words[-1] == "and":  # "GmbH & Co. KG"
            words = words[:-1]
    return words


def _trailing_form(words: list[str]) -> int:
    """How many of the last words are a legal form."""
    for phrase in _FORM_PHRASES:
        if tuple(words[-len(phrase) :]) == phrase:
            return len(phrase)
    return 1 if words[-1] in _FORMS else 0
