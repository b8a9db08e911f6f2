"""The tables of a cache, as numbered migrations.

`PRAGMA user_version` holds the number of the last migration, so that a cache that is up to date is opened
without loading sqlite-utils.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING

from console.errors import StoreError
from console.store.connection import Connection, store_error
from console.store.text import fold, name_in

if TYPE_CHECKING:
    from sqlite_utils import Database

APPLICATION_ID = 0x416C6743
"""``AlgC``: marks the file as a cache of this console (https://www.sqlite.org/pragma.html#pragma_application_id)."""
OLDEST_SQLITE = (3, 38, 0)
"""STRICT tables came with 3.37 (https://www.sqlite.org/stricttables.html), the ``->>`` operator with 3.38."""

RECORDS = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- One row per record and side, as last seen. `content` is the record in JSON; the columns beside it are
-- what is searched or compared. `seen_at` and `how` tell when and how this content was first seen.
CREATE TABLE customers (
    id TEXT PRIMARY KEY, content TEXT NOT NULL, stamp TEXT NOT NULL, gone INTEGER NOT NULL,
    name_key TEXT, domain TEXT, email_domain TEXT, seen_at TEXT NOT NULL, how TEXT NOT NULL
) STRICT;
CREATE INDEX customers_name_key ON customers (name_key) WHERE name_key IS NOT NULL;
CREATE INDEX customers_domain ON customers (domain) WHERE domain IS NOT NULL;
CREATE INDEX customers_email_domain ON customers (email_domain) WHERE email_domain IS NOT NULL;
CREATE TABLE aliases (
    alias TEXT NOT NULL, customer_id TEXT NOT NULL, PRIMARY KEY (alias, customer_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX aliases_customer ON aliases (customer_id);

CREATE TABLE subscriptions (
    id TEXT PRIMARY KEY, customer_id TEXT NOT NULL, content TEXT NOT NULL, stamp TEXT NOT NULL,
    details TEXT, seen_at TEXT NOT NULL, how TEXT NOT NULL
) STRICT;
CREATE INDEX subscriptions_customer ON subscriptions (customer_id);

CREATE TABLE accounts (
    id TEXT PRIMARY KEY, content TEXT NOT NULL, stamp TEXT NOT NULL, modified_by TEXT NOT NULL,
    created_at TEXT NOT NULL, gone INTEGER NOT NULL, merged_into TEXT, name_key TEXT, domain TEXT, customer_key TEXT,
    seen_at TEXT NOT NULL, how TEXT NOT NULL
) STRICT;
CREATE INDEX accounts_name_key ON accounts (name_key) WHERE name_key IS NOT NULL;
CREATE INDEX accounts_domain ON accounts (domain) WHERE domain IS NOT NULL;
CREATE INDEX accounts_customer_key ON accounts (customer_key) WHERE customer_key IS NOT NULL;

CREATE TABLE contacts (
    id TEXT PRIMARY KEY, account_id TEXT NOT NULL, content TEXT NOT NULL, stamp TEXT NOT NULL,
    created_at TEXT NOT NULL, gone INTEGER NOT NULL, email TEXT, email_domain TEXT, seen_at TEXT NOT NULL, how TEXT NOT NULL
) STRICT;
CREATE INDEX contacts_account ON contacts (account_id, email);
CREATE INDEX contacts_email_domain ON contacts (email_domain) WHERE email_domain IS NOT NULL;

CREATE TABLE links (
    customer_id TEXT PRIMARY KEY, account_id TEXT NOT NULL UNIQUE, how TEXT NOT NULL, evidence TEXT NOT NULL,
    linked_at TEXT NOT NULL, linked_by TEXT NOT NULL, contact_id TEXT, base TEXT NOT NULL, pinned TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX links_contact ON links (contact_id) WHERE contact_id IS NOT NULL;
"""

ENTRIES = """
-- The rows of the accounts screen: one per customer, and one per account without a customer.
CREATE TABLE entries (
    id INTEGER PRIMARY KEY, customer_id TEXT UNIQUE, account_id TEXT UNIQUE, name TEXT NOT NULL,
    fold TEXT NOT NULL, state TEXT NOT NULL, differs INTEGER NOT NULL DEFAULT 0, why TEXT NOT NULL DEFAULT '',
    subscription TEXT NOT NULL DEFAULT '', dirty INTEGER NOT NULL DEFAULT 0,
    import_requested INTEGER NOT NULL DEFAULT 0, changed_at TEXT NOT NULL,
    CHECK (customer_id IS NOT NULL OR account_id IS NOT NULL)
) STRICT;
CREATE INDEX entries_fold ON entries (fold);
CREATE INDEX entries_state ON entries (state, fold);
CREATE INDEX entries_dirty ON entries (customer_id) WHERE dirty = 1;

-- Counted as they change, because counting a million rows takes a tenth of a second each time.
CREATE TABLE entry_counts (state TEXT PRIMARY KEY, n INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TRIGGER entries_inserted AFTER INSERT ON entries BEGIN
    INSERT INTO entry_counts VALUES (NEW.state, 1) ON CONFLICT (state) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER entries_deleted AFTER DELETE ON entries BEGIN
    UPDATE entry_counts SET n = n - 1 WHERE state = OLD.state;
END;
CREATE TRIGGER entries_moved AFTER UPDATE OF state ON entries WHEN OLD.state <> NEW.state BEGIN
    UPDATE entry_counts SET n = n - 1 WHERE state = OLD.state;
    INSERT INTO entry_counts VALUES (NEW.state, 1) ON CONFLICT (state) DO UPDATE SET n = n + 1;
END;

INSERT INTO entries (customer_id, account_id, name, fold, state, dirty, changed_at)
    SELECT c.id, l.account_id, name_in(c.content), fold(name_in(c.content)), 'new', 1, c.seen_at
    FROM customers c LEFT JOIN links l ON l.customer_id = c.id;
INSERT INTO entries (account_id, name, fold, state, changed_at)
    SELECT a.id, name_in(a.content), fold(name_in(a.content)), 'salesforce_only', a.seen_at
    FROM accounts a WHERE NOT a.gone AND NOT EXISTS (SELECT 1 FROM links l WHERE l.account_id = a.id);
"""

LEDGER = """
-- What is about to be written, is being written, and how it ended.
CREATE TABLE journal (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, run INTEGER NOT NULL, customer_id TEXT NOT NULL,
    change TEXT NOT NULL, status TEXT NOT NULL, category TEXT NOT NULL DEFAULT '', sentence TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX journal_planned ON journal (customer_id) WHERE status = 'planned';
CREATE INDEX journal_sent ON journal (seq) WHERE status = 'sent';
CREATE INDEX journal_refused ON journal (customer_id) WHERE status = 'refused';

CREATE TABLE history (
    id INTEGER PRIMARY KEY, run INTEGER NOT NULL, at TEXT NOT NULL, customer_id TEXT NOT NULL,
    side TEXT NOT NULL, entity TEXT NOT NULL, record TEXT NOT NULL, key TEXT, field TEXT,
    before TEXT NOT NULL, after TEXT NOT NULL, lost TEXT NOT NULL, reason TEXT NOT NULL, outcome TEXT NOT NULL
) STRICT;
CREATE INDEX history_customer ON history (customer_id, id);
CREATE INDEX history_run ON history (run);

CREATE TABLE runs (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, started_at TEXT NOT NULL, finished_at TEXT, outcome TEXT NOT NULL,
    summary TEXT NOT NULL
) STRICT;

CREATE TABLE problems (
    id INTEGER PRIMARY KEY, category TEXT NOT NULL, subject TEXT NOT NULL, title TEXT NOT NULL,
    advice TEXT NOT NULL, count INTEGER NOT NULL, opened_at TEXT NOT NULL, updated_at TEXT NOT NULL,
    state TEXT NOT NULL, UNIQUE (category, subject)
) STRICT;
CREATE INDEX problems_open ON problems (updated_at) WHERE state = 'open';

CREATE TABLE artefacts (
    kind TEXT NOT NULL, api_name TEXT NOT NULL, sf_id TEXT NOT NULL, created INTEGER NOT NULL, at TEXT NOT NULL,
    PRIMARY KEY (kind, api_name)
) STRICT, WITHOUT ROWID;
"""

DECISIONS = """
-- What people decided. `choices`: what becomes of a customer without an account; an account is chosen for one customer.
-- `apart`: pairs that were unlinked. `answers`: whose value of a field is kept, and the values that were looked at.
CREATE TABLE choices (
    customer_id TEXT PRIMARY KEY, what TEXT NOT NULL, account_id TEXT UNIQUE, question TEXT NOT NULL,
    said_at TEXT NOT NULL, said_by TEXT NOT NULL, CHECK ((what = 'link') = (account_id IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE TABLE apart (
    customer_id TEXT NOT NULL, account_id TEXT NOT NULL, said_at TEXT NOT NULL, said_by TEXT NOT NULL,
    PRIMARY KEY (customer_id, account_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX apart_account ON apart (account_id);
CREATE TABLE answers (
    customer_id TEXT NOT NULL, key TEXT NOT NULL, side TEXT NOT NULL, alguna TEXT NOT NULL, salesforce TEXT NOT NULL,
    said_at TEXT NOT NULL, said_by TEXT NOT NULL, PRIMARY KEY (customer_id, key)
) STRICT, WITHOUT ROWID;
"""

VOLUME = """
-- Accounts that a duplicate rule of the org took for a customer's when its account was to be created.
CREATE TABLE lookalikes (
    customer_id TEXT NOT NULL, account_id TEXT NOT NULL, rule TEXT NOT NULL, may_save INTEGER NOT NULL,
    PRIMARY KEY (customer_id, account_id)
) STRICT, WITHOUT ROWID;

-- Jobs of the Bulk API 2.0 that are under way. `job_id` is null until Salesforce gave one, and is noted before anything is
-- uploaded. Changes that a job carries are marked with it in the journal, and with the key by which its results name them.
CREATE TABLE bulk_jobs (
    id INTEGER PRIMARY KEY, job_id TEXT, operation TEXT NOT NULL, sobject TEXT NOT NULL, state TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;
ALTER TABLE journal ADD COLUMN bulk INTEGER;
ALTER TABLE journal ADD COLUMN bulk_key TEXT;
CREATE INDEX journal_bulk ON journal (bulk, seq) WHERE bulk IS NOT NULL;
CREATE INDEX journal_bulk_key ON journal (bulk, bulk_key) WHERE bulk IS NOT NULL;
"""

CONTACTS = """
-- Contacts that a duplicate rule of the org took for a customer's when its contact was to be created, and where a person wants
-- the new one all the same.
CREATE TABLE contact_lookalikes (
    customer_id TEXT NOT NULL, contact_id TEXT NOT NULL, rule TEXT NOT NULL, may_save INTEGER NOT NULL,
    PRIMARY KEY (customer_id, contact_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE contact_choices (
    customer_id TEXT PRIMARY KEY, said_at TEXT NOT NULL, said_by TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""

TIME = """
-- What decided each change, and which run it took back; a run's changes by customer.
ALTER TABLE history ADD COLUMN rule TEXT NOT NULL DEFAULT '';
ALTER TABLE history ADD COLUMN undoes INTEGER;
DROP INDEX history_run;
CREATE INDEX history_run ON history (run, customer_id, id);
ALTER TABLE runs ADD COLUMN undoes INTEGER;
-- What others changed in linked records, as it was seen. `behind`: the newest row of the history then.
CREATE TABLE sightings (
    id INTEGER PRIMARY KEY, run INTEGER NOT NULL, at TEXT NOT NULL, customer_id TEXT NOT NULL, side TEXT NOT NULL,
    entity TEXT NOT NULL, record TEXT NOT NULL, key TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL,
    how TEXT NOT NULL, behind INTEGER NOT NULL
) STRICT;
CREATE INDEX sightings_customer ON sightings (customer_id, id);
CREATE INDEX sightings_run ON sightings (run, customer_id);
-- By field: the two values that an undo left apart, and the run that was undone.
ALTER TABLE links ADD COLUMN held TEXT NOT NULL DEFAULT '{}';
"""

ASKED = """
-- Accounts that a person is asked about, by customer. `standing`: since a pass ended, and not only while one runs.
CREATE TABLE asked (
    customer_id TEXT NOT NULL, account_id TEXT NOT NULL, standing INTEGER NOT NULL, PRIMARY KEY (customer_id, account_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX accounts_merged ON accounts (merged_into) WHERE merged_into IS NOT NULL;
"""

RULES = """
-- Differences that changed rules left as they stand, good for the two values that stood there; a key with @ stands for a record
-- that isn't created.
CREATE TABLE spared (
    customer_id TEXT NOT NULL, key TEXT NOT NULL, alguna TEXT NOT NULL, salesforce TEXT NOT NULL, spared_at TEXT NOT NULL,
    PRIMARY KEY (customer_id, key)
) STRICT, WITHOUT ROWID;

-- Fields that something outside keeps rewriting: on which side, the turns as JSON, who, and what a person settled it with.
CREATE TABLE loops (
    customer_id TEXT NOT NULL, key TEXT NOT NULL, side TEXT NOT NULL, turns TEXT NOT NULL, who TEXT NOT NULL, pin TEXT,
    said_at TEXT NOT NULL, said_by TEXT NOT NULL, PRIMARY KEY (customer_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX loops_open ON loops (key) WHERE pin IS NULL;
"""

VERIFIED = """
-- When the values of both sides were last read and found equal; empty for never. Another thing than when it was last synced.
ALTER TABLE entries ADD COLUMN verified_at TEXT NOT NULL DEFAULT '';
CREATE INDEX entries_verified ON entries (verified_at) WHERE customer_id IS NOT NULL AND account_id IS NOT NULL;
"""

MIGRATIONS: tuple[tuple[str, str], ...] = (
    ("0001_records", RECORDS),
    ("0002_entries", ENTRIES),
    ("0003_ledger", LEDGER),
    ("0004_decisions", DECISIONS),
    ("0005_volume", VOLUME),
    ("0006_contacts", CONTACTS),
    ("0007_time", TIME),
    ("0008_asked", ASKED),
    ("0009_rules", RULES),
    ("0010_verified", VERIFIED),
)
"""In order; never changed once released, only added to. The number of the last one is the schema's number."""
SCHEMA = len(MIGRATIONS)


def schema_number(db: Connection) -> int:
    """The number of the last migration that was applied; 0 for an empty file.

    :raises StoreError: it is another program's database, or a newer console's cache.
    """
    row = db.one(
        "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema)"
        " FROM pragma_application_id, pragma_user_version"
    )
    application, number, objects = row or (0, 0, 0)
    if objects and application != APPLICATION_ID:
        raise StoreError(f"The file {db.path} is no cache of this console.", "Move it away and try again.")
    if number > SCHEMA:
        raise StoreError(
            f"The cache {db.path} was made by a newer console (schema {number}, this one knows {SCHEMA}).",
            "Update alguna-console, or move the file away: the next sync builds a new one.",
        )
    return int(number)


def migrate(db: Connection, *, up_to: int = SCHEMA) -> None:
    """Bring the file up to date; each migration is all or nothing.

    :raises StoreError: as SQLite says; the file is then as it was before the migration that failed.
    """
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise StoreError(
            f"SQLite {sqlite3.sqlite_version} is too old for the cache.",
            "Use a Python with SQLite 3.38 or newer.",
        )
    if schema_number(db) >= up_to:
        return
    from sqlite_utils import Database, Migrations

    migrations = Migrations("console")
    for number, (name, script) in enumerate(MIGRATIONS[:up_to], start=1):
        migrations(name=name)(_step(number, script))
    for function in (fold, name_in):
        db.raw.create_function(function.__name__, 1, function, deterministic=True)
    try:
        migrations.apply(Database(db.raw, execute_plugins=False, strict=True))
    except sqlite3.Error as error:
        raise store_error(error, db.path) from error


def _step(number: int, script: str) -> Callable[[Database], None]:
    def step(database: Database) -> None:
        for statement in _statements(script):
            database.conn.execute(statement)
        database.conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        database.conn.execute(f"PRAGMA user_version = {number}")

    step.__name__ = f"step_{number}"
    return step


def _statements(script: str) -> list[str]:
    """Single statements: `executescript` would commit the migration's transaction."""
    statements, current = [], ""
    for line in script.splitlines(keepends=True):
        current += line
        if sqlite3.complete_statement(current):
            statements.append(current)
            current = ""
    return statements
