"""A short list to choose from, keyed like every other list here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.content import Content
from textual.strip import Strip
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from screens.commands import moves


class Choice(OptionList, inherit_bindings=False):
    """Options of one or more lines; enter or a click takes one."""

    BINDINGS: ClassVar[list[BindingType]] = [*moves()]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"choice--bar"}

    def offer(
        self, options: Sequence[tuple[str, Content]], chosen: str | None = None, *, ruled: bool = False
    ) -> None:
        """Show these (id, text) options, the cursor on `chosen`, else where it was, else on the first.

        `ruled` puts a line between two options.
        """
        before = chosen or self.chosen
        lines: list[Option | None] = []
        for ident, text in options:
            if ruled and lines:
                lines.append(None)
            lines.append(Option(text, id=ident))
        self.set_options(lines)
        idents = [ident for ident, _ in options]
        if idents:
            self.highlighted = idents.index(before) if before in idents else 0

    def render_line(self, y: int) -> Strip:
        """As painted by Textual, with a bar before the option under the cursor: it shows without colours too."""
        strip = super().render_line(y)
        line = self.scroll_offset.y + y
        if not 0 <= line < len(self._lines) or self._lines[line][0] != self.highlighted:
            return strip
        style = self.get_visual_style("option-list--option", "option-list--option-highlighted").rich_style
        ink = self.get_component_rich_style("choice--bar").color
        return Strip([Segment("▌", style + Style(color=ink)), *strip.crop(1)], strip.cell_length)

    @property
    def chosen(self) -> str | None:
        """The id under the cursor."""
        if self.highlighted is None or not self.option_count:
            return None
        return self.get_option_at_index(self.highlighted).id
