"""The guarded way of every call, against answers of every kind over real sockets."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from console.errors import (
    BudgetReached,
    Cancelled,
    ConsoleError,
    Refused,
    SignInNeeded,
    Unreachable,
    UsageError,
)
from console.salesforce.client import SalesforceClient, SubRequest, Usage
from console.salesforce.composite import RowReply, row_replies
from tests.clients.site import (
    CUT,
    STALL,
    Answer,
    GivenToken,
    Handler,
    Reaction,
    Request,
    Site,
    Unhurried,
    everything_told,
    in_turn,
    page,
)

Serve = Callable[[Handler], Site]
TOKEN = "00Dxx0000001gPL!AQcAQH-hunter2"
BASE = "/services/data/v62.0/"
ACCOUNT_ID = "001xx000003DGb2AAG"


def fault(status: int, code: str, message: str = "said", **more: Any) -> Answer:
    return Answer(status, [{"message": message, "errorCode": code, **more}])


EXPIRED = fault(401, "INVALID_SESSION_ID", "Session expired or invalid")
BUSY = fault(503, "SERVER_UNAVAILABLE", "Server too busy")


def client(site: Site, tokens: GivenToken | None = None, **options: Any) -> SalesforceClient:
    options.setdefault("cancelled", Unhurried())
    options.setdefault("timeout", (1.0, 0.5))
    return SalesforceClient(site.url, tokens or GivenToken(TOKEN), **options)


def failure(site: Site, call: Callable[[SalesforceClient], object]) -> ConsoleError:
    with client(site) as org, pytest.raises(ConsoleError) as caught:
        call(org)
    assert "hunter2" not in everything_told(caught.value)
    return caught.value


def read(org: SalesforceClient) -> object:
    return org.get("limits")


def write(org: SalesforceClient) -> object:
    return org.send("POST", "sobjects/Account", {"Name": "hunter2"})


# --- what is sent, what comes back


def test_a_read_goes_to_the_pinned_version_with_the_token(serve: Serve) -> None:
    site = serve(lambda _: Answer(body={"a": 1.10}))
    with client(site) as org:
        assert org.get("x/y", {"q": "a b"}) == {"a": Decimal("1.1")}
    request = site.requests[0]
    assert (request.path, request.query) == (BASE + "x/y", {"q": "a b"})
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert "x-prettyprint" not in request.headers
    assert "gzip" in request.headers["accept-encoding"]
    assert request.headers["sforce-call-options"] == "client=alguna-console"


def test_a_write_without_an_answer_body_gives_none(serve: Serve) -> None:
    site = serve(lambda _: Answer(204))
    with client(site) as org:
        assert org.send("PATCH", "sobjects/Account/001", {"Website": None}) is None
    assert (site.requests[0].method, site.requests[0].json) == ("PATCH", {"Website": None})


def test_pages_are_followed_to_the_end(serve: Serve) -> None:
    first = {
        "totalSize": 3,
        "done": False,
        "nextRecordsUrl": BASE + "query/01g-2",
        "records": [{"Id": "1"}, {"Id": "2"}],
    }
    last = {"totalSize": 3, "done": True, "records": [{"Id": "3"}]}
    site = serve(lambda request: Answer(body=last if request.path.endswith("01g-2") else first))
    with client(site) as org:
        assert [[row["Id"] for row in rows] for rows in org.query("SELECT Id FROM Account")] == [
            ["1", "2"],
            ["3"],
        ]


@pytest.mark.parametrize(
    "url", ["https://evil.example/x", "//evil.example/x", "/services/data/v1.0/query/x", "x"]
)
def test_a_next_page_elsewhere_is_not_followed(serve: Serve, url: str) -> None:
    site = serve(lambda _: Answer(body={"done": False, "nextRecordsUrl": url, "records": []}))
    with client(site) as org, pytest.raises(Unreachable):
        list(org.query("SELECT Id FROM Account"))
    assert len(site.requests) == 1


def test_deleted_rows_and_tooling_objects_have_paths_of_their_own(serve: Serve) -> None:
    site = serve(lambda _: Answer(body={"done": True, "records": []}))
    with client(site) as org:
        list(org.query("SELECT Id FROM Account", deleted=True))
        list(org.query("SELECT Id FROM CustomField", tooling=True))
    assert [request.path for request in site.requests] == [BASE + "queryAll", BASE + "tooling/query"]


def test_calls_and_the_orgs_day_are_counted(serve: Serve) -> None:
    told: list[Any] = []
    site = serve(in_turn(BUSY, Answer(body={"x": 1}, headers={"Sforce-Limit-Info": "api-usage=51/100000"})))
    with client(site, on_call=told.append) as org:
        assert (org.calls, org.usage) == (0, None)
        read(org)
        assert (org.calls, org.usage) == (2, Usage(51, 100000))
    assert [(call.path, call.status) for call in told] == [(BASE + "limits", 503), (BASE + "limits", 200)]


def test_limits_leave_out_what_is_no_pair_of_numbers(serve: Serve) -> None:
    body = {
        "DailyApiRequests": {"Max": 15000, "Remaining": 14998, "App": {"Max": 1, "Remaining": 1}},
        "New": 5,
        "Odd": {},
    }
    with client(serve(lambda _: Answer(body=body))) as org:
        assert org.limits() == {"DailyApiRequests": Usage(2, 15000)}


def test_the_organisation_is_read_with_an_id_of_18_characters(serve: Serve) -> None:
    row = {
        "Id": "00Dxx0000001gPL",
        "Name": "Acme",
        "IsSandbox": True,
        "OrganizationType": "Developer Edition",
        "InstanceName": "CS1",
        "TrialExpirationDate": None,
    }
    with client(serve(lambda _: Answer(body={"done": True, "records": [row]}))) as org:
        info = org.organization()
    assert (info.id, info.is_sandbox, info.edition) == ("00Dxx0000001gPLEAY", True, "Developer Edition")


@pytest.mark.parametrize("records", [[], [{}], [{"Id": "x"}], [{"Id": None}], [None]])
def test_an_organisation_that_is_none_is_told(serve: Serve, records: list[Any]) -> None:
    site = serve(lambda _: Answer(body={"done": True, "records": records}))
    assert isinstance(failure(site, lambda org: org.organization()), Unreachable)


@pytest.mark.parametrize("body", [{}, {"fields": [{}]}, {"fields": 5}, {"fields": [{"name": "x"}]}])
def test_a_describe_that_is_none_is_told(serve: Serve, body: object) -> None:
    assert isinstance(
        failure(serve(lambda _: Answer(body=body)), lambda org: org.describe("Account")), Unreachable
    )


def test_a_retired_api_version_is_told(serve: Serve) -> None:
    site = serve(lambda _: fault(404, "NOT_FOUND"))
    error = failure(site, lambda org: org.whoami())
    assert "does not offer version 62.0" in error.message


# --- sessions


def test_a_rejected_token_is_renewed_once_and_the_call_repeated(serve: Serve) -> None:
    site = serve(lambda r: Answer(body={"x": 1}) if r.headers["authorization"].endswith("two") else EXPIRED)
    tokens = GivenToken("one", "two")
    with client(site, tokens) as org:
        assert read(org) == {"x": 1}
        assert read(org) == {"x": 1}
    assert (tokens.renewals, len(site.requests)) == (1, 3)


def test_a_token_revoked_mid_run_ends_in_a_sign_in_and_not_in_a_loop(serve: Serve) -> None:
    site = serve(in_turn(Answer(body={"x": 1}), EXPIRED))
    with client(site) as org:
        read(org)
        with pytest.raises(SignInNeeded):
            read(org)
    assert len(site.requests) == 2


def test_a_second_rejection_is_final(serve: Serve) -> None:
    site = serve(lambda _: EXPIRED)
    tokens = GivenToken("one", "two", "three")
    with client(site, tokens) as org, pytest.raises(SignInNeeded, match="session has ended"):
        write(org)
    assert (tokens.renewals, len(site.requests)) == (1, 2)


def test_a_write_is_repeated_after_a_rejected_token_for_it_was_not_carried_out(serve: Serve) -> None:
    site = serve(in_turn(EXPIRED, Answer(201, {"id": "x", "success": True})))
    with client(site, GivenToken("one", "two")) as org:
        assert write(org) == {"id": "x", "success": True}


def test_eight_threads_share_one_client_and_one_renewal(serve: Serve) -> None:
    gate = threading.Barrier(8)

    def handler(request: Request) -> Reaction:
        if request.headers["authorization"].endswith("one"):
            gate.wait(5)
            return EXPIRED
        return Answer(body={"x": 1})

    class Tokens(GivenToken):
        lock = threading.Lock()

        def renew(self, rejected: str) -> str:
            with self.lock:
                return super().renew(rejected)

    site = serve(handler)
    answers: list[object] = []
    with client(site, Tokens("one", "two"), timeout=(5.0, 10.0)) as org:
        threads = [threading.Thread(target=lambda: answers.append(read(org))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert org.calls == 16
    assert answers == [{"x": 1}] * 8


# --- answers that are none


@pytest.mark.parametrize("call", [read, write])
@pytest.mark.parametrize(
    "reaction", [page(200), page(404), page(302), Answer(200, "null"), Answer(200, "5"), Answer(200, "{")]
)
def test_a_web_page_where_the_api_was_wanted_is_told(
    serve: Serve, reaction: Answer, call: Callable[[SalesforceClient], object]
) -> None:
    site = serve(lambda _: reaction)
    error = failure(site, call)
    assert isinstance(error, Unreachable)
    assert "127.0.0.1" in error.message
    assert error.maybe_done is (call is write)
    assert len(site.requests) == (1 if call is write else 4)


@pytest.mark.parametrize(
    "reaction", [BUSY, page(503), CUT, fault(400, "QUERY_TIMEOUT"), Answer(420, ""), Answer(406, "")]
)
def test_reads_are_repeated_while_the_org_is_busy(serve: Serve, reaction: Reaction) -> None:
    site = serve(in_turn(reaction, reaction, Answer(body={"x": 1})))
    with client(site) as org:
        assert read(org) == {"x": 1}
    assert len(site.requests) == 3


@pytest.mark.parametrize("reaction", [BUSY, page(503), CUT, STALL, Answer(500, "")])
def test_writes_are_never_repeated_and_may_be_done(serve: Serve, reaction: Reaction) -> None:
    site = serve(lambda _: reaction)
    error = failure(site, write)
    assert isinstance(error, Unreachable)
    assert error.maybe_done
    assert len(site.requests) == 1


@pytest.mark.parametrize(
    ("reaction", "kind"),
    [
        (fault(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."), BudgetReached),
        (fault(400, "MALFORMED_QUERY", "unexpected token: SELEKT"), Refused),
        (fault(400, "INVALID_QUERY_LOCATOR"), Unreachable),
        (fault(403, "API_DISABLED_FOR_ORG"), Refused),
    ],
)
def test_what_waiting_does_not_mend_is_not_repeated(serve: Serve, reaction: Answer, kind: type) -> None:
    site = serve(lambda _: reaction)
    assert type(failure(site, read)) is kind
    assert len(site.requests) == 1


def test_a_query_that_never_ends_is_given_up(serve: Serve) -> None:
    site = serve(lambda _: STALL)
    error = failure(site, read)
    assert "did not answer in time" in error.message
    assert len(site.requests) == 4


@pytest.mark.parametrize("call", [read, write])
def test_an_org_that_cannot_be_reached_got_nothing(call: Callable[[SalesforceClient], object]) -> None:
    site = Site(lambda _: CUT)
    site.close()
    error = failure(site, call)
    assert isinstance(error, Unreachable)
    assert "cannot be reached" in error.message
    assert not error.maybe_done


def test_a_host_name_that_does_not_exist_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with (
        SalesforceClient("https://acme.invalid", GivenToken(TOKEN), cancelled=Unhurried()) as org,
        pytest.raises(Unreachable, match=r"Salesforce at acme\.invalid cannot be reached"),
    ):
        read(org)


def test_a_server_without_tls_behind_an_https_address_is_told(serve: Serve) -> None:
    site = serve(lambda _: Answer(body={}))
    address = site.url.replace("http://", "https://")
    with (
        SalesforceClient(address, GivenToken(TOKEN), cancelled=Unhurried()) as org,
        pytest.raises(Unreachable, match="No secure connection"),
    ):
        write(org)
    assert site.requests == []


def test_plain_http_to_another_computer_is_refused_before_the_token_leaves() -> None:
    with pytest.raises(UsageError):
        SalesforceClient("http://acme.my.salesforce.com", GivenToken(TOKEN))


def test_cancelling_ends_the_wait_between_attempts(serve: Serve) -> None:
    stop = threading.Event()

    def handler(_: Request) -> Reaction:
        stop.set()
        return BUSY

    site = serve(handler)
    with client(site, cancelled=stop) as org, pytest.raises(Cancelled):
        read(org)
    assert len(site.requests) == 1


def test_a_closed_client_makes_no_call(serve: Serve) -> None:
    site = serve(lambda _: Answer(body={}))
    org = client(site)
    org.close()
    with pytest.raises(Cancelled):
        read(org)
    assert site.requests == []


# --- composite and collections


def composed(request: Request, *replies: tuple[int, Any]) -> Answer:
    asked = request.json["compositeRequest"]
    return Answer(
        body={
            "compositeResponse": [
                {
                    "body": body,
                    "httpHeaders": {},
                    "httpStatusCode": status,
                    "referenceId": each["referenceId"],
                }
                for each, (status, body) in zip(asked, replies, strict=True)
            ]
        }
    )


def test_a_composite_call_carries_full_paths_and_returns_replies_in_order(serve: Serve) -> None:
    rows = {"done": False, "nextRecordsUrl": BASE + "query/01g-2000", "records": [{"Id": "1"}]}
    site = serve(lambda r: composed(r, (200, rows), (400, [{"errorCode": "INVALID_FIELD", "message": "x"}])))
    with client(site) as org:
        good, bad = org.composite(
            [
                SubRequest.query("a", "SELECT Id FROM Account WHERE Name = 'R&D +1%'"),
                SubRequest.query("b", "x", deleted=True),
            ]
        )
    asked = site.requests[0].json
    assert asked["allOrNone"] is False
    assert asked["compositeRequest"][0] == {
        "method": "GET",
        "url": BASE + "query?q=SELECT+Id+FROM+Account+WHERE+Name+%3D+%27R%26D+%2B1%25%27",
        "referenceId": "a",
    }
    assert asked["compositeRequest"][1]["url"].startswith(BASE + "queryAll?q=")
    assert (good.rows(), good.next_url, good.error()) == ([{"Id": "1"}], BASE + "query/01g-2000", None)
    assert isinstance(bad.error(), Refused)
    with pytest.raises(Refused):
        bad.rows()


def test_a_composite_of_reads_is_repeated_and_one_with_a_write_is_not(serve: Serve) -> None:
    site = serve(lambda _: BUSY)
    reads, writes = [SubRequest.query("a", "x")], [SubRequest.create("b", "Account", [{"Name": "x"}])]
    with client(site) as org:
        with pytest.raises(Unreachable) as caught:
            org.composite(reads)
        assert (len(site.requests), caught.value.maybe_done) == (4, False)
        with pytest.raises(Unreachable) as caught:
            org.composite(writes)
        assert (len(site.requests), caught.value.maybe_done) == (5, True)


def test_collections_say_the_type_of_each_record(serve: Serve) -> None:
    upsert = SubRequest.upsert(
        "u", "Account", "Alguna_Customer_ID__c", [{"Alguna_Customer_ID__c": "a/b", "Name": "A"}]
    )
    assert (upsert.method, upsert.url) == ("PATCH", "composite/sobjects/Account/Alguna_Customer_ID__c")
    assert upsert.body == {
        "allOrNone": False,
        "records": [{"attributes": {"type": "Account"}, "Alguna_Customer_ID__c": "a/b", "Name": "A"}],
    }
    assert SubRequest.update("u", "Contact", [{"Id": "003"}]).url == "composite/sobjects"
    assert SubRequest.create("c", "Contact", [{"LastName": "x"}]).method == "POST"


@pytest.mark.parametrize("count", [0, 201])
def test_a_collection_holds_1_to_200_records(count: int) -> None:
    with pytest.raises(ValueError, match="1 to 200"):
        SubRequest.create("c", "Account", [{"Name": "x"}] * count)


@pytest.mark.parametrize("name", ["Account/../User", "Account?x", "", "A B"])
def test_an_objects_name_cannot_lead_elsewhere(name: str) -> None:
    with pytest.raises(ValueError, match="API name"):
        SubRequest.create("c", name, [{"Name": "x"}])


def test_too_much_for_one_call_is_a_programming_error(serve: Serve) -> None:
    site = serve(lambda _: Answer(body={}))
    plain = [SubRequest(f"r{number}", "GET", "limits") for number in range(26)]
    heavy = [SubRequest.query(f"q{number}", "x") for number in range(6)]
    with client(site) as org:
        for requests in ([], plain, heavy, [plain[0], plain[0]]):
            with pytest.raises(ValueError, match=r"one call takes|references"):
                org.composite(requests)
    assert site.requests == []


@pytest.mark.parametrize(
    "body", [{}, {"compositeResponse": []}, {"compositeResponse": [{}]}, [1], {"compositeResponse": 5}]
)
def test_a_composite_reply_that_is_none_leaves_a_write_open(serve: Serve, body: object) -> None:
    site = serve(lambda _: Answer(body=body))
    error = failure(site, lambda org: org.composite([SubRequest.create("b", "Account", [{"Name": "x"}])]))
    assert isinstance(error, Unreachable)
    assert error.maybe_done


def test_each_record_of_a_collection_has_its_own_outcome() -> None:
    replies = row_replies(
        [
            {"id": ACCOUNT_ID[:15], "success": True, "created": True, "errors": []},
            {"id": ACCOUNT_ID, "success": True, "created": False, "errors": []},
            {
                "success": False,
                "errors": [{"statusCode": "REQUIRED_FIELD_MISSING", "message": "x", "fields": ["Name"]}],
            },
            {
                "id": ACCOUNT_ID,
                "success": False,
                "errors": [{"statusCode": "UNABLE_TO_LOCK_ROW", "message": "x"}],
            },
            {"success": False, "errors": []},
        ]
    )
    assert replies[:2] == [RowReply(ACCOUNT_ID, True, True), RowReply(ACCOUNT_ID, True, False)]
    missing, locked, nothing = (reply.error for reply in replies[2:])
    assert isinstance(missing, Refused)
    assert missing.fields == ("Name",)
    assert isinstance(locked, Unreachable)
    assert nothing is not None
    assert nothing.code == "UNKNOWN_EXCEPTION"


@pytest.mark.parametrize("body", [None, {}, [5], [{"id": "nonsense", "success": True}]])
def test_a_collections_reply_that_is_none_leaves_the_write_open(body: object) -> None:
    with pytest.raises(Unreachable) as caught:
        row_replies(body)
    assert caught.value.maybe_done


def test_a_collection_that_failed_as_a_whole_raises(serve: Serve) -> None:
    site = serve(lambda r: composed(r, (400, [{"errorCode": "REQUIRED_FIELD_MISSING", "message": "x"}])))
    with client(site) as org:
        reply = org.composite([SubRequest.create("b", "Account", [{"Name": "x"}])])[0]
    with pytest.raises(Refused):
        reply.results()
    assert "x" not in repr(reply).replace("reference", "")


# --- start-up


def test_the_heavy_library_is_imported_with_the_first_call_only() -> None:
    code = (
        "import sys; from console.salesforce.client import SalesforceClient; import console.salesforce.setup;"
        "c = SalesforceClient('http://127.0.0.1:1', None);"
        "print([m for m in ('simple_salesforce', 'requests', 'zeep', 'keyring') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_reprs_show_no_token(serve: Serve) -> None:
    site = serve(lambda _: Answer(body={"x": 1}))
    with client(site) as org:
        read(org)
        assert "hunter2" not in repr(org)
