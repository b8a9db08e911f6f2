"""The org in batches: as many rows to a call as Salesforce takes.

A composite call carries 25 requests, of which at most 5 are queries or collections of up to 200 rows, and counts
as one call (https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_composite.htm).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from console.domain.fields import CUSTOMER_ID, FIELD
from console.domain.ids import same_id
from console.domain.picklists import Picklists
from console.domain.records import Account, Contact
from console.errors import Conflict
from console.salesforce import records
from console.salesforce.bulk import BulkJobs
from console.salesforce.client import SalesforceClient, SubReply, SubRequest
from console.salesforce.info import Usage
from console.salesforce.soql import name, soql
from console.sync.workers import Workers

T = TypeVar("T")

ORGANIZATION = "SELECT Id FROM Organization"
ROWS = 200
"""Records in a collection, and ids in a query."""
HEAVY = 5
"""Queries and collections in a composite call."""
LONGEST = 8_000
"""Characters of ids in a query: an address may have about 16,000, and every quote counts for three."""


@dataclass(slots=True)
class Found:
    """Rows that were read again, deleted ones included."""

    accounts: list[Account] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)


class Org:
    """Reads and writes of one pass.

    :param gate: called before each call; it holds the engine while paused.
    """

    def __init__(
        self,
        client: SalesforceClient,
        workers: Workers,
        gate: Callable[[], None],
        org_id: str,
        org_name: str = "",
    ) -> None:
        self._client = client
        self._workers = workers
        self._gate = gate
        self._org_id = org_id
        self._org_name = org_name
        self.columns: Mapping[str, tuple[str, ...]] = {}
        self.lists: Picklists | None = None
        """What the org keeps lists of."""
        self._is_ours = False

    def see(
        self,
        readable: frozenset[str],
        objects: Collection[str] = ("Account", "Contact"),
        *,
        person_accounts: bool = False,
        lists: Picklists | None = None,
    ) -> None:
        """The fields, by key, and the objects that the user may read: those are asked for from now on."""
        columns = {
            "Account": records.account_columns(
                readable, person_accounts=person_accounts, coded=bool(lists and lists.countries)
            ),
            "Contact": records.contact_columns(readable),
        }
        self.lists = lists
        self.columns = {name: columns[name] for name in columns if name in objects}

    @property
    def reads_accounts(self) -> bool:
        """Whether the user may read accounts: without that nothing is known of the org."""
        return "Account" in self.columns

    @property
    def identifies(self) -> bool:
        """Whether the user sees which customer an account carries: without that nobody is looked for by it."""
        return FIELD[CUSTOMER_ID].sf_name in self.columns.get("Account", ())

    def check(self) -> None:
        """Make sure with one call that this is the connection's org. :raises Conflict: it is another one."""
        (reply,) = self.send([SubRequest.query("Organization", ORGANIZATION)])
        self.same(reply)

    def ensure(self) -> None:
        """`check`, unless this pass has seen it already. :raises Conflict: it is another one."""
        if not self._is_ours:
            self.check()

    def same(self, reply: SubReply) -> None:
        """The same from the answer to `ORGANIZATION`, where it was asked along with something else.

        :raises Conflict: it is another org.
        """
        rows = reply.rows()
        found = str(rows[0]["Id"]) if rows else ""
        if not same_id(found, self._org_id):
            known = f"{self._org_name}, {self._org_id}" if self._org_name else self._org_id
            raise Conflict(
                f"This is another Salesforce org ({found or 'without an id'}) than the one that was connected"
                f" ({known}). Nothing was written.",
                "A refreshed sandbox is a new org: connect it under a new name, and accounts that were copied along are found"
                " by their customer ids and aliases. What this connection knows, its links too, is the old org's: disconnect"
                " and remove it.",
                code="ORG_CHANGED",
            )
        self._is_ours = True

    def select(self, sobject: str) -> str:
        """The beginning of a query for every column that the user may read."""
        return f"SELECT {', '.join(self.columns[sobject])} FROM {sobject}"  # noqa: S608 - our own names

    @property
    def jobs(self) -> BulkJobs:
        """Jobs of the Bulk API; each of their calls goes through :meth:`call`."""
        return self._client.bulk

    def call(self, function: Callable[..., T], *args: Any) -> T:
        """One call that is no composite one.

        :raises ConsoleError: it failed.
        """
        self._gate()
        return self._workers.call(function, *args)

    def limits(self) -> dict[str, Usage]:
        """The org's allocations and how much of each is used; one call."""
        return self.call(self._client.limits)

    def wait(self, seconds: float) -> None:
        """:raises Cancelled: the engine was told to stop meanwhile."""
        self._workers.sleep(seconds)

    def check_stop(self) -> None:
        """:raises Cancelled: the engine was told to stop."""
        self._workers.check()

    def send(self, requests: Sequence[SubRequest]) -> list[SubReply]:
        """One composite call.

        :raises ConsoleError: the call as a whole failed.
        """
        self.hold()
        return self.send_now(requests)

    def hold(self) -> None:
        """Before a call: here the engine may be held, and decisions are kept."""
        self._gate()

    def send_now(self, requests: Sequence[SubRequest]) -> list[SubReply]:
        """`send` for who has passed the gate and written down what leaves."""
        return self._workers.call(self._client.composite, requests)

    def look(
        self,
        accounts: Mapping[str, Collection[str]] | None = None,
        contacts: Mapping[str, Collection[str]] | None = None,
    ) -> Found:
        """Read rows by the value of a column: ``{"Id": [...]}``; deleted rows too, in no particular order.

        1,000 ids cost one call. A row found by two columns is returned twice.
        """
        wanted = [
            (sobject, soql(self.select(sobject) + " WHERE {} IN {}", name(column), chunk))
            for sobject, by in (("Account", accounts), ("Contact", contacts))
            if sobject in self.columns
            for column, values in (by or {}).items()
            for chunk in short(values)
        ]
        found = Found()
        for batch in batches(wanted, HEAVY):
            requests = [
                SubRequest.query(f"{sobject}{place}", query, deleted=True)
                for place, (sobject, query) in enumerate(batch)
            ]
            for (sobject, _), reply in zip(batch, self.send(requests), strict=True):
                for row in self.rows(reply):
                    if sobject == "Account":
                        found.accounts.append(records.account(row, self.lists))
                    else:
                        found.contacts.append(records.contact(row))
        return found

    def rows(self, reply: SubReply) -> Iterator[dict[str, Any]]:
        """All rows of a query, the pages after the first one included."""
        yield from reply.rows()
        address = reply.next_url
        while address is not None:
            self._gate()
            page, address = self._workers.call(self._client.query_page, address)
            yield from page


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of at most `size` items."""
    batch: list[T] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def short(values: Collection[str]) -> Iterator[list[str]]:
    """The values, each once, in lists that fit into a query."""
    chunk: list[str] = []
    length = 0
    for value in dict.fromkeys(values):
        size = len(value.encode()) + 3
        if chunk and (len(chunk) == ROWS or length + size > LONGEST):
            yield chunk
            chunk, length = [], 0
        chunk.append(value)
        length += size
    if chunk:
        yield chunk
