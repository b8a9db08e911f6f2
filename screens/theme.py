"""The two colour themes. Violet is Alguna's side, blue is Salesforce's; green, amber and red mean well, ask, and wrong.

Every text colour keeps a contrast of at least 4.5 to 1 on the backgrounds it stands on (WCAG 2.2, AA).
"""

from __future__ import annotations

from pathlib import Path

from textual.theme import Theme

_HERE = Path(__file__).parent
STYLES = next(p for p in (_HERE / "styles", _HERE.parent / "styles") if p.is_dir())
"""The style sheets: inside the package in a wheel, beside it in a checkout."""

DARK = Theme(
    name="console-dark",
    dark=True,
    primary="#7fb2ff",
    secondary="#b8a1ff",
    accent="#5ed0c3",
    success="#7fd18b",
    warning="#ebbe6a",
    error="#ff8a8a",
    foreground="#dbe2ea",
    background="#0f1419",
    surface="#141b22",
    panel="#23282e",
    variables={
        "quiet": "#9dabbb",
        "faint": "#6d7b8a",
        "line": "#33404d",
        "line-focus": "#7fb2ff",
        "cursor": "#1b3d73",
        "cursor-idle": "#2c3238",
        "tag-text": "#0f1419",
        "tag-rehearsal": "#b8a1ff",
        "tag-sandbox": "#7fd18b",
        "tag-production": "#ff8a8a",
        "tag-my_domain": "#7fd18b",
        "input-selection-background": "#7fb2ff 35%",
        "block-cursor-foreground": "#dbe2ea",
        "block-cursor-background": "#1b3d73",
        "block-cursor-blurred-foreground": "#dbe2ea",
        "block-cursor-blurred-background": "#2c3238",
        "border": "#7fb2ff",
        "border-blurred": "#33404d",
        "scrollbar": "#33404d",
        "scrollbar-hover": "#4a5a6a",
        "scrollbar-active": "#7fb2ff",
        "scrollbar-background": "#141b22",
        "scrollbar-background-hover": "#141b22",
        "scrollbar-background-active": "#141b22",
    },
)

LIGHT = Theme(
    name="console-light",
    dark=False,
    primary="#1f5fbf",
    secondary="#6a45c9",
    accent="#08665d",
    success="#1a6b2e",
    warning="#7d5100",
    error="#b3261e",
    foreground="#1b242d",
    background="#f3f5f8",
    surface="#ffffff",
    panel="#e6ebf1",
    variables={
        "quiet": "#55626f",
        "faint": "#7d8894",
        "line": "#c3cdd8",
        "line-focus": "#1f5fbf",
        "cursor": "#d6e6fc",
        "cursor-idle": "#e4ecf6",
        "tag-text": "#ffffff",
        "tag-rehearsal": "#6a45c9",
        "tag-sandbox": "#1a6b2e",
        "tag-production": "#b3261e",
        "tag-my_domain": "#1a6b2e",
        "input-selection-background": "#1f5fbf 30%",
        "block-cursor-foreground": "#1b242d",
        "block-cursor-background": "#d6e6fc",
        "block-cursor-blurred-foreground": "#1b242d",
        "block-cursor-blurred-background": "#e4ecf6",
        "border": "#1f5fbf",
        "border-blurred": "#c3cdd8",
        "scrollbar": "#c3cdd8",
        "scrollbar-hover": "#a9b6c4",
        "scrollbar-active": "#1f5fbf",
        "scrollbar-background": "#ffffff",
        "scrollbar-background-hover": "#ffffff",
        "scrollbar-background-active": "#ffffff",
    },
)
