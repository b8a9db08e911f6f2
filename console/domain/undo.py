"""Taking a run back: from what it wrote to one customer, and what stands there now, to changes, and to what is left as it is.

A field gets back what stood there before the run, where it still holds what the run wrote. What somebody, or a later run, wrote
since is kept and told. The two sides differ afterwards: `Held` keeps the next pass from making the same copy again, see
docs/undo.md. A record that the run created stays, unless its deletion was asked for and nobody has touched it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Literal, cast

from console.domain.decisions import permitted
from console.domain.fields import ALIASES, FIELD, FieldSpec
from console.domain.ids import same_id
from console.domain.normal import same, shown
from console.domain.policy import Policy
from console.domain.records import (
    Account,
    Change,
    Contact,
    Decision,
    Direction,
    Side,
    Subject,
    Value,
    Values,
)
from console.domain.view import alguna_values

RULE = "undo"


@dataclass(frozen=True, slots=True)
class Written:
    """What one applied change of a run did, as the history tells it."""

    side: Side
    entity: Literal["Account", "Contact", "customer"]
    record: str
    key: str | None
    field: str | None
    before: object
    after: object
    undoes: int | None = None
    """The run that it took back, if it was an undo itself."""

    @property
    def place(self) -> tuple[Side, str, str, str | None]:
        """What it wrote to."""
        return self.side, self.entity, self.record, self.key


@dataclass(frozen=True, slots=True)
class Kept:
    """Something of a run that an undo leaves as it is."""

    customer_id: str
    side: Side
    entity: str
    record: str
    key: str | None
    field: str | None
    """The side's own name of the field; None for a whole record."""
    reason: str
    unasked: bool = False
    """A record that the run created: nobody asked for its deletion."""

    def as_json(self) -> dict[str, object]:
        """The shape that ``undo --json`` prints."""
        return {
            "customer_id": self.customer_id,
            "side": self.side,
            "object": self.entity,
            "record": self.record,
            "field": self.field,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Undoing:
    """What taking a run back does to one customer."""

    changes: tuple[Change, ...] = ()
    kept: tuple[Kept, ...] = ()
    already: int = 0
    """Fields that hold what they held before the run."""


def undo(
    subject: Subject,
    run: int,
    written: Sequence[Written],
    since: Mapping[tuple[Side, str, str, str | None], int],
    policy: Policy,
    touched: Mapping[str, str] | None = None,
) -> Undoing:
    """Take back what `run` wrote to one customer.

    :param written: its applied changes, the oldest first.
    :param since: places that a later run wrote to, with that run's number.
    :param touched: why records that the run created may not be deleted, by id; an empty sentence: they may. None: nobody
        asked for that.
    """
    maker = _Undo(subject, run, since, policy, touched)
    places = _merged(written)
    for each in places:
        if each.key is None:
            maker.record(each, {field.key: field.after for field in places if field.record == each.record})
    for each in places:
        if each.key is not None and each.record not in maker.deleted:
            maker.field(each)
    return Undoing(tuple(maker.changes), tuple(maker.kept), maker.already)


class _Undo:
    def __init__(
        self,
        subject: Subject,
        run: int,
        since: Mapping[tuple[Side, str, str, str | None], int],
        policy: Policy,
        touched: Mapping[str, str] | None,
    ) -> None:
        self._subject = subject
        self._run = run
        self._since = since
        self._policy = policy
        self._touched = touched
        self._alguna = alguna_values(subject.customer, subject.subscriptions, subject.link, policy).values
        self.changes: list[Change] = []
        self.kept: list[Kept] = []
        self.already = 0
        self.deleted: set[str] = set()
        """Records that are deleted: their fields are not put back first."""

    def field(self, each: Written) -> None:
        if each.key == ALIASES:
            self._aliases(each)
        elif each.key is not None and each.key in FIELD:
            self._field(each, FIELD[each.key])

    # --- one field -------------------------------------------------------------------------------------------

    def _field(self, each: Written, spec: FieldSpec) -> None:
        values = self._values(each)
        if isinstance(values, str):
            self._keep(each, values)
            return
        before, after = cast("Value", each.before), cast("Value", each.after)
        now = values.get(spec.key)
        if spec.key not in values:
            self._keep(each, f"{_name(each.side)} doesn't show what it holds now.")
        elif same(spec.kind, now, before):
            self.already += 1
        elif (later := self._since.get(each.place)) is not None:
            self._keep(each, f"Run {later} wrote it since: it holds {shown(now)}.")
        elif not same(spec.kind, now, after):
            self._keep(each, f"Edited since: it holds {shown(now)}, the run wrote {shown(after)}.")
        elif (beside := self._beside(each, spec)) is None:
            self._keep(
                each, f"{_name(_other(each.side))} doesn't say what it holds, so the two can't be left apart."
            )
        elif reason := self._forbidden(each, spec, before):
            self._keep(each, reason)
        else:
            self._add(each, now, before, beside[0])

    def _values(self, each: Written) -> Values | str:
        """The record's values as they stand; a sentence where there is no such record any more."""
        subject = self._subject
        if each.side == "alguna":
            return "Alguna no longer lists this customer." if subject.customer.gone else self._alguna
        if subject.link is None:
            return "The customer isn't linked with an account any more."
        record: Account | Contact | None = subject.account if each.entity == "Account" else subject.contact
        if record is None or not same_id(record.id, each.record):
            return f"{each.entity} {each.record} isn't this customer's any more."
        return f"{each.entity} {each.record} was deleted." if record.deleted else record.values

    def _beside(self, each: Written, spec: FieldSpec) -> tuple[Value] | None:
        """What the other side is left with: what the run copied from there, so that an edit there since is one; None: unknown.

        An undo copied nothing: beside its value stands what it held apart, or what the other side holds now.
        """
        if each.undoes is None:
            return (cast("Value", each.after),)
        held = self._subject.link.held.get(spec.key) if self._subject.link is not None else None
        if held is not None:
            return (held.salesforce if each.side == "alguna" else held.alguna,)
        record = self._subject.account if spec.entity == "Account" else self._subject.contact
        values = (record.values if record is not None else {}) if each.side == "alguna" else self._alguna
        return (values[spec.key],) if spec.key in values else None

    def _forbidden(self, each: Written, spec: FieldSpec, before: Value) -> str | None:
        direction = Direction.TO_SALESFORCE if each.side == "salesforce" else Direction.TO_ALGUNA
        decision = permitted(
            Decision(spec.key, "", differs=True, direction=direction, value=before), spec, self._policy
        )
        return decision.reason if decision.refused else None

    # --- aliases, whole records ------------------------------------------------------------------------------

    def _aliases(self, each: Written) -> None:
        customer = self._subject.customer
        if customer.gone:
            self._keep(each, "Alguna no longer lists this customer.")
            return
        before, after = _list(each.before), _list(each.after)
        added = [alias for alias in after if alias not in before]
        removed = [alias for alias in before if alias not in after]
        if len(added) + len(removed) != 1:
            self._keep(each, "The run changed more than one alias: put them right in Alguna.")
            return
        (alias,) = added or removed
        there = alias in customer.aliases
        if there == bool(removed):
            self.already += 1
        elif (later := self._since.get(each.place)) is not None:
            self._keep(each, f"Run {later} changed the aliases since.")
        else:
            now = list(customer.aliases)
            then = [one for one in now if one != alias] if added else [*now, alias]
            self._add(each, now, then, alias)

    def record(self, each: Written, fields: Mapping[str | None, object]) -> None:
        """A record that the run created, and the fields of it that the run wrote after that."""
        if each.undoes is not None:
            self._keep(each, "Restore it from Salesforce's Recycle Bin, within 15 days: the API can't.")
            return
        record = self._subject.account if each.entity == "Account" else self._subject.contact
        if record is None or not same_id(record.id, each.record):
            self._keep(each, f"{each.entity} {each.record} isn't this customer's any more.")
        elif record.deleted:
            self.already += 1
        elif self._touched is None:
            reason = f"The run created it; it is deleted only when asked for by name: run {self._run}."
            self._keep(each, reason, unasked=True)
        elif reason := self._touched.get(record.id, "") or self._differs(each, record.values, fields):
            self._keep(each, reason)
        else:
            self.deleted.add(each.record)
            self._add(each, each.after, None, None)

    def _differs(self, each: Written, values: Values, fields: Mapping[str | None, object]) -> str:
        """Why a record isn't as the run left it; empty where it is."""
        left: dict[str | None, object] = {**cast("Mapping[str | None, object]", each.after), **fields}
        for key, value in values.items():
            later = self._since.get((each.side, each.entity, each.record, key))
            if later is not None:
                return f"Run {later} wrote to it since."
            if not same(FIELD[key].kind, value, cast("Value", left.get(key))):
                return f"Edited since: {FIELD[key].label} holds {shown(value)}."
        return ""

    # --- noting ----------------------------------------------------------------------------------------------

    def _add(self, each: Written, before: object, after: object, beside: Value) -> None:
        customer, run = self._subject.customer, self._run
        what = "Deleted again" if each.key is None else "Put back"
        text = json.dumps(
            ["undo", run, customer.id, each.side, each.entity, each.key, before, after], sort_keys=True
        )
        self.changes.append(
            Change(
                id=blake2b(text.encode("ascii"), digest_size=12).hexdigest(),
                customer_id=customer.id,
                side=each.side,
                entity=each.entity,
                record=each.record,
                key=each.key,
                field=each.field,
                before=before,
                after=after,
                reason=f"{what}: run {run} is undone.",
                rule=RULE,
                undoes=run,
                beside=beside,
            )
        )

    def _keep(self, each: Written, reason: str, *, unasked: bool = False) -> None:
        customer_id = self._subject.customer.id
        self.kept.append(
            Kept(customer_id, each.side, each.entity, each.record, each.key, each.field, reason, unasked)
        )


def _merged(written: Iterable[Written]) -> list[Written]:
    """One for each place: what stood there before the run, and what it left there in the end."""
    places: dict[tuple[Side, str, str, str | None], Written] = {}
    for each in written:
        first = places.get(each.place)
        places[each.place] = each if first is None else replace(each, before=first.before)
    return list(places.values())


def _list(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list | tuple) else []


def _other(side: Side) -> Side:
    return "alguna" if side == "salesforce" else "salesforce"


def _name(side: Side) -> str:
    return "Alguna" if side == "alguna" else "Salesforce"
