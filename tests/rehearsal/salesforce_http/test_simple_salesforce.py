"""simple-salesforce as it is, against the org: the client that many Python programs use."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce, format_external_id, format_soql
from simple_salesforce.exceptions import (
    SalesforceExpiredSession,
    SalesforceGeneralError,
    SalesforceMalformedRequest,
    SalesforceRefusedRequest,
    SalesforceResourceNotFound,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Served


class PlainLoopback(HTTPAdapter):
    """The library writes https into every address; on this computer the org speaks http."""

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        assert request.url is not None
        address = urlsplit(request.url)
        assert address.hostname == "127.0.0.1"
        request.url = "http" + request.url.removeprefix("https")
        return super().send(request, *args, **options)


@pytest.fixture(scope="module")
def client(served: Served) -> Iterator[Salesforce]:
    with requests.Session() as session:
        session.trust_env = False
        session.mount("https://127.0.0.1", PlainLoopback())
        yield Salesforce(
            instance=served.base_url.removeprefix("http://"),
            session_id=served.handout.access_token,
            version="62.0",
            session=session,
        )


def test_records_go_through_their_life(client: Salesforce) -> None:
    made = client.Account.create({"Name": "Simple"})
    assert made["success"] is True
    record = made["id"]
    assert client.Account.get(record)["Name"] == "Simple"
    assert client.Account.update(record, {"Name": "Simpler"}) == 204
    assert client.Account.upsert(format_external_id("Ext__c", "s/1 ü"), {"Name": "Up"}) == 201
    assert client.Account.upsert(format_external_id("Ext__c", "s/1 ü"), {"Name": "Up 2"}) == 200
    assert client.Account.delete(record) == 204
    with pytest.raises(SalesforceResourceNotFound):
        client.Account.get(record)


def test_queries_page_by_themselves(client: Salesforce) -> None:
    for start in range(0, 450, 150):
        records = [{"attributes": {"type": "Account"}, "Name": f"Page {start + n:03}"} for n in range(150)]
        results = client.restful("composite/sobjects", method="POST", json={"records": records})
        assert all(result["success"] for result in results)
    soql = format_soql("SELECT Name FROM Account WHERE Name LIKE '{:like}%' ORDER BY Name", "Page ")
    headers = {"Sforce-Query-Options": "batchSize=200"}
    names = [row["Name"] for row in client.query_all_iter(soql, headers=headers)]
    assert names == [f"Page {n:03}" for n in range(450)]
    assert client.query_all(soql)["totalSize"] == 450
    assert client.query("SELECT count() FROM Account WHERE Name LIKE 'Page %'")["totalSize"] == 450
    assert client.api_usage["api-usage"].used > 0


def test_describes_limits_and_replication(client: Salesforce) -> None:
    assert "Account" in [entry["name"] for entry in client.describe()["sobjects"]]
    assert client.Account.describe()["name"] == "Account"
    assert client.Account.metadata()["objectDescribe"]["name"] == "Account"
    assert client.limits()["DailyApiRequests"]["Max"] > 0
    now = datetime.now(UTC)
    window = (now - timedelta(days=1), now + timedelta(hours=1))
    assert "ids" in client.Account.updated(*window)
    assert "deletedRecords" in client.Account.deleted(*window)
    with pytest.raises(SalesforceMalformedRequest):
        client.Account.updated(datetime(2026, 1, 1), datetime(2026, 1, 2))  # noqa: DTZ001


def test_tooling_and_composite_through_the_general_ways(client: Salesforce) -> None:
    body = {"FullName": "Account.Simple__c", "Metadata": {"type": "Text", "label": "Simple", "length": 10}}
    made = client.toolingexecute("sobjects/CustomField/", method="POST", data=body)
    assert made["success"] is True
    found = client.restful(
        "tooling/query/", params={"q": "SELECT Id FROM CustomField WHERE DeveloperName = 'Simple'"}
    )
    assert [row["Id"] for row in found["records"]] == [made["id"]]
    request = {"method": "GET", "url": "/services/data/v62.0/sobjects/Account", "referenceId": "a"}
    answer = client.restful("composite", method="POST", json={"compositeRequest": [request]})
    assert answer["compositeResponse"][0]["httpStatusCode"] == 200


def test_refusals_become_the_librarys_exceptions(client: Salesforce, served: Served) -> None:
    with pytest.raises(SalesforceMalformedRequest) as malformed:
        client.query("SELECT Bacon__c FROM Account")
    assert malformed.value.content[0]["errorCode"] == "INVALID_FIELD"
    with pytest.raises(SalesforceResourceNotFound):
        client.restful("sobjects/Nothing__c")
    with pytest.raises(SalesforceGeneralError) as wrong_method:
        client.restful("limits", method="DELETE")
    assert wrong_method.value.status == 405
    with requests.Session() as session:
        session.trust_env = False
        session.mount("https://127.0.0.1", PlainLoopback())
        stranger = Salesforce(
            instance=served.base_url.removeprefix("http://"),
            session_id="00Dx!y",
            session=session,
            version="62.0",
        )
        with pytest.raises(SalesforceExpiredSession):
            stranger.query("SELECT Id FROM Account")


def test_a_spent_budget_is_a_refused_request(client: Salesforce, served: Served) -> None:
    limit = served.sessions.usage.limit
    served.sessions.usage.limit = 0
    try:
        with pytest.raises(SalesforceRefusedRequest) as refused:
            client.query("SELECT Id FROM Account")
        assert refused.value.content[0]["errorCode"] == "REQUEST_LIMIT_EXCEEDED"
    finally:
        served.sessions.usage.limit = limit
