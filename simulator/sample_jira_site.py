"""The sample Jira Cloud site's own furniture: projects, issue types, statuses, priorities and fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from simulator.sample_clock import JIRA_ZONE

BASE_URL: Final = "https://example.atlassian.net"
API: Final = f"{BASE_URL}/rest/api/3"
Category = Literal["new", "indeterminate", "done"]

ACCOUNT_FIELD_NAME: Final = "CRM Account"
ACCOUNT_FIELD: Final = "customfield_10050"
ORGANIZATIONS: Final = "customfield_10002"
PARTICIPANTS: Final = "customfield_10026"
FIRST_RESPONSE: Final = "customfield_10030"
SATISFACTION: Final = "customfield_10034"
SATISFACTION_DATE: Final = "customfield_10035"
REQUEST_TYPE: Final = "customfield_10010"
RESOLUTION_TIME: Final = "customfield_10031"
CASE_FIELD_NAME: Final = "CRM Case"
CASE_FIELD: Final = "customfield_10051"


@dataclass(frozen=True, slots=True)
class Project:
    key: str
    name: str
    type_key: Literal["software", "service_desk"]
    first_number: int = 1
    resolution_goal_hours: int | None = None  # where the service level also says until when it must be solved

    @property
    def is_service(self) -> bool:
        return self.type_key == "service_desk"


PROJECTS: Final = (
    Project("ABM", "Acme: Billing migration", "software"),
    Project("ACME", "Acme Service", "service_desk", 340),
    Project("BOR", "Borealis Service", "service_desk", 61),
    Project("FXW", "Foxglove: Web shop", "software", 30),
    Project("HARB", "Harborview Service", "service_desk", 210, resolution_goal_hours=80),
    Project("IT", "IT service desk", "service_desk", 1400),
    Project("NORD", "Nordwind Service", "service_desk", 118),
    Project("NWD", "Nordwind: Fleet portal", "software"),
    Project("OPS", "Internal operations", "software", 900),
    Project("PROD", "Product development", "software", 2400),
    Project("RAIL", "Meridian Service", "service_desk", 77),
    Project("SUN", "Sunfield Service", "service_desk", 500, resolution_goal_hours=600),
    Project("SUP", "Support", "service_desk", 5100),
)
_CATEGORIES: Final[dict[Category, dict[str, Any]]] = {
    "new": {"id": 2, "key": "new", "colorName": "blue-gray", "name": "To Do"},
    "indeterminate": {"id": 4, "key": "indeterminate", "colorName": "yellow", "name": "In Progress"},
    "done": {"id": 3, "key": "done", "colorName": "green", "name": "Done"},
}
STATUSES: Final[dict[str, tuple[str, Category]]] = {
    "Open": ("1", "new"),
    "In Progress": ("3", "indeterminate"),
    "Resolved": ("5", "done"),
    "Closed": ("6", "done"),
    "To Do": ("10000", "new"),
    "Done": ("10001", "done"),
    "In Review": ("10002", "indeterminate"),
    "Blocked": ("10003", "indeterminate"),
    "Waiting for customer": ("10010", "indeterminate"),
    "Waiting for support": ("10011", "indeterminate"),
    "Pending": ("10012", "indeterminate"),
}
PRIORITIES: Final = {"Highest": "1", "High": "2", "Medium": "3", "Low": "4", "Lowest": "5"}
# name: (id, sub-task, level in the hierarchy)
TYPES: Final[dict[str, tuple[str, bool, int]]] = {
    "Epic": ("10000", False, 1),
    "Story": ("10001", False, 0),
    "Task": ("10002", False, 0),
    "Sub-task": ("10003", True, -1),
    "Bug": ("10004", False, 0),
    "Incident": ("10010", False, 0),
    "Service Request": ("10011", False, 0),
    "Change": ("10012", False, 0),
}


# What the portals of the customers call the requests of each type.
REQUEST_TYPES: Final = {
    "Incident": "Report a problem",
    "Service Request": "Ask for help",
    "Change": "Request a change",
}


@dataclass(frozen=True, slots=True)
class Version:
    """A release of a project; `day` is the date it came out, or shall."""

    id: str
    name: str
    day: str
    released: bool


def version_json(version: Version, project: Project) -> dict[str, Any]:
    return {
        "self": f"{API}/version/{version.id}",
        "id": version.id,
        "name": version.name,
        "archived": False,
        "released": version.released,
        "releaseDate": version.day,
        "projectId": int(project_id(project)),
    }


def is_done(status: str) -> bool:
    return STATUSES[status][1] == "done"


def status_json(name: str) -> dict[str, Any]:
    number, category = STATUSES[name]
    kind = _CATEGORIES[category]
    return {
        "self": f"{API}/status/{number}",
        "description": "",
        "iconUrl": f"{BASE_URL}/images/icons/statuses/generic.png",
        "name": name,
        "id": number,
        "statusCategory": {"self": f"{API}/statuscategory/{kind['id']}", **kind},
    }


def priority_json(name: str) -> dict[str, Any]:
    number = PRIORITIES[name]
    return {"self": f"{API}/priority/{number}", "name": name, "id": number}


def type_json(name: str) -> dict[str, Any]:
    number, subtask, level = TYPES[name]
    return {
        "self": f"{API}/issuetype/{number}",
        "id": number,
        "description": "",
        "name": name,
        "subtask": subtask,
        "hierarchyLevel": level,
    }


def project_id(project: Project) -> str:
    return str(10_000 + PROJECTS.index(project))


def project_json(project: Project) -> dict[str, Any]:
    number = project_id(project)
    return {
        "self": f"{API}/project/{number}",
        "id": number,
        "key": project.key,
        "name": project.name,
        "projectTypeKey": project.type_key,
        "simplified": False,
    }


def projects_json() -> list[dict[str, Any]]:
    return [project_json(project) | {"style": "classic", "isPrivate": False} for project in PROJECTS]


def statuses_json() -> list[dict[str, Any]]:
    return [status_json(name) for name in STATUSES]


def priorities_json() -> list[dict[str, Any]]:
    return [priority_json(name) | {"description": "", "statusColor": "#cccccc"} for name in PRIORITIES]


def myself_json(account_id: str, name: str, email: str) -> dict[str, Any]:
    return {
        "self": f"{API}/user?accountId={account_id}",
        "accountId": account_id,
        "accountType": "atlassian",
        "emailAddress": email,
        "displayName": name,
        "active": True,
        "timeZone": str(JIRA_ZONE),
        "locale": "en_GB",
    }


_SYSTEM_FIELDS: Final = {
    "summary": "string", "description": "string", "issuetype": "issuetype", "project": "project",
    "status": "status",
    "priority": "priority", "resolution": "resolution", "assignee": "user", "reporter": "user",
    "creator": "user",
    "created": "datetime", "updated": "datetime", "resolutiondate": "datetime",
    "statuscategorychangedate": "datetime",
    "duedate": "date", "labels": "array", "components": "array", "fixVersions": "array", "versions": "array",
    "parent": "issuelink", "security": "securitylevel", "timetracking": "timetracking",
    "timeestimate": "number",
    "timeoriginalestimate": "number", "timespent": "number", "comment": "comments-page", "worklog": "array",
}  # fmt: skip
_ITEMS: Final = {
    "labels": "string", "components": "component", "fixVersions": "version", "versions": "version",
    "worklog": "worklog",
}  # fmt: skip
_CUSTOM_FIELDS: Final = (
    (ACCOUNT_FIELD, ACCOUNT_FIELD_NAME, "com.atlassian.jira.plugin.system.customfieldtypes:textfield",
     "string", None),
    (CASE_FIELD, CASE_FIELD_NAME, "com.atlassian.jira.plugin.system.customfieldtypes:textfield", "string",
     None),
    (REQUEST_TYPE, "Request Type", "com.atlassian.servicedesk:vp-origin", "sd-customerrequesttype", None),
    (RESOLUTION_TIME, "Time to resolution", "com.atlassian.servicedesk:sd-sla-field",
     "sd-servicelevelagreement", None),
    (ORGANIZATIONS, "Organizations", "com.atlassian.servicedesk:sd-customer-organizations", "array",
     "sd-customerorganization"),
    (PARTICIPANTS, "Request participants", "com.atlassian.servicedesk:sd-request-participants", "array",
     "user"),
    (FIRST_RESPONSE, "Time to first response", "com.atlassian.servicedesk:sd-sla-field",
     "sd-servicelevelagreement",
     None),
    (SATISFACTION, "Satisfaction", "com.atlassian.servicedesk:sd-request-feedback", "sd-feedback", None),
    (SATISFACTION_DATE, "Satisfaction date", "com.atlassian.servicedesk:sd-request-feedback-date",
     "datetime", None),
)  # fmt: skip


def fields_json() -> list[dict[str, Any]]:
    system = [
        {
            "id": name,
            "key": name,
            "name": name.capitalize(),
            "custom": False,
            "orderable": True,
            "navigable": True,
            "searchable": True,
            "clauseNames": [name],
            "schema": {"type": kind, "system": name} | ({"items": _ITEMS[name]} if name in _ITEMS else {}),
        }
        for name, kind in _SYSTEM_FIELDS.items()
    ]
    custom = [
        {
            "id": name,
            "key": name,
            "name": label,
            "untranslatedName": label,
            "custom": True,
            "orderable": True,
            "navigable": True,
            "searchable": True,
            "clauseNames": [f"cf[{name.removeprefix('customfield_')}]", label],
            "schema": {"type": kind, "custom": plugin, "customId": int(name.removeprefix("customfield_"))}
            | ({"items": items} if items else {}),
        }
        for name, label, plugin, kind, items in _CUSTOM_FIELDS
    ]
    return system + custom
