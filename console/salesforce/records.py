"""Between Salesforce's rows and the console's records."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from console.domain.records import Account, Contact, Values


def account_columns(readable: Collection[str] | None = None) -> tuple[str, ...]:
    """Columns to ask for; `readable`: field keys that the user may see, None for all."""
    raise NotImplementedError


def contact_columns(readable: Collection[str] | None = None) -> tuple[str, ...]:
    """As `account_columns`."""
    raise NotImplementedError


def account(row: Mapping[str, Any]) -> Account:
    """A row as a record; a column that was not asked for stays unknown."""
    raise NotImplementedError


def contact(row: Mapping[str, Any]) -> Contact:
    """A row as a record; a column that was not asked for stays unknown."""
    raise NotImplementedError


def body(values: Values) -> dict[str, Any]:
    """Field values (all of one object) as a JSON body: numbers for amounts, null for empty."""
    raise NotImplementedError
