"""Noticing, while planning, that something outside keeps rewriting what is about to be written once more."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import cast

from console.domain.fields import FIELD
from console.domain.loops import TURNS, WINDOW, Loop, Write, turns
from console.domain.plain import plain
from console.domain.planner import plan
from console.domain.policy import Policy
from console.domain.records import Change, LinkPlan, Side, Subject, Value
from console.errors import Refused
from console.salesforce.composite import SubRequest
from console.salesforce.soql import name, soql
from console.store.cache import Cache
from console.sync.cursors import text
from console.sync.org import Org, short

Planned = tuple[Subject, LinkPlan]
_MAY_NOT_TELL = "INVALID_FIELD"


class LoopWatch:
    """Looks at every plan that would write a field, and stops those fields that turned often enough.

    :param own_user: id of the connection's own user, empty where it isn't known.
    """

    def __init__(self, cache: Cache, org: Org, clock: Callable[[], datetime], own_user: str) -> None:
        self._cache = cache
        self._org = org
        self._clock = clock
        self._own_user = own_user

    def stopped(self, planned: Sequence[Planned], policy: Policy) -> list[Planned]:
        """The same plans; where a field is stopped because it loops, the customer's as it is with that."""
        writing = [subject.customer.id for subject, made in planned if any(map(_field, made.changes))]
        if not writing:
            return list(planned)
        since = text(self._clock() - WINDOW)
        repeated = self._cache.loops.repeated(writing, since, TURNS)
        if not repeated:
            return list(planned)
        found = {
            place: loops
            for place, (subject, made) in enumerate(planned)
            if (loops := _found(subject, made.changes, repeated))
        }
        if not found:
            return list(planned)
        who = self._who([(planned[place][0], loops) for place, loops in found.items()])
        answer = list(planned)
        kept: list[tuple[str, str, Loop]] = []
        for place, loops in found.items():
            subject = planned[place][0]
            told = {
                key: replace(loop, who=who.get((subject.customer.id, key), "")) for key, loop in loops.items()
            }
            decided = replace(subject.decided, loops={**subject.decided.loops, **told})
            answer[place] = (subject, plan(replace(subject, decided=decided), policy))
            kept += [(subject.customer.id, key, loop) for key, loop in told.items()]
        with self._cache.transaction():
            self._cache.loops.put(kept)
        return answer

    def _who(self, found: Sequence[tuple[Subject, dict[str, Loop]]]) -> dict[tuple[str, str], str]:
        """By customer and field: who changed the record last, where it is one of the org's."""
        places: dict[str, dict[str, list[tuple[str, str]]]] = {"Account": {}, "Contact": {}}
        for subject, loops in found:
            for key, loop in loops.items():
                entity: str = FIELD[key].entity
                record = subject.account if entity == "Account" else subject.contact
                if loop.side == "salesforce" and record is not None:
                    places[entity].setdefault(record.id, []).append((subject.customer.id, key))
        told: dict[tuple[str, str], str] = {}
        for entity, records in places.items():
            for record_id, sentence in self._modifiers(entity, list(records)).items():
                told.update(dict.fromkeys(records[record_id], sentence))
        return told

    def _modifiers(self, entity: str, ids: Collection[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for chunk in short(ids):
            query = soql(
                "SELECT Id, LastModifiedById, LastModifiedBy.Name FROM {} WHERE Id IN {}", name(entity), chunk
            )
            (reply,) = self._org.send([SubRequest.query("modifiers", query)])
            try:
                for row in self._org.rows(reply):
                    found[row["Id"]] = self._sentence(row)
            except Refused as refusal:
                if refusal.code != _MAY_NOT_TELL:
                    raise  # a user who may not see other users isn't told; all else is trouble
        return found

    def _sentence(self, row: dict[str, object]) -> str:
        person = row.get("LastModifiedBy")
        who = (
            plain(str(cast("dict[str, object]", person).get("Name")), 80) if isinstance(person, dict) else ""
        )
        if self._own_user and row.get("LastModifiedById") == self._own_user:
            return f"It changes as we save ({who}): a flow, trigger or rule of the org does it"
        return f"The record was changed last by {who or row.get('LastModifiedById')}"


def _field(change: Change) -> bool:
    return change.key in FIELD


def _found(
    subject: Subject,
    changes: Sequence[Change],
    repeated: dict[tuple[str, Side, str], list[Write]],
) -> dict[str, Loop]:
    """The fields of a plan that turned often enough by now, each as a loop that is stopped."""
    found: dict[str, Loop] = {}
    for change in filter(_field, changes):
        key = cast("str", change.key)
        writes = repeated.get((subject.customer.id, change.side, key))
        known = subject.decided.loops.get(key)
        answered = key in subject.decided.answers
        if writes is None or answered or (known is not None and not known.watched):
            continue
        if known is not None:
            writes = [write for write in writes if write.at > known.at]
        turned = turns(writes, key, cast("Value", change.after), cast("Value", change.before))
        if len(turned) >= TURNS:
            found[key] = Loop(change.side, turned)
    return found
