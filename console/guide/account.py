"""One account as a person looks at it: every field three values wide, what will happen to it, and why. Read from the cache."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from console.domain.contact_duplicates import creatable
from console.domain.decisions import open_to
from console.domain.fields import ALIASES, FIELD, FIELDS, FieldSpec
from console.domain.loops import PINS, Loop, evidence
from console.domain.plain import plain, readable
from console.domain.policy import Policy
from console.domain.records import (
    Account,
    Candidate,
    Customer,
    Decision,
    Link,
    LinkPlan,
    State,
    Subject,
    Values,
)
from console.domain.status import status_word
from console.domain.view import alguna_values, salesforce_values
from console.errors import UsageError
from console.guide.seam import (
    AccountDetail,
    Cell,
    FieldRow,
    HistoryLine,
    LinkOut,
    SubscriptionLine,
    SubscriptionNote,
)
from console.settings import ConnectionSettings
from console.store.sightings import GONE
from console.sync.deciding import contact_candidates, known, planned, revocable, stopped

if TYPE_CHECKING:
    from console.store.cache import Cache
    from console.store.entries import Entry
    from console.store.history import HistoryRow
    from console.store.sightings import Sighting
    from console.sync.deciding import Prospect

NO_ACCOUNT = "No Alguna customer is linked with this account."
SHOWN_HISTORY = 200
SEEN = "seen"
"""Outcome of what others did."""


def identify(cache: Cache, ident: str) -> str:
    """The one customer (or account without a customer) that `ident` names.

    :param ident: an Alguna id, a Salesforce id of 15 or 18 characters, or a whole name.
    :raises UsageError: nothing has this id or name, or several have this name.
    """
    found = cache.entries.find(ident)
    if not found:
        raise UsageError(
            f"Nothing known has the id or name {plain(ident, 60)!r}.",
            "Give an Alguna id, a Salesforce id, or the whole name; a new record is known after the next pass.",
        )
    if len(found) > 1:
        listed = ", ".join(found[:5]) + (" ..." if len(found) > 5 else "")
        raise UsageError(f"{len(found)} have the name {plain(ident, 60)!r}.", f"Name one by its id: {listed}")
    return found[0]


def account_detail(
    cache: Cache, settings: ConnectionSettings, policy: Policy, ident: str, prospect: Prospect | None = None
) -> AccountDetail:
    """Everything about one customer, one account, or the two linked.

    :param prospect: the customer as it would be if something were decided; by default as it is.
    :raises UsageError: see `identify`.
    """
    key = identify(cache, ident)
    entry = cache.entries.get(key)
    if entry is None:
        raise UsageError(f"{plain(ident, 60)!r} is not known any more.", "Go back to the list.")
    if entry.customer_id is None:
        return _account_only(cache, settings, entry)
    if prospect is not None:
        return _customer(cache, settings, entry, prospect.subject, prospect.plan, policy)
    subject = known(cache, entry.customer_id)
    return _customer(cache, settings, entry, subject, planned(cache, subject, policy), policy)


def _customer(
    cache: Cache,
    settings: ConnectionSettings,
    entry: Entry,
    subject: Subject,
    planned: LinkPlan,
    policy: Policy,
) -> AccountDetail:
    customer, link = subject.customer, subject.link
    view = alguna_values(customer, subject.subscriptions, link, policy)
    refusals = tuple(
        f"Refused last time: {refusal.sentence}" for refusal in cache.journal.last_refusals(customer.id)
    )
    contacts = contact_candidates(cache, subject)
    matched = tuple(
        f"May be its contact: {plain(each.name, 80)} ({each.contact_id}): {'; '.join(each.evidence)}."
        for each in contacts
    )
    why = tuple(dict.fromkeys((*planned.why, *refusals, *matched)))
    # What the engine found out by writing (a refusal) outlives a plan that would simply try again.
    state = entry.state if entry.state is State.REFUSED and not entry.dirty else planned.state
    seen = cache.customers.seen(customer.id)
    account = subject.account
    looked = cache.accounts.seen(account.id) if account else None
    return AccountDetail(
        customer_id=customer.id,
        account_id=account.id if account else None,
        name=customer.name,
        state=state,
        why=why,
        fields=_rows(planned, view.values, link, account, subject, policy),
        matched=_matched_by(link),
        subscription=_subscription(
            subject, view.primary.subscription.id, view.primary.position, view.primary.rule
        )
        if view.primary
        else None,
        links=_links(
            settings, policy, customer.id, account, view.primary.subscription.id if view.primary else None
        ),
        history=_history(cache, customer),
        candidates=_candidates(cache, subject),
        contacts=contacts,
        contact_creatable=creatable(subject),
        linked=link is not None,
        stopped=stopped(subject) and not customer.gone,
        decided=_told(cache, subject),
        revocable=revocable(subject),
        alguna_seen_at=seen.at if seen else None,
        salesforce_seen_at=looked.at if looked else None,
        verified_at=cache.audits.verified_at(customer.id),
    )


def _account_only(cache: Cache, settings: ConnectionSettings, entry: Entry) -> AccountDetail:
    account_id = entry.account_id or ""
    account = cache.accounts.get(account_id)
    values: Values = account.values if account else {}
    looked = cache.accounts.seen(account_id)
    return AccountDetail(
        customer_id=None,
        account_id=account_id,
        name=entry.name,
        state=State.SALESFORCE_ONLY,
        why=(
            NO_ACCOUNT,
            "Nothing is written to it. It is linked when a customer matches it or carries its id as an alias.",
        ),
        fields=tuple(
            FieldRow(
                key=spec.key,
                label=spec.label,
                group=spec.group,
                alguna=Cell(None, known=False),
                base=Cell(None, known=False),
                salesforce=_cell(values, spec),
                differs=False,
                direction=None,
                reason="There is no customer to compare with.",
                salesforce_name=f"{spec.entity}.{spec.sf_name}",
                alguna_name=spec.alguna_name,
            )
            for spec in FIELDS
            if spec.entity == "Account"
        ),
        links=_links(settings, Policy(), None, account, None),
        salesforce_seen_at=looked.at if looked else None,
    )


def _rows(
    planned: LinkPlan,
    alguna: Values,
    link: Link | None,
    account: Account | None,
    subject: Subject,
    policy: Policy,
) -> tuple[FieldRow, ...]:
    there, loops = salesforce_values(account, subject.contact), subject.decided.loops
    base: Values = link.base if link else {}
    decided = {decision.key: decision for decision in planned.decisions}
    return tuple(
        _row(
            spec,
            decided.get(spec.key),
            alguna,
            base,
            there,
            policy,
            planned.why[0],
            link is not None,
            loops.get(spec.key),
        )
        for spec in FIELDS
    )


def _row(
    spec: FieldSpec,
    decision: Decision | None,
    alguna: Values,
    base: Values,
    there: Values,
    policy: Policy,
    otherwise: str,
    linked: bool,
    loop: Loop | None,
) -> FieldRow:
    return FieldRow(
        key=spec.key,
        label=spec.label,
        group=spec.group,
        alguna=_cell(alguna, spec),
        base=_cell(base, spec),
        salesforce=_cell(there, spec),
        differs=decision.differs if decision else False,
        direction=decision.direction if decision else None,
        reason=decision.reason if decision else otherwise,
        rule=str(policy.rule(spec)).replace("_", " "),
        alguna_name=spec.alguna_name,
        salesforce_name=f"{spec.entity}.{spec.sf_name}",
        waits=bool(decision and (decision.asks or decision.refused)),
        open_to=open_to(decision, alguna, there) if decision and linked else (),
        turns=(*evidence(loop), *filter(None, [loop.who])) if loop else (),
        pin=(loop and loop.pin) or "",
    )


def _cell(values: Values, spec: FieldSpec) -> Cell:
    return Cell(values.get(spec.key), known=spec.key in values)


def _matched_by(link: Link | None) -> str:
    if link is None:
        return ""
    return f"{link.evidence} Linked at {readable(link.linked_at)} by {link.linked_by}."


def _candidates(cache: Cache, subject: Subject) -> tuple[Candidate, ...]:
    """What a person may choose from: what matching found, or where a merged account went."""
    if subject.match is not None:
        return subject.match.candidates
    account = subject.account
    if account is None or account.merged_into is None:
        return ()
    evidence = (f"account {account.id} was merged into it",)
    return tuple(
        Candidate(heir.id, heir.name, 0, evidence)
        for heir in cache.accounts.by_ids([account.merged_into])
        if not heir.deleted and cache.accounts.linked(heir.id) in (None, subject.customer.id)
    )


def _told(cache: Cache, subject: Subject) -> tuple[str, ...]:
    """What people decided about a customer, in sentences."""
    decided = subject.decided
    choice = decided.choice
    lines = []
    if choice is not None and subject.link is None:
        account = cache.accounts.get(choice.account_id) if choice.account_id else None
        what = {
            "link": f"It is linked with {plain(account.name, 80) if account else choice.account_id} by the next pass",
            "create": "It gets a new account",
            "leave": "It is left alone until something about it changes",
        }[choice.what]
        lines.append(f"{what}: decided by {plain(choice.by, 60)} at {readable(choice.at)}.")
    insisted = decided.contact_choice
    if insisted is not None:
        lines.append(
            "It gets a new contact, whatever the org's duplicate rules match:"
            f" decided by {plain(insisted.by, 60)} at {readable(insisted.at)}."
        )
    for account_id in sorted(decided.apart):
        lines.append(f"It was unlinked from account {account_id}, and isn't linked with it again by itself.")
    alias = subject.link.held.get(ALIASES) if subject.link is not None else None
    if alias is not None:
        lines.append(
            f"Run {alias.run} was undone: account {alias.salesforce} isn't made an alias in Alguna again by itself."
        )
    for key, answer in decided.answers.items():
        lines.append(
            f"{FIELD[key].label}: {answer.side.capitalize()}'s value is kept,"
            f" decided by {plain(answer.by, 60)} at {readable(answer.at)}."
        )
    for key, loop in decided.loops.items():
        if loop.pin is not None:
            lines.append(
                f"{FIELD[key].label} keeps being rewritten in {loop.side.capitalize()}: {PINS[loop.pin]},"
                f" pinned by {plain(loop.by, 60)} at {readable(loop.at)}."
            )
    return tuple(lines)


def _subscription(subject: Subject, shown: str, position: str, rule: str) -> SubscriptionNote:
    lines = tuple(
        SubscriptionLine(
            each.id, each.name, status_word(each.status) or each.status, each.starts_at, each.id == shown
        )
        for each in subject.subscriptions
    )
    pinned = subject.link is not None and subject.link.pinned_subscription == shown
    return SubscriptionNote(position, f"Shown because {rule}.", lines, pinned)


def _links(
    settings: ConnectionSettings,
    policy: Policy,
    customer_id: str | None,
    account: Account | None,
    subscription_id: str | None,
) -> tuple[LinkOut, ...]:
    links = []
    if customer_id and (address := policy.customer_link(customer_id)):
        links.append(LinkOut("Customer in Alguna", address))
    if subscription_id and (address := policy.subscription_link(subscription_id)):
        links.append(LinkOut("Subscription in Alguna", address))
    if account:
        links.append(LinkOut("Account in Salesforce", f"{settings.instance_url.rstrip('/')}/{account.id}"))
    return tuple(links)


def history_lines(rows: Iterable[HistoryRow], names: dict[str, str]) -> tuple[HistoryLine, ...]:
    """History as shown: values as text, a record that was created as the words for it."""
    return tuple(
        HistoryLine(
            at=row.at,
            run=row.run,
            side=row.side,
            customer_id=row.customer_id,
            name=names.get(row.customer_id, row.customer_id),
            field=row.key or f"{'deleted' if row.undoes is not None else 'new'} {row.entity.lower()}",
            before=shown(row.before),
            after=shown(row.after),
            outcome=row.outcome,
            reason=row.reason,
            lost=shown(row.lost),
            rule=row.rule,
        )
        for row in rows
    )


def _history(cache: Cache, customer: Customer) -> tuple[HistoryLine, ...]:
    """What the console did and what it saw others do, the newest first."""
    written = history_lines(cache.history.of(customer.id, SHOWN_HISTORY), {customer.id: customer.name})
    seen = [_seen_line(each, customer.name) for each in cache.sightings.of(customer.id, SHOWN_HISTORY)]
    # Within a second of a run, seeing comes before acting on it.
    both = sorted((*written, *seen), key=lambda line: (line.run, line.at, line.outcome != SEEN), reverse=True)
    return tuple(both[:SHOWN_HISTORY])


def _seen_line(each: Sighting, name: str) -> HistoryLine:
    gone = each.key == GONE
    return HistoryLine(
        at=each.at,
        run=each.run,
        side=each.side,
        customer_id=each.customer_id,
        name=name,
        field=f"{'deleted' if each.after else 'restored'} {each.entity.lower()}" if gone else each.key,
        before="" if gone else shown(each.before),
        after="" if gone else shown(each.after),
        outcome=SEEN,
        reason="Somebody changed it there.",
    )


def shown(value: object) -> str:
    """A value of a change as one line of text."""
    if value is None:
        return ""
    if isinstance(value, str):
        return plain(readable(value), 200)
    if isinstance(value, list | tuple):
        return plain(", ".join(map(str, value)), 200)
    if isinstance(value, dict):
        return plain(str(value.get("Name") or value.get("Contact.Email") or f"{len(value)} values"), 200)
    return plain(str(value), 200)
