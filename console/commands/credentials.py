"""Secrets on standard input, one a line, never echoed and never in arguments; and the connection they are for."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from console.errors import ConsoleError, UsageError
from console.secrets import Secrets
from console.settings import Connections, ConnectionSettings

TOKEN = "Salesforce access token"  # noqa: S105 - its name, not a token
KEY = "Alguna key"
WEBHOOKS = "signing secret of webhooks"
PASSPHRASE = "passphrase of the encrypted file"  # noqa: S105 - its name, not a passphrase
PASSPHRASE_FILE = "ALGUNA_CONSOLE_PASSPHRASE_FILE"  # noqa: S105 - names a file

Asker = Callable[[str], str]
"""Gives the passphrase of a connection's encrypted file, by its name."""

HINT = (
    "With the console: alguna-console sign-in NAME, or L on its screen. For one command: give a fresh token or key on standard "
    "input, --access-token-stdin, --alguna-key-stdin."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of every command that calls both systems."""
    parser.add_argument(
        "--access-token-stdin",
        action="store_true",
        help="read a Salesforce access token from stdin, for this run only",
    )
    parser.add_argument(
        "--alguna-key-stdin",
        action="store_true",
        help="read the Alguna API key from stdin, after the token, for this run only",
    )
    add_passphrase(parser)


def add_passphrase(parser: argparse.ArgumentParser) -> None:
    """The option of every command that may have to open an encrypted file."""
    parser.add_argument(
        "--passphrase-stdin",
        action="store_true",
        help=f"read the passphrase of the encrypted file from stdin, before all else (or name a file in {PASSPHRASE_FILE})",
    )


def new_passphrase(args: argparse.Namespace, ask: Asker | None) -> str:
    """A passphrase for a new encrypted file; a person types it twice.

    :raises UsageError: there is none, it is too short, or the two differ.
    """
    from console.secrets.sealed import checked

    if ask is None:
        raise UsageError(
            "There is no passphrase for the encrypted file.",
            f"Give it with --passphrase-stdin, or name a file in {PASSPHRASE_FILE}.",
        )
    first = checked(ask(""))
    if _typed(args) and ask("again") != first:
        raise UsageError("The two passphrases differ.", "Begin again.")
    return first


def asker(args: argparse.Namespace) -> Asker | None:
    """Where passphrases come from, None where there is nobody to ask; reads one from stdin now where that was announced.

    :raises UsageError: it was announced and is not there.
    """
    if args.passphrase_stdin:
        told = _line(PASSPHRASE, blanks=True)
        return lambda name: told
    file = os.environ.get(PASSPHRASE_FILE)
    if file:
        return lambda name: _first_line(Path(file))
    if _typed(args):
        import getpass

        return lambda name: getpass.getpass(f"The {PASSPHRASE}{f' ({name})' if name else ''}: ")
    return None


def _typed(args: argparse.Namespace) -> bool:
    """Whether a person at a terminal is asked."""
    return not (args.passphrase_stdin or os.environ.get(PASSPHRASE_FILE)) and (
        sys.stdin is not None and sys.stdin.isatty()
    )


def _first_line(path: Path) -> str:
    from console.private_files import read_private

    try:
        text = read_private(path, "passphrase file").decode()
    except UnicodeDecodeError:
        text = ""
    line = text.split("\n", 1)[0].rstrip("\r")
    if not line:
        raise UsageError(
            f"There is no passphrase in the first line of the file that {PASSPHRASE_FILE} names."
        )
    return line


def read_secrets(args: argparse.Namespace) -> tuple[str, str]:
    """The Salesforce access token and the Alguna key, each empty where it was not announced.

    :raises UsageError: a line is missing, or holds signs that no token or key has.
    """
    return (
        _line(TOKEN) if args.access_token_stdin else "",
        _line(KEY) if args.alguna_key_stdin else "",
    )


def webhook_secret(args: argparse.Namespace) -> str:
    """The signing secret of webhooks, the last line of those announced; empty where it was not announced.

    :raises UsageError: as `read_secrets`.
    """
    return _line(WEBHOOKS) if args.webhook_secret_stdin else ""


def opened(args: argparse.Namespace) -> tuple[ConnectionSettings, Connections, Secrets]:
    """The connection that a command was given, with the secrets that it was given beside those that are kept.

    :raises ConsoleError: there is no such connection, or it was disconnected.
    """
    settings, connections = connected(args)
    return settings, connections, lent(args, Secrets(connections, passphrase=asker(args)), settings.name)


def connected(args: argparse.Namespace) -> tuple[ConnectionSettings, Connections]:
    """The connection that a command was given, where it needs no secrets.

    :raises ConsoleError: there is no such connection, or it was disconnected.
    """
    connections = Connections()
    settings = connections.load(args.name)
    if settings.disconnected_at:
        raise ConsoleError(
            f"{settings.name!r} was disconnected at {settings.disconnected_at}.",
            "Connect it again under the same name.",
        )
    return settings, connections


def lent(args: argparse.Namespace, secrets: Secrets, name: str) -> Secrets:
    """`secrets` with those from standard input, for this process only."""
    token, key = read_secrets(args)
    if token:
        secrets.lend(name, "salesforce_access", token)
    if key:
        secrets.lend(name, "alguna_key", key)
    return secrets


def _line(what: str, *, blanks: bool = False) -> str:
    """One secret from standard input; `blanks`: a passphrase is free in what it holds."""
    order = "Give one secret a line: passphrase, Salesforce token, Alguna key, as far as they were announced."
    missing = UsageError(f"There is no {what} on standard input.", order)
    if sys.stdin is None:
        raise missing
    try:
        if sys.stdin.isatty():
            import getpass

            line = getpass.getpass(f"{what}: ")
        else:
            line = sys.stdin.readline()
    except UnicodeDecodeError:
        line = "\ufffd"
    line = line.rstrip("\r\n") if blanks else line.strip()
    if not line:
        raise missing
    fits = "\ufffd" not in line if blanks else line.isascii() and " " not in line
    if not fits or not line.isprintable():
        raise UsageError(
            f"The {what} on standard input holds signs that none has.", f"Copy it again whole. {order}"
        )
    return line
