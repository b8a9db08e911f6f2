"""From starting the process to the first frame with content: the console against a bare Textual app."""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from bench.bare import TEXT
from bench.filled import ORG_ID, fill, in_sync
from bench.measure import Taken
from bench.practice import ROOT
from bench.terminal import seconds_until

ACCOUNTS = 100_000
ROUNDS = 15
WARM_UP = 2
"""Rounds that are not counted: byte code is compiled, files come into memory."""


def first_paint() -> Taken:
    """The console's median, until the connection with its counts is on screen, against a bare app's until its text is."""
    with tempfile.TemporaryDirectory(prefix="bench-") as home:
        _connection(Path(home))
        environment = {"ALGUNA_CONSOLE_HOME": home}
        console, bare = [], []
        for turn in range(WARM_UP + ROUNDS):
            taken = [
                seconds_until(text, [sys.executable, "-m", module], environment, ROOT)
                for module, text in (("bench.bare", TEXT), ("console", f"{in_sync(ACCOUNTS):,} in sync"))
            ]
            if turn >= WARM_UP:
                bare.append(taken[0])
                console.append(taken[1])
    ours, theirs = statistics.median(console), statistics.median(bare)
    return Taken(ours / theirs, f"{ours * 1000:.0f} ms against {theirs * 1000:.0f} ms")


def _connection(home: Path) -> None:
    """A connection that was synced before, with everything that Home tells about it."""
    from console.settings import Connections, ConnectionSettings

    connections = Connections(home)
    settings = ConnectionSettings(
        name="Measured", environment="sandbox", is_sandbox=True, org_id=ORG_ID, org_name="Measured Org",
        login_url="https://test.salesforce.com", alguna_url="https://api.alguna.io",
    )  # fmt: skip
    connections.save(settings)
    fill(connections.cache_path(settings.name), ACCOUNTS, linked=True)
