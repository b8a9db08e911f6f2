from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.matching import MOST_CANDIDATES, match, without_rivals
from console.domain.normal import business_domain, name_key
from console.domain.records import Account, Match, MatchedBy

FIRST, SECOND, THIRD = "001D000000IqhSLIAZ", "001000000000002AAA", "001000000000003AAA"


class Accounts:
    """Accounts held in a list, found the slow way."""

    def __init__(self, *accounts, links=None, contacts=None):
        self.accounts = accounts
        self.links = links or {}
        self.contacts = contacts or {}

    def by_customer_id(self, customer_id):
        return [one for one in self.accounts if one.values.get("Alguna_Customer_ID__c") == customer_id]

    def by_ids(self, ids):
        assert all(isinstance(id_, str) for id_ in ids)
        return [one for one in self.accounts if one.id in ids]

    def by_domain(self, domain):
        return [
            one
            for one in self.accounts
            if domain
            in (business_domain(one.values.get("Website")), business_domain(self.contacts.get(one.id)))
        ]

    def by_name_key(self, key):
        return [one for one in self.accounts if name_key(one.name) == key]

    def by_merged(self, domains, key):
        like = [*self.by_name_key(key), *(one for domain in domains for one in self.by_domain(domain))]
        return [one for one in self.accounts for gone in like if one.id == gone.merged_into]

    def linked(self, account_id):
        return self.links.get(account_id)


def account(record_id=FIRST, name="Acme", website=None, customer_id=None, **changes):
    values = {"Name": name, "Website": website, "Alguna_Customer_ID__c": customer_id}
    return replace(Account(record_id, name, "2026-01-01T00:00:00Z", values), **changes)


@pytest.fixture
def acme(make):
    return make.customer(aliases=())


# -- proof ------------------------------------------------------------------------------------------------------------


def test_the_customer_id_on_an_account_is_proof_even_with_another_name(acme):
    found = match(
        acme, Accounts(account(name="Something Else", customer_id="wcqYrqfE"), account(SECOND, "Acme Corp"))
    )
    assert (found.account_id, found.how) == (FIRST, MatchedBy.CUSTOMER_ID)
    assert "wcqYrqfE" in found.evidence


def test_the_customer_id_is_compared_with_its_case(acme):
    class CaseBlind(Accounts):
        def by_customer_id(self, customer_id):
            return [
                one
                for one in self.accounts
                if one.values["Alguna_Customer_ID__c"].lower() == customer_id.lower()
            ]

    found = match(acme, CaseBlind(account(name="Other", customer_id="WCQYRQFE")))
    assert found.account_id is None


def test_two_accounts_with_one_customer_id_are_left_to_a_person(acme):
    lookup = Accounts(account(customer_id="wcqYrqfE"), account(SECOND, "Acme Corp", customer_id="wcqYrqfE"))
    found = match(acme, lookup)
    assert found.account_id is None
    assert {candidate.account_id for candidate in found.candidates} == {FIRST, SECOND}


def test_an_account_with_our_id_that_is_linked_elsewhere_is_left_to_a_person(acme):
    found = match(acme, Accounts(account(customer_id="wcqYrqfE"), links={FIRST: "other"}))
    assert found.account_id is None
    assert "already linked to customer “other”" in found.candidates[0].evidence


def test_an_account_that_is_linked_to_this_customer_is_no_obstacle(acme):
    found = match(acme, Accounts(account(customer_id="wcqYrqfE"), links={FIRST: "wcqYrqfE"}))
    assert found.account_id == FIRST


@pytest.mark.parametrize("alias", ["001D000000IqhSL", "001D000000IqhSLIAZ", "001d000000iqhsliaz"])
def test_an_accounts_id_among_the_aliases_is_proof_in_any_of_its_forms(make, alias):
    customer = make.customer(aliases=("cus_stripe", "a01D000000IqhSL", alias))
    found = match(customer, Accounts(account(name="Something Else")))
    assert (found.account_id, found.how) == (FIRST, MatchedBy.ALIAS)


def test_an_alias_that_lost_its_case_and_its_suffix_names_nothing(make):
    customer = make.customer(aliases=("001d000000iqhsl",), values={"Website": None, "Contact.Email": None})
    assert match(customer, Accounts(account(name="Something Else"))) == Match()


def test_aliases_of_two_accounts_are_left_to_a_person(make):
    customer = make.customer(aliases=(FIRST, SECOND))
    found = match(customer, Accounts(account(name="Acme Corp"), account(SECOND, name="Old Acme")))
    assert [candidate.account_id for candidate in found.candidates] == [FIRST, SECOND], (
        "the better name comes first"
    )


def test_an_alias_of_a_merged_account_leads_to_the_one_it_was_merged_into(make):
    customer = make.customer(aliases=(FIRST,))
    found = match(
        customer, Accounts(account(deleted=True, merged_into=SECOND), account(SECOND, "Acme Group"))
    )
    assert (found.account_id, found.how) == (SECOND, MatchedBy.ALIAS)


def test_an_aliased_account_that_carries_another_customers_id_is_left_to_a_person(make):
    found = match(make.customer(), Accounts(account(customer_id="other")))
    assert found.account_id is None
    assert "carries the customer id “other”" in found.candidates[0].evidence


def test_the_customer_id_comes_before_the_alias(make):
    customer = make.customer(aliases=(SECOND,))
    found = match(customer, Accounts(account(SECOND), account(customer_id="wcqYrqfE")))
    assert (found.account_id, found.how) == (FIRST, MatchedBy.CUSTOMER_ID)


def test_deleted_accounts_are_nobodys(acme):
    gone = account(name="Acme Corp", website="acme.example", customer_id="wcqYrqfE", deleted=True)
    assert match(acme, Accounts(gone)) == Match()


# -- likeness ---------------------------------------------------------------------------------------------------------


def test_one_account_with_the_domain_and_a_name_that_fits_is_a_match(acme):
    found = match(
        acme, Accounts(account(name="ACME Corporation", website="www.acme.example"), account(SECOND, "Beta"))
    )
    assert (found.account_id, found.how) == (FIRST, MatchedBy.DOMAIN_AND_NAME)
    assert (
        found.evidence == "Only “ACME Corporation” has the domain acme.example and a name like “Acme Corp”."
    )


def test_a_contacts_business_address_speaks_for_the_domain(make):
    customer = make.customer({"Website": None}, aliases=())
    lookup = Accounts(account(name="Acme"), contacts={FIRST: "sales@acme.example"})
    assert match(customer, lookup).account_id == FIRST


def test_a_free_mail_address_says_nothing(make):
    customer = make.customer({"Website": None, "Contact.Email": "acme@gmail.com", "Name": "Beta"}, aliases=())
    assert match(customer, Accounts(account(website="https://gmail.com"))) == Match()


def test_an_incompatible_name_at_the_same_domain_is_only_a_candidate(acme):
    found = match(acme, Accounts(account(name="Acme Labs", website="acme.example")))
    assert found.account_id is None
    assert found.candidates[0].evidence[:2] == ("same domain acme.example", "another name")


def test_the_same_name_without_other_evidence_is_only_a_candidate(acme):
    found = match(acme, Accounts(account(name="Acme Corp", website="https://acme.test")))
    assert found.account_id is None
    assert found.candidates[0].evidence == ("a name that fits",)


def test_two_fitting_accounts_are_left_to_a_person_best_first(acme):
    nearer = account(SECOND, "Acme", website="acme.example")
    nearer = replace(
        nearer, values={**nearer.values, "BillingCountry": "United States", "BillingCity": "SAN FRANCISCO"}
    )
    found = match(acme, Accounts(account(website="acme.example"), nearer, account(THIRD, "Acme Corp")))
    assert found.account_id is None
    assert [candidate.account_id for candidate in found.candidates] == [SECOND, FIRST, THIRD]
    assert found.candidates[0].evidence == (
        "same domain acme.example",
        "a name that fits",
        "same country",
        "same city",
    )


def test_a_fitting_account_that_is_somebody_elses_is_only_a_candidate(acme):
    lookup = Accounts(account(website="acme.example"), links={FIRST: "other"})
    found = match(acme, lookup)
    assert found.account_id is None
    assert "already linked to customer “other”" in found.candidates[0].evidence


def test_a_taken_sister_company_at_the_same_domain_is_no_candidate(acme):
    lookup = Accounts(account(name="Acme Labs", website="acme.example"), links={FIRST: "other"})
    assert match(acme, lookup) == Match()


def test_a_taken_sister_company_does_not_spoil_a_clear_match(acme):
    lookup = Accounts(
        account(name="Acme Labs", website="acme.example"),
        account(SECOND, "Acme", "acme.example"),
        links={FIRST: "x"},
    )
    assert match(acme, lookup).account_id == SECOND


def test_candidates_are_limited(acme):
    accounts = [account(f"00100000000{number:04}AAA", "Acme Corp") for number in range(40)]
    assert len(match(acme, Accounts(*accounts)).candidates) == MOST_CANDIDATES


def test_nothing_alike_is_no_match(acme):
    assert match(acme, Accounts(account(name="Beta", website="beta.example"))) == Match()


NAMES = st.sampled_from(["Acme", "Acme Corp", "ACME GmbH", "Acme Labs", "Beta"])
SITES = st.sampled_from([None, "acme.example", "https://www.acme.example/", "beta.example", "gmail.com"])
STAMPS = st.sampled_from([None, "wcqYrqfE", "other"])


@given(
    st.lists(st.tuples(NAMES, SITES, STAMPS, st.booleans()), max_size=5),
    st.dictionaries(st.integers(0, 4), st.sampled_from(["wcqYrqfE", "other"])),
    st.randoms(use_true_random=False),
)
def test_matching_never_takes_what_is_not_free_and_does_not_depend_on_order(make, rows, links, random):
    accounts = [
        account(f"00100000000000{number}AAA", name, site, stamp, deleted=deleted)
        for number, (name, site, stamp, deleted) in enumerate(rows)
    ]
    owners = {accounts[number].id: owner for number, owner in links.items() if number < len(accounts)}
    customer = make.customer(aliases=())
    found = match(customer, Accounts(*accounts, links=owners))
    assert found.account_id is None or not found.candidates
    if found.account_id is not None:
        chosen = next(one for one in accounts if one.id == found.account_id)
        assert not chosen.deleted
        assert owners.get(chosen.id, "wcqYrqfE") == "wcqYrqfE"
        assert chosen.values["Alguna_Customer_ID__c"] in (None, "wcqYrqfE")
        assert found.evidence
    shuffled = list(accounts)
    random.shuffle(shuffled)
    assert match(customer, Accounts(*shuffled, links=owners)) == found


# -- rivals -----------------------------------------------------------------------------------------------------------


def test_two_customers_that_claim_one_account_are_both_left_to_a_person():
    claim = Match(FIRST, MatchedBy.DOMAIN_AND_NAME, "Only “Acme” fits.")
    free = Match(SECOND, MatchedBy.DOMAIN_AND_NAME, "Only “Beta” fits.")
    settled = without_rivals({"a": claim, "b": claim, "c": free, "d": Match()}, Accounts(account()))
    assert settled["c"] == free
    assert settled["d"] == Match()
    for customer, other in (("a", "b"), ("b", "a")):
        candidate = settled[customer].candidates[0]
        assert settled[customer].account_id is None
        assert candidate.name == "Acme"
        assert candidate.evidence == ("Only “Acme” fits", f"also claimed by customer “{other}”")


def test_a_customer_whose_id_is_on_the_account_keeps_it_against_rivals():
    proof = Match(FIRST, MatchedBy.CUSTOMER_ID, "It carries the id.")
    claim = Match(FIRST, MatchedBy.ALIAS, "It is an alias.")
    settled = without_rivals({"a": proof, "b": claim}, Accounts(account()))
    assert settled["a"] == proof
    assert settled["b"].account_id is None
