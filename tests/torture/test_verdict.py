"""The judge of `make torture` must see what is lost, done twice or different: each is done to a picture on purpose."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.torture.sides import ALGUNA_FIELDS, Picture, normal
from bench.torture.verdict import allowed, judge

VALUES = {name: f"{name} 1" for name in ALGUNA_FIELDS} | {"alias": "001A"}


def picture(**values):
    values = {**VALUES, **values}
    return Picture({"c1": dict(values)}, {"c1": [dict(values)]}, {"c1": 1}, ["Unrelated"], frozenset({"c1"}))


def edit(side, seen=None, **fields):
    return {
        "side": side,
        "customer": "c1",
        "fields": fields,
        "seen": dict.fromkeys(fields, seen) if seen else {},
    }


def nothing(*what):
    return False


def judged(now, *edits, held=nothing, before=None):
    return judge(before or picture(), now, edits, held)


def test_both_sides_as_they_were_and_as_they_were_edited_are_clean():
    assert judged(picture()).clean
    verdict = judged(picture(Name="A", City="S"), edit("alguna", Name="A"), edit("salesforce", City="S"))
    assert verdict.clean
    assert verdict.compared == len(VALUES)


def test_an_edit_that_is_nowhere_is_lost():
    verdict = judged(picture(), edit("salesforce", seen="Name 1", Name="S"))
    assert verdict.losses == ["c1 Name: the edit 'S' is lost, it is 'Name 1'"]


def test_a_value_that_nobody_wrote_is_a_loss_of_the_one_before():
    assert judged(picture(City="from nowhere")).losses == [
        "c1 City: nobody edited 'City 1', now it is 'from nowhere'"
    ]


def test_sides_that_differ_are_told():
    now = picture()
    now.accounts["c1"][0]["Street"] = "elsewhere"
    assert "Street" in judged(now).differences[0]


def test_an_edit_that_lost_by_the_rule_is_no_loss_where_the_history_has_it():
    edits = edit("alguna", Name="A"), edit("salesforce", seen="Name 1", Name="S")
    assert judged(picture(Name="A"), *edits, held=lambda *what: what == ("c1", "Name", "S")).kept == 1
    assert judged(picture(Name="A"), *edits).unseen == 1
    assert judged(picture(Name="S"), *edits).clean, "the pass may have come between the two"


def test_an_edit_of_what_alguna_wrote_must_win():
    edits = edit("alguna", Name="A"), edit("salesforce", seen="A", Name="S")
    assert judged(picture(Name="S"), *edits).clean
    assert judged(picture(Name="A"), *edits).losses


def test_in_alguna_the_last_edit_must_win():
    edits = edit("salesforce", seen="Name 1", Name="S"), edit("alguna", Name="A")
    assert judged(picture(Name="A"), *edits).clean
    assert judged(picture(Name="S"), *edits).losses


@pytest.mark.parametrize(
    ("edits", "may"),
    [
        ([("salesforce", "S1", "old"), ("salesforce", "S2", "S1")], {"S2"}),
        ([("alguna", "A1", None), ("salesforce", "S1", "old"), ("salesforce", "S2", "S1")], {"S2", "A1"}),
        ([("alguna", "A1", None), ("salesforce", "S1", "A1"), ("salesforce", "S2", "S1")], {"S2"}),
        ([("alguna", "A1", None), ("salesforce", "S1", "A1"), ("alguna", "A2", None)], {"A2"}),
    ],
)
def test_what_a_field_may_end_with(edits, may):
    assert allowed(edits) == (edits[-1][1], may)


def test_whatever_is_there_twice_is_told():
    two = picture()
    two.accounts["c1"].append(dict(VALUES))
    assert "2 accounts" in judged(two).duplicates[0]
    assert "2 contacts" in judged(replace(picture(), contacts={"c1": 2})).duplicates[0]
    orphan = replace(picture(), strangers=["Unrelated", "Name 1"])
    assert "['Name 1']" in judged(orphan).duplicates[0]
    assert judged(
        orphan, {"side": "salesforce", "customer": "", "fields": {"Name": "Name 1"}}
    ).clean  # a person made it


def test_a_complete_customer_without_an_account_and_an_account_without_its_customer_are_losses():
    assert judged(replace(picture(), accounts={})).losses == ["customer c1 has no account"]
    assert judged(replace(picture(), accounts={}, complete=frozenset())).clean
    gone = judged(replace(picture(), customers={}))
    assert gone.losses == ["customer c1 of an account is not in Alguna"]


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("Street", " 1 Way\r\n\r\nFloor 2 ", "1 Way\nFloor 2"),
        ("Email", "Ada@Example.com", "ada@example.com"),
        ("Website", "https://www.Tin.example/", "tin.example"),
        ("Country", "United States", "USA"),
        ("Alguna_Subscription_Started_Date__c", "2024-01-24T00:00:00.000+0000", "2024-01-24T00:00:00Z"),
        ("City", None, " "),
    ],
)
def test_two_spellings_of_one_value_are_equal(name, one, other):
    assert normal(name, one) == normal(name, other)
    assert normal(name, one) != normal(name, "something else")
