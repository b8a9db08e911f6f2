"""Time and records, for the control address: stamps other than the moment of the commit, and a sandbox that is refreshed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from console.rehearsal import edits
from console.rehearsal.alguna import customers, subscriptions
from console.rehearsal.salesforce.schema import SObject
from console.rehearsal.salesforce.values import stamp_text
from console.rehearsal.stage import Stage

Json = dict[str, Any]
_VERSION = "62.0"
_MASK = ".invalid"


def _instant(body: Json) -> datetime:
    text = body.get("at")
    if set(body) != {"at"} or not isinstance(text, str):
        raise ValueError(
            'say {"at": "2026-01-02T03:04:05Z"}: when the record looks as if it had been written'
        )
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise ValueError(f"{text} is no instant such as 2026-01-02T03:04:05Z") from None


def stamp_row(stage: Stage, sobject: str, record_id: str, body: Json) -> Json:
    """Stamp a record of the org as of another moment, its values as they are. Nobody is told: no event, no new stamp.

    A transaction stamps its rows when it writes them and shows them when it commits, so a row may show up with a stamp that is
    minutes old; application servers' clocks differ by moments; and rows of one transaction carry the same stamp.
    """
    at = stamp_text(_instant(body))
    edits.salesforce_record(stage, sobject, record_id, _VERSION)  # says what is wrong with the address
    known = stage.org.sobject(sobject)
    with stage.org.store.transaction():
        stage.org.store.update(known, record_id, {"SystemModstamp": at, "LastModifiedDate": at})
    return edits.salesforce_record(stage, sobject, record_id, _VERSION)


def stamp_customer(stage: Stage, key: str, body: Json) -> Json:
    """The same for a customer's ``updated_at``."""
    stage.alguna.update("customers", customers.find(stage.alguna, key), {"updated_at": _microseconds(body)})
    return edits.customer(stage, key)


def stamp_subscription(stage: Stage, key: str, body: Json) -> Json:
    """The same for a subscription's ``updated_at``."""
    stage.alguna.update(
        "subscriptions", subscriptions.find(stage.alguna, key), {"updated_at": _microseconds(body)}
    )
    return edits.subscription(stage, key)


def _microseconds(body: Json) -> int:
    """As Alguna's side keeps moments."""
    return int(_instant(body).timestamp()) * 1_000_000


def renew_org(stage: Stage, body: Json) -> Json:
    """The sandbox is refreshed: another organisation id behind the same address, and no session lives on.

    Users' e-mail addresses end in ``.invalid`` from then on, as Salesforce has it
    (https://help.salesforce.com/s/articleView?id=platform.data_sandbox_users_and_contacts.htm&type=5).
    Records keep the ids that they have in production; a script after the copy often masks the contacts' addresses too
    (``mask_contacts``); and a sandbox without data has no records at all (``"records": "none"``).
    """
    known = {"new_id", "mask_contacts", "records"}
    if body.get("new_id") is not True or set(body) - known or body.get("records", "copied") not in _RECORDS:
        raise ValueError(
            'say {"new_id": true}, and what was copied with "mask_contacts": true or "records": "copied" or "none"'
        )
    store, object_of = stage.org.store, stage.org.sobject
    with store.transaction():
        masked = [object_of("User"), *([object_of("Contact")] if body.get("mask_contacts") else ())]
        for sobject in masked:
            _mask(stage, sobject)
        if body.get("records") == "none":
            for name in ("Contact", "Account"):
                for (record_id,) in store.find(f'SELECT "Id" FROM "{name}"'):  # noqa: S608 - our own names
                    store.remove(object_of(name), record_id)
    return {"org_id": stage.access.renew_org(), "access_token": stage.access.handout().access_token}


_RECORDS = ("copied", "none")


def _mask(stage: Stage, sobject: SObject) -> None:
    """Append ``.invalid`` to every e-mail address that has not got it."""
    store = stage.org.store
    rows = store.find(f'SELECT "Id", "Email" FROM "{sobject.name}" WHERE "Email" IS NOT NULL')  # noqa: S608
    for record_id, email in rows:
        if not email.endswith(_MASK):
            store.update(sobject, record_id, {"Email": email + _MASK, "SystemModstamp": stage.org.now()})


ROUTES: dict[tuple[str, str], Callable[[Stage, Sequence[str], Json, Any], Json]] = {
    ("POST", "salesforce/records/*/*/stamp"): lambda stage, parts, body, request: stamp_row(
        stage, parts[2], parts[3], body
    ),
    ("POST", "alguna/customers/*/stamp"): lambda stage, parts, body, request: stamp_customer(
        stage, parts[2], body
    ),
    ("POST", "alguna/subscriptions/*/stamp"): lambda stage, parts, body, request: stamp_subscription(
        stage, parts[2], body
    ),
    ("POST", "salesforce/org"): lambda stage, parts, body, request: renew_org(stage, body),
}
