"""Customers: looked up by id, alias or connected account; written as a whole or in part.

https://alguna.com/docs/api-reference/v2/2026-04-01/customers/list-customers and the pages beside it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from console.rehearsal.alguna import reading
from console.rehearsal.alguna.errors import AlgunaError, invalid, missing
from console.rehearsal.alguna.options import Options
from console.rehearsal.alguna.paging import Condition
from console.rehearsal.alguna.render import EXTENDED, EXTENDED_CONTACT
from console.rehearsal.alguna.store import Store, dump

Json = dict[str, Any]
Row = sqlite3.Row
WRITABLE = ("name", "currency", "aliases", "billing_address", "contacts")
ADDRESS = ("line1", "line2", "city", "state", "postal_code", "country")
CONTACT = ("id", "email", "is_primary", "first_name", "last_name", "email_preferences")
# Kinds of keys that lead to a customer.
ALIAS, EMAIL, CONNECTED, TAG, INTEGRATION, CSM = "alias", "email", "connected", "tag", "integration", "csm"


def find(store: Store, key: str) -> Row:
    """The customer with this id, alias or connected account's external id, in that order; 404 without one."""
    row = store.one("SELECT * FROM customers WHERE id = ?", (key,))
    for kind in (ALIAS, CONNECTED):
        row = row or store.one(
            "SELECT * FROM customers WHERE seq = (SELECT min(customer) FROM customer_keys WHERE kind = ? AND value = ?)",
            (kind, key),
        )
    if row is None:
        raise missing("customer", key)
    return row


def conditions(query: Mapping[str, str]) -> list[Condition]:
    """The filters of a list; several are joined by AND, a comma list means any of its values."""
    found = []
    for name, kind in (("alias", ALIAS), ("email", EMAIL)):
        if name in query:
            value = query[name].casefold() if kind == EMAIL else query[name]
            found.append(_keyed(kind, [value]))
    for name, kind in (("tag_ids", TAG), ("integration_ids", INTEGRATION), ("csm_id", CSM)):
        values = reading.list_parameter(query, name)
        if values is not None:
            found.append(_keyed(kind, values))
    active = reading.flag_parameter(query, "has_active_subscriptions")
    if active is not None:
        found.append(Condition("active = ?", (int(active),)))
    return found


def _keyed(kind: str, values: list[str]) -> Condition:
    marks = ", ".join("?" * len(values))
    return Condition(
        f"seq IN (SELECT customer FROM customer_keys WHERE kind = ? AND value IN ({marks}))",  # noqa: S608
        (kind, *values),
    )


def create(store: Store, body: Any, options: Options) -> Row:
    """A new customer of a request; `name` and `currency` are required."""
    values = read(store, reading.mapping(body, "body"), options, None)
    for name in ("name", "currency"):
        if name not in values:
            raise invalid(f"{name} is required")
    return add(store, values, options)


def add(store: Store, values: Json, options: Options) -> Row:
    """A new customer of values that were checked."""
    with store.transaction():
        stamp = store.stamp()
        _check_aliases(store, values.get("aliases"), options, None)
        document = {"aliases": None, "billing_address": None, "contacts": None, **values}
        document["contacts"] = _with_ids(store, document["contacts"])
        name = document.pop("name")
        customer_id = values.get("id") or store.new_id("cust", plain=options.id_style == "plain")
        document.pop("id", None)
        seq = store.insert(
            "customers",
            {
                "id": customer_id, "name": name, "created_at": stamp, "updated_at": stamp, "active": 0,
                "document": dump(document),
            },
        )  # fmt: skip
        _write_keys(store, seq, document)
    return find(store, customer_id)


def patch(store: Store, key: str, body: Any, options: Options) -> Row:
    """Change the fields that are sent, and only those. Lists are replaced as a whole."""
    row = find(store, key)
    return change(store, row, read(store, reading.mapping(body, "body"), options, row), options)


def change(store: Store, row: Row, values: Json, options: Options) -> Row:
    """Change fields of a customer to values that were checked."""
    with store.transaction():
        if "aliases" in values:
            _check_aliases(store, values["aliases"], options, row["seq"])
        document = {**json.loads(row["document"]), **values}
        document["contacts"] = _with_ids(store, document.get("contacts"))
        name = document.pop("name", row["name"])
        document.pop("id", None)
        store.update(
            "customers", row, {"name": name, "updated_at": store.stamp(), "document": dump(document)}
        )
        store.run("DELETE FROM customer_keys WHERE customer = ?", (row["seq"],))
        _write_keys(store, row["seq"], document)
    return find(store, row["id"])


def delete(store: Store, key: str) -> None:
    """Take a customer out of the account with all its subscriptions. The public API has no call for it."""
    row = find(store, key)
    with store.transaction():
        for subscription in store.all("SELECT * FROM subscriptions WHERE customer_id = ?", (row["id"],)):
            store.run("DELETE FROM versions WHERE subscription_id = ?", (subscription["id"],))
            store.run("DELETE FROM subscription_tags WHERE subscription = ?", (subscription["seq"],))
            store.remove("subscriptions", subscription)
        store.run("DELETE FROM customer_keys WHERE customer = ?", (row["seq"],))
        store.remove("customers", row)


def connected_accounts(row: Row) -> list[Json]:
    """The payment provider accounts that the customer is mapped to."""
    accounts: list[Json] = json.loads(row["document"]).get("_connected", [])
    return accounts


def mark_active(store: Store, customer_id: str) -> None:
    """Note whether a customer has a subscription in status `active`."""
    row = store.one("SELECT * FROM customers WHERE id = ?", (customer_id,))
    if row is None:
        return
    active = store.one(
        "SELECT 1 FROM subscriptions WHERE customer_id = ? AND status = 'active' LIMIT 1", (customer_id,)
    )
    store.update("customers", row, {"active": int(active is not None)})


def read(store: Store, body: Json, options: Options, row: Row | None) -> Json:
    """The writable fields of a request, checked. Fields that may not be written are left out or refused (an option)."""
    strict = options.unknown_fields == "422"
    extended = EXTENDED if options.extended_fields else ()
    reading.only(body, {*WRITABLE, *extended}, strict)
    values: Json = {}
    if "name" in body:
        values["name"] = reading.text(body["name"], "name")
    if "currency" in body:
        values["currency"] = reading.currency(body["currency"])
    if "aliases" in body:
        values["aliases"] = None if body["aliases"] is None else _read_aliases(body["aliases"])
    if "billing_address" in body:
        address = body["billing_address"]
        values["billing_address"] = None if address is None else _read_address(address, strict)
    if "contacts" in body:
        contacts = body["contacts"]
        values["contacts"] = None if contacts is None else _read_contacts(contacts, options)
    for name in extended:
        if name in body:
            values[name] = None if body[name] is None else reading.text(body[name], name, empty=True)
    return values


def _read_aliases(value: Any) -> list[str]:
    aliases = reading.texts(value, "aliases")
    if len(set(aliases)) != len(aliases):
        raise invalid("aliases must not repeat")
    return aliases


def _read_address(value: Any, strict: bool) -> Json:
    address = reading.mapping(value, "billing_address")
    reading.only(address, ADDRESS, strict)
    return {
        name: None
        if address[name] is None
        else reading.text(address[name], f"billing_address.{name}", empty=True)
        for name in ADDRESS
        if name in address
    }


def _read_contacts(value: Any, options: Options) -> list[Json]:
    known = (*CONTACT, *(EXTENDED_CONTACT if options.extended_fields else ()))
    contacts = []
    for index, item in enumerate(reading.items(value, "contacts")):
        name = f"contacts[{index}]"
        sent = reading.mapping(item, name)
        reading.only(sent, known, options.unknown_fields == "422")
        email = reading.text(sent.get("email"), f"{name}.email")
        local, at, domain = email.rpartition("@")
        if not at or not local or "." not in domain or any(c.isspace() for c in email):
            raise invalid(f"{name}.email must be an e-mail address")
        contact: Json = {
            "email": email,
            "is_primary": reading.flag(sent.get("is_primary", False), f"{name}.is_primary"),
        }
        for field in ("id", "first_name", "last_name", *EXTENDED_CONTACT):
            if field in known and sent.get(field) is not None:
                contact[field] = reading.text(sent[field], f"{name}.{field}", empty=True)
        if sent.get("email_preferences") is not None:
            contact["email_preferences"] = reading.texts(
                sent["email_preferences"], f"{name}.email_preferences"
            )
        contacts.append(contact)
    if sum(contact["is_primary"] for contact in contacts) > 1:
        raise invalid("only one contact can be primary")
    return contacts


def _with_ids(store: Store, contacts: list[Json] | None) -> list[Json] | None:
    if contacts is None:
        return None
    return [{"id": contact.get("id") or store.new_id("cont"), **contact} for contact in contacts]


def _check_aliases(store: Store, aliases: list[str] | None, options: Options, seq: int | None) -> None:
    if options.duplicate_alias == "accept":
        return
    for alias in aliases or ():
        taken = store.one(
            "SELECT 1 FROM customer_keys WHERE kind = ? AND value = ? AND customer IS NOT ?",
            (ALIAS, alias, seq),
        )
        if taken is not None:
            raise AlgunaError(422, f"Validation failed: alias {alias} is already used by another customer")


def keys(document: Json) -> set[tuple[str, str]]:
    """Every (kind, value) by which a customer with this document can be found."""
    found = {(ALIAS, alias) for alias in document.get("aliases") or ()}
    found |= {(EMAIL, str(contact.get("email", "")).casefold()) for contact in document.get("contacts") or ()}
    found |= {(CONNECTED, account["external_id"]) for account in document.get("_connected", ())}
    found |= {(TAG, tag) for tag in document.get("_tags", ())}
    found |= {(INTEGRATION, integration) for integration in document.get("_integrations", ())}
    found |= {(CSM, user) for user in document.get("_csm", ())}
    return found


def _write_keys(store: Store, seq: int, document: Json) -> None:
    for kind, value in sorted(keys(document)):
        store.run("INSERT INTO customer_keys VALUES (?, ?, ?)", (kind, value, seq))
