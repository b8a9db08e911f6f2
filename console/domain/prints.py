"""Prints of what a plan was computed from: equal prints, equal ground."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import asdict
from hashlib import blake2b

from console.domain.fields import ALIASES
from console.domain.records import Change, Subject, Subscription, Value, Values

_Place = tuple[str, str | None]
"""(entity, key) of what a change writes; without a key: the record that it creates."""


def of_parts(parts: object) -> str:
    """A print of anything made of plain values, mappings and sets: 16 hexadecimal digits."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=sorted)
    return blake2b(text.encode("ascii"), digest_size=8).hexdigest()


def fingerprint(subject: Subject, changes: Iterable[Change]) -> str:
    """A print of a customer's records on both sides, without what these changes of its plan write.

    The plan's own effect leaves it as it is, so that a plan that was carried out in part can be carried out to its end; anything
    else that moves on either side moves it. When records were touched does not count, only what they hold.
    """
    written: set[_Place] = {(change.entity, change.key) for change in changes}
    customer, account, contact = subject.customer, subject.account, subject.contact
    parts: list[object] = [
        [customer.id, customer.gone, _values("customer", customer.values, written)],
        None if ("customer", ALIASES) in written else sorted(customer.aliases),
        sorted(_subscription(each) for each in subject.subscriptions),
        subject.link.pinned_subscription if subject.link is not None else None,
    ]
    if ("Account", None) not in written and account is not None:
        kept = _values("Account", account.values, written)
        parts.append([account.id, account.deleted, account.merged_into, account.person, kept])
    if ("Contact", None) not in written and contact is not None and not contact.deleted:
        parts.append([contact.id, contact.account_id, _values("Contact", contact.values, written)])
    return of_parts(parts)


def _values(entity: str, values: Values, written: Collection[_Place]) -> dict[str, Value]:
    return {key: value for key, value in values.items() if (entity, key) not in written}


def _subscription(subscription: Subscription) -> str:
    known = asdict(subscription)
    del known["updated_at"]
    if known["details"] is not None:
        del known["details"]["of_update"]
    return json.dumps(known, sort_keys=True)
