"""``sign-in``: another Salesforce session or another Alguna key for a connection that exists; all else stays."""

from __future__ import annotations

import argparse

from console.cli import OpenScreens
from console.commands.credentials import asker, connected, new_passphrase, read_secrets
from console.commands.output import Output
from console.commands.signing_in import sign_in
from console.commands.stopping import stoppable
from console.errors import ConsoleError, UsageError
from console.guide.access_again import AccessAgain
from console.guide.signing_in import refuse_another_org
from console.secrets import Secrets


def run(args: argparse.Namespace, out: Output, open_screens: OpenScreens) -> int:
    """Take what was announced: a key alone leaves the session as it is."""
    settings, connections = connected(args)
    if args.username and not args.jwt_key:
        raise UsageError("--username is for a server's key.", "Give the key with --jwt-key.")
    ask = asker(args)
    secrets = Secrets(connections, passphrase=ask)
    passphrase = new_passphrase(args, ask) if args.secrets_file else ""
    token, key = read_secrets(args)
    again = AccessAgain(connections, secrets, settings.name)
    only_key = bool(key) and not (args.browser or args.access_token_stdin or args.sf_cli or args.jwt_key)
    said = []
    session = None
    if not only_key:
        with stoppable() as stop:
            session, way = sign_in(
                args,
                out,
                stop,
                login_url=settings.login_url,
                client_id=args.client_id or settings.client_id,
                instance_url=settings.instance_url,
                token=token,
                api_version=settings.api_version,
                expected_org=settings.org_id,
            )
        refuse_another_org(session, settings.org_id)
    if passphrase:
        secrets.seal(settings.name, passphrase)
    if session is not None:
        again.take(session, way)
        said.append(f"Signed in as {again.settings.username} in {settings.org_name} ({settings.org_id}).")
    if key:
        said.append(again.take_key(key))
    where = secrets.where(settings.name)
    if where.startswith("in memory"):
        raise ConsoleError(
            "The sign-in works, but this computer has no keyring: nothing could be kept for the next command.",
            "Keep it in an encrypted file with --secrets-file, or give secrets to each command on standard input.",
        )
    answer = {"connection": settings.name, "username": again.settings.username, "alguna_key": bool(key)}
    out.data({**answer, "sign_in": again.settings.sign_in, "secrets": where}, "\n".join(said))
    return 0
