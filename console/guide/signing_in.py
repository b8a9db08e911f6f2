"""The browser round trip that signs an administrator in to Salesforce."""

from __future__ import annotations

import hmac
import os
import sys
import threading
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qs, urlsplit

from console.domain.plain import plain
from console.errors import Cancelled, Conflict, ConsoleError, SignInNeeded, UsageError
from console.guide.seam import Invitation, SignedIn

if TYPE_CHECKING:
    from console.salesforce.client import OrgInfo
    from console.salesforce.signing_in.loopback import CallbackServer
    from console.salesforce.signing_in.oauth import Identity, OAuth, Proof, Tokens

PATIENCE = 300.0
"""Seconds that the browser is waited for: Salesforce shows some refusals in the browser only and never comes back."""


@dataclass(frozen=True, slots=True)
class Session:
    """What a sign-in ended with: the tokens, who, and where."""

    tokens: Tokens = field(repr=False)
    identity: Identity
    org: OrgInfo


@dataclass(frozen=True, slots=True)
class Way:
    """How sessions of a connection come, as its settings keep it."""

    sign_in: Literal["browser", "cli", "key", "token"] = "browser"
    cli_alias: str = ""
    jwt_file: str = ""


def look_around(tokens: Tokens, api_version: str) -> OrgInfo:
    """Ask the org who it is, with a token that was just given. One call."""
    from console.salesforce.client import SalesforceClient

    with SalesforceClient(tokens.instance_url, Given(tokens.access_token), api_version=api_version) as client:
        return client.organization()


def session_of(tokens: Tokens, api_version: str) -> Session:
    """Whose token it is, asked of the org itself, whatever way it came. Some calls; blocks (seconds).

    :raises SignInNeeded: the org does not accept it.
    """
    from console.salesforce.client import SalesforceClient

    try:
        with SalesforceClient(
            tokens.instance_url, Given(tokens.access_token), api_version=api_version
        ) as client:
            return Session(tokens, client.whoami(), client.organization())
    except SignInNeeded:
        raise SignInNeeded(
            f"Salesforce at {urlsplit(tokens.instance_url).netloc} does not accept the access token.",
            "Get a fresh one, of the org at that address.",
        ) from None


def cli_sign_in(alias: str, api_version: str) -> Session:
    """The session that the Salesforce CLI has for an org. Starts the CLI; blocks (seconds)."""
    from console.salesforce.signing_in.cli import cli_session

    return session_of(cli_session(alias), api_version)


def key_sign_in(login_url: str, client_id: str, username: str, key_file: Path, api_version: str) -> Session:
    """A session for a user by a server's key (JWT bearer). Blocks (seconds)."""
    from console.salesforce.signing_in.jwt_bearer import jwt_session
    from console.salesforce.signing_in.oauth import OAuth

    return session_of(jwt_session(OAuth(login_url, client_id), username, key_file), api_version)


def refuse_another_org(session: Session, org_id: str) -> None:
    """A connection belongs to one org for good.

    :raises Conflict: the session is of another one.
    """
    if session.org.id != org_id:
        raise Conflict(
            f"This is the org {plain(session.org.name, 60)} ({session.org.id}); the connection belongs to {org_id}.",
            "Sign in to that org, or make a new connection for this one."
            " A refreshed sandbox is a new org: connect it under a new name.",
        )


@dataclass(frozen=True, slots=True)
class Given:
    """A token that can't be renewed."""

    token: str = field(repr=False)

    def current(self) -> str:
        """The token."""
        return self.token

    def renew(self, rejected: str) -> str:
        """There is no other token.

        :raises SignInNeeded: always.
        """
        raise SignInNeeded("Salesforce does not accept this session.", "Sign in again.")


def open_browser(address: str) -> bool:
    """Open a graphical browser; False where there is none.

    A text browser would take the terminal that the console lives in, so without a screen none is started.
    """
    graphical = sys.platform in ("darwin", "win32") or any(
        map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY"))
    )
    try:
        return graphical and webbrowser.open(address)
    except webbrowser.Error:
        return False


class BrowserSignIn:
    """One round trip: listen, open the browser, wait, exchange the code, ask who it is.

    :param oauth: makes the endpoints of the chosen login host; called at :meth:`begin`.
    :param accept: told of the session; may refuse it by raising, and says what should be noted.
    :param expected_org: the only org that will do, when an existing connection signs in again.
    """

    def __init__(
        self,
        oauth: Callable[[], OAuth],
        accept: Callable[[Session], str],
        *,
        api_version: str,
        expected_org: str = "",
        production_of: Callable[[OrgInfo], bool],
        browser: Callable[[str], bool] = open_browser,
        on_done: Callable[[SignedIn], None] | None = None,
        patience: float = PATIENCE,
    ) -> None:
        self._make_oauth = oauth
        self._accept = accept
        self._api_version = api_version
        self._expected_org = expected_org
        self._production_of = production_of
        self._browser = browser
        self._on_done = on_done
        self._patience = patience
        self._oauth: OAuth | None = None
        self._server: CallbackServer | None = None
        self._proof: Proof | None = None
        self._state = ""
        self._redirect_uri = ""

    def begin(self) -> Invitation:
        """Listen on this computer and open the browser; ends an earlier round trip."""
        from console.salesforce.signing_in import loopback
        from console.salesforce.signing_in.oauth import new_proof, new_state
        from console.salesforce.signing_in.oauth_errors import BROWSER_HINT

        self.cancel()
        self._oauth = self._make_oauth()
        self._proof, self._state = new_proof(), new_state()
        self._server = loopback.CallbackServer(self._state, ports=loopback.PORTS)
        self._redirect_uri = self._server.redirect_uri
        address = self._oauth.authorize_url(
            redirect_uri=self._redirect_uri, state=self._state, challenge=self._proof.challenge
        )
        opened = self._browser(address)
        note = "" if opened else "No browser could be opened here: copy the address into one."
        return Invitation(address, self._redirect_uri, opened, note, BROWSER_HINT)

    def wait(self, cancelled: threading.Event) -> SignedIn | None:
        """Wait for the browser, then finish. None when it was cancelled."""
        server = self._server
        if server is None:
            raise UsageError("The sign-in was not begun.", "Begin it again.")
        try:
            code = server.wait(self._patience, cancelled)
        except Cancelled:
            return None
        finally:
            server.close()
        return self._finish(code)

    def paste(self, address: str) -> SignedIn:
        """Finish with the address that the browser ended on.

        :raises UsageError: it is not the address of this sign-in.
        :raises ConsoleError: it says that the sign-in was refused, or it is an error that the browser shows.
        """
        code = self._code_in(address)
        self.cancel()
        return self._finish(code)

    def bring(self, address: str) -> None:
        """Give :meth:`wait`, in another thread, the address that the browser ended on.

        :raises UsageError: it is not the address of this sign-in; the wait goes on.
        """
        outcome: str | ConsoleError
        try:
            outcome = self._code_in(address)
        except UsageError:
            raise
        except ConsoleError as refusal:
            outcome = refusal
        if self._server is not None:
            self._server.settle(outcome)

    def _code_in(self, address: str) -> str:
        from console.salesforce.signing_in.oauth_errors import oauth_error, shown_in_browser

        try:
            parts = urlsplit(address.strip())
        except ValueError:
            parts = urlsplit("")
        answer = {name: values[0] for name, values in parse_qs(parts.query).items() if len(values) == 1}
        ours = bool(self._state) and ("code" in answer or ("error" in answer and "state" in answer))
        refusal = None if ours else shown_in_browser(address)
        if refusal is not None:
            raise refusal
        if not ours:
            raise UsageError(
                "This is not the address that the browser ended on.",
                f"It begins with {self._redirect_uri or 'http://localhost'} and holds a code.",
            )
        if not hmac.compare_digest(answer.get("state", "").encode(), self._state.encode()):
            raise SignInNeeded(
                "The address belongs to another sign-in: its state is not ours.",
                "Begin the sign-in again.",
                code="state_mismatch",
            )
        if "error" in answer:
            raise oauth_error(answer["error"], answer.get("error_description", ""))
        return answer["code"]

    def cancel(self) -> None:
        """Stop waiting and close the port."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def _finish(self, code: str) -> SignedIn:
        assert self._oauth is not None
        assert self._proof is not None
        tokens = self._oauth.exchange(code, verifier=self._proof.verifier, redirect_uri=self._redirect_uri)
        self._state = ""
        try:
            session = Session(tokens, self._oauth.identity(tokens), look_around(tokens, self._api_version))
            if self._expected_org:
                refuse_another_org(session, self._expected_org)
            note = self._accept(session)
        except ConsoleError:
            # Nothing is kept of a sign-in that will not do, in the org neither.
            self._oauth.revoke(tokens.refresh_token or tokens.access_token)
            raise
        signed_in = SignedIn(
            username=session.identity.username,
            org_name=session.org.name,
            org_id=session.org.id,
            instance_url=tokens.instance_url,
            production=self._production_of(session.org),
            note=note,
        )
        if self._on_done is not None:
            self._on_done(signed_in)
        return signed_in
