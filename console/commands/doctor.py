"""``doctor``: what this computer has and lacks, and how each connection is, without changing anything."""

from __future__ import annotations

import argparse
import platform
import shutil
import socket
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from console import __version__
from console.cli import OpenScreens
from console.commands.output import Output, table
from console.errors import ConsoleError
from console.paths import home, nearest, obstacle
from console.settings import Connections


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    ok: bool
    detail: str


def run(args: argparse.Namespace, out: Output, open_screens: OpenScreens) -> int:
    """Look at everything; ends with 1 when something would keep the console from working."""
    findings = [check() for check in CHECKS]
    findings += _connections()
    rows = [("ok" if finding.ok else "look", finding.name, finding.detail) for finding in findings]
    answer = [{"name": each.name, "ok": each.ok, "detail": each.detail} for each in findings]
    out.data({"version": __version__, "checks": answer}, table(rows))
    return 0 if all(finding.ok for finding in findings) else 1


def _python() -> Finding:
    return Finding("Python", True, f"{platform.python_version()}, SQLite {sqlite3.sqlite_version}")


def _files() -> Finding:
    folder = home()
    refusal = obstacle(folder)
    if refusal:
        return Finding("Files", False, f"{refusal} Name another folder with ALGUNA_CONSOLE_HOME.")
    free = shutil.disk_usage(nearest(folder)).free // 2**20
    return Finding("Files", free > 50, f"{folder}, {free} MB free")


def _keyring() -> Finding:
    from console.secrets import system_keyring

    if system_keyring() is not None:
        return Finding("Keyring", True, "tokens and keys are kept there")
    return Finding(
        "Keyring",
        True,
        "none: tokens and keys live in memory until the console closes (the rehearsal's in a private file), or in an encrypted "
        "file where --secrets-file asks for one",
    )


def _ports() -> Finding:
    from console.salesforce.signing_in.loopback import PORTS

    free = []
    for port in PORTS:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            free.append(str(port))
    if free:
        return Finding("Sign-in ports", True, f"free: {', '.join(free)}")
    return Finding(
        "Sign-in ports", False, f"all of {', '.join(map(str, PORTS))} are taken: close what listens there"
    )


def _browser() -> Finding:
    import webbrowser

    try:
        webbrowser.get()
    except webbrowser.Error:
        return Finding("Browser", True, "none here: the sign-in shows an address to copy")
    return Finding("Browser", True, "found")


CHECKS: tuple[Callable[[], Finding], ...] = (_python, _files, _keyring, _ports, _browser)


def _connections() -> list[Finding]:
    from console.guide.desk import ConsoleDesk

    findings = []
    names = Connections().names()
    for card in ConsoleDesk().connections() if names else ():
        try:
            detail = (
                card.health_text
                or f"{card.org_name} ({card.org_id}), last sync {card.last_sync_at or 'never'}"
            )
            findings.append(
                Finding(f"Connection {card.name}", card.health not in ("failed", "sign_in"), detail)
            )
        except ConsoleError as failure:
            findings.append(Finding(f"Connection {card.name}", False, failure.message))
    return findings
