"""Values from outside that do not fit or mean harm: told at the account, kept out of the other side, never acted on."""

from __future__ import annotations

import json

import pytest

from tests.bad_input.conftest import COMPLETE

HOSTILE = {
    "markup": "[bold red]Boo[/bold red] [/] [link=file:///etc/passwd]x",
    "escapes": "\x1b[31mRED\x1b]0;title\x07 \x00 NUL \x7f",
    "direction": "Evil \u202etxt.exe\u202c \u2066x\u2069",
    "lines": "line\nbreak\rreturn\ttab",
    "separators": "ls\u2028ps\u2029nel\x85csi\x9b31m",
    "html": "<script>alert(1)</script>&amp;'\"",
    "query": "'; DROP TABLE customers; -- \\' OR Name != '",
    "formula": "=cmd|' /C calc'!A0",
    "marks": "Z" + "\u0301" * 100,
    "emoji": "\U0001f600 \u200d \ufe0f",
    "bom": "\ufeffbom",
    "template": "%s %d {0} {name} \\n $(id)",
    "blanks": "  leading,   inner and trailing  ",
}


def customer(world, place: int, name: str) -> str:
    """A customer that carries `name` wherever a text fits."""
    return world.add_customer(
        name=name,
        billing_address={
            **COMPLETE["billing_address"],
            "line1": f"1 {name}"[:200],
            "city": name[:40].strip() or "x",
        },
        contacts=[
            {
                "email": f"person@hostile-{place}.example",
                "first_name": name[:40],
                "last_name": name[:80].strip() or "x",
                "title": name[:128],
                "is_primary": True,
            }
        ],
    )


def test_hostile_names_reach_the_other_side_once_and_are_only_ever_text(world):
    ids = {what: customer(world, place, name) for place, (what, name) in enumerate(HOSTILE.items())}
    before = len(world.query("SELECT Id FROM Account"))
    world.in_step()  # its second pass writes nothing, whatever either side trimmed or dropped
    states = {row["customer_id"]: row["state"] for row in world.run("accounts", "demo", "--json").lines}
    assert {what: states[id_] for what, id_ in ids.items()} == dict.fromkeys(ids, "in_sync")
    for id_ in ids.values():
        assert len(world.query(f"SELECT Id FROM Account WHERE Alguna_Customer_ID__c = '{id_}'")) == 1
    assert len(world.query("SELECT Id FROM Account")) > before
    for words in (("accounts",), ("problems",), ("status",), ("plan",), ("sync",)):
        assert world.run(words[0], "demo", *words[1:]).code in (0, 3)
        assert world.run(words[0], "demo", *words[1:], "--json").code in (0, 3)
    for id_ in ids.values():
        assert world.run("account", "demo", id_).code == 0
        assert world.account(id_)["state"] == "in_sync"
    assert "[bold red]Boo[/bold red]" in world.run("account", "demo", ids["markup"]).out
    assert world.account(ids["direction"])["customer"]["name"] == HOSTILE["direction"], (
        "data is not changed by escaping"
    )


def test_a_name_of_10_kb_waits_for_a_person_and_keeps_nobody_else(world):
    id_ = world.add_customer(name="A" * 10_240)
    answer = world.run("sync", "demo", "--json")
    assert answer.code == 3
    assert world.query(f"SELECT Id FROM Account WHERE Alguna_Customer_ID__c = '{id_}'") == []
    told = world.account(id_)
    assert told["state"] == "refused"
    assert any("10240 characters and Salesforce takes 255" in sentence for sentence in told["why"])
    assert max(map(len, told["why"])) < 300
    lines = world.run("accounts", "demo").out.splitlines()
    assert max(map(len, lines)) < 150
    assert world.once_each() > 10
    world.control("PATCH", f"alguna/customers/{id_}", {"name": "Short Again"})
    world.in_step()
    assert (
        world.query(f"SELECT Name FROM Account WHERE Alguna_Customer_ID__c = '{id_}'")
        == [{"attributes": {"type": "Account"}, "Name": "Short Again"}]
        or world.account(id_)["account"]["name"] == "Short Again"
    )


TOO_LONG = {
    "Website": ("website", "https://" + "w" * 300 + ".example", 255),
    "Alguna_Legal_Entity__c": ("legal_entity", "L" * 300, 255),
    "Alguna_Tax_Rate__c": ("tax_rate", "9" * 300, 255),
}


@pytest.mark.parametrize("key", TOO_LONG)
def test_a_value_that_is_too_long_is_left_out_and_told_and_the_rest_of_the_account_is_there(world, key):
    field, value, takes = TOO_LONG[key]
    id_ = world.add_customer(**{field: value})
    world.in_step()
    (account,) = world.query(
        f"SELECT Name, BillingCity, {key} FROM Account WHERE Alguna_Customer_ID__c = '{id_}'"
    )
    assert (account["Name"], account["BillingCity"], account[key]) == ("Tinware & Sons", "Springfield", None)
    told = world.account(id_)
    assert told["state"] == "refused"
    assert [why for why in told["why"] if f"{len(value)} characters and Salesforce takes {takes}" in why]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("first_name", "A" * 41, "Salesforce takes 40"),
        ("last_name", "B" * 81, "Salesforce takes 80"),
        ("title", "T" * 129, "Salesforce takes 128"),
        ("email", "x@" + "l" * 100 + ".example", "Salesforce takes 80"),
        ("email", "not an address", "is not an e-mail address"),
    ],
)
def test_a_contact_value_that_does_not_fit_keeps_the_account_not_away(world, field, value, said):
    contact = {**COMPLETE["contacts"][0], field: value}
    id_ = world.add_customer(contacts=[contact])
    world.in_step()
    (account,) = world.query(f"SELECT Name FROM Account WHERE Alguna_Customer_ID__c = '{id_}'")
    assert account["Name"] == "Tinware & Sons"
    told = world.account(id_)
    assert told["state"] == "refused"
    assert [why for why in told["why"] if said in why]


@pytest.mark.parametrize("amount", ["100000000.00", "123456789012.50"])
def test_an_amount_that_is_too_large_is_left_out_and_told(world, amount):
    id_ = world.add_customer()
    world.control(
        "POST", "alguna/subscriptions",
        {"customer_id": id_, "name": "Huge", "status": "active", "starts_at": "2026-01-01T00:00:00Z", "amount": amount,
         "interval": "monthly"},
    )  # fmt: skip
    world.in_step()
    (account,) = world.query(
        f"SELECT Alguna_Subscription_Name__c, Alguna_Subscription_Value__c FROM Account WHERE Alguna_Customer_ID__c = '{id_}'"
    )
    assert account["Alguna_Subscription_Name__c"] == "Huge"
    assert account["Alguna_Subscription_Value__c"] is None
    assert [why for why in world.account(id_)["why"] if "more than 99,999,999.99" in why]


def test_the_largest_amount_that_fits_is_written(world):
    id_ = world.add_customer()
    world.control(
        "POST", "alguna/subscriptions",
        {"customer_id": id_, "name": "Large", "status": "active", "starts_at": "2026-01-01T00:00:00Z",
         "amount": "99999999.99", "interval": "monthly"},
    )  # fmt: skip
    world.in_step()
    (account,) = world.query(
        f"SELECT Alguna_Subscription_Value__c FROM Account WHERE Alguna_Customer_ID__c = '{id_}'"
    )
    assert account["Alguna_Subscription_Value__c"] == 99999999.99


@pytest.mark.parametrize("status", ["hibernating", "Hibernating [/b]\x1b[31m", "  odd \u202e word\n"])
def test_an_unknown_status_word_is_written_as_it_is_once_and_told(world, status):
    id_ = world.add_customer()
    world.control(
        "POST", "alguna/subscriptions",
        {"customer_id": id_, "name": f"S {status}", "status": status, "starts_at": "2026-01-01T00:00:00Z", "amount": "10",
         "interval": "monthly"},
    )  # fmt: skip
    world.in_step()
    (account,) = world.query(
        f"SELECT Alguna_Subscription_Status__c FROM Account WHERE Alguna_Customer_ID__c = '{id_}'"
    )
    assert account["Alguna_Subscription_Status__c"].split()[0] == status.split()[0]
    assert [why for why in world.account(id_)["why"] if "isn't a known word" in why]
    problems = world.run("problems", "demo", "--json").json
    (problem,) = [each for each in problems if each["category"] == "unknown_status"]
    assert "does not know" in problem["title"]


def test_a_refusal_that_waits_makes_every_pass_end_with_3(make_world):
    """Also a pass that found nothing to do, and although nothing else waits."""
    world = make_world(set_up=True)
    assert world.run("connect", "demo", *world.words(), "--import", "none", stdin=world.stdin).code == 0
    assert world.run("sync", "demo").code == 0
    world.add_customer(legal_entity="L" * 300)
    assert world.run("sync", "demo").code == 3
    states = {
        state for state, count in world.run("status", "demo", "--json").json["accounts"].items() if count
    }
    assert states == {"not_imported", "refused", "salesforce_only"}
    quiet = world.run("sync", "demo")
    assert quiet.code == 3
    assert "0 changes applied, 0 refused" in quiet.out
    assert "waiting: 1 refused" in quiet.out


# -- what is typed ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "x" * 100_000,
        "%_'\";--",
        "\x1b[31m",
        "[/nothing]",
        "*",
        "\\",
        "A\u0301" * 500,
        "\ufeff",
        "\udcff\udcfe",
        'NEAR("',
    ],
)
def test_any_filter_text_is_only_text(world, text):
    world.run("sync", "demo")
    answer = world.run("accounts", "demo", "--filter", text, "--json")
    assert answer.code == 0
    assert answer.out == ""
    assert "no such account" in answer.err


def test_a_filter_finds_what_it_names(world):
    world.add_customer(name="100% [i]_Odd_[/i] 'Name'")
    world.run("sync", "demo")
    for text in ("100%", "_odd_", "[i]", "'name'"):
        (line,) = world.run("accounts", "demo", "--filter", text, "--json").lines
        assert line["name"].startswith("100%")


@pytest.mark.parametrize("ident", ["x" * 100_000, "\x1b[31m", "'; --", "[/b]", "\udcff"])
def test_an_unknown_account_is_a_short_sentence(world, ident):
    world.run("sync", "demo")
    said = world.refused("account", "demo", ident, code=2, category="usage")
    assert "Nothing known has the id or name" in said
    assert len(said) < 400


def test_an_unknown_state_is_told_with_the_known_ones(world):
    world.run("sync", "demo")
    said = world.refused("accounts", "demo", "--state", "x\x1b" * 1000, code=2, category="usage")
    assert "in_sync" in said
    assert len(said) < 400


@pytest.mark.parametrize(
    "words",
    [("frob\x1b[31mnicate",), ("sync",), ("sync", "demo", "--\x1b[31mboo\udcff"), ("sync", "demo", "--once", "--watch"),
     ("connect", "demo", "--import", "s\x1bome"), ("sync", "demo", "--onc")],
)  # fmt: skip
def test_a_wrong_word_is_a_usage_error_and_harmless(bare, words):
    answer = bare.run(*words, "--json")
    assert answer.code == 2
    error = json.loads(answer.out)["error"]
    assert error["category"] == "usage"
    assert "--help" in error["advice"]


@pytest.mark.parametrize(
    "condition", ["'; DROP", "Nmae = 'x'", "Name LIKE '\x1b", "Industry = ", ")", "x" * 5_000]
)
def test_a_condition_that_the_org_can_not_read_is_the_persons_to_mend(world, condition):
    world.in_step()
    with world.untouched():
        said = world.refused("import", "demo", "--where", condition, code=2, category="usage")
    assert "can't read the condition" in said
    assert "Industry = 'Energy'" in said
    assert len(said) < 400


@pytest.mark.parametrize(
    "words",
    [("retry", "demo", "\x1b[31m"), ("decide", "demo", "nobody", "--leave"), ("decide", "demo", "{id}", "--keep", "\x1bx=alguna"),
     ("decide", "demo", "{id}", "--keep", "Name=\x1b"), ("decide", "demo", "{id}", "--link", "001\x1b"),
     ("decide", "demo", "{id}", "--pin", "[/b]")],
)  # fmt: skip
def test_an_answer_that_leads_nowhere_is_refused_and_nothing_is_decided(world, words):
    world.in_step()
    lines = world.run("accounts", "demo", "--json", "--state", "in_sync").lines
    ident = next(line["customer_id"] for line in lines if line["customer_id"])
    before = world.account(ident)
    with world.untouched():
        world.refused(*(word.format(id=ident) for word in words), code=2, category="usage")
    assert world.account(ident) == before
