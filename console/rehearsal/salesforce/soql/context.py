"""Who asks, when, and what exists for them: what every part of a query is compiled with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce.soql import caret
from console.rehearsal.salesforce.soql.dates import span
from console.rehearsal.salesforce.store import quoted
from console.rehearsal.salesforce.values import stamp_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from console.rehearsal.salesforce.access import Access, View
    from console.rehearsal.salesforce.errors import ApiError
    from console.rehearsal.salesforce.schema import Field
    from console.rehearsal.salesforce.soql.ast import Literal, Query


@dataclass(frozen=True, slots=True)
class Context:
    """One query text of one caller at one moment."""

    text: str
    access: Access
    user_id: str
    now: datetime
    zone: tzinfo
    tooling: bool
    all_rows: bool
    """Whether the recycle bin is looked into."""
    sources: Callable[[str, str], tuple[str, list[Any]]]
    """SQL and values that stand for the table of a virtual object, by its name and the caller's id."""

    def fail(self, start: int, message: str, code: str = "MALFORMED_QUERY") -> ApiError:
        """The error at a place of the query."""
        return caret.at(self.text, start, message, code)

    def view_named(self, query: Query) -> View:
        """The object that a query is about."""
        view = self.access.view(query.source, tooling=self.tooling)
        if view is None:
            message = f"sObject type '{query.source}' is not supported. {caret.CUSTOM_OBJECT_HINT}"
            raise self.fail(query.source_start, message, "INVALID_TYPE")
        return view

    def live(self, view: View, alias: str) -> list[str]:
        """The condition that leaves the recycle bin out."""
        if view.sobject.soft_delete and not self.all_rows:
            return [f'{alias}."IsDeleted" = 0']
        return []

    def source(self, view: View) -> tuple[str, list[Any]]:
        """The table of an object, or what stands for it, with the values of that."""
        if view.sobject.virtual:
            return self.sources(view.sobject.name, self.user_id)
        return quoted(view.sobject.name), []

    def view_of(self, reference: Field) -> View | None:
        """The object that a reference leads to; Tooling's queries reach the objects of REST as well."""
        name = reference.reference_to
        return self.access.view(name, tooling=self.tooling) or self.access.view(name)

    def child_of(self, view: View, relationship: str, start: int) -> tuple[View, Field]:
        """The object and its reference field behind the name of a child relationship."""
        for sobject, reference in self.access.children_of(view.sobject.name):
            if (reference.child_relationship or "").lower() == relationship.lower():
                child = self.access.view(sobject.name, tooling=self.tooling)
                if child is not None and child.get(reference.name) is not None:
                    return child, reference
        message = (
            f"Didn't understand relationship '{relationship}' in FROM part of query call. "
            f"{caret.CUSTOM_RELATIONSHIP_HINT}"
        )
        raise self.fail(start, message, "INVALID_TYPE")

    def span(self, literal: Literal) -> tuple[date, date]:
        """First day and the day after the last of a date literal, today being the caller's."""
        today = self.now.astimezone(self.zone).date()
        try:
            return span(str(literal.value), literal.count, today)
        except (ValueError, OverflowError):
            raise self.fail(literal.start, "date literal is out of range") from None

    def midnight(self, day: date) -> str:
        """The moment at which a day begins for the caller, as stored."""
        return stamp_text(datetime.combine(day, time(), self.zone).astimezone(UTC))
