"""Stamps: the present moment as REST writes it, and moments that always move on."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce.values import parse_moment, stamp_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime


class Stamps:
    """Reads a clock."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock

    def now(self) -> str:
        """The present moment as REST writes it."""
        return stamp_text(self._clock())

    def after(self, row: Mapping[str, Any]) -> str:
        """A stamp for a row's next state: now, and in any case after its last."""
        now = self.now()
        last = row.get("SystemModstamp")
        if last is None or last < now:
            return now
        moment = parse_moment(last)
        if moment is None:
            raise ValueError(f"the record {row.get('Id')} has no readable stamp")
        return stamp_text(moment + timedelta(milliseconds=1))
