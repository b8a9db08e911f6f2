"""The rehearsal as the tests of the clients use it: steered through its control address, visited with a browser's manners."""

from __future__ import annotations

import html
import re
import threading
from typing import Any

import httpx

from console.alguna.client import AlgunaClient
from console.rehearsal.server import Rehearsal
from console.salesforce.client import SalesforceClient
from console.salesforce.signing_in.loopback import CallbackServer
from console.salesforce.signing_in.oauth import OAuth, Tokens, new_proof, new_state
from tests.clients.site import GivenToken, Unhurried


class Stage:
    """A running rehearsal and short words for what tests do with it."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        self.salesforce: dict[str, str] = rehearsal.handout["salesforce"]
        self.alguna: dict[str, str] = rehearsal.handout["alguna"]
        self._control = httpx.Client(base_url=rehearsal.control_url, trust_env=False, timeout=30)

    def close(self) -> None:
        self._control.close()

    def tell(self, method: str, path: str, **body: Any) -> Any:
        response = self._control.request(method, path, json=body or None)
        assert response.status_code == 200, response.text
        return response.json()

    def fault(self, side: str, error: str, **more: Any) -> None:
        self.tell("POST", f"/{side}/faults", error=error, **({"next": 1} | more))

    def reset(self) -> None:
        for side in ("salesforce", "alguna"):
            self.tell("DELETE", f"/{side}/faults")

    def calls(self, side: str, words: str = "") -> int:
        counted = self.tell("GET", f"/{side}/calls")["by_call"]
        return sum(number for call, number in counted.items() if words in call)

    def rows(self, soql: str) -> list[dict[str, Any]]:
        response = self._control.get("/salesforce/query", params={"q": soql})
        assert response.status_code == 200, response.text
        return list(response.json()["records"])

    def org(self, token: str | None = None, **options: Any) -> SalesforceClient:
        options.setdefault("cancelled", Unhurried())
        tokens = options.pop("tokens", None) or GivenToken(token or self.salesforce["access_token"])
        return SalesforceClient(self.salesforce["instance_url"], tokens, **options)

    def billing(self, key: str | None = None, **options: Any) -> AlgunaClient:
        options.setdefault("cancelled", Unhurried())
        return AlgunaClient(self.alguna["base_url"], key or self.alguna["api_key"], **options)

    def oauth(self, client_id: str | None = None) -> OAuth:
        return OAuth(self.salesforce["login_url"], client_id or self.salesforce["client_id"])

    def sign_in(self) -> tuple[Tokens, dict[str, str]]:
        """The whole sign-in; returns the tokens, and the code with its verifier and address for tests to misuse."""
        oauth, proof, state = self.oauth(), new_proof(), new_state()
        with CallbackServer(state, ports=(0,)) as server:
            address = oauth.authorize_url(
                redirect_uri=server.redirect_uri, state=state, challenge=proof.challenge
            )
            browser = threading.Thread(target=self.browse, args=(address,))
            browser.start()
            code = server.wait(10)
            browser.join()
        used = {"code": code, "verifier": proof.verifier, "redirect_uri": server.redirect_uri}
        return oauth.exchange(code, verifier=proof.verifier, redirect_uri=server.redirect_uri), used

    def browse(self, address: str, decision: str = "allow") -> httpx.Response:
        """Log in, decide, and follow the way back, as a person's browser does."""
        with httpx.Client(trust_env=False, follow_redirects=True, timeout=10) as browser:
            page = browser.get(address)
            if 'id="login_form"' in page.text:
                fields = {"username": self.salesforce["username"], "pw": self.salesforce["password"]}
                page = _submit(browser, page, fields)
            if 'id="editPage"' in page.text:
                page = _submit(browser, page, {"decision": decision})
            return page


def _submit(browser: httpx.Client, page: httpx.Response, fields: dict[str, str]) -> httpx.Response:
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    target = re.search(r'<form method="post" action="([^"]+)"', page.text)
    assert target is not None, page.text
    address = page.url.join(html.unescape(target.group(1)))
    return browser.post(address, data={**{k: html.unescape(v) for k, v in hidden.items()}, **fields})
