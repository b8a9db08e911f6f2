"""The field rules, and what other ones would do."""

from __future__ import annotations

from dataclasses import dataclass

from console.domain.fields import Flow
from console.domain.records import Rule


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One field's rule."""

    key: str
    label: str
    group: str
    rule: Rule
    default: Rule
    flow: Flow
    """The ways its values go."""
    rules: tuple[Rule, ...]
    """Those that make sense for it."""
    flows: tuple[Flow, ...]
    means: str
    """The same in words."""
    differs: int | None = None
    """Accounts in which it differs now; None while that isn't counted."""
    spared: int = 0
    """Those that are left as they stand since the rules were changed."""
