"""How access stands, what warns of its end, and the ways to it through the desk, against the rehearsal."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from console.errors import ConsoleError, SignInNeeded, UsageError
from console.guide.app_guide import CALLBACKS, SCOPE_WORDS, app_guide
from console.guide.health import warning_of, warnings
from console.salesforce.session_state import SessionState
from console.salesforce.signing_in.loopback import PORTS
from console.salesforce.signing_in.oauth import SCOPES
from console.salesforce.signing_in.renewing import token_source
from console.salesforce.signing_in.session_record import FILE, RecordFile, SessionRecord
from console.settings import ConnectionSettings
from console.sync.cursors import text
from console.sync.events import RunFinished
from tests.practising import Bench, Ear

NOW = "2026-03-04T12:00:00Z"
BROWSER = ConnectionSettings(name="one", username="ann@acme.com")


def said(settings: ConnectionSettings, record: SessionRecord, found: SessionState | None = None) -> str:
    return " ".join(warnings(settings, record, found or SessionState(), NOW))


def test_a_fresh_session_that_renews_itself_needs_no_warning() -> None:
    fresh = SessionRecord(signed_in_at="2026-03-01T00:00:00Z", refreshed_at="2026-03-04T11:00:00Z")
    assert said(BROWSER, fresh) == ""


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (SessionRecord(signed_in_at=NOW, refreshed_at=NOW, refused="x"), "has ended"),
        (SessionRecord(signed_in_at=NOW, refreshed_at=NOW, sending="x"), "interrupted"),
        (SessionRecord(signed_in_at=NOW, refreshed_at=NOW, renewable=False), "can't be renewed"),
        (SessionRecord(signed_in_at=NOW, refreshed_at="2026-02-05T12:00:00Z"), "not renewed for 27 days"),
    ],
)
def test_what_ends_a_session_is_warned_of(record: SessionRecord, words: str) -> None:
    assert words in said(BROWSER, record)


@pytest.mark.parametrize(
    ("state", "signed_in_at", "refreshed_at", "words"),
    [
        (SessionState(ends_by="idle", end_days=30), NOW, "2026-02-11T12:00:00Z", ""),
        (SessionState(ends_by="idle", end_days=30), NOW, "2026-02-08T12:00:00Z", "ends it after 30"),
        (SessionState(ends_by="idle", end_days=90), NOW, "2026-02-08T12:00:00Z", ""),
        (SessionState(ends_by="idle", end_days=2), NOW, "2026-03-02T20:00:00Z", "ends it after 2"),
        (SessionState(ends_by="age", end_days=30), "2026-02-07T12:00:00Z", NOW, "ends in 5 days"),
        (SessionState(ends_by="age", end_days=30), "2026-02-02T13:00:00Z", NOW, "within a day"),
        (SessionState(ends_by="age", end_days=30), "2026-02-20T12:00:00Z", "2026-02-20T12:00:00Z", ""),
        (SessionState(ends_by="revoked"), "2025-01-01T00:00:00Z", "2025-01-01T00:00:00Z", ""),
        (SessionState(ends_by="at_once"), NOW, NOW, "Refresh Token Policy"),
    ],
)
def test_the_end_that_the_apps_policy_sets_is_warned_of_in_time(
    state: SessionState, signed_in_at: str, refreshed_at: str, words: str
) -> None:
    told = said(BROWSER, SessionRecord(signed_in_at=signed_in_at, refreshed_at=refreshed_at), state)
    assert words in told if words else told == ""


@pytest.mark.parametrize(
    ("switches", "ends"),
    [
        ({"refresh_token_policy": "inactivity", "refresh_token_days": 45}, "after 45 days without use"),
        ({"refresh_token_policy": "lifetime", "refresh_token_days": 7}, "7 days after the sign-in"),
        ({"refresh_token_policy": "zero"}, "at once"),
    ],
)
def test_the_policy_of_the_app_is_read_from_the_org(
    bench: Bench, switches: dict[str, Any], ends: str
) -> None:
    name = bench.connected()
    bench.control("POST", "salesforce/sign-in", switches)
    found = bench.desk.look(name)
    assert ends in found.ends
    assert bool(found.warnings) == (ends == "at once")


def test_an_interrupted_renewal_is_no_matter_where_the_org_keeps_refresh_tokens() -> None:
    record = SessionRecord(signed_in_at=NOW, refreshed_at=NOW, sending="x", rotates=False)
    assert said(BROWSER, record) == ""


def test_five_approvals_are_warned_of_with_the_page_in_setup() -> None:
    found = SessionState(approvals=5, app="Alguna console")
    told = said(BROWSER, SessionRecord(), found)
    assert "All 5 approvals of Alguna console by ann@acme.com" in told
    assert "Connected Apps OAuth Usage" in told
    assert said(BROWSER, SessionRecord(), replace(found, approvals=4)) == ""


def test_a_pasted_token_is_warned_of_with_its_idle_limit() -> None:
    told = said(replace(BROWSER, sign_in="token"), SessionRecord(), SessionState(idle_seconds=7200))
    assert "can't be renewed" in told
    assert "after 2 h without use" in told


def test_a_servers_key_that_is_gone_is_warned_of(tmp_path: Path) -> None:
    told = said(replace(BROWSER, sign_in="key", jwt_file=str(tmp_path / "gone.key")), SessionRecord())
    assert "cannot be read" in told


def test_the_health_of_a_connection_tells_and_asks(bench: Bench) -> None:
    name = bench.connected()
    known = bench.desk.health(name)
    assert (known.user, known.org_id) == (bench.person.username, bench.handout["salesforce"]["org_id"])
    assert set(known.scopes) == set(SCOPES.split())
    assert known.signed_in_at is not None
    assert known.profile is None
    assert "private file" in known.secrets
    asked = bench.desk.look(name)
    assert asked.profile
    assert (asked.app, asked.approvals) == ("Rehearsal practice app", 1)
    assert asked.ends == "when somebody revokes it"
    assert "assumed" in known.ends
    assert asked.looked_at is not None
    assert bench.desk.health(name).profile == asked.profile, "what the org said is remembered"
    assert bench.desk.connections()[0].health_text in ("", "Never synced yet.")


def test_a_session_that_was_revoked_is_told_by_health_and_on_home(bench: Bench) -> None:
    name = bench.connected()
    bench.control("POST", "salesforce/sessions/revoke")
    with pytest.raises(SignInNeeded):
        bench.desk.look(name)
    assert "has ended" in bench.desk.health(name).warnings[0]
    assert bench.desk.health(name).ends == "it has ended"
    assert "has ended" in bench.desk.connections()[0].health_text
    settings = bench.connections.load(name)
    again = bench.desk.sign_in_again(name)
    again.begin()
    assert again.wait(threading.Event()) is not None
    assert warning_of(settings, bench.connections, NOW) == ""
    assert bench.desk.look(name).profile


def test_home_warns_of_the_end_of_a_session_also_where_customers_wait_for_a_person(bench: Bench) -> None:
    name = bench.connected()
    connection = bench.desk.open(name)
    ear = Ear(connection)
    ear.wait_for(RunFinished)
    ear.end()
    (card,) = bench.desk.connections()
    assert (card.health, bool(card.problems)) == ("attention", True)
    bench.control(
        "POST", "salesforce/sign-in", {"refresh_token_policy": "lifetime", "refresh_token_days": 10}
    )
    bench.desk.look(name)
    file = RecordFile(bench.connections.folder(name) / FILE)
    long_ago = text(datetime.now(UTC) - timedelta(days=9))
    file.write(replace(file.read(), signed_in_at=long_ago))
    assert "The session ends" in bench.desk.connections()[0].health_text


def test_an_address_that_changes_with_a_refresh_is_saved(bench: Bench) -> None:
    name = bench.connected()
    settings = bench.connections.load(name)
    bench.connections.save(replace(settings, instance_url="http://localhost:1"))
    source = token_source(bench.connections.load(name), bench.connections, bench.secrets)
    source.renew(source.current())
    assert bench.connections.load(name).instance_url == settings.instance_url


def certified(bench: Bench, folder: Path) -> Path:
    """A server's key whose certificate the practice app has, for a user who is approved."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    path = folder / "server.key"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    path.chmod(0o600)
    app = {"certificate": public.decode(), "approved_users": [bench.person.username]}
    bench.control("POST", "salesforce/apps/practice", app)
    bench.control("POST", "salesforce/sign-in", {"permitted_users": "admin"})
    return path


def test_a_servers_key_signs_in_and_again_when_the_session_ends(bench: Bench, tmp_path: Path) -> None:
    path = certified(bench, tmp_path)
    wizard = bench.desk.wizard()
    wizard.choose_environment("rehearsal")
    who = wizard.sign_in_with_key(bench.person.username, str(path))
    assert who.org_id == bench.handout["salesforce"]["org_id"]
    wizard.check_alguna(bench.handout["alguna"]["api_key"])
    wizard.set_name("server")
    wizard.set_source_of_truth(True)
    wizard.set_import("none")
    wizard.plan_setup()
    wizard.apply_setup(lambda item: None, threading.Event())
    name = wizard.finish()
    settings = bench.connections.load(name)
    assert (settings.sign_in, settings.jwt_file) == ("key", str(path))
    assert path.read_text() not in "".join(
        each.read_text(errors="replace") for each in bench.home.rglob("*") if each.is_file()
    )
    bench.control("POST", "salesforce/sessions/revoke")
    source = token_source(settings, bench.connections, bench.secrets)
    old = source.current()
    assert not bench.token_works(old)
    assert bench.token_works(source.renew(old))


def test_a_key_whose_user_is_not_approved_is_told_with_the_page_in_setup(
    bench: Bench, tmp_path: Path
) -> None:
    path = certified(bench, tmp_path)
    bench.control("POST", "salesforce/apps/practice", {"approved_users": []})
    wizard = bench.desk.wizard()
    wizard.choose_environment("rehearsal")
    with pytest.raises(ConsoleError) as caught:
        wizard.sign_in_with_key(bench.person.username, str(path))
    assert "Policies" in caught.value.advice
    assert wizard.draft().signed_in is None


REFUSALS: tuple[tuple[dict[str, Any], str], ...] = (
    ({"app_installed": False, "refusals_shown": "callback"}, "not installed in this org"),
    ({"permitted_users": "admin", "refusals_shown": "callback"}, "administrator approved"),
    ({"secret_required": True}, "wants a secret"),
)


@pytest.mark.parametrize(("switches", "words"), REFUSALS)
def test_what_an_org_refuses_a_browser_is_explained(
    bench: Bench, switches: dict[str, Any], words: str
) -> None:
    bench.control("POST", "salesforce/sign-in", switches)
    wizard = bench.desk.wizard()
    wizard.choose_environment("rehearsal")
    signing_in = wizard.sign_in()
    signing_in.begin()
    with pytest.raises(ConsoleError) as caught:
        signing_in.wait(threading.Event())
    assert words in caught.value.message
    assert caught.value.advice


def test_an_empty_consumer_key_is_called_empty(bench: Bench) -> None:
    wizard = bench.desk.wizard()
    wizard.choose_environment("sandbox")
    with pytest.raises(UsageError, match="is empty"):
        wizard.set_client_id("  ")
    with pytest.raises(UsageError, match="no consumer key"):
        wizard.set_client_id("3MVG9 x")


def test_a_connection_sealed_by_the_wizard_opens_with_its_passphrase(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.secrets.sealed._COST", {"n": 2**4, "r": 8, "p": 1})
    wizard = bench.filled()
    with pytest.raises(UsageError, match="shorter than 8"):
        wizard.seal_secrets("short")
    wizard.seal_secrets("correct horse battery")
    assert any("encrypted file" in line.value for line in wizard.summary())
    name = wizard.finish()
    assert not bench.desk.locked(name), "who sealed it need not open it"
    later = bench.secrets
    assert later.locked(name)
    later.unlock(name, "correct horse battery")
    assert later.get(name, "alguna_key") == bench.handout["alguna"]["api_key"]


def test_the_guide_names_every_callback_every_scope_and_what_to_leave_off() -> None:
    whole = "\n".join(step.whole for step in app_guide(server_key=True))
    assert len(CALLBACKS) == len(PORTS)
    assert all(address in whole for address in CALLBACKS)
    assert all(name in whole and why in whole for name, why in SCOPE_WORDS.values())
    assert set(SCOPE_WORDS) == set(SCOPES.split())
    for box in (
        "New External Client App",
        "Enable OAuth",
        "Require Proof Key for Code Exchange (PKCE)",
        "Require secret for Web Server Flow",
        "Permitted Users",
        "Enable JWT Bearer Flow",
        "Consumer Key",
        "ten minutes",
    ):
        assert box in whole
    assert "JWT" not in "\n".join(step.whole for step in app_guide())
