"""Home: all connections, how each stands, and the way to a new one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.containers import Center, Vertical
from textual.content import Content
from textual.widgets import OptionList, Static

from console.domain.plain import plain
from console.errors import ConsoleError
from screens.availability import Standing
from screens.place import Place, also
from screens.tasks import in_thread
from screens.widgets.choice import Choice
from screens.widgets.notice import Notice
from screens.words import HEALTH, STATES, STYLE, ago, amount, environment, plural

if TYPE_CHECKING:
    from console.guide.seam import ConnectionCard

WELCOME = """\
This console keeps one Alguna account and one Salesforce org in step. It shows what it is about to do, \
says why for every single account, and can be taken out again without a trace in your data."""


class Home(Place, place="home"):
    """The list of connections."""

    def __init__(self) -> None:
        super().__init__()
        self.cards: Sequence[ConnectionCard] = ()
        self._healthy = True
        """False after reading broke in a way nobody expected: then only *refresh* tries again."""

    def body(self) -> ComposeResult:
        with Center(), Vertical(id="home"):
            yield Static("Connections", classes="title", markup=False)
            yield Notice()
            yield Choice(id="cards")
            with Vertical(id="welcome"):
                yield Static(Content(WELCOME), id="about")
                yield Static(_first_steps(self.console.practising), id="steps")

    def concerns(self) -> str:
        return ""

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        if self._healthy:
            self.do_refresh()

    def standing(self) -> Standing:
        card = self._card()
        return also(
            super().standing(),
            connected=False,
            paused=False,
            read_only="",
            chosen=card is not None,
            chosen_gone=card is not None and card.disconnected_at is not None,
            chosen_damaged=card is not None and card.damaged,
            signed_out=card is not None and card.health == "sign_in",
        )

    def show_live(self) -> None:
        self._paint()

    def tick(self, now: str) -> None:
        super().tick(now)
        if self.is_mounted and self.cards and now.endswith(("0Z", "5Z")):
            self._paint()

    # --- reading

    def do_refresh(self) -> None:
        if not self.cards:
            self.query_one(Notice).say("loading", "Looking at your connections")
        self.begin(self._read(), "read connections")

    async def _read(self) -> None:
        notice = self.query_one(Notice)
        self._healthy = False
        try:
            self.cards = await in_thread(self.desk.connections)
        except ConsoleError as error:
            self._healthy = True
            notice.fail(error)
            return
        self._healthy = True
        notice.hush()
        self._paint()
        self.restand()

    def _paint(self) -> None:
        choice = self.query_one(Choice)
        self.set_class(not self.cards and self.query_one(Notice).mood is None, "-first")
        width = max(40, choice.scrollable_content_region.width - 4)
        choice.offer(
            [(str(i), _card(card, width, self.console.now)) for i, card in enumerate(self.cards)], ruled=True
        )
        if self.cards and self.focused is None:
            choice.focus()

    def _card(self) -> ConnectionCard | None:
        if not self.cards:
            return None
        chosen = self.query_one(Choice).chosen
        return self.cards[int(chosen)] if chosen is not None else None

    def on_resize(self) -> None:
        if self.cards:
            self.call_after_refresh(self._paint)

    # --- doing

    @on(OptionList.OptionHighlighted)
    def _moved(self) -> None:
        self.restand()

    @on(OptionList.OptionSelected)
    def _opened(self) -> None:
        card = self._card()
        if card is None:
            return
        if card.disconnected_at is not None:
            self.console.tell(
                "This connection was disconnected. Its history stays; n connects again, X removes it.",
                "warning",
            )
            return
        self.console.open_connection(card.name)

    def do_connect(self) -> None:
        self.console.visit("wizard")

    def do_disconnect(self) -> None:
        card = self._card()
        assert card is not None
        self.console.visit("disconnect", card.name)

    def do_sign_in(self) -> None:
        self._visit_open("sign_in")

    def do_health(self) -> None:
        self._visit_open("health")

    def _visit_open(self, place: str) -> None:
        """A screen that may need secrets: the encrypted file is opened first, where there is one."""
        card = self._card()
        assert card is not None
        self.begin(self._unlock_and_visit(place, card.name), "unlock secrets")

    async def _unlock_and_visit(self, place: str, name: str) -> None:
        try:
            if await self.console.unlocked(name):
                self.console.visit(place, name)
        except ConsoleError as error:
            self.console.failed(error)

    def do_remove(self) -> None:
        card = self._card()
        assert card is not None
        self.begin(self._remove(card), "remove connection")

    async def _remove(self, card: ConnectionCard) -> None:
        from screens.prompt import Prompt

        lines = [
            "Its links, history and settings go from this computer for good; nothing in Salesforce or Alguna changes.",
            f"The receipt is kept: {card.receipt}"
            if card.receipt
            else "Its settings are damaged, so its session in the org lives on: revoke it in Setup, Connected Apps OAuth Usage."
            if card.damaged
            else "There is no receipt of its disconnect.",
            f"Type its name to confirm: {card.name}",
        ]
        typed = await self.console.prompt(Prompt(f"Remove {card.name}?", lines, "Remove", dangerous=True))
        if not typed:
            return
        try:
            receipts = await in_thread(self.desk.remove, card.name, typed)
        except ConsoleError as error:
            self.console.failed(error)
            return
        self.console.release(card.name)
        kept = f" Its receipt is {receipts[0]}." if receipts else ""
        self.console.tell(f"{card.name} was removed from this computer.{kept}")
        await self._read()


def _first_steps(practising: bool) -> Content:
    parts = [("  n", "bold $primary"), ("  connect Alguna with Salesforce, step by step\n", STYLE[""])]
    if practising:
        parts += [("  x", "bold $primary"), ("  the practice log-in, and things to try\n", STYLE[""])]
    parts += [("  ?", "bold $primary"), ("  every key, on every screen", STYLE[""])]
    return Content.assemble(*parts)


def _card(card: ConnectionCard, width: int, now: str) -> Content:
    """Three lines: name and environment, org and health, counts and age."""
    word, kind = environment(card.environment, card.production)
    sign, health, tone = HEALTH["disconnected" if card.disconnected_at else card.health]
    if card.disconnected_at:
        age = f"disconnected {ago(now, card.disconnected_at)}"
    elif card.last_sync_at:
        age = f"synced {ago(now, card.last_sync_at)}"
    else:
        age = "never synced"
    first = _spread(
        [(plain(card.name, 50), STYLE["strong"])], [(f" {word} ", f"$tag-text on $tag-{kind} bold")], width
    )
    org = plain(card.org_name or card.org_id or "no org yet", max(10, width - 26))
    second = _spread([(org, STYLE["quiet"])], [(f"{sign} {health}", STYLE[tone])], width)
    counts = [
        (f"{words.sign} {amount(card.counts[state])} {words.word.lower()}   ", STYLE[words.tone])
        for state, words in STATES.items()
        if card.counts.get(state) and words.tone != "quiet"
    ]
    if card.problems and not card.health_text:
        counts.append((plural(card.problems, "problem"), STYLE["bad"]))
    third = _spread(_within(counts, width - cell_len(age) - 2), [(age, STYLE["quiet"])], width)
    lines = [first, second, third]
    note = card.held_by and f"Open in {card.held_by}: read only here"
    receipt = card.receipt and f"Receipt: {card.receipt}"
    for text, style in (
        (card.health_text, STYLE[tone]), (note, STYLE["person"]), (receipt, STYLE["quiet"])
    ):  # fmt: skip
        if text:
            lines.append(Content.assemble((plain(text, max(10, width - 1)), style)))
    return Content("\n").join(lines)


def _within(parts: list[tuple[str, str]], width: int) -> list[tuple[str, str]]:
    while parts and sum(cell_len(text) for text, _ in parts) > width:
        parts = parts[:-1]
    return parts


def _spread(left: list[tuple[str, str]], right: list[tuple[str, str]], width: int) -> Content:
    used = sum(cell_len(text) for text, _ in [*left, *right])
    return Content.assemble(*left, " " * max(1, width - used), *right)
