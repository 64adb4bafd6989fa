"""Salesforce's REST API over the records of a dataset: which path does what.

Written after the vendor's documentation; what is not certain there is a switch (`SalesforceSwitches`).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.dataset import DatasetError
from simulator.http import Response, json_response
from simulator.salesforce_bulk import QueryJobs
from simulator.salesforce_collections import Collections
from simulator.salesforce_describe import summary
from simulator.salesforce_errors import RecordRefused, Refused, alone, not_found
from simulator.salesforce_jwt import public_key
from simulator.salesforce_queries import LARGEST_BATCH, Queries
from simulator.salesforce_records import Records
from simulator.salesforce_resources import Call, ObjectResources, no_method
from simulator.salesforce_schema import build
from simulator.salesforce_session import Sessions
from simulator.salesforce_switches import SalesforceSwitches
from simulator.salesforce_values import Unreadable
from simulator.salesforce_writes import Writes
from simulator.soql import SoqlError
from simulator.soql_binding import Binder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from random import Random

    from simulator.dataset import Dataset, Record
    from simulator.http import Request
    from simulator.salesforce_schema import ObjectType

_VERSIONED = re.compile(r"/services/data/v(\d{1,3})\.(\d)(/.*)?")
_SEASONS = ("Spring", "Summer", "Winter")


class SalesforceApi:
    """One thread at a time. `clock` is the server's; while `ticking`, no two writes bear the same stamp."""

    def __init__(
        self,
        dataset: Dataset,
        *,
        clock: Callable[[], datetime],
        switches: SalesforceSwitches | None = None,
        ticking: bool = True,
    ) -> None:
        self._switches = switches or SalesforceSwitches()
        self._clock = clock
        self._schema = build(dataset)
        stamp = clock().strftime("%Y-%m-%dT%H:%M:%S.000+0000")
        self._records = Records(dataset, self._schema, stamp)
        binder = Binder(self._schema, self._records.find, {})
        try:
            self._writes = Writes(self._records, self._schema.all(), self._switches, binder)
        except SoqlError as error:
            place = Path("salesforce", "schema.json")
            raise DatasetError(place, None, f"a validation rule is no SOQL condition: {error}") from error
        if not ticking:
            self.stop_the_clock()
        self._queries = Queries(self._schema, self._records, self._switches)
        self._query_jobs = QueryJobs(self._queries, self._records, self._switches)
        self._collections = Collections(self._schema, self._records, self._writes, self._switches)
        self._resources = ObjectResources(self._schema, self._records, self._writes, self._switches)
        organization = next(iter(self._records.rows(self._known("Organization"))), {})
        self._sessions = Sessions(
            self._switches,
            str(organization.get("Id", "")),
            self._records.running_user,
            sandbox=organization.get("IsSandbox"),
            key=None if dataset.jwt_public_key is None else public_key(dataset.jwt_public_key),
        )

    def handle(self, request: Request, *, locks: Random | None = None) -> Response:
        """`locks`: somebody else holds one of the records that this request writes."""
        path = request.path.rstrip("/")
        try:
            if path == "/services/oauth2/token":
                posted = request.method == "POST"
                return self._sessions.token(request) if posted else no_method(request, "POST")
            if path == "/services/data":
                return json_response(self._versions())
            match = _VERSIONED.fullmatch(path)
            if match is None:
                return not_found().response()
            self._check_version(int(match.group(1)))
            self._sessions.check(request)
            call = Call(request, f"v{match.group(1)}.{match.group(2)}", locks)
            answer = self._answer(call, match.group(3) or "")
        except Refused as refused:
            answer = refused.response()
        except RecordRefused as refused:
            answer = alone(refused.error).response()
        except Unreadable as error:
            answer = Refused(400, "JSON_PARSER_ERROR", str(error)).response()
        answer.headers["Sforce-Limit-Info"] = self._sessions.limit_header()
        return answer

    def state(self) -> dict[str, list[Record]]:
        return self._records.state()

    # What happens without the API: people at work, sessions that end

    def stop_the_clock(self) -> None:
        """From now on the clock is fixed: writes are stamped with it however many they are."""
        self._writes.ticking = False

    def add(self, object_name: str, **fields: Any) -> str:
        """A person makes a record; fields that the API keeps to itself may be given."""
        entity = self._known(object_name)
        self._writes.begin(self._clock())
        return self._writes.imported(entity, fields)

    def change(self, record_id: str, **fields: Any) -> None:
        """A person changes a record, deleted ones included."""
        self._writes.begin(self._clock())
        self._writes.overwritten(record_id, fields)

    def remove(self, record_id: str) -> None:
        """A person throws a record into the recycle bin."""
        self.change(record_id, IsDeleted=True)

    def purge(self, record_id: str) -> None:
        """A person empties a record from the recycle bin: not even queryAll finds a trace of it."""
        self._records.purge(record_id)

    def end_sessions(self) -> None:
        """Everybody who signed in has to do so again; the well-known token lives on."""
        self._sessions.expire_all()

    def expire_session(self, request: Request) -> None:
        self._sessions.expire(request)

    def drop_cursor(self, request: Request) -> None:
        self._queries.drop(request.path.rstrip("/").rpartition("/")[2])

    # Paths

    def _answer(self, call: Call, path: str) -> Response:
        parts = [part for part in path.split("/") if part]
        match parts, call.request.method:
            case [], _:
                return json_response(self._root(call.version))
            case ["limits"], "GET":
                return json_response(self._sessions.limits(self._query_jobs.left))
            case ((["limits", "recordCount"] | ["sobjects"]), "GET") if not self._switches.lists_allowed:
                raise Refused(403, "INSUFFICIENT_ACCESS", "insufficient access rights on cross-reference id")
            case ["limits", "recordCount"], "GET":
                return json_response(self._counts(call.request.argument("sObjects") or ""))
            case ["query" | "queryAll" as kind], "GET":
                return self._query(call, everything=kind == "queryAll")
            case ["query" | "queryAll", locator], "GET":
                return json_response(self._queries.more(locator, call.version))
            case ["jobs", "query", *rest], _:
                return self._query_jobs.answer(call, rest)
            case ["sobjects"], "GET":
                shown = [summary(each, call.version) for each in self._objects()]
                return json_response({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": shown})
            case ["sobjects", name, *rest], _:
                return self._resources.answer(call, name, rest)
            case ["composite", "sobjects", *rest], _:
                return self._collection(call, rest)
        raise not_found()

    def _query(self, call: Call, *, everything: bool) -> Response:
        request = call.request
        text = request.argument("q")
        if not text:
            raise Refused(400, "MALFORMED_QUERY", "A query string has to be specified")
        options = re.search(r"batchSize\s*=\s*(\d+)", request.headers.get("Sforce-Query-Options", ""))
        batch = int(options.group(1)) if options else LARGEST_BATCH
        found = self._queries.run(text, call.version, request.now, batch, everything=everything)
        return json_response(found)

    def _collection(self, call: Call, rest: list[str]) -> Response:
        match rest, call.request.method:
            case [], "POST":
                self._writes.begin(call.request.now)
                return json_response(self._collections.create(call.json(), call.locks))
            case [], "PATCH":
                self._writes.begin(call.request.now)
                return json_response(self._collections.update(call.json(), call.locks))
            case [], "DELETE":
                self._writes.begin(call.request.now)
                ids = [each for each in (call.request.argument("ids") or "").split(",") if each]
                together = call.request.argument("allOrNone") == "true"
                return json_response(self._collections.delete(ids, call.locks, together=together))
            case [name], "POST" | "GET":
                return json_response(self._resources.retrieve(call, name))
            case [name, field], "PATCH":
                entity = self._resources.visible(name)
                key = self._resources.key_field(entity, field)
                self._writes.begin(call.request.now)
                return json_response(self._collections.upsert(entity, key, call.json(), call.locks))
        return no_method(call.request, "GET,POST,PATCH,DELETE")

    # Answers

    def _objects(self) -> Iterator[ObjectType]:
        return (each for each in self._schema.all() if each.present and not each.hidden)

    def _root(self, version: str) -> dict[str, str]:
        base = f"/services/data/{version}"
        return {
            name: f"{base}/{name}"
            for name in ("composite", "jobs", "limits", "query", "queryAll", "sobjects")
        }

    def _counts(self, names: str) -> dict[str, Any]:
        asked = [self._schema.visible(name) for name in names.split(",") if name] or list(self._objects())
        return {
            "sObjects": [
                {
                    "count": sum(not r.get("IsDeleted") for r in self._records.rows(each))
                    + self._switches.unshared_rows,
                    "name": each.name,
                }
                for each in asked
                if each is not None
            ]
        }

    def _versions(self) -> list[dict[str, str]]:
        numbers = range(self._switches.oldest_version, self._switches.newest_version + 1)
        return [{"label": _label(n), "url": f"/services/data/v{n}.0", "version": f"{n}.0"} for n in numbers]

    def _check_version(self, number: int) -> None:
        if number < self._switches.oldest_version:
            raise Refused(410, "GONE", f"API version {number}.0 has been retired")
        if number > self._switches.newest_version:
            raise not_found()

    def _known(self, name: str) -> ObjectType:
        entity = self._schema.known(name)
        if entity is None:
            raise KeyError(f"the org has no object {name}")
        return entity


def _label(version: int) -> str:
    """60 is Spring '24; three releases make a year, and Winter bears the number of the next one."""
    years, season = divmod(version - 60, 3)
    return f"{_SEASONS[season]} '{24 + years + (season == 2)}"
