"""The org: one SQLite file, and every operation that its APIs offer."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from .access import Caller
from .errors import ApiError, MoreThanOne

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ["ApiError", "Caller", "Change", "MoreThanOne", "Org"]


@dataclass(frozen=True, slots=True)
class Change:
    """One committed change, as listeners get it."""

    sobject: str
    record_id: str
    kind: str
    """CREATE, UPDATE, DELETE or UNDELETE."""
    fields: frozenset[str]
    """API names of the fields that got another value; empty for DELETE."""
    caller: Caller
    stamp: str
    """The record's new SystemModstamp, as REST writes it."""


class Org:
    """A Salesforce org in one SQLite file. Not thread-safe: one event loop owns it."""

    org_id: str
    admin_id: str
    row_fault: Callable[[str], ApiError | None] | None
    """Asked with the object's name before each row of a collection (by the HTTP layer); may answer an error."""
    listeners: list[Callable[[Sequence[Change]], None]]
    """Called after the outermost transaction was committed, with its changes in order."""

    def __init__(
        self,
        path: Path | str,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        seed: int = 1,
    ) -> None:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError

    # -- records; sobject and field names in any case, ids with 15 or 18 characters; all raise ApiError

    def insert(
        self, caller: Caller, sobject: str, values: Mapping[str, Any], *, tooling: bool = False
    ) -> str:
        raise NotImplementedError

    def update(
        self,
        caller: Caller,
        sobject: str,
        record_id: str,
        values: Mapping[str, Any],
        *,
        tooling: bool = False,
    ) -> None:
        """`values` holds fields only: `attributes` is ignored, `Id` in any case is refused when it differs."""
        raise NotImplementedError

    def delete(self, caller: Caller, sobject: str, record_id: str, *, tooling: bool = False) -> None:
        raise NotImplementedError

    def undelete(self, caller: Caller, sobject: str, record_id: str) -> None:
        raise NotImplementedError

    def upsert(
        self, caller: Caller, sobject: str, ext_field: str, ext_value: object, values: Mapping[str, Any]
    ) -> tuple[str, bool]:
        """Id and whether it was created. `ext_field` may be Id. Raises MoreThanOne."""
        raise NotImplementedError

    def read(
        self,
        caller: Caller,
        sobject: str,
        record_id: str,
        fields: Sequence[str] | None,
        *,
        version: str,
        tooling: bool = False,
    ) -> dict[str, Any]:
        """The record with `attributes` first; `fields` None means all that the caller may see."""
        raise NotImplementedError

    def read_by_external_id(
        self,
        caller: Caller,
        sobject: str,
        ext_field: str,
        ext_value: str,
        fields: Sequence[str] | None,
        *,
        version: str,
    ) -> dict[str, Any]:
        raise NotImplementedError

    # -- queries

    def query(
        self,
        caller: Caller,
        soql: str,
        *,
        version: str,
        all_rows: bool = False,
        tooling: bool = False,
        batch_size: int = 2000,
        session_key: str = "",
    ) -> dict[str, Any]:
        """The REST reply body in Salesforce's key order; numbers with decimals are Decimal (see jsontext)."""
        raise NotImplementedError

    def query_more(
        self, caller: Caller, locator: str, *, version: str, tooling: bool = False, session_key: str = ""
    ) -> dict[str, Any]:
        """The page at `locator` (`01g...-2000`); INVALID_QUERY_LOCATOR when it is unknown or idled out."""
        raise NotImplementedError

    def close_session(self, session_key: str) -> None:
        """Query locators die with the session that made them."""
        raise NotImplementedError

    # -- describe, replication, counts

    def describe(
        self, caller: Caller, sobject: str, *, version: str, tooling: bool = False
    ) -> dict[str, Any]:
        raise NotImplementedError

    def describe_global(self, caller: Caller, *, version: str, tooling: bool = False) -> dict[str, Any]:
        raise NotImplementedError

    def describe_summary(
        self, caller: Caller, sobject: str, *, version: str, tooling: bool = False
    ) -> dict[str, Any]:
        """What `GET /sobjects/X` answers: `objectDescribe` (an item of the global describe), `recentItems`."""
        raise NotImplementedError

    def updated(self, caller: Caller, sobject: str, start: datetime, end: datetime) -> dict[str, Any]:
        raise NotImplementedError

    def deleted(self, caller: Caller, sobject: str, start: datetime, end: datetime) -> dict[str, Any]:
        raise NotImplementedError

    def record_counts(self, caller: Caller, sobjects: Sequence[str]) -> dict[str, int]:
        """Live records by object name; names that do not exist are left out."""
        raise NotImplementedError

    def canonical(self, caller: Caller, sobject: str, *, tooling: bool = False) -> str:
        """The object's name as it is spelt (`account` -> `Account`); NOT_FOUND when it does not exist."""
        raise NotImplementedError

    # -- people and the org itself

    def user_by_username(self, username: str) -> dict[str, Any] | None:
        """All fields of an active or inactive user (Id, Username, Email, Name, ...), or None."""
        raise NotImplementedError

    def user(self, user_id: str) -> dict[str, Any] | None:
        raise NotImplementedError

    def organization(self) -> dict[str, Any]:
        raise NotImplementedError

    def permissions(self, user_id: str) -> dict[str, bool]:
        """User permissions by name without the prefix (ApiEnabled, CustomizeApplication, ...)."""
        raise NotImplementedError

    def switch_permissions(self, username: str, switches: Mapping[str, bool]) -> dict[str, bool]:
        """Switches single permissions of one user; returns all. ValueError for an unknown name or user."""
        raise NotImplementedError

    def renew(self) -> str:
        """Another organisation id behind the same address, as after a sandbox refresh. Returns it."""
        raise NotImplementedError

    # -- transactions and seeding

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; nests (a savepoint each). Rolls back what its body did when the body raises."""
        raise NotImplementedError
        yield

    def load(self, sobject: str, rows: Iterable[Mapping[str, Any]]) -> int:
        """Fast way in for seeding, streamed: trusted values under exact field names, in REST form.

        Id, CreatedDate, LastModifiedDate, SystemModstamp, CreatedById, LastModifiedById, OwnerId may be given;
        what is missing is filled in. Returns the number of rows.
        """
        raise NotImplementedError
