"""Up to 200 records in one request, each with its own result in the order of the request.

https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_sobjects_collections.htm
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulator.salesforce_errors import RecordError, RecordRefused, Refused
from simulator.salesforce_ids import short
from simulator.salesforce_values import Unreadable
from simulator.soql_binding import no_type

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from simulator.salesforce_records import Records
    from simulator.salesforce_schema import Field, ObjectType, Schema
    from simulator.salesforce_switches import SalesforceSwitches
    from simulator.salesforce_writes import Writes

    Step = Callable[[], dict[str, Any]]

MOST_RECORDS = 200
MOST_CHUNKS = 10


class Collections:
    def __init__(
        self, schema: Schema, records: Records, writes: Writes, switches: SalesforceSwitches
    ) -> None:
        self._schema = schema
        self._records = records
        self._writes = writes
        self._switches = switches

    def create(self, body: Any, locks: Random | None) -> list[dict[str, Any]]:
        def step(record: dict[str, Any]) -> Step:
            def run() -> dict[str, Any]:
                if _id_of(record) is not None:
                    raise RecordRefused(
                        "INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", "Id"
                    )
                return {"id": self._writes.create(self._entity(record), record)}

            return run

        records, together = _records_of(body)
        return self._run([(step(record), None) for record in records], locks, together=together)

    def update(self, body: Any, locks: Random | None) -> list[dict[str, Any]]:
        def step(record: dict[str, Any]) -> Step:
            return lambda: {"id": self._writes.update(self._entity(record), _id_of(record), record)}

        records, together = _records_of(body)
        steps = [(step(record), _key(_id_of(record))) for record in records]
        return self._run(steps, locks, together=together)

    def upsert(self, entity: ObjectType, key: Field, body: Any, locks: Random | None) -> list[dict[str, Any]]:
        def step(record: dict[str, Any]) -> Step:
            def run() -> dict[str, Any]:
                if self._entity(record) is not entity:
                    raise RecordRefused("INVALID_TYPE", "all records of an upsert must be of one type")
                wanted = key.name.lower()
                value = next((v for k, v in record.items() if k.lower() == wanted), None)
                fields = {k: v for k, v in record.items() if k.lower() != wanted}
                made, created = self._writes.upsert(entity, key, value, fields)
                return {"id": made, "created": created}

            return run

        records, together = _records_of(body)
        values = [next((v for k, v in r.items() if k.lower() == key.name.lower()), None) for r in records]
        doubled = {value for value in values if isinstance(value, str) and values.count(value) > 1}
        steps: list[tuple[Step, str | None]] = []
        for record, value in zip(records, values, strict=True):
            if isinstance(value, str) and value in doubled:
                message = f"Duplicate external id specified: {value}"
                steps.append((_refuse("DUPLICATE_VALUE", message, key.name), None))
            else:
                steps.append((step(record), None))
        return self._run(steps, locks, together=together)

    def delete(self, ids: list[str], locks: Random | None, *, together: bool) -> list[dict[str, Any]]:
        def step(record_id: str) -> Step:
            def run() -> dict[str, Any]:
                found = self._records.find(record_id)
                if found is None or found[0].hidden:
                    raise RecordRefused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
                return {"id": self._writes.delete(found[0], record_id)}

            return run

        _check_count(len(ids))
        return self._run([(step(each), _key(each)) for each in ids], locks, together=together)

    def _entity(self, record: dict[str, Any]) -> ObjectType:
        name = str(record["attributes"]["type"])
        entity = self._schema.visible(name)
        if entity is None:
            raise RecordRefused("INVALID_TYPE", no_type(name))
        return entity

    def _run(
        self, steps: list[tuple[Step, str | None]], locks: Random | None, *, together: bool
    ) -> list[dict[str, Any]]:
        """`locks` chooses a record that somebody else holds; the key of a step is the Id that it changes."""
        locked = locks.randrange(len(steps)) if locks is not None and steps else None
        seen: set[str] = set()
        results: list[dict[str, Any]] = []
        with self._records.savepoint():
            for place, (step, key) in enumerate(steps):
                if place == locked:
                    results.append(_failed(locked_row(key)))
                elif key is not None and key in seen:
                    message = f"duplicate id in the request: {key}"
                    results.append(_failed(RecordError("DUPLICATE_VALUE", message, ("Id",))))
                else:
                    results.append(self._one(step))
                if key is not None:
                    seen.add(key)
            if together and not all(result["success"] for result in results):
                self._records.take_back()
                results = [_rolled_back() if result["success"] else result for result in results]
        return results

    def _one(self, step: Step) -> dict[str, Any]:
        try:
            done = step()
        except RecordRefused as refused:
            if refused.error.code == "INVALID_FIELD" and self._switches.bad_field_fails == "request":
                self._records.take_back()
                raise Refused(400, refused.error.code, refused.error.message) from None
            return _failed(refused.error)
        except Unreadable as unreadable:
            if self._switches.bad_field_fails == "request":
                self._records.take_back()
                raise Refused(400, "JSON_PARSER_ERROR", str(unreadable)) from None
            return _failed(RecordError("JSON_PARSER_ERROR", str(unreadable)))
        result = {"id": done["id"], "success": True, "errors": []}
        return {**result, "created": done["created"]} if "created" in done else result


def locked_row(record_id: str | None) -> RecordError:
    held = "1 records" if record_id is None else f"1 records: {record_id}"
    return RecordError("UNABLE_TO_LOCK_ROW", f"unable to obtain exclusive access to this record or {held}")


def _records_of(body: Any) -> tuple[list[dict[str, Any]], bool]:
    """A request that is not well formed fails as a whole."""
    records = body.get("records") if isinstance(body, dict) else None
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise Refused(400, "JSON_PARSER_ERROR", "The request must hold a list 'records'")
    _check_count(len(records))
    types = []
    for record in records:
        kind = record.get("attributes")
        if not isinstance(kind, dict) or not isinstance(kind.get("type"), str):
            raise Refused(400, "INVALID_INPUT", "Each record must hold attributes with a type")
        types.append(kind["type"].lower())
    chunks = sum(1 for place, kind in enumerate(types) if place == 0 or types[place - 1] != kind)
    if chunks > MOST_CHUNKS:
        message = (
            f"Cannot have more than {MOST_CHUNKS} chunks in a single operation. Please rearrange the data to"
            " reduce chunking."
        )
        raise Refused(400, "LIMIT_EXCEEDED", message)
    return records, body.get("allOrNone") is True


def _check_count(number: int) -> None:
    if number > MOST_RECORDS:
        message = f"record limit reached. cannot submit more than {MOST_RECORDS} records into this call"
        raise Refused(400, "EXCEEDED_ID_LIMIT", message)


def _id_of(record: dict[str, Any]) -> Any:
    return next((value for key, value in record.items() if key.lower() == "id"), None)


def _key(record_id: object) -> str | None:
    return short(record_id) if isinstance(record_id, str) and record_id else None


def _refuse(code: str, message: str, *fields: str) -> Step:
    def run() -> dict[str, Any]:
        raise RecordRefused(code, message, *fields)

    return run


def _failed(error: RecordError) -> dict[str, Any]:
    return {"success": False, "errors": [error.in_collection()]}


def _rolled_back() -> dict[str, Any]:
    message = (
        "Record rolled back because not all records were valid and the request was using AllOrNone header"
    )
    return _failed(RecordError("ALL_OR_NONE_OPERATION_ROLLED_BACK", message))
