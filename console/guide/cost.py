"""What a plan takes and what a run took, in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def cost_words(summary: Mapping[str, Any]) -> str:
    """Forecast against actual, from a run's summary; empty for a run that had nothing to write."""
    forecast = summary.get("forecast") or {}
    if not forecast:
        return ""
    took = {"calls": summary.get("calls") or {}, "bytes": summary.get("bytes", 0)}
    took["minutes"] = float(summary.get("seconds") or 0) / 60
    return f"Forecast: {_amounts(forecast)}. Took: {_amounts(took)}."


def forecast_words(forecast: Mapping[str, Any]) -> str:
    """What carrying a plan out takes, held against what the console may still use today."""
    left, allocation, calls = forecast.get("left"), forecast.get("allocation"), _calls(forecast, "salesforce")
    about = f"It takes about {calls:,} Salesforce calls"
    if forecast.get("bytes"):
        about = f"It takes {_amounts(forecast)}"
    if left is None or allocation is None:
        return f"{about}."
    share = forecast.get("share")
    rest = ""
    if isinstance(share, float):
        rest = f" ({share:.0%} of them)" if share >= 0.01 else " (under 1% of them)"
    if calls > allocation:
        rest = f"; of {allocation:,} a day: it is done in parts, day by day"
    elif calls > left:
        rest = "; it would not begin before there is room for all of it"
    return f"{about}; {left:,} of the console's allocation are left{rest}."


def _calls(amounts: Mapping[str, Any], side: str) -> int:
    return int((amounts.get("calls") or {}).get(side) or 0)


def _amounts(amounts: Mapping[str, Any]) -> str:
    salesforce, alguna = _calls(amounts, "salesforce"), _calls(amounts, "alguna")
    return (
        f"{salesforce:,} Salesforce and {alguna:,} Alguna calls, {_size(int(amounts.get('bytes') or 0))}, "
        f"{_time(float(amounts.get('minutes') or 0))}"
    )


def _size(count: int) -> str:
    return (
        f"{count:,} bytes"
        if count < 10_000
        else f"{count / 1000:,.0f} kB"
        if count < 10_000_000
        else f"{count / 1e6:,.0f} MB"
    )


def _time(minutes: float) -> str:
    return f"{minutes * 60:.0f} s" if minutes < 2 else f"{minutes:,.0f} min"
