"""Who is known to an org, what they may do, and the record that the org has of itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce import ids
from console.rehearsal.salesforce.store import Store
from console.rehearsal.salesforce.values import renderer

if TYPE_CHECKING:
    from console.rehearsal.salesforce.access import AccessBook
    from console.rehearsal.salesforce.schema import Schema


class Directory:
    """The users of one org.

    :param now: the present moment as REST writes it.
    """

    def __init__(self, store: Store, schema: Schema, access: AccessBook, now: Callable[[], str]) -> None:
        self._store = store
        self._schema = schema
        self._access = access
        self._now = now

    def by_username(self, username: str) -> dict[str, Any] | None:
        """All fields of an active or inactive user (Id, Username, Email, Name, ...), or None."""
        found = self._store.find('SELECT "Id" FROM "User" WHERE "Username" = ?', (username,))
        return self.user(found[0][0]) if found else None

    def user(self, user_id: str) -> dict[str, Any] | None:
        """All fields of a user, and `ProfileName`; None when there is no such user."""
        normal = ids.normalise(user_id)
        values = self._values("User", normal) if normal else None
        if values is None:
            return None
        profile = self._values("Profile", values["ProfileId"])
        return {**values, "ProfileName": profile["Name"] if profile else None}

    def logged_in(self, user_id: str) -> None:
        """Notes a log-in: it moves LastLoginDate and no other stamp."""
        self._store.update(self._schema.objects["User"], user_id, {"LastLoginDate": self._now()})

    def usernames(self) -> list[str]:
        """All usernames, in the order in which the users were made."""
        return [row[0] for row in self._store.find('SELECT "Username" FROM "User" ORDER BY _n')]

    def organization(self) -> dict[str, Any]:
        """All fields of the one Organization record."""
        values = self._values("Organization", str(self._store.recall("org_id")))
        if values is None:
            raise LookupError("the org has lost its organization")
        return values

    def _values(self, name: str, record_id: str) -> dict[str, Any] | None:
        sobject = self._schema.objects[name]
        row = self._store.row(sobject, record_id)
        if row is None:
            return None
        shown: dict[str, Any] = {}
        for field in sobject.stored_fields():
            convert, value = renderer(field), row[field.name]
            shown[field.name] = value if convert is None or value is None else convert(value)
        return shown

    def permissions(self, user_id: str) -> dict[str, bool]:
        """User permissions by name without the prefix (ApiEnabled, CustomizeApplication, ...)."""
        return self._access.permissions(user_id)

    def switch_permissions(self, username: str, switches: Mapping[str, bool]) -> dict[str, bool]:
        """Switches single permissions of one user; returns all. ValueError for an unknown name or user."""
        user = self.by_username(username)
        if user is None:
            raise ValueError(f"no such user: {username}")
        self._access.switch(user["Id"], switches)
        return self._access.permissions(user["Id"])
