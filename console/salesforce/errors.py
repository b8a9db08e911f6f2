"""Salesforce's error codes: what each means for a person, and what to do about it."""

from __future__ import annotations

from typing import Literal

from console.errors import ConsoleError

Policy = Literal["retry_now", "retry_later", "person", "skip"]


def policy_of(code: str) -> Policy:
    """What to do with a row or call that failed with this code; ``person`` for codes that are not known."""
    raise NotImplementedError


def error_of(
    status: int, code: str, message: str, fields: tuple[str, ...] = (), *, write: bool = False
) -> ConsoleError:
    """The typed error for one of Salesforce's own."""
    raise NotImplementedError
