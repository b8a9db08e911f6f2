"""Changes with stable ids: what a plan consists of, and what is hashed, journalled and sent."""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import blake2b, sha256
from typing import Final, Literal

from console.domain.fields import ALIASES, CONTACT_ACCOUNT, FIELD
from console.domain.records import Change, Customer, Decision, Direction, Held, Side, Values

NEW_ACCOUNT: Final = "@new account"
"""Stands, in `after`, for the id of the account that the same plan creates. Applying replaces it."""


def field_change(customer: Customer, decision: Decision, record: str, before: object) -> Change:
    """The change that a decision with a direction asks for; `record` is the id on the side that is written."""
    spec = FIELD[decision.key]
    if decision.direction is Direction.TO_SALESFORCE:
        return _change(
            customer,
            "salesforce",
            spec.entity,
            record,
            spec.key,
            spec.sf_name,
            before,
            decision.value,
            decision.reason,
            decision.rule,
        )
    return _change(
        customer,
        "alguna",
        "customer",
        record,
        spec.key,
        spec.alguna_name,
        before,
        decision.value,
        decision.reason,
        decision.rule,
    )


def account_creation(customer: Customer, values: Values, reason: str) -> Change:
    """A new account; `values` by field key."""
    return _change(customer, "salesforce", "Account", customer.id, None, None, None, dict(values), reason)


def contact_creation(customer: Customer, account_id: str, values: Values, reason: str) -> Change:
    """A new contact of `account_id`, or of `NEW_ACCOUNT`; `values` by field key."""
    after = {**values, CONTACT_ACCOUNT: account_id}
    return _change(customer, "salesforce", "Contact", customer.id, None, None, None, after, reason)


def alias_addition(customer: Customer, account_id: str) -> Change:
    """The account's id, or `NEW_ACCOUNT`, among the customer's aliases: usage sent with that id finds the customer.

    Alguna replaces the whole list, so `before` and `after` are whole lists.
    """
    before = list(customer.aliases)
    reason = "The account's id becomes an alias of the customer, so that usage sent with it is assigned."
    return _change(
        customer, "alguna", "customer", customer.id, ALIASES, ALIASES, before, [*before, account_id], reason
    )


def alias_print(aliases: Iterable[str]) -> str:
    """A list of aliases as one value, whatever its order."""
    return "\n".join(sorted(aliases))


def alias_held(customer: Customer, account_id: str, held: Held | None) -> bool:
    """Whether the account's alias was taken back by an undo, and the aliases are as that left them."""
    return held is not None and held.salesforce == account_id and held.alguna == alias_print(customer.aliases)


def plan_hash(changes: Iterable[Change]) -> str:
    """SHA-256 over what every change does, whatever their order: two plans with one hash do the same."""
    digests = sorted(
        sha256(_text([*_identity(change), change.record, change.field])).digest() for change in changes
    )
    return sha256(b"".join(digests)).hexdigest()


def _change(
    customer: Customer,
    side: Side,
    entity: Literal["Account", "Contact", "customer"],
    record: str,
    key: str | None,
    field: str | None,
    before: object,
    after: object,
    reason: str,
    rule: str = "",
) -> Change:
    # An Alguna write carries the id as its idempotency key, and a key used before is answered without effect for a
    # day: the same edit made again after it was undone must not look like a repetition.
    version = customer.updated_at if side == "alguna" else ""
    text = _text([customer.id, side, entity, key, before, after, version])
    change_id = blake2b(text, digest_size=12).hexdigest()
    return Change(change_id, customer.id, side, entity, record, key, field, before, after, reason, rule)


def _identity(change: Change) -> list[object]:
    return [
        change.id,
        change.customer_id,
        change.side,
        change.entity,
        change.key,
        change.before,
        change.after,
    ]


def _text(parts: list[object]) -> bytes:
    # Names may hold lone surrogates, which UTF-8 refuses; ASCII escapes keep them apart.
    return _JSON.encode(parts).encode("ascii")


_JSON: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
