"""Which accounts people are asked about: for each customer that waits for one, what its account could be."""

from __future__ import annotations

from collections.abc import Iterable

from console.store.connection import Connection


class Asked:
    """An account that a person was asked about stays a question, whoever it belongs to later.

    While a pass runs, an account may look free whose customer only has its turn later: what is noted then counts from the end of
    the pass on, for those who still wait, so that the order in which customers have their turn decides nothing.
    """

    def __init__(self, db: Connection) -> None:
        self._db = db

    def note(self, pairs: Iterable[tuple[str, str]]) -> None:
        """A pass found that a person has to be asked, as (customer id, account id)."""
        self._db.executemany("INSERT OR IGNORE INTO asked VALUES (?, ?, 0)", pairs)

    def stand(self) -> None:
        """All customers had their turn: what those who wait for a person are asked about counts from now on."""
        with self._db.transaction():
            self._db.execute(
                "UPDATE asked SET standing = 1 WHERE standing = 0 AND customer_id IN"
                " (SELECT customer_id FROM entries WHERE state = 'review' AND dirty = 0)"
            )
            self._db.execute(
                "DELETE FROM asked WHERE standing = 0 OR EXISTS"
                " (SELECT 1 FROM links WHERE links.customer_id = asked.customer_id)"
            )
