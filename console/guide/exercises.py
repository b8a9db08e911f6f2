"""Practising on the rehearsal: its log-in, its switches, and things that go wrong on purpose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from console.errors import UsageError
from console.guide.seam import Exercise, PracticeLogin
from console.practice import Practice

Call = tuple[str, str, Mapping[str, Any] | None]

# key -> title, what happens, the control call, what will be seen
EXERCISES: Mapping[str, tuple[str, str, Call, str]] = {
    "expire": (
        "The session expires",
        "Every Salesforce access token dies; refresh tokens live on.",
        ("POST", "/salesforce/sessions/expire", None),
        "The next call gets 401; the console renews the session by itself and goes on.",
    ),
    "revoke": (
        "The session is revoked",
        "An administrator ends the console's access in the org.",
        ("POST", "/salesforce/sessions/revoke", None),
        "The next pass stops and asks for a new sign-in; nothing is lost.",
    ),
    "locked_rows": (
        "Rows are locked",
        "One in five rows is locked by somebody else's work.",
        ("POST", "/salesforce/faults", {"error": "UNABLE_TO_LOCK_ROW", "rows": True, "share": 0.2}),
        "Some writes are tried again; those that stay locked are shown as refused with the reason.",
    ),
    "busy": (
        "Salesforce is too busy",
        "The next five calls answer 503.",
        ("POST", "/salesforce/faults", {"error": "SERVER_UNAVAILABLE", "next": 5}),
        "The console waits and tries again.",
    ),
    "cut": (
        "The connection is cut after a write",
        "The next write is carried out, but its answer never arrives.",
        ("POST", "/salesforce/faults", {"error": "DROP_AFTER", "next": 1, "match": "POST"}),
        "The console looks what became of it instead of writing again; nothing is created twice.",
    ),
    "limit": (
        "The daily API limit is reached",
        "Salesforce refuses every further call today.",
        ("POST", "/salesforce/faults", {"error": "REQUEST_LIMIT_EXCEEDED", "share": 1.0}),
        "The pass stops and says so; it is not called a success.",
    ),
    "alguna_slow": (
        "Alguna limits us",
        "The next twenty Alguna calls answer 429.",
        ("POST", "/alguna/faults", {"error": "429", "next": 20}),
        "The console slows down and goes on.",
    ),
}


class PracticeRoom:
    """The switches of a running rehearsal."""

    def __init__(self, practice: Practice) -> None:
        self._practice = practice
        self._active = False

    def login(self) -> PracticeLogin:
        """What to type on the log-in page and at the key."""
        org, alguna = self._practice.handout["salesforce"], self._practice.handout["alguna"]
        return PracticeLogin(org["username"], org["password"], alguna["api_key"])

    def activity(self) -> bool:
        """Whether records keep changing on both sides, as last switched here."""
        return self._active

    def set_activity(self, on: bool) -> None:
        """Start or stop changing records."""
        self._practice.control("POST", "/activity", {"on": on, "per_minute": 30})
        self._active = on

    def exercises(self) -> Sequence[Exercise]:
        """What can be practised, and at the end how to make it stop."""
        offered = [Exercise(key, title, sentence) for key, (title, sentence, _, _) in EXERCISES.items()]
        return (*offered, Exercise("calm", "Everything works again", "All faults are switched off."))

    def practise(self, key: str) -> str:
        """Make it go wrong; one sentence on what will be seen."""
        if key == "calm":
            self._practice.control("DELETE", "/salesforce/faults")
            self._practice.control("DELETE", "/alguna/faults")
            return "All faults are switched off."
        if key not in EXERCISES:
            raise UsageError(f"There is no exercise {key!r}.", "Choose one of the list.")
        _, _, (method, path, payload), seen = EXERCISES[key]
        self._practice.control(method, path, payload)
        return seen
