"""One call to Salesforce and its answer: the only place that turns a reply into data or a typed error.

simple-salesforce makes the requests. It is imported when the first call is made, because that takes longer than
drawing a screen, and its exceptions, which print addresses, queries and whole replies, never leave this module. It shares
one session and one token inside an instance, so each thread leases an instance of its own.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from console.errors import Cancelled, ConsoleError, SignInNeeded, Unreachable
from console.net import Call, without
from console.salesforce.errors import error_of_body, is_passing, policy_of
from console.salesforce.meter import Allowance, Meter

if TYPE_CHECKING:
    import requests
    from simple_salesforce.api import Salesforce

WRITE_PATIENCE = 4
"""A write is waited for this many times longer than a read: it runs the org's triggers and flows, for up to two minutes."""
ATTEMPTS = 4
PATIENCE = 60.0
"""Seconds after which a read is not repeated any more."""


class TokenProvider(Protocol):
    """Where access tokens come from: `console.salesforce.signing_in.tokens.TokenSource`."""

    def current(self) -> str: ...
    def renew(self, rejected: str) -> str: ...


class Wire:
    """Calls to one org with its current token. Safe to use from several threads.

    :param origin: ``https://host[:port]``, or plain http for this computer.
    :param version: of the API, such as ``62.0``.
    :param timeout: seconds for the connection to stand, and for each piece of an answer.
    """

    def __init__(
        self,
        origin: str,
        tokens: TokenProvider,
        *,
        version: str,
        timeout: tuple[float, float],
        on_call: Callable[[Call], None] | None,
        cancelled: threading.Event | None,
        allowance: Allowance | None = None,
    ) -> None:
        self.host = urlsplit(origin).netloc
        self.meter = Meter(on_call, allowance)
        self._origin = origin
        self._tokens = tokens
        self._version = version
        self._timeout = timeout
        self._cancelled = cancelled or threading.Event()
        self._lock = threading.Lock()
        self._idle: list[Salesforce] = []
        self._closed = False

    def close(self) -> None:
        """Close all connections; a call that is under way closes its own when it ends."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.session.close()

    def read(
        self, method: str, path: str, *, params: Mapping[str, str] | None = None, body: Any = None
    ) -> Any:
        """A call that changes nothing, repeated while the org is busy or does not answer.

        :returns: the JSON of the answer; None when there is none.
        """
        began = time.monotonic()
        attempt = 0
        while True:
            attempt += 1
            try:
                return self.call(method, path, params=params, body=body)
            except Unreachable as error:
                lasting = error.code != "" and policy_of(error.code) == "retry_later"
                pause = random.uniform(0, min(8.0, 0.25 * 2**attempt))  # noqa: S311
                if lasting or attempt == ATTEMPTS or time.monotonic() - began + pause > PATIENCE:
                    raise
            if self._cancelled.wait(pause):
                raise Cancelled("Stopped while waiting for Salesforce.")

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        writing: bool = False,
    ) -> Any:
        """One call; a rejected token is renewed once, a second rejection is final.

        :param writing: a lost answer leaves it open whether there was an effect: ``Unreachable(maybe_done=True)``.
        """
        token = self._tokens.current()
        answer = self._once(token, method, path, params, body, writing)
        if isinstance(answer, SignInNeeded):
            token = self._tokens.renew(token)
            answer = self._once(token, method, path, params, body, writing)
        if isinstance(answer, ConsoleError):
            raise answer
        return answer

    @contextmanager
    def open(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None = None,
        data: IO[bytes] | None = None,
        writing: bool = False,
    ) -> Iterator[requests.Response]:
        """One call whose body or answer is no JSON, but a file of any size: it is read as it comes, inside the block.

        :param data: what to send, from its beginning.
        :raises ConsoleError: as `call`, also while the answer is read.
        """
        import requests

        token = self._tokens.current()
        for last in (False, True):
            self.meter.admit()
            connection = self._lease(token)
            try:
                if data is not None:
                    data.seek(0)
                response = connection.session.request(
                    method,
                    connection.base_url + path,
                    headers={"Authorization": f"Bearer {token}", **headers},
                    params=params,
                    data=data,
                    stream=True,
                    timeout=(self._timeout[0], self._timeout[1] * WRITE_PATIENCE),
                )
                with response:
                    if response.status_code < 300:
                        yield response
                        return
                    error = self._error_in(response, token, writing)
            except requests.exceptions.RequestException as failure:
                error = self._no_answer(failure, writing)
            finally:
                self._give_back(connection)
            if last or not isinstance(error, SignInNeeded):
                raise error
            token = self._tokens.renew(token)

    def _error_in(self, response: requests.Response, token: str, writing: bool) -> ConsoleError:
        try:
            body = json.loads(response.content)
        except ValueError:
            body = None
        if body is None and not (response.status_code == 401 or is_passing(response.status_code)):
            return self.strange("the API", writing)
        return error_of_body(response.status_code, without(body, token), writing=writing)

    def _once(
        self, token: str, method: str, path: str, params: Mapping[str, str] | None, body: Any, writing: bool
    ) -> Any | ConsoleError:
        """The JSON, or the typed error as a value: raised out of the handler, no foreign exception travels along."""
        import requests
        from simple_salesforce.exceptions import SalesforceError

        options: dict[str, Any] = {"headers": {"X-PrettyPrint": None}}
        if writing:
            options["timeout"] = (self._timeout[0], self._timeout[1] * WRITE_PATIENCE)
        if params is not None:
            options["params"] = params
        if body is not None:
            options["data"] = json.dumps(body, allow_nan=False)
        self.meter.admit()
        connection = self._lease(token)
        try:
            return connection.restful(path, method=method, **options)
        except SalesforceError as error:
            if isinstance(error.content, str) and not (error.status == 401 or is_passing(error.status)):
                return self.strange("the API", writing)
            return error_of_body(error.status, without(error.content, token), writing=writing)
        except (requests.exceptions.JSONDecodeError, TypeError, RecursionError):
            return self.strange("the API", writing)  # a web page, or JSON that is neither object nor list
        except requests.exceptions.RequestException as error:
            return self._no_answer(error, writing)
        finally:
            self._give_back(connection)

    def _lease(self, token: str) -> Salesforce:
        """A connection for one thread at a time, carrying this token."""
        from simple_salesforce.api import Salesforce

        from console.salesforce.session import Session

        with self._lock:
            if self._closed:
                raise Cancelled("The Salesforce client is closed.")
            idle = self._idle.pop() if self._idle else None
        if idle is not None and idle.session_id == token:
            return idle
        session = idle.session if idle is not None else Session(self._origin, self.meter, self._timeout)
        return Salesforce(
            instance_url=self._origin,
            session_id=token,
            version=self._version,
            session=session,
            object_pairs_hook=dict,
            parse_float=Decimal,
        )

    def _give_back(self, connection: Salesforce) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.session.close()

    def _no_answer(self, error: Exception, writing: bool) -> Unreachable:
        from requests import exceptions

        whom = f"Salesforce at {self.host}"
        advice = "Check the address and the network; a running sync tries again by itself."
        arrived = True
        if isinstance(error, exceptions.ConnectTimeout):
            text, arrived = f"{whom} did not accept a connection in time.", False
        elif isinstance(error, exceptions.Timeout):
            text = f"{whom} did not answer in time."
        elif isinstance(error, exceptions.SSLError) and "CERTIFICATE" in str(error).upper():
            text, arrived = f"The certificate of {whom} is not trusted, so nothing was sent.", False
            advice = "Check the address; behind a company proxy, name its certificates in SSL_CERT_FILE."
        elif isinstance(error, exceptions.SSLError):
            text = f"No secure connection to {whom} could be kept."
        elif isinstance(error, exceptions.ProxyError):
            text, arrived = f"The proxy on the way to {whom} refused.", False
            advice = "Check the proxy settings of this computer."
        elif isinstance(error, exceptions.ConnectionError) and _never_connected(error):
            text, arrived = f"{whom} cannot be reached.", False
        else:
            text = f"The connection to {whom} was cut."
        return Unreachable(text, advice, maybe_done=writing and arrived)

    def strange(self, wanted: str, writing: bool) -> Unreachable:
        return Unreachable(
            f"{self.host} answers, but not with {wanted} of Salesforce.",
            "Check the org's address; it may also be under maintenance (https://status.salesforce.com).",
            maybe_done=writing,
        )


def _never_connected(error: Exception) -> bool:
    """True when urllib3 gave up before a connection stood (refused, no such host), so that nothing was sent."""
    from urllib3.exceptions import NewConnectionError

    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, NewConnectionError)
