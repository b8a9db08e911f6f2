"""What the events of a change say."""

from __future__ import annotations

import re
import time

import pytest

ORIGIN = "com/salesforce/api/rest/62.0"


def test_a_new_record_arrives_with_every_value_and_a_whole_header(rig):
    subscription = rig.client().subscribe()
    before = int(time.time() * 1000) - 5000
    account = rig.create(
        "Account", Name="Acme", Phone="+49 1", BillingStreet="Main 1", BillingCity="Ulm", AnnualRevenue=1234567,
        NumberOfEmployees=7, Industry="Energy", Description="long",
    )  # fmt: skip
    (event,) = subscription.events(1)
    header = event.header
    assert list(header) == [
        "entityName", "recordIds", "changeType", "changeOrigin", "transactionKey", "sequenceNumber", "commitTimestamp",
        "commitNumber", "commitUser", "nulledFields", "diffFields", "changedFields",
    ]  # fmt: skip
    assert (header["entityName"], header["recordIds"], header["changeType"]) == (
        "Account",
        [account],
        "CREATE",
    )
    assert (header["changeOrigin"], header["sequenceNumber"]) == (ORIGIN, 1)
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", header["transactionKey"])
    assert before < header["commitTimestamp"] < before + 60_000
    assert header["commitUser"] == rig.rehearsal.org.admin_id
    assert header["changedFields"] == header["nulledFields"] == header["diffFields"] == []
    body = event.body
    assert {name: value for name, value in body["BillingAddress"].items() if value} == {
        "Street": "Main 1",
        "City": "Ulm",
    }
    assert body["AnnualRevenue"] == 1234567.0
    assert isinstance(body["AnnualRevenue"], float)
    assert (body["NumberOfEmployees"], body["Name"], body["Industry"]) == (7, "Acme", "Energy")
    assert body["OwnerId"] == body["CreatedById"] == rig.rehearsal.org.admin_id
    assert before < body["CreatedDate"] < before + 60_000
    assert "Fax" not in body


def test_an_update_carries_what_changed_and_says_what_was_emptied(rig):
    account = rig.create(
        "Account", Name="Acme", Phone="1", BillingStreet="Main 1", BillingCity="Ulm", Fax="2"
    )
    subscription = rig.client().subscribe()
    rig.update(
        "Account", account, Phone=None, BillingStreet="", BillingCity="Bonn", Fax="2", Website="a.example"
    )
    (event,) = subscription.events(1)
    assert event.header["changeType"] == "UPDATE"
    assert event.changed == {
        "Phone", "Website", "BillingAddress.Street", "BillingAddress.City", "LastModifiedDate",
    }  # fmt: skip
    assert event.nulled == {"Phone", "BillingAddress.Street"}
    assert set(event.body) == {"Website", "BillingAddress", "LastModifiedDate"}
    assert event.body["BillingAddress"]["City"] == "Bonn"
    assert event.body["BillingAddress"]["Street"] is None


def test_the_parts_of_a_persons_name_are_nested(rig):
    contact = rig.create("Contact", LastName="Adler", FirstName="Robin")
    subscription = rig.client().subscribe()
    rig.update("Contact", contact, FirstName=None, Birthdate="1999-12-31", MailingCity="Ulm")
    (event,) = subscription.events(1)
    assert event.changed == {"Name.FirstName", "Birthdate", "MailingAddress.City", "LastModifiedDate"}
    assert event.nulled == {"Name.FirstName"}
    assert event.body["Birthdate"] == 946_598_400_000


def test_a_person_accounts_name_comes_in_its_parts(rig):
    rig.control("POST", "features", {"person_accounts": True})
    subscription = rig.client().subscribe()
    person = rig.create("Account", LastName="Adler", FirstName="Robin")
    rig.update("Account", person, LastName="Falke")
    created, updated = subscription.events(2)
    name = created.body["Name"]
    assert (name["LastName"], name["FirstName"]) == ("Adler", "Robin")
    assert updated.body["Name"]["LastName"] == "Falke"


def test_an_update_that_changes_nothing_still_moves_the_date(rig):
    account = rig.create("Account", Name="Acme")
    subscription = rig.client().subscribe()
    rig.update("Account", account, Name="Acme")
    assert subscription.events(1)[0].changed == {"LastModifiedDate"}


def test_the_origin_names_api_version_and_client(rig):
    subscription = rig.client().subscribe()
    rig.rest(
        "POST", "sobjects/Account", {"Name": "A"}, headers={"Sforce-Call-Options": "client=alguna-console"}
    )
    rig.control("POST", "records/Account", {"fields": {"Name": "B"}})
    ours, theirs = subscription.events(2)
    assert ours.header["changeOrigin"] == f"{ORIGIN};client=alguna-console"
    assert theirs.header["changeOrigin"] == "com/salesforce/api/soap/62.0;client=SfdcInternalAPI/"
    assert theirs.header["commitUser"] != ours.header["commitUser"]


def test_another_editor_is_a_changed_field(rig):
    account = rig.create("Account", Name="Acme")
    subscription = rig.client().subscribe()
    rig.control("PATCH", f"records/Account/{account}", {"fields": {"Phone": "1"}})
    (event,) = subscription.events(1)
    assert event.changed == {"Phone", "LastModifiedById", "LastModifiedDate"}
    assert event.body["LastModifiedById"] == event.header["commitUser"]


def test_a_deletion_takes_contacts_along_in_one_transaction_and_undeletion_brings_all_back(rig):
    account = rig.create("Account", Name="Acme", Phone="1")
    contact = rig.create("Contact", LastName="Adler", AccountId=account)
    subscription = rig.client().subscribe()
    rig.rest("DELETE", f"sobjects/Account/{account}")
    rig.control("POST", f"records/Account/{account}/undelete")
    gone, parent, back, child = subscription.events(4)
    told = [(each.header["changeType"], each.header["recordIds"]) for each in (gone, parent, back, child)]
    assert told == [
        ("DELETE", [contact]), ("DELETE", [account]), ("UNDELETE", [account]), ("UNDELETE", [contact]),
    ]  # fmt: skip
    assert gone.body == parent.body == {}
    assert (back.body["Name"], back.body["Phone"]) == ("Acme", "1")
    assert child.body["AccountId"] == account
    assert gone.header["transactionKey"] == parent.header["transactionKey"] != back.header["transactionKey"]
    assert [each.header["sequenceNumber"] for each in (gone, parent, back, child)] == [1, 2, 1, 2]
    assert parent.header["commitNumber"] < back.header["commitNumber"]


def test_a_merge_moves_children_deletes_the_losers_and_updates_the_winner_once(rig):
    winner, first, second = (rig.create("Account", Name=name) for name in ("W", "L1", "L2"))
    children = [rig.create("Contact", LastName=str(n), AccountId=first) for n in range(2)]
    subscription = rig.client().subscribe()
    answer = rig.control(
        "POST", f"records/Account/{winner}/merge", {"losers": [first, second], "fields": {"Phone": "9"}}
    )
    assert (answer["Id"], answer["Phone"]) == (winner, "9")
    moved, lost, won = subscription.events(3)
    assert (moved.header["entityName"], moved.header["changeType"]) == ("Contact", "UPDATE")
    assert moved.header["recordIds"] == children
    assert (moved.changed, moved.body) == ({"AccountId"}, {"AccountId": winner})
    assert (lost.header["changeType"], lost.header["recordIds"]) == ("DELETE", [first, second])
    assert (won.header["changeType"], won.header["recordIds"]) == ("UPDATE", [winner])
    assert won.body["Phone"] == "9"
    assert len({each.header["transactionKey"] for each in (moved, lost, won)}) == 1


def test_the_same_change_of_many_records_in_one_transaction_is_one_event(rig):
    accounts = [rig.create("Account", Name=f"A{n}") for n in range(4)]
    subscription = rig.client().subscribe()
    records = [
        {"attributes": {"type": "Account"}, "id": each, "Industry": "Apparel"} for each in accounts[:3]
    ]
    records.append({"attributes": {"type": "Account"}, "id": accounts[3], "Industry": "Energy"})
    rig.rest("PATCH", "composite/sobjects", {"allOrNone": False, "records": records})
    same, other = subscription.events(2)
    assert same.header["recordIds"] == accounts[:3]
    assert same.body["Industry"] == "Apparel"
    assert other.header["recordIds"] == accounts[3:]
    assert [same.header["sequenceNumber"], other.header["sequenceNumber"]] == [1, 2]
    rig.rest("DELETE", f"composite/sobjects?ids={','.join(accounts)}")
    assert subscription.events(3)[2].header["recordIds"] == accounts


def test_records_that_a_collection_creates_are_events_of_their_own_and_failed_ones_are_none(rig):
    subscription = rig.client().subscribe()
    rows = [{"attributes": {"type": "Account"}, "Name": "Same"} for _ in range(2)]
    bad = {"attributes": {"type": "Account"}, "Name": "x" * 300}
    rig.rest("POST", "composite/sobjects", {"allOrNone": False, "records": [rows[0], bad, rows[1]]})
    events = subscription.events(2)
    assert [len(each.header["recordIds"]) for each in events] == [1, 1]
    rig.rest("POST", "composite/sobjects", {"allOrNone": True, "records": [rows[0], bad]})
    rig.create("Account", Name="Last")
    assert subscription.events(3)[2].body["Name"] == "Last"


def test_composite_requests_and_bulk_jobs_tell_their_changes_too(rig):
    subscription = rig.client().subscribe()
    body = {"allOrNone": True, "compositeRequest": [
        {"method": "POST", "url": "/services/data/v62.0/sobjects/Account", "referenceId": "a", "body": {"Name": "C"}},
        {"method": "POST", "url": "/services/data/v62.0/sobjects/Contact", "referenceId": "b",
         "body": {"LastName": "K", "AccountId": "@{a.id}"}},
    ]}  # fmt: skip
    rig.rest("POST", "composite", body)
    account, contact = subscription.events(2)
    assert account.header["transactionKey"] == contact.header["transactionKey"]
    assert contact.body["AccountId"] == account.header["recordIds"][0]
    job = rig.rest(
        "POST", "jobs/ingest", {"object": "Account", "operation": "insert"},
        headers={"Sforce-Call-Options": "client=loader"},
    )  # fmt: skip
    rig.rest(
        "PUT", f"jobs/ingest/{job['id']}/batches", content=b"Name\nBulk 1\nBulk 2\n",
        headers={"Content-Type": "text/csv"},
    )  # fmt: skip
    rig.rest("PATCH", f"jobs/ingest/{job['id']}", {"state": "UploadComplete"})
    loaded = subscription.events(4)[2:]
    assert sorted(each.body["Name"] for each in loaded) == ["Bulk 1", "Bulk 2"]
    assert {each.header["changeOrigin"] for each in loaded} == {
        "com/salesforce/api/bulkapi/62.0;client=loader"
    }


def test_objects_that_nobody_selected_are_silent_but_count_in_the_sequence(bare):
    bare.select("ContactChangeEvent", "ChangeEvents")
    account = bare.create("Account", Name="Acme")
    contact = bare.create("Contact", LastName="Adler", AccountId=account)
    subscription = bare.client().subscribe("/data/ChangeEvents")
    records = [
        {"attributes": {"type": "Account"}, "id": account, "Phone": "1"},
        {"attributes": {"type": "Contact"}, "id": contact, "Phone": "1"},
    ]
    bare.rest("PATCH", "composite/sobjects", {"records": records})
    (event,) = subscription.events(1)
    assert (event.header["entityName"], event.header["sequenceNumber"]) == ("Contact", 2)


def test_enriched_fields_come_with_updates_and_deletions_of_their_channel_alone(bare):
    bare.channel()
    enriched = [{"name": "Phone"}, {"name": "Fax"}, {"name": "BillingAddress"}]
    bare.select("AccountChangeEvent", enrichedFields=enriched)
    bare.select("AccountChangeEvent", "ChangeEvents")
    client = bare.client()
    rich, plain = client.subscribe(), client.subscribe("/data/ChangeEvents")
    account = bare.create("Account", Name="Acme", Phone="1", BillingCity="Ulm")
    bare.update("Account", account, Website="a.example")
    bare.rest("DELETE", f"sobjects/Account/{account}")
    _, update, delete = rich.events(3)
    assert (update.body["Phone"], update.body["BillingAddress"]["City"]) == ("1", "Ulm")
    assert update.changed == {"Website", "LastModifiedDate"}
    assert delete.body["Phone"] == "1"
    assert "Fax" not in update.body  # an empty one is not added
    _, update, delete = plain.events(3)
    assert set(update.body) == {"Website", "LastModifiedDate"}
    assert delete.body == {}


def test_a_filter_lets_only_matching_records_pass_and_adds_its_fields(bare):
    bare.channel()
    bare.select("AccountChangeEvent", filterExpression="Industry = 'Energy' AND (NumberOfEmployees > 5)")
    subscription = bare.client().subscribe()
    bare.create("Account", Name="Small", Industry="Energy", NumberOfEmployees=2)
    bare.create("Account", Name="Other", Industry="Banking", NumberOfEmployees=20)
    large = bare.create("Account", Name="Large", Industry="Energy", NumberOfEmployees=20)
    bare.update("Account", large, Phone="1")
    created, updated = subscription.events(2)
    assert created.body["Name"] == "Large"
    assert (updated.body["Industry"], updated.body["NumberOfEmployees"]) == ("Energy", 20)
    assert updated.changed == {"Phone", "LastModifiedDate"}


def test_an_event_that_is_too_large_becomes_a_gap_event(rig):
    subscription = rig.client().subscribe()
    rig.control("POST", "events/options", {"max_bytes": 20_000})
    account = rig.create("Account", Name="Acme", Description="d" * 25_000)
    (event,) = subscription.events(1)
    assert (event.header["changeType"], event.header["recordIds"]) == ("GAP_CREATE", [account])
    assert event.body == {}


def test_too_many_changes_in_one_transaction_overflow_once_for_each_object(rig):
    rig.control("POST", "events/options", {"overflow_changes": 2})
    subscription = rig.client().subscribe()
    rows = [{"attributes": {"type": "Account"}, "Name": f"A{n}"} for n in range(4)]
    rows.append({"attributes": {"type": "Contact"}, "LastName": "K"})
    rig.rest("POST", "composite/sobjects", {"records": rows})
    events = subscription.events(4)
    assert [each.header["changeType"] for each in events] == [
        "CREATE",
        "CREATE",
        "GAP_OVERFLOW",
        "GAP_OVERFLOW",
    ]
    assert [each.header["entityName"] for each in events[2:]] == ["Account", "Contact"]
    assert {tuple(each.header["recordIds"]) for each in events[2:]} == {("000000000000000AAA",)}


@pytest.mark.parametrize("change", ["CREATE", "UPDATE", "DELETE", "UNDELETE"])
def test_a_gap_can_be_provoked_with_ids_of_any_length(rig, change):
    account = rig.create("Account", Name="Acme")
    subscription = rig.client().subscribe()
    answer = rig.control("POST", "events/gap", {"object": "account", "change": change, "ids": [account[:15]]})
    assert "gap" in answer["sentence"]
    (event,) = subscription.events(1)
    assert (event.header["changeType"], event.header["recordIds"]) == (f"GAP_{change}", [account])
    assert event.body == {}
    assert event.changed == set()


def test_an_overflow_and_a_wildcard_can_be_provoked(rig):
    subscription = rig.client().subscribe()
    rig.control("POST", "events/gap", {"object": "Contact", "change": "OVERFLOW"})
    rig.control("POST", "events/gap", {"object": "Account", "change": "UPDATE", "ids": ["001*"]})
    overflow, wildcard = subscription.events(2)
    assert overflow.header["recordIds"] == ["000000000000000AAA"]
    assert (wildcard.header["changeType"], wildcard.header["recordIds"]) == ("GAP_UPDATE", ["001*"])


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"object": "Account", "change": "RENAME", "ids": ["001*"]},
        {"object": "Account", "change": "UPDATE"},
        {"object": "Account", "change": "UPDATE", "ids": ["003*"]},
        {"object": "Nonsense", "change": "UPDATE", "ids": ["003*"]},
        {"object": "User", "change": "OVERFLOW"},
    ],
)
def test_a_gap_that_makes_no_sense_is_refused_in_a_sentence(rig, body):
    assert rig.control("POST", "events/gap", body, status=400)["error"]


def test_a_transaction_that_fails_leaves_no_event(rig):
    subscription = rig.client().subscribe()
    rig.rest("POST", "sobjects/Contact", {"FirstName": "No last name"}, status=400)
    body = {"allOrNone": True, "compositeRequest": [
        {"method": "POST", "url": "/services/data/v62.0/sobjects/Account", "referenceId": "a", "body": {"Name": "C"}},
        {"method": "POST", "url": "/services/data/v62.0/sobjects/Contact", "referenceId": "b", "body": {}},
    ]}  # fmt: skip
    rig.rest("POST", "composite", body)
    rig.create("Account", Name="Heard")
    assert subscription.events(1)[0].body["Name"] == "Heard"
