"""Lists of the config held against what is there: words that no record uses mean that nothing is ever counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.findings import Finding, listed
from sync.names import name_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import duckdb

    from sync.config import Config

Json = dict[str, object]

_PRIORITIES = "select name from jira_priority union select priority_name from jira_issue union select Priority from sf_case"
_TYPES = "select type_name from jira_issue union select Type from sf_case"
_STATUSES = (
    "select name from jira_status union select status_name from jira_issue union select Status from sf_case"
)
_LABELS = "select value from jira_issue_value where kind = 'label'"
_PROJECTS = "select key from jira_project union select project_key from jira_issue"

# Key of [jira], what the values are, where they stand, and whether a list that matches nothing makes a metric unknown.
_JIRA = (
    ("p1_priorities", "priority", _PRIORITIES, True),
    ("incident_types", "issue type", _TYPES, True),
    ("request_types", "issue type", _TYPES, True),
    ("change_types", "issue type", _TYPES, True),
    ("waiting_statuses", "status", _STATUSES, True),
    ("paused_statuses", "status", _STATUSES, False),
    ("done_statuses", "status", _STATUSES, False),
    ("escalation_labels", "label", _LABELS, False),
    ("out_of_scope_labels", "label", _LABELS, False),
    ("scope_decision_labels", "label", _LABELS, False),
    ("customer_visible_projects", "project", _PROJECTS, False),
    ("quote_projects", "project", _PROJECTS, False),
    ("write_projects", "project", _PROJECTS, False),
)
_ACTIVITIES = (
    ("onsite_types", "type of event", "select Type from sf_event where not IsDeleted"),
    ("missed", "result of a call", "select CallDisposition from sf_task where not IsDeleted"),
)
# What people log in Task without any of it being counted; Rapport's own tasks and mails, which have their own ways, are
# left out.
_UNCOUNTED = """
select coalesce(nullif(trim(t.Type), ''), '(no type)') as type, count(*) as n
from sf_task t
where t.IsClosed and not t.IsDeleted and t.Rapport_Key__c is null and not coalesce(t.IsRecurrence, false)
  and coalesce(t.TaskSubtype, '') not in ('Call', 'Email', 'ListEmail')
  and coalesce(lower(trim(t.Type)), '') not in ('meeting', 'email')
  and not list_contains($counted::varchar[], coalesce(lower(trim(t.Type)), ''))
group by 1 order by n desc, type
"""


def lists(config: Config, connection: duckdb.DuckDBPyConnection) -> tuple[list[Finding], list[Json]]:
    """Findings, and one row per list that matches nothing or has entries that do."""
    checked = [*_of_jira(config, connection), *_of_activities(config, connection)]
    rows = [row for row, _ in checked]
    return [finding for _, finding in checked], rows


def uncounted_tasks(
    config: Config, connection: duckdb.DuckDBPyConnection
) -> tuple[list[Finding], list[Json]]:
    """Types of closed tasks that are no contact with the customer, with their numbers."""
    counted = [each.strip().lower() for each in config.activities.contact_task_types]
    rows = connection.execute(_UNCOUNTED, {"counted": counted}).fetchall()
    if not rows:
        return [], []
    told = listed(f"{kind} ({count:,})" for kind, count in rows)
    finding = Finding(
        "activities",
        "note",
        f"Closed tasks of these types do not count as contact with the customer: {told}.",
        "add those that are calls or conversations to [activities] contact_task_types.",
        {"types": len(rows), "tasks": sum(count for _, count in rows)},
        "uncounted_tasks",
    )
    return [finding], [{"type": kind, "tasks": count} for kind, count in rows]


def _of_jira(config: Config, connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[Json, Finding]]:
    if config.jira is None:
        return
    for key, kind, query, decides in _JIRA:
        entries: Sequence[str] = getattr(config.jira, key, ())
        known = _values(connection, query)
        unmatched = [entry for entry in entries if name_key(entry) not in known]
        chosen = key in config.jira.model_fields_set
        if not known or not unmatched or (len(unmatched) < len(entries) and not chosen):
            continue  # of the words that ship with Rapport one is enough
        yield _told(f"jira.{key}", kind, entries, unmatched, known, decides=decides)


def _of_activities(config: Config, connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[Json, Finding]]:
    for key, kind, query in _ACTIVITIES:
        entries: Sequence[str] = getattr(config.activities, key)
        known = _values(connection, query)
        if known and entries and not any(name_key(entry) in known for entry in entries):
            yield _told(f"activities.{key}", kind, entries, entries, known, decides=False)


def _told(
    key: str,
    kind: str,
    entries: Sequence[str],
    unmatched: Sequence[str],
    known: Mapping[str, str],
    *,
    decides: bool,
) -> tuple[Json, Finding]:
    none = len(unmatched) == len(entries)
    there = sorted(known.values(), key=name_key)
    if none:
        lost = ", so what rests on it is unknown" if decides else ""
        message = f"{key}: none of its entries is in use here as {kind}{lost}."
    else:
        message = (
            f"{key}: {listed(unmatched)} {'is' if len(unmatched) == 1 else 'are'} not in use here as {kind}."
        )
    finding = Finding(
        key,
        "warning" if none and decides else "note",
        message,
        f"in use are {listed(there, 8)}: name those that are meant.",
        {"entries": len(entries), "unmatched": len(unmatched)},
        "unmatched_list",
    )
    return {
        "list": key,
        "entries": list(entries),
        "unmatched": list(unmatched),
        "in_use": there[:50],
    }, finding


def _values(connection: duckdb.DuckDBPyConnection, query: str) -> dict[str, str]:
    """The values in use, by the form in which words are compared."""
    rows = connection.execute(
        f"select distinct v from ({query}) t(v) where v is not null order by v"
    ).fetchall()
    return {name_key(value): value for (value,) in reversed(rows) if name_key(value)}
