"""What the org needs before the first sync: planned first, shown, then made; again is no change.

The 13 custom fields on Account, a channel of change events with its two members, a permission set with the least rights
that do, and its assignment. A new field is invisible through the API, even to its creator, until a permission set or
profile grants it.
"""

from console.salesforce.setup.making import apply_setup, verify
from console.salesforce.setup.model import (
    CHANNEL,
    EVENTS,
    SET,
    Action,
    Artefact,
    Assignee,
    Kind,
    SetupItem,
    SetupPlan,
)
from console.salesforce.setup.permission_set import Grants, grants, permission_set_xml
from console.salesforce.setup.plan import plan_setup
from console.salesforce.setup.users import find_user, sign_in_note

__all__ = [
    "CHANNEL",
    "EVENTS",
    "SET",
    "Action",
    "Artefact",
    "Assignee",
    "Grants",
    "Kind",
    "SetupItem",
    "SetupPlan",
    "apply_setup",
    "find_user",
    "grants",
    "permission_set_xml",
    "plan_setup",
    "sign_in_note",
    "verify",
]
