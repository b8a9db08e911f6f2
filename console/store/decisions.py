"""What people decided: which account is a customer's, which never again, and whose value of a field is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from console.domain.loops import Loop
from console.domain.records import Answer, Choice, Decided, Lookalike, Spared
from console.errors import Conflict, StoreError
from console.store.connection import Connection, chunks
from console.store.entries import Entries
from console.store.loops import loop
from console.store.text import column, decode, encode, id_list

_ALL = """
WITH ids AS MATERIALIZED (SELECT value AS id FROM json_each(?1))
SELECT customer_id, 'choice', what, said_at, said_by, account_id, question, NULL FROM ids JOIN choices ON customer_id = id
UNION ALL
SELECT customer_id, 'apart', account_id, NULL, NULL, NULL, NULL, NULL FROM ids JOIN apart ON customer_id = id
UNION ALL
SELECT customer_id, 'lookalike', account_id, rule, may_save, NULL, NULL, NULL FROM ids JOIN lookalikes ON customer_id = id
UNION ALL
SELECT customer_id, 'contact', contact_id, rule, may_save, NULL, NULL, NULL FROM ids JOIN contact_lookalikes ON customer_id = id
UNION ALL
SELECT customer_id, 'contact choice', said_at, said_by, NULL, NULL, NULL, NULL FROM ids JOIN contact_choices ON customer_id = id
UNION ALL
SELECT customer_id, 'asked', account_id, NULL, NULL, NULL, NULL, NULL FROM ids JOIN asked ON customer_id = id WHERE standing
UNION ALL
SELECT customer_id, 'spared', key, alguna, salesforce, spared_at, NULL, NULL FROM ids JOIN spared ON customer_id = id
UNION ALL
SELECT customer_id, 'loop', key, side, turns, who, pin, json_array(said_at, said_by) FROM ids JOIN loops ON customer_id = id
UNION ALL
SELECT customer_id, 'answer', key, side, alguna, salesforce, said_at, said_by FROM ids JOIN answers ON customer_id = id
"""


class Decisions:
    """Kept until they are taken back or overtaken; every change of them has the customer planned again."""

    def __init__(self, db: Connection, entries: Entries) -> None:
        self._db = db
        self._entries = entries

    def of(self, customer_id: str) -> Decided:
        """What was decided about one customer."""
        return self.many([customer_id]).get(customer_id, Decided())

    def many(self, customer_ids: Iterable[str]) -> dict[str, Decided]:
        """What was decided, by customer; those about whom nothing was are missing from the answer."""
        choices: dict[str, Choice] = {}
        apart: dict[str, set[str]] = {}
        answers: dict[str, dict[str, Answer]] = {}
        lookalikes: dict[str, dict[str, Lookalike]] = {}
        contacts: dict[str, dict[str, Lookalike]] = {}
        contact_choices: dict[str, Choice] = {}
        asked: dict[str, set[str]] = {}
        spared: dict[str, dict[str, Spared]] = {}
        loops: dict[str, dict[str, Loop]] = {}
        for chunk in chunks(customer_ids):
            for id_, kind, *said in self._db.query(_ALL, (id_list(chunk),)):
                if kind == "choice":
                    choices[id_] = _choice(said)
                elif kind == "apart":
                    apart.setdefault(id_, set()).add(said[0])
                elif kind == "lookalike":
                    lookalikes.setdefault(id_, {})[said[0]] = Lookalike(said[1], bool(said[2]))
                elif kind == "contact":
                    contacts.setdefault(id_, {})[said[0]] = Lookalike(said[1], bool(said[2]))
                elif kind == "spared":
                    spared.setdefault(id_, {})[said[0]] = _spared(said[1:])
                elif kind == "loop":
                    key, *rest, settled = said
                    loops.setdefault(id_, {})[key] = loop(*rest, *decode(settled))
                elif kind == "contact choice":
                    contact_choices[id_] = Choice("create", said[0], said[1])
                elif kind == "asked":
                    asked.setdefault(id_, set()).add(said[0])
                else:
                    answers.setdefault(id_, {})[said[0]] = _answer(said[1:])
        return {
            id_: Decided(
                choices.get(id_),
                frozenset(apart.get(id_, ())),
                answers.get(id_, {}),
                lookalikes.get(id_, {}),
                contacts.get(id_, {}),
                contact_choices.get(id_),
                frozenset(asked.get(id_, ())),
                spared.get(id_, {}),
                loops.get(id_, {}),
            )
            for id_ in set().union(
                choices, apart, answers, lookalikes, contacts, contact_choices, asked, spared, loops
            )
        }

    def set_lookalikes(self, customer_id: str, lookalikes: Mapping[str, Lookalike]) -> None:
        """Keep, in place of what was known before, which accounts the org took for this customer's, by account."""
        with self._db.transaction():
            self._db.execute("DELETE FROM lookalikes WHERE customer_id = ?", (customer_id,))
            self._db.executemany(
                "INSERT INTO lookalikes VALUES (?, ?, ?, ?)",
                (
                    (customer_id, account_id, column(each.rule), int(each.may_save))
                    for account_id, each in lookalikes.items()
                ),
            )
            self._entries.mark_dirty([customer_id])

    # --- which contact ---------------------------------------------------------------------------------------

    def set_contact_lookalikes(self, customer_id: str, lookalikes: Mapping[str, Lookalike]) -> None:
        """Keep, in place of what was known before, which contacts the org took for this customer's, by contact.

        Nobody is planned again because of it: the refusal of the new contact stands.
        """
        with self._db.transaction():
            self._db.execute("DELETE FROM contact_lookalikes WHERE customer_id = ?", (customer_id,))
            self._db.executemany(
                "INSERT INTO contact_lookalikes VALUES (?, ?, ?, ?)",
                (
                    (customer_id, contact_id, column(each.rule), int(each.may_save))
                    for contact_id, each in lookalikes.items()
                ),
            )

    def create_contact(self, customer_id: str, at: str, by: str) -> None:
        """Keep that a person wants a new contact for the customer, whatever the org took for the same."""
        with self._db.transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO contact_choices VALUES (?, ?, ?)", (customer_id, at, column(by))
            )
            self._entries.mark_dirty([customer_id])

    # --- which account ---------------------------------------------------------------------------------------

    def choose(self, customer_id: str, choice: Choice) -> None:
        """Keep what a person chose for a customer, in place of what was chosen before.

        An account that is chosen is kept for this customer, and is no longer apart from it.

        :raises Conflict: the account was chosen for another customer.
        """
        with self._db.transaction():
            freed = self._chosen(customer_id)
            try:
                self._db.execute(
                    "DELETE FROM choices WHERE account_id = ?"
                    " AND customer_id IN (SELECT id FROM customers WHERE gone)",
                    (choice.account_id,),
                )
                self._db.execute(
                    "INSERT INTO choices (customer_id, what, said_at, said_by, account_id, question)"
                    " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (customer_id)"
                    " DO UPDATE SET what = excluded.what, account_id = excluded.account_id,"
                    " question = excluded.question, said_at = excluded.said_at, said_by = excluded.said_by",
                    (
                        customer_id,
                        choice.what,
                        choice.at,
                        column(choice.by),
                        choice.account_id,
                        choice.question,
                    ),
                )
            except StoreError as error:
                if not error.code.startswith("SQLITE_CONSTRAINT"):
                    raise
                raise _taken(choice) from error
            self._db.execute(
                "DELETE FROM apart WHERE customer_id = ? AND account_id = ?", (customer_id, choice.account_id)
            )
            self._planned_again(customer_id, {*freed, *self._chosen(customer_id)})

    def forget(self, customer_id: str) -> None:
        """Take back the choice, the answers and what settled loops. What was put apart stays apart."""
        with self._db.transaction():
            freed = self._chosen(customer_id)
            self._db.execute("DELETE FROM choices WHERE customer_id = ?", (customer_id,))
            self._db.execute("DELETE FROM answers WHERE customer_id = ?", (customer_id,))
            self._db.execute("DELETE FROM contact_choices WHERE customer_id = ?", (customer_id,))
            self._db.execute("UPDATE loops SET pin = NULL WHERE customer_id = ?", (customer_id,))
            self._planned_again(customer_id, freed)

    def put_apart(self, customer_id: str, account_id: str, at: str, by: str) -> None:
        """Keep that these two were unlinked; what else was decided about the customer is forgotten."""
        with self._db.transaction():
            self.forget(customer_id)
            self._db.execute("DELETE FROM contact_lookalikes WHERE customer_id = ?", (customer_id,))
            self._db.execute("DELETE FROM spared WHERE customer_id = ?", (customer_id,))
            self._db.execute("DELETE FROM loops WHERE customer_id = ?", (customer_id,))
            self._db.execute(
                "INSERT OR REPLACE INTO apart VALUES (?, ?, ?, ?)", (customer_id, account_id, at, column(by))
            )

    def _chosen(self, customer_id: str) -> set[str]:
        rows = self._db.query(
            "SELECT account_id FROM choices WHERE customer_id = ? AND account_id IS NOT NULL", (customer_id,)
        )
        return {row[0] for row in rows}

    def _planned_again(self, customer_id: str, account_ids: set[str]) -> None:
        self._entries.mark_dirty([customer_id])
        self._entries.contested(account_ids)

    # --- whose value -----------------------------------------------------------------------------------------

    def answer(self, customer_id: str, answers: Sequence[tuple[str, Answer]]) -> None:
        """Keep answers, as (field key, answer), in place of earlier ones about the same fields."""
        with self._db.transaction():
            self._db.executemany(
                "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    (
                        customer_id,
                        key,
                        answer.side,
                        encode(answer.alguna),
                        encode(answer.salesforce),
                        answer.at,
                        column(answer.by),
                    )
                    for key, answer in answers
                ),
            )
            self._db.executemany(
                "DELETE FROM spared WHERE customer_id = ? AND key = ?",
                ((customer_id, key) for key, _ in answers),
            )
            self._entries.mark_dirty([customer_id])

    def void(self, answers: Iterable[tuple[str, str]]) -> None:
        """Forget answers, and what was spared, whose values moved, as (customer id, field key). Nobody is planned again."""
        gone = list(answers)
        self._db.executemany("DELETE FROM answers WHERE customer_id = ? AND key = ?", gone)
        self._db.executemany("DELETE FROM spared WHERE customer_id = ? AND key = ?", gone)

    # --- what is left as it stands -----------------------------------------------------------------------------

    def spare(self, rows: Iterable[tuple[str, Mapping[str, Spared]]]) -> int:
        """Leave differences as they stand, as (customer id, by key), in place of earlier ones about the same. How many there are.

        Nobody is planned again because of it.
        """
        with self._db.transaction():
            return sum(
                self._db.executemany(
                    "INSERT OR REPLACE INTO spared VALUES (?, ?, ?, ?, ?)",
                    (
                        (id_, key, encode(each.alguna), encode(each.salesforce), each.at)
                        for id_, left in chunk
                        for key, each in left.items()
                    ),
                )
                for chunk in chunks(rows)
            )

    def spared(self) -> dict[str, int]:
        """How many differences changed rules left as they stand, by key."""
        return dict(self._db.query("SELECT key, count(*) FROM spared GROUP BY key"))

    def spare_no_more(self) -> int:
        """Let the rules decide about all that was spared; the customers are planned again. Returns how many there were."""
        with self._db.transaction():
            self._db.execute(
                "UPDATE entries SET dirty = 1 WHERE dirty = 0 AND customer_id IN (SELECT customer_id FROM spared)"
            )
            return self._db.execute("DELETE FROM spared")


def _taken(choice: Choice) -> Conflict:
    return Conflict(
        f"The account {choice.account_id} was chosen for another customer.", "Take that choice back first."
    )


def _choice(row: list[Any]) -> Choice:
    what, at, by, account_id, question, _ = row
    return Choice(what, at, by, account_id, question)


def _spared(row: list[Any]) -> Spared:
    alguna, salesforce, at = row[:3]
    return Spared(decode(alguna), decode(salesforce), at)


def _answer(row: list[Any]) -> Answer:
    side, alguna, salesforce, at, by = row
    return Answer(side, decode(alguna), decode(salesforce), at, by)
