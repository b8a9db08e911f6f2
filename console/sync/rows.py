"""Rows on their way into Salesforce: in collections, five of them to a call, each row settled by its own answer."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, TypeVar

from console.domain.fields import CONTACT_LAST_NAME, CUSTOMER_ID, FIELD, NAME
from console.domain.records import Account, Change, Contact, Link, Lookalike, Value
from console.errors import BudgetReached, Cancelled, ConsoleError, Refused, SignInNeeded, Unreachable
from console.salesforce import records
from console.salesforce.client import RowReply, SubReply, SubRequest
from console.salesforce.composite import MOST_REQUESTS
from console.salesforce.errors import ABOUT_THE_ORG, DuplicateFound, policy_of
from console.store.cache import Cache
from console.sync.access import forget_access
from console.sync.cursors import text
from console.sync.jobs import Job, account_of, text_of, values_of
from console.sync.ledger import Ended, Ledger
from console.sync.meter import ORG, Meter
from console.sync.org import HEAVY, ROWS, Org, batches
from console.sync.recover import Recovery, created_link
from console.sync.workers import Workers

T = TypeVar("T")

TRIES = 4
PAUSE = 0.5
"""Seconds before a locked row is sent again; doubled each time, with jitter."""

ACCOUNT_PREFIX, CONTACT_PREFIX = "001", "003"
"""With which the ids of accounts and of contacts begin."""
HIDDEN = ("INVALID_FIELD", "INVALID_FIELD_FOR_INSERT_UPDATE")
"""A field is not what the org said it was: the next pass asks again what the user may do."""

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
        return self.verb == "upsert" and chosen and bool(decided.lookalikes)

    def without(self, keys: Iterable[str]) -> Row:
        """The row with some fields left out."""
        left = set(keys)
        return replace(
            self,
            changes=tuple(change for change in self.changes if change.key not in left),
            values={key: value for key, value in self.values.items() if key not in left},
        )

    def body(self) -> dict[str, Any]:
        """The record as JSON."""
        body = records.body(self.values)
        if self.verb == "update":
            return {"Id": self.changes[0].record, **body}
        if self.sobject == "Contact":
            return {"AccountId": account_of(self.changes[0]), **body}
        return body


class RowWriter:
    """Writes rows and settles them.

    :param readable: field keys that the user may read: a new record is known to be empty in all that was not written.
    :param overtaken: customers about whom a person decided something since they were planned: their rows aren't sent.
    """

    def __init__(
        self,
        *,
        cache: Cache,
        org: Org,
        workers: Workers,
        ledger: Ledger,
        recovery: Recovery,
        clock: Callable[[], datetime],
        readable: frozenset[str],
        meter: Meter,
        overtaken: Collection[str],
    ) -> None:
        self._cache = cache
        self._org = org
        self._workers = workers
        self._ledger = ledger
        self._recovery = recovery
        self._clock = clock
        self._blank = {
            sobject: dict.fromkeys(key for key in sorted(readable) if FIELD[key].entity == sobject)
            for sobject in ("Account", "Contact")
        }
        self._meter = meter
        self._overtaken = overtaken
        self._width = HEAVY
        self._taken_apart: list[list[list[Row]]] = []
        """Calls still to be made because a larger one was refused as a whole: one record fails it for all, and is looked for."""

    def write(self, rows: Sequence[Row], standing: Callable[[Sequence[Row]], list[Row]]) -> None:
        """Send rows; each is applied, refused or stale in the end.

        Rows that somebody else holds locked are sent again a few times. A call whose answer got lost is looked up.

        :param standing: reads rows that were locked once more, because whoever held them may have changed them, and
            returns those that are still as their plan found them.
        :raises ConsoleError: the org can't be used any further; what was sent is settled or in the journal.
        """
        waiting = list(rows)
        for attempt in range(TRIES):
            if attempt and waiting:
                self._workers.sleep(PAUSE * 2 ** (attempt - 1) * random.uniform(0.7, 1.3))  # noqa: S311
                waiting = standing(waiting)
            if not waiting:
                return
            waiting = self._round(waiting)
        self._postpone(waiting)

    def _round(self, rows: Sequence[Row]) -> list[Row]:
        """Send all rows once; returns those to send again."""
        again: list[Row] = []
        collections = [
            collection
            for verb, forced in WAYS
            for collection in batches((row for row in rows if (row.verb, row.forced) == (verb, forced)), ROWS)
        ]
        done = 0
        waiting = deque(collections)
        while waiting or self._taken_apart:
            if self._taken_apart:
                taken = self._taken_apart.pop()
            else:
                taken = [waiting.popleft() for _ in range(min(self._width, len(waiting)))]
                done += len(taken)
            again += self._call(taken)
            self._meter.part("Writing to Salesforce", ORG, done, len(collections))
        return again

    def _call(self, planned: Sequence[Sequence[Row]]) -> list[Row]:
        self._org.hold()
        collections = self._still_planned(planned)
        if not collections:
            return []
        rows = [row for collection in collections for row in collection]
        changes = [change for row in rows for change in row.changes]
        self._ledger.sending(changes)
        try:
            replies = self._org.send_now([_request(place, each) for place, each in enumerate(collections)])
        except Unreachable as error:
            if not error.maybe_done:
                self._ledger.settle([Ended(change, "stale", error) for change in changes])
                raise
            # Perhaps the call was too heavy to be answered in time: the next ones carry less.
            self._width = max(1, self._width // 2)
            self._resolve(rows)
            return []
        except Cancelled:
            raise  # left behind: looked up by the next pass
        except ConsoleError as error:
            if _is_about_a_row(error) and len(rows) > 1:
                self._ledger.waiting(changes)
                if len(collections) > 1:
                    self._taken_apart += _halved([list(each) for each in collections])
                else:
                    self._taken_apart += [[half] for half in _halved(rows)]
                return []
            if _is_about_a_row(error):
                return self._refuse(rows[0], error)
            self._ledger.settle([Ended(change, "stale", error) for change in changes])
            raise
        return self._settle(collections, replies)

    def _still_planned(self, collections: Sequence[Sequence[Row]]) -> list[Sequence[Row]]:
        """The rows that are still to be written: not those whose customer was decided about since."""
        for job in {
            id(row.job): row.job
            for collection in collections
            for row in collection
            if row.job.customer_id in self._overtaken
        }.values():
            self._give_up(job)
        left = [
            [row for row in collection if row.job.customer_id not in self._overtaken]
            for collection in collections
        ]
        return [collection for collection in left if collection]

    def _refuse(self, row: Row, error: ConsoleError) -> list[Row]:
        """A record that no call gets through with, found by taking the calls apart."""
        end = _End(text(self._clock()))
        self._end(row, "refused", error, end)
        self._ledger.settle(end.ended)
        return []

    def _resolve(self, rows: Sequence[Row]) -> None:
        """Look up what became of rows whose answer got lost; what did not arrive is planned again."""
        self._recovery.resolve([change for row in rows for change in row.changes], self._ledger)
        for row in rows:
            row.job.settled(row.changes)
            self._give_up(row.job)

    def _settle(self, collections: Sequence[Sequence[Row]], replies: Sequence[SubReply]) -> list[Row]:
        end = _End(text(self._clock()))
        lost: list[Row] = []
        unsaid: list[Row] = []
        for collection, reply in zip(collections, replies, strict=True):
            error = reply.error()
            if isinstance(error, Unreachable):
                lost += collection  # the whole collection failed, and may have taken effect before it did
                continue
            if error is not None and _is_about_a_row(error) and len(collection) > 1:
                self._ledger.waiting(change for row in collection for change in row.changes)
                self._taken_apart.append(_halved(collection))
                continue
            results = (
                reply.results() if error is None else [RowReply(None, False, error=error)] * len(collection)
            )
            for row, result in zip(collection, results, strict=True):
                if result.success and result.id is not None:
                    self._applied(row, result, end)
                elif _lacks_the_match(row, result.error):
                    unsaid.append(row)
                else:
                    self._failed(row, result.error or _nameless(), end)
        with self._cache.transaction():
            self._cache.accounts.put(end.accounts, end.at, "reply")
            self._cache.contacts.put(end.contacts, end.at, "reply")
            self._cache.links.put(end.links)
            for customer_id, contact_id in end.pairs:
                self._cache.links.set_contact(customer_id, contact_id)
            self._ledger.settle(end.ended)
            self._ledger.waiting(change for row in end.again for change in row.changes)
        self._ledger.tally.rows_written += len(end.accounts) + len(end.contacts)
        self._keep_lookalikes(end.lookalikes)
        self._keep_contacts(end.contact_lookalikes)
        if lost:
            self._resolve(lost)
        if end.fatal is not None:
            raise end.fatal
        return end.again + self._one_by_one(unsaid)

    def _one_by_one(self, rows: Sequence[Row]) -> list[Row]:
        """Records that a duplicate rule stopped without saying what it matched: a refusal of a single one says so."""
        again: list[Row] = []
        for batch in batches([replace(row, single=True) for row in rows], MOST_REQUESTS):
            requests = [_single(f"row{place}", row) for place, row in enumerate(batch)]
            replies = [
                replace(reply, body=[_as_item(reply)], status=200)
                if not isinstance(reply.error(), Unreachable)
                else reply
                for reply in self._org.send(requests)
            ]
            again += self._settle([[row] for row in batch], replies)
        return again

    def _keep_lookalikes(self, found: Sequence[tuple[str, DuplicateFound]]) -> None:
        """Note what the org's duplicate rules matched, for a person to choose from, and read it if it isn't known."""
        if not found:
            return
        records = {id_ for _, error in found for id_ in error.records if id_.startswith(ACCOUNT_PREFIX)}
        unknown = records - self._cache.accounts.many(records).keys()
        there = self._org.look(accounts={"Id": sorted(unknown)}).accounts if unknown else []
        with self._cache.transaction():
            self._cache.accounts.put(there, text(self._clock()), "poll")
            for customer_id, error in found:
                matched = {
                    id_: Lookalike(error.rule, error.may_save) for id_ in error.records if id_ in records
                }
                self._cache.decisions.set_lookalikes(customer_id, matched)

    def _keep_contacts(self, found: Sequence[tuple[str, DuplicateFound]]) -> None:
        """The same for contacts."""
        records = {id_ for _, error in found for id_ in error.records if id_.startswith(CONTACT_PREFIX)}
        unknown = records - self._cache.contacts.many(records).keys()
        there = self._org.look(contacts={"Id": sorted(unknown)}).contacts if unknown else []
        with self._cache.transaction():
            self._cache.contacts.put(there, text(self._clock()), "poll")
            for customer_id, error in found:
                matched = {
                    id_: Lookalike(error.rule, error.may_save) for id_ in error.records if id_ in records
                }
                self._cache.decisions.set_contact_lookalikes(customer_id, matched)

    def _applied(self, row: Row, reply: RowReply, end: _End) -> None:
        job, record_id = row.job, reply.id or ""
        if row.verb == "delete":
            end.gone(row)
        elif row.sobject == "Account":
            account = self._account(row, record_id, reply.created, end.at)
            end.accounts.append(account)
            if row.verb == "upsert":
                end.links.append(created_link(job.customer_id, record_id, end.at))
                job.know_account(account)
        else:
            contact = self._contact(row, record_id, end.at)
            end.contacts.append(contact)
            if row.verb == "create":
                end.pairs.append((job.customer_id, record_id))
        for change in row.changes:
            created = record_id if change.creates else ""
            agreed = row.values if change.creates else None
            end.ended.append(Ended(change, "applied", record=created, agreed=agreed, lost=job.lost(change)))
        job.settled(row.changes)

    def _account(self, row: Row, record_id: str, created: bool, at: str) -> Account:
        old = row.job.account
        if row.verb == "update" and old is not None:
            return replace(old, name=row.values.get(NAME) or old.name, values={**old.values, **row.values})
        known = {**self._blank["Account"], **row.values} if created else dict(row.values)
        return Account(record_id, row.values.get(NAME) or "", at, known, created_at=at)

    def _contact(self, row: Row, record_id: str, at: str) -> Contact:
        old = row.job.contact
        if row.verb == "update" and old is not None:
            return replace(old, values={**old.values, **row.values})
        known = {**self._blank["Contact"], **row.values}
        return Contact(record_id, account_of(row.changes[0]) or "", at, known, created_at=at)

    def _failed(self, row: Row, error: ConsoleError, end: _End) -> None:
        policy = policy_of(error.code)
        if error.code in HIDDEN:
            forget_access(self._cache)
        if isinstance(error, SignInNeeded | BudgetReached):
            end.fatal = error
            self._end(row, "stale", error, end)
        elif isinstance(error, Unreachable) or policy in ("retry_now", "retry_later"):
            end.again.append(row)
        elif policy == "skip":
            # Deleted or merged since it was read: what it is now is read before it is planned again.
            self._end(row, "stale", error, end)
        elif rest := _without_refused(row, error):
            refused = [change for change in row.changes if change not in rest.changes]
            end.ended += [Ended(change, "refused", error) for change in refused]
            row.job.settled(refused)
            end.again.append(rest)
        else:
            self._end(row, "refused", error, end)

    def _end(self, row: Row, outcome: Literal["refused", "stale"], error: ConsoleError, end: _End) -> None:
        end.ended += [Ended(change, outcome, error) for change in row.changes]
        row.job.settled(row.changes)
        if isinstance(error, DuplicateFound) and row.verb == "upsert":
            end.lookalikes.append((row.job.customer_id, error))
        if isinstance(error, DuplicateFound) and row.verb == "create":
            end.contact_lookalikes.append((row.job.customer_id, error))
        if row.verb == "upsert" or outcome == "stale":
            # What belongs to an account that isn't there waits for the next plan.
            end.ended += [Ended(change, "stale", error) for change in row.job.changes]
            row.job.settled(row.job.changes)

    def _give_up(self, job: Job) -> None:
        self._ledger.settle([Ended(change, "stale") for change in job.changes])
        job.settled(job.changes)

    def _postpone(self, rows: Sequence[Row]) -> None:
        """The rows stayed locked: they are planned again with the next pass."""
        end = _End(text(self._clock()))
        error = Unreachable(
            "The record stayed locked in Salesforce.", "It is tried again with the next pass."
        )
        for row in rows:
            self._end(row, "stale", error, end)
            self._ledger.tally.postponed.add(row.job.customer_id)
        self._ledger.settle(end.ended)


class _End:
    """What one call's answers add up to."""

    def __init__(self, at: str) -> None:
        self.at = at
        self.ended: list[Ended] = []
        self.accounts: list[Account] = []
        self.contacts: list[Contact] = []
        self.links: list[Link] = []
        self.pairs: list[tuple[str, str]] = []
        self.again: list[Row] = []
        self.lookalikes: list[tuple[str, DuplicateFound]] = []
        self.contact_lookalikes: list[tuple[str, DuplicateFound]] = []
        self.fatal: ConsoleError | None = None

    def gone(self, row: Row) -> None:
        """A record was deleted."""
        if row.sobject == "Account" and row.job.account is not None:
            self.accounts.append(replace(row.job.account, deleted=True))
        elif row.sobject == "Contact" and row.job.contact is not None:
            self.contacts.append(replace(row.job.contact, deleted=True))


def _lacks_the_match(row: Row, error: ConsoleError | None) -> bool:
    """Whether a new record was stopped by a duplicate rule that didn't say which record it matched."""
    if error is None or error.code != "DUPLICATES_DETECTED" or isinstance(error, DuplicateFound):
        return False
    if row.single:
        return False
    return row.verb == "create" or (row.verb == "upsert" and row.job.customer_id not in ("", ".", ".."))


def _single(reference: str, row: Row) -> SubRequest:
    if row.verb == "create":
        return SubRequest.create_one(reference, row.sobject, row.body())
    return SubRequest.upsert_one(reference, row.sobject, CUSTOMER_ID, row.body())


def _as_item(reply: SubReply) -> Any:
    """The answer to a single record as an item of a collection's."""
    body = reply.body
    if isinstance(body, list) and body and isinstance(body[0], dict):
        return {"success": False, "errors": [{**body[0], "statusCode": body[0].get("errorCode")}]}
    return body


def _request(place: int, rows: Sequence[Row]) -> SubRequest:
    first, reference = rows[0], f"rows{place}"
    if first.verb == "delete":
        return SubRequest.delete(reference, [row.changes[0].record for row in rows])
    bodies = [row.body() for row in rows]
    if first.verb == "upsert":
        return SubRequest.upsert(reference, first.sobject, CUSTOMER_ID, bodies, allow_duplicates=first.forced)
    if first.verb == "create":
        return SubRequest.create(reference, first.sobject, bodies, allow_duplicates=first.forced)
    return SubRequest.update(reference, first.sobject, bodies)


def _is_about_a_row(error: ConsoleError) -> bool:
    """Whether a call was refused because of what a record in it holds."""
    return (
        isinstance(error, Refused)
        and error.code not in ABOUT_THE_ORG
        and not error.code.startswith("INSUFFICIENT_")
    )


def _halved(items: Sequence[T]) -> list[list[T]]:
    middle = (len(items) + 1) // 2
    return [list(items[:middle]), list(items[middle:])]


def _nameless() -> ConsoleError:
    return Refused("Salesforce refused the record without a reason.", "Try again.", code="UNKNOWN")


def _without_refused(row: Row, error: ConsoleError) -> Row | None:
    """The row without the fields that the refusal names, if something worth sending is left.

    One value that the org doesn't take must not keep the others, or the whole account, away.
    """
    if not isinstance(error, Refused) or error.code == "REQUIRED_FIELD_MISSING":
        return None
    named = {key for key in row.values if FIELD[key].sf_name in error.fields}
    vital = set() if row.verb == "update" else {CUSTOMER_ID, NAME, CONTACT_LAST_NAME}
    if not named or named & vital or len(named) == len(row.values):
        return None
    return row.without(named)
