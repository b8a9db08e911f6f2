"""Many records at once, for seeding: no checks, one statement, indexes built at the end."""

# ruff: noqa: S608 - every name in the SQL comes from the schema

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from . import ids
from .schema import NUMBER_TYPES
from .store import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from .schema import SObject
    from .store import Store

BLOCK = 5_000
"""So many ids are taken at once."""


def load(
    store: Store, sobject: SObject, rows: Iterable[Mapping[str, Any]], *, user_id: str, stamp: str
) -> int:
    """Streams trusted rows into a table; the number of rows. ValueError for a field that does not exist."""
    fields = [each for each in sobject.stored_fields() if not each.generated]
    names = ", ".join(quoted(each.name) for each in fields)
    marks = ", ".join("?" * len(fields))
    sql = f"INSERT INTO {quoted(sobject.name)} (_n, {names}) VALUES (?, {marks})"
    with store.transaction():
        empty = not store.find(f"SELECT 1 FROM {quoted(sobject.name)} LIMIT 1")
        if empty:
            store.drop_indexes(sobject)
        cursor = store.connection.executemany(sql, _stored(store, sobject, rows, user_id, stamp))
        store.create_indexes(sobject)
    return cursor.rowcount if cursor.rowcount > 0 else 0


def _stored(
    store: Store, sobject: SObject, rows: Iterable[Mapping[str, Any]], user_id: str, stamp: str
) -> Iterator[tuple[Any, ...]]:
    fields = [each for each in sobject.stored_fields() if not each.generated]
    known = {each.name for each in fields}
    defaults: dict[str, Any] = {
        each.name: int(each.default) if isinstance(each.default, bool) else each.default for each in fields
    }
    for name, value in (
        ("CreatedDate", stamp),
        ("CreatedById", user_id),
        ("LastModifiedById", user_id),
        ("OwnerId", user_id),
    ):
        if name in known:
            defaults[name] = value
    scales = {each.name: each.scale for each in fields if each.type in NUMBER_TYPES}
    flags = {each.name for each in fields if each.type == "boolean"}
    numbers = _numbers(store, sobject.key_prefix or "000")
    order = [each.name for each in fields]
    for values in rows:
        if not values.keys() <= known:
            unknown = ", ".join(sorted(values.keys() - known))
            raise ValueError(f"no such field of {sobject.name}: {unknown}")
        row = {**defaults, **values}
        for name in scales.keys() & values.keys():
            if row[name] is not None:
                row[name] = int(Decimal(str(row[name])).scaleb(scales[name]).to_integral_value())
        for name in flags & values.keys():
            row[name] = int(bool(row[name]))
        created = row.get("CreatedDate")
        if "LastModifiedDate" in known and row["LastModifiedDate"] is None:
            row["LastModifiedDate"] = created
        if "SystemModstamp" in known and row["SystemModstamp"] is None:
            row["SystemModstamp"] = row.get("LastModifiedDate") or stamp
        if row["Id"] is None:
            number = next(numbers)
            row["Id"] = ids.make(sobject.key_prefix or "000", store.instance, number)
        else:
            number = ids.number_of(row["Id"])
        yield (number, *map(row.__getitem__, order))


def _numbers(store: Store, key_prefix: str) -> Iterator[int]:
    while True:
        first = store.take_numbers(key_prefix, BLOCK)
        yield from range(first, first + BLOCK)
