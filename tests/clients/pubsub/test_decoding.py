"""Payloads of change events: which fields they tell, which they empty, and what they leave open."""

import contextlib
import importlib.util
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from console.salesforce.pubsub.bitmaps import named, parts_of
from console.salesforce.pubsub.decoding import Schema, Undecodable, decode
from console.salesforce.pubsub.events import ChangeEvent

from .schemas import ACCOUNT, ADDRESS, CONTACT, bits, payload, text

LEAVES = [
    *(field["name"] for field in ACCOUNT["fields"]),
    *(
        f"{compound}.{part['name']}"
        for compound in ("BillingAddress", "ShippingAddress")
        for part in ADDRESS["fields"]
    ),
]


@given(st.sets(st.sampled_from(LEAVES)))
def test_a_bitmap_names_exactly_the_fields_whose_bits_are_set(names):
    assert named(ACCOUNT, bits(ACCOUNT, *names)) == names


@given(st.lists(st.from_regex(r"\A(?:[0-9]{1,3}-)?0x[0-9A-Fa-f]{1,12}\Z"), max_size=4))
@example(["0-0x1"])
def test_any_bitmap_names_fields_of_the_schema_or_is_refused(entries):
    try:
        found = named(ACCOUNT, entries)
    except ValueError:
        return
    parts = {f"{whole}.{part}" for whole, its in parts_of(ACCOUNT).items() for part in its}
    assert found <= {field["name"] for field in ACCOUNT["fields"]} | parts


def test_the_documented_example_is_the_field_at_place_22():
    schema = {"fields": [{"name": f"F{n}", "type": "string"} for n in range(30)]}
    assert named(schema, ["0x400000"]) == {"F22"}
    assert named(ACCOUNT, ["4-0x01"]) == {"BillingAddress.Street"}


@pytest.mark.parametrize(
    "entry", ["", "x", "12", "0x", "0xZZ", "-0x1", "a-0x1", "99-0x1", "1-2-0x1", "2-0x01", "0xFFFFFF"]
)
def test_what_is_no_bitmap_of_this_schema_is_refused(entry):
    with pytest.raises(ValueError, match=r"bitmap|literal"):
        named(ACCOUNT, [entry])


def test_compound_fields_are_found_where_a_later_one_only_names_the_type():
    found = parts_of(ACCOUNT)
    assert found["ShippingAddress"] == found["BillingAddress"]
    assert found["Name"] == ("Salutation", "FirstName", "LastName")


def read(schema, header, **values) -> ChangeEvent:
    return decode(Schema.of(text(schema)), payload(schema, header, **values))


def test_an_update_tells_what_changed_and_what_was_emptied_and_nothing_else():
    event = read(
        ACCOUNT,
        {
            "changedFields": bits(ACCOUNT, "Name", "Website", "BillingAddress.City", "LastModifiedDate"),
            "nulledFields": bits(ACCOUNT, "Website", "BillingAddress.State"),
        },
        Name="Gondor Ltd",
        BillingAddress={"City": "Minas Tirith"},
        LastModifiedDate=1_767_312_000_000,
    )
    assert event.values == {
        "Name": "Gondor Ltd",
        "Website": None,
        "BillingAddress.City": "Minas Tirith",
        "BillingAddress.State": None,
        "LastModifiedDate": 1_767_312_000_000,
    }
    assert not event.unclear
    assert event.row()["BillingCity"] == "Minas Tirith"
    assert (event.entity, event.kind, event.record_ids) == ("Account", "UPDATE", ("001000000000001AAA",))
    assert event.commit_number == 10_000_000_000_000_001


def test_an_address_that_was_cleared_whole_empties_all_its_parts():
    event = read(ACCOUNT, {"nulledFields": bits(ACCOUNT, "BillingAddress")})
    assert event.values == {f"BillingAddress.{part['name']}": None for part in ADDRESS["fields"]}


def test_a_change_without_its_value_is_told_as_unclear():
    event = read(ACCOUNT, {"changedFields": bits(ACCOUNT, "Website", "Phone")}, Phone="1")
    assert event.unclear == {"Website"}
    assert event.values == {"Phone": "1"}


def test_a_field_sent_as_a_difference_is_unclear():
    diff = bits(ACCOUNT, "Description")
    event = read(ACCOUNT, {"changedFields": diff, "diffFields": diff}, Description="--- a\n+++ b")
    assert event.unclear == {"Description"}
    assert not event.values


def test_a_creation_tells_all_set_fields_and_names_of_contacts_by_their_parts():
    event = read(
        CONTACT,
        {"changeType": "CREATE", "recordIds": ["003000000000001AAA"]},
        AccountId="001000000000001AAA",
        Name={"FirstName": "Ada", "LastName": "Tin"},
        Email="ada@tin.example",
    )
    assert event.row() == {
        "AccountId": "001000000000001AAA",
        "FirstName": "Ada",
        "LastName": "Tin",
        "Email": "ada@tin.example",
    }


def test_a_gap_tells_ids_only_and_its_bitmaps_are_not_looked_at():
    event = read(ACCOUNT, {"changeType": "GAP_UPDATE", "changedFields": ["nonsense"]}, Name="x")
    assert (event.kind, dict(event.values), event.unclear) == ("GAP_UPDATE", {}, frozenset())


@pytest.mark.parametrize(
    ("header", "whole"),
    [
        ({"changeType": "GAP_OVERFLOW", "recordIds": ["000000000000000AAA"]}, True),
        ({"changeType": "GAP_UPDATE", "recordIds": ["001*"]}, True),
        ({"changeType": "GAP_UPDATE"}, False),
        ({}, False),
    ],
)
def test_an_overflow_and_a_wildcard_concern_the_whole_object(header, whole):
    assert read(ACCOUNT, header).is_whole_object is whole


@pytest.mark.parametrize(
    ("origin", "ours"),
    [
        ("com/salesforce/api/rest/62.0;client=alguna-console", True),
        ("com/salesforce/api/bulkapi/62.0;client=alguna-console", True),
        ("com/salesforce/api/rest/62.0;client=alguna-console-2", False),
        ("com/salesforce/api/soap/62.0;client=SfdcInternalAPI/", False),
        ("", False),
    ],
)
def test_our_own_writes_are_known_by_the_client_they_name(origin, ours):
    assert read(ACCOUNT, {"changeOrigin": origin}).made_by("alguna-console") is ours


def test_ids_of_15_characters_get_their_18():
    assert read(ACCOUNT, {"recordIds": ["001000000000001"]}).record_ids == ("001000000000001AAA",)


@given(st.binary(max_size=200))
def test_any_bytes_are_an_event_or_refused_as_undecodable(data):
    with contextlib.suppress(Undecodable):
        decode(Schema.of(text(ACCOUNT)), data)


def test_a_cut_payload_is_undecodable():
    whole = payload(ACCOUNT, {}, Name="Gondor")
    with pytest.raises(Undecodable):
        decode(Schema.of(text(ACCOUNT)), whole[: len(whole) // 2])


@pytest.mark.parametrize(
    "schema", ["", "null", "[]", '{"type":"record","name":"X","fields":[]}', '"string"', "{"]
)
def test_what_is_no_schema_of_a_change_event_is_refused(schema):
    with pytest.raises(Undecodable):
        Schema.of(schema)


def test_nothing_of_grpc_or_avro_is_loaded_before_a_stream_is_wanted():
    import subprocess

    code = (
        "import sys, console.sync.session, console.sync.runner, console.cli;"
        "print([m for m in ('grpc', 'fastavro', 'google.protobuf') if m in sys.modules])"
    )
    out = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    assert out.stdout.strip() == "[]"
    assert importlib.util.find_spec("grpc") is not None
