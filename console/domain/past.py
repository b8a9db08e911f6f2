"""The past of one customer: what each side held as of a run, and what differs between two runs.

Told by what the console wrote, and by the edits of others that it saw. A copy tells of both sides: what was written to one
stood on the other. What nothing tells of stays unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from console.domain.fields import FIELD, FIELDS
from console.domain.normal import same
from console.domain.records import Side, Value, Values

SIDES: Final[tuple[Side, Side]] = ("alguna", "salesforce")


@dataclass(frozen=True, slots=True)
class Event:
    """One value that moved. In their order: those of one run as they came."""

    run: int
    side: Side
    entity: str
    record: str
    key: str | None
    """None: the record was created (`after` holds its values) or deleted (`after` is None)."""
    before: object
    after: object
    copied: bool = False
    """The console took `after` over from the other side."""

    @property
    def place(self) -> tuple[Side, str, str, str | None]:
        """What moved."""
        return self.side, self.entity, self.record, self.key


@dataclass(frozen=True, slots=True)
class Moment:
    """Both sides as of a run, by field key; what isn't known is missing."""

    alguna: Values
    salesforce: Values
    account: bool = True
    """The account was there."""
    contact: bool = True


def as_of(
    run: int,
    events: Sequence[Event],
    alguna: Values,
    salesforce: Values,
    records: Mapping[str, str],
) -> Moment:
    """Both sides when `run` had ended.

    :param events: all of one customer's, the oldest first.
    :param alguna: what Alguna holds now, and `salesforce`, both by field key.
    :param records: the account's and the contact's id, by object.
    """
    there = {entity: _there(run, events, entity, record) for entity, record in records.items()}
    ours: dict[str, Value] = {}
    theirs: dict[str, Value] = {}
    for spec in FIELDS:
        known, value = _value(run, events, "alguna", spec.key, "customer", None, alguna)
        if known:
            ours[spec.key] = value
        record = records.get(spec.entity)
        if record is None or not there[spec.entity]:
            continue
        known, value = _value(run, events, "salesforce", spec.key, spec.entity, record, salesforce)
        if known:
            theirs[spec.key] = value
    return Moment(ours, theirs, there.get("Account", False), there.get("Contact", False))


def _there(run: int, events: Iterable[Event], entity: str, record: str) -> bool:
    """Whether a record existed then: whatever created or deleted it next, or last, tells."""
    for event in events:
        if event.run > run and event.key is None and (event.entity, event.record) == (entity, record):
            return event.after is None
    last = [e for e in events if e.key is None and (e.entity, e.record) == (entity, record)]
    return not last or last[-1].after is not None


def _value(
    run: int, events: Iterable[Event], side: Side, key: str, entity: str, record: str | None, now: Values
) -> tuple[bool, Value]:
    """(known, value) of one field on one side."""
    last: tuple[bool, Value] = (False, None)
    for event in events:
        here = event.side == side and (record is None or event.record == record)
        if event.key is None:
            values = event.after
            if not isinstance(values, Mapping) or event.entity != FIELD[key].entity:
                continue
            if event.run > run:
                continue
            # A new record holds what Alguna held; what it wasn't given is empty there.
            if key in values:
                last = (True, values[key])
            elif here and entity == event.entity:
                last = (True, None)
            continue
        if event.key != key or not (here or event.copied):
            continue
        if event.run <= run:
            last = (True, _text(event.after))
        elif here:
            return True, _text(event.before)
        else:
            return last  # it had moved before the copy, and nobody saw when
    return (True, now[key]) if key in now else last


def _text(value: object) -> Value:
    return value if isinstance(value, str) else None


@dataclass(frozen=True, slots=True)
class Difference:
    """What one place held as of the earlier of two runs, and as of the later one."""

    side: Side
    entity: str
    record: str
    key: str | None
    before: object
    after: object
    runs: tuple[int, ...]
    """The runs that moved it, or saw it moved."""


def between(earlier: int, later: int, events: Iterable[Event]) -> list[Difference]:
    """What moved after `earlier` had ended and until `later` had, without what moved there and back.

    :param events: one customer's, the oldest first.
    """
    places: dict[tuple[Side, str, str, str | None], list[Event]] = {}
    for event in events:
        if earlier < event.run <= later:
            places.setdefault(event.place, []).append(event)
    found: list[Difference] = []
    for (side, entity, record, key), moves in places.items():
        before, after = moves[0].before, moves[-1].after
        if not _equal(key, before, after):
            runs = tuple(sorted({move.run for move in moves}))
            found.append(Difference(side, entity, record, key, before, after, runs))
    return found


def _equal(key: str | None, before: object, after: object) -> bool:
    if key is not None and key in FIELD and (before is None or isinstance(before, str)):
        return same(FIELD[key].kind, before, _text(after))
    if isinstance(before, list | tuple) and isinstance(after, list | tuple):
        return sorted(map(str, before)) == sorted(map(str, after))
    return before == after
