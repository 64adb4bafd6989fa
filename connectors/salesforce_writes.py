"""Writing to Salesforce in collections of up to 200 records, each with a result of its own.

records ─► one request (allOrNone false) ─► results in the order of the records
└── rows that were locked for a moment: once more, at most three times
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol, TypeVar

import msgspec

from connectors import soql
from connectors.batches import id18
from connectors.errors import ConnectorError, OutcomeUnknown, UnexpectedAnswer

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping, Sequence

Row = TypeVar("Row")

CHUNK = 200
COLLECTIONS = "composite/sobjects"
LOCK_RETRIES = 3
LOCK_WAIT = 2.0
RECORD_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?", re.ASCII)
LOCKED = "UNABLE_TO_LOCK_ROW"
# Without these a write of ours could hand the record to somebody else, or fail on a duplicate rule.
ASSIGNED = frozenset({"Account", "Case", "Lead"})
ENCODER = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True, slots=True)
class WriteResult:
    index: int
    id: str | None
    ok: bool
    code: str | None
    message: str | None
    fields: tuple[str, ...]


class Call(Protocol):
    """One REST call; raises the connectors' errors, OutcomeUnknown for a create without an answer."""

    def __call__(
        self,
        path: str,
        *,
        method: str,
        what: str,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> object: ...


class Writer:
    def __init__(self, call: Call, *, sleep: Callable[[float], None], rng: random.Random) -> None:
        self._call = call
        self._sleep = sleep
        self._rng = rng

    def update(self, object_name: str, records: Sequence[Mapping[str, object]]) -> list[WriteResult]:
        bodies = [_body(object_name, record) for record in records]
        ids = [str(record.get("Id") or "") for record in records]
        _checked_ids(ids)
        for body, of_record in zip(bodies, ids, strict=True):
            body.pop("Id")
            body["id"] = of_record
        return self._send(object_name, bodies, method="PATCH", what=f"update {object_name} records")

    def create(self, object_name: str, records: Sequence[Mapping[str, object]]) -> list[WriteResult]:
        bodies = [_body(object_name, record) for record in records]
        if any("Id" in body for body in bodies):
            raise ValueError("a record to create has no Id yet")
        return self._send(object_name, bodies, method="POST", what=f"create {object_name} records")

    def upsert(
        self, object_name: str, key: str, records: Sequence[Mapping[str, object]]
    ) -> list[WriteResult]:
        """Records by a unique external id `key`, which each of them carries: created where there is none."""
        bodies = [_body(object_name, record) for record in records]
        keys = [body.get(key) for body in bodies]
        if any("Id" in body for body in bodies) or None in keys or len(set(keys)) < len(keys):
            raise ValueError(f"each record needs a {key} of its own and no Id")
        path = f"{COLLECTIONS}/{soql.identifier(object_name)}/{soql.identifier(key)}"
        return self._send(object_name, bodies, method="PATCH", what=f"write {object_name} records", path=path)

    def delete(self, object_name: str, ids: Sequence[str]) -> list[WriteResult]:
        _checked_ids(ids)

        def request(rows: Sequence[str]) -> object:
            return self._call(
                COLLECTIONS,
                method="DELETE",
                what=f"delete {soql.identifier(object_name)} records",
                params={"ids": ",".join(rows), "allOrNone": "false"},
            )

        # After a lost answer the second try reports what the first one deleted: both are done.
        return [
            replace(result, id=result.id or of_record, ok=True, code=None, message=None)
            if result.code == "ENTITY_IS_DELETED"
            else result
            for result, of_record in zip(self._in_order(ids, request), ids, strict=True)
        ]

    def _send(
        self,
        object_name: str,
        bodies: Sequence[dict[str, object]],
        *,
        method: str,
        what: str,
        path: str = COLLECTIONS,
    ) -> list[WriteResult]:
        headers = {"Sforce-Auto-Assign": "false"} if object_name in ASSIGNED else {}
        if object_name == "Account":
            headers["Sforce-Duplicate-Rule-Header"] = "allowSave=true"

        def request(rows: Sequence[dict[str, object]]) -> object:
            data = ENCODER.encode({"allOrNone": False, "records": rows})
            return self._call(path, method=method, what=what, data=data, headers=headers)

        return self._in_order(bodies, request, create=method == "POST")

    def _in_order(
        self, rows: Sequence[Row], request: Callable[[Sequence[Row]], object], *, create: bool = False
    ) -> list[WriteResult]:
        if len(rows) > CHUNK:
            raise ValueError(f"{len(rows)} records at once; Salesforce takes {CHUNK}")
        results: dict[int, WriteResult] = {}
        pending = list(range(len(rows)))
        tries = 0
        while pending:
            try:
                answer = request([rows[place] for place in pending])
                answered = _results(answer, pending, create=create)
            except OutcomeUnknown as lost:
                known = [result for place, result in sorted(results.items()) if place not in pending]
                raise OutcomeUnknown(lost.message, lost.advice, results=known) from None
            except ConnectorError:
                if not results:
                    raise
                break  # the rows asked for again keep the refusal they had; the others stay known
            results.update(answered)
            pending = [place for place in pending if results[place].code == LOCKED]
            tries += 1
            if tries > LOCK_RETRIES:
                break
            if pending:
                self._sleep(LOCK_WAIT * 2 ** (tries - 1) * self._rng.uniform(0.7, 1.3))
        return [results[place] for place in range(len(rows))]


def _results(answer: object, places: Sequence[int], *, create: bool) -> dict[int, WriteResult]:
    entries = answer if isinstance(answer, list) else []
    if len(entries) == len(places) and all(
        isinstance(entry, dict) and isinstance(entry.get("success"), bool) for entry in entries
    ):
        return {place: _result(place, entry) for place, entry in zip(places, entries, strict=True)}
    if create:
        raise OutcomeUnknown(
            "Salesforce was sent new records, and its answer does not say what became of them.",
            "the next run looks whether they are there before it writes again.",
        )
    raise UnexpectedAnswer(
        "Salesforce answered a write with something that is no list of results.",
        "check what stands between this machine and Salesforce, then run again.",
    )


def _result(place: int, entry: Mapping[str, object]) -> WriteResult:
    of_record = entry.get("id")
    key = id18(of_record) if isinstance(of_record, str) and of_record else None
    if entry["success"]:
        return WriteResult(place, key, ok=True, code=None, message=None, fields=())
    errors = entry.get("errors")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    fields = first.get("fields")
    return WriteResult(
        place,
        key,
        ok=False,
        # Collections say statusCode where the rest of the API says errorCode.
        code=str(first.get("statusCode") or first.get("errorCode") or "UNKNOWN"),
        message=str(first.get("message") or "Salesforce gave no reason"),
        fields=tuple(str(name) for name in fields) if isinstance(fields, list) else (),
    )


def _body(object_name: str, record: Mapping[str, object]) -> dict[str, object]:
    values = {soql.identifier(name): _json_value(name, value) for name, value in record.items()}
    return {"attributes": {"type": soql.identifier(object_name)}, **values}


def _json_value(name: str, value: object) -> object:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float | Decimal) and math.isfinite(value):
        return value
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    # An encoder would write NaN as null and so empty the field.
    raise ValueError(f"{name}: {value!r} cannot be written to Salesforce")


def _checked_ids(ids: Sequence[str]) -> None:
    if not all(RECORD_ID.fullmatch(each) for each in ids):
        raise ValueError("each record needs its Id of 15 or 18 characters")
    if len({id18(each) for each in ids}) < len(ids):
        raise ValueError("one Id twice in a request makes Salesforce refuse it")
