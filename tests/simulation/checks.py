"""What must hold: at each write, after each step, and in the end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

from console.alguna.models import CustomerPayload
from console.domain.fields import FIELD, Flow
from console.domain.normal import same
from console.domain.records import Rule, State
from console.salesforce import records
from console.settings import ConnectionSettings
from console.store.cache import Cache
from console.sync.events import RunSummary

from .billing import places
from .org import CONSOLE, CUSTOMER_ID, ORG_ID
from .truth import KEY_OF_FIELD, KEY_OF_PLACE, PLACES, Violation, links
from .world import World

WAITING = frozenset(
    {
        State.REVIEW,
        State.CONFLICT,
        State.REFUSED,
        State.INCOMPLETE,
        State.GONE,
        State.NOT_CREATED,
        State.NOT_IMPORTED,
    }
)
"""States that tell a person why the two sides differ, or why there is no account."""


class Checks:
    """All promises that a simulated world can see broken."""

    def __init__(self, world: World, cache: Callable[[], Cache], settings: ConnectionSettings) -> None:
        self._world = world
        self._cache = cache
        self._settings = settings
        self._hidden = frozenset(world.scenario.hidden)
        self.looked = world.truth.looked
        self.only: frozenset[str] | None = None
        """Ids of the changes that may be sent, while a kept plan is applied."""
        self.may_delete = False
        """A person asked for the deletion of what a run created."""

    # --- at each write ---------------------------------------------------------------------------------------

    def row_leaves(self, sobject: str, verb: str, id_: str | None, fields: dict) -> None:
        """A row is about to be written to Salesforce."""
        if self._world.org.id != ORG_ID:
            raise Violation("another org was written to", f"{sobject} {fields}")
        keys = {
            KEY_OF_FIELD[sobject, name]: value
            for name, value in fields.items()
            if (sobject, name) in KEY_OF_FIELD
        }
        if unseen := keys.keys() & self._hidden:
            raise Violation("written over the unknown", f"{sorted(unseen)} of {id_}")
        sent = self._sent()
        if verb == "update":
            planned = {
                c["key"]: c["after"]
                for c in sent
                if c["side"] == "salesforce" and c["record"] == id_ and c["key"]
            }
        elif sobject == "Account":
            planned = self._creation(sent, "Account", fields[CUSTOMER_ID])
        else:
            customers = [pair.customer_id for pair in self._pairs() if pair.account_id == fields["AccountId"]]
            planned = {
                key: value for id_ in customers for key, value in self._creation(sent, "Contact", id_).items()
            }
        for key, value in keys.items():
            if key not in planned or not same(FIELD[key].kind, _text(value), planned[key]):
                raise Violation(
                    "not journalled",
                    f"{sobject} {id_}: {key} = {value!r} was written; as sent stands {planned}",
                )
        if id_ is None and sobject == "Account":
            self._once(fields[CUSTOMER_ID])
        if id_ is None and sobject == "Contact":
            self._one_contact(fields)

    def row_tried(self, id_: str | None) -> None:
        """A row was sent; whether it was taken doesn't matter."""
        if id_ is not None:
            self._world.truth.sent(id_)

    def row_goes(self, id_: str) -> None:
        """A record is about to be deleted: only what a run created, was asked for, and nobody has touched."""
        truth, row = self._world.truth, self._world.org.records.get(id_)
        if not self.may_delete:
            raise Violation("the sync deleted a record", id_)
        if row is None or row.deleted:
            return
        if not any(c["record"] == id_ and c["after"] is None for c in self._sent()):
            raise Violation("not journalled", f"deletion of {id_}")
        touched = [key for (record, key), cell in truth.cells.items() if record == id_ and cell.by_person]
        others = [each.id for each in self._world.org.contacts_of(id_) if each.maker != CONSOLE]
        if row.maker != CONSOLE or [key for key in touched if not truth.unseen(id_, key)]:
            raise Violation("somebody's record was deleted", f"{id_}: {touched}")
        if [each for each in others if each in truth.seen]:
            raise Violation("somebody's record was deleted", f"{others} with {id_}")

    def customer_leaves(self, id_: str, body: dict) -> None:
        """A customer is about to be written to Alguna."""
        if self._world.org.id != ORG_ID:
            raise Violation("another org was written to", f"{id_} {body}")
        before = self._world.billing.customers.get(id_)
        if before is None:
            return
        sent = {
            c["key"]: c["after"] for c in self._sent() if c["side"] == "alguna" and c["customer_id"] == id_
        }
        old, new = places(before), places({**before, **body})
        for place in sorted(old.keys() | new.keys()):
            if old.get(place) == new.get(place):
                continue
            key = KEY_OF_PLACE.get(place)
            if key is not None and self._world.truth.unseen(id_, key):
                continue  # typed since the console read it: lists and addresses are sent whole
            if place not in old and place in ("website", "contact.title"):
                raise Violation("written over the unknown", f"{place} of {id_}")
            if key is None and new.get(place) in ("", None) and old.get(place) in ("", None):
                continue
            if key is not None and _text(new.get(place)) == _text(old.get(place)):
                continue
            if key not in sent or not same(FIELD[key].kind, _text(new.get(place)), sent[key]):
                raise Violation(
                    "not journalled",
                    f"{id_}: {place} = {new.get(place)!r} was written; as sent stands {sent}",
                )
        if "aliases" in body:
            if "aliases" not in sent:
                raise Violation("not journalled", f"{id_}: aliases")
            seen = self._world.truth.seen.get(id_, -1)
            given = {alias: self._world.added.get((id_, alias)) for alias in before["aliases"]}
            kept = {alias for alias, at in given.items() if at is not None and at <= seen}
            if dropped := kept - set(body["aliases"]):
                raise Violation("aliases were dropped", f"{id_}: {sorted(dropped)}")

    def _sent(self) -> list[dict]:
        disk = self._cache()._db.raw
        if disk.in_transaction:
            raise Violation("not journalled", "a write left before the journal was committed")
        asked = "SELECT change FROM journal WHERE status = 'sent'"
        sent = [json.loads(row[0]) for row in disk._raw.execute(asked).fetchall()]
        if self.only is not None and (others := {change["id"] for change in sent} - self.only):
            raise Violation("more than the kept plan was sent", str(others))
        return sent

    def _creation(self, sent: Iterable[dict], entity: str, customer_id: str) -> dict:
        made = (
            c for c in sent if c["entity"] == entity and c["key"] is None and c["customer_id"] == customer_id
        )
        return next((c["after"] for c in made), {})

    def _once(self, customer_id: str) -> None:
        world = self._world
        made = [id_ for id_ in world.made_for.get(customer_id, ()) if not world.org.records[id_].deleted]
        if made and customer_id not in world.remade:
            raise Violation("duplicate", f"a second account is made for {customer_id}: {made} is there")

    def _one_contact(self, fields: dict) -> None:
        for contact in self._world.org.contacts_of(fields["AccountId"]):
            email = str(fields.get("Email") or "").lower()
            if contact.maker == CONSOLE and email and contact.fields.get("Email") == email:
                raise Violation("duplicate", f"a second contact is made: {contact.id} is there, {fields}")

    def _pairs(self):
        return list(links(self._cache()._db.raw))

    # --- after each step -------------------------------------------------------------------------------------

    def always(self, when: str) -> None:
        """What holds whenever nothing is under way."""
        org = self._world.org
        for row in org.alive("Account"):
            customer_id = row.fields.get(CUSTOMER_ID)
            if (
                customer_id
                and row.maker == CONSOLE
                and row.id not in self._world.made_for.setdefault(customer_id, [])
            ):
                self._world.made_for[customer_id].append(row.id)
        carried = [row.fields[CUSTOMER_ID] for row in org.alive("Account") if row.fields.get(CUSTOMER_ID)]
        if len(set(carried)) != len(carried):
            raise Violation("duplicate", f"two accounts carry one customer's id {when}")
        accounts = [pair.account_id for pair in self._pairs()]
        if len(set(accounts)) != len(accounts):
            raise Violation("duplicate", f"one account is linked twice {when}")

    def settled(self, summary: RunSummary) -> None:
        """A pass ended: everything that it planned has ended somehow, and it says so."""
        disk = self._cache()._db.raw
        still = "SELECT status, change FROM journal WHERE status IN ('planned', 'sent') AND run = ?"
        open_ = disk._raw.execute(still, (summary.run,)).fetchall()
        if open_:
            raise Violation("a pass ended and left changes open", str(open_))
        if summary.planned > summary.applied + summary.refused + summary.stale:
            raise Violation("a change was dropped silently", str(summary))

    def in_sync(self) -> frozenset[str]:
        """Customers that the console calls in sync."""
        asked = "SELECT customer_id FROM entries WHERE customer_id IS NOT NULL AND dirty = 0 AND state = ?"
        rows = self._cache()._db.raw._raw.execute(asked, (State.IN_SYNC,))
        return frozenset(row[0] for row in rows.fetchall())

    # --- in the end ------------------------------------------------------------------------------------------

    def in_the_end(self) -> None:
        """Both sides agree, or a person is told why not; and what lost a conflict is in the history."""
        cache = self._cache()
        entries = {
            row[0]: (State(row[1]), row[2])
            for row in cache._db.raw.execute(
                "SELECT customer_id, state, why FROM entries WHERE customer_id IS NOT NULL"
            )
        }
        pairs = {pair.customer_id: pair for pair in self._pairs()}
        for id_, customer in self._world.billing.customers.items():
            state, why = entries.get(id_, (None, ""))
            if state is None or not why:
                raise Violation("a customer is nowhere to be seen", id_)
            pair = pairs.get(id_)
            if pair is None:
                if state not in WAITING:
                    raise Violation(
                        "a customer without an account is not explained", f"{id_} is {state}: {why}"
                    )
            elif state is State.IN_SYNC:
                self._equal(customer, pair.account_id, pair.contact_id)
            elif state not in WAITING:
                raise Violation("a customer waits though nothing moves any more", f"{id_} is {state}: {why}")
        self._kept()

    def _equal(self, customer: dict, account_id: str, contact_id: str | None) -> None:
        ours = CustomerPayload.model_validate(customer).record().values
        account, contact = self._world.org.records[account_id], self._world.org.records.get(contact_id or "")
        if account.deleted:
            raise Violation("counts as in sync and is not", f"{customer['id']}: {account_id} is deleted")
        blank = {spec.sf_name: None for spec in FIELD.values()}
        theirs = dict(records.account({"Id": account.id, **blank, **account.fields}).values)
        if contact is not None and not contact.deleted:
            theirs |= records.contact({"Id": contact.id, **blank, **contact.fields}).values
        for key in PLACES:
            rule = self._settings.rules.get(key, Rule.ALGUNA_WINS)
            if (
                rule in (Rule.OFF, Rule.FILL_BLANKS)
                or key in self._hidden
                or key not in ours
                or key not in theirs
            ):
                continue
            if FIELD[key].direction is Flow.BOTH and not same(FIELD[key].kind, ours[key], theirs[key]):
                raise Violation(
                    "counts as in sync and is not", f"{customer['id']} {key}: {ours[key]!r}, {theirs[key]!r}"
                )

    def _kept(self) -> None:
        rows = self._cache()._db.raw.execute(
            "SELECT customer_id, key, before, lost FROM history WHERE key IS NOT NULL"
        )
        held = {(id_, key, _text(json.loads(value))) for id_, key, *values in rows for value in values}
        for lost in self._world.truth.lost:
            if not any(
                (id_, key) == (lost.customer_id, lost.key) and same(FIELD[key].kind, value, _text(lost.value))
                for id_, key, value in held
                if key in FIELD
            ):
                raise Violation("lost value", f"it is nowhere in the history: {lost}")


def _text(value: object) -> str | None:
    return None if value is None else str(value).strip() or None
