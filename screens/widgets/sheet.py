"""The account's texts: why, the field in words, subscription, history. From the core's values to lines."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from console.domain.contact_duplicates import ContactCandidate
from console.domain.plain import plain, readable
from console.domain.records import Candidate
from console.guide.seam import AccountDetail, FieldRow, HistoryLine
from console.guide.seam import Cell as Said
from screens.widgets.columns import Column
from screens.widgets.grid import Cell
from screens.words import STYLE, Tone, day_and_time, field_name, going

CANDIDATES = (
    Column("name", "May be this one", 20, grow=2),
    Column("evidence", "Because", 24, grow=4),
    Column("id", "Salesforce id", 18, rank=1),
)
SUBSCRIPTIONS = (Column("name", "", 16, grow=2), Column("status", "", 14), Column("since", "", 10, rank=1))

HISTORY = (
    Column("at", "When", 16, rank=1),
    Column("field", "Field", 12, grow=2),
    Column("value", "Before → after", 14, grow=4),
    Column("side", "Side", 10, rank=2),
    Column("outcome", "Outcome", 8),
)

_OUTCOME: dict[str, Tone] = {
    "applied": "good",
    "refused": "bad",
    "stale": "person",
    "kept": "person",
    "seen": "quiet",
}


def why(detail: AccountDetail) -> list[Content]:
    """How it came to its state, most important first; how it was matched; who else it might be."""
    lines = [Content.assemble(("• ", STYLE["quiet"]), plain(text, 600)) for text in detail.why]
    if detail.matched:
        lines.append(Content.assemble(("Linked: ", STYLE["quiet"]), plain(detail.matched, 600)))
    for text in detail.decided:
        lines.append(Content.assemble(("Decided: ", STYLE["person"]), plain(text, 600)))
    return lines or [Content.assemble(("Nothing is known yet.", STYLE["quiet"]))]


def field(row: FieldRow) -> list[Content]:
    """The field under the cursor: the reason in words, the three values in full, the rule, both names."""
    lines = [Content.assemble((plain(row.reason, 800), STYLE["strong"] if row.differs else STYLE[""]))]
    way = going(row.direction)
    if way:
        lines.append(Content.assemble(("It " + way + " by the next pass.", STYLE[_side(row)])))
    elif row.waits:
        lines.append(Content.assemble(("It waits for a person; nothing is written.", STYLE["person"])))
    for turn in row.turns:
        lines.append(Content.assemble(("• ", STYLE["quiet"]), plain(turn, 300)))
    if row.turns and not row.pin:
        lines.append(Content.assemble(("o says how it goes on.", STYLE["person"])))
    for side, said, tone in (
        ("Alguna      ", row.alguna, "alguna"),
        ("Salesforce  ", row.salesforce, "salesforce"),
        ("Last agreed ", row.base, "quiet"),
    ):
        if said.known or said is not row.base:
            lines.append(Content.assemble((side, STYLE[tone]), _said(said)))
    names = " · ".join(filter(None, (row.salesforce_name, row.alguna_name)))
    rule = f"Rule: {row.rule}   " if row.rule else ""
    lines.append(Content.assemble((plain(rule + names, 300), STYLE["quiet"])))
    return lines


def candidates(detail: AccountDetail) -> Sequence[Sequence[Cell]]:
    """Accounts that may be the customer's, or contacts that may be its contact, with what speaks for and against each."""
    return [
        (Cell(one.name, "strong"), Cell("; ".join(one.evidence)), Cell(_id(one), "quiet"))
        for one in detail.candidates or detail.contacts
    ]


def _id(candidate: Candidate | ContactCandidate) -> str:
    return candidate.contact_id if isinstance(candidate, ContactCandidate) else candidate.account_id


def evidence(candidate: Candidate | ContactCandidate) -> list[Content]:
    """One candidate in full."""
    return [
        Content.assemble(
            (plain(candidate.name, 200), STYLE["strong"]),
            (f"  {plain(_id(candidate), 40)}", STYLE["quiet"]),
        ),
        *(Content.assemble(("• ", STYLE["quiet"]), plain(text, 400)) for text in candidate.evidence),
    ]


def subscriptions(detail: AccountDetail) -> Sequence[Sequence[Cell] | str]:
    """Which of the customer's subscriptions the account shows, and by which rule."""
    note = detail.subscription
    if note is None:
        return [
            "No customer, so no subscription."
            if detail.customer_id is None
            else "This customer has no subscription."
        ]
    rows: list[Sequence[Cell] | str] = [note.rule]
    for one in note.subscriptions:
        tone: Tone = "strong" if one.shown else "quiet"
        mark = "▸ " if one.shown else "  "
        since = Cell((one.starts_at or "")[:10], "quiet")
        rows.append((Cell(mark + one.name, tone), Cell(one.status, tone), since))
    return rows


def history(detail: AccountDetail) -> Sequence[Sequence[Cell]]:
    """Every change, newest first."""
    return [
        (
            Cell(day_and_time(line.at), "quiet"),
            Cell(field_name(line.field)),
            Cell(f"{line.before or 'empty'} → {line.after or 'empty'}" + _lost(line)),
            Cell(line.side.capitalize(), "salesforce" if line.side == "salesforce" else "alguna"),
            Cell(line.outcome, _OUTCOME.get(line.outcome, "")),
        )
        for line in detail.history
    ]


def _lost(line: HistoryLine) -> str:
    """The losing value of a conflict, where it is not what stood there anyway."""
    return (
        f"   lost: {line.lost}"
        if line.lost and line.lost != line.before
        else "   (a conflict)"
        if line.lost
        else ""
    )


def _said(said: Said) -> tuple[str, str]:
    if not said.known:
        return "unknown: this side does not say", STYLE["quiet"]
    return (plain(readable(said.value), 2000), STYLE[""]) if said.value else ("empty", STYLE["quiet"])


def _side(row: FieldRow) -> Tone:
    return row.direction.removeprefix("to_") if row.direction is not None else ""
