"""One bad record fails a whole call: the call is taken apart until it stands alone, and all others are written."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from console.errors import Refused
from console.salesforce.client import SalesforceClient, SubReply, SubRequest

CODES = ("CANNOT_EXECUTE_FLOW_TRIGGER", "JSON_PARSER_ERROR", "LIMIT_EXCEEDED")


class Poison:
    """Refuses whatever carries one of some customers' ids: the collection, or the whole call."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, ids: set[str], code: str, *, whole: bool) -> None:
        self.calls = 0
        real = SalesforceClient.composite

        def composite(client: SalesforceClient, requests: list[SubRequest]) -> list[SubReply]:
            writing = [request for request in requests if request.method != "GET"]
            self.calls += bool(writing)
            bad = [r for r in writing if any(id_ in json.dumps(r.body) for id_ in ids)]
            if not bad:
                return real(client, requests)
            if whole:
                raise Refused("Refused as a whole.", "Look.", code=code)
            body = [{"errorCode": code, "message": "one of them"}]
            rest = [request for request in requests if request not in bad]
            replies = {reply.reference: reply for reply in (real(client, rest) if rest else [])}
            return [
                replies.get(request.reference) or SubReply(request.reference, 400, body, request.method)
                for request in requests
            ]

        monkeypatch.setattr(SalesforceClient, "composite", composite)


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("code", CODES)
def test_the_bad_rows_stand_alone_and_all_others_are_written(
    build: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, code: str, whole: bool
) -> None:
    world = build(org="empty")
    complete = sorted(
        id_ for id_, each in world.customers().items() if each["billing_address"] and each["contacts"]
    )
    bad = {complete[3], complete[-1]}
    with world.open() as session, monkeypatch.context() as patch:
        poison = Poison(patch, bad, code, whole=whole)
        summary = session.engine.run()
        assert {refusal.category for id_ in bad for refusal in session.cache.journal.last_refusals(id_)} == {
            code
        }
    assert summary.refused == 2
    assert set(world.accounts()) == set(complete) - bad
    assert poison.calls < 2 * len(complete)


def test_a_refusal_that_is_about_the_org_is_not_taken_apart(
    build: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = build(org="empty")
    with monkeypatch.context() as patch:
        poison = Poison(patch, {"Alguna_Customer_ID__c"}, "API_DISABLED_FOR_ORG", whole=True)
        with pytest.raises(Refused, match="as a whole"):
            world.sync()
    assert poison.calls == 1
