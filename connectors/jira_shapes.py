"""What Jira sends, as far as Rapport reads it: typed shapes, stamps and values, all pure.

A shape names only what is kept. Bodies of comments, descriptions and avatars are skipped by the
decoder and never become Python objects. Cloud v3, v2 and server styles (users with `key` and
`name`, bodies as text or as document trees, inline pages or bare lists) all fit these shapes.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import msgspec
from msgspec import Raw, Struct, field

Stamp = str | int | float
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# A union with Raw is not decoded lazily, so that what is missing looks like what is null.
NULL = Raw(b"null")
_DIGITS = re.compile(r"-?[0-9]+\Z")
# A sprint on Data Center is the text of a Java object; its name may hold commas and brackets.
_SPRINT = re.compile(r"com\.atlassian\.greenhopper\.[\w.$]*Sprint@\w+\[(?P<inside>.*)\]\Z", re.DOTALL)
_SPRINT_ID = re.compile(r"(?:\A|,)id=(\d+)(?:,|\Z)")
_SPRINT_NAME = re.compile(r"(?:\A|,)name=(.*?)(?:,[A-Za-z]+=|\Z)", re.DOTALL)
# What only a person has; Data Center's carry no accountId.
_PERSONAL = {"accountId", "emailAddress", "displayName"}
_ERRORS = {"errorMessage", "errorMessages"}
_VALIDATION = re.compile(
    r"Expected `(?P<expected>[^`]+)`, got `(?P<found>[^`]+)`(?: - at `(?P<path>[^`]+)`)?"
)


# What decoding raises: no JSON or another shape, bytes that are no UTF-8, endless nesting.
UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class BrokenRecordError(ValueError):
    """One record cannot be read; the text says which field and why, for a person."""


class User(Struct, rename="camel"):
    account_id: str | None = None
    key: str | None = None
    name: str | None = None
    account_type: str | None = None
    email_address: str | None = None

    @property
    def id(self) -> str | None:
        # Atlassian blanks key and name on Cloud ("") rather than leaving them out.
        return clean(self.account_id) or clean(self.key) or clean(self.name)


class Named(Struct):
    id: str | int | None = None
    name: str | None = None


class Keyed(Struct):
    id: str | int | None = None
    key: str | None = None


class ProjectRef(Struct, rename="camel"):
    id: str | int | None = None
    key: str | None = None
    name: str | None = None
    project_type_key: str | None = None


class IssueType(Struct, rename="camel"):
    id: str | int | None = None
    name: str | None = None
    subtask: bool = False
    hierarchy_level: int | None = None


class StatusCategory(Struct):
    key: str | None = None


class StatusRef(Struct, rename="camel"):
    id: str | int | None = None
    name: str | None = None
    status_category: StatusCategory | None = None


class TimeTracking(Struct, rename="camel"):
    original_estimate_seconds: int | None = None
    remaining_estimate_seconds: int | None = None
    time_spent_seconds: int | None = None


class CommentPage(Struct):
    comments: list[Raw] = field(default_factory=list)
    total: int | None = None


class WorklogPage(Struct):
    worklogs: list[Raw] = field(default_factory=list)
    total: int | None = None


class HistoryPage(Struct):
    histories: list[Raw] = field(default_factory=list)
    total: int | None = None

    @property
    def whole(self) -> bool:
        return self.total is not None and self.total <= len(self.histories)


class Issue(Struct):
    id: str | int | None = None
    key: str | None = None
    fields: Raw = NULL
    changelog: HistoryPage | None = None


class IssueFields(Struct):
    created: Stamp | None = None
    updated: Stamp | None = None
    summary: str | None = None
    project: ProjectRef | None = None
    issuetype: IssueType | None = None
    status: StatusRef | None = None
    priority: Named | None = None
    assignee: User | None = None
    reporter: User | None = None
    creator: User | None = None
    resolutiondate: Stamp | None = None
    statuscategorychangedate: Stamp | None = None
    duedate: str | None = None
    parent: Keyed | None = None
    security: Named | None = None
    labels: list[str | None] | None = None
    components: list[Named] | None = None
    fix_versions: list[Named] | None = field(name="fixVersions", default=None)
    versions: list[Named] | None = None
    timeoriginalestimate: int | None = None
    timeestimate: int | None = None
    timespent: int | None = None
    timetracking: TimeTracking | None = None
    comment: CommentPage | list[Raw] | None = None
    worklog: WorklogPage | list[Raw] | None = None


class CommentProperty(Struct):
    key: str | None = None
    value: Raw = NULL


class InternalMark(Struct):
    internal: bool = False


class Comment(Struct, rename="camel"):
    id: str | int | None = None
    author: User | None = None
    created: Stamp | None = None
    updated: Stamp | None = None
    jsd_public: bool | None = None
    visibility: dict[str, object] | None = None
    properties: list[CommentProperty] | None = None


class Worklog(Struct, rename="camel"):
    id: str | int | None = None
    author: User | None = None
    started: Stamp | None = None
    created: Stamp | None = None
    updated: Stamp | None = None
    time_spent_seconds: int | None = None


class RemoteObject(Struct):
    url: str | None = None


class RemoteLink(Struct, rename="camel"):
    global_id: str | None = None
    object: RemoteObject | None = None


class VersionRow(Struct, rename="camel"):
    id: str | int | None = None
    name: str | None = None
    released: bool | None = None
    release_date: str | None = None


class LabelPage(Struct):
    values: list[str | None]


class StepItem(Struct, rename="camel"):
    field_id: str | None = None
    field: str | None = None
    from_id: str | int | None = msgspec.field(name="from", default=None)
    from_string: str | None = None
    to_id: str | int | None = msgspec.field(name="to", default=None)
    to_string: str | None = None


class History(Struct):
    id: str | int | None = None
    author: User | None = None
    created: Stamp | None = None
    items: list[StepItem] = field(default_factory=list)


class SearchPage(Struct, rename="camel"):
    issues: list[Raw]
    next_page_token: str | None = None
    is_last: bool | None = None
    warnings: list[object] | None = None


class IssueChanges(Struct, rename="camel"):
    issue_id: str | int
    change_histories: list[Raw] = field(default_factory=list)


class ChangesPage(Struct, rename="camel"):
    issue_change_logs: list[IssueChanges]
    next_page_token: str | None = None


class OffsetPage(Struct, rename="camel"):
    """Rows stand under a name of their own per endpoint; exactly one of these is filled."""

    values: list[Raw] | None = None
    comments: list[Raw] | None = None
    worklogs: list[Raw] | None = None
    total: int | None = None
    is_last: bool | None = None


class OffsetSearchPage(Struct, rename="camel"):
    issues: list[Raw]
    start_at: int | None = None
    max_results: int | None = None
    total: int | None = None
    warning_messages: list[object] | None = None


class Dated(Struct):
    updated: Stamp | None = None


class Row(Struct):
    """An issue as far as it tells where a row of a moving list stands."""

    id: str | int | None = None
    key: str | None = None
    fields: Dated | None = None


class WithChangelog(Struct):
    changelog: HistoryPage


ISSUE = msgspec.json.Decoder(Issue)
ISSUE_FIELDS = msgspec.json.Decoder(IssueFields | None)
EVERY_FIELD = msgspec.json.Decoder(dict[str, Raw])
COMMENT = msgspec.json.Decoder(Comment)
WORKLOG = msgspec.json.Decoder(Worklog)
REMOTE_LINK = msgspec.json.Decoder(RemoteLink)
HISTORY = msgspec.json.Decoder(History)
INTERNAL_MARK = msgspec.json.Decoder(InternalMark | None)
USERS = msgspec.json.Decoder(list[User])
ROW = msgspec.json.Decoder(Row)


def clean(text: str | None) -> str | None:
    """Drop what no store takes; blank is nothing."""
    if text is None:
        return None
    return text.replace("\x00", "") or None


def identity(value: str | int | None) -> str | None:
    return str(value) if isinstance(value, int) else clean(value)


def microseconds(value: Stamp | None, name: str) -> int | None:
    """Read a stamp as microseconds since 1970 UTC.

    ISO text carries an offset (`2026-03-11T06:14:18.085-0800`, no colon). Bare numbers are epoch
    seconds or milliseconds: changelog/bulkfetch's schema promises text, Atlassian's own example
    shows 1492070429, so the magnitude decides (1e11 seconds is the year 5138).
    https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-changelog-bulkfetch-post
    """
    if value is None or value == "":
        return None
    if isinstance(value, str) and _DIGITS.match(value):
        value = int(value)
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
        else:
            moment = _EPOCH + timedelta(**{"seconds" if abs(value) < 1e11 else "milliseconds": value})
    except (ValueError, OverflowError):
        raise BrokenRecordError(f"{name}: expected a date and time, found {str(value)[:40]!r}") from None
    if moment.tzinfo is None:
        raise BrokenRecordError(f"{name}: the time {str(value)[:40]!r} names no offset from UTC")
    return (moment - _EPOCH) // _MICROSECOND


def day(value: str | None, name: str) -> date | None:
    if not value:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise BrokenRecordError(f"{name}: expected a date like 2026-11-22, found {value[:40]!r}") from None


def texts(value: object) -> Iterator[tuple[str, str | None]]:
    """Give the texts of a field's value with their ids: plain text, options, named things, lists.

    People are left out, so that no name is stored; a field that the user may not read delivers
    `{"errorMessage": …}` and yields nothing.
    """
    if isinstance(value, str):
        if text := value.replace("\x00", "").strip():
            yield _sprint(text) or (text, None)
    elif isinstance(value, bool) or value is None:
        return
    elif isinstance(value, int | float):
        # An account number in a number field comes as 10042.0.
        yield str(int(value)) if value == int(value) else repr(value), None
    elif isinstance(value, list):
        for member in value:
            yield from texts(member)
    elif isinstance(value, dict) and not ((_ERRORS | _PERSONAL) & value.keys()):
        if value.get("type") == "doc":
            if text := " ".join("".join(_document_texts(value)).replace("\x00", "").split()):
                yield text, None
            return
        named = value.get("value") if value.get("value") is not None else value.get("name")
        identifier = value.get("id")
        for text, _ in texts(named) if isinstance(named, str | int | float) else ():
            yield text, str(identifier) if isinstance(identifier, str | int) else None


def _sprint(text: str) -> tuple[str, str | None] | None:
    found = _SPRINT.match(text)
    name = _SPRINT_NAME.search(found["inside"]) if found else None
    if found is None or name is None or not name[1]:
        return None
    number = _SPRINT_ID.search(found["inside"])
    return name[1], number[1] if number else None


def _document_texts(node: dict[str, object]) -> Iterator[str]:
    text = node.get("text")
    if isinstance(text, str):
        yield text
    content = node.get("content")
    if isinstance(content, list):
        for child in content:
            if isinstance(child, dict):
                yield from _document_texts(child)
        yield "\n"


def plain_reason(error: Exception) -> str:
    """Say a decoding fault in words: which field, what was expected, what was found."""
    found = _VALIDATION.match(str(error))
    if found is None:
        return f"it is not readable JSON ({error})"
    names = {"str": "text", "int": "a whole number", "float": "a number", "bool": "true or false"}
    names |= {"null": "nothing", "object": "an object", "array": "a list"}
    expected = " or ".join(names.get(kind, kind) for kind in found["expected"].split(" | ") if kind != "null")
    path = (found["path"] or "$").removeprefix("$").removeprefix(".") or "the record"
    return f"{path}: expected {expected}, found {names.get(found['found'], found['found'])}"
