"""Records on their way into Salesforce: what goes into one row, and how a request carries many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from console.domain.fields import CONTACT_LAST_NAME, CUSTOMER_ID, FIELD, NAME
from console.domain.picklists import COUNTRY, Picklists
from console.domain.records import Change, Value
from console.errors import ConsoleError, Refused
from console.salesforce import records
from console.salesforce.client import SubReply, SubRequest
from console.salesforce.errors import DuplicateFound
from console.sync.jobs import Job, account_of, text_of, values_of

ACCOUNT_PREFIX, CONTACT_PREFIX = "001", "003"
"""With which the ids of accounts and of contacts begin."""
Verb = Literal["create", "update", "upsert", "delete"]
WAYS: tuple[tuple[Verb, bool], ...] = (
    ("update", False),
    ("upsert", False),
    ("upsert", True),
    ("create", False),
    ("create", True),
    ("delete", False),
)
"""What goes into one collection: the same verb, and the same answer to duplicate rules."""


@dataclass(frozen=True, slots=True)
class Row:
    """One record to write: the changes of one customer that go into it."""

    job: Job
    sobject: Literal["Account", "Contact"]
    verb: Verb
    changes: tuple[Change, ...]
    values: dict[str, Value]
    """By field key."""
    single: bool = False
    """Sent by itself, not in a collection."""
    insisted: bool = False
    """Stopped once by a duplicate rule that only alerts, about nothing that a person wasn't shown before they chose a new one."""

    @classmethod
    def account(cls, job: Job) -> Row | None:
        """The account of a job: to be created, to be changed, or (None) left as it is."""
        creation = job.creation
        if creation is not None:
            return cls(job, "Account", "upsert", (creation,), values_of(creation))
        return cls._update(job, "Account")

    @classmethod
    def contact(cls, job: Job) -> Row | None:
        """The contact of a job, as `account`."""
        creation = job.contact_creation
        if creation is not None:
            return cls(job, "Contact", "create", (creation,), values_of(creation))
        return cls._update(job, "Contact")

    @classmethod
    def contact_deletion(cls, job: Job) -> Row | None:
        """The contact of a job that is to be taken away again, if any; before its account, with which it would go."""
        return cls._deletion(job, "Contact")

    @classmethod
    def account_deletion(cls, job: Job) -> Row | None:
        """The account of a job that is to be taken away again, if any."""
        return cls._deletion(job, "Account")

    @classmethod
    def _deletion(cls, job: Job, sobject: Literal["Account", "Contact"]) -> Row | None:
        change = job.deletion(sobject)
        return cls(job, sobject, "delete", (change,), {}) if change is not None else None

    @classmethod
    def _update(cls, job: Job, sobject: Literal["Account", "Contact"]) -> Row | None:
        changes = tuple(job.fields_of(sobject))
        values = {change.key: text_of(change) for change in changes if change.key is not None}
        return cls(job, sobject, "update", changes, values) if changes else None

    @property
    def forced(self) -> bool:
        """A person saw which records a duplicate rule matched, and wants a new one all the same."""
        decided = self.job.subject.decided
        if self.verb == "create":
            return decided.contact_choice is not None
        chosen = decided.choice is not None and decided.choice.what == "create"
        return self.verb == "upsert" and chosen and (self.insisted or bool(decided.lookalikes))

    def despite(self, error: ConsoleError) -> Row | None:
        """The same row, to be saved although a duplicate rule alerted; None where that is for a person to say."""
        choice = self.job.subject.decided.choice
        if self.verb != "upsert" or self.forced or choice is None:
            return None
        if not isinstance(error, DuplicateFound) or not error.may_save:
            return None
        accounts = (id_ for id_ in error.records if id_.startswith(ACCOUNT_PREFIX))
        return replace(self, insisted=True) if choice.covers(accounts) else None

    def without(self, keys: Iterable[str]) -> Row:
        """The row with some fields left out."""
        left = set(keys)
        return replace(
            self,
            changes=tuple(change for change in self.changes if change.key not in left),
            values={key: value for key, value in self.values.items() if key not in left},
        )

    def body(self, lists: Picklists | None) -> dict[str, Any]:
        """The record as JSON, in an org that has these lists."""
        held = self.job.account.values.get(COUNTRY) if self.job.account is not None else None
        body = records.body(self.values, lists, held)
        if self.verb == "update":
            return {"Id": self.changes[0].record, **body}
        if self.sobject == "Contact":
            return {"AccountId": account_of(self.changes[0]), **body}
        return body


def request(place: int, rows: Sequence[Row], lists: Picklists | None) -> SubRequest:
    """One collection: rows of one of the `WAYS`, and of one object."""
    first, reference = rows[0], f"rows{place}"
    if first.verb == "delete":
        return SubRequest.delete(reference, [row.changes[0].record for row in rows])
    bodies = [row.body(lists) for row in rows]
    if first.verb == "upsert":
        return SubRequest.upsert(reference, first.sobject, CUSTOMER_ID, bodies, allow_duplicates=first.forced)
    if first.verb == "create":
        return SubRequest.create(reference, first.sobject, bodies, allow_duplicates=first.forced)
    return SubRequest.update(reference, first.sobject, bodies)


def single_request(reference: str, row: Row, lists: Picklists | None) -> SubRequest:
    """A new record by itself: a refusal of one tells more than a collection's."""
    if row.verb == "create":
        return SubRequest.create_one(reference, row.sobject, row.body(lists))
    return SubRequest.upsert_one(reference, row.sobject, CUSTOMER_ID, row.body(lists))


def as_item(reply: SubReply) -> Any:
    """The answer to a single record as an item of a collection's."""
    body = reply.body
    if isinstance(body, list) and body and isinstance(body[0], dict):
        return {"success": False, "errors": [{**body[0], "statusCode": body[0].get("errorCode")}]}
    return body


def lacks_the_match(row: Row, error: ConsoleError | None) -> bool:
    """Whether a new record was stopped by a duplicate rule that didn't say which record it matched."""
    if error is None or error.code != "DUPLICATES_DETECTED" or isinstance(error, DuplicateFound):
        return False
    if row.single:
        return False
    return row.verb == "create" or (row.verb == "upsert" and row.job.customer_id not in ("", ".", ".."))


def without_refused(row: Row, error: ConsoleError) -> Row | None:
    """The row without the fields that the refusal names, if something worth sending is left.

    One value that the org doesn't take must not keep the others, or the whole account, away.
    """
    if not isinstance(error, Refused) or error.code == "REQUIRED_FIELD_MISSING":
        return None
    named = {key for key in row.values if _named(key, error)}
    vital = set() if row.verb == "update" else {CUSTOMER_ID, NAME, CONTACT_LAST_NAME}
    if not named or named & vital or len(named) == len(row.values):
        return None
    return row.without(named)


def _named(key: str, error: Refused) -> bool:
    return FIELD[key].sf_name in error.fields or records.CODE.get(key) in error.fields
