"""What an administrator can set about signing in: one switch each, with a sentence that says what it does.

Names and values follow Setup and the Metadata API where they have one (`refresh_token_policy`:
https://developer.salesforce.com/docs/atlas.en-us.api_meta.meta/api_meta/meta_extlclntappoauthconfigurablepolicies.htm).
They hold for every app of the org and survive a restart.
"""

from __future__ import annotations

import ipaddress
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from console.rehearsal.salesforce.signing_in.vault import Vault


@dataclass(frozen=True, slots=True)
class Switch:
    """One policy: its value when nobody touched it, what it may be, and what it does."""

    default: Any
    what: str
    choices: tuple[str, ...] = ()

    def problem(self, value: Any) -> str | None:
        """Why this value cannot be taken, or None."""
        if self.choices:
            return None if value in self.choices else f"must be one of {', '.join(self.choices)}"
        if isinstance(self.default, bool):
            return None if isinstance(value, bool) else "must be true or false"
        if isinstance(self.default, int):
            good = isinstance(value, int) and not isinstance(value, bool) and value >= 0
            return None if good else "must be a whole number of at least 0"
        return _not_ranges(value)


def _not_ranges(value: Any) -> str | None:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        return 'must be a list of address ranges such as ["10.0.0.0/8"]'
    for each in value:
        try:
            ipaddress.ip_network(each)
        except ValueError:
            return f"holds {each!r}, which is no address range such as 10.0.0.0/8"
    return None


SWITCHES: Mapping[str, Switch] = {
    "app_installed": Switch(
        True, "false: no app is installed in the org; whoever has not approved one before is refused"
    ),
    "app_live": Switch(True, "false: the app was made a moment ago, and no host knows its client id yet"),
    "permitted_users": Switch(
        "self",
        "who may use an app: self (all users may self-authorize) or admin (only its approved_users)",
        ("self", "admin"),
    ),
    "refusals_shown": Switch(
        "page",
        "where the browser learns that app_installed or permitted_users refused it: on Salesforce's error page, "
        "so that the app hears nothing, or at the app's callback address",
        ("page", "callback"),
    ),
    "pkce_required": Switch(True, "false: an authorization request may come without a code challenge"),
    "secret_required": Switch(False, "true: codes and refresh tokens need the app's secret as well"),
    "refresh_token_policy": Switch(
        "infinite",
        "how long refresh tokens live: infinite (until revoked), zero (they expire at once), inactivity (until "
        "refresh_token_days without use) or lifetime (refresh_token_days after the approval)",
        ("infinite", "zero", "inactivity", "lifetime"),
    ),
    "refresh_token_days": Switch(30, "the days of refresh_token_policy"),
    "refresh_takes_ms": Switch(
        0, "how long a refresh is in work; the same token sent again meanwhile is told that it is being processed"
    ),
    "login_ip_ranges": Switch([], "from which addresses people and apps may log in; empty: from everywhere"),
    "ip_ranges_on_every_request": Switch(False, "true: API calls from outside login_ip_ranges are refused too"),
    "lock_sessions_to_ip": Switch(False, "true: a session works from the address only that it began at"),
    "login_hours": Switch(True, "false: it is outside the login hours; nobody can log in, and sessions end"),
    "org_active": Switch(True, "false: the organization is locked; nobody gets in"),
    "my_domain_only": Switch(
        False,
        "true: log-in through any other name of this address than the one handed out (localhost instead of "
        "127.0.0.1), which stands for login.salesforce.com, is refused",
    ),
}  # fmt: skip


class Policies:
    """The switches of one org, kept in its file."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        # Read once: each API call asks for several.
        self._values = {
            name: json.loads(vault.setting(f"policy {name}", json.dumps(switch.default)))
            for name, switch in SWITCHES.items()
        }

    def __getitem__(self, name: str) -> Any:
        """The present value of a switch; KeyError for an unknown name."""
        return self._values[name]

    def update(self, values: Mapping[str, Any]) -> None:
        """Set switches by name. Raises ValueError, and changes nothing, on an unknown name or a wrong value."""
        for name, value in values.items():
            if name not in SWITCHES:
                raise ValueError(f"there is no switch {name!r}; there are {', '.join(SWITCHES)}")
            problem = SWITCHES[name].problem(value)
            if problem:
                raise ValueError(f"{name} {problem}")
        for name, value in values.items():
            self._vault.set(f"policy {name}", json.dumps(value))
            self._values[name] = value

    def as_dict(self) -> dict[str, Any]:
        """Every switch with its present value."""
        return dict(self._values)

    def allows_address(self, address: str) -> bool:
        """Whether one may log in from this IP address; an empty one is not looked at."""
        ranges = self["login_ip_ranges"]
        if not ranges or not address:
            return True
        try:
            known = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(known in ipaddress.ip_network(each) for each in ranges)
