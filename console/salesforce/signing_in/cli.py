"""A session borrowed from the Salesforce CLI, for administrators who are signed in there.

https://developer.salesforce.com/docs/atlas.en-us.sfdx_cli_reference.meta/sfdx_cli_reference/cli_reference_org_commands_unified.htm.
The session is short-lived and cannot be renewed here. Newer versions of the CLI keep the token out of ``org display`` and
show it by a command of its own; older ones do not have that command.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

from console.domain.plain import plain
from console.errors import ConsoleError, SignInNeeded, Unreachable, UsageError
from console.net import origin
from console.salesforce.signing_in.oauth import Tokens

TIMEOUT = 60.0
"""Seconds for one command: the CLI starts slowly and may refresh its own session."""


def cli_session(alias: str) -> Tokens:
    """The access token and address of an org that the Salesforce CLI knows by this alias or user name.

    :raises UsageError: the CLI is not installed, or the alias cannot be one.
    :raises SignInNeeded: the CLI does not know the org, or its own session has ended.
    :raises Unreachable: the CLI does not answer in time, or not as expected.
    """
    name = alias.strip()
    if not name or name.startswith("-") or not name.isprintable():
        raise UsageError("That is no alias of the Salesforce CLI.", "See: sf org list.")
    program = shutil.which("sf")
    if program is None:
        raise UsageError(
            "The Salesforce CLI (sf) is not installed on this computer.", "Sign in with the browser instead."
        )
    shown = _ask(program, "org", "display", name)
    instance = shown.get("instanceUrl")
    if not isinstance(instance, str):
        raise _unexpected()
    token = _token(shown.get("accessToken"))
    if token is None:
        token = _token(_ask(program, "org", "auth", "show-access-token", name).get("accessToken"))
    if token is None:
        raise _unexpected()
    return Tokens(token, None, origin(instance, "the org's address"))


def _token(value: Any) -> str | None:
    """The token, unless it is a note that stands in its place: every token holds the org's id and an exclamation mark."""
    return value if isinstance(value, str) and value.startswith("00D") and "!" in value else None


def _ask(program: str, *words: str) -> dict[str, Any]:
    """Run a command of the CLI on the org named last and return its `result`."""
    *command, name = words
    failure: ConsoleError | None = None
    output = ""
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and the alias cannot be an option
            [program, *command, "--target-org", name, "--json"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT,
            check=False,
        )
        output = done.stdout.decode("utf-8", "replace")
    except subprocess.TimeoutExpired:
        failure = Unreachable(
            "The Salesforce CLI does not answer.", "Try again, or sign in with the browser."
        )
    except OSError:
        failure = UsageError("The Salesforce CLI cannot be started.", "Sign in with the browser instead.")
    if failure is not None:
        raise failure
    answer = _json(output)
    if answer.get("status") == 0 and isinstance(answer.get("result"), dict):
        result: dict[str, Any] = answer["result"]
        return result
    said = answer.get("message")
    if isinstance(said, str) and said:
        raise SignInNeeded(
            f"The Salesforce CLI has no session for {plain(name, 60)}: {plain(said, 200)}",
            "Sign in there with: sf org login web, or sign in here with the browser.",
            code=plain(str(answer.get("name") or ""), 60),
        )
    raise _unexpected()


def _json(output: str) -> dict[str, Any]:
    try:
        answer = json.loads(output)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _unexpected() -> Unreachable:
    return Unreachable(
        "The Salesforce CLI does not answer as expected.", "Update it, or sign in with the browser."
    )
