"""Where a connection can lead: Salesforce's log-in hosts and Alguna's two environments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from console.errors import UsageError
from console.guide.seam import Environment, EnvironmentOffer
from console.net import is_loopback, origin

if TYPE_CHECKING:
    from console.salesforce.client import OrgInfo

# https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_endpoints.htm&type=5
LOGIN_HOSTS: Mapping[Environment, str] = {
    "sandbox": "https://test.salesforce.com",
    "production": "https://login.salesforce.com",
}
# https://alguna.com/docs/quickstarts/developers
ALGUNA_PRODUCTION = "https://api.alguna.io"
ALGUNA_SANDBOX = "https://api.sandbox.alguna.io"
# https://developer.salesforce.com/docs/platform/pub-sub-api/guide/pub-sub-endpoints.html
PUBSUB = "api.pubsub.salesforce.com:7443"
ALGUNA_APPS = {ALGUNA_PRODUCTION: "https://app.alguna.io", ALGUNA_SANDBOX: "https://app.sandbox.alguna.io"}

DEVELOPER_EDITION = "Developer Edition"


@dataclass(frozen=True, slots=True)
class Place:
    """An environment with its addresses."""

    environment: Environment
    login_url: str
    alguna_url: str
    client_id: str = ""
    pubsub_endpoint: str = ""
    """``host:port`` of the event stream; empty: the org is polled."""

    @property
    def alguna_app_url(self) -> str:
        """Where a person opens Alguna; for a rehearsal the address of its API serves the same paths."""
        return ALGUNA_APPS.get(self.alguna_url, self.alguna_url)


def offers(practice: bool) -> list[EnvironmentOffer]:
    """The choices of the first step, recommended first.

    :param practice: whether a rehearsal runs beside this console.
    """
    real = [
        EnvironmentOffer(
            "sandbox",
            "Sandbox",
            "Recommended before production: a copy of your org, where a mistake costs nothing.",
            recommended=not practice,
        ),
        EnvironmentOffer(
            "my_domain",
            "My Domain",
            "Your org's own log-in address; needed where the org allows no other.",
            needs_address=True,
        ),
        EnvironmentOffer(
            "production",
            "Production",
            "The org that people work in.",
            question="Production holds the records that people and billing rely on. Connect a sandbox first unless you "
            "have done so already. Go on with production?",
        ),
    ]
    if not practice:
        return real
    rehearsal = EnvironmentOffer(
        "rehearsal",
        "Rehearsal",
        "An org and an Alguna account of this computer's own: practise everything, nothing real is touched.",
        recommended=True,
        needs_client_id=False,
    )
    return [rehearsal, *real]


def place(
    environment: Environment, *, my_domain: str = "", handout: Mapping[str, Any] | None = None
) -> Place:
    """The addresses of an environment.

    :raises UsageError: My Domain without a usable address, or a rehearsal that isn't running.
    """
    if environment == "rehearsal":
        if handout is None:
            raise UsageError("No rehearsal is running.", "Start the console with: alguna-console rehearse.")
        org = handout["salesforce"]
        events = handout.get("pubsub", {}).get("endpoint") or ""
        return Place(environment, org["login_url"], handout["alguna"]["base_url"], org["client_id"], events)
    if environment == "my_domain":
        address = origin(my_domain, "the My Domain address")
        host = urlsplit(address).hostname or ""
        if not (host.endswith((".my.salesforce.com", ".my.salesforce.mil")) or is_loopback(address)):
            raise UsageError(
                f"{host} is no My Domain address.",
                "It ends in .my.salesforce.com; Setup shows it under My Domain.",
            )
        events = "" if is_loopback(address) else PUBSUB
        alguna = ALGUNA_SANDBOX if ".sandbox." in host else ALGUNA_PRODUCTION
        return Place(environment, address, alguna, pubsub_endpoint=events)
    return Place(
        environment,
        LOGIN_HOSTS[environment],
        ALGUNA_SANDBOX if environment == "sandbox" else ALGUNA_PRODUCTION,
        pubsub_endpoint=PUBSUB,
    )


def environment_of(login_url: str) -> Environment:
    """Which environment a log-in address belongs to."""
    if is_loopback(login_url):
        return "rehearsal"
    for environment, address in LOGIN_HOSTS.items():
        if login_url.rstrip("/") == address:
            return environment
    return "my_domain"


def is_production(environment: Environment, org: OrgInfo) -> bool:
    """Whether people and billing rely on this org: neither a rehearsal nor a sandbox nor a Developer Edition."""
    return environment != "rehearsal" and not org.is_sandbox and org.edition != DEVELOPER_EDITION
