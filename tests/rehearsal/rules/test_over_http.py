"""Rules, locks and permissions as clients and the control address meet them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from console.rehearsal.server import Rehearsal

if TYPE_CHECKING:
    from collections.abc import Iterator

V = "/services/data/v62.0"
ALLOW = {"Sforce-Duplicate-Rule-Header": "allowSave=true"}
TWIN = {"Name": "Acme Widgets", "Website": "acme.example"}


class World:
    """An empty org with its control address, and the administrator's session."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        self.handout = rehearsal.handout
        org = self.handout["salesforce"]
        headers = {"Authorization": f"Bearer {org['access_token']}"}
        self.org = httpx.Client(base_url=org["instance_url"], headers=headers, trust_env=False)
        self.control = httpx.Client(base_url=self.handout["control_url"], trust_env=False)

    def close(self) -> None:
        self.org.close()
        self.control.close()

    def order(self, path: str, **body: Any) -> dict[str, Any]:
        reply = self.control.post(path, json=body)
        assert reply.status_code == 200, reply.text
        return dict(reply.json())

    def create(self, headers: dict[str, str] | None = None, **values: Any) -> httpx.Response:
        return self.org.post(f"{V}/sobjects/Account", json=values, headers=headers)


@pytest.fixture
def world() -> Iterator[World]:
    with Rehearsal(customers=0) as rehearsal:
        world = World(rehearsal)
        yield world
        world.close()


def test_duplicates_are_saved_knowingly_on_each_way_in(world: World) -> None:
    first = world.create(**TWIN).json()["id"]
    world.order("/salesforce/rules/Standard_Account_Duplicate_Rule", active=True)
    refused = world.create(**TWIN)
    assert refused.status_code == 400
    (error,) = refused.json()
    assert list(error) == ["duplicateResult", "errorCode", "message"]
    (record,) = error["duplicateResult"]["matchResults"][0]["matchRecords"]
    assert record["record"]["Id"] == first
    rows = {"allOrNone": False, "records": [{"attributes": {"type": "Account"}, **TWIN}]}
    (row,) = world.org.post(f"{V}/composite/sobjects", json=rows).json()
    assert row["success"] is False
    assert row["errors"][0]["statusCode"] == "DUPLICATES_DETECTED"
    assert row["errors"][0]["duplicateResult"]["allowSave"] is True
    single = {"method": "POST", "url": f"{V}/sobjects/Account", "referenceId": "a", "body": TWIN}
    answer = world.org.post(f"{V}/composite", json={"compositeRequest": [single]}, headers=ALLOW).json()
    assert answer["compositeResponse"][0]["body"][0]["errorCode"] == "DUPLICATES_DETECTED"
    knowing = {**single, "httpHeaders": ALLOW}
    answer = world.org.post(f"{V}/composite", json={"compositeRequest": [knowing]}).json()
    assert answer["compositeResponse"][0]["httpStatusCode"] == 201
    assert world.create(ALLOW, **TWIN).status_code == 201
    assert world.org.post(f"{V}/composite/sobjects", json=rows, headers=ALLOW).json()[0]["success"] is True
    world.order("/salesforce/rules/Standard_Account_Duplicate_Rule", action="block")
    assert world.create(ALLOW, **TWIN).json()[0]["duplicateResult"]["allowSave"] is False


def test_an_old_version_says_duplicate_resut(world: World) -> None:
    world.create(**TWIN)
    world.order("/salesforce/rules/Standard_Account_Duplicate_Rule", active=True)
    (error,) = world.org.post("/services/data/v52.0/sobjects/Account", json=TWIN).json()
    assert "duplicateResut" in error


def test_a_rule_made_through_tooling_is_met_by_all_rows(world: World) -> None:
    metadata = {
        "active": True,
        "errorConditionFormula": 'AND(ISNEW(), ISBLANK(Phone), $Profile.Name = "System Administrator")',
        "errorMessage": "No phone, no account.",
    }
    reply = world.org.post(
        f"{V}/tooling/sobjects/ValidationRule", json={"FullName": "Account.Phone", "Metadata": metadata}
    )
    assert (reply.status_code, reply.json()["success"]) == (201, True)
    path = f"{V}/tooling/sobjects/ValidationRule/{reply.json()['id']}"
    rows = [{"attributes": {"type": "Account"}, "Name": "x", "Phone": phone} for phone in ("1", None)]
    results = world.org.post(f"{V}/composite/sobjects", json={"records": rows}).json()
    assert [each["success"] for each in results] == [True, False]
    assert results[1]["errors"] == [
        {"statusCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "No phone, no account.", "fields": []}
    ]
    world.org.patch(path, json={"Metadata": {**metadata, "active": False}}).raise_for_status()
    assert world.create(Name="x").status_code == 201
    assert world.org.delete(path).status_code == 204
    assert world.org.get(path).status_code == 404


def test_the_control_address_lists_switches_and_locks(world: World) -> None:
    rules = world.control.get("/salesforce/rules").json()["rules"]
    assert {each["kind"] for each in rules} == {
        "DuplicateRule",
        "ValidationRule",
        "FlowDefinitionView",
        "ApexTrigger",
    }
    assert not any(each["active"] for each in rules)
    assert world.order("/salesforce/rules/Contact_Assign_Owner", active=True, share=0.5) == {
        "kind": "FlowDefinitionView",
        "name": "Contact_Assign_Owner",
        "object": "Contact",
        "active": True,
        "share": 0.5,
    }
    account = world.create(Name="x").json()["id"]
    world.order("/salesforce/locks", ids=[account], next=1)
    refused = world.org.patch(f"{V}/sobjects/Account/{account}", json={"Name": "y"})
    assert refused.json()[0]["errorCode"] == "UNABLE_TO_LOCK_ROW"
    assert world.control.get("/salesforce/locks").json()["locks"][0]["struck"] == 1
    assert world.control.delete("/salesforce/locks").json() == {"locks": []}
    unknown = world.control.post("/salesforce/rules/Nope", json={"active": True})
    assert unknown.status_code == 400
    assert unknown.json()["error"].startswith("there is no rule 'Nope'; there are ")
    wrong = world.control.post("/salesforce/locks", json={})
    assert wrong.json()["error"] == 'say which rows: {"ids": ["001..."]} or {"share": 0.1}'
