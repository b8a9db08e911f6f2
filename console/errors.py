"""Everything that can go wrong, in one tree.

    ConsoleError                 category          exit code
    ├── UsageError               usage             2   you can mend it: a wrong word, a missing choice
    ├── SignInNeeded             sign_in           4   the session ended or was refused; sign in again
    ├── BudgetReached            budget            5   Salesforce's or our own API allocation is used up
    ├── Unreachable              unreachable       1   no answer, or an answer that is not the API's; trying later may help
    ├── Refused                  refused           1   the other system said no, and will say no again
    ├── Conflict                 conflict          1   the world moved: another org, a row that changed, a second console
    ├── StoreError               store             1   the cache on this computer: locked, damaged, disk full
    ├── Braked                   brake             1   a pass would do more than happens by itself: a person decides
    └── Cancelled                cancelled         1   a person stopped it while it waited; nothing went wrong

`message` says what is wrong and where, `advice` what to do. Neither ever holds a secret
or a whole reply: both are shown, logged and printed as JSON.
"""

from __future__ import annotations

from typing import Any


class ConsoleError(Exception):
    """A failure with a sentence for a person.

    :param message: what is wrong and where, one sentence.
    :param advice: what to do about it, one sentence.
    :param code: the other system's own word for it (``UNABLE_TO_LOCK_ROW``, ``429``), empty if there is none.
    """

    category = "failed"
    exit_code = 1

    def __init__(self, message: str, advice: str = "", *, code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice
        self.code = code

    def as_json(self) -> dict[str, Any]:
        """The shape every command prints on failure: ``{"error": {"category", "message", "advice"}}``."""
        return {"error": {"category": self.category, "message": self.message, "advice": self.advice}}


class UsageError(ConsoleError):
    """The request itself is wrong: an unknown connection, a missing choice, a port that is no number."""

    category = "usage"
    exit_code = 2


class SignInNeeded(ConsoleError):
    """A session or key is not accepted (any more); a person has to sign in."""

    category = "sign_in"
    exit_code = 4


class BudgetReached(ConsoleError):
    """The API allocation is used up; nothing helps before the 24-hour window moves.

    :param goes_on_at: the instant at which calls are possible again, where it is known.
    """

    category = "budget"
    exit_code = 5

    def __init__(self, message: str, advice: str = "", *, code: str = "", goes_on_at: str = "") -> None:
        super().__init__(message, advice, code=code)
        self.goes_on_at = goes_on_at


class Unreachable(ConsoleError):
    """No answer, or one that is not the API's. ``retry_after`` is in seconds, where the server said so."""

    category = "unreachable"

    def __init__(
        self,
        message: str,
        advice: str = "",
        *,
        code: str = "",
        retry_after: float | None = None,
        maybe_done: bool = False,
    ) -> None:
        super().__init__(message, advice, code=code)
        self.retry_after = retry_after
        self.maybe_done = maybe_done
        """True when the request may have taken effect although no answer came: look before repeating it."""


class Refused(ConsoleError):
    """The other system refuses, and repeating the same request would be refused again."""

    category = "refused"

    def __init__(
        self, message: str, advice: str = "", *, code: str = "", fields: tuple[str, ...] = ()
    ) -> None:
        super().__init__(message, advice, code=code)
        self.fields = fields
        """API names of the fields that the refusal names."""


class Conflict(ConsoleError):
    """The world is not as it was when this was decided; nothing was written."""

    category = "conflict"


class Braked(ConsoleError):
    """A run is about to do more than happens by itself: it stopped before its first write, and a person decides.

    :param stops: the brakes that stop it, as `console.domain.brakes.Stop.as_json` gives them.
    """

    category = "brake"

    def __init__(self, message: str, advice: str = "", *, stops: list[dict[str, object]]) -> None:
        super().__init__(message, advice)
        self.stops = stops

    def as_json(self) -> dict[str, Any]:
        """As of any failure, with what is stopped."""
        return {**super().as_json(), "stops": self.stops}


class StoreError(ConsoleError):
    """The cache on this computer can't be used: locked by another console, damaged, no room on the disk."""

    category = "store"


class Cancelled(ConsoleError):
    """The person stopped it while it waited; nothing went wrong."""

    category = "cancelled"
