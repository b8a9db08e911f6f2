"""``python -m bench.torture.editor``: somebody edits both sides at random, through their public APIs, until stdin ends.

The first line of stdin is the practice handout. Each edit is told, once it was answered, as a line of JSON on stdout: side,
customer, what was written to which fields, and, of Salesforce, what stood there when it was made. Every value is written once only,
so that it is known of each whose it is. In Alguna an address, or a contact, is written as a whole: that is how its API takes it.
"""

from __future__ import annotations

import argparse
import json
import random
import select
import sys
import time
from collections.abc import Callable
from typing import Any

from bench.torture.sides import OF_SALESFORCE, Sides, normal

Edit = dict[str, Any]


class Editor:
    """Makes edits, one after the other.

    :param start: number of the first edit; values are made of it.
    """

    def __init__(self, sides: Sides, seed: int, start: int = 0) -> None:
        self._sides = sides
        self._rng = random.Random(seed)
        self._number = start
        self._customers = [raw["id"] for raw in sides.listed("customers")]
        self._kinds: list[tuple[Callable[[], Edit | None], int]] = [
            (self._rename, 3),
            (self._move, 3),
            (self._contact, 2),
            (self._arrive, 1),
            (self._edit_account, 6),
            (self._edit_contact, 3),
            (self._stranger, 1),
        ]

    def edit(self, *, only_change: bool = False) -> Edit | None:
        """One edit at random; None where what was picked isn't there yet. `only_change`: of records that are there."""
        self._number += 1
        made = (self._arrive, self._stranger)
        kinds, weights = zip(
            *((kind, weight) for kind, weight in self._kinds if not (only_change and kind in made)),
            strict=True,
        )
        done: Edit | None = self._rng.choices(kinds, weights)[0]()
        return None if done is None else {"n": self._number, **done}

    # --- Alguna ----------------------------------------------------------------------------------------------

    def _rename(self) -> Edit:
        return self._write({"name": f"Renamed {self._number}"}, {"Name": f"Renamed {self._number}"})

    def _move(self) -> Edit:
        body, fields = self._address()
        return self._write({"billing_address": body}, fields)

    def _contact(self) -> Edit:
        customer_id = self._rng.choice(self._customers)
        contacts = self._sides.alguna("GET", f"/customers/{customer_id}")["contacts"] or []
        names = {
            "first_name": f"Fa{self._number}",
            "last_name": f"La{self._number}",
            "title": f"Ta{self._number}",
        }
        if contacts:
            primary = next((each for each in contacts if each["is_primary"]), contacts[0])
            primary.update(names)
        else:
            contacts = [{"email": f"a{self._number}@torture.example", "is_primary": True, **names}]
            primary = contacts[0]
        fields = {"FirstName": names["first_name"], "LastName": names["last_name"], "Title": names["title"]}
        fields["Email"] = primary["email"]
        return self._write({"contacts": contacts}, fields, customer_id)

    def _arrive(self) -> Edit:
        n = self._number
        address, fields = self._address()
        contact: dict[str, Any] = {
            "email": f"c{n}@torture.example",
            "first_name": f"F{n}",
            "last_name": f"L{n}",
            "is_primary": True,
        }
        body: dict[str, Any] = {
            "name": f"Arrived {n}",
            "currency": "USD",
            "billing_address": address,
            "contacts": [contact],
        }
        made = self._sides.alguna("POST", "/customers", body)
        self._customers.append(made["id"])
        fields |= {"Name": body["name"], "FirstName": f"F{n}", "LastName": f"L{n}", "Email": contact["email"]}
        return {"side": "alguna", "customer": made["id"], "fields": fields}

    def _address(self) -> tuple[dict[str, str], dict[str, str]]:
        n = self._number
        address = {
            "line1": f"{n} Way",
            "line2": f"Floor {n}",
            "city": f"City {n}",
            "state": f"St {n}",
            "postal_code": f"P{n}",
            "country": "US",
        }
        fields = {
            "Street": f"{n} Way\nFloor {n}",
            "City": f"City {n}",
            "State": f"St {n}",
            "PostalCode": f"P{n}",
            "Country": "US",
        }
        return address, fields

    def _write(self, body: dict[str, Any], fields: dict[str, str], customer_id: str = "") -> Edit:
        customer_id = customer_id or self._rng.choice(self._customers)
        self._sides.alguna("PATCH", f"/customers/{customer_id}", body)
        return {"side": "alguna", "customer": customer_id, "fields": fields}

    # --- Salesforce ------------------------------------------------------------------------------------------

    def _edit_account(self) -> Edit | None:
        n = self._number
        words = {
            "Name": f"Sold {n}",
            "Street": f"{n} Avenue\nDoor {n}",
            "City": f"Town {n}",
            "PostalCode": f"Z{n}",
        }
        picked = self._rng.sample(sorted(words), self._rng.randint(1, 2))
        columns = {name: OF_SALESFORCE[name] for name in picked}
        return self._patch("Account", "Alguna_Customer_ID__c", columns, words)

    def _edit_contact(self) -> Edit | None:
        n = self._number
        words = {"FirstName": f"Fs{n}", "LastName": f"Ls{n}", "Title": f"Ts{n}"}
        picked = self._rng.sample(sorted(words), self._rng.randint(1, 2))
        return self._patch("Contact", "Account.Alguna_Customer_ID__c", {name: name for name in picked}, words)

    def _patch(self, sobject: str, key: str, columns: dict[str, str], words: dict[str, str]) -> Edit | None:
        customer_id = self._rng.choice(self._customers)
        soql = (
            f"SELECT Id, {', '.join(columns.values())} FROM {sobject} WHERE {key} = '{customer_id}' LIMIT 1"
        )
        rows = list(self._sides.query(soql))
        if not rows:
            return None
        body = {column: words[name].replace("\n", "\r\n") for name, column in columns.items()}
        self._sides.salesforce("PATCH", f"/sobjects/{sobject}/{rows[0]['Id']}", body)
        return {
            "side": "salesforce",
            "customer": customer_id,
            "fields": {name: words[name] for name in columns},
            "seen": {name: normal(name, rows[0][column]) for name, column in columns.items()},
        }

    def _stranger(self) -> Edit:
        name = f"Unrelated {self._number}"
        self._sides.salesforce("POST", "/sobjects/Account", {"Name": name})
        return {"side": "salesforce", "customer": "", "fields": {"Name": name}}


def main() -> None:
    """Edit until stdin ends."""
    parser = argparse.ArgumentParser(prog="python -m bench.torture.editor")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--start", type=int, default=0, help="number of the first edit")
    parser.add_argument("--rate", type=float, default=4.0, help="edits a second at most")
    args = parser.parse_args()
    handout = json.loads(sys.stdin.readline())
    editor = Editor(Sides(handout), args.seed, args.start)
    due = time.monotonic()
    while True:
        done = editor.edit()
        if done is not None:
            print(json.dumps(done), flush=True)
        due = max(due + 1 / args.rate, now := time.monotonic())
        if select.select([sys.stdin], [], [], due - now)[0]:
            return


if __name__ == "__main__":
    main()
