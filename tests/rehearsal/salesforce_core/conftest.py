"""An org in memory with a clock that only moves when a test says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from console.rehearsal.salesforce.errors import ApiError
from console.rehearsal.salesforce.org import Caller, Org

V = "62.0"


class Clock:
    """A moment that stands still until it is moved."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 4, 5, 6, 7, 891_000, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, **span: float) -> None:
        self.moment += timedelta(**span)


class Desk:
    """One user at an org, with short ways to do things and to be refused."""

    def __init__(self, org: Org, caller: Caller) -> None:
        self.org = org
        self.caller = caller

    def insert(self, sobject: str, /, **values: Any) -> str:
        return self.org.insert(self.caller, sobject, values)

    def update(self, sobject: str, record_id: str, /, **values: Any) -> None:
        self.org.update(self.caller, sobject, record_id, values)

    def delete(self, sobject: str, record_id: str) -> None:
        self.org.delete(self.caller, sobject, record_id)

    def upsert(self, sobject: str, field: str, value: object, /, **values: Any) -> tuple[str, bool]:
        return self.org.upsert(self.caller, sobject, field, value, values)

    def read(self, sobject: str, record_id: str, *fields: str) -> dict[str, Any]:
        return self.org.reading.read(self.caller, sobject, record_id, fields or None, version=V)

    def value(self, sobject: str, record_id: str, field: str) -> Any:
        return self.read(sobject, record_id, field)[field]

    def query(self, soql: str, **more: Any) -> dict[str, Any]:
        return self.org.query(self.caller, soql, version=V, **more)

    def rows(self, soql: str, **more: Any) -> list[dict[str, Any]]:
        """The records of a query without their attributes."""
        return [
            {key: value for key, value in record.items() if key != "attributes"}
            for record in self.query(soql, **more)["records"]
        ]

    def column(self, soql: str, **more: Any) -> list[Any]:
        """The one value that each record of a query holds."""
        return [next(iter(row.values())) for row in self.rows(soql, **more)]

    def tooling(self, soql: str) -> list[dict[str, Any]]:
        return self.query(soql, tooling=True)["records"]

    def create_field(self, full_name: str, **metadata: Any) -> str:
        metadata.setdefault("label", full_name.partition(".")[2].removesuffix("__c").replace("_", " "))
        return self.org.insert(
            self.caller, "CustomField", {"FullName": full_name, "Metadata": metadata}, tooling=True
        )

    def grant(self, *full_names: str, to: str | None = None, edit: bool = True) -> str:
        """Shows fields to a user through a permission set of their own; its id."""
        self._sets = getattr(self, "_sets", 0) + 1
        set_id = self.insert("PermissionSet", Name=f"Set_{self._sets}", Label=f"Set {self._sets}")
        for full_name in full_names:
            self.insert(
                "FieldPermissions",
                ParentId=set_id,
                SobjectType=full_name.partition(".")[0],
                Field=full_name,
                PermissionsRead=True,
                PermissionsEdit=edit,
            )
        self.insert("PermissionSetAssignment", AssigneeId=to or self.caller.user_id, PermissionSetId=set_id)
        return set_id

    def field(self, full_name: str, **metadata: Any) -> str:
        """A custom field that this user sees and edits; its id."""
        field_id = self.create_field(full_name, **metadata)
        if not metadata.get("required"):
            self.grant(full_name)
        return field_id

    def describe_field(self, sobject: str, name: str) -> dict[str, Any] | None:
        described = self.org.describe(self.caller, sobject, version=V)
        return next((each for each in described["fields"] if each["name"] == name), None)


def refused(call: Callable[..., Any], *args: Any, **kwargs: Any) -> ApiError:
    """The error that a call is answered with."""
    with pytest.raises(ApiError) as caught:
        call(*args, **kwargs)
    return caught.value


class Undo(Exception):
    """Raised by a test to have a transaction rolled back."""


def undone(desk: Desk, work: Callable[[], object]) -> None:
    """Does some work in a transaction that is rolled back."""

    def attempt() -> None:
        with desk.org.transaction():
            work()
            raise Undo

    with pytest.raises(Undo):
        attempt()


def told(error: ApiError) -> tuple[int, str, str, list[str] | None]:
    """Everything that the body of an error says."""
    return error.status, error.code, error.message, error.fields


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def org(clock: Clock) -> Iterator[Org]:
    org = Org(":memory:", clock=clock, seed=7)
    yield org
    org.close()


def desk_of(org: Org, username: str) -> Desk:
    user = org.directory.by_username(username)
    assert user is not None
    return Desk(org, Caller(user["Id"]))


@pytest.fixture
def admin(org: Org) -> Desk:
    return Desk(org, Caller(org.admin_id))


@pytest.fixture
def sales(org: Org) -> Desk:
    return desk_of(org, "ines.marchetti@rehearsal.example")


@pytest.fixture
def bare_integration(org: Org) -> Desk:
    """The integration user as the org has it: nothing but the API."""
    return desk_of(org, "integration@rehearsal.example")


@pytest.fixture
def integration(admin: Desk, bare_integration: Desk) -> Desk:
    """The integration user with a permission set for a sync: reads set-up, creates and edits accounts and contacts."""
    set_id = admin.insert(
        "PermissionSet", Name="Sync", Label="Sync", PermissionsViewSetup=True, PermissionsViewRoles=True
    )
    for sobject in ("Account", "Contact"):
        rights = dict.fromkeys(("PermissionsRead", "PermissionsCreate", "PermissionsEdit"), True)
        admin.insert("ObjectPermissions", ParentId=set_id, SobjectType=sobject, **rights)
    admin.insert(
        "PermissionSetAssignment", AssigneeId=bare_integration.caller.user_id, PermissionSetId=set_id
    )
    return bare_integration


@pytest.fixture
def system(org: Org) -> Desk:
    return Desk(org, Caller(org.admin_id, system=True))
