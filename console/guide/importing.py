"""Taking existing customers in: counted first, from the cache, with the planner that will do it."""

from __future__ import annotations

import tempfile
import threading
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from console.domain.ids import to_18
from console.domain.plain import plain
from console.domain.planner import plan
from console.domain.policy import Policy
from console.domain.records import MatchedBy, State
from console.errors import Cancelled, Refused, UsageError
from console.guide.draft import NewConnection
from console.guide.seam import CountLine, ImportChoice, ImportPreview
from console.store.cache import Cache
from console.sync.budget import USAGE
from console.sync.forecast import forecast_due
from console.sync.match import matched

if TYPE_CHECKING:
    from console.salesforce.client import SalesforceClient

CHUNK = 1_000
_MISREAD = frozenset({"MALFORMED_QUERY", "INVALID_FIELD", "INVALID_QUERY_FILTER_OPERATOR", "INVALID_TYPE"})
TITLES: dict[ImportChoice, str] = {
    "none": "Leave existing customers alone",
    "matching": "Link existing customers that match an account",
    "all": "Take in all existing customers",
}
MATCHES = {
    MatchedBy.CUSTOMER_ID: "by the customer id on the account",
    MatchedBy.ALIAS: "by the account's id among the customer's aliases",
    MatchedBy.DOMAIN_AND_NAME: "by website or e-mail domain and name",
}


def preview(
    cache: Cache, policy: Policy, choice: ImportChoice, cancelled: threading.Event | None = None
) -> ImportPreview:
    """What the choice would do to customers that are not linked yet, with examples of none: numbers only.

    Uses the planner itself, so that the numbers are those of the pass that would follow. Blocks: about a second for
    10,000 customers.

    :raises Cancelled: `cancelled` was set.
    """
    scope = replace(policy, import_choice=choice)
    states: Counter[State] = Counter()
    matches: Counter[MatchedBy] = Counter()
    after, linked = "", 0
    while ids := cache.customers.ids(CHUNK, after):
        if cancelled is not None and cancelled.is_set():
            raise Cancelled("Counting was stopped.", "Nothing was changed.")
        after = ids[-1]
        subjects = cache.subjects(ids)
        linked += sum(subject.link is not None for subject in subjects)
        for subject in matched(cache, [subject for subject in subjects if subject.link is None]):
            state = plan(subject, scope).state
            found = subject.match
            if found is not None and found.account_id and state not in (State.NOT_IMPORTED, State.REVIEW):
                matches[found.how or MatchedBy.DOMAIN_AND_NAME] += 1
            else:
                states[state] += 1
    created = states[State.PENDING] + states[State.REFUSED]
    lines = [CountLine("Linked with an account that exists", matches.total(), _how(matches))]
    lines += [
        CountLine(
            "Created as new accounts", created, "no account matches, and address and contact are there"
        ),
        CountLine(
            "Wait as incomplete",
            states[State.INCOMPLETE],
            "no account matches; billing address or contact is missing",
        ),
        CountLine(
            "Need a person's decision",
            states[State.REVIEW],
            "nothing is guessed; some settle by themselves once others are linked",
        ),
        CountLine(
            "Left alone", states[State.NOT_IMPORTED] + states[State.NOT_CREATED], "not part of this choice"
        ),
    ]
    if linked:
        lines.append(CountLine("Linked already", linked, "not touched by importing"))
    total = matches.total() + created + states[State.INCOMPLETE] + states[State.REVIEW]
    return ImportPreview(
        choice,
        TITLES[choice],
        tuple(lines),
        0 if choice == "none" else total,
        _cost(cache, created, matches.total()),
    )


def customers_of(cache: Cache, salesforce: SalesforceClient, condition: str) -> list[str]:
    """Unlinked customers whose one matching account meets a condition, such as ``Industry = 'Energy'``.

    :param condition: what stands behind WHERE in a query on Account, in the person's own words; the org checks it.
    :raises UsageError: the org doesn't understand the condition.
    """
    question = f"SELECT Id FROM Account WHERE ({condition})"  # noqa: S608 - a person's own question to their own org
    try:
        chosen = {to_18(row["Id"]) for page in salesforce.query(question) for row in page}
    except Refused as refusal:
        if refusal.code not in _MISREAD:
            raise
        named = f": it knows no {', '.join(refusal.fields)}" if refusal.fields else ""
        raise UsageError(
            f"Salesforce can't read the condition “{plain(condition, 80)}”{named}.",
            "Write it as behind WHERE in a query on Account, such as: Industry = 'Energy'.",
        ) from None
    found: list[str] = []
    after = ""
    while ids := cache.customers.ids(CHUNK, after):
        after = ids[-1]
        unlinked = [subject for subject in cache.subjects(ids) if subject.link is None]
        found += [
            subject.customer.id
            for subject in matched(cache, unlinked)
            if subject.match is not None and subject.match.account_id in chosen
        ]
    return found


def _how(matches: Counter[MatchedBy]) -> str:
    return ", ".join(f"{count} {MATCHES[how]}" for how, count in matches.most_common() if how in MATCHES)


def _cost(cache: Cache, created: int, linked: int) -> str:
    """The forecast, held against what the console may still use where that is known."""
    calls = forecast_due(created) + forecast_due(linked)
    if not calls:
        return "No Salesforce calls."
    left = (cache.get(USAGE) or {}).get("left")
    room = f"; {left:,} of the console's allocation are left" if left is not None else ""
    late = (
        "; a pass that would use more does not begin until they are free"
        if left is not None and left < calls
        else ""
    )
    return f"About {calls:,} Salesforce calls{room}{late}."


def preview_new(
    new: NewConnection, choice: ImportChoice, now: str, cancelled: threading.Event
) -> ImportPreview:
    """The same for a connection that isn't saved yet: both systems are read into a cache that is thrown away.

    Blocks (seconds): about one call for 2,000 accounts or contacts and one for 100 customers.

    :raises Cancelled: `cancelled` was set.
    """
    from console.alguna.client import AlgunaClient
    from console.sync.session import read_both

    with (
        tempfile.TemporaryDirectory(prefix="alguna-console-") as folder,
        new.salesforce() as salesforce,
        AlgunaClient(new.alguna_url, new.alguna_key, cancelled=cancelled) as alguna,
        Cache.open(Path(folder) / "cache.db", org_id=new.session.org.id if new.session else "") as cache,
    ):
        read_both(cache, salesforce, alguna, cancelled)
        policy = Policy(create_accounts=new.creates_accounts is not False, connected_at=now)
        return preview(cache, policy, choice, cancelled)
