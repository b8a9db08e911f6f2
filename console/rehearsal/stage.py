"""Everything that is on: both services with their switches, faults and counters. What the control address steers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from random import Random
from typing import TYPE_CHECKING, Any

from console.rehearsal import faultnames
from console.rehearsal.alguna.options import Options
from console.rehearsal.callcount import CallCount
from console.rehearsal.faults import Faults
from console.rehearsal.salesforce.bulk.worker import Pace

if TYPE_CHECKING:
    from console.rehearsal.activity import Activity
    from console.rehearsal.alguna.store import Store
    from console.rehearsal.alguna.webhooks import Webhooks
    from console.rehearsal.salesforce.errors import ApiError
    from console.rehearsal.salesforce.org import Org
    from console.rehearsal.salesforce.pubsub.bus import Bus
    from console.rehearsal.salesforce.signing_in.sessions import Sessions

_BULK = {f"bulk_{each.name}": each.name for each in fields(Pace)}
"""The switches of bulk jobs, by the names that they have here."""


@dataclass(slots=True)
class SalesforceOptions:
    """The switches of the org that live outside of it, beside those it keeps itself."""

    access: Sessions
    bulk: Pace
    latency_ms: int = 0

    def update(self, values: Mapping[str, Any]) -> None:
        """Set switches by name. Raises ValueError, and changes nothing, on an unknown name or a wrong value."""
        least = {
            "latency_ms": 0,
            "daily_api_limit": 0,
            "api_used": 0,
            "session_minutes": 1,
            "refresh_token_rotation": 0,
            **dict.fromkeys(_BULK, 0),
        }
        for name, value in values.items():
            if name not in least:
                raise ValueError(f"there is no option {name!r}; there are {', '.join(least)}")
            if name in ("refresh_token_rotation", "bulk_stall"):
                if not isinstance(value, bool):
                    raise ValueError(f"{name} must be true or false")
            elif isinstance(value, bool) or not isinstance(value, int) or value < least[name]:
                raise ValueError(f"{name} must be a whole number of at least {least[name]}")
        for name, value in values.items():
            match name:
                case "latency_ms":
                    self.latency_ms = value
                case "daily_api_limit":
                    self.access.usage.limit = value
                case "api_used":
                    self.access.usage.used = value
                case "session_minutes":
                    self.access.tokens.session_minutes = value
                case "refresh_token_rotation":
                    self.access.tokens.rotation = value
                case _:
                    setattr(self.bulk, _BULK[name], value)

    def as_dict(self) -> dict[str, Any]:
        """Every switch with its present value."""
        return {
            "latency_ms": self.latency_ms,
            "daily_api_limit": self.access.usage.limit,
            "api_used": self.access.usage.used,
            "session_minutes": self.access.tokens.session_minutes,
            "refresh_token_rotation": self.access.tokens.rotation,
            **{name: getattr(self.bulk, each) for name, each in _BULK.items()},
        }


def _salesforce_faults() -> Faults:
    return Faults(faultnames.SALESFORCE_NAMES, faultnames.salesforce_answer, faultnames.ROW_NAMES, Random(1))  # noqa: S311


def _alguna_faults() -> Faults:
    return Faults(faultnames.ALGUNA_NAMES, faultnames.alguna_answer, (), Random(2))  # noqa: S311


@dataclass(slots=True)
class Stage:
    """The two services and what is done to them."""

    org: Org
    access: Sessions
    alguna: Store
    alguna_options: Options
    salesforce_options: SalesforceOptions
    activity: Activity
    webhooks: Webhooks
    addresses: dict[str, str]
    events: Bus
    salesforce_faults: Faults = field(default_factory=_salesforce_faults)
    alguna_faults: Faults = field(default_factory=_alguna_faults)
    salesforce_calls: CallCount = field(default_factory=lambda: CallCount("salesforce"))
    alguna_calls: CallCount = field(default_factory=lambda: CallCount("alguna"))

    def __post_init__(self) -> None:
        self.org.row_fault = self._row_fault

    def _row_fault(self, sobject: str) -> ApiError | None:
        fault = self.salesforce_faults.pick(sobject, rows=True)
        return None if fault is None else faultnames.salesforce_error(fault.error)
