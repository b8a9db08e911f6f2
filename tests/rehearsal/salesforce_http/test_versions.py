from __future__ import annotations

import pytest

from console.rehearsal.salesforce import versions
from console.rehearsal.salesforce.errors import ApiError


@pytest.mark.parametrize(
    ("number", "label"),
    [
        (31, "Summer '14"),
        (32, "Winter '15"),
        (33, "Spring '15"),
        (62, "Winter '25"),
        (66, "Spring '26"),
        (67, "Summer '26"),
        (68, "Winter '27"),
    ],
)
def test_a_version_is_named_after_its_release(number: int, label: str) -> None:
    assert versions.label(number) == label


def test_the_listing_runs_from_the_oldest_to_the_newest() -> None:
    listed = versions.listing()
    assert [entry["version"] for entry in listed] == [f"{number}.0" for number in range(31, 69)]
    assert listed[-1] == {"label": "Winter '27", "url": "/services/data/v68.0", "version": "68.0"}


@pytest.mark.parametrize("segment", ["v31.0", "V62.0", "v68.0"])
def test_supported_versions_are_understood_in_any_case(segment: str) -> None:
    assert versions.parse(segment) == segment.lower().removeprefix("v")


@pytest.mark.parametrize(
    ("segment", "status", "code"),
    [
        ("v30.0", 410, "UNSUPPORTED_API_VERSION"),
        ("v7.0", 410, "UNSUPPORTED_API_VERSION"),
        ("v69.0", 404, "NOT_FOUND"),
        ("v62", 404, "NOT_FOUND"),
        ("v62.1", 404, "NOT_FOUND"),
        ("latest", 404, "NOT_FOUND"),
        ("v0.0", 404, "NOT_FOUND"),
    ],
)
def test_other_versions_are_refused(segment: str, status: int, code: str) -> None:
    with pytest.raises(ApiError) as refused:
        versions.parse(segment)
    assert (refused.value.status, refused.value.code) == (status, code)
