"""API versions: three releases a year, each supported for many years.

See https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/api_rest_eol.htm.
"""

from __future__ import annotations

import re

from console.rehearsal.salesforce.errors import ApiError, not_found

OLDEST, NEWEST = 31, 68
_VERSION = re.compile(r"v([0-9]{1,3})\.0")
_SEASONS = ("Winter", "Spring", "Summer")


def label(version: int) -> str:
    """The release that brought a version: 62 is Winter '25."""
    years, season = divmod(version - 32, 3)
    return f"{_SEASONS[season]} '{15 + years}"


def listing() -> list[dict[str, str]]:
    """What `GET /services/data` answers, oldest first."""
    return [
        {"label": label(number), "url": f"/services/data/v{number}.0", "version": f"{number}.0"}
        for number in range(OLDEST, NEWEST + 1)
    ]


def parse(segment: str) -> str:
    """`v62.0` as `62.0`; raises 410 for a retired version and 404 for one that never was."""
    match = _VERSION.fullmatch(segment.lower())
    if match is None or int(match[1]) > NEWEST or int(match[1]) == 0:
        raise not_found()
    if int(match[1]) < OLDEST:
        message = f"The requested API version {int(match[1])}.0 is retired and no longer available"
        raise ApiError(410, "UNSUPPORTED_API_VERSION", message)
    return f"{int(match[1])}.0"
