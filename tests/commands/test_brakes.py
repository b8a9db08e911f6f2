"""A brake on the command line: told, looked at, let go."""

import json

import pytest


@pytest.fixture
def stopped(run, connected, tmp_path):
    """Synced, its brakes tight, and every customer renamed."""
    assert run("sync", "demo").code in (0, 3)
    settings = next((tmp_path / "home").rglob("settings.json"))
    settings.write_text(
        json.dumps({**json.loads(settings.read_text()), "brake_share": 0.1, "brake_least": 5})
    )
    rows = connected.query("SELECT Alguna_Customer_ID__c FROM Account WHERE Alguna_Customer_ID__c != null")
    for row in rows:
        connected.control(
            "PATCH", f"alguna/customers/{row['Alguna_Customer_ID__c']}", {"name": "Same For All"}
        )
    return connected


def names(world):
    return {
        row["Name"] for row in world.query("SELECT Name FROM Account WHERE Alguna_Customer_ID__c != null")
    }


def test_a_pass_that_a_brake_stops_is_a_failure_that_says_what_to_do(run, stopped):
    answer = run("sync", "demo", "--json")
    assert answer.code == 1
    assert set(answer.json) == {"error", "stops"}
    assert answer.json["error"]["category"] == "brake"
    assert "Nothing was written" in answer.json["error"]["message"]
    assert "sync NAME --release" in answer.json["error"]["advice"]
    assert "Same For All" not in names(stopped)
    assert [each["category"] for each in run("problems", "demo", "--json").json].count("brake") == 1


def test_what_is_stopped_is_shown_and_let_go(run, stopped):
    assert run("brakes", "demo", "--json").json["stopped"] is False
    assert run("sync", "demo").code == 1
    shown = run("brakes", "demo", "--json")
    assert shown.code == 3
    assert shown.json["limits"] == {"share": 0.1, "least": 5, "creates": 100, "drop": 0.2}
    (stop,) = shown.json["stops"]
    assert (stop["brake"], len(stop["sample"])) == ("changed", min(20, stop["count"]))
    said = run("brakes", "demo").out
    assert "Same For All" in said
    assert "--release" in said
    assert run("sync", "demo", "--release", "--json").code in (0, 3)
    assert "Same For All" in names(stopped)
    assert run("brakes", "demo").code == 0
    assert run("brakes", "demo").out.strip() == "No brake stops this connection."


def test_where_nothing_is_stopped_nothing_is_let_go(run, connected):
    answer = run("sync", "demo", "--release", "--json")
    assert answer.code == 2
    assert "No brake" in answer.json["error"]["message"]


def test_a_kept_plan_does_it_too(run, stopped, tmp_path):
    planned = run("plan", "demo", "--out", str(tmp_path / "plan.json"))
    assert planned.code == 0
    assert "A pass would stop before it writes any of this:" in planned.out
    assert "linked accounts would be changed" in planned.out
    assert run("show", str(tmp_path / "plan.json")).out == planned.out
    assert run("apply", "demo", str(tmp_path / "plan.json")).code == 0
    assert "Same For All" in names(stopped)
