"""Shows an issue as the API does: chosen fields, inline pages that are cut, the newest changes first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulator import jira_time
from simulator.jql_fields import comments_of, fields_of, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from simulator.jira_datacenter import DataCenterForm
    from simulator.jira_switches import JiraSwitches

    Json = dict[str, Any]

EVERY_HISTORY = 1_000_000
# They belong to the issue, not to its fields.
_OUTER = frozenset({"id", "key", "issuekey"})


@dataclass(frozen=True, slots=True)
class FieldChoice:
    """What `fields` asks for: `*all`, `*navigable`, ids, and `-id` for what is left out of them."""

    everything: bool
    navigable: frozenset[str]
    included: frozenset[str]
    excluded: frozenset[str]
    key: bool

    @property
    def inner(self) -> bool:
        """Whether any field beyond id and key is asked for."""
        return self.everything or bool(self.navigable or self.included)

    def has(self, name: str) -> bool:
        return name not in self.excluded and (
            self.everything or name in self.included or name in self.navigable
        )


def choose(asked: Iterable[str], site_fields: Iterable[Mapping[str, Any]], *, default: str) -> FieldChoice:
    """`default` is what an empty list means, and what a list of exclusions alone leaves out from."""
    words = [word.strip() for word in asked]
    wanted = [word for word in words if not word.startswith("-")]
    if not wanted:
        wanted = [default] if not words or default != "id" else ["*navigable"]
    navigable = (
        frozenset(str(each.get("id")) for each in site_fields if each.get("navigable"))
        if "*navigable" in wanted
        else frozenset()
    )
    return FieldChoice(
        everything="*all" in wanted,
        navigable=navigable,
        included=frozenset(wanted) - _OUTER - {"*all", "*navigable"},
        excluded=frozenset(word[1:] for word in words if word.startswith("-")),
        key=wanted != ["id"],
    )


@dataclass(frozen=True, slots=True)
class IssueView:
    """How one answer shows its issues. `histories` is None where the changelog was not asked for.

    `form` turns them into what Data Center shows.
    """

    choice: FieldChoice
    switches: JiraSwitches
    base_url: str
    histories: int | None = None
    properties: Sequence[str] = ()
    form: DataCenterForm | None = None

    def show(self, issue: Mapping[str, Any], properties: Mapping[str, Any]) -> Json:
        if self.form is not None:
            issue = self.form.issue(issue)
        elif not self.choice.key:
            return {"id": issue["id"]}
        shown: Json = {
            "expand": issue.get("expand", ""),
            "id": issue["id"],
            "self": issue.get("self") or self._self(issue),
            "key": issue.get("key"),
        }
        if self.choice.inner:
            shown["fields"] = self._fields(issue)
        if self.properties:
            wanted = properties if "*all" in self.properties else self.properties
            shown["properties"] = {name: properties[name] for name in wanted if name in properties}
        if self.histories is not None:
            kept_back = self.switches.histories_kept_back if self.form is not None else 0
            shown["changelog"] = _changelog(issue, self.histories, kept_back)
        return shown

    def _fields(self, issue: Mapping[str, Any]) -> Json:
        held = fields_of(issue)
        shown = {name: value for name, value in held.items() if self.choice.has(name)}
        if self.choice.has("comment"):
            newest_first = self.switches.inline_comments_newest_first
            rows = (
                sorted(comments_of(issue), key=_created, reverse=True) if newest_first else comments_of(issue)
            )
            shown["comment"] = _inline(
                held.get("comment"),
                "comments",
                rows,
                self.switches.inline_comments,
                f"{self._self(issue)}/comment",
            )
        if "worklog" in shown:
            rows = rows_of(held["worklog"], "worklogs")
            shown["worklog"] = _inline(
                held["worklog"],
                "worklogs",
                rows,
                self.switches.inline_worklogs,
                f"{self._self(issue)}/worklog",
            )
        return shown

    def _self(self, issue: Mapping[str, Any]) -> str:
        version = "3" if self.form is None else "2"
        return f"{self.base_url}/rest/api/{version}/issue/{issue['id']}"


def _inline(held: object, name: str, rows: list[Json], most: int | None, url: str) -> object:
    """What a recording holds goes out as it is, as long as it is whole and not too long."""
    whole = len(rows) == held.get("total") if isinstance(held, dict) else held is not None
    if whole and (most is None or len(rows) <= most) and (not rows or rows[0] == rows_of(held, name)[0]):
        return held
    page = rows[:most]
    return {name: page, "self": url, "maxResults": len(page), "total": len(rows), "startAt": 0}


def _changelog(issue: Mapping[str, Any], most: int, kept_back: int) -> Json:
    newest_first = oldest_histories(issue)[::-1]
    page = newest_first[: max(min(most, len(newest_first) - kept_back), 0)]
    return {"startAt": 0, "maxResults": len(page), "total": len(newest_first), "histories": page}


def oldest_histories(issue: Mapping[str, Any]) -> list[Json]:
    return sorted(rows_of(issue.get("changelog"), "histories"), key=history_order)


def history_order(history: Mapping[str, Any]) -> tuple[int, int]:
    number = str(history.get("id", ""))
    return jira_time.instant(history.get("created")) or 0, int(number) if number.isdecimal() else 0


def _created(row: Mapping[str, Any]) -> tuple[int, int]:
    return history_order(row)


def names_and_schema(choice: FieldChoice, site_fields: Iterable[Mapping[str, Any]]) -> tuple[Json, Json]:
    """For `expand=names,schema`: what the chosen fields are called, and of what type they are."""
    chosen = [each for each in site_fields if choice.has(str(each.get("id")))]
    names = {str(each.get("id")): each.get("name") for each in chosen}
    return names, {str(each.get("id")): each["schema"] for each in chosen if "schema" in each}
