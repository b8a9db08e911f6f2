"""Several calls in one: composite, graph and batch.

See https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_composite.htm.
"""

from __future__ import annotations

import re
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from console.rehearsal.salesforce import versions
from console.rehearsal.salesforce.errors import ApiError, malformed
from console.rehearsal.salesforce.references import filled, names_in
from console.rehearsal.salesforce.routing import Call, Reply, Route
from console.rehearsal.salesforce.store import RollBack

if TYPE_CHECKING:
    from collections.abc import Callable

    from console.rehearsal.salesforce.org import Org

MAX_SUBREQUESTS = 25
MAX_QUERIES = 5
MAX_GRAPHS = 75
MAX_NODES = 500
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]*")
_HALTED = "The transaction was rolled back since another operation in the same transaction failed."
_INHERITED = {"accept", "authorization", "content-type"}


class Composite:
    """`/composite`, `/composite/graph` and `/composite/batch`. `run` carries out one call, errors as replies."""

    def __init__(self, org: Org, run: Callable[[Call], Reply], count: Callable[[int], None]) -> None:
        self._org = org
        self._run = run
        self._count = count

    def routes(self) -> list[Route]:
        """The paths of composite calls."""
        return [
            Route("composite", GET=_resources, POST=self.composite),
            Route("composite/graph", POST=self.graph),
            Route("composite/batch", POST=self.batch),
        ]

    def composite(self, call: Call) -> Reply:
        body = call.json_object()
        requests = _requests(body, call.version)
        if len(requests) > MAX_SUBREQUESTS:
            return _too_many(f"The request can’t contain more than {MAX_SUBREQUESTS} operations.")
        if sum(1 for request in requests if _is_query(request)) > MAX_QUERIES:
            return _too_many(f"The request can’t contain more than {MAX_QUERIES} Query operations.")
        responses, _ = self._all(call, requests, all_or_none=body.get("allOrNone") is True)
        return Reply(200, {"compositeResponse": responses})

    def graph(self, call: Call) -> Reply:
        graphs = call.json_object().get("graphs")
        if not isinstance(graphs, list) or not graphs or not all(isinstance(one, dict) for one in graphs):
            raise malformed("graphs must be a list of graphs")
        if len(graphs) > MAX_GRAPHS:
            raise ApiError(400, "LIMIT_EXCEEDED", f"A request can't contain more than {MAX_GRAPHS} graphs.")
        parsed = [(one.get("graphId"), _requests(one, call.version)) for one in graphs]
        if sum(len(requests) for _, requests in parsed) > MAX_NODES:
            raise ApiError(400, "LIMIT_EXCEEDED", f"A request can't contain more than {MAX_NODES} nodes.")
        answers = []
        for graph_id, requests in parsed:
            responses, well = self._all(call, _in_order(requests), all_or_none=True)
            places = {request["referenceId"]: place for place, request in enumerate(requests)}
            responses.sort(key=lambda response: places[response["referenceId"]])
            answer = {"compositeResponse": responses}
            answers.append({"graphId": graph_id, "graphResponse": answer, "isSuccessful": well})
        return Reply(200, {"graphs": answers})

    def batch(self, call: Call) -> Reply:
        body = call.json_object()
        requests = body.get("batchRequests")
        if not isinstance(requests, list) or not requests:
            raise malformed("batchRequests must be a list of requests")
        if len(requests) > MAX_SUBREQUESTS:
            message = f"The request can’t contain more than {MAX_SUBREQUESTS} operations."
            raise ApiError(400, "LIMIT_EXCEEDED", message)
        halt, failed = body.get("haltOnError") is True, False
        results: list[dict[str, Any]] = []
        for request in requests:
            if failed and halt:
                error = {
                    "errorCode": "BATCH_PROCESSING_HALTED",
                    "message": "Batch processing is halted per request",
                }
                results.append({"statusCode": 412, "result": [error]})
                continue
            if not isinstance(request, dict) or not isinstance(request.get("url"), str):
                raise malformed("Each request of a batch needs a method and a url")
            # Each request of a batch counts; the batch itself was counted when it came in.
            if results:
                self._count(1)
            url = "/services/data/" + request["url"].removeprefix("/services/data/").lstrip("/")
            reply = self._one(call, {**request, "url": url, "body": request.get("richInput")})
            failed = failed or reply.status >= 400
            results.append({"statusCode": reply.status, "result": reply.body})
        return Reply(200, {"hasErrors": failed, "results": results})

    # -- inside

    def _all(
        self, call: Call, requests: list[dict[str, Any]], *, all_or_none: bool
    ) -> tuple[list[dict[str, Any]], bool]:
        """The responses in order, and whether nothing failed."""
        answers: dict[str, Any] = {}
        replies: list[Reply] = []
        failed: int | None = None
        try:
            with self._org.transaction() if all_or_none else nullcontext():
                for place, request in enumerate(requests):
                    reply = self._referring(call, request, answers)
                    replies.append(reply)
                    if not _went_well(reply):
                        failed = place if failed is None else failed
                        if all_or_none:
                            raise RollBack
                    if reply.status < 300:
                        answers[request["referenceId"]] = reply.body
        except RollBack:
            halted = Reply(400, [{"errorCode": "PROCESSING_HALTED", "message": _HALTED}])
            replies = [replies[place] if place == failed else halted for place in range(len(requests))]
        responses = [
            {
                "body": reply.body,
                "httpHeaders": dict(reply.headers),
                "httpStatusCode": reply.status,
                "referenceId": request["referenceId"],
            }
            for request, reply in zip(requests, replies, strict=True)
        ]
        return responses, failed is None

    def _referring(self, call: Call, request: dict[str, Any], answers: dict[str, Any]) -> Reply:
        try:
            url = filled(request["url"], answers, quote_values=True)
            body = filled(request.get("body"), answers)
        except ApiError as error:
            # Unlike most errors, this one names its code first.
            return Reply(400, [{"errorCode": error.code, "message": error.message}])
        if not _supported(url):
            message = (
                f"The requested resource is not supported in a composite request: {url.partition('?')[0]}"
            )
            return Reply(400, [{"errorCode": "PROCESSING_HALTED", "message": message}])
        return self._one(call, {**request, "url": url, "body": body})

    def _one(self, call: Call, request: dict[str, Any]) -> Reply:
        path, query = split_url(request["url"])
        segments = path.strip("/").split("/")
        body = request.get("body")

        def read_json() -> Any:
            if body is None:
                message = "The HTTP entity body is required, but this request has no entity body."
                raise ApiError(400, "JSON_PARSER_ERROR", message)
            return body

        try:
            if [part.lower() for part in segments[:2]] != ["services", "data"] or len(segments) < 3:
                raise malformed("The url of a subrequest must start with /services/data/vXX.X/")
            version = versions.parse(segments[2])
        except ApiError as error:
            return Reply(error.status, error.body())
        headers = {name.lower(): str(value) for name, value in (request.get("httpHeaders") or {}).items()}
        return self._run(
            replace(
                call,
                method=str(request.get("method", "GET")).upper(),
                path="/".join(segments[3:]),
                query=query,
                headers=headers,
                version=version,
                read_json=read_json,
                read_body=bytes,
                params={},
            )
        )


def split_url(url: str) -> tuple[str, dict[str, str]]:
    """A subrequest's raw path and its decoded query; blanks may stand raw in it."""
    path, _, query = url.partition("?")
    return path, parse_query(query)


def parse_query(query: str) -> dict[str, str]:
    """A query string, `+` and `%20` both blanks; the first value of each name counts."""
    found: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        found.setdefault(name, value)
    return found


def _resources(call: Call) -> Reply:
    names = ("tree", "batch", "sobjects", "graph")
    return Reply(200, {name: f"{call.base}/composite/{name}" for name in names})


def _requests(body: dict[str, Any], version: str) -> list[dict[str, Any]]:
    """The subrequests; raises JSON_PARSER_ERROR for one that cannot be understood."""
    requests = body.get("compositeRequest")
    if not isinstance(requests, list) or not requests:
        raise malformed("compositeRequest must be a list of subrequests")
    seen: set[str] = set()
    for request in requests:
        if not isinstance(request, dict):
            raise malformed("A subrequest must be an object")
        for name in ("method", "url", "referenceId"):
            if not isinstance(request.get(name), str):
                raise malformed(f"Missing required field {name} in a subrequest")
        name = request["referenceId"]
        if float(version) >= 52 and not _NAME.fullmatch(name):
            raise malformed(
                f"Provided referenceId ('{name}') must start with a letter or a number, and it can contain only "
                "letters, numbers and underscores ('_')."
            )
        if name in seen:
            raise malformed(f"Duplicate referenceId '{name}' provided in the composite request")
        seen.add(name)
        headers = request.get("httpHeaders") or {}
        if not isinstance(headers, dict) or _INHERITED & {str(header).lower() for header in headers}:
            raise malformed("A subrequest may not set the headers Accept, Authorization and Content-Type")
    return requests


def _in_order(requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The nodes of a graph so that each comes after those it refers to."""
    left, done = list(requests), set[str]()
    names = {request["referenceId"] for request in requests}
    ordered: list[dict[str, Any]] = []
    while left:
        ready = [request for request in left if names_in(request) & names <= done]
        if not ready:
            raise malformed("The references of a graph form a circle")
        ordered += ready
        done |= {request["referenceId"] for request in ready}
        left = [request for request in left if request["referenceId"] not in done]
    return ordered


def _went_well(reply: Reply) -> bool:
    """Whether a subrequest succeeded; a collection did only when all of its rows did."""
    if reply.status >= 300 and reply.status != 304:
        return False
    if isinstance(reply.body, list):
        return all(row.get("success", True) for row in reply.body if isinstance(row, dict))
    return True


def _kind(url: str) -> list[str]:
    return [part.lower() for part in url.partition("?")[0].strip("/").split("/")[3:]]


def _is_query(request: dict[str, Any]) -> bool:
    kind = _kind(request["url"])
    return kind[:1] in (["query"], ["queryall"]) or kind[:2] == ["composite", "sobjects"]


def _supported(url: str) -> bool:
    kind = _kind(url)
    return kind[:1] in (["sobjects"], ["query"], ["queryall"]) or kind[:2] == ["composite", "sobjects"]


def _too_many(message: str) -> Reply:
    error = {"errorCode": "LIMIT_EXCEEDED", "message": message}
    response = {"body": [error], "httpHeaders": {}, "httpStatusCode": 400, "referenceId": None}
    return Reply(400, {"compositeResponse": [response]})
