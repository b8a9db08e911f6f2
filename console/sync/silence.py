"""Objects whose changes the event stream does not announce, though it runs: they are polled instead, and a person is told.

Without View All for an object a channel of one's own delivers nothing of it and says nothing about that, and so it is once a
member is gone (https://developer.salesforce.com/docs/atlas.en-us.change_data_capture.meta/change_data_capture/cdc_security.htm).
What tells is an edit that the look beside the stream finds and no event told of; an event takes it back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from console.store.cache import Cache
from console.sync.cursors import text

KEY = "salesforce.silent"
"""Key, in the cache, of the silent objects, each with how that was found."""
CATEGORY = "events"
"""Category of the problem that they open; its subject is the object."""
GRACE = timedelta(minutes=1)
"""How long an event may take before it counts as missing: most take less than a second."""
EDIT, MEMBER = "edit", "member"

_WORDS: Final = {"Account": "accounts", "Contact": "contacts"}
_ADVICE = (
    "Grant View All on {words} to the signed-in user, or mend the channel: press e in the console, or look with  "
    "alguna-console setup {name} --plan. Until an event comes the org is polled."
)


@dataclass(slots=True)
class Unannounced:
    """Gathers, during one look, the objects of which an edit was found that the stream should have told.

    :param since: the stream has been running from then on, and nothing that it brought waits.
    :param now: when the look begins.
    """

    since: datetime
    now: datetime
    objects: set[str] = field(default_factory=set)

    def note(self, sobject: str, stamps: Iterable[str]) -> None:
        """Edits with these stamps were news."""
        first, last = text(self.since + GRACE), text(self.now - GRACE)
        if any(first <= stamp <= last for stamp in stamps):
            self.objects.add(sobject)


def silent(cache: Cache) -> dict[str, str]:
    """The silent objects, each with how that was found: `EDIT` or `MEMBER`."""
    return dict(cache.get(KEY) or {})


def fell_silent(cache: Cache, objects: Collection[str], connection: str, at: str) -> None:
    """An edit of these objects was found that no event told of.

    :param connection: its name, for the command that mends.
    """
    known = silent(cache)
    new = [each for each in objects if each not in known]
    if new:
        with cache.transaction():
            cache.set(KEY, {**known, **dict.fromkeys(new, EDIT)})
            for each in new:
                advice = _ADVICE.format(words=_WORDS[each], name=connection)
                cache.problems.report(CATEGORY, each, f"{_missed(each)}.", advice, at)


def heard(cache: Cache, objects: Collection[str]) -> None:
    """Events of these objects came."""
    _speak(cache, [each for each in silent(cache) if each in objects])


def members_missing(cache: Cache, objects: Collection[str]) -> None:
    """The channel lacks its members for exactly these objects. The problem about it is that of set-up."""
    known = silent(cache)
    _speak(cache, [each for each, how in known.items() if how == MEMBER and each not in objects])
    new = [each for each in objects if known.get(each) != MEMBER]
    if new:
        with cache.transaction():
            cache.set(KEY, {**silent(cache), **dict.fromkeys(new, MEMBER)})
            for each in new:
                cache.problems.resolve(CATEGORY, each)


def sentence(found: dict[str, str]) -> str:
    """What is said where it is told how changes arrive, the most important first: a narrow screen cuts it."""
    gone = [each for each, how in found.items() if how == MEMBER]
    if gone:
        return f"No events for {_both(gone)}: press e (the channel lost them)."
    if found:
        return f"No events for {_both(found)}: press e (View All may be missing)."
    return ""


def _missed(sobject: str) -> str:
    return f"{_WORDS[sobject].capitalize()} were edited in Salesforce and the event stream did not say so"


def _both(objects: Iterable[str]) -> str:
    return " and ".join(_WORDS[each] for each in sorted(objects))


def _speak(cache: Cache, objects: Collection[str]) -> None:
    if objects:
        with cache.transaction():
            cache.set(KEY, {each: how for each, how in silent(cache).items() if each not in objects})
            for each in objects:
                cache.problems.resolve(CATEGORY, each)
