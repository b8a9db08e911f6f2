"""A scripted desk: the seam's test double. It keeps what it was asked, and says what a test told it to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from console.domain.records import Candidate, Direction, State
from console.domain.verdicts import Verdict
from console.errors import ConsoleError, SignInNeeded, UsageError
from console.guide.seam import (
    AccountDetail,
    AlgunaChecked,
    Cell,
    ConnectionCard,
    ConnectionFacts,
    CountLine,
    DisconnectStep,
    Draft,
    EnvironmentOffer,
    Exercise,
    FieldRow,
    FieldRules,
    Finding,
    GuideStep,
    HistoryLine,
    ImportChoice,
    ImportPreview,
    Inventory,
    Invitation,
    LinkOut,
    OrgCheck,
    Past,
    Plans,
    PracticeLogin,
    ProblemLine,
    Receipt,
    SessionHealth,
    SetupItem,
    SetupPlan,
    SignedIn,
    Sort,
    SubscriptionLine,
    SubscriptionNote,
    SummaryLine,
    WizardStep,
)
from console.sync.events import Calls, Changed, Counts, Event, Progress, RunFinished, RunSummary, Waiting
from console.sync.following.feeds import Feed, Feeds

NOW = "2026-03-04T12:00:30Z"

HOSTILE = (
    "[/x]",
    "[b]bold[/b] [@click=app.quit]click[/]",
    "\x1b[31mred\x1b[0m \x00\x07\x9b",
    "שלום עולם مرحبا \u202egnp.exe",
    "日本語の会社 🚀🏳️‍🌈 e\u0301\u0301\u0301\u0301\u0301\u0301\u0301",
    "line\nbreak\r\nand\ttab",
    "x" * 10_000,
    "$foreground [$error]",
    "",
)


@dataclass(frozen=True)
class Row:
    pos: int
    customer_id: str | None
    account_id: str | None
    name: str
    state: State
    differs: int = 0
    why: str = ""
    subscription: str = ""
    changed_at: str = ""


def rows(count: int) -> list[Row]:
    """Companies with every state among them."""
    states = [State.IN_SYNC] * 6 + list(State)
    return [
        Row(
            i,
            f"cus_{i:06}" if states[i % len(states)] is not State.SALESFORCE_ONLY else None,
            f"0015g00000{i:06}AAA" if i % 3 else None,
            f"Company {i:06}",
            states[i % len(states)],
            differs=i % 4 if states[i % len(states)] in (State.PENDING, State.CONFLICT) else 0,
            why=f"Reason number {i}.",
            subscription="Active 1 of 2" if i % 2 else "",
            changed_at="2026-03-04T11:59:00Z",
        )
        for i in range(count)
    ]


class StubGrid:
    """Rows from a list, with the store's interface."""

    def __init__(
        self, source: list[Row], fail: ConsoleError | None = None, gate: threading.Event | None = None
    ) -> None:
        self.source, self.fail, self.gate = source, fail, gate
        self.shown: list[Row] = []
        self.pages: list[int] = []
        self.closed = False

    def arrange(
        self, sort: Sort = "name", *, descending: bool = False, text: str = "", state: State | None = None
    ) -> int:
        if self.gate is not None:
            self.gate.wait(10)
        if self.fail is not None:
            raise self.fail
        found = [
            row
            for row in self.source
            if (state is None or row.state is state)
            and (text.lower() in row.name.lower() or (row.customer_id or "").startswith(text))
        ]
        key: dict[str, Callable[[Row], object]] = {
            "name": lambda row: row.name,
            "state": lambda row: row.state,
            "differs": lambda row: row.differs,
            "changed": lambda row: row.changed_at,
        }
        found.sort(key=key[sort], reverse=descending)  # type: ignore[arg-type]
        self.shown = [replace(row, pos=i) for i, row in enumerate(found)]
        return len(self.shown)

    def page(self, start: int, count: int, /) -> Sequence[Row]:
        self.pages.append(start)
        return self.shown[start : start + count]

    def position(self, id_: str, /) -> int | None:
        return next((row.pos for row in self.shown if id_ in (row.customer_id, row.account_id)), None)

    def close(self) -> None:
        self.closed = True


def detail(ident: str = "cus_000001", name: str = "Acme Corporation", **more: object) -> AccountDetail:
    """An account with a change each way, a conflict, an unknown and a refusal in its history."""
    fields = (
        _field("Name", "Account name", "Account", name, "Acme Inc", "Acme Inc", Direction.TO_SALESFORCE,
               f"Alguna moved from Acme Inc to {name}; Salesforce still has Acme Inc."),
        _field("BillingCity", "Billing city", "Account", "Berlin", "Berlin", "Berlin", None, "Both sides agree."),
        _field("Website", "Website", "Account", "acme.com", "www.acme.example", "acme.com", Direction.TO_ALGUNA,
               "Salesforce moved from acme.com to www.acme.example; Alguna still has acme.com."),
        FieldRow("BillingStreet", "Billing street", "Account", Cell("Torstr. 1"), Cell("Torstr. 1"), Cell(None), True,
                 None, "Salesforce was emptied; blanking a value stops and asks.", "Alguna wins",
                 "billing_address.line1", "BillingStreet", waits=True, open_to=("alguna", "salesforce")),
        FieldRow("Contact.Title", "Title", "Contact", Cell(None, known=False), Cell(None, known=False), Cell("CFO"),
                 False, None, "Alguna does not say, so nothing is compared.", "Alguna wins", "contacts.title", "Title"),
        _field("Alguna_Subscription_Status__c", "Alguna Subscription Status", "Subscription", "Active", "Active",
               "Active", None, "Both sides agree."),
        _field("Alguna_Subscription_Value__c", "Alguna Subscription Value", "Subscription", "1234.50", None, None,
               Direction.TO_SALESFORCE, "Salesforce is empty; Alguna says 1234.50."),
    )  # fmt: skip
    made = AccountDetail(
        customer_id=ident,
        account_id="0015g00000000001AAA",
        name=name,
        state=State.PENDING,
        why=("2 changes wait for the next pass.", "Linked by the customer id on the account."),
        fields=fields,
        linked=True,
        matched="the account carries the customer id cus_000001, linked on 2026-03-01 by the sync.",
        subscription=SubscriptionNote(
            "1 of 3",
            "The newest active one is shown.",
            (
                SubscriptionLine("sub_1", "Growth plan", "Active", "2026-01-01", True),
                SubscriptionLine("sub_2", "Add-on seats", "Active", "2025-06-01", False),
                SubscriptionLine("sub_3", "Starter", "Ended/Canceled", "2024-01-01", False),
            ),
        ),
        links=(
            LinkOut("Salesforce", "https://acme.my.salesforce.com/0015g00000000001AAA"),
            LinkOut("Alguna", "https://app.alguna.io/customers/cus_000001"),
        ),
        history=(
            _line("2026-03-04T11:58:00Z", "Website", "acme.org", "acme.com", "applied"),
            _line("2026-03-03T09:00:00Z", "BillingStreet", "", "x" * 300, "refused"),
        ),
        alguna_seen_at="2026-03-04T12:00:18Z",
        salesforce_seen_at="2026-03-04T11:57:30Z",
    )
    return replace(made, **more)  # type: ignore[arg-type]


def review(ident: str = "cus_000001", name: str = "Acme Corporation", **more: object) -> AccountDetail:
    """A customer that two accounts may belong to."""
    candidates = (
        Candidate(
            "0015g00000000001AAA", "Acme Inc", 85, ("same domain acme.com", "a name that fits", "same city")
        ),
        Candidate("0015g00000000002AAA", "Acme Holding", 50, ("same domain acme.com", "another name")),
    )
    made = detail(
        ident,
        name,
        account_id=None,
        state=State.REVIEW,
        linked=False,
        matched="",
        history=(),
        subscription=None,
        why=("2 accounts may be this customer's: a person chooses, nothing is guessed.",),
        candidates=candidates,
        salesforce_seen_at=None,
    )
    fields = tuple(
        replace(row, salesforce=Cell(None, known=False), base=Cell(None, known=False), differs=False,
                direction=None, waits=False, open_to=()) for row in made.fields
    )  # fmt: skip
    return replace(made, fields=fields, **more)  # type: ignore[arg-type]


def _field(
    key: str, label: str, group: str, alguna: str | None, salesforce: str | None, base: str | None,
    direction: Direction | None, reason: str,
) -> FieldRow:  # fmt: skip
    return FieldRow(
        key, label, group, Cell(alguna), Cell(base), Cell(salesforce), direction is not None, direction, reason,
        "Alguna wins", key.lower(), key,
    )  # fmt: skip


def _line(at: str, field: str, before: str, after: str, outcome: str) -> HistoryLine:
    return HistoryLine(
        at, 7, "salesforce", "cus_000001", "Acme Corporation", field, before, after, outcome, "because"
    )


def hostile_detail(text: str) -> AccountDetail:
    """An account made of one hostile text."""
    cell = Cell(text)
    row = FieldRow(
        "Name", text, text, cell, cell, cell, True, Direction.TO_SALESFORCE, text, text, text, text
    )
    return AccountDetail(
        customer_id=text or "cus",
        account_id=text,
        name=text,
        state=State.REVIEW,
        why=(text, text),
        fields=(row, replace(row, key="Other", group=text + "2")),
        matched=text,
        subscription=SubscriptionNote(text, text, (SubscriptionLine(text, text, text, text, True),)),
        links=(LinkOut(text, text),),
        history=(HistoryLine(NOW, 1, "alguna", text, text, text, text, text, text, text),),
        candidates=(Candidate(text, text, 3, (text,)),),
        alguna_seen_at=NOW,
    )


FACTS = ConnectionFacts(
    name="acme-trial",
    environment="sandbox",
    production=False,
    org_name="Acme Corporation (UAT)",
    org_id="00D5g00000ABCDEEA0",
    username="admin@acme.example.uat",
    instance_url="https://acme--uat.sandbox.my.salesforce.com",
    alguna_url="https://api.alguna.io",
    creates_accounts=True,
    import_choice="none",
    secrets="the system's keyring",
    last_sync_at="2026-03-04T12:00:18Z",
    interval_seconds=60,
)

COUNTS = Counts(
    {
        State.IN_SYNC: 412,
        State.PENDING: 31,
        State.INCOMPLETE: 12,
        State.REVIEW: 4,
        State.CONFLICT: 2,
        State.REFUSED: 1,
        State.NOT_IMPORTED: 41,
        State.SALESFORCE_ONLY: 118,
    },
    problems=3,
)
FEEDS = Feeds(
    Feed("events", "", "2026-03-04T12:00:18Z", 900.0, (0.3, 0.4, 0.9)),
    Feed("polling", "", "2026-03-04T12:00:18Z", 60.0),
)
CALLS = Calls(salesforce=12, alguna=88, used=790, limit=15000)
PROGRESS = Progress(7, "Writing accounts to Salesforce", 212, 503, 84.0)


def change(i: int = 0, **more: object) -> Changed:
    """A change as it happens."""
    made = Changed(
        f"2026-03-04T12:00:{i % 60:02}Z",
        7,
        "salesforce",
        f"cus_{i:06}",
        f"Company {i:06}",
        "Billing city",
        "Bonn",
        "Berlin",
        "applied",
    )
    return replace(made, **more)  # type: ignore[arg-type]


@dataclass
class StubConnection:
    """An open connection that records what it was asked."""

    the_facts: ConnectionFacts = FACTS
    source: list[Row] = field(default_factory=lambda: rows(60))
    details: dict[str, AccountDetail | ConsoleError] = field(default_factory=dict)
    the_problems: list[ProblemLine] = field(default_factory=list)
    events: list[Event] = field(default_factory=lambda: [COUNTS, CALLS, FEEDS])
    asked: list[str] = field(default_factory=list)
    grids: list[StubGrid] = field(default_factory=list)
    grid_error: ConsoleError | None = None
    grid_gate: threading.Event | None = None
    listener: Callable[[Event], None] | None = None
    is_paused: bool = False
    preview_error: ConsoleError | None = None
    verdict_error: ConsoleError | None = None
    decided: list[tuple[str, Verdict]] = field(default_factory=list)
    the_past: Past | None = None
    the_rules: FieldRules | None = None
    the_plans: Plans | None = None

    def facts(self) -> ConnectionFacts:
        return self.the_facts

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        self.listener = listener
        for event in self.events:
            listener(event)
        return lambda: setattr(self, "listener", None)

    def say(self, event: Event) -> None:
        """Publish from a thread, as the engine does."""
        listener = self.listener
        assert listener is not None
        thread = threading.Thread(target=listener, args=(event,))
        thread.start()
        thread.join()

    def paused(self) -> bool:
        return self.is_paused

    def pause(self) -> None:
        self.asked.append("pause")
        self.is_paused = True

    def resume(self) -> None:
        self.asked.append("resume")
        self.is_paused = False

    def sync_now(self) -> None:
        self.asked.append("sync_now")

    def sync_one(self, customer_id: str) -> None:
        self.asked.append(f"sync_one {customer_id}")

    def audit(self) -> None:
        self.asked.append("audit")

    def outlook(self, customer_id: str, verdict: Verdict) -> AccountDetail:
        if isinstance(self.verdict_error, ConsoleError):
            raise self.verdict_error
        self.asked.append(f"outlook {verdict}")
        return detail(customer_id)

    def decide(self, customer_id: str, verdict: Verdict) -> None:
        self.decided.append((customer_id, verdict))

    def retry(self, customer_id: str | None = None) -> None:
        self.asked.append(f"retry {customer_id}")

    def grid(self) -> StubGrid:
        self.grids.append(StubGrid(self.source, self.grid_error, self.grid_gate))
        return self.grids[-1]

    def account(self, ident: str) -> AccountDetail:
        found = self.details.get(ident, detail(ident))
        if isinstance(found, ConsoleError):
            raise found
        return found

    def recent(self, limit: int = 50) -> Sequence[HistoryLine]:
        return ()

    def rules(self) -> FieldRules:
        assert self.the_rules is not None
        return self.the_rules

    def plans(self) -> Plans:
        assert self.the_plans is not None
        return self.the_plans

    def past(self) -> Past:
        assert self.the_past is not None
        return self.the_past

    def problems(self) -> Sequence[ProblemLine]:
        return self.the_problems

    def import_preview(self, choice: ImportChoice) -> ImportPreview:
        self.asked.append(f"preview {choice}")
        if self.preview_error is not None:
            raise self.preview_error
        lines = (
            CountLine("Link to an account that matches", 241, "same customer id, alias, or domain and name"),
            CountLine("Create a new account", 0 if choice == "matching" else 233, "no account is like them"),
            CountLine("Wait for a person to choose", 29, "several accounts may be theirs"),
        )
        return ImportPreview(
            choice, "What importing would do", lines, sum(x.count for x in lines), "About 9 API calls."
        )

    def start_import(self, choice: ImportChoice) -> None:
        self.asked.append(f"import {choice}")

    def close(self) -> None:
        self.asked.append("close")


SIGNED_IN = SignedIn("admin@acme.example.uat", "Acme Corporation (UAT)", "00D5g00000ABCDEEA0",
                     "https://acme--uat.sandbox.my.salesforce.com", False)  # fmt: skip


class StubSignIn:
    """A browser round trip that ends when a test says so."""

    def __init__(self, done: Callable[[SignedIn], None] = lambda _: None) -> None:
        self.done = done
        self.came_back = threading.Event()
        self.answer: SignedIn | ConsoleError = SIGNED_IN
        self.begin_error: ConsoleError | None = None
        self.cancelled = 0
        self.pasted: list[str] = []

    def begin(self) -> Invitation:
        if self.begin_error is not None:
            raise self.begin_error
        return Invitation(
            "https://test.salesforce.com/services/oauth2/authorize?response_type=code&client_id=3MVG9"
            + "x" * 80
            + "&redirect_uri=http%3A%2F%2Flocalhost%3A1717%2Fcallback&code_challenge_method=S256&state="
            + "s" * 43,
            "http://localhost:1717/callback",
            opened=True,
            hint="Salesforce shows some errors in the browser only: OAUTH_EC_APP_NOT_FOUND (wrong consumer key).",
        )

    def wait(self, cancelled: threading.Event) -> SignedIn | None:
        while not self.came_back.wait(0.01):
            if cancelled.is_set():
                self.cancelled += 1
                return None
        return self._finish()

    def paste(self, address: str) -> SignedIn:
        self.pasted.append(address)
        return self._finish()

    def cancel(self) -> None:
        self.cancelled += 1

    def _finish(self) -> SignedIn:
        if isinstance(self.answer, ConsoleError):
            raise self.answer
        self.done(self.answer)
        return self.answer


FIELDS = ("Customer ID", "Customer Link", "Subscription Status", "Subscription Value")
ITEMS = (
    *(
        SetupItem(
            word, "Field", f"Alguna {word}", f"Alguna_{word.replace(' ', '_')}__c", "create", "on Account"
        )
        for word in FIELDS
    ),
    SetupItem("ps", "Permission set", "Alguna Sync", "Alguna_Sync", "create", "grants the fields"),
)


class StubWizard:
    """A wizard whose draft is real and whose systems are scripted."""

    def __init__(self, practising: bool = False) -> None:
        self.the_draft = Draft(name="", alguna_url="https://api.alguna.io")
        self.trip = StubSignIn(self._signed_in)
        self.key_error: ConsoleError | None = None
        self.way_error: ConsoleError | None = None
        self.ways: list[tuple[str, ...]] = []
        self.setup_error: ConsoleError | None = None
        self.finish_error: ConsoleError | None = None
        self.keys: list[str] = []
        self.taken = {"taken"}
        self.practising = practising
        self.gone = False
        self.step_gate: threading.Event | None = None

    def draft(self) -> Draft:
        return self.the_draft

    def _signed_in(self, who: SignedIn) -> None:
        self.the_draft = replace(self.the_draft, signed_in=who)

    def missing(self, step: WizardStep) -> str:
        d = self.the_draft
        wants = {
            "environment": "" if d.environment else "Choose where your Salesforce org is.",
            "sign_in": "" if d.signed_in else "Sign in to Salesforce first.",
            "alguna": "" if d.alguna else "Enter the key and check it.",
            "name": "" if d.name else "Give the connection a name.",
            "source": "" if d.creates_accounts is not None else "Choose who creates accounts.",
            "import": "" if d.import_choice else "Choose what to import.",
            "setup": "" if d.setup_done else "Set up the org first.",
        }
        return wants.get(step, "")

    def environments(self) -> Sequence[EnvironmentOffer]:
        offers = (
            EnvironmentOffer("sandbox", "Sandbox", "A copy of your org for testing: start here.", recommended=True),
            EnvironmentOffer("production", "Production", "The org your colleagues work in.",
                             question="Every change is real at once. Connect production?"),
            EnvironmentOffer("my_domain", "My Domain", "An org with a log-in address of its own.", needs_address=True),
        )  # fmt: skip
        practice = EnvironmentOffer(
            "rehearsal", "Rehearsal", "A practice org on this computer.", needs_client_id=False
        )
        return (practice, *offers) if self.practising else offers

    def choose_environment(self, key: str, *, my_domain: str = "", confirmed: bool = False) -> None:
        if key == "my_domain" and "." not in my_domain:
            raise UsageError("That is no log-in address.", "It looks like https://acme.my.salesforce.com.")
        if key == "production" and not confirmed:
            raise UsageError("Production was not confirmed.")
        self.the_draft = replace(self.the_draft, environment=key, my_domain=my_domain)  # type: ignore[arg-type]

    def set_client_id(self, client_id: str) -> None:
        if not client_id:
            raise UsageError("The consumer key is missing.")
        self.the_draft = replace(self.the_draft, client_id=client_id)

    def sign_in(self) -> StubSignIn:
        return self.trip

    def sign_in_with_cli(self, alias: str) -> SignedIn:
        return self._without_browser(("cli", alias))

    def sign_in_with_key(self, username: str, key_file: str) -> SignedIn:
        return self._without_browser(("key", username, key_file))

    def _without_browser(self, how: tuple[str, ...]) -> SignedIn:
        self.ways.append(how)
        if self.way_error is not None:
            raise self.way_error
        self._signed_in(SIGNED_IN)
        return SIGNED_IN

    def seal_secrets(self, passphrase: str) -> None:
        if passphrase and len(passphrase) < 8:
            raise UsageError("The passphrase is shorter than 8 characters.", "Take several words.")
        kept = "in an encrypted file" if passphrase else ""
        self.the_draft = replace(self.the_draft, sealed=bool(passphrase), kept=kept)

    def check_alguna(self, key: str, url: str = "") -> AlgunaChecked:
        self.keys.append(key)
        if self.key_error is not None:
            raise self.key_error
        checked = AlgunaChecked(url, "The key works: 503 customers.")
        self.the_draft = replace(self.the_draft, alguna=checked, alguna_url=url)
        return checked

    def suggested_name(self) -> str:
        return "acme-uat"

    def set_name(self, name: str) -> None:
        if name in self.taken:
            raise UsageError(f"There is a connection named {name} already.", "Choose another name.")
        self.the_draft = replace(self.the_draft, name=name)

    def set_source_of_truth(self, creates_accounts: bool) -> None:
        self.the_draft = replace(self.the_draft, creates_accounts=creates_accounts)

    def set_import(self, choice: ImportChoice) -> None:
        self.the_draft = replace(self.the_draft, import_choice=choice)

    def preview_import(self, choice: ImportChoice, cancelled: threading.Event) -> ImportPreview:
        return StubConnection().import_preview(choice)

    def set_integration_user(self, name: str) -> None:
        self.the_draft = replace(self.the_draft, integration_user=name.strip())

    def plan_setup(self) -> SetupPlan:
        if self.setup_error is not None:
            raise self.setup_error
        state = "exists" if self.the_draft.setup_done else "create"
        items = tuple(replace(item, state=state) for item in ITEMS)
        return SetupPlan(
            items,
            "4 fields and 1 permission set will be created.",
            0 if self.the_draft.setup_done else 5,
            sign_in=f"Sign in as {self.the_draft.integration_user}."
            if self.the_draft.integration_user
            else "",
        )

    def apply_setup(self, on_item: Callable[[SetupItem], None], cancelled: threading.Event) -> SetupPlan:
        for item in ITEMS:
            if self.step_gate is not None:
                self.step_gate.wait(10)
            if cancelled.is_set():
                return SetupPlan(ITEMS, "Stopped.", 1)
            on_item(replace(item, state="doing"))
            on_item(replace(item, state="done"))
        self.the_draft = replace(self.the_draft, setup_done=True)
        return SetupPlan(tuple(replace(item, state="done") for item in ITEMS), "The org is ready.", 0)

    def summary(self) -> Sequence[SummaryLine]:
        d = self.the_draft
        return (
            SummaryLine("Salesforce", d.signed_in.org_name if d.signed_in else "", "sign_in"),
            SummaryLine("Alguna", d.alguna_url, "alguna"),
            SummaryLine("Name", d.name, "name"),
            SummaryLine(
                "New accounts", "created by Alguna" if d.creates_accounts else "not created", "source"
            ),
            SummaryLine("Import", str(d.import_choice), "import"),
        )

    def finish(self) -> str:
        if self.finish_error is not None:
            raise self.finish_error
        self.gone = True
        return self.the_draft.name

    def leftovers(self) -> Sequence[str]:
        return (
            ("A token for admin@acme.example.uat, which will be revoked.",)
            if self.the_draft.signed_in
            else ()
        )

    def abandon(self) -> Sequence[str]:
        self.gone = True
        return ("The token was revoked.", "The 4 fields stay in the org.")


GUIDE = (
    GuideStep("Open the list of apps", "Setup, External Client App Manager.", "External Client App Manager"),
    GuideStep(
        "Callback URL",
        "All of these, one a line.",
        "http://localhost:1717/callback\nhttp://localhost:8717/callback",
    ),
    GuideStep("Create", "It takes about ten minutes."),
)


HEALTH = SessionHealth(
    "sync@acme.example", "00D5g00000ABCDEEA0", "Acme Corporation (UAT)", "sandbox or developer org", "signed in with the browser",
    "in this computer's keyring", ("api", "refresh_token"), "2026-03-01T09:00:00Z", "2026-03-04T11:00:30Z",
)  # fmt: skip


class StubDisconnecting:
    """Six steps, of which a test may let one fail."""

    def __init__(self) -> None:
        self.fails_at = ""
        titles = {
            "pause": "Pause the sync",
            "list": "List what the console made",
            "revoke": "Revoke the token",
            "verify": "Check that the org refuses it",
            "forget": "Forget the secrets",
            "receipt": "Write the receipt",
        }
        self.the_steps = [DisconnectStep(key, title, f"{title}, and look.") for key, title in titles.items()]

    def inventory(self) -> Inventory:
        return Inventory(
            goes=("The access token and the refresh token.", "The Alguna key on this computer."),
            stays=("All 503 accounts and their contacts.", "The 13 fields with their data."),
            made=(("Field", "Alguna_Customer_ID__c"), ("Permission set", "Alguna_Sync")),
        )

    def steps(self) -> Sequence[DisconnectStep]:
        return tuple(self.the_steps)

    def run(self, on_step: Callable[[DisconnectStep], None], cancelled: threading.Event) -> Receipt:
        for i, step in enumerate(self.the_steps):
            if step.state == "done":
                continue
            on_step(replace(step, state="doing"))
            failed = step.name == self.fails_at
            self.the_steps[i] = replace(
                step, state="failed" if failed else "done", detail="401, as it should be"
            )
            on_step(self.the_steps[i])
            if failed:
                return Receipt(False, "", "Stopped: the org could not be reached.")
        return Receipt(True, "/home/me/receipt.json", "Disconnected; nothing in your data changed.")


class StubRehearsal:
    """Switches that remember."""

    def __init__(self) -> None:
        self.on = False
        self.practised: list[str] = []

    def login(self) -> PracticeLogin:
        return PracticeLogin("admin@rehearsal.example", "practice", "alg_practice_key")

    def activity(self) -> bool:
        return self.on

    def set_activity(self, on: bool) -> None:
        self.on = on

    def exercises(self) -> Sequence[Exercise]:
        return (
            Exercise("expire", "Expire the session", "The console renews it by itself."),
            Exercise("limit", "Use up the API calls", "The sync stops and says so."),
        )

    def practise(self, key: str) -> str:
        self.practised.append(key)
        return "Done: watch the dashboard."


class StubChecking:
    """An org in which some things can't be done, and two have to be mended."""

    def __init__(self) -> None:
        self.error: ConsoleError | None = None
        self.looked = 0
        self.mended = False
        self.user = ""
        self.findings: tuple[Finding, ...] = (
            Finding("read", "green", "Read accounts", "Accounts, contacts and all fields are read."),
            Finding(
                "grant",
                "amber",
                "Grant field access",
                "An administrator grants access.",
                (("Assign Permission Sets", "Setup, Permission Sets, the user's set, System Permissions"),),
            ),
            Finding(
                "flow:Account.x", "note", "Flow on Account", f"{HOSTILE}. Runs when the sync saves a record."
            ),
        )

    def name_user(self, name: str) -> None:
        self.user = name.strip()

    def look(self) -> OrgCheck:
        self.looked += 1
        if self.error is not None:
            raise self.error
        state = "exists" if self.mended else "create"
        items = tuple(replace(item, state=state) for item in ITEMS[:2])
        words = "Everything is there already." if self.mended else "2 fields will be made in the org."
        sign_in = f"Sign in as {self.user}." if self.user else ""
        return OrgCheck(self.findings, SetupPlan(items, words, 0 if self.mended else 2), sign_in)

    def mend(self, on_item: Callable[[SetupItem], None], cancelled: threading.Event) -> OrgCheck:
        for item in ITEMS[:2]:
            on_item(replace(item, state="doing"))
            on_item(replace(item, state="done"))
        self.mended = True
        return self.look()


@dataclass
class StubDesk:
    """The whole core, scripted."""

    cards: list[ConnectionCard] = field(default_factory=list)
    connection: StubConnection = field(default_factory=StubConnection)
    the_wizard: StubWizard = field(default_factory=StubWizard)
    leaving: StubDisconnecting = field(default_factory=StubDisconnecting)
    checking: StubChecking = field(default_factory=lambda: StubChecking())
    the_rehearsal: StubRehearsal | None = None
    trip: StubSignIn = field(default_factory=StubSignIn)
    open_error: ConsoleError | None = None
    open_gate: threading.Event | None = None
    the_time: str = NOW
    keys: list[tuple[str, str]] = field(default_factory=list)
    the_health: SessionHealth = field(default_factory=lambda: HEALTH)
    look_error: ConsoleError | None = None
    passphrase: str = ""
    """Opens the encrypted file; empty: there is none, or it is open."""
    closed: bool = False

    def now(self) -> str:
        return self.the_time

    def secrets(self) -> str:
        return "the system's keyring"

    def connections(self) -> Sequence[ConnectionCard]:
        return self.cards

    def open(self, name: str) -> StubConnection:
        if self.open_gate is not None:
            self.open_gate.wait(30)
        if self.open_error is not None:
            raise self.open_error
        return self.connection

    def wizard(self) -> StubWizard:
        if self.the_wizard.gone:
            self.the_wizard = StubWizard(self.the_wizard.practising)
        return self.the_wizard

    def sign_in_again(self, name: str) -> StubSignIn:
        return self.trip

    def take_key(self, name: str, key: str) -> str:
        self.keys.append((name, key))
        if key == "wrong":
            raise SignInNeeded("Alguna does not accept the key.", "Give another key.")
        return "The key works at https://api.alguna.io, and is kept in this computer's keyring."

    def app_guide(self) -> Sequence[GuideStep]:
        return GUIDE

    def health(self, name: str) -> SessionHealth:
        return self.the_health

    def look(self, name: str) -> SessionHealth:
        if self.look_error is not None:
            raise self.look_error
        self.the_health = replace(
            self.the_health, profile="Standard Integration", idle_seconds=7200, approvals=5,
            app="Alguna console", looked_at=NOW, warnings=("All 5 approvals are in use.",),
        )  # fmt: skip
        return self.the_health

    def locked(self, name: str) -> bool:
        return bool(self.passphrase)

    def unlock(self, name: str, passphrase: str) -> None:
        if passphrase != self.passphrase:
            raise UsageError("The passphrase does not open the encrypted file.", "Try again.")
        self.passphrase = ""

    def remove(self, name: str, confirmed: str) -> Sequence[str]:
        if confirmed != name:
            raise UsageError(f"Nothing was removed: that is not {name!r}.")
        self.cards = [card for card in self.cards if card.name != name]
        return (f"/home/me/receipts/{name}-receipt.md",)

    def disconnect(self, name: str) -> StubDisconnecting:
        return self.leaving

    def check(self, name: str) -> StubChecking:
        return self.checking

    def rehearsal(self) -> StubRehearsal | None:
        return self.the_rehearsal

    def close(self) -> None:
        self.closed = True


CARDS = [
    ConnectionCard(
        "acme-trial", "sandbox", False, "Acme Corporation (UAT)", "00D5g00000ABCDEEA0", "ok", "", "2026-03-04T12:00:18Z",
        {State.IN_SYNC: 412, State.PENDING: 31, State.REVIEW: 4},
    ),
    ConnectionCard(
        "acme-live", "production", True, "Acme Corporation", "00D5g00000ZZZZZEA0", "attention",
        "2 accounts were refused by Salesforce.", "2026-03-04T09:00:00Z",
        {State.IN_SYNC: 5120, State.REFUSED: 2}, problems=2, held_by="another console, process 4711",
    ),
    ConnectionCard(
        "old-demo", "rehearsal", False, "Practice org", "00D000000000001EAA", "disconnected", "", None, {},
        disconnected_at="2026-02-01T00:00:00Z", receipt="/home/me/old-demo/receipt-20260201.md",
    ),
]  # fmt: skip


def busy() -> list[Event]:
    """A run in full swing."""
    return [
        COUNTS,
        CALLS,
        PROGRESS,
        *(change(i) for i in range(12)),
        change(13, outcome="refused", side="alguna"),
    ]


def rested() -> list[Event]:
    """Between two runs."""
    summary = RunSummary(7, 31, 30, 1, 0, 12, 4, 12, 88, 4.2)
    return [COUNTS, CALLS, FEEDS, change(1), RunFinished(summary), Waiting(42.0, "every minute")]
