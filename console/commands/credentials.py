"""Secrets on standard input, one a line, never echoed and never in arguments; and the connection they are for."""

from __future__ import annotations

import argparse
import sys

from console.errors import ConsoleError, UsageError
from console.secrets import Secrets
from console.settings import Connections, ConnectionSettings

TOKEN = "Salesforce access token"  # noqa: S105 - its name, not a token
KEY = "Alguna key"

HINT = (
    "Open the console to sign in again (alguna-console), or give a fresh token or key to this command on standard input: "
    "--access-token-stdin, --alguna-key-stdin."
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


def read_secrets(args: argparse.Namespace) -> tuple[str, str]:
    """The Salesforce access token and the Alguna key, each empty where it was not announced.

    :raises UsageError: a line is missing, or holds signs that no token or key has.
    """
    return (
        _line(TOKEN) if args.access_token_stdin else "",
        _line(KEY) if args.alguna_key_stdin else "",
    )


def opened(args: argparse.Namespace) -> tuple[ConnectionSettings, Connections, Secrets]:
    """The connection that a command was given, with the secrets that it was given beside those that are kept.

    :raises ConsoleError: there is no such connection, or it was disconnected.
    """
    settings, connections = connected(args)
    return settings, connections, lent(args, Secrets(connections), settings.name)


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


def _line(what: str) -> str:
    missing = UsageError(
        f"There is no {what} on standard input.", "Give one secret a line, Salesforce first."
    )
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
    line = line.strip()
    if not line:
        raise missing
    if not line.isascii() or not line.isprintable() or " " in line:
        raise UsageError(
            f"The {what} on standard input holds signs that none has.",
            "Copy it again whole, and give one secret a line, Salesforce first.",
        )
    return line
