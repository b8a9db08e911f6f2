"""How Alguna's answers, and missing answers, are read: over real sockets."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

import pytest

from console.alguna.client import AlgunaClient
from console.errors import Cancelled, Conflict, ConsoleError, Refused, SignInNeeded, Unreachable, UsageError
from console.net import Call
from tests.clients.site import CUT, STALL, Answer, Handler, Site, Unhurried, everything_told, in_turn, page

KEY = "sk_live_hunter2"
Serve = Callable[[Handler], Site]
EMPTY = {"data": [], "pagination": {"per_page": 1, "total_pages": 0}}
CUSTOMER = {
    "id": "wcqYrqfE",
    "name": "Acme",
    "currency": "USD",
    "created_at": "2026-04-01T10:00:00Z",
    "updated_at": "2026-04-01T12:30:00Z",
    "aliases": ["ext_1"],
}


def client(site: Site, unhurried: Unhurried | None = None, **options: object) -> AlgunaClient:
    return AlgunaClient(site.url, KEY, cancelled=unhurried or Unhurried(), **options)  # type: ignore[arg-type]


def failure(serve: Serve, reaction: Answer | str, call: Callable[[AlgunaClient], object]) -> ConsoleError:
    with client(serve(lambda _: reaction), timeout=0.5) as alguna, pytest.raises(ConsoleError) as caught:
        call(alguna)
    assert KEY not in everything_told(caught.value)
    return caught.value


def check(alguna: AlgunaClient) -> object:
    return alguna.check()


def test_every_request_carries_key_version_and_limits(serve: Serve) -> None:
    site = serve(lambda _: Answer(body=EMPTY))
    with client(site) as alguna:
        alguna.check()
    request = site.requests[0]
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["alguna-version"] == "2026-04-01"
    assert request.query == {"limit": "1", "offset": "0", "sort": "created_at:asc"}


def test_a_wrong_key_is_told_with_the_hint_at_the_environment(serve: Serve) -> None:
    error = failure(serve, Answer(401, {"status": 401, "detail": "Invalid API key"}), check)
    assert isinstance(error, SignInNeeded)
    assert error.exit_code == 4
    assert "environment" in error.advice


@pytest.mark.parametrize("key", ["", "  ", "sk live", "sk_\n", "sk_\x7f", "schlüssel"])
def test_what_cannot_be_a_key_is_never_sent(key: str) -> None:
    if key == "sk_\n":  # the line break of a pasted key is no part of it
        AlgunaClient("http://127.0.0.1:1", key).close()
        return
    with pytest.raises(SignInNeeded):
        AlgunaClient("http://127.0.0.1:1", key)


def test_plain_http_to_another_computer_is_refused_before_the_key_leaves() -> None:
    with pytest.raises(UsageError):
        AlgunaClient("http://api.alguna.io", KEY)


@pytest.mark.parametrize("status", [200, 302, 404])
def test_a_host_that_is_not_alguna_is_told_by_name(serve: Serve, status: int) -> None:
    error = failure(serve, page(status), check)
    assert isinstance(error, Unreachable)
    assert "127.0.0.1" in error.message
    assert "api.alguna.io" in error.advice


def test_a_json_api_that_is_not_alguna_is_told_too(serve: Serve) -> None:
    for reaction in (Answer(body={"hello": 1}), Answer(404, {"message": "no route"}), Answer(body=[1, 2])):
        assert isinstance(failure(serve, reaction, check), Unreachable)


def test_json_that_is_announced_and_is_none_is_told(serve: Serve) -> None:
    for body in ("", "{", "<html>", "[" * 100_000):
        assert isinstance(failure(serve, Answer(body=body), check), Unreachable)


def test_a_maintenance_page_is_tried_again(serve: Serve) -> None:
    site = serve(in_turn(page(503), page(200), Answer(body=EMPTY)))
    with client(site) as alguna:
        alguna.check()
    assert len(site.requests) == 3


def test_nobody_there_is_told_as_unreachable() -> None:
    with socket.socket() as placeholder:
        placeholder.bind(("127.0.0.1", 0))
        port = placeholder.getsockname()[1]
        with (
            AlgunaClient(f"http://127.0.0.1:{port}", KEY, cancelled=Unhurried()) as alguna,
            pytest.raises(Unreachable, match="cannot be reached") as caught,
        ):
            alguna.check()
    assert not caught.value.maybe_done


def test_a_host_name_that_does_not_exist_is_told_as_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with (
        AlgunaClient("https://alguna.invalid", KEY, cancelled=Unhurried()) as alguna,
        pytest.raises(Unreachable, match=r"Alguna at alguna\.invalid cannot be reached"),
    ):
        alguna.check()


def test_a_server_that_never_answers_is_given_up(serve: Serve) -> None:
    assert "did not answer in time" in failure(serve, STALL, check).message


def test_a_cut_connection_is_tried_again(serve: Serve) -> None:
    site = serve(in_turn(CUT, CUT, Answer(body=EMPTY)))
    with client(site) as alguna:
        alguna.check()
        assert alguna.calls == 3


def test_reads_give_up_after_a_few_attempts(serve: Serve, unhurried: Unhurried) -> None:
    site = serve(lambda _: Answer(500, {"status": 500, "detail": "boom"}))
    with client(site, unhurried) as alguna, pytest.raises(Unreachable) as caught:
        alguna.check()
    assert len(site.requests) == 5
    assert "boom" in caught.value.message
    assert all(wait <= 8 for wait in unhurried.waits)


def test_retry_after_is_waited_for_by_everybody(serve: Serve) -> None:
    site = serve(
        in_turn(Answer(429, {"status": 429, "detail": "slow down"}, {"Retry-After": "3"}), Answer(body=EMPTY))
    )
    slept: list[float] = []

    class Clockwork(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            slept.append(timeout or 0)
            return len(slept) > 1

    with AlgunaClient(site.url, KEY, cancelled=Clockwork()) as alguna, pytest.raises(Cancelled):
        alguna.check()
    assert 2.5 < slept[0] <= 3
    assert len(site.requests) == 1


def test_a_long_retry_after_is_handed_to_the_caller(serve: Serve) -> None:
    error = failure(serve, Answer(429, {"status": 429, "detail": "x"}, {"Retry-After": "3600"}), check)
    assert isinstance(error, Unreachable)
    assert error.retry_after == 3600


@pytest.mark.parametrize("value", ["soon", "-1", "nan", "inf", "1e300", "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_a_retry_after_that_is_no_number_is_ignored(serve: Serve, value: str) -> None:
    site = serve(in_turn(Answer(429, {"status": 429}, {"Retry-After": value}), Answer(body=EMPTY)))
    with client(site) as alguna:
        alguna.check()
    assert len(site.requests) == 2


def test_cancelling_ends_the_wait_between_attempts(serve: Serve) -> None:
    stop = threading.Event()

    def handler(_: object) -> Answer:
        stop.set()
        return Answer(500, {"status": 500})

    site = serve(handler)
    with AlgunaClient(site.url, KEY, cancelled=stop) as alguna, pytest.raises(Cancelled):
        alguna.check()
    assert len(site.requests) == 1


def test_a_key_without_the_right_is_told_with_what_it_may_not(serve: Serve) -> None:
    error = failure(serve, Answer(403, {"status": 403, "detail": "forbidden"}), check)
    assert isinstance(error, Refused)
    assert "may not read customers" in error.message


def test_a_customer_that_is_not_there_is_refused_with_404(serve: Serve) -> None:
    error = failure(
        serve, Answer(404, {"status": 404, "detail": "no such customer"}), lambda a: a.customer("x")
    )
    assert isinstance(error, Refused)
    assert error.code == "404"
    assert "this customer" in error.message


def test_what_alguna_says_is_shown_as_plain_text_and_cut(serve: Serve) -> None:
    detail = f"\x1b[31m{KEY}\u202e {'x' * 5000}\n[bold]"
    error = failure(serve, Answer(422, {"status": 422, "detail": detail}), lambda a: a.customer("x"))
    assert "\x1b" not in error.message
    assert "\u202e" not in error.message
    assert len(error.message) < 400


@pytest.mark.parametrize("body", [None, [], "text", {"detail": None}, {"detail": ["a"]}, {"status": 422}, 5])
def test_an_error_body_of_any_shape_is_survived(serve: Serve, body: object) -> None:
    assert isinstance(failure(serve, Answer(422, body), lambda a: a.customer("x")), Refused | Unreachable)


def test_a_conflict_on_a_read_is_told_as_one(serve: Serve) -> None:
    assert isinstance(failure(serve, Answer(409, {"status": 409, "detail": "moved"}), check), Conflict)


def test_a_redirect_is_not_followed_with_the_key(serve: Serve) -> None:
    thief = serve(lambda _: Answer(body=EMPTY))
    site = serve(lambda _: Answer(302, None, {"Location": f"{thief.url}/customers"}))
    with client(site) as alguna, pytest.raises(Unreachable):
        alguna.check()
    assert thief.requests == []


def test_netrc_and_proxies_of_the_environment_do_not_reach_this_computer(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    netrc = tmp_path / "netrc"  # type: ignore[operator]
    netrc.write_text("machine 127.0.0.1 login thief password thief\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    site = serve(lambda _: Answer(body=EMPTY))
    with client(site) as alguna:
        alguna.check()
    assert site.requests[0].headers["authorization"] == f"Bearer {KEY}"


def test_every_request_made_is_counted_and_reported_without_its_query(serve: Serve) -> None:
    told: list[Call] = []
    site = serve(in_turn(CUT, Answer(503, {"status": 503}), Answer(body=EMPTY)))
    with client(site, on_call=told.append) as alguna:
        alguna.check()
        assert alguna.calls == 3
    assert [(call.system, call.method, call.path, call.status) for call in told] == [
        ("alguna", "GET", "/customers", 0),
        ("alguna", "GET", "/customers", 503),
        ("alguna", "GET", "/customers", 200),
    ]


def test_a_path_prefix_of_the_address_is_kept(serve: Serve) -> None:
    site = serve(lambda _: Answer(body=EMPTY))
    with AlgunaClient(f"{site.url}/beta/", KEY) as alguna:
        alguna.check()
    assert site.requests[0].path == "/beta/customers"


def test_an_id_cannot_lead_to_another_path(serve: Serve) -> None:
    site = serve(lambda _: Answer(body=CUSTOMER))
    with client(site) as alguna:
        alguna.customer("../subscriptions/x?y#z")
        for text in ("", ".", ".."):
            with pytest.raises(Refused):
                alguna.customer(text)
    assert [request.path for request in site.requests] == ["/customers/..%2Fsubscriptions%2Fx%3Fy%23z"]


def test_reprs_show_no_key(serve: Serve) -> None:
    site = serve(lambda _: Answer(body=EMPTY))
    with client(site) as alguna:
        assert KEY not in repr(alguna) + repr(vars(alguna))


def test_alguna_s_ceiling_cannot_be_exceeded_and_a_practice_account_has_none() -> None:
    with pytest.raises(ValueError, match="at most 100"):
        AlgunaClient("https://api.alguna.io", KEY, rate=101)
    AlgunaClient("http://127.0.0.1:1", KEY, rate=5000).close()
