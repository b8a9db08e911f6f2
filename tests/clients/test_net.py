from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.errors import UsageError
from console.net import certificates, is_loopback, origin, proxy_for


@pytest.mark.parametrize(
    ("given_address", "expected"),
    [
        ("https://login.salesforce.com/", "https://login.salesforce.com"),
        ("login.salesforce.com", "https://login.salesforce.com"),
        ("  https://acme.my.salesforce.com/services?x=1#y ", "https://acme.my.salesforce.com"),
        ("HTTPS://Acme.Example:8443", "https://acme.example:8443"),
        ("http://127.0.0.1:8080/x", "http://127.0.0.1:8080"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_an_address_becomes_its_origin(given_address: str, expected: str) -> None:
    assert origin(given_address, "the address") == expected


def test_a_path_prefix_is_kept_where_it_is_wanted() -> None:
    assert (
        origin("https://api.alguna.io/beta/", "the address", keep_path=True) == "https://api.alguna.io/beta"
    )


@pytest.mark.parametrize(
    "address",
    [
        "http://login.salesforce.com",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "ftp://login.salesforce.com",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://",
        "",
        "https://user:hunter2@login.salesforce.com",
        "https://host:port",
        "https://host:99999",
        "https://a b.example",
        "https://[::1",
        "https://a" + "\u2024" * 70 + ".example",
    ],
)
def test_an_address_that_no_secret_may_go_to_is_refused(address: str) -> None:
    with pytest.raises(UsageError) as caught:
        origin(address, "the Salesforce address")
    assert caught.value.message.startswith("The Salesforce address")
    assert "hunter2" not in caught.value.message + caught.value.advice


@given(st.text(max_size=60))
def test_any_text_is_an_https_origin_a_loopback_origin_or_a_usage_error(text: str) -> None:
    try:
        found = origin(text, "the address")
    except UsageError:
        return
    assert found.startswith("https://") or is_loopback(found)


@pytest.mark.parametrize(
    "address", ["http://localhost:1", "http://127.0.0.1", "http://127.9.9.9", "http://[::1]:1"]
)
def test_loopback_addresses_are_this_computer(address: str) -> None:
    assert is_loopback(address)


@pytest.mark.parametrize(
    "address",
    [
        "http://localhost.example",
        "http://127.0.0.1.nip.io",
        "http://0.0.0.0",
        "http://128.0.0.1",
        "",
        "127.0.0.1",
        "http://[",
    ],
)
def test_other_addresses_are_not(address: str) -> None:
    assert not is_loopback(address)


def test_this_computer_is_never_reached_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    assert proxy_for("http://127.0.0.1:8080") is None
    assert proxy_for("https://login.salesforce.com") == "http://proxy.example:3128"
    monkeypatch.setenv("NO_PROXY", ".salesforce.com")
    assert proxy_for("https://login.salesforce.com") is None


def test_certificates_are_those_of_the_environment_if_they_exist(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    bundle = tmp_path_factory.mktemp("certificates") / "ca.pem"
    bundle.write_text("")
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    assert certificates() is None
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle) + ".missing")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    assert certificates() == str(bundle)
