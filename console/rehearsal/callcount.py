"""How often each call was made, with ids and values folded so that the same kind of call counts as one."""

from __future__ import annotations

import re
from collections import Counter
from urllib.parse import unquote

_VERSION = re.compile(r"^/services/data/v\d+\.\d+(?=/|$)")
_SALESFORCE_ID = re.compile(r"^[0-9A-Za-z]{3}[0-9A-Za-z]{12}(?:[0-9A-Za-z]{3})?(?:-\d+)?$")
_ALGUNA_LISTS = ("customers", "subscriptions", "versions", "plans", "products", "subscription")
_ALGUNA_FIXED = ("current",)


class CallCount:
    """Calls by method and folded path."""

    def __init__(self, service: str) -> None:
        self._fold = fold_salesforce if service == "salesforce" else fold_alguna
        self._calls: Counter[str] = Counter()

    def add(self, method: str, path: str) -> None:
        """Count one call."""
        self._calls[f"{method} {self._fold(path)}"] += 1

    def reset(self) -> None:
        """Begin at nothing."""
        self._calls.clear()

    def as_dict(self) -> dict[str, object]:
        """`{"total": n, "by_call": {...}}`, the most frequent first."""
        return {"total": self._calls.total(), "by_call": dict(self._calls.most_common())}


def fold_salesforce(path: str) -> str:
    """A path without the API version; `...` for record ids, external id values and query locators."""
    parts = _VERSION.sub("", path.rstrip("/")).split("/")
    folded: list[str] = []
    for number, part in enumerate(parts):
        before = folded[-1] if folded else ""
        # /sobjects/Account/Alguna_Customer_ID__c/VALUE: whatever follows an external id field is its value.
        if len(folded) >= 3 and folded[-3] == "sobjects" and number >= 4 and before.endswith("__c"):
            return "/".join([*folded, "..."])
        folded.append("..." if _SALESFORCE_ID.match(part) and any(c.isdigit() for c in part) else part)
    return "/".join(folded) or "/"


def fold_alguna(path: str) -> str:
    """A path with `...` for what follows the name of a list."""
    folded: list[str] = []
    for part in (
        unquote(path).strip("/").split("/") if "%2F" not in path.upper() else path.strip("/").split("/")
    ):
        if folded and folded[-1] in _ALGUNA_LISTS and part not in _ALGUNA_FIXED:
            part = "..."
        folded.append(part)
    return "/" + "/".join(folded)
