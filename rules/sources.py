"""The columns of every source that metrics read, and the order in which the models are built.

A source is one `.sql` file in `models/` with one row per thing and its `account_id`. Besides the columns listed
here, which admins may use in `where` and `value`, every source carries its evidence: `record_system`
(salesforce | jira | none), `record_id`, `record_key` (an issue key, else the id), `record_text` and `record_person` (the contact concerned).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from rules import deal_sources, service_sources

if TYPE_CHECKING:
    from collections.abc import Mapping

Type = Literal["number", "text", "boolean", "date", "timestamp"]

SOURCES: Mapping[str, Mapping[str, Type]] = {
    # one contact with the customer: kind meeting | call | email; `at` is NULL where only a date is known
    "moments": {
        "kind": "text",
        "direction": "text",
        "days_ago": "number",
        "day": "date",
        "at": "timestamp",
        "people": "text",
        "onsite": "boolean",
    },
    # one person of an account's moments; `own` where the person is a contact of this very account, `key_contact` where it
    # is one of the three with most moments (at least 4) between 425 and 60 days ago
    "moment_people": {
        "person_id": "text",
        "own": "boolean",
        "moments_90d": "number",
        "last_days_ago": "number",
        "key_contact": "boolean",
    },
    # one meeting that is still to come; `at` is NULL where it fills a day
    "coming_meetings": {
        "type": "text",
        "at": "timestamp",
        "day": "date",
        "days_ahead": "number",
        "business_days_ahead": "number",
    },
    # one mail thread whose newest message of 90 d a contact has sent; `returned` where a call or meeting followed
    "threads": {
        "at": "timestamp",
        "day": "date",
        "days_ago": "number",
        "business_hours": "number",
        "returned": "boolean",
    },
    # one call of the customer in 90 d that nobody took; `at` is NULL where only a date is known
    "missed_calls": {
        "at": "timestamp",
        "day": "date",
        "days_ago": "number",
        "business_hours": "number",
        "returned": "boolean",
    },
    # one contact of the account, met or not
    "contacts": {
        "person_id": "text",
        "title": "text",
        "executive": "boolean",
        "working_level": "boolean",
        "moments_90d": "number",
    },
    # one linked issue as it stood at `as_of`, sub-tasks and epics left out; `system` jira, or salesforce for a Case that no
    # issue names; `days_after_release`: created so many days after the latest release that it affects
    "issues": {
        "system": "text",
        "site": "text",
        "key": "text",
        "project": "text",
        "site_project": "text",
        "project_type": "text",
        "type": "text",
        "status": "text",
        "status_category": "text",
        "priority": "text",
        "labels": "text",
        "done": "boolean",
        "p1": "boolean",
        "incident": "boolean",
        "request": "boolean",
        "change": "boolean",
        "waiting": "boolean",
        "paused": "boolean",
        "escalated": "boolean",
        "out_of_scope": "boolean",
        "scope_decided": "boolean",
        "software": "boolean",
        "overdue": "boolean",
        "created": "timestamp",
        "due_date": "date",
        "age_days": "number",
        "status_days": "number",
        "assignee_changes_30d": "number",
        "days_after_release": "number",
    },
    # the oldest customer comment of an open issue that nobody has answered, so one row per such issue
    "comments": {
        "key": "text",
        "project": "text",
        "at": "timestamp",
        "hours": "number",
        "business_hours": "number",
    },
    # one issue that the customer's side raised in 90 d: how long it waited for our first public comment, or still waits
    "responses": {
        "key": "text",
        "project": "text",
        "type": "text",
        "priority": "text",
        "at": "timestamp",
        "answered": "boolean",
        "business_hours": "number",
    },
    # one step of a linked issue from one status to another; `finished` into a done one, `reopened` out of one
    "steps": {
        "key": "text",
        "project": "text",
        "project_type": "text",
        "type": "text",
        "from_status": "text",
        "to_status": "text",
        "finished": "boolean",
        "reopened": "boolean",
        "at": "timestamp",
        "days_ago": "number",
    },
    # one project with an open issue: days since the last public comment of ours there or meeting with the account;
    # the account's age where there never was one
    "projects": {
        "project": "text",
        "open_issues": "number",
        "ever_updated": "boolean",
        "update_days": "number",
    },
    # one unit of the customer: a child account, a department or a declared unit
    "org_units": {
        "unit": "text",
        "origin": "text",
        "engaged": "boolean",
        "has_contact": "boolean",
        "measurable": "boolean",
    },
    **deal_sources.SOURCES,
    **service_sources.SOURCES,
}

# What the mirror must hold for a metric to be known; columns of models/coverage.sql.
COVERAGE = (
    "contacts_logged",
    "jira",
    "issues",
    "sides",
    "p1_priorities",
    "waiting_statuses",
    "incident_types",
    "request_types",
    "change_types",
    "contacts",
    "emails",
    "missed_calls",
    "event_types",
    "titles",
    *deal_sources.COVERAGE,
    *service_sources.COVERAGE,
)

# Columns of `accounts.managed` and `rollout.where`; `[accounts.columns]` adds an org's own as text.
ACCOUNT_COLUMNS: Mapping[str, Type] = {
    "id": "text",
    "name": "text",
    "type": "text",
    "industry": "text",
    "record_type": "text",
    "account_number": "text",
    "website": "text",
    "parent_id": "text",
    "owner_id": "text",
    "person_account": "boolean",
    "created": "timestamp",
    "won_opportunities_730d": "number",
    "contracts_730d": "number",
    "assets_owned": "number",
    "linked_issues_730d": "number",
}

# Columns of `activities.exclude`: one logged activity.
ACTIVITY_COLUMNS: Mapping[str, Type] = {
    "object": "text",
    "kind": "text",
    "direction": "text",
    "subject": "text",
    "type": "text",
    "subtype": "text",
}
