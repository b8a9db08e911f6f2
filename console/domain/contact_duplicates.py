"""The contacts that a duplicate rule of the org took for a customer's when its own was to be created: what a person may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from console.domain.fields import CONTACT_EMAIL, CONTACT_FIRST_NAME, CONTACT_LAST_NAME
from console.domain.ids import same_id
from console.domain.normal import shown
from console.domain.plain import plain
from console.domain.records import Contact, Subject


@dataclass(frozen=True, slots=True)
class ContactCandidate:
    """A contact that may be the customer's, with what is known of it."""

    contact_id: str
    name: str
    evidence: tuple[str, ...]
    linkable: bool
    """It belongs to the customer's account."""


def asked(subject: Subject) -> bool:
    """Whether a person is asked: the linked account has no contact of the customer's, and a rule stands in the way of one."""
    missing = subject.contact is None or subject.contact.deleted
    return subject.link is not None and missing and bool(subject.decided.contacts)


def candidates(subject: Subject, known: Mapping[str, Contact]) -> tuple[ContactCandidate, ...]:
    """What a person is shown, those of the customer's account first. Contacts that were deleted since are left out.

    :param known: contacts by id, as last seen.
    """
    if not asked(subject):
        return ()
    found = [
        _candidate(subject, id_, known.get(id_))
        for id_ in subject.decided.contacts
        if id_ not in known or not known[id_].deleted
    ]
    return tuple(sorted(found, key=lambda each: (not each.linkable, each.name.casefold(), each.contact_id)))


def creatable(subject: Subject) -> bool:
    """Whether the rules that matched only alert: a person may have the contact created all the same."""
    return asked(subject) and all(each.may_save for each in subject.decided.contacts.values())


def _candidate(subject: Subject, id_: str, contact: Contact | None) -> ContactCandidate:
    rule = plain(subject.decided.contacts[id_].rule, 60) or "of the org"
    matched = f"Salesforce's duplicate rule {rule} matched it"
    if contact is None:
        return ContactCandidate(id_, id_, ("the signed-in user can't see it", matched), False)
    values = contact.values
    name = " ".join(filter(None, (values.get(CONTACT_FIRST_NAME), values.get(CONTACT_LAST_NAME)))) or id_
    email = [f"e-mail {shown(values[CONTACT_EMAIL])}"] if values.get(CONTACT_EMAIL) else []
    own = subject.link is not None and same_id(contact.account_id, subject.link.account_id)
    where = (
        "it belongs to this account"
        if own
        else f"it belongs to another account, {contact.account_id}"
        if contact.account_id
        else "it belongs to no account"
    )
    return ContactCandidate(id_, name, (where, *email, matched), own)
