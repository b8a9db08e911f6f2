from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from console.salesforce.meter import Meter
from console.salesforce.session import Session
from tests.clients.site import Answer, Handler, Site

Serve = Callable[[Handler], Site]
HERE = "http://127.0.0.1:18080"


def opened(origin: str = HERE, meter: Meter | None = None) -> Session:
    return Session(origin, meter or Meter())


def test_only_the_rehearsals_own_origin_is_turned_back_to_plain_http() -> None:
    with opened() as session:
        assert session.address("https://127.0.0.1:18080/x?q=a%20b#c") == "http://127.0.0.1:18080/x?q=a%20b#c"


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1:1808/x",
        "https://127.0.0.1:180801/x",
        "https://127.0.0.1/x",
        "https://localhost:18080/x",
        "https://127.0.0.1:18080.evil.example/x",
        "https://127.0.0.1.evil.example:18080/x",
        "https://127.0.0.1:18080@evil.example/x",
        "https://evil.example/?u=https://127.0.0.1:18080/x",
        "https://acme.my.salesforce.com/x",
    ],
)
def test_no_other_address_is_ever_downgraded(url: str) -> None:
    with opened() as session:
        assert session.address(url) == url


@given(st.text(max_size=30), st.integers(1, 65535), st.text(max_size=20))
def test_whatever_the_address_only_the_exact_origin_changes(host: str, port: int, path: str) -> None:
    url = f"https://{host}:{port}/{path}"
    with opened() as session:
        changed = session.address(url)
    assert changed == url or (host, port) == ("127.0.0.1", 18080)


@pytest.mark.parametrize("origin", ["https://acme.my.salesforce.com", "https://127.0.0.1:18080"])
def test_a_session_for_https_downgrades_nothing(origin: str) -> None:
    with opened(origin) as session:
        assert session.address(f"{origin}/x") == f"{origin}/x"
        assert session.address("https://127.0.0.1:18080/x") == "https://127.0.0.1:18080/x"


@pytest.mark.parametrize(
    "origin", ["http://acme.my.salesforce.com", "http://10.0.0.1", "http://127.0.0.1.evil.example", "x"]
)
def test_plain_http_to_another_computer_is_impossible(origin: str) -> None:
    with pytest.raises(ValueError, match="this computer"):
        Session(origin, Meter())


def test_every_request_has_time_limits_and_follows_no_redirect(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, Any]] = []
    original = requests.Session.request

    def request(self: requests.Session, *args: Any, **options: Any) -> requests.Response:
        seen.append(options)
        return original(self, *args, **options)

    monkeypatch.setattr(requests.Session, "request", request)
    site = serve(lambda _: Answer(302, None, {"Location": "https://evil.example/"}))
    with opened(site.url) as session:
        response = session.get(f"https://127.0.0.1:{site.port}/x")
    assert response.status_code == 302
    assert seen[0]["timeout"] == (5.0, 30.0)
    assert seen[0]["allow_redirects"] is False


def test_our_writes_can_be_recognised_by_the_client_name(serve: Serve) -> None:
    site = serve(lambda _: Answer(body={}))
    with opened(site.url) as session:
        session.post(f"{site.url}/x", json={})
    assert site.requests[0].headers["sforce-call-options"] == "client=alguna-console"


def test_netrc_does_not_replace_the_token(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login thief password thief\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    site = serve(lambda _: Answer(body={}))
    with opened(site.url) as session:
        session.get(f"{site.url}/x", headers={"Authorization": "Bearer T"})
    assert site.requests[0].headers["authorization"] == "Bearer T"


@pytest.mark.parametrize(
    ("told", "usage"),
    [
        ("api-usage=51/100000", (51, 100000)),
        ("api-usage=25/5000; per-app-api-usage=17/250(appName=sample)", (25, 5000)),
        ("per-app-api-usage=17/250(appName=sample); api-usage=25/5000", (25, 5000)),
        ("per-app-api-usage=17/250(appName=sample)", None),
        ("nonsense", None),
        (None, None),
    ],
)
def test_the_orgs_day_is_read_from_every_reply(
    serve: Serve, told: str | None, usage: tuple[int, int] | None
) -> None:
    site = serve(lambda _: Answer(404, [{"errorCode": "X"}], {"Sforce-Limit-Info": told} if told else {}))
    meter = Meter()
    with opened(site.url, meter) as session:
        session.get(f"{site.url}/x")
    assert (meter.calls, meter.usage) == (1, usage)


def test_a_request_without_an_answer_is_counted_too(serve: Serve) -> None:
    told: list[Any] = []
    meter = Meter(told.append)
    site = serve(lambda _: "cut")
    with opened(site.url, meter) as session, pytest.raises(requests.ConnectionError):
        session.get(f"{site.url}/x?q=SELECT+Id")
    assert meter.calls == 1
    assert (told[0].path, told[0].status, told[0].system) == ("/x", 0, "salesforce")
