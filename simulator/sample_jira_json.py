"""Writes an issue of the sample down as `GET /rest/api/3/issue/{id}?expand=changelog` returns it."""

from __future__ import annotations

import zlib
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any, Final

from simulator.sample_clock import (
    CLOSES,
    JIRA_ZONE,
    OPENS,
    after_business_hours,
    business_time,
    jira_stamp,
)
from simulator.sample_jira_site import (
    ACCOUNT_FIELD,
    API,
    BASE_URL,
    CASE_FIELD,
    FIRST_RESPONSE,
    ORGANIZATIONS,
    PARTICIPANTS,
    REQUEST_TYPE,
    RESOLUTION_TIME,
    SATISFACTION,
    SATISFACTION_DATE,
    priority_json,
    project_json,
    status_json,
    type_json,
    version_json,
)
from simulator.sample_people import Colleague, Customer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from simulator.sample_jira import Change, Comment, History, Issue, Organization, Worklog
    from simulator.sample_people import Author

FIRST_RESPONSE_GOAL_HOURS: Final = 8
PAUSES: Final = ("Waiting for customer", "Pending")
_FIELD_IDS: Final = {"Key": "issuekey"}


class Numbers:
    """Ids of comments, worklogs and histories, each counting up over the whole site."""

    def __init__(self) -> None:
        self._next = {"comment": 30_000, "worklog": 50_000, "history": 70_000}

    def next(self, kind: str) -> str:
        self._next[kind] += 1
        return str(self._next[kind])


def text_document(text: str) -> dict[str, Any]:
    paragraph = {"type": "paragraph", "content": [{"type": "text", "text": text}]}
    return {"version": 1, "type": "doc", "content": [paragraph]}


def user_json(person: Author) -> dict[str, Any]:
    address: str | None
    if isinstance(person, Customer):
        kind, address = "atlassian" if person.licensed else "customer", person.email
    elif isinstance(person, Colleague):
        kind, address = "atlassian", person.staff.email if person.staff.address_visible else None
    else:
        kind, address = "app", None
    user = {
        "self": f"{API}/user?accountId={person.jira_id}",
        "accountId": person.jira_id,
        "displayName": person.name,
        "active": not isinstance(person, Colleague) or person.staff.active,
        "timeZone": str(JIRA_ZONE),
        "accountType": kind,
    }
    # Jira leaves a hidden address out altogether.
    return user | ({"emailAddress": address} if address else {})


def issue_json(issue: Issue, numbers: Numbers) -> dict[str, Any]:
    self_url = f"{API}/issue/{issue.id}"
    histories = [_history(history, numbers) for history in issue.histories]
    comments = [
        _comment(note, issue, self_url, numbers) for note in sorted(issue.comments, key=lambda note: note.at)
    ]
    worklogs = [
        _worklog(log, issue, self_url, numbers) for log in sorted(issue.worklogs, key=lambda log: log.started)
    ]
    return {
        "expand": "renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations",
        "id": issue.id,
        "self": self_url,
        "key": issue.key,
        "fields": {
            **_plain_fields(issue),
            **_time_fields(issue),
            "comment": {"comments": comments, "self": f"{self_url}/comment", **_whole_page(comments)},
            "worklog": {"worklogs": worklogs, **_whole_page(worklogs)},
            **_service_fields(issue),
        },
        # Jira lists the changelog of one issue newest first.
        "changelog": {**_whole_page(histories), "histories": histories[::-1]},
    }


def _whole_page(rows: Sequence[object]) -> dict[str, int]:
    return {"startAt": 0, "maxResults": len(rows), "total": len(rows)}


def _plain_fields(issue: Issue) -> dict[str, Any]:
    parent = issue.parent
    return {
        "summary": issue.summary,
        "description": text_document(issue.summary),
        "issuetype": type_json(issue.type_name),
        "project": project_json(issue.project),
        "status": status_json(issue.status),
        "statuscategorychangedate": jira_stamp(issue.category_since),
        "priority": priority_json(issue.priority),
        "resolution": {"id": "10000", "name": "Done", "description": ""} if issue.resolved else None,
        "resolutiondate": jira_stamp(issue.resolved) if issue.resolved else None,
        "created": jira_stamp(issue.created),
        "updated": jira_stamp(issue.updated),
        "duedate": issue.due.isoformat() if issue.due else None,
        "assignee": user_json(issue.assignee) if issue.assignee else None,
        "reporter": user_json(issue.reporter),
        "creator": user_json(issue.reporter),
        "labels": list(issue.labels),
        "components": [
            {"id": str(10_300 + zlib.crc32(name.encode()) % 1_000), "name": name} for name in issue.components
        ],
        "fixVersions": [],
        "versions": [version_json(each, issue.project) for each in issue.affects],
        "security": {"id": "10100", "name": issue.security, "description": ""} if issue.security else None,
        ACCOUNT_FIELD: issue.account_value,
        CASE_FIELD: issue.case_number,
    } | (
        {
            "parent": {
                "id": parent.id,
                "key": parent.key,
                "self": f"{API}/issue/{parent.id}",
                "fields": {
                    "summary": parent.summary,
                    "status": status_json(parent.status),
                    "priority": priority_json(parent.priority),
                    "issuetype": type_json(parent.type_name),
                },
            }
        }
        if parent
        else {}
    )


def _time_fields(issue: Issue) -> dict[str, Any]:
    amounts = {
        "originalEstimateSeconds": issue.original_seconds,
        "remainingEstimateSeconds": issue.remaining_seconds,
        "timeSpentSeconds": issue.spent_seconds,
    }
    return {
        "timeoriginalestimate": issue.original_seconds,
        "timeestimate": issue.remaining_seconds,
        "timespent": issue.spent_seconds,
        "timetracking": {name: seconds for name, seconds in amounts.items() if seconds is not None},
    }


def _history(history: History, numbers: Numbers) -> dict[str, Any]:
    return {
        "id": numbers.next("history"),
        "author": user_json(history.by),
        "created": jira_stamp(history.at),
        "items": [_item(change) for change in history.changes],
    }


def _item(change: Change) -> dict[str, Any]:
    return {
        "field": change.field,
        "fieldtype": "jira",
        "fieldId": _FIELD_IDS.get(change.field, change.field),
        "from": change.before,
        "fromString": change.before_text,
        "to": change.after,
        "toString": change.after_text,
    }


def _comment(note: Comment, issue: Issue, self_url: str, numbers: Numbers) -> dict[str, Any]:
    number, stamp, author = numbers.next("comment"), jira_stamp(note.at), user_json(note.by)
    comment = {
        "self": f"{self_url}/comment/{number}",
        "id": number,
        "author": author,
        "body": text_document(note.text),
        "updateAuthor": author,
        "created": stamp,
        "updated": stamp,
        # Software projects say true for every comment, whoever may see it.
        "jsdPublic": note.public or not issue.project.is_service,
    }
    if note.role:
        comment["visibility"] = {"type": "role", "value": note.role, "identifier": note.role}
    return comment


def _worklog(log: Worklog, issue: Issue, self_url: str, numbers: Numbers) -> dict[str, Any]:
    number, author = numbers.next("worklog"), user_json(log.by)
    stamp = jira_stamp(log.started + timedelta(seconds=log.seconds))
    hours = log.seconds / 3_600
    return {
        "self": f"{self_url}/worklog/{number}",
        "author": author,
        "updateAuthor": author,
        "created": stamp,
        "updated": stamp,
        "started": jira_stamp(log.started),
        "timeSpent": f"{hours:g}h",
        "timeSpentSeconds": log.seconds,
        "id": number,
        "issueId": issue.id,
    }


def _service_fields(issue: Issue) -> dict[str, Any]:
    """Fields that exist in service projects only."""
    if not issue.project.is_service:
        return {}
    rating = issue.rating
    return {
        ORGANIZATIONS: [_organization(each) for each in issue.organizations],
        PARTICIPANTS: [user_json(person) for person in issue.participants],
        FIRST_RESPONSE: _first_response(issue),
        RESOLUTION_TIME: _resolution(issue),
        REQUEST_TYPE: _request_type(issue),
        SATISFACTION: {"rating": rating[0]} if rating else None,
        SATISFACTION_DATE: jira_stamp(rating[1]) if rating else None,
    }


def _organization(organization: Organization) -> dict[str, Any]:
    url = f"{BASE_URL}/rest/servicedeskapi/organization/{organization.id}"
    return {"id": organization.id, "name": organization.name, "_links": {"self": url}}


def _request_type(issue: Issue) -> dict[str, Any] | None:
    name = issue.request_type
    if name is None:
        return None
    number = str(zlib.crc32(name.encode()) % 900 + 100)
    return {"requestType": {"id": number, "name": name}, "currentStatus": {"status": issue.status}}


def _first_response(issue: Issue) -> dict[str, Any]:
    goal = timedelta(hours=FIRST_RESPONSE_GOAL_HOURS)
    breach = after_business_hours(issue.created, FIRST_RESPONSE_GOAL_HOURS)
    return _clock("1", "Time to first response", issue, goal, breach, stopped=issue.first_response)


def _resolution(issue: Issue) -> dict[str, Any] | None:
    """The clock stands still while the customer is asked or the work is paused, which moves the time of the breach."""
    goal_hours = issue.project.resolution_goal_hours
    if goal_hours is None:
        return None
    still, since = timedelta(), None
    for history in issue.histories:
        for change in history.changes:
            if change.field == "status":
                if since is not None:
                    still += business_time(since, history.at)
                since = history.at if change.after_text in PAUSES else None
    breach = after_business_hours(issue.created, goal_hours + still / timedelta(hours=1))
    return _clock("2", "Time to resolution", issue, timedelta(hours=goal_hours), breach, stopped=issue.resolved,
                  paused=since is not None)  # fmt: skip


def _clock(
    number: str,
    name: str,
    issue: Issue,
    goal: timedelta,
    breach: datetime,
    *,
    stopped: datetime | None,
    paused: bool = False,
) -> dict[str, Any]:
    end = stopped or issue.clock.now
    elapsed = business_time(issue.created, end)
    cycle = {
        "startTime": _instant(issue.created),
        "breachTime": _instant(breach),
        "goalDuration": _duration(goal),
        "elapsedTime": _duration(elapsed),
        "remainingTime": _duration(goal - elapsed),
    }
    known: dict[str, Any] = {"id": number, "name": name, "completedCycles": []}
    if stopped:
        known["completedCycles"].append(cycle | {"stopTime": _instant(stopped), "breached": stopped > breach})
    else:
        known["ongoingCycle"] = cycle | {
            "breached": end > breach,
            "paused": paused,
            "withinCalendarHours": OPENS <= end.hour < CLOSES and end.weekday() < 5,
        }
    return known


def _instant(at: datetime) -> dict[str, Any]:
    friendly = f"{at.astimezone(JIRA_ZONE):%d/%b/%y %H:%M}"
    return {
        "iso8601": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}+0000",
        "jira": jira_stamp(at),
        "friendly": friendly,
        "epochMillis": int(at.timestamp() * 1_000),
    }


def _duration(span: timedelta) -> dict[str, Any]:
    return {"millis": int(span.total_seconds() * 1_000), "friendly": f"{span.total_seconds() / 3_600:g}h"}
