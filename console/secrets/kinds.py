"""What is kept of a connection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

Kind = Literal["salesforce_access", "salesforce_refresh", "alguna_key", "webhook_secret"]
KINDS: tuple[Kind, ...] = get_args(Kind)


def known(held: Mapping[str, object]) -> dict[Kind, str]:
    """The secrets among what a file holds; anything else in it is not ours."""
    found = {kind: held.get(kind) for kind in KINDS}
    return {kind: value for kind, value in found.items() if isinstance(value, str) and value}
