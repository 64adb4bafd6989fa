"""Jira's JSON to columnar tables.

One `IssueRecords` takes the issues of a page and whatever was read about them (histories,
comments, worklogs) and gives one `JiraBatch`. A record that makes no sense is rejected with its id
and a plain reason, and the others go on. No body, no name and no e-mail address gets this far into
the store: people are an id, an account type, a domain and a hash.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import msgspec

from connectors import jira_shapes as shapes
from connectors import jira_values
from connectors.batches import Rejected
from connectors.jira_shapes import (
    UNREADABLE,
    BrokenRecordError,
    clean,
    day,
    identity,
    microseconds,
    plain_reason,
)
from connectors.jira_site import WantedFields, discover
from connectors.jira_tables import (
    JIRA_COMMENT,
    JIRA_ISSUE,
    JIRA_PERSON,
    JIRA_PRIORITY,
    JIRA_PROJECT,
    JIRA_RATING,
    JIRA_REMOTE_LINK,
    JIRA_SLA_CYCLE,
    JIRA_STATUS,
    JIRA_STEP,
    JIRA_VALUE,
    JIRA_WORKLOG,
    JiraBatch,
    priority_table,
    project_table,
    status_table,
    table,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

__all__ = [
    "JIRA_COMMENT",
    "JIRA_ISSUE",
    "JIRA_PERSON",
    "JIRA_PRIORITY",
    "JIRA_PROJECT",
    "JIRA_STATUS",
    "JIRA_STEP",
    "JIRA_VALUE",
    "JIRA_WORKLOG",
    "STEP_FIELDS",
    "IssueRecords",
    "IssueRef",
    "JiraBatch",
    "WantedFields",
    "discover",
    "priority_table",
    "project_table",
    "status_table",
]

# Rank, Sprint and description make up most of a changelog; only these steps are asked for and kept.
STEP_FIELDS = ("status", "priority", "assignee", "duedate", "project", "issuekey")
# A move is recorded under "Key"; its fieldId is "issuekey" where the site sends one.
_KEPT = {name: "key" if name == "issuekey" else name for name in (*STEP_FIELDS, "key")}
_PEOPLE_FIELDS = {"assignee"}  # whose texts are people's names
_PARENT_ID = JIRA_ISSUE.get_field_index("parent_id")
_MOST_WHOLE = 2**63 - 1
_MOST_LEVEL = 2**31 - 1


@dataclass(frozen=True, slots=True)
class IssueRef:
    """An issue that was taken in, and what of it the page did not deliver in full."""

    id: str
    key: str
    comments_cut: bool
    worklogs_cut: bool
    audience_hidden: bool = False
    """Whether comments of a service project do not say who may read them, as on Data Center."""
    changelog_whole: bool = False


class IssueRecords:
    """Rows of one page, growing; `batch` gives them as tables.

    `service_projects` are the ids of projects of Jira Service Management, where the site was asked.
    `seen` (issue id → `updated`) is shared by the pages of one search: a page that repeats an issue
    adds nothing, one that delivers it newer does.
    """

    def __init__(
        self,
        site: str,
        wanted: WantedFields,
        seen: dict[str, int] | None = None,
        service_projects: frozenset[str] = frozenset(),
    ) -> None:
        self._seen = {} if seen is None else seen
        self._site = site
        self._wanted = wanted
        self._issues: dict[str, tuple[object, ...]] = {}
        self._values: dict[tuple[object, ...], None] = {}
        self._comments: dict[str, tuple[object, ...]] = {}
        self._steps: dict[tuple[str, str, int], tuple[object, ...]] = {}
        self._worklogs: dict[str, tuple[object, ...]] = {}
        self._sla_cycles: dict[str, list[tuple[object, ...]]] = {}
        self._ratings: dict[str, list[tuple[object, ...]]] = {}
        self._remote_links: dict[str, dict[tuple[object, ...], None]] = {}
        self._people: dict[str, tuple[str | None, str | None, str | None]] = {}
        self._rejected: list[Rejected] = []
        self._service_projects = service_projects
        self._service: set[str] = set()
        self._epics: dict[str, str] = {}
        self.oldest: int | None = None
        """The least `updated` of all issues of the page, the known ones included, in microseconds."""

    def issue(self, raw: bytes | msgspec.Raw) -> IssueRef | None:
        """Take one issue with what is inline; None if it was rejected or is known already."""
        try:
            issue = shapes.ISSUE.decode(raw)
            issue_id, key = _required(identity(issue.id), "id"), _required(clean(issue.key), "key")
            fields = _required(shapes.ISSUE_FIELDS.decode(issue.fields), "fields")
            extra = shapes.EVERY_FIELD.decode(issue.fields) if self._wanted.custom_ids() else {}
            epic = jira_values.epic_key(fields, extra, self._wanted)
            row, updated = self._issue_row(issue_id, key, fields, epic)
            values, people = jira_values.kept(fields, extra, self._wanted)
        except (BrokenRecordError, *UNREADABLE) as error:
            self._reject("issue", raw, error)
            return None
        self.oldest = updated if self.oldest is None else min(updated, self.oldest)
        if self._seen.get(issue_id, updated - 1) >= updated:
            return None
        self._seen[issue_id] = updated
        self._issues[issue_id] = row
        if epic is not None:
            self._epics[issue_id] = epic
        if self._is_service(fields.project):
            self._service.add(issue_id)
        for kind, value, value_id in values:
            self._values[(self._site, issue_id, kind, value, value_id)] = None
        of_issue = (self._site, issue_id)
        self._sla_cycles[issue_id] = [
            (*of_issue, *cycle) for cycle in jira_values.sla_cycles(extra, self._wanted)
        ]
        self._ratings[issue_id] = [(*of_issue, *given) for given in jira_values.ratings(extra, self._wanted)]
        for person in (fields.assignee, fields.reporter, fields.creator, *people):
            self._person(person)
        if issue.changelog is not None:
            self.histories(issue_id, issue.changelog.histories)
        comments, comments_cut = jira_values.inline(fields.comment, "comments")
        worklogs, worklogs_cut = jira_values.inline(fields.worklog, "worklogs")
        self.comments(issue_id, comments)
        self.worklogs(issue_id, worklogs)
        # Comments exist on every issue, so that a missing field was cut; a missing worklog field only
        # says that the project tracks no time.
        return IssueRef(
            issue_id,
            key,
            comments_cut or fields.comment is None,
            worklogs_cut,
            audience_hidden=issue_id in self._service and any(map(jira_values.tells_no_audience, comments)),
            changelog_whole=issue.changelog is not None and issue.changelog.whole,
        )

    def remote_links(self, issue_id: str, links: Iterable[msgspec.Raw]) -> None:
        for raw in links:
            try:
                link = shapes.REMOTE_LINK.decode(raw)
            except UNREADABLE:
                continue  # what another system's app has written there is not worth a record
            url = clean(link.object.url) if link.object else None
            if url or link.global_id:
                row = (self._site, issue_id, url, clean(link.global_id))
                self._remote_links.setdefault(issue_id, {})[row] = None

    def _is_service(self, project: shapes.ProjectRef | None) -> bool:
        """Not every issue tells the type of its project; the list of projects does."""
        return project is not None and (
            project.project_type_key == "service_desk" or identity(project.id) in self._service_projects
        )

    def epic_keys(self) -> set[str]:
        return set(self._epics.values())

    def epics(self, ids: Mapping[str, str]) -> None:
        """Make the epics, given as key → id, the parents of the issues that name them by key."""
        for issue_id, key in self._epics.items():
            if epic_id := ids.get(key):
                row = self._issues[issue_id]
                self._issues[issue_id] = (*row[:_PARENT_ID], epic_id, *row[_PARENT_ID + 1 :])

    def comments(self, issue_id: str, page: Iterable[msgspec.Raw]) -> None:
        for raw in page:
            try:
                comment = shapes.COMMENT.decode(raw)
                comment_id = _required(identity(comment.id), "id")
                created = _required(microseconds(comment.created, "created"), "created")
                updated = microseconds(comment.updated, "updated")
                public = jira_values.public(comment, service=issue_id in self._service)
            except (BrokenRecordError, *UNREADABLE) as error:
                self._reject(f"a comment of issue {issue_id}", raw, error)
                continue
            self._comments[comment_id] = (
                self._site,
                issue_id,
                comment_id,
                self._person(comment.author),
                created,
                created if updated is None else updated,
                public,
                bool(comment.visibility),
            )

    def worklogs(self, issue_id: str, page: Iterable[msgspec.Raw]) -> None:
        for raw in page:
            try:
                worklog = shapes.WORKLOG.decode(raw)
                worklog_id = _required(identity(worklog.id), "id")
                started = _required(microseconds(worklog.started, "started"), "started")
                created = microseconds(worklog.created, "created")
                updated = microseconds(worklog.updated, "updated")
                seconds = _bounded(worklog.time_spent_seconds, "timeSpentSeconds", _MOST_WHOLE)
            except (BrokenRecordError, *UNREADABLE) as error:
                self._reject(f"a worklog of issue {issue_id}", raw, error)
                continue
            created = started if created is None else created
            self._worklogs[worklog_id] = (
                self._site,
                issue_id,
                worklog_id,
                self._person(worklog.author),
                started,
                created,
                created if updated is None else updated,
                seconds,
            )

    def histories(self, issue_id: str, page: Iterable[msgspec.Raw]) -> None:
        for raw in page:
            try:
                history = shapes.HISTORY.decode(raw)
                history_id = _required(identity(history.id), "id")
                created = _required(microseconds(history.created, "created"), "created")
            except (BrokenRecordError, *UNREADABLE) as error:
                self._reject(f"a change of issue {issue_id}", raw, error)
                continue
            author: str | None = None
            # Numbered among the kept steps: the same number whether or not the site left out the others.
            number = 0
            for item in history.items:
                name = _KEPT.get((item.field_id or item.field or "").lower())
                if name is None:
                    continue
                author = author or self._person(history.author)
                self._steps[issue_id, history_id, number] = (
                    self._site,
                    issue_id,
                    history_id,
                    number,
                    author,
                    created,
                    name,
                    identity(item.from_id),
                    None if name in _PEOPLE_FIELDS else clean(item.from_string),
                    identity(item.to_id),
                    None if name in _PEOPLE_FIELDS else clean(item.to_string),
                )
                number += 1

    def batch(self, server_time: datetime | None) -> JiraBatch:
        people = ((self._site, key, *facts) for key, facts in self._people.items())
        return JiraBatch(
            issues=table(JIRA_ISSUE, self._issues.values()),
            values=table(JIRA_VALUE, self._values),
            comments=table(JIRA_COMMENT, self._comments.values()),
            steps=table(JIRA_STEP, self._steps.values()),
            worklogs=table(JIRA_WORKLOG, self._worklogs.values()),
            sla_cycles=table(JIRA_SLA_CYCLE, (row for rows in self._sla_cycles.values() for row in rows)),
            ratings=table(JIRA_RATING, (row for rows in self._ratings.values() for row in rows)),
            remote_links=table(
                JIRA_REMOTE_LINK, (row for rows in self._remote_links.values() for row in rows)
            ),
            people=table(JIRA_PERSON, people),
            rejected=tuple(self._rejected),
            server_time=server_time,
        )

    def _issue_row(
        self, issue_id: str, key: str, fields: shapes.IssueFields, epic: str | None
    ) -> tuple[tuple[object, ...], int]:
        created = _required(microseconds(fields.created, "created"), "created")
        updated = microseconds(fields.updated, "updated")
        updated = created if updated is None else updated
        project = fields.project or shapes.ProjectRef()
        kind = fields.issuetype or shapes.IssueType()
        status = fields.status or shapes.StatusRef()
        priority = fields.priority or shapes.Named()
        parent = fields.parent or shapes.Keyed()
        security = fields.security or shapes.Named()
        tracked = fields.timetracking or shapes.TimeTracking()
        row = (
            self._site,
            issue_id,
            key,
            identity(project.id),
            clean(project.key),
            clean(project.project_type_key),
            identity(kind.id),
            clean(kind.name),
            kind.subtask,
            _bounded(kind.hierarchy_level, "issuetype.hierarchyLevel", _MOST_LEVEL),
            identity(status.id),
            clean(status.name),
            clean(status.status_category.key) if status.status_category else None,
            identity(priority.id),
            clean(priority.name),
            fields.assignee.id if fields.assignee else None,
            fields.reporter.id if fields.reporter else None,
            fields.creator.id if fields.creator else None,
            created,
            updated,
            microseconds(fields.resolutiondate, "resolutiondate"),
            microseconds(fields.statuscategorychangedate, "statuscategorychangedate"),
            day(fields.duedate, "duedate"),
            identity(parent.id),
            clean(parent.key) or epic,
            _seconds(fields.timeoriginalestimate, tracked.original_estimate_seconds, "timeoriginalestimate"),
            _seconds(fields.timeestimate, tracked.remaining_estimate_seconds, "timeestimate"),
            _seconds(fields.timespent, tracked.time_spent_seconds, "timespent"),
            identity(security.id),
            clean(security.name),
            clean(fields.summary),
        )
        return row, updated

    def _person(self, user: shapes.User | None) -> str | None:
        """Remember a person by id; who appears twice keeps the appearance that shows an address."""
        if user is None or (key := user.id) is None:
            return None
        address = (user.email_address or "").strip().casefold()
        _, at, domain = address.rpartition("@")
        known_type, known_domain, known_key = self._people.get(key, (None, None, None))
        if at and domain and known_key is None:
            known_domain, known_key = domain, hashlib.sha256(address.encode()).hexdigest()
        self._people[key] = (known_type or clean(user.account_type), known_domain, known_key)
        return key

    def _reject(self, what: str, raw: bytes | msgspec.Raw, error: Exception) -> None:
        reason = str(error) if isinstance(error, BrokenRecordError) else plain_reason(error)
        self._rejected.append(Rejected(_id_of(raw), f"{what}: {reason}"))


_Found = TypeVar("_Found")


def _required(value: _Found | None, name: str) -> _Found:
    if value is None:
        raise BrokenRecordError(f"{name} is missing")
    return value


def _bounded(value: int | None, name: str, most: int) -> int | None:
    if value is not None and abs(value) > most:
        raise BrokenRecordError(f"{name}: the number is too large to be meant")
    return value


def _seconds(flat: int | None, tracked: int | None, name: str) -> int | None:
    return _bounded(tracked if flat is None else flat, f"{name}", _MOST_WHOLE)


def _id_of(raw: bytes | msgspec.Raw) -> str | None:
    """Find the id of a record that could not be read; its key where it has no usable id."""
    try:
        record = msgspec.json.decode(raw)
    except UNREADABLE:
        return None
    if not isinstance(record, dict):
        return None
    named = (record.get("id"), record.get("key"))
    return next((str(one) for one in named if isinstance(one, str | int) and one != ""), None)
