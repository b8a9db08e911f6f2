"""The planner's policy for a connection: its settings, what was imported since, and what the user may do in the org."""

from __future__ import annotations

from console.domain.policy import ImportChoice, Policy
from console.settings import ConnectionSettings
from console.store.cache import Cache
from console.sync.access import kept_access

IMPORT = "import"
"""Key, in the cache, of what was imported after the connection was made."""
_CHOICES: tuple[ImportChoice, ...] = ("none", "matching", "all")


def policy_for(settings: ConnectionSettings, cache: Cache) -> Policy:
    """The policy in force; the cache may be open for reading only.

    The wider of the connection's own import choice and of what was imported later on counts.
    """
    allowed = kept_access(cache)
    return Policy(
        rules=settings.rules,
        flows=settings.directions,
        create_accounts=settings.source_of_truth == "alguna",
        import_choice=wider(settings.import_choice, cache.get(IMPORT) or "none"),
        connected_at=settings.connected_at,
        readable=allowed.readable if allowed else None,
        writable=allowed.writable if allowed else None,
        creates=allowed.creates if allowed else None,
        edits=allowed.edits if allowed else None,
        picklists=allowed.picklists if allowed else None,
        app_url=settings.alguna_app_url or settings.alguna_url,
        customer_url=settings.customer_url,
        subscription_url=settings.subscription_url,
    )


def wider(one: ImportChoice, other: ImportChoice) -> ImportChoice:
    """The choice that takes in more customers."""
    return max(one, other, key=_CHOICES.index)
