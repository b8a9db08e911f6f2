"""Which records and fields the signed-in user may read and edit, as the org's describes say; asked for when a session begins
and again every few minutes. What is missing takes something away from the sync and is told (`console.sync.drift`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from console.domain.fields import CUSTOM_FIELDS, CUSTOMER_ID, FIELDS
from console.domain.picklists import Picklists
from console.errors import Refused
from console.salesforce.client import FieldInfo, ObjectInfo, SubReply, SubRequest
from console.salesforce.custom_fields import Shape, misfit, without_misfits
from console.salesforce.picklists import picklists
from console.salesforce.records import PERSON
from console.store.cache import Cache
from console.sync.cursors import moment, text
from console.sync.drift import BLIND, NAMELESS, Drift
from console.sync.org import ORGANIZATION, Org

KEY = "salesforce.access"
VALID = timedelta(minutes=10)
FRESH = timedelta(minutes=1)
"""How old it may be when a session begins."""
OBJECTS = ("Account", "Contact")
Send = Callable[[Sequence[SubRequest]], list[SubReply]]


@dataclass(frozen=True, slots=True)
class Access:
    """Field keys, as the planner's policy wants them."""

    readable: frozenset[str]
    writable: frozenset[str]
    unusable: Mapping[str, str] = field(default_factory=dict)
    """Our own fields that are left out, by API name, with a sentence that says why."""
    objects: frozenset[str] = frozenset(OBJECTS)
    """Objects whose records may be read."""
    creates: frozenset[str] = frozenset(OBJECTS)
    """Objects whose records may be created."""
    edits: frozenset[str] = frozenset(OBJECTS)
    """Objects whose records may be changed."""
    person_accounts: bool = False
    """The org has person accounts."""
    picklists: Picklists | None = None
    """What the org takes where it keeps lists."""

    @property
    def lacking(self) -> str:
        """What is missing that takes more than a field away; empty where nothing such is missing."""
        if "Account" not in self.objects:
            return BLIND
        return "" if CUSTOMER_ID in self.readable else NAMELESS

    def stored(self) -> dict[str, Any]:
        """As JSON."""
        lists = self.picklists
        return {
            **{name: sorted(getattr(self, name)) for name in _SETS},
            "person_accounts": self.person_accounts,
            "picklists": asdict(lists) if lists else None,
        }

    @classmethod
    def load(cls, kept: Mapping[str, Any]) -> Access:
        """From `stored`, by this version or an earlier one."""
        lists = kept.get("picklists")

        def named(name: str) -> frozenset[str]:
            # An earlier version noted true or false where objects are named now; it asks anew within minutes.
            found = kept.get(name)
            return frozenset(found) if isinstance(found, list) else frozenset(OBJECTS)

        return cls(
            named("readable"),
            named("writable"),
            objects=named("objects"),
            creates=named("creates"),
            edits=named("edits"),
            person_accounts=bool(kept.get("person_accounts")),
            picklists=Picklists(lists["countries"], lists["states"], tuple(lists["currencies"]))
            if lists
            else None,
        )


_SETS = ("readable", "writable", "objects", "creates", "edits")


def kept_access(cache: Cache) -> Access | None:
    """What the org said last, however long ago; None before the first pass."""
    kept: dict[str, Any] | None = cache.get(KEY)
    return Access.load(kept) if kept else None


def forget_access(cache: Cache) -> None:
    """Ask the org again at the next pass: a field turned out not to be as it was."""
    cache.set(KEY, None)


def questions() -> list[SubRequest]:
    """Both describes, to be sent in one call."""
    return [SubRequest.describe(name, name) for name in OBJECTS]


def described(replies: Sequence[SubReply]) -> dict[str, ObjectInfo]:
    """The objects that exist for the signed-in user, from the answers to `questions`.

    :raises ConsoleError: the org did not answer.
    """
    found: dict[str, ObjectInfo] = {}
    for name, reply in zip(OBJECTS, replies, strict=True):
        try:
            found[name] = reply.described()
        except Refused as refusal:
            if refusal.code not in ("NOT_FOUND", "INVALID_TYPE"):
                raise
    return found


def access_of(seen: Mapping[str, ObjectInfo]) -> Access:
    """What the describes allow. A field that is there in another shape than ours counts as not there."""
    nothing: Mapping[str, FieldInfo] = {}
    fields = {name: seen[name].fields if name in seen else nothing for name in OBJECTS}
    usable = {**fields, "Account": without_misfits(fields["Account"])}
    found = [(spec, usable[spec.entity].get(spec.sf_name)) for spec in FIELDS]
    return Access(
        frozenset(spec.key for spec, info in found if info is not None),
        frozenset(
            spec.key for spec, info in found if info is not None and (info.updateable or info.createable)
        ),
        _unusable(fields["Account"]),
        frozenset(name for name, info in seen.items() if info.queryable),
        frozenset(name for name, info in seen.items() if info.createable),
        frozenset(name for name, info in seen.items() if info.updateable),
        PERSON in fields["Account"],
        picklists(fields["Account"]),
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
    cache: Cache, org: Org, drift: Drift, clock: Callable[[], datetime], *, begins: bool = False
) -> Access:
    """What the signed-in user may do, from the cache while it is fresh; else from the org, with one or two calls.

    :param begins: a session begins: what is older than a minute is asked again.
    :raises Conflict: it is another org.
    """
    now = clock()
    kept = kept_access(cache)
    if kept and timedelta(0) <= now - moment(cache.get(KEY)["at"]) < (FRESH if begins else VALID):
        return kept
    first, *replies = org.send(
        [SubRequest.query("Organization", ORGANIZATION), *questions(), *drift.questions()]
    )
    org.same(first)
    seen = described(replies[: len(OBJECTS)])
    found = access_of(seen)
    drift.tell(seen, found.unusable, replies[len(OBJECTS) :], text(now))
    cache.set(KEY, {"at": text(now), **found.stored()})
    return found
