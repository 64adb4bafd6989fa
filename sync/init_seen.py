"""What `rapport init` saw of an org and of a site, as plain data; what could not be asked is None, and told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connectors.jira_site import JiraField, JiraIdentity, Project, Status
    from connectors.salesforce_look import RecordTypeName
    from connectors.salesforce_schema import FieldInfo, Organization

Row = dict[str, object]
Fields = dict[str, "FieldInfo"]


@dataclass(frozen=True, slots=True)
class Unasked:
    """`what` could not be looked at, and `why` in Salesforce's or Jira's words."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class TaskStatus:
    value: str
    closed: bool
    default: bool


@dataclass(frozen=True, slots=True)
class TaskPriority:
    value: str
    high: bool
    default: bool


@dataclass(frozen=True, slots=True)
class Sample:
    """Records of one object, all of them where `total` are no more; `total` None could not be counted."""

    rows: Sequence[Row] = ()
    total: int | None = None

    @property
    def whole(self) -> bool:
        return self.total is not None and len(self.rows) >= self.total

    def filled(self, name: str) -> int:
        return sum(row.get(name) not in (None, "", False) for row in self.rows)

    def numbers(self, name: str) -> list[float]:
        values = (row.get(name) for row in self.rows)
        return [
            float(value) for value in values if isinstance(value, int | float) and not isinstance(value, bool)
        ]


@dataclass(slots=True)
class OrgSeen:
    """`fields` of the objects that are there; `customers` are the accounts that the vendor preset would manage, by why."""

    organization: Organization
    api_version: str
    newest_version: str
    time_zone: str | None = None
    labels: Mapping[str, str] | None = None
    fields: dict[str, Fields] = field(default_factory=dict)
    task_record_types: Sequence[RecordTypeName] = ()
    task_statuses: Sequence[TaskStatus] | None = None
    task_priorities: Sequence[TaskPriority] | None = None
    accounts: Sample = Sample()
    samples: dict[str, Sample] = field(default_factory=dict)
    customers: dict[str, frozenset[str]] = field(default_factory=dict)
    customers_estimated: bool = False
    users: int = 0
    mail_domains: Mapping[str, int] = field(default_factory=dict)
    team_roles: Mapping[str, int] = field(default_factory=dict)
    unasked: list[Unasked] = field(default_factory=list)


@dataclass(slots=True)
class SiteSeen:
    """Names in the site's own order; `counts` are issues by project key, as far as they were counted."""

    who: JiraIdentity
    deployment: str
    fields: Sequence[JiraField] = ()
    statuses: Sequence[Status] | None = None
    priorities: Sequence[str] | None = None
    issue_types: Sequence[str] | None = None
    labels: Sequence[str] | None = None
    projects: Sequence[Project] | None = None
    issues: int | None = None
    counts: Mapping[str, int | None] = field(default_factory=dict)
    filled: Mapping[str, int | None] = field(default_factory=dict)
    unasked: list[Unasked] = field(default_factory=list)
