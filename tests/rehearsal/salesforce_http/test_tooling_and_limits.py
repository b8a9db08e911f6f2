from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conftest import Served

V = "/services/data/v62.0"


def new_field(own: Served, name: str, **metadata: Any) -> Any:
    body = {
        "FullName": f"Account.{name}",
        "Metadata": {"type": "Text", "label": name, "length": 40, **metadata},
    }
    return own.call("POST", "tooling/sobjects/CustomField/", json=body)


def test_a_custom_field_lives_a_whole_life(own: Served) -> None:
    reply = new_field(own, "Colour__c")
    assert reply.status_code == 201
    body = reply.json()
    assert list(body) == ["id", "success", "errors", "warnings", "infos"]
    assert body["id"].startswith("00N")
    path = f"tooling/sobjects/CustomField/{body['id']}"
    assert reply.headers["location"] == f"{V}/{path}"

    read = own.call("GET", path).json()
    assert next(iter(read)) == "attributes"
    assert (read["FullName"], read["DeveloperName"]) == ("Account.Colour__c", "Colour")
    assert read["Metadata"]["length"] == 40

    metadata = {**read["Metadata"], "length": 80}
    assert own.call("PATCH", path, json={"Metadata": metadata}).status_code == 204
    assert own.call("GET", path).json()["Metadata"]["length"] == 80

    assert own.call("DELETE", path).status_code == 204
    assert own.call("GET", path).status_code == 404


def test_a_field_is_hidden_until_it_is_granted_and_cannot_be_made_twice(own: Served) -> None:
    assert new_field(own, "Shape__c").status_code == 201
    names = [field["name"] for field in own.call("GET", "sobjects/Account/describe").json()["fields"]]
    assert "Shape__c" not in names
    hidden = own.call("GET", "query", params={"q": "SELECT Shape__c FROM Account"})
    assert hidden.json()[0]["errorCode"] == "INVALID_FIELD"
    twice = new_field(own, "Shape__c")
    assert twice.status_code == 400
    assert twice.json()[0]["errorCode"] == "DUPLICATE_DEVELOPER_NAME"


def test_fields_are_found_by_a_tooling_query(own: Served) -> None:
    new_field(own, "Size__c")
    soql = "SELECT Id, DeveloperName, TableEnumOrId FROM CustomField WHERE TableEnumOrId = 'Account'"
    for path in ("tooling/query", "tooling/query/"):
        body = own.call("GET", path, params={"q": soql}).json()
        assert {"size", "totalSize", "done", "queryLocator", "entityTypeName", "records"} == set(body)
        assert body["queryLocator"] is None
        assert [row["DeveloperName"] for row in body["records"]] == ["Size"]


def test_tooling_describes_itself(served: Served) -> None:
    assert served.call("GET", "tooling").json()["sobjects"] == f"{V}/tooling/sobjects"
    names = [entry["name"] for entry in served.call("GET", "tooling/sobjects/").json()["sobjects"]]
    assert "CustomField" in names
    described = served.call("GET", "tooling/sobjects/customfield/describe").json()
    assert described["name"] == "CustomField"
    assert "objectDescribe" in served.call("GET", "tooling/sobjects/CustomField").json()


def test_without_the_permission_no_field_is_made(own: Served) -> None:
    own.on_loop(
        lambda org: org.directory.switch_permissions(own.handout.username, {"CustomizeApplication": False})
    )
    reply = new_field(own, "Forbidden__c")
    assert reply.status_code in (400, 403)
    assert reply.json()[0]["errorCode"].startswith("INSUFFICIENT_ACCESS")


def test_without_the_api_permission_nothing_is_answered(own: Served) -> None:
    own.on_loop(lambda org: org.directory.switch_permissions(own.handout.username, {"ApiEnabled": False}))
    reply = own.call("GET", "limits")
    assert reply.status_code == 403
    assert reply.json()[0]["errorCode"] == "API_DISABLED_FOR_ORG"


def test_limits_name_what_is_left(own: Served) -> None:
    own.sessions.usage.limit, own.sessions.usage.used = 15_000, 100
    for path in ("limits", "limits/"):
        body = own.call("GET", path).json()
        assert list(body) == sorted(body)
        assert all(set(entry) == {"Max", "Remaining"} for entry in body.values())
        assert {"DailyBulkApiBatches", "DailyBulkV2QueryJobs", "DataStorageMB"} <= set(body)
    assert body["DailyApiRequests"] == {"Max": 15_000, "Remaining": 15_000 - 102}


def test_every_call_is_counted_also_one_that_fails(own: Served) -> None:
    own.sessions.usage.used = 0
    for number, path in enumerate(("limits", "nowhere", "query?q=x", "sobjects/Account/none"), start=1):
        reply = own.call("GET", path)
        assert reply.headers["sforce-limit-info"] == f"api-usage={number}/{own.sessions.usage.limit}"
    assert own.call("PUT", "limits").status_code == 405
    assert own.sessions.usage.used == 5


def test_the_count_covers_the_last_24_hours(own: Served) -> None:
    own.sessions.usage.used = 7
    own.clock.forward(hours=12)
    own.sessions.usage.count(5)
    assert own.sessions.usage.used == 12
    own.clock.forward(hours=13)
    assert own.sessions.usage.used == 5
    own.clock.forward(hours=12)
    assert own.sessions.usage.used == 0


def test_records_are_counted_by_object(own: Served) -> None:
    for _ in range(3):
        own.create("Account", Name="Counted")
    body = own.call("GET", "limits/recordCount?sObjects=Account,Nothing__c").json()
    assert body == {"sObjects": [{"count": 3, "name": "Account"}]}
    everything = own.call("GET", "limits/recordCount/").json()["sObjects"]
    assert {"count": 3, "name": "Account"} in everything
