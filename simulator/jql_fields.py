"""What can be searched on an issue: each field's names in JQL, its kind, and how its values are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Json = dict[str, Any]
    Reader = Callable[[Mapping[str, Any]], list[Any]]

Kind = Literal[
    "entity", "user", "rank", "category", "label", "moment", "day", "number", "text", "phrase", "key"
]

_EQUAL = frozenset({"=", "!=", "in", "not in"})
_COMPARE = frozenset({"<", "<=", ">", ">="})
_CONTAIN = frozenset({"~", "!~"})
_PRESENT = frozenset({"is", "is not"})

# "phrase" is a text that can be sorted by, as the summary; Jira has no equality for either.
OPERATORS: dict[Kind, frozenset[str]] = {
    "entity": _EQUAL | _PRESENT,
    "user": _EQUAL | _PRESENT,
    "rank": _EQUAL | _COMPARE | _PRESENT,
    "category": _EQUAL | _PRESENT,
    "label": _EQUAL | _PRESENT,
    "moment": _EQUAL | _COMPARE | _PRESENT,
    "day": _EQUAL | _COMPARE | _PRESENT,
    "number": _EQUAL | _COMPARE | _PRESENT,
    "text": _CONTAIN | _PRESENT,
    "phrase": _CONTAIN | _PRESENT,
    "key": _EQUAL | _COMPARE | _PRESENT,
}


@dataclass(frozen=True, slots=True)
class SearchField:
    """`id` is the field's id on the site, under which the site keeps the values it knows."""

    id: str
    kind: Kind
    read: Reader


def fields_of(issue: Mapping[str, Any]) -> Mapping[str, Any]:
    fields = issue.get("fields")
    return fields if isinstance(fields, dict) else {}


def several(value: object) -> list[Any]:
    """A field's values: Jira leaves out nothing, but writes null for it."""
    if value is None or value in ("", []):
        return []
    return [each for each in value if each is not None] if isinstance(value, list) else [value]


def project_of(issue: Mapping[str, Any]) -> Json | None:
    """Some recordings were fetched without the project; its key is still in the issue's."""
    project = fields_of(issue).get("project")
    if isinstance(project, dict):
        return project
    prefix, dash, _ = str(issue.get("key", "")).rpartition("-")
    return {"key": prefix} if dash else None


def plain_text(value: object) -> str:
    """The words of a wiki text or of an Atlassian document."""
    if isinstance(value, str):
        return value
    return " ".join(_texts(value))


def _texts(node: object) -> Iterator[str]:
    if isinstance(node, list):
        for each in node:
            yield from _texts(each)
    elif isinstance(node, dict):
        if isinstance(node.get("text"), str):
            yield node["text"]
        yield from _texts(node.get("content"))


def comments_of(issue: Mapping[str, Any]) -> list[Json]:
    """The inline page's comments; some recordings hold the bare list."""
    return rows_of(fields_of(issue).get("comment"), "comments")


def rows_of(page: object, name: str) -> list[Json]:
    rows = page.get(name) if isinstance(page, dict) else page
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def reader(field_id: str) -> Reader:
    return lambda issue: several(fields_of(issue).get(field_id))


def _categories(issue: Mapping[str, Any]) -> list[Any]:
    status = fields_of(issue).get("status")
    return several(status.get("statusCategory")) if isinstance(status, dict) else []


def _parents(issue: Mapping[str, Any]) -> list[Any]:
    parent = fields_of(issue).get("parent")
    return several(parent.get("id")) if isinstance(parent, dict) else []


def _comment_texts(issue: Mapping[str, Any]) -> list[Any]:
    return [comment.get("body") for comment in comments_of(issue)]


def _all_texts(issue: Mapping[str, Any]) -> list[Any]:
    fields = fields_of(issue)
    custom = [value for name, value in fields.items() if name.startswith("customfield_")]
    named = [fields.get(name) for name in ("summary", "description", "environment")]
    texts = [value for value in custom if isinstance(value, str)]
    return [value for value in named if value] + texts + _comment_texts(issue)


_SYSTEM: tuple[tuple[str, SearchField], ...] = (
    ("project", SearchField("project", "entity", lambda issue: several(project_of(issue)))),
    ("issuetype type", SearchField("issuetype", "entity", reader("issuetype"))),
    ("status", SearchField("status", "entity", reader("status"))),
    ("statuscategory", SearchField("statusCategory", "category", _categories)),
    ("priority", SearchField("priority", "rank", reader("priority"))),
    ("resolution", SearchField("resolution", "entity", reader("resolution"))),
    ("labels", SearchField("labels", "label", reader("labels"))),
    ("component", SearchField("components", "entity", reader("components"))),
    ("fixversion", SearchField("fixVersions", "entity", reader("fixVersions"))),
    ("affectedversion", SearchField("versions", "entity", reader("versions"))),
    ("level", SearchField("security", "entity", reader("security"))),
    ("assignee", SearchField("assignee", "user", reader("assignee"))),
    ("reporter", SearchField("reporter", "user", reader("reporter"))),
    ("creator", SearchField("creator", "user", reader("creator"))),
    ("key issue issuekey id", SearchField("issuekey", "key", lambda issue: several(issue.get("id")))),
    ("parent", SearchField("parent", "key", _parents)),
    ("created createddate", SearchField("created", "moment", reader("created"))),
    ("updated updateddate", SearchField("updated", "moment", reader("updated"))),
    ("resolved resolutiondate", SearchField("resolutiondate", "moment", reader("resolutiondate"))),
    (
        "statuscategorychangeddate",
        SearchField("statuscategorychangedate", "moment", reader("statuscategorychangedate")),
    ),
    ("due duedate", SearchField("duedate", "day", reader("duedate"))),
    ("summary", SearchField("summary", "phrase", reader("summary"))),
    ("description", SearchField("description", "text", reader("description"))),
    ("environment", SearchField("environment", "text", reader("environment"))),
    ("comment", SearchField("comment", "text", _comment_texts)),
    ("text", SearchField("text", "text", _all_texts)),
)
SYSTEM_FIELDS: dict[str, SearchField] = {name: field for names, field in _SYSTEM for name in names.split()}

_KIND_BY_TYPE: dict[str, Kind] = {"number": "number", "date": "day", "datetime": "moment", "user": "user"}


def described_field(field: Mapping[str, Any]) -> SearchField:
    """The searchable form of an entry of `GET field`."""
    schema = field.get("schema")
    schema = schema if isinstance(schema, dict) else {}
    field_id = str(field.get("id"))
    kind = _KIND_BY_TYPE.get(schema.get("items") or schema.get("type") or "", "entity")
    if schema.get("type") == "string":
        kind = "phrase" if str(schema.get("custom", "")).endswith(":textfield") else "text"
    elif schema.get("items") == "string":
        kind = "label"
    return SearchField(field_id, kind, reader(field_id))
