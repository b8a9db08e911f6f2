"""``decide`` and ``retry``: what a person answers is kept in the cache. Neither system is called; the next sync acts on it."""

from __future__ import annotations

import argparse

from console.cli import OpenScreens
from console.commands.credentials import connected
from console.commands.look import told
from console.commands.output import Output
from console.domain.loops import PINS
from console.domain.plain import plain
from console.domain.verdicts import (
    AskAgain,
    CreateContact,
    CreateNew,
    Keep,
    LeaveAlone,
    LinkContact,
    LinkWith,
    Pin,
    PinField,
    Unlink,
    Verdict,
)
from console.errors import UsageError
from console.guide.account import identify
from console.guide.person import person
from console.store.cache import Cache
from console.sync.cursors import text, utc_now
from console.sync.deciding import decide, retry
from console.sync.policy import policy_for


def run(args: argparse.Namespace, out: Output, open_screens: OpenScreens) -> int:
    """Keep what was decided, all of it or nothing."""
    settings, connections = connected(args)
    path = connections.cache_path(args.name)
    if not path.exists():
        raise UsageError(
            "Nothing is known of this connection yet.", f"Run alguna-console sync {args.name} first."
        )
    with Cache.open(path, org_id=settings.org_id, holder="deciding") as cache:
        if args.command == "retry":
            ids = [_customer(cache, ident) for ident in args.ids]
            due = retry(cache, ids or None)
            out.data({"retried": due}, f"{due} to be tried again with the next sync.")
            return 0
        customer_id = _customer(cache, args.id)
        with cache.transaction():
            for verdict in _verdicts(args):
                decide(cache, policy_for(settings, cache), customer_id, verdict, text(utc_now()), person())
        out.data(*told(cache, settings, customer_id))
    return 0


def _customer(cache: Cache, ident: str) -> str:
    """The customer that an id or a name stands for: an account of a link stands for its customer."""
    found = identify(cache, ident)
    entry = cache.entries.get(found)
    if entry is None or entry.customer_id is None:
        raise UsageError(
            f"{plain(ident, 60)!r} is an account without a customer.",
            "Decide about the customer: name it by its Alguna id.",
        )
    return entry.customer_id


def _verdicts(args: argparse.Namespace) -> list[Verdict]:
    if args.keep:
        return [_keep(word) for word in args.keep]
    if args.loop:
        return [_loop(word) for word in args.loop]
    if args.link is not None:
        return [LinkWith(args.link)]
    if args.link_contact is not None:
        return [LinkContact(args.link_contact)]
    if args.pin is not None:
        return [Pin(args.pin)]
    plain_ones: dict[str, Verdict] = {
        "create": CreateNew(),
        "create_contact": CreateContact(),
        "leave": LeaveAlone(),
        "unlink": Unlink(),
        "ask_again": AskAgain(),
        "unpin": Pin(None),
    }
    return [verdict for name, verdict in plain_ones.items() if getattr(args, name)]


def _loop(word: str) -> PinField:
    key, _, how = word.partition("=")
    for known in PINS:
        if how == known:
            return PinField(key, known)
    raise UsageError(
        f"--loop {plain(word, 80)}: how is it to go on?",
        f"Write --loop FIELD=HOW, where HOW is one of: {', '.join(PINS)}.",
    )


def _keep(word: str) -> Keep:
    key, _, side = word.partition("=")
    if side == "alguna":
        return Keep(key, "alguna")
    if side == "salesforce":
        return Keep(key, "salesforce")
    raise UsageError(
        f"--keep {plain(word, 80)}: whose value is it to be?",
        "Write --keep FIELD=alguna or --keep FIELD=salesforce, with a field as account --json names it.",
    )
