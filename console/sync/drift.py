"""What set-up made and is not as it was: a field deleted, retyped or hidden, access taken away, a channel member removed.

It is found by the look at the session's beginning and every few minutes (`console.sync.access`), and told as one problem
that says what it breaks and ends with the mending."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from console.domain.fields import CUSTOM_FIELDS, CUSTOMER_ID, FIELD
from console.errors import ConsoleError
from console.salesforce.client import ObjectInfo, SalesforceClient, SubReply, SubRequest
from console.salesforce.setup.channel import member_name, parts_there
from console.salesforce.setup.model import EVENTS
from console.salesforce.setup.rows import stored_fields
from console.salesforce.soql import soql
from console.store.artefacts import Artefact
from console.store.cache import Cache
from console.sync.silence import members_missing
from console.sync.workers import Workers

SETUP = "setup"
"""Category of the problem about set-up."""
DRIFT = "drift"
"""Its subject: there is one at a time."""
MEND = "Mend it by plan: press e in the console, or look with  alguna-console setup {name} --plan  and do it with --apply."
BLIND = (
    "The signed-in user may not read accounts in Salesforce: nothing is matched, compared or written until it may;"
    " what Alguna holds is still read."
)
NAMELESS = (
    f"The signed-in user can't see which customer an account carries ({CUSTOMER_ID}): nobody is matched and no account is"
    " created until it can; customers that are linked are kept in step."
)
MOST = 4
"""Findings that the problem's title names."""


_NOTED = {
    "permission_set": "PermissionSet",
    "assignment": "PermissionSetAssignment",
    "license": "PermissionSetLicenseAssign",
}
_PARTIAL = "partial"


@dataclass(frozen=True, slots=True)
class Seen:
    """What the org shows of what set-up made; None where it does not tell."""

    objects: Mapping[str, ObjectInfo]
    unusable: Mapping[str, str]
    """Our fields that can't be used, by API name, with why."""
    stored: frozenset[str] | None = None
    """Our fields that the org has, hidden ones included."""
    sets: frozenset[str] | None = None
    """Ids of permission sets."""
    assignments: frozenset[str] | None = None
    licenses: frozenset[str] | None = None
    """Ids of permission set licence assignments."""
    partial: frozenset[str] = frozenset()
    """Objects of which our permission set no longer opens every record."""
    channel: frozenset[str] | None = None
    """API names of the channel and the members that are there."""


def findings(artefacts: Sequence[Artefact], seen: Seen) -> list[str]:
    """What is not as set-up left it, each with what it breaks: the worst first, and what others follow from before those."""
    account = seen.objects.get("Account")
    if account is None or not account.queryable:
        return [BLIND, *_sets(artefacts, seen), *_channel(artefacts, seen)]
    return [
        *([NAMELESS] if CUSTOMER_ID in seen.unusable else []),
        *_sets(artefacts, seen),
        *_fields(seen),
        *_hidden(artefacts, seen),
        *_objects(artefacts, seen),
        *_partial(artefacts, seen),
        *_channel(artefacts, seen),
    ]


def _fields(seen: Seen) -> list[str]:
    account = seen.objects.get("Account")
    told: list[str] = []
    for ours in CUSTOM_FIELDS:
        name, what = ours.api_name, FIELD[ours.api_name].label
        left = f"{what} is left out of the sync"
        if name in seen.unusable:
            there = account is not None and name in account.fields
            if there or seen.stored is None:
                said = seen.unusable[name].rstrip(".")
            else:
                said = (
                    f"{name} {'is hidden from the signed-in user' if name in seen.stored else 'was deleted'}"
                )
            told.append(f"{said}: {left}.")
        elif account is not None and account.updateable and not account.fields[name].updateable:
            told.append(f"{name} can be read but not edited: {what} is no longer written.")
    return told


def _hidden(artefacts: Sequence[Artefact], seen: Seen) -> list[str]:
    """Standard fields that set-up granted, and that can't be seen or edited now."""
    told: list[str] = []
    for artefact in artefacts:
        entity, _, name = artefact.api_name.partition(".")
        if artefact.kind != "field_permission" or name.endswith("__c") or entity not in seen.objects:
            continue
        column = name.replace("Address", "Street") if name.endswith("Address") else name
        info = seen.objects[entity].fields.get(column)
        if info is None:
            told.append(f"{artefact.api_name} is hidden from the signed-in user: it is left out of the sync.")
        elif seen.objects[entity].updateable and not info.updateable:
            told.append(f"{artefact.api_name} can be read but not edited: it is no longer written.")
    return told


def _objects(artefacts: Sequence[Artefact], seen: Seen) -> list[str]:
    told: list[str] = []
    for artefact in artefacts:
        if artefact.kind != "object_permission":
            continue
        words = f"{artefact.api_name.lower()}s"
        info = seen.objects.get(artefact.api_name)
        if info is None:
            told.append(f"The signed-in user may not read {words} any more: they are left out of the sync.")
            continue
        if not info.createable:
            told.append(f"The signed-in user may not create {words} any more: none is created.")
        if not info.updateable:
            told.append(f"The signed-in user may not edit {words} any more: they are not changed.")
    return told


def _sets(artefacts: Sequence[Artefact], seen: Seen) -> list[str]:
    told: list[str] = []
    for kind, there, said in (
        ("permission_set", seen.sets, "The permission set {} is gone: its rights go with it."),
        ("assignment", seen.assignments, "{} does not have the permission set any more."),
        (
            "license",
            seen.licenses,
            "{} does not have the permission set licence any more: without it its own opens no records.",
        ),
    ):
        if there is not None:
            told += [
                said.format(artefact.api_name)
                for artefact in artefacts
                if artefact.kind == kind and artefact.sf_id not in there
            ]
    return told


def _partial(artefacts: Sequence[Artefact], seen: Seen) -> list[str]:
    """Change events are delivered to who may see all records only: set-up grants that where it makes a channel."""
    if not any(artefact.kind == "channel" for artefact in artefacts):
        return []
    return [
        f"The permission set no longer grants View All on {name}s: changes of theirs are polled for, and one that is not shared"
        " with the user is not seen."
        for name in sorted(seen.partial)
    ]


def _channel(artefacts: Sequence[Artefact], seen: Seen) -> list[str]:
    if seen.channel is None:
        return []
    if any(artefact.kind == "channel" and artefact.api_name not in seen.channel for artefact in artefacts):
        return ["The channel of change events is gone: changes no longer arrive as they happen."]
    return [
        f"The channel has lost its changes of {name.lower()}s: they are polled for."
        for name in _missing(artefacts, seen.channel)
    ]


def _missing(artefacts: Sequence[Artefact], there: frozenset[str]) -> list[str]:
    """Objects whose member set-up made, and that the channel lacks now."""
    objects = {member_name(event): event.removesuffix("ChangeEvent") for event in EVENTS}
    made = {artefact.api_name for artefact in artefacts if artefact.kind == "channel_member"}
    return [name for member, name in objects.items() if member in made and member not in there]


class Drift:
    """Asks what describes do not tell, and keeps the one problem.

    :param connection: its name, for the command that mends.
    """

    def __init__(self, cache: Cache, client: SalesforceClient, workers: Workers, connection: str) -> None:
        self._cache = cache
        self._client = client
        self._workers = workers
        self.connection = connection
        self._artefacts = cache.artefacts.all()

    def questions(self) -> list[SubRequest]:
        """Permission sets and assignments that set-up noted, for the call that also describes."""
        return list(self._questions().values())

    def _questions(self) -> dict[str, SubRequest]:
        found: dict[str, SubRequest] = {}
        for kind, sobject in _NOTED.items():
            ids = [artefact.sf_id for artefact in self._artefacts if artefact.kind == kind]
            if ids:
                query = soql(f"SELECT Id FROM {sobject} WHERE Id IN {{}}", ids)  # noqa: S608 - our own names
                found[kind] = SubRequest.query(sobject, query)
        sets = [artefact.sf_id for artefact in self._artefacts if artefact.kind == "permission_set"]
        if sets:
            found[_PARTIAL] = SubRequest.query(
                "ObjectPermissions",
                soql(
                    "SELECT SobjectType FROM ObjectPermissions WHERE ParentId IN {}"
                    " AND SobjectType IN ('Account', 'Contact') AND PermissionsViewAllRecords = false",
                    sets,
                ),
            )
        return found

    def tell(
        self,
        objects: Mapping[str, ObjectInfo],
        unusable: Mapping[str, str],
        replies: Sequence[SubReply],
        at: str,
    ) -> list[str]:
        """Open, renew or resolve the problem; returns what was found.

        :param replies: the answers to `questions`.
        """
        answers = dict(zip(self._questions(), replies, strict=True))
        there = {kind: _column(reply, "Id") for kind, reply in answers.items() if kind != _PARTIAL}
        partial = _column(answers[_PARTIAL], "SobjectType") if _PARTIAL in answers else None
        seen = Seen(
            objects,
            unusable,
            stored=self._stored() if unusable else None,
            sets=there.get("permission_set"),
            assignments=there.get("assignment"),
            licenses=there.get("license"),
            partial=partial or frozenset(),
            channel=self._channel(),
        )
        found = findings(self._artefacts, seen)
        if seen.channel is not None:
            members_missing(self._cache, _missing(self._artefacts, seen.channel))
        problems = self._cache.problems
        known = {problem.subject: problem for problem in problems.open() if problem.category == SETUP}
        if not found:
            if known:
                problems.resolve(SETUP)
            return found
        title = " ".join(found[:MOST]) + (f" And {len(found) - MOST} more." if len(found) > MOST else "")
        if DRIFT not in known or known[DRIFT].title != title:
            problems.report(SETUP, DRIFT, title, MEND.format(name=self.connection), at)
        return found

    def _stored(self) -> frozenset[str] | None:
        """Asked only when a field is missed: none at all means that the user may not look."""
        found = self._workers.call(stored_fields, self._client)
        return frozenset(found) or None

    def _channel(self) -> frozenset[str] | None:
        if not any(artefact.kind in ("channel", "channel_member") for artefact in self._artefacts):
            return None
        return self._workers.call(parts_there, self._client)


def _column(reply: SubReply, name: str) -> frozenset[str] | None:
    try:
        return frozenset(str(row[name]) for row in reply.rows())
    except ConsoleError:
        return None
