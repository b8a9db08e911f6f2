"""Connecting with something wrong: said once, clearly, and nothing is kept anywhere."""

from __future__ import annotations

import io
import socket
import sys

import pytest

from console.guide import draft, signing_in

NOBODY = "http://127.0.0.1:9"


def connects_now(world) -> None:
    """The next, right attempt is not in the way of anything."""
    world.connect()
    assert world.run("status", "demo", "--json").json["state"] == "connected"


# -- keys and tokens --------------------------------------------------------------------------------------------


def test_a_wrong_key_says_where_it_was_refused_and_connects_nothing(bare):
    with bare.untouched():
        said = bare.refused(
            "connect", "demo", *bare.words(), "--set-up",
            stdin=f"{bare.token}\nsk_wrong_one\n", code=4, category="sign_in",
        )  # fmt: skip
    assert "does not accept the API key" in said
    assert bare.handout["alguna"]["base_url"].removeprefix("http://") in said
    assert "sk_wrong_one" not in said
    assert bare.fields() == set()
    connects_now(bare)


@pytest.mark.parametrize(("chosen", "belongs"), [("sandbox", "production"), ("production", "sandbox")])
def test_a_key_of_the_other_environment_is_told_as_that(bare, monkeypatch, chosen, belongs):
    """Both of Alguna's environments stood in for: this rehearsal takes the key, a second one does not."""
    from console.rehearsal.server import Rehearsal

    with Rehearsal(customers=1, seed=7) as other:
        right, wrong = bare.handout["alguna"]["base_url"], other.handout["alguna"]["base_url"]
        addresses = (
            {"sandbox": wrong, "production": right}
            if chosen == "sandbox"
            else {"sandbox": right, "production": wrong}
        )
        monkeypatch.setattr(draft, "ALGUNA_SANDBOX", addresses["sandbox"])
        monkeypatch.setattr(draft, "ALGUNA_PRODUCTION", addresses["production"])
        with bare.untouched():
            said = bare.refused(
                "connect", "demo", *bare.words(alguna_url=wrong), stdin=bare.stdin, code=4, category="sign_in"
            )
    assert f"belongs to Alguna's {belongs}, and {chosen} was chosen" in said
    assert right in said


def test_a_wrong_token_names_the_org_that_refused_it(bare):
    with bare.untouched():
        said = bare.refused(
            "connect", "demo", *bare.words(), "--set-up",
            stdin=f"00Dwrong!token\n{bare.key}\n", code=4, category="sign_in",
        )  # fmt: skip
    assert bare.handout["salesforce"]["instance_url"].removeprefix("http://") in said
    assert "00Dwrong" not in said
    connects_now(bare)


def test_token_and_key_in_the_wrong_order_are_refused_and_not_shown(bare):
    with bare.untouched():
        bare.refused(
            "connect", "demo", *bare.words(), stdin=f"{bare.key}\n{bare.token}\n", code=4, category="sign_in"
        )


@pytest.mark.parametrize("bad", ["schlüssel", "two words", "esc\x1b[31m", "\ufffd", "bom\ufeff", "\u202e"])
@pytest.mark.parametrize("line", [0, 1])
def test_a_secret_that_can_be_none_is_refused_before_it_is_sent(bare, bad, line):
    lines = [bare.token, bare.key]
    lines[line] = bad
    calls = bare.control("GET", "salesforce/calls")["total"]
    said = bare.refused(
        "connect", "demo", *bare.words(), stdin="\n".join(lines) + "\n", code=2, category="usage"
    )
    assert ("access token" if line == 0 else "Alguna key") in said
    assert bare.control("GET", "salesforce/calls")["total"] == calls
    assert bare.files() == set()


@pytest.mark.parametrize("stdin", ["", "\n", "only-a-token\n", "   \n"])
def test_a_missing_line_says_which_secret_is_missing(bare, stdin):
    said = bare.refused("connect", "demo", *bare.words(), stdin=stdin, code=2, category="usage")
    assert "on standard input" in said


def test_a_closed_standard_input_is_a_sentence(bare, monkeypatch, capsys):
    from console.cli import main

    monkeypatch.setattr("sys.stdin", None)
    assert main(("connect", "demo", *bare.words()), lambda desk: 0) == 2
    assert "standard input" in capsys.readouterr().err


def test_standard_input_that_is_not_text_is_a_sentence(bare, monkeypatch, capsys):
    from console.cli import main

    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xff\xfe\x00\n"), encoding="utf-8"))
    assert main(("connect", "demo", *bare.words()), lambda desk: 0) == 2
    said = capsys.readouterr().err
    assert "signs that none has" in said
    assert "Traceback" not in said


# -- hosts ------------------------------------------------------------------------------------------------------


def test_an_alguna_that_nobody_answers_for_is_named(bare):
    with bare.untouched():
        said = bare.refused(
            "connect",
            "demo",
            *bare.words(alguna_url=NOBODY),
            "--set-up",
            stdin=bare.stdin,
            code=1,
            category="unreachable",
        )
    assert "Alguna at 127.0.0.1:9 cannot be reached" in said
    assert bare.fields() == set()


def test_an_org_that_nobody_answers_for_is_named(bare):
    with bare.untouched():
        said = bare.refused(
            "connect", "demo", *bare.words(login_url=NOBODY, instance_url=NOBODY),
            stdin=bare.stdin, code=1, category="unreachable",
        )  # fmt: skip
    assert "Salesforce at 127.0.0.1:9 cannot be reached" in said


def test_addresses_that_lead_to_the_other_system_are_told(bare):
    org, alguna = bare.handout["salesforce"]["login_url"], bare.handout["alguna"]["base_url"]
    with bare.untouched():
        said = bare.refused(
            "connect", "demo", *bare.words(alguna_url=org), stdin=bare.stdin, code=1, category="unreachable"
        )
        assert "Check the Alguna address" in said
        bare.refused(
            "connect", "demo", *bare.words(login_url=alguna, instance_url=alguna),
            stdin=bare.stdin, code=4, category="sign_in",
        )  # fmt: skip


@pytest.mark.parametrize("option", ["login_url", "instance_url", "alguna_url"])
@pytest.mark.parametrize(
    "address",
    [
        "http://login.example.com", "ftp://x", "https://user:pw@x.my.salesforce.com", "javascript:alert(1)",
        "https://[::1", "https://x:99999", "https://a b", "https://x\x1b[31m", "https://" + "a" * 300 + ".my.salesforce.com",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_before_a_secret_is_sent(bare, option, address):
    with bare.untouched():
        said = bare.refused(
            "connect", "demo", *bare.words(**{option: address}), stdin=bare.stdin, code=2, category="usage"
        )
    assert "address" in said
    assert "pw@" not in said


# -- the browser ------------------------------------------------------------------------------------------------


@pytest.fixture
def browser(bare, monkeypatch):
    """What opens instead of a browser; a test says what the person does there, in a thread of their own."""
    from tests.person import Person
    from tests.practising import free_ports

    person = Person(bare.handout)
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr("webbrowser.open", lambda address: person(address))
    monkeypatch.setattr("console.salesforce.signing_in.loopback.PORTS", free_ports())
    yield person
    assert not person.failures


@pytest.fixture
def issued(monkeypatch):
    """Every token that the org hands out while a test runs."""
    from console.salesforce.signing_in.oauth import OAuth

    tokens = []
    original = OAuth.exchange

    def exchange(self, *args, **options):
        tokens.append(original(self, *args, **options))
        return tokens[-1]

    monkeypatch.setattr(OAuth, "exchange", exchange)
    return tokens


def by_browser(world, **expected) -> str:
    return world.refused("connect", "demo", *world.browser_words(), stdin=f"{world.key}\n", **expected)


def test_refused_consent_is_told_and_can_be_tried_again(bare, browser):
    from tests.person import sign_in

    browser.act = lambda address: sign_in(address, browser.username, browser.password, decision="deny")
    with bare.untouched():
        said = by_browser(bare, code=4, category="sign_in")
    assert "Access was refused in the browser" in said
    assert "Allow" in said
    browser.act = lambda address: sign_in(address, browser.username, browser.password)
    answer = bare.run("connect", "demo", *bare.browser_words(), "--json", stdin=f"{bare.key}\n")
    assert answer.code == 0
    assert answer.json["username"] == browser.username


def callback_of(person, address: str) -> str:
    """Sign in and allow, but stop before the browser comes back; returns the address it would have come back to."""
    import httpx

    from tests.person import _press

    with httpx.Client(follow_redirects=False, trust_env=False) as browser:
        page = _press(browser, browser.get(address), {"username": person.username, "pw": person.password})
        while page.is_redirect and not page.headers["location"].startswith("http://localhost"):
            page = browser.get(page.url.join(page.headers["location"]))
        if not page.is_redirect:
            page = _press(browser, page, {"decision": "allow"})
        return str(page.headers["location"])


def test_an_answer_with_another_state_is_not_used(bare, browser, issued):
    import httpx

    pages = []

    def mixed_up(address):
        pages.append(httpx.get(callback_of(browser, address).replace("state=", "state=x"), trust_env=False))

    browser.act = mixed_up
    with bare.untouched():
        said = by_browser(bare, code=4, category="sign_in")
    assert "belongs to another sign-in" in said
    assert pages[0].status_code == 400
    assert "another sign-in" in pages[0].text
    assert issued == []


def test_a_code_that_was_used_before_signs_nobody_in(bare, browser, issued):
    import re

    import httpx

    used = []

    def once(address):
        used.append(callback_of(browser, address))
        httpx.get(used[0], trust_env=False)

    def again(address):
        state = re.search("state=([^&]+)", address)[1]
        port = re.search(r"localhost%3A(\d+)", address)[1]
        replayed = re.sub(r"state=[^&]+", f"state={state}", used[0])
        httpx.get(re.sub(r"localhost:\d+", f"localhost:{port}", replayed), trust_env=False)

    browser.act = once
    assert bare.run("connect", "first", *bare.browser_words(), stdin=f"{bare.key}\n").code == 0
    browser.act = again
    with bare.untouched():
        said = by_browser(bare, code=4, category="sign_in")
    assert "code was used twice" in said
    assert len(issued) == 1


def test_a_browser_that_never_comes_back_is_not_waited_for_without_end(bare, browser, monkeypatch):
    monkeypatch.setitem(signing_in.BrowserSignIn.__init__.__kwdefaults__, "patience", 0.2)
    browser.act = lambda address: None
    with bare.untouched():
        said = by_browser(bare, code=4, category="sign_in")
    assert "No answer came back from the browser" in said
    assert "in the browser only" in said


def test_taken_ports_are_named(bare, browser, monkeypatch):
    with socket.socket() as first, socket.socket() as second:
        for taken in (first, second):
            taken.bind(("127.0.0.1", 0))
            taken.listen()
        ports = (first.getsockname()[1], second.getsockname()[1])
        monkeypatch.setattr("console.salesforce.signing_in.loopback.PORTS", ports)
        with bare.untouched():
            said = by_browser(bare, code=1, category="conflict")
    assert ", ".join(map(str, ports)) in said
    assert browser.addresses == []


def test_a_wrong_key_after_a_sign_in_in_the_browser_ends_that_session_in_the_org(bare, browser, issued):
    with bare.untouched():
        answer = bare.run("connect", "demo", *bare.browser_words(), "--json", stdin="sk_wrong\n")
    assert answer.code == 4
    assert "API key" in answer.json["error"]["message"]
    assert "The Salesforce session was ended." in answer.err
    (tokens,) = issued
    assert not bare.token_works(tokens.access_token)


def test_a_pasted_token_is_not_ended_because_it_was_not_begun_here(bare):
    bare.run("connect", "demo", *bare.words(), stdin=f"{bare.token}\nsk_wrong\n")
    assert bare.token_works(bare.token)


def test_a_missing_key_is_told_before_anybody_signs_in(bare, browser):
    words = [word for word in bare.browser_words() if word != "--alguna-key-stdin"]
    bare.refused("connect", "demo", *words, code=2, category="usage")
    assert browser.addresses == []


# -- names and files --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["", " ", "..", "a/b", "a\\b", "con", "NUL.txt", "x" * 200, "a\x1b[31mb", "a\x00b", "[red]x[/red]", "new\nline",
     "dem\u200bo", "\u202eabc", "bad\udcff", "end."],
)  # fmt: skip
@pytest.mark.parametrize("command", ["connect", "sync", "status"])
def test_a_name_that_can_be_no_folder_is_refused_everywhere(bare, name, command):
    words = bare.words() if command == "connect" else []
    bare.refused(command, name, *words, stdin=bare.stdin, code=2, category="usage")
    assert bare.files() == set()


def test_names_of_any_script_can_be_used(bare):
    for name in ("Ünï 1", "東京", "a.b-c_d"):
        bare.connect(name)
        assert bare.run("status", name, "--json").json["connection"] == name


@pytest.mark.parametrize("below", ["", "deeper/still"])
def test_a_home_that_can_not_be_is_told_before_anything_is_made_in_the_org(
    bare, monkeypatch, tmp_path, below
):
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    monkeypatch.setenv("ALGUNA_CONSOLE_HOME", str(in_the_way / below))
    with bare.untouched():
        said = bare.refused(
            "connect", "demo", *bare.words(), "--set-up", stdin=bare.stdin, code=1, category="store"
        )
    assert "ALGUNA_CONSOLE_HOME" in said
    assert bare.fields() == set()
    assert bare.run("doctor", "--json").code == 1


@pytest.mark.skipif(sys.platform == "win32", reason="rights of folders are Unix's")
def test_a_folder_that_may_not_be_written_is_told_before_anything_is_made_in_the_org(bare, monkeypatch):
    """Asked of the system rather than tried: an administrator's rights would let the attempt pass."""
    monkeypatch.setattr("console.paths.os.access", lambda path, mode: False)
    with bare.untouched():
        said = bare.refused(
            "connect", "demo", *bare.words(), "--set-up", stdin=bare.stdin, code=1, category="store"
        )
    assert "can't be written" in said


def test_a_name_that_was_another_orgs_is_refused_before_anything_is_made_there(bare):
    bare.connect()
    assert bare.run("disconnect", "demo", "--yes").code == 0
    renewed = bare.control("POST", "salesforce/org", {"new_id": True})["access_token"]
    with bare.untouched():
        said = bare.refused(
            "connect",
            "demo",
            *bare.words(),
            "--set-up",
            stdin=f"{renewed}\n{bare.key}\n",
            code=1,
            category="conflict",
        )
    assert "Choose another name" in said
    assert bare.fields() == set()
    assert bare.run("status", "demo", "--json").json["state"] == "disconnected"
