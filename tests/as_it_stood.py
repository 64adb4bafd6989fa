"""A dataset as it stood at an earlier instant: what came later is gone, what changed later is as it was."""

from __future__ import annotations

import json
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_JIRA_FIELDS = ("status", "priority", "assignee", "duedate", "project")


def cut(source: Path, target: Path, moment: datetime) -> Path:
    """Write the dataset `source` as it stood at `moment` to `target`."""
    for path in sorted(source.rglob("*")):
        if not path.is_file():
            continue
        copy = target / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".jsonl":
            records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
            if path.parent.name == "jira":
                site = _Site.read(path.parent)
                kept = [_issue(each, moment, site) for each in records]
            else:
                kept = _records(path.stem, records, moment, path.parent)
            text = "".join(json.dumps(each) + "\n" for each in kept if each is not None)
            copy.write_text(text, encoding="utf-8")
        else:
            copy.write_bytes(path.read_bytes())
    return target


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


# -- Salesforce --------------------------------------------------------------------------------------------------------


def _records(name: str, records: list[dict], moment: datetime, folder: Path) -> list[dict]:
    known = [each for each in records if not each.get("CreatedDate") or _time(each["CreatedDate"]) <= moment]
    undo: dict[str, Callable[[dict], None]] = {
        "Task": _task(moment),
        "Case": _case(moment),
        "CaseMilestone": _milestone(moment),
        "Opportunity": _opportunity(moment, folder),
        "Contract": _contract(moment),
    }
    for each in known:
        undo.get(name, lambda _: None)(each)
        for stamp in ("SystemModstamp", "LastModifiedDate"):
            if each.get(stamp) and _time(each[stamp]) > moment:
                each[stamp] = each["CreatedDate"]
    return known


def _later(record: dict, field: str, moment: datetime) -> bool:
    return bool(record.get(field)) and _time(record[field]) > moment


def _task(moment: datetime) -> Callable[[dict], None]:
    def undo(record: dict) -> None:
        if _later(record, "CompletedDateTime", moment):
            record.update(CompletedDateTime=None, IsClosed=False, Status="Not Started")

    return undo


def _case(moment: datetime) -> Callable[[dict], None]:
    def undo(record: dict) -> None:
        if _later(record, "ClosedDate", moment):
            record.update(ClosedDate=None, IsClosed=False)

    return undo


def _milestone(moment: datetime) -> Callable[[dict], None]:
    def undo(record: dict) -> None:
        if _later(record, "CompletionDate", moment):
            record.update(CompletionDate=None, IsCompleted=False)
            record["IsViolated"] = _time(record["TargetDate"]) <= moment

    return undo


def _contract(moment: datetime) -> Callable[[dict], None]:
    def undo(record: dict) -> None:
        if _later(record, "ActivatedDate", moment):
            record.update(ActivatedDate=None, Status="Draft", StatusCode="Draft")

    return undo


def _opportunity(moment: datetime, folder: Path) -> Callable[[dict], None]:
    def rows(name: str) -> list[dict]:
        path = folder / f"{name}.jsonl"
        return (
            [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
            if path.exists()
            else []
        )

    stages = {each["ApiName"]: each for each in rows("OpportunityStage")}
    history: dict[str, list[dict]] = {}
    for each in sorted(rows("OpportunityHistory"), key=lambda row: (_time(row["CreatedDate"]), row["Id"])):
        history.setdefault(each["OpportunityId"], []).append(each)

    def undo(record: dict) -> None:
        own = history.get(record["Id"], [])
        then = [each for each in own if _time(each["CreatedDate"]) <= moment]
        if not then or len(then) == len(own):
            return
        record.update({name: then[-1][name] for name in ("StageName", "Amount", "CloseDate")})
        stage = stages[record["StageName"]]
        record.update(IsClosed=stage["IsClosed"], IsWon=stage["IsWon"])
        moves = [b for a, b in pairwise(then) if a["StageName"] != b["StageName"]]
        record["LastStageChangeDate"] = moves[-1]["CreatedDate"] if moves else None

    return undo


# -- Jira --------------------------------------------------------------------------------------------------------------


class _Site:
    def __init__(self, statuses: list[dict], projects: list[dict], fields: list[dict]) -> None:
        self.statuses = {each["name"]: each for each in statuses}
        self.projects = {each["id"]: each for each in projects}
        self.of_kind: dict[str, list[str]] = {}
        for each in fields:
            kind = str((each.get("schema") or {}).get("custom")).rpartition(":")[2]
            self.of_kind.setdefault(kind, []).append(each["id"])

    @classmethod
    def read(cls, folder: Path) -> _Site:
        def part(name: str) -> list[dict]:
            path = folder / f"{name}.json"
            return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []

        return cls(part("statuses"), part("projects"), part("fields"))


def _issue(issue: dict, moment: datetime, site: _Site) -> dict | None:
    fields = issue["fields"]
    if _time(fields["created"]) > moment:
        return None
    log = issue["changelog"]
    later = [each for each in log["histories"] if _time(each["created"]) > moment]
    log["histories"] = [each for each in log["histories"] if _time(each["created"]) <= moment]
    log["total"] = log["maxResults"] = len(log["histories"])
    for history in sorted(later, key=lambda each: (_time(each["created"]), int(each["id"])), reverse=True):
        for item in reversed(history["items"]):
            name = item.get("fieldId") or item["field"].lower()
            if name in _JIRA_FIELDS:
                fields[name] = _before(name, item, site)
    if fields.get("resolutiondate") and _time(fields["resolutiondate"]) > moment:
        fields.update(resolutiondate=None, resolution=None)
    fields.pop("statuscategorychangedate", None)
    for name, list_name in (("comment", "comments"), ("worklog", "worklogs")):
        page = fields.get(name) or {list_name: []}
        page[list_name] = [each for each in page[list_name] if _time(each["created"]) <= moment]
        page["total"] = len(page[list_name])
    stamps = [fields["created"], *(each["created"] for each in log["histories"])]
    stamps += [each["created"] for each in (fields.get("comment") or {}).get("comments", [])]
    stamps += [each["created"] for each in (fields.get("worklog") or {}).get("worklogs", [])]
    fields["updated"] = max(stamps, key=_time)
    for field in site.of_kind.get("sd-sla-field", []):
        if isinstance(fields.get(field), dict):
            _cycles(fields[field], moment)
    rated = site.of_kind.get("sd-request-feedback-date", [])
    if any(fields.get(field) and _time(fields[field]) > moment for field in rated):
        for field in (*rated, *site.of_kind.get("sd-request-feedback", [])):
            fields[field] = None
    return issue


def _before(name: str, item: dict, site: _Site) -> object:
    told, number = item["fromString"], item["from"]
    match name:
        case "status":
            return site.statuses.get(told) or {
                "id": number,
                "name": told,
                "statusCategory": {"key": "indeterminate"},
            }
        case "priority":
            return None if told is None else {"id": number or "0", "name": told}
        case "assignee":
            return (
                None
                if number is None
                else {"accountId": number, "accountType": "atlassian", "displayName": told}
            )
        case "project":
            return site.projects[number]
    return number or told


def _cycles(value: dict, moment: datetime) -> None:
    def at(cycle: dict, name: str) -> float | None:
        return cycle[name]["epochMillis"] / 1000 if cycle.get(name) else None

    now = moment.timestamp()
    done = value.get("completedCycles", [])
    running = [*(each for each in done if (at(each, "stopTime") or 0) > now)]
    if value.get("ongoingCycle"):
        running.append(value.pop("ongoingCycle"))
    value["completedCycles"] = [each for each in done if (at(each, "stopTime") or 0) <= now]
    for cycle in running:
        if (at(cycle, "startTime") or 0) <= now:
            cycle.pop("stopTime", None)
            breach = at(cycle, "breachTime")
            cycle["breached"] = breach is not None and breach <= now
            value["ongoingCycle"] = cycle
