"""Insert, update, upsert, delete: what the org adds, what it checks, and in which words it refuses."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from console.rehearsal.salesforce.errors import MoreThanOne
from console.rehearsal.salesforce.org import Caller, Change, Org

from .conftest import Clock, Desk, V, refused, told, undone

STAMP = "2026-03-04T05:06:07.891+0000"
NOBODY = "001Cc0000000001IAA"


@pytest.fixture
def account(admin: Desk) -> str:
    return admin.insert("Account", Name="Acme")


def key(admin: Desk, *, case_sensitive: bool = True, unique: bool = True) -> None:
    admin.field(
        "Account.Key__c",
        type="Text",
        label="Key",
        length=50,
        externalId=True,
        unique=unique,
        **({"caseSensitive": case_sensitive} if unique else {}),
    )


# -- insert


def test_a_new_record_says_who_made_it_and_when(admin: Desk, account: str) -> None:
    found = admin.read("Account", account)
    assert found["attributes"] == {
        "type": "Account",
        "url": f"/services/data/v{V}/sobjects/Account/{account}",
    }
    assert found["CreatedById"] == found["LastModifiedById"] == found["OwnerId"] == admin.caller.user_id
    assert found["CreatedDate"] == found["LastModifiedDate"] == found["SystemModstamp"] == STAMP
    assert found["IsDeleted"] is False
    assert found["PhotoUrl"] == f"/services/images/photo/{account[:15]}"


def test_names_of_objects_and_fields_may_have_any_case(admin: Desk) -> None:
    record_id = admin.insert("aCCOUNT", nAME="Acme", BILLINGCITY="Bern")
    assert admin.read("ACCOUNT", record_id[:15], "billingCITY", "NAME") == {
        "attributes": {"type": "Account", "url": f"/services/data/v{V}/sobjects/Account/{record_id}"},
        "BillingCity": "Bern",
        "Name": "Acme",
        "Id": record_id,
    }


def test_attributes_among_the_values_mean_nothing(admin: Desk) -> None:
    record_id = admin.org.insert(admin.caller, "Account", {"Name": "A", "attributes": {"type": "Contact"}})
    assert record_id.startswith("001")


def test_required_fields_are_all_named(admin: Desk) -> None:
    assert told(refused(admin.insert, "Account", Name="")) == (
        400,
        "REQUIRED_FIELD_MISSING",
        "Required fields are missing: [Name]",
        ["Name"],
    )
    error = refused(admin.insert, "User", LastName="x")
    assert error.fields is not None
    assert set(error.fields) >= {"Username", "Email", "Alias", "ProfileId"}
    assert error.message == f"Required fields are missing: [{', '.join(error.fields)}]"


def test_an_unknown_field_is_no_column(admin: Desk) -> None:
    assert told(refused(admin.insert, "Account", Name="x", FavoritePet__c="dog")) == (
        400,
        "INVALID_FIELD",
        "No such column 'FavoritePet__c' on sobject of type Account",
        None,
    )


def test_an_unknown_object_is_not_found(admin: Desk) -> None:
    error = refused(admin.insert, "Dog__c", Name="x")
    assert told(error) == (404, "NOT_FOUND", "The requested resource does not exist", None)
    assert list(error.body()[0]) == ["errorCode", "message"]


def test_fields_that_the_org_keeps_are_read_only(admin: Desk) -> None:
    error = refused(admin.insert, "Account", Name="x", CreatedDate="2026-01-01T00:00:00Z", IsDeleted=True)
    assert told(error) == (
        400,
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        "Unable to create/update fields: CreatedDate, IsDeleted. Please check the security settings of this "
        "field and verify that it is read/write for your profile or permission set.",
        ["CreatedDate", "IsDeleted"],
    )
    assert refused(admin.insert, "Contact", LastName="x", Name="y").fields == ["Name"]


def test_an_id_is_given_by_the_org_alone(admin: Desk, account: str) -> None:
    error = refused(admin.insert, "Account", Name="x", id=account)
    assert told(error) == (
        400,
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        "cannot specify Id in an insert call",
        ["Id"],
    )
    error = refused(admin.update, "Account", account, ID=account)
    assert error.message == "The Id field should not be specified in the sobject data."


def test_a_contacts_name_follows_from_its_parts(admin: Desk) -> None:
    record_id = admin.insert("Contact", LastName="Lovelace")
    assert admin.value("Contact", record_id, "Name") == "Lovelace"
    admin.update("Contact", record_id, FirstName="Ada")
    assert admin.value("Contact", record_id, "Name") == "Ada Lovelace"


def test_objects_without_such_an_operation_say_so(admin: Desk) -> None:
    assert told(refused(admin.insert, "Profile", Name="x")) == (
        400,
        "INVALID_TYPE_FOR_OPERATION",
        "entity type Profile does not support create",
        None,
    )
    error = refused(admin.delete, "User", admin.caller.user_id)
    assert error.message == "entity type User does not support delete"


# -- references


def test_a_reference_leads_to_a_live_record_of_its_object(admin: Desk, account: str) -> None:
    contact = admin.insert("Contact", LastName="x", AccountId=account[:15])
    assert admin.value("Contact", contact, "AccountId") == account
    assert told(refused(admin.insert, "Contact", LastName="x", AccountId="short")) == (
        400,
        "MALFORMED_ID",
        "Account ID: id value of incorrect type: short",
        ["AccountId"],
    )
    assert told(refused(admin.insert, "Contact", LastName="x", AccountId=contact)) == (
        400,
        "FIELD_INTEGRITY_EXCEPTION",
        f"Account ID: id value of incorrect type: {contact}",
        ["AccountId"],
    )
    assert told(refused(admin.insert, "Contact", LastName="x", AccountId="001000000000001")) == (
        400,
        "INVALID_CROSS_REFERENCE_KEY",
        "invalid cross reference id",
        [],
    )
    admin.delete("Account", account)
    error = refused(admin.insert, "Contact", LastName="x", AccountId=account)
    assert told(error) == (400, "ENTITY_IS_DELETED", "entity is deleted", [])


def test_an_inactive_user_owns_nothing_new(admin: Desk, sales: Desk, account: str) -> None:
    admin.update("User", sales.caller.user_id, IsActive=False)
    assert told(refused(admin.update, "Account", account, OwnerId=sales.caller.user_id)) == (
        400,
        "INACTIVE_OWNER_OR_USER",
        f"operation performed with inactive user [{sales.caller.user_id}] as owner of account",
        [],
    )


def test_a_parent_can_be_named_by_its_external_id(admin: Desk, account: str) -> None:
    key(admin)
    admin.update("Account", account, Key__c="cus/1")
    contact = admin.insert(
        "Contact", LastName="x", account={"key__c": "cus/1", "attributes": {"type": "Account"}}
    )
    assert admin.value("Contact", contact, "AccountId") == account
    admin.update("Contact", contact, Account=None)
    assert admin.value("Contact", contact, "AccountId") is None
    assert told(refused(admin.insert, "Contact", LastName="x", Account={"Key__c": "cus/2"})) == (
        400,
        "INVALID_FIELD",
        "Foreign key external ID: cus/2 not found for field Key__c in entity Account",
        None,
    )
    assert refused(admin.insert, "Contact", LastName="x", Account={"Site": "y"}).message == (
        "Field name provided, Site does not match an External ID, Salesforce Id, or indexed field for Account"
    )
    assert refused(admin.insert, "Contact", LastName="x", Account={}).code == "INVALID_FIELD"
    assert refused(admin.insert, "Contact", LastName="x", Account="cus/1").code == "JSON_PARSER_ERROR"


# -- update


def test_an_update_moves_the_stamps_and_nothing_else(
    admin: Desk, sales: Desk, account: str, clock: Clock
) -> None:
    before = admin.read("Account", account)
    clock.forward(seconds=2)
    sales.update("Account", account, Phone="1")
    after = admin.read("Account", account)
    later = "2026-03-04T05:06:09.891+0000"
    assert after == {
        **before,
        "Phone": "1",
        "LastModifiedDate": later,
        "SystemModstamp": later,
        "LastModifiedById": sales.caller.user_id,
    }


def test_the_stamp_moves_on_every_write_even_when_the_clock_does_not(admin: Desk, account: str) -> None:
    stamps = []
    for _ in range(3):
        admin.update("Account", account, Name="Acme")
        stamps.append(admin.value("Account", account, "SystemModstamp"))
    assert stamps == [f"2026-03-04T05:06:07.{891 + moved}+0000" for moved in (1, 2, 3)]


def test_a_record_that_never_was_is_an_invalid_reference_to_writes_and_not_found_to_reads(
    admin: Desk,
) -> None:
    nobody = "001000000000001AAA"
    for call in (admin.delete, admin.update):
        assert told(refused(call, "Account", nobody)) == (
            404,
            "INVALID_CROSS_REFERENCE_KEY",
            "invalid cross reference id",
            [],
        )
    assert told(refused(admin.read, "Account", nobody))[:2] == (404, "NOT_FOUND")


@pytest.mark.parametrize("wrong", ["a00B000000FSjVUIB1", "001", "003000000000001", NOBODY.replace("I", "J")])
def test_an_id_that_is_none_of_the_object_is_malformed(admin: Desk, wrong: str) -> None:
    for call in (admin.delete, admin.update, admin.read):
        assert told(refused(call, "Account", wrong)) == (
            400,
            "MALFORMED_ID",
            f"Record ID: id value of incorrect type: {wrong}",
            ["Id"],
        )


def test_a_bad_value_leaves_the_good_ones_unwritten(admin: Desk, account: str) -> None:
    refused(admin.update, "Account", account, Site="new", NumberOfEmployees="many")
    assert admin.value("Account", account, "Site") is None


# -- unique and external ids


def test_a_unique_value_belongs_to_one_live_record(admin: Desk, account: str) -> None:
    key(admin)
    admin.update("Account", account, Key__c="a")
    other = admin.insert("Account", Name="Other")
    duplicate = (
        400,
        "DUPLICATE_VALUE",
        f"duplicate value found: Key__c duplicates value on record with id: {account[:15]}",
        [],
    )
    assert told(refused(admin.update, "Account", other, Key__c="a")) == duplicate
    assert told(refused(admin.insert, "Account", Name="Third", Key__c=" a ")) == duplicate
    admin.update("Account", account, Key__c="a")
    admin.delete("Account", account)
    admin.update("Account", other, Key__c="a")
    assert refused(admin.org.undelete, admin.caller, "Account", account).code == "DUPLICATE_VALUE"


def test_two_records_without_a_value_are_no_duplicates(admin: Desk) -> None:
    key(admin)
    admin.insert("Account", Name="a", Key__c="")
    admin.insert("Account", Name="b", Key__c=None)


@pytest.mark.parametrize("case_sensitive", [True, False])
def test_case_counts_in_an_external_id_only_where_it_was_set_up_so(admin: Desk, case_sensitive: bool) -> None:
    key(admin, case_sensitive=case_sensitive)
    first, created = admin.upsert("Account", "Key__c", "MÜ-a", Name="one")
    assert created
    second, created = admin.upsert("Account", "key__C", "mü-A", Name="two")
    assert created is case_sensitive
    assert (first != second) is case_sensitive
    found = admin.column("SELECT Name FROM Account WHERE Key__c = 'mü-A'")
    assert found == ["two"]


def test_an_upsert_inserts_once_and_then_updates(admin: Desk) -> None:
    key(admin)
    record_id, created = admin.upsert("Account", "Key__c", "x/1 ü", Name="one", Key__c="x/1 ü")
    assert created
    assert admin.read("Account", record_id, "Name", "Key__c")["Key__c"] == "x/1 ü"
    assert admin.upsert("Account", "Key__c", "x/1 ü", Name="two") == (record_id, False)
    assert admin.value("Account", record_id, "Name") == "two"
    by_key = admin.org.reading.read_by_external_id(
        admin.caller, "account", "KEY__c", "x/1 ü", ["Name"], version=V
    )
    assert (by_key["Name"], by_key["Id"]) == ("two", record_id)


def test_an_upsert_on_a_field_that_is_no_key_is_not_found(admin: Desk) -> None:
    for name in ("Site", "Nothing__c"):
        assert told(refused(admin.upsert, "Account", name, "x", Name="y")) == (
            404,
            "NOT_FOUND",
            f"Provided external ID field does not exist or is not accessible: {name}",
            None,
        )


def test_an_upsert_needs_a_value_and_one_value_only(admin: Desk) -> None:
    key(admin)
    assert told(refused(admin.upsert, "Account", "Key__c", None, Name="y")) == (
        400,
        "MISSING_ARGUMENT",
        "Key__c not specified",
        [],
    )
    error = refused(admin.upsert, "Account", "Key__c", "a", Name="y", Key__c="b")
    assert error.message == "The Key__c field should not be specified in the sobject data."


def test_an_upsert_by_id_updates(admin: Desk, account: str) -> None:
    assert admin.upsert("Account", "Id", account[:15], Name="new") == (account, False)
    assert refused(admin.upsert, "Account", "Id", "nonsense", Name="x").code == "MALFORMED_ID"
    assert refused(admin.upsert, "Account", "Id", "001000000000001", Name="x").status == 404


def test_several_records_of_one_key_are_all_named(admin: Desk) -> None:
    key(admin, unique=False)
    made = [admin.insert("Account", Name="x", Key__c="same") for _ in range(2)]
    with pytest.raises(MoreThanOne) as caught:
        admin.upsert("Account", "Key__c", "same", Name="y")
    assert caught.value.status == 300
    assert (caught.value.sobject, caught.value.ids) == ("Account", made)
    assert caught.value.item() == {
        "statusCode": "DUPLICATE_EXTERNAL_ID",
        "message": f"Key: more than one record found for external id field: [{made[0]}, {made[1]}]",
        "fields": [],
    }
    with pytest.raises(MoreThanOne):
        admin.org.reading.read_by_external_id(admin.caller, "Account", "Key__c", "same", None, version=V)


def test_the_email_of_a_contact_is_a_key_too(admin: Desk) -> None:
    made, _ = admin.upsert("Contact", "Email", "Ada@Example.org", LastName="x")
    assert admin.upsert("Contact", "Email", "ADA@example.org", Title="y") == (made, False)


# -- delete and undelete


def test_a_deleted_record_lies_in_the_bin_with_its_contacts(admin: Desk, account: str, clock: Clock) -> None:
    contact = admin.insert("Contact", LastName="x", AccountId=account)
    clock.forward(seconds=1)
    admin.delete("Account", account)
    gone = (404, "ENTITY_IS_DELETED", "entity is deleted", [])
    assert told(refused(admin.delete, "Account", account)) == gone
    assert told(refused(admin.update, "Account", account, Name="x")) == gone
    assert told(refused(admin.read, "Contact", contact)) == gone
    assert admin.query("SELECT COUNT() FROM Account")["totalSize"] == 0
    found = admin.rows("SELECT IsDeleted, SystemModstamp FROM Account", all_rows=True)
    assert found == [{"IsDeleted": True, "SystemModstamp": "2026-03-04T05:06:08.891+0000"}]
    assert admin.column("SELECT IsDeleted FROM Contact WHERE AccountId = '" + account + "' ALL ROWS") == [
        True
    ]


def test_what_only_looks_up_to_a_deleted_record_loses_its_reference(admin: Desk, account: str) -> None:
    child = admin.insert("Account", Name="child", ParentId=account)
    admin.delete("Account", account)
    assert admin.value("Account", child, "ParentId") is None


def test_undelete_brings_back_what_went_together(admin: Desk, account: str) -> None:
    earlier, later = (admin.insert("Contact", LastName=each, AccountId=account) for each in "ab")
    admin.delete("Contact", earlier)
    admin.delete("Account", account)
    admin.org.undelete(admin.caller, "Account", account)
    assert admin.column("SELECT LastName FROM Contact") == ["b"]
    assert admin.value("Contact", later, "AccountId") == account
    assert refused(admin.org.undelete, admin.caller, "Account", account).code == "UNDELETE_FAILED"
    assert refused(admin.org.undelete, admin.caller, "Account", "001000000000001").status == 404


def test_a_merge_moves_contacts_and_leaves_a_trace(admin: Desk, account: str) -> None:
    loser = admin.insert("Account", Name="Acme Inc")
    contact = admin.insert("Contact", LastName="x", AccountId=loser)
    admin.org.merge(admin.caller, "Account", account, loser)
    assert admin.value("Contact", contact, "AccountId") == account
    soql = "SELECT Id, IsDeleted FROM Account WHERE MasterRecordId != null"
    assert admin.rows(soql, all_rows=True) == [{"Id": loser, "IsDeleted": True}]
    master = admin.rows("SELECT MasterRecord.Name FROM Account WHERE IsDeleted = true", all_rows=True)
    assert master[0]["MasterRecord"]["Name"] == "Acme"
    assert refused(admin.org.merge, admin.caller, "Account", account, account).code == "INVALID_ID_FIELD"


# -- transactions and listeners


@pytest.fixture
def heard(org: Org) -> list[Change]:
    changes: list[Change] = []
    org.listeners.append(changes.extend)
    return changes


def test_listeners_hear_of_what_was_committed(admin: Desk, heard: list[Change]) -> None:
    account = admin.insert("Account", Name="a", Phone="1")
    contact = admin.insert("Contact", LastName="x", AccountId=account)
    admin.update("Account", account, Phone="1", Site="s")
    admin.delete("Account", account)
    admin.org.undelete(admin.caller, "Account", account)
    assert [(each.kind, each.record_id) for each in heard] == [
        ("CREATE", account),
        ("CREATE", contact),
        ("UPDATE", account),
        ("DELETE", contact),
        ("DELETE", account),
        ("UNDELETE", account),
        ("UNDELETE", contact),
    ]
    assert heard[0].fields == {"Name", "Phone"}
    assert heard[2].fields == {"Site"}
    assert heard[3].fields == frozenset()
    assert {each.caller for each in heard} == {admin.caller}


def test_a_transaction_is_heard_of_at_its_end_or_never(admin: Desk, heard: list[Change]) -> None:
    with admin.org.transaction():
        admin.insert("Account", Name="a")
        undone(admin, lambda: admin.insert("Account", Name="b"))
        refused(admin.insert, "Account", Name="")
        admin.insert("Account", Name="c")
        assert heard == []
    assert len(heard) == 2
    assert admin.column("SELECT Name FROM Account") == ["a", "c"]
    undone(admin, lambda: admin.insert("Account", Name="d"))
    assert len(heard) == 2
    assert admin.query("SELECT COUNT() FROM Account")["totalSize"] == 2


def test_a_cascade_that_fails_half_way_leaves_everything(admin: Desk, account: str, monkeypatch: Any) -> None:
    admin.insert("Contact", LastName="x", AccountId=account)
    admin.insert("Contact", LastName="y", AccountId=account)
    update, calls = admin.org._store.update, []

    def failing(*args: Any) -> None:
        calls.append(args)
        if len(calls) == 2:
            raise OSError("disk full")
        update(*args)

    monkeypatch.setattr(admin.org._store, "update", failing)
    with pytest.raises(OSError, match="disk full"):
        admin.delete("Account", account)
    monkeypatch.undo()
    assert admin.query("SELECT COUNT() FROM Contact")["totalSize"] == 2
    assert admin.read("Account", account)["IsDeleted"] is False


# -- files


def test_an_org_survives_a_restart(tmp_path: Any, clock: Clock) -> None:
    path = tmp_path / "org.db"
    first = Org(path, clock=clock, seed=3)
    admin = Desk(first, Caller(first.admin_id))
    key(admin)
    record_id, _ = admin.upsert("Account", "Key__c", "k", Name="a")
    first.close()
    second = Org(path, clock=clock, seed=99)
    again = Desk(second, admin.caller)
    assert (second.org_id, second.admin_id) == (first.org_id, first.admin_id)
    assert again.upsert("Account", "Key__c", "k", Name="b") == (record_id, False)
    other = again.insert("Account", Name="c")
    assert other > record_id
    second.close()


def test_the_same_seed_makes_the_same_org(clock: Clock) -> None:
    def facts(seed: int) -> tuple[str, ...]:
        org = Org(":memory:", clock=clock, seed=seed)
        admin = Desk(org, Caller(org.admin_id))
        found = (
            org.org_id,
            org.admin_id,
            admin.insert("Account", Name="x"),
            *admin.column("SELECT Id FROM User"),
        )
        org.close()
        return found

    assert facts(4) == facts(4)
    assert set(facts(4)).isdisjoint(facts(5))


def test_a_refreshed_sandbox_is_another_org_behind_the_same_door(admin: Desk, account: str) -> None:
    before = admin.org.org_id
    after = admin.org.renew()
    assert after == admin.org.org_id != before
    assert admin.column("SELECT Id FROM Organization") == [after]
    assert admin.org.directory.organization()["IsSandbox"] is True
    assert admin.value("Account", account, "Name") == "Acme"


# -- seeding


def test_loading_fills_in_what_is_not_said(org: Org, admin: Desk, sales: Desk) -> None:
    key(admin)
    rows = [
        {"Name": "a", "AnnualRevenue": 5, "Key__c": "1"},
        {"Name": "b", "Id": "001Cc0000000009IAA", "OwnerId": sales.caller.user_id, "IsDeleted": True},
        {"Name": "c", "CreatedDate": "2025-01-01T00:00:00.000+0000", "BillingLatitude": "1.5"},
    ]
    assert org.load("Account", iter(rows)) == 3
    found = admin.rows(
        "SELECT Name, OwnerId, IsDeleted, CreatedDate, SystemModstamp FROM Account ORDER BY Name",
        all_rows=True,
    )
    assert [tuple(row.values()) for row in found] == [
        ("a", admin.caller.user_id, False, STAMP, STAMP),
        ("b", sales.caller.user_id, True, STAMP, STAMP),
        ("c", admin.caller.user_id, False, "2025-01-01T00:00:00.000+0000", "2025-01-01T00:00:00.000+0000"),
    ]
    record_id = admin.column("SELECT Id FROM Account WHERE Key__c = '1'")[0]
    assert admin.value("Account", record_id, "AnnualRevenue") == 5
    assert admin.insert("Account", Name="next") > record_id
    assert refused(admin.insert, "Account", Name="x", Key__c="1").code == "DUPLICATE_VALUE"


def test_loading_is_streamed_and_all_or_nothing(org: Org, admin: Desk) -> None:
    with pytest.raises(ValueError, match="no such field of Account: Nope"):
        org.load("Account", ({"Name": str(n)} if n < 3 else {"Nope": 1} for n in range(5)))
    assert org.reading.record_counts(admin.caller, ["Account"]) == {"Account": 0}
    with pytest.raises(ValueError, match="no such object"):
        org.load("Dog", [])
    assert org.load("Account", []) == 0


def test_the_bin_can_be_emptied(admin: Desk, account: str) -> None:
    admin.delete("Account", account)
    assert admin.org.empty_recycle_bin() == 1
    assert admin.query("SELECT COUNT() FROM Account", all_rows=True)["totalSize"] == 0
    answer = admin.org.deleted(
        admin.caller, "Account", datetime(2026, 3, 4, 0, tzinfo=UTC), datetime(2026, 3, 4, 6, tzinfo=UTC)
    )
    assert answer["deletedRecords"] == []
    assert answer["earliestDateAvailable"] == STAMP
