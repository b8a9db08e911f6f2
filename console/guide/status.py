"""One connection in numbers, from its files alone."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from console.guide.desk import card
from console.settings import ConnectionSettings
from console.store.cache import Cache
from console.sync.budget import USAGE


def status(settings: ConnectionSettings, path: Path, now: str) -> dict[str, Any]:
    """The shape that ``status --json`` prints; `now` is an instant.

    `lag` is in seconds since each side was last looked at by a pass that ended well, None before the first.
    """
    shown = card(settings, path)
    last, api = None, {"used": None, "limit": None, "allocation": None}
    if path.exists():
        with Cache.open(path, org_id=settings.org_id, read_only=True) as cache:
            runs = cache.runs.last(1)
            api.update(cache.get(USAGE) or {})
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
    seen = _seconds(shown.last_sync_at, now)
    return {
        "connection": settings.name,
        "state": "disconnected" if settings.disconnected_at else "connected",
        "environment": settings.environment,
        "org_id": settings.org_id,
        "accounts": {str(state): count for state, count in shown.counts.items()},
        "problems": shown.problems,
        "last_run": last,
        "lag": {"salesforce": seen, "alguna": seen},
        "api": api,
        "health": shown.health,
        "health_text": shown.health_text,
    }


def _seconds(then: str | None, now: str) -> float | None:
    if then is None:
        return None
    return (datetime.fromisoformat(now) - datetime.fromisoformat(then)).total_seconds()
