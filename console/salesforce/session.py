"""The HTTP session under simple-salesforce: time limits, counting, and plain http for this computer only.

simple-salesforce writes ``https://`` into every address it builds. A rehearsal on this computer speaks plain http, so the
session turns exactly that origin back, and only when it is a loopback address: nothing else is ever downgraded.
"""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlsplit

import requests

from console.net import USER_AGENT, Call, certificates, is_loopback, proxy_for
from console.salesforce.meter import Meter

TIMEOUT = (5.0, 30.0)
"""Seconds for the connection to stand, and for each piece of the answer to come."""


class Session(requests.Session):
    """A session that speaks to one org.

    :param origin: ``https://host[:port]`` of the org, or ``http://`` of a loopback address.
    :raises ValueError: plain http for another computer.
    """

    def __init__(self, origin: str, meter: Meter, timeout: tuple[float, float] = TIMEOUT) -> None:
        super().__init__()
        parts = urlsplit(origin)
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(origin)):
            raise ValueError("plain http is for this computer only")
        self.trust_env = (
            False  # else ~/.netrc replaces the token, and the environment's certificates win over ours
        )
        self.verify = certificates() or True
        proxy = proxy_for(origin)
        if proxy:
            self.proxies = {parts.scheme: proxy}
        self.headers["User-Agent"] = USER_AGENT
        self.headers["Sforce-Call-Options"] = f"client={USER_AGENT}"
        self._plain = (parts.hostname, parts.port) if parts.scheme == "http" else None
        self._meter = meter
        self._timeout = timeout

    def request(self, method: Any, url: Any, *args: Any, **options: Any) -> requests.Response:
        """As `requests`, with the time limits, without following redirects, counted, and on the right scheme."""
        options.setdefault("timeout", self._timeout)
        options["allow_redirects"] = False
        address = self.address(str(url))
        began = time.monotonic()
        response: requests.Response | None = None
        try:
            response = super().request(method, address, *args, **options)
        finally:
            status = response.status_code if response is not None else 0
            told = response.headers.get("Sforce-Limit-Info") if response is not None else None
            call = Call("salesforce", str(method), urlsplit(address).path, status, time.monotonic() - began)
            self._meter.count(call, told)
        return response

    def address(self, url: str) -> str:
        """The URL to use: http for exactly the loopback origin that this session was made for, else unchanged."""
        try:
            parts = urlsplit(url)
            here = (parts.hostname, parts.port) == self._plain
        except ValueError:
            return url
        return parts._replace(scheme="http").geturl() if here and parts.scheme == "https" else url
