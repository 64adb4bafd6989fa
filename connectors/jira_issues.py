"""Issues of a search, each in full: whatever a page cuts off is fetched before the page is given.

    Cloud                    Data Center
    search/jql               search                100 issues, oldest change first
      ├── changelog/bulkfetch  issue/{id}          status, priority, assignee, due date, project: all steps
      ├── issue/{id}/comment   the same            where the page holds fewer than there are, or hides
      │                                            from Data Center's readers who may see them
      ├── issue/{id}/worklog   the same            where the page holds fewer than there are
      ├── issue/{id}/remotelink  the same          links to other systems, where they are asked for
      └──                      search by key       ids of epics, which issues name by key

A page token can expire while we read, and deep offsets are slow. The search is then begun again
where the last page stood, and issues that come twice are dropped unless they come newer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from msgspec import Raw

from connectors import jira_offsets, jira_pages, jql
from connectors.errors import CursorExpired, PermissionRefused, RequestRefused
from connectors.jira_answers import shaped
from connectors.jira_pages import is_absent
from connectors.jira_records import IssueRecords
from connectors.jira_shapes import Named, identity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence, Sized

    from connectors.jira_pages import JiraApi
    from connectors.jira_records import IssueRef
    from connectors.jira_site import WantedFields
    from connectors.jira_tables import JiraBatch

ISSUE_FIELDS = (
    "summary project issuetype status priority assignee reporter creator created updated resolutiondate"
    " statuscategorychangedate duedate parent security labels components fixVersions versions"
    " timeoriginalestimate timeestimate timespent timetracking comment worklog"
)
PAGE = 100
ID_PAGE = 5000  # allowed where nothing but ids is asked for; Data Center cuts it to its own limit
PAGES_PER_WINDOW = 20  # after so many pages of offsets the search begins anew, if it can
CHANGELOG = ("changelog",)
ORDER = ("updated ASC", "key ASC")
MAX_RESTARTS_IN_VAIN = 2
# A search that is begun again starts a little before the page where it stood: ties in the order of
# `updated` may be broken at whole seconds.
RESTART_OVERLAP = timedelta(minutes=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class _Reached:
    """How far a search has come, by the least `updated` of its newest page.

    Not by the greatest: an issue that is changed at this moment shows its new time where the index
    still has its old one, and everything in between is unread.
    """

    since: datetime
    oldest: datetime | None = None

    def page(self, oldest: int | None) -> None:
        if oldest is not None:
            at = _EPOCH + timedelta(microseconds=oldest)
            self.oldest = at if self.oldest is None else max(at, self.oldest)

    def again(self) -> datetime:
        return self.since if self.oldest is None else max(self.since, self.oldest - RESTART_OVERLAP)


class IssueReader:
    def __init__(
        self,
        api: JiraApi,
        *,
        site: str,
        user_jql: str | None,
        zone: str,
        server_time: Callable[[], datetime | None],
        notices: set[str],
        by_offset: bool = False,
        service_projects: frozenset[str] = frozenset(),
    ) -> None:
        self._api = api
        self._site = site
        self._user_jql = user_jql
        self._zone = zone
        self._server_time = server_time
        self._notices = notices
        self._epoch_is_read = True
        self._bulk_changelog = True
        self._by_offset = by_offset
        self._service_projects = service_projects
        self._epics = jira_offsets.Epics(api)
        self._links_may_be_read = True

    def batches(self, wanted: WantedFields, *, updated_since: datetime | None) -> Iterator[JiraBatch]:
        began = self._server_time()
        seen: dict[str, int] = {}
        reached = _Reached(updated_since or jql.BEGINNING)
        wanted = self._asked(wanted)
        fields = [*ISSUE_FIELDS.split(), *wanted.custom_ids()]

        def search(bound: str) -> Iterator[list[Raw]]:
            return self._search(bound, fields, size=PAGE, order=ORDER, expand=CHANGELOG)

        def begin() -> Iterator[list[Raw]]:
            return (
                self._in_windows(reached, search) if self._by_offset else self._since(reached.again(), search)
            )

        for page in _begun_again(begin, seen):
            records = IssueRecords(self._site, wanted, seen, self._service_projects)
            batch = self._complete(page, records, began, links=wanted.remote_links)
            reached.page(records.oldest)
            if batch is not None:
                yield batch

    def by_id(self, wanted: WantedFields, issue_ids: Sequence[str]) -> Iterator[JiraBatch]:
        began = self._server_time()
        seen: dict[str, int] = {}
        wanted = self._asked(wanted)
        fields = [*ISSUE_FIELDS.split(), *wanted.custom_ids()]
        find = jira_offsets.by_id if self._by_offset else jira_pages.by_id
        for start in range(0, len(issue_ids), PAGE):
            page = find(self._api, issue_ids[start : start + PAGE], fields)
            records = IssueRecords(self._site, wanted, seen, self._service_projects)
            batch = self._complete(page, records, began, links=wanted.remote_links)
            if batch is not None:
                yield batch

    def ids(self, jql_extra: str | None = None) -> Iterator[list[str]]:
        seen: dict[str, None] = {}

        def search(bound: str) -> Iterator[list[Raw]]:
            return self._search(bound, ["id"], size=ID_PAGE, order=("key ASC",))

        def begin() -> Iterator[list[Raw]]:
            return search(jql_extra) if jql_extra else self._since(jql.BEGINNING, search)

        for page in _begun_again(begin, seen):
            delivered = (identity(shaped(raw, Named, "search/jql").id) for raw in page)
            ids = [one for one in dict.fromkeys(delivered) if one and one not in seen]
            seen.update(dict.fromkeys(ids))
            if ids:
                yield ids

    def _asked(self, wanted: WantedFields) -> WantedFields:
        """Cloud has every parent in one field."""
        return wanted if self._by_offset else replace(wanted, epic_link=None)

    def _in_windows(
        self, reached: _Reached, search: Callable[[str], Iterator[list[Raw]]]
    ) -> Iterator[list[Raw]]:
        """Begin anew now and then: Data Center reads through all rows before an offset, every time."""
        while True:
            # The index knows whole seconds.
            moment = reached.again().replace(microsecond=0)
            for number, page in enumerate(self._since(moment, search), start=1):
                yield page
                if number >= PAGES_PER_WINDOW and reached.again() - moment >= timedelta(seconds=1):
                    break
            else:
                return

    def _since(self, moment: datetime, search: Callable[[str], Iterator[list[Raw]]]) -> Iterator[list[Raw]]:
        if self._epoch_is_read:
            pages = search(jql.updated_since(moment))
            try:
                first = next(pages, None)
            except RequestRefused as error:
                if error.status != 400:
                    raise
                # Refused either for the number or for the admin's own query; the other form tells.
            else:
                if first is not None:
                    yield first
                    yield from pages
                return
        for page in search(jql.updated_since_minute(moment, self._zone)):
            self._epoch_is_read = False
            yield page

    def _search(
        self,
        bound: str,
        fields: Sequence[str],
        *,
        size: int,
        order: Sequence[str],
        expand: Sequence[str] = (),
    ) -> Iterator[list[Raw]]:
        query = jql.wrap(self._user_jql, bound, order_by=order)
        if self._by_offset:
            # Cloud would cut the changelogs, and has a better way to them.
            return jira_offsets.search(
                self._api, query, fields, size=size, notices=self._notices, expand=expand
            )
        return jira_pages.search(self._api, query, fields, size=size, notices=self._notices)

    def _complete(
        self, page: list[Raw], records: IssueRecords, began: datetime | None, *, links: bool = False
    ) -> JiraBatch | None:
        """Fetch what the page cut off; None when it held nothing new."""
        taken = [ref for raw in page if (ref := records.issue(raw)) is not None]
        for issue_id, histories in self._histories(taken):
            records.histories(issue_id, histories)
        for ref in taken:
            if ref.comments_cut or (ref.audience_hidden and self._by_offset):
                audience = {"expand": "properties"} if self._by_offset else {}
                records.comments(ref.id, self._rows_of(ref.id, "comment", 100, orderBy="created", **audience))
            if ref.worklogs_cut:
                records.worklogs(ref.id, self._rows_of(ref.id, "worklog", 1000))
            if links and self._links_may_be_read:
                records.remote_links(ref.id, self._remote_links(ref.id))
        if self._by_offset:
            for ref in taken:
                self._epics.learn(ref.key, ref.id)
            records.epics(self._epics.ids(records.epic_keys()))
        batch = records.batch(began)
        return batch if taken or batch.rejected else None

    def _histories(self, taken: Sequence[IssueRef]) -> Iterator[tuple[str, list[Raw]]]:
        if self._by_offset:
            cut = [ref.id for ref in taken if not ref.changelog_whole]
            yield from jira_offsets.changelogs(self._api, cut)
            return
        issue_ids = [ref.id for ref in taken]
        if not issue_ids:
            return
        if self._bulk_changelog:
            try:
                yield from jira_pages.changelogs(self._api, issue_ids)
            except RequestRefused as error:
                if not is_absent(error):
                    raise
                self._bulk_changelog = False
            else:
                return
        yield from jira_pages.changelogs_one_by_one(self._api, issue_ids)

    def _remote_links(self, issue_id: str) -> list[Raw]:
        try:
            return self._api.get(f"issue/{issue_id}/remotelink", list[Raw])
        except PermissionRefused:
            self._links_may_be_read = False
            self._notices.add("links of issues to other systems are not visible to this user")
        except RequestRefused as error:
            if not is_absent(error):
                raise
        return []

    def _rows_of(self, issue_id: str, what: str, size: int, **params: str) -> list[Raw]:
        try:
            return list(jira_pages.rows(self._api, f"issue/{issue_id}/{what}", size=size, **params))
        except RequestRefused as error:
            if is_absent(error):
                return []  # the issue was deleted or hidden since the search; what was inline stays
            raise


def _begun_again(begin: Callable[[], Iterator[list[Raw]]], seen: Sized) -> Iterator[list[Raw]]:
    """Give the pages of a search, begun again when its token expires, as long as `seen` grows."""
    in_vain = 0
    while True:
        known = len(seen)
        try:
            yield from begin()
        except CursorExpired:
            in_vain = 0 if len(seen) > known else in_vain + 1
            if in_vain > MAX_RESTARTS_IN_VAIN:
                raise
        else:
            return
