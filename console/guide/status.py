"""One connection in numbers, from its files alone."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from console.guide.desk import card
from console.settings import ConnectionSettings
from console.store.cache import Cache
from console.store.history import Size
from console.sync.audit_standing import standing
from console.sync.budget import USAGE
from console.sync.following.feeds import Feed, Feeds


def status(settings: ConnectionSettings, path: Path, now: str) -> dict[str, Any]:
    """The shape that ``status --json`` prints; `now` is an instant.

    `audit` tells how far the round of the audit is and which linked customer waits longest for being verified equal; None
    before the first pass. `lag` is how far the cache may be behind each side, in seconds (`Feed.lag`): None before the first
    look. `feeds` tells how changes arrive, why Salesforce is polled where it is, and what was measured from edit to cache.
    """
    shown = card(settings, path)
    audited: dict[str, Any] | None = None
    last, api, feeds = None, {"used": None, "limit": None, "allocation": None}, Feeds()
    kept = Size()
    if path.exists():
        with Cache.open(path, org_id=settings.org_id, read_only=True) as cache:
            runs, feeds = cache.runs.last(1), Feeds.of(cache)
            api.update(cache.get(USAGE) or {})
            audited = standing(cache)
            kept = cache.history.size()
        if runs:
            run = runs[0]
            last = {
                "run": run.id,
                "kind": run.kind,
                "started_at": run.started_at,
                "finished_at": run.finished_at,
                "outcome": run.outcome,
                **run.summary,
            }
    sides = {"salesforce": feeds.salesforce, "alguna": feeds.alguna}
    moment = datetime.fromisoformat(now)
    return {
        "connection": settings.name,
        "state": "disconnected" if settings.disconnected_at else "connected",
        "environment": settings.environment,
        "org_id": settings.org_id,
        "accounts": {str(state): count for state, count in shown.counts.items()},
        "problems": shown.problems,
        "last_run": last,
        "lag": {side: feed.lag(moment) for side, feed in sides.items()},
        "feeds": {side: _feed(feed) for side, feed in sides.items()},
        "api": api,
        "audit": audited,
        "history": {"rows": kept.rows, "bytes": kept.bytes, "since": kept.since or None},
        "health": shown.health,
        "health_text": shown.health_text,
    }


def _feed(feed: Feed) -> dict[str, Any]:
    return {
        "how": feed.how,
        "why": feed.why,
        "looked_at": feed.looked_at or None,
        "every": feed.every,
        "arrival": {"p50": feed.quantile(0.5), "p95": feed.quantile(0.95), "measured": len(feed.arrivals)},
    }
