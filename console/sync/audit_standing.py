"""How far the audit is, from the cache alone: for commands and screens."""

from __future__ import annotations

from typing import Any

from console.domain.auditing import Round
from console.store.audits import Verified
from console.store.cache import Cache
from console.sync.events import Audited

KEY = "audit.round"
"""Key, in the cache, of how far the round is."""
VERIFIED = "audit.verified"
"""Key, in the cache, of how many customers were verified, as of the last slice."""


def event(cache: Cache, said: str = "") -> Audited:
    """How far the audit is, for the screens. `said`: the result, where a person had asked for it."""
    round_, verified = Round.load(cache.get(KEY)), _verified(cache)
    return Audited(
        round_.accounts, cache.accounts.count(), round_.missed,
        verified.verified, verified.linked, verified.oldest, said,
    )  # fmt: skip


def standing(cache: Cache) -> dict[str, Any]:
    """How far the audit is, as ``status --json`` prints it."""
    round_, verified = Round.load(cache.get(KEY)), _verified(cache)
    return {
        "round": {
            "began": round_.began or None,
            "under_way": round_.under_way,
            "accounts": round_.accounts,
            "of": cache.accounts.count(),
            "missed": round_.missed,
        },
        "last_round": {"ended": round_.ended or None, "missed": round_.missed_before},
        "last_slice": round_.at if round_.began else None,
        "verified": {"customers": verified.verified, "of": verified.linked, "oldest": verified.oldest},
    }


def _verified(cache: Cache) -> Verified:
    return Verified(**(cache.get(VERIFIED) or {"linked": 0, "verified": 0, "oldest": None}))
