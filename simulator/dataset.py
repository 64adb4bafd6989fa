"""Reads a dataset folder: the records that the simulated Salesforce and Jira start with.

    DIR/salesforce/<Object>.jsonl   one record a line, as REST returns it
    DIR/salesforce/schema.json      fields beyond the built-in schema, what is hidden (see `schema`)
    DIR/salesforce/jwt_public_key.pem   of the app that clients sign in to by JWT, a certificate or a bare key
    DIR/jira/issues.jsonl           one issue a line, as `GET issue?expand=changelog` returns it; its links to other
                                    systems, as `GET issue/{id}/remotelink` does, under "remotelinks"
    DIR/jira/fields.json            as `GET field`
    DIR/jira/{statuses,myself,priorities,projects}.json   optional, as their endpoints answer
    DIR/jira/versions.json          optional: releases of all projects, each with its projectId; else those of issues
    DIR/jira/site.json              optional: {"deployment": "Cloud" | "Server" | "DataCenter", "baseUrl", "contextPath"}

A missing file is an object the org lacks; a broken one is told with file and line before anything is served.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from simulator.salesforce_jwt import public_key

if TYPE_CHECKING:
    from pathlib import Path

Record = dict[str, Any]

OBJECT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
RECORD_ID = re.compile(r"[A-Za-z0-9]{15}([A-Za-z0-9]{3})?")


class DatasetError(Exception):
    """A file of the dataset that cannot be served as it stands."""

    def __init__(self, file: Path, line: int | None, message: str) -> None:
        self.file = file
        self.line = line
        self.message = message
        place = str(file) if line is None else f"{file}:{line}"
        super().__init__(f"{place}: {message}")


@dataclass(frozen=True, slots=True)
class Dataset:
    """`None` for an optional Jira file means that the folder has none; the API then answers by itself."""

    salesforce: dict[str, list[Record]] = field(default_factory=dict)
    schema: dict[str, Any] = field(default_factory=dict)
    jwt_public_key: str | None = None
    jira_issues: list[Record] = field(default_factory=list)
    jira_fields: list[Record] = field(default_factory=list)
    jira_statuses: list[Record] | None = None
    jira_myself: Record | None = None
    jira_priorities: list[Record] | None = None
    jira_projects: list[Record] | None = None
    jira_site: Record | None = None
    jira_versions: list[Record] | None = None


def load(folder: Path) -> Dataset:
    if not folder.is_dir():
        raise FileNotFoundError(f"no dataset folder {folder}")
    salesforce, jira = folder / "salesforce", folder / "jira"
    if not salesforce.is_dir() and not jira.is_dir():
        raise FileNotFoundError(f"{folder} holds neither a folder salesforce nor a folder jira")
    records = {}
    for path in sorted(salesforce.glob("*.jsonl")) if salesforce.is_dir() else []:
        if not OBJECT_NAME.fullmatch(path.stem):
            raise DatasetError(path, None, f"{path.stem!r} is no object name")
        records[path.stem] = _salesforce_records(path)
    return Dataset(
        salesforce=records,
        schema=_schema(salesforce / "schema.json"),
        jwt_public_key=_public_key(salesforce / "jwt_public_key.pem"),
        jira_issues=_issues(jira / "issues.jsonl"),
        jira_fields=_objects(jira / "fields.json") or [],
        jira_statuses=_objects(jira / "statuses.json"),
        jira_myself=_object(jira / "myself.json"),
        jira_priorities=_objects(jira / "priorities.json"),
        jira_projects=_objects(jira / "projects.json"),
        jira_site=_site(jira / "site.json"),
        jira_versions=_versions(jira / "versions.json"),
    )


def _salesforce_records(path: Path) -> list[Record]:
    seen: dict[str, int] = {}
    records = []
    for line, record in _lines(path):
        identity = record.get("Id")
        if not isinstance(identity, str) or not RECORD_ID.fullmatch(identity):
            raise DatasetError(path, line, f"Id {identity!r} is not an Id of 15 or 18 letters and digits")
        first = seen.setdefault(identity[:15], line)
        if first != line:
            raise DatasetError(path, line, f"Id {identity} was already given in line {first}")
        records.append(record)
    return records


def _issues(path: Path) -> list[Record]:
    if not path.exists():
        return []
    seen: dict[str, int] = {}
    issues = []
    for line, issue in _lines(path):
        for key in ("id", "key"):
            if not isinstance(issue.get(key), str) or not issue[key]:
                raise DatasetError(path, line, f"the issue has no text {key!r}")
        if not isinstance(issue.get("fields"), dict):
            raise DatasetError(path, line, f"issue {issue['key']} has no object 'fields'")
        first = seen.setdefault(issue["id"], line)
        if first != line:
            raise DatasetError(path, line, f"issue id {issue['id']} was already given in line {first}")
        issues.append(issue)
    return issues


def _versions(path: Path) -> list[Record] | None:
    versions = _objects(path)
    for each in versions or []:
        for name in ("id", "projectId"):
            if not isinstance(each.get(name), str | int) or isinstance(each.get(name), bool):
                raise DatasetError(path, None, f"a version has no {name!r}")
    return versions


def _site(path: Path) -> Record | None:
    site = _object(path)
    if site is None:
        return None
    if unknown := sorted(site.keys() - {"deployment", "baseUrl", "contextPath"}):
        raise DatasetError(path, None, f"{unknown[0]!r} is none of deployment, baseUrl, contextPath")
    if site.get("deployment", "Cloud") not in {"Cloud", "Server", "DataCenter"}:
        raise DatasetError(path, None, "deployment must be Cloud, Server or DataCenter")
    if not re.fullmatch(r"https?://[^\s?#]+", str(site.get("baseUrl", "http://jira"))):
        raise DatasetError(path, None, "baseUrl must be an address")
    if not re.fullmatch(r"(/[\w.~-]+)*", str(site.get("contextPath", ""))):
        raise DatasetError(path, None, 'contextPath must be a path such as "/jira"')
    return site


def _schema(path: Path) -> dict[str, Any]:
    schema = _object(path) or {}
    for name, entry in schema.items():
        if not OBJECT_NAME.fullmatch(name):
            raise DatasetError(path, None, f"{name!r} is no object name")
        if not isinstance(entry, dict):
            raise DatasetError(path, None, f"{name} must be an object with 'fields' or 'hidden'")
        fields = entry.get("fields", [])
        if not isinstance(fields, list) or not all(_is_named(each) for each in fields):
            raise DatasetError(path, None, f"{name}.fields must be a list of objects, each with a 'name'")
        hidden = entry.get("hidden", [])
        if hidden is not True and hidden is not False and not _is_text_list(hidden):
            raise DatasetError(path, None, f"{name}.hidden must be true or a list of field names")
    return schema


def _public_key(path: Path) -> str | None:
    if not path.exists():
        return None
    text = _text(path)
    try:
        public_key(text)
    except ValueError as error:
        raise DatasetError(path, None, str(error)) from error
    return text


def _is_named(field_entry: object) -> bool:
    return isinstance(field_entry, dict) and isinstance(field_entry.get("name"), str)


def _is_text_list(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _object(path: Path) -> Record | None:
    data = _json(path)
    if data is None or isinstance(data, dict):
        return data
    raise DatasetError(path, None, "the file must hold one JSON object")


def _objects(path: Path) -> list[Record] | None:
    data = _json(path)
    if data is None:
        return None
    if isinstance(data, list) and all(isinstance(each, dict) for each in data):
        return data
    raise DatasetError(path, None, "the file must hold a JSON list of objects")


def _json(path: Path) -> Any:
    if not path.exists():
        return None
    text = _text(path)
    try:
        data = json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise DatasetError(path, error.lineno, f"no JSON: {error.msg} in column {error.colno}") from error
    except ValueError as error:
        raise DatasetError(path, None, str(error)) from error
    if data is None:
        raise DatasetError(path, None, "the file must not be null")
    return data


def _lines(path: Path) -> list[tuple[int, Record]]:
    rows = []
    # Split at \n alone: a record may hold U+2028 and its like unescaped, which splitlines() would cut.
    for number, text in enumerate(_text(path).split("\n"), start=1):
        if not text.strip():
            continue
        try:
            row = json.loads(text, parse_constant=_refuse_constant)
        except json.JSONDecodeError as error:
            raise DatasetError(path, number, f"no JSON: {error.msg} in column {error.colno}") from error
        except ValueError as error:
            raise DatasetError(path, number, str(error)) from error
        if not isinstance(row, dict):
            raise DatasetError(path, number, "a line must hold one JSON object")
        rows.append((number, row))
    return rows


def _text(path: Path) -> str:
    data = path.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DatasetError(path, line, "the text is not UTF-8") from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")
