"""Practising on the rehearsal: its log-in, its switches, and things that go wrong on purpose."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from console.errors import Unreachable, UsageError
from console.guide.seam import Exercise, PracticeLogin
from console.practice import Practice


@dataclass(frozen=True, slots=True)
class Call:
    """One call to the control address."""

    path: str
    payload: Mapping[str, Any] | None = None
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that goes wrong on purpose."""

    title: str
    sentence: str
    """What happens in the org or in Alguna."""
    calls: tuple[Call, ...] | Callable[[Practice], tuple[Call, ...]]
    """What does it; a function where records have to be looked for first."""
    seen: str
    """What the console will show of it."""
    undo: Callable[[Practice], tuple[Call, ...]] = lambda practice: ()
    """What sets records right again, found out before they are touched."""


def _fault(side: str, **ordered: Any) -> Call:
    return Call(f"/{side}/faults", ordered)


def _sign_in(**switches: Any) -> Call:
    return Call("/salesforce/sign-in", switches)


_REVOKE = Call("/salesforce/sessions/revoke")
_EXPIRE = Call("/salesforce/sessions/expire")


def _rule(name: str, **switches: Any) -> Call:
    return Call(f"/salesforce/rules/{name}", switches)


_RECORDS = "/salesforce/records/Account"
_ALL_LINKED = "SELECT Id, Name FROM Account WHERE Alguna_Customer_ID__c != null ORDER BY Id"
_LINKED = "SELECT Id FROM Account WHERE Alguna_Customer_ID__c != null ORDER BY Name LIMIT 1"


def _account(practice: Practice, linked: bool) -> str:
    """Id of an account that is (not) a customer's. :raises UsageError: there is none."""
    query = _LINKED if linked else _LINKED.replace("!=", "=")
    try:
        rows = practice.control("GET", f"/salesforce/query?q={quote(query)}")["records"]
    except Unreachable as refused:
        if "Alguna_Customer_ID__c" not in refused.message + refused.advice:
            raise
        rows = []  # the org isn't set up: it doesn't know the field
    if not rows:
        which = "is linked" if linked else "is left that is no customer's"
        raise UsageError(f"No account {which}.", "Set the org up and sync once, then come back.")
    return str(rows[0]["Id"])


def _merged(practice: Practice) -> tuple[Call, ...]:
    losers = {"losers": [_account(practice, linked=True)]}
    return (Call(f"{_RECORDS}/{_account(practice, linked=False)}/merge", losers),)


def _deleted(practice: Practice) -> tuple[Call, ...]:
    return (Call(f"{_RECORDS}/{_account(practice, linked=True)}", method="DELETE"),)


_TAX_FLOW = "Account_Tax_Rate_As_Percent"


def _rewritten(practice: Practice) -> tuple[Call, ...]:
    saved = Call(
        f"{_RECORDS}/{_account(practice, linked=True)}", {"fields": {"Phone": "+1 555 0100"}}, "PATCH"
    )
    return (_rule(_TAX_FLOW, active=True), saved)


def _every_second(practice: Practice) -> list[tuple[str, str]]:
    """(address, name) of every second linked account. :raises UsageError: there is none."""
    _account(practice, linked=True)
    rows = practice.control("GET", f"/salesforce/query?q={quote(_ALL_LINKED)}")["records"]
    return [(f"{_RECORDS}/{row['Id']}", str(row["Name"])) for row in rows[::2]]


def _named(practice: Practice) -> tuple[Call, ...]:
    return tuple(
        Call(address, {"fields": {"Name": name}}, "PATCH") for address, name in _every_second(practice)
    )


def _renamed(practice: Practice) -> tuple[Call, ...]:
    return tuple(
        Call(address, {"fields": {"Name": f"{name[:240]} (cleaned)"}}, "PATCH")
        for address, name in _every_second(practice)
    )


EXERCISES: Mapping[str, Trouble] = {
    "expire": Trouble(
        "The session expires",
        "Every Salesforce access token dies; refresh tokens live on.",
        (_EXPIRE,),
        "The next call gets 401; the console renews the session by itself and goes on.",
    ),
    "revoke": Trouble(
        "The session is revoked",
        "An administrator ends the console's access in the org.",
        (_REVOKE,),
        "The next pass stops and asks for a new sign-in; nothing is lost.",
    ),
    "not_installed": Trouble(
        "The app is not installed",
        "The org refuses apps that are not installed, and the console's session is ended.",
        (_sign_in(app_installed=False, refusals_shown="page"), _REVOKE),
        "Sign in again (L): the browser shows an error and stays there. Paste it beside the address to be told what to do.",
    ),
    "not_approved": Trouble(
        "The user is not approved",
        "Only users whom an administrator approved may use the app, and the console's session is ended.",
        (_sign_in(permitted_users="admin", refusals_shown="callback"), _REVOKE),
        "Sign in again (L): the console tells on which page in Setup the user is approved.",
    ),
    "other_network": Trouble(
        "You are in another network",
        "The org lets people in from its office only, and access tokens die.",
        (_sign_in(login_ip_ranges=["203.0.113.0/24"]), _EXPIRE),
        "The next pass stops and names the page in Setup; once the network is right it goes on without a new sign-in.",
    ),
    "login_hours": Trouble(
        "It is outside the login hours",
        "Nobody can log in at this hour, and sessions end.",
        (_sign_in(login_hours=False),),
        "The next pass stops and says why; once the hour is right it goes on without a new sign-in.",
    ),
    "secret": Trouble(
        "The app wants a secret",
        "Somebody ticked Require secret in the app's settings, and access tokens die.",
        (_sign_in(secret_required=True), _EXPIRE),
        "The next pass stops and names what to untick in Setup.",
    ),
    "locked_rows": Trouble(
        "Rows are locked",
        "One in five rows is locked by somebody else's work.",
        (_fault("salesforce", error="UNABLE_TO_LOCK_ROW", rows=True, share=0.2),),
        "Some writes are tried again; those that stay locked wait for the next pass.",
    ),
    "busy": Trouble(
        "Salesforce is too busy",
        "The next five calls answer 503.",
        (_fault("salesforce", error="SERVER_UNAVAILABLE", next=5),),
        "The console waits and tries again.",
    ),
    "cut": Trouble(
        "The connection is cut after a write",
        "The next write is carried out, but its answer never arrives.",
        (_fault("salesforce", error="DROP_AFTER", next=1, match="POST"),),
        "The console looks what became of it instead of writing again; nothing is created twice.",
    ),
    "stream_cut": Trouble(
        "The event stream is cut",
        "Salesforce's event bus stays away for ten seconds.",
        (Call("/salesforce/events/cut", {"for_ms": 10_000}),),
        "The console connects again by itself and goes on with the event after the last one it kept.",
    ),
    "events_lost": Trouble(
        "Events are lost",
        "The 72 hours for which Salesforce keeps events pass, and the stream is cut.",
        (Call("/salesforce/events/expire"), Call("/salesforce/events/cut")),
        "The console says so and reads all accounts and contacts again, so that nothing is missed.",
    ),
    "merged": Trouble(
        "Two accounts are merged",
        "Somebody merges a customer's account into another one, which survives.",
        _merged,
        "The customer's link moves to the account that survived; its history says so.",
    ),
    "deleted": Trouble(
        "An account is deleted",
        "Somebody puts a customer's account into the recycle bin.",
        _deleted,
        "The link stops and the customer asks what to do; nothing is created or deleted because of it.",
    ),
    "duplicate_rule": Trouble(
        "A duplicate rule stands in the way",
        "Accounts that look like another one are not let in any more.",
        (_rule("Standard_Account_Duplicate_Rule", active=True, action="block"),),
        "A new customer who looks like an account waits in review, with the record that the rule matched.",
    ),
    "validation_rule": Trouble(
        "A validation rule says no",
        "Accounts of direct customers must have a billing country from now on.",
        (_rule("Customer_Needs_Country", active=True),),
        "A write that breaks the rule is refused with the rule's own text; all others go on.",
    ),
    "rewritten": Trouble(
        "A flow keeps rewriting a field",
        "A flow of the org writes the tax rate as a percentage, whoever saves an account; one account is saved.",
        _rewritten,
        "Each pass puts the rate back and the flow rewrites it; after three turns the field is stopped on that account and asks.",
    ),
    "renamed": Trouble(
        "A clean-up renames half of the accounts",
        "Another tool in the org adds a word to the name of every second customer's account.",
        _renamed,
        "Far more names move than in any ordinary hour: the brake stops the sync before it writes them to Alguna (6 shows a "
        "sample). Where change events bring them one by one, the first few go through.",
        undo=_named,
    ),
    "missing": Trouble(
        "Alguna lists far fewer customers",
        "The key sees 60 per cent of the records only, and lists can't be had newest first, so that all of them are read.",
        (Call("/alguna/options", {"listed": 60, "sort_updated_at": False}),),
        "So many can't be gone all at once: the brake stops the pass, and none of them counts as gone.",
    ),
    "limit": Trouble(
        "The daily API limit is reached",
        "Salesforce refuses every further call today.",
        (_fault("salesforce", error="REQUEST_LIMIT_EXCEEDED", share=1.0),),
        "The pass stops and says so; it is not called a success.",
    ),
    "alguna_slow": Trouble(
        "Alguna limits us",
        "The next twenty Alguna calls answer 429.",
        (_fault("alguna", error="429", next=20),),
        "The console slows down and goes on.",
    ),
}
CALM = (
    Call("/salesforce/faults", method="DELETE"),
    Call("/alguna/faults", method="DELETE"),
    Call("/salesforce/sign-in", method="DELETE"),
    Call("/alguna/options", {"listed": 100, "sort_updated_at": True}),
    _rule("Standard_Account_Duplicate_Rule", active=False),
    _rule("Customer_Needs_Country", active=False),
    _rule(_TAX_FLOW, active=False),
)
"""Ends whatever lasts."""


class PracticeRoom:
    """The switches of a running rehearsal."""

    def __init__(self, practice: Practice) -> None:
        self._practice = practice
        self._active = False
        self._back: list[Call] = []
        """What sets records right again that exercises touched."""

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
        offered = [Exercise(key, each.title, each.sentence) for key, each in EXERCISES.items()]
        return (
            *offered,
            Exercise(
                "calm",
                "Everything works again",
                "All faults, rules and refusals are switched off; deleted accounts are restored, renamed ones have their names.",
            ),
        )

    def practise(self, key: str) -> str:
        """Make it go wrong; one sentence on what will be seen."""
        if key == "calm":
            self._make(CALM)
            back, self._back = self._back, []
            self._make(back)
            return "All faults, rules and refusals are switched off; deleted accounts are restored, renamed ones have their names."
        trouble = EXERCISES.get(key)
        if trouble is None:
            raise UsageError(f"There is no exercise {key!r}.", "Choose one of the list.")
        calls = trouble.calls if isinstance(trouble.calls, tuple) else trouble.calls(self._practice)
        back = [
            *trouble.undo(self._practice),
            *(
                Call(f"{call.path}/undelete")
                for call in calls
                if call.method == "DELETE" and call.path.startswith(_RECORDS)
            ),
        ]
        self._make(calls)
        # The oldest comes last: what was renamed twice gets the name that it had first.
        self._back = back + self._back
        return trouble.seen

    def _make(self, calls: Iterable[Call]) -> None:
        for call in calls:
            self._practice.control(call.method, call.path, call.payload)
