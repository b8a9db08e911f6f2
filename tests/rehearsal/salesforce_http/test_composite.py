from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Served

V = "/services/data/v62.0"
HALTED = [
    {
        "errorCode": "PROCESSING_HALTED",
        "message": "The transaction was rolled back since another operation in the same transaction failed.",
    }
]


def sub(method: str, path: str, name: str, body: Any = None, **more: Any) -> dict[str, Any]:
    request = {"method": method, "url": f"{V}/{path}", "referenceId": name, **more}
    return request if body is None else {**request, "body": body}


def send(served: Served, *requests: dict[str, Any], version: str = V, **options: Any) -> list[dict[str, Any]]:
    reply = served.call("POST", f"{version}/composite/", json={**options, "compositeRequest": list(requests)})
    assert reply.status_code == 200, reply.text
    body = reply.json()
    assert list(body) == ["compositeResponse"]
    for response in body["compositeResponse"]:
        assert list(response) == ["body", "httpHeaders", "httpStatusCode", "referenceId"]
    return list(body["compositeResponse"])


def names(served: Served, like: str) -> list[str]:
    return [
        row["Name"]
        for row in served.query(f"SELECT Name FROM Account WHERE Name LIKE '{like}%' ORDER BY Name")
    ]


def test_later_requests_use_what_earlier_ones_brought(served: Served) -> None:
    account, info, contact, found, changed = send(
        served,
        sub("POST", "sobjects/Account", "NewAccount", {"Name": "Chain", "BillingCity": "Köln"}),
        sub("GET", "sobjects/Account/@{NewAccount.id}", "Info"),
        sub(
            "POST",
            "sobjects/Contact/",
            "NewContact",
            {
                "lastname": "Doe",
                "Title": "CTO of @{Info.Name} (@{Info.BillingAddress.city})",
                "AccountId": "@{Info.Id}",
            },
        ),
        sub("GET", "query/?q=SELECT Id, Title FROM Contact WHERE AccountId = '@{NewAccount.id}'", "Found"),
        sub(
            "PATCH",
            "sobjects/Contact/@{Found.records[0].Id}",
            "Changed",
            {"Title": "@{Found.records[0].Title}!"},
        ),
    )
    record = account["body"]["id"]
    assert account["httpStatusCode"] == 201
    assert account["httpHeaders"] == {"Location": f"{V}/sobjects/Account/{record}"}
    assert info["httpHeaders"] == {}
    assert found["body"]["totalSize"] == 1
    assert (changed["httpStatusCode"], changed["body"], changed["httpHeaders"]) == (204, None, {})
    rows = served.query(f"SELECT Title FROM Contact WHERE Id = '{contact['body']['id']}'")
    assert rows[0]["Title"] == "CTO of Chain (Köln)!"


def test_a_failed_request_stops_only_those_that_need_it(served: Served) -> None:
    failed, dependent, free = send(
        served,
        sub("POST", "sobjects/Account", "Bad", {"Phone": "1"}),
        sub("POST", "sobjects/Contact", "Child", {"LastName": "x", "AccountId": "@{Bad.id}"}),
        sub("POST", "sobjects/Account", "Free", {"Name": "Free one"}),
    )
    assert failed["httpStatusCode"] == 400
    assert list(failed["body"][0]) == ["message", "errorCode", "fields"]
    assert dependent["httpStatusCode"] == 400
    assert dependent["body"] == [
        {
            "errorCode": "PROCESSING_HALTED",
            "message": "Invalid reference specified. No value for Bad.id found in Bad",
        }
    ]
    assert list(dependent["body"][0]) == ["errorCode", "message"]
    assert free["httpStatusCode"] == 201


def test_all_or_none_keeps_nothing(served: Served) -> None:
    responses = send(
        served,
        sub("POST", "sobjects/Account", "a", {"Name": "Whole 1"}),
        sub("POST", "sobjects/Account", "b", {"Phone": "1"}),
        sub("POST", "sobjects/Account", "c", {"Name": "Whole 2"}),
        allOrNone=True,
    )
    assert [response["httpStatusCode"] for response in responses] == [400, 400, 400]
    assert responses[0]["body"] == responses[2]["body"] == HALTED
    assert list(responses[0]["body"][0]) == ["errorCode", "message"]
    assert responses[1]["body"][0]["errorCode"] == "REQUIRED_FIELD_MISSING"
    assert names(served, "Whole") == []


@pytest.mark.parametrize(
    ("outer", "inner", "kept"),
    [(False, False, ["Case 1", "Case 3"]), (False, True, ["Case 3"]), (True, True, []), (True, False, [])],
)
def test_all_or_none_outside_and_inside(own: Served, outer: bool, inner: bool, kept: list[str]) -> None:
    records = [
        {"attributes": {"type": "Account"}, "Name": "Case 1"},
        {"attributes": {"type": "Account"}, "Phone": "no name"},
    ]
    collection, single = send(
        own,
        sub("POST", "composite/sobjects", "collection", {"allOrNone": inner, "records": records}),
        sub("POST", "sobjects/Account", "single", {"Name": "Case 3"}),
        allOrNone=outer,
    )
    assert collection["httpStatusCode"] == 200
    assert [row["success"] for row in collection["body"]] == [not inner, False]
    assert single["httpStatusCode"] == (400 if outer else 201)
    if outer:
        assert single["body"] == HALTED
    assert names(own, "Case") == kept


def test_five_collections_of_two_hundred_go_in_one_call(own: Served, request: pytest.FixtureRequest) -> None:
    add_external_id(own)
    before = own.sessions.usage.used

    def batch(number: int) -> dict[str, Any]:
        records = [
            {"attributes": {"type": "Account"}, "Name": f"Bulk {number}-{row}", "Ext__c": f"{number}-{row}"}
            for row in range(200)
        ]
        return sub("PATCH", "composite/sobjects/Account/Ext__c", f"batch{number}", {"records": records})

    for created in (True, False):
        responses = send(own, *(batch(number) for number in range(5)))
        rows = [row for response in responses for row in response["body"]]
        assert len(rows) == 1000
        assert all(row["success"] and row["created"] is created for row in rows)
    assert own.sessions.usage.used == before + 2
    assert len(names(own, "Bulk")) == 1000


def add_external_id(own: Served) -> None:
    metadata = {"type": "Text", "label": "Ext", "length": 80, "externalId": True, "unique": True}
    body = {"FullName": "Account.Ext__c", "Metadata": metadata}
    assert own.call("POST", "tooling/sobjects/CustomField", json=body).status_code == 201
    permission_set = own.create("PermissionSet", Name="Ext", Label="Ext")
    own.create(
        "FieldPermissions",
        ParentId=permission_set,
        SobjectType="Account",
        Field="Account.Ext__c",
        PermissionsRead=True,
        PermissionsEdit=True,
    )
    own.create("PermissionSetAssignment", AssigneeId=own.org.admin_id, PermissionSetId=permission_set)


def test_unchanged_describes_are_304_with_null(served: Served) -> None:
    first = send(served, sub("GET", "sobjects/Account/describe", "d"))[0]
    stamp = first["httpHeaders"]["Last-Modified"]
    again = send(
        served, sub("GET", "sobjects/Account/describe", "d", httpHeaders={"If-Modified-Since": stamp})
    )[0]
    assert (again["httpStatusCode"], again["body"]) == (304, None)
    assert again["httpHeaders"]["ETag"] == first["httpHeaders"]["ETag"]


def test_missing_things_inside_are_404_with_the_error_list(served: Served) -> None:
    known, unknown = send(
        served,
        sub("GET", "query?q=SELECT Id FROM Account LIMIT 1", "a"),
        sub("GET", "sobjects/Nothing__c", "b"),
    )
    assert known["httpStatusCode"] == 200
    assert unknown["httpStatusCode"] == 404
    assert unknown["body"] == [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]


@pytest.mark.parametrize(
    "path", ["limits", "tooling/query?q=SELECT Id FROM CustomField", "composite", "composite/batch"]
)
def test_what_composite_does_not_carry_is_refused_inside(served: Served, path: str) -> None:
    response = send(served, sub("GET", path, "x"))[0]
    assert response["httpStatusCode"] == 400
    assert response["body"][0]["errorCode"] == "PROCESSING_HALTED"


def test_more_than_25_requests_are_refused(served: Served) -> None:
    requests = [sub("GET", "sobjects/Account", f"r{number}") for number in range(26)]
    reply = served.call("POST", "composite", json={"compositeRequest": requests})
    error = {"errorCode": "LIMIT_EXCEEDED", "message": "The request can’t contain more than 25 operations."}
    assert reply.status_code == 400
    assert reply.json() == {
        "compositeResponse": [
            {"body": [error], "httpHeaders": {}, "httpStatusCode": 400, "referenceId": None}
        ]
    }
    assert len(send(served, *requests[:25])) == 25


def test_more_than_five_queries_and_collections_are_refused(served: Served) -> None:
    queries = [sub("GET", "query?q=SELECT Id FROM Account LIMIT 1", f"q{number}") for number in range(5)]
    assert len(send(served, *queries)) == 5
    one_more = sub("GET", "composite/sobjects/Account?ids=001000000000001&fields=Id", "q6")
    reply = served.call("POST", "composite", json={"compositeRequest": [*queries, one_more]})
    assert reply.status_code == 400
    assert "more than 5" in reply.text


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"compositeRequest": []},
        {"compositeRequest": ["x"]},
        {"compositeRequest": [{"method": "GET", "url": f"{V}/sobjects"}]},
        {"compositeRequest": [{"method": "GET", "referenceId": "a"}]},
        {"compositeRequest": [{"url": f"{V}/sobjects", "referenceId": "a"}]},
        {"compositeRequest": [sub("GET", "sobjects", "a"), sub("GET", "sobjects", "a")]},
        {"compositeRequest": [sub("GET", "sobjects", "a", httpHeaders={"authorization": "x"})]},
        {"compositeRequest": [sub("GET", "sobjects", "a[1]")]},
    ],
)
def test_a_composite_that_makes_no_sense_is_refused_as_a_whole(served: Served, body: dict[str, Any]) -> None:
    reply = served.call("POST", "composite", json=body)
    assert reply.status_code == 400
    assert list(reply.json()[0]) == ["message", "errorCode"]
    assert reply.json()[0]["errorCode"] == "JSON_PARSER_ERROR"


def test_old_versions_take_odd_reference_ids(served: Served) -> None:
    request = {"method": "GET", "url": "/services/data/v50.0/sobjects/Account", "referenceId": "a[1]"}
    assert send(served, request, version="/services/data/v50.0")[0]["httpStatusCode"] == 200


def test_a_url_outside_the_api_is_refused_inside(served: Served) -> None:
    for url in ("/id/x/y", "sobjects/Account", "/services/data/v20.0/sobjects/Account"):
        request = {"method": "GET", "url": url, "referenceId": "a"}
        reply = served.call("POST", "composite", json={"compositeRequest": [request]})
        assert reply.status_code == 200
        assert reply.json()["compositeResponse"][0]["httpStatusCode"] in (400, 404, 410)


def test_references_are_quoted_where_they_stand_in_a_url(served: Served) -> None:
    name = "A&B +50% #1 ü"
    made, info, found = send(
        served,
        sub("POST", "sobjects/Account", "Made", {"Name": name}),
        sub("GET", "sobjects/Account/@{Made.id}?fields=Name", "Info"),
        sub("GET", "query?q=SELECT Id FROM Account WHERE Name = '@{Info.Name}'", "Found"),
    )
    assert info["body"]["Name"] == name
    assert [row["Id"] for row in found["body"]["records"]] == [made["body"]["id"]]


def test_the_list_of_composite_resources(served: Served) -> None:
    body = served.call("GET", "composite").json()
    assert body == {name: f"{V}/composite/{name}" for name in ("tree", "batch", "sobjects", "graph")}


def test_each_graph_is_all_or_nothing_and_its_nodes_may_come_in_any_order(served: Served) -> None:
    graphs = [
        {
            "graphId": "good",
            "compositeRequest": [
                sub("POST", "sobjects/Contact", "child", {"LastName": "Graph", "AccountId": "@{parent.id}"}),
                sub("POST", "sobjects/Account", "parent", {"Name": "Graph good"}),
            ],
        },
        {
            "graphId": "bad",
            "compositeRequest": [
                sub("POST", "sobjects/Account", "one", {"Name": "Graph bad"}),
                sub("POST", "sobjects/Account", "two", {"Phone": "1"}),
            ],
        },
    ]
    reply = served.call("POST", "composite/graph", json={"graphs": graphs})
    assert reply.status_code == 200
    good, bad = reply.json()["graphs"]
    assert list(good) == ["graphId", "graphResponse", "isSuccessful"]
    assert (good["graphId"], good["isSuccessful"], bad["isSuccessful"]) == ("good", True, False)
    responses = good["graphResponse"]["compositeResponse"]
    assert [response["referenceId"] for response in responses] == ["child", "parent"]
    assert [response["httpStatusCode"] for response in responses] == [201, 201]
    assert bad["graphResponse"]["compositeResponse"][0]["body"] == HALTED
    assert names(served, "Graph") == ["Graph good"]


def test_a_circle_of_references_is_refused(served: Served) -> None:
    nodes = [
        sub("POST", "sobjects/Account", "a", {"Name": "@{b.id}"}),
        sub("POST", "sobjects/Account", "b", {"Name": "@{a.id}"}),
    ]
    reply = served.call(
        "POST", "composite/graph", json={"graphs": [{"graphId": "1", "compositeRequest": nodes}]}
    )
    assert reply.status_code == 400


def test_a_batch_runs_each_request_by_itself_and_counts_each(own: Served) -> None:
    before = own.sessions.usage.used
    requests = [
        {"method": "POST", "url": "v62.0/sobjects/Account", "richInput": {"Name": "Batch"}},
        {"method": "GET", "url": "/services/data/v62.0/sobjects/Nothing__c"},
        {"method": "GET", "url": "v62.0/query?q=SELECT Name FROM Account WHERE Name='Batch'"},
    ]
    body = own.call("POST", "composite/batch", json={"batchRequests": requests}).json()
    assert list(body) == ["hasErrors", "results"]
    assert body["hasErrors"] is True
    assert [result["statusCode"] for result in body["results"]] == [201, 404, 200]
    assert body["results"][2]["result"]["totalSize"] == 1
    assert own.sessions.usage.used == before + 3
    halted = own.call(
        "POST", "composite/batch", json={"haltOnError": True, "batchRequests": requests[1:]}
    ).json()
    assert [result["statusCode"] for result in halted["results"]] == [404, 412]


def test_a_tree_plants_parents_with_their_children(served: Served) -> None:
    child = {"attributes": {"type": "Contact", "referenceId": "c1"}, "LastName": "Leaf"}
    tree = {
        "records": [
            {
                "attributes": {"type": "Account", "referenceId": "a1"},
                "Name": "Tree",
                "Contacts": {"records": [child]},
            },
            {"attributes": {"type": "Account", "referenceId": "a2"}, "Name": "Tree 2"},
        ]
    }
    reply = served.call("POST", "composite/tree/Account", json=tree)
    assert reply.status_code == 201
    body = reply.json()
    assert body["hasErrors"] is False
    assert [result["referenceId"] for result in body["results"]] == ["a1", "c1", "a2"]
    contact = body["results"][1]["id"]
    assert (
        served.query(f"SELECT Account.Name FROM Contact WHERE Id = '{contact}'")[0]["Account"]["Name"]
        == "Tree"
    )


def test_a_tree_with_a_bad_leaf_is_not_planted(served: Served) -> None:
    tree = {
        "records": [
            {"attributes": {"type": "Account", "referenceId": "a1"}, "Name": "Felled"},
            {"attributes": {"type": "Account", "referenceId": "a2"}},
        ]
    }
    reply = served.call("POST", "composite/tree/Account", json=tree)
    assert reply.status_code == 400
    body = reply.json()
    assert body["hasErrors"] is True
    assert body["results"][0]["referenceId"] == "a2"
    assert body["results"][0]["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    assert names(served, "Felled") == []
