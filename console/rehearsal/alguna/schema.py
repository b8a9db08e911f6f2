"""The tables of the Alguna account.

Columns hold what is looked up or sorted by; `document` holds the rest of a record as JSON. Times are whole microseconds.
The row number `seq` breaks ties in every order, so that a list has exactly one order.
"""

from __future__ import annotations

TABLES = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS customers (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL, name TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
    active INTEGER NOT NULL DEFAULT 0, document TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS customer_keys (kind TEXT NOT NULL, value TEXT NOT NULL, customer INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS subscriptions (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL, customer_id TEXT NOT NULL, name TEXT NOT NULL, status TEXT NOT NULL,
    created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, activated_at INTEGER NOT NULL, due_at INTEGER,
    document TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS subscription_tags (tag TEXT NOT NULL, subscription INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS versions (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL, subscription_id TEXT NOT NULL, status TEXT NOT NULL, start_at INTEGER NOT NULL,
    end_at INTEGER, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, document TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS plans (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL, document TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS products (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL, document TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS events (
    unique_id TEXT PRIMARY KEY, account TEXT NOT NULL, name TEXT NOT NULL, received_at INTEGER NOT NULL,
    document TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS idempotency (
    key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL,
    stored_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS idempotency_age ON idempotency (stored_at);
"""

# Made after a bulk load: building an index over a million rows at once is many times faster than growing it row by row.
INDEXES = """
CREATE UNIQUE INDEX IF NOT EXISTS customers_id ON customers (id);
CREATE INDEX IF NOT EXISTS customers_name ON customers (name);
CREATE INDEX IF NOT EXISTS customers_created_at ON customers (created_at);
CREATE INDEX IF NOT EXISTS customers_updated_at ON customers (updated_at);
CREATE INDEX IF NOT EXISTS customers_active_created ON customers (active, created_at);
CREATE UNIQUE INDEX IF NOT EXISTS customer_keys_value ON customer_keys (kind, value, customer);
CREATE INDEX IF NOT EXISTS customer_keys_customer ON customer_keys (customer);
CREATE UNIQUE INDEX IF NOT EXISTS subscriptions_id ON subscriptions (id);
CREATE INDEX IF NOT EXISTS subscriptions_customer ON subscriptions (customer_id, created_at);
CREATE INDEX IF NOT EXISTS subscriptions_name ON subscriptions (name);
CREATE INDEX IF NOT EXISTS subscriptions_created_at ON subscriptions (created_at, status);
CREATE INDEX IF NOT EXISTS subscriptions_updated_at ON subscriptions (updated_at, status);
CREATE INDEX IF NOT EXISTS subscriptions_activated_at ON subscriptions (activated_at, status);
CREATE INDEX IF NOT EXISTS subscriptions_due_at ON subscriptions (due_at) WHERE due_at IS NOT NULL;
CREATE UNIQUE INDEX IF NOT EXISTS subscription_tags_tag ON subscription_tags (tag, subscription);
CREATE INDEX IF NOT EXISTS subscription_tags_subscription ON subscription_tags (subscription);
CREATE UNIQUE INDEX IF NOT EXISTS versions_id ON versions (id);
CREATE INDEX IF NOT EXISTS versions_subscription ON versions (subscription_id, start_at);
"""


def index_names() -> list[str]:
    """The names of the indexes in `INDEXES`."""
    return [line.split(" ON ")[0].split()[-1] for line in INDEXES.splitlines() if line]
