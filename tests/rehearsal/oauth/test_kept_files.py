"""Files that an earlier version of the rehearsal kept go on to work."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from console.rehearsal.salesforce.signing_in.apps import Apps
from console.rehearsal.salesforce.signing_in.policies import Policies
from console.rehearsal.salesforce.signing_in.tokens import Tokens
from console.rehearsal.salesforce.signing_in.vault import Vault

EARLIER = """
CREATE TABLE access_app (
    client_id TEXT PRIMARY KEY, name TEXT NOT NULL, callbacks TEXT NOT NULL, any_port INTEGER NOT NULL
) STRICT;
INSERT INTO access_app VALUES ('3MVG9old', 'Old app', '["http://localhost:1717/callback"]', 0);
CREATE TABLE access_grant (
    id INTEGER PRIMARY KEY, user_id TEXT NOT NULL, client_id TEXT NOT NULL, scope TEXT NOT NULL
) STRICT;
INSERT INTO access_grant VALUES (7, '005000000000001AAA', '3MVG9old', 'api refresh_token');
CREATE TABLE access_refresh (
    hash BLOB PRIMARY KEY, grant_id INTEGER NOT NULL REFERENCES access_grant ON DELETE CASCADE,
    live INTEGER NOT NULL DEFAULT 1
) STRICT;
INSERT INTO access_refresh VALUES (x'8cbb1d4d8ea7b2bfcc4dde2ef6bd4a8fe7b2b5d3d0d7e3e0b1d7a2c0e9b1d2c3', 7, 1);
"""


def test_what_was_approved_before_is_still_approved(tmp_path: Path) -> None:
    path = tmp_path / "salesforce.db"
    with closing(sqlite3.connect(path)) as db:
        db.executescript(EARLIER)
    for _ in range(2):
        vault = Vault(path, lambda: datetime.now(UTC))
        try:
            app = Apps(vault).find("3MVG9old")
            assert app is not None
            assert (app.name, app.certificate, "api" in app.scopes) == ("Old app", "", True)
            tokens = Tokens(vault, Policies(vault), lambda: "00D000000000001AAA")
            assert tokens.granted("005000000000001AAA", "3MVG9old") == ("api", "refresh_token")
            (approval,) = vault.rows("SELECT record_id, created_at, last_used FROM access_grant")
            assert approval[0].startswith("0CQ")
            assert approval[1] == approval[2] > 1_700_000_000
        finally:
            vault.close()


def test_policies_and_apps_survive_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "salesforce.db"
    vault = Vault(path, lambda: datetime.now(UTC))
    Policies(vault).update({"refresh_token_policy": "lifetime", "login_ip_ranges": ["10.0.0.0/8"]})
    made = Apps(vault).register("3MVG9new", "New app", ["http://localhost:1/callback"])
    vault.close()
    vault = Vault(path, lambda: datetime.now(UTC))
    policies = Policies(vault)
    assert (policies["refresh_token_policy"], policies["login_ip_ranges"]) == ("lifetime", ["10.0.0.0/8"])
    assert not policies.allows_address("127.0.0.1")
    assert not policies.allows_address("nowhere")
    assert policies.allows_address("10.1.2.3")
    assert Apps(vault).find("3MVG9new") == made
    vault.close()
