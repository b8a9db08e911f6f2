"""Access that ends while it is used, and an org that is not the one it was: nothing is lost, nothing is made twice."""

from __future__ import annotations

from urllib.request import Request, urlopen

import pytest

from console.alguna.client import AlgunaClient
from console.salesforce.client import SalesforceClient


def at_call(monkeypatch, client, method, nth, act) -> None:
    """Do something just before the nth call of a client's method; the call itself goes on as it is."""
    original, count = getattr(client, method), 0

    def called(self, *args, **options):
        nonlocal count
        count += 1
        if count == nth:
            act()
        return original(self, *args, **options)

    monkeypatch.setattr(client, method, called)


# -- Salesforce -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("nth", [1, 2, 3, 4, 5])
def test_a_token_revoked_in_the_middle_of_a_pass_is_told_and_the_next_pass_goes_on(world, monkeypatch, nth):
    """Reading, looking again, creating accounts, creating contacts: wherever it falls."""
    with monkeypatch.context() as patch:
        at_call(
            patch,
            SalesforceClient,
            "composite",
            nth,
            lambda: world.control("POST", "salesforce/sessions/revoke"),
        )
        answer = world.run("sync", "demo", "--once", "--json")
    assert answer.code == 4
    assert answer.json["error"]["category"] == "sign_in"
    assert answer.json["error"]["advice"] == "Sign in to Salesforce again."
    assert "--access-token-stdin" in answer.err, "how, from here"
    status = world.run("status", "demo", "--json").json
    assert status["health"] == "sign_in"
    assert status["last_run"]["outcome"] == "sign_in"
    world.once_each()

    world.refused("sync", "demo", code=4, category="sign_in")
    token = world.fresh_token()
    gone_on = world.run("sync", "demo", "--json", "--access-token-stdin", stdin=f"{token}\n")
    assert gone_on.code in (0, 3)
    again = world.run("sync", "demo", "--json", "--access-token-stdin", stdin=f"{token}\n")
    assert again.json["changes"]["planned"] == 0
    assert world.once_each() > 10
    assert world.run("status", "demo", "--json").json["health"] != "sign_in"


def test_a_token_that_was_only_lent_is_not_kept(world):
    world.control("POST", "salesforce/sessions/revoke")
    token = world.fresh_token()
    assert world.run("sync", "demo", "--access-token-stdin", stdin=f"{token}\n").code in (0, 3)
    assert world.run("sync", "demo").code == 4
    kept = [path for path in world.home.rglob("*") if path.is_file() and token.encode() in path.read_bytes()]
    assert kept == []


def test_a_session_that_only_expired_is_renewed_without_a_word(bare, monkeypatch):
    from tests.person import Person
    from tests.practising import free_ports

    person = Person(bare.handout)
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr("webbrowser.open", lambda address: person(address))
    monkeypatch.setattr("console.salesforce.signing_in.loopback.PORTS", free_ports())
    answer = bare.run(
        "connect", "demo", *bare.browser_words(), "--import", "all", "--set-up", stdin=f"{bare.key}\n"
    )
    assert answer.code == 0
    with monkeypatch.context() as patch:
        at_call(
            patch,
            SalesforceClient,
            "composite",
            3,
            lambda: bare.control("POST", "salesforce/sessions/expire"),
        )
        assert bare.run("sync", "demo", "--json").code in (0, 3)
    bare.in_step()


@pytest.mark.parametrize(
    "command", [("sync", "--once"), ("sync", "--watch"), ("sync", "--dry-run"), ("plan",), ("import",)]
)
def test_every_command_that_calls_the_org_says_that_the_session_ended(world, command):
    world.control("POST", "salesforce/sessions/revoke")
    with world.untouched():
        world.refused(command[0], "demo", *command[1:], code=4, category="sign_in")


def test_a_computer_without_a_keyring_is_told_and_every_command_can_be_given_the_secrets(make_world):
    """A log-in address elsewhere makes it no practice connection: nothing may be kept in a file."""
    world = make_world(set_up=True)
    connected = world.run(
        "connect",
        "demo",
        *world.words(login_url="https://test.salesforce.com"),
        "--import",
        "all",
        stdin=world.stdin,
    )
    assert connected.code == 0
    assert "This computer has no keyring" in connected.err
    assert not [
        path for path in world.home.rglob("*") if path.is_file() and world.key.encode() in path.read_bytes()
    ]
    said = world.refused("sync", "demo", code=4, category="sign_in")
    assert "no key for Alguna" in said
    given = ("--access-token-stdin", "--alguna-key-stdin")
    assert world.run("sync", "demo", *given, stdin=world.stdin).code in (0, 3)
    assert world.run("plan", "demo", *given, "--json", stdin=world.stdin).json["changes"] == []
    assert world.run("import", "demo", "--dry-run", *given, stdin=world.stdin).code == 0
    assert world.once_each() > 10
    assert not [
        path for path in world.home.rglob("*") if path.is_file() and world.key.encode() in path.read_bytes()
    ]


# -- Alguna -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "nth"), [("customers", 1), ("details", 3), ("add_alias", 1), ("add_alias", 7)]
)
def test_a_key_revoked_in_the_middle_of_a_pass_is_told_and_the_next_pass_goes_on(
    world, monkeypatch, method, nth
):
    with monkeypatch.context() as patch:
        at_call(
            patch,
            AlgunaClient,
            method,
            nth,
            lambda: world.control("POST", "alguna/options", {"key_rights": "revoked"}),
        )
        answer = world.run("sync", "demo", "--json")
    assert answer.code == 4
    assert "does not accept the API key" in answer.json["error"]["message"]
    world.once_each()
    world.control("POST", "alguna/options", {"key_rights": "full"})
    world.in_step()


def test_a_key_that_may_only_read_is_told_at_each_account_and_nothing_is_lost(world):
    world.control("POST", "alguna/options", {"key_rights": "read"})
    answer = world.run("sync", "demo", "--json")
    assert answer.code == 3
    assert answer.json["changes"]["refused"] > 10
    titles = [problem["title"] for problem in world.run("problems", "demo", "--json").json]
    assert any("may not change" in title for title in titles), titles
    world.control("POST", "alguna/options", {"key_rights": "full"})
    assert world.once_each() > 10
    assert world.run("sync", "demo", "--json").json["changes"]["planned"] == 0, "not sent again unasked"
    assert world.run("sync", "demo", "--json").code == 3, "it still waits for a person"
    assert world.run("retry", "demo", "--json").json["retried"] > 10
    world.in_step()


def test_a_key_without_any_right_is_refused_and_nothing_is_written(world):
    world.control("POST", "alguna/options", {"key_rights": "none"})
    with world.untouched():
        assert "may not read" in world.refused("sync", "demo", code=1, category="refused")


# -- both -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("service", ["salesforce", "alguna"])
@pytest.mark.parametrize("error", ["DROP", "HTML_503", "HTML_200"])
def test_a_system_that_does_not_answer_as_itself_is_named_and_the_next_pass_goes_on(
    world, monkeypatch, service, error
):
    monkeypatch.setattr("console.salesforce.wire.random.uniform", lambda low, high: 0.0)
    monkeypatch.setattr("console.alguna.wire.random.uniform", lambda low, high: 0.0)
    world.fault(service, error, share=1.0)
    with world.untouched():
        said = world.refused("sync", "demo", code=1, category="unreachable")
    assert (
        world.handout["salesforce" if service == "salesforce" else "alguna"][
            "instance_url" if service == "salesforce" else "base_url"
        ].removeprefix("http://")
        in said
        or "Salesforce has a fault" in said
    )
    assert "by itself" not in said or "a running sync" in said, "one pass tries nothing again by itself"
    world.heal()
    world.in_step()


def test_a_used_up_allocation_ends_with_5_and_the_next_day_goes_on(world):
    world.fault("salesforce", "REQUEST_LIMIT_EXCEEDED", share=1.0)
    with world.untouched():
        assert "24 hours" in world.refused("sync", "demo", code=5, category="budget")
    world.heal()
    world.in_step()


# -- the org ----------------------------------------------------------------------------------------------------


@pytest.fixture
def refreshed(world):
    """The sandbox was refreshed: another org behind the same address, after a first sync and with something to write."""
    world.in_step()
    world.add_customer(name="Must Not Arrive")
    token = world.control("POST", "salesforce/org", {"new_id": True})["access_token"]
    world.never_shown.add(token)
    return token


@pytest.mark.parametrize("command", [("sync", "--once"), ("sync", "--watch"), ("plan",), ("import",)])
def test_another_org_behind_the_address_is_told_before_anything_is_written(world, refreshed, command):
    old, new = world.handout["salesforce"]["org_id"], world.query("SELECT Id FROM Organization")[0]["Id"]
    with world.untouched():
        said = world.refused(
            command[0],
            "demo",
            *command[1:],
            "--access-token-stdin",
            stdin=f"{refreshed}\n",
            code=1,
            category="conflict",
        )
    assert old in said
    assert new in said
    assert "Nothing was written" in said
    assert world.query("SELECT Id FROM Account WHERE Name = 'Must Not Arrive'") == []


def test_another_org_opens_a_problem_and_the_connection_can_be_left(world, refreshed):
    world.run("sync", "demo", "--access-token-stdin", stdin=f"{refreshed}\n")
    assert "conflict" in [problem["category"] for problem in world.run("problems", "demo", "--json").json]
    before = world.query("SELECT Id, SystemModstamp FROM Account ORDER BY Id")
    left = world.run("disconnect", "demo", "--yes", "--json", "--access-token-stdin", stdin=f"{refreshed}\n")
    assert left.code == 0, left
    assert world.query("SELECT Id, SystemModstamp FROM Account ORDER BY Id") == before
    assert not world.token_works(refreshed)


# -- leaving ----------------------------------------------------------------------------------------------------


def test_leaving_stops_at_the_first_step_that_fails_and_goes_on_there(world):
    world.in_step()
    world.fault("salesforce", "DROP", share=1.0)
    answer = world.run("disconnect", "demo", "--yes", "--json")
    assert answer.code == 1
    states = {step["name"]: step for step in answer.json["steps"]}
    assert states["before"]["state"] == "failed"
    assert states["before"]["advice"]
    assert {states[name]["state"] for name in ("after", "revoke", "refused", "forget", "receipt")} == {
        "waiting"
    }
    assert answer.json["receipt"] is None
    world.heal()
    assert world.token_works(world.token)
    assert world.run("disconnect", "demo", "--yes", "--json").code == 0
    assert not world.token_works(world.token)


def test_a_connection_made_without_an_app_can_be_left(bare):
    words = bare.words()
    at = words.index("--client-id")
    assert bare.run("connect", "demo", *words[:at], *words[at + 2 :], "--set-up", stdin=bare.stdin).code == 0
    assert bare.run("disconnect", "demo", "--yes", "--json").code == 0
    assert not bare.token_works(bare.token)


def test_a_receipt_that_can_not_be_written_is_told_and_the_rest_stays_done(world, tmp_path):
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    answer = world.run("disconnect", "demo", "--yes", "--json", "--receipt", str(in_the_way / "receipt.md"))
    assert answer.code == 1
    assert [step["state"] for step in answer.json["steps"]] == ["done"] * 8 + ["failed"]
    assert not world.token_works(world.token)
    again = world.run("disconnect", "demo", "--yes", "--json", "--receipt", str(tmp_path / "receipt.md"))
    assert again.code == 0
    assert (tmp_path / "receipt.md").read_text(encoding="utf-8").startswith("# Receipt")


def test_a_plan_for_a_device_is_written_to_it_and_the_device_stays(world, tmp_path):
    """A pipe stands in for ``/dev/stdout``: replacing it by a file would take it from everyone."""
    import os
    import threading

    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text(encoding="utf-8")), daemon=True)
    reader.start()
    answer = world.run("plan", "demo", "--json", "--out", str(pipe))
    reader.join(20)
    assert pipe.is_fifo()
    assert answer.code == 0
    assert '"hash"' in read[0]


def test_a_plan_that_can_not_be_written_is_told(world, tmp_path):
    for where in (tmp_path, tmp_path / "nowhere" / "plan.json"):
        assert "can't be written" in world.refused(
            "plan", "demo", "--out", str(where), code=1, category="store"
        )


def test_a_link_to_a_plan_stays_a_link(world, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "plan.json").symlink_to(tmp_path / "real" / "plan.json")
    assert world.run("plan", "demo", "--out", str(tmp_path / "plan.json")).code == 0
    assert (tmp_path / "plan.json").is_symlink()
    assert (tmp_path / "real" / "plan.json").read_text(encoding="utf-8").startswith("{")


def revoke_app(world, token: str) -> None:
    """An administrator revokes one token at the org."""
    request = Request(
        f"{world.handout['salesforce']['login_url']}/services/oauth2/revoke",
        method="POST",
        data=f"token={token}".encode(),
    )
    with urlopen(request, timeout=20) as answer:
        assert answer.status == 200


def test_leaving_with_a_session_that_an_administrator_ended_before_needs_no_session(world):
    world.in_step()
    revoke_app(world, world.token)
    answer = world.run("disconnect", "demo", "--yes", "--json")
    assert answer.code == 0, answer
    assert "Not possible and not needed" in json_detail(answer, "before")


def json_detail(answer, name: str) -> str:
    return next(step["detail"] for step in answer.json["steps"] if step["name"] == name)
