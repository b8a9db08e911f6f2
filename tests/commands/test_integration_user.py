"""A user with the least rights: made ready by an administrator, signed in, doing the sync's full work - and with one right
less at a time, doing less and saying so."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from console.guide.signing_in import Given
from console.salesforce.client import SalesforceClient
from console.salesforce.setup.channel import unheard

INTEGRATION = "integration@rehearsal.example"
EMAIL = "crm-integrations@rehearsal.example"


@pytest.fixture(autouse=True)
def always_look(monkeypatch):
    for name in ("VALID", "FRESH"):  # a pass looks at the org again, however lately it was looked at
        monkeypatch.setattr(f"console.sync.access.{name}", timedelta(0))


def rows(world, soql: str) -> list[dict[str, Any]]:
    return world.rest("GET", f"query?q={quote(soql)}")["records"]


def session_of(world, username: str) -> str:
    """An access token of a user, as a browser round trip gives it."""

    def begin() -> str:
        stage = world.rehearsal.stage
        tokens = stage.access.tokens
        token = tokens.new_token()
        user = stage.org.directory.by_username(username)
        tokens.open_session(token, user["Id"], stage.access.handout().client_id, "full")
        return token

    return str(world.rehearsal.run(begin))


class Desk:
    """Commands about the connection named demo, as the administrator or as the integration user."""

    def __init__(self, run: Any, world: Any) -> None:
        self._run = run
        self.world = world
        self.as_admin = world.stdin
        self._as_sync = ""

    @property
    def as_sync(self) -> str:
        if not self._as_sync:
            key = self.world.rehearsal.handout["alguna"]["api_key"]
            self._as_sync = f"{session_of(self.world, INTEGRATION)}\n{key}\n"
        return self._as_sync

    def ask(self, *words: str, stdin: str = "", codes: tuple[int, ...] = (0,), key: bool = False) -> Any:
        name, *rest_ = words
        given = ["--access-token-stdin", *(["--alguna-key-stdin"] if key else [])]
        answer = self._run(name, "demo", *rest_, *given, "--json", stdin=stdin or self.as_sync)
        assert answer.code in codes, answer
        return answer.json

    def sync(self, *codes: int) -> Any:
        answer = self.ask("sync", key=True, codes=codes or (0, 3))
        return answer.get("changes", answer)

    def lights(self, codes: tuple[int, ...] = (0,)) -> dict[str, Any]:
        return {each["key"]: each for each in self.ask("preflight", codes=codes)["capabilities"]}

    def problems(self) -> list[dict[str, Any]]:
        return [each for each in self._run("problems", "demo", "--json").json if each["category"] == "setup"]

    def shown(self, id_: str) -> Any:
        """An account as it is shown."""
        return self._run("account", "demo", id_, "--json").json

    def why(self) -> dict[str, int]:
        """How often each sentence stands in the list of accounts."""
        answer = self._run("accounts", "demo", "--json")
        counts: dict[str, int] = {}
        for line in answer.lines:
            counts[line["state"]] = counts.get(line["state"], 0) + 1
        return counts


@pytest.fixture
def desk(run, world) -> Desk:
    """Connected by an administrator, not set up."""
    assert run("connect", "demo", *world.words, "--import", "all", stdin=world.stdin).code == 0
    return Desk(run, world)


@pytest.fixture
def ready(desk) -> Desk:
    """Set up for the integration user, who signed in."""
    desk.ask("setup", "--apply", "--user", INTEGRATION, stdin=desk.as_admin)
    work_as(desk)
    return desk


def work_as(desk: Desk) -> None:
    """The connection's user from now on; secrets are given with each command, because this computer keeps none."""
    from dataclasses import replace

    from console.settings import Connections

    connections = Connections()
    user = rows(desk.world, f"SELECT Id FROM User WHERE Username = '{INTEGRATION}'")[0]["Id"]
    connections.save(replace(connections.load("demo"), username=INTEGRATION, user_id=user))


def set_id(world) -> str:
    return rows(world, "SELECT Id FROM PermissionSet WHERE Name = 'Alguna_Sync'")[0]["Id"]


def grant_on(desk: Desk, sobject: str, **rights: bool) -> None:
    query = f"SELECT Id FROM ObjectPermissions WHERE ParentId = '{set_id(desk.world)}' AND SobjectType = '{sobject}'"
    (row,) = rows(desk.world, query)
    body = {f"Permissions{name}": value for name, value in rights.items()}
    desk.world.rest("PATCH", f"sobjects/ObjectPermissions/{row['Id']}", body)


# --- from nothing to a full sync -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [INTEGRATION, EMAIL])
def test_an_administrator_sets_up_for_the_integration_user_who_then_does_the_full_work(desk, name):
    planned = desk.ask("setup", "--user", name, stdin=desk.as_admin)
    assert "sign-in demo" in planned["sign_in"], "who has to sign in is said before"
    assert INTEGRATION in planned["sign_in"]
    desk.ask("setup", "--apply", "--user", name, stdin=desk.as_admin)
    work_as(desk)
    lights = desk.lights()
    assert {key for key, each in lights.items() if each["light"] != "green"} == {"grant"}
    assert "permission set" in lights["grant"]["sentence"]
    assert desk.ask("setup")["obstacle"] is None
    done = desk.sync()
    assert done["applied"] > 0
    assert desk.sync()["planned"] == 0
    made = desk.world.query(f"SELECT Id FROM Account WHERE CreatedBy.Username = '{INTEGRATION}'")
    assert made, "records were made by the integration user"
    assert desk.problems() == []


def test_the_permission_set_licence_is_given_where_it_is_missing_and_taken_back_with_the_rest(desk):
    (given,) = rows(desk.world, "SELECT Id FROM PermissionSetLicenseAssign")
    desk.world.rest("DELETE", f"sobjects/PermissionSetLicenseAssign/{given['Id']}")
    plan = desk.ask("setup", "--user", INTEGRATION, stdin=desk.as_admin)
    (item,) = [each for each in plan["items"] if each["kind"] == "license"]
    assert item["action"] == "create"
    assert "Salesforce API Integration" in item["detail"]
    made = desk.ask("setup", "--apply", "--user", EMAIL, stdin=desk.as_admin)["made"]
    assert f"license {INTEGRATION}" in made
    work_as(desk)
    assert desk.sync()["applied"] > 0


def test_a_licence_that_is_taken_back_later_is_one_problem_and_mended_by_plan(desk):
    (given,) = rows(desk.world, "SELECT Id FROM PermissionSetLicenseAssign")
    desk.world.rest("DELETE", f"sobjects/PermissionSetLicenseAssign/{given['Id']}")
    desk.ask("setup", "--apply", "--user", INTEGRATION, stdin=desk.as_admin)
    (given,) = rows(desk.world, "SELECT Id FROM PermissionSetLicenseAssign")
    desk.world.rest("DELETE", f"sobjects/PermissionSetLicenseAssign/{given['Id']}")
    desk.ask("sync", stdin=desk.as_admin, key=True, codes=(0, 3))
    (problem,) = desk.problems()
    assert f"{INTEGRATION} does not have the permission set licence any more" in problem["title"]
    made = desk.ask("setup", "--apply", "--user", INTEGRATION, stdin=desk.as_admin)["made"]
    assert f"license {INTEGRATION}" in made
    desk.ask("sync", stdin=desk.as_admin, key=True, codes=(0, 3))
    assert "licence" not in str(desk.problems())


def test_who_may_not_give_the_licence_is_told_where_it_is_given(desk):
    (given,) = rows(desk.world, "SELECT Id FROM PermissionSetLicenseAssign")
    desk.world.rest("DELETE", f"sobjects/PermissionSetLicenseAssign/{given['Id']}")
    admin = desk.world.rehearsal.handout["salesforce"]["username"]
    desk.world.control("POST", f"salesforce/users/{admin}/permissions", {"ManageUsers": False})
    plan = desk.ask("setup", "--user", INTEGRATION, stdin=desk.as_admin, codes=(0, 1))
    (item,) = [each for each in plan["items"] if each["kind"] == "license"]
    assert item["action"] == "blocked"
    assert "Manage Users" in item["detail"]
    refused = desk.ask("setup", "--apply", "--user", INTEGRATION, stdin=desk.as_admin, codes=(1,))
    assert "Permission Set License Assignments" in refused["error"]["advice"]


# --- one right less at a time ----------------------------------------------------------------------------------


def test_without_create_on_accounts_customers_stay_not_created_and_say_why(ready):
    grant_on(ready, "Account", Create=False)
    assert ready.lights()["write"]["light"] == "amber"
    assert "Create on Accounts" in json.dumps(ready.lights()["write"]["missing"])
    done = ready.sync()
    assert done["applied"] > 0, "those that are there are kept in step"
    assert ready.why()["not_created"] > 0
    grant_on(ready, "Account", Create=True)
    ready.sync()
    assert "not_created" not in ready.why(), "taken up by itself"


def test_without_edit_on_accounts_new_ones_are_made_and_others_are_left(ready):
    grant_on(ready, "Account", Edit=False, ViewAllRecords=False)
    assert ready.lights()["write"]["light"] == "amber"
    ready.sync()
    states = ready.why()
    assert states["refused"] > 0
    assert states["in_sync"] > 0
    told = json.dumps(ready.problems())
    assert "may not edit accounts any more" in told


def test_without_any_right_to_write_accounts_both_sides_are_compared_and_nothing_is_written(ready):
    grant_on(ready, "Account", Edit=False, Create=False)
    assert ready.lights(codes=(3,))["write"]["light"] == "red"
    before = ready.world.query("SELECT COUNT(Id) n FROM Account")[0]["n"]
    ready.sync()
    assert ready.world.query("SELECT COUNT(Id) n FROM Account")[0]["n"] == before
    made = ready.world.query(f"SELECT Id FROM Account WHERE LastModifiedBy.Username = '{INTEGRATION}'")
    assert made == []
    assert {"not_created", "refused"} <= ready.why().keys()


def test_without_create_on_contacts_accounts_are_made_without_them(ready):
    grant_on(ready, "Contact", Create=False)
    done = ready.sync()
    assert done["applied"] > 0
    assert ready.world.query(f"SELECT Id FROM Contact WHERE CreatedBy.Username = '{INTEGRATION}'") == []
    assert ready.world.query(f"SELECT Id FROM Account WHERE CreatedBy.Username = '{INTEGRATION}'")


def test_without_contacts_at_all_accounts_are_synced_alone(ready):
    grant_on(ready, "Contact", ViewAllRecords=False, Edit=False, Create=False, Read=False)
    assert ready.lights()["read"]["light"] == "amber"
    done = ready.sync()
    assert done["applied"] > 0
    assert ready.world.query(f"SELECT Id FROM Contact WHERE CreatedBy.Username = '{INTEGRATION}'") == []
    assert "may not read contacts any more" in ready.problems()[0]["title"]


def some_linked(ready) -> str:
    """A customer that is linked with an account."""
    soql = "SELECT Alguna_Customer_ID__c FROM Account WHERE Alguna_Customer_ID__c != null ORDER BY Id LIMIT 1"
    return str(ready.world.query(soql)[0]["Alguna_Customer_ID__c"])


def test_without_read_on_accounts_only_alguna_is_read_and_one_problem_says_so(ready):
    ready.sync()
    customers = sum(ready.why().values())
    grant_on(ready, "Account", ViewAllRecords=False, Edit=False, Create=False, Read=False)
    assert ready.lights(codes=(3,))["read"]["light"] == "red"
    edited = some_linked(ready)
    ready.world.control("PATCH", f"alguna/customers/{edited}", {"name": "Renamed Meanwhile"})
    told = ready.ask("sync", key=True, codes=(3,))
    assert "may not read accounts" in told["reduced"]
    assert told["changes"] == {"planned": 0, "applied": 0, "refused": 0, "stale": 0}
    assert sum(ready.why().values()) == customers, "nothing is taken for deleted"
    assert "may not read accounts" in ready.ask("plan", key=True, codes=(1,))["error"]["message"]
    (problem,) = ready.problems()
    assert "may not read accounts" in problem["title"]
    shown = ready.shown("Renamed Meanwhile")
    assert [each["alguna"] for each in shown["fields"] if each["field"] == "Name"] == ["Renamed Meanwhile"]
    mended = ready.ask("setup", "--apply", "--user", INTEGRATION, stdin=ready.as_admin)["made"]
    assert mended == ["object_permission Account"]
    assert ready.sync()["applied"] > 0
    assert ready.problems() == []
    (account,) = ready.world.query(f"SELECT Name FROM Account WHERE Alguna_Customer_ID__c = '{edited}'")
    assert account["Name"] == "Renamed Meanwhile"


def test_without_the_id_on_accounts_who_is_linked_is_kept_in_step_and_nobody_else_is_touched(ready):
    ready.sync()
    before = ready.world.query("SELECT COUNT(Id) n FROM Account")[0]["n"]
    query = f"SELECT Id FROM FieldPermissions WHERE ParentId = '{set_id(ready.world)}' AND Field = 'Account.Alguna_Customer_ID__c'"
    (row,) = rows(ready.world, query)
    linked = some_linked(ready)
    ready.world.rest("DELETE", f"sobjects/FieldPermissions/{row['Id']}")
    assert ready.lights(codes=(3,))["write"]["light"] == "red"
    ready.world.control("PATCH", f"alguna/customers/{linked}", {"name": "Renamed Meanwhile"})
    new = ready.world.control(
        "POST",
        "alguna/customers",
        {
            "name": "Newcomers",
            "currency": "USD",
            "billing_address": {"line1": "1 Main Street", "city": "Springfield", "country": "USA"},
            "contacts": [{"email": "ann@newcomers.example", "last_name": "New", "is_primary": True}],
        },
    )["id"]
    told = ready.ask("sync", key=True, codes=(3,))
    assert "which customer an account carries" in told["reduced"]
    assert told["changes"]["refused"] == 0
    name = f"SELECT Name FROM Account WHERE Alguna_Customer_ID__c = '{linked}'"
    assert [row["Name"] for row in ready.world.query(name)] == ["Renamed Meanwhile"]
    assert ready.world.query("SELECT COUNT(Id) n FROM Account")[0]["n"] == before
    assert "Not looked for in Salesforce" in ready.shown(new)["why"][0]
    (problem,) = ready.problems()
    assert problem["title"].startswith("The signed-in user can't see which customer an account carries")
    ready.ask("setup", "--apply", "--user", INTEGRATION, stdin=ready.as_admin)
    ready.sync()
    assert ready.world.query("SELECT COUNT(Id) n FROM Account")[0]["n"] == before + 1


def test_who_hears_no_change_events_is_known_before_a_silent_subscription_is_begun(ready):
    token = ready.as_sync.splitlines()[0]
    user = rows(ready.world, f"SELECT Id FROM User WHERE Username = '{INTEGRATION}'")[0]["Id"]
    with SalesforceClient(
        ready.world.rehearsal.handout["salesforce"]["instance_url"], Given(token)
    ) as client:
        assert unheard(client, user) == ()
        grant_on(ready, "Contact", ViewAllRecords=False)
        assert unheard(client, user) == ("Contact",)


def test_a_field_that_may_only_be_read_is_refused_alone(ready):
    query = f"SELECT Id FROM FieldPermissions WHERE ParentId = '{set_id(ready.world)}' AND Field = 'Account.Website'"
    (row,) = rows(ready.world, query)
    ready.world.rest("PATCH", f"sobjects/FieldPermissions/{row['Id']}", {"PermissionsEdit": False})
    lights = ready.lights()
    assert lights["write"]["light"] == "amber"
    assert "Website can be read but not edited" in lights["write"]["sentence"]
    assert ready.sync()["applied"] > 0


def test_without_view_all_changes_are_polled_for_and_the_sync_goes_on(ready):
    for sobject in ("Account", "Contact"):
        grant_on(ready, sobject, ViewAllRecords=False)
    changes = ready.lights()["changes"]
    assert (changes["light"], "polled" in changes["sentence"]) == ("amber", True)
    assert {each["permission"] for each in changes["missing"]} == {
        "View All on Accounts",
        "View All on Contacts",
    }
    assert ready.sync()["applied"] > 0
    (problem,) = ready.problems()
    assert "no longer grants View All on Accounts" in problem["title"]
    assert "no longer grants View All on Contacts" in problem["title"]
    ready.ask("setup", "--apply", "--user", INTEGRATION, stdin=ready.as_admin)
    ready.sync()
    assert ready.problems() == []
