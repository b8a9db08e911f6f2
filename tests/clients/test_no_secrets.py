"""Whatever a server answers, were it an echo of what we sent: no error, repr or log line ever shows a secret."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.alguna.client import AlgunaClient
from console.errors import ConsoleError
from console.net import Call, without
from console.salesforce.client import SalesforceClient, SubRequest
from console.salesforce.errors import TABLE
from console.salesforce.signing_in.oauth import OAuth, Tokens
from tests.clients.site import Answer, GivenToken, Request, Site, Unhurried, everything_told

KEY = "sk_live_hunter2key"
TOKEN = "00Dxx!hunter2token"
REFRESH, CODE, VERIFIER = "5Aep-hunter2refresh", "aPrx-hunter2code", "hunter2verifier"
SECRETS = [KEY, TOKEN, REFRESH, CODE, VERIFIER]

statuses = st.sampled_from(
    [200, 201, 300, 302, 400, 401, 403, 404, 406, 409, 410, 420, 422, 429, 500, 502, 503]
)
echoes = st.lists(
    st.sampled_from([*SECRETS, " ", "x", "\x1b[31m", "\u202e", "record with id: 00Q58000003tW4u"])
).map("".join)
codes = st.sampled_from(sorted(TABLE)) | echoes
salesforce_errors = st.lists(
    st.fixed_dictionaries(
        {"message": echoes, "errorCode": codes}, optional={"fields": st.lists(echoes, max_size=2)}
    ),
    max_size=2,
)
oauth_errors = st.fixed_dictionaries(
    {"error": echoes | st.just("invalid_grant"), "error_description": echoes}
)
alguna_errors = st.fixed_dictionaries({"status": statuses, "detail": echoes})
anything = st.recursive(
    st.none() | st.integers() | echoes,
    lambda c: st.lists(c, max_size=2) | st.dictionaries(echoes, c, max_size=2),
)
bodies = (
    salesforce_errors
    | oauth_errors
    | alguna_errors
    | anything
    | st.dictionaries(echoes, anything, max_size=1)
)
answers = st.builds(
    lambda status, body, kind: Answer(
        status, json.dumps(body) if kind.endswith("json") else str(body), kind=kind
    ),
    statuses,
    bodies,
    st.sampled_from(["application/json", "text/html"]),
)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    running = Site(lambda _: Answer(body={}))
    yield running
    running.close()


@pytest.fixture(autouse=True)
def logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    return caplog


Case = tuple[Callable[[], object], list[str]]
"""A call, and the secrets that it sends."""


def alguna_calls(site: Site, told: list[Call]) -> Iterator[Case]:
    with AlgunaClient(site.url, KEY, rate=5000, cancelled=Unhurried(), on_call=told.append) as alguna:
        yield alguna.check, [KEY]
        yield lambda: list(alguna.customers(True)), [KEY]
        yield lambda: alguna.add_alias("c1", "001", "chg"), [KEY]
        yield lambda: alguna.update("c1", {"Name": "x"}, {}, "chg"), [KEY]


def salesforce_calls(site: Site, told: list[Call]) -> Iterator[Case]:
    with SalesforceClient(site.url, GivenToken(TOKEN), cancelled=Unhurried(), on_call=told.append) as org:
        yield org.limits, [TOKEN]
        yield lambda: org.send("POST", "sobjects/Account", {"Name": "x"}), [TOKEN]
        yield (
            lambda: org.composite([SubRequest.create("c", "Account", [{"Name": "x"}])])[0].results(),
            [TOKEN],
        )
        yield org.whoami, [TOKEN]
        yield org.organization, [TOKEN]
        yield lambda: org.describe("Account"), [TOKEN]


def oauth_calls(site: Site, told: list[Call]) -> Iterator[Case]:
    oauth = OAuth(site.url, "3MVG9client")
    back = "http://localhost:1717/callback"
    yield lambda: oauth.exchange(CODE, verifier=VERIFIER, redirect_uri=back), [CODE, VERIFIER]
    yield lambda: oauth.refresh(REFRESH), [REFRESH]
    yield lambda: oauth.revoke(REFRESH), [REFRESH]
    identity = "https://x/id/00Dxx0000001gPL/005xx000001SwiU"
    yield lambda: oauth.identity(Tokens(TOKEN, REFRESH, site.url, identity)), [TOKEN, REFRESH]


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@pytest.mark.parametrize("calls", [alguna_calls, salesforce_calls, oauth_calls])
@given(data=st.data())
def test_no_answer_makes_a_secret_show(
    site: Site,
    logged: pytest.LogCaptureFixture,
    calls: Callable[..., Iterator[Case]],
    data: st.DataObject,
) -> None:
    answer = data.draw(answers)
    site.handler = lambda _: answer
    told: list[Call] = []
    failures: list[tuple[ConsoleError, list[str]]] = []
    for call, secrets in calls(site, told):
        try:
            call()
        except ConsoleError as error:
            failures.append((error, secrets))
    for failure, secrets in failures:
        shown = everything_told(failure) + json.dumps(failure.as_json())
        assert not any(secret in shown for secret in secrets)
        assert failure.message.isprintable()
    assert not any(secret in repr(told) + logged.text for secret in SECRETS)
    site.requests.clear()


def test_an_echo_of_the_whole_request_shows_nothing(site: Site, logged: pytest.LogCaptureFixture) -> None:
    def echo(request: Request) -> Answer:
        text = f"{request.headers} {request.body!r}"
        rule = {"errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": text, "fields": [text]}
        other = {"error": text, "error_description": text, "detail": text}
        return Answer(400, [rule] if "data" in request.path else other)

    site.handler = echo
    shown = 0
    for calls in (alguna_calls, salesforce_calls, oauth_calls):
        for call, secrets in calls(site, []):
            with pytest.raises(ConsoleError) as caught:
                call()
            assert not any(secret in everything_told(caught.value) for secret in secrets)
            shown += 1
    assert shown == 14
    assert "hunter2" not in logged.text


@given(anything, st.sampled_from(SECRETS))
def test_a_json_value_can_be_freed_of_a_secret(value: Any, secret: str) -> None:
    assert secret not in json.dumps(without(value, secret), ensure_ascii=False)
