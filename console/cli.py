"""The command line: names, JSON keys and exit codes are a contract (docs/command-line.md).

Exit codes: 0 done, 1 failed, 2 usage, 3 done but some rows refused or waiting for a person, 4 sign-in needed, 5 API budget reached.
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from console import __version__
from console.commands import credentials, signing_in
from console.commands.output import Output
from console.domain.plain import plain
from console.errors import Cancelled, ConsoleError, SignInNeeded, StoreError, UsageError

if TYPE_CHECKING:
    from console.guide.seam import Desk

OpenScreens = Callable[["Desk"], int]
"""Opens the terminal app on a desk and returns its exit code. Handed in, because the core never imports the screens."""


INTERRUPTED = 130
"""As a shell tells the end by Ctrl-C."""


class Parser(argparse.ArgumentParser):
    """Raises instead of printing, so that usage errors also come as JSON when asked for; knows whole option names only."""

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("allow_abbrev", False)
        super().__init__(*args, **options)

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{self.prog}: {plain(message, 400)}.", f"See {self.prog} --help.")


def build_parser() -> argparse.ArgumentParser:
    """Every command with its options."""
    parser = Parser(
        prog="alguna-console",
        description="Connect Alguna billing with Salesforce: see what a sync will do, let it run, know why, and leave again. "
        "Without a command the console opens.",
    )
    parser.add_argument("--version", action="version", version=f"alguna-console {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)

    def command(name: str, module: str, summary: str, *, connection: bool = True) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=summary, description=summary)
        sub.set_defaults(module=module)
        sub.add_argument("--json", action="store_true", help="data as JSON on stdout, talk on stderr")
        if connection:
            sub.add_argument("name", metavar="NAME", help="the connection")
        return sub

    rehearse = command(
        "rehearse", "rehearse", "practise on an org and an account of this computer's own", connection=False
    )
    rehearse.add_argument("--serve", action="store_true", help="serve only; one line of JSON says where")
    rehearse.add_argument("--port", type=int, help="first of four ports (default: free ones)")
    rehearse.add_argument("--customers", type=int, help="how many customers the account holds (default 503)")
    rehearse.add_argument("--seed", type=int, help="the same seed makes the same world")
    rehearse.add_argument("--state", metavar="DIR", help="keep the world in this folder")
    rehearse.add_argument(
        "--org", choices=("half", "empty"), help="what the org already holds (default half)"
    )

    connect = command("connect", "connect", "connect one Alguna account with one Salesforce org")
    connect.add_argument("--login-url", help="where to sign in: login, test or My Domain address")
    connect.add_argument("--instance-url", help="the org's own address (with --access-token-stdin)")
    connect.add_argument("--client-id", help="consumer key of your External Client App")
    connect.add_argument("--alguna-url", help="Alguna's API address")
    connect.add_argument("--api-share", type=float, help="share of the org's API calls to use at most (0.5)")
    connect.add_argument("--api-floor", type=int, help="API calls a day to leave for others (1000)")
    connect.add_argument(
        "--pubsub-endpoint",
        metavar="HOST:PORT",
        help="address of the change events; empty: poll (default: Salesforce's own, none for a practice org)",
    )
    signing_in.add_ways(connect)
    connect.add_argument(
        "--alguna-key-stdin", action="store_true", help="read the Alguna API key from stdin, after the token"
    )
    connect.add_argument(
        "--source-of-truth", choices=("alguna", "salesforce"), default="alguna",
        help="alguna: customers without an account get one in Salesforce (that direction only)",
    )  # fmt: skip
    connect.add_argument(
        "--import", dest="import_choice", choices=("none", "matching", "all"),
        help="which existing customers to take in (default: all on the rehearsal, else none; can be done at any later time)",
    )  # fmt: skip
    connect.add_argument(
        "--set-up", action="store_true", help="make the fields and the permission set in the org"
    )
    connect.add_argument(
        "--user",
        metavar="NAME",
        help="with --set-up: who gets the permission set: user name or e-mail (default: who signs in)",
    )
    again = command(
        "sign-in", "sign_in", "sign in again, or give another Alguna key; all else stays as it is"
    )
    signing_in.add_ways(again)
    again.add_argument("--client-id", help="another consumer key than the connection's own")
    again.add_argument(
        "--alguna-key-stdin", action="store_true", help="read the Alguna API key from stdin, after the token"
    )
    for keeping in (connect, again):
        keeping.add_argument(
            "--secrets-file", action="store_true",
            help="keep tokens and key in a file that a passphrase opens, instead of the keyring",
        )  # fmt: skip
        credentials.add_passphrase(keeping)

    sync = command("sync", "sync", "run the sync")
    often = sync.add_mutually_exclusive_group()
    often.add_argument("--once", action="store_true", help="one pass (the default)")
    often.add_argument("--watch", action="store_true", help="pass after pass until stopped")
    sync.add_argument(
        "--dry-run", action="store_true", help="show what a pass would do; write nothing anywhere"
    )

    sync.add_argument(
        "--release", action="store_true", help="first let go, once, what a brake stops (see: brakes NAME)"
    )

    listen = command("listen", "listen", "sync pass after pass, and take Alguna's webhooks beside it")
    listen.add_argument("--port", type=int, help="port to listen on (8787; 0: any free one)")
    listen.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (127.0.0.1: behind a proxy)"
    )
    listen.add_argument(
        "--webhook-secret-stdin",
        action="store_true",
        help="read the signing secret from stdin, after token and key; it is kept for the next time",
    )

    plan = command("plan", "planning", "what the next pass would do, without doing it")
    plan.add_argument("--out", metavar="FILE", help="write the plan to a file")
    plan.add_argument(
        "--against", metavar="FILE", help="show only what is new, gone or different beside a kept plan"
    )
    apply = command("apply", "planning", "do exactly what a kept plan says; what moved since is left")
    apply.add_argument("file", metavar="FILE", help="a plan that plan --out wrote")
    show = command("show", "planning", "a kept plan, as a person reads it", connection=False)
    show.add_argument("file", metavar="FILE", help="a plan that plan --out wrote")
    command("brakes", "brakes", "what a pass stopped before it wrote anything, with a sample")
    for calling in (sync, listen, plan, apply):
        credentials.add_options(calling)

    audit = command(
        "audit", "audit", "compare the org record by record with what is cached; writes to neither side"
    )
    audit.add_argument(
        "--whole", action="store_true", help="all of both sides (default: the next slice of the org)"
    )
    credentials.add_options(audit)

    command("status", "look", "counts per state, last runs, lag, API budget, health")
    accounts = command("accounts", "look", "the accounts, one a line")
    accounts.add_argument("--filter", metavar="TEXT", default="", help="part of the name, or an id")
    accounts.add_argument("--state", help="only this state")
    account = command("account", "look", "one account: differences, why, history")
    account.add_argument("id", metavar="ID", help="Alguna id, Salesforce id, or exact name")
    account.add_argument(
        "--as-of", metavar="RUN", type=int, help="what both sides held when this run had ended"
    )
    command("problems", "look", "what needs a person")

    runs = command("runs", "past", "what ran when, what a run did, what two runs differ by")
    runs.add_argument("run", metavar="RUN", type=int, nargs="?", help="what this run did, one change a line")
    runs.add_argument("--diff", metavar="RUN", type=int, nargs=2, help="what moved from one run to another")
    runs.add_argument("--limit", type=int, default=20, help="how many of the newest are listed (20)")
    undo = command("undo", "undoing", "take back what a run wrote, where it still stands")
    undo.add_argument("run", metavar="RUN", type=int, help="the run's number, as runs lists it")
    undo.add_argument("--dry-run", action="store_true", help="show what it would do; write nothing anywhere")
    undo.add_argument("--out", metavar="FILE", help="with --dry-run: keep the plan, for apply")
    undo.add_argument(
        "--delete-created",
        metavar='"run RUN"',
        help="also delete the accounts and contacts that the run created and nobody touched: name the run once more",
    )
    credentials.add_options(undo)
    history = command("history", "past", "how much history is kept, and clearing what is old")
    history.add_argument("--clear-before", metavar="DATE", help="what would be cleared; with --yes, clear it")
    history.add_argument("--yes", action="store_true", help="do it: it can't be undone")
    history.add_argument(
        "--also-last-run", action="store_true", help="even what undoing the last run that wrote needs"
    )

    decide = command(
        "decide", "deciding", "answer what the sync asks about one account; the next sync acts on it"
    )
    decide.add_argument("id", metavar="ID", help="Alguna id, Salesforce id, or exact name")
    what = decide.add_mutually_exclusive_group(required=True)
    what.add_argument("--link", metavar="ACCOUNT", help="this Salesforce account is the customer's")
    what.add_argument("--create", action="store_true", help="none of the candidates: create a new account")
    what.add_argument(
        "--link-contact",
        metavar="CONTACT",
        help="this contact, which a duplicate rule matched, is the customer's",
    )
    what.add_argument(
        "--create-contact", action="store_true", help="create the contact although a duplicate rule alerts"
    )
    what.add_argument("--leave", action="store_true", help="leave alone until something about it changes")
    what.add_argument(
        "--unlink", action="store_true", help="the two are not the same: stop the link, write nothing"
    )
    what.add_argument("--ask-again", action="store_true", help="take back what was decided")
    what.add_argument(
        "--keep", metavar="FIELD=SIDE", action="append", help="keep this side's value: alguna or salesforce"
    )
    what.add_argument(
        "--loop",
        metavar="FIELD=HOW",
        action="append",
        help="how a field goes on that something keeps rewriting: off (ours is not written any more), theirs (their value "
        "is kept), on (ours is written each time), watch (on, and stopped again after three more turns)",
    )
    what.add_argument("--pin", metavar="SUBSCRIPTION", help="the subscription that the account shows")
    what.add_argument("--unpin", action="store_true", help="let the rule choose the subscription again")
    rules = command(
        "rules", "rules", "whose value wins in each field, which way it goes, and what a change would do"
    )
    rules.add_argument(
        "--set",
        metavar="FIELD=RULE",
        action="append",
        default=[],
        help="a rule (alguna_wins, salesforce_wins, latest_wins, manual, fill_blanks, off), a way (both, to_salesforce, "
        "to_alguna) or default; existing records stay as they are",
    )
    rules.add_argument(
        "--source-of-truth",
        choices=("alguna", "salesforce"),
        help="alguna: customers without an account get one in Salesforce",
    )
    rules.add_argument(
        "--out", metavar="FILE", help="write what would be done to existing records to a file, for apply"
    )
    existing = rules.add_mutually_exclusive_group()
    existing.add_argument(
        "--what-if", action="store_true", help="show what it would do to existing records; change nothing"
    )
    existing.add_argument(
        "--existing",
        metavar="HASH",
        help="do to existing records what was shown under this hash, with the next sync",
    )
    retry = command("retry", "deciding", "try what was refused once more with the next sync")
    retry.add_argument("ids", metavar="ID", nargs="*", help="only these (default: all)")

    importing = command("import", "importing", "take existing customers in")
    importing.add_argument(
        "--only", choices=("matching", "all"), default="all", help="matching: link only; all: also create"
    )
    importing.add_argument(
        "--where",
        metavar="SOQL",
        help="only customers whose account meets this condition, such as \"Industry = 'Energy'\"",
    )
    importing.add_argument("--dry-run", action="store_true", help="count only")
    credentials.add_options(importing)

    leave = command(
        "disconnect", "disconnect", "leave the org without a trace of access and with every record as it is"
    )
    sure = leave.add_mutually_exclusive_group()
    sure.add_argument("--rehearse", action="store_true", help="show the steps and check them; change nothing")
    sure.add_argument("--yes", action="store_true", help="do it")
    leave.add_argument("--receipt", metavar="FILE", help="where to write the receipt")
    credentials.add_options(leave)

    forget = command(
        "forget", "forget", "remove a disconnected connection from this computer, with its cache"
    )
    forget.add_argument(
        "--confirm", metavar="NAME", help="the connection's name once more: it can't be undone"
    )

    preflight = command(
        "preflight", "setup", "what the signed-in user may do in the org, and what writes will meet"
    )
    credentials.add_options(preflight)
    setup = command("setup", "setup", "make or mend what the console needs in the org, shown as a plan first")
    doing = setup.add_mutually_exclusive_group()
    doing.add_argument(
        "--plan", action="store_true", help="show what would be made; change nothing (the default)"
    )
    doing.add_argument("--apply", action="store_true", help="make it, verify it, note it")
    doing.add_argument(
        "--export", metavar="FILE", help="write the permission set for an administrator to deploy"
    )
    setup.add_argument(
        "--user",
        metavar="NAME",
        help="who gets the permission set: user name or e-mail (default: the connection's user)",
    )
    setup.add_argument(
        "--no-events", action="store_true", help="without change events: changes are polled for"
    )
    credentials.add_options(setup)

    command("doctor", "doctor", "what this computer has and lacks", connection=False)
    return parser


def main(argv: Sequence[str], open_screens: OpenScreens) -> int:
    """Run one command and return its exit code; failures end as one clear sentence, never as a trace.

    :param open_screens: opens the terminal app; called when no command was given, and by ``rehearse``.
    """
    out = Output(as_json="--json" in argv)
    args = argparse.Namespace(command=None)
    try:
        args = build_parser().parse_args(argv)
        module = importlib.import_module(f"console.commands.{getattr(args, 'module', 'open')}")
        code: int = module.run(args, out, open_screens)
    except ConsoleError as failure:
        code = _failed(out, failure)
        if isinstance(failure, SignInNeeded) and args.command in (
            "sync",
            "plan",
            "apply",
            "import",
            "audit",
            "setup",
            "preflight",
        ):
            out.talk(credentials.HINT)
    except KeyboardInterrupt:
        _failed(out, Cancelled("Stopped.", "What is done stays done; the next run goes on from there."))
        code = INTERRUPTED
    except BrokenPipeError:
        code = 0  # the reader of our output went away (``| head``): nothing is left to say to it
    except OSError as failure:
        code = _failed(out, _of_the_computer(failure))
    except Exception as failure:
        from console.sync.runner import unexpected

        code = _failed(out, unexpected(failure))
    finally:
        out.settle()
    return code


def _failed(out: Output, failure: ConsoleError) -> int:
    out.failure(failure)
    return failure.exit_code


def _of_the_computer(failure: OSError) -> StoreError:
    """What the operating system refuses: no room, no right to write."""
    place = f" ({plain(str(failure.filename), 200)})" if failure.filename else ""
    return StoreError(
        f"This computer refuses: {(failure.strerror or type(failure).__name__).lower()}{place}.",
        "Look at the room on the disk and at who may write there; ALGUNA_CONSOLE_HOME names another folder.",
    )
