"""What is always on screen: which org, production or not, read or write, calls left, age, where secrets are kept."""

from __future__ import annotations

from rich.cells import cell_len
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from console.domain.plain import plain
from screens.live import Live
from screens.widgets.text import cell
from screens.words import STYLE, ago, amount, environment

Part = tuple[str, str]


class Banner(Widget):
    """Two lines: where you are, and how it stands."""

    live: reactive[Live | None] = reactive(None)
    now: reactive[str] = reactive("")
    secrets: reactive[str] = reactive("")
    opening: reactive[str] = reactive("")
    """The connection that is being opened."""

    def render(self) -> Content:
        width = self.size.width
        live = self.live
        if live is None or live.facts is None:
            first = _line(
                [
                    (" alguna console ", "$tag-text on $primary bold"),
                    (
                        f"  opening {plain(self.opening, 60)}"
                        if self.opening
                        else "  billing and CRM in step",
                        STYLE["quiet"],
                    ),
                ],
                [],
                width,
            )
            second = _line(
                [
                    (
                        f" Keys and sign-ins are kept {_place(self.secrets)}" if self.secrets else "",
                        STYLE["quiet"],
                    )
                ],
                [],
                width,
            )
            return Content("\n").join([first, second])
        return Content("\n").join([self._where(live, width), self._how(live, width)])

    def _where(self, live: Live, width: int) -> Content:
        assert live.facts is not None
        facts = live.facts
        word, kind = environment(facts.environment, facts.production)
        if facts.read_only:
            mode = (_looking_on(facts.held_by, width), STYLE["person"] + " bold")
        elif live.paused:
            mode = ("PAUSED ", STYLE["person"] + " bold")
        else:
            mode = ("read and write ", STYLE["quiet"])
        tag = f" {word} "
        room = max(8, width - cell_len(tag) - cell_len(mode[0]) - 5)
        name = plain(facts.name, 60)
        org = plain(facts.org_name or facts.org_id)
        left: list[Part] = [(tag, f"$tag-text on $tag-{kind} bold"), (f"  {name}", STYLE["strong"])]
        if room > cell_len(name) + 3:
            left.append((" › " + cell(org, room - cell_len(name) - 3).rstrip(), STYLE[""]))
        return _line(left, [mode], width)

    def _how(self, live: Live, width: int) -> Content:
        assert live.facts is not None
        quiet = STYLE["quiet"]
        calls, left = live.calls, live.left
        if left is None or calls is None or calls.limit is None:
            api: Part = ("API calls left: not known yet", quiet)
        else:
            low = left < calls.limit // 10
            of = f" of {amount(calls.limit)}" if width >= 100 else ""
            api = (f"{amount(left)}{of} API calls left", STYLE["bad"] + " bold" if low else STYLE[""])
        age = "synced " + ago(self.now, live.last_sync_at) if live.last_sync_at else "never synced"
        synced: Part = (age, quiet)
        if live.failure is not None:
            synced = (f"STALE, {age}", STYLE["bad"] + " bold")
        dot: Part = ("  ·  " if width >= 100 else " · ", "$line")
        told = f"secrets {_place(live.facts.secrets).split(',')[0]}"
        room = width - 2 - sum(cell_len(text) for text, _ in (api, dot, synced, dot))
        kept = (cell(told, max(12, min(room, cell_len(told)))), quiet)
        return _line([(" ", ""), api, dot, synced, dot, kept], [], width)


def _looking_on(holder: str, width: int) -> str:
    """Read only, and because of whom: as much of that as half the line holds."""
    if not holder:
        return "READ ONLY "
    return cell(f"READ ONLY, held by {plain(holder)}", min(width // 2, cell_len(holder) + 19)).rstrip() + " "


def _place(words: str) -> str:
    """Where secrets are kept: "in memory ...", whether or not the words begin with "in"."""
    words = plain(words)
    return words if words.startswith("in ") else f"in {words}"


def _line(left: list[Part], right: list[Part], width: int) -> Content:
    used = sum(cell_len(text) for text, _ in [*left, *right])
    gap = (" " * max(1, width - used), "") if right else ("", "")
    return Content.assemble(*left, gap, *right)
