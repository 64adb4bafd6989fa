"""Fields that Salesforce works out itself: account of an activity, what is closed, full names, archiving."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from simulator.dataset import Record
    from simulator.soql_binding import Lookup

# The closed ones of the vendor's default list; an org's own TaskStatus records go first.
DEFAULT_TASK_STATUSES = (
    ("Not Started", False),
    ("In Progress", False),
    ("Completed", True),
    ("Waiting on someone else", False),
    ("Deferred", False),
)
# A boolean that is missing in a dataset is false, but people and products are active unless somebody said no.
TRUE_WHEN_MISSING = {
    ("User", "IsActive"),
    ("Product2", "IsActive"),
    ("RecordType", "IsActive"),
    ("AccountContactRelation", "IsActive"),
}


class Derivation:
    def __init__(self, find: Lookup, closed_statuses: frozenset[str]) -> None:
        self._find = find
        self._closed = closed_statuses

    def fill(self, object_name: str, record: Record) -> None:
        """On loading: only what the dataset leaves out."""
        derived = dict(record)
        self.apply(object_name, derived, None, None)
        record.update({key: value for key, value in derived.items() if key not in record})

    def apply(self, object_name: str, record: Record, before: Record | None, stamp: str | None) -> None:
        """On writing: from the record as it will stand."""
        match object_name:
            case "Task":
                self._activity(record)
                closed = record.get("Status") in self._closed
                record["IsClosed"] = closed
                record["IsHighPriority"] = record.get("Priority") == "High"
                if not closed:
                    record["CompletedDateTime"] = None
                elif before is None or not before.get("IsClosed"):
                    record["CompletedDateTime"] = stamp
            case "Event":
                self._activity(record)
            case "Opportunity":
                stage = str(record.get("StageName") or "")
                record["IsClosed"] = stage.startswith("Closed")
                record["IsWon"] = stage == "Closed Won"
            case "Case":
                closed = record.get("Status") == "Closed"
                record["IsClosed"] = closed
                if not closed:
                    record["ClosedDate"] = None
                elif before is None or not before.get("IsClosed"):
                    record["ClosedDate"] = stamp
            case "Contact" | "User":
                parts = (record.get("FirstName"), record.get("LastName"))
                record["Name"] = " ".join(part for part in parts if part) or None
            case _:
                pass

    def _activity(self, record: Record) -> None:
        record["AccountId"] = self._account_of(record.get("WhatId")) or self._account_of(record.get("WhoId"))

    def _account_of(self, reference: Any) -> str | None:
        found = self._find(reference) if isinstance(reference, str) else None
        if found is None:
            return None
        entity, record = found
        account = record.get("Id") if entity.name == "Account" else record.get("AccountId")
        return account if isinstance(account, str) else None


def archived_reader(object_name: str, now: datetime, after_days: int) -> Callable[[Record], bool]:
    """Old closed tasks and old events leave `query` and stay in `queryAll`.

    https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_concepts_archived_activities.htm
    """
    edge = (now - timedelta(days=after_days)).date().isoformat()

    def task(record: Record) -> bool:
        if record.get("IsArchived"):
            return True
        day = record.get("ActivityDate") or record.get("CreatedDate")
        return bool(record.get("IsClosed")) and isinstance(day, str) and day[:10] <= edge

    def event(record: Record) -> bool:
        if record.get("IsArchived"):
            return True
        day = record.get("EndDateTime") or record.get("StartDateTime") or record.get("ActivityDate")
        return isinstance(day, str) and day[:10] < edge

    return task if object_name == "Task" else event
