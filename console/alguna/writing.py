"""What to send to Alguna for a change: pure functions from the customer as it stands to the body of a PATCH.

Sending `aliases` or `contacts` replaces the whole list, so they are merged with what is there and sent whole; the
billing address is sent whole too, because the reference does not say what happens to parts that are left out
(https://alguna.com/docs/api-reference/v2/2026-04-01/customers/update-a-customer).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from console.alguna.models import ADDRESS, PERSON, PLAIN
from console.domain.fields import CONTACT_TITLE, FIELD, LEGAL_ENTITY, TAX_RATE
from console.domain.records import Value
from console.errors import Refused

READ_ONLY = frozenset({LEGAL_ENTITY, TAX_RATE})
LONGEST_KEY = 255


def patch_body(raw: Mapping[str, Any], changes: Mapping[str, Value]) -> dict[str, Any]:
    """The body that brings a customer to the values of `changes` and leaves everything else as it is.

    :param raw: the customer's JSON as just read.
    :param changes: new values by field key.
    :raises Refused: Alguna's API has no place for one of them, or it may not be empty; `fields` holds the keys.
    """
    homeless = tuple(key for key in changes if not _has_place(raw, key))
    if homeless:
        labels = ", ".join(FIELD[key].label if key in FIELD else key for key in homeless)
        raise Refused(
            f"Alguna's API has no place for {labels}.",
            "Set it in Alguna's own app.",
            code="not_writable",
            fields=homeless,
        )
    empty = tuple(key for key in ("Name", "CurrencyIsoCode") if key in changes and not changes[key])
    if empty:
        raise Refused(
            f"{' and '.join(FIELD[key].label for key in empty)} may not be empty in Alguna.",
            "Fill it in Salesforce.",
            code="required",
            fields=empty,
        )
    body: dict[str, Any] = {PLAIN[key]: value for key, value in changes.items() if key in PLAIN}
    if any(key in ADDRESS or key == "BillingStreet" for key in changes):
        body["billing_address"] = _address(raw.get("billing_address") or {}, changes)
    if any(key in PERSON for key in changes):
        body["contacts"] = _contacts(raw.get("contacts") or [], changes)
    return body


def idempotency_key(change_id: str, raw: Mapping[str, Any], body: Mapping[str, Any]) -> str:
    """A key for this change of this state of the customer.

    The same request after a crash or a time-out has the same key. The same change made again later, after somebody
    undid it, has another one: within 24 hours Alguna would otherwise replay its first answer and change nothing.
    """
    text = json.dumps([raw.get("updated_at"), body], sort_keys=True, default=str)
    return f"{change_id[: LONGEST_KEY - 33]}-{hashlib.sha256(text.encode()).hexdigest()[:32]}"


def _has_place(raw: Mapping[str, Any], key: str) -> bool:
    """The reference lists neither website nor a contact's title: they count only where the answer has them."""
    if key == "Website":
        return "website" in raw
    if key == CONTACT_TITLE:
        return any("title" in person for person in raw.get("contacts") or [])
    return (
        (key in PLAIN and key not in READ_ONLY) or key in ADDRESS or key == "BillingStreet" or key in PERSON
    )


def _address(old: Mapping[str, Any], changes: Mapping[str, Value]) -> dict[str, Any]:
    address = dict(old)
    if "BillingStreet" in changes:
        first, _, rest = (changes["BillingStreet"] or "").partition("\n")
        address["line1"] = first
        if rest or address.get("line2"):
            address["line2"] = rest or None
    for key, name in ADDRESS.items():
        if key in changes:
            address[name] = changes[key] or ""
        else:
            address.setdefault(name, "")
    address.setdefault("line1", "")
    return address


def _contacts(old: list[dict[str, Any]], changes: Mapping[str, Value]) -> list[dict[str, Any]]:
    wanted = {name: changes[key] for key, name in PERSON.items() if key in changes}
    people = [dict(person) for person in old]
    chosen = next((person for person in people if person.get("is_primary")), people[0] if people else None)
    if chosen is None:
        chosen = {"is_primary": True}
        people.append(chosen)
    chosen.update(wanted)
    if not chosen.get("email"):
        raise Refused(
            "A contact in Alguna needs an e-mail address.",
            "Fill the contact's e-mail in Salesforce.",
            code="required",
            fields=("Contact.Email",),
        )
    return people
