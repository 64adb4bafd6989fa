"""The client of Salesforce: describe, read pages, write up to 200 records at once.

Reading is our own (typed decoding straight into columns); describe and writes go through simple-salesforce's
`restful()` on our session. Of that library nothing else is used: its record types sign in again without end
under a lasting 401, and it never signs in here, because the session carries the credentials.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import quote_plus, urlsplit

from simple_salesforce.api import Salesforce as Library
from simple_salesforce.exceptions import SalesforceError

from connectors import soql
from connectors.batches import Batch, PageReader, envelope_of
from connectors.errors import (
    ConnectorError,
    CursorExpired,
    OutcomeUnknown,
    PermissionRefused,
    QuotaSpent,
    RequestRefused,
    UnexpectedAnswer,
)
from connectors.http import Calls, HttpSettings, Seam, http_date, looks_like_html, session
from connectors.salesforce_auth import TOKEN_PATH, SalesforceAuth, SalesforceSettings, checked_address
from connectors.salesforce_bulk import BulkQueries, BulkUnavailable, is_query_job
from connectors.salesforce_refusals import URI_TOO_LONG, busy, refusal
from connectors.salesforce_schema import (
    FieldInfo,
    ObjectInfo,
    Organization,
    fields_of,
    org_and_user,
    organization_of,
)
from connectors.salesforce_windows import TOO_MUCH_AT_ONCE, Window
from connectors.salesforce_writes import CHUNK, Writer, WriteResult

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import pyarrow as pa
    from requests import Response

    from connectors.batches import Column

__all__ = [
    "CHUNK",
    "ApiUsage",
    "FieldInfo",
    "Organization",
    "Salesforce",
    "SalesforceSettings",
    "WriteResult",
]

DEFAULT_HTTP = HttpSettings()
EMPTY_PAGES = 50
# The second half of the header counts one connected app only: "per-app-api-usage=17/250(appName=x)".
USAGE = re.compile(r"(?<![\w-])api-usage=(\d+)/(\d+)")


@dataclass(frozen=True, slots=True)
class ApiUsage:
    """API calls of the org in the last 24 hours, by all its integrations."""

    used: int
    maximum: int


class _Page(Protocol):
    @property
    def done(self) -> bool: ...
    @property
    def next_url(self) -> str | None: ...
    @property
    def count(self) -> int: ...


P = TypeVar("P", bound=_Page)


@dataclass(frozen=True, slots=True)
class _Asked:
    object_name: str
    columns: tuple[Column, ...]
    where: str | None
    order_by: tuple[str, ...]
    include_deleted: bool


@dataclass(frozen=True, slots=True)
class _Records:
    records: list[Any]
    done: bool
    next_url: str | None

    @property
    def count(self) -> int:
        return len(self.records)


class Salesforce:
    def __init__(
        self,
        settings: SalesforceSettings,
        http: HttpSettings = DEFAULT_HTTP,
        *,
        api_share: float = 1,
        sleep: Callable[[float], None] = time.sleep,
        rng: random.Random | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`api_share` is the part of the org's remaining daily calls that this client may use up."""
        self.calls = Calls()
        self.limits: ApiUsage | None = None
        self.notices: list[str] = []
        """What a person should know although all went on, such as a way of reading that is closed."""
        self._api_share = api_share
        self._budget: int | None = None
        self.version = settings.api_version
        self._base = checked_address(settings)
        self._seam = Seam(
            base_url=self._base,
            settings=http,
            calls=self.calls,
            is_read=_is_read,
            sleep=sleep,
            rng=rng,
            service="Salesforce",
            busy=busy,
            observe=self._note_usage,
        )
        self._auth = SalesforceAuth(settings, self._seam, clock)
        self._session = session(self._seam, self._auth)
        self._library = Library(
            instance=urlsplit(self._base).netloc,
            session_id="set by the session",  # replaced on each request by the AuthBase
            version=settings.api_version,
            session=self._session,
            object_pairs_hook=dict,
        )
        self._writer = Writer(self._restful, sleep=sleep, rng=self._seam.rng)
        self._data = f"{self._base}/services/data/v{self.version}"
        self._bulk = BulkQueries(self._ask, self._data, refusal=self._refusal, sleep=sleep)

    def server_time(self) -> datetime | None:
        """The server's clock as of its last answer."""
        return self._seam.server_time

    def sign_in(self) -> Organization:
        self._auth.sign_in()
        offered = self.api_versions()
        if self.version not in offered:
            raise RequestRefused(
                f"Salesforce offers no API version {self.version} there"
                f" (newest: {offered[-1] if offered else 'none'}).",
                "set [salesforce] api_version to one that the org offers.",
                code="UNSUPPORTED_API_VERSION",
            )
        org_id, user_id = self._identity()
        try:
            found = self.select("Organization", ["Id", "Name", "IsSandbox"], where="Id != null")
        except (PermissionRefused, RequestRefused):
            found = []
        return organization_of(found[0] if found else {}, org_id, user_id)

    def api_versions(self) -> list[str]:
        """What the org offers, oldest first."""
        versions = self._json(self._get(f"{self._base}/services/data/", "list its API versions"))
        if not isinstance(versions, list) or not all(isinstance(entry, dict) for entry in versions):
            raise UnexpectedAnswer(
                "Salesforce listed its API versions in a form that is not its own.",
                "check [salesforce] instance_url.",
            )
        return [str(entry.get("version")) for entry in versions]

    def describe(self, object_name: str) -> dict[str, FieldInfo] | None:
        """The fields this user may see; None when the object is absent or hidden, which look the same."""
        described = self.describe_whole(object_name)
        return None if described is None else fields_of(described, object_name)

    def describe_object(self, object_name: str) -> ObjectInfo | None:
        """The same, with what the user may do with the object's records."""
        described = self.describe_whole(object_name)
        if described is None:
            return None
        return ObjectInfo(
            fields_of(described, object_name),
            createable=described.get("createable") is True,
            updateable=described.get("updateable") is True,
        )

    def describe_whole(self, object_name: str) -> dict[str, object] | None:
        """An object as Salesforce describes it, what the user may do with it included; None as above."""
        try:
            described = self._restful(
                f"sobjects/{soql.identifier(object_name)}/describe",
                method="GET",
                what=f"describe {object_name}",
            )
        except RequestRefused as refused:
            if refused.code in {"NOT_FOUND", "INVALID_TYPE"}:
                return None
            raise
        return described if isinstance(described, dict) else {}

    def resource(self, path: str, what: str, params: Mapping[str, str] | None = None) -> object:
        """A small resource of the REST API as it is; `what` says in words what is asked for."""
        return self._restful(path, method="GET", what=what, params=params)

    def batches(
        self,
        object_name: str,
        columns: Sequence[Column],
        *,
        where: str | None = None,
        order_by: Sequence[str] = ("SystemModstamp", "Id"),
        include_deleted: bool = True,
        bulk_above: int | None = None,
        window: Window | None = None,
    ) -> Iterator[Batch]:
        """One batch per page, at least one. An expired page address restarts the query once, so that records
        may come twice: the caller keeps one per id.

        More rows than `bulk_above` come by bulk query, then in no order; where the org does not allow that
        they come as otherwise, and `notices` says so. Of a `window`, what is too much for the org at once comes
        in halves, the earlier one first.
        """
        left: list[Window | None] = [window]
        while left:
            part = left.pop(0)
            asked = _Asked(
                object_name,
                tuple(columns),
                where if part is None else part.among(where),
                tuple(order_by),
                include_deleted,
            )
            try:
                yield from self._part(asked, bulk_above, part)
            except RequestRefused as refused:
                halves = None
                if part is not None and refused.code in TOO_MUCH_AT_ONCE:
                    halves = part.halves(self.server_time() or datetime.now(UTC))
                if halves is None:
                    raise
                left[:0] = halves

    def _part(self, asked: _Asked, bulk_above: int | None, window: Window | None) -> Iterator[Batch]:
        pages = self._ordinary(asked, window)
        first: tuple[Batch, int | None] | None = None
        too_much: RequestRefused | None = None
        try:
            first = next(pages)
        except RequestRefused as refused:
            if bulk_above is None or refused.code not in TOO_MUCH_AT_ONCE:
                raise
            too_much = refused
        large = first is None or (bulk_above is not None and (first[1] or 0) > bulk_above)
        if large and self._bulk.allowed:
            try:
                yield from self._bulk.batches(
                    asked.object_name, asked.columns, asked.where, include_deleted=asked.include_deleted
                )
            except BulkUnavailable as closed:
                self.notices.append(str(closed))
            else:
                return
        if too_much is not None:
            raise too_much
        if first is not None:
            yield first[0]
        for batch, _ in pages:
            yield batch

    def _ordinary(self, asked: _Asked, window: Window | None) -> Iterator[tuple[Batch, int | None]]:
        """Batches by query, each with how many rows the whole query has."""
        query = soql.statement(
            asked.object_name,
            [column.name for column in asked.columns],
            where=asked.where,
            order_by=asked.order_by,
        )
        reader = PageReader(asked.columns)
        in_order = window is not None and asked.order_by[:1] == (window.field,)
        started: datetime | None = None
        restarted = False
        while True:
            try:
                for page, at in self._pages(
                    query, asked.object_name, reader.read, include_deleted=asked.include_deleted
                ):
                    started = started or at
                    reached = _last(page.table, window.field) if window is not None and in_order else None
                    yield Batch(page.table, page.rejected, started, reached), page.total
            except CursorExpired:
                if restarted:
                    raise
                restarted = True
            else:
                return

    def count(
        self, object_name: str, *, where: str | None = None, include_deleted: bool = True
    ) -> int | None:
        """How many rows a query has; None where it cannot be counted, for whatever reason."""
        query = f"SELECT COUNT() FROM {soql.identifier(object_name)}{f' WHERE {where}' if where else ''}"
        if soql.url_length(query) > soql.MAX_URL:
            return None
        endpoint = "queryAll" if include_deleted else "query"
        try:
            answer = self._get(f"{self._data}/{endpoint}?q={quote_plus(query)}", f"count {object_name}")
            return envelope_of(answer.content).total
        except (PermissionRefused, RequestRefused, UnexpectedAnswer):
            return None

    def record_counts(self, object_names: Iterable[str]) -> dict[str, int]:
        """About how many records the org has of each, in one call; without those that it does not tell."""
        names = ",".join(soql.identifier(name) for name in object_names)
        try:
            told = self.resource("limits/recordCount", "count its records", {"sObjects": names})
        except (PermissionRefused, RequestRefused, UnexpectedAnswer):
            return {}
        rows = told.get("sObjects") if isinstance(told, dict) else None
        return {
            row["name"]: row["count"]
            for row in (rows if isinstance(rows, list) else [])
            if isinstance(row, dict)
            and isinstance(row.get("name"), str)
            and isinstance(row.get("count"), int)
        }

    def object_names(self) -> frozenset[str] | None:
        """The objects that this user may see; None where Salesforce does not list them."""
        try:
            told = self.resource("sobjects", "list its objects")
        except (PermissionRefused, RequestRefused, UnexpectedAnswer):
            return None
        rows = told.get("sobjects") if isinstance(told, dict) else None
        if not isinstance(rows, list) or not rows:
            return None
        return frozenset(str(row.get("name")) for row in rows if isinstance(row, dict))

    def select(
        self, object_name: str, fields: Sequence[str], *, where: str, include_deleted: bool = False
    ) -> list[dict[str, object]]:
        """Small look-ups: the records as Salesforce delivers them."""
        query = soql.statement(object_name, fields, where=where)
        for last in (False, True):
            try:
                found = self._pages(query, object_name, _records, include_deleted=include_deleted)
                pages = [page for page, _ in found]
            except CursorExpired:
                if last:
                    raise
            else:
                return [_plain(record) for page in pages for record in page.records]
        raise AssertionError("the second try either returns or raises")

    def select_in(
        self,
        object_name: str,
        fields: Sequence[str],
        field: str,
        values: Iterable[soql.Value],
        *,
        where: str | None = None,
        include_deleted: bool = False,
    ) -> list[dict[str, object]]:
        """`select` for any number of values, in as many queries as their length needs; when the server finds
        an address too long all the same (414, 431), in shorter ones.
        """
        rest = soql.url_length(soql.statement(object_name, fields, where=f"() AND ({where})")) + 10
        room = soql.MAX_URL - rest
        found: list[dict[str, object]] = []
        left = list(dict.fromkeys(values))
        while left:
            chunk = next(soql.chunks(field, left, room))
            condition = soql.in_(field, chunk)
            try:
                found += self.select(
                    object_name,
                    fields,
                    where=soql.all_of(condition, where) if where else condition,
                    include_deleted=include_deleted,
                )
            except RequestRefused as refused:
                if refused.code != URI_TOO_LONG or len(chunk) == 1:
                    raise
                room = soql.url_length(condition) // 2
                continue
            left = left[len(chunk) :]
        return found

    def update(self, object_name: str, records: Sequence[Mapping[str, object]]) -> list[WriteResult]:
        """At most 200 records, each with its Id; may be repeated safely."""
        return self._writer.update(object_name, records)

    def create(self, object_name: str, records: Sequence[Mapping[str, object]]) -> list[WriteResult]:
        """At most 200 records; a lost answer is OutcomeUnknown, never a second try."""
        return self._writer.create(object_name, records)

    def upsert(
        self, object_name: str, key: str, records: Sequence[Mapping[str, object]]
    ) -> list[WriteResult]:
        """At most 200 records by a unique external id; may be repeated safely."""
        return self._writer.upsert(object_name, key, records)

    def delete(self, object_name: str, ids: Sequence[str]) -> list[WriteResult]:
        return self._writer.delete(object_name, ids)

    def close(self) -> None:
        self._session.close()

    def _identity(self) -> tuple[str | None, str | None]:
        """Org and user out of the identity address, which needs no permission to read anything."""
        address: object = self._auth.identity_url
        if address is None:
            try:
                resources = self._restful("", method="GET", what="list its resources")
            except (PermissionRefused, RequestRefused, UnexpectedAnswer):
                resources = None
            address = resources.get("identity") if isinstance(resources, dict) else None
        return org_and_user(address)

    def _pages(
        self, query: str, object_name: str, read: Callable[[bytes], P], *, include_deleted: bool
    ) -> Iterator[tuple[P, datetime | None]]:
        """Each page with the server's clock when it answered."""
        if soql.url_length(query) > soql.MAX_URL:
            raise RequestRefused(
                f"The query for {object_name} is too long to be sent.",
                "ask for fewer fields or values at once.",
                code=URI_TOO_LONG,
            )
        # queryAll also holds what was deleted, and activities that Salesforce has archived after a year.
        endpoint = "queryAll" if include_deleted else "query"
        url = f"{self._data}/{endpoint}?q={quote_plus(query)}"
        seen: set[str] = set()
        empty = 0
        while True:
            answer = self._get(url, f"read {object_name}")
            page = read(answer.content)
            yield page, http_date(answer.headers.get("Date"))
            if page.done:
                return
            url = self._next(page.next_url, object_name)
            empty = 0 if page.count else empty + 1
            if url in seen or empty > EMPTY_PAGES:
                raise UnexpectedAnswer(
                    f"Salesforce sends the same page of {object_name} again and again.",
                    "run again; if it stays, check what stands between this machine and Salesforce.",
                )
            seen.add(url)

    def _next(self, next_url: str | None, object_name: str) -> str:
        path = (next_url or "").removeprefix(self._base)
        if path.startswith("/services/data/") and ".." not in path:
            return self._base + path
        raise UnexpectedAnswer(
            f"Salesforce says there is more of {object_name}, but the address of the next page leads "
            "elsewhere, which is not followed.",
            "check what stands between this machine and Salesforce.",
        )

    def _get(self, url: str, what: str) -> Response:
        answer = self._ask("GET", url)
        if answer.status_code != 200:
            raise self._refusal(answer, what)
        return answer

    def _ask(self, method: str, url: str, json: Mapping[str, str] | None = None) -> Response:
        self._stay_in_budget()
        return self._session.request(method, url, json=json)

    def _refusal(self, answer: Response, what: str) -> ConnectorError:
        content = self._json(answer)
        return refusal(
            answer.status_code, answer.text if content is None else content, what, self._auth.secrets()
        )

    def _json(self, answer: Response) -> Any:
        try:
            return answer.json()
        except ValueError:
            pass
        if not answer.ok:
            return None
        raise UnexpectedAnswer(
            f"Salesforce answered with {'a web page' if looks_like_html(answer) else 'something'} "
            "instead of data.",
            "check [salesforce] instance_url, and what stands between this machine and Salesforce.",
        )

    def _restful(
        self,
        path: str,
        *,
        method: str,
        what: str,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> object:
        self._stay_in_budget()
        # Raised after the handlers: the library's errors repeat whole answers and must not hang on to ours.
        error: ConnectorError
        try:
            answer: object = self._library.restful(
                path, method=method, params=params, data=data, headers=dict(headers or {})
            )
        except SalesforceError as refused:
            error = refusal(refused.status, refused.content, what, self._auth.secrets())
        except (ValueError, TypeError):  # the library reads a success as JSON without looking
            error = (
                OutcomeUnknown(
                    f"Salesforce was asked to {what}, and its answer cannot be read.",
                    "the next run looks whether they are there before it writes again.",
                )
                if method == "POST"
                else UnexpectedAnswer(
                    f"Salesforce was asked to {what} and answered with something that is no data.",
                    "check [salesforce] instance_url, and what stands between this machine and Salesforce.",
                )
            )
        else:
            return answer
        raise error

    def _note_usage(self, response: Response) -> None:
        found = USAGE.search(response.headers.get("Sforce-Limit-Info", ""))
        if found:
            self.limits = ApiUsage(int(found[1]), int(found[2]))
            if self._budget is None:
                left = max(0, self.limits.maximum - self.limits.used)
                self._budget = self.calls.read + self.calls.write + int(left * self._api_share)

    def _stay_in_budget(self) -> None:
        """One run must never eat the org's day: the share is of what was left when the org first said so."""
        if self._budget is None or self.limits is None or self.calls.read + self.calls.write < self._budget:
            return
        raise QuotaSpent(
            f"Rapport has used its share of the org's daily API calls ({self._api_share:.0%} of what was left; the org "
            f"counts {self.limits.used:,} of {self.limits.maximum:,}).",
            "run again when the org's 24 hours have moved on, or raise [safety] api_share.",
        )


def _is_read(method: str, path: str) -> bool:
    return method in {"GET", "HEAD"} or path == TOKEN_PATH or is_query_job(path)


def _records(body: bytes) -> _Records:
    page = envelope_of(body)
    return _Records(page.records, page.done, page.next_url)


def _last(table: pa.Table, field: str) -> datetime | None:
    """The last value of a column of times: how far an ordered page goes."""
    if field not in table.column_names or table.num_rows == 0:
        return None
    last = table.column(field)[-1].as_py()
    return last.replace(tzinfo=UTC) if isinstance(last, datetime) else None


def _plain(record: object) -> dict[str, object]:
    if not isinstance(record, dict):
        raise UnexpectedAnswer(
            "Salesforce sent something among the records that is no record.",
            "check what stands between this machine and Salesforce.",
        )
    return {
        name: _plain(value) if isinstance(value, dict) else value
        for name, value in record.items()
        if name != "attributes"
    }
