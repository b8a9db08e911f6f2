"""How to make the External Client App in Salesforce's Setup, step by step, with what stands on its pages.

https://help.salesforce.com/s/articleView?id=xcloud.create_a_local_external_client_app.htm and
https://help.salesforce.com/s/articleView?id=xcloud.configure_external_client_app_oauth_settings.htm.
"""

from __future__ import annotations

from collections.abc import Sequence

from console.guide.seam import GuideStep
from console.salesforce.signing_in.loopback import PORTS
from console.salesforce.signing_in.oauth import SCOPES
from console.salesforce.signing_in.oauth_errors import BROWSER_ONLY

CALLBACKS = tuple(f"http://localhost:{port}/callback" for port in PORTS)
SCOPE_WORDS = {
    "api": (
        "Manage user data via APIs (api)",
        "reads and writes accounts and contacts, and sets up the fields",
    ),
    "refresh_token": (
        "Perform requests at any time (refresh_token, offline_access)",
        "renews the session, so that nobody has to sign in every few hours",
    ),
    "openid": (
        "Access unique user identifiers (openid)",
        "tells who signed in, so that the right org is used",
    ),
}
"""Each scope that is asked for, as Setup writes it, and why."""


def app_guide(*, server_key: bool = False) -> Sequence[GuideStep]:
    """The steps in their order, then what the browser may show instead of coming back, and where that is mended.

    :param server_key: for JWT bearer: a certificate and approved users instead of the browser's way.
    """
    scopes = "\n".join(f"{name}: {why}" for name, why in map(SCOPE_WORDS.__getitem__, SCOPES.split()))
    steps = [
        GuideStep(
            "Open the list of apps",
            "In the org that you connect: Setup, Quick Find: External Client App Manager, New External Client App. You need the "
            "permission Create, edit, and delete External Client Apps. A scratch org can't make one: make it in the Dev Hub.",
            "External Client App Manager",
        ),
        GuideStep(
            "Basic Information",
            "External Client App Name: Alguna console. API Name fills itself. Contact Email: yours. Distribution State: Local.",
            "Alguna console",
        ),
        GuideStep(
            "API (Enable OAuth Settings)",
            "Tick Enable OAuth.",
        ),
        GuideStep(
            "Callback URL",
            "All of these, one a line. Port and path are compared exactly, and the console takes the first port that is free. "
            "Write localhost: an address of digits is refused.",
            "\n".join(CALLBACKS),
        ),
        GuideStep("OAuth Scopes", f"Select these three and move them to the right.\n{scopes}", scopes),
    ]
    if server_key:
        steps.append(
            GuideStep(
                "Flow Enablement",
                "Tick Enable JWT Bearer Flow and upload the certificate that belongs to the server's key. This makes both:",
                "openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=alguna-console -keyout server.key -out server.crt "
                "&& chmod 600 server.key",
            )
        )
    steps += [
        GuideStep(
            "Security",
            "Tick Require Proof Key for Code Exchange (PKCE). Untick Require secret for Web Server Flow and Require secret for "
            "Refresh Token Flow: a program on people's computers can't keep a secret. Enable Refresh Token Rotation may be ticked; "
            "the console follows it.",
        ),
        GuideStep(
            "Create", "Press Create. It takes about ten minutes until Salesforce knows the app everywhere."
        ),
        GuideStep(
            "Policies",
            "Policies, Edit. OAuth Policies, Permitted Users: All users can self-authorize; or Admin approved users are "
            "pre-authorized"
            + (" (needed for a server's key)" if server_key else "")
            + ", then add the profile or permission set of whoever signs in under App Policies. Refresh Token Policy: valid until "
            "revoked, or not used for 30 days. IP Relaxation: as your org's rules want; Enforce needs this computer's address "
            "among the trusted ones.",
        ),
        GuideStep(
            "Consumer Key",
            "Settings, OAuth Settings, Consumer Key and Secret. Salesforce sends a code by e-mail first. Copy the Consumer Key and "
            "give it to the console; leave the Consumer Secret where it is.",
        ),
    ]
    steps += [
        GuideStep(f"When the browser shows: {shown}", f"{meaning} {mended}")
        for shown, _, meaning, mended in BROWSER_ONLY
    ]
    return tuple(steps)
