"""How Data Center shows what this simulator keeps as Cloud does: people, texts, epics, sprints, comments.

    accountId                     name and key, with the address
    a document tree               wiki markup
    parent of a story             the epic's key in the custom field "Epic Link"; sub-tasks keep `parent`
    a sprint                      the text of a Java object
    jsdPublic                     the property sd.public.comment, where properties are asked for
    hierarchyLevel, accountType, statuscategorychangedate, fieldId of a step: not there

What a dataset holds in Data Center's own form already goes out as it is.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from simulator.jira_fields import CUSTOM_ID
from simulator.jql_fields import comments_of, fields_of, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from simulator.dataset import Dataset
    from simulator.jira_switches import JiraSwitches

    Json = dict[str, Any]

EPIC_LINK_TYPE = "com.pyxis.greenhopper.jira:gh-epic-link"
_USUAL_EPIC_LINK = 10_014
_NOT_THERE = frozenset({"hierarchyLevel", "accountType", "statuscategorychangedate", "jsdPublic"})
_FIELDS_NOT_THERE = frozenset({"statuscategorychangedate", "parent"})
_SPECIAL = re.compile(r"([{\[*_|\-])")


class DataCenterForm:
    def __init__(self, dataset: Dataset, switches: JiraSwitches) -> None:
        self._switches = switches
        self._own_epic_link, self.epic_link = _epic_link(dataset)

    def described(self, dataset: Dataset) -> Dataset:
        """The dataset with the field that its issues shall show their epics in."""
        if self._own_epic_link:
            return dataset
        number = int(self.epic_link.removeprefix("customfield_"))
        field = {
            "id": self.epic_link,
            "name": "Epic Link",
            "custom": True,
            "orderable": True,
            "navigable": True,
            "searchable": True,
            "clauseNames": [f"cf[{number}]", "Epic Link"],
            "schema": {"type": "any", "custom": EPIC_LINK_TYPE, "customId": number},
        }
        return replace(dataset, jira_fields=[*dataset.jira_fields, field])

    def fields(self, fields: Iterable[Json]) -> list[Json]:
        return [each for each in fields if each.get("id") not in _FIELDS_NOT_THERE]

    def issue(self, issue: Mapping[str, Any]) -> Json:
        held = fields_of(issue)
        kind = held.get("issuetype")
        subtask = isinstance(kind, dict) and kind.get("subtask") is True
        shown: Json = {}
        for name, value in held.items():
            if name == "parent" and not subtask:
                if isinstance(value, dict):
                    shown[self.epic_link] = value.get("key")
            elif name == "comment":
                rows = [self.comment(row) for row in comments_of(issue)]
                shown[name] = {"comments": rows, "maxResults": len(rows), "total": len(rows), "startAt": 0}
            elif name not in _FIELDS_NOT_THERE or name == "parent":
                shown[name] = self.plain(value)
        shown.setdefault(self.epic_link, None)
        histories = [self.plain(each) for each in rows_of(issue.get("changelog"), "histories")]
        changelog = {"startAt": 0, "maxResults": len(histories), "total": len(histories)}
        return {
            "expand": "operations,versionedRepresentations,editmeta,changelog,renderedFields",
            "id": issue["id"],
            "key": issue.get("key"),
            "fields": shown,
            "changelog": {**changelog, "histories": histories},
        }

    def comment(self, row: Mapping[str, Any], *, properties: bool = False) -> Json:
        shown: Json = {name: self.plain(value) for name, value in row.items() if name not in _NOT_THERE}
        held = shown.pop("properties", [])
        if properties:
            internal = [{"key": "sd.public.comment", "value": {"internal": True}}]
            shown["properties"] = held or (internal if row.get("jsdPublic") is False else [])
        return shown

    def plain(self, value: Any) -> Any:
        if isinstance(value, list):
            return [_sprint(each) if _is_sprint(each) else self.plain(each) for each in value]
        if isinstance(value, str):
            return value.replace("/rest/api/3/", "/rest/api/2/")
        if not isinstance(value, dict):
            return value
        if "accountId" in value:
            return self.person(value)
        if value.get("type") == "doc" and isinstance(value.get("content"), list):
            return "".join(_wiki(value)).strip()
        dropped = _NOT_THERE if self._switches.field_ids_in_history else _NOT_THERE | {"fieldId"}
        return {name: self.plain(inner) for name, inner in value.items() if name not in dropped}

    def person(self, person: Mapping[str, Any]) -> Json:
        """A key that stays and a name to sign in by; both are the account id, where the dataset knows no other."""
        key = person.get("key") or person.get("accountId") or person.get("name")
        shown = {"name": person.get("name") or key, "key": key}
        kept = ("emailAddress", "avatarUrls", "displayName", "active", "timeZone", "locale")
        return shown | {name: person[name] for name in kept if name in person}


def _epic_link(dataset: Dataset) -> tuple[bool, str]:
    for field in dataset.jira_fields:
        schema = field.get("schema")
        if isinstance(schema, dict) and schema.get("custom") == EPIC_LINK_TYPE:
            return True, str(field["id"])
    names = {str(field.get("id")) for field in dataset.jira_fields}
    names |= {name for issue in dataset.jira_issues for name in fields_of(issue)}
    taken = {int(match[1]) for name in names if (match := CUSTOM_ID.fullmatch(name))}
    return False, f"customfield_{next(n for n in range(_USUAL_EPIC_LINK, 10**6) if n not in taken)}"


def _is_sprint(value: object) -> bool:
    return isinstance(value, dict) and {"id", "name", "state", "boardId"} <= value.keys()


def _sprint(sprint: Mapping[str, Any]) -> str:
    dates = "".join(
        f"{name}={sprint.get(name) or '<null>'}," for name in ("startDate", "endDate", "completeDate")
    )
    return (
        f"com.atlassian.greenhopper.service.sprint.Sprint@{int(sprint['id']):x}[id={sprint['id']},"
        f"rapidViewId={sprint['boardId']},state={str(sprint['state']).upper()},name={sprint['name']},"
        f"{dates}activatedDate=<null>,sequence={sprint['id']},goal={sprint.get('goal') or ''}]"
    )


def _wiki(node: Mapping[str, Any]) -> Iterable[str]:
    """Paragraphs and words of a document; its marks are of no interest to anybody here."""
    if isinstance(node.get("text"), str):
        yield _SPECIAL.sub(r"\\\1", node["text"])
    for child in node.get("content") or ():
        if isinstance(child, dict):
            yield from _wiki(child)
    if node.get("type") in {"paragraph", "heading", "listItem", "hardBreak"}:
        yield "\r\n"
