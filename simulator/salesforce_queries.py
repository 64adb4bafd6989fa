"""Answers SOQL statements: finds the rows once, hands them out page by page under a locator."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulator import soql
from simulator.salesforce_derived import archived_reader
from simulator.salesforce_errors import Refused
from simulator.salesforce_ids import numbered
from simulator.soql_binding import Binder

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from simulator.dataset import Record
    from simulator.salesforce_records import Records
    from simulator.salesforce_schema import Schema
    from simulator.salesforce_switches import SalesforceSwitches
    from simulator.soql_binding import BoundQuery, Selection

LARGEST_BATCH = 2_000
_ACTIVITIES = ("Task", "Event")
_LOCATOR = re.compile(r"(01g\w{12,15})-(\d+)")


@dataclass(slots=True)
class _Cursor:
    bound: BoundQuery
    found: list[Record]
    batch: int
    read: bool = False  # to its end: it may still be asked for its last page, but is no longer open


class Queries:
    def __init__(self, schema: Schema, records: Records, switches: SalesforceSwitches) -> None:
        self._schema = schema
        self._records = records
        self._switches = switches
        self._cursors: dict[str, _Cursor] = {}
        self._opened = 0

    def run(self, text: str, version: str, now: datetime, batch: int, *, everything: bool) -> dict[str, Any]:
        bound = self.bind(text, now)
        found = self.rows(bound, now, everything=everything)
        if bound.selection is None:
            return {"totalSize": len(found), "done": True, "records": []}
        if self.takes_too_long(found):
            raise Refused(400, "QUERY_TIMEOUT", "Your query request was running for too long.")
        cursor = _Cursor(bound, found, self._page_size(batch))
        if len(found) <= cursor.batch:
            return self._page(cursor, "", 0, version)
        self._opened += 1
        locator = numbered("01g", self._opened)
        self._cursors[locator] = cursor
        while len(self._cursors) > self._switches.open_cursors:
            done = (each for each, held in self._cursors.items() if held.read)
            del self._cursors[next(done, next(iter(self._cursors)))]
        return self._page(cursor, locator, 0, version)

    def takes_too_long(self, found: list[Record]) -> bool:
        return self._switches.most_rows is not None and len(found) > self._switches.most_rows

    def more(self, locator: str, version: str) -> dict[str, Any]:
        match = _LOCATOR.fullmatch(locator)
        cursor = self._cursors.get(match.group(1)) if match else None
        if match is None or cursor is None or int(match.group(2)) > len(cursor.found):
            raise Refused(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._page(cursor, match.group(1), int(match.group(2)), version)

    def drop(self, locator: str) -> None:
        """The cursor behind a locator expires."""
        match = _LOCATOR.fullmatch(locator)
        if match:
            self._cursors.pop(match.group(1), None)

    def _archived(self, name: str, now: datetime) -> Callable[[Record], bool]:
        return archived_reader(name, now, self._switches.archive_after_days)

    def _page_size(self, asked: int) -> int:
        size = min(max(asked, self._switches.smallest_batch), LARGEST_BATCH)
        return size if self._switches.page_rows is None else min(size, self._switches.page_rows)

    def bind(self, text: str, now: datetime) -> BoundQuery:
        binder = Binder(
            self._schema,
            self._records.find,
            {(name, "IsArchived"): self._archived(name, now) for name in _ACTIVITIES},
            descending_nulls_first=self._switches.descending_nulls_first,
        )
        try:
            return binder.bind(soql.parse(text))
        except soql.SoqlError as error:
            raise Refused(400, error.code, error.message) from None

    def rows(self, bound: BoundQuery, now: datetime, *, everything: bool) -> list[Record]:
        """What the query finds at this moment; with `everything` also what is deleted or archived."""
        found = self._records.rows(bound.object)
        if not everything:
            found = [record for record in found if not record.get("IsDeleted")]
        if bound.matches is not None:
            matches = bound.matches
            found = [record for record in found if matches(record)]
        if not everything and bound.object.name in _ACTIVITIES:
            archived = self._archived(bound.object.name, now)
            found = [record for record in found if not archived(record)]
        if bound.sort is not None:
            found = bound.sort(found)
        end = None if bound.limit is None else bound.offset + bound.limit
        return found[bound.offset : end]

    def _page(self, cursor: _Cursor, locator: str, start: int, version: str) -> dict[str, Any]:
        end = start + cursor.batch
        rows = cursor.found[start:end]
        answer: dict[str, Any] = {"totalSize": len(cursor.found), "done": end >= len(cursor.found)}
        cursor.read = bool(answer["done"])
        if not cursor.read:
            answer["nextRecordsUrl"] = f"/services/data/{version}/query/{locator}-{end}"
        bound = cursor.bound
        if bound.selection is not None:
            chosen = bound.selection
            answer["records"] = [self._row(chosen, bound.object.name, row, version) for row in rows]
        return answer

    def _row(
        self,
        selection: Selection,
        object_name: str,
        record: Record,
        version: str,
        *,
        shown: str | None = None,
    ) -> Record:
        values = {name: read(record) for name, read in selection.fields}
        for name, (step, inner) in selection.parents.items():
            reference = record.get(step.name)
            found = self._records.find(reference) if isinstance(reference, str) else None
            if found is None:
                values[name] = None
                continue
            entity, parent = found
            if step.polymorphic:  # whatever the parent is, its answer is that of the pseudo-object `Name`
                parent = {**parent, "Type": entity.name}
            answered_as = "Name" if step.polymorphic else entity.name
            values[name] = self._row(inner, entity.name, parent, version, shown=answered_as)
        row: Record = {"attributes": attributes(object_name, record["Id"], version, shown=shown)}
        row.update((name, values[name]) for name in selection.order)
        return row


def attributes(
    object_name: str, record_id: object, version: str, *, shown: str | None = None
) -> dict[str, str]:
    url = f"/services/data/{version}/sobjects/{object_name}/{record_id}"
    return {"type": shown or object_name, "url": url}
