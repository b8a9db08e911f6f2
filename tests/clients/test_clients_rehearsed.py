"""Both clients against the rehearsal, with its faults switched on."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from console.alguna.client import AlgunaClient
from console.domain.fields import FIELDS, SUBSCRIPTION_KEYS, Flow
from console.errors import BudgetReached, ConsoleError, Refused, SignInNeeded, Unreachable
from console.salesforce import records
from console.salesforce.client import SalesforceClient, SubRequest
from console.salesforce.errors import policy_of
from console.salesforce.soql import names, soql
from tests.clients.rehearsed import Stage

PATCHES = "PATCH /customers"


def every(pages: Any) -> list[Any]:
    return [row for page in pages for row in page]


# --- Alguna


def test_a_full_pull_and_a_pull_by_change_find_the_same_customers(stage: Stage) -> None:
    with stage.billing() as alguna:
        alguna.check()
        full, newest = every(alguna.customers(False)), every(alguna.customers(True))
    assert {each.id for each in full} == {each.id for each in newest}
    assert len(full) >= 40
    stamps = [each.updated_at for each in newest]
    assert stamps == sorted(stamps, reverse=True)


def test_customers_hold_every_field_of_theirs(stage: Stage) -> None:
    with stage.billing() as alguna:
        known = {key for each in every(alguna.customers(False)) for key in each.values}
    of_customers = {
        s.key
        for s in FIELDS
        if s.key not in SUBSCRIPTION_KEYS and s.alguna_name not in ("id", "customer link")
    }
    assert known == of_customers


def test_fields_outside_the_reference_are_unknown_where_alguna_does_not_return_them(stage: Stage) -> None:
    stage.tell("POST", "/alguna/options", extended_fields=False)
    try:
        with stage.billing() as alguna:
            known = {key for each in every(alguna.customers(False)) for key in each.values}
            subject = subject_of(alguna, stage)
            with pytest.raises(Refused) as caught:
                alguna.update(subject.id, {"Website": "https://x.example"}, {}, "chg")
    finally:
        stage.tell("POST", "/alguna/options", extended_fields=True)
    assert not known & {"Website", "Contact.Title", "Alguna_Legal_Entity__c"}
    assert caught.value.fields == ("Website",)


def test_microseconds_and_short_money_read_the_same(stage: Stage) -> None:
    with stage.billing() as alguna:
        subscriptions = every(alguna.subscriptions(False))[:10]
        details = [alguna.details(each) for each in subscriptions]
        stage.tell("POST", "/alguna/options", microseconds=True, money_decimals=False)
        try:
            again = every(alguna.subscriptions(False))[:10]
            assert [alguna.details(each) for each in again] == details
            assert again == subscriptions
        finally:
            stage.tell("POST", "/alguna/options", microseconds=False, money_decimals=True)
    assert any(each.value for each in details)


def test_a_sort_by_change_that_alguna_does_not_take_is_refused(stage: Stage) -> None:
    stage.tell("POST", "/alguna/options", sort_updated_at=False)
    try:
        with stage.billing() as alguna, pytest.raises(Refused):
            every(alguna.customers(True))
    finally:
        stage.tell("POST", "/alguna/options", sort_updated_at=True)


def test_a_smaller_page_limit_is_found_out(stage: Stage) -> None:
    stage.tell("POST", "/alguna/options", page_limit=15, page_limit_over="422")
    try:
        with stage.billing() as alguna:
            assert len({each.id for each in every(alguna.customers(False))}) >= 40
    finally:
        stage.tell("POST", "/alguna/options", page_limit=100, page_limit_over="cap")


def test_subscriptions_of_one_customer_are_those_of_the_whole_list(stage: Stage) -> None:
    with stage.billing() as alguna:
        whole = every(alguna.subscriptions(False))
        customer = whole[0].customer_id
        assert set(alguna.subscriptions_of(customer)) == {
            each for each in whole if each.customer_id == customer
        }


def test_a_wrong_key_and_one_without_rights_are_told_apart(stage: Stage) -> None:
    with stage.billing("sk_live_wrong") as alguna, pytest.raises(SignInNeeded):
        alguna.check()
    stage.tell("POST", "/alguna/options", key_rights="read")
    try:
        with stage.billing() as alguna:
            subject = every(alguna.customers(False))[0]
            with pytest.raises(Refused, match="may not change this customer"):
                alguna.add_alias(subject.id, "001xx0000000001", "chg")
    finally:
        stage.tell("POST", "/alguna/options", key_rights="full")


def subject_of(alguna: AlgunaClient, stage: Stage) -> Any:
    made = stage.tell(
        "POST",
        "/alguna/customers",
        name="Rehearsed GmbH",
        currency="EUR",
        contacts=[
            {"email": "ann@rehearsed.example", "is_primary": True, "first_name": "Ann", "title": "CEO"}
        ],
        website="https://rehearsed.example",
        billing_address={
            "line1": "A 1",
            "city": "Bonn",
            "state": "NW",
            "postal_code": "53111",
            "country": "DEU",
        },
        aliases=[f"kept-{uuid.uuid4()}"],
    )
    return alguna.customer(made["id"])


@pytest.mark.parametrize("error", ["DROP", "DROP_AFTER", "500", "503", "429", "NOT_JSON"])
def test_a_write_with_faults_around_it_has_one_effect(stage: Stage, error: str) -> None:
    with stage.billing() as alguna:
        subject = subject_of(alguna, stage)
        stage.fault("alguna", error, next=2, match=PATCHES)
        alguna.add_alias(subject.id, f"001-{subject.id}", "chg-1")
        stage.fault("alguna", error, next=2, match=PATCHES)
        alguna.update(subject.id, {"Contact.LastName": "Lee", "BillingCity": "Köln"}, subject.values, "chg-2")
    truth = stage.tell("GET", f"/alguna/customers/{subject.id}")
    assert truth["aliases"] == [*subject.aliases, f"001-{subject.id}"]
    assert [person["last_name"] for person in truth["contacts"]] == ["Lee"]
    assert truth["billing_address"]["city"] == "Köln"
    assert truth["billing_address"]["line1"] == "A 1"


def test_every_field_that_goes_to_alguna_arrives(stage: Stage) -> None:
    values = {
        "Name": "Renamed AG",
        "Website": "https://renamed.example",
        "CurrencyIsoCode": "CHF",
        "BillingStreet": "Bahnhofstr. 1\n3. Stock",
        "BillingCity": "Zürich",
        "BillingState": "ZH",
        "BillingPostalCode": "8001",
        "BillingCountry": "CHE",
        "Contact.FirstName": "Beat",
        "Contact.LastName": "Frei",
        "Contact.Email": "beat@renamed.example",
        "Contact.Title": "CFO",
    }
    assert set(values) == {spec.key for spec in FIELDS if spec.direction is Flow.BOTH}
    with stage.billing() as alguna:
        subject = subject_of(alguna, stage)
        after = alguna.update(subject.id, values, subject.values, "chg")
        assert {key: after.values[key] for key in values} == values
        assert alguna.customer(subject.id) == after


def test_a_customer_deleted_between_read_and_write_is_told(stage: Stage) -> None:
    with stage.billing() as alguna:
        subject = subject_of(alguna, stage)
        stage.tell("DELETE", f"/alguna/customers/{subject.id}")
        with pytest.raises(Refused) as caught:
            alguna.update(subject.id, {"Name": "x"}, subject.values, "chg")
    assert caught.value.code == "404"


def test_eight_threads_at_full_speed_never_meet_the_rate_limit(stage: Stage) -> None:
    with stage.billing(rate=90.0, cancelled=threading.Event()) as alguna:
        target = every(alguna.customers(False))[0].id
        statuses: list[int] = []
        with stage.billing(
            rate=90.0, cancelled=threading.Event(), on_call=lambda c: statuses.append(c.status)
        ) as fast:

            def work() -> None:
                for _ in range(15):
                    fast.customer(target)

            threads = [threading.Thread(target=work) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    assert statuses == [200] * 120


# --- Salesforce

READ_FAULTS = [
    "HTML_503",
    "HTML_200",
    "DROP",
    "DROP_AFTER",
    "SERVER_UNAVAILABLE",
    "QUERY_TIMEOUT",
    "CONCURRENT_REQUESTS",
]


@pytest.mark.parametrize("error", READ_FAULTS)
def test_reads_get_over_a_passing_fault(stage: Stage, error: str) -> None:
    stage.fault("salesforce", error, next=2)
    with stage.org() as org:
        assert org.organization().id == stage.salesforce["org_id"]
        assert org.calls == 3


def create(org: SalesforceClient, name: str) -> Any:
    return org.send("POST", "sobjects/Account", {"Name": name})


@pytest.mark.parametrize(
    ("error", "made"), [("DROP", 0), ("DROP_AFTER", 1), ("HTML_200", 0), ("HTML_503", 0), ("STALL", 0)]
)
def test_a_write_without_a_proper_answer_is_sent_once_and_may_be_done(
    stage: Stage, error: str, made: int
) -> None:
    name = f"Lost answer {error}"
    stage.fault("salesforce", error, match="POST ")
    with stage.org(timeout=(1.0, 0.5)) as org, pytest.raises(Unreachable) as caught:
        create(org, name)
    assert caught.value.maybe_done
    assert len(stage.rows(soql("SELECT Id FROM Account WHERE Name = {}", name))) == made


def test_a_used_up_allocation_stops_at_once(stage: Stage) -> None:
    stage.fault("salesforce", "REQUEST_LIMIT_EXCEEDED", next=5)
    with stage.org() as org:
        with pytest.raises(BudgetReached):
            org.organization()
        assert org.calls == 1


def test_rows_that_are_locked_fail_alone_and_are_worth_another_try(stage: Stage) -> None:
    stage.fault("salesforce", "UNABLE_TO_LOCK_ROW", next=1, rows=True)
    with stage.org() as org:
        rows = [{"LastName": f"Locked {number}"} for number in range(3)]
        results = org.composite([SubRequest.create("c", "Contact", rows)])[0].results()
    assert sorted(each.success for each in results) == [False, True, True]
    failed = next(each for each in results if not each.success)
    assert failed.error is not None
    assert policy_of(failed.error.code) == "retry_now"
    assert all(each.created and each.id for each in results if each.success)


def test_each_kind_of_wrong_row_has_its_own_sentence(stage: Stage) -> None:
    rows = [
        {"Name": "x" * 300},
        {"Name": None},
        {"Name": "Odd column", "Nothing__c": 1},
        {"Name": "Good one"},
    ]
    with stage.org() as org:
        results = org.composite([SubRequest.create("c", "Account", rows)])[0].results()
    codes = [each.error.code if each.error else "" for each in results]
    assert codes == ["STRING_TOO_LONG", "REQUIRED_FIELD_MISSING", "INVALID_FIELD", ""]
    assert all(isinstance(each.error, Refused) for each in results[:3])
    assert "at most 255" in str(results[0].error)


def test_one_call_reads_the_org_and_both_objects_into_records(stage: Stage) -> None:
    with stage.org() as org:
        seen = {name: frozenset(org.describe(name)) for name in ("Account", "Contact")}
        readable = {s.key for s in FIELDS if s.sf_name in seen[s.entity]}
        before = org.calls
        replies = org.composite(
            [
                SubRequest.query("org", "SELECT Id FROM Organization"),
                SubRequest.query(
                    "a", soql("SELECT {} FROM Account", names(records.account_columns(readable)))
                ),
                SubRequest.query(
                    "c", soql("SELECT {} FROM Contact", names(records.contact_columns(readable)))
                ),
            ]
        )
        assert org.calls == before + 1
    accounts = [records.account(row) for row in replies[1].rows()]
    contacts = [records.contact(row) for row in replies[2].rows()]
    assert accounts
    assert contacts
    assert {each.account_id for each in contacts} <= {each.id for each in accounts} | {""}
    assert all(each.values.keys() == accounts[0].values.keys() for each in accounts)
    assert all(each.modstamp.endswith("Z") and len(each.id) == 18 for each in accounts)


def test_more_than_a_page_of_rows_is_read_to_the_end(stage: Stage) -> None:
    with stage.org() as org:
        for start in range(0, 2200, 1000):
            rows = [{"LastName": f"Many {number}"} for number in range(start, start + 1000)]
            requests = [
                SubRequest.create(f"c{part}", "Contact", rows[part : part + 200])
                for part in range(0, 1000, 200)
            ]
            org.composite(requests)
        found = [
            row["LastName"]
            for page in org.query("SELECT LastName FROM Contact WHERE LastName LIKE 'Many %'")
            for row in page
        ]
    assert len(found) == len(set(found)) == 3000


def test_a_lost_query_locator_is_told_as_begin_again(stage: Stage) -> None:
    with stage.org() as org, pytest.raises(Unreachable) as caught:
        org.query_page("/services/data/v62.0/query/01gxx00000000001AAA-2000")
    assert policy_of(caught.value.code) == "retry_later"


def test_names_with_every_sign_find_their_own_record(stage: Stage) -> None:
    hostile = ['O\'Brien \\ "Söhne"', "100% _real_", "x' OR Name != '", "+1 & #2 ?", "日本 😀"]
    with stage.org() as org:
        made = {create(org, name)["id"]: name for name in hostile}
        for record_id, name in made.items():
            rows = every(org.query(soql("SELECT Id FROM Account WHERE Name = {}", name)))
            assert [row["Id"] for row in rows] == [record_id]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda org: org.get("sobjects/Nothing__c/describe"), "does not have this"),
        (lambda org: every(org.query("SELECT Nothing__c FROM Account")), "Nothing__c"),
        (lambda org: every(org.query("SELEKT")), "cannot read the query"),
        (
            lambda org: org.send("PATCH", "sobjects/Account/001xx000003DGb2AAG", {"Name": "x"}),
            "does not have",
        ),
    ],
)
def test_refusals_are_sentences(stage: Stage, call: Callable[[SalesforceClient], Any], words: str) -> None:
    with stage.org() as org, pytest.raises(ConsoleError, match=words) as caught:
        call(org)
    assert isinstance(caught.value, Refused)


def test_an_org_that_does_not_speak_our_version_is_told(stage: Stage) -> None:
    with stage.org(api_version="30.0") as org, pytest.raises(Refused, match=r"does not offer version 30\.0"):
        org.whoami()


def test_usage_moves_with_every_call(stage: Stage) -> None:
    with stage.org() as org:
        org.limits()
        first = org.usage
        org.limits()
        assert first is not None
        assert org.usage is not None
        assert org.usage.used > first.used
        assert org.usage.limit == first.limit
