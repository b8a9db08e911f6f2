"""The audit at work: a slice of the org read whole and compared with the cache; what was missed is read in, and told.

Nothing is written to either side. What differs goes into the cache like any observation, its customer is due, and the pass under
way, or the next one, brings it in step. Rounds, slices and what counts as missed: `console.domain.auditing`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from console.domain.auditing import SLICE, Finding, Record, Round, compare, first, is_due, sentence
from console.domain.records import Account, Contact
from console.errors import Refused
from console.salesforce import records
from console.salesforce.client import SubReply, SubRequest
from console.salesforce.soql import soql
from console.store.cache import Cache
from console.sync.audit_standing import KEY, VERIFIED
from console.sync.budget import Standing
from console.sync.cursors import Cursor, text
from console.sync.observe import SALESFORCE
from console.sync.observe_alguna import ALGUNA_LISTS, complete_at
from console.sync.org import ORGANIZATION, Org

CATEGORY = "audit"
"""Category of the problem that tells what was missed; its subject is the side."""
HOW = "audit"
"""How a record was seen that the audit found."""
SETUP_CODES = ("INVALID_FIELD", "INVALID_TYPE")
_ADVICE = (
    "They are in the cache now and are brought in step like any change. If this comes again, something lets rows show up late or "
    "changes what the signed-in user may see: look at sharing rules, and at integrations that commit after many minutes."
)


@dataclass(slots=True)
class Report:
    """What one audit compared and found."""

    accounts: int = 0
    contacts: int = 0
    customers: int = 0
    subscriptions: int = 0
    verified: int = 0
    """Customers that were verified equal."""
    findings: list[Finding] = field(default_factory=list)
    whole: bool = False

    @property
    def missed(self) -> list[Finding]:
        """What observing had missed."""
        return [finding for finding in self.findings if finding.missed]

    def sentence(self) -> str:
        """For who asked: what was compared and what was missed."""
        compared = f"{self.accounts + self.contacts + self.customers + self.subscriptions:,} records compared"
        missed = len(self.missed)
        if missed:
            return f"{compared}: observing had missed {missed:,}, which are due now. See Problems."
        return f"{compared}: nothing was missed. {self.verified:,} customers verified equal."

    def as_json(self) -> dict[str, Any]:
        """The shape that ``audit --json`` prints."""
        return {
            "whole": self.whole,
            "compared": {
                "accounts": self.accounts,
                "contacts": self.contacts,
                "customers": self.customers,
                "subscriptions": self.subscriptions,
            },
            "found": len(self.findings),
            "missed": [
                {"id": each.id, "kind": each.kind, "fields": list(each.fields), "stamp": each.stamp or None}
                for each in self.missed
            ],
            "verified_now": self.verified,
        }


class Audit:
    """Over one org and its cache.

    :param between: called between two slices: what people ask for is served there.
    """

    def __init__(
        self,
        cache: Cache,
        org: Org,
        clock: Callable[[], datetime],
        between: Callable[[], None],
    ) -> None:
        self._cache = cache
        self._org = org
        self._clock = clock
        self._between = between

    def is_due(self, budget: Standing) -> bool:
        """Whether a slice is to be compared with the pass under way."""
        now, accounts = self._clock(), self._cache.accounts.count()
        round_ = Round.load(self._cache.get(KEY))
        if not round_.at:
            round_ = first(now, accounts, budget.allocation)
            self._cache.set(KEY, round_.stored())
        return is_due(round_, now, accounts, budget.allocation, budget.left)

    def whole(self, report: Report) -> None:
        """Begin a round anew and come to its end; requests of people are served in between.

        :raises ConsoleError: the org can't be read; what was compared so far stays compared.
        """
        round_ = Round.load(self._cache.get(KEY))
        self._cache.set(KEY, replace(round_, after="").stored())
        while True:
            self._between()
            self.slice(report)
            if not Round.load(self._cache.get(KEY)).under_way:
                return

    def step(self, report: Report) -> None:
        """One slice beside a pass. What the org refuses here must not keep the pass from going on: it is told, and tried later.

        :raises ConsoleError: as `slice`, but for a refusal.
        """
        try:
            self.slice(report)
        except Refused as error:
            if error.code in SETUP_CODES:
                raise  # the org's fields moved: the pass begins anew
            at = text(self._clock())
            with self._cache.transaction():
                self._cache.problems.report(
                    CATEGORY, "slice", f"The audit can't go on: {error.message}", error.advice, at
                )
                self._cache.set(KEY, replace(Round.load(self._cache.get(KEY)), at=at).stored())
        else:
            self._cache.problems.resolve(CATEGORY, "slice")

    def slice(self, report: Report) -> None:
        """Compare the next slice: some accounts, and all contacts of them. One call, mostly.

        :raises Conflict: it is another org. :raises ConsoleError: the org can't be read; the slice is compared another time.
        """
        cache = self._cache
        round_ = Round.load(cache.get(KEY))
        after, upto = round_.after, cache.audits.upto(round_.after, SLICE)
        began = self._clock()
        accounts, contacts = self._read(after, upto)
        cached = cache.accounts.many({*cache.audits.accounts(after, upto), *accounts})
        family = cache.contacts.many({*cache.audits.contacts(after, upto), *contacts})
        self._look_for(cached, accounts, family, contacts)
        swept = self._swept()
        found = {
            "accounts in Salesforce": compare(accounts, cached, swept.get("Account", "")),
            "contacts in Salesforce": compare(contacts, family, swept.get("Contact", "")),
        }
        at = text(self._clock())
        findings = [finding for each in found.values() for finding in each]
        after_round = round_.compared(
            upto, at, accounts=len(accounts), contacts=len(contacts), found=len(findings),
            missed=sum(finding.missed for finding in findings),
        )  # fmt: skip
        with cache.transaction():
            cache.accounts.put(_told(accounts, cached, found["accounts in Salesforce"]), at, HOW)
            cache.contacts.put(_told(contacts, family, found["contacts in Salesforce"]), at, HOW)
            tell(cache, "Salesforce", found, at)
            report.verified += cache.audits.verify_range(after, upto, _older(text(began), *self._alguna_at()))
            cache.set(KEY, after_round.stored())
            cache.set(VERIFIED, asdict(cache.audits.standing()))
            if not after_round.under_way and not after_round.missed:
                cache.problems.resolve(CATEGORY, "Salesforce")
        report.accounts += len(accounts)
        report.contacts += len(contacts)
        report.findings += findings

    def _read(self, after: str, upto: str | None) -> tuple[dict[str, Record], dict[str, Record]]:
        """Accounts of a range, and the contacts of accounts of that range: `Organization` is asked along, as with every look."""
        columns = self._org.columns
        wanted = [
            (sobject, by)
            for sobject, by in (("Account", "Id"), ("Contact", "AccountId"))
            if sobject in columns
        ]
        requests = [
            SubRequest.query(sobject, _range(self._org.select(sobject), by, after, upto))
            for sobject, by in wanted
        ]
        first, *replies = self._org.send([SubRequest.query("Organization", ORGANIZATION), *requests])
        self._org.same(first)
        read: dict[str, SubReply] = {
            sobject: reply for (sobject, _), reply in zip(wanted, replies, strict=True)
        }
        accounts: dict[str, Record] = {}
        contacts: dict[str, Record] = {}
        for row in self._org.rows(read["Account"]) if "Account" in read else ():
            account = records.account(row, self._org.lists)
            accounts[account.id] = account
        for row in self._org.rows(read["Contact"]) if "Contact" in read else ():
            contact = records.contact(row)
            contacts[contact.id] = contact
        return accounts, contacts

    def _look_for(
        self,
        cached: Mapping[str, Account],
        accounts: dict[str, Record],
        family: Mapping[str, Contact],
        contacts: dict[str, Record],
    ) -> None:
        """Records cached as there that the range did not have: deleted, merged, moved to another account, or out of sight."""
        lost = [id_ for id_, record in cached.items() if id_ not in accounts and not record.deleted]
        strays = [id_ for id_, record in family.items() if id_ not in contacts and not record.deleted]
        if lost or strays:
            found = self._org.look({"Id": lost}, {"Id": strays})
            accounts.update((account.id, account) for account in found.accounts)
            contacts.update((contact.id, contact) for contact in found.contacts)

    def _swept(self) -> dict[str, str]:
        kept: dict[str, Any] = self._cache.get(SALESFORCE) or {}
        return {sobject: Cursor.load(kept.get(sobject)).swept for sobject in ("Account", "Contact")}

    def _alguna_at(self) -> list[str]:
        return [complete_at(self._cache, what) for what in ALGUNA_LISTS]


def _range(select: str, by: str, after: str, upto: str | None) -> str:
    """Ids are compared as Salesforce orders them, digits before capitals before small letters, which is SQLite's order too.
    https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/async_api_headers_enable_pk_chunking.htm
    """
    where = [soql(f"{by} {sign} {{}}", id_) for sign, id_ in ((">", after), ("<=", upto)) if id_]
    return f"{select} WHERE {' AND '.join(where or [f'{by} != null'])}"


def _told(there: Mapping[str, Record], cached: Mapping[str, Any], findings: Sequence[Finding]) -> list[Any]:
    """The records to store: as they were read, and those out of sight as deleted."""
    return [
        there[each.id] if each.id in there else replace(cached[each.id], deleted=True) for each in findings
    ]


def _older(*instants: str) -> str:
    """Both sides were read at this instant or later: the values compared are no older."""
    return min(instants)


def tell(cache: Cache, side: str, found: Mapping[str, Iterable[Finding]], at: str) -> None:
    """One problem for what was missed on a side, however often it happens."""
    sentences = [each for what, findings in found.items() if (each := sentence(what, findings))]
    if not sentences:
        return
    stamps = sorted(
        each.stamp for findings in found.values() for each in findings if each.missed and each.stamp
    )
    when = f", stamped from {stamps[0]} to {stamps[-1]}" if stamps else ""
    cache.problems.report(CATEGORY, side, f"The audit found {'; '.join(sentences)}{when}.", _ADVICE, at)


def audited(cache: Cache, lists: Mapping[str, list[Finding]], at: str) -> list[Finding]:
    """Tell what complete readings of Alguna's lists showed to have been missed; returns it."""
    with cache.transaction():
        tell(cache, "Alguna", {f"{what} in Alguna": found for what, found in lists.items()}, at)
        if lists and not any(lists.values()):
            cache.problems.resolve(CATEGORY, "Alguna")
    return [finding for found in lists.values() for finding in found]
