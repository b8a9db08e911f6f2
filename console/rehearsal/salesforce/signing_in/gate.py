"""Who is let in: what the org's policies and a user's own state say to a log-in, and to a session later on.

Errors as in https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_flow_errors.htm; the words of the
log-in history as in
https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_eventlogfile_login_status.htm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from console.rehearsal.salesforce.signing_in.issued import Refused

if TYPE_CHECKING:
    from console.rehearsal.salesforce.org import Org
    from console.rehearsal.salesforce.signing_in.apps import App
    from console.rehearsal.salesforce.signing_in.logins import Logins
    from console.rehearsal.salesforce.signing_in.policies import Policies
    from console.rehearsal.salesforce.signing_in.tokens import Tokens


@dataclass(frozen=True, slots=True)
class Barrier:
    """Why somebody is not let in: for an app, for the log-in history, and for the person at the log-in page."""

    error: str
    description: str
    status: str
    sentence: str

    def refused(self) -> Refused:
        """The same for the token endpoint."""
        return Refused(self.error, self.description)


_CHECK = "Please check your username and password. If you still can't log in, contact your Salesforce administrator."
_RESTRICTED = (
    "Your login attempt has failed. The username or password may be incorrect, or your location or login time may "
    "be restricted. Please contact the administrator at your company for help."
)
WRONG_PASSWORD = Barrier("invalid_grant", "authentication failure", "Invalid Password", _CHECK)
INACTIVE_USER = Barrier("invalid_grant", "inactive user", "User is inactive", _CHECK)
FROZEN = Barrier("invalid_grant", "authentication failure", "User is frozen", _CHECK)
LOCKED = Barrier("invalid_grant", "authentication failure", "User Locked Out", _CHECK)
PASSWORD_EXPIRED = Barrier("invalid_grant", "authentication failure", "Password Expired", _CHECK)
INACTIVE_ORG = Barrier(
    "inactive_org", "organization is locked, closed, or suspended", "Organization locked", _RESTRICTED
)
RESTRICTED_IP = Barrier("invalid_grant", "ip restricted", "Restricted IP", _RESTRICTED)
RESTRICTED_TIME = Barrier("invalid_grant", "invalid login hours", "Restricted Time", _RESTRICTED)
RESTRICTED_DOMAIN = Barrier("invalid_grant", "authentication failure", "Restricted Domain", _RESTRICTED)


class Gate:
    """Asks the policies and the users."""

    def __init__(self, org: Org, policies: Policies, logins: Logins, tokens: Tokens) -> None:
        self._org = org
        self._policies = policies
        self._logins = logins
        self._tokens = tokens

    def log_in(self, user_id: str, address: str) -> Barrier | None:
        """What keeps this user, coming from this IP address, from logging in with the right password."""
        if not self._policies["org_active"]:
            return INACTIVE_ORG
        if not self._policies.allows_address(address):
            return RESTRICTED_IP
        if not self._policies["login_hours"]:
            return RESTRICTED_TIME
        return self._user(user_id)

    def host(self, host: str, my_domain: str) -> Barrier | None:
        """What keeps people from logging in under this host name (of a `Host` header)."""
        asked = urlsplit(f"//{host}").hostname
        elsewhere = bool(host) and asked != urlsplit(my_domain).hostname
        return RESTRICTED_DOMAIN if elsewhere and self._policies["my_domain_only"] else None

    def stays(self, user_id: str, address: str, began_at: str) -> bool:
        """Whether a session goes on: its user, the hours, and where its calls come from (empty: not looked at)."""
        policies = self._policies
        if not (policies["org_active"] and policies["login_hours"]) or self._user(user_id) is not None:
            return False
        if policies["lock_sessions_to_ip"] and address and began_at and address != began_at:
            return False
        return not policies["ip_ranges_on_every_request"] or policies.allows_address(address)

    def app(self, app: App, user_id: str) -> Refused | None:
        """What keeps a user from giving this app access."""
        if self._policies["permitted_users"] == "admin" and user_id not in app.approved_users:
            return Refused("invalid_app_access", "user is not admin approved to access this app")
        if not self._policies["app_installed"] and not self._tokens.granted(user_id, app.client_id):
            return Refused("invalid_client", "app must be installed into org")
        return None

    def _user(self, user_id: str) -> Barrier | None:
        user = self._org.directory.user(user_id)
        if user is None or not user["IsActive"]:
            return INACTIVE_USER
        state = self._logins.state(user_id)
        return FROZEN if state["frozen"] else LOCKED if state["locked"] else None
