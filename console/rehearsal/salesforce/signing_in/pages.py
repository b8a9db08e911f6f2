"""The pages that a person sees while signing in: plain HTML, no script, usable with a keyboard and a screen reader."""

from __future__ import annotations

from html import escape

_STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0; background: #f3f5f7; color: #16191d; }
main { max-width: 26rem; margin: 8vh auto; padding: 2rem; background: #fff; border: 1px solid #c9d1d9; border-radius: .5rem; }
h1 { font-size: 1.25rem; margin: 0 0 1rem; }
label { display: block; margin: 1rem 0 .25rem; font-weight: 600; }
input { width: 100%; box-sizing: border-box; font: inherit; padding: .5rem; border: 1px solid #6b7480; border-radius: .25rem; }
button {
  font: inherit; padding: .5rem 1.25rem; margin: 1.5rem .5rem 0 0;
  border: 1px solid #0b5cab; border-radius: .25rem; background: #fff; color: #0b5cab;
}
button.main { background: #0b5cab; color: #fff; }
:focus-visible { outline: 3px solid #ff9e2c; outline-offset: 2px; }
.problem { border-left: .25rem solid #ba0517; padding: .5rem .75rem; background: #fdecec; color: #6b0410; }
.note { font-size: .875rem; color: #4b5563; }
@media (prefers-color-scheme: dark) {
  body { background: #14171a; color: #e6e9ec; } main { background: #1d2125; border-color: #3b434b; }
  input { background: #14171a; color: inherit; } .note { color: #a9b2bb; }
  button { background: transparent; color: #7ab8ff; border-color: #7ab8ff; }
  button.main { background: #7ab8ff; color: #10151a; }
}
"""

_SCOPES = {
    "api": "Manage user data via APIs",
    "full": "Full access",
    "id": "Access the identity URL service",
    "openid": "Access unique user identifiers",
    "profile": "Access profile information",
    "email": "Access the email address",
    "web": "Manage user data via Web browsers",
    "refresh_token": "Perform requests at any time",
    "offline_access": "Perform requests at any time",
}

MY_DOMAIN_ONLY = (
    "Your administrator requires that you log in with your company's own address (My Domain), not with the general "
    "log-in address."
)


def _page(title: str, body: str) -> str:
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n"
        "</body>\n</html>\n"
    )


def log_in(*, action: str, csrf: str, username: str = "", problem: str = "") -> str:
    """The log-in form. `action` is the address it is sent to, with the authorization request in its query."""
    alert = f'<p class="problem" id="error" role="alert">{escape(problem)}</p>\n' if problem else ""
    focus_name, focus_password = ("", " autofocus") if username else (" autofocus", "")
    described = ' aria-describedby="error" aria-invalid="true"' if problem else ""
    return _page(
        "Login | Rehearsal",
        "<h1>Log in to the practice org</h1>\n"
        f"{alert}"
        f'<form method="post" action="{escape(action)}" id="login_form">\n'
        f'<input type="hidden" name="csrf" value="{escape(csrf)}">\n'
        '<label for="username">Username</label>\n'
        f'<input type="text" id="username" name="username" value="{escape(username)}" autocomplete="username" '
        f'autocapitalize="none" spellcheck="false" required{focus_name}{described}>\n'
        '<label for="password">Password</label>\n'
        '<input type="password" id="password" name="pw" autocomplete="current-password" '
        f"required{focus_password}{described}>\n"
        '<button type="submit" id="Login" name="Login" value="Log In" class="main">Log In</button>\n'
        "</form>\n"
        '<p class="note">This is a rehearsal on this computer. Nothing here reaches Salesforce.</p>',
    )


def consent(
    *, action: str, csrf: str, app: str, scopes: tuple[str, ...], username: str, callback: str
) -> str:
    """The question whether the app may have access, with what it asks for."""
    wishes = dict.fromkeys(_SCOPES.get(scope, scope) for scope in scopes)
    listed = "\n".join(f"<li>{escape(wish)}</li>" for wish in wishes)
    return _page(
        "Allow Access? | Rehearsal",
        "<h1>Allow Access?</h1>\n"
        f"<p><strong>{escape(app)}</strong> is asking to:</p>\n<ul>\n{listed}\n</ul>\n"
        f"<p>Do you want to allow access for <strong>{escape(username)}</strong>?</p>\n"
        f'<form method="post" action="{escape(action)}" id="editPage">\n'
        f'<input type="hidden" name="csrf" value="{escape(csrf)}">\n'
        '<button type="submit" id="oaapprove" name="decision" value="allow" class="main">Allow</button>\n'
        '<button type="submit" id="oadeny" name="decision" value="deny">Deny</button>\n'
        "</form>\n"
        f'<p class="note">Afterwards you go back to {escape(callback)}.</p>',
    )


def change_password(*, action: str, csrf: str, problem: str = "") -> str:
    """The form that comes first when a password has expired."""
    alert = f'<p class="problem" id="error" role="alert">{escape(problem)}</p>\n' if problem else ""
    return _page(
        "Change Your Password | Rehearsal",
        "<h1>Change Your Password</h1>\n"
        "<p>Your password has expired. Enter a new one to go on.</p>\n"
        f"{alert}"
        f'<form method="post" action="{escape(action)}" id="editPage">\n'
        f'<input type="hidden" name="csrf" value="{escape(csrf)}">\n'
        '<label for="newpassword">New password</label>\n'
        '<input type="password" id="newpassword" name="newpassword" autocomplete="new-password" required autofocus>\n'
        '<label for="confirmpassword">Confirm new password</label>\n'
        '<input type="password" id="confirmpassword" name="confirmpassword" autocomplete="new-password" required>\n'
        '<button type="submit" id="password-button" class="main">Change Password</button>\n'
        "</form>",
    )


def oauth_problem(code: str, description: str, detail: str = "") -> str:
    """An error that is not sent to the callback address, because the address or the app is not to be trusted."""
    more = f"<p><code>{escape(detail)}</code></p>\n" if detail else ""
    return _page(
        "OAuth Error | Rehearsal",
        "<h1>We can't authorize you because of an OAuth error</h1>\n"
        f'<p class="problem" role="alert"><code>{escape(code)}</code>: {escape(description)}</p>\n{more}'
        "<p>For more information, contact your Salesforce administrator.</p>",
    )


def welcome() -> str:
    """What the org's root shows."""
    return _page(
        "Rehearsal",
        "<h1>The practice org</h1>\n"
        "<p>This address stands in for a Salesforce org. Its REST API begins at "
        '<a href="/services/data">/services/data</a>; programs sign in at <code>/services/oauth2/authorize</code>.</p>',
    )


def nothing_here() -> str:
    """The page for an address that does not exist."""
    return _page(
        "URL No Longer Exists", "<h1>URL No Longer Exists</h1>\n<p>There is no page at this address.</p>"
    )
