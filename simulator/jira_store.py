"""The issues that the simulated Jira holds, found by id, by key and by every key they had before."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from simulator.jql_fields import comments_of, fields_of, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Json = dict[str, Any]

# New records get numbers far from those of a small dataset, so that a mix-up is seen.
_FIRST_NUMBER = 100_000


class IssueStore:
    """Records of the dataset are shared with other users of it: they are copied before the first change."""

    def __init__(self, issues: Iterable[Json]) -> None:
        self._issues: dict[str, Json] = {}
        self._ids_by_key: dict[str, str] = {}
        self._ids_by_former_key: dict[str, str] = {}
        self._own: set[str] = set()
        self._last_number: int | None = None
        self.properties: dict[str, dict[str, Any]] = {}
        self.remote_links: dict[str, list[Json]] = {}
        for issue in issues:
            self._index(issue)

    def __iter__(self) -> Iterator[Json]:
        return iter(self._issues.values())

    def __len__(self) -> int:
        return len(self._issues)

    def find(self, reference: str) -> Json | None:
        """By id or key; a key that an issue had before it moved still finds it, unless another took it."""
        key = reference.upper()
        issue_id = self._ids_by_key.get(key) or self._ids_by_former_key.get(key) or reference
        return self._issues.get(issue_id)

    def get(self, issue_id: str) -> Json | None:
        return self._issues.get(issue_id)

    def writable(self, issue: Json) -> Json:
        issue_id = str(issue["id"])
        if issue_id not in self._own:
            self._issues[issue_id] = copy.deepcopy(issue)
            self._own.add(issue_id)
        return self._issues[issue_id]

    def add(self, issue: Json) -> None:
        self._own.add(str(issue["id"]))
        self._index(issue)

    def remove(self, issue: Json) -> None:
        issue_id = str(issue["id"])
        del self._issues[issue_id]
        self.properties.pop(issue_id, None)
        self.remote_links.pop(issue_id, None)
        for keys in (self._ids_by_key, self._ids_by_former_key):
            for key in [key for key, each in keys.items() if each == issue_id]:
                del keys[key]

    def rename(self, issue: Json, key: str) -> None:
        issue_id = str(issue["id"])
        former = str(issue["key"]).upper()
        self._ids_by_key.pop(former, None)
        self._ids_by_former_key[former] = issue_id
        self._ids_by_key[key.upper()] = issue_id
        issue["key"] = key

    def next_key(self, project_key: str) -> str:
        """Jira never gives a number twice, not even that of an issue that has left the project."""
        prefix = f"{project_key.upper()}-"
        taken = (
            int(key.removeprefix(prefix))
            for keys in (self._ids_by_key, self._ids_by_former_key)
            for key in keys
            if key.startswith(prefix) and key.removeprefix(prefix).isdecimal()
        )
        return f"{project_key}-{max(taken, default=0) + 1}"

    def next_number(self) -> str:
        """One sequence for issues, comments, worklogs and histories, above every number in use."""
        if self._last_number is None:
            self._last_number = max((n for issue in self for n in _numbers(issue)), default=0)
            self._last_number = max(self._last_number, _FIRST_NUMBER)
        self._last_number += 1
        return str(self._last_number)

    def _index(self, issue: Json) -> None:
        issue_id = str(issue["id"])
        self._issues[issue_id] = issue
        if links := rows_of(issue.get("remotelinks"), ""):
            self.remote_links[issue_id] = links
        self._ids_by_key[str(issue.get("key", "")).upper()] = issue_id
        for history in rows_of(issue.get("changelog"), "histories"):
            for item in rows_of(history.get("items"), ""):
                if str(item.get("field")).casefold() == "key" and item.get("fromString"):
                    self._ids_by_former_key[str(item["fromString"]).upper()] = issue_id


def _numbers(issue: Json) -> Iterator[int]:
    rows = [
        issue,
        *comments_of(issue),
        *rows_of(fields_of(issue).get("worklog"), "worklogs"),
        *rows_of(issue.get("changelog"), "histories"),
    ]
    for row in rows:
        if str(row.get("id", "")).isdecimal():
            yield int(row["id"])
