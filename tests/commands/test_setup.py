"""``preflight`` and ``setup``: what may be done in an org, what is made there, and how what drifted is found and mended."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as Xml

import pytest

TAX = "Alguna_Tax_Rate__c"
NAMESPACE = {"m": "http://soap.sforce.com/2006/04/metadata"}


def rows(world, soql: str, *, tooling: bool = False) -> list[dict[str, Any]]:
    return world.rest("GET", f"{'tooling/' if tooling else ''}query?q={quote(soql)}")["records"]


def deny(world, **permissions: bool) -> None:
    username = world.rehearsal.handout["salesforce"]["username"]
    world.control("POST", f"salesforce/users/{username}/permissions", permissions)


@pytest.fixture
def ask(run, world):
    """``ask("setup", "--plan")``: one command about the connection named demo, as JSON."""

    def command(name: str, *words: str, code: int = 0) -> Any:
        answer = run(name, "demo", *words, "--access-token-stdin", "--json", stdin=world.stdin)
        assert answer.code == code, answer
        return answer.json

    return command


@pytest.fixture
def sync(run, world, monkeypatch):
    for name in ("VALID", "FRESH"):  # a session that begins looks again, however lately it was looked
        monkeypatch.setattr(f"console.sync.access.{name}", timedelta(0))

    def command(*codes: int) -> Any:
        answer = run(
            "sync", "demo", "--access-token-stdin", "--alguna-key-stdin", "--json", stdin=world.stdin
        )
        assert answer.code in (codes or (0, 3)), answer
        return answer.json

    return command


@pytest.fixture
def drift(run):
    """The open problems about set-up."""

    def found() -> list[dict[str, Any]]:
        return [each for each in run("problems", "demo", "--json").json if each["category"] == "setup"]

    return found


def lights(answer) -> dict[str, str]:
    return {each["key"]: each["light"] for each in answer["capabilities"]}


# --- preflight -------------------------------------------------------------------------------------------------


def test_an_administrator_of_an_org_that_is_set_up_may_do_everything(ask, connected):
    assert lights(ask("preflight")) == dict.fromkeys(
        ("read", "write", "fields", "grant", "changes", "bulk"), "green"
    )


@pytest.mark.parametrize(
    ("permission", "key", "words"),
    [
        ("ManageProfilesPermissionsets", "grant", "Manage Profiles and Permission Sets"),
        ("AssignPermissionSets", "grant", "Assign Permission Sets"),
    ],
)
def test_a_permission_that_is_missing_is_named_with_where_it_is_granted_and_only_lessens(
    ask, connected, permission, key, words
):
    deny(connected, **{permission: False})
    seen = ask("preflight")
    (lacking,) = [each for each in seen["capabilities"] if each["light"] != "green"]
    assert (lacking["key"], lacking["light"]) == (key, "amber")
    assert [each["permission"] for each in lacking["missing"]] == [words]
    assert lacking["missing"][0]["where"].startswith("Setup, ")
    deny(connected, **{permission: True})
    assert set(lights(ask("preflight")).values()) == {"green"}


def test_without_customize_application_a_bare_org_cannot_be_set_up_and_a_ready_one_needs_nothing(
    run, ask, world
):
    assert run("connect", "demo", *world.words, stdin=world.stdin).code == 0
    deny(world, CustomizeApplication=False)
    seen = ask("preflight", code=3)
    assert lights(seen)["fields"] == "red"
    assert lights(seen)["changes"] == "amber"
    assert "polled" in next(each["sentence"] for each in seen["capabilities"] if each["key"] == "changes")


# --- the plan --------------------------------------------------------------------------------------------------


def test_the_plan_changes_nothing_and_what_is_applied_is_verified_and_noted(run, ask, world):
    assert run("connect", "demo", *world.words, stdin=world.stdin).code == 0
    planned = ask("setup", "--plan")
    assert planned["made"] == []
    assert rows(world, "SELECT Id FROM PermissionSet WHERE Name = 'Alguna_Sync'") == []
    applied = ask("setup", "--apply")
    assert len(applied["made"]) == planned["changes"]
    assert applied["changes"] == 0
    assert {item["action"] for item in applied["items"]} == {"exists"}
    assert ask("setup", "--apply")["made"] == []
    channels = rows(world, "SELECT DeveloperName FROM PlatformEventChannel", tooling=True)
    assert "Alguna_Sync" in {each["DeveloperName"] for each in channels}
    made = {row["SelectedEntity"] for row in rows(
        world, "SELECT SelectedEntity FROM PlatformEventChannelMember", tooling=True
    )}  # fmt: skip
    assert made >= {"AccountChangeEvent", "ContactChangeEvent"}


def test_an_org_without_channels_is_set_up_for_polling(run, ask, world):
    assert run("connect", "demo", *world.words, stdin=world.stdin).code == 0
    answer = ask("setup", "--apply", "--no-events")
    assert not [part for part in answer["made"] if part.startswith("channel")]
    (granted,) = rows(
        world,
        "SELECT PermissionsViewAllRecords FROM ObjectPermissions WHERE Parent.Name = 'Alguna_Sync' AND SobjectType = 'Account'",
    )
    assert granted["PermissionsViewAllRecords"] is False, "not more than polling needs"


def test_the_integration_user_is_found_by_user_name_and_gets_the_set(run, ask, world):
    assert run("connect", "demo", *world.words, stdin=world.stdin).code == 0
    me = world.rehearsal.handout["salesforce"]["username"]
    other = next(row["Username"] for row in rows(world, "SELECT Username FROM User WHERE IsActive = true")
                 if row["Username"] != me)  # fmt: skip
    assert f"assignment {other}" in ask("setup", "--apply", "--user", other)["made"]
    assigned = rows(
        world,
        "SELECT Assignee.Username FROM PermissionSetAssignment WHERE PermissionSet.Name = 'Alguna_Sync'",
    )
    assert [row["Assignee"]["Username"] for row in assigned] == [other]


def test_a_user_who_is_unknown_or_inactive_is_said_to_be(run, ask, world):
    assert run("connect", "demo", *world.words, stdin=world.stdin).code == 0
    told = ask("setup", "--user", "nobody@example.com", code=2)
    assert "nobody@example.com" in told["error"]["message"]
    me = world.rehearsal.handout["salesforce"]["username"]
    other = next(row for row in rows(world, "SELECT Id, Username FROM User") if row["Username"] != me)
    world.rest("PATCH", f"sobjects/User/{other['Id']}", {"IsActive": False})
    told = ask("setup", "--user", other["Username"], code=2)
    assert "is inactive" in told["error"]["message"]


def test_an_email_address_of_several_users_is_answered_with_who_they_are(run, ask, world):
    assert run("connect", "demo", *world.words, stdin=world.stdin).code == 0
    users = rows(world, "SELECT Id, Username FROM User WHERE IsActive = true")[:2]
    for user in users:
        world.rest("PATCH", f"sobjects/User/{user['Id']}", {"Email": "sync@example.com"})
    told = ask("setup", "--user", "sync@example.com", code=2)
    assert "2 users" in told["error"]["message"]
    assert all(user["Username"] in told["error"]["message"] for user in users)


def test_the_permission_set_is_written_as_a_file_that_grants_the_least(run, connected, tmp_path):
    path = tmp_path / "Alguna_Sync.permissionset-meta.xml"
    assert run("setup", "demo", "--export", str(path), "--json").code == 0
    root = Xml.parse(path).getroot()
    objects = {
        each.findtext("m:object", "", NAMESPACE): each
        for each in root.findall("m:objectPermissions", NAMESPACE)
    }
    assert set(objects) == {"Account", "Contact"}
    for each in objects.values():
        assert each.findtext("m:allowDelete", "", NAMESPACE) == "false"
        assert each.findtext("m:modifyAllRecords", "", NAMESPACE) == "false"
    users = {each.findtext("m:name", "", NAMESPACE) for each in root.findall("m:userPermissions", NAMESPACE)}
    assert users == {"ApiEnabled", "ViewSetup", "ViewRoles"}
    assert len(root.findall("m:fieldPermissions", NAMESPACE)) == 18
    assert run("setup", "demo", "--export", str(path)).code == 2, "no file is overwritten"


# --- drift -----------------------------------------------------------------------------------------------------


def field_id(world, name: str = TAX) -> str:
    wanted = name.removesuffix("__c")
    found = rows(world, f"SELECT Id FROM CustomField WHERE DeveloperName = '{wanted}'", tooling=True)
    return found[0]["Id"]


def delete_field(world) -> None:
    world.rest("DELETE", f"tooling/sobjects/CustomField/{field_id(world)}")


def hide_field(world) -> None:
    (grant,) = rows(world, f"SELECT Id FROM FieldPermissions WHERE Field = 'Account.{TAX}'")
    world.rest("DELETE", f"sobjects/FieldPermissions/{grant['Id']}")


def lock_field(world) -> None:
    (grant,) = rows(world, f"SELECT Id FROM FieldPermissions WHERE Field = 'Account.{TAX}'")
    world.rest("PATCH", f"sobjects/FieldPermissions/{grant['Id']}", {"PermissionsEdit": False})


def remove_member(world) -> None:
    (member,) = rows(
        world,
        "SELECT Id FROM PlatformEventChannelMember WHERE SelectedEntity = 'ContactChangeEvent' "
        "AND DeveloperName = 'Alguna_Sync_chn_ContactChangeEvent'",
        tooling=True,
    )
    world.rest("DELETE", f"tooling/sobjects/PlatformEventChannelMember/{member['Id']}")


def take_the_set_away(world) -> None:
    (row,) = rows(world, "SELECT Id FROM PermissionSetAssignment WHERE PermissionSet.Name = 'Alguna_Sync'")
    world.rest("DELETE", f"sobjects/PermissionSetAssignment/{row['Id']}")


def remove_channel(world) -> None:
    for sobject, name in (
        ("PlatformEventChannelMember", "Alguna_Sync_chn"),
        ("PlatformEventChannel", "Alguna_Sync"),
    ):
        found = rows(world, f"SELECT Id, DeveloperName FROM {sobject}", tooling=True)
        for row in found:
            if row["DeveloperName"].startswith(name):
                world.rest("DELETE", f"tooling/sobjects/{sobject}/{row['Id']}")


@pytest.mark.parametrize(
    ("harm", "words", "mending"),
    [
        (remove_channel, "The channel of change events is gone", {"channel", "channel_member"}),
        (delete_field, f"{TAX} was deleted", {"field", "field_permission"}),
        (hide_field, f"{TAX} is hidden from the signed-in user", {"field_permission"}),
        (lock_field, f"{TAX} can be read but not edited", {"field_permission"}),
        (remove_member, "lost its changes of contacts", {"channel_member"}),
    ],
)
def test_what_drifted_is_one_problem_that_says_what_it_breaks_and_is_mended_by_plan(
    connected, ask, sync, drift, harm, words, mending
):
    sync()
    assert drift() == []
    harm(connected)
    sync()
    (problem,) = drift()
    assert words in problem["title"]
    assert "setup demo --plan" in problem["advice"]
    sync()
    assert [each["count"] for each in drift()] == [1], "not counted again while it is the same"
    plan = ask("setup")
    wanted = [item["kind"] for item in plan["items"] if item["action"] in ("create", "grant")]
    assert set(wanted) == mending, "exactly the mending"
    assert len(wanted) == len(mending) + (harm is remove_channel), "a channel has two members"
    ask("setup", "--apply")
    sync()
    assert drift() == []


def test_without_the_field_that_identifies_customers_nothing_is_synced_and_the_mending_is_named(
    connected, ask, sync, drift
):
    connected.rest("DELETE", f"tooling/sobjects/CustomField/{field_id(connected, 'Alguna_Customer_ID__c')}")
    told = sync(3)
    assert told["changes"]["planned"] == 0
    assert "setup demo" in told["reduced"]
    assert "Alguna_Customer_ID__c was deleted" in drift()[0]["title"]
    ask("setup", "--apply")
    sync()
    assert drift() == []


def test_a_permission_set_that_was_taken_away_is_told_and_given_again(connected, ask, sync, drift):
    sync()
    take_the_set_away(connected)
    assert sync(3)["reduced"]
    (problem,) = drift()
    assert "Alguna_Customer_ID__c is hidden" in problem["title"]
    assert "more" in problem["title"]
    assert [part.split()[0] for part in ask("setup", "--apply")["made"]] == ["assignment"]
    sync()
    assert drift() == []


def test_a_field_of_another_type_is_told_left_alone_and_taken_up_once_it_is_removed(
    connected, ask, sync, drift
):
    sync()
    delete_field(connected)
    shape = {"type": "Checkbox", "label": "Tax", "defaultValue": "false"}
    connected.rest("POST", "tooling/sobjects/CustomField", {"FullName": f"Account.{TAX}", "Metadata": shape})
    grant = {"ParentId": set_id(connected), "SobjectType": "Account", "Field": f"Account.{TAX}"}
    connected.rest(
        "POST",
        "sobjects/FieldPermissions",
        {**grant, "PermissionsRead": True, "PermissionsEdit": True},
    )
    sync()
    (problem,) = drift()
    assert f"{TAX} exists as boolean and is needed as Text(255)" in problem["title"]
    assert "left out of the sync" in problem["title"]
    (item,) = [each for each in ask("setup", "--apply")["items"] if each["action"] == "mismatch"]
    assert "rename or remove it" in item["detail"], "never changed: it may hold somebody's data"
    delete_field(connected)
    ask("setup", "--apply")
    sync()
    assert drift() == []


def set_id(world) -> str:
    return rows(world, "SELECT Id FROM PermissionSet WHERE Name = 'Alguna_Sync'")[0]["Id"]


def test_connecting_without_screens_says_what_the_first_writes_will_meet(run, world):
    for rule in world.control("GET", "salesforce/rules")["rules"]:
        world.control("POST", f"salesforce/rules/{rule['name']}", {"active": True})
    answer = run("connect", "demo", *world.words, "--set-up", "--json", stdin=world.stdin)
    assert answer.code == 0, answer
    for word in ("duplicate rules", "validation rules", "flows", "trigger"):
        assert word in answer.json["warning"]
        assert word in answer.err, "said to people too"
    assert world.query("SELECT Id FROM Account WHERE Alguna_Customer_ID__c != null") == []


def test_connecting_sets_up_for_the_user_who_is_named_and_says_who_must_sign_in(run, world):
    words = [*world.words, "--set-up", "--user", "crm-integrations@rehearsal.example", "--json"]
    answer = run("connect", "demo", *words, stdin=world.stdin)
    assert answer.code == 0, answer
    assert "assignment integration@rehearsal.example" in answer.json["set_up"]
    assert (
        "sign in as integration@rehearsal.example with  alguna-console sign-in demo" in answer.json["sign_in"]
    )


def test_rules_and_features_that_are_switched_on_are_listed_before_the_first_write(ask, connected):
    assert ask("preflight")["notes"] == []
    rules = connected.control("GET", "salesforce/rules")["rules"]
    for rule in rules:
        connected.control("POST", f"salesforce/rules/{rule['name']}", {"active": True})
    connected.control("POST", "salesforce/features", {"multi_currency": True, "person_accounts": True})
    seen = ask("preflight")
    kinds = [each["key"].partition(":")[0] for each in seen["notes"] if ":" in each["key"]]
    assert len(kinds) == len(rules)
    assert set(kinds) == {"duplicate_rule", "validation_rule", "flow", "trigger"}
    assert {"multi_currency", "person_accounts"} <= {
        each["key"] for each in (*seen["notes"], *seen["capabilities"])
    }
    assert "flow" in ask("setup")["warning"]
