"""``@{reference.path}`` in a composite subrequest: what an earlier subrequest answered.

https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_composite_post.htm
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from console.rehearsal.salesforce.errors import ApiError

_REFERENCE = re.compile(r"@\{([^{}]*)\}")
_STEP = re.compile(r"\.([A-Za-z0-9_]+)|\[([0-9]+)\]")
_MISSING = object()


def names_in(value: Any) -> set[str]:
    """The reference ids that a subrequest speaks of."""
    if isinstance(value, str):
        return {re.split(r"[.\[]", inner, maxsplit=1)[0] for inner in _REFERENCE.findall(value)}
    if isinstance(value, dict):
        return set().union(*(names_in(part) for part in value.values()))
    if isinstance(value, list):
        return set().union(*(names_in(part) for part in value))
    return set()


def filled(value: Any, answers: dict[str, Any], *, quote_values: bool = False) -> Any:
    """`value` with every `@{reference.path}` replaced by what it leads to."""
    if isinstance(value, str):
        if "@{" not in value:
            return value
        whole = _REFERENCE.fullmatch(value)
        if whole and not quote_values:
            return _looked_up(whole[1], answers)

        def text(match: re.Match[str]) -> str:
            found = _looked_up(match[1], answers)
            plain = "" if found is None else str(found)
            return quote(plain, safe="") if quote_values else plain

        return _REFERENCE.sub(text, value)
    if isinstance(value, dict):
        return {name: filled(part, answers) for name, part in value.items()}
    if isinstance(value, list):
        return [filled(part, answers) for part in value]
    return value


def _looked_up(reference: str, answers: dict[str, Any]) -> Any:
    name = re.split(r"[.\[]", reference, maxsplit=1)[0]
    path = reference[len(name) :]
    found: Any = answers.get(name, _MISSING)
    place = 0
    while found is not _MISSING and place < len(path):
        step = _STEP.match(path, place)
        if step is None:
            found = _MISSING
            break
        place = step.end()
        if step[1] is not None:
            found = found.get(step[1], _MISSING) if isinstance(found, dict) else _MISSING
        else:
            index = int(step[2])
            found = found[index] if isinstance(found, list) and index < len(found) else _MISSING
    if found is _MISSING or isinstance(found, dict | list):
        message = f"Invalid reference specified. No value for {reference} found in {name}"
        raise ApiError(400, "PROCESSING_HALTED", message)
    return found
