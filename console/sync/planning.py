"""From what is known to what is to be done: a thousand customers at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from console.domain.fields import CUSTOMER_ID
from console.domain.matching import match
from console.domain.plain import plain
from console.domain.planner import plan, waits
from console.domain.policy import Policy
from console.domain.records import Change, Link, LinkPlan, State, Subject, Subscription, Values
from console.domain.status import is_known, status_word
from console.domain.subscription import primary
from console.domain.whatif import unspared
from console.store.cache import Cache
from console.store.entries import Settled
from console.store.journal import Refusal
from console.sync.cursors import text
from console.sync.details import Details
from console.sync.events import Tally
from console.sync.following.merged import follow
from console.sync.jobs import Job
from console.sync.looping import LoopWatch
from console.sync.match import AsBefore, matched, new_link

OUT_OF_SCOPE = frozenset(
    {State.NEW, State.NOT_IMPORTED, State.NOT_CREATED, State.REVIEW, State.GONE, State.INCOMPLETE}
)
"""Customers in these states aren't linked: what only an account shows isn't fetched for them."""
T = TypeVar("T")

UNKNOWN_STATUS = "unknown_status"


class Planning:
    """Plans customers from the cache, and notes there where they stand.

    :param overtaken: customers about whom a person decided something since they were planned last.
    """

    def __init__(
        self,
        *,
        cache: Cache,
        details: Details,
        check: Callable[[], None],
        clock: Callable[[], datetime],
        policy: Policy,
        tally: Tally,
        watch: LoopWatch,
        overtaken: set[str],
    ) -> None:
        self._cache = cache
        self._details = details
        self._check = check
        self._clock = clock
        self._policy = policy
        self._tally = tally
        self._watch = watch
        self._overtaken = overtaken
        self._told_statuses: set[str] = set()
        self._taken: set[str] = set()
        """Accounts that became a customer's in this round."""

    def new_round(self) -> None:
        """All who are due have their turn, piece by piece."""
        self._taken = set()

    def plan(self, customer_ids: Sequence[str]) -> list[Job]:
        """What is to be done for these customers. Those with nothing to do are settled; new links are stored.

        :raises ConsoleError: Alguna can't be reached for the details that are missing.
        """
        policy, subjects, asked = self._begin(customer_ids)
        before = frozenset(self._taken)
        plans: dict[int, LinkPlan] = {}
        for place in self._detail(subjects, asked):
            # Planned while the next ones are on their way: the time goes by anyway.
            plans[place] = plan(subjects[place], policy)
        made = self._watch.stopped(
            [
                (subject, plans.get(place) or plan(subject, policy))
                for place, subject in enumerate(self._checked(subjects))
                if subject.customer.id
                not in self._overtaken  # decided about meanwhile: due, and planned anew
            ],
            policy,
        )
        return [job for job in self._note(made) if not self._is_early(job, before)]

    def _is_early(self, job: Job, taken: frozenset[str]) -> bool:
        """Whether a new account has to wait for the next round: one that an earlier piece gave to another customer might have been
        this one's. Planned with that piece it would have been asked about, and planned again once it was taken; how many
        are planned at once must not decide who of those comes first. The customer stays due."""
        if not taken or job.creation is None or job.wanted:
            return False
        found = match(job.subject.customer, AsBefore(self._cache.accounts, taken), job.subject.decided)
        return found.account_id is not None or bool(found.candidates)

    def outlook(self, customer_ids: Sequence[str], *, sparing: bool = True) -> list[tuple[Subject, LinkPlan]]:
        """These customers with what would be planned for them; nothing is settled, and no link is stored.

        :param sparing: leave what changed rules spared.

        :raises ConsoleError: as `plan`.
        """
        policy, subjects, asked = self._begin(customer_ids)
        for _ in self._detail(subjects, asked):
            pass
        if not sparing:
            subjects = [replace(each, decided=unspared(each.decided)) for each in subjects]
        return [(subject, plan(subject, policy)) for subject in self._checked(subjects)]

    def link(self, subjects: Iterable[Subject]) -> set[str]:
        """Store the links that matching led to, and the contacts that were found for linked accounts.

        :returns: accounts that are a customer's now and weren't.
        """
        now = text(self._clock())
        links: list[Link] = []
        pairs: list[tuple[str, str]] = []
        for subject in subjects:
            if (link := new_link(subject, now)) is not None:
                links.append(link)
            elif (contact_id := _other_contact(subject)) is not None:
                pairs.append((subject.customer.id, contact_id))
        with self._cache.transaction():
            self._cache.links.put(links)
            self._cache.links.set_contacts(pairs)
        return {link.account_id for link in links}

    # --- matching and planning -------------------------------------------------------------------------------

    def _begin(self, customer_ids: Sequence[str]) -> tuple[Policy, list[Subject], dict[str, int]]:
        """The policy for these customers, the subjects, and the subscriptions that lack details: id -> subject's place."""
        self._overtaken.difference_update(customer_ids)
        follow(self._cache, self._cache.links.merged(), text(self._clock()))
        policy = replace(self._policy, imported=self._cache.entries.imported(customer_ids))
        subjects = self._matched(self._cache.subjects(customer_ids), policy)
        lacking: dict[str, int] = {}
        for place, subject in enumerate(self._checked(subjects)):
            subscription = self._details.lacking(subject)
            if subscription is not None and waits(subject, policy) not in OUT_OF_SCOPE:
                lacking[subscription.id] = place
        return policy, subjects, lacking

    def _detail(self, subjects: list[Subject], lacking: dict[str, int]) -> Iterator[int]:
        """Fetch the details that are lacking into the subjects; yields the place of each as it comes."""
        asked = [
            each for place in lacking.values() for each in subjects[place].subscriptions if each.id in lacking
        ]
        for subscription, details in self._details.fetch(asked):
            place = lacking[subscription.id]
            subjects[place] = _detailed(subjects[place], replace(subscription, details=details))
            yield place

    def _matched(self, subjects: list[Subject], policy: Policy) -> list[Subject]:
        """The same subjects; those that nobody has looked for in Salesforce yet with what matching found."""
        if not policy.may_read(CUSTOMER_ID):
            return subjects
        new = [place for place, subject in enumerate(subjects) if waits(subject, policy) is State.NEW]
        found = matched(self._cache, [subjects[place] for place in new], self._check)
        for place, subject in zip(new, found, strict=True):
            subjects[place] = subject
        return subjects

    def _checked(self, items: Iterable[T]) -> Iterator[T]:
        """The same items: planning a thousand customers may take a second, and stopping must not wait for it."""
        for item in items:
            self._check()
            yield item

    # --- noting ----------------------------------------------------------------------------------------------

    def _note(self, planned: Sequence[tuple[Subject, LinkPlan]]) -> list[Job]:
        """Store links and agreements, settle customers with nothing to do, return the others' jobs."""
        jobs: list[Job] = []
        settled: list[Settled] = []
        linked: list[Subject] = []
        bases: list[tuple[str, Values]] = []
        done: list[str] = []
        void: list[tuple[str, str]] = []
        asked: list[tuple[str, str]] = []
        refused = bool(self._cache.journal.refused_categories())
        for subject, made in planned:
            customer_id = subject.customer.id
            if made.state not in OUT_OF_SCOPE or subject.link is not None:
                linked.append(subject)
            void += [(customer_id, key) for key in made.void]
            if made.agreed:
                bases.append((customer_id, made.agreed))
            refusals = self._cache.journal.last_refusals(customer_id) if made.changes and refused else []
            changes = sendable(made.changes, refusals)
            if changes:
                jobs.append(Job(subject, made, changes, subject.account, subject.contact))
            elif made.changes:
                settled.append(_settled(subject, made, State.REFUSED, _refusal(made.changes, refusals)))
            else:
                settled.append(_settled(subject, made, made.state, made.why[0]))
                if made.state is State.IN_SYNC:
                    done.append(customer_id)
            if made.state is State.REVIEW and subject.match is not None:
                asked += [(customer_id, candidate.account_id) for candidate in subject.match.candidates]
            self._tell_unknown_status(subject, made)
        with self._cache.transaction():
            taken = self.link(linked)
            self._taken |= taken
            self._cache.links.set_base(bases)
            self._cache.decisions.void(void)
            self._cache.asked.note(asked)
            self._cache.journal.clear_refusals(done)
            self._cache.entries.settle(settled)
            # Asked about an account that is another customer's by now: looked at again, as if that one had come first.
            self._cache.entries.mark_dirty(
                {customer_id for customer_id, account in asked if account in taken}
            )
            self._cache.entries.mark_dirty(
                self._tally.postponed.intersection(row.customer_id for row in settled)
            )
        return jobs

    def hold(self, jobs: Iterable[Job], why: str) -> None:
        """These could not be carried out to their end: pending, to be planned again with the next pass."""
        rows = [_settled(job.subject, job.plan, State.PENDING, why) for job in jobs]
        self._tally.postponed.update(row.customer_id for row in rows)
        with self._cache.transaction():
            self._cache.entries.settle(rows)
            self._cache.entries.mark_dirty([row.customer_id for row in rows])

    def _tell_unknown_status(self, subject: Subject, made: LinkPlan) -> None:
        if made.state in OUT_OF_SCOPE:
            return
        chosen = primary(subject.subscriptions, subject.link.pinned_subscription if subject.link else None)
        if chosen is None or is_known(chosen.subscription.status):
            return
        word = plain(status_word(chosen.subscription.status) or "", 80)
        if word not in self._told_statuses:
            self._told_statuses.add(word)
            self._cache.problems.report(
                UNKNOWN_STATUS,
                word,
                f"Alguna uses a subscription status that the console does not know: {word}.",
                "It is written to Salesforce as it is. Please report it.",
                text(self._clock()),
            )


def sendable(changes: Sequence[Change], refusals: Sequence[Refusal]) -> list[Change]:
    """The changes that were not refused before: what was refused is not sent again unchanged.

    Without its account, nothing else of a new customer can be written.
    """
    refused = {refusal.change.id for refusal in refusals}
    if not refused:
        return list(changes)
    if any(change.id in refused and change.entity == "Account" and change.key is None for change in changes):
        return []
    return [change for change in changes if change.id not in refused]


def _detailed(subject: Subject, known: Subscription) -> Subject:
    """The subject with what is known of one of its subscriptions now."""
    return replace(
        subject, subscriptions=tuple(known if each.id == known.id else each for each in subject.subscriptions)
    )


def _other_contact(subject: Subject) -> str | None:
    """The contact that a link should name and doesn't."""
    link, contact = subject.link, subject.contact
    if link is None or contact is None or contact.deleted or link.contact_id == contact.id:
        return None
    return contact.id


def _refusal(changes: Sequence[Change], refusals: Sequence[Refusal]) -> str:
    ids = {change.id for change in changes}
    return next(refusal.sentence for refusal in refusals if refusal.change.id in ids)


def _settled(subject: Subject, made: LinkPlan, state: State, why: str) -> Settled:
    chosen = primary(subject.subscriptions, subject.link.pinned_subscription if subject.link else None)
    note = ""
    if chosen is not None:
        note = status_word(chosen.subscription.status) or ""
        if len(subject.subscriptions) > 1:
            note = f"{note} {chosen.position}"
    return Settled(subject.customer.id, state, made.differs, why, note)
