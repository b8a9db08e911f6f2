"""SOQL from a template and values: never by joining strings."""

from __future__ import annotations


def soql(template: str, *values: object) -> str:
    """Put quoted values in the places of ``{}``: text, numbers, booleans, None, sequences, `name(...)`, `instant(...)`."""
    raise NotImplementedError
