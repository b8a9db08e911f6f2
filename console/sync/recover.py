"""What became of changes that were sent and whose answer never came: found out by reading, never by sending again.

That is so after a crash, and after a call that broke off once it had left. A change took effect when what it was
to write stands there now; else it did not, and its customer is planned anew from what was read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import cast

from console.alguna.client import AlgunaClient
from console.domain.fields import ALIASES, CONTACT_EMAIL, CONTACT_LAST_NAME, CUSTOMER_ID, FIELD
from console.domain.normal import same
from console.domain.records import Account, Change, Contact, Customer, Link, MatchedBy, Value, Values
from console.errors import Refused
from console.store.cache import Cache
from console.sync.cursors import text
from console.sync.jobs import account_of, new_alias, placed, takes_alias, text_of, values_of
from console.sync.ledger import Ended, Ledger
from console.sync.org import Org, batches
from console.sync.workers import Workers, gated

CHUNK = 500
GONE = "404"


class Recovery:
    """Settles changes by looking at both systems."""

    def __init__(
        self,
        cache: Cache,
        org: Org,
        alguna: AlgunaClient,
        workers: Workers,
        gate: Callable[[], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._cache = cache
        self._org = org
        self._alguna = alguna
        self._workers = workers
        self._gate = gate
        self._clock = clock

    def recover(self, ledger: Ledger) -> int:
        """Settle what an earlier run left open; returns how many changes that were.

        :raises ConsoleError: one of the sides can't be read; the rest stays open.
        """
        cache = self._cache
        changes = self._findable(cache.journal.unsettled())
        for batch in batches(changes, CHUNK):
            self.resolve(batch, ledger)
        cache.entries.mark_dirty({change.customer_id for change in changes})
        cache.journal.drop_unsent()
        return len(changes)

    def _findable(self, changes: list[Change]) -> list[Change]:
        """Without those of a customer whose new account can't be told from others now: they stay open."""
        if self._org.identifies:
            return changes
        hidden = {change.customer_id for change in changes if change.creates and change.entity == "Account"}
        return [change for change in changes if change.customer_id not in hidden]

    def resolve(self, changes: Sequence[Change], ledger: Ledger) -> None:
        """Read what these changes were to write, and settle each as applied or stale.

        Accounts come first: what belongs to a new account can be looked for once it is known.
        """
        self._salesforce([c for c in changes if c.entity == "Account"], ledger)
        self._salesforce([c for c in changes if c.entity == "Contact"], ledger)
        self._customers([c for c in changes if c.side == "alguna"], ledger)

    # --- Salesforce ------------------------------------------------------------------------------------------

    def _salesforce(self, changes: list[Change], ledger: Ledger) -> None:
        if not changes:
            return
        changes = self._placed(changes)
        created = [c for c in changes if c.creates]
        found = self._org.look(
            accounts={
                "Id": [c.record for c in changes if not c.creates and c.entity == "Account"],
                CUSTOMER_ID: [c.customer_id for c in created if c.entity == "Account"],
            },
            contacts={
                "Id": [c.record for c in changes if not c.creates and c.entity == "Contact"],
                "AccountId": [account for c in created if (account := _parent(c)) is not None],
            },
        )
        records: dict[str, Account | Contact] = {account.id: account for account in found.accounts}
        records.update((contact.id, contact) for contact in found.contacts)
        accounts = {row.values.get(CUSTOMER_ID): row for row in found.accounts if not row.deleted}
        contacts: dict[str, list[Contact]] = {}
        for contact in found.contacts:
            if not contact.deleted:
                contacts.setdefault(contact.account_id, []).append(contact)
        now = text(self._clock())
        with self._cache.transaction():
            self._cache.accounts.put(found.accounts, now, "poll")
            self._cache.contacts.put(found.contacts, now, "poll")
            ended = []
            for change in changes:
                if change.deletes:
                    ended.append(_deletion(change, records.get(change.record)))
                elif change.key is not None:
                    ended.append(_field(change, records.get(change.record)))
                elif change.entity == "Account":
                    ended.append(self._account(change, accounts.get(change.customer_id), now))
                else:
                    ended.append(self._contact(change, contacts.get(_parent(change) or "", [])))
            ledger.settle(ended)

    def _account(self, change: Change, account: Account | None, now: str) -> Ended:
        """An account that was to be created: it carries the customer's id, or there is none."""
        if account is None or self._cache.accounts.linked(account.id) not in (None, change.customer_id):
            return Ended(change, "stale")
        if self._cache.links.get(change.customer_id) is None:
            self._cache.links.put([created_link(change.customer_id, account.id, now)])
        return Ended(change, "applied", record=account.id, agreed=standing(values_of(change), account.values))

    def _contact(self, change: Change, contacts: list[Contact]) -> Ended:
        """A contact that was to be created: the account's with the same e-mail address, else with the same name."""
        wanted = values_of(change)
        keys = [CONTACT_EMAIL] if wanted.get(CONTACT_EMAIL) else [CONTACT_LAST_NAME]
        for contact in contacts:
            if len(standing({key: wanted.get(key) for key in keys}, contact.values)) == len(keys):
                self._cache.links.set_contacts([(change.customer_id, contact.id)])
                agreed = standing(wanted, contact.values)
                return Ended(change, "applied", record=contact.id, agreed=agreed)
        return Ended(change, "stale")

    def _placed(self, changes: Iterable[Change]) -> list[Change]:
        """The changes with the id of the account that was created meanwhile, where it is known."""
        links = self._cache.links.many({change.customer_id for change in changes})
        return [
            placed(change, links[change.customer_id].account_id) if change.customer_id in links else change
            for change in changes
        ]

    # --- Alguna ----------------------------------------------------------------------------------------------

    def _customers(self, changes: list[Change], ledger: Ledger) -> None:
        by_customer: dict[str, list[Change]] = {}
        for change in self._placed(changes):
            by_customer.setdefault(change.customer_id, []).append(change)
        for customer_id, future in self._workers.each(self._read, gated(by_customer, self._gate)):
            customer = future.result()
            now = text(self._clock())
            with self._cache.transaction():
                if customer is not None:
                    self._cache.customers.put([customer], now, "poll")
                ledger.settle([_customer(change, customer) for change in by_customer[customer_id]])

    def _read(self, customer_id: str) -> Customer | None:
        try:
            return self._alguna.customer(customer_id)
        except Refused as error:
            if error.code != GONE:
                raise
            return None


def created_link(customer_id: str, account_id: str, at: str) -> Link:
    """The link of an account that was created for a customer."""
    return Link(
        customer_id,
        account_id,
        MatchedBy.CREATED,
        "The account was created from this customer.",
        at,
        "console",
    )


def _parent(change: Change) -> str | None:
    return account_of(change) if change.entity == "Contact" and change.creates else None


def standing(wanted: Values, there: Values) -> dict[str, Value]:
    """Those of the wanted values that stand there."""
    return {
        key: value
        for key, value in wanted.items()
        if key in there and same(FIELD[key].kind, value, there[key])
    }


def _field(change: Change, record: Account | Contact | None) -> Ended:
    if (
        record is None
        or record.deleted
        or not standing({cast("str", change.key): text_of(change)}, record.values)
    ):
        return Ended(change, "stale")
    return Ended(change, "applied")


def _deletion(change: Change, record: Account | Contact | None) -> Ended:
    return Ended(change, "applied" if record is not None and record.deleted else "stale")


def _customer(change: Change, customer: Customer | None) -> Ended:
    if customer is None:
        return Ended(change, "stale")
    if change.key == ALIASES:
        there = (new_alias(change) in customer.aliases) is not takes_alias(change)
    else:
        there = bool(standing({cast("str", change.key): text_of(change)}, customer.values))
    return Ended(change, "applied" if there else "stale")
