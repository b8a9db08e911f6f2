"""Who is signed in: the OpenID userinfo reply and Salesforce's identity URL.

See https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_using_openid.htm.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from console.rehearsal.salesforce import versions

_REST = {
    "enterprise": "/services/Soap/c/{version}/",
    "metadata": "/services/Soap/m/{version}/",
    "partner": "/services/Soap/u/{version}/",
    "rest": "/services/data/v{version}/",
    "sobjects": "/services/data/v{version}/sobjects/",
    "search": "/services/data/v{version}/search/",
    "query": "/services/data/v{version}/query/",
    "recent": "/services/data/v{version}/recent/",
    "tooling_soap": "/services/Soap/T/{version}/",
    "tooling_rest": "/services/data/v{version}/tooling/",
    "profile": "/{user}",
    "feeds": "/services/data/v{version}/chatter/feeds",
    "groups": "/services/data/v{version}/chatter/groups",
    "users": "/services/data/v{version}/chatter/users",
    "feed_items": "/services/data/v{version}/chatter/feed-items",
    "feed_elements": "/services/data/v{version}/chatter/feed-elements",
}


def identity_url(base_url: str, org_id: str, user_id: str) -> str:
    """The address that stands for a user."""
    return f"{base_url}/id/{org_id}/{user_id}"


def identity(base_url: str, org_id: str, user: dict[str, Any], version: str = "") -> dict[str, Any]:
    """The reply of `GET /id/ORG/USER`; with `version` ("latest" or a number) the addresses hold no `{version}`."""
    number = f"{versions.NEWEST}.0" if version == "latest" else version
    urls = _urls(base_url, user)
    if number:
        urls = {name: url.replace("{version}", number) for name, url in urls.items()}
    return {
        "id": identity_url(base_url, org_id, user["Id"]),
        "asserted_user": True,
        "user_id": user["Id"],
        "organization_id": org_id,
        "username": user["Username"],
        "nick_name": _nickname(user),
        "display_name": user["Name"],
        "email": user["Email"],
        "email_verified": True,
        "first_name": user.get("FirstName"),
        "last_name": user["LastName"],
        "timezone": _zone(user),
        "photos": _photos(base_url),
        "addr_street": user.get("Street"),
        "addr_city": user.get("City"),
        "addr_state": user.get("State"),
        "addr_country": user.get("Country"),
        "addr_zip": user.get("PostalCode"),
        "mobile_phone": user.get("MobilePhone"),
        "mobile_phone_verified": False,
        "is_lightning_login_user": False,
        "status": {"created_date": None, "body": None},
        "urls": urls,
        "active": user["IsActive"],
        "user_type": "STANDARD",
        "language": user.get("LanguageLocaleKey") or "en_US",
        "locale": user.get("LocaleSidKey") or "en_US",
        "utcOffset": _utc_offset(user),
        "last_modified_date": user["SystemModstamp"],
        "is_app_installed": True,
    }


def userinfo(base_url: str, org_id: str, user: dict[str, Any]) -> dict[str, Any]:
    """The reply of `GET /services/oauth2/userinfo`."""
    photos = _photos(base_url)
    parts = {
        "street_address": user.get("Street"),
        "locality": user.get("City"),
        "region": user.get("State"),
        "postal_code": user.get("PostalCode"),
        "country": user.get("Country"),
    }
    return {
        "sub": identity_url(base_url, org_id, user["Id"]),
        "user_id": user["Id"],
        "organization_id": org_id,
        "preferred_username": user["Username"],
        "nickname": _nickname(user),
        "name": user["Name"],
        "email": user["Email"],
        "email_verified": True,
        "given_name": user.get("FirstName"),
        "family_name": user["LastName"],
        "zoneinfo": _zone(user),
        "photos": photos,
        "profile": f"{base_url}/{user['Id']}",
        "picture": photos["picture"],
        "address": {name: value for name, value in parts.items() if value},
        "is_salesforce_integration_user": False,
        "urls": _urls(base_url, user),
        "active": user["IsActive"],
        "user_type": "STANDARD",
        "language": user.get("LanguageLocaleKey") or "en_US",
        "locale": user.get("LocaleSidKey") or "en_US",
        "utcOffset": _utc_offset(user),
        "updated_at": f"{user['SystemModstamp'][:19]}Z",
    }


def _nickname(user: dict[str, Any]) -> str:
    return str(user.get("CommunityNickname") or user["Username"].partition("@")[0])


def _photos(base_url: str) -> dict[str, str]:
    return {
        "picture": f"{base_url}/profilephoto/005/F",
        "thumbnail": f"{base_url}/profilephoto/005/T",
    }


def _urls(base_url: str, user: dict[str, Any]) -> dict[str, str]:
    urls = {name: base_url + path.replace("{user}", user["Id"]) for name, path in _REST.items()}
    return {**urls, "custom_domain": base_url}


def _zone(user: dict[str, Any]) -> str:
    return str(user.get("TimeZoneSidKey") or "GMT")


def _utc_offset(user: dict[str, Any]) -> int:
    """Milliseconds that the user's clock is ahead of UTC in winter."""
    try:
        offset = datetime(2026, 1, 1, tzinfo=UTC).astimezone(ZoneInfo(_zone(user))).utcoffset()
    except (ZoneInfoNotFoundError, ValueError):
        return 0
    return 0 if offset is None else int(offset.total_seconds() * 1000)
