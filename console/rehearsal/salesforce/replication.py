"""What was updated and what was deleted in a span of time.

https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_getupdated.htm and
resources_getdeleted.htm. Updated rows can be asked for 30 days back, deleted ones for 15.
"""

# ruff: noqa: S608 - every name in the SQL comes from the schema

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce.errors import ApiError
from console.rehearsal.salesforce.store import quoted
from console.rehearsal.salesforce.values import stamp_text

if TYPE_CHECKING:
    from console.rehearsal.salesforce.access import View
    from console.rehearsal.salesforce.store import Store

UPDATED_BACK = timedelta(days=30)
DELETED_BACK = timedelta(days=15)
MOST_IDS = 600_000


def _span(start: datetime, end: datetime, now: datetime, back: timedelta) -> tuple[str, str]:
    """Whole seconds, checked."""
    first = start.astimezone(UTC).replace(microsecond=0)
    last = end.astimezone(UTC).replace(microsecond=0)
    if first >= last:
        raise ApiError(400, "INVALID_REPLICATION_DATE", "startDate cannot be after endDate")
    if first < now - back:
        raise ApiError(400, "INVALID_REPLICATION_DATE", "startDate before org replication enabled date")
    return stamp_text(first), stamp_text(last)


def _replicated(view: View) -> str:
    if "SystemModstamp" not in view.sobject.fields or view.sobject.virtual:
        message = f"entity type {view.sobject.name} does not support replication"
        raise ApiError(400, "INVALID_TYPE_FOR_OPERATION", message)
    return quoted(view.sobject.name)


def _covered(end: datetime, now: datetime) -> str:
    """The start of the next span: the end asked for, but not later than now."""
    return stamp_text(min(end.astimezone(UTC), now).replace(microsecond=0))


def _checked(rows: list[Any]) -> list[Any]:
    if len(rows) > MOST_IDS:
        message = f"The number of ids exceeds the limit of {MOST_IDS}; ask for a shorter span of time"
        raise ApiError(400, "EXCEEDED_ID_LIMIT", message)
    return rows


def updated(store: Store, view: View, start: datetime, end: datetime, now: datetime) -> dict[str, Any]:
    """Ids of the records that were written in the span and still live."""
    table = _replicated(view)
    first, last = _span(start, end, now, UPDATED_BACK)
    live = ' AND "IsDeleted" = 0' if view.sobject.soft_delete else ""
    rows = store.find(
        f'SELECT "Id" FROM {table} WHERE "SystemModstamp" >= ? AND "SystemModstamp" < ?{live}'
        f' ORDER BY "SystemModstamp", "Id" LIMIT {MOST_IDS + 1}',
        (first, last),
    )
    return {"ids": [row[0] for row in _checked(rows)], "latestDateCovered": _covered(end, now)}


def deleted(
    store: Store, view: View, start: datetime, end: datetime, now: datetime, earliest: str
) -> dict[str, Any]:
    """Ids and moments of the records that went to the recycle bin in the span and are still there.

    `earliest` is the moment before which the bin was emptied.
    """
    table = _replicated(view)
    first, last = _span(start, end, now, DELETED_BACK)
    rows: list[Any] = []
    if view.sobject.soft_delete:
        rows = store.find(
            f'SELECT "Id", "SystemModstamp" FROM {table} WHERE "SystemModstamp" >= ? AND "SystemModstamp" < ?'
            f' AND "IsDeleted" = 1 ORDER BY "SystemModstamp", "Id" LIMIT {MOST_IDS + 1}',
            (first, last),
        )
    return {
        "deletedRecords": [{"id": row[0], "deletedDate": row[1]} for row in _checked(rows)],
        "earliestDateAvailable": earliest,
        "latestDateCovered": _covered(end, now),
    }
