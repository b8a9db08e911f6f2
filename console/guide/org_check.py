"""The check of a connection's org, and the mending of what drifted: shown as a plan, applied, verified, noted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from console.domain.plain import plain
from console.errors import Cancelled, ConsoleError
from console.guide.findings import findings
from console.guide.seam import OrgCheck
from console.guide.set_up_words import shown_item, shown_plan
from console.guide.wizard_words import SHOWN_STEPS
from console.secrets import Secrets
from console.settings import Connections, ConnectionSettings
from console.store.cache import Cache
from console.sync.access import forget_access
from console.sync.asides import Asides

if TYPE_CHECKING:
    from console.guide.seam import SetupItem
    from console.salesforce.client import SalesforceClient
    from console.salesforce.preflight import Preflight
    from console.salesforce.setup import Artefact, Assignee, SetupPlan
    from console.salesforce.setup import SetupItem as Item


SCREEN = "with L on the list of connections"


@dataclass(frozen=True, slots=True)
class Made:
    """What a set-up ended with."""

    artefacts: tuple[Artefact, ...]
    left_out: tuple[Item, ...]
    """What the org refused and the sync does without."""


class OrgChecking:
    """Implements the seam's `Checking`, and what the commands ask.

    :param rest: entered while the cache is written: it keeps the connection's engine in this console from it.
    """

    def __init__(
        self,
        settings: ConnectionSettings,
        connections: Connections,
        secrets: Secrets,
        now: Callable[[], str],
        *,
        rest: Callable[[], AbstractContextManager[object]] = nullcontext,
        user: str = "",
        events: bool = True,
    ) -> None:
        self._settings = settings
        self._connections = connections
        self._secrets = secrets
        self._now = now
        self._rest = rest
        self._user = user
        self._events = events

    # --- the seam ----------------------------------------------------------------------------------------------

    @property
    def user(self) -> str:
        """Who was named to get the permission set; empty: the connection's user."""
        return self._user

    def name_user(self, name: str) -> None:
        """From the next look on, plan for this user."""
        self._user = name.strip()

    def look(self) -> OrgCheck:
        """Ask the org; changes nothing."""
        from console.salesforce.preflight import preflight

        with self._org() as client:
            plan = shown_plan(self._plan(client))
            return OrgCheck(findings(preflight(client)), plan, self.sign_in_note(client))

    def mend(self, on_item: Callable[[SetupItem], None], cancelled: threading.Event) -> OrgCheck:
        """Do what the plan says, verify and note it."""

        def step(item: Item, state: str) -> None:
            on_item(replace(shown_item(item), state=SHOWN_STEPS[state]))
            if state == "done" and cancelled.is_set():
                raise Cancelled(
                    "Set-up was stopped between two steps.", "Begin it again: it goes on where it stopped."
                )

        self.apply(step)
        return self.look()

    # --- the commands ------------------------------------------------------------------------------------------

    def preflight(self) -> Preflight:
        """What the org shows; changes nothing."""
        from console.salesforce.preflight import preflight

        with self._org() as client:
            return preflight(client)

    def sign_in_note(self, client: SalesforceClient | None = None, how: str = SCREEN) -> str:
        """Who has to sign in for the sync to work as the user who was named; empty where that is so already."""
        from console.salesforce.setup import sign_in_note

        if client is None:
            with self._org() as client:
                return self.sign_in_note(client, how)
        (user,) = self._users(client)
        return sign_in_note(user, self._settings.username, how)

    def plan(self) -> SetupPlan:
        """What set-up would do; changes nothing."""
        with self._org() as client:
            return self._plan(client)

    def apply(self, on_step: Callable[[Item, str], None]) -> Made:
        """Make what the plan says, see that it is there, and note it in the cache.

        :raises StoreError: the cache is another console's now: nothing was made.
        :raises ConsoleError: the org refuses; what was made by then is noted.
        """
        from console.salesforce.setup import apply_setup, verify

        made: dict[tuple[str, str], Artefact] = {}
        refused: list[Item] = []

        def step(item: Item, state: str) -> None:
            if state == "refused":
                refused.append(item)
            on_step(item, state)

        with self._rest(), self._cache() as cache, self._org() as client:
            plan = self._plan(client)
            try:
                for each in apply_setup(client, plan, step, lambda one: made.update({_key(one): one})):
                    made[_key(each)] = each
            finally:
                self._note(cache, list(made.values()))
            left_out = {(item.kind, item.api_name) for item in (*plan.problems, *refused)}
            events = self._events and not any(kind.startswith("channel") for kind, _ in left_out)
            missing = [
                item
                for item in verify(client, users=self._users(client), events=events, left_out=left_out)
                if item.action in ("create", "grant")
            ]
            if missing:
                raise ConsoleError(
                    f"Set-up ended, but {missing[0].api_name} still can't be used: {missing[0].detail}",
                    "Salesforce can take some seconds to grant access: check again.",
                )
        return Made(tuple(made.values()), tuple(refused))

    # --- inside ------------------------------------------------------------------------------------------------

    def _note(self, cache: Cache, made: Sequence[Artefact]) -> None:
        with cache.transaction():
            for each in made:
                cache.artefacts.record(each.kind, each.api_name, each.sf_id, each.created, self._now())
            forget_access(cache)

    def _plan(self, client: SalesforceClient) -> SetupPlan:
        from console.salesforce.setup import plan_setup

        return plan_setup(client, users=self._users(client), events=self._events)

    def _users(self, client: SalesforceClient) -> tuple[Assignee, ...]:
        """The user who was named, else the one that the connection works as."""
        from console.salesforce.setup import Assignee, find_user

        if self._user:
            return (find_user(client, self._user),)
        return (Assignee(self._settings.user_id, plain(self._settings.username, 80)),)

    @contextmanager
    def _cache(self) -> Iterator[Cache]:
        path = self._connections.cache_path(self._settings.name)
        with Cache.open(path, org_id=self._settings.org_id, holder="setting up") as cache:
            yield cache

    def _org(self) -> Any:
        from console.salesforce.client import SalesforceClient
        from console.salesforce.signing_in.renewing import token_source

        tokens = token_source(self._settings, self._connections, self._secrets)
        return SalesforceClient(
            self._settings.instance_url,
            tokens,
            api_version=self._settings.api_version,
            timeout=(5.0, 60.0),
            allowance=Asides(self._connections.folder(self._settings.name)),
        )


def _key(artefact: Artefact) -> tuple[str, str]:
    return artefact.kind, artefact.api_name
