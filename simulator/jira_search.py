"""Search by JQL: `search/jql` with its page tokens, the estimated count, and the old search that is gone."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from simulator import jira_answers as answers
from simulator.http import json_response
from simulator.jira_answers import RefusalError
from simulator.jira_views import FieldChoice, IssueView, choose, names_and_schema
from simulator.jql import JqlError, parse
from simulator.jql_evaluation import compile_query

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from simulator.http import Request, Response
    from simulator.jira_site import Site
    from simulator.jira_store import IssueStore
    from simulator.jira_switches import JiraSwitches
    from simulator.jql import Query

    Json = dict[str, Any]

_MEMBERS = {
    "jql": answers.is_text,
    "maxResults": answers.is_integer,
    "fields": answers.is_text_list,
    "expand": answers.is_text,
    "properties": answers.is_text_list,
    "fieldsByKeys": answers.is_boolean,
    "reconcileIssues": answers.is_integer_list,
    "nextPageToken": answers.is_text,
}
_MOST_RESULTS = 5000
_DEFAULT_RESULTS = 50
_MOST_RECONCILED = 50
_MOST_PROPERTIES = 5
_TOKEN_LIFE = timedelta(days=7)
_REMOVED = (
    "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. A full migration "
    "guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046"
)
_TOO_DEEP = "The JQL query is nested too deeply."
_UNBOUNDED = "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."


@dataclass(frozen=True, slots=True)
class _Result:
    """The ids found when the first page was asked for; later pages are cut from the same list."""

    ids: tuple[str, ...]
    jql: str
    made: datetime


class JiraSearch:
    def __init__(self, store: IssueStore, site: Site, switches: JiraSwitches) -> None:
        self._store = store
        self._site = site
        self._switches = switches
        self._results: OrderedDict[str, _Result] = OrderedDict()
        self._searches = 0

    def removed(self, _request: Request) -> Response:
        return RefusalError(410, _REMOVED).response()

    def count(self, request: Request, *, anonymous: bool = False) -> Response:
        body = answers.payload(request, {"jql": answers.is_text}, refuse_nulls=self._switches.refuse_nulls)
        ids = self._find(body.get("jql") or "", request.now, anonymous=anonymous)
        return json_response({"count": len(ids)})

    def search(self, request: Request, *, anonymous: bool = False) -> Response:
        asked = self._asked(request) if request.method == "POST" else _asked_by_query(request)
        token = asked.get("nextPageToken")
        jql = asked.get("jql") or ""
        # In this order Jira complains: the token, then the size, then the query.
        place = self._place(token, jql, request.now) if token else None
        size = _DEFAULT_RESULTS if "maxResults" not in asked else asked["maxResults"] or 0
        if not 1 <= size <= _MOST_RESULTS:
            raise RefusalError(400, "The maxResults parameter must be between 1 and 5,000.")
        if len(asked.get("properties") or []) > _MOST_PROPERTIES:
            raise RefusalError(400, "The maximum number of properties that can be requested is 5.")
        if len(asked.get("reconcileIssues") or []) > _MOST_RECONCILED:
            raise RefusalError(400, "The maximum number of issues that can be reconciled is 50.")
        if place is None:
            place = self._begin(jql, request.now, anonymous=anonymous)
        choice = choose(asked.get("fields") or [], self._site.fields, default="id")
        return json_response(self._page(request, asked, choice, place, size))

    def _asked(self, request: Request) -> Json:
        members = _MEMBERS | {"jql": _text_or_null, "maxResults": _integer_or_null}
        return answers.payload(request, members, refuse_nulls=self._switches.refuse_nulls)

    def _page(self, request: Request, asked: Json, choice: FieldChoice, place: _Place, size: int) -> Json:
        limits = (size, self._switches.page_with_fields if choice.inner else size, self._switches.page_limit)
        end = place.start + min(limit for limit in limits if limit is not None)
        ids = self._results[place.search].ids
        if place.empty:
            end = place.start
        expand = (asked.get("expand") or "").split(",")
        view = IssueView(
            choice,
            self._switches,
            request.base_url,
            self._switches.histories_in_search if "changelog" in expand else None,
            asked.get("properties") or (),
        )
        found = [issue for issue_id in ids[place.start : end] if (issue := self._store.get(issue_id))]
        answer: Json = {
            "issues": [view.show(each, self._store.properties.get(str(each["id"]), {})) for each in found]
        }
        last = end >= len(ids)
        if not last:
            following = _Place(place.search, end, empty=self._switches.empty_pages and not place.empty)
            repeated = self._switches.repeat_token and asked.get("nextPageToken")
            answer["nextPageToken"] = repeated or following.token()
        answer["isLast"] = last
        names, schema = names_and_schema(choice, self._site.fields)
        return (
            answer
            | ({"names": names} if "names" in expand else {})
            | ({"schema": schema} if "schema" in expand else {})
        )

    def _begin(self, jql: str, now: datetime, *, anonymous: bool) -> _Place:
        ids = self._find(jql, now, anonymous=anonymous)
        self._searches += 1
        search = hashlib.sha256(f"{self._searches} {jql}".encode()).hexdigest()[:16]
        self._results[search] = _Result(ids, jql, now)
        while len(self._results) > max(1, self._switches.remember_searches):
            self._results.popitem(last=False)
        return _Place(search, 0)

    def _place(self, token: str, jql: str, now: datetime) -> _Place:
        """A token belongs to its query and lives seven days; asked twice, it gives the same page."""
        place = _Place.of(token)
        result = self._results.get(place.search) if place else None
        if place is None or result is None or result.jql != jql or now - result.made > _TOKEN_LIFE:
            raise RefusalError(400, "The provided nextPageToken is invalid or has expired.")
        return place

    def _find(self, jql: str, now: datetime, *, anonymous: bool) -> tuple[str, ...]:
        if anonymous:
            bounded(jql)
            return ()
        found = find(jql, self._store, self._site, self._switches, now, check=bounded)
        return tuple(str(issue["id"]) for issue in found)


def bounded(jql: str) -> Query:
    """The query, if it restricts anything; Cloud refuses others."""
    query = parsed(jql)
    if query.where is None:
        raise RefusalError(400, _UNBOUNDED)
    return query


def parsed(jql: str) -> Query:
    try:
        return parse(jql)
    except JqlError as error:
        raise RefusalError(400, *error.messages) from None
    except RecursionError:
        raise RefusalError(400, _TOO_DEEP) from None


def find(
    jql: str,
    store: IssueStore,
    site: Site,
    switches: JiraSwitches,
    now: datetime,
    *,
    check: Callable[[str], Query] = parsed,
) -> list[Json]:
    """All issues that a query means, in its order."""
    try:
        search = compile_query(check(jql), site, now=now, switches=switches)
        found = [issue for issue in store if search.matches(issue)]
    except JqlError as error:
        raise RefusalError(400, *error.messages) from None
    except RecursionError:
        raise RefusalError(400, _TOO_DEEP) from None
    # Without an order of its own a query finds the newest first.
    found.sort(key=_number, reverse=True)
    return search.arrange(found)


@dataclass(frozen=True, slots=True)
class _Place:
    """What a page token says: of which search, from where, and whether an empty page comes first."""

    search: str
    start: int
    empty: bool = False

    def token(self) -> str:
        text = f"{self.search}:{self.start}:{int(self.empty)}"
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def of(cls, token: str) -> _Place | None:
        try:
            text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
            search, start, empty = text.split(":")
            return cls(search, max(int(start), 0), empty == "1")
        except (binascii.Error, ValueError):
            return None


def _asked_by_query(request: Request) -> Json:
    asked: Json = {
        "fields": answers.names(request, "fields"),
        "properties": answers.names(request, "properties"),
    }
    for name in ("jql", "nextPageToken", "expand"):
        if request.argument(name):
            asked[name] = request.argument(name)
    if request.argument("maxResults"):
        asked["maxResults"] = answers.integer(request, "maxResults", _DEFAULT_RESULTS)
    asked["reconcileIssues"] = answers.names(request, "reconcileIssues")
    return asked


def _text_or_null(value: object) -> bool:
    """A null query counts as none: it is unbounded, not unreadable."""
    return value is None or answers.is_text(value)


def _integer_or_null(value: object) -> bool:
    """A null size counts as 0, and is out of range as that."""
    return value is None or answers.is_integer(value)


def _number(issue: Json) -> tuple[int, str]:
    issue_id = str(issue["id"])
    return (int(issue_id) if issue_id.isdecimal() else 0, issue_id)
