"""Both systems as somebody who isn't the console uses them: what people do and see there, by plain HTTP."""

from __future__ import annotations

import json
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen


class Outside:
    """What a test's world has besides the console; `rehearsal` is served."""

    rehearsal: Any

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the rehearsal's control address."""
        return _asked(f"{self.rehearsal.control_url}/{path}", method, body)

    def query(self, soql: str) -> list[dict[str, Any]]:
        """Rows as they truly are in the org, whoever may see them."""
        return self.control("GET", f"salesforce/query?q={quote(soql)}")["records"]

    def rest(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the org's REST API as the administrator, with a tool of their own."""
        org = self.rehearsal.handout["salesforce"]
        address = f"{org['instance_url']}/services/data/v62.0/{path}"
        try:
            return _asked(address, method, body, {"Authorization": f"Bearer {org['access_token']}"})
        except HTTPError as refusal:
            raise AssertionError(refusal.read().decode()) from None


def _asked(address: str, method: str, body: Any, headers: dict[str, str] | None = None) -> Any:
    request = Request(
        address,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json", **(headers or {})},
    )
    with urlopen(request, timeout=30) as answer:
        text = answer.read()
    return json.loads(text) if text else None
