"""Carrying out plans: journal, read again, write, settle; a few calls for a thousand customers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import cast

from console.domain.fields import CUSTOMER_ID, FIELD
from console.domain.normal import same
from console.domain.records import Account, Change, Contact, Values
from console.store.cache import Cache
from console.sync.cursors import text
from console.sync.customers import CustomerWriter
from console.sync.jobs import Job, account_of
from console.sync.ledger import Ended, Ledger
from console.sync.org import Org
from console.sync.rows import Row
from console.sync.writing import RowWriter


class Apply:
    """Carries out the plans of one run."""

    def __init__(
        self,
        *,
        cache: Cache,
        org: Org,
        ledger: Ledger,
        rows: RowWriter,
        customers: CustomerWriter,
        clock: Callable[[], datetime],
    ) -> None:
        self._cache = cache
        self._org = org
        self._ledger = ledger
        self._rows = rows
        self._customers = customers
        self._clock = clock

    def apply(self, jobs: Sequence[Job]) -> None:
        """Carry out plans; in the end every change is applied, refused with a reason, or stale.

        Accounts go before contacts, because a contact needs its account; Alguna comes last, because an alias
        needs the account's id.

        :raises ConsoleError: one side can't be used any further.
        :raises Cancelled: the engine was told to stop.
        """
        self._org.ensure()
        self._ledger.plan([change for job in jobs for change in job.changes])
        self._read_again(jobs)
        for rows in (Row.account, Row.contact, Row.contact_deletion, Row.account_deletion):
            self._rows.write([row for job in jobs if (row := rows(job)) is not None], self._standing)
        self._customers.write([job for job in jobs if job.changes])

    def _standing(self, rows: Sequence[Row]) -> list[Row]:
        """Those of these rows that are still as their plans found them, by another look."""
        self._read_again([row.job for row in rows])
        return [row for row in rows if row.changes[0] in row.job.changes]

    def _read_again(self, jobs: Sequence[Job]) -> None:
        """Read the rows that are about to be written; plans whose ground moved are stale."""
        updates = [job for job in jobs if job.account is not None and _touches_org(job)]
        creates = [job for job in jobs if job.creation is not None]
        if not updates and not creates:
            return
        wanted = {
            job.customer_id: parent
            for job in updates
            if (creation := job.contact_creation) is not None and (parent := account_of(creation)) is not None
        }
        found = self._org.look(
            accounts={
                "Id": [job.account.id for job in updates if job.account is not None],
                CUSTOMER_ID: [job.customer_id for job in creates],
            },
            contacts={
                "Id": [c.record for job in updates for c in _of_contact(job)],
                "AccountId": list(wanted.values()),
            },
        )
        accounts = {account.id: account for account in found.accounts}
        contacts = {contact.id: contact for contact in found.contacts}
        taken = {account.values.get(CUSTOMER_ID) for account in found.accounts if not account.deleted}
        stale: list[Job] = []
        now = text(self._clock())
        with self._cache.transaction():
            self._cache.accounts.put(found.accounts, now, "poll")
            moved = set(self._cache.contacts.put(found.contacts, now, "poll"))
            arrived = {contacts[contact_id].account_id for contact_id in moved}
            for job in jobs:
                if job.creation is not None:
                    if job.customer_id in taken:
                        stale.append(job)
                elif job.account is not None and _touches_org(job):
                    if not self._stands(job, accounts, contacts, now):
                        stale.append(job)
                    elif wanted.get(job.customer_id) in arrived:
                        stale.append(job)  # perhaps the contact that was to be created
            self._ledger.settle([Ended(change, "stale") for job in stale for change in job.changes])
        for job in stale:
            job.settled(job.changes)

    def _stands(self, job: Job, accounts: dict[str, Account], contacts: dict[str, Contact], now: str) -> bool:
        """Whether the rows of a job are as its plan found them; the job gets them as they are now."""
        old = cast("Account", job.account)
        account = accounts.get(old.id)
        if account is None:
            # Not even among the deleted rows: purged, or hidden from the signed-in user.
            self._cache.accounts.put([replace(old, deleted=True)], now, "poll")
            return False
        job.account = account
        if account.deleted or not _unmoved(job.fields_of("Account"), account.values):
            return False
        if job.deletion("Account") is not None and account.values != old.values:
            return False
        changes = _of_contact(job)
        if not changes:
            return True
        contact = contacts.get(changes[0].record)
        if contact is None:
            if job.contact is not None:
                self._cache.contacts.put([replace(job.contact, deleted=True)], now, "poll")
            return False
        if (
            job.deletion("Contact") is not None
            and job.contact is not None
            and contact.values != job.contact.values
        ):
            return False
        job.contact = contact
        return not contact.deleted and _unmoved(job.fields_of("Contact"), contact.values)


def _of_contact(job: Job) -> list[Change]:
    deletion = job.deletion("Contact")
    return [*job.fields_of("Contact"), *([deletion] if deletion is not None else [])]


def _touches_org(job: Job) -> bool:
    return any(change.side == "salesforce" for change in job.changes)


def _unmoved(changes: Sequence[Change], values: Values) -> bool:
    """Whether every field still holds what the plan found in it; a field that isn't shown any more does not."""
    for change in changes:
        key = cast("str", change.key)
        before = change.before if isinstance(change.before, str) else None
        if key not in values or not same(FIELD[key].kind, values[key], before):
            return False
    return True
