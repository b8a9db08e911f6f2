"""getUpdated and getDeleted: spans, how far back they reach, and what they leave out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from console.rehearsal.salesforce import replication

from .conftest import Clock, Desk, refused, told

HOUR = timedelta(hours=1)


def updated(desk: Desk, start: datetime, end: datetime, sobject: str = "Account") -> dict[str, object]:
    return desk.org.updated(desk.caller, sobject, start, end)


def deleted(desk: Desk, start: datetime, end: datetime) -> dict[str, object]:
    return desk.org.deleted(desk.caller, "account", start, end)


def test_updated_lists_what_was_written_in_the_span(admin: Desk, clock: Clock) -> None:
    start = clock()
    old = admin.insert("Account", Name="old")
    clock.forward(hours=2)
    new = admin.insert("Account", Name="new")
    gone = admin.insert("Account", Name="gone")
    admin.delete("Account", gone)
    clock.forward(minutes=5)
    assert updated(admin, start, clock()) == {
        "ids": [old, new],
        "latestDateCovered": "2026-03-04T07:11:07.000+0000",
    }
    assert updated(admin, start + HOUR, clock() + HOUR)["ids"] == [new]
    admin.update("Account", old, Name="older")
    clock.forward(seconds=1)
    assert updated(admin, start + HOUR, clock())["ids"] == [new, old]


def test_the_next_span_starts_where_this_one_ended_so_that_nothing_is_missed(
    admin: Desk, clock: Clock
) -> None:
    start = clock().replace(microsecond=0)
    seen: list[object] = []
    for number in range(5):
        made = admin.insert("Account", Name=str(number))
        clock.forward(milliseconds=700)
        answer = updated(admin, start, clock() + HOUR)
        assert isinstance(answer["ids"], list)
        seen += answer["ids"]
        start = datetime.fromisoformat(str(answer["latestDateCovered"]))
        assert start <= clock()
        if made not in seen:
            clock.forward(seconds=1)
            assert made in updated(admin, start, clock())["ids"]  # type: ignore[operator]


def test_deleted_lists_what_lies_in_the_bin(admin: Desk, clock: Clock) -> None:
    start = clock()
    account = admin.insert("Account", Name="x")
    clock.forward(hours=1)
    admin.delete("Account", account)
    clock.forward(hours=1)
    answer = deleted(admin, start, clock())
    assert answer == {
        "deletedRecords": [{"id": account, "deletedDate": "2026-03-04T06:06:07.891+0000"}],
        "earliestDateAvailable": "2026-02-17T07:06:07.891+0000",
        "latestDateCovered": "2026-03-04T07:06:07.000+0000",
    }
    assert updated(admin, start, clock())["ids"] == []
    admin.org.undelete(admin.caller, "Account", account)
    assert deleted(admin, start, clock())["deletedRecords"] == []


def test_the_zone_of_a_moment_counts(admin: Desk, clock: Clock) -> None:
    made = admin.insert("Account", Name="x")
    east = timezone(timedelta(hours=5))
    clock.forward(hours=2)
    start = (clock() - 3 * HOUR).astimezone(east)
    assert updated(admin, start, clock().astimezone(east))["ids"] == [made]


@pytest.mark.parametrize(("call", "days"), [(updated, 30), (deleted, 15)])
def test_there_is_an_end_to_how_far_back_one_can_ask(
    admin: Desk, clock: Clock, call: object, days: int
) -> None:
    assert callable(call)
    reach = timedelta(days=days)
    call(admin, clock() - reach + HOUR, clock())
    assert told(refused(call, admin, clock() - reach - HOUR, clock())) == (
        400,
        "INVALID_REPLICATION_DATE",
        "startDate before org replication enabled date",
        None,
    )


def test_a_span_has_a_length(admin: Desk, clock: Clock) -> None:
    now = clock()
    for end in (now, now - HOUR, now + timedelta(milliseconds=50)):
        error = refused(updated, admin, now, end)
        assert (error.status, error.code) == (400, "INVALID_REPLICATION_DATE")


def test_too_many_ids_ask_for_a_shorter_span(
    admin: Desk, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replication, "MOST_IDS", 3)
    for number in range(3):
        admin.insert("Account", Name=str(number))
    later = clock() + HOUR
    assert len(updated(admin, clock() - HOUR, later)["ids"]) == 3  # type: ignore[arg-type]
    admin.insert("Account", Name="x")
    assert refused(updated, admin, clock() - HOUR, later).code == "EXCEEDED_ID_LIMIT"


def test_objects_without_stamps_are_not_replicated(admin: Desk, clock: Clock) -> None:
    error = refused(updated, admin, clock() - HOUR, clock(), "UserPermissionAccess")
    assert error.code == "INVALID_TYPE_FOR_OPERATION"
    assert refused(updated, admin, clock() - HOUR, clock(), "Dog").status == 404
    assert clock().tzinfo is UTC
