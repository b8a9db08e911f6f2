"""Both systems before and after a disconnect: enough to see that no business record was changed, deleted or added."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from console.errors import Refused
from console.guide.signing_in import Given
from console.secrets import Secrets
from console.settings import Connections, ConnectionSettings
from console.sync.asides import Asides

if TYPE_CHECKING:
    from console.salesforce.client import SalesforceClient
    from console.salesforce.signing_in.tokens import TokenSource

QUESTIONS = (
    "SELECT COUNT(Id) n, MAX(SystemModstamp) newest FROM Account",
    "SELECT COUNT(Id) n, MAX(SystemModstamp) newest FROM Contact",
)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What both systems held at one moment."""

    accounts: int
    accounts_changed: str
    contacts: int
    contacts_changed: str
    customers: tuple[tuple[str, str], ...] = field(repr=False)
    """The most recently changed customers with their stamps."""

    def __str__(self) -> str:
        return (
            f"{self.accounts} accounts (newest change {self.accounts_changed}), "
            f"{self.contacts} contacts (newest change {self.contacts_changed}), "
            f"{len(self.customers)} newest customers in Alguna."
        )


class Witness:
    """Looks at the two systems of one connection, and writes to neither."""

    def __init__(self, settings: ConnectionSettings, connections: Connections, secrets: Secrets) -> None:
        self._settings = settings
        self._connections = connections
        self._secrets = secrets

    def salesforce(self, access: str | None = None) -> SalesforceClient:
        """A client of the org; close it.

        :param access: this access token and no other; without, the connection's session, renewed if it has only fallen asleep.
        """
        from console.salesforce.client import SalesforceClient

        return SalesforceClient(
            self._settings.instance_url,
            self._renewing() if access is None else Given(access),
            api_version=self._settings.api_version,
            timeout=(5.0, 60.0),
            allowance=Asides(self._connections.folder(self._settings.name)),
        )

    def fingerprint(self) -> Fingerprint:
        """Both systems now; without customers where Alguna's key is gone.

        :raises ConsoleError: one of them can't be asked.
        """
        from console.alguna.client import AlgunaClient

        key = self._secrets.get(self._settings.name, "alguna_key")
        with self.salesforce() as client:
            rows = [next(client.query(question)) for question in QUESTIONS]
        customers: tuple[tuple[str, str], ...] = ()
        if key:
            with AlgunaClient(self._settings.alguna_url, key, rate=self._settings.alguna_rate) as alguna:
                try:
                    page = next(alguna.customers(newest_first=True), [])
                except Refused:
                    page = next(alguna.customers(newest_first=False), [])
            customers = tuple((customer.id, customer.updated_at) for customer in page)
        (account,), (contact,) = rows
        return Fingerprint(
            int(account["n"]), str(account["newest"]), int(contact["n"]), str(contact["newest"]), customers
        )

    def changed_by_us(self, since: str) -> int:
        """How many accounts and contacts this connection's user was the last to change, from this instant on.

        :raises ConsoleError: the org can't be asked.
        """
        from console.salesforce.soql import instant, name, soql

        total = 0
        with self.salesforce() as client:
            for sobject in ("Account", "Contact"):
                question = soql(
                    "SELECT COUNT(Id) n FROM {} WHERE LastModifiedById = {} AND SystemModstamp >= {}",
                    name(sobject),
                    self._settings.user_id,
                    instant(since),
                )
                total += int(next(client.query(question))[0]["n"])
        return total

    def _renewing(self) -> TokenSource:
        from console.salesforce.signing_in.renewing import token_source

        return token_source(self._settings, self._connections, self._secrets)
