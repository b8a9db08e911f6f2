"""Connecting, step by step, against the rehearsal: what is kept, what is refused, and what stays behind."""

import threading
from pathlib import Path

import pytest

from console.errors import Cancelled, ConsoleError, Refused, SignInNeeded, UsageError
from console.guide.desk import ConsoleDesk
from console.guide.seam import WIZARD_STEPS
from tests.person import Person, sign_in


def never() -> threading.Event:
    return threading.Event()


def test_the_wizard_leads_to_a_connection_with_its_secrets_and_artefacts(bench):
    wizard = bench.filled()
    assert [step for step in WIZARD_STEPS if wizard.missing(step)] == []
    name = wizard.finish()
    settings = bench.connections.load(name)
    assert settings.org_id == bench.handout["salesforce"]["org_id"]
    assert settings.username == bench.handout["salesforce"]["username"]
    assert settings.import_choice == "all"
    assert bench.secrets.get(name, "salesforce_refresh")
    assert bench.secrets.get(name, "alguna_key") == bench.handout["alguna"]["api_key"]
    made = bench.desk.disconnect(name).inventory().made
    assert sum(kind == "field" for kind, _ in made) == 13
    assert bench.token_works(bench.secrets.get(name, "salesforce_access"))


def test_nothing_is_written_before_the_end(bench):
    bench.filled()
    assert bench.connections.names() == []
    assert not list(bench.home.rglob("*.*"))


def test_no_secret_is_written_outside_its_place(bench):
    name = bench.connected()
    tokens = [
        bench.secrets.get(name, kind) for kind in ("salesforce_access", "salesforce_refresh", "alguna_key")
    ]
    for path in filter(Path.is_file, bench.connections.folder(name).rglob("*")):
        if path.name != "practice-credentials.json":
            content = path.read_bytes()
            assert not [token for token in tokens if token.encode() in content], path
    assert (bench.connections.folder(name) / "practice-credentials.json").stat().st_mode & 0o077 == 0


def test_abandoning_ends_the_session_and_says_what_stays(bench):
    wizard = bench.filled()
    token = wizard._new.session.tokens.access_token
    assert bench.token_works(token)
    said = wizard.abandon()
    assert not bench.token_works(token)
    assert bench.connections.names() == []
    assert any("13 fields" in sentence and "1 permission set" in sentence for sentence in said)
    assert wizard.draft().environment is None


def test_abandoning_before_the_set_up_leaves_nothing(bench):
    wizard = bench.signed_in()
    assert wizard.leftovers() == ()
    assert wizard.abandon() == ["The Salesforce session was ended."]


def test_going_back_to_the_same_environment_keeps_everything(bench):
    wizard = bench.filled()
    wizard.choose_environment("rehearsal")
    assert wizard.missing("summary") == ""


def test_another_environment_drops_the_sign_in_and_the_key_but_keeps_the_name(bench):
    wizard = bench.filled()
    token = wizard._new.session.tokens.access_token
    wizard.choose_environment("sandbox")
    assert wizard.draft().signed_in is None
    assert wizard.draft().alguna is None
    assert wizard.draft().name == "practice"
    assert not bench.token_works(token)


def test_the_choices_made_before_another_environment_still_count_when_it_is_saved(bench):
    wizard = bench.filled(import_choice="matching")
    wizard.choose_environment("sandbox")
    wizard.choose_environment("rehearsal")
    signing_in = wizard.sign_in()
    signing_in.begin()
    signing_in.wait(never())
    wizard.check_alguna(bench.handout["alguna"]["api_key"])
    wizard.plan_setup()
    settings = bench.connections.load(wizard.finish())
    assert (settings.name, settings.import_choice, settings.source_of_truth) == (
        "practice",
        "matching",
        "alguna",
    )


def test_production_is_asked_once_more(bench):
    wizard = bench.desk.wizard()
    question = next(offer.question for offer in wizard.environments() if offer.key == "production")
    assert question
    with pytest.raises(UsageError, match="not confirmed"):
        wizard.choose_environment("production")
    wizard.choose_environment("production", confirmed=True)
    assert wizard.draft().environment == "production"


def test_a_sandbox_is_recommended_where_there_is_no_rehearsal(tmp_path):
    offers = ConsoleDesk(tmp_path).wizard().environments()
    assert [offer.key for offer in offers if offer.recommended] == ["sandbox"]
    assert "rehearsal" not in [offer.key for offer in offers]


@pytest.mark.parametrize(
    "address", ["", "acme", "https://acme.example.com", "http://acme.my.salesforce.com", "https://x y"]
)
def test_what_is_no_my_domain_address_is_refused(bench, address):
    with pytest.raises(UsageError):
        bench.desk.wizard().choose_environment("my_domain", my_domain=address)


def test_refused_consent_is_said_and_can_be_tried_again(bench):
    bench.person.act = lambda address: sign_in(
        address, bench.person.username, bench.person.password, decision="deny"
    )
    wizard = bench.desk.wizard()
    wizard.choose_environment("rehearsal")
    signing_in = wizard.sign_in()
    signing_in.begin()
    with pytest.raises(SignInNeeded) as refusal:
        signing_in.wait(never())
    assert refusal.value.advice
    bench.person.act = lambda address: sign_in(address, bench.person.username, bench.person.password)
    signing_in.begin()
    assert signing_in.wait(never()).org_id == bench.handout["salesforce"]["org_id"]


def test_a_cancelled_wait_returns_none_and_frees_the_port(bench):
    bench.person.act = lambda address: None
    wizard = bench.desk.wizard()
    wizard.choose_environment("rehearsal")
    signing_in = wizard.sign_in()
    first = signing_in.begin()
    cancelled = threading.Event()
    cancelled.set()
    assert signing_in.wait(cancelled) is None
    assert signing_in.begin().callback == first.callback
    signing_in.cancel()


def test_a_browser_that_never_returns_is_waited_for_only_so_long(bench):
    bench.person.act = lambda address: None
    wizard = bench.desk.wizard()
    wizard.choose_environment("rehearsal")
    signing_in = wizard.sign_in()
    signing_in._patience = 0.2
    signing_in.begin()
    with pytest.raises(SignInNeeded) as refusal:
        signing_in.wait(never())
    assert refusal.value.advice


def test_the_address_can_be_pasted_by_hand(bench):
    ended: list[str] = []

    def elsewhere(address: str) -> None:
        """A browser on another computer: the last address can't be opened there, so it is only read."""
        import httpx

        from tests.person import _press

        with httpx.Client(follow_redirects=False, trust_env=False) as browser:
            page = browser.get(address)
            page = _press(browser, page, {"username": bench.person.username, "pw": bench.person.password})
            while page.is_redirect and not page.headers["location"].startswith("http://localhost"):
                page = browser.get(page.url.join(page.headers["location"]))
            if not page.is_redirect:
                page = _press(browser, page, {"decision": "allow"})
            ended.append(page.headers["location"])

    bench.person.act = lambda address: None
    wizard = bench.desk.wizard()
    wizard.choose_environment("rehearsal")
    signing_in = wizard.sign_in()
    elsewhere(signing_in.begin().address)
    with pytest.raises(SignInNeeded, match="another sign-in"):
        signing_in.paste(ended[0].replace("state=", "state=x"))
    with pytest.raises(UsageError):
        signing_in.paste("https://example.com/")
    with pytest.raises(SignInNeeded, match="blocked this app"):
        signing_in.paste("OAUTH_APP_BLOCKED: this app is blocked by admin")
    assert signing_in.paste(ended[0]).username == bench.person.username
    assert wizard.missing("sign_in") == ""
    with pytest.raises(ConsoleError):
        signing_in.paste(ended[0])


def test_a_wrong_key_is_refused_and_not_kept(bench):
    wizard = bench.signed_in()
    with pytest.raises(SignInNeeded):
        wizard.check_alguna("sk_wrong")
    assert wizard.missing("alguna")
    for bad in ("", "  ", "two words", "schlüssel"):
        with pytest.raises(UsageError):
            wizard.check_alguna(bad)


def test_an_address_where_nobody_answers_is_said(bench):
    wizard = bench.signed_in()
    with pytest.raises(ConsoleError) as failure:
        wizard.check_alguna("sk_any", "http://127.0.0.1:9")
    assert failure.value.category == "unreachable"
    with pytest.raises(UsageError, match="https"):
        wizard.check_alguna("sk_any", "http://alguna.example.com")


def test_set_up_is_shown_first_and_changes_nothing_the_second_time(bench):
    wizard = bench.signed_in()
    plan = wizard.plan_setup()
    assert plan.changes == len([item for item in plan.items if item.state == "create"]) >= 35
    assert bench.query("SELECT Id FROM PermissionSet WHERE Name = 'Alguna_Sync'") == []
    told = []
    after = wizard.apply_setup(told.append, never())
    assert after.changes == 0
    assert [item.state for item in told].count("done") == plan.changes
    assert wizard.missing("setup") == ""
    assert wizard.apply_setup(told.append, never()).changes == 0


def test_set_up_stopped_half_way_goes_on_where_it_stopped_and_remembers_what_it_made(bench):
    wizard = bench.signed_in()
    wizard.check_alguna(bench.handout["alguna"]["api_key"])
    plan = wizard.plan_setup()
    cancelled = threading.Event()
    done = []

    def stop_after_five(item):
        done.append(item.state)
        if done.count("done") == 5:
            cancelled.set()

    with pytest.raises(Cancelled):
        wizard.apply_setup(stop_after_five, cancelled)
    assert "5 fields" in wizard.leftovers()[0]
    assert wizard.plan_setup().changes == plan.changes - 5
    wizard.apply_setup(lambda item: None, never())
    wizard.set_name("practice")
    wizard.set_source_of_truth(True)
    wizard.set_import("none")
    made = bench.desk.disconnect(wizard.finish()).inventory().made
    assert sum(kind == "field" for kind, _ in made) == 13


def test_what_was_there_before_is_not_called_ours(bench):
    bench.connected()
    second = bench.desk.wizard()
    second.choose_environment("rehearsal")
    signing_in = second.sign_in()
    signing_in.begin()
    signing_in.wait(never())
    second.check_alguna(bench.handout["alguna"]["api_key"])
    second.set_name("second")
    second.set_source_of_truth(False)
    second.set_import("none")
    assert second.plan_setup().changes == 0
    assert bench.desk.disconnect(second.finish()).inventory().made == ()


def test_without_the_permission_to_create_fields_set_up_says_which_one_is_missing(bench):
    username = bench.handout["salesforce"]["username"]
    bench.control("POST", f"salesforce/users/{username}/permissions", {"CustomizeApplication": False})
    wizard = bench.signed_in()
    plan = wizard.plan_setup()
    assert "Customize Application" in plan.blocked
    with pytest.raises(Refused):
        wizard.apply_setup(lambda item: None, never())
    assert wizard.missing("setup")


def test_a_name_that_is_taken_or_unusable_is_refused(bench):
    bench.connected()
    wizard = bench.signed_in()
    for bad in ("practice", "PRACTICE", "", "..", "a/b", "con", "x" * 200, "a\x00b", "[/red]"):
        with pytest.raises(UsageError):
            wizard.set_name(bad)
    assert wizard.suggested_name() == "rehearsal"


def test_the_preview_counts_what_the_first_pass_then_does(bench):
    wizard = bench.signed_in()
    wizard.check_alguna(bench.handout["alguna"]["api_key"])
    wizard.set_source_of_truth(True)
    before = bench.query("SELECT COUNT(Id) n FROM Account")[0]["n"]
    preview = wizard.preview_import("all", never())
    counted = {line.label: line.count for line in preview.lines}
    wizard.set_name("practice")
    wizard.set_import("all")
    wizard.plan_setup()
    wizard.apply_setup(lambda item: None, never())
    name = wizard.finish()

    from console.sync.session import open_session

    with open_session(bench.connections.load(name), bench.connections, bench.secrets) as session:
        session.engine.run()
        states = session.cache.entries.counts()
        links = session.cache.links.count()
    created = bench.query("SELECT COUNT(Id) n FROM Account")[0]["n"] - before
    # A question may answer itself: once the candidate is linked with the customer that it belongs to, the other
    # customer has no account, and gets one.
    settled = counted["Need a person's decision"] - states.get("review", 0)
    assert settled >= 0
    assert created == counted["Created as new accounts"] + settled > 0
    assert links == created + counted["Linked with an account that exists"]
    assert states.get("incomplete", 0) == counted["Wait as incomplete"]


def test_counting_can_be_stopped_and_leaves_nothing(bench):
    wizard = bench.signed_in()
    wizard.check_alguna(bench.handout["alguna"]["api_key"])
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(Cancelled):
        wizard.preview_import("all", cancelled)
    assert not list(bench.home.rglob("cache.db"))


def test_a_person_who_types_the_wrong_password_stays_on_the_log_in_page(bench):
    bench.person.act = lambda address: None
    wizard = bench.desk.wizard()
    wizard.choose_environment("rehearsal")
    signing_in = wizard.sign_in()
    address = signing_in.begin().address
    page = sign_in(address, bench.person.username, "wrong")
    assert page.status_code == 200
    assert "password" in page.text.lower()
    Person(bench.handout)(address)
    assert signing_in.wait(never()).username == bench.person.username
