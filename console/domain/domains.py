"""Internet domains of companies, read from websites and e-mail addresses."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_HOST: Final = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_LONGEST: Final = 253  # RFC 1035, section 2.3.4

# One address there says nothing about the company behind it.
_MAIL_HOUSES: Final = (
    "163|126|aol|bigpond|btinternet|comcast|fastmail|free|freenet|gmail|gmx|googlemail|hotmail|hushmail|icloud|laposte"
    "|libero|live|mac|mail|me|msn|naver|orange|outlook|pm|posteo|proton|protonmail|qq|rocketmail|sbcglobal|sfr|t-online"
    "|terra|tutanota|uol|verizon|virgilio|wanadoo|web|yahoo|yandex|ymail|zoho"
)
_SHARED: Final = re.compile(rf"(?:{_MAIL_HOUSES})\.(?:com|net|org|me|[a-z]{{2}}|(?:co|com)\.[a-z]{{2}})")
_SHARED_PAGES: Final = frozenset(
    {
        "facebook.com",
        "github.com",
        "github.io",
        "instagram.com",
        "linkedin.com",
        "linktr.ee",
        "medium.com",
        "myshopify.com",
        "notion.site",
        "sites.google.com",
        "tiktok.com",
        "twitter.com",
        "wixsite.com",
        "wordpress.com",
        "x.com",
        "youtube.com",
    }
)


@lru_cache(maxsize=65536)
def domain_of(text: str | None) -> str | None:
    """The domain of a website or an e-mail address: lower case, without ``www.``; None when there is none.

    ``https://www.Acme.example/about`` and ``Ada <ada@acme.example>`` both give ``acme.example``. International
    names come back in their ASCII form. Addresses by number and names without a dot are no company's domain.
    """
    if not text:
        return None
    host = text.strip()
    scheme = _SCHEME.match(host)
    host = re.split(r"[/?#\\]", host[scheme.end() :] if scheme else host, maxsplit=1)[0]
    host = host.rpartition("@")[2].strip(" <>")
    host = host.partition(":")[0].rstrip(".").lower()
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            return None
    host = host.removeprefix("www.")
    return host if len(host) <= _LONGEST and _HOST.fullmatch(host) else None


def business_domain(text: str | None) -> str | None:
    """Like `domain_of`, but None for free mail and for sites that many companies share (gmail.com, linkedin.com)."""
    domain = domain_of(text)
    if domain is None or domain in _SHARED_PAGES or _SHARED.fullmatch(domain):
        return None
    return domain
