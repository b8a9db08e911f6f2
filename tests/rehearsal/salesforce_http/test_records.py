from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from conftest import Served

V = "/services/data/v62.0"


def test_a_record_is_created_read_changed_and_deleted(served: Served) -> None:
    reply = served.call("POST", "sobjects/account/", json={"Name": "Acme", "Website": "acme.example"})
    assert reply.status_code == 201
    record = reply.json()["id"]
    assert reply.text == f'{{"id":"{record}","success":true,"errors":[]}}'
    assert reply.headers["location"] == f"{V}/sobjects/Account/{record}"
    assert len(record) == 18

    path = f"sobjects/Account/{record}"
    body = served.call("GET", path).json()
    assert next(iter(body)) == "attributes"
    assert body["attributes"] == {"type": "Account", "url": f"{V}/sobjects/Account/{record}"}
    assert (body["Name"], body["Website"]) == ("Acme", "acme.example")
    some = served.call("GET", f"{path}?fields=Name,Website").json()
    assert set(some) == {"attributes", "Name", "Website", "Id"}

    assert (
        served.call("PATCH", f"sobjects/Account/{record[:15]}/", json={"Name": "Acme 2"}).status_code == 204
    )
    assert served.call("GET", path).json()["Name"] == "Acme 2"

    assert served.call("DELETE", path).status_code == 204
    again = served.call("DELETE", path)
    assert again.status_code == 404
    assert again.text == '[{"message":"entity is deleted","errorCode":"ENTITY_IS_DELETED","fields":[]}]'
    assert served.call("GET", path).status_code == 404


def test_replies_repeat_the_version_that_was_asked_for(served: Served) -> None:
    record = served.create("Account", Name="Old client")
    body = served.call("GET", f"/services/data/v45.0/sobjects/Account/{record}").json()
    assert body["attributes"]["url"] == f"/services/data/v45.0/sobjects/Account/{record}"
    made = served.call("POST", "/services/data/v45.0/sobjects/Account", json={"Name": "Old too"})
    assert made.headers["location"].startswith("/services/data/v45.0/sobjects/Account/001")


def test_attributes_in_a_body_are_passed_over_but_an_id_is_not(served: Served) -> None:
    attributes = {"type": "Account", "url": "x"}
    record = served.create("Account", attributes=attributes, Name="With attributes")
    reply = served.call("PATCH", f"sobjects/Account/{record}", json={"id": record, "Name": "x"})
    assert reply.status_code == 400
    assert reply.json() == [
        {
            "message": "The Id field should not be specified in the sobject data.",
            "errorCode": "INVALID_FIELD",
            "fields": ["Id"],
        }
    ]


def test_upsert_creates_then_updates(served: Served) -> None:
    path = "sobjects/Account/Ext__c/up-1"
    first = served.call("PATCH", path, json={"Name": "New"})
    record = first.json()["id"]
    assert first.status_code == 201
    assert first.text == f'{{"id":"{record}","success":true,"errors":[],"created":true}}'
    assert first.headers["location"] == f"{V}/sobjects/Account/{record}"
    second = served.call("PATCH", "sobjects/account/ext__C/up-1", json={"Name": "Newer"})
    assert second.status_code == 200
    assert second.text == f'{{"id":"{record}","success":true,"errors":[],"created":false}}'
    body = served.call("GET", path).json()
    assert (body["Id"], body["Name"], body["Ext__c"]) == (record, "Newer", "up-1")


def test_upsert_by_id_updates_and_a_post_to_it_creates(served: Served) -> None:
    made = served.call("POST", "sobjects/Account/Id", json={"Name": "By id"})
    assert made.status_code == 201
    record = made.json()["id"]
    reply = served.call("PATCH", f"sobjects/Account/Id/{record}", json={"Name": "By id 2"})
    assert (reply.status_code, reply.json()["created"]) == (200, False)
    assert served.call("GET", f"sobjects/Account/Id/{record}").json()["Name"] == "By id 2"


def test_upsert_with_update_only_creates_nothing(served: Served) -> None:
    reply = served.call("PATCH", "sobjects/Account/Ext__c/not-there?updateOnly=true", json={"Name": "x"})
    assert reply.status_code == 404
    assert served.call("GET", "sobjects/Account/Ext__c/not-there").status_code == 404


def test_the_field_in_the_path_may_not_stand_in_the_body(served: Served) -> None:
    reply = served.call("PATCH", "sobjects/Account/Ext__c/twice", json={"Name": "x", "ext__c": "other"})
    assert reply.status_code == 400
    assert reply.json()[0]["fields"] == ["Ext__c"]


def test_a_record_can_be_deleted_by_its_external_id(served: Served) -> None:
    served.call("PATCH", "sobjects/Account/Ext__c/gone", json={"Name": "Gone"})
    assert served.call("DELETE", "sobjects/Account/Ext__c/gone").status_code == 204
    assert served.call("GET", "sobjects/Account/Ext__c/gone").status_code == 404


def test_a_field_that_is_no_external_id_is_named(served: Served) -> None:
    for path in (
        "sobjects/Account/Website/x",
        "sobjects/Account/Nothing__c/x",
        "sobjects/Account/Nothing__c",
    ):
        reply = served.call("GET", path)
        field = path.split("/")[2]
        assert reply.status_code == 404
        assert reply.json() == [
            {
                "errorCode": "NOT_FOUND",
                "message": f"Provided external ID field does not exist or is not accessible: {field}",
            }
        ]


def test_an_empty_external_id_is_not_found(served: Served) -> None:
    assert served.call("PATCH", "sobjects/Account/Ext__c/", json={"Name": "x"}).status_code == 404
    assert served.call("PATCH", "sobjects/Account/Ext__c//", json={"Name": "x"}).status_code in (404, 405)


@pytest.mark.parametrize(
    "text", ["Account", "DELETE FROM", "describe", "updated", "x/describe", ".", "..", "a/../b"]
)
def test_values_that_look_like_paths_stay_values(served: Served, text: str) -> None:
    path = f"sobjects/Account/Ext__c/{quote(text, safe='')}".replace(".", "%2E")
    assert served.call("PATCH", path, json={"Name": "Path"}).status_code == 201
    assert served.call("GET", path).json()["Ext__c"] == text


characters = st.characters(exclude_categories=["Cs", "Cc", "Z"]) | st.sampled_from(" /%+&?#")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(characters, min_size=1, max_size=60).filter(
        lambda text: text.strip(" ") == text and text.strip(".")
    )
)
def test_whatever_an_external_id_holds_it_finds_its_record(served: Served, text: str) -> None:
    path = f"sobjects/Account/Ext__c/{quote(text, safe='')}"
    record = served.call("PATCH", path, json={"Name": "Any"}).json()["id"]
    body = served.call("GET", path).json()
    assert (body["Id"], body["Ext__c"]) == (record, text)


def test_a_value_two_records_share_is_answered_with_their_paths(own: Served) -> None:
    metadata = {"type": "Text", "label": "Loose", "length": 40, "externalId": True, "unique": False}
    own.on_loop(
        lambda org: org.insert(
            own.system, "CustomField", {"FullName": "Account.Loose__c", "Metadata": metadata}, tooling=True
        )
    )
    permission_set = own.create("PermissionSet", Name="Loose", Label="Loose")
    own.create(
        "FieldPermissions",
        ParentId=permission_set,
        SobjectType="Account",
        Field="Account.Loose__c",
        PermissionsRead=True,
        PermissionsEdit=True,
    )
    own.create("PermissionSetAssignment", AssigneeId=own.org.admin_id, PermissionSetId=permission_set)
    ids = [own.create("Account", Name="Twin", Loose__c="same") for _ in range(2)]
    for method, options in (("GET", {}), ("PATCH", {"json": {"Name": "x"}})):
        reply = own.call(method, "sobjects/Account/Loose__c/same", **options)
        assert reply.status_code == 300
        assert sorted(reply.json()) == sorted(f"{V}/sobjects/Account/{record}" for record in ids)
    rows = own.call(
        "PATCH",
        "composite/sobjects/Account/Loose__c",
        json={"records": [{"attributes": {"type": "Account"}, "Loose__c": "same", "Name": "x"}]},
    ).json()
    assert rows[0]["errors"][0]["statusCode"] == "DUPLICATE_EXTERNAL_ID"


# -- queries


def test_a_query_is_answered_in_salesforces_order(served: Served) -> None:
    record = served.create("Account", Name="Queried & co + more")
    for path in (
        "query?q=SELECT+Id,Name+FROM+Account+WHERE+Name='Queried+%26+co+%2B+more'",
        "query/?q=select%20id,%20name%20from%20account%20where%20name='Queried%20%26%20co%20%2B%20more'&x=y",
    ):
        body = served.call("GET", path).json()
        assert list(body) == ["totalSize", "done", "records"]
        assert body["records"] == [
            {
                "attributes": {"type": "Account", "url": f"{V}/sobjects/Account/{record}"},
                "Id": record,
                "Name": "Queried & co + more",
            }
        ]


def test_long_answers_come_in_pages(own: Served) -> None:
    own.on_loop(lambda org: org.load("Account", ({"Name": f"Row {number:04}"} for number in range(501))))
    path = "query?q=SELECT+Name+FROM+Account+WHERE+Name+LIKE+'Row+%25'+ORDER+BY+Name"
    page = own.call("GET", path, headers={"Sforce-Query-Options": "batchSize=200"}).json()
    assert list(page) == ["totalSize", "done", "nextRecordsUrl", "records"]
    assert page["nextRecordsUrl"].startswith(f"{V}/query/01g")
    names = [record["Name"] for record in page["records"]]
    while not page["done"]:
        reply = own.call("GET", page["nextRecordsUrl"])
        page = reply.json()
        assert page["totalSize"] == 501
        names += [record["Name"] for record in page["records"]]
    assert list(page) == ["totalSize", "done", "records"]
    assert names == [f"Row {number:04}" for number in range(501)]


def test_a_locator_dies_with_its_session(own: Served) -> None:
    own.on_loop(lambda org: org.load("Account", ({"Name": f"Row {number}"} for number in range(201))))
    page = own.call(
        "GET", "query?q=SELECT+Id+FROM+Account", headers={"Sforce-Query-Options": "batchSize=200"}
    ).json()
    own.sessions.expire_sessions()
    own.on_loop(lambda _: own.sessions.handout())
    token = own.on_loop(lambda _: own.sessions.handout()).access_token
    reply = own.http.get(page["nextRecordsUrl"], headers={"Authorization": f"Bearer {token}"})
    assert reply.status_code == 400
    assert reply.json() == [{"message": "invalid query locator", "errorCode": "INVALID_QUERY_LOCATOR"}]


def test_query_all_also_finds_the_deleted(served: Served) -> None:
    record = served.create("Account", Name="Binned")
    served.call("DELETE", f"sobjects/Account/{record}")
    soql = "SELECT Id, IsDeleted FROM Account WHERE Name = 'Binned'"
    assert served.query(soql) == []
    for path in ("queryAll", "queryall/"):
        body = served.call("GET", path, params={"q": soql}).json()
        assert [row["IsDeleted"] for row in body["records"]] == [True]


@pytest.mark.parametrize("path", ["query", "query/?q=", "queryAll?q=%20", "tooling/query?soql=x"])
def test_a_query_without_text_is_malformed(served: Served, path: str) -> None:
    reply = served.call("GET", path)
    assert reply.status_code == 400
    assert reply.json() == [{"message": "A query string has to be specified", "errorCode": "MALFORMED_QUERY"}]


# -- describe


def test_describes_answer_in_any_case_and_by_version(served: Served) -> None:
    body = served.call("GET", "sobjects/aCCount/describe/").json()
    assert body["name"] == "Account"
    assert list(body) == sorted(body)
    assert body["urls"]["sobject"] == f"{V}/sobjects/Account"
    assert "Ext__c" in [field["name"] for field in body["fields"]]
    world = served.call("GET", "sobjects/").json()
    assert list(world) == ["encoding", "maxBatchSize", "sobjects"]
    summary = served.call("GET", "sobjects/Account/").json()
    assert list(summary) == ["objectDescribe", "recentItems"]


def test_a_describe_that_did_not_change_is_not_sent_again(own: Served) -> None:
    path = "sobjects/Account/describe"
    first = own.call("GET", path)
    seen = {"If-Modified-Since": first.headers["last-modified"]}
    again = own.call("GET", path, headers=seen)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["etag"].startswith('"')
    other = own.call("GET", "/services/data/v50.0/sobjects/Account/describe")
    assert other.status_code == 200
    metadata = {"type": "Checkbox", "label": "Flag", "defaultValue": False}
    body = {"FullName": "Account.Flag__c", "Metadata": metadata}
    assert own.call("POST", "tooling/sobjects/CustomField", json=body).status_code == 201
    permission_set = own.create("PermissionSet", Name="Flag", Label="Flag")
    own.create(
        "FieldPermissions",
        ParentId=permission_set,
        SobjectType="Account",
        Field="Account.Flag__c",
        PermissionsRead=True,
        PermissionsEdit=True,
    )
    own.create("PermissionSetAssignment", AssigneeId=own.org.admin_id, PermissionSetId=permission_set)
    changed = own.call("GET", path, headers=seen)
    assert changed.status_code == 200
    assert "Flag__c" in [field["name"] for field in changed.json()["fields"]]
    assert changed.headers["last-modified"] != first.headers["last-modified"]
    assert own.call("GET", path, headers={"If-Modified-Since": "not a date"}).status_code == 200


# -- replication


def test_what_was_changed_and_deleted_can_be_listed(own: Served) -> None:
    own.sessions.tokens.session_minutes = 3 * 24 * 60
    own.clock.forward(days=-1)
    kept, gone = own.create("Account", Name="Kept"), own.create("Account", Name="Gone")
    own.call("DELETE", f"sobjects/Account/{gone}")
    own.clock.forward(days=1)
    now = datetime.now(UTC)
    start, end = (now - timedelta(days=2)).isoformat(), now.isoformat()
    for first, last in ((start, end), (start.replace("+00:00", "Z"), end.replace("+00:00", "+0000"))):
        window = {"start": first, "end": last}
        body = own.call("GET", "sobjects/Account/updated/", params=window).json()
        assert list(body) == ["ids", "latestDateCovered"]
        assert kept in body["ids"]
        assert body["latestDateCovered"].endswith("+0000")
        body = own.call("GET", "sobjects/Account/deleted", params=window).json()
        assert list(body) == ["deletedRecords", "earliestDateAvailable", "latestDateCovered"]
        assert [entry["id"] for entry in body["deletedRecords"]] == [gone]
    raw = f"sobjects/Account/updated/?start={start}&end={end}"
    assert kept in own.call("GET", raw).json()["ids"], "a plus that nobody encoded is still an offset"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({}, "MISSING_ARGUMENT"),
        ({"start": "2026-01-01T00:00:00Z"}, "MISSING_ARGUMENT"),
        ({"start": "yesterday", "end": "2026-01-01T00:00:00Z"}, "INVALID_REPLICATION_DATE"),
        ({"start": "2026-01-01T00:00:00", "end": "2026-01-02T00:00:00Z"}, "INVALID_REPLICATION_DATE"),
        ({"start": "2026-01-02T00:00:00Z", "end": "2026-01-01T00:00:00Z"}, "INVALID_REPLICATION_DATE"),
    ],
)
def test_a_window_that_makes_no_sense_is_refused(served: Served, query: dict[str, str], code: str) -> None:
    reply = served.call("GET", "sobjects/Account/updated", params=query)
    assert (reply.status_code, reply.json()[0]["errorCode"]) == (400, code)
