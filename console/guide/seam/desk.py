"""All of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from console.guide.seam.app_guide import GuideStep
from console.guide.seam.checking import Checking
from console.guide.seam.connection import Connection
from console.guide.seam.connections import ConnectionCard
from console.guide.seam.disconnecting import Disconnecting
from console.guide.seam.health import SessionHealth
from console.guide.seam.rehearsal import Rehearsal
from console.guide.seam.signing_in import SignIn
from console.guide.seam.wizard import Wizard


class Desk(Protocol):
    """The whole console as the screens see it."""

    def now(self) -> str:
        """The present instant, for ages on screen. Does not block."""
        ...

    def secrets(self) -> str:
        """Where secrets are kept, or will be kept, in words. Does not block (the answer may change once it was tried)."""
        ...

    def connections(self) -> Sequence[ConnectionCard]:
        """All connections, by name; a damaged one is listed with health ``failed``. Blocks (milliseconds)."""
        ...

    def open(self, name: str) -> Connection:
        """Open a connection and start its engine; read-only when another console holds it. Blocks (milliseconds).

        Opening what is open already returns the same connection.

        :raises ConsoleError: unknown name, damaged cache, cache of another org, disk full.
        """
        ...

    def wizard(self) -> Wizard:
        """The wizard; the same one, with its draft, until it was finished or abandoned. Does not block."""
        ...

    def sign_in_again(self, name: str) -> SignIn:
        """A new sign-in for an existing connection, refused when it leads to another org. Does not block."""
        ...

    def take_key(self, name: str, key: str) -> str:
        """Try another Alguna key for an existing connection and keep it; a sentence. Blocks (seconds).

        :raises ConsoleError: the key is refused or belongs to another account; the old one stays.
        """
        ...

    def app_guide(self) -> Sequence[GuideStep]:
        """How to make the External Client App in Setup. Blocks (milliseconds)."""
        ...

    def health(self, name: str) -> SessionHealth:
        """How the access of a connection stands, from what is known here. Blocks (milliseconds)."""
        ...

    def look(self, name: str) -> SessionHealth:
        """As :meth:`health`, with the org asked anew. Blocks (seconds).

        :raises ConsoleError: the session is not accepted, or nobody answers.
        """
        ...

    def locked(self, name: str) -> bool:
        """Whether the connection's encrypted file needs its passphrase before it is opened. Blocks (milliseconds)."""
        ...

    def unlock(self, name: str, passphrase: str) -> None:
        """Open the encrypted file until the console quits. Blocks (tenths of a second).

        :raises ConsoleError: it is another passphrase, or the file is damaged.
        """
        ...

    def remove(self, name: str, confirmed: str) -> Sequence[str]:
        """Remove a disconnected connection with its cache; where its receipts are kept. Blocks (milliseconds).

        :param confirmed: the name once more, as a person typed it.
        :raises ConsoleError: still connected, the names differ, or it is open elsewhere.
        """
        ...

    def disconnect(self, name: str) -> Disconnecting:
        """The leaving procedure of one connection; the same one until it is complete. Does not block."""
        ...

    def check(self, name: str) -> Checking:
        """The check of one connection's org. Does not block."""
        ...

    def rehearsal(self) -> Rehearsal | None:
        """The practice org's switches, or None. Does not block."""
        ...

    def close(self) -> None:
        """Stop everything that runs. Blocks, at most 2 seconds."""
        ...
