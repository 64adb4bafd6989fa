"""The tables that Jira's records become: these schemas are the mirror's table definitions.

Text and ids are strings as delivered, times are naive UTC. Nothing here can hold a body, a person's
name or an e-mail address.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from connectors.batches import Rejected
    from connectors.jira_site import Project, Status, Version

_ID = _TEXT = pa.string()
_TIME = pa.timestamp("us")  # naive UTC
_WHOLE = pa.int64()


def _schema(**columns: pa.DataType) -> pa.Schema:
    return pa.schema([pa.field(name, kind) for name, kind in columns.items()])


JIRA_ISSUE = _schema(
    site=_TEXT,
    id=_ID,
    key=_TEXT,
    project_id=_ID,
    project_key=_TEXT,
    project_type=_TEXT,
    type_id=_ID,
    type_name=_TEXT,
    subtask=pa.bool_(),
    hierarchy_level=pa.int32(),
    status_id=_ID,
    status_name=_TEXT,
    status_category=_TEXT,
    priority_id=_ID,
    priority_name=_TEXT,
    assignee_id=_ID,
    reporter_id=_ID,
    creator_id=_ID,
    created=_TIME,
    updated=_TIME,
    resolved=_TIME,
    status_changed=_TIME,
    due_date=pa.date32(),
    parent_id=_ID,
    parent_key=_TEXT,
    original_seconds=_WHOLE,
    remaining_seconds=_WHOLE,
    spent_seconds=_WHOLE,
    security_id=_ID,
    security_name=_TEXT,
    summary=_TEXT,
)
JIRA_VALUE = _schema(site=_TEXT, issue_id=_ID, kind=_TEXT, value=_TEXT, value_id=_ID)
JIRA_COMMENT = _schema(
    site=_TEXT,
    issue_id=_ID,
    id=_ID,
    author_id=_ID,
    created=_TIME,
    updated=_TIME,
    jsd_public=pa.bool_(),
    restricted=pa.bool_(),
)
JIRA_STEP = _schema(
    site=_TEXT,
    issue_id=_ID,
    history_id=_ID,
    item=pa.int32(),
    author_id=_ID,
    created=_TIME,
    field=_TEXT,
    from_id=_ID,
    from_text=_TEXT,
    to_id=_ID,
    to_text=_TEXT,
)
JIRA_WORKLOG = _schema(
    site=_TEXT,
    issue_id=_ID,
    id=_ID,
    author_id=_ID,
    started=_TIME,
    created=_TIME,
    updated=_TIME,
    seconds=_WHOLE,
)
# One run of an SLA's clock; times as Jira told them when the issue was read last.
JIRA_SLA_CYCLE = _schema(
    site=_TEXT,
    issue_id=_ID,
    sla_id=_ID,
    name=_TEXT,
    cycle=pa.int32(),
    started=_TIME,
    stopped=_TIME,
    breach_at=_TIME,
    breached=pa.bool_(),
    paused=pa.bool_(),
    goal_ms=_WHOLE,
    elapsed_ms=_WHOLE,
)
JIRA_RATING = _schema(site=_TEXT, issue_id=_ID, rating=pa.float64(), rated_at=_TIME, rated_on=pa.date32())
JIRA_REMOTE_LINK = _schema(site=_TEXT, issue_id=_ID, url=_TEXT, global_id=_TEXT)
JIRA_PERSON = _schema(site=_TEXT, id=_ID, account_type=_TEXT, domain=_TEXT, address_key=_TEXT)
JIRA_PROJECT = _schema(site=_TEXT, id=_ID, key=_TEXT, name=_TEXT, type_key=_TEXT)
JIRA_STATUS = _schema(site=_TEXT, id=_ID, name=_TEXT, category=_TEXT)
JIRA_PRIORITY = _schema(site=_TEXT, name=_TEXT)
JIRA_VERSION = _schema(
    site=_TEXT, id=_ID, project_id=_ID, name=_TEXT, released=pa.bool_(), release_date=pa.date32()
)


@dataclass(frozen=True, slots=True)
class JiraBatch:
    issues: pa.Table
    values: pa.Table
    comments: pa.Table
    steps: pa.Table
    worklogs: pa.Table
    sla_cycles: pa.Table
    ratings: pa.Table
    remote_links: pa.Table
    people: pa.Table
    rejected: tuple[Rejected, ...]
    server_time: datetime | None
    """The server's clock when the query began, for the next cursor."""


def project_table(site: str, projects: Sequence[Project]) -> pa.Table:
    return table(JIRA_PROJECT, [(site, one.id, one.key, one.name, one.type_key) for one in projects])


def status_table(site: str, statuses: Sequence[Status]) -> pa.Table:
    return table(JIRA_STATUS, [(site, one.id, one.name, one.category) for one in statuses])


def priority_table(site: str, names: Sequence[str]) -> pa.Table:
    return table(JIRA_PRIORITY, [(site, name) for name in names])


def version_table(site: str, versions: Sequence[Version]) -> pa.Table:
    return table(
        JIRA_VERSION,
        [(site, one.id, one.project_id, one.name, one.released, one.release_date) for one in versions],
    )


def table(schema: pa.Schema, rows: Iterable[tuple[object, ...]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    arrays = [pa.array(column, type=field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)
