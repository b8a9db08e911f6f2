"""Signing in, staying signed in and signing out against the rehearsal's org."""

from __future__ import annotations

import threading

import pytest

from console.errors import SignInNeeded
from console.salesforce.signing_in.loopback import CallbackServer
from console.salesforce.signing_in.oauth import new_proof, new_state
from console.salesforce.signing_in.tokens import TokenSource
from console.secrets import Secrets
from console.settings import Connections
from tests.clients.rehearsed import Stage


def test_a_person_signs_in_with_the_browser(stage: Stage) -> None:
    tokens, _ = stage.sign_in()
    assert tokens.instance_url == stage.salesforce["instance_url"]
    assert tokens.refresh_token
    who = stage.oauth().identity(tokens)
    assert (who.org_id, who.username) == (stage.salesforce["org_id"], stage.salesforce["username"])
    with stage.org(tokens.access_token) as org:
        assert org.organization().id == who.org_id
        assert org.whoami().user_id == who.user_id


def test_a_code_that_is_used_twice_is_told(stage: Stage) -> None:
    _, used = stage.sign_in()
    with pytest.raises(SignInNeeded, match="used twice"):
        stage.oauth().exchange(**used)


def test_a_code_with_another_verifier_is_refused(stage: Stage) -> None:
    proof, other, state = new_proof(), new_proof(), new_state()
    with CallbackServer(state, ports=(0,)) as server:
        address = stage.oauth().authorize_url(
            redirect_uri=server.redirect_uri, state=state, challenge=proof.challenge
        )
        stage.browse(address)
        code = server.wait(10)
    with pytest.raises(SignInNeeded, match="does not recognise"):
        stage.oauth().exchange(code, verifier=other.verifier, redirect_uri=server.redirect_uri)


def test_a_refused_consent_is_told(fresh_stage: Stage) -> None:
    state = new_state()
    with CallbackServer(state, ports=(0,)) as server:
        address = fresh_stage.oauth().authorize_url(
            redirect_uri=server.redirect_uri, state=state, challenge=new_proof().challenge
        )
        page = fresh_stage.browse(address, decision="deny")
        with pytest.raises(SignInNeeded, match="Access was refused in the browser"):
            server.wait(10)
    assert "Not signed in" in page.text


def test_an_unknown_app_shows_its_error_in_the_browser_only_and_the_wait_has_an_end(stage: Stage) -> None:
    state = new_state()
    with CallbackServer(state, ports=(0,)) as server:
        address = stage.oauth("3MVG9nobody").authorize_url(
            redirect_uri=server.redirect_uri, state=state, challenge=new_proof().challenge
        )
        page = stage.browse(address)
        assert "OAUTH_EC_APP_NOT_FOUND" in page.text
        with pytest.raises(SignInNeeded, match="No answer came back"):
            server.wait(0.1)


def signed_in(stage: Stage, connections: Connections, secrets: Secrets) -> TokenSource:
    tokens, _ = stage.sign_in()
    source = TokenSource(
        secrets, "one", oauth=stage.oauth(), lock_path=connections.folder("one") / "token.lock"
    )
    source.keep(tokens)
    return source


def test_eight_threads_whose_session_expired_refresh_once(
    stage: Stage, connections: Connections, secrets: Secrets
) -> None:
    source = signed_in(stage, connections, secrets)
    stage.tell("POST", "/salesforce/sessions/expire")
    before = stage.calls("salesforce", "POST /services/oauth2/token")
    names: list[str] = []
    with stage.org(tokens=source) as org:
        threads = [threading.Thread(target=lambda: names.append(org.organization().name)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(names) == 8
    assert stage.calls("salesforce", "POST /services/oauth2/token") - before == 1


def test_a_session_revoked_mid_run_needs_a_sign_in(
    fresh_stage: Stage, connections: Connections, secrets: Secrets
) -> None:
    source = signed_in(fresh_stage, connections, secrets)
    with fresh_stage.org(tokens=source) as org:
        pages = org.query("SELECT Id FROM Account")
        next(pages)
        fresh_stage.tell("POST", "/salesforce/sessions/revoke")
        with pytest.raises(SignInNeeded, match="ended or was revoked"):
            org.limits()
        with pytest.raises(SignInNeeded):
            org.limits()


def test_after_a_sign_out_the_org_refuses_both_tokens(fresh_stage: Stage) -> None:
    tokens, _ = fresh_stage.sign_in()
    oauth = fresh_stage.oauth()
    assert tokens.refresh_token is not None
    assert oauth.revoke(tokens.refresh_token) is True
    with fresh_stage.org(tokens.access_token) as org, pytest.raises(SignInNeeded):
        org.limits()
    with pytest.raises(SignInNeeded):
        oauth.refresh(tokens.refresh_token)
    with pytest.raises(SignInNeeded):
        oauth.identity(tokens)
    assert oauth.revoke(tokens.refresh_token) is False


def test_a_wrong_access_token_needs_a_sign_in(stage: Stage) -> None:
    with stage.org("00Dxx!nonsense") as org, pytest.raises(SignInNeeded):
        org.whoami()
