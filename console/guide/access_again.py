"""New access for a connection that exists: another session, another Alguna key. All else stays as it is."""

from __future__ import annotations

from dataclasses import asdict, replace

from console.domain.plain import plain
from console.errors import Conflict, Refused
from console.guide.draft import NewConnection
from console.guide.environments import Place
from console.guide.signing_in import Session, Way, refuse_another_org
from console.secrets import Secrets
from console.settings import Connections, ConnectionSettings


class AccessAgain:
    """Takes what a new sign-in or a new key brought, for one connection. Blocks (seconds) where it calls."""

    def __init__(self, connections: Connections, secrets: Secrets, name: str) -> None:
        self._connections = connections
        self._secrets = secrets
        self.settings: ConnectionSettings = connections.load(name)

    def take(self, session: Session, way: Way) -> None:
        """Keep a session of the same org; another user of it will do.

        :raises Conflict: it is another org. Nothing was kept.
        """
        from console.salesforce.signing_in.renewing import token_source

        refuse_another_org(session, self.settings.org_id)
        now = replace(
            self._connections.load(self.settings.name),
            instance_url=session.tokens.instance_url,
            username=plain(session.identity.username, 80),
            user_id=session.identity.user_id,
            **asdict(way),
        )
        token_source(now, self._connections, self._secrets).keep(session.tokens)
        self._connections.save(now)
        self.settings = now

    def take_key(self, key: str) -> str:
        """Try an Alguna key and keep it in place of the old one; a sentence.

        :raises ConsoleError: the key is refused, or belongs to another account. Nothing was kept.
        """
        settings = self.settings
        trial = NewConnection(Place(settings.environment, settings.login_url, settings.alguna_url))
        trial.check_alguna(key, settings.alguna_url)
        self._refuse_another_account(trial.alguna_key)
        self._secrets.set(settings.name, "alguna_key", trial.alguna_key)
        return f"The key works at {settings.alguna_url}, and is kept {self._secrets.where(settings.name)}."

    def _refuse_another_account(self, key: str) -> None:
        """A key of another account would make all customers look deleted: some of its customers must be known here."""
        from console.alguna.client import AlgunaClient
        from console.store.cache import Cache

        path = self._connections.cache_path(self.settings.name)
        if not path.exists():
            return
        with AlgunaClient(self.settings.alguna_url, key, rate=self.settings.alguna_rate) as alguna:
            try:
                page = next(alguna.customers(newest_first=False), [])
            except Refused:
                page = next(alguna.customers(newest_first=True), [])
        with Cache.open(path, org_id=self.settings.org_id, read_only=True) as cache:
            known = cache.customers.count()
            ours = cache.customers.many({customer.id for customer in page})
        if known and not ours:
            raise Conflict(
                f"This key belongs to another Alguna account: none of its customers is one of the {known} known here.",
                "Give a key of the account that this connection was made with, or make a new connection.",
            )
