"""Issues of the sample Jira site: verbs such as `step` and `comment`, from which present state and
changelog follow.

An issue is told in the order of time; because every present value comes from the same steps as the
changelog, the two can not contradict each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from simulator.sample_jira_site import (
    PRIORITIES,
    REQUEST_TYPES,
    STATUSES,
    Project,
    Version,
    is_done,
    project_id,
)
from simulator.sample_people import Author, Colleague, Customer

if TYPE_CHECKING:
    from datetime import date, datetime

    from simulator.sample_clock import Clock

HOUR: Final = 3_600
_ISSUE_IDS_FROM: Final = 20_000


@dataclass(frozen=True, slots=True)
class Change:
    field: str
    before: str | None
    before_text: str | None
    after: str | None
    after_text: str | None


@dataclass(frozen=True, slots=True)
class History:
    at: datetime
    by: Author
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Comment:
    """`public` matters in service projects only; `role` restricts a comment to people of that project
    role.
    """

    at: datetime
    by: Author
    text: str
    public: bool
    role: str | None


@dataclass(frozen=True, slots=True)
class Worklog:
    started: datetime
    by: Author
    seconds: int


@dataclass(frozen=True, slots=True)
class Organization:
    id: str
    name: str


class Issue:
    """One issue while it is being told; `sample_jira_json` writes it down."""

    def __init__(
        self, clock: Clock, project: Project, type_name: str, summary: str, *, at: datetime, by: Author
    ) -> None:
        self.clock = clock
        self.project = project
        self.type_name = type_name
        self.summary = summary
        self.reporter = by
        self.status = "Open" if project.is_service else "To Do"
        self.priority = "Medium"
        self.assignee: Colleague | None = None
        self.due: date | None = None
        self.labels: tuple[str, ...] = ()
        self.resolved: datetime | None = None
        self.category_since = at
        self.parent: Issue | None = None
        self.original_seconds: int | None = None
        self.remaining_seconds: int | None = None
        self.account_value: str | None = None
        self.organizations: tuple[Organization, ...] = ()
        self.participants: tuple[Customer, ...] = ()
        self.security: str | None = None
        self.case_number: str | None = None  # of the Case that stands for the same trouble
        self.request_type = REQUEST_TYPES.get(type_name)
        self.components: tuple[str, ...] = ()
        self.affects: tuple[Version, ...] = ()
        self.rating: tuple[int, datetime] | None = None
        self.histories: list[History] = []
        self.comments: list[Comment] = []
        self.worklogs: list[Worklog] = []
        self.wanted_number: int | None = None
        self.number = 0
        self.id = ""
        self.created = self._past(at)
        self.updated = self.created

    @property
    def key(self) -> str:
        return f"{self.project.key}-{self.number}"

    @property
    def done(self) -> bool:
        return is_done(self.status)

    def _past(self, at: datetime) -> datetime:
        if at > self.clock.now:
            raise ValueError(f"{self.summary!r}: {at} lies after {self.clock.now}")
        return at

    def _touch(self, at: datetime) -> None:
        if self._past(at) < self.created:
            raise ValueError(f"{self.summary!r}: {at} lies before its creation {self.created}")
        self.updated = max(self.updated, at)

    def _record(self, at: datetime, by: Author, *changes: Change) -> None:
        self._touch(at)
        if self.histories and at < self.histories[-1].at:
            raise ValueError(f"{self.summary!r}: steps must be told in the order of time")
        self.histories.append(History(at, by, changes))

    def step(self, at: datetime, by: Author, status: str) -> None:
        changes = [Change("status", STATUSES[self.status][0], self.status, STATUSES[status][0], status)]
        if STATUSES[self.status][1] != STATUSES[status][1]:
            self.category_since = at
        if is_done(status) and not self.done:
            changes.append(Change("resolution", None, None, "10000", "Done"))
            self.resolved = at
        elif self.done and not is_done(status):
            changes.append(Change("resolution", "10000", "Done", None, None))
            self.resolved = None
        self._record(at, by, *changes)
        self.status = status

    def assign(self, at: datetime, by: Author, to: Colleague) -> None:
        was = self.assignee
        self._record(
            at,
            by,
            Change("assignee", was.jira_id if was else None, was.name if was else None, to.jira_id, to.name),
        )
        self.assignee = to

    def prioritise(self, at: datetime, by: Author, priority: str) -> None:
        was, self_id = PRIORITIES[self.priority], PRIORITIES[priority]
        self._record(at, by, Change("priority", was, self.priority, self_id, priority))
        self.priority = priority

    def promise(self, at: datetime, by: Author, due: date) -> None:
        before = self.due.isoformat() if self.due else None
        after = due.isoformat()
        self._record(
            at,
            by,
            Change(
                "duedate", before, f"{before} 00:00:00.0" if before else None, after, f"{after} 00:00:00.0"
            ),
        )
        self.due = due

    def label(self, at: datetime, by: Author, label: str) -> None:
        before, after = " ".join(self.labels), " ".join((*self.labels, label))
        self._record(at, by, Change("labels", None, before, None, after))
        self.labels = (*self.labels, label)

    def moved_from(self, at: datetime, by: Author, project: Project, number: int) -> None:
        """The issue stands in its present project since `at`: its id stayed, its key did not."""
        if self.wanted_number is None:
            raise ValueError(f"{self.summary!r}: a moved issue needs its present number first")
        self._record(
            at,
            by,
            Change("project", project_id(project), project.name, project_id(self.project), self.project.name),
            Change("Key", None, f"{project.key}-{number}", None, f"{self.project.key}-{self.wanted_number}"),
        )

    def comment(
        self, at: datetime, by: Author, text: str, *, public: bool = True, role: str | None = None
    ) -> datetime:
        self._touch(at)
        self.comments.append(Comment(at, by, text, public, role))
        return at

    def log(self, at: datetime, by: Colleague, hours: float) -> None:
        self._touch(at)
        self.worklogs.append(Worklog(at - timedelta(hours=min(hours, 8)), by, round(hours * HOUR)))

    @property
    def spent_seconds(self) -> int | None:
        return sum(log.seconds for log in self.worklogs) or None

    @property
    def first_response(self) -> datetime | None:
        """The first public comment of the vendor's side: what the clock of the service level stops at."""
        answers = (
            note.at
            for note in self.comments
            if isinstance(note.by, Colleague) and note.public and not note.role
        )
        return min(answers, default=None)


class Site:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.issues: list[Issue] = []
        self._organizations: dict[str, Organization] = {}

    def issue(self, project: Project, type_name: str, summary: str, at: datetime, by: Author) -> Issue:
        issue = Issue(self.clock, project, type_name, summary, at=at, by=by)
        self.issues.append(issue)
        return issue

    def organization(self, name: str) -> Organization:
        return self._organizations.setdefault(name, Organization(str(len(self._organizations) + 1), name))

    def finish(self) -> list[Issue]:
        """Numbers all issues in the order of their creation, around the keys that a story has fixed."""
        ordered = sorted(self.issues, key=lambda issue: (issue.created, issue.project.key, issue.summary))
        fixed = {(issue.project.key, issue.wanted_number) for issue in ordered}
        last: dict[str, int] = {}
        for position, issue in enumerate(ordered):
            issue.id = str(_ISSUE_IDS_FROM + position)
            if issue.wanted_number is not None:
                issue.number = issue.wanted_number
                continue
            number = last.get(issue.project.key, issue.project.first_number - 1) + 1
            while (issue.project.key, number) in fixed:
                number += 1
            issue.number = last[issue.project.key] = number
        return ordered
