import pytest

from console.domain.status import (
    Phase,
    interval_months,
    interval_of,
    interval_word,
    is_known,
    phase,
    status_word,
)


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        ("draft", "Draft"),
        ("sent", "Pending Acceptance"),
        ("Pending Approval", "Pending Acceptance"),
        ("pending_acceptance", "Pending Acceptance"),
        ("accepted", "Scheduled"),
        ("scheduled", "Scheduled"),
        ("active", "Active"),
        ("ACTIVE", "Active"),
        ("canceling", "Active"),
        ("paused", "Paused"),
        ("canceled", "Ended/Canceled"),
        ("cancelled", "Ended/Canceled"),
        ("completed", "Ended/Canceled"),
    ],
)
def test_every_generation_of_status_words_becomes_the_words_of_the_field(raw, word):
    assert status_word(raw) == word
    assert is_known(raw)


@pytest.mark.parametrize(
    "word", ["Draft", "Pending Acceptance", "Scheduled", "Active", "Paused", "Ended/Canceled"]
)
def test_a_word_that_is_already_the_fields_stays(word):
    assert status_word(word) == word
    assert is_known(word)


def test_an_unknown_word_is_written_as_it_is_and_told():
    assert status_word(" in_dunning ") == "in_dunning"
    assert not is_known("in_dunning")
    assert phase("in_dunning") is Phase.UNKNOWN
    assert status_word(" ") is None


def test_what_lives_is_shown_before_what_does_not():
    words = ["canceled", "draft", "active", "in_dunning", "scheduled", "paused"]
    assert sorted(words, key=phase) == ["active", "paused", "scheduled", "draft", "in_dunning", "canceled"]


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        ("monthly", "Monthly"),
        ("quarterly", "Quarterly"),
        ("semi_annual", "Semi-annual"),
        ("yearly", "Yearly"),
        ("annual", "Yearly"),
        ("every 2 months", "every 2 months"),
        ("fortnightly", "fortnightly"),
        (None, None),
    ],
)
def test_interval_words(raw, word):
    assert interval_word(raw) == word


@pytest.mark.parametrize(
    ("count", "unit", "word"),
    [
        (1, "month", "monthly"),
        (3, "months", "quarterly"),
        (12, "month", "yearly"),
        (1, "YEAR", "yearly"),
        (2, "month", "every 2 months"),
        (5, "week", "every 5 weeks"),
    ],
)
def test_counted_intervals_have_words(count, unit, word):
    assert interval_of(count, unit) == word


def test_intervals_are_ordered_by_their_length():
    words = [
        "daily",
        "weekly",
        "monthly",
        "every 2 months",
        "quarterly",
        "semi_annual",
        "yearly",
        "every 2 years",
    ]
    assert sorted(words, key=interval_months) == words
    assert interval_months("fortnightly") == interval_months("every 0 months") == 12
