"""Which fields the signed-in user may read and edit, as the org's describe says; asked for once an hour."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from console.domain.fields import CUSTOM_FIELDS, CUSTOMER_ID, FIELDS
from console.errors import Refused
from console.salesforce.client import FieldInfo, SalesforceClient
from console.salesforce.custom_fields import Shape, misfit, without_misfits
from console.store.cache import Cache
from console.sync.cursors import moment, text
from console.sync.workers import Workers

KEY = "salesforce.access"
VALID = timedelta(hours=1)
SETUP = "setup"
"""Category of the problems about fields that can't be used; their subject is the field's API name."""
SET_UP_AGAIN = "Set the org up again (disconnect, then connect under the same name), or grant the field to the signed-in user."


@dataclass(frozen=True, slots=True)
class Access:
    """Field keys, as the planner's policy wants them."""

    readable: frozenset[str]
    writable: frozenset[str]
    unusable: Mapping[str, str] = field(default_factory=dict)
    """Our own fields that are left out, by API name, with a sentence that says why."""


def kept_access(cache: Cache) -> Access | None:
    """What the org said last, however long ago; None before the first pass."""
    kept: dict[str, Any] | None = cache.get(KEY)
    return Access(frozenset(kept["readable"]), frozenset(kept["writable"])) if kept else None


def forget_access(cache: Cache) -> None:
    """Ask the org again at the next pass: a field turned out not to be as it was."""
    cache.set(KEY, None)


def describe_access(client: SalesforceClient, workers: Workers) -> Access:
    """Ask the org: two calls. A field that is there in another shape than ours counts as not there."""
    described = {name: workers.call(client.describe, name) for name in ("Account", "Contact")}
    usable = {"Account": without_misfits(described["Account"]), "Contact": described["Contact"]}
    fields = [(spec.key, usable[spec.entity].get(spec.sf_name)) for spec in FIELDS]
    return Access(
        frozenset(key for key, info in fields if info is not None),
        frozenset(key for key, info in fields if info is not None and (info.updateable or info.createable)),
        _unusable(described["Account"]),
    )


def _unusable(described: Mapping[str, FieldInfo]) -> dict[str, str]:
    sentences: dict[str, str] = {}
    for ours in CUSTOM_FIELDS:
        info = described.get(ours.api_name)
        if info is None:
            sentences[ours.api_name] = f"{ours.api_name} is not there, or hidden from the signed-in user."
        elif problem := misfit(ours, Shape.described(info)):
            sentences[ours.api_name] = problem
    return sentences


def access(
    cache: Cache,
    client: SalesforceClient,
    workers: Workers,
    clock: Callable[[], datetime],
    check_org: Callable[[], None],
) -> Access:
    """What the signed-in user may do, from the cache while it is fresh; else three calls.

    :param check_org: raises when it is another org, which would be told as one that isn't set up.
    :raises Refused: the field that identifies customers isn't there or can't be written: nothing can be synced.
    """
    now = clock()
    kept = kept_access(cache)
    if kept and timedelta(0) <= now - moment(cache.get(KEY)["at"]) < VALID:
        return kept
    check_org()
    found = describe_access(client, workers)
    if CUSTOMER_ID not in found.writable:
        missing = (
            "is not there, or not as needed," if CUSTOMER_ID not in found.readable else "can't be edited"
        )
        raise Refused(
            f"The field {CUSTOMER_ID} on Account {missing} for the signed-in user.",
            SET_UP_AGAIN,
            code="INVALID_FIELD",
            fields=(CUSTOMER_ID,),
        )
    _tell(cache, found, text(now))
    cache.set(KEY, {"at": text(now), "readable": sorted(found.readable), "writable": sorted(found.writable)})
    return found


def _tell(cache: Cache, found: Access, at: str) -> None:
    """A field that is left out is told as a problem, until it can be used."""
    for ours in CUSTOM_FIELDS:
        problem = found.unusable.get(ours.api_name)
        if problem is None:
            cache.problems.resolve(SETUP, ours.api_name)
        else:
            cache.problems.report(
                SETUP, ours.api_name, f"{problem} It is left out of the sync.", SET_UP_AGAIN, at
            )
