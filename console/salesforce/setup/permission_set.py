"""The least that a user of the console needs, as one permission set: what it grants, and the same as a file that an
administrator can deploy with their own tools.

Format: https://developer.salesforce.com/docs/atlas.en-us.api_meta.meta/api_meta/meta_permissionset.htm. Fields that every
user sees (names and other required ones) can't be granted and are not in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from xml.etree import ElementTree as Xml

from console.domain.fields import CUSTOM_FIELDS
from console.salesforce.setup.model import SET

STANDARD_FIELDS = (
    "Account.BillingAddress",
    "Account.Website",
    "Contact.AccountId",
    "Contact.Email",
    "Contact.Title",
)
"""Standard fields that the sync uses and that a user may lack. An address is granted as a whole."""
OBJECT_RIGHTS = ("Read", "Create", "Edit")
FIELD_RIGHTS = ("Read", "Edit")
DESCRIPTION = "Lets a user keep accounts and contacts in step with Alguna. Made by the Alguna console."


@dataclass(frozen=True, slots=True)
class Grants:
    """What the set gives. Nothing may be deleted, and nobody else's records are opened without change events."""

    user: tuple[str, ...]
    """User permissions, API names without ``Permissions``."""
    objects: tuple[str, ...]
    """Rights on Account and Contact, without ``Permissions``."""
    fields: tuple[str, ...]
    """``Account.Website``: read and edit."""


def grants(fields: Iterable[str] | None = None, *, events: bool) -> Grants:
    """What the set has to give.

    :param fields: our own fields, ``Account.Field__c``; None for all 13.
    :param events: change events are received. That takes View All on both objects, or the subscription stays silent
        (https://developer.salesforce.com/docs/atlas.en-us.change_data_capture.meta/change_data_capture/cdc_security.htm),
        and View Setup, to see that the channel is still there; the latter depends on View Roles.
    """
    own = tuple(f"Account.{field.api_name}" for field in CUSTOM_FIELDS) if fields is None else tuple(fields)
    return Grants(
        user=("ApiEnabled", *(("ViewRoles", "ViewSetup") if events else ())),
        objects=(*OBJECT_RIGHTS, *(("ViewAllRecords",) if events else ())),
        fields=(*own, *STANDARD_FIELDS),
    )


def permission_set_xml(given: Grants, name: str = SET) -> str:
    """The text of ``permissionsets/NAME.permissionset-meta.xml``."""
    root = Xml.Element("PermissionSet", xmlns="http://soap.sforce.com/2006/04/metadata")
    _leaf(root, "description", DESCRIPTION)
    for field in sorted(given.fields):
        part = Xml.SubElement(root, "fieldPermissions")
        _leaf(part, "editable", "true")
        _leaf(part, "field", field)
        _leaf(part, "readable", "true")
    _leaf(root, "hasActivationRequired", "false")
    _leaf(root, "label", name.replace("_", " "))
    for name_ in ("Account", "Contact"):
        part = Xml.SubElement(root, "objectPermissions")
        for word, right in (
            ("allowCreate", "Create"),
            ("allowDelete", "Delete"),
            ("allowEdit", "Edit"),
            ("allowRead", "Read"),
            ("modifyAllRecords", "ModifyAllRecords"),
        ):
            _leaf(part, word, str(right in given.objects).lower())
        _leaf(part, "object", name_)
        _leaf(part, "viewAllRecords", str("ViewAllRecords" in given.objects).lower())
    for permission in sorted(given.user):
        part = Xml.SubElement(root, "userPermissions")
        _leaf(part, "enabled", "true")
        _leaf(part, "name", permission)
    Xml.indent(root, space="    ")
    text = Xml.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _leaf(parent: Xml.Element, name: str, text: str) -> None:
    Xml.SubElement(parent, name).text = text
