"""A strict Salesforce in memory for tests of writing: unique keys, per-record results, lost answers, crashes.

Not a test itself. It refuses what Salesforce refuses, normalises text as Salesforce does, and counts requests.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from connectors.errors import OutcomeUnknown, RequestRefused
from connectors.salesforce_writes import WriteResult


class Killed(BaseException):
    """The process ends here: nothing may catch it."""


@dataclass
class Fuse:
    """Counts steps and ends the process at one of them."""

    blows_at: int | None = None
    steps: int = 0

    def burn(self) -> None:
        self.steps += 1
        if self.steps == self.blows_at:
            raise Killed(f"at step {self.steps}")


ACCOUNT_FIELDS = {
    "Id",
    "Name",
    "Rapport_Health__c",
    "Rapport_Overall__c",
    "Rapport_Band__c",
    "Rapport_Why__c",
}
TASK_FIELDS = {
    "Id",
    "Subject",
    "Description",
    "OwnerId",
    "WhatId",
    "WhoId",
    "Status",
    "Priority",
    "ActivityDate",
    "Type",
    "RecordTypeId",
    "Rapport_Key__c",
    "Rapport_Answer__c",
    "IsDeleted",
}


@dataclass
class Crm:
    accounts: dict[str, dict[str, object]] = field(default_factory=dict)
    tasks: dict[str, dict[str, object]] = field(default_factory=dict)
    refuse: dict[str, tuple[str, str]] = field(default_factory=dict)  # record id or key → code, message
    lose: list[str] = field(default_factory=list)  # "before" or "after": what the next creates do
    fuse: Fuse = field(default_factory=Fuse)
    reads: int = 0
    writes: int = 0

    def _table(self, object_name: str, names: set[str]) -> dict[str, dict[str, object]]:
        table, known = {"Account": (self.accounts, ACCOUNT_FIELDS), "Task": (self.tasks, TASK_FIELDS)}[
            object_name
        ]
        if names - known:
            raise RequestRefused(f"no such column {sorted(names - known)}", code="INVALID_FIELD", status=400)
        return table

    def select_in(self, object_name, fields, field, values, *, where=None, include_deleted=False):
        assert where is None
        self.reads += 1
        table = self._table(object_name, {*fields, field})
        wanted = {str(value).casefold() for value in values}
        assert wanted
        return [
            {name: row.get(name) for name in fields}
            for row in table.values()
            if str(row.get(field)).casefold() in wanted and (include_deleted or not row.get("IsDeleted"))
        ]

    def update(self, object_name, records):
        self._begin_write(records)
        ids = [record["Id"] for record in records]
        assert len(set(ids)) == len(ids)
        results = []
        for at, record in enumerate(records):
            table = self._table(object_name, set(record))
            row = table.get(record["Id"])
            refusal = self.refuse.get(record["Id"])
            if row is None or row.get("IsDeleted"):
                refusal = ("ENTITY_IS_DELETED", "entity is deleted")
            if refusal:
                results.append(WriteResult(at, None, False, *refusal, ()))
                continue
            row.update({name: _normal(value) for name, value in record.items()})
            results.append(WriteResult(at, record["Id"], True, None, None, ()))
        self.fuse.burn()
        return results

    def create(self, object_name, records):
        self._begin_write(records)
        lost = self.lose.pop(0) if self.lose else None
        if lost == "before":
            raise OutcomeUnknown("no answer")
        results = []
        for at, record in enumerate(records):
            table = self._table(object_name, set(record))
            key = str(record["Rapport_Key__c"])
            assert len(key) <= 80
            taken = {str(row.get("Rapport_Key__c")).casefold() for row in table.values()}
            refusal = self.refuse.get(key) or self.refuse.get(str(record.get("OwnerId")))
            if key.casefold() in taken:
                refusal = (
                    "DUPLICATE_VALUE",
                    "duplicate value found: Rapport_Key__c duplicates value on record",
                )
            if refusal:
                results.append(WriteResult(at, None, False, *refusal, ()))
                continue
            row_id = f"00T{len(self.tasks) + 1:012d}AAA"
            table[row_id] = {"Id": row_id, "IsDeleted": False} | {
                name: _normal(value) for name, value in record.items()
            }
            results.append(WriteResult(at, row_id, True, None, None, ()))
        if lost == "after":
            raise OutcomeUnknown("no answer")
        self.fuse.burn()
        return results

    def delete(self, object_name, ids):
        self._begin_write(ids)
        table = self._table(object_name, set())
        for one in ids:
            table[one]["IsDeleted"] = True
        self.fuse.burn()
        return [WriteResult(at, one, True, None, None, ()) for at, one in enumerate(ids)]

    def _begin_write(self, records) -> None:
        self.fuse.burn()
        assert 0 < len(records) <= 200
        self.writes += 1

    def contents(self) -> tuple[object, ...]:
        """All there is, without the ids that depend on the order of creation."""
        tasks = sorted(
            (str(row["Rapport_Key__c"]), sorted((k, str(v)) for k, v in row.items() if k != "Id"))
            for row in self.tasks.values()
        )
        return ({one: dict(row) for one, row in self.accounts.items()}, tasks)


def _normal(value: object) -> object:
    """Text comes back trimmed, with Salesforce's own line ends, and empty text as null."""
    if not isinstance(value, str):
        return value
    return value.rstrip().replace("\r\n", "\n").replace("\n", "\r\n") or None
