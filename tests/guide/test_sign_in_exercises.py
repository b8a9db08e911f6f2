"""What the practice room lets go wrong about signing in: recognised, explained with its page in Setup, and undone."""

from __future__ import annotations

import threading

import httpx
import pytest

from console.errors import SignInNeeded
from console.guide.seam import Rehearsal
from console.salesforce.signing_in.renewing import token_source
from tests.person import sign_in
from tests.practising import Bench


def room(bench: Bench) -> Rehearsal:
    found = bench.desk.rehearsal()
    assert found is not None
    return found


def renewed(bench: Bench, name: str) -> str:
    source = token_source(bench.connections.load(name), bench.connections, bench.secrets)
    return source.renew(source.current())


@pytest.mark.parametrize(
    ("exercise", "words"),
    [
        ("other_network", "from this network"),
        ("login_hours", "not log in at this hour"),
        ("secret", "wants a secret"),
    ],
)
def test_a_refusal_that_is_mended_needs_no_new_sign_in(bench: Bench, exercise: str, words: str) -> None:
    name = bench.connected()
    room(bench).practise(exercise)
    for _ in range(2):
        with pytest.raises(SignInNeeded, match=words) as refusal:
            renewed(bench, name)
        assert "Setup" in refusal.value.advice
    room(bench).practise("calm")
    assert bench.token_works(renewed(bench, name))


def test_a_user_who_is_not_approved_is_told_so_when_signing_in_again(bench: Bench) -> None:
    name = bench.connected()
    room(bench).practise("not_approved")
    with pytest.raises(SignInNeeded):
        renewed(bench, name)
    again = bench.desk.sign_in_again(name)
    again.begin()
    with pytest.raises(SignInNeeded, match="administrator approved") as refusal:
        again.wait(threading.Event())
    assert "Permitted Users" in refusal.value.advice
    room(bench).practise("calm")
    again.begin()
    assert again.wait(threading.Event()) is not None
    assert bench.token_works(renewed(bench, name))


def test_an_app_that_is_not_installed_is_explained_from_what_the_browser_shows(bench: Bench) -> None:
    name = bench.connected()
    room(bench).practise("not_installed")
    pages: list[httpx.Response] = []
    bench.person.act = lambda address: pages.append(
        sign_in(address, bench.person.username, bench.person.password)
    )
    again = bench.desk.sign_in_again(name)
    bench.person.act(again.begin().address)
    with pytest.raises(SignInNeeded, match="not installed in this org") as refusal:
        again.paste(pages[-1].text)
    assert "External Client App Manager" in refusal.value.advice
    again.cancel()
