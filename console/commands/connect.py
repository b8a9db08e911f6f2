"""``connect``: one Alguna account with one Salesforce org, without screens."""

from __future__ import annotations

import argparse
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from console.cli import OpenScreens
from console.commands.credentials import asker, new_passphrase, read_secrets
from console.commands.output import Output
from console.commands.signing_in import begun_here, sign_in
from console.commands.stopping import stoppable
from console.errors import Cancelled, StoreError, UsageError
from console.guide.desk import utc_now
from console.guide.draft import NewConnection
from console.guide.environments import ALGUNA_SANDBOX, Place, environment_of, is_production, place
from console.guide.findings import findings, met
from console.net import checked_endpoint, origin
from console.paths import obstacle
from console.secrets import Secrets
from console.settings import API_VERSION, Connections, checked_name

if TYPE_CHECKING:
    from console.salesforce.setup import SetupItem


def run(args: argparse.Namespace, out: Output, open_screens: OpenScreens) -> int:
    """Sign in, check the key, set the org up where asked, and save; nothing is saved when a step fails."""
    connections = Connections()
    name = checked_name(args.name)
    if connections.exists(name) and not connections.load(name).disconnected_at:
        raise UsageError(
            f"There is already a connection named {name!r}.", "Choose another name, or disconnect it first."
        )
    new = NewConnection(
        _followed(_place(args), args.pubsub_endpoint), client_id=args.client_id or "", name=name
    )
    new.creates_accounts = args.source_of_truth == "alguna"
    # Practising without data would show nothing; on a real org existing customers wait until they are asked for.
    new.import_choice = args.import_choice or ("all" if new.place.environment == "rehearsal" else "none")
    new.api_share, new.api_floor = _budget(args)
    if args.user and not args.set_up:
        raise UsageError(
            "--user is for the set-up.", "Give it with --set-up, or to  alguna-console setup  later."
        )
    if not args.alguna_key_stdin:
        raise UsageError("There is no Alguna key.", "Give it on standard input with --alguna-key-stdin.")
    refusal = obstacle(connections.folder(name))
    if refusal:
        raise StoreError(refusal, "Look at its rights, or name another folder with ALGUNA_CONSOLE_HOME.")
    ask = asker(args)
    secrets = Secrets(connections, passphrase=ask)
    new.passphrase = new_passphrase(args, ask) if args.secrets_file else ""
    token, key = read_secrets(args)
    try:
        with stoppable() as stop:
            new.session, new.way = sign_in(
                args,
                out,
                stop,
                login_url=new.place.login_url,
                client_id=new.client_id,
                instance_url=args.instance_url or "",
                token=token,
                api_version=API_VERSION,
            )
            if args.sf_cli and not args.login_url:
                new.place = _place_of(new.session.tokens.instance_url, args)
            new.refuse_another_org(connections, name)
            new.check_alguna(key, args.alguna_url or "")
            new.integration_user = args.user or ""
            made = _set_up(new, out, stop) if args.set_up else []
            warning = met(findings(new.preflight()))
            settings = new.save(connections, secrets, utc_now())
    except BaseException:
        for sentence in _let_go(new, begun_here=begun_here(args)):
            out.talk(sentence)
        raise
    notes = [warning, new.sign_in_note(f"with  alguna-console sign-in {name}")]
    for note in filter(None, notes):
        out.talk(note)
    where = secrets.where(name)
    if where.startswith("in memory"):
        out.talk(
            "This computer has no keyring: tokens and key are not kept. Give them to each command on standard input "
            "with --access-token-stdin --alguna-key-stdin, keep them in an encrypted file (--secrets-file), or install a keyring."
        )
    answer = {
        "connection": name,
        "environment": settings.environment,
        "org_id": settings.org_id,
        "org_name": settings.org_name,
        "username": settings.username,
        "production": is_production(settings.environment, new.session.org) if new.session else False,
        "source_of_truth": settings.source_of_truth,
        "import": settings.import_choice,
        "set_up": made,
        "warning": warning,
        "sign_in": notes[1],
        "secrets": where,
    }
    text = (
        f"Connected {name}: Alguna at {settings.alguna_url} with {settings.org_name} ({settings.org_id}).\n"
        f"Tokens and key are kept {where}.\nNext: alguna-console plan {name}"
    )
    out.data(answer, text)
    return 0


def _place(args: argparse.Namespace) -> Place:
    """Where the options lead; the Salesforce CLI tells it itself, once it is asked."""
    given = args.access_token_stdin or args.sf_cli
    login_url = args.login_url or ("" if given else "https://test.salesforce.com")
    login_url = login_url or args.instance_url or ("https://login.salesforce.com" if args.sf_cli else "")
    if not login_url:
        raise UsageError(
            "It is not said which org to connect.", "Give --login-url, or --instance-url with a token."
        )
    return _place_of(login_url, args)


def _place_of(login_url: str, args: argparse.Namespace) -> Place:
    address = origin(login_url, "the log-in address")
    environment = environment_of(address)
    if environment == "rehearsal":
        return Place(environment, address, origin(args.alguna_url or ALGUNA_SANDBOX, "the Alguna address"))
    return place(environment, my_domain=address)


def _budget(args: argparse.Namespace) -> tuple[float | None, int | None]:
    """The share of the org's API calls, and what is left for others."""
    share, floor = args.api_share, args.api_floor
    if share is not None and not 0 < share <= 1:
        raise UsageError(
            "--api-share is not above 0 and at most 1.", "A half of the org's API calls is 0.5, the default."
        )
    if floor is not None and floor < 0:
        raise UsageError("--api-floor is below 0.", "It is how many API calls a day are left for others.")
    return share, floor


def _followed(place: Place, endpoint: str | None) -> Place:
    """The place with another address of its change events, where one was given."""
    if endpoint is None:
        return place
    return replace(place, pubsub_endpoint=checked_endpoint(endpoint) if endpoint.strip() else "")


def _set_up(new: NewConnection, out: Output, stop: threading.Event) -> list[str]:
    def step(item: SetupItem, state: str) -> None:
        if state == "refused":
            out.talk(f"Left out: {item.detail}")
        elif state == "done":
            out.talk(f"Set up: {item.detail}")
            if stop.is_set():
                raise Cancelled(
                    "Set-up was stopped between two steps.", "Connect again: it goes on from there."
                )

    plan = new.plan_setup()
    new.apply_setup(plan, step)
    for item in plan.problems:
        out.talk(f"Left alone: {item.detail}")
    return [f"{item.kind} {item.api_name}" for item in plan.changes]


def _let_go(new: NewConnection, *, begun_here: bool) -> list[str]:
    """After a failure: end the session that the browser began, and say what stays in the org."""
    said = [new.end_session()] if begun_here and new.session is not None else []
    return [*said, *new.leftovers()]
