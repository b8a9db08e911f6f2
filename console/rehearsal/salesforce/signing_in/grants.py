"""The token endpoint: codes, refresh tokens and signed assertions become sessions.

See https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_flows.htm.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from console.rehearsal.salesforce.signing_in import bearer, history
from console.rehearsal.salesforce.signing_in.identity import identity_url
from console.rehearsal.salesforce.signing_in.issued import Issued, Refused
from console.rehearsal.salesforce.signing_in.vault import digest
from console.rehearsal.salesforce.signing_in.visits import Answer, Visit, as_json, needed, oauth_error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from console.rehearsal.salesforce.org import Org
    from console.rehearsal.salesforce.signing_in.apps import App
    from console.rehearsal.salesforce.signing_in.sessions import Sessions


class Grants:
    """Answers at `/services/oauth2/token`."""

    def __init__(self, org: Org, sessions: Sessions, base_url: str) -> None:
        self._org = org
        self._sessions = sessions
        self._base_url = base_url
        self._in_work: set[bytes] = set()

    async def answer(self, visit: Visit) -> Answer:
        """A session, or the refusal."""
        if visit.method != "POST":
            return oauth_error("invalid_request", "must use HTTP POST")
        values = visit.values()
        try:
            app = self._client(visit.headers, values)
            if values.get("grant_type") == "refresh_token":
                return await self._refresh(visit, values, app)
            return self._done(self._issue(visit, values, app), app, visit)
        except Refused as error:
            return oauth_error(error.error, error.description)

    def _issue(self, visit: Visit, values: Mapping[str, str], app: App) -> Issued:
        match values.get("grant_type"):
            case "authorization_code":
                code, redirect_uri = needed(values, "code"), needed(values, "redirect_uri")
                self._same_host(visit)
                verifier = values.get("code_verifier", "")
                return self._sessions.tokens.redeem_code(
                    code, app.client_id, redirect_uri, verifier, visit.address
                )
            case bearer.GRANT_TYPE:
                return self._bearer(visit, values)
            case "client_credentials":
                return self._client_credentials(visit, app)
            case "password":
                # New orgs block the username-password flow, and say no more than that.
                raise Refused("invalid_grant", "authentication failure")
        raise Refused("unsupported_grant_type", "grant type not supported")

    # -- who asks

    def _client(self, headers: Mapping[str, str], values: Mapping[str, str]) -> App:
        """The app that asks; raises Refused when it is unknown, or its secret is wrong or missing."""
        grant_type = values.get("grant_type", "")
        if grant_type == bearer.GRANT_TYPE:
            return self._known(bearer.read(needed(values, "assertion")).issuer)
        if grant_type == "password":
            return self._known(credentials(headers, values)[0])
        if grant_type not in ("authorization_code", "refresh_token", "client_credentials"):
            raise Refused("unsupported_grant_type", "grant type not supported")
        client_id, secret = credentials(headers, values)
        app = self._known(client_id)
        wanted = (
            bool(secret) or self._sessions.policies["secret_required"] or grant_type == "client_credentials"
        )
        if wanted and not is_secret_of(app, secret):
            raise Refused("invalid_client", "invalid client credentials")
        return app

    def _known(self, client_id: str) -> App:
        app = self._sessions.apps.find(client_id)
        if app is None or not self._sessions.policies["app_live"]:
            raise Refused("invalid_client_id", "client identifier invalid")
        return app

    def _same_host(self, visit: Visit) -> None:
        barrier = self._sessions.gate.host(visit.headers.get("host", ""), self._base_url)
        if barrier is not None:
            raise barrier.refused()

    # -- the flows

    async def _refresh(self, visit: Visit, values: Mapping[str, str], app: App) -> Answer:
        """One refresh at a time: the same token that comes again meanwhile is turned away."""
        token = needed(values, "refresh_token")
        key = digest(token)
        owner = self._sessions.tokens.owner(token)
        if key in self._in_work:
            if owner is not None:
                status = "Failed: Token request is already being processed"
                self._note(visit, app, owner[0], status)
            raise Refused("invalid_grant", "token request is already being processed")
        if owner is not None and owner[1] == app.client_id:
            refused = self._pre_authorized(app, owner[0])
            if refused is not None:
                raise refused
            barrier = self._sessions.gate.log_in(owner[0], visit.address)
            if barrier is not None:
                self._note(visit, app, owner[0], barrier.status)
                raise barrier.refused()
        self._in_work.add(key)
        try:
            delay = self._sessions.policies["refresh_takes_ms"]
            if delay:
                await asyncio.sleep(delay / 1000)
            issued = self._sessions.tokens.refresh(token, app.client_id, visit.address)
        finally:
            self._in_work.discard(key)
        return self._done(issued, app, visit)

    def _pre_authorized(self, app: App, user_id: str) -> Refused | None:
        # An approval from earlier days outlives the app's installation, but not the pre-authorization.
        refused = self._sessions.gate.app(app, user_id)
        return refused if refused is not None and refused.error == "invalid_app_access" else None

    def _bearer(self, visit: Visit, values: Mapping[str, str]) -> Issued:
        """The JWT bearer flow: a user who was approved before, or pre-authorized by an administrator."""
        assertion = bearer.read(needed(values, "assertion"))
        app = self._known(assertion.issuer)
        port = urlsplit(self._base_url).port
        own = (self._base_url, f"http://localhost:{port}", f"http://127.0.0.1:{port}")
        assertion.check(app.certificate, (*bearer.LOGIN_HOSTS, *own), self._sessions.vault.now())
        self._same_host(visit)
        user = self._org.directory.by_username(assertion.subject)
        if user is None:
            raise Refused("invalid_grant", "user hasn't approved this consumer")
        refused = self._sessions.gate.app(app, user["Id"])
        if refused is not None:
            self._note(visit, app, user["Id"], f"Failed: {refused.description}")
            raise refused
        scopes = self._sessions.tokens.granted(user["Id"], app.client_id)
        if not scopes and self._sessions.policies["permitted_users"] == "admin":
            scopes = app.scopes
        if not scopes:
            self._note(visit, app, user["Id"], "Failed: user hasn't approved this consumer")
            raise Refused("invalid_grant", "user hasn't approved this consumer")
        # No refresh token is handed out: the key can sign again.
        left = tuple(each for each in scopes if each not in ("refresh_token", "offline_access"))
        return self._headless(visit, app, user["Id"], left)

    def _client_credentials(self, visit: Visit, app: App) -> Issued:
        if not app.run_as:
            raise Refused("unsupported_grant_type", "grant type not supported")
        left = tuple(each for each in app.scopes if each not in ("refresh_token", "offline_access"))
        return self._headless(visit, app, app.run_as, left)

    def _headless(self, visit: Visit, app: App, user_id: str, scopes: tuple[str, ...]) -> Issued:
        token = self._sessions.tokens.new_token()
        self._sessions.tokens.open_session(token, user_id, app.client_id, " ".join(scopes), visit.address)
        return Issued(token, None, user_id, scopes)

    # -- the reply

    def _done(self, issued: Issued, app: App, visit: Visit) -> Answer:
        """The reply, unless the user may not log in now: then what was issued ends again."""
        barrier = self._sessions.gate.log_in(issued.user_id, visit.address)
        if barrier is not None:
            self._sessions.tokens.revoke(issued.access_token)
            self._note(visit, app, issued.user_id, barrier.status)
            raise barrier.refused()
        self._note(visit, app, issued.user_id, history.SUCCESS)
        return as_json(200, self._reply(issued, app))

    def _reply(self, issued: Issued, app: App) -> dict[str, str]:
        who = identity_url(self._base_url, self._org.org_id, issued.user_id)
        issued_at = str(int(self._sessions.vault.now() * 1000))
        key = self._sessions.vault.secret("signature_key").encode()
        signature = hmac.new(key, (who + issued_at).encode(), hashlib.sha256).digest()
        reply = {"access_token": issued.access_token}
        if issued.refresh_token is not None:
            reply["refresh_token"] = issued.refresh_token
        reply |= {"signature": base64.b64encode(signature).decode(), "scope": " ".join(issued.scope)}
        if "openid" in issued.scope:
            reply["id_token"] = self._sessions.signer.id_token(
                issuer=self._base_url,
                subject=who,
                audience=app.client_id,
                access_token=issued.access_token,
                nonce=issued.nonce,
            )
        return {
            **reply,
            "instance_url": self._base_url,
            "id": who,
            "token_type": "Bearer",
            "issued_at": issued_at,
            "api_instance_url": self._base_url,
        }

    def _note(self, visit: Visit, app: App, user_id: str, status: str) -> None:
        self._sessions.history.note(
            user_id,
            history.OAUTH,
            status,
            source_ip=visit.address,
            application=app.name,
            url=visit.headers.get("host", ""),
        )


def credentials(headers: Mapping[str, str], values: Mapping[str, str]) -> tuple[str, str]:
    """Client id and secret, from the form or from HTTP Basic; raises Refused."""
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            pair = base64.b64decode(value.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise Refused("invalid_client", "invalid client credentials") from None
        client_id, _, secret = pair.partition(":")
        return client_id, secret
    return values.get("client_id", ""), values.get("client_secret", "")


def is_secret_of(app: App, secret: str) -> bool:
    """Whether this is the app's consumer secret; no app has an empty one."""
    return bool(app.secret) and hmac.compare_digest(digest(secret).hex(), app.secret)
