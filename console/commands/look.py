"""``status``, ``accounts``, ``account`` and ``problems``: read from the cache, beside a running sync or without one."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import Any

from console.cli import OpenScreens
from console.commands import past
from console.commands.output import Output, table
from console.domain.plain import plain
from console.domain.records import State
from console.errors import UsageError
from console.guide.account import account_detail, identify, shown
from console.guide.cost import cost_words
from console.guide.desk import ConsoleDesk
from console.guide.health import health
from console.guide.seam import AccountDetail, FieldRow, HistoryLine
from console.guide.status import status
from console.secrets import Secrets
from console.settings import Connections, ConnectionSettings
from console.store.cache import Cache
from console.store.grid import Grid
from console.sync.policy import policy_for

PAGE = 1_000


def run(args: argparse.Namespace, out: Output, open_screens: OpenScreens) -> int:
    """Answer from the cache; calls neither system."""
    if args.command == "account" and args.as_of is not None:
        return past.run(args, out, open_screens)
    answers = {"status": _status, "accounts": _accounts, "account": _account, "problems": _problems}
    return answers[args.command](args, out)


def _status(args: argparse.Namespace, out: Output) -> int:
    connections = Connections()
    settings = connections.load(args.name)
    now = ConsoleDesk().now()
    told = status(settings, connections.cache_path(args.name), now)
    access = health(settings, connections, Secrets(connections), now)
    told["session"] = asdict(access)
    rows = [(str(count).rjust(7), state.replace("_", " ")) for state, count in told["accounts"].items()]
    lag = told["lag"]
    text = (
        f"{told['connection']}: {told['state']}, {told['health_text'] or told['health']}\n{table(rows)}\n"
        f"behind: Salesforce {_behind(lag['salesforce'])} ({_how(told['feeds']['salesforce'])}), "
        f"Alguna {_behind(lag['alguna'])} ({_how(told['feeds']['alguna'])})\n"
        f"API calls {told['api']['used']} of {told['api']['limit']}{_own(told['api'])}\n{_audit(told['audit'])}"
        f"\nhistory: {told['history']['rows']:,} rows, about {past.megabytes(told['history']['bytes'])}"
    )
    if cost := cost_words(told["last_run"] or {}):
        text += f"\nlast run: {cost}"
    out.data(told, text)
    return 0


def _audit(audit: dict[str, Any] | None) -> str:
    """How far the round is, what it found, and how old the oldest verification is."""
    if audit is None or audit["last_slice"] is None:
        return "audit: nothing was compared yet"
    round_, verified = audit["round"], audit["verified"]
    how = f"{round_['accounts']} of {round_['of']} accounts" if round_["under_way"] else "round complete"
    since = f", the oldest at {verified['oldest']}" if verified["oldest"] else ""
    return (
        f"audit: {how}, {round_['missed']} missed; "
        f"verified equal: {verified['customers']} of {verified['of']}{since}"
    )


def _own(api: dict[str, Any]) -> str:
    """The console's part in them, once the org's limit is known."""
    if api["allocation"] is None:
        return ""
    return f", {api['own']} of the {api['allocation']} that this console may use"


def _behind(seconds: float | None) -> str:
    return (
        "never looked at" if seconds is None else f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    )


def _how(feed: dict[str, Any]) -> str:
    if feed["how"] == "events":
        return "by events"
    every = f"polled every {feed['every']:.0f} s" if feed["every"] else "polled"
    return f"{every}: {feed['why']}" if feed["why"] else every


def _accounts(args: argparse.Namespace, out: Output) -> int:
    connections = Connections()
    connections.load(args.name)
    grid = Grid.open(connections.cache_path(args.name))
    try:
        rows = grid.arrange("name", text=args.filter, state=_state(args.state))
        if not rows:
            out.talk("There is no such account here; a new record is known after the next pass.")
        for start in range(0, rows, PAGE):
            for row in grid.page(start, PAGE):
                line = {
                    "customer_id": row.customer_id,
                    "account_id": row.account_id,
                    "name": row.name,
                    "state": str(row.state),
                    "differs": row.differs,
                    "subscription": row.subscription,
                    "why": row.why,
                }
                text = "  ".join(
                    (
                        f"{row.state:<15}",
                        f"{row.customer_id or '':<12}",
                        f"{row.account_id or '':<18}",
                        plain(row.name, 60),
                    )
                )
                out.data(line, text)
    finally:
        grid.close()
    return 0


def _state(word: str | None) -> State | None:
    if word is None:
        return None
    try:
        return State(word.lower().replace(" ", "_").replace("-", "_"))
    except ValueError:
        raise UsageError(
            f"There is no state {plain(word, 40)!r}.", f"States are: {', '.join(State)}."
        ) from None


def _account(args: argparse.Namespace, out: Output) -> int:
    connections = Connections()
    settings = connections.load(args.name)
    with Cache.open(connections.cache_path(args.name), org_id=settings.org_id, read_only=True) as cache:
        out.data(*told(cache, settings, args.id))
    return 0


def told(cache: Cache, settings: ConnectionSettings, ident: str) -> tuple[dict[str, Any], str]:
    """One account, as JSON and in words.

    :raises UsageError: nothing has this id or name, or several have this name.
    """
    detail = account_detail(cache, settings, policy_for(settings, cache), ident)
    found = identify(cache, ident)
    customer = cache.customers.get(found)
    account = cache.accounts.get(detail.account_id) if detail.account_id else None
    link = cache.links.get(found)
    contact = cache.contacts.get(link.contact_id) if link and link.contact_id else None
    history = [row.as_json() for row in cache.history.of(found, 200)]
    note = detail.subscription
    answer: dict[str, Any] = {
        "customer": {
            "id": customer.id,
            "name": customer.name,
            "aliases": list(customer.aliases),
            "updated_at": customer.updated_at,
            "gone": customer.gone,
        }
        if customer
        else None,
        "account": {"id": account.id, "name": account.name, "modstamp": account.modstamp}
        if account
        else None,
        "link": {
            "how": str(link.how),
            "evidence": link.evidence,
            "at": link.linked_at,
            "by": link.linked_by,
            "contact_id": contact.id if contact else None,
        }
        if link
        else None,
        "state": str(detail.state),
        "subscription": {
            "position": note.position,
            "rule": note.rule,
            "pinned": note.pinned,
            "all": [
                {"id": line.id, "name": line.name, "status": line.status, "shown": line.shown}
                for line in note.subscriptions
            ],
        }
        if note
        else None,
        "fields": [_field(row) for row in detail.fields],
        "why": list(detail.why),
        "candidates": [
            {"account_id": each.account_id, "name": each.name, "evidence": list(each.evidence)}
            for each in detail.candidates
        ],
        "contact_candidates": [
            {
                "contact_id": each.contact_id,
                "name": each.name,
                "evidence": list(each.evidence),
                "may_link": each.linkable,
            }
            for each in detail.contacts
        ],
        "contact_may_be_created": detail.contact_creatable,
        "decided": list(detail.decided),
        "history": history,
        "seen": [each.as_json() for each in cache.sightings.of(found, 200)],
        "verified_at": detail.verified_at,
        "links": {link_out.label: link_out.url for link_out in detail.links},
    }
    return answer, _account_words(detail)


def _field(row: FieldRow) -> dict[str, Any]:
    """One field; a side that does not say leaves its key out."""
    answer: dict[str, Any] = {"field": row.key, "label": row.label}
    for side, cell in (("alguna", row.alguna), ("base", row.base), ("salesforce", row.salesforce)):
        if cell.known:
            answer[side] = cell.value
    return {
        **answer,
        "differs": row.differs,
        "direction": str(row.direction) if row.direction else None,
        "reason": row.reason,
        "keep": list(row.open_to),
        "rule": row.rule.replace(" ", "_"),
        "turns": list(row.turns),
        "pin": row.pin or None,
    }


def _account_words(detail: AccountDetail) -> str:
    marks = {"to_salesforce": "->", "to_alguna": "<-"}
    rows = [
        (
            "*" if row.differs else " ",
            row.label,
            _cell(row, "alguna"),
            marks.get(str(row.direction), "  "),
            _cell(row, "salesforce"),
        )
        for row in detail.fields
    ]
    head = f"{plain(detail.name, 80)}  [{detail.state}]  Alguna {detail.customer_id or '-'}  Salesforce {detail.account_id or '-'}"
    turns = [f"- {row.label}: {turn}" for row in detail.fields for turn in row.turns]
    why = "\n".join(f"- {sentence}" for sentence in (*detail.why, *detail.decided))
    why = "\n".join([why, *turns])
    history = "\n".join(_history_words(line) for line in detail.history[:20])
    if detail.verified_at:
        head += f"\nVerified equal at {detail.verified_at}: both sides were read then or later, and every field agreed."
    return f"{head}\n\n{why}\n\n{table(rows, ('', 'Field', 'Alguna', '', 'Salesforce'))}\n\nHistory\n{history or '(none)'}"


def _history_words(line: HistoryLine) -> str:
    moved = f"{line.before or '(empty)'} -> {line.after or '(empty)'}"
    lost = f"  lost: {line.lost}" if line.lost else ""
    rule = f" by {line.rule.replace('_', ' ')}" if line.rule else ""
    return f"{line.at}  run {line.run}  {line.side}  {line.field}: {moved}  {line.outcome}{rule}{lost}"


def _cell(row: FieldRow, side: str) -> str:
    cell = row.alguna if side == "alguna" else row.salesforce
    if not cell.known:
        return "(unknown)"
    return plain(shown(cell.value), 40) or "(empty)"


def _problems(args: argparse.Namespace, out: Output) -> int:
    connections = Connections()
    settings = connections.load(args.name)
    with Cache.open(connections.cache_path(args.name), org_id=settings.org_id, read_only=True) as cache:
        found = cache.problems.open()
    rows = [
        (str(each.count), each.category, plain(each.title, 100), plain(each.advice, 100)) for each in found
    ]
    out.data([each.as_json() for each in found], table(rows) or "Nothing needs a person.")
    return 0
