"""What became of every edit, judged by the rules (docs/fields.md) from both sides alone.

Of two edits of one field that were made without knowing of each other Alguna's wins, by the rule, and Salesforce's is kept in the
history. Whoever edits Salesforce sees what stands there: once Alguna's value stood there, an edit is a later one and has to win.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.torture.sides import ALGUNA_FIELDS, Picture, normal

Held = Callable[[str, str, str], bool]
"""Whether the console keeps (customer, field, value) as the losing value of a conflict, in its history."""


@dataclass(slots=True)
class Verdict:
    """Sentences about what is wrong, and what was counted."""

    losses: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    """Fields that are not the same on both sides."""
    kept: int = 0
    """Edits that lost by the rule and stand in the history."""
    unseen: int = 0
    """Edits that lost by the rule before the console saw them: made in Salesforce between its last look and its write."""
    compared: int = 0
    """Fields that were compared."""

    @property
    def clean(self) -> bool:
        """Nothing was lost, nothing done twice, nothing differs."""
        return not (self.losses or self.duplicates or self.differences)


def judge(before: Picture, now: Picture, edits: Iterable[Mapping[str, Any]], held: Held) -> Verdict:
    """Compare both sides with each other, and with what was edited since `before`, when both were at rest.

    :param edits: in the order in which they were made; as the editor tells them.
    """
    edits = list(edits)
    verdict = Verdict()
    _twice(now, [each for each in edits if not each["customer"]], before, verdict)
    made: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for each in edits:
        for name in each["fields"]:
            made.setdefault((each["customer"], name), []).append(each)
    for customer_id, customer in now.customers.items():
        accounts = now.accounts.get(customer_id, [])
        if not accounts:
            if customer_id in now.complete:
                verdict.losses.append(f"customer {customer_id} has no account")
            continue
        for name, value in customer.items():
            verdict.compared += 1
            if accounts[0][name] != value:
                verdict.differences.append(
                    f"{customer_id} {name}: Alguna has {value!r}, Salesforce {accounts[0][name]!r}"
                )
        for name in [name for name in ALGUNA_FIELDS if name in customer]:
            start = before.customers.get(customer_id, {}).get(name)
            _edited(
                customer_id, name, start, customer[name], made.get((customer_id, name), []), held, verdict
            )
    return verdict


def _twice(now: Picture, strangers: list[Mapping[str, Any]], before: Picture, verdict: Verdict) -> None:
    for customer_id, accounts in now.accounts.items():
        if len(accounts) > 1:
            verdict.duplicates.append(f"customer {customer_id} has {len(accounts)} accounts")
        if customer_id not in now.customers:
            verdict.losses.append(f"customer {customer_id} of an account is not in Alguna")
        if not now.contacts.get(customer_id) and customer_id in now.complete:
            verdict.losses.append(f"the account of customer {customer_id} has no contact")
        if now.contacts.get(customer_id, 0) > 1:
            verdict.duplicates.append(f"customer {customer_id} has {now.contacts[customer_id]} contacts")
    expected = sorted([*before.strangers, *(each["fields"]["Name"] for each in strangers)])
    if sorted(now.strangers) != expected:
        extra = set(now.strangers) - set(expected)
        verdict.duplicates.append(
            f"accounts that nobody made: {sorted(extra)}" if extra else "unrelated accounts are gone"
        )


def _edited(
    customer_id: str,
    name: str,
    start: str | None,
    final: str,
    edits: list[Mapping[str, Any]],
    held: Held,
    verdict: Verdict,
) -> None:
    """Whether a field ended as its edits say."""
    if not edits:
        if start is not None and final != start:
            verdict.losses.append(f"{customer_id} {name}: nobody edited {start!r}, now it is {final!r}")
        return
    must, may = allowed(
        [(e["side"], normal(name, e["fields"][name]), e.get("seen", {}).get(name)) for e in edits]
    )
    if final == must:
        return
    if held(customer_id, name, must):
        verdict.kept += 1
    elif final in may:
        verdict.unseen += 1
    else:
        verdict.losses.append(f"{customer_id} {name}: the edit {must!r} is lost, it is {final!r}")


def allowed(edits: list[tuple[str, str, str | None]]) -> tuple[str, set[str]]:
    """The last edit of a field, and every value that it may end with, of (side, value, what was seen in Salesforce) in order."""
    last = edits[-1]
    if last[0] == "alguna":
        return last[1], {last[1]}
    place = max((n for n, each in enumerate(edits) if each[0] == "alguna"), default=None)
    if place is None or any(each[2] == edits[place][1] for each in edits[place + 1 :]):
        return last[1], {last[1]}
    return last[1], {last[1], edits[place][1]}
