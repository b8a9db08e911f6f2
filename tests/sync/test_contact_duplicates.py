"""A duplicate rule of the org stops a new contact: what it matched is shown, and a person chooses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from console.domain.records import State
from console.domain.verdicts import AskAgain, CreateContact, LinkContact
from console.errors import UsageError
from console.guide.account import account_detail
from console.sync.deciding import decide
from console.sync.policy import policy_for

PERSON = {"FirstName": "Marta", "LastName": "Kolb", "Phone": "+49 30 555", "Title": "Head of Finance"}
EMAIL = "marta@kolbwerk.example"
OURS = {
    "email": EMAIL,
    "first_name": "Marta",
    "last_name": "Kolb",
    "title": "Head of Finance",
    "is_primary": True,
}


class Stopped:
    """A linked account whose contact the org's own rule takes for somebody who is there already."""

    def __init__(self, world: Any, *, action: str, elsewhere: bool = False) -> None:
        self.world = world
        nameless = {"email": EMAIL, "first_name": "Marta", "last_name": "", "is_primary": True}
        self.customer = world.add_customer(name="Kolbwerk", contacts=[nameless])
        world.sync()
        self.account = world.accounts()[self.customer]["Id"]
        assert self.there() == [], "Salesforce takes no contact without a last name"
        other = world.control("POST", "salesforce/records/Account", {"fields": {"Name": "Elsewhere"}})["Id"]
        fields = {**PERSON, "AccountId": other if elsewhere else self.account}
        if elsewhere:
            fields["Email"] = EMAIL
        self.contact = world.control("POST", "salesforce/records/Contact", {"fields": fields})["Id"]
        world.sync()
        rule = "salesforce/rules/Standard_Contact_Duplicate_Rule"
        world.control("POST", rule, {"active": True, "action": action})
        world.edit_customer(self.customer, contacts=[OURS])
        self.summary = world.sync()

    def detail(self) -> Any:
        with self.world.open() as session:
            cache = session.cache
            policy = policy_for(self.world.settings, cache)
            return account_detail(cache, self.world.settings, policy, self.customer)

    def choose(self, verdict: Any) -> None:
        with self.world.open() as session:
            policy = policy_for(self.world.settings, session.cache)
            decide(session.cache, policy, self.customer, verdict, "2026-06-02T00:00:00Z", "Ada")

    def there(self) -> list[dict[str, Any]]:
        return self.world.contacts(self.account)


@pytest.fixture
def stopped(build: Callable[..., Any]) -> Callable[..., Stopped]:
    def make(**how: Any) -> Stopped:
        world = build(customers=3, org="empty", import_choice="none")
        world.sync()
        return Stopped(world, **how)

    return make


def test_what_the_rule_matched_is_shown_and_nothing_is_sent_again(stopped: Any) -> None:
    case = stopped(action="block")
    assert case.summary.refused == 1
    detail = case.detail()
    (found,) = detail.contacts
    assert (found.contact_id, found.name, found.linkable) == (case.contact, "Marta Kolb", True)
    assert found.evidence[0] == "it belongs to this account"
    assert "duplicate rule Standard_Contact" in found.evidence[-1]
    assert detail.state is State.REFUSED
    assert any("May be its contact: Marta Kolb" in sentence for sentence in detail.why)
    assert case.world.sync().planned == 0
    assert [each["Id"] for each in case.there()] == [case.contact]


def test_a_person_links_with_the_contact_that_was_matched(stopped: Any) -> None:
    case = stopped(action="block")
    case.choose(LinkContact(case.contact))
    case.world.sync()
    (contact,) = case.there()
    assert contact["Id"] == case.contact
    assert contact["Email"] == EMAIL, "it is kept in step from then on"
    assert case.detail().contacts == ()
    assert case.world.sync().planned == 0


def test_where_the_rule_blocks_a_new_contact_is_not_offered(stopped: Any) -> None:
    case = stopped(action="block")
    assert not case.detail().contact_creatable
    with pytest.raises(UsageError, match="duplicate rule refuses one"):
        case.choose(CreateContact())


def test_where_the_rule_only_alerts_a_person_may_create_it_all_the_same(stopped: Any) -> None:
    case = stopped(action="allow")
    case.choose(CreateContact())
    assert any("It gets a new contact" in line and "Ada" in line for line in case.detail().decided)
    case.world.sync()
    assert len(case.there()) == 2
    assert case.detail().contacts == ()


def test_a_contact_that_is_wanted_all_the_same_can_be_taken_back(stopped: Any) -> None:
    case = stopped(action="allow")
    case.choose(CreateContact())
    case.choose(AskAgain())
    case.world.sync()
    assert [each["Id"] for each in case.there()] == [case.contact]
    assert len(case.detail().contacts) == 1


def test_a_contact_of_another_account_is_shown_and_cannot_be_linked(stopped: Any) -> None:
    case = stopped(action="allow", elsewhere=True)
    (found,) = case.detail().contacts
    assert not found.linkable
    with pytest.raises(UsageError, match="belongs to another account") as refused:
        case.choose(LinkContact(case.contact))
    assert "change the contact in Salesforce" in refused.value.advice
    with pytest.raises(UsageError, match="no contact"):
        case.choose(LinkContact("003000000000000AAA"))
    case.choose(CreateContact())
    case.world.sync()
    assert len(case.there()) == 1
