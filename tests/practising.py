"""A rehearsal over real sockets, a desk on an empty home, and a person: what whole procedures are tested with."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from console.guide.desk import ConsoleDesk
from console.guide.wizard import ConnectWizard
from console.practice import Practice
from console.rehearsal.server import Rehearsal
from console.secrets import Secrets
from console.settings import Connections
from tests.outside import Outside
from tests.person import Person

CUSTOMERS = 40


@dataclass
class Bench(Outside):
    """One rehearsal, one desk, one person at the browser."""

    rehearsal: Rehearsal
    home: Path
    person: Person
    desk: ConsoleDesk

    @property
    def handout(self) -> Any:
        return self.rehearsal.handout

    @property
    def connections(self) -> Connections:
        return Connections(self.home)

    @property
    def secrets(self) -> Secrets:
        return Secrets(self.connections, find_keyring=lambda: None)

    def signed_in(self) -> ConnectWizard:
        """A wizard that got as far as the sign-in."""
        wizard = self.desk.wizard()
        wizard.choose_environment("rehearsal")
        signing_in = wizard.sign_in()
        signing_in.begin()
        assert signing_in.wait(threading.Event()) is not None
        return wizard

    def filled(self, *, import_choice: Any = "all") -> ConnectWizard:
        """A wizard with everything but the end."""
        wizard = self.signed_in()
        wizard.check_alguna(self.handout["alguna"]["api_key"])
        wizard.set_name("practice")
        wizard.set_source_of_truth(True)
        wizard.set_import(import_choice)
        wizard.plan_setup()
        wizard.apply_setup(lambda item: None, threading.Event())
        return wizard

    def connected(self, *, import_choice: Any = "all") -> str:
        """A saved connection, through the wizard."""
        return self.filled(import_choice=import_choice).finish()

    def token_works(self, token: str) -> bool:
        address = self.handout["salesforce"]["instance_url"] + "/services/data/v62.0/limits"
        answer = httpx.get(address, headers={"Authorization": f"Bearer {token}"}, trust_env=False)
        assert answer.status_code in (200, 401)
        return answer.status_code == 200


class Ear:
    """Collects what a connection tells and lets a test wait for it."""

    def __init__(self, connection: Any) -> None:
        self.events: list[Any] = []
        self._heard = threading.Condition()
        self.end = connection.subscribe(self._hear)

    def _hear(self, event: Any) -> None:
        with self._heard:
            self.events.append(event)
            self._heard.notify_all()

    def wait_for(self, kind: type, count: int = 1) -> Any:
        """The event of this kind with this number, counted from 1."""

        def found() -> list[Any]:
            return [event for event in self.events if isinstance(event, kind)]

        with self._heard:
            assert self._heard.wait_for(lambda: len(found()) >= count, timeout=60), self.events[-5:]
            return found()[count - 1]

    def until(self, condition: Callable[[], object]) -> None:
        """Wait for a condition, looked at after each event: the stream starts passes of its own, so none has a number."""
        while True:
            with self._heard:
                heard = len(self.events)
            if condition():
                return
            with self._heard:
                more = self._heard.wait_for(lambda: len(self.events) > heard, timeout=60)  # noqa: B023
            assert more, self.events[-5:]


def make_world(folder: Path) -> Path:
    """Fill a state directory; tests work on copies of it."""
    with Rehearsal(state=folder, customers=CUSTOMERS):
        pass
    return folder


def free_ports(count: int = 2) -> tuple[int, ...]:
    """Ports that nobody listens on: sign-ins of tests that run side by side must not meet on the fixed ones."""
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return tuple(probe.getsockname()[1] for probe in probes)


@contextmanager
def practising(world: Path, folder: Path) -> Iterator[Bench]:
    """A rehearsal on a copy of `world`, a desk on an empty home in `folder`, and a person at the browser."""
    state, home = folder / "state", folder / "home"
    shutil.copytree(world, state)
    with Rehearsal(state=state) as rehearsal:
        person = Person(rehearsal.handout)
        desk = ConsoleDesk(
            home,
            practice=Practice(rehearsal.handout),
            secrets=Secrets(Connections(home), find_keyring=lambda: None),
            browser=lambda address: person(address),
        )
        made = Bench(rehearsal, home, person, desk)
        made.control("POST", "alguna/options", {"rate_limit": 1_000_000})
        yield made
        desk.close()
        assert not person.failures
