"""Large reads of Salesforce: a query as a job of Bulk API 2.0, whose results come as CSV in sets.

    make the job ─► ask for its state, with growing waits ─► read the results, set by set ─► remove the job

We drive the job ourselves: simple-salesforce's bulk2 does not survive the end of a session, waits up to a
day, and keeps the token of the moment in which it was made.
https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/query_bulk_api_2_0.htm
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import quote

from connectors import soql
from connectors.batches import Batch
from connectors.errors import (
    ConnectorError,
    QuotaSpent,
    RequestRefused,
    SignInRefused,
    UnexpectedAnswer,
    Unreachable,
)
from connectors.http import http_date, looks_like_html, redact
from connectors.salesforce_csv import CsvReader
from connectors.salesforce_refusals import said
from connectors.salesforce_windows import TOO_MUCH_AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    import pyarrow as pa
    from requests import Response

    from connectors.batches import Column, Rejected

    Ask = Callable[[str, str, Mapping[str, str] | None], Response]

FIRST_WAIT = 1.0
GROWTH = 1.5
LONGEST_WAIT = 30.0
LONGEST_JOB = 2 * 60 * 60.0
"""Seconds of waiting after which a job is called off; Salesforce itself would go on for a day."""
ROWS_PER_SET = 25_000
"""Keeps an answer of wide rows, too, below what `HttpSettings.max_answer` allows."""
EMPTY_SETS = 50

JOB_ID = re.compile(r"[A-Za-z0-9]{15}([A-Za-z0-9]{3})?")
RUNNING = {"UploadComplete", "InProgress"}
QUERY_JOB = re.compile(r"/services/data/v[\d.]+/jobs/query(/|$)")
# Refusals of the way, not of the question: the ordinary query may well be answered. The codes come with and
# without underscores, at the start of a text or in its middle, depending on where in Salesforce they arise.
OF_ONE_OBJECT = {"INVALIDENTITY", "FUNCTIONALITYNOTENABLED"}
OF_ALL_OBJECTS = {"FEATURENOTENABLED", "EXCEEDEDQUOTA", "LIMITEXCEEDED"}
NOT_THIS_OBJECT = re.compile(r"not supported (by|in) (the )?bulk|does not support query", re.IGNORECASE)
NOT_TODAY = re.compile(r"max bulk v2 query|BulkApiQuery|async api is not enabled", re.IGNORECASE)


class BulkUnavailable(Exception):  # noqa: N818 - no error: the ordinary query is asked instead
    """The object cannot be read by bulk query; the text is a notice for people."""


def is_query_job(path: str) -> bool:
    """All that belongs to a bulk query reads, its making and its removal too: no record changes by it."""
    return QUERY_JOB.match(path) is not None


class BulkQueries:
    """`ask` sends a request, signed in and within the budget of calls; its answer may be a refusal."""

    def __init__(
        self,
        ask: Ask,
        data_url: str,
        *,
        refusal: Callable[[Response, str], ConnectorError],
        sleep: Callable[[float], None],
    ) -> None:
        self._ask = ask
        self._data = data_url
        self._jobs = f"{data_url}/jobs/query"
        self._refusal = refusal
        self._sleep = sleep
        self._allowed = True

    @property
    def allowed(self) -> bool:
        """Whether the org has not yet said that it wants no bulk queries at all."""
        return self._allowed

    def batches(
        self, object_name: str, columns: Sequence[Column], where: str | None, *, include_deleted: bool
    ) -> Iterator[Batch]:
        """One batch per set of results, at least one. Raises BulkUnavailable before the first one only."""
        # ORDER BY would keep Salesforce from cutting the job into pieces that run side by side.
        query = soql.statement(object_name, [column.name for column in columns], where=where)
        made, began = self._made(query, object_name, include_deleted=include_deleted)
        job = f"{self._jobs}/{made}"
        ended = lost = False
        try:
            state, why = self._state_at_the_end(job, object_name)
            ended = state is not None
            if state == "JobComplete":
                for batch in self._results(job, object_name, CsvReader(columns)):
                    yield Batch(*batch, began)
        except (Unreachable, SignInRefused, QuotaSpent):
            lost = True
            raise
        finally:
            if not lost:
                self._remove(job, ended=ended)
        if state == "Failed":
            self._give_way(object_name, why)
        if state != "JobComplete":
            raise _without_results(object_name, state, why)

    def _made(self, query: str, object_name: str, *, include_deleted: bool) -> tuple[str, datetime | None]:
        """The id of the new job, and the server's clock when it was made.

        As a read it is sent again when the answer was lost; a job that then exists twice costs one of the
        10,000 of a day and vanishes after a week.
        """
        job = {
            # queryAll also holds what was deleted, and activities that Salesforce has archived.
            "operation": "queryAll" if include_deleted else "query",
            "query": query,
            "contentType": "CSV",
            "columnDelimiter": "COMMA",
            "lineEnding": "LF",
        }
        answer = self._ask("POST", self._jobs, job)
        if answer.status_code == 404:  # an edition or an API version without this resource
            self._give_way(object_name, "FEATURENOTENABLED: there are no bulk queries")
        if answer.status_code not in {200, 201}:
            refused = self._refusal(answer, f"read {object_name} by bulk query")
            code, text = said(_json(answer))
            self._give_way(object_name, f"{code}: {text}")
            raise refused
        job_id = _object(answer).get("id")
        if not isinstance(job_id, str) or not JOB_ID.fullmatch(job_id):
            raise _odd(f"made a bulk query for {object_name} without saying which")
        return job_id, http_date(answer.headers.get("Date"))

    def _state_at_the_end(self, job: str, object_name: str) -> tuple[str | None, str]:
        """The last state and its reason; no state when the job takes too long."""
        waited, pause = 0.0, FIRST_WAIT
        while waited < LONGEST_JOB:
            self._sleep(pause)
            waited, pause = waited + pause, min(pause * GROWTH, LONGEST_WAIT)
            answer = self._ask("GET", job, None)
            if answer.status_code != 200:
                raise self._refusal(answer, f"say how far the bulk query for {object_name} is")
            found = _object(answer)
            state = found.get("state")
            if state in {"JobComplete", "Failed", "Aborted"}:
                return str(state), " ".join(str(found.get("errorMessage") or "").split())
            if state not in RUNNING:
                raise _odd(f"named a state of the bulk query for {object_name} that is none")
        return None, ""

    def _results(
        self, job: str, object_name: str, reader: CsvReader
    ) -> Iterator[tuple[pa.Table, tuple[Rejected, ...]]]:
        url = first = f"{job}/results?maxRecords={ROWS_PER_SET}"
        seen: set[str] = set()
        empty = 0
        while True:
            answer = self._ask("GET", url, None)
            if answer.status_code not in {200, 204}:
                raise self._refusal(answer, f"hand out the results for {object_name}")
            if looks_like_html(answer):
                raise _odd(f"answered with a web page instead of the results for {object_name}")
            locator = answer.headers.get("Sforce-Locator")
            counted = answer.headers.get("Sforce-NumberOfRecords", "")
            if not locator or not (counted.isascii() and counted.isdecimal()):
                # Without them, a part of the rows would pass for all of them.
                raise _odd(f"did not say how many results for {object_name} there are")
            table, rejected = reader.read(answer.content)
            rows = table.num_rows + len(rejected)
            if rows != int(counted):
                raise _odd(f"announced {int(counted)} results for {object_name} and sent {rows}")
            yield table, rejected
            if locator == "null":
                return
            empty = 0 if rows else empty + 1
            if locator in seen or empty > EMPTY_SETS:
                raise _odd(f"sends the same results for {object_name} again and again")
            seen.add(locator)
            url = f"{first}&locator={quote(locator, safe='')}"

    def _remove(self, job: str, *, ended: bool) -> None:
        """Results need not lie in the org for a week. Where that fails, they do."""
        with suppress(ConnectorError):
            if not ended:
                self._ask("PATCH", job, {"state": "Aborted"})
            self._ask("DELETE", job, None)

    def _give_way(self, object_name: str, why: str) -> None:
        """Returns only when the refusal would meet the ordinary query as well."""
        codes = {part.strip().replace("_", "").upper() for part in why.split(":")}
        for_all = not codes.isdisjoint(OF_ALL_OBJECTS) or NOT_TODAY.search(why) is not None
        if for_all:
            self._allowed = False
        elif codes.isdisjoint(OF_ONE_OBJECT) and not NOT_THIS_OBJECT.search(why):
            return
        which = f"{object_name} and what follows are" if for_all else f"{object_name} is"
        raise BulkUnavailable(
            f"{which} read by ordinary queries, because Salesforce refuses the bulk query ({redact(why)[:300]})."
        )


def _json(answer: Response) -> object:
    try:
        content: object = answer.json()
    except ValueError:
        return None
    return content


def _object(answer: Response) -> dict[str, object]:
    content = _json(answer)
    return content if isinstance(content, dict) else {}


def _without_results(object_name: str, state: str | None, why: str) -> ConnectorError:
    if state is None:
        return Unreachable(
            f"Salesforce was still at work on the bulk query for {object_name} after"
            f" {LONGEST_JOB / 3600:.0f} hours; it was called off.",
            "run again when the org is less busy, or raise [pull] bulk_above, for ordinary queries instead.",
        )
    if state == "Aborted":
        return RequestRefused(
            f"The bulk query for {object_name} was called off in Salesforce before it was done.",
            "run again; Setup, Bulk Data Load Jobs, says who did it.",
            code="BULK_JOB_ABORTED",
        )
    return RequestRefused(
        f"Salesforce gave up on the bulk query for {object_name} ({redact(why)[:500] or 'without a reason'}).",
        "run again; if it stays, raise [pull] bulk_above, for ordinary queries instead.",
        code=next((code for code in TOO_MUCH_AT_ONCE if code in why), "BULK_JOB_FAILED"),
    )


def _odd(what: str) -> UnexpectedAnswer:
    return UnexpectedAnswer(
        f"Salesforce {what}.",
        "run again; if it stays, check what stands between this machine and Salesforce.",
    )
