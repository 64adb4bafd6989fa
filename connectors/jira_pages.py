"""Reading Jira page by page, with a guard on every loop that the server controls.

Jira pages in three ways: by token (`search/jql`, `changelog/bulkfetch`), by offset and total
(comments, worklogs) and by offset and `isLast` (projects, an issue's changelog). The jira library
follows tokens without end and trusts page sizes, so the pages are read here; the searches of Data
Center, by offset over a list that moves, in `jira_offsets`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from connectors.errors import CursorExpired, RequestRefused, UnexpectedAnswer
from connectors.jira_answers import NOT_JIRA, decode
from connectors.jira_records import STEP_FIELDS
from connectors.jira_shapes import ChangesPage, OffsetPage, SearchPage, WithChangelog

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import requests
    from msgspec import Raw

MAX_PAGES = 50_000
MAX_EMPTY_PAGES = 25
CHANGELOG_PAGE = 1000
MAX_CHANGELOG_RESTARTS = 2
_Shape = TypeVar("_Shape")
_GONE = 404
_ABSENT = frozenset({404, 405, 410})


class JiraApi:
    """The two calls of the REST API that reading takes, on a session that is already judged."""

    def __init__(self, session: requests.Session, base_url: str, version: str = "3") -> None:
        self._session = session
        self._root = f"{base_url}/rest/api/{version}/"

    def get(self, path: str, shape: type[_Shape], **params: str | int) -> _Shape:
        return decode(self._session.get(self._root + path, params=params), shape)

    def post(self, path: str, shape: type[_Shape], body: Mapping[str, object]) -> _Shape:
        # Left out instead of null: a null breaks Jira's schema, or counts as 0.
        content = msgspec.json.encode({name: value for name, value in body.items() if value is not None})
        headers = {"Content-Type": "application/json"}
        return decode(self._session.post(self._root + path, data=content, headers=headers), shape)


class _Tokens:
    """Stops a loop over page tokens that would not end by itself."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._seen: set[str] = set()
        self._empty = 0

    def next(self, token: str | None, *, rows: int) -> str | None:
        if not token:
            return None
        self._empty = 0 if rows else self._empty + 1
        why = None
        if token in self._seen:
            why = "hands out the same page token again"
        elif len(self._seen) >= MAX_PAGES:
            why = f"goes on after {MAX_PAGES} pages"
        elif self._empty > MAX_EMPTY_PAGES:
            why = f"sends one empty page after another ({self._empty})"
        if why is not None:
            raise UnexpectedAnswer(f"Jira's {self._endpoint} {why}; reading it would never end.", NOT_JIRA)
        self._seen.add(token)
        return token


def search(
    api: JiraApi, jql: str, fields: Sequence[str], *, size: int, notices: set[str] | None = None
) -> Iterator[list[Raw]]:
    """Give the issues of each page; CursorExpired when a page token is no longer taken."""
    tokens = _Tokens("search/jql")
    token: str | None = None
    while True:
        body = {"jql": jql, "fields": list(fields), "maxResults": size, "nextPageToken": token}
        with _ExpiredToken(token):
            page = api.post("search/jql", SearchPage, body)
        if notices is not None:
            notices.update(one for one in page.warnings or () if isinstance(one, str))
        yield page.issues
        # A page may be short or empty and still not be the last; only these two say so.
        token = None if page.is_last else tokens.next(page.next_page_token, rows=len(page.issues))
        if token is None:
            return


def by_id(api: JiraApi, issue_ids: Sequence[str], fields: Sequence[str]) -> list[Raw]:
    """Give the issues of these ids, at most 100; those that are gone or hidden are simply not there."""
    body = {"issueIdsOrKeys": list(issue_ids), "fields": list(fields)}
    return api.post("issue/bulkfetch", SearchPage, body).issues


def rows(api: JiraApi, path: str, *, size: int, **params: str | int) -> Iterator[Raw]:
    """Give every row of an endpoint that pages by offset, stepping by what was delivered."""
    start = 0
    before: list[bytes] = []
    for _ in range(MAX_PAGES):
        page = api.get(path, OffsetPage, startAt=start, maxResults=size, **params)
        delivered = next(
            (one for one in (page.values, page.comments, page.worklogs) if one is not None), None
        )
        if delivered is None:
            raise UnexpectedAnswer(f"Jira's answer to {path} holds no list.", NOT_JIRA)
        content = [bytes(row) for row in delivered]
        if content and content == before:
            raise UnexpectedAnswer(f"Jira's {path} sends the same page again and again.", NOT_JIRA)
        before = content
        yield from delivered
        start += len(delivered)
        # Totals can count rows that this user may not see: an empty page ends the reading as well.
        ended = page.is_last or (page.total is not None and start >= page.total)
        if ended or not delivered:
            return
    raise UnexpectedAnswer(f"Jira's {path} goes on after {MAX_PAGES} pages.", NOT_JIRA)


def changelogs(api: JiraApi, issue_ids: Sequence[str]) -> Iterator[tuple[str, list[Raw]]]:
    """Give (issue id, histories) by bulk calls; an issue's histories may come in several pieces."""
    body: dict[str, object] = {
        "issueIdsOrKeys": list(issue_ids),
        "maxResults": CHANGELOG_PAGE,
        "fieldIds": list(STEP_FIELDS),
    }
    restarts = 0
    while True:
        try:
            yield from _changes(api, body)
        except CursorExpired:
            restarts += 1
            if restarts > MAX_CHANGELOG_RESTARTS:
                raise
        except RequestRefused as error:
            if error.status != 400 or "fieldIds" not in body:
                raise
            # A site that lacks one of these fields may refuse to filter: everything is read then.
            del body["fieldIds"]
        else:
            return


def changelogs_one_by_one(api: JiraApi, issue_ids: Sequence[str]) -> Iterator[tuple[str, list[Raw]]]:
    """Give the same for sites that do not know the bulk call."""
    for issue_id in issue_ids:
        try:
            yield issue_id, list(rows(api, f"issue/{issue_id}/changelog", size=100))
        except RequestRefused as error:
            if not is_absent(error):
                raise
            yield issue_id, changelog_inline(api, issue_id)


def is_absent(error: RequestRefused) -> bool:
    """Whether the endpoint, or what it was asked for, does not exist."""
    return error.status in _ABSENT


def _changes(api: JiraApi, body: Mapping[str, object]) -> Iterator[tuple[str, list[Raw]]]:
    tokens = _Tokens("changelog/bulkfetch")
    token: str | None = None
    while True:
        with _ExpiredToken(token):
            page = api.post("changelog/bulkfetch", ChangesPage, {**body, "nextPageToken": token})
        for changes in page.issue_change_logs:
            yield str(changes.issue_id), changes.change_histories
        token = tokens.next(page.next_page_token, rows=len(page.issue_change_logs))
        if token is None:
            return


def changelog_inline(api: JiraApi, issue_id: str) -> list[Raw]:
    """Give the histories that an issue carries itself; all of them, or UnexpectedAnswer."""
    try:
        page = api.get(f"issue/{issue_id}", WithChangelog, fields="id", expand="changelog").changelog
    except RequestRefused as error:
        if error.status == _GONE:
            return []  # deleted, or hidden from this user, since it was found
        raise
    if page.total is not None and page.total > len(page.histories):
        raise UnexpectedAnswer(f"Jira keeps back part of the history of issue {issue_id}.", NOT_JIRA)
    return page.histories


class _ExpiredToken:
    """A 400 to a request that differs from the last good one by its token alone is about the token.

    The texts are translated into the account's language, so that they cannot tell.
    """

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if self._token and isinstance(error, RequestRefused) and error.status == 400:
            raise CursorExpired(error.message, error.advice, code=error.code, status=error.status) from None
