"""What the signed-in user's rights allow the console to do: a pure function of what the org tells.

Nothing here refuses as a whole: what is missing takes one thing away, and something smaller takes its place.
The permissions that each thing needs are those of
https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/ (the special access rules of
each object), https://developer.salesforce.com/docs/atlas.en-us.api_tooling.meta/api_tooling/ (CustomField,
PlatformEventChannel) and
https://developer.salesforce.com/docs/atlas.en-us.change_data_capture.meta/change_data_capture/cdc_security.htm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from console.domain.fields import CUSTOM_FIELDS, CUSTOMER_ID, FIELDS

OBJECTS = ("Account", "Contact")
PERMISSIONS: Mapping[str, str] = {
    "ApiEnabled": "API Enabled",
    "CustomizeApplication": "Customize Application",
    "ManageProfilesPermissionsets": "Manage Profiles and Permission Sets",
    "AssignPermissionSets": "Assign Permission Sets",
    "ViewSetup": "View Setup and Configuration",
    "ViewAllData": "View All Data",
    "ModifyAllData": "Modify All Data",
}
"""User permissions that matter here: API name without ``Permissions``, and the name that Setup shows."""

SYSTEM = "Setup, Permission Sets, the user's set, System Permissions"
OBJECT = "Setup, Permission Sets, the user's set, Object Settings, {name}s, Object Permissions"
FIELD = "Setup, Permission Sets, the user's set, Object Settings, {name}s, Field Permissions"


class Light(StrEnum):
    """How much of a thing can be done."""

    GREEN = "green"
    AMBER = "amber"
    """Less of it, or in another way."""
    RED = "red"
    """Not at all."""


@dataclass(frozen=True, slots=True)
class ObjectRights:
    """What the user may do with an object's records."""

    read: bool = False
    create: bool = False
    edit: bool = False
    view_all: bool | None = None
    """All records whoever owns them; None where the org does not tell."""


@dataclass(frozen=True, slots=True)
class Held:
    """What the signed-in user holds. A permission that is not named is unknown: the attempt will tell."""

    permissions: Mapping[str, bool] = field(default_factory=dict)
    objects: Mapping[str, ObjectRights] = field(default_factory=dict)
    readable: frozenset[str] = frozenset()
    """Keys of the field table."""
    writable: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()
    """Our own fields that the org does not have; others that are not readable are hidden."""
    shared: bool = True
    """The org's sharing shows every account and contact to every user."""
    channel: bool = False
    """The channel of change events with both of its members is there."""
    events: bool = True
    """The org offers change events for accounts and contacts to be selected."""
    bulk: int | None = None
    """Bulk batches that the org may run a day; None where it does not tell."""

    def lacks(self, permission: str) -> bool:
        """Whether the org says that the user does not hold it. Modify All Data stands in for none of those here."""
        return self.permissions.get(permission) is False

    def on(self, name: str) -> ObjectRights:
        """Rights on an object; none where the object does not exist for the user."""
        return self.objects.get(name, ObjectRights())


@dataclass(frozen=True, slots=True)
class Missing:
    """One permission that is lacking, as Setup names it, and the page where it is granted."""

    permission: str
    where: str


@dataclass(frozen=True, slots=True)
class Capability:
    """One thing that the console does."""

    key: str
    title: str
    light: Light
    sentence: str
    """What can be done, and what is done instead where it can't."""
    missing: tuple[Missing, ...] = ()


def capabilities(held: Held) -> tuple[Capability, ...]:
    """Everything the console does, in the order in which it matters."""
    return (
        _read(held),
        _write(held),
        _create_fields(held),
        _grant(held),
        _changes(held),
        _bulk(held),
    )


def _read(held: Held) -> Capability:
    account, contact = held.on("Account"), held.on("Contact")
    missing = [*_user(held, "ApiEnabled"), *_objects(held, "Read")]
    partial = _sharing(held) if account.read else []
    hidden = _hidden(held)
    told: list[str] = []
    if not account.read or held.lacks("ApiEnabled"):
        return _capability(
            "read",
            "Read accounts",
            missing,
            "Nothing is matched, compared or written; Alguna is still read.",
            Light.RED,
        )
    if not contact.read:
        told.append("Contacts are left out.")
    if hidden:
        told.append(f"{_listed(hidden)} can't be seen: left out of the sync.")
    if partial:
        told.append(
            "Only records that are shared with this user are seen; an account it can't see may be created twice."
        )
    missing += partial + _fields(hidden, "Read Access")
    return _capability(
        "read", "Read accounts", missing, " ".join(told) or "Accounts, contacts and all fields are read."
    )


_NAMELESS = (
    f"Without {CUSTOMER_ID} nobody is matched and no account is created: only who is linked is kept in step."
)


def _write(held: Held) -> Capability:
    account, contact = held.on("Account"), held.on("Contact")
    missing = [*_objects(held, "Edit"), *_objects(held, "Create")]
    title = "Write accounts and contacts"
    if CUSTOMER_ID not in held.writable and CUSTOMER_ID not in held.absent:
        lacking = [*missing, *_fields([CUSTOMER_ID], "Edit Access")]
        return _capability("write", title, lacking, _NAMELESS, Light.RED)
    if not (account.edit or account.create):
        return _capability("write", title, missing, "Nothing can be written to accounts.", Light.RED)
    told: list[str] = []
    if not account.create:
        told.append("No account is created: customers are linked with accounts that are there.")
    if not account.edit:
        told.append("Accounts that are there are not changed.")
    if not contact.create or not contact.edit:
        told.append(
            "Contacts are not written."
            if not (contact.create or contact.edit)
            else "Contacts are written in part."
        )
    fixed = [
        spec.key
        for spec in FIELDS
        if spec.key in held.readable and spec.key not in held.writable and held.on(spec.entity).edit
    ]
    if fixed:
        told.append(f"{_listed(fixed)} can be read but not edited.")
    missing += _fields(fixed, "Edit Access")
    return _capability(
        "write", title, missing, " ".join(told) or "Accounts and contacts are created and changed."
    )


def _create_fields(held: Held) -> Capability:
    missing = _user(held, "CustomizeApplication")
    title = "Create fields"
    if not held.absent:
        said = f"All {len(CUSTOM_FIELDS)} fields are there: none has to be made."
        return Capability("fields", title, Light.GREEN, said)
    if CUSTOMER_ID in held.absent and missing:
        said = f"{CUSTOMER_ID} is not there, and without it no account can be linked."
        return _capability("fields", title, missing, said, Light.RED)
    said = (
        f"{_listed(sorted(held.absent))} can't be made: the fields that are there are used."
        if missing
        else f"{_count(len(held.absent), 'field')} can be made."
    )
    return _capability("fields", title, missing, said)


def _grant(held: Held) -> Capability:
    missing = [*_user(held, "ManageProfilesPermissionsets"), *_user(held, "AssignPermissionSets")]
    title = "Grant field access"
    told = "The permission set is made and assigned by the console."
    if missing:
        told = "An administrator grants access: the permission set can be exported for them."
        if CUSTOMER_ID not in held.writable:
            return _capability("grant", title, missing, f"{told} Until then nothing is synced.", Light.RED)
    return _capability("grant", title, missing, told)


def _changes(held: Held) -> Capability:
    missing: list[Missing] = []
    title = "Receive changes"
    if not held.channel:
        missing += _user(held, "CustomizeApplication")
    if not held.permissions.get("ViewAllData"):
        # Checked when events are delivered: without it a subscription stays silent.
        missing += [
            Missing(f"View All on {name}s", OBJECT.format(name=name))
            for name in OBJECTS
            if held.on(name).view_all is False
        ]
    if missing or not held.events:
        why = "" if missing else "This org offers no change events for accounts and contacts. "
        return Capability(
            "changes", title, Light.AMBER, f"{why}Changes are polled for instead.", tuple(missing)
        )
    said = "Changes arrive as they happen." if held.channel else "A channel of change events can be set up."
    return Capability("changes", title, Light.GREEN, said)


def _bulk(held: Held) -> Capability:
    missing = _user(held, "ApiEnabled")
    title = "Bulk"
    if missing:
        return _capability("bulk", title, missing, "Nothing can be sent.", Light.RED)
    if held.bulk == 0:
        said = "This org has no Bulk API allocation: records go in collections of 200."
        return Capability("bulk", title, Light.AMBER, said)
    return Capability("bulk", title, Light.GREEN, "Many records can go as one job.")


def _capability(
    key: str, title: str, missing: list[Missing], sentence: str, worst: Light = Light.AMBER
) -> Capability:
    return Capability(key, title, worst if missing else Light.GREEN, sentence, tuple(missing))


def _user(held: Held, permission: str) -> list[Missing]:
    return [Missing(PERMISSIONS[permission], SYSTEM)] if held.lacks(permission) else []


def _objects(held: Held, right: str) -> list[Missing]:
    return [
        Missing(f"{right} on {name}s", OBJECT.format(name=name))
        for name in OBJECTS
        if not getattr(held.on(name), right.lower())
    ]


def _fields(keys: list[str], right: str) -> list[Missing]:
    entity = {spec.key: spec for spec in FIELDS}
    return [
        Missing(
            f"{right} to {entity[key].entity}.{entity[key].sf_name}", FIELD.format(name=entity[key].entity)
        )
        for key in keys
    ]


def _sharing(held: Held) -> list[Missing]:
    if held.shared or held.permissions.get("ViewAllData") or held.permissions.get("ModifyAllData"):
        return []
    return [
        Missing(f"View All on {name}s", OBJECT.format(name=name))
        for name in OBJECTS
        if held.on(name).view_all is False
    ]


def _hidden(held: Held) -> list[str]:
    """Fields that are there and can't be seen, of objects that can; the currency is in orgs with several only."""
    return [
        spec.key
        for spec in FIELDS
        if spec.key not in held.readable
        and spec.key not in held.absent
        and spec.sf_name != "CurrencyIsoCode"
        and held.on(spec.entity).read
    ]


def _listed(keys: list[str]) -> str:
    """A few names, and how many more."""
    shown = ", ".join(keys[:3])
    return shown if len(keys) <= 3 else f"{shown} and {len(keys) - 3} more fields"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
