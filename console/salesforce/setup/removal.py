"""Taking back what set-up made, apart from the fields, which hold data: members, channel, assignments, licences given,
permission set.

In this order, because a channel can't go before its members, nor a permission set before its assignments
(https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_permissionset.htm).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from console.errors import Refused
from console.salesforce.client import SalesforceClient
from console.salesforce.setup.rows import all_rows, if_allowed
from console.salesforce.soql import soql

PATHS = {
    "channel_member": "tooling/sobjects/PlatformEventChannelMember",
    "channel": "tooling/sobjects/PlatformEventChannel",
    "assignment": "sobjects/PermissionSetAssignment",
    "license": "sobjects/PermissionSetLicenseAssign",
    "permission_set": "sobjects/PermissionSet",
}
_LOOKS = {kind: path.rpartition("/")[2] for kind, path in PATHS.items()}
GONE = ("NOT_FOUND", "ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY")


class Noted(Protocol):
    """An artefact as the cache notes it."""

    @property
    def kind(self) -> str: ...
    @property
    def api_name(self) -> str: ...
    @property
    def sf_id(self) -> str: ...
    @property
    def created(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Stayed:
    """What the org did not let go."""

    kind: str
    api_name: str
    why: str


def removable(artefacts: Iterable[Noted]) -> list[Noted]:
    """What was made by us and may go, in the order in which it goes; what was found stays."""
    order = list(PATHS)
    mine = [each for each in artefacts if each.created and each.kind in PATHS]
    return sorted(mine, key=lambda each: (order.index(each.kind), each.api_name))


def remove(
    client: SalesforceClient, artefacts: Iterable[Noted], on_gone: Callable[[Noted], None]
) -> list[Stayed]:
    """Remove them one by one; a refusal leaves that one and goes on.

    :param on_gone: told of each that is gone, also when it was already.
    :returns: what stays, with why.
    :raises ConsoleError: the org can't be asked (any more).
    """
    stayed: list[Stayed] = []
    for each in removable(artefacts):
        try:
            client.send("DELETE", f"{PATHS[each.kind]}/{each.sf_id}")
        except Refused as refusal:
            if refusal.code not in GONE:
                stayed.append(Stayed(each.kind, each.api_name, refusal.message))
                continue
        on_gone(each)
    return stayed


def left(client: SalesforceClient, removed: Iterable[Noted]) -> list[Noted] | None:
    """Those that the org still shows although their removal was accepted; None where the user may not look (any more).

    :raises ConsoleError: the org can't be asked.
    """
    found: list[Noted] = []
    for each in removed:
        query = soql(f"SELECT Id FROM {_LOOKS[each.kind]} WHERE Id = {{}}", each.sf_id)  # noqa: S608 - our own names
        rows = if_allowed(partial(all_rows, client, query, tooling=PATHS[each.kind].startswith("tooling/")))
        if rows is None:
            return None
        found += [each] if rows else []
    return found
