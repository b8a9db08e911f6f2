"""What Salesforce's OAuth errors mean for the person who signs in, and where in Setup each is mended.

The list: https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_flow_errors.htm. The policies behind it:
https://help.salesforce.com/s/articleView?id=xcloud.configure_external_client_app_oauth_settings.htm,
https://help.salesforce.com/s/articleView?id=xcloud.connected_app_manage_oauth.htm and, for apps that are not installed,
https://help.salesforce.com/s/articleView?id=005132365&type=1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote_plus

from console.domain.plain import plain
from console.errors import ConsoleError, Refused, SignInNeeded, Unreachable

_AGAIN = "Sign in again."
_APP = "Setup, External Client App Manager, the app"
SETTINGS = f"{_APP}, Settings, OAuth Settings"
POLICIES = f"{_APP}, Policies, OAuth Policies"
USAGE = "Setup, Connected Apps OAuth Usage"

_NOT_INSTALLED = (
    "The app is not installed in this org, and the org refuses apps that are not.",
    f"Create the External Client App in this very org (Setup, External Client App Manager, New External Client App), or "
    f"install it ({USAGE}, Install). Or give the user the permission Approve Uninstalled Connected Apps.",
)
_PRE_AUTHORISED = (
    "The org admits only users that an administrator approved for this app.",
    f"In {POLICIES}, Permitted Users: choose All users can self-authorize, or keep Admin approved users are "
    "pre-authorized and add the user's profile or permission set under App Policies.",
)
_IP = (
    "The org does not let this user in from this network.",
    "Setup, Login History shows the address that was refused. Add it under Setup, Network Access, or to the profile's Login IP "
    f"Ranges; or relax IP Relaxation in {POLICIES}.",
)
_UNKNOWN_APP = (
    "Salesforce does not know this app.",
    f"Compare the consumer key with {SETTINGS}, Consumer Key and Secret, and the login address with the org the app is in. "
    "A new app takes about ten minutes to come alive.",
)
_SESSION_POLICY = (
    "The org's session policy does not admit this sign-in.",
    f"In {POLICIES}, look at High Assurance Session Required; and at Setup, Session Settings, Session Security Levels. A "
    "multi-factor log-in gives the level that is asked for.",
)
_BLOCKED = (
    "The org's administrator has blocked this app.",
    f"In {USAGE}, find the app and choose Unblock; or switch it on under {POLICIES}.",
)
_INACTIVE = (
    "This Salesforce user is not active.",
    "Setup, Users, the user: tick Active and see that it isn't frozen. Or sign in as another user.",
)
_CALLBACK = (
    "The app does not allow the address that the browser should come back to.",
    f"In {SETTINGS}, Callback URL, add, one a line: http://localhost:1717/callback, http://localhost:8717/callback, "
    "http://localhost:8718/callback, http://localhost:8719/callback. It takes some minutes to work.",
)
_PKCE = (
    "Salesforce asks for a proof (PKCE) that it does not recognise in this sign-in.",
    f"Sign in again. If it stays, tick Require Proof Key for Code Exchange (PKCE) in {SETTINGS}, Security.",
)
_HOURS = (
    "The user may not log in at this hour.",
    "The profile's Login Hours say when: Setup, Profiles, the user's profile.",
)
_FLOW = (
    "This way of signing in is switched off in the org or the app.",
    f"In {SETTINGS}, Flow Enablement: the browser needs the Authorization Code flow, a server's key needs Enable JWT Bearer Flow. "
    "Setup, OAuth and OpenID Connect Settings can switch flows off for the whole org.",
)


_SECRET = (
    "Salesforce wants a secret from this app.",
    f"In {SETTINGS}, Security, untick Require secret for Web Server Flow and Require secret for Refresh Token Flow: the "
    "console is a program on people's computers, which can't keep one.",
)
_PASSING = frozenset(
    message
    for message, _ in (
        *(
            _NOT_INSTALLED,
            _PRE_AUTHORISED,
            _IP,
            _UNKNOWN_APP,
            _SESSION_POLICY,
            _BLOCKED,
            _HOURS,
            _FLOW,
            _SECRET,
        ),
    )
)


@dataclass(frozen=True, slots=True)
class Entry:
    """`word` is looked for in Salesforce's description; an empty one fits every description of this error."""

    error: str
    word: str
    message: str
    advice: str
    kind: type[ConsoleError] = SignInNeeded


TABLE: tuple[Entry, ...] = (
    Entry("access_denied", "admin approved", *_PRE_AUTHORISED),
    Entry("access_denied", "ip restricted", *_IP),
    Entry("access_denied", "high assurance", *_SESSION_POLICY),
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
        "Sign in again. It ends when it was idle for too long, when somebody revoked it, and when the same user approved the "
        f"app a sixth time somewhere: {USAGE} lists the approvals.",
    ),
    Entry(
        "invalid_grant",
        "expired authorization code",
        "The sign-in took too long, or its code was used twice.",
        "Sign in again, and finish in one browser tab within a few minutes.",
    ),
    Entry(
        "invalid_grant",
        "invalid authorization code",
        "The sign-in's code does not belong to this app or this org.",
        "Sign in again; check that consumer key and login address belong to one org.",
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
        f"For a server's key the user must be approved beforehand: in {POLICIES} choose Admin approved users are pre-authorized "
        "and add the user's profile or permission set. With the browser the user approves by signing in.",
    ),
    Entry("invalid_grant", "admin approved", *_PRE_AUTHORISED),
    Entry("invalid_grant", "ip restricted", *_IP),
    Entry("invalid_grant", "login hours", *_HOURS),
    Entry("invalid_grant", "high assurance", *_SESSION_POLICY),
    Entry("invalid_grant", "inactive user", *_INACTIVE, Refused),
    Entry("invalid_grant", "user is inactive", *_INACTIVE, Refused),
    Entry("invalid_grant", "app must be installed", *_NOT_INSTALLED),
    Entry(
        "invalid_grant",
        "audience",
        "The signed claim was made for another log-in host.",
        "Give --login-url as the org needs it: login.salesforce.com, test.salesforce.com for a sandbox, or its My Domain.",
    ),
    Entry(
        "invalid_grant",
        "assertion",
        "Salesforce does not accept the signature of the server's key.",
        f"In {SETTINGS}, JWT Bearer Flow, the certificate must be the one of this key; and this computer's clock must be right.",
    ),
    Entry(
        "invalid_grant",
        "",
        "Salesforce does not accept this sign-in.",
        "Check that user, app and login address belong to the same org, then sign in again. Setup, Login History says why it "
        "was refused.",
    ),
    Entry("invalid_client_id", "", *_UNKNOWN_APP),
    Entry("app_not_found", "", *_NOT_INSTALLED),
    Entry("oauth_ec_app_not_found", "", *_UNKNOWN_APP),
    Entry("oauth_app_access_denied", "", *_PRE_AUTHORISED),
    Entry("oauth_app_blocked", "", *_BLOCKED),
    Entry("oauth_authorization_blocked", "", *_BLOCKED),
    Entry("invalid_client", "must be installed", *_NOT_INSTALLED),
    Entry("invalid_client", "app blocked", *_BLOCKED),
    Entry("invalid_client", "", *_SECRET),
    Entry("redirect_uri_mismatch", "", *_CALLBACK),
    Entry("redirect_uri_missing", "", *_CALLBACK),
    Entry("invalid_app_access", "", *_PRE_AUTHORISED),
    Entry("invalid_app_org_acces", "", *_NOT_INSTALLED),
    Entry(
        "invalid_scope",
        "",
        "The app may not ask for what the console needs.",
        f"In {SETTINGS}, OAuth Scopes, select Manage user data via APIs (api), Perform requests at any time (refresh_token, "
        "offline_access) and Access unique user identifiers (openid).",
    ),
    Entry("unsupported_grant_type", "", *_FLOW),
    Entry("unsupported_response_type", "", *_FLOW),
    Entry("unauthorized_client", "", *_FLOW),
    Entry("inactive_user", "", *_INACTIVE, Refused),
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
    Entry("invalid_request", "code challenge", *_PKCE),
    Entry(
        "invalid_request",
        "",
        "Salesforce did not understand the sign-in.",
        "Check the login address and the app.",
    ),
)

_LOGIN_HISTORY = "Setup, Login History says which: "
BROWSER_ONLY: tuple[tuple[str, str, str, str], ...] = (
    ("OAUTH_EC_APP_NOT_FOUND", "oauth_ec_app_not_found", *_UNKNOWN_APP),
    ("redirect_uri_mismatch", "redirect_uri", *_CALLBACK),
    ("invalid_app_access", "admin approved", *_PRE_AUTHORISED),
    ("OAUTH_APP_ACCESS_DENIED", "oauth_app_access_denied", *_PRE_AUTHORISED),
    ("app must be installed into org", "must be installed", *_NOT_INSTALLED),
    (
        "OAUTH_APPROVAL_ERROR_GENERIC",
        "oauth_approval_error_generic",
        "The app is not installed, or the user may not approve it.",
        _NOT_INSTALLED[1],
    ),
    ("OAUTH_APP_BLOCKED", "blocked", *_BLOCKED),
    (
        "Please check your username and password",
        "username and password.",
        "The password is wrong or has expired, or the user is inactive, frozen or locked.",
        f"{_LOGIN_HISTORY}mend it in Setup, Users, the user (Active, Unfreeze, Unlock, Reset Password).",
    ),
    (
        "Your location or login time may be restricted",
        "may be restricted",
        "The org does not let this user in from here, at this hour, or at this log-in address.",
        f"{_LOGIN_HISTORY}Restricted IP (Setup, Network Access, or the profile's Login IP Ranges), Restricted Time (the "
        "profile's Login Hours), Restricted Domain (choose My Domain, not Sandbox or Production).",
    ),
)
"""What Salesforce shows in the browser only, without ever coming back: its words, what they are recognised by, what they
mean, and what helps. The first that fits goes."""
BROWSER_HINT = (
    "Does the browser show an error instead? Paste its text or address below: you are told what it means and where in "
    "Setup it is mended."
)


def passing(refusal: ConsoleError) -> bool:
    """Whether a refresh was refused for something that can be mended or passes by itself: the refresh token stays good."""
    return refusal.message in _PASSING


def shown_in_browser(text: str) -> ConsoleError | None:
    """The meaning of an error that stands in the browser, from its text or its page's address; None for any other text."""
    said = unquote_plus(text).casefold().replace("\u2019", "'")
    for _, word, message, advice in BROWSER_ONLY:
        if word in said:
            return SignInNeeded(message, advice, code="browser")
    for entry in TABLE:
        if re.search(rf"\b{entry.error}\b", said) and entry.word in said:
            return entry.kind(entry.message, entry.advice, code=entry.error)
    return None


def oauth_error(error: str, description: str) -> ConsoleError:
    """The typed error for an ``error`` and ``error_description`` that Salesforce answered or sent to the browser."""
    text, kind = description.casefold().replace("\u2019", "'"), error.casefold()
    for entry in TABLE:
        if entry.error == kind and entry.word in text:
            return entry.kind(entry.message, entry.advice, code=plain(error, 60))
    said = plain(f"{error}: {description}" if description else error, 160)
    return SignInNeeded(f"Salesforce refuses the sign-in ({said}).", _AGAIN, code=plain(error, 60))
