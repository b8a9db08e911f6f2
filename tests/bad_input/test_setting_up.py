"""An org that can't be set up as it should: what is in the way is named, and nothing is made half by accident."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from datetime import timedelta
from urllib.request import Request, urlopen

import pytest

CUSTOMER_ID = "Alguna_Customer_ID__c"


def deny(world, **permissions) -> None:
    username = world.handout["salesforce"]["username"]
    world.control("POST", f"salesforce/users/{username}/permissions", permissions)


def set_up(world, *extra: str):
    return world.run(
        "connect", "demo", *world.words(), "--import", "all", "--set-up", *extra, stdin=world.stdin
    )


def make_field(world, name: str, **metadata) -> None:
    """An administrator made a field of that name before."""
    org = world.handout["salesforce"]
    request = Request(
        f"{org['instance_url']}/services/data/v62.0/tooling/sobjects/CustomField",
        method="POST",
        data=json.dumps({"FullName": f"Account.{name}", "Metadata": {"label": name, **metadata}}).encode(),
        headers={"Authorization": f"Bearer {world.token}", "Content-Type": "application/json"},
    )
    with urlopen(request, timeout=30) as answer:
        assert answer.status == 201


@pytest.mark.parametrize(
    ("permission", "words"),
    [
        ("CustomizeApplication", "Customize Application"),
        ("ManageProfilesPermissionsets", "Manage Profiles and Permission Sets"),
        ("AssignPermissionSets", "Assign Permission Sets"),
    ],
)
def test_a_permission_that_is_lacking_is_named_in_one_sentence_and_nothing_is_made(bare, permission, words):
    deny(bare, **{permission: False})
    with bare.untouched():
        said = bare.refused(
            "connect", "demo", *bare.words(), "--set-up", stdin=bare.stdin, code=1, category="refused"
        )
        shown = set_up(bare)
    assert f"lacks the permission '{words}'" in said
    assert len(shown.err.splitlines()) == 2, "one sentence, and what to do"
    assert bare.fields() == set()
    deny(bare, **{permission: True})
    assert set_up(bare).code == 0
    assert len(bare.fields()) == 13
    bare.in_step()


def test_a_user_who_may_not_use_the_api_is_told_so(bare):
    bare.fault("salesforce", "API_DISABLED_FOR_ORG", share=1.0)
    with bare.untouched():
        said = bare.refused("connect", "demo", *bare.words(), stdin=bare.stdin, code=1, category="refused")
    assert "API" in said


def test_the_id_field_in_another_type_stops_the_set_up_and_is_left_as_it_is(bare):
    make_field(bare, CUSTOMER_ID, type="Number", precision=10, scale=2)
    with bare.untouched():
        said = bare.refused(
            "connect", "demo", *bare.words(), "--set-up", stdin=bare.stdin, code=1, category="refused"
        )
    assert f"{CUSTOMER_ID} exists as Number and is needed as Text(255)" in said
    assert "rename or remove it in Setup" in said


def test_the_id_field_without_its_index_is_no_id_field(bare):
    """A plain text field would let the sync make the same customer twice."""
    make_field(bare, CUSTOMER_ID, type="Text", length=255)
    said = bare.refused(
        "connect", "demo", *bare.words(), "--set-up", stdin=bare.stdin, code=1, category="refused"
    )
    assert CUSTOMER_ID in said
    bare.connect()
    with bare.untouched():
        looked = bare.run("sync", "demo", "--json")
        assert (looked.code, CUSTOMER_ID in looked.json["reduced"]) == (3, True)


def test_another_field_in_another_type_is_named_left_alone_and_the_rest_is_synced(bare):
    make_field(bare, "Alguna_Tax_Rate__c", type="Number", precision=10, scale=2)
    make_field(bare, "Alguna_Subscription_Name__c", type="Text", length=20)
    answer = set_up(bare, "--json")
    assert answer.code == 0
    assert "Alguna_Tax_Rate__c exists as Number and is needed as Text(255)" in answer.err
    assert "Alguna_Subscription_Name__c exists with 20 characters and needs 255" in answer.err
    bare.in_step()
    rows = bare.query(
        "SELECT Alguna_Tax_Rate__c, Alguna_Subscription_Name__c, Alguna_Subscription_ID__c FROM Account "
        "WHERE Alguna_Customer_ID__c != null"
    )
    assert {row["Alguna_Tax_Rate__c"] for row in rows} == {None}
    assert {row["Alguna_Subscription_Name__c"] for row in rows} == {None}
    assert [row for row in rows if row["Alguna_Subscription_ID__c"]]
    (problem,) = [each for each in bare.run("problems", "demo", "--json").json if each["category"] == "setup"]
    assert "Alguna_Tax_Rate__c" in problem["title"]
    assert "Alguna_Subscription_Name__c" in problem["title"]
    assert "left out of the sync" in problem["title"]
    assert "alguna-console setup demo --plan" in problem["advice"]
    assert problem["count"] == 1, "not told again with every pass"
    ident = next(
        row["customer_id"]
        for row in bare.run("accounts", "demo", "--json").lines
        if row["state"] == "in_sync"
    )
    told = {each["field"]: each for each in bare.account(ident)["fields"]}
    assert "salesforce" not in told["Alguna_Tax_Rate__c"], "unknown is not empty"
    assert not told["Alguna_Tax_Rate__c"]["differs"]


def test_a_set_up_that_breaks_half_way_says_where_and_what_stays_and_is_gone_on_with(bare):
    bare.fault(
        "salesforce", "INSUFFICIENT_ACCESS", match="POST /services/data/v62.0/sobjects/PermissionSet", next=1
    )
    answer = set_up(bare, "--json")
    assert answer.code == 1
    assert answer.json["error"]["message"].startswith("Set-up stopped at Alguna_Sync: ")
    assert (
        "13 fields on Account and 1 channel of change events that set-up made stay in the org" in answer.err
    )
    assert bare.files() == set()
    assert bare.query("SELECT Id FROM PermissionSet WHERE Name = 'Alguna_Sync'") == []
    bare.heal()
    again = set_up(bare, "--json")
    assert again.code == 0
    assert not [part for part in again.json["set_up"] if part.startswith("field ")], "they were there already"
    bare.in_step()


@pytest.mark.parametrize("error", ["DROP", "DROP_AFTER", "SERVER_UNAVAILABLE"])
def test_a_set_up_that_is_cut_off_saves_nothing_and_makes_nothing_twice(bare, error):
    bare.fault(
        "salesforce", error, match="POST /services/data/v62.0/sobjects/FieldPermissions", skip=3, next=1
    )
    first = set_up(bare, "--json")
    if first.code:
        assert first.json["error"]["category"] == "unreachable"
        assert bare.files() == set()
        bare.heal()
        assert set_up(bare).code == 0
    grants = [
        row["Field"]
        for row in bare.query("SELECT Field FROM FieldPermissions WHERE Parent.Name = 'Alguna_Sync'")
    ]
    assert len(grants) == len(set(grants)) == 18
    bare.in_step()


@pytest.mark.skipif(sys.platform == "win32", reason="signals are Unix's")
def test_a_set_up_stopped_by_a_person_ends_between_two_parts_and_says_what_stays(bare):
    bare.control("POST", "salesforce/options", {"latency_ms": 100})
    process = bare.start("connect", "demo", *bare.words(), "--set-up", "--json", stdin=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stderr is not None
    process.stdin.write(bare.stdin)
    process.stdin.flush()
    assert process.stderr.readline().startswith("Set up: ")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert json.loads(out)["error"]["category"] == "cancelled"
    assert "that set-up made stay in the org" in err
    assert "Traceback" not in err
    assert 1 <= len(bare.fields()) < 13
    assert bare.files() == set()
    bare.control("POST", "salesforce/options", {"latency_ms": 0})
    assert set_up(bare).code == 0
    assert len(bare.fields()) == 13


def test_a_connection_whose_org_was_never_set_up_says_so_before_anything_is_written(bare):
    bare.connect()
    with bare.untouched():
        looked = bare.run("sync", "demo", "--json")
        assert bare.run("plan", "demo", "--json").json["changes"] == []
    assert looked.code == 3
    assert CUSTOMER_ID in looked.json["reduced"]
    assert "alguna-console setup demo --plan" in looked.json["reduced"]
    assert bare.run("status", "demo", "--json").json["health"] != "ok"


def test_a_field_that_is_taken_from_the_user_later_is_told_until_it_is_granted_again(bare, monkeypatch):
    assert set_up(bare).code == 0
    bare.in_step()
    username = bare.handout["salesforce"]["username"]
    (grant,) = bare.query("SELECT Id FROM FieldPermissions WHERE Field = 'Account.Alguna_Tax_Rate__c'")
    org = bare.handout["salesforce"]
    request = Request(
        f"{org['instance_url']}/services/data/v62.0/sobjects/FieldPermissions/{grant['Id']}",
        method="DELETE",
        headers={"Authorization": f"Bearer {bare.token}"},
    )
    with urlopen(request, timeout=30) as answer:
        assert answer.status == 204
    for name in ("VALID", "FRESH"):  # it is asked for every ten minutes, and when a session begins
        monkeypatch.setattr(f"console.sync.access.{name}", timedelta(0))
    bare.in_step()
    problems = [each for each in bare.run("problems", "demo", "--json").json if each["category"] == "setup"]
    assert [each["title"].split()[0] for each in problems] == ["Alguna_Tax_Rate__c"]
    assert bare.run("disconnect", "demo", "--yes").code == 0
    token = bare.fresh_token()
    again = bare.run(
        "connect",
        "demo",
        *bare.words(),
        "--import",
        "all",
        "--set-up",
        "--json",
        stdin=f"{token}\n{bare.key}\n",
    )
    assert "field_permission Account.Alguna_Tax_Rate__c" in again.json["set_up"], username
    assert not [part for part in again.json["set_up"] if part.startswith("field ")], "the fields stayed"
    bare.in_step()
    assert not [each for each in bare.run("problems", "demo", "--json").json if each["category"] == "setup"]
