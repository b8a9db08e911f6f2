"""The one table of commands. Footer, palette, help, bindings and the README's key table all come from it.

A command is available on its `places`. It may still be unable to run right now: then `enabled` answers with the
reason, the footer dims it, the palette shows the reason, and pressing the key says it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from textual.binding import Binding

from screens.availability import (
    Answer,
    Standing,
    able,
    always,
    ask_again,
    asked,
    back_home,
    connected,
    copy,
    create_contact,
    idle,
    keep,
    keep_rules,
    link,
    linked,
    links,
    living_connection,
    opens,
    pin,
    pin_loop,
    plannable,
    rehearsal,
    release,
    removable,
    retry,
    sync_one,
    undo,
    unlinked,
    unpin,
    with_plan,
    writes,
)


@dataclass(frozen=True, slots=True)
class Command:
    """One thing that a person can ask for."""

    id: str
    title: str
    keys: str
    """Textual key names, comma separated; the first is the one that is shown."""
    help: str
    group: str
    places: frozenset[str]
    footer: int = 0
    """Footer rank: 1 stays longest when room is short, 0 is not in the footer."""
    dangerous: bool = False
    """It writes to, or takes away from, a real system; read-only connections refuse it."""
    enabled: Callable[[Standing], Answer] = always
    action: str = ""
    """The widget's own action, for moving about; empty for what the screen does."""
    short: str = ""
    """The footer's word, where the title is long."""
    urgent: Callable[[Standing], bool] | None = None
    """Where given, the footer holds it only while this is true, and then before all others."""
    paused: str = ""
    """The footer's word while the sync is paused, where it differs."""

    @property
    def binding(self) -> Binding:
        """The Textual binding of this command."""
        return Binding(
            self.keys,
            self.action or f"command('{self.id}')",
            self.title,
            show=False,
            id=self.id,
            tooltip=self.help,
            priority=self.id == "quit",
        )

    def word(self, standing: Standing) -> str:
        """What the footer calls it now."""
        return (standing.paused and self.paused) or self.short or self.title

    @property
    def shown_key(self) -> str:
        """The first key the way people write it."""
        return key_name(self.keys.split(",")[0])


PLACES = (
    "home",
    "wizard",
    "dashboard",
    "accounts",
    "account",
    "problems",
    "runs",
    "past",
    "rules",
    "plan",
    "import",
    "check",
    "disconnect",
    "sign_in",
    "health",
    "app_guide",
    "practice",
    "help",
    "dialog",
    "report",
)
ALL = frozenset(PLACES)
_LISTS = ALL - {"dialog"}
_OPEN = frozenset({"dashboard", "accounts", "account", "problems", "import"})
_SCREENS = ALL - {"dialog", "report"}
_LEAVABLE = ALL - {"wizard", "dialog"}


def _on(*places: str) -> frozenset[str]:
    return frozenset(places)


COMMANDS: tuple[Command, ...] = (
    # --- moving about: the widget that has the focus acts
    Command("up", "Up", "up,k", "Move up one line.", "Move", _LISTS, action="cursor_up"),
    Command("down", "Down", "down,j", "Move down one line.", "Move", _LISTS, action="cursor_down"),
    Command("page_up", "Page up", "pageup", "Move up one page.", "Move", _LISTS, action="page_up"),
    Command("page_down", "Page down", "pagedown", "Move down one page.", "Move", _LISTS, action="page_down"),
    Command("first", "First", "g,home", "Go to the first line.", "Move", _LISTS, action="first"),
    Command("last", "Last", "G,end", "Go to the last line.", "Move", _LISTS, action="last"),
    Command("select", "Choose", "enter,space", "Choose or open the line.", "Move", _LISTS, action="select"),
    Command("next", "Next part", "tab", "Go to the next part of the screen.", "Move", ALL),
    Command("previous", "Previous part", "shift+tab", "Go to the part before.", "Move", ALL),
    # --- home
    Command("open", "Open", "enter", "Open the highlighted line.", "Places",
            _on("home", "accounts", "problems", "dashboard"), footer=1, action="select", enabled=opens),
    Command("connect", "New connection", "n", "Connect an Alguna account with a Salesforce org, step by step.",
            "Connections", _on("home"), footer=1, short="New"),
    # --- places of an open connection
    Command("dashboard", "Dashboard", "1", "See counts per state, what is being done, and what changed.",
            "Places", _OPEN),
    Command("accounts", "Accounts", "2", "See every customer and account, filter and open them.",
            "Places", _OPEN, footer=5),
    Command("problems", "Problems", "3", "See what needs a person, with what to do about it.", "Places", _OPEN),
    Command("import", "Import", "i,4", "Bring existing Alguna customers into the sync, with a preview.",
            "Places", _OPEN, footer=5),
    Command("runs", "Runs", "5", "See what ran, what each run did, undo one, and compare two.",
            "Places", _OPEN),
    Command("rules", "Field rules", "W", "See whose value wins in each field and which way it goes; try others out first.",
            "Places", _OPEN),
    # --- field rules
    Command("next_rule", "Another rule", "m", "Try the next rule for the highlighted field; nothing is kept yet.",
            "Rules", _on("rules"), footer=1, enabled=connected, short="Rule"),
    Command("next_way", "Another way", "d", "Try another way for the highlighted field: both, to Salesforce, to Alguna.",
            "Rules", _on("rules"), footer=1, enabled=connected, short="Way"),
    Command("next_source", "Source of accounts", "A", "Try the other choice: whether Alguna's customers get accounts.",
            "Rules", _on("rules"), footer=3, enabled=connected, short="Source"),
    Command("keep_rules", "Keep", "ctrl+r", "Keep the rules that are shown; asks what becomes of existing records.",
            "Rules", _on("rules"), footer=1, dangerous=True, enabled=keep_rules, urgent=able(keep_rules)),
    # --- the past
    Command("undo", "Undo this run", "U", "Take back what the highlighted run wrote, where it still stands; shows first what.",
            "Runs", _on("runs"), footer=1, dangerous=True, enabled=undo, short="Undo"),
    Command("compare", "Compare", "c", "Mark this run; on another one, show what moved from one to the other.",
            "Runs", _on("runs"), footer=1, enabled=lambda s: s.chosen or "There is no run to compare."),
    Command("as_of", "As of a run", "v", "See what both sides held before the latest change, and step through what was.",
            "Account", _on("account"), enabled=lambda s: s.customer or "Nothing is kept of its past: it has no customer."),
    Command("earlier", "Earlier", "left_square_bracket,left", "Go to the moment before.", "Runs", _on("past"), footer=1,
            enabled=lambda s: s.earlier or "Nothing is known of an earlier moment."),
    Command("later", "Later", "right_square_bracket,right", "Go to the moment after.", "Runs", _on("past"), footer=1,
            enabled=lambda s: s.later or "This is how it is now."),
    Command("plan", "Plan", "6", "See what the next pass would do, keep it, carry it out; and what a brake stopped.",
            "Places", _OPEN | _on("runs"), urgent=lambda s: s.braked, footer=1),
    # --- the plan
    Command("plan_now", "Plan now", "v", "Look what the next pass would do; writes nothing anywhere.",
            "Plan", _on("plan"), footer=1, enabled=plannable),
    Command("save_plan", "Keep the plan", "w", "Write the plan to a file, to be read, compared and applied later.",
            "Plan", _on("plan"), footer=1, enabled=with_plan, short="Keep"),
    Command("apply_plan", "Apply the plan", "ctrl+r", "Do exactly what the plan says; asks first.",
            "Plan", _on("plan"), footer=1, dangerous=True, enabled=with_plan, short="Apply"),
    Command("release", "Let it go once", "z", "Let the next pass do what a brake stopped, once; asks first.",
            "Plan", _on("plan"), footer=1, dangerous=True, enabled=release, urgent=able(release)),
    # --- the engine
    Command("sync_now", "Sync now", "s", "Start a pass at once instead of waiting for the next one.",
            "Sync", _OPEN, footer=2, dangerous=True, enabled=writes),
    Command("pause", "Pause or go on", "p", "Stop after the call in flight, or go on with the sync.",
            "Sync", _OPEN, footer=3, dangerous=True, enabled=writes, short="Pause", paused="Go on"),
    Command("sync_one", "Sync this one", "S", "Look at this customer on both sides now and bring it in step.",
            "Sync", _on("accounts", "account"), footer=2, dangerous=True, enabled=sync_one, short="Sync one"),
    Command("audit", "Audit", "A", "Compare both sides record by record with what is cached; writes to neither.",
            "Sync", _on("dashboard", "problems"), enabled=writes),
    # --- accounts
    Command("filter", "Filter", "slash", "Filter by name, or by the start of an id, as you type.",
            "Accounts", _on("accounts"), footer=1),
    Command("state", "By state", "f", "Show one state only; again shows the next.",
            "Accounts", _on("accounts"), footer=1, short="State"),
    Command("all_states", "All states", "F", "Show every state again.", "Accounts", _on("accounts")),
    Command("sort", "Sort", "o", "Sort by the next column.", "Accounts", _on("accounts"), footer=3),
    Command("reverse", "Reverse", "O", "Turn the order round.", "Accounts", _on("accounts")),
    # --- one account
    Command("pane", "Next panel", "w", "Show the next panel: why, subscription, links, history.",
            "Account", _on("account"), footer=2, short="Panel"),
    Command("link", "Link with this one", "l", "Link with the highlighted account or contact; shows first what is planned.",
            "Decide", _on("account"), footer=1, dangerous=True, enabled=link, short="Link", urgent=able(link)),
    Command("create_account", "Create a new account", "n", "None of the candidates is it: create a new account.",
            "Decide", _on("account"), footer=1, dangerous=True, enabled=unlinked, short="New account",
            urgent=asked),
    Command("create_contact", "Create a new contact", "N", "Create the contact although a duplicate rule alerts.",
            "Decide", _on("account"), footer=1, dangerous=True, enabled=create_contact, short="New contact",
            urgent=able(create_contact)),
    Command("leave_alone", "Leave alone", "z", "Do nothing and ask no more, until something about it changes.",
            "Decide", _on("account"), footer=1, dangerous=True, enabled=unlinked, urgent=asked),
    Command("keep_alguna", "Keep Alguna's", "a", "Keep Alguna's value of the highlighted field; Salesforce gets it.",
            "Decide", _on("account"), footer=1, dangerous=True, enabled=keep("alguna"),
            urgent=lambda s: s.waits and keep("alguna")(s) is True),
    Command("keep_salesforce", "Keep Salesforce's", "f", "Keep Salesforce's value of the highlighted field; Alguna gets it.",
            "Decide", _on("account"), footer=1, dangerous=True, enabled=keep("salesforce"),
            urgent=lambda s: s.waits and keep("salesforce")(s) is True),
    Command("ask_again", "Take back", "t", "Take back what was decided about this customer, and be asked again.",
            "Decide", _on("account"), footer=1, dangerous=True, enabled=ask_again, urgent=able(ask_again)),
    Command("unlink", "Unlink", "u", "Stop this link: nothing is written, and the two are not linked again by themselves.",
            "Decide", _on("account"), footer=1, dangerous=True, enabled=linked,
            urgent=lambda s: s.stopped and able(linked)(s)),
    Command("pin_loop", "Pin this field", "o", "Say how a field goes on that something keeps rewriting: theirs, ours, or neither.",
            "Decide", _on("account"), footer=1, dangerous=True, enabled=pin_loop, short="Pin", urgent=able(pin_loop)),
    Command("pin", "Show another subscription", "c", "Choose which subscription the account shows.",
            "Decide", _on("account"), dangerous=True, enabled=pin),
    Command("unpin", "Subscription by the rule", "C", "Let the rule choose the subscription again.",
            "Decide", _on("account"), dangerous=True, enabled=unpin),
    Command("retry", "Try again", "R", "Try once more what was refused, with a pass at once.",
            "Decide", _on("account", "problems"), footer=1, dangerous=True, enabled=retry, urgent=able(retry)),
    Command("browse", "Open in the browser", "b", "Open the account in Salesforce or the customer in Alguna.",
            "Account", _on("account"), footer=3, enabled=links, short="Browser"),
    # --- wizard
    Command("proceed", "Continue", "ctrl+n", "Take what was entered and go to the next step.",
            "Wizard", _on("wizard"), footer=1, enabled=idle),
    Command("step_back", "Step back", "escape", "Stop what is under way, or go to the step before; nothing is lost.",
            "Wizard", _on("wizard"), footer=1),
    Command("leave", "Leave", "q", "Leave the wizard; says what stays behind before anything is dropped.",
            "Wizard", _on("wizard"), footer=2, dangerous=True),
    Command("preview", "Count first", "v", "Count what the highlighted choice would import; writes nothing.",
            "Import", _on("import"), footer=1, enabled=idle, short="Count"),
    # --- leaving a connection
    Command("check", "Org check", "e", "See what can be done in the org, what writes will meet, and mend the set-up.",
            "Connections", _on("dashboard", "problems"), footer=1, enabled=connected, short="Org check",
            urgent=lambda standing: standing.drifted),
    Command("disconnect", "Disconnect", "D", "Leave this connection: shows what goes and what stays first.",
            "Connections", _on("home", "dashboard"), footer=4, dangerous=True, enabled=living_connection),
    Command("sign_in", "Sign in again", "L", "Sign in to Salesforce again, or give another Alguna key; all else stays.",
            "Connections", _on("home", "health") | _OPEN, footer=4, enabled=living_connection, short="Sign in",
            urgent=lambda standing: standing.signed_out),
    Command("health", "Access", "h", "See how the Salesforce session stands: age, limits, where secrets are, what will end it.",
            "Connections", _on("home") | _OPEN, enabled=living_connection),
    Command("ask_org", "Ask the org", "ctrl+r", "Ask the org what it knows of the session: profile, idle limit, approvals.",
            "Connections", _on("health"), footer=1, enabled=idle),
    Command("remove", "Remove", "X", "Remove a disconnected connection from this computer, with its cache; asks for its name.",
            "Connections", _on("home"), footer=4, dangerous=True, enabled=removable,
            urgent=lambda s: s.chosen_gone or s.chosen_damaged),
    Command("app_guide", "How to make the app", "f2", "Be told step by step how to make the app in Salesforce's Setup.",
            "Connections", _on("wizard", "sign_in"), footer=7, short="App guide"),
    Command("copy_guide", "Copy the whole guide", "Y", "Copy all steps, for whoever administers the org.",
            "Connections", _on("app_guide"), footer=2, short="Copy all"),
    Command("start", "Start", "ctrl+r", "Start what this screen is for; asks first.",
            "Connections", _on("disconnect", "import", "sign_in"), footer=1, dangerous=True, enabled=idle),
    Command("mend", "Mend", "ctrl+r", "Make what set-up lacks in the org, one by one; asks first.",
            "Connections", _on("check"), footer=1, dangerous=True, enabled=idle, urgent=able(idle)),
    Command("name_user", "Integration user", "u", "Name the user who gets the permission set, and plan for that one.",
            "Connections", _on("check"), footer=2, enabled=idle, short="For whom"),
    # --- everywhere
    Command("refresh", "Refresh", "r", "Read what is shown once more.", "Everywhere",
            _on("home", "accounts", "account", "problems", "runs", "past", "rules", "plan", "import", "disconnect", "health",
                "check"),
            footer=5),
    Command("copy", "Copy", "y,ctrl+c", "Copy what is highlighted: a value, an id, an address, a report.", "Everywhere",
            ALL - {"dialog", "help", "home"}, footer=4, enabled=copy),
    Command("practise", "Practise", "x", "Make things happen in the rehearsal: activity, faults, the log-in.",
            "Everywhere", _SCREENS - {"practice", "help"}, enabled=rehearsal),
    Command("palette", "Commands", "ctrl+p,colon", "Find any command by typing a part of its name.",
            "Everywhere", _SCREENS, footer=6),
    Command("theme", "Light or dark", "ctrl+t", "Change between the dark and the light colours.", "Everywhere",
            _SCREENS),
    Command("cancel", "Cancel", "escape,q", "Close the question; nothing is done.", "Everywhere", _on("dialog")),
    Command("help", "Help", "question_mark,f1", "Show every key of this screen.", "Everywhere",
            _SCREENS - {"help"}, footer=1),
    Command("back", "Back", "escape,q", "Clear the filter, or go back where you came from.", "Everywhere",
            _LEAVABLE, footer=1, enabled=back_home),
    Command("quit", "Quit", "ctrl+q", "Stop the sync safely and leave the console.", "Everywhere", ALL,
            footer=1),
)  # fmt: skip

COMMAND: dict[str, Command] = {command.id: command for command in COMMANDS}

_NAMES = {
    "question_mark": "?",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "slash": "/",
    "colon": ":",
    "escape": "esc",
    "pageup": "page up",
    "pagedown": "page down",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
}


def key_name(key: str) -> str:
    """A key the way people write it: ``?``, ``esc``, ``shift+tab``, ``ctrl+q``."""
    return _NAMES.get(key, key)


def at(place: str) -> list[Command]:
    """The commands of a place, in table order."""
    return [command for command in COMMANDS if place in command.places]


def bindings(place: str) -> list[Binding]:
    """What a screen binds: its commands, without those that its widgets answer."""
    return [command.binding for command in at(place) if not command.action]


def moves() -> list[Binding]:
    """What a list binds."""
    return [command.binding for command in COMMANDS if command.action and command.id != "open"]


def key_table() -> str:
    """The README's table of keys, as Markdown."""
    lines = ["| key | what it does | where |", "|---|---|---|"]
    for command in COMMANDS:
        keys = " ".join(f"`{key_name(key)}`" for key in command.keys.split(","))
        lines.append(f"| {keys} | {command.help} | {_where(command)} |")
    return "\n".join(lines) + "\n"


def _where(command: Command) -> str:
    if command.places >= _SCREENS - {"help", "practice"}:
        return "everywhere"
    return ", ".join(place.replace("_", " ") for place in PLACES if place in command.places)
