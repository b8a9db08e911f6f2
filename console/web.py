"""The one place that knows httpx: how its clients are made, and what its failures mean for a person."""

from __future__ import annotations

import functools
import json
import ssl
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import httpx

from console.errors import Unreachable
from console.net import USER_AGENT, certificates, proxy_for
from console.web_transport import DirectTransport, ProxiedTransport, Transport

CONNECT = 5.0
"""Seconds for a connection to stand."""
LIMITS = httpx.Limits(max_connections=32, max_keepalive_connections=16)


def web_client(
    base: str,
    *,
    timeout: float,
    headers: Mapping[str, str] | None = None,
    transport: httpx.BaseTransport | None = None,
) -> httpx.Client:
    """A client for one host, which follows no redirects and reads neither ``.netrc`` nor proxies by itself.

    :param timeout: seconds to wait for each piece of an answer.
    """
    return httpx.Client(
        base_url=base,
        headers={"Accept": "application/json", "User-Agent": USER_AGENT, **(headers or {})},
        timeout=timeouts(timeout),
        limits=LIMITS,
        follow_redirects=False,
        trust_env=False,
        proxy=proxy_for(base) if transport is None else None,
        verify=_trust(certificates()),
        transport=transport,
    )


def web_transport(base: str, timeout: float) -> Transport:
    """What sends whole requests to one host: directly, or through the proxy that the environment names.

    :param timeout: seconds to wait for each piece of an answer.
    """
    proxy, patience = proxy_for(base), timeouts(timeout)
    if proxy is None:
        return DirectTransport(base, _trust(certificates()), patience)
    sending = httpx.HTTPTransport(verify=_trust(certificates()), trust_env=False, limits=LIMITS, proxy=proxy)
    return ProxiedTransport(base, sending, patience)


def timeouts(timeout: float) -> httpx.Timeout:
    """For a connection to stand, and for each piece of an answer.

    :param timeout: seconds for each piece.
    """
    return httpx.Timeout(timeout, connect=min(CONNECT, timeout))


@functools.cache
def _trust(bundle: str | None) -> ssl.SSLContext:
    """Reading the trusted certificates takes longer than a call to a near server: once a process is enough."""
    return ssl.create_default_context(cafile=bundle) if bundle else httpx.create_ssl_context(trust_env=False)


def json_of(headers: Mapping[str, str], content: bytes) -> tuple[bool, Any]:
    """Whether a body is JSON, and what it says; decimals stay exact. `headers`: by names in lower case."""
    if "json" not in headers.get("content-type", "").lower():
        return False, None
    try:
        return True, json.loads(content, parse_float=Decimal)
    except (ValueError, RecursionError):
        return False, None


def no_answer(error: httpx.RequestError, system: str, address: str, *, writing: bool) -> Unreachable:
    """The typed error for a request without an answer.

    :param system: whose answer it is, for the sentence: ``Alguna``, ``Salesforce``.
    :param writing: a write whose request may have arrived gets `maybe_done`.
    """
    whom = f"{system} at {urlsplit(address).netloc}"
    advice = "Check the address and the network; a running sync tries again by itself."
    arrived = not isinstance(
        error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.ProxyError
    )
    if isinstance(error, httpx.ConnectTimeout):
        text = f"{whom} did not accept a connection in time."
    elif isinstance(error, httpx.TimeoutException):
        text = f"{whom} did not answer in time."
    elif isinstance(error, httpx.ProxyError):
        text = f"The proxy on the way to {whom} refused."
        advice = "Check the proxy settings of this computer."
    elif isinstance(error, httpx.ConnectError) and "CERTIFICATE" in str(error).upper():
        text = f"The certificate of {whom} is not trusted, so nothing was sent."
        advice = "Check the address; behind a company proxy, name its certificates in SSL_CERT_FILE."
    elif isinstance(error, httpx.ConnectError):
        text = f"{whom} cannot be reached."
    else:
        text = f"The connection to {whom} was cut."
    return Unreachable(text, advice, maybe_done=writing and arrived)
