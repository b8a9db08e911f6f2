"""Where an existing connection's access tokens come from, by the way it signs in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from console.salesforce.signing_in.oauth import OAuth, Tokens
from console.salesforce.signing_in.tokens import TokenSource
from console.secrets import Secrets
from console.settings import Connections, ConnectionSettings

LOCK = "token.lock"


def token_source(settings: ConnectionSettings, connections: Connections, secrets: Secrets) -> TokenSource:
    """The tokens of a connection: refreshed, asked of the Salesforce CLI, or signed for with a server's key.

    An address of the org that changes with a refresh is saved with the connection. Nothing is called or read yet.
    """

    def moved(tokens: Tokens) -> None:
        if connections.exists(settings.name):
            now = connections.load(settings.name)
            if tokens.instance_url != now.instance_url:
                connections.save(replace(now, instance_url=tokens.instance_url))

    again = session_again(settings)
    return TokenSource(
        secrets,
        settings.name,
        oauth=OAuth(settings.login_url, settings.client_id) if settings.client_id and again is None else None,
        again=again,
        lock_path=connections.folder(settings.name) / LOCK,
        on_refresh=moved,
    )


def session_again(settings: ConnectionSettings) -> Callable[[], Tokens] | None:
    """How another session is had without a person and without a refresh token; None where it can't."""
    if settings.sign_in == "cli":
        from console.salesforce.signing_in.cli import cli_session

        return lambda: cli_session(settings.cli_alias)
    if settings.sign_in == "key":
        from console.salesforce.signing_in.jwt_bearer import jwt_session

        oauth = OAuth(settings.login_url, settings.client_id)
        return lambda: jwt_session(oauth, settings.username, Path(settings.jwt_file))
    return None
