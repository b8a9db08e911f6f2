"""Rules and automation on accounts and contacts that the sync's writes will meet: listed before the first write.

Objects asked: DuplicateRule and FlowDefinitionView (REST), ValidationRule and ApexTrigger (Tooling), as
https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/ and
https://developer.salesforce.com/docs/atlas.en-us.api_tooling.meta/api_tooling/ describe them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from console.domain.plain import plain
from console.errors import Refused
from console.salesforce.client import SalesforceClient, SubReply
from console.salesforce.setup.rows import all_rows

Sort = Literal["duplicate_rule", "validation_rule", "flow", "trigger"]

FLOWS = (
    "SELECT ApiName, Label, TriggerType, TriggerObjectOrEvent.QualifiedApiName FROM FlowDefinitionView "
    "WHERE IsActive = true AND TriggerObjectOrEvent.QualifiedApiName IN ('Account', 'Contact')"
)
_DUPLICATES = (
    "SELECT Id, DeveloperName, MasterLabel, SobjectType FROM DuplicateRule "
    "WHERE IsActive = true AND SobjectType IN ('Account', 'Contact')"
)
_VALIDATIONS = (
    "SELECT Id, ValidationName, ErrorMessage, EntityDefinition.QualifiedApiName FROM ValidationRule "
    "WHERE Active = true AND EntityDefinition.QualifiedApiName IN ('Account', 'Contact')"
)
_TRIGGERS = "SELECT Id, Name, TableEnumOrId FROM ApexTrigger WHERE Status = 'Active' AND TableEnumOrId IN ('Account', 'Contact')"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One active rule or automation."""

    sort: Sort
    object: str
    name: str
    sentence: str
    """What it may do to the sync's writes."""


def obstacles(
    client: SalesforceClient, flows: tuple[list[Obstacle], str]
) -> tuple[tuple[Obstacle, ...], tuple[str, ...]]:
    """All that can be seen, and a sentence for each sort that the user may not look at."""
    found, unseen = list(flows[0]), [flows[1]] if flows[1] else []
    for query, tooling, make, words in (
        (_DUPLICATES, False, _duplicate_rule, "duplicate rules"),
        (_VALIDATIONS, True, _validation_rule, "validation rules"),
        (_TRIGGERS, True, _trigger, "triggers"),
    ):
        rows, refusal = _look(client, query, tooling, words)
        found += [make(row) for row in rows]
        unseen += [refusal] if refusal else []
    order = ("duplicate_rule", "validation_rule", "flow", "trigger")
    return tuple(sorted(found, key=lambda one: (order.index(one.sort), one.object, one.name))), tuple(unseen)


def flows(reply: SubReply) -> tuple[list[Obstacle], str]:
    """Active record-triggered flows from the answer to `FLOWS`, and what to say where they can't be seen."""
    try:
        rows = reply.rows()
    except Refused as refusal:
        return [], _unseen("flows", refusal)
    return [
        Obstacle(
            "flow",
            str(row["TriggerObjectOrEvent"]["QualifiedApiName"]),
            plain(str(row.get("Label") or row["ApiName"]), 80),
            "Runs when the sync saves a record: it may change fields or refuse the record.",
        )
        for row in rows
        if row.get("TriggerType") in ("RecordBeforeSave", "RecordAfterSave")
    ], ""


def _look(
    client: SalesforceClient, query: str, tooling: bool, words: str
) -> tuple[list[dict[str, Any]], str]:
    try:
        return all_rows(client, query, tooling=tooling), ""
    except Refused as refusal:
        return [], _unseen(words, refusal)


def _unseen(words: str, refusal: Refused) -> str:
    lacking = "INVALID_TYPE", "INSUFFICIENT_ACCESS", "INSUFFICIENT_ACCESS_OR_READONLY"
    if refusal.code in lacking:
        return f"The {words} of this org can't be seen without 'View Setup and Configuration'."
    return f"The {words} of this org can't be seen: {refusal.message}"


def _duplicate_rule(row: Mapping[str, Any]) -> Obstacle:
    return Obstacle(
        "duplicate_rule",
        str(row["SobjectType"]),
        plain(str(row.get("MasterLabel") or row["DeveloperName"]), 80),
        "A record that looks like another one may be refused: the account then waits for a person, with the one it resembles.",
    )


def _validation_rule(row: Mapping[str, Any]) -> Obstacle:
    entity = row.get("EntityDefinition") or {}
    message = plain(str(row.get("ErrorMessage") or ""), 120)
    return Obstacle(
        "validation_rule",
        str(entity.get("QualifiedApiName") or ""),
        plain(str(row["ValidationName"]), 80),
        f"Refuses a record with: {message}" if message else "Refuses records that don't meet it.",
    )


def _trigger(row: Mapping[str, Any]) -> Obstacle:
    return Obstacle(
        "trigger",
        str(row["TableEnumOrId"]),
        plain(str(row["Name"]), 80),
        "Code that runs when the sync saves a record: it may change fields or refuse the record.",
    )
