"""What Salesforce answers to rows: what was written is an observation, what was refused is told, or waits for a person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal

from console.domain.fields import FIELD, NAME
from console.domain.records import Account, Contact, Link, Lookalike
from console.errors import BudgetReached, ConsoleError, SignInNeeded, Unreachable
from console.salesforce.client import RowReply
from console.salesforce.errors import DuplicateFound, policy_of
from console.store.cache import Cache
from console.sync.access import forget_access
from console.sync.cursors import text
from console.sync.jobs import account_of
from console.sync.ledger import Ended, Ledger
from console.sync.org import Org
from console.sync.recover import created_link
from console.sync.rows import ACCOUNT_PREFIX, CONTACT_PREFIX, Row, without_refused

HIDDEN = ("INVALID_FIELD", "INVALID_FIELD_FOR_INSERT_UPDATE")
"""A field is not what the org said it was: the next pass asks again what the user may do."""


class End:
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


class Answers:
    """Takes what a run's rows came to into the cache.

    :param readable: field keys that the user may read: a new record is known to be empty in all that was not written.
    """

    def __init__(
        self,
        *,
        cache: Cache,
        org: Org,
        ledger: Ledger,
        clock: Callable[[], datetime],
        readable: frozenset[str],
    ) -> None:
        self._cache = cache
        self._org = org
        self._ledger = ledger
        self._clock = clock
        self._blank = {
            sobject: dict.fromkeys(key for key in sorted(readable) if FIELD[key].entity == sobject)
            for sobject in ("Account", "Contact")
        }

    def begin(self) -> End:
        """For the answers of one call."""
        return End(text(self._clock()))

    def keep(self, end: End) -> None:
        """Store what one call's answers add up to."""
        with self._cache.transaction():
            self._cache.accounts.put(end.accounts, end.at, "reply")
            self._cache.contacts.put(end.contacts, end.at, "reply")
            self._cache.links.put(end.links)
            self._cache.links.set_contacts(end.pairs)
            self._ledger.settle(end.ended)
            self._ledger.waiting(change for row in end.again for change in row.changes)
        self._ledger.tally.rows_written += len(end.accounts) + len(end.contacts)
        self._keep_lookalikes(end.lookalikes)
        self._keep_contacts(end.contact_lookalikes)

    def applied(self, row: Row, reply: RowReply, end: End) -> None:
        """The row was written."""
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

    def failed(self, row: Row, error: ConsoleError, end: End) -> None:
        """The row was not written."""
        policy = policy_of(error.code)
        if error.code in HIDDEN:
            forget_access(self._cache)
        if isinstance(error, SignInNeeded | BudgetReached):
            end.fatal = error
            self.over(row, "stale", error, end)
        elif isinstance(error, Unreachable) or policy in ("retry_now", "retry_later"):
            end.again.append(row)
        elif policy == "skip":
            # Deleted or merged since it was read: what it is now is read before it is planned again.
            self.over(row, "stale", error, end)
        elif insisting := row.despite(error):
            end.again.append(insisting)
        elif rest := without_refused(row, error):
            refused = [change for change in row.changes if change not in rest.changes]
            end.ended += [Ended(change, "refused", error) for change in refused]
            row.job.settled(refused)
            end.again.append(rest)
        else:
            self.over(row, "refused", error, end)

    def over(self, row: Row, outcome: Literal["refused", "stale"], error: ConsoleError, end: End) -> None:
        """The row comes to nothing, and so does what waits for it."""
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
