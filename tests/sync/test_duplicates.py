"""A duplicate rule of the org stops a new account: the matching account is shown, and a person chooses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from console.domain.records import State
from console.domain.verdicts import CreateNew, LinkWith
from console.errors import UsageError
from console.guide.account import account_detail
from console.salesforce.client import SalesforceClient, SubReply, SubRequest
from console.sync.deciding import decide
from console.sync.policy import policy_for

NAME = "Tinware & Sons"


class DuplicateRule:
    """Stands between client and org as a duplicate rule does that matches accounts by name: a creation of an account whose
    name is there already is refused with the matching records, unless the rule only alerts and the caller insists."""

    def __init__(self, world: Any, monkeypatch: pytest.MonkeyPatch, *, alerts: bool, tells: bool) -> None:
        self.account = world.control(
            "POST", "salesforce/records/Account", {"fields": {"Name": "Tinware and Sons Holding"}}
        )["Id"]
        self.alerts, self.tells = alerts, tells
        self.insisted = 0
        self.singles = 0
        real = SalesforceClient.composite

        def composite(client: SalesforceClient, requests: list[SubRequest]) -> list[SubReply]:
            stopped = {request.reference: self._answer(request) for request in requests}
            rest = [request for request in requests if stopped[request.reference] is None]
            replies = {reply.reference: reply for reply in (real(client, rest) if rest else [])}
            return [stopped[request.reference] or replies[request.reference] for request in requests]

        monkeypatch.setattr(SalesforceClient, "composite", composite)

    def _answer(self, request: SubRequest) -> SubReply | None:
        if request.method != "PATCH" or "Alguna_Customer_ID__c" not in request.url:
            return None
        single = request.url.startswith("sobjects/")
        bodies = [request.body] if single else request.body["records"]
        if not any(body["Name"] == NAME for body in bodies):
            return None
        if request.allow_duplicates and self.alerts:
            self.insisted += 1
            return None
        assert len(bodies) == 1, "these tests create one account at a time"
        self.singles += single
        error: dict[str, Any] = {"message": "Use one of these records?", "fields": []}
        if self.tells or single:
            error["duplicateResut"] = self._result()
        if single:
            return SubReply(request.reference, 400, [{**error, "errorCode": "DUPLICATES_DETECTED"}], "PATCH")
        item = {"success": False, "errors": [{**error, "statusCode": "DUPLICATES_DETECTED"}]}
        return SubReply(request.reference, 200, [item], "PATCH")

    def _result(self) -> dict[str, Any]:
        match = {"record": {"attributes": {"type": "Account"}, "Id": self.account}, "matchConfidence": 95.0}
        return {
            "allowSave": self.alerts,
            "duplicateRule": "Same_Name",
            "matchResults": [{"entityType": "Account", "matchRecords": [match], "size": 1}],
        }


@pytest.fixture
def stopped(build: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    def make(*, alerts: bool = False, tells: bool = True) -> tuple[Any, DuplicateRule, str]:
        world = build(customers=3, org="empty", import_choice="none")
        world.sync()
        rule = DuplicateRule(world, monkeypatch, alerts=alerts, tells=tells)
        return world, rule, world.add_customer(name=NAME)

    return make


def choose(world: Any, customer: str, verdict: Any) -> None:
    with world.open() as session:
        policy = policy_for(world.settings, session.cache)
        decide(session.cache, policy, customer, verdict, "2026-06-02T00:00:00Z", "Ada")


@pytest.mark.parametrize("tells", [True, False])
def test_the_refused_creation_waits_for_review_with_what_the_rule_matched(stopped: Any, tells: bool) -> None:
    world, rule, customer = stopped(tells=tells)
    summary = world.sync()
    assert summary.review == 1
    assert rule.singles == (0 if tells else 1)
    with world.open() as session:
        cache = session.cache
        assert cache.entries.get(customer).state is State.REVIEW
        detail = account_detail(cache, world.settings, policy_for(world.settings, cache), customer)
    assert [candidate.account_id for candidate in detail.candidates] == [rule.account]
    assert "Salesforce's duplicate rule Same_Name matched it" in detail.candidates[0].evidence
    assert any("duplicate rule" in sentence for sentence in detail.why)
    assert customer not in world.accounts()
    assert world.sync().planned == 0, "it is not sent again unasked"


def test_a_person_links_with_the_account_that_was_matched(stopped: Any) -> None:
    world, rule, customer = stopped()
    world.sync()
    choose(world, customer, LinkWith(rule.account))
    world.sync()
    assert world.accounts()[customer]["Id"] == rule.account
    with world.open() as session:
        assert session.cache.entries.get(customer).state is State.IN_SYNC


def test_where_the_rule_only_alerts_a_person_may_create_it_all_the_same(stopped: Any) -> None:
    world, rule, customer = stopped(alerts=True)
    world.sync()
    choose(world, customer, CreateNew())
    world.sync()
    assert rule.insisted == 1
    assert world.accounts()[customer]["Id"] != rule.account


@pytest.fixture
def asked(stopped: Any) -> Any:
    """A rule that alerts, and a customer that waits for a person before it ever met it: an account has its domain."""
    world, rule, _ = stopped(alerts=True)
    other = world.control(
        "POST",
        "salesforce/records/Account",
        {"fields": {"Name": "Harad Trading", "Website": "https://tinware-and-sons.example"}},
    )["Id"]
    return world, rule, other


def test_a_new_account_chosen_in_the_face_of_what_the_rule_matches_is_created_at_once(asked: Any) -> None:
    world, rule, other = asked
    world.sync()
    customer = next(iter(review(world)))
    rule.account = other
    choose(world, customer, CreateNew())
    summary = world.sync()
    assert (summary.refused, rule.insisted) == (0, 1)
    assert world.accounts()[customer]["Id"] != other


def test_a_new_account_is_asked_about_again_where_the_rule_matches_what_was_not_shown(asked: Any) -> None:
    world, rule, _ = asked
    world.sync()
    customer = next(iter(review(world)))
    choose(world, customer, CreateNew())
    world.sync()
    assert rule.insisted == 0
    assert customer not in world.accounts()
    with world.open() as session:
        cache = session.cache
        assert cache.entries.get(customer).state is State.REVIEW
        detail = account_detail(cache, world.settings, policy_for(world.settings, cache), customer)
    assert rule.account in {candidate.account_id for candidate in detail.candidates}
    assert any("was not shown all of these" in sentence for sentence in detail.why)
    choose(world, customer, CreateNew())
    world.sync()
    assert rule.insisted == 1
    assert customer in world.accounts()


def review(world: Any) -> list[str]:
    """Customers that wait for a person."""
    with world.open() as session:
        ids = session.cache.customers.ids(100)
        return [id_ for id_ in ids if session.cache.entries.get(id_).state is State.REVIEW]


def test_where_the_rule_blocks_creating_all_the_same_is_not_offered(stopped: Any) -> None:
    world, _, customer = stopped()
    world.sync()
    with pytest.raises(UsageError) as refused:
        choose(world, customer, CreateNew())
    assert "duplicate rule refuses one" in refused.value.advice


def test_when_the_matched_account_is_gone_a_retry_creates_one(
    stopped: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, rule, customer = stopped()
    world.sync()
    world.control("DELETE", f"salesforce/records/Account/{rule.account}")
    monkeypatch.undo()
    with world.open() as session:
        session.engine.retry([customer])
        session.engine.run()
    assert world.accounts()[customer]["Name"] == NAME


def test_the_rehearsals_own_rule_is_met_and_the_way_out_of_it_works(build: Callable[..., Any]) -> None:
    world = build(customers=3, org="empty", import_choice="none")
    world.sync()
    address = {
        "BillingStreet": "1 Main Street",
        "BillingCity": "Springfield",
        "BillingState": "IL",
        "BillingPostalCode": "62701",
        "BillingCountry": "USA",
    }
    rule = "salesforce/rules/Standard_Account_Duplicate_Rule"
    world.control("POST", rule, {"active": True, "action": "allow"})
    known = world.control(
        "POST", "salesforce/records/Account", {"fields": {"Name": "Tinwares & Sons Group", **address}}
    )["Id"]
    customer = world.add_customer(name="Tinwares & Sons Grup")
    summary = world.sync()
    assert summary.review == 1
    with world.open() as session:
        cache = session.cache
        detail = account_detail(cache, world.settings, policy_for(world.settings, cache), customer)
    assert [candidate.account_id for candidate in detail.candidates] == [known]
    assert any("duplicate rule Standard" in sentence for sentence in detail.candidates[0].evidence)
    choose(world, customer, CreateNew())
    world.sync()
    assert world.accounts()[customer]["Id"] != known
