"""Searches of Jira Data Center: by offset, over a list that moves while it is read.

An issue that somebody changes goes to the end of a list that is ordered by `updated`, and every row
behind it moves up: the next offset would step over one row that nobody has seen. So each page begins
with the last row of the page before. If none of that page's rows comes again, the reading steps back
until one does; rows that come twice are dropped.

    asked    0 ── 99
    asked             99 ── 198       row 99 is known: nothing has moved
    asked                       198 ──       known row missing: back, until a known one comes
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

from msgspec import Raw

from connectors import jql as jql_text
from connectors.errors import PermissionRefused, RequestRefused, UnexpectedAnswer
from connectors.jira_answers import NOT_JIRA, shaped
from connectors.jira_pages import MAX_EMPTY_PAGES, MAX_PAGES, changelog_inline, is_absent, rows
from connectors.jira_shapes import ROW, UNREADABLE, Named, OffsetSearchPage, Row, identity

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from connectors.jira_pages import JiraApi

_STEP_BACK = 10
_KEYS_AT_ONCE = 100
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]*-[0-9]+\Z")
_Place = tuple[object, ...]
_Shape = TypeVar("_Shape")


def search(
    api: JiraApi,
    jql: str,
    fields: Sequence[str],
    *,
    size: int,
    notices: set[str] | None = None,
    expand: Sequence[str] = (),
    validate: bool = True,
) -> Iterator[list[Raw]]:
    """Give the issues of each page; whatever moves meanwhile, a row that stays put is never left out."""
    body: dict[str, object] = {"jql": jql, "fields": list(fields), "maxResults": size}
    if expand:
        body["expand"] = list(expand)
    if not validate:
        body["validateQuery"] = False
    start, back, empty = 0, 0, 0
    before: list[_Place] = []
    emptied: set[int] = set()
    for _ in range(MAX_PAGES):
        page = api.post("search", OffsetSearchPage, {**body, "startAt": start})
        if notices is not None:
            notices.update(one for one in page.warning_messages or () if isinstance(one, str))
        if page.start_at not in {None, start}:
            raise UnexpectedAnswer(
                f"Jira's search was asked for rows from {start} on and gave those from {page.start_at}.",
                NOT_JIRA,
            )
        places = [_place(raw) for raw in page.issues]
        known = set(before)
        moved = start > 0 and bool(before) and known.isdisjoint(places)
        if moved and (places or start not in emptied):
            if not places:
                emptied.add(start)
            back = back * 10 or min(_STEP_BACK, max(len(before) - 1, 1))
            start = max(0, start - back)
            continue
        if page.start_at is None and len(places) > 1 and places == before and not back:
            raise UnexpectedAnswer("Jira's search sends the same page again and again.", NOT_JIRA)
        back = 0
        fresh = [raw for raw, place in zip(page.issues, places, strict=True) if place not in known]
        if fresh:
            yield fresh
        end = start + len(places)
        if end >= page.total if page.total is not None else not fresh:
            return
        # Rows that the index still has and the database no longer count, and do not come.
        empty = 0 if fresh else empty + 1
        if empty > MAX_EMPTY_PAGES:
            raise UnexpectedAnswer(f"Jira's search sends nothing new on {empty} pages in a row.", NOT_JIRA)
        if not places:
            start, before = start + max(page.max_results or size, 1), []
        elif len(places) == 1 and places == before:
            start, before = end, []  # a server that gives one row at a time leaves no room for the row before
        else:
            # The size of a page is the server's affair (jira.search.views.default.max): only rows count.
            start, before = end - 1, places
    raise UnexpectedAnswer(f"Jira's search goes on after {MAX_PAGES} pages.", NOT_JIRA)


def by_id(api: JiraApi, issue_ids: Sequence[str], fields: Sequence[str]) -> list[Raw]:
    """Give the issues of these ids, at most 100; those that are gone or hidden are simply not there."""
    query = f"id in ({', '.join(one for one in issue_ids if one.isdecimal())}) ORDER BY key ASC"
    try:
        pages = search(api, query, fields, size=len(issue_ids), expand=["changelog"], validate=False)
        return [raw for page in pages for raw in page]
    except RequestRefused as error:
        if error.status != 400:
            raise
    # A site that takes an id it does not have for a fault of the query.
    asked = {"fields": ",".join(fields), "expand": "changelog"}
    alone = (_alone(api, issue_id, Raw, **asked) for issue_id in issue_ids)
    return [raw for raw in alone if raw is not None]


def changelogs(api: JiraApi, issue_ids: Sequence[str]) -> Iterator[tuple[str, list[Raw]]]:
    """Give (issue id, histories) issue by issue: Data Center has no bulk call, and keeps nothing back."""
    for issue_id in issue_ids:
        try:
            yield issue_id, changelog_inline(api, issue_id)
        except UnexpectedAnswer:
            # Newer versions cut the inline list and page it, as Cloud does.
            try:
                paged = list(rows(api, f"issue/{issue_id}/changelog", size=100))
            except RequestRefused as error:
                if not is_absent(error):
                    raise
                paged = []
            if not paged:
                raise
            yield issue_id, paged


class Epics:
    """The ids of epics, which issues of Data Center name by key alone; each is looked up once."""

    def __init__(self, api: JiraApi) -> None:
        self._api = api
        self._ids: dict[str, str | None] = {}

    def learn(self, key: str, issue_id: str) -> None:
        self._ids[key] = issue_id

    def ids(self, keys: Collection[str]) -> Mapping[str, str]:
        """Give key → id, without those that do not exist or may not be seen."""
        unknown = sorted({key for key in keys if key not in self._ids and _KEY.match(key)})
        for at in range(0, len(unknown), _KEYS_AT_ONCE):
            self._look_up(unknown[at : at + _KEYS_AT_ONCE])
        return {key: found for key in keys if (found := self._ids.get(key))}

    def _look_up(self, keys: list[str]) -> None:
        query = jql_text.wrap(None, jql_text.in_("key", keys), order_by=["key ASC"])
        try:
            pages = search(self._api, query, ["id"], size=len(keys), validate=False)
            found = [shaped(raw, Row, "search") for page in pages for raw in page]
        except RequestRefused as error:
            if error.status != 400:
                raise
            found = []
        self._ids |= {one.key: identity(one.id) for one in found if one.key}
        # One that moved answers under its new key only; one that is gone may make the whole query a fault.
        for key in keys:
            if key not in self._ids:
                alone = _alone(self._api, key, Named, fields="id")
                self._ids[key] = identity(alone.id) if alone else None


def _alone(api: JiraApi, reference: str, shape: type[_Shape], **params: str) -> _Shape | None:
    try:
        return api.get(f"issue/{reference}", shape, **params)
    except PermissionRefused:
        return None
    except RequestRefused as error:
        if not is_absent(error):
            raise
        return None


def _place(raw: Raw) -> _Place:
    """Tell a row by what it is and when it was changed: once changed, it stands somewhere else."""
    try:
        row = ROW.decode(raw)
    except UNREADABLE:
        return (bytes(raw),)
    return row.id, row.key, row.fields.updated if row.fields else None
