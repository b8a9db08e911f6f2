"""Both systems over plain HTTP, and what the two have to agree on, field by field.

https://alguna.com/docs/api-reference/v2/2026-04-01/customers/list-customers,
https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_query.htm and the pages beside them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote
from urllib.request import ProxyHandler, Request, build_opener

ALGUNA_FIELDS = (
    "Name",
    "Website",
    "Street",
    "City",
    "State",
    "PostalCode",
    "Country",
    "FirstName",
    "LastName",
    "Email",
    "Title",
)
"""What people write on either side; the names are Salesforce's."""
OF_SALESFORCE = {
    "Name": "Name", "Website": "Website", "Street": "BillingStreet", "City": "BillingCity", "State": "BillingState",
    "PostalCode": "BillingPostalCode", "Country": "BillingCountry",
}  # fmt: skip
OF_ADDRESS = {"City": "city", "State": "state", "PostalCode": "postal_code", "Country": "country"}
OF_CONTACT = ("FirstName", "LastName", "Email", "Title")
FILLED = {
    "Alguna_Customer_ID__c": "id", "Alguna_Legal_Entity__c": "legal_entity", "Alguna_Tax_Rate__c": "tax_rate",
}  # fmt: skip
"""Fields that only Alguna fills, and where it says them."""
FROM_SUBSCRIPTION = (
    "Alguna_Subscription_ID__c", "Alguna_Subscription_Name__c", "Alguna_Subscription_Status__c",
    "Alguna_Subscription_Started_Date__c", "Alguna_Subscription_Cancelation_Date__c",
)  # fmt: skip
STATUS = {
    "draft": "Draft", "scheduled": "Scheduled", "active": "Active", "paused": "Paused",
    "canceled": "Ended/Canceled", "completed": "Ended/Canceled",
}  # fmt: skip
ORDER = ("active", "paused", "scheduled", "draft")
"""Which of several subscriptions an account shows (docs/fields.md); ended ones come last."""

LONGEST_NAME = 255
"""Characters of an account's name: a longer one is refused."""

Values = dict[str, str]


@dataclass(frozen=True, slots=True)
class Picture:
    """Both sides at one moment, normalised: what is empty is ``""``."""

    customers: dict[str, Values]
    """By the customer's id: what people write, and what only Alguna fills. What Alguna's answer leaves out is missing."""
    accounts: dict[str, list[Values]]
    """By the customer's id that accounts carry; more than one is one too many."""
    contacts: dict[str, int] = field(default_factory=dict)
    """How many contacts the account of a customer has."""
    strangers: list[str] = field(default_factory=list)
    """Names of accounts that carry no customer's id."""
    complete: frozenset[str] = frozenset()
    """Customers that have all that an account and its contact need."""


class Sides:
    """Calls to both systems with the keys of the practice handout."""

    def __init__(self, handout: Mapping[str, Any]) -> None:
        self._alguna = str(handout["alguna"]["base_url"])
        self._org = f"{handout['salesforce']['instance_url']}/services/data/v62.0"
        self._headers = {
            self._alguna: {
                "Authorization": f"Bearer {handout['alguna']['api_key']}",
                "Alguna-Version": "2026-04-01",
            },
            self._org: {"Authorization": f"Bearer {handout['salesforce']['access_token']}"},
        }
        self._opener = build_opener(ProxyHandler({}))

    def alguna(self, method: str, path: str, body: Any = None) -> Any:
        """One call to Alguna. :raises HTTPError: it is refused."""
        return self._call(self._alguna, method, path, body)

    def salesforce(self, method: str, path: str, body: Any = None) -> Any:
        """One call to the org, its path below ``/services/data/vXX.0``. :raises HTTPError: it is refused."""
        return self._call(self._org, method, path, body)

    def query(self, soql: str) -> Iterator[dict[str, Any]]:
        """All rows of a query."""
        page = self.salesforce("GET", f"/query?q={quote(soql)}")
        yield from page["records"]
        while not page["done"]:
            page = self.salesforce("GET", f"/query/{page['nextRecordsUrl'].rpartition('/')[2]}")
            yield from page["records"]

    def listed(self, what: str) -> Iterator[dict[str, Any]]:
        """All customers, or all subscriptions."""
        offset = 0
        while True:
            page = self.alguna("GET", f"/{what}?limit=100&offset={offset}&sort=created_at:asc")["data"]
            yield from page
            if len(page) < 100:
                return
            offset += len(page)

    def picture(self) -> Picture:
        """Everything that counts, of both sides. Nobody may be editing meanwhile."""
        subscriptions: dict[str, list[dict[str, Any]]] = {}
        for each in self.listed("subscriptions"):
            subscriptions.setdefault(each["customer_id"], []).append(each)
        customers, complete = {}, set()
        for raw in self.listed("customers"):
            customers[raw["id"]] = _customer(raw, subscriptions.get(raw["id"], []))
            if _is_complete(customers[raw["id"]]):
                complete.add(raw["id"])
        contacts: dict[str, list[dict[str, Any]]] = {}
        for row in self.query("SELECT AccountId, FirstName, LastName, Email, Title FROM Contact"):
            contacts.setdefault(row["AccountId"], []).append(row)
        accounts: dict[str, list[Values]] = {}
        counts: dict[str, int] = {}
        strangers = []
        columns = ", ".join(["Id", *OF_SALESFORCE.values(), *FILLED, *FROM_SUBSCRIPTION])
        for row in self.query(f"SELECT {columns} FROM Account"):
            customer_id = row["Alguna_Customer_ID__c"]
            if not customer_id:
                strangers.append(row["Name"])
                continue
            its = contacts.get(row["Id"], [])
            email = customers.get(customer_id, {}).get("Email")
            best = next((each for each in its if _email(each["Email"]) == email), its[0] if its else {})
            accounts.setdefault(customer_id, []).append(_account(row, best))
            counts[customer_id] = counts.get(customer_id, 0) + len(its)
        return Picture(customers, accounts, counts, strangers, frozenset(complete))

    def _call(self, base: str, method: str, path: str, body: Any) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {**self._headers[base], **({"Content-Type": "application/json"} if data else {})}
        request = Request(base + path, data, headers, method=method)
        with self._opener.open(request, timeout=30) as answer:
            said = answer.read()
        return json.loads(said) if said else None


# --- the same words for the same things ------------------------------------------------------------------------------


def _customer(raw: Mapping[str, Any], subscriptions: list[dict[str, Any]]) -> Values:
    address = raw["billing_address"] or {}
    contacts = raw["contacts"] or [{}]
    contact = next((each for each in contacts if each.get("is_primary")), contacts[0])
    shown = min(subscriptions, key=_rank, default={})
    started = (shown.get("contract") or {}).get("start_date") or shown.get("activated_at")
    found = {
        "Name": raw["name"],
        "Website": raw.get("website"),
        "Street": f"{address.get('line1') or ''}\n{address.get('line2') or ''}",
        **{name: address.get(key) for name, key in OF_ADDRESS.items()},
        "FirstName": contact.get("first_name"),
        "LastName": contact.get("last_name"),
        "Email": contact.get("email"),
        "Title": contact.get("title"),
        **{api_name: raw.get(name) for api_name, name in FILLED.items()},
        "Alguna_Subscription_ID__c": shown.get("id"),
        "Alguna_Subscription_Name__c": shown.get("name"),
        "Alguna_Subscription_Status__c": STATUS.get(shown.get("status", "")),
        "Alguna_Subscription_Started_Date__c": started,
        "Alguna_Subscription_Cancelation_Date__c": shown.get("canceled_at"),
        "alias": (raw["aliases"] or [""])[-1],
    }
    absent = {
        name
        for name, there in (
            ("Website", "website" in raw),
            ("Alguna_Legal_Entity__c", "legal_entity" in raw),
            ("Alguna_Tax_Rate__c", "tax_rate" in raw),
            ("Title", "title" in contact),
            ("Street", "line1" in address or "line2" in address),
            *((name, key in address) for name, key in OF_ADDRESS.items()),
        )
        if not there
    }
    if not contact.get("last_name"):
        absent.update(OF_CONTACT)  # Salesforce takes no contact without a last name
    return {name: normal(name, value) for name, value in found.items() if name not in absent}


def _is_complete(customer: Values) -> bool:
    """Whether there is anything of an address, a contact that can be one, and a name that fits."""
    address = any(customer.get(name) for name in ("Street", *OF_ADDRESS))
    return address and bool(customer.get("LastName")) and len(customer["Name"]) <= LONGEST_NAME


def _account(row: Mapping[str, Any], contact: Mapping[str, Any]) -> Values:
    found = {name: row[column] for name, column in OF_SALESFORCE.items()}
    found |= {name: contact.get(name) for name in OF_CONTACT}
    found |= {name: row[name] for name in (*FILLED, *FROM_SUBSCRIPTION)}
    return {name: normal(name, value) for name, value in found.items()} | {"alias": row["Id"]}


def normal(name: str, value: object) -> str:
    """A value as it is compared: without blanks around it and without empty lines; web and e-mail addresses without case,
    web addresses without what a browser fills in; one country spelled in three ways; instants to the second."""
    text = "" if value is None else str(value)
    lines = [line.strip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    text = "\n".join(line for line in lines if line)
    if name == "Email":
        return text.lower()
    if name == "Website":
        return text.lower().removeprefix("https://").removeprefix("http://").removeprefix("www.").rstrip("/")
    if name == "Country":
        return "US" if text.upper() in ("US", "USA", "UNITED STATES") else text
    if name.endswith("_Date__c"):
        return text[:19]
    return text


def _email(value: object) -> str:
    return normal("Email", value)


def _rank(subscription: Mapping[str, Any]) -> tuple[int, str, str]:
    """The one that an account shows comes first: by status, then the one that starts last, then by id."""
    status = subscription["status"]
    place = ORDER.index(status) if status in ORDER else len(ORDER)
    start = (subscription.get("contract") or {}).get("start_date") or subscription.get("activated_at") or ""
    return place, "".join(chr(0x10FFFF - ord(sign)) for sign in start), subscription["id"]
