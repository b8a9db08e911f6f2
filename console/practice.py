"""Starts and steers a rehearsal: a process of its own that the console talks to only over the wire."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from console.errors import Unreachable

DEFAULT_PORT = 17880
"""First of the four ports that an interactive rehearsal prefers, so that its connections stay valid from day to day."""


@dataclass(slots=True)
class Practice:
    """A running rehearsal: where it is, and its control address."""

    handout: Mapping[str, Any] = field(repr=False)
    process: subprocess.Popen[str] | None = field(default=None, repr=False)

    @classmethod
    def start(
        cls,
        state: Path,
        *,
        port: int | None = None,
        customers: int | None = None,
        seed: int | None = None,
        org: str | None = None,
    ) -> Practice:
        """Start a rehearsal that keeps its world in `state` and ends with this process.

        :param port: first of four ports; without it the usual ones, or free ones where those are taken.
        :raises Unreachable: when it does not come up; the sentence holds its own last words.
        """
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        talk = state / "rehearsal.log"
        for first_port in [DEFAULT_PORT, None] if port is None else [port]:
            command = [
                sys.executable,
                "-m",
                "console.rehearsal",
                "--serve",
                "--exit-with-parent",
                "--state",
                str(state),
            ]
            for option, value in (
                ("--port", first_port),
                ("--customers", customers),
                ("--seed", seed),
                ("--org", org),
            ):
                if value is not None:
                    command += [option, str(value)]
            with talk.open("w") as log:
                process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
                )
            practice = cls({}, process)
            line = process.stdout.readline() if process.stdout else ""
            if line:
                practice.handout = json.loads(line)
                return practice
            practice.stop()
        last = talk.read_text(errors="replace").strip().rpartition("\n")[2]
        raise Unreachable(
            f"The rehearsal did not start: {last}", "Look whether its ports are taken, then try again."
        )

    def control(self, method: str, path: str, payload: Mapping[str, Any] | None = None) -> Any:
        """One call to the control address (docs/rehearsal.md); blocks up to 5 s.

        :raises Unreachable: when it doesn't answer or refuses.
        """
        import httpx

        url = str(self.handout["control_url"]).rstrip("/") + path
        try:
            reply = httpx.request(method, url, json=payload, timeout=5.0, trust_env=False)
            body = reply.json()
        except (httpx.HTTPError, ValueError) as failure:
            raise Unreachable(
                "The rehearsal's control address does not answer.", "Start the rehearsal again."
            ) from failure
        if reply.is_error:
            raise Unreachable(f"The rehearsal refused: {body.get('error', reply.status_code)}")
        return body

    def stop(self) -> None:
        """End the rehearsal; its world stays on the disk. One that somebody else started goes on."""
        if self.process is None:
            return
        if self.process.stdin is not None:
            self.process.stdin.close()
        try:
            self.process.wait(timeout=3)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
