"""Formulas: what they say about a record, and what is refused before a rule is made of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from console.rehearsal.salesforce import objects, people_objects
from console.rehearsal.salesforce.rules.formulas import FormulaError, Save, compile_formula
from console.rehearsal.salesforce.schema import Schema

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


@pytest.fixture(scope="module")
def schema() -> Schema:
    schema = Schema()
    for make in (objects.account, objects.contact, people_objects.user):
        schema.add(make())
    return schema


def save(schema: Schema, old: dict[str, Any] | None = None, **new: Any) -> Save:
    blank = {each.name: None for each in schema.objects["Account"].stored_fields()}
    return Save(
        {**blank, **new},
        None if old is None else {**blank, **old},
        {"Username": "robin@x.example", "IsActive": 1},
        "System Administrator",
        NOW,
        lambda reference, record_id: {"Username": "owner@x.example"} if record_id == "005" else None,
    )


@pytest.mark.parametrize(
    ("formula", "row"),
    [
        ("ISBLANK(Website)", {}),
        ("NOT(ISBLANK(Website))", {"Website": "x.example"}),
        ("ISBLANK(AnnualRevenue) && ISNULL(AnnualRevenue)", {}),
        ("NOT(ISNULL(Website))", {}),
        ("LEN(Name) > 3", {"Name": "abcd"}),
        ("LEN(Website) = 0", {}),
        ('Name = "Acme"', {"Name": "Acme"}),
        ('Name <> "acme"', {"Name": "Acme"}),
        ('AND(CONTAINS(Name, "cm"), BEGINS(Name, "Ac"))', {"Name": "Acme"}),
        ('OR(Name = "x", Name = "y")', {"Name": "y"}),
        ('!(Name = "x") || FALSE', {"Name": "y"}),
        ('ISPICKVAL(Type, "Other")', {"Type": "Other"}),
        ('ISPICKVAL(Type, "")', {}),
        ('TEXT(Type) = "Other"', {"Type": "Other"}),
        ('CASE(Type, "Other", 1, "Prospect", 2, 3) = 1', {"Type": "Other"}),
        ('CASE(Type, "Other", 1, "Prospect", 2, 3) = 3', {"Type": "New"}),
        ("IF(NumberOfEmployees > 10, TRUE, FALSE)", {"NumberOfEmployees": 11}),
        (r'REGEX(BillingPostalCode, "\\d{5}(-\\d{4})?")', {"BillingPostalCode": "12345-6789"}),
        (r'NOT(REGEX(BillingPostalCode, "\\d{5}"))', {"BillingPostalCode": "123456"}),
        ('$User.Username = "robin@x.example" && $User.IsActive', {}),
        ('$Profile.Name = "System Administrator"', {}),
        ('Owner.Username = "owner@x.example"', {"OwnerId": "005"}),
        ('Parent.Owner.Username = ""', {}),
        ("NumberOfEmployees * 2 + 1 = 7", {"NumberOfEmployees": 3}),
        ("2 + 3 * 4 = 14 && (2 + 3) * 4 = 20 && -2 + 3 = 1 && 2 ^ 3 = 8", {}),
        ('UPPER(LEFT(Name, 2)) & RIGHT(Name, 1) & MID(Name, 2, 1) = "ACec"', {"Name": "acme"}),
        ('SUBSTITUTE(TRIM(" a "), "a", "b") = "b"', {}),
        ('FIND("m", Name) = 3', {"Name": "acme"}),
        ('VALUE("12.5") > 12 && ISNUMBER("12.5") && NOT(ISNUMBER("x"))', {}),
        ('BLANKVALUE(Website, "none") = "none"', {}),
        ("TODAY() - DATE(2026, 3, 1) = 3", {}),
        ("YEAR(TODAY()) = 2026 && MONTH(TODAY()) = 3 && DAY(TODAY() + 1) = 5", {}),
        ("CreatedDate < NOW()", {"CreatedDate": "2026-01-05T08:00:00.000+0000"}),
        ("MAX(1, 3, 2) = 3 && MIN(1, 3) = 1 && ABS(-1) = 1 && MOD(7, 4) = 3 && ROUND(2.5, 0) = 3", {}),
        ("ISNEW()", {}),
        ('Name = "a\\"b" /* a note */', {"Name": 'a"b'}),
    ],
)
def test_what_formulas_say(schema: Schema, formula: str, row: dict[str, Any]) -> None:
    account = schema.objects["Account"]
    assert compile_formula(formula, schema, account).holds(save(schema, **row)) is True
    assert compile_formula(f"NOT({formula})", schema, account).holds(save(schema, **row)) is False


@pytest.mark.parametrize(
    "formula",
    [
        "AnnualRevenue > 1",
        "AnnualRevenue < 1",
        "1 / AnnualRevenue > 0",
        "1 / 0 > 0",
        "NULL",
        "DATE(2026, 2, 30) < TODAY()",
    ],
)
def test_nothing_is_true_of_a_blank(schema: Schema, formula: str) -> None:
    if formula == "NULL":
        with pytest.raises(FormulaError):
            compile_formula(formula, schema, schema.objects["Account"])
        return
    assert compile_formula(formula, schema, schema.objects["Account"]).holds(save(schema)) is False


def test_a_change_is_told_from_the_same_value(schema: Schema) -> None:
    account = schema.objects["Account"]
    changed = compile_formula('AND(ISCHANGED(Name), PRIORVALUE(Name) = "old")', schema, account)
    assert changed.holds(save(schema, {"Name": "old"}, Name="new")) is True
    assert changed.holds(save(schema, {"Name": "old"}, Name="old")) is False
    assert changed.holds(save(schema, Name="old")) is False
    prior = compile_formula('PRIORVALUE(Name) = "new"', schema, account)
    assert prior.holds(save(schema, Name="new")) is True


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("VLOOKUP(Name)", "Unknown function VLOOKUP. Check spelling."),
        ("Nope__c = 1", "Field Nope__c does not exist. Check spelling."),
        ("$Setup.X__c", "Field $Setup.X__c does not exist. Check spelling."),
        ("Parent.Nope = 1", "Field Parent.Nope does not exist. Check spelling."),
        ("BillingAddress = 1", "Field BillingAddress does not exist. Check spelling."),
        ('Type = "Other"', "Picklist fields are only supported in certain functions."),
        ("LEN(1) > 2", "Incorrect parameter type for function 'LEN()'. Expected Text, received Number"),
        (
            'NumberOfEmployees = "1"',
            "Incorrect parameter type for operator '='. Expected Number, received Text",
        ),
        (
            "LEN(Name, Name) = 1",
            "Incorrect number of parameters for function 'LEN()'. Expected 1, received 2",
        ),
        ("Name", "Formula result is data type (Text), incompatible with expected data type (true or false)"),
        ("AND(TRUE", "Syntax error. Missing ')'"),
        ("TRUE FALSE", "Syntax error. Extra FALSE"),
        ("", "Syntax error"),
        ("TRUE # 1", "Syntax error. Found '#'"),
        (
            'REGEX(Name, "(")',
            "Invalid regular expression for function 'REGEX()': missing ), unterminated subpattern at position 0",
        ),
        ("REGEX(Name, Website)", "Incorrect parameter type for function 'REGEX()'. Expected a text literal"),
        ('ISPICKVAL(Name, "x")', "Incorrect parameter type for function 'ISPICKVAL()'. Expected Picklist"),
        ("ISCHANGED(Owner.Username)", "Function ISCHANGED may only be used with fields of the record"),
        ("(" * 101 + "TRUE" + ")" * 101, "Formula is nested too deeply"),
    ],
)
def test_what_is_not_supported_is_refused(schema: Schema, formula: str, message: str) -> None:
    with pytest.raises(FormulaError) as caught:
        compile_formula(formula, schema, schema.objects["Account"])
    assert str(caught.value) == message
