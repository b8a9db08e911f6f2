"""Looking at the org of a connection: what can be done there, what writes will meet, what set-up would mend."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from console.guide.seam.wizard import Finding, SetupItem, SetupPlan


@dataclass(frozen=True, slots=True)
class OrgCheck:
    """Everything that was seen."""

    findings: tuple[Finding, ...]
    """Capabilities first, then features of the org, then rules and automation, then what can't be seen."""
    plan: SetupPlan
    sign_in: str = ""
    """Who has to sign in, where the plan is for another user than the connection's."""

    @property
    def mending(self) -> int:
        """How many things the plan would make or grant."""
        return self.plan.changes


class Checking(Protocol):
    """The check of one connection's org. It may be repeated on the spot."""

    @property
    def user(self) -> str:
        """Who was named to get the permission set; empty: the connection's user. Does not block."""
        ...

    def name_user(self, name: str) -> None:
        """From the next look on, plan for this user (user name or e-mail address; empty: the connection's). Does not block."""
        ...

    def look(self) -> OrgCheck:
        """Ask the org; changes nothing. Blocks (seconds).

        :raises ConsoleError: the org can't be asked.
        """
        ...

    def mend(self, on_item: Callable[[SetupItem], None], cancelled: threading.Event) -> OrgCheck:
        """Do what the plan of the last look says, verify and note it; the sync rests meanwhile. Blocks (seconds).

        :raises ConsoleError: the org refuses; what was made by then stays and is noted.
        """
        ...
