"""What Salesforce's OAuth errors mean for the person who signs in.

The list: https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_flow_errors.htm
"""

from __future__ import annotations

from dataclasses import dataclass

from console.domain.plain import plain
from console.errors import ConsoleError, Refused, SignInNeeded, Unreachable

_AGAIN = "Sign in again."


@dataclass(frozen=True, slots=True)
class Entry:
    """`word` is looked for in Salesforce's description; an empty one fits every description of this error."""

    error: str
    word: str
    message: str
    advice: str
    kind: type[ConsoleError] = SignInNeeded


TABLE: tuple[Entry, ...] = (
    Entry(
        "access_denied",
        "",
        "Access was refused in the browser.",
        "Sign in again and choose Allow; if the org refused by itself, ask its administrator to allow the app.",
    ),
    Entry("login_required", "", "Salesforce wants you to log in.", _AGAIN),
    Entry("immediate_unsuccessful", "", "Salesforce wants you to log in and to approve the app.", _AGAIN),
    Entry(
        "invalid_grant",
        "expired access/refresh token",
        "The Salesforce session has ended or was revoked.",
        _AGAIN,
    ),
    Entry(
        "invalid_grant",
        "expired authorization code",
        "The sign-in took too long, or its code was used twice.",
        "Sign in again, and finish in one browser tab.",
    ),
    Entry(
        "invalid_grant",
        "code verifier",
        "Salesforce does not recognise this sign-in as the one that was begun here.",
        _AGAIN,
    ),
    Entry(
        "invalid_grant",
        "already being processed",
        "Salesforce is still busy with another renewal of this session.",
        "Try again in a moment; a running sync does so by itself.",
        Unreachable,
    ),
    Entry(
        "invalid_grant",
        "hasn't approved",
        "The user has not approved the app.",
        "Pre-authorise the user in the app's policies, or sign in with the browser.",
    ),
    Entry(
        "invalid_grant",
        "ip restricted",
        "The org does not let this user in from this network.",
        "Ask the org's administrator to allow the address, or relax the app's IP policy.",
    ),
    Entry(
        "invalid_grant",
        "",
        "Salesforce does not accept this sign-in.",
        "Check that user, app and login address belong to the same org, then sign in again.",
    ),
    Entry(
        "invalid_client_id",
        "",
        "Salesforce does not know this app.",
        "Check the consumer key and the login address; a new app takes about ten minutes to come alive.",
    ),
    Entry(
        "invalid_client",
        "must be installed",
        "The app is not installed in this org, and the org refuses apps that are not.",
        "Create the External Client App in this very org, or install it: Setup, External Client App Manager.",
    ),
    Entry(
        "invalid_client",
        "",
        "Salesforce wants a secret from this app.",
        "In the app's OAuth settings switch off 'Require secret' for the web-server flow and the refresh-token flow.",
    ),
    Entry(
        "redirect_uri_mismatch",
        "",
        "The app does not allow the address that the browser should come back to.",
        "Add http://localhost:1717/callback (and ports 8717, 8718, 8719) to the app's callback addresses.",
    ),
    Entry(
        "invalid_app_access",
        "",
        "The org admits only users that an administrator approved for this app.",
        "Have your profile or permission set approved in the app's policies.",
    ),
    Entry(
        "invalid_scope",
        "",
        "The app may not ask for what the console needs.",
        "Give the app the OAuth scopes 'api' and 'refresh_token, offline_access'.",
    ),
    Entry(
        "unsupported_grant_type",
        "",
        "This way of signing in is switched off in the org or the app.",
        "Switch the authorization-code flow on in the app's OAuth settings.",
    ),
    Entry("inactive_user", "", "This Salesforce user is not active.", "Sign in as another user.", Refused),
    Entry(
        "inactive_org",
        "",
        "This org is locked, closed or suspended.",
        "Ask Salesforce about the org.",
        Refused,
    ),
    Entry(
        "rate_limit_exceeded",
        "",
        "Too many sign-ins in a short time.",
        "Wait a few minutes, then sign in again.",
    ),
    Entry(
        "server_error", "", "Salesforce's sign-in has a fault.", "Try again in a few minutes.", Unreachable
    ),
    Entry(
        "temporarily_unavailable",
        "",
        "Salesforce's sign-in is not available at the moment.",
        "Try again in a few minutes.",
        Unreachable,
    ),
    Entry(
        "invalid_request",
        "",
        "Salesforce did not understand the sign-in.",
        "Check the login address and the app.",
    ),
)


def oauth_error(error: str, description: str) -> ConsoleError:
    """The typed error for an ``error`` and ``error_description`` that Salesforce answered or sent to the browser."""
    text = description.casefold()
    for entry in TABLE:
        if entry.error == error and entry.word in text:
            return entry.kind(entry.message, entry.advice, code=error)
    said = plain(f"{error}: {description}" if description else error, 160)
    return SignInNeeded(f"Salesforce refuses the sign-in ({said}).", _AGAIN, code=plain(error, 60))
