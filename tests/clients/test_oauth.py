from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.errors import ConsoleError, Refused, SignInNeeded, Unreachable, UsageError
from console.salesforce.signing_in.oauth import SCOPES, OAuth, Tokens, new_proof, new_state
from console.salesforce.signing_in.oauth_errors import TABLE, oauth_error, shown_in_browser
from tests.clients.site import CUT, STALL, Answer, Handler, Reaction, Site, everything_told, page

Serve = Callable[[Handler], Site]
ORG, USER = "00Dxx0000001gPLEAY", "005xx000001SwiUAAS"
CODE, VERIFIER, REFRESH, ACCESS = (
    "aPrxCode!hunter2",
    "verifier-hunter2",
    "5Aep861refresh-hunter2",
    "00Dxx!access-hunter2",
)
SECRETS = (CODE, VERIFIER, REFRESH, ACCESS)


def granted(site_url: str = "https://acme.my.salesforce.com", **more: Any) -> Answer:
    return Answer(
        body={
            "access_token": ACCESS,
            "signature": "x",
            "scope": SCOPES,
            "instance_url": site_url,
            "id": f"https://login.salesforce.com/id/{ORG}/{USER}",
            "token_type": "Bearer",
            "issued_at": "1700000000000",
            **more,
        }
    )


def oauth(site: Site) -> OAuth:
    return OAuth(site.url, "3MVG9client", timeout=0.5)


def exchange(client: OAuth) -> Tokens:
    return client.exchange(CODE, verifier=VERIFIER, redirect_uri="http://localhost:1717/callback")


def refusal(serve: Serve, reaction: Reaction, call: Callable[[OAuth], object] = exchange) -> ConsoleError:
    with pytest.raises(ConsoleError) as caught:
        call(oauth(serve(lambda _: reaction)))
    told = everything_told(caught.value)
    assert not any(secret in told for secret in SECRETS)
    return caught.value


def test_the_challenge_is_the_verifiers_s256_hash() -> None:
    proof = new_proof()
    digest = hashlib.sha256(proof.verifier.encode()).digest()
    assert base64.urlsafe_b64decode(proof.challenge + "=") == digest
    assert 43 <= len(proof.verifier) <= 128
    assert proof.verifier not in repr(proof)


def test_proofs_and_states_never_repeat() -> None:
    assert len({new_proof().verifier for _ in range(100)} | {new_state() for _ in range(100)}) == 200


def test_the_address_for_the_browser_asks_for_a_code_with_pkce() -> None:
    address = OAuth("login.salesforce.com", " 3MVG9client\n").authorize_url(
        redirect_uri="http://localhost:1717/callback", state="s&t", challenge="c", login_hint="ann@acme.com"
    )
    parts = urlsplit(address)
    assert (
        f"{parts.scheme}://{parts.netloc}{parts.path}"
        == "https://login.salesforce.com/services/oauth2/authorize"
    )
    assert parse_qs(parts.query) == {
        "response_type": ["code"],
        "client_id": ["3MVG9client"],
        "redirect_uri": ["http://localhost:1717/callback"],
        "scope": ["api refresh_token openid"],
        "state": ["s&t"],
        "code_challenge": ["c"],
        "code_challenge_method": ["S256"],
        "login_hint": ["ann@acme.com"],
    }
    assert "+" not in parts.query


@pytest.mark.parametrize("client_id", ["", " ", "3MV\x00", "schlüssel"])
def test_a_consumer_key_that_can_be_none_is_refused(client_id: str) -> None:
    with pytest.raises(UsageError, match="consumer key"):
        OAuth("https://login.salesforce.com", client_id)


def test_a_login_address_over_plain_http_is_refused() -> None:
    with pytest.raises(UsageError):
        OAuth("http://login.salesforce.com", "3MVG9client")


def test_a_code_is_exchanged_without_any_client_secret(serve: Serve) -> None:
    site = serve(lambda _: granted(refresh_token=REFRESH))
    tokens = exchange(oauth(site))
    assert (tokens.access_token, tokens.refresh_token) == (ACCESS, REFRESH)
    assert tokens.instance_url == "https://acme.my.salesforce.com"
    assert site.requests[0].path == "/services/oauth2/token"
    assert site.requests[0].form == {
        "grant_type": "authorization_code",
        "code": CODE,
        "client_id": "3MVG9client",
        "redirect_uri": "http://localhost:1717/callback",
        "code_verifier": VERIFIER,
    }


def test_tokens_are_never_shown() -> None:
    tokens = Tokens(ACCESS, REFRESH, "https://acme.my.salesforce.com")
    assert not any(secret in repr(tokens) + str(tokens) for secret in SECRETS)


def test_a_refresh_keeps_the_old_refresh_token_unless_a_new_one_comes(serve: Serve) -> None:
    site = serve(lambda _: granted())
    assert oauth(site).refresh(REFRESH).refresh_token == REFRESH
    site.handler = lambda _: granted(refresh_token="rotated")
    assert oauth(site).refresh(REFRESH).refresh_token == "rotated"


@pytest.mark.parametrize(
    ("error", "description", "words"),
    [
        ("invalid_grant", "expired authorization code", "took too long, or its code was used twice"),
        ("invalid_grant", "invalid authorization code", "does not belong to this app"),
        ("invalid_grant", "invalid code verifier", "does not recognise this sign-in"),
        ("invalid_grant", "expired access/refresh token", "ended or was revoked"),
        ("invalid_grant", "authentication failure", "does not accept this sign-in"),
        ("invalid_grant", "ip restricted", "from this network"),
        ("invalid_grant", "ip restricted or invalid login hours", "from this network"),
        ("invalid_grant", "user hasn\u2019t approved this consumer", "has not approved the app"),
        ("invalid_grant", "user is not admin approved to access this app", "administrator approved"),
        ("invalid_grant", "Audience validation failed", "another log-in host"),
        ("invalid_grant", "invalid assertion", "signature of the server's key"),
        ("invalid_grant", "high assurance session required", "session policy"),
        ("invalid_client_id", "client identifier invalid", "does not know this app"),
        (
            "OAUTH_EC_APP_NOT_FOUND",
            "External client app is not installed in this org",
            "does not know this app",
        ),
        ("app_not_found", "External client app is not installed in this org", "not installed in this org"),
        ("invalid_client", "app must be installed into org", "not installed in this org"),
        ("invalid_client", "invalid client credentials", "wants a secret"),
        ("OAUTH_APP_BLOCKED", "this app is blocked by admin", "blocked this app"),
        ("redirect_uri_mismatch", "redirect_uri must match configuration", "come back to"),
        ("invalid_app_access", "user is not admin approved to access this app", "administrator approved"),
        ("OAUTH_APP_ACCESS_DENIED", "", "administrator approved"),
        ("unsupported_grant_type", "grant type not supported", "switched off"),
        ("invalid_request", "missing required code challenge", "proof (PKCE)"),
        ("invalid_request", "bad", "did not understand"),
        ("access_denied", "end-user denied authorization", "refused in the browser"),
        ("invalid_scope", "the requested scope is not allowed", "may not ask for"),
    ],
)
def test_every_documented_refusal_becomes_a_sentence_with_advice(
    serve: Serve, error: str, description: str, words: str
) -> None:
    found = refusal(serve, Answer(400, {"error": error, "error_description": description}))
    assert isinstance(found, SignInNeeded)
    assert words in found.message
    assert found.advice
    assert found.code == error


@pytest.mark.parametrize("description", ["inactive user", "user is inactive"])
def test_an_inactive_user_is_refused_and_named_as_what_it_is(serve: Serve, description: str) -> None:
    found = refusal(serve, Answer(400, {"error": "invalid_grant", "error_description": description}))
    assert isinstance(found, Refused)
    assert "Setup, Users" in found.advice


def test_what_an_administrator_can_mend_names_the_page_in_setup() -> None:
    mended = {"inactive_org", "rate_limit_exceeded", "server_error", "temporarily_unavailable"}
    mended |= {"login_required", "immediate_unsuccessful"}
    by_page = [entry for entry in TABLE if "Setup" in entry.advice]
    assert len(by_page) > len(TABLE) / 2
    for error in {entry.error for entry in TABLE} - mended - {"access_denied", "invalid_request"}:
        assert any(entry.error == error for entry in by_page), error


@pytest.mark.parametrize(
    ("shown", "meaning"),
    [
        ("OAUTH_EC_APP_NOT_FOUND : External client app is not found", "does not know this app"),
        ("error=redirect_uri_mismatch&error_description=redirect_uri%20must%20match", "come back to"),
        ("OAUTH_APPROVAL_ERROR_GENERIC : An unexpected error has occurred", "not installed, or the user"),
        (
            "OAUTH_APPROVAL_ERROR_GENERIC invalid_app_access: user is not admin approved",
            "administrator approved",
        ),
        (
            "https://x.my.salesforce.com/e?error_description=app+must+be+installed+into+org",
            "not installed in this",
        ),
        ("oauth_app_blocked", "blocked this app"),
        (
            "Please check your username and password. If you still can\u2019t log in",
            "inactive, frozen or locked",
        ),
        ("or your location or login time may be restricted", "from here, at this hour"),
        ("invalid_scope: this scope is not allowed", "may not ask for"),
    ],
)
def test_what_stays_in_the_browser_is_recognised_with_its_page_in_setup(shown: str, meaning: str) -> None:
    found = shown_in_browser(shown)
    assert found is not None
    assert meaning in found.message
    assert "Setup" in found.advice


def test_any_other_text_from_the_browser_is_not_taken_for_a_refusal() -> None:
    for text in ("", "hello", "https://example.com/", "http://localhost:1717/callback?code=a&state=b"):
        assert shown_in_browser(text) is None


def test_two_refreshes_at_once_are_worth_another_try(serve: Serve) -> None:
    busy = {"error": "invalid_grant", "error_description": "token request is already being processed"}
    assert isinstance(refusal(serve, Answer(400, busy)), Unreachable)


def test_an_unknown_refusal_is_passed_on_as_plain_text(serve: Serve) -> None:
    said = {"error": "strange\x1b[31m", "error_description": f"see {CODE} and {VERIFIER} {'x' * 900}"}
    found = refusal(serve, Answer(400, said))
    assert "\x1b" not in found.message
    assert len(found.message) < 250


@given(st.text(), st.text())
def test_any_refusal_is_a_typed_error_with_advice(error: str, description: str) -> None:
    found = oauth_error(error, description)
    assert found.message
    assert found.advice
    assert found.message.isprintable()


def test_every_line_of_the_table_can_be_reached() -> None:
    for index, entry in enumerate(TABLE):
        assert oauth_error(entry.error, entry.word).message == entry.message, index


@pytest.mark.parametrize(
    "reaction",
    [
        page(200),
        page(404),
        Answer(400, "Bad request", kind="text/plain"),
        Answer(200, {}),
        Answer(200, []),
        Answer(200, {"access_token": "", "instance_url": "https://x.example"}),
        Answer(200, {"access_token": ACCESS}),
        Answer(400, {"message": "no"}),
        Answer(302, None, {"Location": "https://elsewhere.example"}),
        Answer(200, "{", kind="application/json"),
    ],
)
def test_a_host_that_is_not_salesforces_sign_in_is_told(serve: Serve, reaction: Answer) -> None:
    found = refusal(serve, reaction)
    assert isinstance(found, Unreachable)
    assert "login address" in found.advice


@pytest.mark.parametrize("reaction", [page(503), Answer(500, {"error": "server"}), CUT, STALL])
def test_a_code_is_never_sent_twice(serve: Serve, reaction: Reaction) -> None:
    site = serve(lambda _: reaction)
    with pytest.raises(Unreachable) as caught:
        exchange(oauth(site))
    assert caught.value.maybe_done
    assert len(site.requests) == 1


def test_a_host_that_cannot_be_reached_is_told() -> None:
    site = Site(lambda _: CUT)
    site.close()
    with pytest.raises(Unreachable, match="cannot be reached") as caught:
        exchange(oauth(site))
    assert not caught.value.maybe_done


def test_a_real_login_host_cannot_send_the_token_to_this_computer() -> None:
    import httpx

    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=granted("http://127.0.0.1:9").body))
    with pytest.raises(Unreachable):
        exchange(OAuth("https://login.salesforce.com", "3MVG9client", transport=transport))


@pytest.mark.parametrize(
    "instance", ["http://evil.example", "javascript:alert(1)", "https://", "ftp://x.example"]
)
def test_an_instance_address_that_is_not_safe_is_refused(serve: Serve, instance: str) -> None:
    found = refusal(serve, granted(instance))
    assert isinstance(found, UsageError)


def test_a_revoked_token_is_sent_in_the_body_alone(serve: Serve) -> None:
    site = serve(lambda _: Answer(200, None))
    assert oauth(site).revoke(REFRESH) is True
    assert site.requests[0].form == {"token": REFRESH}
    assert site.requests[0].query == {}


@pytest.mark.parametrize("error", ["invalid_token", "unsupported_token_type"])
def test_a_token_that_the_org_does_not_know_is_no_failure(serve: Serve, error: str) -> None:
    site = serve(lambda _: Answer(400, {"error": error, "error_description": "this token is not known"}))
    assert oauth(site).revoke(REFRESH) is False


def test_a_revocation_that_fails_is_told(serve: Serve) -> None:
    found = refusal(serve, Answer(400, {"error": "inactive_org"}), lambda client: client.revoke(REFRESH))
    assert isinstance(found, Refused)
    assert isinstance(refusal(serve, page(200), lambda client: client.revoke(REFRESH)), Unreachable)


def test_the_identity_is_asked_at_the_org_wherever_its_address_points(serve: Serve) -> None:
    who = {"user_id": USER, "organization_id": ORG, "username": "ann@acme.com", "display_name": "Ann"}
    site = serve(lambda _: Answer(body=who))
    tokens = Tokens(ACCESS, None, site.url, f"https://thief.example/id/{ORG}/{USER}")
    found = oauth(site).identity(tokens)
    assert (found.org_id, found.user_id, found.username) == (ORG, USER, "ann@acme.com")
    assert site.requests[0].path == f"/id/{ORG}/{USER}"
    assert site.requests[0].headers["authorization"] == f"Bearer {ACCESS}"


def test_ids_of_fifteen_characters_become_eighteen(serve: Serve) -> None:
    who = {"user_id": USER[:15], "organization_id": ORG[:15], "username": "ann"}
    site = serve(lambda _: Answer(body=who))
    found = oauth(site).identity(Tokens(ACCESS, None, site.url, f"https://x/id/{ORG[:15]}/{USER[:15]}"))
    assert (found.org_id, found.user_id) == (ORG, USER)


@pytest.mark.parametrize(
    "address", ["", "https://x/id/../../x", "https://x/id/00D/005", f"https://x/{ORG}/{USER}"]
)
def test_an_identity_address_that_is_none_is_not_followed(serve: Serve, address: str) -> None:
    site = serve(lambda _: Answer(body={}))
    with pytest.raises(Unreachable):
        oauth(site).identity(Tokens(ACCESS, None, site.url, address))
    assert site.requests == []


@pytest.mark.parametrize(
    "reaction", [Answer(403, "Bad_OAuth_Token", kind="text/html"), Answer(401, {"error": "x"})]
)
def test_a_token_that_is_not_accepted_needs_a_sign_in(serve: Serve, reaction: Answer) -> None:
    tokens = Tokens(ACCESS, None, "", f"https://x/id/{ORG}/{USER}")

    def call(client: OAuth) -> object:
        return client.identity(Tokens(tokens.access_token, None, client.login_url, tokens.identity_url))

    assert isinstance(refusal(serve, reaction, call), SignInNeeded)


@pytest.mark.parametrize(
    "body", [{}, {"user_id": USER}, {"user_id": 1, "organization_id": ORG, "username": "x"}, []]
)
def test_an_identity_that_is_none_is_told(serve: Serve, body: object) -> None:
    def call(client: OAuth) -> object:
        return client.identity(Tokens(ACCESS, None, client.login_url, f"https://x/id/{ORG}/{USER}"))

    assert isinstance(refusal(serve, Answer(200, body), call), Unreachable)
