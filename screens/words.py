"""How facts are said on screen: states, environments, ages, numbers. Words first, colour second."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from console.domain.records import Direction, State

if TYPE_CHECKING:
    from console.guide.seam import Environment, Health, ImportChoice

Tone = str
"""A meaning, not a colour: good, work, person, bad, quiet, strong, alguna, salesforce, or empty."""

TONES: tuple[Tone, ...] = ("good", "work", "person", "bad", "quiet", "strong", "alguna", "salesforce")

STYLE: dict[Tone, str] = {
    "": "$foreground",
    "good": "$success",
    "work": "$accent",
    "person": "$warning",
    "bad": "$error",
    "quiet": "$quiet",
    "strong": "bold $foreground",
    "alguna": "$secondary",
    "salesforce": "$primary",
}
"""The theme token each tone is painted with, for :class:`textual.content.Content`."""


@dataclass(frozen=True, slots=True)
class StateWords:
    """A state's sign, word, tone, and one line that explains it."""

    sign: str
    word: str
    tone: Tone
    means: str


STATES: dict[State, StateWords] = {
    State.IN_SYNC: StateWords("✓", "In sync", "good", "both sides agree"),
    State.PENDING: StateWords("◐", "Pending", "work", "changes wait for the next pass"),
    State.NEW: StateWords("+", "New", "work", "seen, not planned yet"),
    State.INCOMPLETE: StateWords("◌", "Incomplete", "person", "Alguna lacks an address or a contact"),
    State.REVIEW: StateWords("?", "Review", "person", "several accounts may be this customer"),
    State.CONFLICT: StateWords("≠", "Conflict", "person", "a value stops and asks"),
    State.REFUSED: StateWords("✗", "Refused", "bad", "Salesforce or Alguna said no"),
    State.NOT_IMPORTED: StateWords("·", "Not imported", "quiet", "existed before; import it any time"),
    State.NOT_CREATED: StateWords(
        "○", "Not created", "quiet", "creating accounts is switched off, or not permitted"
    ),
    State.SALESFORCE_ONLY: StateWords("▫", "Salesforce only", "quiet", "no customer in Alguna"),
    State.GONE: StateWords("−", "Gone", "bad", "deleted on one side"),
}

ENVIRONMENTS: dict[Environment, str] = {
    "rehearsal": "REHEARSAL",
    "sandbox": "SANDBOX",
    "production": "PRODUCTION",
    "my_domain": "MY DOMAIN",
}

HEALTH: dict[Health, tuple[str, str, Tone]] = {
    "ok": ("●", "healthy", "good"),
    "attention": ("●", "needs attention", "person"),
    "sign_in": ("●", "sign in again", "bad"),
    "failed": ("●", "failed", "bad"),
    "disconnected": ("○", "disconnected", "quiet"),
    "unknown": ("○", "not synced yet", "quiet"),
}

IMPORTS: dict[ImportChoice, str] = {
    "none": "No existing customers",
    "matching": "Those with a matching account",
    "all": "All existing customers",
}


def environment(kind: Environment, production: bool) -> tuple[str, str]:
    """The word for an environment and the class of its tag. Production always says so, however it was reached."""
    if production:
        return "PRODUCTION", "production"
    if kind == "my_domain":
        return "SANDBOX · MY DOMAIN", "sandbox"
    return ENVIRONMENTS[kind], kind


def instant(text: str) -> datetime:
    """An aware datetime from ``2026-01-02T03:04:05Z``; a date alone means midnight UTC."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def ago(now: str, then: str | None) -> str:
    """How long ago, in one unit: ``just now``, ``12 s ago``, ``3 min ago``, ``2 h ago``, ``5 days ago``, ``never``."""
    if not then:
        return "never"
    seconds = int((instant(now) - instant(then)).total_seconds())
    if seconds < 2:
        return "just now"
    if seconds < 60:
        return f"{seconds} s ago"
    if seconds < 3600:
        return f"{seconds // 60} min ago"
    if seconds < 48 * 3600:
        return f"{seconds // 3600} h ago"
    return f"{seconds // 86400} days ago"


def clock(at: str) -> str:
    """The local time of day: ``14:02:11``."""
    return instant(at).astimezone().strftime("%H:%M:%S")


def day_and_time(at: str) -> str:
    """The local day and time: ``2026-01-02 14:02``."""
    return instant(at).astimezone().strftime("%Y-%m-%d %H:%M")


def amount(number: int) -> str:
    """A whole number with thousands set apart: ``12,345``."""
    return f"{number:,}"


def plural(number: int, one: str, many: str = "") -> str:
    """``1 account``, ``2 accounts``; `many` where adding an s is wrong."""
    return f"{amount(number)} {one if number == 1 else many or one + 's'}"


def span(seconds: float) -> str:
    """A duration in one unit: ``8 s``, ``3 min``, ``2 h``."""
    if seconds < 60:
        return f"{max(0, round(seconds))} s"
    if seconds < 3600:
        return f"{round(seconds / 60)} min"
    return f"{round(seconds / 3600)} h"


def took(seconds: float) -> str:
    """How long something took, a short time to the tenth: ``0.4 s``, ``19 s``, ``3 min``."""
    return f"{seconds:.1f} s" if 0 < seconds < 9.95 else span(seconds)


def field_name(key: str) -> str:
    """A field as people call it: ``Alguna_Tax_Rate__c`` is ``Tax Rate``; what is no field of ours stays as it is."""
    if key.startswith("Alguna_") and key.endswith("__c"):
        return key.removeprefix("Alguna_").removesuffix("__c").replace("_", " ")
    return key


def arrow(direction: Direction | None, differs: bool, waits: bool) -> tuple[str, Tone]:
    """The sign between Alguna's column and Salesforce's: which way a value will go, or that it stands."""
    if direction is Direction.TO_SALESFORCE:
        return "─▶", "salesforce"
    if direction is Direction.TO_ALGUNA:
        return "◀─", "alguna"
    if waits:
        return "!?", "person"
    return ("≠ ", "person") if differs else ("  ", "")


def going(direction: Direction | None) -> str:
    """The same in words."""
    if direction is Direction.TO_SALESFORCE:
        return "will be written to Salesforce"
    if direction is Direction.TO_ALGUNA:
        return "will be written to Alguna"
    return ""
