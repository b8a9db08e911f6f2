"""Authorization codes, refresh tokens and sessions, as rows that can die.

A user's approval of an app is a grant. Everything that was handed out for it hangs on it and dies with it. See
https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_web_server_flow.htm.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce.signing_in.issued import Issued, Refused, Session, challenge_of
from console.rehearsal.salesforce.signing_in.vault import digest, random_text

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from console.rehearsal.salesforce.signing_in.policies import Policies
    from console.rehearsal.salesforce.signing_in.vault import Vault

CODE_SECONDS = 15 * 60
APPROVALS = 5
"""Approvals that one user can have open for one app; one more ends the oldest."""
DEFAULT_SESSION_MINUTES = 120
_REFRESH_PREFIX = "5Aep861"


class Tokens:
    """Everything that can be handed out and taken back. `org_id` answers the org's 18-character id."""

    def __init__(self, vault: Vault, policies: Policies, org_id: Callable[[], str]) -> None:
        self._vault = vault
        self._policies = policies
        self._org_id = org_id
        self.on_session_end: Callable[[str], None] | None = None
        """Told the key of a session that ended."""

    # -- policies

    @property
    def session_minutes(self) -> int:
        """How long a session may stand idle."""
        return int(self._vault.setting("session_minutes", str(DEFAULT_SESSION_MINUTES)))

    @session_minutes.setter
    def session_minutes(self, minutes: int) -> None:
        if minutes < 1:
            raise ValueError("a session lasts a minute at least")
        self._vault.set("session_minutes", str(minutes))

    @property
    def rotation(self) -> bool:
        """Whether each refresh brings a new refresh token and ends the old one."""
        return self._vault.setting("refresh_token_rotation", "0") == "1"

    @rotation.setter
    def rotation(self, on: bool) -> None:
        self._vault.set("refresh_token_rotation", "1" if on else "0")

    # -- codes

    def issue_code(
        self,
        client_id: str,
        user_id: str,
        scope: tuple[str, ...],
        redirect_uri: str,
        challenge: str,
        nonce: str = "",
    ) -> str:
        """An authorization code, good once and for 15 minutes."""
        code = "aPrx" + random_text(76)
        with self._vault.writing() as db:
            db.execute("DELETE FROM access_code WHERE expires_at < ?", (self._vault.now() - CODE_SECONDS,))
            db.execute(
                "INSERT INTO access_code "
                "(hash, client_id, user_id, scope, redirect_uri, challenge, expires_at, nonce) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    digest(code),
                    client_id,
                    user_id,
                    " ".join(scope),
                    redirect_uri,
                    challenge,
                    self._vault.now() + CODE_SECONDS,
                    nonce,
                ),
            )
        return code

    def redeem_code(
        self, code: str, client_id: str, redirect_uri: str, verifier: str, source_ip: str = ""
    ) -> Issued:
        """Tokens for a code. Raises Refused; a code that comes twice ends what its first use brought."""
        key = digest(code)
        row = self._vault.one(
            "SELECT client_id, user_id, scope, redirect_uri, challenge, expires_at, used, grant_id, nonce "
            "FROM access_code WHERE hash = ?",
            (key,),
        )
        if row is None:
            raise Refused("invalid_grant", "invalid authorization code")
        owner, user_id, scope, registered, challenge, expires_at, used, grant_id, nonce = row
        if used:
            self._end_grant(grant_id)
            raise Refused("invalid_grant", "expired authorization code")
        if expires_at < self._vault.now():
            raise Refused("invalid_grant", "expired authorization code")
        if owner != client_id:
            raise Refused("invalid_grant", "invalid authorization code")
        if registered != redirect_uri:
            raise Refused("redirect_uri_mismatch", "redirect_uri must match configuration")
        # Without a challenge, which a policy may allow, there must be no verifier either.
        if not hmac.compare_digest(challenge_of(verifier) if challenge or verifier else "", challenge):
            raise Refused("invalid_grant", "invalid code verifier")
        scopes = tuple(scope.split())
        with self._vault.writing() as db:
            grant = self._new_grant(db, user_id, client_id, scope)
            db.execute("UPDATE access_code SET used = 1, grant_id = ? WHERE hash = ?", (grant, key))
            refresh = None
            if "refresh_token" in scopes or "offline_access" in scopes:
                refresh = self._new_refresh(db, grant)
            access = self._new_session(db, grant, user_id, client_id, scope, source_ip)
        return Issued(access, refresh, user_id, scopes, nonce)

    # -- refresh tokens

    def refresh(self, refresh_token: str, client_id: str, source_ip: str = "") -> Issued:
        """A new session. Raises Refused; a refresh token that rotation ended takes its whole family along."""
        key = digest(refresh_token)
        row = self._vault.one(
            "SELECT live, grant_id, user_id, client_id, scope, created_at, last_used FROM access_refresh "
            "JOIN access_grant ON access_grant.id = grant_id WHERE hash = ?",
            (key,),
        )
        if row is None or row[3] != client_id:
            raise Refused("invalid_grant", "expired access/refresh token")
        live, grant, user_id, _, scope, approved_at, last_used = row
        if not live or self._too_old(approved_at, last_used):
            self._end_grant(grant)
            raise Refused("invalid_grant", "expired access/refresh token")
        rotate = self.rotation
        with self._vault.writing() as db:
            renewed = None
            if rotate:
                db.execute("UPDATE access_refresh SET live = 0 WHERE hash = ?", (key,))
                ended = self._sessions_of(db, grant)
                db.execute("DELETE FROM access_session WHERE grant_id = ?", (grant,))
                renewed = self._new_refresh(db, grant)
            db.execute(
                "UPDATE access_grant SET last_used = ?, uses = uses + 1 WHERE id = ?",
                (self._vault.now(), grant),
            )
            access = self._new_session(db, grant, user_id, client_id, scope, source_ip)
        if rotate:
            self._tell(ended)
        return Issued(access, renewed, user_id, tuple(scope.split()))

    def _too_old(self, approved_at: float, last_used: float) -> bool:
        """Whether the org's policy has ended a refresh token."""
        now = self._vault.now()
        seconds: int = self._policies["refresh_token_days"] * 86_400
        match self._policies["refresh_token_policy"]:
            case "zero":
                return True
            case "inactivity":
                return bool(last_used + seconds <= now)
            case "lifetime":
                return bool(approved_at + seconds <= now)
        return False

    def owner(self, token: str) -> tuple[str, str] | None:
        """User and client id of a refresh token, also of one that ended, or None."""
        row = self._vault.one(
            "SELECT user_id, client_id FROM access_refresh JOIN access_grant ON access_grant.id = grant_id "
            "WHERE hash = ?",
            (digest(token),),
        )
        return None if row is None else (row[0], row[1])

    def granted(self, user_id: str, client_id: str) -> tuple[str, ...]:
        """All scopes that a user approved for an app's use at any time; empty without such an approval."""
        rows = self._vault.rows(
            "SELECT scope FROM access_grant WHERE user_id = ? AND client_id = ?", (user_id, client_id)
        )
        lasting = [
            scope.split() for (scope,) in rows if {"refresh_token", "offline_access"} & set(scope.split())
        ]
        return tuple(dict.fromkeys(each for scopes in lasting for each in scopes))

    def approved(self, user_id: str, client_id: str, scope: tuple[str, ...]) -> bool:
        """Whether the user has an open approval of the app that covers these scopes."""
        with self._vault.writing() as db:
            rows = db.execute(
                "SELECT scope FROM access_grant WHERE user_id = ? AND client_id = ?", (user_id, client_id)
            ).fetchall()
        return any(set(scope) <= set(row[0].split()) for row in rows)

    # -- sessions

    def open_session(self, token: str, user_id: str, client_id: str, scope: str, source_ip: str = "") -> None:
        """A session that hangs on no approval: the one that the rehearsal hands out, or a server's."""
        with self._vault.writing() as db:
            self._store_session(db, token, None, user_id, client_id, scope, source_ip)

    def session(self, token: str) -> Session | None:
        """The live session of a bearer token, which starts its idle time anew; None when there is none."""
        key, now = digest(token), self._vault.now()
        row = self._vault.one(
            "SELECT user_id, client_id, scope, last_used, source_ip FROM access_session WHERE hash = ?",
            (key,),
        )
        if row is None or not token.startswith(self._org_id()[:15] + "!"):
            return None
        if row[3] + self.session_minutes * 60 <= now:
            with self._vault.writing() as db:
                db.execute("DELETE FROM access_session WHERE hash = ?", (key,))
            self._tell([key])
            return None
        with self._vault.writing() as db:
            db.execute("UPDATE access_session SET last_used = ? WHERE hash = ?", (now, key))
        return Session(key.hex(), row[0], row[1], tuple(row[2].split()), row[4])

    def revive(self, token: str) -> bool:
        """Start the idle time of a session anew even if it had run out; False when the session was ended."""
        with self._vault.writing() as db:
            return bool(
                db.execute(
                    "UPDATE access_session SET last_used = ? WHERE hash = ?",
                    (self._vault.now(), digest(token)),
                ).rowcount
            )

    def new_token(self) -> str:
        """The text of an access token: the org's id, an exclamation mark, and a secret."""
        return f"{self._org_id()[:15]}!AQ{random_text(94)}"

    def introspect(self, token: str, client_id: str) -> dict[str, Any] | None:
        """What is known of an app's own live token: whose it is, its scope, its times in seconds; else None."""
        row = self._vault.one(
            "SELECT user_id, scope, created_at, last_used, client_id FROM access_session WHERE hash = ?",
            (digest(token),),
        )
        if row is not None:
            ends = row[3] + self.session_minutes * 60
            if row[4] != client_id or ends <= self._vault.now():
                return None
            times = {"exp": int(ends), "iat": int(row[2]), "nbf": int(row[2])}
            return {"user_id": row[0], "scope": row[1], "token_type": "access_token", **times}
        row = self._vault.one(
            "SELECT user_id, scope, created_at, last_used, client_id, live FROM access_refresh "
            "JOIN access_grant ON access_grant.id = grant_id WHERE hash = ?",
            (digest(token),),
        )
        if row is None or row[4] != client_id or not row[5] or self._too_old(row[2], row[3]):
            return None
        return {
            "user_id": row[0],
            "scope": row[1],
            "token_type": "refresh_token",
            "iat": int(row[2]),
            "nbf": int(row[2]),
        }

    # -- the end of things

    def revoke(self, token: str) -> None:
        """End an access token, or a refresh token with all its sessions. Raises Refused when it is neither."""
        key = digest(token)
        refresh = self._vault.one("SELECT grant_id FROM access_refresh WHERE hash = ?", (key,))
        if refresh is not None:
            self._end_grant(refresh[0])
            return
        with self._vault.writing() as db:
            ended = db.execute("DELETE FROM access_session WHERE hash = ?", (key,)).rowcount
        if ended:
            self._tell([key])
        elif "!" in token or token.startswith(_REFRESH_PREFIX):
            raise Refused("invalid_token", "invalid token")
        else:
            raise Refused("unsupported_token_type", "this token type is not supported")

    def expire_sessions(self) -> None:
        """End every session; refresh tokens live on."""
        with self._vault.writing() as db:
            ended = [row[0] for row in db.execute("SELECT hash FROM access_session")]
            db.execute("DELETE FROM access_session")
        self._tell(ended)

    def revoke_for(self, user_id: str | None, client_id: str | None) -> int:
        """Setup's Revoke: end all approvals and sessions of a user, of an app, or of both together.

        Returns how many approvals and sessions ended.
        """
        which, values = [], []
        for column, value in (("user_id", user_id), ("client_id", client_id)):
            if value is not None:
                which.append(f"{column} = ?")
                values.append(value)
        where = " AND ".join(which) or "1"
        with self._vault.writing() as db:
            ended = [
                row[0]
                for row in db.execute(f"SELECT hash FROM access_session WHERE {where}", values)  # noqa: S608
            ]
            db.execute(f"DELETE FROM access_session WHERE {where}", values)  # noqa: S608
            grants = db.execute(f"DELETE FROM access_grant WHERE {where}", values).rowcount  # noqa: S608
            db.execute(f"DELETE FROM access_code WHERE {where}", values)  # noqa: S608
        self._tell(ended)
        return grants + len(ended)

    def revoke_all(self) -> None:
        """End every session, refresh token and code."""
        self.expire_sessions()
        with self._vault.writing() as db:
            db.execute("DELETE FROM access_grant")
            db.execute("DELETE FROM access_code")

    # -- inside

    def _new_grant(self, db: sqlite3.Connection, user_id: str, client_id: str, scope: str) -> int:
        grant = db.execute(
            "INSERT INTO access_grant (user_id, client_id, scope, record_id, created_at, last_used) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (user_id, client_id, scope, self._vault.new_id("0CQ"), self._vault.now(), self._vault.now()),
        ).lastrowid
        db.execute(
            "DELETE FROM access_grant WHERE user_id = ? AND client_id = ? AND id NOT IN "
            "(SELECT id FROM access_grant WHERE user_id = ? AND client_id = ? ORDER BY id DESC LIMIT ?)",
            (user_id, client_id, user_id, client_id, APPROVALS),
        )
        if grant is None:
            raise RuntimeError("SQLite did not say which row it added")
        return grant

    def _new_refresh(self, db: sqlite3.Connection, grant: int) -> str:
        token = _REFRESH_PREFIX + random_text(80)
        db.execute("INSERT INTO access_refresh (hash, grant_id) VALUES (?, ?)", (digest(token), grant))
        return token

    def _new_session(
        self, db: sqlite3.Connection, grant: int, user_id: str, client_id: str, scope: str, source_ip: str
    ) -> str:
        token = self.new_token()
        self._store_session(db, token, grant, user_id, client_id, scope, source_ip)
        return token

    def _store_session(
        self,
        db: sqlite3.Connection,
        token: str,
        grant: int | None,
        user_id: str,
        client_id: str,
        scope: str,
        source_ip: str,
    ) -> None:
        now = self._vault.now()
        db.execute(
            "INSERT OR REPLACE INTO access_session "
            "(hash, grant_id, user_id, client_id, scope, last_used, created_at, source_ip, record_id) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                digest(token),
                grant,
                user_id,
                client_id,
                scope,
                now,
                now,
                source_ip,
                self._vault.new_id("0Ak"),
            ),
        )

    @staticmethod
    def _sessions_of(db: sqlite3.Connection, grant: int) -> list[bytes]:
        return [row[0] for row in db.execute("SELECT hash FROM access_session WHERE grant_id = ?", (grant,))]

    def _end_grant(self, grant: int | None) -> None:
        if grant is None:
            return
        with self._vault.writing() as db:
            ended = self._sessions_of(db, grant)
            db.execute("DELETE FROM access_grant WHERE id = ?", (grant,))
        self._tell(ended)

    def _tell(self, ended: list[bytes]) -> None:
        if self.on_session_end is not None:
            for key in ended:
                self.on_session_end(key.hex())
