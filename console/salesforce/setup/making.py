"""Making what a plan says, and seeing that it is there."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from console.domain.fields import CUSTOM_FIELDS
from console.domain.ids import to_18
from console.domain.plain import plain
from console.errors import ConsoleError, Refused, Unreachable
from console.salesforce.client import SalesforceClient
from console.salesforce.custom_fields import metadata
from console.salesforce.setup.channel import channel_body, channel_id, member_body, member_ids, member_name
from console.salesforce.setup.license import LICENSE_LABEL, WHERE, license_assignment_id, license_id
from console.salesforce.setup.model import EVENTS, SET, Artefact, Assignee, SetupItem, SetupPlan
from console.salesforce.setup.permission_set import (
    DESCRIPTION,
    FIELD_RIGHTS,
    STANDARD_FIELDS,
    Grants,
    grants,
)
from console.salesforce.setup.plan import plan_setup
from console.salesforce.setup.rows import (
    assignment_id,
    field_rows,
    object_rows,
    permission_set_id,
    stored_fields,
)

Told = Callable[[SetupItem, str], None]
"""Told ``doing`` and ``done`` for each item that is made or granted, or ``refused`` with why as the item's detail."""
_THERE_ALREADY = frozenset({"DUPLICATE_DEVELOPER_NAME", "DUPLICATE_VALUE"})
_OPTIONAL = ("channel", "channel_member")
"""Without these changes are polled for, so a refusal ends nothing."""


def apply_setup(
    client: SalesforceClient,
    plan: SetupPlan,
    on_step: Told | None = None,
    on_made: Callable[[Artefact], None] | None = None,
) -> list[Artefact]:
    """Make what the plan says, in its order. What turns out to be there already is taken as it is, what is blocked is
    left out, and an org that refuses change events, or rights on a standard field, goes without (`on_step` is told).

    :param on_made: told of each thing the moment it is made, so that it is known also when a later one fails.
    :returns: everything the connection relies on, found or made.
    :raises Refused: the plan has an obstacle (nothing was made), or the org refuses; what was made by then stays, and the
        next plan finds it.
    """
    if plan.obstacle is not None:
        raise Refused(
            plan.obstacle.detail,
            "Settle this in Salesforce, then run the set-up again.",
            code=plan.obstacle.action,
        )
    tell = on_step or (lambda item, step: None)
    maker = _Maker(client, plan)
    artefacts: list[Artefact] = []
    for item in plan.items:
        if item.kind in _OPTIONAL and item.action != "exists" and not maker.streams:
            continue
        if item.action in ("create", "grant"):
            tell(item, "doing")
            try:
                made = maker.make(item)
            except Refused as refusal:
                if item.kind in _OPTIONAL:
                    maker.streams = False
                    instead = "changes are polled for instead"
                elif item.kind == "field_permission" and item.api_name in STANDARD_FIELDS:
                    instead = "what the user's profile says of this field counts"
                else:
                    raise
                said = f"{refusal.message.rstrip('.')}: {instead}."
                tell(replace(item, action="blocked", detail=said), "refused")
            else:
                artefacts.append(made)
                if on_made is not None:
                    on_made(made)
                tell(item, "done")
        elif item.sf_id is not None and item.action == "exists":
            artefacts.append(Artefact(item.kind, item.api_name, item.sf_id, created=False))
    return artefacts


def verify(
    client: SalesforceClient,
    permission_set: str = SET,
    *,
    users: Sequence[Assignee] | None = None,
    events: bool = True,
    left_out: Collection[tuple[str, str]] = (),
    patience: float = 20.0,
    sleep: Callable[[float], None] = time.sleep,
) -> list[SetupItem]:
    """What is still missing after set-up; empty when all is there and the signed-in user sees it.

    Rights can take some seconds to be felt, hence `patience`, in seconds. Fields of another shape are listed too.

    :param users: as for `plan_setup`; what the signed-in user sees counts only where they are among them.
    :param events: as for `plan_setup`.
    :param left_out: kinds and API names of what the org refused: not missed.
    """
    pause = 0.5
    while True:
        plan = plan_setup(client, permission_set, users=users, events=events)
        missing = [
            item
            for item in plan.items
            if item.action not in ("exists", "blocked") and (item.kind, item.api_name) not in left_out
        ]
        if not plan.changes and (users is None or _among(client, users)):
            missing += _unseen(client, plan)
        waiting = any(item.action in ("create", "grant") for item in missing)
        if not waiting or patience <= 0:
            return missing
        sleep(min(pause, patience))
        patience -= pause
        pause *= 2


def _among(client: SalesforceClient, users: Sequence[Assignee]) -> bool:
    who = client.whoami().user_id
    return any(user.user_id == who for user in users)


def _unseen(client: SalesforceClient, plan: SetupPlan) -> list[SetupItem]:
    """Fields that are granted and still not visible to the signed-in user."""
    seen = client.describe("Account")
    granted = {item.api_name for item in plan.items if item.kind == "field_permission"}
    return [
        SetupItem(
            "field",
            f"Account.{field.api_name}",
            "grant",
            f"{field.api_name} is not visible or not editable yet.",
        )
        for field in CUSTOM_FIELDS
        if f"Account.{field.api_name}" in granted
        and (field.api_name not in seen or not seen[field.api_name].updateable)
    ]


class _Maker:
    """Makes the items of one plan; knows the permission set once it is there."""

    def __init__(self, client: SalesforceClient, plan: SetupPlan) -> None:
        self._client = client
        self._plan = plan
        self._set: str | None = None
        self._fields = {f"Account.{field.api_name}": field for field in CUSTOM_FIELDS}
        self._events = {member_name(event): event for event in EVENTS}
        self.streams = plan.streams
        """Change events are set up; ends with the org's refusal, and the rights they take are then not granted."""

    def make(self, item: SetupItem) -> Artefact:
        """Make one item, or find that it is there by now."""
        client = self._client
        match item.kind:
            case "field":
                sf_id, created = self._create(
                    "tooling/sobjects/CustomField",
                    metadata(self._fields[item.api_name]),
                    lambda: stored_fields(client).get(item.api_name.removeprefix("Account.")),
                )
            case "channel":
                sf_id, created = self._create(
                    "tooling/sobjects/PlatformEventChannel", channel_body(), lambda: channel_id(client)
                )
            case "channel_member":
                event = self._events[item.api_name]
                sf_id, created = self._create(
                    "tooling/sobjects/PlatformEventChannelMember",
                    member_body(event),
                    lambda: member_ids(client).get(event),
                )
            case "permission_set":
                sf_id, created = self._make_set(item)
            case "object_permission":
                sf_id, created = self._grant(
                    item,
                    "ObjectPermissions",
                    {"SobjectType": item.api_name},
                    self._given.objects,
                    lambda: _id_of(object_rows(client, self._set_id()).get(item.api_name)),
                )
            case "field_permission":
                sf_id, created = self._grant(
                    item,
                    "FieldPermissions",
                    {"SobjectType": item.api_name.partition(".")[0], "Field": item.api_name},
                    FIELD_RIGHTS,
                    lambda: _id_of(field_rows(client, self._set_id()).get(item.api_name)),
                )
            case "license":
                sf_id, created = self._give_license(item)
            case "assignment":
                sf_id, created = self._assign(item)
        return Artefact(item.kind, item.api_name, sf_id, created)

    @property
    def _given(self) -> Grants:
        return grants(events=self.streams)

    def _make_set(self, item: SetupItem) -> tuple[str, bool]:
        name = self._plan.permission_set
        rights = {f"Permissions{right}": True for right in self._given.user}
        if item.sf_id is not None:
            self._client.send("PATCH", f"sobjects/PermissionSet/{item.sf_id}", rights)
            return item.sf_id, False
        described = {"Name": name, "Label": name.replace("_", " "), "Description": DESCRIPTION, **rights}
        return self._create(
            "sobjects/PermissionSet", described, lambda: permission_set_id(self._client, name)
        )

    def _give_license(self, item: SetupItem) -> tuple[str, bool]:
        user = item.target or ""
        body = {"AssigneeId": user, "PermissionSetLicenseId": license_id(self._client)}
        return self._create(
            "sobjects/PermissionSetLicenseAssign", body, lambda: license_assignment_id(self._client, user)
        )

    def _assign(self, item: SetupItem) -> tuple[str, bool]:
        user = item.target or ""
        try:
            return self._create(
                "sobjects/PermissionSetAssignment",
                {"AssigneeId": user, "PermissionSetId": self._set_id()},
                lambda: assignment_id(self._client, user, self._set_id()),
            )
        except Refused as refusal:
            if "licen" not in refusal.message.lower():
                raise
            raise Refused(
                f"{plain(item.api_name, 80)} can't have the permission set: {refusal.message}",
                f"The user's licence does not allow all of it. Give the user the permission set licence '{LICENSE_LABEL}' "
                f"({WHERE}), or name another user.",
                code=refusal.code,
            ) from None

    def _create(self, path: str, body: Mapping[str, Any], find: Callable[[], str | None]) -> tuple[str, bool]:
        """Id, and whether we made it. After a lost answer, and when it is said to be there, the org is asked."""
        failure: ConsoleError
        try:
            return _created_id(self._client.send("POST", path, dict(body))), True
        except Refused as error:
            if error.code not in _THERE_ALREADY:
                raise
            failure = error
        except Unreachable as error:
            if not error.maybe_done:
                raise
            failure = error
        found = find()
        if found is None:
            raise failure
        return found, isinstance(failure, Unreachable)

    def _grant(
        self,
        item: SetupItem,
        sobject: str,
        about: Mapping[str, Any],
        given: Sequence[str],
        find: Callable[[], str | None],
    ) -> tuple[str, bool]:
        """A new row of rights, or the missing rights on the row that is there."""
        rights = {f"Permissions{right}": True for right in given}
        if item.sf_id is None:
            return self._create(f"sobjects/{sobject}", {"ParentId": self._set_id(), **about, **rights}, find)
        self._client.send("PATCH", f"sobjects/{sobject}/{item.sf_id}", rights)
        return item.sf_id, False

    def _set_id(self) -> str:
        if self._set is None:
            self._set = permission_set_id(self._client, self._plan.permission_set)
        if self._set is None:
            raise Refused(
                f"The permission set {self._plan.permission_set} is not there.", "Run the set-up again."
            )
        return self._set


def _created_id(reply: Any) -> str:
    identity = reply.get("id") if isinstance(reply, dict) else None
    if not isinstance(identity, str):
        raise Unreachable(
            "Salesforce's reply does not say what was made.", "Run the set-up again.", maybe_done=True
        )
    return to_18(identity)


def _id_of(row: Mapping[str, Any] | None) -> str | None:
    return to_18(row["Id"]) if row is not None else None
