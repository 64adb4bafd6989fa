"""What a Jira site consists of beside its issues: account, fields, statuses, priorities, projects, people.

Whatever the dataset does not say is learnt from the issues, and never forgotten when they change.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from simulator.dataset import DatasetError
from simulator.jira_fields import CUSTOM_ID, custom_field, system_fields
from simulator.jql_evaluation import tokens
from simulator.jql_fields import (
    SYSTEM_FIELDS,
    comments_of,
    described_field,
    fields_of,
    project_of,
    rows_of,
    several,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from simulator.dataset import Dataset
    from simulator.jql import FieldName
    from simulator.jql_fields import SearchField

    Json = dict[str, Any]

_ACCOUNT: dict[str, Any] = {
    "accountId": "5b10a2844c20165700ede21f",
    "accountType": "atlassian",
    "emailAddress": "integration@example.com",
    "displayName": "Integration",
    "active": True,
    "timeZone": "UTC",
    "locale": "en_US",
    "groups": {"size": 0, "items": []},
    "applicationRoles": {"size": 0, "items": []},
}
_IN_PROGRESS = {"id": 4, "key": "indeterminate", "colorName": "yellow", "name": "In Progress"}
_NAMED_FIELDS = (
    "issuetype",
    "status",
    "priority",
    "resolution",
    "components",
    "fixVersions",
    "versions",
    "security",
)
_PEOPLE = ("assignee", "reporter", "creator")


class Site:
    def __init__(
        self,
        dataset: Dataset,
        find: Callable[[str], Mapping[str, Any] | None],
        groups: Mapping[str, Sequence[str]],
    ) -> None:
        self._find = find
        self.account: Json = dict(dataset.jira_myself or _ACCOUNT)
        self.zone = _zone(self.account.get("timeZone"))
        self.groups = groups
        self.people: dict[str, Json] = {}
        self.projects: dict[str, Json] = {}
        self._fields = _by_id(dataset.jira_fields, system_fields())
        self._unseen_values: dict[str, list[Any]] = {}
        self._statuses = _by_id(dataset.jira_statuses or [])
        self._past_statuses: dict[tuple[str, str], Json] = {}
        self._priorities = _by_id(dataset.jira_priorities or [])
        self._types: dict[str, Json] = {}
        self._labels: set[str] = set()
        self._versions: dict[tuple[str, str], Json] = {}
        self._ranked = dataset.jira_priorities is not None
        self._names: dict[str, set[str]] = {name: set() for name in (*_NAMED_FIELDS, "project", "people")}
        for status in self._statuses.values():
            self._names["status"] |= tokens(status)
        for priority in self._priorities.values():
            self._names["priority"] |= tokens(priority)
        for project in dataset.jira_projects or []:
            self._learn_project(project)
        for version in dataset.jira_versions or []:
            self._versions[str(version["projectId"]), str(version["id"])] = dict(version)
        self._learn_person(self.account)

    # What the site has

    @property
    def account_id(self) -> str:
        return str(self.account.get("accountId") or self.account.get("key") or self.account.get("name") or "")

    @property
    def fields(self) -> list[Json]:
        for field_id, values in self._unseen_values.items():
            self._fields.setdefault(field_id, custom_field(field_id, values))
        self._unseen_values.clear()
        return list(self._fields.values())

    @property
    def statuses(self) -> list[Json]:
        """Those of issues, then those of changelogs alone, whose category nobody knows any more."""
        known = dict(self._statuses)
        names = {str(status.get("name")).casefold() for status in known.values()}
        for (status_id, name), status in self._past_statuses.items():
            if status_id in known or (not status_id and name.casefold() in names):
                continue
            known[status_id or f"9{len(known):05d}"] = {**status, "id": status_id or f"9{len(known):05d}"}
            names.add(name.casefold())
        return list(known.values())

    @property
    def priorities(self) -> list[Json]:
        """As the dataset orders them, highest first; else by id, as Jira numbers its defaults."""
        found = list(self._priorities.values())
        return found if self._ranked else sorted(found, key=lambda each: _numeric(each.get("id")))

    @property
    def issue_types(self) -> list[Json]:
        return list(self._types.values())

    @property
    def labels(self) -> list[str]:
        """Every label that an issue has had, in the order of the alphabet."""
        return sorted(self._labels)

    def status(self, reference: str) -> Json | None:
        return _named(self.statuses, reference)

    def issue_type(self, reference: str) -> Json | None:
        return _named(self._types.values(), reference)

    def priority(self, reference: str) -> Json | None:
        return _named(self.priorities, reference)

    def project(self, reference: str) -> Json | None:
        return _named(self.projects.values(), reference)

    def versions(self, project: Json) -> list[Json]:
        """The releases of a project, in the order of their ids."""
        own = str(project.get("id"))
        found = [each for (project_id, _), each in self._versions.items() if project_id == own]
        return sorted(found, key=lambda each: _numeric(each.get("id")))

    def change_version(self, version_id: str, changes: Json) -> None:
        """What an admin does to a release; the issues that name it are not touched."""
        for (_, known), version in self._versions.items():
            if known == version_id:
                version.update(changes)

    def person(self, reference: str) -> Json | None:
        return self.people.get(reference)

    # What JQL asks of it

    def search_fields(self, name: FieldName) -> list[SearchField]:
        if name.custom_id is not None:
            wanted = f"customfield_{name.custom_id}"
            return [described_field(each) for each in self.fields if each.get("id") == wanted]
        word = name.text.casefold()
        if word in SYSTEM_FIELDS:
            return [SYSTEM_FIELDS[word]]
        return [
            described_field(each)
            for each in self.fields
            if word in (clause.casefold() for clause in each.get("clauseNames") or ())
            or (each.get("custom") and word == str(each.get("name")).casefold())
        ]

    def knows(self, field_id: str, token: str) -> bool:
        known = self._names.get("people" if field_id in _PEOPLE else field_id)
        return known is None or token in known

    def rank(self, token: str) -> int | None:
        ranks = (rank for rank, each in enumerate(self.priorities) if token in tokens(each))
        return next(ranks, None)

    def issue_id(self, reference: str) -> str | None:
        issue = self._find(reference)
        return None if issue is None else str(issue.get("id"))

    # Learning from issues

    def learn(self, issue: Mapping[str, Any]) -> None:
        fields = fields_of(issue)
        for name in _NAMED_FIELDS:
            for value in several(fields.get(name)):
                self._names[name] |= tokens(value)
        _keep(self._statuses, fields.get("status"))
        _keep(self._types, fields.get("issuetype"))
        self._labels |= {each for each in several(fields.get("labels")) if isinstance(each, str)}
        if not self._ranked:
            _keep(self._priorities, fields.get("priority"))
        if project := project_of(issue):
            self._learn_project(project)
            for version in (*several(fields.get("versions")), *several(fields.get("fixVersions"))):
                if isinstance(version, dict) and version.get("id"):
                    key = (str(project.get("id")), str(version["id"]))
                    self._versions.setdefault(key, {"projectId": project.get("id"), **version})
        for name in _PEOPLE:
            self._learn_person(fields.get(name))
        for comment in comments_of(issue):
            self._learn_person(comment.get("author"))
        for name, value in fields.items():
            if name not in self._fields and CUSTOM_ID.fullmatch(name):
                self._unseen_values.setdefault(name, []).append(value)
        for history in rows_of(issue.get("changelog"), "histories"):
            self._learn_past(history)

    def _learn_past(self, history: Json) -> None:
        for item in rows_of(history.get("items"), ""):
            if item.get("field") != "status":
                continue
            for status_id, name in (
                (item.get("from"), item.get("fromString")),
                (item.get("to"), item.get("toString")),
            ):
                if isinstance(name, str) and name:
                    key = str(status_id or "")
                    self._past_statuses.setdefault(
                        (key, name),
                        {"id": key, "name": name, "description": "", "statusCategory": _IN_PROGRESS},
                    )
                    self._names["status"] |= {key, name.casefold()} - {""}

    def _learn_project(self, project: Json) -> None:
        key = str(project.get("key"))
        if key not in self.projects:
            self.projects[key] = {"projectTypeKey": "software", **project}
        self._names["project"] |= tokens(project)

    def _learn_person(self, person: object) -> None:
        if isinstance(person, dict):
            reference = str(person.get("accountId") or person.get("key") or person.get("name"))
            self.people.setdefault(reference, person)
            self._names["people"] |= tokens(person)


def _by_id(*lists: Iterable[Json]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for each in lists:
        for entry in each:
            found.setdefault(str(entry.get("id")), entry)
    return found


def _keep(known: dict[str, Json], value: object) -> None:
    if isinstance(value, dict):
        known.setdefault(str(value.get("id")), value)


def _named(entries: Iterable[Json], reference: str) -> Json | None:
    wanted = reference.casefold()
    found = list(entries)
    return next(
        (each for each in found if str(each.get("id")) == reference),
        next((each for each in found if wanted in tokens(each)), None),
    )


def _numeric(value: object) -> tuple[int, str]:
    text = str(value)
    return (int(text) if text.isdecimal() else 0, text)


def _zone(name: object) -> ZoneInfo:
    """UTC where the profile hides it; a name that is none would shift every search without a word."""
    if name is None:
        return ZoneInfo("UTC")
    try:
        return ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise DatasetError(Path("jira/myself.json"), None, f"timeZone {name!r} is no time zone") from error
