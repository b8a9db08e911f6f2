"""How ``connect`` and ``sign-in`` get a Salesforce session: the browser, the Salesforce CLI, a server's key, or a token."""

from __future__ import annotations

import argparse
import contextlib
import select
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from console.commands.output import Output
from console.errors import Cancelled, SignInNeeded, UsageError
from console.guide.signing_in import BrowserSignIn, Session, Way, cli_sign_in, key_sign_in, session_of
from console.net import origin

if TYPE_CHECKING:
    from console.salesforce.signing_in.oauth import OAuth


def add_ways(parser: argparse.ArgumentParser) -> None:
    """The options that say how to sign in."""
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--browser", action="store_true", help="sign in to Salesforce in the browser (the default)"
    )
    how.add_argument(
        "--access-token-stdin", action="store_true", help="read a Salesforce access token from stdin"
    )
    how.add_argument(
        "--sf-cli",
        metavar="ALIAS",
        help="use the session of the Salesforce CLI (sf) for this alias or user name",
    )
    how.add_argument(
        "--jwt-key", metavar="FILE", help="sign in with a server's private key (JWT bearer); needs --username"
    )
    parser.add_argument("--username", help="the user that the server's key speaks for")


def begun_here(args: argparse.Namespace) -> bool:
    """Whether the session is the console's own, to be ended with it; a borrowed one goes on."""
    return not (args.access_token_stdin or args.sf_cli)


def sign_in(
    args: argparse.Namespace,
    out: Output,
    stop: threading.Event,
    *,
    login_url: str,
    client_id: str,
    instance_url: str,
    token: str,
    api_version: str,
    expected_org: str = "",
) -> tuple[Session, Way]:
    """A session in the way that the options say. Blocks, for the browser at most five minutes.

    :raises ConsoleError: something is missing, Salesforce refuses, or a person stopped it.
    """
    if args.sf_cli:
        return cli_sign_in(args.sf_cli, api_version), Way("cli", cli_alias=args.sf_cli.strip())
    if args.access_token_stdin:
        if not instance_url:
            raise UsageError("A token needs the org's own address.", "Give it with --instance-url.")
        from console.salesforce.signing_in.oauth import Tokens

        return session_of(
            Tokens(token, None, origin(instance_url, "the instance address")), api_version
        ), Way("token")
    if not client_id:
        raise UsageError("There is no consumer key.", "Give the External Client App's key with --client-id.")
    if args.jwt_key:
        file = Path(args.jwt_key).expanduser().absolute()
        session = key_sign_in(login_url, client_id, args.username or "", file, api_version)
        return session, Way("key", jwt_file=str(file))

    def oauth() -> OAuth:
        from console.salesforce.signing_in.oauth import OAuth

        return OAuth(login_url, client_id)

    return _browser(oauth, out, stop, api_version, expected_org), Way()


def _browser(
    oauth: Callable[[], OAuth], out: Output, stop: threading.Event, api_version: str, expected_org: str
) -> Session:
    sessions: list[Session] = []

    def accept(session: Session) -> str:
        sessions.append(session)
        return ""

    signing_in = BrowserSignIn(
        oauth, accept, api_version=api_version, production_of=lambda org: False, expected_org=expected_org
    )
    invitation = signing_in.begin()
    out.talk(f"Sign in to Salesforce in the browser (waiting five minutes):\n{invitation.address}")
    try:
        with _pasting(signing_in, out):
            came = signing_in.wait(stop)
    except SignInNeeded as failure:
        if failure.code == "timeout":
            _tell_refusals(out)
        raise
    if came is None:
        raise Cancelled("The sign-in was stopped.", "Begin again: nothing was saved.")
    return sessions[-1]


def _tell_refusals(out: Output) -> None:
    from console.salesforce.signing_in.oauth_errors import BROWSER_ONLY

    out.talk("What Salesforce shows in the browser only, what it means, and where it is mended:")
    for shown, _, meaning, mended in BROWSER_ONLY:
        out.talk(f"  {shown}: {meaning} {mended}")


@contextlib.contextmanager
def _pasting(signing_in: BrowserSignIn, out: Output) -> Iterator[None]:
    """Take the address that a browser on another computer ended on from whoever sits at the terminal (SSH)."""
    if sys.platform == "win32" or sys.stdin is None or not sys.stdin.isatty():
        yield
        return
    out.talk(
        "Is the browser on another computer? Paste the address, or the error, that it ends on, and press enter."
    )
    over = threading.Event()

    def listen() -> None:
        while not over.is_set():
            if not select.select([sys.stdin], [], [], 0.1)[0]:
                continue
            line = sys.stdin.readline()
            if not line:
                return
            try:
                if line.strip():
                    signing_in.bring(line)
            except UsageError as failure:
                out.talk(f"{failure.message} {failure.advice}")

    reader = threading.Thread(target=listen, name="pasted address", daemon=True)
    reader.start()
    try:
        yield
    finally:
        over.set()
        reader.join()
