"""Whether records that a run created are still as it left them: looked at in the org just before an undo deletes them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, Literal

from console.domain.ids import to_18
from console.domain.undo import Written
from console.errors import Refused
from console.salesforce.client import SubRequest
from console.salesforce.soql import name, soql
from console.sync.org import HEAVY, Org, batches, short

STAMPS = "SELECT Id, CreatedDate, CreatedById, LastModifiedDate, LastModifiedById FROM {} WHERE Id IN {}"
_OF_THE_SYSTEM = ("History", "Feed", "Share", "ChangeEvent")
"""Ends of the names of objects whose records Salesforce itself keeps beside a record."""
_BY_ITSELF = frozenset({"AccountContactRelation"})
"""Objects of which Salesforce makes a record by itself for each contact.
https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_accountcontactrelation.htm
"""


class Created:
    """Looks at records of one run; what it has learnt of the org holds for all of them.

    :param org: the org as its user sees it.
    """

    def __init__(self, org: Org) -> None:
        self._org = org
        self._children: dict[str, list[tuple[str, str]]] = {}

    def touched(self, written: Iterable[Written]) -> dict[str, str]:
        """Why records may not be deleted, by id; those that nobody touched are missing from the answer.

        :param written: all that the run wrote to these customers: what it created, and what it changed there later.
        :raises ConsoleError: the org can't be asked.
        """
        changes = list(written)
        rewritten = {each.record for each in changes if each.key is not None}
        made = {
            entity: [each.record for each in changes if each.key is None and each.entity == entity]
            for entity in ("Account", "Contact")
        }
        ours = {*made["Account"], *made["Contact"]}
        found: dict[str, str] = {}
        for entity in ("Account", "Contact"):
            found |= self._edited(entity, made[entity], rewritten)
            found |= self._parents(entity, made[entity], ours)
        return found

    def _edited(self, entity: str, ids: Sequence[str], rewritten: Collection[str]) -> dict[str, str]:
        """Records that somebody else edited last, or that were edited at all where the run itself did not."""
        found: dict[str, str] = {}
        for row in self._rows([soql(STAMPS, name(entity), chunk) for chunk in short(ids)]):
            id_ = to_18(row["Id"])
            if row["LastModifiedById"] != row["CreatedById"]:
                found[id_] = f"Somebody else edited it last, at {row['LastModifiedDate']}."
            elif row["LastModifiedDate"] != row["CreatedDate"] and id_ not in rewritten:
                found[id_] = f"It was edited at {row['LastModifiedDate']}, after it was created."
        return found

    def _parents(self, entity: str, ids: Sequence[str], ours: Collection[str]) -> dict[str, str]:
        """Records that others belong to: those would be deleted along, or lose it."""
        asked = [
            (child, field, _belonging(child, field, chunk, ours))
            for child, field in (self._kinds(entity) if ids else ())
            for chunk in short(ids)
        ]
        found: dict[str, str] = {}
        for batch in batches(asked, HEAVY):
            replies = self._org.send(
                [SubRequest.query(f"q{n}", query) for n, (*_, query) in enumerate(batch)]
            )
            for (child, field, _), reply in zip(batch, replies, strict=True):
                try:
                    for row in self._org.rows(reply):
                        found[to_18(row[field])] = f"Something belongs to it: {child}."
                except Refused:
                    continue  # an object that can't be asked like this, or that the user doesn't see
        return found

    def _kinds(self, entity: str) -> list[tuple[str, str]]:
        """Objects with a field that points to this one, as (object, field)."""
        if entity not in self._children:
            (reply,) = self._org.send([SubRequest.describe("children", entity)])
            body = reply.body if reply.error() is None and isinstance(reply.body, dict) else {}
            self._children[entity] = [
                (str(each["childSObject"]), str(each["field"]))
                for each in body.get("childRelationships") or []
                if each.get("relationshipName")
                and not each.get("deprecatedAndHidden")
                and not str(each["childSObject"]).endswith(_OF_THE_SYSTEM)
                and each["childSObject"] not in _BY_ITSELF
            ]
        return self._children[entity]

    def _rows(self, queries: Sequence[str]) -> Iterator[dict[str, Any]]:
        for batch in batches(queries, HEAVY):
            requests = [SubRequest.query(f"q{place}", query) for place, query in enumerate(batch)]
            for reply in self._org.send(requests):
                yield from self._org.rows(reply)


def _belonging(child: str, field: str, ids: Sequence[str], ours: Collection[str]) -> str:
    """Which of these records others than ours point to."""
    parent = name(field)
    return soql(
        "SELECT {} FROM {} WHERE {} IN {} AND Id NOT IN {} GROUP BY {}",
        parent,
        name(child),
        parent,
        ids,
        _possible(child, ours),
        parent,
    )


def _possible(child: str, ours: Collection[str]) -> list[str]:
    """Ids of the object itself among the records that the same run created; a query needs at least one."""
    prefix: dict[str, Literal["001", "003"]] = {"Account": "001", "Contact": "003"}
    return sorted(id_ for id_ in ours if id_.startswith(prefix.get(child, "-"))) or ["000000000000000AAA"]
