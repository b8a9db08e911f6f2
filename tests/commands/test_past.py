"""``undo``, ``runs``, ``history`` and ``account --as-of`` as a script uses them."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def edited(run, connected):
    """After two runs: the second took an edit in Alguna over. (world, customer id, account id, name before)."""
    assert run("sync", "demo").code in (0, 3)
    one = run("accounts", "demo", "--state", "in_sync", "--json").lines[0]
    connected.control("PATCH", f"alguna/customers/{one['customer_id']}", {"name": "Renamed"})
    assert run("sync", "demo").code in (0, 3)
    return connected, one["customer_id"], one["account_id"], one["name"]


def name_of(world, account_id):
    return world.query(f"SELECT Name FROM Account WHERE Id = '{account_id}'")[0]["Name"]


def test_a_dry_undo_shows_the_plan_and_what_would_be_left_and_writes_nothing(run, edited):
    world, _, account_id, name = edited
    answer = run("undo", "demo", "2", "--dry-run", "--json")
    assert answer.code == 0
    told = answer.json
    assert set(told) >= {"hash", "org_id", "changes", "forecast", "kept", "already", "undoes"}
    (change,) = told["changes"]
    assert (change["record"], change["field"]) == (account_id, "Name")
    assert (change["before"], change["after"], change["undoes"]) == ("Renamed", name, 2)
    assert name_of(world, account_id) == "Renamed"
    assert len(run("runs", "demo", "--json").json) == 2
    assert "Renamed" in run("undo", "demo", "2", "--dry-run").out


def test_an_undo_puts_back_and_a_sync_does_not_redo_it(run, edited):
    world, customer_id, account_id, name = edited
    answer = run("undo", "demo", "2", "--json")
    assert answer.code == 0, answer
    assert (answer.json["run"], answer.json["undoes"], answer.json["kept"]) == (3, 2, [])
    assert answer.json["outcome"]["applied"] == 1
    assert [change["after"] for change in answer.json["changes"]] == [name]
    assert run("sync", "demo", "--json").json["changes"]["planned"] == 0
    assert name_of(world, account_id) == name
    told = run("account", "demo", customer_id, "--json").json
    (field,) = [each for each in told["fields"] if each["field"] == "Name"]
    assert field["reason"].startswith("Held since run 2 was undone")
    assert field["keep"] == ["alguna", "salesforce"]
    assert told["history"][0]["rule"] == "undo"
    assert told["history"][1]["rule"] == "alguna_wins"


def test_what_was_edited_since_is_told_with_exit_code_3(run, edited):
    world, _, account_id, _ = edited
    world.control("PATCH", f"salesforce/records/Account/{account_id}", {"fields": {"Name": "By hand"}})
    answer = run("undo", "demo", "2", "--json")
    assert answer.code == 3
    (kept,) = answer.json["kept"]
    assert (kept["record"], kept["field"]) == (account_id, "Name")
    assert "By hand" in kept["reason"]
    lines = run("runs", "demo", "3", "--json").lines
    assert [line["outcome"] for line in lines] == ["kept"]


def test_an_undo_that_was_kept_can_be_applied_later(run, edited, tmp_path):
    world, _, account_id, name = edited
    assert run("undo", "demo", "2", "--dry-run", "--out", str(tmp_path / "undo.json")).code == 0
    answer = run("apply", "demo", str(tmp_path / "undo.json"), "--json")
    assert answer.code == 0, answer
    assert name_of(world, account_id) == name
    assert run("sync", "demo", "--json").json["changes"]["planned"] == 0, "held, as after any undo"


NOT_MEANT = [
    (("99",), "no run 99"),
    (("2", "--delete-created", "yes"), "does not name the run"),
    (("2", "--delete-created", "run 1"), "does not name the run"),
    (("2", "--out", "x.json"), "not carried out"),
]


def test_an_undo_that_was_not_meant_is_refused(run, edited):
    for words, said in NOT_MEANT:
        answer = run("undo", "demo", *words, "--json")
        assert answer.code == 2
        assert said in answer.json["error"]["message"]
        assert answer.json["error"]["advice"]


def test_what_a_run_created_is_deleted_by_its_name_only(run, connected):
    run("sync", "demo")
    before = len(connected.query("SELECT Id FROM Account"))
    customer = {
        "name": "Brand New", "currency": "USD",
        "billing_address": {"line1": "1", "city": "Ulm", "state": "", "postal_code": "1", "country": "DE"},
        "contacts": [{"email": "a@brand-new.example", "first_name": "A", "last_name": "B", "is_primary": True}],
    }  # fmt: skip
    connected.control("POST", "alguna/customers", customer)
    run("sync", "demo")
    assert len(connected.query("SELECT Id FROM Account")) == before + 1
    kept = run("undo", "demo", "2", "--dry-run", "--json").json["kept"]
    assert {each["object"] for each in kept} == {"Account", "Contact"}
    answer = run("undo", "demo", "2", "--delete-created", "run 2", "--json")
    assert answer.code == 0, answer
    assert len(connected.query("SELECT Id FROM Account")) == before
    assert run("sync", "demo", "--json").json["changes"]["planned"] == 0


def test_runs_are_listed_and_one_is_told_change_by_change(run, edited):
    _, customer_id, _, name = edited
    listed = run("runs", "demo", "--json").json
    assert [(each["run"], each["kind"], each["outcome"]) for each in listed] == [
        (2, "sync", "done"),
        (1, "sync", "done"),
    ]
    assert listed[0]["changes"]["applied"] == 1
    (line,) = run("runs", "demo", "2", "--json").lines
    assert (line["customer_id"], line["before"], line["after"]) == (customer_id, name, "Renamed")
    assert "Renamed" in run("runs", "demo", "2").out
    assert "2    sync" in run("runs", "demo").out
    assert run("runs", "demo", "9", "--json").code == 2


def test_an_account_as_of_a_run_is_what_both_sides_held_then(run, edited):
    world, customer_id, account_id, name = edited

    def names(run_id):
        told = run("account", "demo", customer_id, "--as-of", str(run_id), "--json").json
        (field,) = [each for each in told["fields"] if each["field"] == "Name"]
        return field["alguna"], field["salesforce"]

    assert names(1) == (name, name)
    assert names(2) == ("Renamed", "Renamed")
    world.control("PATCH", f"salesforce/records/Account/{account_id}", {"fields": {"Name": "By hand"}})
    run("sync", "demo")
    assert names(2) == ("Renamed", "Renamed")
    assert names(3) == ("By hand", "By hand")
    assert f"{name}" in run("account", "demo", customer_id, "--as-of", "1").out


def test_two_runs_differ_by_what_moved_on_either_side(run, edited):
    _, customer_id, _, name = edited
    lines = run("runs", "demo", "--diff", "1", "2", "--json").lines
    assert {(each["side"], each["field"], each["before"], each["after"]) for each in lines} == {
        ("salesforce", "Name", name, "Renamed"),
        ("alguna", "Name", name, "Renamed"),
    }
    assert {each["customer_id"] for each in lines} == {customer_id}
    assert run("runs", "demo", "--diff", "2", "2").out == ""


def test_history_tells_its_size_and_is_cleared_only_when_told_so(run, edited):
    size = run("history", "demo", "--json").json
    assert size["rows"] > 0
    assert size["bytes"] > 100
    assert run("status", "demo", "--json").json["history"]["rows"] == size["rows"]
    shown = run("history", "demo", "--clear-before", "2999-01-01", "--json").json
    assert (shown["rows"], shown["last_write"], shown["cleared"]) == (size["rows"], 2, False)
    refused = run("history", "demo", "--clear-before", "2999-01-01", "--yes", "--json")
    assert refused.code == 2
    assert "Run 2" in refused.json["error"]["message"]
    assert run("history", "demo", "--json").json["rows"] == size["rows"]
    done = run("history", "demo", "--clear-before", "2999-01-01", "--yes", "--also-last-run", "--json").json
    assert done["cleared"]
    assert run("history", "demo", "--json").json["rows"] == 0
    late = run("undo", "demo", "2", "--json")
    assert late.code == 2
    assert "cleared" in late.json["error"]["message"]
    assert run("account", "demo", edited[1], "--as-of", "1", "--json").code == 2


def test_a_date_that_is_none_is_refused(run, edited):
    for date in ("yesterday", "2026-13-01", "2026-1-1", "2026-01-01T00:00"):
        answer = run("history", "demo", "--clear-before", date, "--json")
        assert answer.code == 2, date
        assert "is no date" in json.loads(answer.out)["error"]["message"]
