"""The little web server that the browser comes back to after signing in."""

from __future__ import annotations

import threading
from collections.abc import Sequence

PORTS = (1717, 8717, 8718, 8719)


class CallbackServer:
    """Listens on this computer only, for one answer. Use with `with`."""

    redirect_uri: str

    def __init__(self, state: str, *, ports: Sequence[int] = PORTS, path: str = "/callback") -> None:
        raise NotImplementedError

    def __enter__(self) -> CallbackServer:
        raise NotImplementedError

    def __exit__(self, *_: object) -> None:
        raise NotImplementedError

    def close(self) -> None:
        """Stop listening; again is no error."""
        raise NotImplementedError

    def wait(self, timeout: float, cancelled: threading.Event | None = None) -> str:
        """The authorization code. SignInNeeded: refused, wrong state, nothing came in time; Cancelled."""
        raise NotImplementedError
