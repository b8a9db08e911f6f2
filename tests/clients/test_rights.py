"""What rights allow, and what an org is like: pure functions of what the org tells."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.fields import CUSTOM_FIELDS, CUSTOMER_ID, FIELDS
from console.salesforce.features import features
from console.salesforce.info import object_info
from console.salesforce.rights import PERMISSIONS, Held, Light, ObjectRights, capabilities

KEYS = frozenset(spec.key for spec in FIELDS)
ALL = ObjectRights(read=True, create=True, edit=True, view_all=True)
EVERYTHING = Held(
    permissions=dict.fromkeys(PERMISSIONS, True),
    objects={"Account": ALL, "Contact": ALL},
    readable=KEYS,
    writable=KEYS,
    channel=True,
    bulk=15_000,
)
WORSE = [Light.GREEN, Light.AMBER, Light.RED]


def lights(held: Held) -> dict[str, Light]:
    return {each.key: each.light for each in capabilities(held)}


rights = st.builds(
    ObjectRights, read=st.booleans(), create=st.booleans(), edit=st.booleans(), view_all=st.booleans()
)
helds = st.builds(
    Held,
    permissions=st.fixed_dictionaries({name: st.booleans() for name in PERMISSIONS}),
    objects=st.fixed_dictionaries({"Account": rights, "Contact": rights}),
    readable=st.frozensets(st.sampled_from(sorted(KEYS))),
    writable=st.frozensets(st.sampled_from(sorted(KEYS))),
    channel=st.booleans(),
    shared=st.booleans(),
)


def test_who_holds_everything_may_do_everything() -> None:
    assert set(lights(EVERYTHING).values()) == {Light.GREEN}


@given(helds)
def test_what_is_not_green_says_what_is_missing_and_where_it_is_granted(held: Held) -> None:
    for each in capabilities(held):
        assert each.sentence.endswith(".")
        assert (each.light is Light.GREEN) == (not each.missing)
        assert all(missing.permission and missing.where.startswith("Setup, ") for missing in each.missing)


@given(helds, st.sampled_from(sorted(PERMISSIONS)))
def test_another_permission_never_makes_anything_worse(held: Held, permission: str) -> None:
    more = replace(held, permissions={**held.permissions, permission: True})
    before, after = lights(held), lights(more)
    assert all(WORSE.index(after[key]) <= WORSE.index(before[key]) for key in before)


@pytest.mark.parametrize(
    ("lost", "key", "light"),
    [
        ({"Account": replace(ALL, create=False)}, "write", Light.AMBER),
        ({"Account": replace(ALL, read=False)}, "read", Light.RED),
        ({"Contact": ObjectRights()}, "read", Light.AMBER),
        ({"Account": replace(ALL, view_all=False)}, "changes", Light.GREEN),
    ],
)
def test_a_right_on_an_object_takes_only_its_own_thing_away(
    lost: dict[str, ObjectRights], key: str, light: Light
) -> None:
    assert lights(replace(EVERYTHING, objects={**EVERYTHING.objects, **lost}))[key] is light


def test_without_view_all_changes_are_polled_for() -> None:
    held = replace(
        EVERYTHING,
        permissions={**EVERYTHING.permissions, "ViewAllData": False},
        objects={"Account": replace(ALL, view_all=False), "Contact": ALL},
    )
    (found,) = [each for each in capabilities(held) if each.light is not Light.GREEN]
    assert (found.key, found.missing[0].permission) == ("changes", "View All on Accounts")
    assert "polled" in found.sentence


def test_the_identity_field_alone_decides_whether_missing_fields_end_everything() -> None:
    denied = {**EVERYTHING.permissions, "CustomizeApplication": False}
    other = next(field.api_name for field in CUSTOM_FIELDS if field.api_name != CUSTOMER_ID)
    for name, light in ((other, Light.AMBER), (CUSTOMER_ID, Light.RED)):
        held = replace(
            EVERYTHING,
            permissions=denied,
            absent=frozenset({name}),
            readable=KEYS - {name},
            writable=KEYS - {name},
        )
        assert lights(held)["fields"] is light


def described(*fields: dict[str, Any], **more: Any) -> Any:
    plain = {"label": "x", "type": "string", "nillable": True, "createable": True, "updateable": True}
    return object_info({"name": "Account", "fields": [{**plain, **each} for each in fields], **more})


@pytest.mark.parametrize(
    ("field", "key", "attention"),
    [
        ({"name": "CurrencyIsoCode", "type": "picklist"}, "multi_currency", False),
        ({"name": "BillingCountryCode", "type": "picklist"}, "state_country", False),
        ({"name": "IsPersonAccount", "type": "boolean"}, "person_accounts", False),
        ({"name": "Region__c", "custom": True, "nillable": False}, "required_account", True),
        ({"name": "Website", "filterable": False, "encrypted": True}, "encrypted", False),
        ({"name": CUSTOMER_ID, "filterable": False, "custom": True}, "encrypted_id", True),
    ],
)
def test_each_feature_of_an_org_is_told_in_a_sentence(
    field: dict[str, Any], key: str, attention: bool
) -> None:
    (found,) = features({"Account": described(field), "Contact": None})
    assert (found.key, found.attention) == (key, attention)
    assert found.sentence.endswith(".")


def test_a_required_field_with_a_default_is_no_obstacle() -> None:
    field = {"name": "Region__c", "custom": True, "nillable": False, "defaultedOnCreate": True}
    assert features({"Account": described(field)}) == ()


def test_the_default_record_type_is_named() -> None:
    types = [
        {"name": "Master", "master": True, "available": True},
        {"name": "Partner", "available": True, "defaultRecordTypeMapping": True},
    ]
    (found,) = features({"Account": described(recordTypeInfos=types)})
    assert "Partner" in found.sentence
