"""Names, JSON keys and exit codes are a contract: scripts of other people depend on them."""

import json

import pytest

from console.domain.records import State


def test_the_whole_path_connect_sync_twice_look_and_leave(run, world):
    connected = run(
        "connect", "demo", *world.words, "--import", "all", "--set-up", "--json", stdin=world.stdin
    )
    assert connected.code == 0
    assert connected.json["connection"] == "demo"
    assert len([part for part in connected.json["set_up"] if part.startswith("field ")]) == 13

    first = run("sync", "demo", "--once", "--json")
    assert first.code in (0, 3)
    assert set(first.json) >= {"run", "changes", "waiting", "calls", "seconds"}
    assert set(first.json["changes"]) >= {"planned", "applied", "refused", "stale"}
    assert set(first.json["waiting"]) >= {"incomplete", "review"}
    assert first.json["changes"]["applied"] > 50

    carrying = world.query("SELECT Alguna_Customer_ID__c FROM Account WHERE Alguna_Customer_ID__c != null")
    ids = [row["Alguna_Customer_ID__c"] for row in carrying]
    assert len(ids) == len(set(ids)) > 20

    second = run("sync", "demo", "--once", "--json")
    assert second.json["changes"] == {"planned": 0, "applied": 0, "refused": 0, "stale": 0}
    assert second.json["calls"]["salesforce"] <= 3

    left = run("disconnect", "demo", "--yes", "--json")
    assert left.code == 0
    assert {step["state"] for step in left.json["steps"]} == {"done"}
    assert set(left.json["steps"][0]) >= {"name", "state", "detail"}
    with open(left.json["receipt"], encoding="utf-8") as receipt:
        assert "answered 401" in receipt.read()


def test_a_plan_writes_nothing_and_is_what_the_sync_then_does(run, connected, tmp_path):
    before = connected.query("SELECT Id, SystemModstamp FROM Account ORDER BY Id")
    plan = run("plan", "demo", "--json", "--out", str(tmp_path / "plan.json"))
    assert plan.code == 0
    assert set(plan.json) >= {"hash", "org_id", "changes", "forecast"}
    assert set(plan.json["changes"][0]) >= {
        "id",
        "side",
        "object",
        "record",
        "field",
        "before",
        "after",
        "reason",
    }
    assert json.loads((tmp_path / "plan.json").read_text()) == plan.json
    assert connected.query("SELECT Id, SystemModstamp FROM Account ORDER BY Id") == before
    assert run("plan", "demo", "--json").json["hash"] == plan.json["hash"]
    summary = run("sync", "demo", "--json").json
    assert summary["changes"]["applied"] >= len(plan.json["changes"])
    forecast = plan.json["forecast"]["calls"]
    assert abs(forecast["salesforce"] - summary["calls"]["salesforce"]) <= 5
    assert run("plan", "demo", "--json").json["changes"] == []


def test_dry_run_is_the_same_as_plan(run, connected):
    assert (
        run("sync", "demo", "--dry-run", "--json").json["hash"] == run("plan", "demo", "--json").json["hash"]
    )


def test_status_counts_and_tells_health(run, connected):
    run("sync", "demo")
    status = run("status", "demo", "--json").json
    assert set(status) >= {"connection", "state", "accounts", "last_run", "lag", "api", "health"}
    assert set(status["lag"]) == {"salesforce", "alguna"}
    assert set(status["api"]) >= {"used", "limit", "allocation"}
    assert status["api"]["used"] > 0
    assert status["api"]["limit"] == 100_000
    assert status["accounts"]["in_sync"] > 10
    assert set(status["accounts"]) <= set(State)
    assert status["last_run"]["outcome"] == "done"


def test_accounts_are_one_object_a_line_and_can_be_filtered(run, connected):
    run("sync", "demo")
    everything = run("accounts", "demo", "--json").lines
    assert set(everything[0]) >= {"customer_id", "account_id", "name", "state", "differs"}
    waiting = run("accounts", "demo", "--json", "--state", "incomplete").lines
    assert waiting == [row for row in everything if row["state"] == "incomplete"]
    named = run("accounts", "demo", "--json", "--filter", everything[3]["name"][:4].lower()).lines
    assert everything[3]["name"] in [row["name"] for row in named]
    wrong = run("accounts", "demo", "--json", "--state", "lost")
    assert wrong.code == 2
    assert "in_sync" in wrong.json["error"]["advice"]


def test_an_account_tells_values_why_and_history_by_any_of_its_ids(run, connected):
    run("sync", "demo")
    row = next(row for row in run("accounts", "demo", "--json").lines if row["state"] == "in_sync")
    by_customer = run("account", "demo", row["customer_id"], "--json").json
    assert set(by_customer) >= {"customer", "account", "link", "fields", "why", "history"}
    assert run("account", "demo", row["account_id"], "--json").json == by_customer
    assert run("account", "demo", row["account_id"][:15], "--json").json == by_customer
    field = next(field for field in by_customer["fields"] if field["field"] == "Name")
    assert set(field) >= {"field", "alguna", "base", "salesforce", "differs", "direction", "reason"}
    assert by_customer["why"]
    assert set(by_customer["history"][0]) >= {"at", "run", "side", "field", "before", "after", "reason"}


def test_a_field_that_a_side_does_not_return_is_left_out_and_not_null(run, connected):
    connected.control("POST", "alguna/options", {"extended_fields": False})
    run("sync", "demo")
    row = next(row for row in run("accounts", "demo", "--json").lines if row["state"] == "in_sync")
    fields = {
        field["field"]: field for field in run("account", "demo", row["customer_id"], "--json").json["fields"]
    }
    assert "alguna" not in fields["Website"]
    assert "salesforce" in fields["Website"]


def test_problems_are_listed_with_advice(run, connected):
    run("sync", "demo")
    problems = run("problems", "demo", "--json").json
    assert problems
    assert set(problems[0]) >= {"id", "category", "title", "count", "advice", "state"}


def test_import_counts_first_and_then_takes_in(run, world):
    run("connect", "demo", *world.words, "--import", "none", "--set-up", stdin=world.stdin)
    assert run("sync", "demo", "--json").json["changes"]["applied"] == 0
    counted = run("import", "demo", "--dry-run", "--json").json
    assert counted["total"] > 20
    assert world.query("SELECT COUNT(Id) n FROM Account WHERE Alguna_Customer_ID__c != null")[0]["n"] == 0
    done = run("import", "demo", "--only", "matching", "--json")
    assert done.code in (0, 3)
    linked = next(line["count"] for line in done.json["lines"] if line["label"].startswith("Linked with"))
    assert (
        world.query("SELECT COUNT(Id) n FROM Account WHERE Alguna_Customer_ID__c != null")[0]["n"]
        == linked
        > 0
    )


def test_import_can_be_limited_by_a_condition_on_the_account(run, world):
    run("connect", "demo", *world.words, "--import", "none", "--set-up", stdin=world.stdin)
    run("sync", "demo")
    carrying = "SELECT COUNT(Id) n FROM Account WHERE Alguna_Customer_ID__c != null"
    condition = "BillingCountry = 'United States' OR BillingCountry = 'USA'"
    counted = run("import", "demo", "--where", condition, "--dry-run", "--json").json
    everything = run("import", "demo", "--only", "matching", "--dry-run", "--json").json
    assert 0 < counted["total"] < everything["total"]
    assert world.query(carrying)[0]["n"] == 0
    assert run("import", "demo", "--where", condition, "--json").code in (0, 3)
    assert world.query(carrying)[0]["n"] == counted["total"]
    outside = world.query(
        f"SELECT COUNT(Id) n FROM Account WHERE Alguna_Customer_ID__c != null AND (NOT ({condition}))"
    )
    assert outside[0]["n"] == 0
    wrong = run("import", "demo", "--where", "Colour = 'red'", "--json")
    assert wrong.code == 2
    assert "Colour" in wrong.json["error"]["message"]


def test_without_a_choice_existing_customers_are_taken_in_on_the_rehearsal_only(run, world):
    answer = run("connect", "demo", *world.words, "--json", stdin=world.stdin)
    assert answer.json["import"] == "all"


def test_disconnect_has_to_be_confirmed_and_can_be_rehearsed(run, connected):
    assert run("disconnect", "demo", "--json").code == 2
    rehearsed = run("disconnect", "demo", "--rehearse", "--json")
    assert rehearsed.code == 0
    assert {step["state"] for step in rehearsed.json["steps"]} == {"checked"}
    assert rehearsed.json["receipt"] is None
    assert run("sync", "demo").code in (0, 3)


def test_after_a_disconnect_nothing_syncs_any_more(run, connected, tmp_path):
    target = tmp_path / "receipt.md"
    assert run("disconnect", "demo", "--yes", "--json", "--receipt", str(target)).json["receipt"] == str(
        target
    )
    assert target.exists()
    again = run("sync", "demo", "--json")
    assert again.code == 1
    assert "disconnected" in again.json["error"]["message"]
    assert run("disconnect", "demo", "--yes").code == 2


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("sync", "nobody"), 2),
        (("status", "../etc"), 2),
        (("frobnicate",), 2),
        (("sync",), 2),
        (("connect", "x", "--import", "some"), 2),
        (("sync", "x", "--once", "--watch"), 2),
    ],
)
def test_usage_errors_are_said_as_json_with_exit_code_2(run, words, code):
    answer = run(*words, "--json")
    assert answer.code == code
    error = answer.json["error"]
    assert error["category"] == "usage"
    assert error["message"]


def test_failures_are_one_sentence_on_stderr_without_json(run):
    answer = run("sync", "nobody")
    assert answer.out == ""
    assert "nobody" in answer.err
    assert "Traceback" not in answer.err


def test_a_revoked_session_ends_with_4_and_one_at_its_limit_with_5(run, connected):
    connected.control("POST", "salesforce/faults", {"error": "REQUEST_LIMIT_EXCEEDED", "share": 1.0})
    limited = run("sync", "demo", "--json")
    assert limited.code == 5
    assert limited.json["error"]["category"] == "budget"
    connected.control("DELETE", "salesforce/faults")
    connected.control("POST", "salesforce/sessions/revoke")
    revoked = run("sync", "demo", "--json")
    assert revoked.code == 4
    assert revoked.json["error"]["category"] == "sign_in"


def test_a_wrong_key_or_token_connects_nothing(run, world, home):
    token, key = world.stdin.split()
    for stdin in (f"{token}\nsk_wrong\n", f"00Dwrong!token\n{key}\n"):
        answer = run("connect", "demo", *world.words, "--set-up", "--json", stdin=stdin)
        assert answer.code == 4
        assert token not in answer.out + answer.err
        assert key not in answer.out + answer.err
    assert not list(home.rglob("settings.json"))
    assert world.query("SELECT Id FROM PermissionSet WHERE Name = 'Alguna_Sync'") == []


def test_missing_secrets_and_addresses_are_said(run, world):
    assert (
        "standard input" in run("connect", "demo", *world.words, "--json", stdin="").json["error"]["message"]
    )
    assert run("connect", "demo", "--access-token-stdin", "--json", stdin="x\n").code == 2
    assert run("connect", "demo", "--login-url", "http://login.example.com", "--json").code == 2


def test_a_name_is_connected_once(run, connected):
    again = run("connect", "demo", *connected.words, "--json", stdin=connected.stdin)
    assert again.code == 2
    assert "already" in again.json["error"]["message"]


def test_doctor_looks_without_changing_anything(run, connected):
    answer = run("doctor", "--json")
    assert {check["name"] for check in answer.json["checks"]} >= {
        "Python",
        "Files",
        "Keyring",
        "Connection demo",
    }
    assert run("doctor").out


def test_the_words_for_people_hold_no_control_characters(run, connected):
    run("sync", "demo")
    for words in (("accounts", "demo"), ("status", "demo"), ("problems", "demo"), ("plan", "demo")):
        said = run(*words).out
        assert not [sign for sign in said if ord(sign) < 32 and sign != "\n"]


def test_a_text_answer_of_one_account_is_readable(run, connected):
    run("sync", "demo")
    row = next(row for row in run("accounts", "demo", "--json").lines if row["state"] == "in_sync")
    said = run("account", "demo", row["customer_id"]).out
    assert row["name"] in said
    assert "History" in said
