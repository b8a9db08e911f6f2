"""Many records at once, for seeding: no checks, few statements, indexes built at the end."""

# ruff: noqa: S608 - every name in the SQL comes from the schema

from __future__ import annotations

from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce import ids
from console.rehearsal.salesforce.schema import NUMBER_TYPES
from console.rehearsal.salesforce.store import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from console.rehearsal.salesforce.schema import Field, SObject
    from console.rehearsal.salesforce.store import Store

BLOCK = 5_000
"""So many ids are taken at once."""


def load(
    store: Store, sobject: SObject, rows: Iterable[Mapping[str, Any]], *, user_id: str, stamp: str
) -> int:
    """Streams trusted rows into a table; the number of rows. ValueError for a field that does not exist.

    Neighbours that give the same fields in the same order share a statement.
    """
    loaded = 0
    numbers = _numbers(store, sobject.key_prefix or "000")
    with store.transaction():
        if not store.find(f"SELECT 1 FROM {quoted(sobject.name)} LIMIT 1"):
            store.drop_indexes(sobject)
        for names, run in groupby(rows, tuple):
            made = _Run(sobject, names, user_id, stamp, store.instance, numbers)
            loaded += store.connection.executemany(made.sql, made.stored(run)).rowcount
        store.create_indexes(sobject)
    return loaded


class _Run:
    """Rows that give the same fields."""

    def __init__(
        self,
        sobject: SObject,
        names: tuple[str, ...],
        user_id: str,
        stamp: str,
        instance: str,
        numbers: Iterator[int],
    ) -> None:
        fields = {each.name: each for each in sobject.stored_fields() if not each.generated}
        unknown = [name for name in names if name not in fields]
        if unknown:
            raise ValueError(f"no such field of {sobject.name}: {', '.join(unknown)}")
        self._prefix, self._instance, self._numbers = sobject.key_prefix or "000", instance, numbers
        self._id = names.index("Id") if "Id" in names else None
        self._converts = [
            (index, convert)
            for index, convert in enumerate(_converter(fields[name]) for name in names)
            if convert is not None
        ]
        fixed: dict[str, Any] = {
            each.name: int(each.default) if isinstance(each.default, bool) else each.default
            for each in fields.values()
            if each.default is not None
        }
        fixed |= {
            "CreatedById": user_id,
            "LastModifiedById": user_id,
            "OwnerId": user_id,
            "CreatedDate": stamp,
        }
        self._fixed = {name: value for name, value in fixed.items() if name in fields and name not in names}
        derived = self._stamps(fields, names)
        columns = ["_n", *names, *self._fixed, *derived, *([] if self._id is not None else ["Id"])]
        places = ["?1", *(f"?{index}" for index in range(2, len(names) + len(self._fixed) + 2))]
        listed = [*names, *self._fixed]
        values = [*places, *(places[1 + listed.index(source)] for source in derived.values())]
        if self._id is None:
            values.append(f"?{len(listed) + 2}")
        self.sql = (
            f"INSERT INTO {quoted(sobject.name)} ({', '.join(map(quoted, columns))})"
            f" VALUES ({', '.join(values)})"
        )

    @staticmethod
    def _stamps(fields: Mapping[str, Field], names: tuple[str, ...]) -> dict[str, str]:
        """The stamps that are not given, and the given ones that they take their value from."""
        derived: dict[str, str] = {}
        modified = "LastModifiedDate" if "LastModifiedDate" in names else "CreatedDate"
        for name in ("LastModifiedDate", "SystemModstamp"):
            if name in fields and name not in names and modified in fields:
                derived[name] = modified
        return derived

    def stored(self, run: Iterable[Mapping[str, Any]]) -> Iterator[tuple[Any, ...]]:
        """The parameters of each row."""
        fixed = tuple(self._fixed.values())
        for values in run:
            row = list(values.values())
            for index, convert in self._converts:
                row[index] = convert(row[index])
            if self._id is not None:
                yield (ids.number_of(row[self._id]), *row, *fixed)
            else:
                number = next(self._numbers)
                yield (number, *row, *fixed, ids.make(self._prefix, self._instance, number))


def _converter(field: Field) -> Callable[[Any], Any] | None:
    if field.type == "boolean":
        return lambda value: int(bool(value))
    if field.type in NUMBER_TYPES:
        scale = field.scale
        return lambda value: (
            None if value is None else int(Decimal(str(value)).scaleb(scale).to_integral_value())
        )
    return None


def _numbers(store: Store, key_prefix: str) -> Iterator[int]:
    while True:
        first = store.take_numbers(key_prefix, BLOCK)
        yield from range(first, first + BLOCK)
