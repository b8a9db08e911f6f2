"""``rules`` as a script uses it: shown, tried out, kept, and done to existing records only when that is chosen."""

from __future__ import annotations

import json

import pytest

from console.domain.fields import FIELD


@pytest.fixture
def differing(run, connected):
    """The account of a customer, after both sides moved its city while a person was to decide."""
    assert run("sync", "demo").code in (0, 3)
    kept = run("rules", "demo", "--set", "BillingCity=manual", "--json")
    assert (kept.code, kept.json["changed"]) == (0, True)
    row = connected.query(
        "SELECT Id, Alguna_Customer_ID__c FROM Account WHERE Alguna_Customer_ID__c != null ORDER BY Name LIMIT 1"
    )[0]
    customer_id = row["Alguna_Customer_ID__c"]
    address = connected.control("GET", f"alguna/customers/{customer_id}")["billing_address"]
    connected.control(
        "PATCH", f"alguna/customers/{customer_id}", {"billing_address": {**address, "city": "Bree"}}
    )
    connected.control(
        "PATCH", f"salesforce/records/Account/{row['Id']}", {"fields": {"BillingCity": "Moria"}}
    )
    run("sync", "demo")
    return customer_id, row["Id"]


def city(world, account_id):
    (row,) = world.query(f"SELECT BillingCity FROM Account WHERE Id = '{account_id}'")
    return row["BillingCity"]


def test_every_field_is_listed_with_its_rule_its_way_and_what_that_means(run, connected):
    run("sync", "demo")
    answer = run("rules", "demo", "--json")
    assert answer.code == 0
    assert [line["field"] for line in answer.json["rules"]] == list(FIELD)
    website = next(line for line in answer.json["rules"] if line["field"] == "Website")
    assert (website["rule"], website["default"], website["direction"]) == (
        "alguna_wins",
        "alguna_wins",
        "both",
    )
    assert "Alguna's value wins" in website["means"]
    owned = next(line for line in answer.json["rules"] if line["field"] == "Alguna_Tax_Rate__c")
    assert (owned["rules"], owned["directions"]) == (["alguna_wins", "off"], ["to_salesforce"])
    assert answer.json["source_of_truth"] == "alguna"
    words = run("rules", "demo")
    assert "Website" in words.out
    assert "salesforce_wins" not in words.out


def test_what_if_shows_the_change_and_keeps_nothing(run, connected, differing):
    _, account_id = differing
    shown = run("rules", "demo", "--set", "BillingCity=alguna_wins", "--what-if", "--json").json
    assert shown["changed"] is False
    assert (shown["what_if"]["accounts"], shown["what_if"]["by_field"]) == (1, {"BillingCity": 1})
    (change,) = shown["what_if"]["sample"]
    assert (change["before"], change["after"], change["side"]) == ("Moria", "Bree", "salesforce")
    now = {line["field"]: line for line in run("rules", "demo", "--json").json["rules"]}
    assert (now["BillingCity"]["rule"], now["BillingCity"]["differs"]) == ("manual", 1)
    assert city(connected, account_id) == "Moria"


def test_a_rule_is_kept_and_existing_records_stay_until_their_plan_is_chosen(run, connected, differing):
    customer_id, account_id = differing
    kept = run("rules", "demo", "--set", "BillingCity=default", "--json").json
    assert kept["spared"] == 1
    assert run("sync", "demo", "--json").json["changes"]["planned"] == 0
    assert city(connected, account_id) == "Moria"
    account = run("account", "demo", customer_id, "--json").json
    (field,) = [each for each in account["fields"] if each["field"] == "BillingCity"]
    assert "left as they are since the rules were changed" in field["reason"]
    words = run("rules", "demo", "--what-if").out
    assert f"--existing {kept['what_if']['hash']}" in words
    chosen = run("rules", "demo", "--existing", kept["what_if"]["hash"], "--json").json
    assert (chosen["changed"], chosen["spared"]) == (True, 0)
    assert run("sync", "demo", "--json").json["changes"]["applied"] == 1
    assert city(connected, account_id) == "Bree"
    (row,) = [each for each in run("account", "demo", customer_id, "--json").json["history"] if each["lost"]]
    assert (row["field"], row["lost"]) == ("BillingCity", "Moria")
    assert "lost: Moria" in run("account", "demo", customer_id).out


def test_the_plan_of_a_change_can_be_kept_in_a_file_and_applied_later(run, connected, differing, tmp_path):
    _, account_id = differing
    file = str(tmp_path / "plan.json")
    assert run("rules", "demo", "--set", "BillingCity=default", "--what-if", "--out", file).code == 0
    assert run("apply", "demo", file).code == 1, "the rules that it was made for are not in force"
    assert run("rules", "demo", "--set", "BillingCity=default").code == 0
    shown = run("show", file, "--json").json
    assert [(each["before"], each["after"]) for each in shown["changes"]] == [("Moria", "Bree")]
    assert shown["kind"] == "rules"
    assert run("apply", "demo", file, "--json").json["changes"]["applied"] == 1
    assert city(connected, account_id) == "Bree"
    assert run("rules", "demo", "--json").json["spared"] == 0
    again = str(tmp_path / "again.json")
    assert run("rules", "demo", "--out", again).code == 0
    assert run("show", again, "--json").json["changes"] == []


def test_accounts_that_a_change_spared_are_created_by_its_plan(run, world, tmp_path):
    run(
        "connect",
        "demo",
        *world.words,
        "--import",
        "all",
        "--set-up",
        "--source-of-truth",
        "salesforce",
        stdin=world.stdin,
    )
    run("sync", "demo")
    file = str(tmp_path / "plan.json")
    kept = run("rules", "demo", "--source-of-truth", "alguna", "--out", file, "--json").json
    created = kept["what_if"]["by_field"]["new Account"]
    assert created > 1
    assert kept["spared"] == created
    applied = run("apply", "demo", file, "--json")
    assert applied.json["changes"]["stale"] == 0
    assert len(world.query("SELECT Id FROM Account WHERE Alguna_Customer_ID__c != null")) >= created
    assert run("sync", "demo").code in (
        0,
        3,
    )  # prices and dates, which Alguna is asked for only where there is an account
    assert run("sync", "demo", "--json").json["changes"]["planned"] == 0
    assert run("rules", "demo", "--json").json["spared"] == 0


def test_a_way_and_the_source_of_accounts_can_be_chosen_too(run, connected):
    run("sync", "demo")
    kept = run(
        "rules", "demo", "--set", "Website=latest_wins,to_alguna", "--source-of-truth", "salesforce", "--json"
    )
    website = next(line for line in kept.json["rules"] if line["field"] == "Website")
    assert (website["rule"], website["direction"]) == ("latest_wins", "to_alguna")
    assert kept.json["source_of_truth"] == "salesforce"
    assert run("rules", "demo", "--json").json["source_of_truth"] == "salesforce"
    back = run("rules", "demo", "--set", "Website=default", "--json").json["rules"]
    assert next((line["rule"], line["direction"]) for line in back if line["field"] == "Website") == (
        "alguna_wins",
        "both",
    )


SENSELESS = [
    (["--set", "Wibsite=off"], "no field 'Wibsite'"),
    (["--set", "Website=sometimes"], "neither a rule nor a way"),
    (["--set", "Website"], "neither a rule nor a way"),
    (["--set", "Alguna_Tax_Rate__c=manual"], "only Alguna fills"),
    (["--set", "Alguna_Tax_Rate__c=both"], "only Alguna fills"),
    (["--existing", "feedbeef"], "not what was shown"),
    (["--what-if", "--existing", "feedbeef"], "not allowed with"),
]


def test_what_makes_no_sense_is_a_sentence_and_changes_nothing(run, connected):
    run("sync", "demo")
    before = run("rules", "demo", "--json").json["rules"]
    for words, said in SENSELESS:
        answer = run("rules", "demo", *words, "--json")
        assert answer.code in (1, 2)
        assert said in json.dumps(answer.json)
        assert run("rules", "demo", "--json").json["rules"] == before


def test_rules_need_something_that_was_read(run, connected, home):
    (home / "connections" / "demo" / "cache.db").unlink()
    for more in ([], ["--set", "Website=off"]):
        answer = run("rules", "demo", *more)
        assert answer.code == 2
        assert "sync demo first" in answer.err


def test_a_field_that_keeps_being_rewritten_is_told_and_pinned_by_a_script(run, connected):
    run("sync", "demo")
    row = connected.query(
        "SELECT Id, Alguna_Customer_ID__c FROM Account WHERE Alguna_Tax_Rate__c != null LIMIT 1"
    )[0]
    customer_id = row["Alguna_Customer_ID__c"]
    connected.control("POST", "salesforce/rules/Account_Tax_Rate_As_Percent", {"active": True})
    connected.control(
        "PATCH", f"salesforce/records/Account/{row['Id']}", {"fields": {"Phone": "+1 555 0100"}}
    )
    for _ in range(4):
        run("sync", "demo")
    assert "loop" in {each["category"] for each in run("problems", "demo", "--json").json}
    account = run("account", "demo", customer_id, "--json").json
    (field,) = [each for each in account["fields"] if each["field"] == "Alguna_Tax_Rate__c"]
    assert (len(field["turns"]), field["pin"]) == (4, None), "three turns, and who did it"
    assert "stood there next" in run("account", "demo", customer_id).out
    wrong = run("decide", "demo", customer_id, "--loop", "Alguna_Tax_Rate__c=sometimes")
    assert wrong.code == 2
    pinned = run("decide", "demo", customer_id, "--loop", "Alguna_Tax_Rate__c=off", "--json")
    assert pinned.code == 0
    assert "not written here any more" in pinned.json["decided"][0]
    run("sync", "demo")
    assert "loop" not in {each["category"] for each in run("problems", "demo", "--json").json}
