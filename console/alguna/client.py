"""The Alguna v2 API as the console uses it: reads as pages of records, writes that read first and check after."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

from console.alguna.models import (
    BillingDates,
    CustomerPayload,
    SubscriptionPayload,
    VersionPayload,
    instant,
    read,
    read_page,
    strange,
)
from console.alguna.wire import Wire, unknown
from console.alguna.writing import idempotency_key as key_of
from console.alguna.writing import patch_body
from console.domain.fields import FIELD
from console.domain.normal import same
from console.domain.records import Customer, Subscription, SubscriptionDetails, Value, Values
from console.domain.subscription import price_of
from console.errors import Cancelled, Conflict, ConsoleError, Refused, Unreachable
from console.net import Call

PAGE = 100
SMALLEST_PAGE = 5
OLDEST_FIRST = "created_at:asc"
NEWEST_CHANGE_FIRST = "updated_at:desc"

_R = TypeVar("_R", Customer, Subscription)


class AlgunaClient:
    """Calls one Alguna account. Safe to use from several threads; close it when done (or use `with`).

    Reads are repeated while no proper answer comes, writes only under an idempotency key. Every method may raise
    SignInNeeded (the key), Refused (`code` is the HTTP status, ``404`` for what is not there), Unreachable and Cancelled.

    :param base_url: such as ``https://api.alguna.io``; a path prefix is kept. Plain http only for this computer.
    :param key: the API key; never shown by this object or its errors.
    :param rate: requests a second that we allow ourselves.
    :param timeout: seconds to wait for an answer (a connection must stand within 5).
    :param on_call: told of every request made, from the thread that made it.
    :param cancelled: set it to end all waiting between requests.
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        *,
        rate: float = 90.0,
        timeout: float = 30.0,
        on_call: Callable[[Call], None] | None = None,
        cancelled: threading.Event | None = None,
    ) -> None:
        self._wire = Wire(
            base_url,
            key,
            rate=rate,
            timeout=timeout,
            on_call=on_call,
            cancelled=cancelled,
        )
        self._host = self._wire.host
        self._page_size = PAGE

    def __enter__(self) -> AlgunaClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"AlgunaClient({self._host!r})"

    def close(self) -> None:
        """Close all connections."""
        self._wire.close()

    @property
    def calls(self) -> int:
        """How many requests were made, repeated ones included."""
        return self._wire.calls

    def check(self) -> None:
        """One small read that shows whether the key opens this account.

        :raises SignInNeeded: the key is not accepted here.
        :raises Unreachable: nobody answers, or not as Alguna's API does.
        """
        try:
            answer = self._wire.get("/customers", {"limit": 1, "offset": 0, "sort": OLDEST_FIRST})
        except Refused as error:
            if error.code != "404":
                raise
            missing = strange(self._host, "a list")
        else:
            read_page(answer, self._host)
            return
        raise missing

    def customers(self, newest_first: bool) -> Iterator[list[Customer]]:
        """All customers, a page at a time.

        A customer may come twice while the list moves; none is left out of a pull by creation.

        :param newest_first: by newest change, so that the caller can stop early; else by creation.
        :raises Refused: `newest_first`, and Alguna takes no such sort.
        """
        for rows in self._pages("/customers", newest_first, {}):
            yield [self._customer(row) for row in rows]

    def customer(self, customer_id: str) -> Customer:
        """One customer by id or alias.

        :raises Refused: with code ``404`` when there is none.
        """
        return self._customer(self._raw(customer_id))

    def subscriptions(self, newest_first: bool) -> Iterator[list[Subscription]]:
        """All subscriptions without details, a page at a time; see `customers`."""
        for rows in self._pages("/subscriptions", newest_first, {}):
            yield [self._subscription(row) for row in rows]

    def subscriptions_of(self, customer_id: str) -> list[Subscription]:
        """All subscriptions of one customer, without details."""
        found = {
            row.id: row
            for rows in self._pages("/subscriptions", False, {"customer_id": customer_id})
            for row in map(self._subscription, rows)
            if row.customer_id == customer_id
        }
        return list(found.values())

    def details(self, subscription: Subscription) -> SubscriptionDetails:
        """What is billed by the version in force, and when it renews: two reads.

        Where Alguna knows no version in force (404) the price is known to be none; the same for the dates.
        """
        path = f"/subscriptions/{quote(subscription.id, safe='')}"
        version = self._if_there(f"{path}/versions/current")
        dates = self._if_there(f"{path}/billing-dates")
        interval, value = (
            price_of(read(VersionPayload, version, self._host).items) if version is not None else (None, None)
        )
        renewal = read(BillingDates, dates, self._host).next_renewal_date if dates is not None else None
        return SubscriptionDetails(
            of_update=subscription.updated_at, interval=interval, value=value, renews_on=instant(renewal)
        )

    def add_alias(self, customer_id: str, alias: str, idempotency_key: str) -> Customer:
        """Give the customer one more alias: read, merge, write, check. Nothing is written when it is there already.

        :param idempotency_key: names this change; the same change of the same state is made once.
        :raises Refused: Alguna refuses, for instance because another customer has the alias.
        :raises Conflict: the aliases were changed by somebody else at the same moment; plan again.
        """
        return self._with_aliases(
            customer_id, lambda there: there if alias in there else [*there, alias], idempotency_key
        )

    def remove_alias(self, customer_id: str, alias: str, idempotency_key: str) -> Customer:
        """Take an alias of the customer back, as `add_alias` adds one."""
        return self._with_aliases(
            customer_id, lambda there: [each for each in there if each != alias], idempotency_key
        )

    def _with_aliases(
        self, customer_id: str, change: Callable[[list[str]], list[str]], idempotency_key: str
    ) -> Customer:
        raw = self._raw(customer_id, exactly=True)
        aliases = [text for text in raw.get("aliases") or [] if isinstance(text, str)]
        wanted = change(aliases)
        if wanted == aliases:
            return self._customer(raw)
        after = self._write(customer_id, raw, {"aliases": wanted}, idempotency_key)
        if set(wanted) - set(after.aliases) or (set(aliases) - set(wanted)) & set(after.aliases):
            raise Conflict(
                "The customer's aliases changed in Alguna at the same moment.",
                "It is planned again.",
                code="aliases",
            )
        return after

    def update(
        self, customer_id: str, changes: Mapping[str, Value], expect: Values, idempotency_key: str
    ) -> Customer:
        """Bring fields of a customer to new values: read, compare, write, check.

        :param changes: new values by field key.
        :param expect: what the fields held when this was decided; a key that is missing is not compared.
        :raises Conflict: a field holds neither the expected nor the new value; nothing was written.
        :raises Refused: Alguna has no place for a field, or does not take a value; `fields` holds the keys.
        """
        raw = self._raw(customer_id, exactly=True)
        now = self._customer(raw)
        wanted = {key: value for key, value in changes.items() if not self._holds(now, key, value)}
        if not wanted:
            return now
        moved = tuple(key for key in wanted if key in expect and not self._holds(now, key, expect[key]))
        if moved:
            labels = ", ".join(FIELD[key].label for key in moved)
            raise Conflict(
                f"{labels} changed in Alguna in the meantime.", "It is planned again.", code="moved"
            )
        after = self._write(customer_id, raw, patch_body(raw, wanted), idempotency_key)
        dropped = tuple(key for key, value in wanted.items() if not self._holds(after, key, value))
        if dropped:
            labels = ", ".join(FIELD[key].label for key in dropped)
            raise Refused(
                f"Alguna accepted the change but did not take {labels}.",
                "Set it in Alguna's own app.",
                code="not_taken",
                fields=dropped,
            )
        return after

    def _write(
        self, customer_id: str, raw: Mapping[str, Any], body: Mapping[str, Any], idempotency_key: str
    ) -> Customer:
        """PATCH; where the answer is an old one replayed, what counts is what stands there now."""
        path = f"/customers/{quote(customer_id, safe='')}"
        reply = self._wire.patch(path, body, key_of(idempotency_key, raw, body))
        try:
            return self._customer(self._raw(customer_id, exactly=True) if reply.replayed else reply.data)
        except Cancelled:
            raise
        except ConsoleError as error:
            raise unknown(error) from error  # it was written; what stands there now could not be read

    def _raw(self, customer_id: str, *, exactly: bool = False) -> dict[str, Any]:
        """The customer's JSON. `exactly`: the path also takes aliases, and a write must not reach another customer."""
        if customer_id in ("", ".", ".."):
            raise Refused("That is no id of a customer.", code="404")
        raw = self._wire.get(f"/customers/{quote(customer_id, safe='')}")
        if not isinstance(raw, dict):
            raise strange(self._host, "a customer")
        if exactly and raw.get("id") != customer_id:
            raise Refused(
                "Alguna does not know this customer any more.", "It may have been removed.", code="404"
            )
        return raw

    def _customer(self, raw: Any) -> Customer:
        return read(CustomerPayload, raw, self._host).record()

    def _subscription(self, raw: Any) -> Subscription:
        return read(SubscriptionPayload, raw, self._host).record()

    def _holds(self, customer: Customer, key: str, value: Value) -> bool:
        return key in customer.values and same(FIELD[key].kind, customer.values[key], value)

    def _if_there(self, path: str) -> Any:
        try:
            return self._wire.get(path)
        except Refused as error:
            if error.code == "404":
                return None
            raise

    def _pages(
        self, path: str, newest_first: bool, query: Mapping[str, str]
    ) -> Iterator[list[dict[str, Any]]]:
        """Rows page by page until one is short.

        By creation, each page begins with the last row of the one before: where it does not, a row was removed ahead
        of us, every later row moved up, and we step back a page so that none is left out.
        """
        offset = 0
        before: list[object] = []
        stepped_back = False
        while True:
            page = self._page(path, newest_first, query, offset)
            size = page.pagination.per_page or self._page_size
            ids = [row.get("id") for row in page.data]
            if before and ids == before:
                raise Unreachable(
                    f"{self._host} answers with the same page of {path.strip('/')} again and again."
                )
            if len(before) > 1 and not newest_first and before[-1] not in ids and not stepped_back:
                stepped_back = True
                offset = max(0, offset - size)
                continue
            stepped_back = False
            if page.data:
                yield page.data
            if len(ids) < size:
                return
            before = ids
            offset += len(ids) - (1 if len(ids) > 1 and not newest_first else 0)

    def _page(self, path: str, newest_first: bool, query: Mapping[str, str], offset: int) -> Any:
        sort = NEWEST_CHANGE_FIRST if newest_first else OLDEST_FIRST
        while True:
            size = self._page_size
            try:
                answer = self._wire.get(path, {**query, "limit": size, "offset": offset, "sort": sort})
            except Refused as error:
                if size <= SMALLEST_PAGE or error.code not in ("400", "422") or "limit" not in error.message:
                    raise
                self._page_size = max(SMALLEST_PAGE, size // 2)
                continue
            return read_page(answer, self._host)
