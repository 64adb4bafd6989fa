"""The sources about service and delivery: SLAs, ratings, dates that move, estimates, hours and budgets.

Part of `rules.sources`, which tells what every source carries besides, and of the words of `rules.words` and
`rules.describe`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rules.expression_types import Type

SOURCES: Mapping[str, Mapping[str, Type]] = {
    # one cycle of an SLA, of Jira or of a Case's milestone; `stopped` is NULL while it runs, `breach_days` before the breach
    "sla_cycles": {
        "sla": "text",
        "key": "text",
        "project": "text",
        "type": "text",
        "priority": "text",
        "started": "timestamp",
        "stopped": "timestamp",
        "stopped_days": "number",
        "breach_at": "timestamp",
        "breach_days": "number",
        "breached": "boolean",
        "running": "boolean",
        "met": "boolean",
        "measurable": "boolean",
    },
    # one rating of the customer: kind request | survey | declared; `at` is NULL where only a date is known
    "ratings": {
        "kind": "text",
        "rating": "number",
        "at": "timestamp",
        "day": "date",
        "days_ago": "number",
        "measurable": "boolean",
    },
    # one time that the due date of an issue was put to a later day
    "due_moves": {
        "key": "text",
        "project": "text",
        "type": "text",
        "from_day": "date",
        "to_day": "date",
        "slip_days": "number",
        "at": "timestamp",
        "days_ago": "number",
    },
    # one issue with a due date that is done; `days_late` is negative where it was early
    "deliveries": {
        "key": "text",
        "project": "text",
        "type": "text",
        "due_date": "date",
        "at": "timestamp",
        "days_ago": "number",
        "days_late": "number",
        "on_time": "boolean",
        "measurable": "boolean",
    },
    # one open epic that was estimated, with everything under it; `overrun` is (spent + remaining) / original
    "epics": {
        "key": "text",
        "project": "text",
        "due_date": "date",
        "children": "number",
        "original_hours": "number",
        "remaining_hours": "number",
        "spent_hours": "number",
        "overrun": "number",
    },
    # one piece of work that was logged on an issue, sub-tasks and epics included
    "worklogs": {
        "key": "text",
        "project": "text",
        "type": "text",
        "at": "timestamp",
        "day": "date",
        "days_ago": "number",
        "seconds": "number",
        "hours": "number",
    },
    # one incident of 30 d and component; `place` counts them by project and component from the first
    "incidents": {
        "key": "text",
        "project": "text",
        "component": "text",
        "type": "text",
        "priority": "text",
        "done": "boolean",
        "at": "timestamp",
        "days_ago": "number",
        "place": "number",
    },
    # one running contract with a budget of hours; `used` and `elapsed` are shares of hours and of time, `chosen` is the
    # contract of the account that is furthest ahead of its time
    "budgets": {
        "start_date": "date",
        "end_date": "date",
        "budget_hours": "number",
        "used_hours": "number",
        "used": "number",
        "elapsed": "number",
        "chosen": "boolean",
    },
}

# Columns of models/service_coverage.sql, which models/coverage.sql hands on.
COVERAGE = ("slas", "ratings", "worklogs", "releases", "budgets", "scope")

REQUIRES: Mapping[str, tuple[str, ...]] = {
    "sla_cycles": ("slas",),
    "ratings": ("ratings",),
    "due_moves": ("jira",),
    "deliveries": ("jira",),
    "epics": ("jira",),
    "worklogs": ("jira", "worklogs"),
    "incidents": ("jira", "incident_types"),
    "budgets": ("budgets",),
}
COLUMN_REQUIRES: Mapping[tuple[str, str], str] = {
    ("issues", "request"): "request_types",
    ("issues", "change"): "change_types",
    ("issues", "out_of_scope"): "scope",
    ("issues", "scope_decided"): "scope",
    ("issues", "days_after_release"): "releases",
    ("budgets", "used"): "worklogs",
    # what a Case of Salesforce has not
    ("issues", "project"): "jira",
    ("issues", "site_project"): "jira",
    ("issues", "overdue"): "jira",
    ("issues", "due_date"): "jira",
    ("issues", "assignee_changes_30d"): "jira",
}

UNCOVERED: Mapping[str, str] = {
    "slas": "there is no cycle of an SLA and no milestone of a Case",
    "ratings": "nobody has rated: no request, no survey, and too few accounts with a declared satisfaction",
    "worklogs": "nobody has logged work in Jira",
    "releases": "no issue names a release with a release date that it affects",
    "budgets": "no contract has a budget of hours",
    "scope": "no issue is marked by [jira] out_of_scope_labels or a mapped field as out of scope",
}

MEANINGS: Mapping[str, str] = {
    "sla_cycles": "one cycle of an SLA: in Jira, or a milestone of a Case that no issue with an SLA names",
    "ratings": "one rating of the customer: of a request, in a survey, or declared on the account",
    "due_moves": "one time that the due date of an issue was put to a later day",
    "deliveries": "one issue with a due date that is done, by the day of its last step into done",
    "epics": "one open epic that was estimated, with everything under it",
    "worklogs": "one piece of work that was logged on an issue, sub-tasks and epics included",
    "incidents": "one incident of 30 days and component, counted by project and component from the first",
    "budgets": "one running contract with a budget of hours",
}
GROUPS = (
    ("Service levels and satisfaction", ("sla_cycles", "ratings")),
    ("Delivery", ("due_moves", "deliveries", "epics", "incidents", "worklogs", "budgets")),
)
