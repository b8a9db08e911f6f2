"""``listen``: the sync, pass after pass, and Alguna's webhooks beside it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from console.alguna.receiver import Receiver
from console.alguna.webhooks import Webhooks
from console.cli import OpenScreens
from console.commands.credentials import opened, webhook_secret
from console.commands.output import Output
from console.commands.sync import watch
from console.errors import SignInNeeded, UsageError
from console.sync.following.nudges import Nudges
from console.sync.runner import EngineThread

PORT = 8787


def run(args: argparse.Namespace, out: Output, open_screens: OpenScreens) -> int:
    """Sync until stopped; a customer that a webhook names is brought in step at once."""
    port = PORT if args.port is None else args.port
    if not 0 <= port < 65_536:
        raise UsageError(f"{port} is no port.", "Give one from 0 (any free one) to 65535.")
    settings, connections, secrets = opened(args)
    secret = webhook_secret(args)
    if secret:
        webhooks = Webhooks(secret)
        secrets.set(settings.name, "webhook_secret", secret)
    else:
        kept = secrets.get(settings.name, "webhook_secret")
        if kept is None:
            raise SignInNeeded(
                "There is no signing secret for webhooks.",
                "Add an endpoint in Alguna's settings, then give its secret once with --webhook-secret-stdin.",
            )
        webhooks = Webhooks(kept)

    @contextmanager
    def receiving(engine: EngineThread) -> Iterator[None]:
        nudges = Nudges(engine)
        with Receiver(
            webhooks, lambda notice: nudges.customer(notice.customer_id), host=args.host, port=port
        ) as receiver:
            out.talk(f"Listening for webhooks on {receiver.address}")
            yield

    return watch(out, settings, connections, secrets, receiving)
