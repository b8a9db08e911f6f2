"""The audit: every record of the org compared, in slices, with what the cache holds. Pure: what differs, when the next is due.

A cursor over time stamps sees what changes its stamp after the cursor passed, and nothing else: not a row that was committed later
than any transaction should last, not one whose clock lagged, not one that came into sight because a sharing rule changed, not one
that went out of sight. The audit needs no stamps: it reads whole rows by ranges of ids and compares each field. That takes as many
calls as comparing counts or checksums would, because Salesforce counts calls and not bytes, and it says which field was missed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from console.domain.records import Account, Contact, Customer, Subscription

Record = Account | Contact | Customer | Subscription
Kind = Literal["new", "changed", "back", "gone"]

SLICE = 2_000
"""Accounts that one slice compares: as many rows as a page of a query holds.
https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_queryoptions.htm
"""
ROUND = timedelta(hours=24)
"""How long one round over all records takes."""
FIRST = timedelta(minutes=20)
"""From the first reading of everything to the first slice: whatever was under way then has ended."""
CALLS = 3
"""Salesforce calls that a slice takes: one, and more pages where the accounts have many contacts."""
SHARE = 0.05
"""Of the console's allocation of API calls, what the audit uses in a day at most."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One record that the cache held differently."""

    id: str
    kind: Kind
    fields: tuple[str, ...]
    """Keys of what differs, for ``changed``."""
    stamp: str
    """The record's own time stamp; empty for one that can't be seen any more."""
    missed: bool
    """Observing should have seen it, and will not see it any more."""


def compare(there: Mapping[str, Record], cached: Mapping[str, Record], swept: str) -> list[Finding]:
    """What differs between the records of a range as they are and as the cache holds them.

    :param there: as just read. A record that could not be seen is missing; it counts as gone when it is in `cached` and was not.
    :param cached: those that are cached, deleted ones too.
    :param swept: stamps before this were read after every transaction of their time had ended. What differs behind it was missed;
        what differs after it was merely found early.
    """
    findings: list[Finding] = []
    for id_ in sorted({*there, *cached}):
        now, before = there.get(id_), cached.get(id_)
        kind = _kind(now, before)
        if kind is None:
            continue
        stamp = _stamp(now) if now is not None else ""
        fields = _fields(now, before) if now is not None and before is not None and kind == "changed" else ()
        findings.append(Finding(id_, kind, fields, stamp, missed=stamp < swept))
    return findings


def _kind(now: Record | None, before: Record | None) -> Kind | None:
    here, was = now is not None and not _gone(now), before is not None and not _gone(before)
    if here and not was:
        return "new" if before is None else "back"
    if was and not here:
        return "gone"
    if not here or now is None or before is None:
        return None
    return None if _same(now, before) else "changed"


def _same(now: Record, before: Record) -> bool:
    """Whether everything is equal that makes a record another one: not when or by whom it was touched."""
    if isinstance(now, Subscription):
        quiet: dict[str, Any] = {"updated_at": "", "details": None}
    elif isinstance(now, Customer):
        quiet = {"updated_at": "", "created_at": ""}
    elif isinstance(now, Account):
        quiet = {"modstamp": "", "created_at": "", "modified_by": "", "merged_into": None}
    else:
        quiet = {"modstamp": "", "created_at": ""}
    return replace(now, **quiet) == replace(before, **quiet)


def _gone(record: Record) -> bool:
    if isinstance(record, Subscription):
        return False
    return record.gone if isinstance(record, Customer) else record.deleted


def _stamp(record: Record) -> str:
    return record.modstamp if isinstance(record, Account | Contact) else record.updated_at


def _fields(now: Record, before: Record) -> tuple[str, ...]:
    new, old = _content(now), _content(before)
    return tuple(sorted(key for key in {*new, *old} if new.get(key, Ellipsis) != old.get(key, Ellipsis)))


def _content(record: Record) -> dict[str, Any]:
    plain = asdict(record)
    for quiet in ("modstamp", "modified_by", "created_at", "updated_at", "details"):
        plain.pop(quiet, None)
    return {**plain.pop("values", {}), **plain}


def sentence(what: str, findings: Iterable[Finding]) -> str:
    """What was missed of one kind of record, in words; empty when nothing was.

    :param what: ``accounts in Salesforce``, say.
    """
    kinds = Counter(finding.kind for finding in findings if finding.missed)
    if not kinds:
        return ""
    words = {
        "changed": "changed",
        "new": "not known",
        "back": "there again",
        "gone": "deleted or out of sight",
    }
    parts = ", ".join(f"{count:,} {words[kind]}" for kind, count in sorted(kinds.items()))
    return f"{sum(kinds.values()):,} {what} that observing had missed: {parts}"


# --- rounds --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Round:
    """How far a round over the org is. Instants are texts, empty before the first."""

    began: str = ""
    at: str = ""
    """When the last slice was compared."""
    after: str = ""
    """The last account id of it; empty between two rounds."""
    accounts: int = 0
    contacts: int = 0
    found: int = 0
    """Records that differed."""
    missed: int = 0
    """Of them, those that observing had missed."""
    ended: str = ""
    """When the round before this one came to its end."""
    missed_before: int = 0
    """What that round had found missed."""

    @classmethod
    def load(cls, stored: Mapping[str, Any] | None) -> Round:
        """The round that :meth:`stored` saved; a new one for None."""
        return cls(**stored) if stored else cls()

    def stored(self) -> dict[str, Any]:
        """A JSON object that :meth:`load` reads."""
        return asdict(self)

    @property
    def under_way(self) -> bool:
        """Whether a round was begun and not ended."""
        return bool(self.after)

    def compared(
        self, upto: str | None, at: str, *, accounts: int, contacts: int, found: int, missed: int
    ) -> Round:
        """After one more slice. `upto`: its last account id, None when it reached the end of all ids."""
        began = self.began if self.under_way else at
        base = self if self.under_way else Round(ended=self.ended, missed_before=self.missed_before)
        now = replace(
            base,
            began=began,
            at=at,
            after=upto or "",
            accounts=base.accounts + accounts,
            contacts=base.contacts + contacts,
            found=base.found + found,
            missed=base.missed + missed,
        )
        return now if upto is not None else replace(now, ended=at, missed_before=now.missed)


def pause(accounts: int, allocation: int | None) -> timedelta:
    """Between two slices: so that a round takes `ROUND`, and no more than `SHARE` of the calls of a day.

    :param allocation: API calls that the console may use in a day; None while unknown.
    """
    slices = max(1, -(-accounts // SLICE))
    evenly = ROUND / slices
    if allocation is None:
        return evenly
    affordable = max(1.0, allocation * SHARE)
    return max(evenly, timedelta(days=1) * (CALLS / affordable))


def first(now: datetime, accounts: int, allocation: int | None) -> Round:
    """A round whose first slice is due `FIRST` from now: everything was just read."""
    return Round(at=(now + FIRST - pause(accounts, allocation)).strftime("%Y-%m-%dT%H:%M:%SZ"))


def is_due(round_: Round, now: datetime, accounts: int, allocation: int | None, left: int | None) -> bool:
    """Whether a slice is to be compared now.

    A clock that was put back makes one due, and that one is noted by the new time: neither a storm nor a day of silence.

    :param left: calls that the console may still make: the last tenth is for what people and the sync need.
    """
    if left is not None and left <= max(CALLS, (allocation or 0) // 10):
        return False
    since = now - datetime.fromisoformat(round_.at)
    return not timedelta(0) <= since < pause(accounts, allocation)
