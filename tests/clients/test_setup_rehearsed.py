"""Preparing an org: what is planned, made, found again, and left alone."""

from __future__ import annotations

from typing import Any

import pytest

from console.domain.fields import CUSTOM_FIELDS, CUSTOMER_ID, TAX_RATE
from console.errors import ConsoleError, Refused
from console.salesforce.custom_fields import without_misfits
from console.salesforce.setup import Artefact, SetupItem, SetupPlan, apply_setup, plan_setup, verify
from console.salesforce.setup.permission_set import STANDARD_FIELDS
from tests.clients.rehearsed import Stage

FIELDS = [f"Account.{field.api_name}" for field in CUSTOM_FIELDS]


def prepare(stage: Stage) -> list[Artefact]:
    with stage.org() as org:
        return apply_setup(org, plan_setup(org))


def plan(stage: Stage) -> SetupPlan:
    with stage.org() as org:
        return plan_setup(org)


def item(found: SetupPlan, kind: str, name: str) -> SetupItem:
    return next(each for each in found.items if (each.kind, each.api_name) == (kind, name))


def stored(stage: Stage) -> dict[str, str]:
    with stage.org() as org:
        rows = [
            row
            for page in org.query("SELECT Id, DeveloperName FROM CustomField", tooling=True)
            for row in page
        ]
    return {
        f"Account.{row['DeveloperName']}__c": row["Id"]
        for row in rows
        if row["DeveloperName"].startswith("Alguna_")
    }


def make_field(stage: Stage, name: str, **metadata: Any) -> None:
    with stage.org() as org:
        body = {"FullName": f"Account.{name}", "Metadata": {"label": name.replace("_", " "), **metadata}}
        org.send("POST", "tooling/sobjects/CustomField", body)


def test_a_bare_org_needs_everything_and_looking_changes_nothing(fresh_stage: Stage) -> None:
    found = plan(fresh_stage)
    assert [each.api_name for each in found.changes if each.kind == "field"] == FIELDS
    assert [each.api_name for each in found.changes if each.kind == "field_permission"] == [
        *FIELDS,
        *STANDARD_FIELDS,
    ]
    assert {each.kind for each in found.changes} - {"channel", "channel_member"} == {
        "field",
        "permission_set",
        "object_permission",
        "field_permission",
        "assignment",
    }
    assert {each.kind for each in found.problems} <= {"channel"}
    assert found.obstacle is None
    assert stored(fresh_stage) == {}
    assert "Currency(8,2)" in item(found, "field", "Account.Alguna_Subscription_Value__c").detail
    assert "external id, unique" in item(found, "field", f"Account.{CUSTOMER_ID}").detail


def test_what_is_planned_is_made_and_seen_by_the_signed_in_user(fresh_stage: Stage) -> None:
    steps: list[tuple[str, str]] = []
    with fresh_stage.org() as org:
        found = plan_setup(org)
        artefacts = apply_setup(org, found, lambda each, step: steps.append((each.api_name, step)))
        assert verify(org) == []
        seen = org.describe("Account")
    assert len(artefacts) == len(found.changes)
    assert all(each.created for each in artefacts)
    assert steps == [(each.api_name, step) for each in found.changes for step in ("doing", "done")]
    identity = seen[CUSTOMER_ID]
    assert (identity.type, identity.length, identity.unique, identity.external_id) == (
        "string",
        255,
        True,
        True,
    )
    value = seen["Alguna_Subscription_Value__c"]
    assert (value.type, value.precision, value.scale) == ("currency", 10, 2)
    assert all(seen[field.api_name].updateable for field in CUSTOM_FIELDS)


def test_again_is_no_change(fresh_stage: Stage) -> None:
    first = prepare(fresh_stage)
    before = fresh_stage.calls("salesforce", "POST /")
    second = prepare(fresh_stage)
    assert fresh_stage.calls("salesforce", "POST /") == before
    assert [(each.kind, each.sf_id) for each in second] == [(each.kind, each.sf_id) for each in first]
    assert not any(each.created for each in second)
    assert plan(fresh_stage).changes == ()


def test_a_missing_field_alone_is_made_again(fresh_stage: Stage) -> None:
    prepare(fresh_stage)
    name = f"Account.{TAX_RATE}"
    with fresh_stage.org() as org:
        org.send("DELETE", f"tooling/sobjects/CustomField/{stored(fresh_stage)[name]}")
        found = plan_setup(org)
        assert [(each.kind, each.api_name) for each in found.changes] == [
            ("field", name),
            ("field_permission", name),
        ]
        apply_setup(org, found)
        assert verify(org) == []


def test_a_right_that_was_taken_away_is_granted_again(fresh_stage: Stage) -> None:
    prepare(fresh_stage)
    with fresh_stage.org() as org:
        right = next(
            row
            for page in org.query("SELECT Id, Field FROM FieldPermissions")
            for row in page
            if row["Field"] == f"Account.{TAX_RATE}"
        )
        org.send("PATCH", f"sobjects/FieldPermissions/{right['Id']}", {"PermissionsEdit": False})
        assert [each.kind for each in verify(org, patience=0)] == ["field_permission"]
        apply_setup(org, plan_setup(org))
        assert verify(org) == []


@pytest.mark.parametrize(
    ("name", "metadata", "words"),
    [
        (TAX_RATE, {"type": "Number", "precision": 5, "scale": 2}, "exists as"),
        (TAX_RATE, {"type": "Text", "length": 40}, "with 40 characters and needs 255"),
        (
            "Alguna_Subscription_Value__c",
            {"type": "Currency", "precision": 8, "scale": 2},
            "room for 6 digits",
        ),
        ("Alguna_Subscription_Started_Date__c", {"type": "Date"}, "exists as"),
    ],
)
def test_a_field_of_another_shape_is_explained_and_never_changed(
    fresh_stage: Stage, name: str, metadata: dict[str, Any], words: str
) -> None:
    make_field(fresh_stage, name, **metadata)
    before = stored(fresh_stage)[f"Account.{name}"]
    found = plan(fresh_stage)
    wrong = item(found, "field", f"Account.{name}")
    assert (wrong.action, words in wrong.detail) == ("mismatch", True)
    assert found.obstacle is None
    prepare(fresh_stage)
    assert stored(fresh_stage)[f"Account.{name}"] == before
    assert len(stored(fresh_stage)) == 13
    with fresh_stage.org() as org:
        assert [(each.api_name, each.action) for each in verify(org, patience=0)] == [
            (f"Account.{name}", "mismatch")
        ]


def test_a_field_of_another_shape_is_not_among_those_that_the_sync_may_use(fresh_stage: Stage) -> None:
    make_field(fresh_stage, TAX_RATE, type="Number", precision=5, scale=2)
    prepare(fresh_stage)
    with fresh_stage.org() as org:
        plan_items = plan_setup(org)
        rights = item(plan_items, "permission_set", "Alguna_Sync").sf_id
        grant = {
            "ParentId": rights,
            "SobjectType": "Account",
            "Field": f"Account.{TAX_RATE}",
            "PermissionsRead": True,
            "PermissionsEdit": True,
        }
        org.send("POST", "sobjects/FieldPermissions", grant)
        seen = org.describe("Account")
    assert TAX_RATE in seen
    assert without_misfits(seen).keys() == seen.keys() - {TAX_RATE}


def test_a_customer_id_that_is_not_unique_stops_the_set_up_with_what_to_do(fresh_stage: Stage) -> None:
    make_field(fresh_stage, CUSTOMER_ID, type="Text", length=255)
    found = plan(fresh_stage)
    assert found.obstacle is not None
    assert "External ID" in found.obstacle.detail
    with pytest.raises(Refused, match="tick 'External ID'"):
        prepare(fresh_stage)
    assert len(stored(fresh_stage)) == 1


def test_a_fitting_field_that_was_there_before_is_not_taken_for_ours(fresh_stage: Stage) -> None:
    make_field(fresh_stage, TAX_RATE, type="Text", length=255)
    artefacts = {(each.kind, each.api_name): each for each in prepare(fresh_stage)}
    assert artefacts["field", f"Account.{TAX_RATE}"].created is False
    assert artefacts["field_permission", f"Account.{TAX_RATE}"].created is True


@pytest.mark.parametrize(
    ("permission", "kind", "words"),
    [
        ("CustomizeApplication", "field", "Customize Application"),
        ("ManageProfilesPermissionsets", "permission_set", "Manage Profiles and Permission Sets"),
        ("AssignPermissionSets", "assignment", "Assign Permission Sets"),
    ],
)
def test_without_the_permission_nothing_is_made_and_the_permission_is_named(
    fresh_stage: Stage, permission: str, kind: str, words: str
) -> None:
    fresh_stage.tell(
        "POST", f"/salesforce/users/{fresh_stage.salesforce['username']}/permissions", **{permission: False}
    )
    found = plan(fresh_stage)
    assert found.obstacle is not None
    assert (found.obstacle.kind, words in found.obstacle.detail) == (kind, True)
    with pytest.raises(Refused, match=words):
        prepare(fresh_stage)
    assert stored(fresh_stage) == {}


def test_a_refusal_half_way_is_told_and_the_next_attempt_goes_on(fresh_stage: Stage) -> None:
    with fresh_stage.org() as org:
        found = plan_setup(org)
        fresh_stage.fault(
            "salesforce", "INSUFFICIENT_ACCESS", match="POST /services/data/v62.0/sobjects/PermissionSet"
        )
        with pytest.raises(Refused, match="may not do this"):
            apply_setup(org, found)
        assert len(stored(fresh_stage)) == 13
        apply_setup(org, plan_setup(org))
        assert verify(org) == []


def test_answers_lost_after_the_effect_make_nothing_twice_and_nothing_missing(fresh_stage: Stage) -> None:
    with fresh_stage.org() as org:
        found = plan_setup(org)
        fresh_stage.fault("salesforce", "DROP_AFTER", next=60, match="POST ")
        artefacts = apply_setup(org, found)
        fresh_stage.reset()
        assert all(each.created for each in artefacts)
        assert verify(org) == []
    assert len(stored(fresh_stage)) == 13
    assert len(fresh_stage.rows("SELECT Id FROM PermissionSet WHERE Name = 'Alguna_Sync'")) == 1


def test_answers_lost_before_the_effect_are_told_and_nothing_is_claimed(fresh_stage: Stage) -> None:
    with fresh_stage.org() as org:
        found = plan_setup(org)
        fresh_stage.fault("salesforce", "DROP", next=1, match="POST ")
        with pytest.raises(ConsoleError, match="was cut"):
            apply_setup(org, found)
    assert stored(fresh_stage) == {}


def test_somebody_who_makes_a_field_at_the_same_time_is_no_failure(fresh_stage: Stage) -> None:
    with fresh_stage.org() as org:
        found = plan_setup(org)
        make_field(
            fresh_stage,
            CUSTOMER_ID,
            type="Text",
            length=255,
            externalId=True,
            unique=True,
            caseSensitive=True,
        )
        artefacts = apply_setup(org, found)
    assert artefacts[0] == Artefact("field", f"Account.{CUSTOMER_ID}", artefacts[0].sf_id, created=False)
    assert all(each.created for each in artefacts[1:])


def test_verify_waits_for_rights_that_are_not_felt_yet(fresh_stage: Stage) -> None:
    with fresh_stage.org() as org:
        waits: list[float] = []

        def sleep(seconds: float) -> None:
            waits.append(seconds)
            if len(waits) == 2:
                apply_setup(org, plan_setup(org))

        assert verify(org, patience=10, sleep=sleep) == []
        assert waits == [0.5, 1.0]
