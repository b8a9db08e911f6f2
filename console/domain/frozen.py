"""A plan that can be kept: read by a person, compared with another, and carried out later exactly as it is.

The file is JSON with one change to a line. Its hash covers every change in its order and all that the plan was computed from; what
may stand in the file beside that (forecast, brakes, when it was made) tells people something and decides nothing. Text is written
as ASCII, so that what other systems hold does no harm to the terminal that a file is shown in.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Any, Final

from console.domain.fields import ALIASES, FIELD
from console.domain.policy import Policy
from console.domain.prints import of_parts
from console.domain.records import Change
from console.errors import Conflict, UsageError

FORMAT: Final = 1
"""Number of the file's shape; another one is refused."""
KINDS: Final = ("sync", "undo", "rules")
"""Where plans come from: what a pass would do, taking a run back, a rule applied to records that are there."""
_REFUSED: Final = "Make a new plan: a plan is carried out as it was made, or not at all."
OF_THE_ORG: Final = ("rights of the signed-in user", "lists of values of the org")
"""Aspects of the policy that are known once the org was asked."""
_ASPECTS: Final[Mapping[str, tuple[str, ...]]] = {
    "field rules": ("rules", "flows"),
    "choice of what is created and imported": ("create_accounts", "import_choice", "connected_at"),
    OF_THE_ORG[0]: ("readable", "writable", "creates", "edits"),
    OF_THE_ORG[1]: ("picklists",),
    "addresses of links to Alguna": ("app_url", "customer_url", "subscription_url"),
}
"""The policy by what a person calls its parts."""


@dataclass(frozen=True, slots=True)
class Basis:
    """What a plan was computed from."""

    org_id: str
    schema: int
    """Number of the cache's schema."""
    policy: Mapping[str, str]
    """Aspect of the policy, as a person calls it -> its print (`policy_prints`)."""
    customers: Mapping[str, str] = field(default_factory=dict)
    """Customer's id -> print of its records (`console.domain.prints.fingerprint`)."""

    def check(self, now: Basis) -> None:
        """See that the world is the one that the plan was made for. Customers are looked at one by one, elsewhere.

        :param now: with those aspects of the policy that are known by now.

        :raises Conflict: it is for another org, another schema, or was made under other rules; the sentence says which.
        """
        if self.org_id != now.org_id:
            raise Conflict(
                f"The plan is for the org {self.org_id}, but this connection is with the org {now.org_id}.",
                "Name the connection that it was made for.",
            )
        if self.schema != now.schema:
            raise Conflict(
                f"The plan was made by a console with the cache schema {self.schema}; this one has {now.schema}.",
                _REFUSED,
            )
        moved = [name for name, print_ in now.policy.items() if self.policy.get(name) != print_]
        if moved:
            raise Conflict(f"Since the plan was made, this changed: {', '.join(moved)}.", _REFUSED)


@dataclass(frozen=True)
class FrozenPlan:
    """Changes in the order in which they are carried out, and what they were computed from."""

    basis: Basis
    changes: Sequence[Change]
    kind: str = "sync"
    made_at: str = ""
    forecast: Mapping[str, Any] = field(default_factory=dict)
    stops: Sequence[Mapping[str, Any]] = ()
    """The brakes that would stop a pass which is about to do this, as `console.domain.brakes.Stop.as_json`."""

    @cached_property
    def hash(self) -> str:
        """SHA-256 over the kind, the basis and every change with its reason, in hexadecimal."""
        digest = sha256(_encode([FORMAT, self.kind, asdict(self.basis)]))
        for change in self.changes:
            digest.update(b"\n" + _encode(change.as_json()))
        return digest.hexdigest()

    def head(self) -> dict[str, Any]:
        """Everything but the changes, in the shape of the file."""
        return {
            "format": FORMAT,
            "kind": self.kind,
            "hash": self.hash,
            "org_id": self.basis.org_id,
            "made_at": self.made_at,
            "forecast": dict(self.forecast),
            "brakes": list(self.stops),
            "basis": {
                "schema": self.basis.schema,
                "policy": dict(self.basis.policy),
                "customers": dict(self.basis.customers),
            },
        }

    def as_json(self) -> dict[str, Any]:
        """As ``plan --json`` prints it."""
        return {**self.head(), "changes": [change.as_json() for change in self.changes]}

    def lines(self) -> Iterator[str]:
        """The file, line by line, each with its end."""
        head = json.dumps(self.head(), indent=1)
        yield head.removesuffix("\n}") + ',\n "changes": ['
        separator = "\n  "
        for change in self.changes:
            yield separator + json.dumps(change.as_json())
            separator = ",\n  "
        yield "\n ]\n}\n"


def read_plan(text: str) -> FrozenPlan:
    """The plan that a file holds, however its JSON is laid out.

    :raises UsageError: it is no plan, or of a shape that this console doesn't know.
    :raises Conflict: it was changed since it was made, or something of it is missing.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        data = None
        if text.lstrip().startswith("{") and '"hash"' in text:
            raise Conflict("The plan is cut short or damaged: it is no whole JSON.", _REFUSED) from None
    if not isinstance(data, dict) or not {"hash", "org_id", "changes"} <= data.keys():
        raise UsageError("This is no plan of the console.", "Make one with: plan NAME --out FILE.")
    if data.get("format") != FORMAT:
        raise UsageError(
            f"The plan has the format {str(data.get('format'))[:20]}, and this console knows {FORMAT}.",
            "Make a new plan with this console.",
        )
    try:
        plan = _plan(data)
        intact = plan.hash == data["hash"]
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        intact = False
    if not intact:
        raise Conflict("The plan was changed since it was made: its hash does not fit it.", _REFUSED)
    return plan


def policy_prints(policy: Policy) -> dict[str, str]:
    """A print of each aspect of a policy, so that a change can be told by its name. Who was imported one by one is no part."""
    whole = asdict(policy)
    return {name: of_parts([whole[key] for key in keys]) for name, keys in _ASPECTS.items()}


@dataclass(frozen=True, slots=True)
class Differences:
    """What a plan made now does otherwise than an earlier one."""

    new: tuple[Change, ...] = ()
    gone: tuple[Change, ...] = ()
    different: tuple[tuple[Change, Change], ...] = ()
    """(then, now): the same field of the same record, with another value before or after."""

    def __bool__(self) -> bool:
        return bool(self.new or self.gone or self.different)


def compare(then: Iterable[Change], now: Iterable[Change]) -> Differences:
    """Where two plans differ; each in the order of its plan. Reasons and ids don't count."""
    old = {_place(change): change for change in then}
    new: list[Change] = []
    different: list[tuple[Change, Change]] = []
    for change in now:
        known = old.pop(_place(change), None)
        if known is None:
            new.append(change)
        elif (known.before, known.after) != (change.before, change.after):
            different.append((known, change))
    return Differences(tuple(new), tuple(old.values()), tuple(different))


def _place(change: Change) -> tuple[str, str, str, str | None, str]:
    return (change.customer_id, change.side, change.entity, change.key, change.record)


def _plan(data: dict[str, Any]) -> FrozenPlan:
    basis = data["basis"]
    return FrozenPlan(
        Basis(
            _str(data["org_id"]),
            int(basis["schema"]),
            {_str(name): _str(print_) for name, print_ in basis["policy"].items()},
            {_str(id_): _str(print_) for id_, print_ in basis["customers"].items()},
        ),
        tuple(_change(each) for each in data["changes"]),
        _one_of(data["kind"], KINDS),
        _str(data["made_at"]),
        _forecast(data["forecast"]),
        tuple(_stop(each) for each in data.get("brakes", ())),
    )


def _change(data: dict[str, Any]) -> Change:
    key = data["key"]
    if key is not None and key != ALIASES:
        _one_of(key, FIELD)
    return Change(
        _str(data["id"]),
        _str(data["customer_id"]),
        _one_of(data["side"], ("salesforce", "alguna")),
        _one_of(data["object"], ("Account", "Contact", "customer")),
        _str(data["record"]),
        key,
        None if data["field"] is None else _str(data["field"]),
        data["before"],
        data["after"],
        _str(data["reason"]),
        _str(data["rule"]),
        None if data.get("undoes") is None else int(data["undoes"]),
        None if data.get("beside") is None else _str(data["beside"]),
    )


def _forecast(data: dict[str, Any]) -> dict[str, Any]:
    """What a forecast says is not covered by the hash, so that it is looked at: numbers, and calls where there is anything."""
    for value in [*data.values(), *data.get("calls", {}).values()]:
        if not isinstance(value, dict | int | float | None):
            raise TypeError(value)
    if data and not isinstance(data["calls"]["salesforce"], int):
        raise TypeError(data)
    return data


def _stop(data: dict[str, Any]) -> dict[str, Any]:
    """Nor is what brakes say."""
    for each in data["sample"]:
        _str(each["customer_id"]), _str(each["what"])
    return {
        **data,
        "brake": _str(data["brake"]),
        "count": int(data["count"]),
        "sentence": _str(data["sentence"]),
    }


def _str(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _one_of(value: Any, known: Iterable[str]) -> Any:
    if value not in known:
        raise ValueError(value)
    return value


def _encode(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")
