"""What both clients agree on about addresses: which are this computer, which are safe to send a secret to."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from console.errors import UsageError

USER_AGENT = "alguna-console"


@dataclass(frozen=True, slots=True)
class Call:
    """One request that was made, for counting and for the log: no query string, no body, no header."""

    system: str
    """``salesforce`` or ``alguna``."""
    method: str
    path: str
    status: int
    """HTTP status, 0 when no answer came."""
    seconds: float


def is_loopback(address: str) -> bool:
    """True when the URL's host is this computer: ``localhost`` or a loopback IP address."""
    try:
        host = urlsplit(address).hostname
    except ValueError:
        return False
    if host is None:
        return False
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def origin(address: str, what: str, *, keep_path: bool = False) -> str:
    """The address as ``scheme://host[:port]`` (and its path, where that is kept), checked before any secret is sent to it.

    A bare host name gets ``https://``. Plain http is accepted for this computer only, because keys and tokens
    would cross the network in the clear.

    :param what: how to name the address in an error, such as ``the Salesforce address``.
    :raises UsageError: it is no such address.
    """
    text = address.strip()
    if "://" not in text:
        text = f"https://{text}"
    parts = _split(text, what)
    if parts.username is not None or parts.password is not None:
        raise UsageError(f"{_cap(what)} must not contain a user name or password.", "Give the host only.")
    if parts.scheme not in ("http", "https"):
        raise UsageError(f"{_cap(what)} must begin with https://.", "Give it as https://host.")
    if parts.scheme == "http" and not is_loopback(text):
        raise UsageError(
            f"{_cap(what)} must begin with https://: over plain http the key could be read on the way.",
            "Give it as https://host.",
        )
    host = parts.hostname or ""
    if not host or any(character.isspace() or character in "\\<>\"'" for character in host):
        raise UsageError(f"{_cap(what)} has no host name.", "Give it as https://host.")
    shown = f"[{host}]" if ":" in host else host
    port = f":{parts.port}" if parts.port is not None else ""
    return f"{parts.scheme}://{shown}{port}" + (parts.path.rstrip("/") if keep_path else "")


def checked_endpoint(text: str) -> str:
    """``host:port`` as it was given, without blanks and scheme.

    :raises UsageError: it is no such thing.
    """
    text = text.strip().removeprefix("https://").removeprefix("http://").rstrip("/")
    host, colon, port = text.rpartition(":")
    plain_host = host.strip("[]")
    if (
        not colon
        or not port.isascii()
        or not port.isdigit()
        or not 0 < int(port) < 65536
        or not plain_host
        or not plain_host.isascii()
        or any(sign in plain_host for sign in "/@ \\?#")
    ):
        raise UsageError(
            "The address of the event stream is not a host and a port.",
            "Give it like api.pubsub.salesforce.com:7443.",
        )
    return text


def proxy_for(address: str) -> str | None:
    """The proxy that the environment names for this address, None for a direct connection.

    The HTTP libraries are told not to look for themselves: they would also read ``.netrc`` and send what it
    holds instead of our token. This computer is never reached through a proxy.
    """
    # Loaded late: it brings http.client and the e-mail parsers, which no screen needs.
    import urllib.request

    parts = urlsplit(address)
    if is_loopback(address) or urllib.request.proxy_bypass(parts.hostname or ""):
        return None
    return urllib.request.getproxies().get(parts.scheme)


def certificates() -> str | None:
    """A file of trusted certificates named by the environment (companies that inspect TLS need it), or None."""
    for variable in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        path = os.environ.get(variable)
        if path and os.path.isfile(path):
            return path
    return None


def without(value: Any, *secrets: str) -> Any:
    """A JSON value with every secret that it echoes, in texts and in names, replaced by a note."""
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, "[secret]") if secret else value
        return value
    if isinstance(value, list):
        return [without(item, *secrets) for item in value]
    if isinstance(value, dict):
        return {without(name, *secrets): without(item, *secrets) for name, item in value.items()}
    return value


def _split(text: str, what: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        _ = parts.port
        (parts.hostname or "").encode("idna")
    except ValueError:
        raise UsageError(f"{_cap(what)} is not an address.", "Give it as https://host.") from None
    return parts


def _cap(text: str) -> str:
    return text[:1].upper() + text[1:]
