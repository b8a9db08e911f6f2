"""What queries find, and the shape in which it comes back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from .conftest import Clock, Desk, V, refused


@pytest.fixture
def world(admin: Desk, sales: Desk, clock: Clock) -> dict[str, str]:
    """Five accounts, three contacts."""
    admin.field("Account.Money__c", type="Currency", precision=10, scale=2)
    rows: list[dict[str, Any]] = [
        {
            "Name": "Acme",
            "Industry": "Energy",
            "AnnualRevenue": 100,
            "Money__c": "1.10",
            "BillingCity": "Bern",
        },
        {"Name": "acme two", "Industry": "Energy", "AnnualRevenue": 200, "Money__c": "2.20"},
        {"Name": "Müller & Söhne", "Industry": "Retail", "Money__c": "3.30", "BillingCity": "Köln"},
        {"Name": "100% _real_", "AnnualRevenue": 50, "Website": "https://a.example/\\x"},
        {"Name": "Zed's", "Industry": "Retail", "AnnualRevenue": 300},
    ]
    made = {}
    for row in rows:
        made[row["Name"]] = admin.insert("Account", **row)
        clock.forward(days=1)
    sales.insert(
        "Contact", LastName="Ada", AccountId=made["Acme"], Email="ada@acme.example", Birthdate="1990-01-01"
    )
    sales.insert("Contact", LastName="Bob", FirstName="B", AccountId=made["Acme"])
    sales.insert("Contact", LastName="Cid", AccountId=made["Zed's"])
    sales.insert("Contact", LastName="Dan")
    return made


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("Name = 'ACME'", ["Acme"]),
        ("Name != 'acme'", ["acme two", "Müller & Söhne", "100% _real_", "Zed's"]),
        ("Name <> 'acme' AND Industry = 'energy'", ["acme two"]),
        ("Name = 'MÜLLER & SÖHNE'", ["Müller & Söhne"]),
        ("Name LIKE 'acme%'", ["Acme", "acme two"]),
        ("Name LIKE '%sÖhne'", ["Müller & Söhne"]),
        ("Name LIKE 'm_ller%'", ["Müller & Söhne"]),
        ("Name LIKE '100\\% %'", ["100% _real_"]),
        ("Name LIKE '%\\_real\\_'", ["100% _real_"]),
        ("Name LIKE '%xreal_'", []),
        ("Website LIKE '%\\\\x'", ["100% _real_"]),
        ("Name = 'Zed\\'s'", ["Zed's"]),
        ("Name = 'M\\u00fcller & S\\u00f6hne'", ["Müller & Söhne"]),
        ("Name IN ('ACME', 'zed\\'s', 'nobody')", ["Acme", "Zed's"]),
        ("Name NOT IN ('ACME', 'zed\\'s')", ["acme two", "Müller & Söhne", "100% _real_"]),
        ("BillingCity IN ('KÖLN', null)", ["acme two", "Müller & Söhne", "100% _real_", "Zed's"]),
        ("BillingCity NOT IN ('bern')", ["acme two", "Müller & Söhne", "100% _real_", "Zed's"]),
        ("BillingCity NOT IN ('bern', null)", ["Müller & Söhne"]),
        ("BillingCity = null", ["acme two", "100% _real_", "Zed's"]),
        ("BillingCity = ''", ["acme two", "100% _real_", "Zed's"]),
        ("BillingCity != null", ["Acme", "Müller & Söhne"]),
        ("BillingCity != 'Bern'", ["acme two", "Müller & Söhne", "100% _real_", "Zed's"]),
        ("NOT BillingCity = 'Bern'", ["acme two", "Müller & Söhne", "100% _real_", "Zed's"]),
        ("NOT (AnnualRevenue > 100)", ["Acme", "Müller & Söhne", "100% _real_"]),
        ("NOT (BillingCity LIKE 'B%') AND AnnualRevenue >= 200", ["acme two", "Zed's"]),
        ("AnnualRevenue >= 100 AND AnnualRevenue < 300", ["Acme", "acme two"]),
        ("AnnualRevenue = 50.0", ["100% _real_"]),
        ("Money__c > 2.19 AND Money__c <= 3.3", ["acme two", "Müller & Söhne"]),
        ("Money__c = 2.201", []),
        ("Money__c IN (1.1, 3.300)", ["Acme", "Müller & Söhne"]),
        (
            "(Industry = 'Energy' OR Industry = 'Retail') AND AnnualRevenue != 200",
            ["Acme", "Müller & Söhne", "Zed's"],
        ),
        ("Name > 'b' AND Name < 'n'", ["Müller & Söhne"]),
        ("IsDeleted = false AND Name = 'acme'", ["Acme"]),
        ("IsDeleted = true", []),
        ("Owner.Username = 'admin@rehearsal.example' AND Name = 'acme'", ["Acme"]),
        ("Owner.Profile.Name != 'System Administrator'", []),
        ("Parent.Name = null AND Industry = null", ["100% _real_"]),
        ("Id IN (SELECT AccountId FROM Contact)", ["Acme", "Zed's"]),
        ("Id NOT IN (SELECT AccountId FROM Contact)", ["acme two", "Müller & Söhne", "100% _real_"]),
        (
            "Id IN (SELECT AccountId FROM Contact WHERE Email LIKE '%@acme.example') AND Name = 'acme'",
            ["Acme"],
        ),
        (
            "OwnerId IN (SELECT Id FROM User WHERE IsActive = true) AND Industry = 'Energy'",
            ["Acme", "acme two"],
        ),
        ("CreatedDate = 2026-03-04T05:06:07.891Z", ["Acme"]),
        ("CreatedDate = 2026-03-04T06:06:07.891+01:00", ["Acme"]),
        ("CreatedDate < 2026-03-05T05:06:07.892Z", ["Acme", "acme two"]),
        ("CreatedDate = LAST_N_DAYS:2", ["100% _real_", "Zed's"]),
        ("CreatedDate = YESTERDAY", ["Zed's"]),
        ("CreatedDate < YESTERDAY", ["Acme", "acme two", "Müller & Söhne", "100% _real_"]),
        ("CreatedDate <= YESTERDAY AND CreatedDate >= N_DAYS_AGO:2", ["100% _real_", "Zed's"]),
        ("CreatedDate > THIS_YEAR", []),
        ("CreatedDate != YESTERDAY AND Industry = 'Retail'", ["Müller & Söhne"]),
        ("CreatedDate IN (YESTERDAY, N_DAYS_AGO:5)", ["Acme", "Zed's"]),
    ],
)
def test_conditions_find_what_they_say(
    admin: Desk, world: dict[str, str], where: str, expected: list[str]
) -> None:
    assert admin.column(f"SELECT Name FROM Account WHERE {where}") == expected
    assert admin.query(f"select count() from account where {where}")["totalSize"] == len(expected)


def test_dates_compare_with_dates(admin: Desk, world: dict[str, str]) -> None:
    assert admin.column("SELECT LastName FROM Contact WHERE Birthdate = 1990-01-01") == ["Ada"]
    assert admin.column("SELECT LastName FROM Contact WHERE Birthdate < LAST_YEAR") == ["Ada"]
    assert admin.column("SELECT LastName FROM Contact WHERE Birthdate != 1990-01-01") == ["Bob", "Cid", "Dan"]


def test_days_are_those_of_the_callers_time_zone(admin: Desk, clock: Clock) -> None:
    admin.insert("Account", Name="early")  # 05:06 in London is 00:06 in New York
    assert admin.query("SELECT Id FROM Account WHERE CreatedDate = TODAY")["totalSize"] == 1
    clock.forward(hours=20)
    assert admin.query("SELECT Id FROM Account WHERE CreatedDate = TODAY")["totalSize"] == 0
    admin.update("User", admin.caller.user_id, TimeZoneSidKey="America/Los_Angeles")
    clock.forward(hours=-20)
    assert admin.query("SELECT Id FROM Account WHERE CreatedDate = TODAY")["totalSize"] == 1
    clock.forward(hours=3)
    assert admin.query("SELECT Id FROM Account WHERE CreatedDate = TODAY")["totalSize"] == 0


@pytest.mark.parametrize("spelling", [15, 18])
def test_ids_are_found_in_both_lengths(admin: Desk, world: dict[str, str], spelling: int) -> None:
    wanted = world["Acme"][:spelling]
    assert admin.column(f"SELECT Name FROM Account WHERE Id = '{wanted}'") == ["Acme"]
    assert admin.query(f"SELECT Id FROM Contact WHERE AccountId IN ('{wanted}')")["totalSize"] == 2
    assert admin.query(f"SELECT Id FROM Account WHERE Id > '{wanted}'")["totalSize"] == 4


def test_the_shape_of_a_reply(admin: Desk, world: dict[str, str]) -> None:
    reply = admin.query("select NAME, owner.NAME, Owner.Profile.name, id from account where name = 'acme'")
    url = f"/services/data/v{V}/sobjects"
    assert list(reply) == ["totalSize", "done", "records"]
    (record,) = reply["records"]
    profile = admin.column("SELECT ProfileId FROM User WHERE Username = 'admin@rehearsal.example'")[0]
    assert record == {
        "attributes": {"type": "Account", "url": f"{url}/Account/{world['Acme']}"},
        "Name": "Acme",
        "Owner": {
            "attributes": {"type": "User", "url": f"{url}/User/{admin.caller.user_id}"},
            "Name": "Robin Adler",
            "Profile": {
                "attributes": {"type": "Profile", "url": f"{url}/Profile/{profile}"},
                "Name": "System Administrator",
            },
        },
        "Id": world["Acme"],
    }
    assert list(record) == ["attributes", "Name", "Owner", "Id"]


def test_a_missing_parent_is_null(admin: Desk, world: dict[str, str]) -> None:
    assert admin.rows("SELECT Account.Name FROM Contact WHERE LastName = 'Dan'") == [{"Account": None}]
    assert admin.rows("SELECT Account.Owner.Name FROM Contact WHERE LastName = 'Dan'") == [{"Account": None}]


def test_fields_may_carry_the_name_or_alias_of_their_object(admin: Desk, world: dict[str, str]) -> None:
    assert admin.column("SELECT a.Name FROM Account a WHERE a.Industry = 'Energy' ORDER BY A.Name DESC") == [
        "acme two",
        "Acme",
    ]
    assert admin.column("SELECT Account.Name FROM Account AS x WHERE x.Name = 'acme'") == ["Acme"]


def test_children_come_with_their_parents(admin: Desk, world: dict[str, str]) -> None:
    found = admin.rows(
        "SELECT Name, (SELECT LastName, Account.Name FROM Contacts WHERE LastName != 'Ada' ORDER BY LastName) "
        "FROM Account WHERE Name IN ('acme', 'zed\\'s', 'acme two')"
    )
    assert [row["Contacts"] and row["Contacts"]["totalSize"] for row in found] == [1, None, 1]
    inner = found[0]["Contacts"]
    assert list(inner) == ["totalSize", "done", "records"]
    assert inner["done"] is True
    assert inner["records"][0]["LastName"] == "Bob"
    assert inner["records"][0]["Account"]["Name"] == "Acme"
    limited = admin.rows(
        "SELECT (SELECT LastName FROM contacts LIMIT 1 OFFSET 1) FROM Account WHERE Name = 'acme'"
    )
    assert [each["LastName"] for each in limited[0]["Contacts"]["records"]] == ["Bob"]
    perms = admin.rows(
        "SELECT (SELECT Field FROM FieldPerms LIMIT 2) FROM PermissionSet "
        "WHERE Profile.UserLicense.Name = 'Salesforce'"
    )
    assert [row["FieldPerms"]["totalSize"] for row in perms] == [2, 2]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("AnnualRevenue", [None, 50, 100, 200, 300]),
        ("AnnualRevenue DESC", [None, 300, 200, 100, 50]),
        ("AnnualRevenue ASC NULLS LAST", [50, 100, 200, 300, None]),
        ("AnnualRevenue desc nulls last", [300, 200, 100, 50, None]),
        ("AnnualRevenue DESC NULLS FIRST LIMIT 2", [None, 300]),
        ("AnnualRevenue NULLS LAST LIMIT 2 OFFSET 3", [300, None]),
        ("Industry DESC NULLS LAST, AnnualRevenue DESC", [None, 300, 200, 100, 50]),
    ],
)
def test_rows_without_a_value_come_first_unless_said(
    admin: Desk, world: dict[str, str], order: str, expected: list[Any]
) -> None:
    assert admin.column(f"SELECT AnnualRevenue FROM Account ORDER BY {order}") == expected


def test_names_are_ordered_without_regard_to_case(admin: Desk, world: dict[str, str]) -> None:
    assert admin.column("SELECT Name FROM Account WHERE Name > 'a' ORDER BY Name") == [
        "Acme",
        "acme two",
        "Müller & Söhne",
        "Zed's",
    ]
    assert admin.column("SELECT LastName FROM Contact ORDER BY Account.Name DESC NULLS LAST, LastName") == [
        "Cid",
        "Ada",
        "Bob",
        "Dan",
    ]


def test_counting(admin: Desk, world: dict[str, str]) -> None:
    assert admin.query("SELECT COUNT() FROM Account") == {"totalSize": 5, "done": True, "records": []}
    assert admin.query("SELECT COUNT() FROM Account LIMIT 3")["totalSize"] == 3
    reply = admin.query("SELECT COUNT(Id), COUNT(Industry) named, COUNT_DISTINCT(Industry) FROM Account")
    assert reply == {
        "totalSize": 1,
        "done": True,
        "records": [{"attributes": {"type": "AggregateResult"}, "expr0": 5, "named": 4, "expr1": 2}],
    }


def test_grouping(admin: Desk, world: dict[str, str]) -> None:
    found = admin.rows(
        "SELECT Industry, COUNT(Id) n, SUM(Money__c) total, AVG(AnnualRevenue), MIN(Name), MAX(CreatedDate) "
        "FROM Account GROUP BY Industry ORDER BY COUNT(Id) DESC, Industry"
    )
    assert found == [
        {
            "Industry": "Energy",
            "n": 2,
            "total": Decimal("3.30"),
            "expr0": 150.0,
            "expr1": "Acme",
            "expr2": "2026-03-05T05:06:07.891+0000",
        },
        {
            "Industry": "Retail",
            "n": 2,
            "total": Decimal("3.30"),
            "expr0": 300.0,
            "expr1": "Müller & Söhne",
            "expr2": "2026-03-08T05:06:07.891+0000",
        },
        {
            "Industry": None,
            "n": 1,
            "total": None,
            "expr0": 50.0,
            "expr1": "100% _real_",
            "expr2": "2026-03-07T05:06:07.891+0000",
        },
    ]
    assert str(found[0]["total"]) == "3.30"


def test_groups_can_be_filtered_named_and_reached_through_parents(admin: Desk, world: dict[str, str]) -> None:
    soql = (
        "SELECT Account.Name, COUNT(Id) n FROM Contact WHERE AccountId != null GROUP BY Account.Name "
        "HAVING COUNT(Id) > 1 AND MIN(LastName) = 'ADA'"
    )
    assert admin.rows(soql) == [{"Name": "Acme", "n": 2}]
    soql = "SELECT Industry i, SUM(AnnualRevenue) s FROM Account GROUP BY Industry HAVING SUM(AnnualRevenue) >= 300"
    assert admin.rows(f"{soql} ORDER BY i") == [{"i": "Energy", "s": 300}, {"i": "Retail", "s": 300}]
    assert admin.rows("SELECT COUNT(Id) FROM Account WHERE Name = 'nobody'") == [{"expr0": 0}]
    assert admin.rows("SELECT Industry FROM Account WHERE Name = 'nobody' GROUP BY Industry") == []


def test_groups_of_fields(admin: Desk, world: dict[str, str]) -> None:
    everything = admin.rows("SELECT FIELDS(ALL) FROM Account LIMIT 1")[0]
    standard = admin.rows("SELECT FIELDS(STANDARD) FROM Account")[0]
    custom = admin.rows("SELECT Id, FIELDS(CUSTOM) FROM Account ORDER BY Id LIMIT 200")[0]
    assert custom == {"Id": world["Acme"], "Money__c": Decimal("1.10")}
    assert everything.keys() == standard.keys() | {"Money__c"}
    assert everything["BillingAddress"]["city"] == "Bern"


def test_tooling_replies_say_more(admin: Desk, world: dict[str, str]) -> None:
    assert admin.query("SELECT Id FROM CustomField WHERE Id = '00N000000000001'", tooling=True) == {
        "size": 0,
        "totalSize": 0,
        "done": True,
        "queryLocator": None,
        "entityTypeName": None,
        "records": [],
    }
    reply = admin.query("SELECT Username FROM User LIMIT 1", tooling=True)
    assert reply["entityTypeName"] == "User"


def test_standard_questions_of_tools_are_answered(admin: Desk) -> None:
    for soql in (
        "SELECT Id, Name, IsSandbox, OrganizationType, InstanceName, TrialExpirationDate, NamespacePrefix, "
        "IsReadOnly, LanguageLocaleKey, FiscalYearStartMonth FROM Organization",
        "SELECT Id, Username, Email, IsActive, Profile.Name, ProfileId FROM User WHERE Username = 'ADMIN@rehearsal.example'",
        "SELECT Id, Name FROM Profile WHERE Name = 'System Administrator'",
    ):
        assert admin.query(soql)["totalSize"] == 1
    assert admin.column("SELECT DefaultAccountAccess FROM Organization") == ["Edit"]


def test_an_aggregate_has_no_second_page(admin: Desk) -> None:
    admin.org.load("Account", ({"Name": str(number)} for number in range(2001)))
    error = refused(admin.query, "SELECT Name, COUNT(Id) FROM Account GROUP BY Name")
    assert error.code == "EXCEEDED_ID_LIMIT"
    assert admin.query("SELECT Name, COUNT(Id) FROM Account GROUP BY Name LIMIT 2000")["totalSize"] == 2000
