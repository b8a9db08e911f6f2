"""How the app talks with a person: short words, questions, failures, the clipboard, the browser."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, cast

from console.domain.plain import plain
from console.errors import ConsoleError, UsageError
from screens.tasks import in_thread
from screens.workers import Works

if TYPE_CHECKING:
    from textual.app import App

    from console.guide.seam import Desk
    from screens.dialogs import Dialog
    from screens.prompt import Prompt

    _App = App[None]
else:
    _App = object  # what it is mixed into is the app


class Talking(Works, _App):
    """The app's voice."""

    desk: Desk

    def tell(self, text: str, severity: Literal["information", "warning", "error"] = "information") -> None:
        """A short word that goes away by itself."""
        text = plain(text, 500)
        self.notify(text, severity=severity, markup=False, timeout=max(4.0, len(text) / 16))

    async def ask(self, title: str, lines: Sequence[str], yes: str, *, dangerous: bool = False) -> bool:
        """A question; True for yes. Awaited in a worker."""
        from screens.dialogs import Dialog

        return await self.choose(Dialog(title, lines, yes, dangerous=dangerous)) == "yes"

    async def choose(self, dialog: Dialog) -> str:
        """A question with its answers: ``yes``, ``no`` or ``other``. Awaited in a worker."""
        answer = await self.push_screen_wait(cast(Any, dialog))
        return str(answer or "no")

    async def prompt(self, prompt: Prompt) -> str:
        """What somebody types, empty for nothing. Awaited in a worker."""
        return str(await self.push_screen_wait(cast(Any, prompt)) or "")

    async def unlocked(self, name: str) -> bool:
        """Ask for the passphrase of a connection's encrypted file until it opens; False when it was given up.

        :raises ConsoleError: the file is damaged.
        """
        wrong = ""
        while await in_thread(self.desk.locked, name):
            from screens.prompt import Prompt

            lines = [f"The secrets of {plain(name, 60)} are in an encrypted file. Its passphrase:"]
            asked = Prompt(
                "Open the encrypted file", [wrong, *lines] if wrong else lines, "Open", hidden=True
            )
            passphrase = await self.prompt(asked)
            if not passphrase:
                return False
            try:
                await in_thread(self.desk.unlock, name, passphrase)
            except UsageError as error:
                wrong = error.message
        return True

    def failed(self, error: ConsoleError) -> None:
        """An expected failure that has no place of its own on the screen."""
        from screens.dialogs import Report

        self.push_screen(Report.of(error))

    def report(self, where: str, error: BaseException) -> None:
        """An unexpected failure."""
        from screens.dialogs import Report

        if isinstance(error, ConsoleError):
            self.failed(error)
        else:
            self.push_screen(Report.of_bug(where, error))

    def copy_out(self, text: str) -> None:
        """To the clipboard, by the terminal (OSC 52), which works over SSH too where the terminal allows it."""
        self.copy_to_clipboard(text)
        self.tell(f"Copied: {plain(text, 40)}")

    def browse(self, url: str) -> None:
        """Open an address in the browser. Only web addresses: what else a record may hold is not followed."""
        if not url.startswith(("https://", "http://")):
            self.tell(f"This is no web address, so it was not opened: {plain(url, 80)}", "warning")
            return
        self.begin(self._browse(url), "open browser")

    async def _browse(self, url: str) -> None:
        def browse() -> bool:
            from console.guide.signing_in import open_browser

            return open_browser(url)

        if await in_thread(browse):
            self.tell(f"Opened {plain(url, 80)}")
        else:
            self.copy_to_clipboard(url)
            self.tell(f"No browser can be opened here; the address was copied instead: {plain(url, 200)}")
