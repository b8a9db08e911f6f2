"""`/jobs/ingest` and `/jobs/query`: what clients ask of jobs.

Resources and their replies: https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/reference.htm
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce import wire
from console.rehearsal.salesforce.bulk import csvtext, multipart, reading
from console.rehearsal.salesforce.bulk.errors import BulkError, wrong_state
from console.rehearsal.salesforce.bulk.jobs import INGEST, QUERY, Job, Jobs, listed, locator, place_of, shown
from console.rehearsal.salesforce.bulk.worker import QUERY_JOBS, Pace, Worker
from console.rehearsal.salesforce.errors import ApiError, not_found
from console.rehearsal.salesforce.routing import Call, Reply, Route
from console.rehearsal.salesforce.values import stamp_text

if TYPE_CHECKING:
    from console.rehearsal.salesforce.org import Org

OPERATIONS = ("insert", "update", "upsert", "delete", "hardDelete")
MAX_UPLOAD = 150 * 1024 * 1024
RESULT_ROWS = 250_000
"""Rows of one page of a query's result, when the client does not ask for fewer."""
SINCE_INGEST, SINCE_QUERY = 41, 47
"""API versions from which on there are such jobs."""
_CSV = "text/csv; charset=UTF-8"


class Bulk:
    """The jobs of an org, with what works on them."""

    def __init__(self, org: Org, clock: Callable[[], datetime]) -> None:
        self._org = org
        self._clock = clock
        self._jobs = Jobs(org.store)
        self._worker = Worker(org, self._jobs, clock)

    @property
    def pace(self) -> Pace:
        """How slowly jobs are worked on."""
        return self._worker.pace

    def wake(self) -> None:
        """Goes on with jobs that are waiting, such as those of before a restart. Called on the loop."""
        self._worker.wake()

    async def stop(self) -> None:
        """Leaves jobs as they are. Call it before the org is closed."""
        await self._worker.stop()

    def allowances(self) -> dict[str, dict[str, int]]:
        """The daily allowances of jobs as `/limits` shows them."""
        return {
            name: {"Max": most, "Remaining": self._worker.left(name)}
            for name, most in self.pace.daily.items()
        }

    def routes(self) -> list[Route]:
        """All paths of the Bulk API 2.0."""
        one = "jobs/ingest/{job}"
        return [
            Route("jobs", GET=_resources),
            Route("jobs/ingest", GET=self.list_ingest, POST=self.create),
            Route(one, GET=self.ingest_job, PATCH=self.change_ingest, DELETE=self.delete_ingest),
            Route(f"{one}/batches", PUT=self.upload),
            Route(f"{one}/successfulresults", GET=lambda call: self._results(call, ok=True)),
            Route(f"{one}/failedresults", GET=lambda call: self._results(call, ok=False)),
            Route(f"{one}/unprocessedrecords", GET=self.unprocessed),
            Route("jobs/query", GET=self.list_queries, POST=self.create_query),
            Route("jobs/query/{job}", GET=self.query_job, PATCH=self.change_query, DELETE=self.delete_query),
            Route("jobs/query/{job}/results", GET=self.query_results),
        ]

    # -- ingest

    def create(self, call: Call) -> Reply:
        _since(call, SINCE_INGEST)
        content: bytes | None = None
        if call.headers.get("content-type", "").strip().lower().startswith("multipart/form-data"):
            body, content = multipart.parts(call.headers["content-type"], call.read_body())
        else:
            body = call.json_object()
        values = self._ingest_values(call, body)
        with self._org.transaction():
            job = self._add(call, kind=INGEST, state="Open", **values)
            if content is not None:
                self._jobs.keep_upload(job, content)
                self._change(job, state="UploadComplete")
        self.wake()
        return Reply(200, shown(job, version=call.version, new=True))

    def _ingest_values(self, call: Call, body: Mapping[str, Any]) -> dict[str, Any]:
        operation = body.get("operation")
        if operation not in OPERATIONS:
            raise BulkError(
                "INVALIDOPERATION", f"Invalid operation: {operation}. Use one of {', '.join(OPERATIONS)}"
            )
        name = body.get("object")
        view = self._org.view(call.caller, name) if isinstance(name, str) else None
        if view is None:
            raise BulkError("INVALIDENTITY", f"Entity '{name}' is not supported by the Bulk API.")
        if body.get("contentType", "CSV") != "CSV":
            raise BulkError("INVALIDJOB", f"Unsupported content type: {body['contentType']}")
        if (
            operation == "hardDelete"
            and not self._org.directory.permissions(call.caller.user_id)["BulkApiHardDelete"]
        ):
            message = "hardDelete operation requires special user profile permission, please contact your system administrator"
            raise BulkError("FEATURENOTENABLED", message)
        external_id = None
        if operation == "upsert":
            given = body.get("externalIdFieldName")
            if not given:
                message = f"External ID was blank for {view.sobject.name}. An External ID must be specified for upsert."
                raise BulkError("INVALIDJOB", message)
            field = view.get(str(given))
            if field is None or not (field.external_id or field.id_lookup or field.type == "id"):
                message = (
                    f"Field name provided, {given} does not match an External ID, Salesforce Id, or indexed field "
                    f"for {view.sobject.name}"
                )
                raise BulkError("INVALIDJOB", message)
            external_id = field.name
        return {
            "operation": operation,
            "object": view.sobject.name,
            "external_id": external_id,
            **_format(body),
        }

    def upload(self, call: Call) -> Reply:
        job = self._job(call, INGEST)
        if not call.headers.get("content-type", "").strip().lower().startswith("text/csv"):
            message = "The Content-Type of a job's data must be text/csv"
            raise ApiError(415, "UNSUPPORTED_MEDIA_TYPE", message)
        if job.state != "Open":
            raise wrong_state(f"Uploading data to a job whose state is {job.state} is not allowed")
        if self._jobs.upload_size(job) is not None:
            message = (
                f"Found multiple contents for job: <{job.id}>, please 'Close' / 'Abort' / 'Delete' the current Job"
                " then create a new Job and make sure you only do 'PUT' once on a given Job."
            )
            raise BulkError("CLIENTINPUTERROR", message)
        body = call.read_body()
        if len(body) > MAX_UPLOAD:
            raise wire.too_large(MAX_UPLOAD)
        self._jobs.keep_upload(job, body)
        return Reply(201)

    def change_ingest(self, call: Call) -> Reply:
        job = self._job(call, INGEST)
        wanted = call.json_object().get("state")
        if wanted == "UploadComplete":
            if job.state != "Open":
                raise wrong_state(f"Closing already {_word(job)} Job not allowed")
            if self._jobs.upload_size(job) is None:
                raise wrong_state("The job has no data: upload it before closing the job")
            self._change(job, state="UploadComplete")
            self.wake()
        else:
            self._abort(job, wanted)
        return Reply(200, shown(job, version=call.version))

    def _abort(self, job: Job, wanted: object) -> None:
        if wanted != "Aborted":
            raise BulkError("INVALIDJOB", f"Invalid state: {wanted}. Use UploadComplete or Aborted")
        if job.ended:
            raise wrong_state(f"Aborting already {_word(job)} Job not allowed")
        self._change(job, state="Aborted")
        self._worker.forget(job)

    def ingest_job(self, call: Call) -> Reply:
        return self._show(call, self._job(call, INGEST))

    def delete_ingest(self, call: Call) -> Reply:
        return self._delete(self._job(call, INGEST), "Open", "InProgress")

    def list_ingest(self, call: Call) -> Reply:
        _since(call, SINCE_INGEST)
        return self._list(call, "ingest", INGEST)

    # -- results of ingest

    def _results(self, call: Call, *, ok: bool) -> Reply:
        job = self._readable(call, INGEST)
        delimiter = csvtext.DELIMITERS[job.delimiter]
        second = "sf__Created" if ok else "sf__Error"
        header = f'"sf__Id"{delimiter}"{second}"' + (f"{delimiter}{job.header}" if job.header else "")
        return _csv(job, chain([header], self._jobs.rows(job, ok)))

    def unprocessed(self, call: Call) -> Reply:
        job = self._readable(call, INGEST)
        return _csv(job, self._left(job))

    def _left(self, job: Job) -> Iterator[str]:
        """The header and the records that were not reached, as they were uploaded."""
        delimiter = csvtext.DELIMITERS[job.delimiter]
        reader = csvtext.Reader(
            lambda start, count: self._jobs.read_upload(job, start, count),
            self._jobs.upload_size(job) or 0,
            delimiter,
        )
        if job.header is not None:
            yield job.header
        for line in reader.lines(job.position):
            yield delimiter.join(csvtext.bare(cell, delimiter) for cell in line.cells)

    # -- queries

    def create_query(self, call: Call) -> Reply:
        _since(call, SINCE_QUERY)
        body = call.json_object()
        operation, soql = body.get("operation"), body.get("query")
        if operation not in ("query", "queryAll"):
            raise BulkError("INVALIDOPERATION", f"Invalid operation: {operation}. Use query or queryAll")
        if not isinstance(soql, str) or not soql.strip():
            raise BulkError("MALFORMED_QUERY", "A query string has to be specified")
        if not self._worker.left(QUERY_JOBS):
            raise BulkError("EXCEEDEDQUOTA", "BulkV2QueryJobs Limit exceeded.")
        name = reading.check(self._org, call.caller, soql, all_rows=operation == "queryAll")
        job = self._add(
            call,
            kind=QUERY,
            state="UploadComplete",
            operation=operation,
            object=name,
            soql=soql,
            **_format(body),
        )
        self._jobs.count(QUERY_JOBS, 1, self._worker.hour())
        self.wake()
        return Reply(200, shown(job, version=call.version, new=True))

    def query_job(self, call: Call) -> Reply:
        return self._show(call, self._job(call, QUERY))

    def change_query(self, call: Call) -> Reply:
        job = self._job(call, QUERY)
        self._abort(job, call.json_object().get("state"))
        return Reply(200, shown(job, version=call.version))

    def delete_query(self, call: Call) -> Reply:
        return self._delete(self._job(call, QUERY), "UploadComplete", "InProgress")

    def list_queries(self, call: Call) -> Reply:
        _since(call, SINCE_QUERY)
        return self._list(call, "query", QUERY)

    def query_results(self, call: Call) -> Reply:
        job = self._readable(call, QUERY)
        if job.state != "JobComplete":
            raise wrong_state(f"The results of a job whose state is {job.state} can't be read")
        start = place_of(call.query["locator"]) if call.query.get("locator") else 0
        if start is None or start > job.processed:
            raise BulkError("INVALIDQUERYLOCATOR", f"Invalid locator: {call.query['locator']}")
        most = call.query.get("maxRecords", "")
        if most and not (most.isascii() and most.isdigit() and int(most) > 0):
            raise BulkError(
                "INVALIDPARAMETER", f"Invalid maxRecords: {most}. It must be a whole number above 0"
            )
        end = min(job.processed, start + min(int(most or RESULT_ROWS), RESULT_ROWS))
        reply = _csv(job, chain([str(job.header)], self._jobs.rows(job, True, start, end)))
        reply.headers["Sforce-NumberOfRecords"] = str(end - start)
        reply.headers["Sforce-Locator"] = locator(end) if end < job.processed else "null"
        return reply

    # -- both kinds

    def _add(self, call: Call, **values: Any) -> Job:
        self._jobs.expire(self._clock())
        return self._jobs.add(
            stamp_text(self._clock()),
            user_id=call.caller.user_id,
            client=call.caller.client,
            version=call.version,
            **values,
        )

    def _change(self, job: Job, **values: Any) -> None:
        self._jobs.change(job, stamp_text(self._clock()), **values)

    def _may_see_all(self, call: Call) -> bool:
        return self._org.directory.permissions(call.caller.user_id)["ModifyAllData"]

    def _job(self, call: Call, kind: str) -> Job:
        """The job of a path; 404 also for that of somebody else, unless the caller may modify all data."""
        self._jobs.expire(self._clock())
        job = self._jobs.get(call.params["job"], kind)
        if job is None or (job.user_id != call.caller.user_id and not self._may_see_all(call)):
            raise not_found()
        return job

    def _readable(self, call: Call, kind: str) -> Job:
        """The job of a path when its results can be read."""
        job = self._job(call, kind)
        if job.version != call.version:
            message = (
                f"The API version {call.version} of this request is not the version {job.version} of the job"
            )
            raise BulkError("INVALIDVERSION", message, 409)
        if not job.ended:
            raise wrong_state(f"The results of a job whose state is {job.state} can't be read")
        return job

    def _show(self, call: Call, job: Job) -> Reply:
        if not job.ended:
            self._worker.seen(job)
        return Reply(200, shown(job, version=call.version, whole=True))

    def _delete(self, job: Job, *refused: str) -> Reply:
        if job.state in refused:
            raise wrong_state(f"Deleting a job whose state is {job.state} is not allowed")
        self._jobs.remove(job)
        self._worker.forget(job)
        return Reply(204)

    def _list(self, call: Call, name: str, kind: str) -> Reply:
        wanted = call.query.get("jobType", kind)
        # Jobs of the older API and of big objects exist in no rehearsal; only the older API chunks by primary key.
        kinds = [wanted] if wanted in (INGEST, QUERY) else []
        if call.query.get("isPkChunkingEnabled", "").lower() == "true":
            kinds = []
        after = place_of(call.query["queryLocator"]) if call.query.get("queryLocator") else 0
        if after is None:
            raise BulkError("INVALIDQUERYLOCATOR", f"Invalid locator: {call.query['queryLocator']}")
        self._jobs.expire(self._clock())
        own = None if self._may_see_all(call) else call.caller.user_id
        found, more = self._jobs.page(kinds, after, own) if kinds else ([], None)
        url = (
            None if more is None else f"{call.base}/jobs/{name}?jobType={wanted}&queryLocator={locator(more)}"
        )
        return Reply(
            200, {"done": more is None, "nextRecordsUrl": url, "records": [listed(job) for job in found]}
        )


def _resources(call: Call) -> Reply:
    return Reply(200, {name: f"{call.base}/jobs/{name}" for name in ("ingest", "query")})


def _since(call: Call, version: int) -> None:
    if int(call.version.partition(".")[0]) < version:
        raise not_found()


def _format(body: Mapping[str, Any]) -> dict[str, str]:
    """How the file is written: the names of its delimiter and of its line ending."""
    delimiter, ending = body.get("columnDelimiter", "COMMA"), body.get("lineEnding", "LF")
    if delimiter not in csvtext.DELIMITERS:
        raise BulkError(
            "INVALIDJOB", f"Invalid columnDelimiter: {delimiter}. Use one of {', '.join(csvtext.DELIMITERS)}"
        )
    if ending not in csvtext.LINE_ENDINGS:
        raise BulkError("INVALIDJOB", f"Invalid lineEnding: {ending}. Use LF or CRLF")
    return {"delimiter": delimiter, "line_ending": ending}


def _word(job: Job) -> str:
    return {"JobComplete": "Completed"}.get(job.state, job.state)


def _csv(job: Job, lines: Iterator[str]) -> Reply:
    """Records as a body that is written while it is read from the org's file."""
    ending = csvtext.LINE_ENDINGS[job.line_ending]
    return Reply(200, headers={"Content-Type": _CSV}, stream=(f"{line}{ending}".encode() for line in lines))
