"""What a person does in the browser while signing in, without a browser: opens pages, fills forms, presses buttons."""

from __future__ import annotations

import html
import re
import threading
from collections.abc import Callable
from typing import Any

import httpx

FIELD = re.compile(r'<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"')
ACTION = re.compile(r'<form[^>]*action="([^"]*)"')


def sign_in(address: str, username: str, password: str, *, decision: str = "allow") -> httpx.Response:
    """Log in, answer the question, and follow wherever the browser is sent; returns the last page."""
    with httpx.Client(follow_redirects=True, trust_env=False, timeout=20.0) as browser:
        page = browser.get(address)
        page = _press(browser, page, {"username": username, "pw": password})
        if 'name="decision"' in page.text:
            page = _press(browser, page, {"decision": decision})
        return page


def _press(browser: httpx.Client, page: httpx.Response, filled: dict[str, str]) -> httpx.Response:
    hidden = {name: html.unescape(value) for name, value in FIELD.findall(page.text)}
    action = ACTION.search(page.text)
    assert action, f"no form on this page: {page.text[:400]}"
    return browser.post(page.url.join(html.unescape(action[1])), data={**hidden, **filled})


class Person:
    """Stands in for the function that opens a browser: acts in a thread of its own, as a person would.

    :param act: what to do with the address; by default sign in and allow.
    """

    def __init__(self, handout: Any, act: Callable[[str], object] | None = None) -> None:
        org = handout["salesforce"]
        self.username, self.password = org["username"], org["password"]
        self.act = act or (lambda address: sign_in(address, self.username, self.password))
        self.addresses: list[str] = []
        self.failures: list[BaseException] = []

    def __call__(self, address: str) -> bool:
        self.addresses.append(address)
        threading.Thread(target=self._go, args=(address,), daemon=True).start()
        return True

    def _go(self, address: str) -> None:
        try:
            self.act(address)
        except BaseException as failure:
            self.failures.append(failure)
