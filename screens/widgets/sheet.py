"""The account's texts: why, the field in words, subscription, history. From the core's values to lines."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from console.domain.plain import plain
from console.guide.seam import AccountDetail, FieldRow
from console.guide.seam import Cell as Said
from screens.widgets.columns import Column
from screens.widgets.grid import Cell
from screens.words import STYLE, Tone, day_and_time, going

HISTORY = (
    Column("at", "When", 16, rank=1),
    Column("field", "Field", 12, grow=2),
    Column("value", "Before → after", 14, grow=4),
    Column("side", "Side", 10, rank=2),
    Column("outcome", "Outcome", 8),
)

_OUTCOME: dict[str, Tone] = {"applied": "good", "refused": "bad", "stale": "person"}


def why(detail: AccountDetail) -> list[Content]:
    """How it came to its state, most important first; how it was matched; who else it might be."""
    lines = [Content.assemble(("• ", STYLE["quiet"]), plain(text, 600)) for text in detail.why]
    if detail.matched:
        lines.append(Content.assemble(("Linked: ", STYLE["quiet"]), plain(detail.matched, 600)))
    for candidate in detail.candidates:
        lines.append(
            Content.assemble(
                ("May be: ", STYLE["person"]),
                (plain(candidate.name, 120), STYLE["strong"]),
                (f" {plain(candidate.account_id, 40)}", STYLE["quiet"]),
            )
        )
        lines += [
            Content.assemble(("  ", ""), (plain(text, 300), STYLE["quiet"])) for text in candidate.evidence
        ]
    return lines or [Content.assemble(("Nothing is known yet.", STYLE["quiet"]))]


def field(row: FieldRow) -> list[Content]:
    """The field under the cursor: the reason in words, the three values in full, the rule, both names."""
    lines = [Content.assemble((plain(row.reason, 800), STYLE["strong"] if row.differs else STYLE[""]))]
    way = going(row.direction)
    if way:
        lines.append(Content.assemble(("It " + way + " by the next pass.", STYLE[_side(row)])))
    elif row.waits:
        lines.append(Content.assemble(("It waits for a person; nothing is written.", STYLE["person"])))
    for side, said, tone in (
        ("Alguna      ", row.alguna, "alguna"),
        ("Salesforce  ", row.salesforce, "salesforce"),
        ("Last agreed ", row.base, "quiet"),
    ):
        lines.append(Content.assemble((side, STYLE[tone]), _said(said)))
    names = " · ".join(filter(None, (row.salesforce_name, row.alguna_name)))
    rule = f"Rule: {row.rule}   " if row.rule else ""
    lines.append(Content.assemble((plain(rule + names, 300), STYLE["quiet"])))
    return lines


def subscription(detail: AccountDetail) -> list[Content]:
    """Which of the customer's subscriptions the account shows, and by which rule."""
    note = detail.subscription
    if note is None:
        return [Content.assemble(("This customer has no subscription.", STYLE["quiet"]))]
    lines = [Content.assemble((plain(note.position, 40), STYLE["strong"]), f"  {plain(note.rule, 400)}")]
    for one in note.subscriptions:
        mark, style = ("▸ ", STYLE["strong"]) if one.shown else ("  ", STYLE["quiet"])
        since = f"  since {plain(one.starts_at[:10])}" if one.starts_at else ""
        lines.append(
            Content.assemble((f"{mark}{plain(one.name, 80)}  {plain(one.status, 40)}{since}", style))
        )
    return lines


def history(detail: AccountDetail) -> Sequence[Sequence[Cell]]:
    """Every change, newest first."""
    return [
        (
            Cell(day_and_time(line.at), "quiet"),
            Cell(line.field),
            Cell(f"{line.before or 'empty'} → {line.after or 'empty'}"),
            Cell(line.side.capitalize(), "salesforce" if line.side == "salesforce" else "alguna"),
            Cell(line.outcome, _OUTCOME.get(line.outcome, "")),
        )
        for line in detail.history
    ]


def _said(said: Said) -> tuple[str, str]:
    if not said.known:
        return "unknown: this side does not say", STYLE["quiet"]
    return (plain(said.value, 2000), STYLE[""]) if said.value else ("empty", STYLE["quiet"])


def _side(row: FieldRow) -> Tone:
    return row.direction.removeprefix("to_") if row.direction is not None else ""
