"""What a person may decide about one customer, and keeping it. Nothing is written to either system: the next pass acts on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from console.domain.contact_duplicates import ContactCandidate, asked, candidates, creatable
from console.domain.decisions import open_to
from console.domain.fields import ALIASES, FIELD
from console.domain.matching import question
from console.domain.plain import plain
from console.domain.planner import plan
from console.domain.policy import Policy
from console.domain.records import (
    UNDECIDED,
    Account,
    Answer,
    Choice,
    Contact,
    Decided,
    LinkPlan,
    Side,
    State,
    Subject,
)
from console.domain.verdicts import (
    AskAgain,
    CreateContact,
    CreateNew,
    Keep,
    LeaveAlone,
    LinkContact,
    LinkWith,
    Pin,
    PinField,
    Unlink,
    Verdict,
)
from console.domain.view import alguna_values, salesforce_values
from console.errors import UsageError
from console.store.cache import Cache
from console.sync.match import matched


@dataclass(frozen=True, slots=True)
class Prospect:
    """A customer as it would be planned if something were decided."""

    subject: Subject
    plan: LinkPlan


def known(cache: Cache, customer_id: str) -> Subject:
    """All that is known of a customer, with what matching finds where it isn't linked.

    :raises UsageError: there is no such customer.
    """
    found = cache.subjects([customer_id])
    if not found:
        raise UsageError(
            f"There is no customer {plain(customer_id, 60)!r}.", "Only a customer can be decided about."
        )
    (subject,) = found if found[0].link is not None else matched(cache, found)
    return subject


def planned(cache: Cache, subject: Subject, policy: Policy) -> LinkPlan:
    """The plan for a customer as a pass would make it."""
    return plan(subject, replace(policy, imported=cache.entries.imported([subject.customer.id])))


def contact_candidates(cache: Cache, subject: Subject) -> tuple[ContactCandidate, ...]:
    """The contacts that stand in the way of the customer's own, for a person to choose from."""
    return candidates(subject, cache.contacts.many(subject.decided.contacts)) if asked(subject) else ()


def consider(cache: Cache, policy: Policy, customer_id: str, verdict: Verdict, at: str, by: str) -> Prospect:
    """What would be planned after a decision. Only reads.

    :raises UsageError: it can't be decided like this now; the message says why.
    """
    subject = known(cache, customer_id)
    if subject.customer.gone:
        raise UsageError("Alguna no longer lists this customer.", "There is nothing to decide about it.")
    decided = _decided(cache, policy, subject, verdict, at, by)
    assumed = replace(subject, decided=decided)
    if isinstance(verdict, LinkWith | Unlink | CreateNew | LeaveAlone):
        assumed = replace(assumed, link=None, account=None, contact=None)
    elif isinstance(verdict, Pin) and subject.link is not None:
        assumed = replace(assumed, link=replace(subject.link, pinned_subscription=verdict.subscription_id))
    elif isinstance(verdict, LinkContact) and subject.link is not None:
        contact = _contact(cache, subject, verdict.contact_id)
        assumed = replace(assumed, link=replace(subject.link, contact_id=contact.id), contact=contact)
    if assumed.link is None:
        (assumed,) = matched(cache, [assumed])
    prospect = Prospect(assumed, planned(cache, assumed, policy))
    _must_lead_somewhere(prospect, verdict)
    return prospect


def decide(cache: Cache, policy: Policy, customer_id: str, verdict: Verdict, at: str, by: str) -> None:
    """Keep what a person decided. The customer is planned again by the next pass; what was planned and not sent is void.

    :param at: instant of the decision. :param by: who decided, as shown.
    :raises UsageError: it can't be decided like this now; the message says why. Nothing is kept then.
    :raises Conflict: the account was chosen for another customer.
    """
    with cache.transaction():
        prospect = consider(cache, policy, customer_id, verdict, at, by)
        link = cache.links.get(customer_id)
        choice = prospect.subject.decided.choice
        cache.journal.take_back(customer_id)
        match verdict:
            case LinkWith() | CreateNew() | LeaveAlone() if choice is not None:
                if link is not None:
                    cache.links.remove([customer_id], at)
                cache.decisions.choose(customer_id, choice)
                cache.journal.clear_refusals([customer_id])
            case Unlink() if link is not None:
                cache.links.remove([customer_id], at)
                cache.journal.clear_refusals([customer_id])
                cache.decisions.put_apart(customer_id, link.account_id, at, by)
                if choice is not None:
                    cache.decisions.choose(customer_id, choice)
            case AskAgain():
                cache.decisions.forget(customer_id)
                cache.links.hold([(customer_id, {ALIASES: None})])
            case Keep(key):
                cache.decisions.answer(customer_id, [(key, prospect.subject.decided.answers[key])])
            case PinField(key, how):
                cache.loops.pin(customer_id, key, how, at, by)
            case Pin(subscription_id):
                cache.entries.set_pinned(customer_id, subscription_id)
            case LinkContact() if prospect.subject.contact is not None:
                cache.links.set_contacts([(customer_id, prospect.subject.contact.id)])
                cache.journal.clear_refusals([customer_id])
                cache.entries.mark_dirty([customer_id])
            case CreateContact():
                cache.decisions.create_contact(customer_id, at, by)
                cache.journal.clear_refusals([customer_id])


def retry(cache: Cache, customer_ids: Sequence[str] | None = None) -> int:
    """Forget refusals, of these customers or of all, so that the next pass tries them again.

    :returns: how many customers are due because of it.
    """
    with cache.transaction():
        if customer_ids is None:
            cache.journal.clear_all_refusals()
            return cache.entries.mark_dirty(State.REFUSED)
        cache.journal.clear_refusals(customer_ids)
        return cache.entries.mark_dirty(customer_ids)


# --- what is possible --------------------------------------------------------------------------------------------


def _decided(cache: Cache, policy: Policy, subject: Subject, verdict: Verdict, at: str, by: str) -> Decided:
    """What would be decided about the customer; raises `UsageError` where that is not possible."""
    decided, link = subject.decided, subject.link
    match verdict:
        case LinkWith(account_id):
            account = _free(cache, subject, account_id)
            return replace(
                decided, choice=Choice("link", at, by, account.id), apart=decided.apart - {account.id}
            )
        case CreateNew():
            _free_to_choose(subject)
            return replace(decided, choice=Choice("create", at, by, question=_shown(cache, subject)))
        case LeaveAlone():
            _free_to_choose(subject)
            return replace(decided, choice=_leaving(cache, subject, decided, at, by))
        case AskAgain():
            if not revocable(subject):
                raise UsageError("Nothing was decided about this customer.", "There is nothing to take back.")
            return replace(
                UNDECIDED,
                apart=decided.apart,
                contacts=decided.contacts,
                asked=decided.asked,
                spared=decided.spared,
                loops={key: replace(loop, pin=None) for key, loop in decided.loops.items()},
            )
        case Unlink():
            if link is None:
                raise UsageError("This customer isn't linked with an account.", "There is nothing to unlink.")
            apart = replace(UNDECIDED, apart=decided.apart | {link.account_id})
            if not stopped(subject):
                return apart
            # Nothing is left to choose from: without this, the next pass would create an account that nobody asked for.
            return replace(apart, choice=_leaving(cache, subject, apart, at, by))
        case Keep(key, side):
            answer = _kept(cache, policy, subject, key, side, at, by)
            return replace(decided, answers={**decided.answers, key: answer})
        case PinField(key, how):
            loop = decided.loops.get(key)
            if loop is None:
                label = FIELD[key].label if key in FIELD else plain(key, 60)
                raise UsageError(f"{label}: nothing keeps rewriting it.", "There is nothing to pin.")
            return replace(decided, loops={**decided.loops, key: replace(loop, pin=how, at=at, by=by)})
        case Pin(subscription_id):
            _pinnable(subject, subscription_id)
            return decided
        case LinkContact(contact_id):
            _contact(cache, subject, contact_id)
            return decided
        case CreateContact():
            _creatable(subject)
            return replace(decided, contact_choice=Choice("create", at, by))


def _free(cache: Cache, subject: Subject, account_id: str) -> Account:
    """The account to link with: known, there, and nobody else's."""
    link, current = subject.link, subject.account
    if link is not None and current is not None and not current.deleted:
        raise UsageError(
            f"This customer is linked with account {link.account_id} already.", "Unlink that one first."
        )
    found = [account for account in cache.accounts.by_ids([account_id]) if not account.deleted]
    if len(found) != 1:
        raise UsageError(
            f"There is no account {plain(account_id, 60)!r} to link with.",
            "Give the id of an account that the last pass saw in Salesforce.",
        )
    owner = cache.accounts.linked(found[0].id)
    if owner not in (None, subject.customer.id):
        raise UsageError(
            f"Account {found[0].id} is customer {plain(str(owner), 60)}'s, or was chosen for it.",
            "Unlink it there, or take that choice back, first.",
        )
    return found[0]


def _contact(cache: Cache, subject: Subject, contact_id: str) -> Contact:
    """The contact to link with: one that a rule matched, of the customer's own account."""
    found = [each for each in contact_candidates(cache, subject) if each.contact_id == contact_id]
    if not found:
        raise UsageError(
            f"There is no contact {plain(contact_id, 60)!r} to choose here.",
            "A contact is chosen among those that a duplicate rule of the org matched.",
        )
    if not found[0].linkable:
        raise UsageError(
            f"Contact {contact_id} can't be this customer's: {found[0].evidence[0]}.",
            "Create a new contact where the rule allows it, or change the contact in Salesforce and try again.",
        )
    return cache.contacts.many([contact_id])[contact_id]


def _creatable(subject: Subject) -> None:
    if not asked(subject):
        raise UsageError(
            "No duplicate rule stands in the way of this customer's contact.",
            "A contact is created by the next pass where Alguna has one and the account has not.",
        )
    if not creatable(subject):
        raise UsageError(
            "A new contact can't be created for this customer: the org's duplicate rule refuses one.",
            "Link with the contact that it matched, or have the contact or the rule changed in Salesforce.",
        )


def revocable(subject: Subject) -> bool:
    """Whether something that was decided about the customer can be taken back: an alias that an undo keeps away, too."""
    decided, link = subject.decided, subject.link
    return (
        (decided.choice is not None and link is None)
        or decided.contact_choice is not None
        or bool(decided.answers)
        or any(loop.pin is not None for loop in decided.loops.values())
        or (link is not None and ALIASES in link.held)
    )


def stopped(subject: Subject) -> bool:
    """Whether the customer is linked with an account that is gone: nothing is done until a person decides or restores it."""
    return subject.link is not None and (subject.account is None or subject.account.deleted)


def _free_to_choose(subject: Subject) -> None:
    link = subject.link
    if link is not None and not stopped(subject):
        raise UsageError(f"This customer is linked with account {link.account_id}.", "Unlink that one first.")


def _leaving(cache: Cache, subject: Subject, decided: Decided, at: str, by: str) -> Choice:
    """To leave a customer alone until what is asked about it (without its link, if it has one) changes."""
    if subject.match is None:
        (subject,) = matched(
            cache, [replace(subject, link=None, account=None, contact=None, decided=decided)]
        )
    asked = question(subject.customer, subject.match) if subject.match is not None else ""
    return Choice("leave", at, by, question=asked)


def _shown(cache: Cache, subject: Subject) -> str:
    """The accounts that a person sees beside the question whether a new one is wanted."""
    unlinked = replace(subject, link=None, account=None, contact=None)
    match = subject.match or matched(cache, [unlinked])[0].match
    candidates = [each.account_id for each in match.candidates] if match is not None else []
    return " ".join(sorted({*candidates, *subject.decided.lookalikes}))


def _kept(cache: Cache, policy: Policy, subject: Subject, key: str, side: Side, at: str, by: str) -> Answer:
    """The answer, bound to the two values that stand there now."""
    if key not in FIELD:
        raise UsageError(f"There is no field {plain(key, 60)!r}.", f"Fields are: {', '.join(FIELD)}.")
    label = FIELD[key].label
    if subject.link is None:
        raise UsageError("This customer isn't linked with an account.", "Link it first.")
    there = salesforce_values(subject.account, subject.contact)
    ours = alguna_values(subject.customer, subject.subscriptions, subject.link, policy).values
    made = planned(cache, subject, policy)
    now = next((decision for decision in made.decisions if decision.key == key), None)
    sides = open_to(now, ours, there) if now is not None else ()
    if not sides:
        raise UsageError(f"{label}: there is nothing to choose between.", now.reason if now else made.why[0])
    if side not in sides:
        raise UsageError(
            f"{label}: only Alguna fills this field, so Salesforce's value can't be kept.",
            "Keep Alguna's, or unlink the two.",
        )
    return Answer(side, ours[key], there[key], at, by)


def _pinnable(subject: Subject, subscription_id: str | None) -> None:
    if subject.link is None:
        raise UsageError("This customer isn't linked with an account.", "Link it first.")
    known_ids = [subscription.id for subscription in subject.subscriptions]
    if subscription_id is not None and subscription_id not in known_ids:
        raise UsageError(
            f"This customer has no subscription {plain(subscription_id, 60)!r}.",
            f"It has: {plain(', '.join(known_ids), 400) or 'none'}.",
        )


def _must_lead_somewhere(prospect: Prospect, verdict: Verdict) -> None:
    """A choice that could not be carried out is not taken."""
    made = prospect.plan
    if isinstance(verdict, CreateNew) and made.state is State.REVIEW:
        raise UsageError("A new account can't be created for this customer.", made.why[1])
    if isinstance(verdict, Keep):
        now = next(decision for decision in made.decisions if decision.key == verdict.key)
        if now.refused:
            raise UsageError(f"{FIELD[verdict.key].label}: this value can't be kept.", now.reason)
