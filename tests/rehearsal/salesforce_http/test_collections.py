from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from console.rehearsal.salesforce.errors import ApiError

if TYPE_CHECKING:
    from conftest import Served

ROLLED_BACK = {
    "statusCode": "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "message": "Record rolled back because not all records were valid and the request was using AllOrNone header",
    "fields": [],
}


def of(kind: str, **values: Any) -> dict[str, Any]:
    return {"attributes": {"type": kind}, **values}


def send(served: Served, method: str, path: str, records: list[Any], **body: Any) -> list[dict[str, Any]]:
    reply = served.call(method, path, json={**body, "records": records})
    assert reply.status_code == 200, reply.text
    return list(reply.json())


def count(served: Served, name: str) -> int:
    body = served.call("GET", "query", params={"q": f"SELECT COUNT() FROM Account WHERE Name LIKE '{name}%'"})
    return int(body.json()["totalSize"])


def test_each_new_record_has_a_result_in_order(served: Served) -> None:
    results = send(
        served,
        "POST",
        "composite/sobjects/",
        [of("Account", Name="C1"), of("Account", Phone="no name"), of("Contact", LastName="C3")],
    )
    assert list(results[0]) == ["id", "success", "errors"]
    assert results[0]["success"] is True
    assert results[0]["errors"] == []
    assert results[1] == {
        "success": False,
        "errors": [
            {
                "statusCode": "REQUIRED_FIELD_MISSING",
                "message": "Required fields are missing: [Name]",
                "fields": ["Name"],
            }
        ],
    }
    assert list(results[1]["errors"][0]) == ["statusCode", "message", "fields"]
    assert results[2]["id"].startswith("003")


def test_all_or_none_keeps_nothing_when_one_row_is_wrong(served: Served) -> None:
    records = [of("Account", Name="Aon 1"), of("Account"), of("Account", Name="Aon 2")]
    results = send(served, "POST", "composite/sobjects", records, allOrNone=True)
    assert results[0] == {"success": False, "errors": [ROLLED_BACK]}
    assert results[1]["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    assert results[2] == results[0]
    assert count(served, "Aon") == 0
    send(served, "POST", "composite/sobjects", records)
    assert count(served, "Aon") == 2


def test_updates_take_the_id_in_any_spelling(served: Served) -> None:
    ids = [served.create("Account", Name=f"U{number}") for number in range(3)]
    records = [
        of("Account", id=ids[0], Name="U0b"),
        of("account", Id=ids[1][:15], name="U1b"),
        {"Name": "U2b", "ID": ids[2], "attributes": {"type": "Account", "url": "/x"}},
        of("Account", Name="nobody"),
        of("Account", id="001xx", Name="short"),
        of("Account", id="001000000000000AAA", Name="never"),
    ]
    results = send(served, "PATCH", "composite/sobjects", records)
    assert [row.get("id") for row in results] == [*ids, None, None, None]
    assert [row["success"] for row in results] == [True] * 3 + [False] * 3
    assert results[3]["errors"] == [
        {"statusCode": "MISSING_ARGUMENT", "message": "Id not specified in an update call", "fields": []}
    ]
    assert results[4]["errors"] == [
        {"statusCode": "MALFORMED_ID", "message": "malformed id 001xx", "fields": []}
    ]
    assert results[5]["errors"][0]["statusCode"] == "INVALID_CROSS_REFERENCE_KEY"
    names = served.query(
        f"SELECT Name FROM Account WHERE Id IN ('{ids[0]}', '{ids[1]}', '{ids[2]}') ORDER BY Name"
    )
    assert [row["Name"] for row in names] == ["U0b", "U1b", "U2b"]


def test_upserts_say_what_was_created(served: Served) -> None:
    path = "composite/sobjects/Account/Ext__c"
    first = send(
        served,
        "PATCH",
        path,
        [of("Account", Name=f"Up {key}", Ext__c=key) for key in ("k1", "k2")],
    )
    assert [list(row) for row in first] == [["id", "success", "errors", "created"]] * 2
    assert [row["created"] for row in first] == [True, True]
    second = send(
        served,
        "PATCH",
        path,
        [
            of("Account", Name="Up k1 b", ext__c="k1"),
            of("Account", Name="Up k3", Ext__c="k3"),
            of("Account", Name="Up k3 again", Ext__c="k3"),
            of("Account", Name="Up none"),
            of("Account", Name="Up blank", Ext__c=""),
            of("Account", Name="x" * 300, Ext__c="k4"),
            of("Contact", LastName="Other", Ext__c="k5"),
        ],
    )
    assert [row["created"] for row in second] == [False, True, False, False, False, False, False]
    assert second[0]["id"] == first[0]["id"]
    codes = [row["errors"][0]["statusCode"] if row["errors"] else None for row in second]
    assert codes == [
        None,
        None,
        "DUPLICATE_VALUE",
        "MISSING_ARGUMENT",
        "MISSING_ARGUMENT",
        "STRING_TOO_LONG",
        "INVALID_TYPE",
    ]
    assert second[2]["errors"][0]["message"] == "Duplicate external id specified: k3"


def test_an_upsert_by_id_creates_what_has_none(served: Served) -> None:
    record = served.create("Account", Name="Has id")
    results = send(
        served,
        "PATCH",
        "composite/sobjects/Account/Id",
        [
            of("Account", Id=record, Name="Has id 2"),
            of("Account", Name="New by id"),
            of("Account", Id="bad", Name="x"),
        ],
    )
    assert [row["created"] for row in results] == [False, True, False]
    assert results[0]["id"] == record
    assert results[2]["errors"][0]["statusCode"] == "MALFORMED_ID"


@pytest.mark.parametrize("comma", [",", "%2C", ", "])
def test_deletes_take_a_list_of_ids(served: Served, comma: str) -> None:
    ids = [served.create("Account", Name="Bye"), served.create("Contact", LastName="Bye")]
    reply = served.call("DELETE", f"composite/sobjects?ids={comma.join([*ids, 'malformed'])}")
    assert reply.status_code == 200
    results = reply.json()
    assert results[:2] == [{"id": record, "success": True, "errors": []} for record in ids]
    assert results[2] == {
        "success": False,
        "errors": [{"statusCode": "MALFORMED_ID", "message": "malformed id malformed", "fields": []}],
    }
    again = served.call("DELETE", f"composite/sobjects?ids={ids[0]}").json()
    assert again[0]["errors"] == [
        {"statusCode": "ENTITY_IS_DELETED", "message": "entity is deleted", "fields": []}
    ]


def test_a_delete_of_all_or_none_keeps_all(served: Served) -> None:
    record = served.create("Account", Name="Stays")
    reply = served.call("DELETE", f"composite/sobjects?ids={record},malformed&allOrNone=true")
    assert reply.json()[0] == {"success": False, "errors": [ROLLED_BACK]}
    assert served.call("GET", f"sobjects/Account/{record}").status_code == 200


def test_reads_come_in_the_order_of_the_ids_with_null_for_none(served: Served) -> None:
    ids = [served.create("Account", Name=f"R{number}") for number in range(3)]
    gone = served.create("Account", Name="Gone")
    served.call("DELETE", f"sobjects/Account/{gone}")
    asked = [ids[2], gone, ids[0], "001000000000000AAA", ids[1][:15]]
    posted = served.call("POST", "composite/sobjects/account", json={"ids": asked, "fields": ["Name", "id"]})
    fetched = served.call("GET", f"composite/sobjects/Account?ids={','.join(asked)}&fields=Name,id")
    assert posted.json() == fetched.json()
    records = posted.json()
    assert [row and row["Name"] for row in records] == ["R2", None, "R0", None, "R1"]
    assert [row and row["Id"] for row in records] == [ids[2], None, ids[0], None, ids[1]]
    assert set(records[0]) == {"attributes", "Name", "Id"}
    wrong = served.call("POST", "composite/sobjects/Account", json={"ids": ids, "fields": ["Bacon__c"]})
    assert (wrong.status_code, wrong.json()[0]["errorCode"]) == (400, "INVALID_FIELD")
    none = served.call("POST", "composite/sobjects/Account", json={"ids": ids})
    assert none.status_code == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "composite/sobjects"),
        ("PATCH", "composite/sobjects"),
        ("PATCH", "composite/sobjects/Account/Ext__c"),
    ],
)
def test_too_few_and_too_many_are_refused_as_a_whole(served: Served, method: str, path: str) -> None:
    for body in ({"records": []}, {}):
        reply = served.call(method, path, json=body)
        assert reply.status_code == 400
        assert (
            reply.text == '[{"message":"At least 1 record is required","errorCode":"REQUIRED_FIELD_MISSING"}]'
        )
    reply = served.call(method, path, json={"records": [of("Account", Name="x")] * 201})
    assert reply.status_code == 400
    assert reply.json()[0]["errorCode"] == "EXCEEDED_ID_LIMIT"
    ids = ",".join(["001000000000001"] * 201)
    assert served.call("DELETE", f"composite/sobjects?ids={ids}").status_code == 400
    assert served.call("DELETE", "composite/sobjects").status_code == 400


def test_records_without_a_type_are_refused(served: Served) -> None:
    for record in ({"Name": "x"}, {"attributes": {}, "Name": "x"}, "x", None, {"attributes": {"type": 5}}):
        assert served.call("POST", "composite/sobjects", json={"records": [record]}).status_code == 400


def test_more_than_ten_runs_of_types_are_refused(served: Served) -> None:
    mixed = [of("Account", Name="m"), of("Contact", LastName="m")]
    assert served.call("POST", "composite/sobjects", json={"records": mixed * 6}).status_code == 400
    assert served.call("POST", "composite/sobjects", json={"records": mixed * 5}).status_code == 200


def test_an_unknown_type_fails_its_row_only(served: Served) -> None:
    results = send(served, "POST", "composite/sobjects", [of("Xyzzy__c"), of("Account", Name="Fine")])
    assert results[0]["errors"][0]["statusCode"] == "INVALID_TYPE"
    assert results[1]["success"] is True


def test_set_up_objects_do_not_mix_with_records(served: Served) -> None:
    results = send(
        served,
        "POST",
        "composite/sobjects",
        [of("Account", Name="Mixed"), of("PermissionSet", Name="Mixed_In", Label="Mixed")],
    )
    assert results[0]["success"] is True
    assert results[1]["errors"][0]["statusCode"] == "MIXED_DML_OPERATION"


def test_the_permissions_of_all_fields_go_in_one_call(own: Served) -> None:
    permission_set = own.create("PermissionSet", Name="Many", Label="Many")
    fields = [
        field
        for field in own.call("GET", "sobjects/Account/describe").json()["fields"]
        if field["permissionable"]
    ]
    results = send(
        own,
        "POST",
        "composite/sobjects",
        [
            of(
                "FieldPermissions",
                ParentId=permission_set,
                SobjectType="Account",
                Field=f"Account.{field['name']}",
                PermissionsRead=True,
                PermissionsEdit=bool(field["updateable"]),
            )
            for field in fields
        ],
    )
    assert [row["errors"] for row in results if not row["success"]] == []
    assert len(results) == len(fields) > 5


def test_single_rows_can_be_made_to_fail(own: Served) -> None:
    asked: list[str] = []

    def every_third(sobject: str) -> ApiError | None:
        asked.append(sobject)
        if len(asked) % 3:
            return None
        return ApiError(400, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record", [])

    own.org.row_fault = every_third
    results = send(own, "POST", "composite/sobjects", [of("Account", Name=f"Lock {n}") for n in range(6)])
    assert [row["success"] for row in results] == [True, True, False, True, True, False]
    assert results[2]["errors"][0]["statusCode"] == "UNABLE_TO_LOCK_ROW"
    assert count(own, "Lock") == 4
    assert {name.lower() for name in asked} == {"account"}


def test_a_collection_counts_as_one_call(own: Served) -> None:
    before = own.sessions.usage.used
    send(own, "POST", "composite/sobjects", [of("Account", Name=f"One {n}") for n in range(200)])
    assert own.sessions.usage.used == before + 1
    assert count(own, "One") == 200
