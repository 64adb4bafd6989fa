"""Changes issues as people do in the browser: `updated` is stamped and the changelog tells each step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulator import jira_time
from simulator.jql_fields import comments_of, project_of, rows_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from simulator.jira_site import Site
    from simulator.jira_store import IssueStore

    Json = dict[str, Any]

_HISTORY_NAMES = {"fixVersions": "Fix Version", "versions": "Version", "components": "Component"}
_MADE_WITH_ISSUE: dict[str, Any] = {
    "resolution": None,
    "resolutiondate": None,
    "duedate": None,
    "priority": None,
    "assignee": None,
    "labels": [],
    "components": [],
}


class IssueEdits:
    """`reference` is an id or a key; `at` is when it was done, `author` the API's account if left out."""

    def __init__(self, store: IssueStore, site: Site) -> None:
        self.store = store
        self.site = site

    def issue(self, reference: str) -> Json:
        """The record as it stands: everything inline, nothing cut."""
        found = self.store.find(reference)
        if found is None:
            raise KeyError(f"no issue {reference}")
        return found

    def create_issue(
        self, fields: Mapping[str, Any], *, at: datetime, author: Mapping[str, Any] | None = None
    ) -> Json:
        """`fields` holds full values, at least `project` (with a key that the site has) and `issuetype`."""
        person = dict(author or self.site.account)
        stamp = jira_time.stamp(at, self.site.zone)
        issue: Json = {
            "expand": "renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations",
            "id": self.store.next_number(),
            "key": self.store.next_key(str(fields["project"]["key"])),
            "fields": {
                **_MADE_WITH_ISSUE,
                "status": self._first_status(),
                "creator": person,
                "reporter": person,
                **fields,
                "created": stamp,
                "updated": stamp,
                "statuscategorychangedate": stamp,
                "comment": {"comments": [], "maxResults": 0, "total": 0, "startAt": 0},
                "worklog": {"worklogs": [], "maxResults": 20, "total": 0, "startAt": 0},
            },
            "changelog": {"startAt": 0, "maxResults": 0, "total": 0, "histories": []},
        }
        self.store.add(issue)
        self.site.learn(issue)
        return issue

    def set_fields(
        self,
        reference: str,
        fields: Mapping[str, Any],
        *,
        at: datetime,
        author: Mapping[str, Any] | None = None,
    ) -> Json:
        """Values as an issue holds them (`{"name": ...}` for a priority); only what changes makes history."""
        issue = self.store.writable(self.issue(reference))
        held: Json = issue["fields"]
        items = []
        for name, value in fields.items():
            if held.get(name) != value:
                items.append(self._item(name, held.get(name), value))
                held[name] = value
        if items:
            self._record(issue, items, at, author)
        return issue

    def set_status(
        self, reference: str, status: str, *, at: datetime, author: Mapping[str, Any] | None = None
    ) -> Json:
        """By name or id. A step into done resolves the issue and a step out of it reopens it."""
        found = self.site.status(status)
        if found is None:
            raise KeyError(f"no status {status}")
        held = self.issue(reference)["fields"]
        before = _category(held.get("status"))
        changes: Json = {"status": found}
        if _category(found) != before:
            changes["statuscategorychangedate"] = jira_time.stamp(at, self.site.zone)
        if _category(found) == "done" and before != "done":
            changes["resolution"] = {"id": "10000", "name": "Done"}
            changes["resolutiondate"] = jira_time.stamp(at, self.site.zone)
        elif before == "done" and _category(found) != "done":
            changes |= {"resolution": None, "resolutiondate": None}
        return self.set_fields(reference, changes, at=at, author=author)

    def add_comment(
        self,
        reference: str,
        body: object,
        *,
        at: datetime,
        author: Mapping[str, Any] | None = None,
        internal: bool = False,
        **more: Any,
    ) -> Json:
        """`body` is a text or an Atlassian document; `internal` hides it from customers."""
        issue = self.store.writable(self.issue(reference))
        person = dict(author or self.site.account)
        stamp = jira_time.stamp(at, self.site.zone)
        comment = {
            "id": self.store.next_number(),
            "author": person,
            "body": body,
            "updateAuthor": person,
            "created": stamp,
            "updated": stamp,
            "jsdPublic": not internal,
            **more,
        }
        self._append(issue, "comment", "comments", comment)
        self._touch(issue, at)
        return comment

    def edit_comment(self, reference: str, comment_id: str, body: object, *, at: datetime) -> Json:
        issue = self.store.writable(self.issue(reference))
        comment = next(each for each in comments_of(issue) if str(each.get("id")) == comment_id)
        comment |= {"body": body, "updated": jira_time.stamp(at, self.site.zone)}
        self._touch(issue, at)
        return comment

    def delete_comment(self, reference: str, comment_id: str, *, at: datetime) -> None:
        """Leaves no trace but a newer `updated`, as in Jira."""
        issue = self.store.writable(self.issue(reference))
        kept = [each for each in comments_of(issue) if str(each.get("id")) != comment_id]
        issue["fields"]["comment"] = _page("comments", kept)
        self._touch(issue, at)

    def add_worklog(
        self,
        reference: str,
        seconds: int,
        *,
        at: datetime,
        started: datetime | None = None,
        author: Mapping[str, Any] | None = None,
    ) -> Json:
        issue = self.store.writable(self.issue(reference))
        person = dict(author or self.site.account)
        worklog = {
            "id": self.store.next_number(),
            "issueId": str(issue["id"]),
            "author": person,
            "updateAuthor": person,
            "created": jira_time.stamp(at, self.site.zone),
            "updated": jira_time.stamp(at, self.site.zone),
            "started": jira_time.stamp(started or at, self.site.zone),
            "timeSpent": f"{seconds // 60}m",
            "timeSpentSeconds": seconds,
        }
        self._append(issue, "worklog", "worklogs", worklog)
        held: Json = issue["fields"]
        spent = held.get("timespent")
        items = [self._item("timespent", spent, (spent or 0) + seconds)]
        held["timespent"] = (spent or 0) + seconds
        self._record(issue, items, at, author)
        return worklog

    def move_issue(
        self, reference: str, project_key: str, *, at: datetime, author: Mapping[str, Any] | None = None
    ) -> Json:
        """The issue gets a new key; the id stays, and the old key still finds it."""
        project = self.site.project(project_key)
        if project is None:
            raise KeyError(f"no project {project_key}")
        issue = self.store.writable(self.issue(reference))
        before, former_key = project_of(issue), str(issue["key"])
        self.store.rename(issue, self.store.next_key(str(project["key"])))
        issue["fields"]["project"] = project
        moved: Json = {"field": "Key", "fieldtype": "jira", "from": None, "to": None}
        moved |= {"fromString": former_key, "toString": issue["key"]}
        self._record(issue, [self._item("project", before, project), moved], at, author)
        return issue

    def delete_issue(self, reference: str) -> None:
        self.store.remove(self.issue(reference))

    def touch(self, reference: str, *, at: datetime) -> None:
        """Moves `updated` and nothing else, as some changes do that have no place in the changelog."""
        self._touch(self.store.writable(self.issue(reference)), at)

    def _first_status(self) -> Json:
        new = (status for status in self.site.statuses if _category(status) == "new")
        return next(
            new, {"id": "1", "name": "To Do", "statusCategory": {"id": 2, "key": "new", "name": "To Do"}}
        )

    def _append(self, issue: Json, field: str, rows_name: str, row: Json) -> None:
        rows = rows_of(issue["fields"].get(field), rows_name)
        issue["fields"][field] = _page(rows_name, [*rows, row])
        self.site.learn(issue)

    def _item(self, name: str, before: object, after: object) -> Json:
        old_id, old_text = _described(before)
        new_id, new_text = _described(after)
        item: Json = {"field": _HISTORY_NAMES.get(name) or self._display_name(name), "fieldId": name}
        item["fieldtype"] = "custom" if name.startswith("customfield_") else "jira"
        return item | {"from": old_id, "fromString": old_text, "to": new_id, "toString": new_text}

    def _display_name(self, name: str) -> str:
        """Histories name a system field by its id, a custom one by the name people gave it."""
        if not name.startswith("customfield_"):
            return name
        return next((str(each["name"]) for each in self.site.fields if each.get("id") == name), name)

    def _record(self, issue: Json, items: list[Json], at: datetime, author: Mapping[str, Any] | None) -> None:
        # Jira stamps these by itself: they are no step of a person.
        told = [each for each in items if each.get("fieldId") not in _SILENT]
        history = {
            "id": self.store.next_number(),
            "author": dict(author or self.site.account),
            "created": jira_time.stamp(at, self.site.zone),
            "items": told,
        }
        histories = [history, *rows_of(issue.get("changelog"), "histories")]
        if told:
            issue["changelog"] = _page("histories", histories)
        self._touch(issue, at)
        self.site.learn(issue)

    def _touch(self, issue: Json, at: datetime) -> None:
        issue["fields"]["updated"] = jira_time.stamp(at, self.site.zone)


_SILENT = frozenset({"resolutiondate", "statuscategorychangedate"})


def _page(name: str, rows: list[Json]) -> Json:
    return {"startAt": 0, "maxResults": len(rows), "total": len(rows), name: rows}


def _category(status: object) -> str:
    category = status.get("statusCategory") if isinstance(status, dict) else None
    return str(category.get("key")) if isinstance(category, dict) else ""


def _described(value: object) -> tuple[str | None, str | None]:
    """A value as a history tells it: the id of what has one, and the words."""
    if value is None:
        return None, None
    if isinstance(value, dict):
        identity = value.get("accountId") or value.get("id") or value.get("key")
        words = next((value[key] for key in ("displayName", "name", "value") if value.get(key)), None)
        return None if identity is None else str(identity), None if words is None else str(words)
    if isinstance(value, list):
        pairs = [_described(each) for each in value]
        ids = [identity for identity, _ in pairs if identity]
        return ", ".join(ids), " ".join(words for _, words in pairs if words)
    # A date stands on both sides, and with a time of day in its words.
    text = str(value)
    return (text, f"{text} 00:00:00.0") if _is_date(text) else (None, text)


def _is_date(text: str) -> bool:
    return len(text) == 10 and jira_time.day(text) is not None
