"""Running queries: pages, locators, and the records as REST shows them.

A long result is held as the numbers of its rows, so that membership and order stay while pages are fetched; the
values are those of the moment at which their page is read.
See https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_query.htm.
"""

# ruff: noqa: S608 - every name in the SQL comes from the schema

from __future__ import annotations

import json
import re
from array import array
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce import ids
from console.rehearsal.salesforce.access import Caller
from console.rehearsal.salesforce.errors import ApiError, not_found
from console.rehearsal.salesforce.permission_objects import USER_PERMISSIONS
from console.rehearsal.salesforce.soql.compiler import compile_query, compile_reading
from console.rehearsal.salesforce.soql.context import Context
from console.rehearsal.salesforce.soql.parser import parse
from console.rehearsal.salesforce.soql.plan import Child, Count, Grouped, Plan, Shape
from console.rehearsal.salesforce.store import quoted
from console.rehearsal.salesforce.values import zone_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from console.rehearsal.salesforce.access import AccessBook, View
    from console.rehearsal.salesforce.signing_in.session_objects import SessionRows
    from console.rehearsal.salesforce.store import Store

IDLE = timedelta(minutes=15)
OPEN_LOCATORS = 10
"""So many long results may a user have open; the oldest gives way."""

LEAST_BATCH = 200
MOST_BATCH = 2000

_LOCATOR = re.compile(r"(01g[0-9A-Za-z]{15})-(\d{1,9})")


@dataclass(slots=True)
class _Cursor:
    user_id: str
    session_key: str
    plan: Plan
    keys: array[int]
    batch: int
    used: datetime


class Queries:
    """Runs SOQL for callers and keeps the long results that are being paged through."""

    def __init__(self, store: Store, access: AccessBook, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._access = access
        self._clock = clock
        self._cursors: dict[str, _Cursor] = {}
        self.session_rows: SessionRows | None = None
        """Answers what the objects of sign-in hold."""

    # -- queries

    def query(
        self,
        caller: Caller,
        soql: str,
        *,
        version: str,
        all_rows: bool,
        tooling: bool,
        batch_size: int,
        session_key: str,
    ) -> dict[str, Any]:
        """The body of the reply, with the first page."""
        compiled = self.plan(caller, soql, tooling=tooling, all_rows=all_rows, session_key=session_key)
        if isinstance(compiled, Count):
            ((total,),) = self._store.find(*compiled.statement)
            return _body(total, [], "", tooling=tooling)
        if isinstance(compiled, Grouped):
            return self._grouped(compiled, tooling=tooling)
        name = compiled.view.sobject.name
        keys = self.keys(compiled)
        if compiled.single and len(keys) > 1:
            message = (
                "When retrieving results with Metadata or FullName fields, the query qualifications must "
                f"specify no more than one row for retrieval. Result size: {len(keys)}"
            )
            raise ApiError(400, "MALFORMED_QUERY", message)
        batch = min(max(batch_size, LEAST_BATCH), MOST_BATCH)
        records = self.rows(compiled, keys[:batch], version)
        next_url = None
        if len(keys) > batch:
            locator = self._open(caller, session_key, compiled, keys, batch)
            next_url = _more_url(locator, batch, version, tooling=tooling)
        return _body(len(keys), records, name, tooling=tooling, next_url=next_url)

    def plan(
        self, caller: Caller, soql: str, *, all_rows: bool, tooling: bool = False, session_key: str = ""
    ) -> Plan | Count | Grouped:
        """What a query comes to for a caller; raises ApiError."""
        context = self._context(caller, soql, tooling=tooling, all_rows=all_rows, session_key=session_key)
        return compile_query(context, parse(soql))

    def keys(self, plan: Plan) -> array[int]:
        """The numbers of the rows that a query finds now, in their order."""
        found = (row[0] for row in self._store.connection.execute(*plan.keys))
        return array("q", found if plan.ordered else sorted(found))

    def _grouped(self, compiled: Grouped, *, tooling: bool) -> dict[str, Any]:
        rows = self._store.find(*compiled.statement)
        if len(rows) > MOST_BATCH:
            message = (
                "Aggregate query does not support queryMore(), use LIMIT to restrict the results to a single "
                "batch"
            )
            raise ApiError(400, "EXCEEDED_ID_LIMIT", message)
        records = []
        for row in rows:
            record: dict[str, Any] = {"attributes": {"type": "AggregateResult"}}
            for (key, convert), value in zip(compiled.keys, row, strict=True):
                record[key] = value if convert is None or value is None else convert(value)
            records.append(record)
        return _body(len(records), records, "AggregateResult", tooling=tooling)

    def _context(
        self, caller: Caller, soql: str, *, tooling: bool, all_rows: bool, session_key: str = ""
    ) -> Context:
        return Context(
            soql,
            self._access.of(caller),
            user_id=caller.user_id,
            now=self._clock(),
            zone=self._zone(caller.user_id),
            tooling=tooling,
            all_rows=all_rows,
            sources=partial(self._source, session_key=session_key),
        )

    def _zone(self, user_id: str) -> tzinfo:
        rows = self._store.find('SELECT "TimeZoneSidKey" FROM "User" WHERE "Id" = ?', (user_id,))
        name = rows[0][0] if rows else "GMT"
        return UTC if name == "GMT" else zone_of(name) or UTC

    def _source(self, name: str, user_id: str, *, session_key: str = "") -> tuple[str, list[Any]]:
        """What stands for the table of an object without records of its own, made for the caller."""
        granted = self._access.permissions(user_id)
        if name != "UserPermissionAccess":
            rows = (
                None if self.session_rows is None else self.session_rows(name, user_id, granted, session_key)
            )
            # Where nobody can sign in there are no sessions.
            return rows or (f"(SELECT * FROM (SELECT {self._nothing(name)}) WHERE 0)", [])
        columns = ", ".join(f"? AS {quoted(f'Permissions{each}')}" for each in USER_PERMISSIONS)
        values = [int(granted[each]) for each in USER_PERMISSIONS]
        stamp = self._clock().strftime("%Y-%m-%dT%H:%M:%S.000+0000")
        return (
            f'(SELECT 1 AS _n, ? AS "Id", ? AS "LastCacheUpdate", {columns})',
            [ids.EMPTY_ID, stamp, *values],
        )

    def _nothing(self, name: str) -> str:
        view = self._access.of(Caller("", system=True)).need(name)
        return ", ".join(f"NULL AS {quoted(each)}" for each in ("_n", *view.sobject.fields))

    # -- pages

    def _open(self, caller: Caller, session_key: str, plan: Plan, keys: array[int], batch: int) -> str:
        own = [each for each, cursor in self._cursors.items() if cursor.user_id == caller.user_id]
        for each in own[: max(0, len(own) - OPEN_LOCATORS + 1)]:
            del self._cursors[each]
        locator = self._store.new_id("01g")
        self._cursors[locator] = _Cursor(caller.user_id, session_key, plan, keys, batch, self._clock())
        return locator

    def more(
        self, caller: Caller, locator: str, *, version: str, tooling: bool, session_key: str
    ) -> dict[str, Any]:
        """The page at a locator; asking for the same page again gives it again."""
        self._access.of(caller)
        now = self._clock()
        self._cursors = {key: each for key, each in self._cursors.items() if now - each.used <= IDLE}
        match = _LOCATOR.fullmatch(locator)
        cursor = self._cursors.get(match[1]) if match else None
        if (
            match is None
            or cursor is None
            or cursor.session_key != session_key
            or cursor.user_id != caller.user_id
            or not 0 <= int(match[2]) < len(cursor.keys)
        ):
            raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        cursor.used = now
        start = int(match[2])
        end = start + cursor.batch
        records = self.rows(cursor.plan, cursor.keys[start:end], version)
        next_url = None
        if end < len(cursor.keys):
            next_url = _more_url(match[1], end, version, tooling=tooling)
        name = cursor.plan.view.sobject.name
        return _body(len(cursor.keys), records, name, tooling=tooling, next_url=next_url)

    def close_session(self, session_key: str) -> None:
        """Drops the locators that a session made."""
        self._cursors = {key: each for key, each in self._cursors.items() if each.session_key != session_key}

    # -- records

    def rows(self, plan: Plan, keys: Sequence[int], version: str) -> list[dict[str, Any]]:
        """The records of some rows, as REST shows them, in the order of `keys`."""
        return [record for _, record in self._numbered(plan, keys, version)]

    def _numbered(self, plan: Plan, keys: Sequence[int], version: str) -> list[tuple[int, dict[str, Any]]]:
        if not keys:
            return []
        parameters = [json.dumps(list(keys)), *plan.source_values]
        found = self._store.connection.execute(plan.page(), parameters).fetchall()
        children = {
            child.relationship: self._children(child, [row[plan.shape.id_index] for row in found], version)
            for child in plan.children
        }
        render = _renderer(plan.shape, version)
        return [(row[-1], render(row, children)) for row in found]

    def _children(self, child: Child, parents: list[str], version: str) -> dict[str, dict[str, Any]]:
        sql, values = child.plan.keys
        rows = self._store.find(sql, [json.dumps(parents), *values])
        if not child.plan.ordered:
            rows.sort()
        records = dict(self._numbered(child.plan, [number for _, number in rows], version))
        grouped: dict[str, list[dict[str, Any]]] = {}
        for parent, number in rows:
            grouped.setdefault(parent, []).append(records[number])
        first, last = child.offset, None if child.limit is None else child.offset + child.limit
        cut = {parent: found[first:last] for parent, found in grouped.items()}
        return {
            parent: {"totalSize": len(found), "done": True, "records": found}
            for parent, found in cut.items()
            if found
        }

    def read(
        self, caller: Caller, view: View, record_id: str, names: Sequence[str], *, version: str, tooling: bool
    ) -> dict[str, Any]:
        """Some fields of one record that is known to be there."""
        context = self._context(caller, ", ".join(names), tooling=tooling, all_rows=True)
        plan = compile_reading(context, view, names)
        table, values = context.source(view)
        found = self._store.find(f'SELECT _n FROM {table} WHERE "Id" = ?', (*values, record_id))
        if not found:
            raise not_found()
        return self.rows(plan, [found[0][0]], version)[0]


def _more_url(locator: str, start: int, version: str, *, tooling: bool) -> str:
    area = "tooling/" if tooling else ""
    return f"/services/data/v{version.removeprefix('v')}/{area}query/{locator}-{start}"


def _body(
    total: int,
    records: list[dict[str, Any]],
    entity: str,
    *,
    tooling: bool,
    next_url: str | None = None,
) -> dict[str, Any]:
    body: dict[str, Any] = {"totalSize": total, "done": next_url is None}
    if tooling:
        shown = entity if records else None
        body = {"size": len(records), **body, "queryLocator": None, "entityTypeName": shown}
    if next_url is not None:
        body["nextRecordsUrl"] = next_url
    body["records"] = records
    return body


def _renderer(shape: Shape, version: str) -> Any:
    """A function from a row (and the children of the page) to a record."""
    base = f"/services/data/v{version.removeprefix('v')}{shape.path}"
    type_name, id_index = shape.type_name, shape.id_index
    steps: list[tuple[str, int, Any, int]] = []
    for key, item in shape.items:
        if isinstance(item, tuple):
            index, convert = item
            steps.append((key, 0 if convert is None else 1, convert, index))
        elif isinstance(item, list):
            steps.append((key, 2, item, 0))
        elif isinstance(item, Shape):
            steps.append((key, 3, _renderer(item, version), item.id_index))
        else:
            steps.append((key, 4, item, 0))

    def render(row: Sequence[Any], children: dict[str, dict[str, Any]]) -> dict[str, Any]:
        record_id = row[id_index]
        record: dict[str, Any] = {"attributes": {"type": type_name, "url": base + record_id}}
        for key, kind, what, index in steps:
            if kind == 0:
                record[key] = row[index]
            elif kind == 1:
                value = row[index]
                record[key] = None if value is None else what(value)
            elif kind == 2:
                record[key] = _address(row, what)
            elif kind == 3:
                record[key] = None if row[index] is None else what(row, children)
            else:
                record[key] = children[key].get(record_id)
        return record

    return render


def _address(row: Sequence[Any], parts: list[tuple[str, int, Any]]) -> dict[str, Any] | None:
    if all(row[index] is None for _, index, _ in parts):
        return None
    return {
        key: row[index] if convert is None or row[index] is None else convert(row[index])
        for key, index, convert in parts
    }
