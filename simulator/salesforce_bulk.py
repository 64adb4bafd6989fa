"""Queries of Bulk API 2.0: jobs that run while the client waits, and their results as CSV in sets.

    POST /jobs/query            a job, UploadComplete        GET    /jobs/query        all jobs
    GET  /jobs/query/{job}      InProgress … JobComplete     PATCH  /jobs/query/{job}  abort
    GET  …/{job}/results        the next set of rows         DELETE /jobs/query/{job}  remove

A job moves on when its state is asked for, and reads the records when it completes.
https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/queries.htm
"""

from __future__ import annotations

import base64
import binascii
import gzip
import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from simulator import soql
from simulator.http import Response, json_response
from simulator.salesforce_errors import Refused, not_found
from simulator.salesforce_ids import numbered
from simulator.salesforce_resources import no_method
from simulator.soql_binding import Selection

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from simulator.dataset import Record
    from simulator.salesforce_queries import Queries
    from simulator.salesforce_records import Records
    from simulator.salesforce_resources import Call
    from simulator.salesforce_switches import SalesforceSwitches
    from simulator.soql_binding import BoundQuery

    Cell = Callable[[Record], Any]

_OLDEST = 47
_KEEPS_ORDER = 50  # before, columns came in the order of the alphabet
_KEYS = {"operation", "query", "contentType", "columnDelimiter", "lineEnding"}
_DELIMITERS = {"COMMA": ",", "BACKQUOTE": "`", "CARET": "^", "PIPE": "|", "SEMICOLON": ";", "TAB": "\t"}
_LINE_ENDINGS = {"LF": "\n", "CRLF": "\r\n"}
_RUNNING = {"UploadComplete": "UPLOAD_COMPLETE", "InProgress": "IN_PROGRESS"}
_LITERAL = re.compile(r"'(?:[^'\\]|\\.)*'", re.DOTALL)
_NOT_IN_BULK = (
    (re.compile(r"\bTYPEOF\b", re.IGNORECASE), "TYPEOF is not supported in Bulk Query"),
    (re.compile(r"\bGROUP\s+BY\b", re.IGNORECASE), "Aggregate Relationships not supported in Bulk Query"),
    (
        re.compile(r"\b(COUNT|COUNT_DISTINCT|SUM|AVG|MIN|MAX)\s*\(", re.IGNORECASE),
        "Aggregate Relationships not supported in Bulk Query",
    ),
    (re.compile(r"\bOFFSET\b", re.IGNORECASE), "OFFSET is not supported in Bulk Query"),
)
_SUB_SELECT = re.compile(r"\s*SELECT\b(?:(?!\bFROM\b).)*\(\s*SELECT\b", re.IGNORECASE | re.DOTALL)
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})\+0000")


@dataclass(slots=True)
class _Job:
    id: str
    operation: str
    query: str
    version: int
    delimiter: str
    line_ending: str
    created: datetime
    object_name: str
    state: str = "UploadComplete"
    error: str | None = None
    asked: int = 0
    columns: list[tuple[str, Cell]] = field(default_factory=list)
    found: list[Record] = field(default_factory=list)

    def shown(self) -> dict[str, Any]:
        stamp = self.created.strftime("%Y-%m-%dT%H:%M:%S.000+0000")
        return {
            "id": self.id,
            "operation": self.operation,
            "object": self.object_name,
            "createdDate": stamp,
            "systemModstamp": stamp,
            "state": self.state,
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": float(self.version),
            "lineEnding": self.line_ending,
            "columnDelimiter": self.delimiter,
        }


class QueryJobs:
    def __init__(self, queries: Queries, records: Records, switches: SalesforceSwitches) -> None:
        self._queries = queries
        self._records = records
        self._switches = switches
        self._jobs: dict[str, _Job] = {}
        self._made = 0

    @property
    def left(self) -> int:
        """Jobs that may still be made today."""
        return max(self._switches.bulk_jobs - self._made, 0)

    def answer(self, call: Call, rest: list[str]) -> Response:
        if not self._switches.bulk_enabled:
            raise Refused(400, "FEATURENOTENABLED", "Async API is not enabled for this organization or user")
        version = int(call.version.removeprefix("v").partition(".")[0])
        if version < _OLDEST:
            raise not_found()
        method = call.request.method
        match rest:
            case []:
                if method == "POST":
                    return json_response(self._create(call, version))
                return (
                    json_response(self._list(call))
                    if method == "GET"
                    else no_method(call.request, "GET,POST")
                )
            case [job_id]:
                job = self._job(job_id)
                if method == "GET":
                    self._move_on(job, call.request.now)
                    return json_response(self._details(job))
                if method == "PATCH":
                    return json_response(self._abort(call, job))
                if method == "DELETE":
                    return self._delete(job)
                return no_method(call.request, "GET,PATCH,DELETE")
            case [job_id, "results"]:
                job = self._job(job_id)
                return (
                    self._results(call, job, version) if method == "GET" else no_method(call.request, "GET")
                )
        raise not_found()

    def _job(self, job_id: str) -> _Job:
        found = self._jobs.get(job_id[:15])
        if found is None:
            raise not_found()
        return found

    def _create(self, call: Call, version: int) -> dict[str, Any]:
        asked = call.fields()
        unknown = sorted(set(asked) - _KEYS)
        if unknown:
            raise Refused(400, "JSON_PARSER_ERROR", f'Unrecognized field "{unknown[0]}"')
        operation, query = asked.get("operation"), asked.get("query")
        delimiter = asked.get("columnDelimiter", "COMMA")
        line_ending = asked.get("lineEnding", "LF")
        if operation not in {"query", "queryAll"}:
            raise Refused(400, "INVALIDOPERATION", f"Operation {operation} is not supported here")
        if not isinstance(query, str) or not query.strip():
            raise Refused(400, "API_ERROR", "A query string has to be specified")
        if asked.get("contentType", "CSV") != "CSV":
            raise Refused(400, "API_ERROR", "The content type of a query job is CSV")
        if delimiter not in _DELIMITERS or line_ending not in _LINE_ENDINGS:
            raise Refused(400, "API_ERROR", "The column delimiter or line ending is not supported")
        bound = self._bound(query, call.request.now)
        if bound.object.name in self._switches.bulk_unsupported:
            message = f"Entity '{bound.object.name}' is not supported by the Bulk API."
            raise Refused(400, "INVALIDENTITY", message)
        if not self.left:
            limit = self._switches.bulk_jobs
            message = f"Max bulk v2 query jobs ({limit}) per 24 hrs has been reached ({limit})"
            raise Refused(400, "LIMIT_EXCEEDED", message)
        self._made += 1
        job = _Job(
            id=numbered("750", self._made),
            operation=str(operation),
            query=query,
            version=version,
            delimiter=delimiter,
            line_ending=line_ending,
            created=call.request.now,
            object_name=bound.object.name,
        )
        self._jobs[job.id[:15]] = job
        return job.shown()

    def _bound(self, query: str, now: datetime) -> BoundQuery:
        plain = _LITERAL.sub("''", query)
        if _SUB_SELECT.match(plain):
            raise Refused(400, "API_ERROR", "Nested queries are not supported in Bulk Query")
        for pattern, message in _NOT_IN_BULK:
            if pattern.search(plain):
                raise Refused(400, "API_ERROR", message)
        bound = self._queries.bind(query, now)
        chosen = bound.selection or Selection()
        if chosen.parents and not self._switches.bulk_parents:
            raise Refused(400, "API_ERROR", "Foreign Key Relationships not supported in Bulk Query")
        if any(bound.object.all_fields[name.lower()].type == "address" for name, _ in chosen.fields):
            message = "Selecting compound data not supported in Bulk Query"
            raise Refused(400, "FUNCTIONALITY_NOT_ENABLED", message)
        return bound

    def _list(self, call: Call) -> dict[str, Any]:
        kind = call.request.argument("jobType")
        shown = list(self._jobs.values()) if kind in {None, "V2Query"} else []
        return {
            "done": True,
            "records": [{**job.shown(), "jobType": "V2Query"} for job in shown],
            "nextRecordsUrl": None,
        }

    def _details(self, job: _Job) -> dict[str, Any]:
        details = {**job.shown(), "jobType": "V2Query"}
        if job.state not in _RUNNING:
            details |= {"numberRecordsProcessed": len(job.found), "retries": 0, "totalProcessingTime": 1}
        if job.error is not None:
            details["errorMessage"] = job.error
        return details

    def _move_on(self, job: _Job, now: datetime) -> None:
        if job.state not in _RUNNING:
            return
        job.asked += 1
        if job.asked < self._switches.bulk_polls or self._switches.bulk_never_ends:
            job.state = "InProgress"
            return
        if self._switches.bulk_aborted:
            job.state = "Aborted"
            return
        job.error = self._switches.bulk_failure
        if job.error is not None:
            job.state = "Failed"
            return
        bound = self._bound(job.query, now)
        job.columns = self._columns(bound, job)
        job.found = self._queries.rows(bound, now, everything=job.operation == "queryAll")
        if self._queries.takes_too_long(job.found):
            job.state, job.found = "Failed", []
            job.error = "QUERY_TIMEOUT: Your query request was running for too long."
            return
        if bound.sort is None:
            job.found.reverse()  # no order is promised, so it is not that of the other API
        job.state = "JobComplete"

    def _abort(self, call: Call, job: _Job) -> dict[str, Any]:
        if call.fields() != {"state": "Aborted"}:
            raise Refused(400, "API_ERROR", "The only change of a query job is its state to Aborted")
        if job.state not in _RUNNING:
            raise Refused(
                400, "API_ERROR", "Error encountered when aborting the job because it is terminated"
            )
        job.state = "Aborted"
        return job.shown()

    def _delete(self, job: _Job) -> Response:
        if job.state in _RUNNING:
            message = "Error encountered when deleting the job because the job is not terminated"
            raise Refused(400, "API_ERROR", message)
        del self._jobs[job.id[:15]]
        return Response(204)

    def _results(self, call: Call, job: _Job, version: int) -> Response:
        if job.version != version:
            message = f"The job was created with API version {job.version}.0"
            raise Refused(409, "API_ERROR", message)
        if job.state != "JobComplete":
            message = (
                "can only download query results of successfully completed bulk job with status: JOB_COMPLETE."
                f" Current status: {_RUNNING.get(job.state, job.state.upper())}"
            )
            raise Refused(412, "JOB_NOT_COMPLETE", message)
        start = _start(call.request.argument("locator"), len(job.found))
        end = min(start + self._page_rows(call.request.argument("maxRecords")), len(job.found))
        rows = job.found[start:end]
        body = _csv(job, rows)
        headers = {
            "Content-Type": "text/csv;charset=UTF-8",
            "Sforce-Locator": "null" if end >= len(job.found) else _locator(end),
            "Sforce-NumberOfRecords": str(len(rows)),
        }
        accepted = call.request.headers.get("Accept-Encoding", "")
        if self._switches.bulk_compressed and "gzip" in accepted:
            body = gzip.compress(body, compresslevel=1, mtime=0)
            headers["Content-Encoding"] = "gzip"
        return Response(200, body, headers)

    def _page_rows(self, asked: str | None) -> int:
        if asked is None:
            return self._switches.bulk_page_rows
        if not asked.isdecimal() or int(asked) < 1:
            raise Refused(400, "API_ERROR", f"maxRecords is no positive number: {asked}")
        return min(int(asked), self._switches.bulk_page_rows)

    def _columns(self, bound: BoundQuery, job: _Job) -> list[tuple[str, Cell]]:
        """Header and value of each column, in the order of the statement."""
        readers: dict[str, tuple[str, Cell]] = {}
        if bound.selection is not None:
            self._collect(bound.selection, "", lambda record: record, readers)
        if job.version < _KEEPS_ORDER:
            return sorted(readers.values(), key=lambda column: column[0])
        prefix = f"{bound.object.name.lower()}."
        names = [str(path).lower() for path in soql.parse(job.query).fields]
        return [readers.get(name) or readers[name.removeprefix(prefix)] for name in names]

    def _collect(
        self,
        selection: Selection,
        prefix: str,
        get: Callable[[Record], Record | None],
        into: dict[str, tuple[str, Cell]],
    ) -> None:
        for name, read in selection.fields:
            header = prefix + name
            into[header.lower()] = (header, _reading(get, read))
        for name, (step, inner) in selection.parents.items():
            self._collect(inner, f"{prefix}{name}.", self._parent(get, step.name), into)

    def _parent(self, get: Callable[[Record], Record | None], name: str) -> Callable[[Record], Record | None]:
        def parent(record: Record) -> Record | None:
            child = get(record)
            reference = None if child is None else child.get(name)
            found = self._records.find(reference) if isinstance(reference, str) else None
            return None if found is None else {**found[1], "Type": found[1].get("Type") or found[0].name}

        return parent


def _reading(get: Callable[[Record], Record | None], read: Cell) -> Cell:
    def cell(record: Record) -> Any:
        source = get(record)
        return None if source is None else read(source)

    return cell


def _csv(job: _Job, rows: list[Record]) -> bytes:
    comma, end = _DELIMITERS[job.delimiter], _LINE_ENDINGS[job.line_ending]
    lines = [comma.join(f'"{header}"' for header, _ in job.columns)]
    readers = [read for _, read in job.columns]
    lines += [comma.join([_cell(read(row)) for read in readers]) for row in rows]
    return (end.join(lines) + end).encode(errors="replace")


def _cell(value: object) -> str:
    """Every value in quotes; what is empty is an empty text."""
    match value:
        case None:
            return '""'
        case bool():
            return '"true"' if value else '"false"'
        case float():
            return f'"{_number(value)}"'
        case str():
            moment = _MOMENT.fullmatch(value)
            text = f"{moment.group(1)}Z" if moment else value.replace('"', '""')
            return f'"{text}"'
        case _:
            return f'"{value}"'


def _number(value: float) -> str:
    """As Java writes it: 10.0, and from ten million on 1.0E7."""
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value)
    number = Decimal(repr(value))
    mantissa = format(number.scaleb(-number.adjusted()).normalize(), "f")
    return f"{mantissa}{'' if '.' in mantissa else '.0'}E{number.adjusted()}"


def _locator(start: int) -> str:
    return base64.b64encode(str(start).encode()).decode().rstrip("=")


def _start(locator: str | None, rows: int) -> int:
    if locator is None:
        return 0
    try:
        start = base64.b64decode(locator + "=" * (-len(locator) % 4), validate=True).decode()
    except (binascii.Error, ValueError):
        start = ""
    if not start.isdecimal() or not 0 < int(start) < rows:
        raise Refused(400, "API_ERROR", f"Invalid locator: {locator}")
    return int(start)
